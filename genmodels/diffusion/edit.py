"""Changing pictures that exist, with a network that has only learnt to take noise out.

Nothing here is trained for its task. A picture is lifted to some level of noise and let down again, and what
differs is how: x = x0 + sigma e as in samplers.py, grids fall and end with 0.

    redrawn     noise on a drawing or a picture, and down from there: the coarse is kept, the fine is new
                (SDEdit: Meng et al. 2022, arXiv:2108.01073, algorithm 1)
    inpaint     at each level what is known is put back, as noisy as belongs there; then some noise again, and
                the same level anew, until both parts fit (RePaint: Lugmayr et al. 2022, arXiv:2201.09865,
                algorithm 1; without going back it is what score models did before, Song et al. 2021)
    outpaint    on a canvas wider than the network knows: a window moves outwards, each time repaired by what
                the one before has drawn
    windows     the same at once: at each level the beliefs of overlapping windows are averaged
                (MultiDiffusion: Bar-Tal et al. 2023, arXiv:2302.08113, eq. 5)
    invert      up the path that DDIM goes down, to the noise that a picture comes from (Song et al. 2021,
                arXiv:2010.02502, section 4.3). Each `round` looks again from where the step ended, the place
                that the way down will ask from (Garibi et al. 2024, arXiv:2403.14602)
    changes     where two beliefs of the same noisy picture differ, which tells where an edit belongs
    within      down again, but outside of a mask along the path that came up (both are of DiffEdit: Couairon
                et al. 2022, arXiv:2210.11427, sections 3.2 and 3.3)

Going up from a to b adds noise of variance b^2 - a^2, whatever levels lie between; RePaint's paper goes step
by step, which is the same.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from genmodels.diffusion.denoiser import Denoise
from genmodels.diffusion.samplers import Luck, Step, ddim, renoised, start


def below(sigmas: Sequence[float], sigma: float) -> list[float]:
    """The grid from one level on: what is left of it, without a first step shorter than a tenth."""
    return [sigma, *(s for s in sigmas if s < 0.9 * sigma)]


def redrawn(
    denoise: Denoise,
    guide: Tensor,
    sigmas: Sequence[float],
    luck: Luck,
    solver: Callable[..., Iterator[Step]] = ddim,
) -> Iterator[Step]:
    """The guide as noisy as the grid's first level, and down from there."""
    return solver(denoise, renoised(guide, sigmas[0], luck), sigmas, luck)


def visits(levels: int, again: int = 1, jump: int = 1) -> list[int]:
    """The places of a grid in the order of visits: every `jump` levels back by as many, `again` - 1 times.

    0 is the noisiest, `levels` the picture; from there nothing goes back.
    """
    way = [0]
    for top in range(0, levels - 1, jump):
        down = list(range(top + 1, min(top + jump, levels - 1) + 1))
        way += down + (again - 1) * [top, *down]
    return [*way, levels]


@torch.no_grad()
def inpaint(
    denoise: Denoise,
    known: Tensor,
    keep: Tensor,
    sigmas: Sequence[float],
    luck: Luck,
    again: int = 1,
    jump: int = 1,
    eta: float = 1.0,
) -> Iterator[Step]:
    """What `keep` marks of `known` stays as it is. A step's i is its place among the `visits`."""
    way = visits(len(sigmas) - 1, again, jump)
    x = start(known.shape[1:], sigmas[0], luck, known.device).to(known)
    x = torch.where(keep, renoised(known, sigmas[0], luck), x)
    for i, (s, t) in enumerate(pairwise(sigmas[k] for k in way)):
        if t > s:
            x = renoised(x, (t**2 - s**2) ** 0.5, luck)
            continue
        here, there = ddim(denoise, x, (s, t), luck, eta)
        yield here._replace(i=i)
        x = torch.where(keep, renoised(known, t, luck) if t else known, there.x)
    yield Step(len(way) - 1, x, x, sigmas[-1])


