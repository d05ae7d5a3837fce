"""How fast two linear classifiers learn: naive Bayes against logistic regression, after Ng and Jordan 2001.

Two Gaussian classes in D dimensions share a covariance. Half of the dimensions tell the classes apart, the
others don't, but neighbours go together with correlation rho, so they tell what part of the others is noise.
Naive Bayes takes all dimensions for independent: with rho = 0 it is right, else it stays off the best line.
Both end as weights of a line, whose error needs no test set, as it is a Gaussian integral:

    error = (Phi(-(w . mean_1 + b) / s) + Phi((w . mean_0 + b) / s)) / 2,        s^2 = w' C w
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from genmodels.foundations.gaussian import GaussianClasses
from genmodels.foundations.logistic import features, fit

APART = 2.2  # how far apart the classes are: of all coordinates together, in standard deviations


def below(z: Tensor) -> Tensor:
    """The CDF of N(0, 1)."""
    return torch.special.ndtr(z)


@dataclass(frozen=True)
class Truth:
    dim: int
    rho: float

    @property
    def gap(self) -> Tensor:
        """mean_1 - mean_0: the even coordinates differ."""
        there = (torch.arange(self.dim) % 2 == 0).double()
        return there * APART / there.sum().sqrt()

    @property
    def cov(self) -> Tensor:
        at = torch.arange(self.dim, dtype=torch.float64)
        return torch.full((), self.rho, dtype=torch.float64) ** (at[:, None] - at).abs()

    def sample(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """n points, as many of either class or one more."""
        y = torch.arange(n) % 2
        noise = torch.randn(n, self.dim, generator=generator, dtype=torch.float64)
        return noise @ torch.linalg.cholesky(self.cov).T + (y[:, None] - 0.5) * self.gap, y

    def error(self, w: Tensor) -> float:
        """Of the line with weights (1 + D,), the constant first."""
        middle, reach = w[0], w[1:] @ self.gap / 2
        s = (w[1:] @ self.cov @ w[1:]).clamp_min(1e-300).sqrt()
        return float((below(-(middle + reach) / s) + below((middle - reach) / s)) / 2)

    def best(self) -> float:
        """No classifier errs less: half the distance between the means, seen through the covariance."""
        return float(below(-(self.gap @ torch.linalg.solve(self.cov, self.gap)).sqrt() / 2))

    def naive(self) -> float:
        """What naive Bayes errs with all the points there are."""
        return self.error(torch.cat([torch.zeros(1, dtype=torch.float64), self.gap]))


def naive_line(x: Tensor, y: Tensor) -> Tensor:
    """Gaussian naive Bayes with one variance per coordinate for both classes, as weights of a line."""
    model = GaussianClasses.fit(x, y, "shared", floor=1e-6)
    w = (model.means[1] - model.means[0]) / model.covs[0].diagonal()
    middle = (model.means[0] + model.means[1]) / 2
    return torch.cat([(model.shares.log().diff() - w @ middle).reshape(1), w])


class Point(NamedTuple):
    """Of one size of training set: mean errors so far, and how many draws they are of."""

    n: int
    draws: int
    naive: float
    logistic: float


def curve(
    truth: Truth, sizes: list[int], draws: int, seed: int, ridge: float = 1e-3
) -> Iterator[list[Point]]:
    """Errors over sizes, one draw of every size at a time: each yield is the whole curve so far."""
    sums = [[0.0, 0.0] for _ in sizes]
    for k in range(draws):
        for row, n in zip(sums, sizes, strict=True):
            x, y = truth.sample(n, torch.Generator().manual_seed((seed * 1009 + k) % 2**31 + n))
            row[0] += truth.error(naive_line(x, y))
            row[1] += truth.error(fit(features(x), y, ridge))
        yield [Point(n, k + 1, a / (k + 1), b / (k + 1)) for n, (a, b) in zip(sizes, sums, strict=True)]


def sizes(most: int) -> list[int]:
    """From a few points per class on, by halves of a doubling."""
    doublings = math.floor(2 * math.log2(most / 4) + 1e-9)
    return sorted({2 * round(2 ** (1 + k / 2)) for k in range(doublings + 1)})
