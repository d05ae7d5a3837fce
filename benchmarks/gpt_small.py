"""A small GPT writing one text on the CPU, beside transformers' GPT2LMHeadModel.generate.

The same weights, random ones, float32, and the likeliest token each time, so that the texts can be compared
token for token. The size is that of our bundled models (2048 tokens, 128 channels, 4 layers, context 256),
with the learned positions that transformers' class has. transformers keeps its keys and values, as it does
by default. At this size a step is a million products, and most of the time passes between them.

`first` is the time from a prompt of 128 tokens to the first token; `bytes` is what is held between two
tokens, weights and keys and values together.
"""

from importlib.metadata import version
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks import race
from genmodels.runtime import bytes_of
from genmodels.text.gpt import GPT, GPTConfig
from genmodels.text.writing import Reader, Taste, write

BUNDLED = GPTConfig(vocab_size=2048, n_positions=256, n_embd=128, n_layer=4, n_head=4)
TOY = GPTConfig(vocab_size=97, n_positions=64, n_embd=16, n_layer=2, n_head=2)
GREEDY = Taste(temperature=0)


@torch.no_grad()
def run(rounds: int, small: bool) -> dict[str, Any]:
    config, length = (TOY, 12) if small else (BUNDLED, 100)
    one, four = (case(config, batch, length, rounds) for batch in (1, 4))
    return {
        "what": f"{length} tokens of a GPT of the bundled size, one text, float32",
        **{key: one[key] for key in ("ours", "peer", "ratio")},
        "peer_name": f"transformers {version('transformers')}",
        "unit": "s",
        "agree": one["agree"] and four["agree"],
        "variants": {"one text": one, "four texts": four},
    }


def case(config: GPTConfig, batch: int, length: int, rounds: int) -> dict[str, Any]:
    peer, ours = pair(config)
    prompt = torch.randint(config.vocab_size, (1, 16), generator=torch.Generator().manual_seed(0))
    contenders = {
        "ours": lambda: mine(ours, prompt, batch, length),
        "peer": lambda: theirs(peer, prompt, batch, length),
    }
    tokens = {name: contender() for name, contender in contenders.items()}
    seconds = race(contenders, rounds)
    return {
        **seconds,
        "ratio": seconds["peer"] / seconds["ours"],
        "tokens per second": {name: batch * length / s for name, s in seconds.items()},
        "agree": torch.equal(tokens["ours"], tokens["peer"]),
        "first": first(peer, ours, rounds),
        "bytes": {"ours": held(ours, batch, 16 + length), "peer": held_there(peer, prompt, batch, length)},
    }


def first(peer: nn.Module, ours: GPT, rounds: int) -> dict[str, float]:
    """Seconds from a prompt to its first token."""
    n = min(128, ours.context - 1)
    prompt = torch.randint(ours.config.vocab_size, (1, n), generator=torch.Generator().manual_seed(1))
    contenders = {"ours": lambda: mine(ours, prompt, 1, 1), "peer": lambda: theirs(peer, prompt, 1, 1)}
    seconds = race(contenders, rounds)
    return {**seconds, "ratio": seconds["peer"] / seconds["ours"]}


def mine(model: nn.Module, prompt: Tensor, batch: int, length: int) -> Tensor:
    return torch.stack([step.token for step in write(model, prompt[0].tolist(), 0, batch, length, GREEDY)], 1)


def theirs(model: nn.Module, prompt: Tensor, batch: int, length: int) -> Tensor:
    start = prompt.expand(batch, -1)
    return model.generate(start, attention_mask=torch.ones_like(start), **settings(length))[
        :, start.shape[1] :
    ]


def settings(length: int) -> dict[str, Any]:
    return {"max_new_tokens": length, "do_sample": False, "use_cache": True, "pad_token_id": 0}


def held(model: nn.Module, batch: int, length: int) -> int:
    kept = Reader(model, torch.zeros(batch, 1, dtype=torch.long), length - 1, naive=False)
    kept()
    return bytes_of(model) + kept.memory.kept.nbytes


def held_there(model: nn.Module, prompt: Tensor, batch: int, length: int) -> int:
    start = prompt.expand(batch, -1)
    out = model.generate(
        start, attention_mask=torch.ones_like(start), return_dict_in_generate=True, **settings(length)
    )
    layers = out.past_key_values.layers
    return bytes_of(model) + sum(layer.keys.nbytes + layer.values.nbytes for layer in layers)


def pair(config: GPTConfig) -> tuple[nn.Module, GPT]:
    """transformers' model and ours with its weights."""
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    sizes = {
        name: getattr(config, name) for name in ("vocab_size", "n_positions", "n_embd", "n_layer", "n_head")
    }
    # at the published range of 0.02 every token would be the same; no token ends the text
    peer = GPT2LMHeadModel(GPT2Config(**sizes, initializer_range=0.1, bos_token_id=None, eos_token_id=None))
    ours = GPT(config)
    ours.load_state_dict(peer.transformer.state_dict(), assign=True)  # the same tensors, not a copy
    return peer.eval().requires_grad_(False), ours.eval().requires_grad_(False)
