"""ImageGPT drawing pixels on the CPU, beside transformers' ImageGPTForCausalImageModeling.generate.

The same weights, random ones, and the same first pixels, the likeliest each time, so that the results can
be compared number for number. Both in float32; transformers with its cache of keys and values (`peer`), and
without ("peer, no cache"), which is what it costs to run the model anew for every pixel. The first figures
are those of the published size (imagegpt-small, 24 layers, 76 million parameters), one picture, 128 of its
1024 pixels; the variants are four pictures, 64 pixels, and our bundled checkpoint's size with all its 256.

At the published size a step takes as long as reading 300 MB of weights, which no float32 program avoids, so
with a cache there is little to win: its copy at every step. At the small size the time is what happens
between two products of matrices, and there we do less.
"""

import time
from importlib.metadata import version
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks import race
from genmodels.autoregressive.imagegpt import ImageGPT, ImageGPTConfig

PUBLISHED = ImageGPTConfig()
BUNDLED = ImageGPTConfig(size=(16, 16), vocab_size=5, n_embd=96, n_layer=4, n_head=3)
TOY = ImageGPTConfig(size=(4, 4), vocab_size=9, n_embd=16, n_layer=2, n_head=2)


@torch.no_grad()
def run(rounds: int, small: bool) -> dict[str, Any]:
    cases = {
        "published size, 1 picture": (TOY if small else PUBLISHED, 1, 8 if small else 128),
        "published size, 4 pictures": (TOY if small else PUBLISHED, 4, 8 if small else 64),
        "bundled size, 1 picture": (TOY if small else BUNDLED, 1, 16 if small else 256),
        "bundled size, 4 pictures": (TOY if small else BUNDLED, 4, 16 if small else 256),
    }
    results = {name: case(*what, rounds) for name, what in cases.items()}
    first, *_ = results.values()
    return {
        "what": f"{8 if small else 128} pixels of ImageGPT, published size, float32",
        "ours": first["ours"],
        "peer": first["peer"],
        "peer_name": f"transformers {version('transformers')}",
        "ratio": first["ratio"],
        "unit": "s",
        "agree": all(result["agree"] for result in results.values()),
        "variants": results,
    }


def case(config: ImageGPTConfig, batch: int, pixels: int, rounds: int) -> dict[str, Any]:
    peer, ours = pair(config)
    contenders = {
        "ours": lambda: mine(ours, batch, pixels),
        "peer": lambda: theirs(peer, batch, pixels, cache=True),
    }
    tokens = {name: contender() for name, contender in contenders.items()}
    began = time.perf_counter()
    tokens["peer, no cache"] = theirs(peer, batch, pixels, cache=False)  # so slow that once is enough
    seconds = {"peer, no cache": time.perf_counter() - began, **race(contenders, rounds)}
    return {
        **seconds,
        "ratio": seconds["peer"] / seconds["ours"],
        "ratio, no cache": seconds["peer, no cache"] / seconds["ours"],
        "agree": all(torch.equal(t, tokens["ours"]) for t in tokens.values()),
    }


def mine(model: ImageGPT, batch: int, pixels: int) -> Tensor:
    pen, columns = model.pen(batch), model.config.size[1]
    u = torch.zeros(batch, 1)
    for t in range(pixels):
        i, j = divmod(t, columns)
        pen.put(i, j, model.pick(pen(i, j), u, temperature=0))
    return pen.tokens[:, 1 : pixels + 1]


def theirs(model: nn.Module, batch: int, pixels: int, cache: bool) -> Tensor:
    start = torch.full((batch, 1), model.config.vocab_size - 1)
    settings = {"max_new_tokens": pixels, "do_sample": False, "use_cache": cache, "pad_token_id": 0}
    return model.generate(start, attention_mask=torch.ones_like(start), **settings)[:, 1:]


def pair(config: ImageGPTConfig) -> tuple[nn.Module, ImageGPT]:
    """transformers' model and ours with its weights."""
    from transformers import ImageGPTConfig as PeerConfig
    from transformers import ImageGPTForCausalImageModeling as Peer

    torch.manual_seed(0)
    peer = Peer(
        PeerConfig(
            vocab_size=config.vocab_size,
            n_positions=config.size[0] * config.size[1],
            n_embd=config.n_embd,
            n_layer=config.n_layer,
            n_head=config.n_head,
            initializer_range=0.1,  # at the published 0.02 every pixel would be the same colour
        )
    )
    for name, p in peer.named_parameters():
        if "ln_" in name:
            nn.init.ones_(p)
    ours = ImageGPT(config)
    ours.load_state_dict(peer.state_dict())
    return peer.eval().requires_grad_(False), ours.eval().requires_grad_(False)
