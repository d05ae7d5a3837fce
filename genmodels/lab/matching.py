"""A small network that learns the score of one level of noise, by any of three losses, while one watches."""

from math import sqrt

import torch
from torch import Tensor

from genmodels.energy import score_matching
from genmodels.energy.score_matching import Blobs
from genmodels.lab.average import Average
from genmodels.lab.field import SCALE, Field
from genmodels.lab.mlp import Adam

NAMES = ("hyvarinen", "sliced", "denoising")
NARROW = 0.3  # about how wide the data is where it is thin: scores are not larger than 1 / it by much


class Learner:
    """`step` on clean points, `score` anywhere. `error` says how wrong it is where the truth is known."""

    def __init__(self, loss: str, sigma: float, seed: int = 0, width: int = 96, batch: int = 256):
        if loss not in NAMES or not 0 < sigma <= 100:
            raise ValueError(f"loss {loss!r}, sigma {sigma}: expected one of {NAMES}, and a level above 0")
        self.loss, self.sigma, self.batch = loss, sigma, batch
        self.random = torch.Generator().manual_seed(seed)
        self.field = Field(width, self.random)
        self.down = Adam(self.field, 4e-3, (0.9, 0.99))
        self.calm = Average(self.field, self.down)
        self.steep = sqrt(sigma**2 + NARROW**2)  # a network's output of 1 is a score of 1 / it
        self.steps = 0

    def of(self, network: Field, x: Tensor) -> Tensor:
        return network(x / (SCALE * sqrt(1 + (self.sigma / SCALE) ** 2)), 0.0) / self.steep

    def step(self, truth: Blobs) -> float:
        """One update; what the loss was, times sigma^2 so that levels compare."""
        clean, score = truth.sample(self.batch, self.random), lambda x: self.of(self.field, x)
        if self.loss == "denoising":
            value = score_matching.denoising(score, clean, self.sigma, self.random)
        else:
            noisy = clean + self.sigma * torch.randn(clean.shape, generator=self.random)
            rest = (self.random,) if self.loss == "sliced" else ()
            value = getattr(score_matching, self.loss)(score, noisy, *rest)
        self.down.step(self.steep**2 * value)
        self.calm.follow()
        self.steps += 1
        return self.sigma**2 * value.item()

    @torch.no_grad()
    def score(self, x: Tensor) -> Tensor:
        return self.of(self.calm.network, x)


def wrong(found: Tensor, exact: Tensor) -> float:
    """Squared length of the error over that of what is right: 0 is right, 1 is as wrong as no arrow."""
    return ((found - exact).square().sum() / exact.square().sum()).item()
