"""Langevin dynamics down a ladder of noise: from where everything is possible to where the pictures are.

At each level some steps of Langevin dynamics, their stride in proportion to the level's sigma:

    x' = x + eta sigma^2 score(x, sigma) + sqrt(2 eta) sigma noise      (Song and Ermon 2019, algorithm 1)

As sigma^2 score = x0 - x, with x0 the picture that the network believes in, a step goes a share eta of the
way to it and adds noise of its own. eta is epsilon / sigma_L^2 of the papers, half of it in the first.
Langevin alone, at one small sigma, stays in whatever mode it starts next to; annealed, it chooses its mode
while the noise is still wide enough for all of them to be one hill. At the end what noise is left is taken
out in one step (Jolicoeur-Martineau et al. 2020, arXiv:2009.05475, sec. 3.1).
"""

from collections.abc import Callable, Iterator, Sequence
from math import erf, sqrt
from typing import NamedTuple

import torch
from torch import Tensor

Score = Callable[[Tensor, float], Tensor]  # x, sigma -> like x


class Step(NamedTuple):
    level: int  # from 0, the widest; the number of levels in the last step, which only takes noise out
    sigma: float
    k: int  # of the steps at this level, from 0
    x: Tensor  # where the chains are
    x0: Tensor  # what they were moving to


def ladder(high: float, low: float, levels: int) -> list[float]:
    """Levels in equal ratios, the widest first."""
    if levels < 1 or not 0 < low <= high:
        raise ValueError(f"{levels} levels from {high} to {low}: expected at least one, downwards, above 0")
    return [high * (low / high) ** (k / max(1, levels - 1)) for k in range(levels)]


def overlap(ratio: float, dimensions: int) -> float:
    """How much of a level's noise has a length that is usual at the next, `ratio` times as wide.

    Song and Ermon 2020, technique 2: about half.
    """
    root = sqrt(2 * dimensions) * (ratio - 1)
    return (erf((root + 3 * ratio) / sqrt(2)) - erf((root - 3 * ratio) / sqrt(2))) / 2


def variance(ratio: float, steps: int, eta: float) -> float:
    """Of the noise after so many steps at a level, over sigma^2, where it was right at the level before.

    Exact where the data is one point (Song and Ermon 2020, proposition 3).
    """
    limit = 2 / (2 - eta)
    return (1 - eta) ** (2 * steps) * (ratio**2 - limit) + limit


def stride(ratio: float, steps: int) -> float:
    """The eta whose `variance` is nearest to 1 (Song and Ermon 2020, technique 4), to three digits."""
    return min((k / 1000 for k in range(10, 1000)), key=lambda eta: abs(variance(ratio, steps, eta) - 1))


def fresh(x: Tensor, generators: Sequence[torch.Generator]) -> Tensor:
    """Noise like x: a generator for each picture, or one for a whole cloud of points."""
    parts = [
        torch.randn(part.shape, generator=luck)
        for part, luck in zip(x.chunk(len(generators)), generators, strict=True)
    ]
    return torch.cat(parts).to(x)


@torch.no_grad()
def anneal(
    score: Score,
    x: Tensor,
    sigmas: Sequence[float],
    steps: int,
    eta: float,
    generators: Sequence[torch.Generator],
    known: Tensor | None = None,
    keep: Tensor | None = None,
    last: bool = True,
) -> Iterator[Step]:
    """So many steps at each level, from x on, and with `last` the step that only takes noise out.

    What `keep` marks of `known` stays: at each level it is put there with as much noise as belongs there
    (Song and Ermon 2019, algorithm 2).
    """
    x0 = x
    for level, sigma in enumerate(sigmas):
        if keep is not None:
            x = torch.where(keep, known + sigma * fresh(x, generators), x)
        for k in range(steps):
            x0 = x + sigma**2 * score(x, sigma)
            moved = x + eta * (x0 - x) + sqrt(2 * eta) * sigma * fresh(x, generators)
            x = moved if keep is None else torch.where(keep, x, moved)
            yield Step(level, sigma, k, x, x0)
    if last:
        x = x + sigmas[-1] ** 2 * score(x, sigmas[-1])
        x = x if keep is None else torch.where(keep, known, x)
        yield Step(len(sigmas), sigmas[-1], 0, x, x)


@torch.no_grad()
def descend(
    score: Score, x: Tensor, sigmas: Sequence[float], churn: float, generators: Sequence[torch.Generator]
) -> Iterator[Step]:
    """As diffusion draws: one step from each level to the next, and the last one takes out what is left.

    x' = x0 + down / sigma (x - x0) + up noise, with up^2 + down^2 the next level's variance. At churn 0 no
    noise is added: DDIM (Song et al. 2021, arXiv:2010.02502, eq. 12). At 1 as much as leads, in small steps,
    to draws of what could have been under x: DDPM's own sampler (Ho et al. 2020, arXiv:2006.11239).
    """
    for level, sigma in enumerate(sigmas):
        x0 = x + sigma**2 * score(x, sigma)
        after = sigmas[level + 1] if level + 1 < len(sigmas) else 0.0
        up = churn * after * sqrt(max(0.0, 1 - (after / sigma) ** 2))
        x = x0 + sqrt(max(0.0, after**2 - up**2)) / sigma * (x - x0)
        x = x + up * fresh(x, generators) if up else x
        yield Step(level, sigma, 0, x, x0)


def draw(
    score: Score,
    shape: tuple[int, ...],
    sigmas: Sequence[float],
    steps: int,
    eta: float,
    generators: Sequence[torch.Generator],
) -> Iterator[Step]:
    """Annealed, from noise as wide as the widest level."""
    x = sigmas[0] * fresh(torch.empty(shape), generators)
    return anneal(score, x, sigmas, steps, eta, generators)
