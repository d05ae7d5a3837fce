"""Diffusion: learn which noise is in a noisy point, then take it out little by little.

    x_a = cos(a) x + sin(a) e,      a from 0 (data) to pi / 2 (noise e)

What the network learns, by squared error, is v = cos(a) e - sin(a) x. Noise and point follow from it and
x_a without a division (Salimans and Ho 2022, arXiv:2202.00512, sec. 4), where one that tells the noise (Ho
et al. 2020, arXiv:2006.11239, eq. 14) has to divide its error by cos(a), which ends at 0:

    e = sin(a) x_a + cos(a) v,      x = cos(a) x_a - sin(a) v

The sampler follows the probability flow without noise of its own, and that is v again, dx_a / da = v. A
step of DDIM (Song et al. 2021, arXiv:2010.02502, eq. 12) is a rotation of x_a and v, exact for a network
that doesn't change its mind; looking again in the middle of each makes it second order. The cosine schedule
is that of Nichol and Dhariwal 2021, arXiv:2102.09672, eq. 17. It has no density here; flow matching shows
how to get one.
"""

from dataclasses import dataclass
from math import cos, pi, sin

import torch
from torch import Tensor
from torch.nn import functional as F

from genmodels.lab.average import Average
from genmodels.lab.family import bounded
from genmodels.lab.field import SCALE, Field, moments
from genmodels.lab.mlp import Adam

LATE = 0.15  # the angle that `height` looks at


@dataclass(frozen=True)
class Knobs:
    width: int = 128  # of the three hidden layers, 8 to 256
    steps: int = 24  # of the sampler, 1 to 200; each asks the network twice
    lr: float = 5e-3  # 1e-5 to 1e-1
    batch: int = 512  # 16 to 1024

    def __post_init__(self) -> None:
        bounded(self, {"width": (8, 256), "steps": (1, 200), "lr": (1e-5, 0.1), "batch": (16, 1024)})


class Diffusion:
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
        """Squared error of v, which is that of the noise over cos(a)^2."""
        if self.diverged:
            return {}
        x, t = x / SCALE, moments(len(x), self.random)
        noise, angle = torch.randn(x.shape, generator=self.random), pi / 2 * t
        cos_a, sin_a = angle.cos(), angle.sin()
        loss = F.mse_loss(self.field(cos_a * x + sin_a * noise, t), cos_a * noise - sin_a * x)
        self.diverged = not self.down.step(loss)
        self.calm.follow()
        return {} if self.diverged else {"loss": loss.item()}

    def velocity(self, x: Tensor, angle: float) -> Tensor:
        """v"""
        return self.calm.network(x, angle / (pi / 2))

    @torch.no_grad()
    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        x, turn = torch.randn(n, 2, generator=generator), pi / 2 / self.knobs.steps
        for k in range(self.knobs.steps):
            angle = pi / 2 - k * turn
            middle = cos(turn / 2) * x - sin(turn / 2) * self.velocity(x, angle)  # DDIM, half the turn
            x = x - 2 * sin(turn / 2) * self.velocity(middle, angle - turn / 2)
        return SCALE * x

    def log_prob(self, x: Tensor) -> None:
        """None that is cheap."""

    @torch.no_grad()
    def height(self, x: Tensor) -> Tensor:
        """Minus how far a little noise is believed to have carried what is here."""
        x = x / SCALE
        clean = cos(LATE) * (cos(LATE) * x) - sin(LATE) * self.velocity(cos(LATE) * x, LATE)
        return -SCALE * (clean - x).norm(dim=1)
