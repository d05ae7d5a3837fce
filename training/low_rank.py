"""A change of low rank that is trained (`genmodels.adapter`).

A weight stays as its base has it and learns B A on top; what is small learns whole. A run begins at the
nearest such change to the checkpoint it starts from: none, where that is the base itself. How a network that
is trained already is made thin stands in `training.thinning`.
"""

from pathlib import Path
from typing import TypeVar

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.utils import parametrize

from genmodels import adapter, hub
from genmodels.model import Model

M = TypeVar("M", bound=Model)
NOISE = 1e-3  # of A where there is no change to begin at: B is zero, and so A must not be


class Added(nn.Module):
    """W_base + B A."""

    def __init__(self, base: Tensor, weight: Tensor, rank: int):
        super().__init__()
        self.register_buffer("base", base)
        a, b = adapter.factors(weight - base, rank)
        self.a, self.b = nn.Parameter(a.contiguous()), nn.Parameter(b.contiguous())
        if not a.any():
            nn.init.normal_(self.a, std=NOISE)

    def forward(self, weight: Tensor) -> Tensor:
        return self.base + adapter.product(self.a, self.b)


def wear(model: M, base: str | Path, rank: int) -> M:
    """Only a change of low rank of `base` is to be learnt, beginning at what the model is.

    Where the model differs from it by less than that rank, at the rank it has.
    """
    before = load_file(hub.weights_file(hub.folder(base), base))
    for path, module in list(model.named_modules()):
        weight = getattr(module, "weight", None)
        if not isinstance(weight, Tensor) or weight.ndim < 2:
            continue
        was = before[f"{path}.weight"].float()
        few = min(rank, adapter.rank_of(weight - was) or rank)
        if adapter.thin(weight, few):
            added = Added(was, weight.detach(), few)
            parametrize.register_parametrization(module, "weight", added, unsafe=True)
            module.parametrizations.weight.original.requires_grad_(False)
    return model


@torch.no_grad()
def plain(model: M) -> M:
    """The same network with ordinary weights again."""
    for module in list(model.modules()):
        if parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight", leave_parametrized=True)
    return model.requires_grad_(False)
