"""GPT-2 writing one text on the CPU, beside transformers' GPT2LMHeadModel.generate.

The real shape (124 million parameters), random weights, otherwise as in gpt_small. A token takes as long as
reading 500 MB of weights, which no float32 program avoids; `int8` has a quarter of that, rounded, and takes
more steps.
What rounding loses is measured where there is something to lose: on gpt-shakespeare, which learnt from the
plays, reading two of the sonnets (`perplexity`).
"""

from importlib.metadata import version
from typing import Any

import torch
from torch import nn

from benchmarks import race
from benchmarks.gpt_small import TOY, case, held, mine, pair
from genmodels.text.gpt import GPT, GPTConfig
from genmodels.text.int8 import int8, loss
from genmodels.text.tokens import Tokenizer

SONNETS = """Shall I compare thee to a summer's day?
Thou art more lovely and more temperate:
Rough winds do shake the darling buds of May,
And summer's lease hath all too short a date;
Sometime too hot the eye of heaven shines,
And often is his gold complexion dimm'd;
And every fair from fair sometime declines,
By chance or nature's changing course untrimm'd;
But thy eternal summer shall not fade,
Nor lose possession of that fair thou ow'st;
Nor shall death brag thou wander'st in his shade,
When in eternal lines to time thou grow'st:
So long as men can breathe or eyes can see,
So long lives this, and this gives life to thee.

Let me not to the marriage of true minds
Admit impediments. Love is not love
Which alters when it alteration finds,
Or bends with the remover to remove:
O no! it is an ever-fixed mark
That looks on tempests and is never shaken;
It is the star to every wandering bark,
Whose worth's unknown, although his height be taken.
Love's not Time's fool, though rosy lips and cheeks
Within his bending sickle's compass come;
Love alters not with his brief hours and weeks,
But bears it out even to the edge of doom.
If this be error and upon me proved,
I never writ, nor no man ever loved.
"""


@torch.no_grad()
def run(rounds: int, small: bool) -> dict[str, Any]:
    config, length = (TOY, 12) if small else (GPTConfig(), 100)
    one = case(config, 1, length, rounds)
    return {
        "what": f"{length} tokens of GPT-2, one text, float32",
        **{key: one[key] for key in ("ours", "peer", "ratio", "agree")},
        "peer_name": f"transformers {version('transformers')}",
        "unit": "s",
        "variants": {"float32": one, "int8": whole_numbers(config, length, rounds)},
    }


def whole_numbers(config: GPTConfig, length: int, rounds: int) -> dict[str, Any]:
    _, ours = pair(config)
    light = int8(ours)
    prompt = torch.randint(config.vocab_size, (1, 16), generator=torch.Generator().manual_seed(0))
    models: dict[str, nn.Module] = {"float32": ours, "int8": light}
    seconds = race({name: lambda m=m: mine(m, prompt, 1, length) for name, m in models.items()}, rounds)
    reader, tokenizer = GPT.from_pretrained("gpt-shakespeare"), Tokenizer.of("gpt-shakespeare")
    return {
        **seconds,
        "ratio": seconds["float32"] / seconds["int8"],
        "bytes": {name: held(m, 1, 16 + length) for name, m in models.items()},
        "perplexity": loss(reader, tokenizer.encode(SONNETS), tokenizer.end)._asdict(),
    }
