"""Checkpoints of low rank (`genmodels.adapter`): a change that is trained, or a network made thin afterwards.

Trained: a weight stays as its base has it and learns B A on top; what is small learns whole. A run begins at
the nearest such change to the checkpoint it starts from: none, where that is the base itself.

Made thin: what a layer says of real pictures varies along few directions. A weight is projected on those that
matter most, and the bias keeps the mean where it was; nothing is trained.
"""

from collections.abc import Callable
from copy import deepcopy
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


def spreads(model: Model, run: Callable[[], object]) -> dict[str, tuple[Tensor, Tensor]]:
    """Mean and covariance of what each layer with a bias says while `run` uses the model."""
    sums: dict[str, tuple] = {}

    def listen(name: str) -> Callable:
        def hook(module: nn.Module, _: tuple, out: Tensor) -> None:
            y = (out.movedim(1, -1) if isinstance(module, nn.Conv2d) else out).flatten(0, -2).double()
            count, first, second = sums.get(name, (0, 0, 0))
            sums[name] = count + len(y), first + y.sum(0), second + y.T @ y

        return hook

    layers = {
        n: m for n, m in model.named_modules() if isinstance(m, nn.Conv2d | nn.Linear) and m.bias is not None
    }
    hooks = [m.register_forward_hook(listen(n)) for n, m in layers.items()]
    run()
    for hook in hooks:
        hook.remove()
    means = {n: (first / count, second / count) for n, (count, first, second) in sums.items()}
    return {n: (mean, square - torch.outer(mean, mean)) for n, (mean, square) in means.items()}


def ranks(model: Model, variances: dict[str, Tensor], share: float) -> dict[str, int]:
    """How many directions each layer keeps: first those with most of its variance for what they take."""
    layers = {n: model.get_submodule(n).weight for n in variances}
    price = {n: len(w) + w[0].numel() for n, w in layers.items()}
    room = share * sum(p.numel() for p in model.parameters())
    room -= sum(p.numel() for p in model.parameters()) - sum(w.numel() for w in layers.values())
    worth = [(v / variances[n].sum() / price[n], n) for n in layers for v in variances[n].tolist()]
    kept = dict.fromkeys(layers, 0)
    for _, n in sorted(worth, reverse=True):
        more = min(price[n], layers[n].numel() - kept[n] * price[n])  # never more than the whole weight
        if more > room:
            break
        room -= max(more, 0)
        kept[n] += 1
    return kept


@torch.no_grad()
def thinned(model: M, run: Callable[[M], object], share: float) -> M:
    """A copy whose large weights take, as two thin ones, about that share of the room."""
    found = spreads(model, lambda: run(model))
    known = {n: torch.linalg.eigh(covariance) for n, (_, covariance) in found.items()}
    kept = ranks(model, {n: e.eigenvalues.flip(0).clamp_min(0) for n, e in known.items()}, share)
    model = deepcopy(model)
    for n, rank in kept.items():
        layer = model.get_submodule(n)
        if adapter.thin(layer.weight, rank):
            onto = known[n].eigenvectors[:, -rank:].float()
            onto, mean = onto @ onto.T, found[n][0].float()
            layer.bias.data = mean + onto @ (layer.bias - mean)
            layer.weight.data = (onto @ layer.weight.flatten(1)).view_as(layer.weight)
    return model
