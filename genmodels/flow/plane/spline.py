"""Neural spline flow on the plane: couplings that bend instead of only stretching and shifting.

Durkan et al. 2019, arXiv:1906.04032. The coordinate that stays chooses a monotone curve for the other: K + 1
knots within the box [-reach, reach], and its slope at each. Between two knots the curve is a quotient of two
quadratics (Gregory and Delbourgo 1982), which passes through both with the slopes asked for, is monotone
whatever they are, and is undone by solving a quadratic equation; outside the box it is the identity. With
xi = (x - x_k) / (x_{k+1} - x_k) in [0, 1] and s = (y_{k+1} - y_k) / (x_{k+1} - x_k) (their eq. 4 and 5):

    y = y_k + (y_{k+1} - y_k) (s xi^2 + d_k xi (1 - xi)) / (s + (d_{k+1} + d_k - 2 s) xi (1 - xi))

    dy/dx = s^2 (d_{k+1} xi^2 + 2 s xi (1 - xi) + d_k (1 - xi)^2) / (s + (d_{k+1} + d_k - 2 s) xi (1 - xi))^2

One such curve cuts a line into pieces and moves them as an affine coupling needs many layers to do. The last
layer of each network starts at 0, which is even knots of slope 1: the identity.
"""

from dataclasses import dataclass
from math import expm1, log
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genmodels.flow.plane.flow import Coupling, CouplingFlow

LEAST = 1e-3  # share of the box that a bin has at least; and the least slope at a knot


@dataclass(frozen=True)
class SplineConfig:
    layers: int = 6  # couplings; neighbours swap the coordinates' roles
    width: int = 64  # of the two hidden layers of each
    waves: int = 8  # sines of the coordinate that stays, of length 6, 6/2, 6/3, ...
    bins: int = 16  # pieces of each curve
    reach: float = 4.0  # half the side of the box; outside, a curve is the identity
    scale: float = 2.0  # points are divided by it first: those of our densities then lie well inside the box


class Knots(NamedTuple):
    """A curve for each point: through (x, y) with these slopes, (B, K + 1) each, from corner to corner."""

    x: Tensor
    y: Tensor
    slope: Tensor

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        at, wide, low, high, from_slope, to_slope = self.bin(x, self.x)
        steep = high / wide
        xi = ((x - at) / wide).clamp(0, 1)
        mix = xi * (1 - xi)
        below = steep + (from_slope + to_slope - 2 * steep) * mix
        y = low + high * (steep * xi.square() + from_slope * mix) / below
        return self.tails(x, y, self.log_slope(xi, mix, steep, below, from_slope, to_slope))

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """The quadratic's root that lies in [0, 1], without a difference of nearly equal numbers (eq. 6)."""
        at, wide, low, high, from_slope, to_slope = self.bin(z, self.y)
        steep = high / wide
        up = (z - low).clamp(min=0).minimum(high)
        bend = up * (from_slope + to_slope - 2 * steep)
        a, b, c = high * (steep - from_slope) + bend, high * from_slope - bend, -steep * up
        root = (b.square() - 4 * a * c).clamp_min(0).sqrt()
        xi = (2 * c / (-b - root)).clamp(0, 1)
        mix = xi * (1 - xi)
        below = steep + (from_slope + to_slope - 2 * steep) * mix
        return self.tails(z, at + wide * xi, -self.log_slope(xi, mix, steep, below, from_slope, to_slope))

    def bin(self, value: Tensor, knots: Tensor) -> tuple[Tensor, ...]:
        """Of the piece that holds each value (B, 1): where it starts, its width, height and slopes."""
        k = (value >= knots[:, 1:-1]).sum(1, keepdim=True)
        x, next_x = self.x.gather(1, k), self.x.gather(1, k + 1)
        y, next_y = self.y.gather(1, k), self.y.gather(1, k + 1)
        return x, next_x - x, y, next_y - y, self.slope.gather(1, k), self.slope.gather(1, k + 1)

    def tails(self, before: Tensor, after: Tensor, log_slope: Tensor) -> tuple[Tensor, Tensor]:
        """Outside the box nothing happens."""
        inside = before.abs() < self.x[:, -1:]
        return torch.where(inside, after, before), torch.where(inside, log_slope, 0.0)

    @staticmethod
    def log_slope(
        xi: Tensor, mix: Tensor, steep: Tensor, below: Tensor, from_slope: Tensor, to_slope: Tensor
    ) -> Tensor:
        above = to_slope * xi.square() + 2 * steep * mix + from_slope * (1 - xi).square()
        return 2 * steep.log() + above.log() - 2 * below.log()


class SplineCoupling(Coupling):
    def __init__(self, config: SplineConfig, generator: torch.Generator | None):
        super().__init__(config.width, config.waves, 3 * config.bins - 1, generator)
        self.bins, self.reach = config.bins, config.reach

    def inside(self, kept: Tensor) -> Knots:
        wide, high, slope = self.read(kept).split((self.bins, self.bins, self.bins - 1), 1)
        slope = LEAST + F.softplus(slope + log(expm1(1 - LEAST)))  # 1 where the network says 0
        return Knots(self.edges(wide), self.edges(high), F.pad(slope, (1, 1), value=1.0))

    def edges(self, shares: Tensor) -> Tensor:
        """(B, K) of any size -> (B, K + 1), increasing from -reach to reach."""
        shares = LEAST + (1 - LEAST * self.bins) * shares.softmax(1)
        inner = 2 * self.reach * shares[:, :-1].cumsum(1) - self.reach
        return F.pad(F.pad(inner, (1, 0), value=-self.reach), (0, 1), value=self.reach)


class SplineFlow(CouplingFlow):
    Config = SplineConfig

    def __init__(self, config: SplineConfig, generator: torch.Generator | None = None):
        super().__init__(config)
        self.couplings = nn.ModuleList(SplineCoupling(config, generator) for _ in range(config.layers))
        self.ends = None
