"""A flow's inverse beside its forward pass: where the theory says so, both ways cost the same.

A coupling asks the same network for the same map whichever way it goes, so RealNVP, a spline flow and Glow
must draw as fast as they measure; Glow also because the matrices of its 1 x 1 convolutions are inverted once
and kept. "Ours" is the inverse of RealNVP on the plane, the peer its forward pass, and a ratio of 1 is what
theory promises; the house asks for 1/1.3 at least. FFJORD is timed too: both ways follow a differential
equation, in the same steps. Random weights: the time is the same. "Agree": points come back to where they
were.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from benchmarks import race
from genmodels.flow.glow import Glow, GlowConfig, settle
from genmodels.flow.plane.ffjord import ContinuousConfig, ContinuousFlow
from genmodels.flow.plane.realnvp import AffineConfig, AffineFlow
from genmodels.flow.plane.spline import SplineConfig, SplineFlow
from genmodels.model import Model

SLOWEST = 1.3  # times the forward pass, that an inverse may take
TOLERANCE = 1e-3
PICTURES = {"steps": (4, 4, 4), "widths": (64, 64, 64)}
TOY = {"size": 8, "steps": (1, 1), "widths": (8, 8)}
PLANE: dict[str, tuple[type, Any, Any]] = {  # name -> class, config, the toy's config
    "RealNVP": (AffineFlow, AffineConfig(), AffineConfig(layers=4, width=16)),
    "spline flow": (SplineFlow, SplineConfig(), SplineConfig(layers=2, width=16)),
    "FFJORD": (ContinuousFlow, ContinuousConfig(steps=4), ContinuousConfig(width=16, steps=4)),
}


@torch.no_grad()
def run(rounds: int, small: bool) -> dict[str, Any]:
    pairs = {name: (model, x, model(x)[0]) for name, (model, x) in flows(small).items()}
    contenders: dict[str, Callable[[], object]] = {}
    for name, (model, x, z) in pairs.items():
        contenders |= {f"{name}, forward": lambda m=model, x=x: m(x)}
        contenders |= {f"{name}, inverse": lambda m=model, z=z: m.inverse(z)}
    seconds = race(contenders, rounds)
    ratio = {name: seconds[f"{name}, forward"] / seconds[f"{name}, inverse"] for name in pairs}
    error = {name: (model.inverse(z)[0] - x).abs().max().item() for name, (model, x, z) in pairs.items()}
    return {
        "what": "RealNVP on the plane, 4096 points: its inverse beside its forward pass",
        "ours": seconds["RealNVP, inverse"],
        "peer": seconds["RealNVP, forward"],
        "peer_name": "the same flow, forward",
        "ratio": ratio["RealNVP"],
        "unit": "s",
        "agree": max(error.values()) < TOLERANCE,
        "within": {name: 1 / value <= SLOWEST for name, value in ratio.items()},
        "variants": {
            name: {
                "forward": seconds[f"{name}, forward"],
                "inverse": seconds[f"{name}, inverse"],
                "ratio": ratio[name],
                "error": error[name],
            }
            for name in pairs
        },
    }


def flows(small: bool) -> dict[str, tuple[Model, Tensor]]:
    """Each with random weights that do something, and what to feed it."""
    random = torch.Generator().manual_seed(0)
    found: dict[str, tuple[Model, Tensor]] = {}
    for name, (kind, config, toy) in PLANE.items():
        model = kind(toy if small else config, random)
        stir(model, random)
        found[name] = model.eval(), torch.randn(256 if small else 4096, 2, generator=random)
    torch.manual_seed(0)
    glow = Glow(GlowConfig(**(TOY if small else PICTURES)))
    side = glow.config.size
    x = torch.rand(2 if small else 8, glow.config.channels, side, side, generator=random) * 2 - 1
    settle(glow, x)
    found["Glow"] = glow.eval(), x
    return found


def stir(model: Model, generator: torch.Generator) -> None:
    """Last layers away from 0: a flow that does nothing would be too easily undone."""
    for module in model.modules():
        if isinstance(layers := getattr(module, "layers", None), torch.nn.Sequential):
            torch.nn.init.normal_(layers[-1].weight, std=0.01, generator=generator)
