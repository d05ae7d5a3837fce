"""Score model: the slope of the log density at every level of noise, and annealed Langevin dynamics down it.

A network tells the noise that is on a point, for levels from wide as the plane to hardly there, and that is
the score of the noisy density, score(x, sigma) = -noise / sigma (Song and Ermon 2019, arXiv:1907.05600, eq.
5 and 6; 2020, arXiv:2006.09011, technique 3). The sampler goes down the ladder of levels with some steps of
Langevin dynamics on each (algorithm 1): `genmodels.energy.annealed` has it, for digits too.

Beside `diffusion` it differs in two things. The data is not shrunk while noise is added, so the widest level
has to drown it; and a sample is the end of a random walk with noise at each step, where diffusion's follows
a path without any. With so few steps the walk lags behind its ladder, and what is wide comes out wider: as
wide as it should be only in the limit of many. It has no density: a score says how steep, not how high.
"""

from dataclasses import dataclass
from math import log

import torch
from torch import Tensor
from torch.nn import functional as F

from genmodels.energy.annealed import draw, ladder, stride
from genmodels.lab.average import Average
from genmodels.lab.family import bounded
from genmodels.lab.field import SCALE, Field
from genmodels.lab.mlp import Adam

WIDE, NARROW = 4.0, 0.03  # the ends of the ladder; the data is about 1 wide, see SCALE
LATE = 0.08  # the level that `height` looks at


@dataclass(frozen=True)
class Knobs:
    width: int = 128  # of the three hidden layers, 8 to 256
    levels: int = 16  # of the sampler's ladder, 2 to 200
    walk: int = 3  # Langevin steps at each of them, 1 to 100
    lr: float = 5e-3  # 1e-5 to 1e-1
    batch: int = 512  # 16 to 1024

    def __post_init__(self) -> None:
        bounds = {"width": (8, 256), "levels": (2, 200), "walk": (1, 100)}
        bounded(self, bounds | {"lr": (1e-5, 0.1), "batch": (16, 1024)})


class Score:
    Knobs = Knobs

    def __init__(self, knobs: Knobs = Knobs(), seed: int = 0):  # noqa: B008 - frozen
        self.knobs, self.random, self.diverged = knobs, torch.Generator().manual_seed(seed), False
        self.field = Field(knobs.width, self.random)
        self.down = Adam(self.field, knobs.lr, (0.9, 0.99))
        self.calm = Average(self.field, self.down)

    @property
    def needs(self) -> int:
        return self.knobs.batch

    def step(self, x: Tensor) -> dict[str, float]:
        """Squared error of the noise: denoising score matching, weighted by sigma^2."""
        if self.diverged:
            return {}
        x, noise = x / SCALE, torch.randn(x.shape, generator=self.random)
        sigma = levels(len(x), self.random)
        loss = F.mse_loss(told(self.field, x + sigma * noise, sigma), noise)
        self.diverged = not self.down.step(loss)
        self.calm.follow()
        return {} if self.diverged else {"loss": loss.item()}

    @torch.no_grad()
    def score(self, x: Tensor, sigma: float) -> Tensor:
        """In the units of the network, where the plane is SCALE times smaller."""
        return -told(self.calm.network, x, torch.full((len(x), 1), sigma)) / sigma

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        sigmas = ladder(WIDE, NARROW, self.knobs.levels)
        eta = stride(sigmas[0] / sigmas[1], self.knobs.walk)
        *_, last = draw(self.score, (n, 2), sigmas, self.knobs.walk, eta, [generator])
        return SCALE * last.x

    def log_prob(self, x: Tensor) -> None:
        """None: the score of a density doesn't say what it is."""

    def height(self, x: Tensor) -> Tensor:
        """Minus how far a little noise is believed to have carried what is here."""
        return -SCALE * LATE**2 * self.score(x / SCALE, LATE).norm(dim=1)


def levels(n: int, generator: torch.Generator) -> Tensor:
    """(n, 1), evenly in their logarithm: one in each n-th of the ladder, instead of n by chance."""
    share = (torch.arange(n) + torch.rand(n, generator=generator)) / n
    return (NARROW * (WIDE / NARROW) ** share)[:, None]


def told(field: Field, x: Tensor, sigma: Tensor) -> Tensor:
    """The noise on x. The network adds to what would be right if the data were N(0, I)."""
    total = (1 + sigma.square()).sqrt()
    at = (sigma / NARROW).log() / log(WIDE / NARROW)
    return (sigma * (x / total) + field(x / total, at)) / total
