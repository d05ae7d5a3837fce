"""From pictures to the few numbers that made them: the straight way (PCA) and the bent one (an autoencoder).

PCA finds the directions in which pictures differ most: no flat sheet of `d` dimensions has less error.
Pictures of two numbers need not lie on a flat sheet: an edge that moves is bright here and then there, never
half bright in both. An autoencoder may bend its sheet (Kramer 1991; Hinton and Salakhutdinov 2006).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from genmodels.lab.mlp import Adam, mlp

WIDTH, BATCH, RATE = 128, 64, 2e-3


@dataclass(frozen=True)
class PCA:
    mean: Tensor  # (D,)
    directions: Tensor  # (R, D), orthonormal, by share
    shares: Tensor  # (R,) of the variance

    @classmethod
    def fit(cls, x: Tensor) -> "PCA":
        """x (N, D)."""
        x = x.double()
        mean = x.mean(0)
        _, s, directions = torch.linalg.svd(x - mean, full_matrices=False)
        return cls(mean, directions, s.square() / s.square().sum().clamp_min(1e-30))

    def encode(self, x: Tensor, d: int) -> Tensor:
        return (x.double() - self.mean) @ self.directions[:d].T

    def decode(self, z: Tensor) -> Tensor:
        return self.mean + z @ self.directions[: z.shape[1]]

    def needed(self, share: float) -> int:
        """Directions until this share of the variance is told."""
        return int((self.shares.cumsum(0) < share - 1e-12).sum()) + 1


class Autoencoder(nn.Module):
    """x (N, D) -> z (N, d) -> x again, through one hidden layer on either side."""

    def __init__(self, dim: int, d: int, generator: torch.Generator):
        super().__init__()
        self.encode = mlp((dim, WIDTH, d), generator, nn.SiLU)
        self.decode = mlp((d, WIDTH, WIDTH, dim), generator, nn.SiLU)

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))


class Learnt(NamedTuple):
    step: int
    model: Autoencoder
    left: float  # share of the variance of all pictures that is lost


def learn(x: Tensor, d: int, steps: int, generator: torch.Generator, every: int = 50) -> Iterator[Learnt]:
    """Pictures (N, D) -> an autoencoder, every so many steps."""
    x = x.float()
    shift, model = x.mean(0), Autoencoder(x.shape[1], d, generator)
    down, spread = Adam(model, RATE), (x - shift).square().mean()
    for k in range(1, steps + 1):
        down.lr = RATE * min(1.0, 2.5 * (1 - (k - 1) / steps) + 0.02)
        some = x[torch.randint(len(x), (min(BATCH, len(x)),), generator=generator)] - shift
        down.step((model(some) - some).square().mean())
        if k % every == 0 or k == steps:
            with torch.no_grad():
                left = (model(x - shift) - (x - shift)).square().mean() / spread
            yield Learnt(k, model, left.item())


def explained(z: Tensor, truth: Tensor) -> list[float]:
    """How well a polynomial of degree three in the code (N, d) tells each column of the truth (N, T): R^2."""
    z = (z.double() - z.double().mean(0)) / z.double().std(0).clamp_min(1e-9)
    powers = [torch.ones(len(z), 1, dtype=torch.float64), z]
    for _ in range(2):
        powers.append((powers[-1][:, :, None] * z[:, None, :]).flatten(1))
    basis, truth = torch.cat(powers, 1), truth.double()
    fitted = basis @ torch.linalg.pinv(basis) @ truth
    rest = (truth - fitted).square().sum(0) / (truth - truth.mean(0)).square().sum(0)
    return (1 - rest).tolist()
