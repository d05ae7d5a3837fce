"""Weights as two thin ones, in closed form, where it changes least of what a network finally says.

A layer's weight M, less that of a base where there is one, is replaced by the nearest M' of low rank, near by

    || A^T (M - M') B ||^2,   A A^T = E[g g^T],   B B^T = E[x x^T],

x what comes into the layer and g the slope of the network's outputs, under random weights, by what it says:
what no output depends on may go, however large it is. A and B are Cholesky's, so M' is one truncated SVD away
(as in Martens and Grosse 2015, arXiv:1503.05671, the two sides count as independent). The squares left out of
all layers are in one unit, that of the outputs, and the room goes where a number stored saves most of them.
"""

import argparse
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genmodels.model import Model
from genmodels.nn.attention import Affine
from training import card, loop

N = TypeVar("N", bound=nn.Module)
LAYERS = nn.Conv2d | nn.ConvTranspose2d | nn.Linear | Affine
TURNED = nn.ConvTranspose2d | Affine  # whose weight begins with what comes in
DAMPING = 1e-3  # of the mean variance, added to each: directions that the few pictures did not show
SILENT = 1e-12  # at least: of a layer that nothing depends on


def rows(layer: nn.Module, x: Tensor, patches: bool) -> Tensor:
    """(positions, numbers): what a layer's weight meets at each, of its input or its output."""
    if isinstance(layer, nn.Linear | Affine):
        return x.flatten(0, -2)
    if not patches:
        return x.movedim(1, -1).flatten(0, -2)
    unfolded = F.unfold(x, layer.kernel_size, layer.dilation, layer.padding, layer.stride)
    unfolded = unfolded.unflatten(1, (x.shape[1], -1)) * mask(layer).flatten()[:, None]
    return unfolded.flatten(1, 2).movedim(1, -1).flatten(0, -2)


def mask(layer: nn.Module) -> Tensor:
    """What a convolution multiplies its kernel by: what it hides never comes in."""
    return getattr(layer, "mask", torch.ones(1))


class Sides:
    """Sums over what passes a layer: of what comes in, its mean too, and of the slopes behind it."""

    def __init__(self, layer: nn.Module):
        self.layer, self.turned = layer, isinstance(layer, TURNED)
        self.count, self.x, self.xx, self.gg = 0, 0, 0, 0

    def heard(self, _: nn.Module, given: tuple, out: Tensor) -> None:
        x = rows(self.layer, given[0].detach(), not self.turned)
        self.count, self.x, self.xx = self.count + len(x), self.x + x.sum(0), self.xx + x.T @ x
        out.register_hook(self.felt)

    def felt(self, slope: Tensor) -> None:
        g = rows(self.layer, slope, self.turned)
        self.gg = self.gg + g.T @ g

    def factors(self) -> tuple[Tensor, Tensor, Tensor]:
        """Of the weight's two sides, and the mean of x. A bias can keep a mean, so it is no spread then."""
        mean = self.x / self.count * (self.layer.bias is not None and not self.turned)
        xx = self.xx / self.count - torch.outer(mean, mean)
        both = (xx, self.gg) if self.turned else (self.gg, xx)
        damped = [
            s.double() + max(DAMPING * s.diagonal().mean().item(), SILENT) * torch.eye(len(s)) for s in both
        ]
        return *(torch.linalg.cholesky(s).float() for s in damped), mean


def watched(model: nn.Module, run: Callable[[], Tensor]) -> dict[str, Sides]:
    """Both sides of each layer while `run` uses the model, from one way back."""
    sides = {
        n: Sides(m) for n, m in model.named_modules() if isinstance(m, LAYERS) and m.weight.numel() > 999
    }
    hooks = [model.get_submodule(n).register_forward_hook(s.heard) for n, s in sides.items()]
    model.requires_grad_(True)
    with torch.enable_grad():
        out = run()
        (out * torch.randn(out.shape, generator=torch.Generator().manual_seed(0))).sum().backward()
    for hook in hooks:
        hook.remove()
    model.zero_grad()
    model.requires_grad_(False)
    return {n: s for n, s in sides.items() if s.count}


