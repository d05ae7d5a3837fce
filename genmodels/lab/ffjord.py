"""FFJORD, live: the flow of `genmodels.flow.plane.ffjord`, trained by maximum likelihood through its solver.

Every step of training follows the batch from data to noise, asking the network 4 times for each of `steps`
steps, and goes back through all of that: some twenty times the work of flow matching, which trains the same
flow. So the network is smaller than there, the steps are few, and in the same seconds it learns less.

Trained by the trace, as in the paper, in so few steps, the flow learns to live on the errors of its solver,
and its density no longer sums to one. So it is trained by the determinant of the steps themselves, and their
number changes from batch to batch, by up to SPARE more; what is shown takes twice as many, and the trace.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from genmodels.flow.plane.ffjord import ContinuousConfig, ContinuousFlow
from genmodels.flow.plane.flow import log_normal
from genmodels.flow.plane.ode import RK4
from genmodels.lab.family import bounded
from genmodels.lab.field import SCALE
from genmodels.lab.likelihood import Likelihood

SPARE = 2  # steps


@dataclass(frozen=True)
class Knobs:
    width: int = 64  # of the three hidden layers, 8 to 128
    steps: int = 5  # of the Runge-Kutta rule, in training, and up to SPARE more, 1 to 16
    lr: float = 2e-3  # 1e-5 to 1e-1
    batch: int = 256  # 16 to 1024

    def __post_init__(self) -> None:
        bounded(self, {"width": (8, 128), "steps": (1, 16), "lr": (1e-5, 0.1), "batch": (16, 1024)})


class FFJORD(Likelihood):
    Knobs = Knobs

    def __init__(self, knobs: Knobs = Knobs(), seed: int = 0):  # noqa: B008 - frozen
        config = ContinuousConfig(knobs.width, steps=knobs.steps, scale=SCALE)
        self.random = torch.Generator().manual_seed(seed)
        super().__init__(knobs, ContinuousFlow(config, self.random), (0.9, 0.99))
        self.calm.network.solver = RK4(2 * knobs.steps)

    def priced(self, x: Tensor) -> Tensor:
        more = int(torch.randint(SPARE + 1, (), generator=self.random))
        z, log_det = self.flow.stepped(x, RK4(self.knobs.steps + more))
        return log_normal(z) + log_det
