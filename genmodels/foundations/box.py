"""The smallest generative model: inside a box each point is as likely as any other, outside none is possible.

    p(x) = 1 / area inside, 0 outside        log-likelihood = sum over the points of log p(x)

One point outside and the sum is minus infinity, so the likeliest box is the tightest that holds all points.
More boxes, or Gaussians fitted by EM (Dempster, Laird and Rubin 1977), follow the points more closely and
need more numbers. Points are (N, D); here D is 2, latitude and longitude.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

LEAST = 1.0  # a side of a box, and a standard deviation of a Gaussian, at least: of one point it would be 0
ROUNDS, ENOUGH = 60, 1e-4  # of EM: at most, and the gain per point below which it has ended


class Density(Protocol):
    def log_prob(self, x: Tensor) -> Tensor: ...  # (N, D) -> (N,)

    def sample(self, n: int, generator: torch.Generator) -> Tensor: ...  # (n, D)

    @property
    def parameters(self) -> int: ...


@dataclass(frozen=True)
class Boxes:
    """Boxes with a share of the points each; one of them is the model of the book."""

    low: Tensor  # (K, D)
    high: Tensor  # (K, D)
    shares: Tensor  # (K,)

    @classmethod
    def one(cls, low: tuple[float, ...], high: tuple[float, ...]) -> "Boxes":
        corners = torch.tensor([low, high], dtype=torch.float64)
        if not bool((corners[0] < corners[1]).all()):
            raise ValueError(f"box from {low} to {high}: the first corner must be below the second")
        return cls(corners[:1], corners[1:], torch.ones(1, dtype=torch.float64))

    @classmethod
    def tightest(cls, x: Tensor, least: float = LEAST) -> "Boxes":
        """The likeliest box; a side is never shorter than `least`."""
        low, high = x.double().amin(0), x.double().amax(0)
        spare = (least - (high - low)).clamp_min(0) / 2
        return cls((low - spare)[None], (high + spare)[None], torch.ones(1, dtype=torch.float64))

    @property
    def parameters(self) -> int:
        return len(self.shares) - 1 + self.low.numel() + self.high.numel()

    @property
    def areas(self) -> Tensor:
        return (self.high - self.low).prod(1)

    def inside(self, x: Tensor) -> Tensor:
        """(N, K) bool."""
        x = x.double()[:, None]
        return ((x >= self.low) & (x <= self.high)).all(-1)

    def log_prob(self, x: Tensor) -> Tensor:
        return (self.inside(x) * (self.shares / self.areas)).sum(1).log()

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        which = torch.multinomial(self.shares, n, replacement=True, generator=generator)
        share = torch.rand(n, self.low.shape[1], generator=generator, dtype=torch.float64)
        return self.low[which] + share * (self.high - self.low)[which]


@dataclass(frozen=True)
class Gaussians:
    """A mixture; nothing is impossible under it."""

    means: Tensor  # (K, D)
    covs: Tensor  # (K, D, D)
    shares: Tensor  # (K,)

    @property
    def parameters(self) -> int:
        k, d = self.means.shape
        return k - 1 + k * d + k * d * (d + 1) // 2

    def log_joint(self, x: Tensor) -> Tensor:
        """(N, K)."""
        root = torch.linalg.cholesky(self.covs)
        away = (x.double()[:, None] - self.means).transpose(0, 1).mT  # (K, D, N)
        white = torch.linalg.solve_triangular(root, away, upper=False)
        norm = root.diagonal(dim1=1, dim2=2).log().sum(1) + x.shape[1] / 2 * math.log(2 * math.pi)
        return (-white.square().sum(1) / 2 - norm[:, None]).T + self.shares.log()

    def log_prob(self, x: Tensor) -> Tensor:
        return self.log_joint(x).logsumexp(1)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        which = torch.multinomial(self.shares, n, replacement=True, generator=generator)
        noise = torch.randn(n, self.means.shape[1], generator=generator, dtype=torch.float64)
        return self.means[which] + (torch.linalg.cholesky(self.covs)[which] @ noise[..., None])[..., 0]


class Round(NamedTuple):
    """How far a fit is."""

    i: int
    model: Boxes | Gaussians
    log_likelihood: float  # of all points together


def centres(x: Tensor, k: int, generator: torch.Generator) -> Tensor:
    """Where k heaps may begin: a point by chance, then each by chance, far ones likelier (k-means++)."""
    x = x.double()
    found = [x[torch.randint(len(x), (1,), generator=generator)]]
    for _ in range(k - 1):
        far = torch.cdist(x, torch.cat(found)).amin(1).square()
        chance = far if bool(far.sum() > 0) else torch.ones_like(far)
        found.append(x[torch.multinomial(chance, 1, generator=generator)])
    return torch.cat(found)


def fit_boxes(x: Tensor, k: int, generator: torch.Generator) -> Iterator[Round]:
    """Every point goes to the nearest centre, centres move to their points' middle (k-means); then each heap
    gets its tightest box."""
    x, middle = x.double(), centres(x, k, generator)
    for i in range(ROUNDS):
        heap = torch.cdist(x, middle).argmin(1)
        kept = [x[heap == j] for j in range(len(middle)) if bool((heap == j).any())]
        boxes = [Boxes.tightest(part) for part in kept]
        shares = torch.tensor([len(part) / len(x) for part in kept], dtype=torch.float64)
        model = Boxes(torch.cat([b.low for b in boxes]), torch.cat([b.high for b in boxes]), shares)
        yield Round(i, model, model.log_prob(x).sum().item())
        moved = torch.stack([part.mean(0) for part in kept])
        if len(moved) == len(middle) and torch.allclose(moved, middle):
            return
        middle = moved


def fit_gaussians(x: Tensor, k: int, generator: torch.Generator) -> Iterator[Round]:
    """EM: whose is each point, then each Gaussian from its points, until the likelihood rises no more."""
    x, before = x.double(), -math.inf
    n, d = x.shape
    around = torch.cov(x.T, correction=0) if n > 1 else torch.zeros(d, d, dtype=torch.float64)
    floor = LEAST**2 * torch.eye(d, dtype=torch.float64)
    model = Gaussians(
        centres(x, k, generator),
        (around / k + floor).expand(k, -1, -1),
        torch.full((k,), 1 / k, dtype=torch.float64),
    )
    for i in range(ROUNDS):
        joint = model.log_joint(x)
        now = joint.logsumexp(1).sum().item()
        yield Round(i, model, now)
        if now - before < ENOUGH * n:
            return
        before, whose = now, joint.softmax(1)  # (N, K)
        weight = whose.sum(0).clamp_min(1e-9)
        means = whose.T @ x / weight[:, None]
        away = x[:, None] - means
        covs = torch.einsum("nk,nki,nkj->kij", whose, away, away) / weight[:, None, None]
        model = Gaussians(means, covs + floor, weight / weight.sum())


def level(model: Density, share: float, generator: torch.Generator, draws: int = 4000) -> float:
    """log p of the rim of the region that holds this share of what the model draws."""
    return model.log_prob(model.sample(draws, generator)).quantile(1 - share).item()
