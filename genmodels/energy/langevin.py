"""Langevin dynamics: a walk down the energy with noise, towards what the model finds plausible.

    x' = clamp(x + noise e)                    e from N(0, I), one generator per picture
    x'' = clamp(x' - stride clip(dE/dx'))      (Du and Mordatch 2019, arXiv:1903.08689, sec. 3.1)

The weights stand still; what is moved is the picture. `stride` and `noise` are two knobs: pictures need
strides far longer than their noise, so this draws from no density in particular, it walks downhill with a
shake. Noise that belongs to its stride, sqrt(2 stride), makes it the Euler discretisation of Langevin's
equation, whose points are those of exp(-E) as the stride goes to 0 (Welling and Teh 2011, eq. 3, whose
stride is twice ours). `Walk.exact` asks for that; nothing is then cut, and its points are those `at` which
the slope is taken, noise and all.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, sqrt
from typing import NamedTuple, Self

import torch
from torch import Tensor

Energy = Callable[[Tensor], Tensor]  # (B, ...) -> (B,)
Luck = torch.Generator | Sequence[torch.Generator]  # one for the batch, or one per picture


@dataclass(frozen=True)
class Walk:
    """How a chain moves."""

    stride: float = 10.0  # how far down the slope
    noise: float = 0.005  # standard deviation of the shake of each step
    clip: float = 0.03  # each number of the slope is cut to [-clip, clip]; inf for never
    low: float = -1.0  # values are kept inside [low, high]
    high: float = 1.0

    @classmethod
    def exact(cls, stride: float) -> Self:
        """Langevin's own: the noise that belongs to the stride, nothing cut."""
        return cls(stride, sqrt(2 * stride), inf, -inf, inf)


class Step(NamedTuple):
    i: int  # steps taken
    x: Tensor  # (B, ...), after them
    at: Tensor  # (B, ...), where the last slope was taken: the x before, shaken
    energy: Tensor  # (B,), there
    slope: Tensor  # (B, ...), there, before it was cut


@torch.no_grad()
def langevin(
    energy: Energy, x: Tensor, steps: int, walk: Walk, luck: Luck, keep: Tensor | None = None
) -> Iterator[Step]:
    """The start, then a Step after each. What `keep` (bool, broadcast to x) covers stays as it was."""
    start = x
    yield Step(0, x, x, *sloped(energy, x))
    for i in range(1, steps + 1):
        at = (x + walk.noise * normal(x, luck)).clamp(walk.low, walk.high)
        at = at if keep is None else torch.where(keep, start, at)
        height, slope = sloped(energy, at)
        x = (at - walk.stride * slope.clamp(-walk.clip, walk.clip)).clamp(walk.low, walk.high)
        x = x if keep is None else torch.where(keep, start, x)
        yield Step(i, x, at, height, slope)


def last(steps: Iterator[Step]) -> Tensor:
    """Where the chains end."""
    *_, end = deque(steps, maxlen=1)
    return end.x


@torch.enable_grad()
def sloped(energy: Energy, x: Tensor) -> tuple[Tensor, Tensor]:
    """The energies (B,), and their slope by x."""
    x = x.detach().requires_grad_(True)
    height = energy(x)
    (slope,) = torch.autograd.grad(height.sum(), x)
    return height.detach(), slope


def normal(x: Tensor, luck: Luck) -> Tensor:
    """Standard normal numbers, shaped as x. Drawn on the CPU, so that a seed is the same anywhere."""
    if isinstance(luck, torch.Generator):
        return torch.randn(x.shape, generator=luck).to(x)
    return torch.stack([torch.randn(x.shape[1:], generator=g) for g in luck]).to(x)


def uniform(shape: tuple[int, ...], luck: Sequence[torch.Generator]) -> Tensor:
    """Where chains start: (len(luck), *shape) even noise in [-1, 1]."""
    return torch.stack([2 * torch.rand(shape, generator=g) - 1 for g in luck])
