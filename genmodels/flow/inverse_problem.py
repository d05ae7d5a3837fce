"""What could it have been? Codes that explain what is left of a picture: a part of it, a blurred copy.

With a flow x(z) the question is about codes. Under the prior N(0, I), seen through A with noise of size s,

    p(z | seen) ~ exp(-E(z)),      E(z) = |z|^2 / 2 + |A x(z) - seen|^2 / 2 s^2                      (1)

Downhill on E lies the likeliest code: Asim et al. 2020, arXiv:1905.11672. It's shorter than any code
that a picture has, as whatever nobody saw goes to 0, and its picture shows what it didn't see as a mean:
Chávez 2022, arXiv:2110.13285. Langevin dynamics draws codes instead, and so says what is left open:

    z <- z - (h / 2) M grad E + sqrt(T h M) xi,      xi ~ N(0, I)                                     (2)

T is 1 for draws and 0 for the likeliest. M = 1 / root mean square of each number's recent slopes, at most 1:
E is a hundred times steeper in some numbers of a code than in others (Li et al. 2016, arXiv:1512.07666,
algorithm 1). An M that follows its own chain bends the law of the draws, so after a part of the steps it may
only shrink, which is rare: what follows is Langevin dynamics of one law. In the first half of the steps s
comes down from `start`: the picture is found before its details.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

Map = Callable[[Tensor], Tensor]
KEEP = 0.9  # of the old mean of squared slopes, at each step
SETTLED = 0.65  # share of the steps after which M only shrinks


class Step(NamedTuple):
    i: int
    z: Tensor  # (B, ...) codes
    x: Tensor  # what they are pictures of, before this step's move
    loss: Tensor  # (B,) E of the code, at this step's s
    misfit: Tensor  # (B,) root mean square of A x - seen


@torch.no_grad()
def explain(
    picture: Map,
    look: Map,
    seen: Tensor,
    z: Tensor,
    generators: list[torch.Generator],
    *,
    steps: int = 200,
    noise: float = 0.02,
    start: float = 0.5,
    rate: float = 0.05,
    warmth: float = 1.0,
) -> Iterator[Step]:
    """From codes z: `picture` is the flow's inverse, `look` A, `noise` s, `rate` h, `warmth` T of (2)."""
    square = most = torch.zeros_like(z)
    for i in range(1, steps + 1):
        share = min(1.0, 2 * (i - 1) / steps)
        s = start ** (1 - share) * noise**share
        x, off, slope = pulls(picture, look, seen, z)
        slope = z + slope / s**2
        yield Step(i, z, x, energy(z, off, s), rms(off))
        square = slope.square() if i == 1 else KEEP * square + (1 - KEEP) * slope.square()
        most = square if i <= SETTLED * steps else torch.maximum(most, square)
        m = 1 / most.sqrt().clamp_min(1)
        z = z - rate / 2 * m * slope + (warmth * rate * m).sqrt() * draw(z, generators)
    x, off, _ = pulls(picture, look, seen, z)
    yield Step(steps + 1, z, x, energy(z, off, noise), rms(off))


def energy(z: Tensor, off: Tensor, s: float) -> Tensor:
    """(1): (B,)."""
    return z.square().flatten(1).sum(1) / 2 + off.square().flatten(1).sum(1) / (2 * s**2)


def rms(off: Tensor) -> Tensor:
    return off.square().flatten(1).mean(1).sqrt()


@torch.enable_grad()
def pulls(picture: Map, look: Map, seen: Tensor, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The picture, how far off it is, and the slope of half that squared by z: J'A'(A x - seen)."""
    z = z.detach().requires_grad_(True)
    x = picture(z)
    off = look(x) - seen
    (slope,) = torch.autograd.grad(off, z, off.detach())
    return x.detach(), off.detach(), slope


def draw(like: Tensor, generators: list[torch.Generator]) -> Tensor:
    """Normal numbers, those of each picture from its own generator."""
    return torch.stack([torch.randn(like.shape[1:], generator=g) for g in generators]).to(like)


def blur(x: Tensor, sigma: float) -> Tensor:
    """A Gaussian blur of so many pixels, edges repeated: something to look through."""
    reach = round(3 * sigma)
    line = torch.exp(-torch.arange(-reach, reach + 1.0).square() / (2 * sigma**2)).to(x)
    line = (line / line.sum()).expand(x.shape[1], 1, 1, -1)
    x = F.conv2d(F.pad(x, (reach,) * 4, mode="replicate"), line, groups=x.shape[1])
    return F.conv2d(x, line.transpose(2, 3), groups=x.shape[1])
