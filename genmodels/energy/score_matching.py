"""Three losses with the same minimum: the score of a density of which there are only samples.

What is wanted is E |s(x) - score(x)|^2 / 2, and the score isn't known. Up to a constant it equals

    E[ tr ds/dx + |s|^2 / 2 ]                  Hyvärinen 2005, theorem 1: by parts. The trace is exact here
    E[ v ds/dx v + |s|^2 / 2 ]                 sliced, Song et al. 2019, arXiv:1905.07088, eq. 8: random v
    E[ |s(x + sigma n) + n / sigma|^2 / 2 ]    denoising, Vincent 2011, eq. 9: the score of the noisy density

The first takes a derivative of the network per dimension, the second one in all, the third none. `Blobs` is a
density whose score is known at every level of noise, as Gaussians with noise on them are wider Gaussians.
"""

from collections.abc import Callable
from math import log, pi, sqrt

import torch
from torch import Tensor

from genmodels.data.points import Mixture

Field = Callable[[Tensor], Tensor]  # (B, D) -> (B, D)


class Blobs:
    """Round Gaussians of one width in the plane, each with its share of the points."""

    def __init__(self, means: Tensor, std: float, shares: Tensor | None = None):
        self.means, self.std = means.float(), std
        shares = torch.ones(len(means)) if shares is None else shares.float()
        self.shares = shares / shares.sum()

    @classmethod
    def of(cls, truth: Mixture) -> "Blobs":
        return cls(truth.means, truth.std)

    def noised(self, sigma: float) -> "Blobs":
        """The density of its points with noise of this sigma on them."""
        return Blobs(self.means, sqrt(self.std**2 + sigma**2), self.shares)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        which = torch.multinomial(self.shares, n, replacement=True, generator=generator)
        return self.means[which] + self.std * torch.randn(n, 2, generator=generator)

    def terms(self, x: Tensor) -> Tensor:
        """(B, 2) -> (B, K): log of each Gaussian's part of the density, up to a constant."""
        square = x.square().sum(1)[:, None] + self.means.square().sum(1) - 2 * x @ self.means.T
        return self.shares.log() - square / (2 * self.std**2)

    def log_prob(self, x: Tensor) -> Tensor:
        """(B, 2) -> (B,)"""
        return self.terms(x).logsumexp(1) - log(2 * pi * self.std**2)

    def score(self, x: Tensor) -> Tensor:
        """(B, 2) -> (B, 2): towards each mean, by the chance that the point is its."""
        return (self.terms(x).softmax(1) @ self.means - x) / self.std**2

    def nearest(self, x: Tensor) -> Tensor:
        """(K,): the share of the points (B, 2) that are nearest to each mean."""
        return torch.cdist(x, self.means).argmin(1).bincount(minlength=len(self.means)) / len(x)

    def width(self, x: Tensor) -> float:
        """What the points (B, 2) would have for `std`: how far they lie from the mean that is nearest."""
        return (torch.cdist(x, self.means).amin(1).square().mean() / 2).sqrt().item()


def hyvarinen(score: Field, x: Tensor) -> Tensor:
    x = x.detach().requires_grad_(True)
    s = score(x)
    trace = sum(torch.autograd.grad(s[:, k].sum(), x, create_graph=True)[0][:, k] for k in range(x.shape[1]))
    return (trace + s.square().sum(1) / 2).mean()


def sliced(score: Field, x: Tensor, generator: torch.Generator) -> Tensor:
    """The random directions have entries of 1 and -1, so that the mean over them is the trace."""
    x = x.detach().requires_grad_(True)
    v = torch.randint(0, 2, x.shape, generator=generator).to(x) * 2 - 1
    s = score(x)
    along = torch.autograd.grad((s * v).sum(), x, create_graph=True)[0]
    return ((along * v).sum(1) + s.square().sum(1) / 2).mean()


def denoising(score: Field, x: Tensor, sigma: float, generator: torch.Generator) -> Tensor:
    """Of clean points x; the other two get noisy ones."""
    noise = torch.randn(x.shape, generator=generator)
    return (score(x + sigma * noise) + noise / sigma).square().sum(1).mean() / 2