def outpaint(
    denoise: Denoise,
    known: Tensor,
    keep: Tensor,
    width: int,
    stride: int,
    sigmas: Sequence[float],
    luck: Luck,
    again: int = 1,
) -> Iterator[Step]:
    """Columns that `keep` (H, W) marks are given. Every step has the whole canvas (B, C, H, W)."""
    known, keep = known.clone(), keep.clone()
    for left in outwards(keep.any(0), width, stride):
        part = slice(left, left + width)
        for step in inpaint(denoise, known[..., part], keep[:, part], sigmas, luck, again):
            x, x0 = known.clone(), known.clone()
            x[..., part], x0[..., part] = step.x, torch.where(keep[:, part], known[..., part], step.x0)
            yield step._replace(x=x, x0=x0)
        known, keep[:, part] = x, True


def outwards(given: Tensor, width: int, stride: int) -> list[int]:
    """Where a window stands, one place after another: to the right until the edge, then to the left."""
    wide, first = len(given), int(given.int().argmax())
    end = first + int(given.sum()) - width
    right = [*range(end + stride, wide - width, stride), wide - width] if end + width < wide else []
    return right + ([*range(first - stride, 0, -stride), 0] if first else [])


def windows(denoise: Denoise, width: int, stride: int) -> Denoise:
    """For canvases (B, C, H, W) wider than `width`. A window counts most in its middle."""

    def belief(x: Tensor, sigma: Tensor | float) -> Tensor:
        lefts = places(x.shape[-1], width, stride)
        ramp = torch.linspace(-1, 1, width + 2, device=x.device, dtype=x.dtype)[1:-1]
        weight = 1 - ramp.abs()
        total, sums = torch.zeros_like(x), x.new_zeros(x.shape[-1])
        for left in lefts:
            part = slice(left, left + width)
            total[..., part] += weight * denoise(x[..., part], sigma)
            sums[part] += weight
        return total / sums

    return belief


def places(wide: int, width: int, stride: int) -> list[int]:
    """Where windows begin, so that the last one ends with the canvas."""
    if wide < width:
        raise ValueError(f"a canvas {wide} wide has no room for a window of {width}")
    return [*range(0, wide - width, stride), wide - width]


@torch.no_grad()
def invert(denoise: Denoise, x: Tensor, sigmas: Sequence[float], rounds: int = 0) -> Iterator[Step]:
    """From a picture up to the grid's first level. At 0 there is no direction: the next level's is taken."""
    up = sigmas[::-1]
    for i, (s, t) in enumerate(pairwise(up)):
        at = s or t
        x0 = denoise(x, at)
        yield Step(i, x, x0, s)
        there = x + (t - s) / at * (x - x0)
        for _ in range(rounds):
            there = x + (t - s) / t * (there - denoise(there, t))
        x = there
    yield Step(len(up) - 1, x, denoise(x, up[-1]), up[-1])


@torch.no_grad()
def changes(one: Denoise, other: Denoise, x: Tensor, sigma: float, luck: Luck) -> Tensor:
    """How far apart two beliefs are at each place, (H, W) from 0 to 1: the mean over a noise per generator.

    x (1, C, H, W). Smoothed over 3 x 3 places; what lies above a quarter of the greatest counts as all of it.
    """
    noisy = renoised(x.expand(len(luck), *x.shape[1:]), sigma, luck)
    apart = (one(noisy, sigma) - other(noisy, sigma)).abs().mean((0, 1), keepdim=True)
    apart = torch.nn.functional.avg_pool2d(apart, 3, 1, 1, count_include_pad=False)[0, 0]
    return (4 * apart / apart.max().clamp(min=1e-12)).clamp(max=1)


@torch.no_grad()
def within(denoise: Denoise, path: Sequence[Step], keep: Tensor) -> Iterator[Step]:
    """Down the path by which `invert` came up; what `keep` marks takes its every value from there."""
    x = path[-1].x
    for i, (above, under) in enumerate(pairwise(reversed(path))):
        here, there = ddim(denoise, x, (above.sigma, under.sigma))
        yield here._replace(i=i)
        x = torch.where(keep, under.x, there.x)
    yield Step(len(path) - 1, x, x, path[0].sigma)
