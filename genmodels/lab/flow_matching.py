"""Flow matching: carry noise to data along straight lines, in the mean.

Draw noise z and a data point x, walk from one to the other in a unit of time, x_t = (1 - t) z + t x, and
learn the mean velocity x - z of all walkers that pass a place at a moment. Following that mean, from noise,
gives the data's density: Lipman et al. 2023, arXiv:2210.02747, eq. 14 and 23 with sigma 0; Liu et al. 2023
(rectified flow), arXiv:2209.03003, eq. 1.

The flow itself, its sampler and its exact density are FFJORD's (`genmodels.flow.plane.ffjord`), followed by
the midpoint rule. Only the training differs: nothing is followed, so a step costs next to nothing.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from genmodels.flow.plane.ffjord import ContinuousConfig, ContinuousFlow
from genmodels.flow.plane.ode import Midpoint
from genmodels.lab.average import Average
from genmodels.lab.family import bounded
from genmodels.lab.field import SCALE, moments
from genmodels.lab.likelihood import CHUNK
from genmodels.lab.mlp import Adam

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
        config = ContinuousConfig(knobs.width, steps=knobs.steps, scale=SCALE)
        self.flow = ContinuousFlow(config, self.random)
        self.flow.solver = Midpoint(knobs.steps)
        self.down = Adam(self.flow, knobs.lr, (0.9, 0.99))
        self.calm = Average(self.flow, self.down)

    @property
    def needs(self) -> int:
        return self.knobs.batch

    def step(self, x: Tensor) -> dict[str, float]:
        """Squared error of the velocity. It doesn't go to 0: many walkers pass the same place."""
        if self.diverged:
            return {}
        x, t = x / SCALE, 1 - moments(len(x), self.random)
        z = torch.randn(x.shape, generator=self.random)
        loss = F.mse_loss(self.flow.velocity(torch.lerp(z, x, t), t), x - z)
        self.diverged = not self.down.step(loss)
        self.calm.follow()
        return {} if self.diverged else {"loss": loss.item()}

    @torch.no_grad()
    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        return self.calm.network.sample(n, generator)

    @torch.no_grad()
    def log_prob(self, x: Tensor) -> Tensor:
        """Of where the flow carries N(0, I), in as many steps as `sample` takes."""
        return torch.cat([self.calm.network.log_prob(part) for part in x.split(CHUNK)])

    @torch.no_grad()
    def height(self, x: Tensor) -> Tensor:
        """Minus how far a point that is here shortly before the end still has to go."""
        return -(1 - LATE) * SCALE * self.calm.network.velocity(x / SCALE, LATE).norm(dim=1)
