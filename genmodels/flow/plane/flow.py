"""What the flows of the plane share: a density, and for those made of couplings, a film of their layers.

A flow is a bend of the plane that can be undone. Noise z from N(0, I) is bent to data x and data back, and
the density follows from how much the bend stretches areas (Dinh et al. 2017, arXiv:1605.08803, eq. 2):

    log p(x) = log N(z; 0, I) + log |det dz/dx|,      z = f(x)

A coupling leaves one coordinate as it is and passes the other through a monotone map of the line that the
first one chooses; the next coupling swaps their roles. The Jacobian is triangular, so its determinant is the
map's slope, and to undo it, one asks the same coordinate for the same map. Which maps there are to choose
from is all that RealNVP (straight lines) and a spline flow differ in.
"""

from collections.abc import Callable, Iterator
from math import log, pi
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from genmodels.lab.mlp import mlp
from genmodels.model import Model

PERIOD = 6.0  # of the slowest wave; in the flow's units the data lies within about [-2, 2]


class Line(Protocol):
    """A monotone map of the line for each point of a batch."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Towards noise: (B, 1) -> (B, 1), and the logarithm of its slope."""

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Towards data, and the logarithm of that slope."""


class Frame(NamedTuple):
    """What one layer did."""

    name: str  # "start": the points as given; "scale", "coupling"
    x: Tensor  # (B, 2) after it
    log_det: Tensor  # (B,) of this layer alone, in the direction of the film
    keeps: int | None = None  # a coupling's: the coordinate that stays, and chooses
    inside: Line | None = None  # what it chose for the other


def log_normal(z: Tensor) -> Tensor:
    """log N(z; 0, I): (B, 2) -> (B,)"""
    return -z.square().sum(1) / 2 - log(2 * pi)


Way = Callable[[Tensor], tuple[Tensor, Tensor]]


class PlaneFlow(Model):
    """x <-> z, both (B, 2), each with log |det| of its own direction, (B,)."""

    forward: Way  # data to noise
    inverse: Way  # noise to data

    def log_prob(self, x: Tensor) -> Tensor:
        z, log_det = self(x)
        return log_normal(z) + log_det

    @torch.no_grad()
    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        return self.inverse(torch.randn(n, 2, generator=generator).to(self.device))[0]


class Coupling(nn.Module):
    """A network that reads the coordinate that stays: (B, 1) -> (B, outputs). It starts at 0.

    It may see that coordinate's sines and cosines too: what is asked of it often changes abruptly, and a
    network of plain coordinates learns that late (Tancik et al. 2020, arXiv:2006.10739).
    """

    def __init__(self, width: int, waves: int, outputs: int, generator: torch.Generator | None):
        super().__init__()
        self.register_buffer("turns", torch.arange(1, waves + 1) * 2 * pi / PERIOD, persistent=False)
        self.layers = mlp((1 + 2 * waves, width, width, outputs), generator, nn.SiLU)
        nn.init.zeros_(self.layers[-1].weight)

    def read(self, kept: Tensor) -> Tensor:
        if len(self.turns):
            angle = kept * self.turns
            kept = torch.cat([kept, angle.sin(), angle.cos()], 1)
        return self.layers(kept)

    inside: Callable[[Tensor], Line]  # the map that the coordinate (B, 1) chooses for the other


class CouplingFlow(PlaneFlow):
    """Points divided by the config's `scale`, couplings in turn, and for NICE a last stretch of each axis."""

    couplings: nn.ModuleList  # of Coupling; number k keeps coordinate k % 2
    ends: nn.Parameter | None  # (2,) logarithms of the last stretch

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return last(self.film(x))

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        return last(self.rewind(z))

    def film(self, x: Tensor) -> Iterator[Frame]:
        """Data to noise, layer by layer."""
        still = torch.zeros_like(x[:, 0])
        yield Frame("start", x, still)
        x = x / self.config.scale
        yield Frame("scale", x, still - 2 * log(self.config.scale))
        for k, coupling in enumerate(self.couplings):
            kept, moved = apart(x, k % 2)
            line = coupling.inside(kept)
            moved, slope = line.forward(moved)
            x = together(kept, moved, k % 2)
            yield Frame("coupling", x, slope[:, 0], k % 2, line)
        if self.ends is not None:
            x = x * self.ends.exp()
            yield Frame("scale", x, still + self.ends.sum())

    def rewind(self, z: Tensor) -> Iterator[Frame]:
        """Noise to data, the same layers backwards."""
        still = torch.zeros_like(z[:, 0])
        yield Frame("start", z, still)
        if self.ends is not None:
            z = z * (-self.ends).exp()
            yield Frame("scale", z, still - self.ends.sum())
        for k in reversed(range(len(self.couplings))):
            kept, moved = apart(z, k % 2)
            line = self.couplings[k].inside(kept)
            moved, slope = line.inverse(moved)
            z = together(kept, moved, k % 2)
            yield Frame("coupling", z, slope[:, 0], k % 2, line)
        yield Frame("scale", z * self.config.scale, still + 2 * log(self.config.scale))


def apart(x: Tensor, keeps: int) -> tuple[Tensor, Tensor]:
    """(B, 2) -> the coordinate that stays and the other, (B, 1) each."""
    columns = x.split(1, 1)
    return columns[keeps], columns[1 - keeps]


def together(kept: Tensor, moved: Tensor, keeps: int) -> Tensor:
    return torch.cat((moved, kept) if keeps else (kept, moved), 1)


def last(film: Iterator[Frame]) -> tuple[Tensor, Tensor]:
    """Where it ends, and the sum of what its layers did to areas."""
    frame = next(film)
    log_det = frame.log_det
    for frame in film:
        log_det = log_det + frame.log_det
    return frame.x, log_det
