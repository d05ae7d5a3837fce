"""Training a flow on what its points cost: the mean of -log p(x), down its slope. Three families do so."""

from typing import Any

import torch
from torch import Tensor

from genmodels.flow.plane.flow import PlaneFlow
from genmodels.lab.average import Average
from genmodels.lab.mlp import Adam

CHUNK = 2048  # points asked at once: bounds the memory


class Likelihood:
    """A family around a flow. What is shown are the averaged weights, `calm.network`."""

    def __init__(self, knobs: Any, flow: PlaneFlow, betas: tuple[float, float] = (0.9, 0.999)):
        self.knobs, self.flow, self.diverged = knobs, flow, False
        self.down = Adam(flow, knobs.lr, betas)
        self.calm = Average(flow, self.down)

    @property
    def needs(self) -> int:
        return self.knobs.batch

    def step(self, x: Tensor) -> dict[str, float]:
        """What a point costs to store, in nats."""
        if self.diverged:
            return {}
        loss = -self.priced(x).mean()
        self.diverged = not self.down.step(loss)
        self.calm.follow()
        return {} if self.diverged else {"loss": loss.item()}

    def priced(self, x: Tensor) -> Tensor:
        """log p(x) as it is trained on."""
        return self.flow.log_prob(x)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        return self.calm.network.sample(n, generator)

    @torch.no_grad()
    def log_prob(self, x: Tensor) -> Tensor:
        return torch.cat([self.calm.network.log_prob(part) for part in x.split(CHUNK)])

    def height(self, x: Tensor) -> Tensor:
        return self.log_prob(x)