@torch.no_grad()
def thinned(model: N, run: Callable[[N], Tensor], share: float, base: dict[str, Tensor] | None = None) -> N:
    """A copy whose large weights, or what they differ by from `base`, take that share of the room."""
    sides = watched(model := deepcopy(model), lambda: run(model))
    found, worth, price = {}, [], {}
    for n, side in sides.items():
        weight = side.layer.weight * mask(side.layer) - (base[f"{n}.weight"].float() if base else 0)
        a, b, mean = side.factors()
        u, s, v = torch.linalg.svd(a.T @ weight.flatten(1) @ b, full_matrices=False)
        left = torch.linalg.solve_triangular(a.T, u * s, upper=True)
        right = torch.linalg.solve_triangular(b, v, upper=False, left=False)
        found[n], price[n] = (weight, left, right, mean), sum(weight.flatten(1).shape)
        worth += [(x / price[n], n) for x in s.square().tolist()]
    kept = ranks(model, sides, worth, price, share)
    for n, rank in kept.items():
        weight, left, right, mean = found[n]
        if rank * price[n] < weight.numel():
            less = weight.flatten(1) - left[:, :rank] @ right[:rank]
            sides[n].layer.weight -= less.view_as(weight)
            if mean.any():
                sides[n].layer.bias += less @ mean
    return model


def ranks(
    model: nn.Module, sides: dict[str, Sides], worth: list, price: dict[str, int], share: float
) -> dict:
    """How many directions each layer keeps, the best for their price first; a whole weight needs no more."""
    whole = {n: s.layer.weight.numel() for n, s in sides.items()}
    room = share * sum(p.numel() for p in model.parameters())
    room -= sum(p.numel() for p in model.parameters()) - sum(whole.values())
    kept = dict.fromkeys(sides, 0)
    for _, n in sorted(worth, reverse=True):
        more = min(price[n], whole[n] - kept[n] * price[n])
        if more > room:
            break
        room -= max(more, 0)
        kept[n] += 1
    return kept


def option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--thin",
        type=float,
        help="no training: make the finished folder this share of itself, by the loss of one --batch",
    )


def remade(
    recipe: loop.Recipe,
    model: Model,
    folder: Path,
    golden: Callable[[Model], dict[str, Tensor]],
    args: argparse.Namespace,
) -> Model:
    """The finished folder again, thinner where the loss of training examples feels it least."""
    batch = recipe.batch(np.random.default_rng(args.seed))

    def loss(model: Model) -> Tensor:
        return recipe.loss(model, batch, torch.Generator().manual_seed(args.seed))["loss"]

    return stored(thinned(model, loss, args.thin), folder, golden, args)


def stored(
    thin: Model, folder: Path, golden: Callable[[Model], dict[str, Tensor]], args: argparse.Namespace
) -> Model:
    """What is thin already takes the finished folder's place."""
    facts = card.record(folder)
    took = {"minutes": facts["minutes"], **facts["training"]}
    full = max(len(p) for p in thin.parameters())  # no weight has more directions
    return card.finish(thin, folder, golden, took, args.device, rank=full)


@torch.no_grad()
def told(model: nn.Module) -> int:
    """What a label adds in each layer of a gated PixelCNN needs no more rank than there are labels.

    Leaves it that rank, which changes no answer, and returns it; without labels 0.
    """
    if getattr(model, "label", None) is None:
        return 0
    labels = torch.linalg.qr(model.label.weight.T).Q  # (C, labels): all that a shift ever meets
    for layer in model.stacks.layers:
        layer.shift.weight.copy_(layer.shift.weight @ labels @ labels.T)
    return labels.shape[1]
