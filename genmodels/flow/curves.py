"""Change of variables on a line: densities, and rising curves that push them.

The slope of the curve is how much it stretches: p_Z(z) = p_X(x) / f'(x). Any density with a distribution
function F is pushed to the uniform one by F itself, and then to N(0, 1) by the quantile function of the
normal: in one dimension, the flow that does it is known. A `Curve` is a table of a rising function, straight
between its places; `slope` is of those straight pieces, so that the formula is exact for what is drawn.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import log, pi

import numpy as np
import torch
from torch import Tensor

EDGE = 4.0  # of the line
PLACES = 1601
RARE = 0.002  # of the mass, at either end: where Phi^-1 would go to infinity


@dataclass(frozen=True)
class Bumps:
    """Equal Gaussians."""

    means: tuple[float, ...] = (0.0,)
    std: float = 1.0

    def log_prob(self, x: Tensor) -> Tensor:
        far = (x[..., None] - torch.tensor(self.means, dtype=x.dtype)) / self.std
        return (-far.square() / 2).logsumexp(-1) - log(len(self.means) * self.std) - log(2 * pi) / 2

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        which = torch.randint(len(self.means), (n,), generator=generator)
        spread = torch.randn(n, generator=generator, dtype=torch.float64)
        return torch.tensor(self.means, dtype=torch.float64)[which] + self.std * spread


class Steps:
    """A density that is constant between edges, of any heights, on [-EDGE, EDGE]."""

    def __init__(self, heights: np.ndarray | Tensor):
        p = torch.as_tensor(np.asarray(heights)).double()
        if p.ndim != 1 or not 2 <= len(p) <= 512 or not bool((p >= 0).all() & (p > 0).any()):
            raise ValueError(
                f"heights of shape {tuple(p.shape)}: expected 2 to 512 of them, 0 or more, not all 0"
            )
        self.p, self.step = p / p.sum(), 2 * EDGE / len(p)

    def log_prob(self, x: Tensor) -> Tensor:
        at = ((x + EDGE) / self.step).floor()
        inside = (at >= 0) & (at < len(self.p))
        p = self.p[at.where(inside, torch.zeros_like(at)).long()]
        return (torch.where(inside, p, 0.0) / self.step).log()

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        where, inside = torch.rand(2, n, generator=generator, dtype=torch.float64)
        edges = self.p.cumsum(0)
        cell = torch.searchsorted(edges / edges[-1], where, right=True).clamp_max(len(self.p) - 1)
        return (cell + inside) * self.step - EDGE


Line = Bumps | Steps


@dataclass(frozen=True)
class Curve:
    """A rising function by its values `z` at the places `x`, straight between them."""

    x: Tensor
    z: Tensor

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return _along(self.x, self.z, x)

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        return _along(self.z, self.x, z)

    def covers(self, z: Tensor) -> Tensor:
        return (z >= self.z[0]) & (z <= self.z[-1])


def _along(places: Tensor, values: Tensor, at: Tensor) -> tuple[Tensor, Tensor]:
    """The table's value, and the log of its slope."""
    k = torch.searchsorted(places, at.contiguous(), right=True).clamp(1, len(places) - 1)
    slope = (values[k] - values[k - 1]) / (places[k] - places[k - 1])
    return values[k - 1] + (at - places[k - 1]) * slope, slope.log()


def tabled(function: Callable[[Tensor], Tensor]) -> Curve:
    """A curve from a rising function on [-EDGE, EDGE]."""
    x = torch.linspace(-EDGE, EDGE, PLACES, dtype=torch.float64)
    return Curve(x, function(x))


def rising(places: Tensor, values: Tensor) -> Curve:
    """Any two tables made strictly rising, as both sides of a curve must be."""
    lean = 1e-6 * torch.arange(len(values), dtype=torch.float64) / len(values)
    return Curve(places, values.cummax(0).values + lean)


def distribution(density: Line) -> Curve:
    """F: it pushes the density to the uniform one on [0, 1]."""
    x = torch.linspace(-EDGE, EDGE, PLACES, dtype=torch.float64)
    mass = density.log_prob((x[1:] + x[:-1]) / 2).exp()
    total = torch.cat([torch.zeros(1, dtype=torch.float64), mass.cumsum(0)])
    return rising(x, total / total[-1])


def gaussian(density: Line) -> Curve:
    """Phi^-1 of F: it pushes the density to N(0, 1), but for RARE of it at either end."""
    f = distribution(density)
    return rising(f.x, torch.special.ndtri(f.z.clamp(RARE, 1 - RARE)))


CURVES: dict[str, Callable[[float], Curve]] = {  # each is the identity at 0, a knob up to 1
    "straight": lambda a: tabled(lambda x: x * (1 - 0.75 * a)),
    "sigmoid": lambda a: tabled(lambda x: (1 - a) * x + a * 3.6 * (torch.sigmoid(2 * x) * 2 - 1)),
    "cube": lambda a: tabled(lambda x: (1 - a) * x + a * (0.05 * x + x**3 / 17)),
    "bend": lambda a: tabled(lambda x: (1 - a) * x + a * (torch.exp(0.55 * x) * 0.85 - 3.6)),
    "stairs": lambda a: tabled(lambda x: x - 0.97 * a / (0.75 * pi) * torch.sin(0.75 * pi * x)),
}
