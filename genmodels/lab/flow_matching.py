"""Flow matching: carry noise to data along straight lines, in the mean.

Draw noise z and a data point x, walk from one to the other in a unit of time, x_t = (1 - t) z + t x, and
learn the mean velocity x - z of all walkers that pass a place at a moment. Following that mean, from noise,
gives the data's density: Lipman et al. 2023, arXiv:2210.02747, eq. 14 and 23 with sigma 0; Liu et al. 2023
(rectified flow), arXiv:2209.03003, eq. 1.

    dx/dt = v(x, t),      d log p(x) / dt = -div v

The first is the sampler (midpoint rule), the second an exact density: in the plane the divergence is two
derivatives (Chen et al. 2018, arXiv:1806.07366, eq. 8), summed while the point is followed back to its
noise.
"""

from dataclasses import dataclass
from math import log, pi

import torch
from torch import Tensor
from torch.nn import functional as F

from genmodels.lab.average import Average
from genmodels.lab.family import bounded
from genmodels.lab.field import SCALE, Field, moments
from genmodels.lab.mlp import Adam

_CHUNK = 2048  # points at once on their way back: bounds the memory
LATE = 0.9  # the moment that `height` looks at


@dataclass(frozen=True)
class Knobs:
    width: int = 128  # of the three hidden layers, 8 to 256
    steps: int = 24  # from noise to data, 1 to 200; each asks the network twice
    lr: float = 5e-3  # 1e-5 to 1e-1
    batch: int = 512  # 16 to 1024

    def __post_init__(self) -> None:
        bounded(self, {"width": (8, 256), "steps": (1, 200), "lr": (1e-5, 0.1), "batch": (16, 1024)})


class FlowMatching:
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
        """Squared error of the velocity. It doesn't go to 0: many walkers pass the same place."""
        if self.diverged:
            return {}
        x, t = x / SCALE, 1 - moments(len(x), self.random)
        z = torch.randn(x.shape, generator=self.random)
        loss = F.mse_loss(self.field(torch.lerp(z, x, t), t), x - z)
        self.diverged = not self.down.step(loss)
        self.calm.follow()
        return {} if self.diverged else {"loss": loss.item()}

    def velocity(self, x: Tensor, t: float) -> Tensor:
        return self.calm.network(x, t)

    @torch.no_grad()
    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        x, h = torch.randn(n, 2, generator=generator), 1 / self.knobs.steps
        for k in range(self.knobs.steps):
            middle = x + h / 2 * self.velocity(x, k * h)
            x = x + h * self.velocity(middle, (k + 0.5) * h)
        return SCALE * x

    def log_prob(self, x: Tensor) -> Tensor:
        """Of where the flow carries N(0, I), in as many steps as `sample` takes."""
        return torch.cat([self.back(part) for part in (x / SCALE).split(_CHUNK)])

    @torch.no_grad()
    def back(self, x: Tensor) -> Tensor:
        """Followed back to noise, by the midpoint rule: log p at the start, (B,)."""
        h, gained = 1 / self.knobs.steps, torch.zeros(len(x))
        for k in range(self.knobs.steps, 0, -1):
            middle = x - h / 2 * self.velocity(x, k * h)
            v, divergence = self.spread(middle, (k - 0.5) * h)
            x, gained = x - h * v, gained - h * divergence
        return gained - x.square().sum(1) / 2 - log(2 * pi) - 2 * log(SCALE)

    @torch.enable_grad()
    def spread(self, x: Tensor, t: float) -> tuple[Tensor, Tensor]:
        """The velocity (B, 2) and its divergence (B,)."""
        x = x.requires_grad_(True)
        v = self.velocity(x, t)
        across = torch.autograd.grad(v[:, 0].sum(), x, retain_graph=True)[0][:, 0]
        up = torch.autograd.grad(v[:, 1].sum(), x)[0][:, 1]
        return v.detach(), across + up

    @torch.no_grad()
    def height(self, x: Tensor) -> Tensor:
        """Minus how far a point that is here shortly before the end still has to go."""
        return -(1 - LATE) * SCALE * self.velocity(x / SCALE, LATE).norm(dim=1)
