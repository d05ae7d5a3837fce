"""FFJORD: a flow without layers, which carries points along a velocity for a unit of time.

A network says how fast to go, at each place and moment; a point is carried from noise (t = 0) to data
(t = 1), or back. Paths never cross, so any network gives a map that can be undone, and the determinant is
what has flowed apart on the way (Chen et al. 2018, arXiv:1806.07366, eq. 8):

    dx/dt = v(x, t),      d log p / dt = -tr(dv/dx)

The trace is two derivatives on the plane. In many dimensions it would be as many, and FFJORD (Grathwohl et
al. 2019, arXiv:1810.01367, eq. 7) estimates it from one, along random signs e drawn once for the whole way
(Hutchinson 1990): E[e e^T] = I, so the mean of e^T (dv/dx) e is the trace. Here either can be had. The paper
trains by maximum likelihood through the solver; flow matching trains the very same flow without following
anything. Our velocity sees sines and cosines of the place; theirs has layers gated by t.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log
from typing import NamedTuple

import torch
from torch import Tensor

from genmodels.flow.plane.flow import PlaneFlow, log_normal
from genmodels.flow.plane.ode import RK4, DormandPrince, Solver
from genmodels.lab.field import Field


@dataclass(frozen=True)
class ContinuousConfig:
    width: int = 128  # of the three hidden layers
    waves: int = 16  # directions along which the network sees sines and cosines of the place
    turns: int = 3  # sines and cosines of the moment
    steps: int = 16  # of the Runge-Kutta rule, unless another solver is asked for
    tolerance: float = 0.0  # of a step's error, where densities are computed by chosen steps; 0: as all else
    scale: float = 2.0  # points are divided by it first: those of our densities then vary about as N(0, I)


class Moment(NamedTuple):
    """Where the points are, on their way."""

    t: float
    x: Tensor  # (B, 2) in the flow's units: the plane's over `scale`
    log_det: Tensor  # (B,) log |det| of the map from the start of the way to here
    evaluations: Tensor  # (B,) of the network, so far


class ContinuousFlow(PlaneFlow):
    Config = ContinuousConfig

    def __init__(self, config: ContinuousConfig, generator: torch.Generator | None = None):
        super().__init__(config)
        self.field = Field(config.width, generator, config.waves, config.turns)
        self.solver: Solver = RK4(config.steps)

    def forward(self, x: Tensor, solver: Solver | None = None) -> tuple[Tensor, Tensor]:
        *_, end = self.trajectory(x, (1.0, 0.0), solver)
        return end.x, end.log_det - 2 * log(self.config.scale)

    def inverse(self, z: Tensor, solver: Solver | None = None) -> tuple[Tensor, Tensor]:
        *_, end = self.trajectory(z, (0.0, 1.0), solver)
        return end.x * self.config.scale, end.log_det + 2 * log(self.config.scale)

    def log_prob(self, x: Tensor, solver: Solver | None = None) -> Tensor:
        """Far from all data the way is steep: there, steps of one length can make density out of nothing."""
        chosen = DormandPrince(self.config.tolerance) if self.config.tolerance else self.solver
        z, log_det = self(x, solver or chosen)
        return log_normal(z) + log_det

    @torch.no_grad()
    def sample(self, n: int, generator: torch.Generator, solver: Solver | None = None) -> Tensor:
        """Without the determinant, which a sample doesn't need."""
        z = torch.randn(n, 2, generator=generator).to(self.device)
        *_, end = (solver or self.solver).follow(self.velocity, z, (0.0, 1.0))
        return end.y * self.config.scale

    def trajectory(
        self,
        x: Tensor,
        times: Sequence[float],
        solver: Solver | None = None,
        probes: int = 0,
        generator: torch.Generator | None = None,
    ) -> Iterator[Moment]:
        """A moment for each of the times, the start first: up from noise x, or down from points of the plane.

        The trace is exact, or where `probes` says so, the mean of so many estimates.
        """
        signs = None
        if probes:
            signs = torch.randint(2, (probes, *x.shape), generator=generator).to(x) * 2 - 1

        def slope(state: Tensor, t: Tensor) -> Tensor:
            own = None if signs is None else signs[:, state[:, 3].long()]
            velocity, divergence = self.spread(state[:, :2], t, own)
            return torch.cat([velocity, divergence[:, None], torch.zeros_like(state[:, 3:])], 1)

        start = x / self.config.scale if times[0] > times[-1] else x
        state = torch.cat([start, torch.zeros_like(x[:, :1])], 1)
        if probes:  # a point keeps its signs, also where a solver leaves those behind that have arrived
            state = torch.cat([state, torch.arange(len(x)).to(x)[:, None]], 1)
        for t, y, evaluations in (solver or self.solver).follow(slope, state, times):
            yield Moment(t, y[:, :2], y[:, 2], evaluations)

    def stepped(self, x: Tensor, solver: Solver | None = None) -> tuple[Tensor, Tensor]:
        """`forward`, with the determinant of the very map that the solver's steps make.

        The Jacobian is carried along, dJ/dt = (dv/dx) J: a Runge-Kutta rule then gives that of its own steps,
        to rounding, where the trace gives that of the true way. A flow trained by the trace in few steps
        learns to live on the difference, and its density no longer sums to one.
        """

        def slope(state: Tensor, t: Tensor) -> Tensor:
            velocity, change = self.field.push(
                state[:, :2], t, state[:, 2:].unflatten(1, (2, 2)).movedim(1, 0)
            )
            return torch.cat([velocity, change.movedim(0, 1).flatten(1)], 1)

        upright = torch.eye(2).to(x).flatten().expand(len(x), 4)
        state = torch.cat([x / self.config.scale, upright], 1)
        *_, (_, y, _) = (solver or self.solver).follow(slope, state, (1.0, 0.0))
        area = y[:, 2] * y[:, 5] - y[:, 3] * y[:, 4]
        return y[:, :2], area.abs().log() - 2 * log(self.config.scale)

    def velocity(self, x: Tensor, t: Tensor | float) -> Tensor:
        """(B, 2), in the flow's units."""
        return self.field(x, t)

    def spread(self, x: Tensor, t: Tensor | float, directions: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The velocity (B, 2) and how much it flows apart (B,): its divergence, or the mean of its estimates
        along directions (K, B, 2)."""
        exact = directions is None
        if exact:
            directions = torch.eye(2).to(x)[:, None].expand(2, *x.shape)
        velocity, change = self.field.push(x, t, directions)
        parts = (directions * change).sum(2)  # (K, B)
        return velocity, parts.sum(0) if exact else parts.mean(0)
