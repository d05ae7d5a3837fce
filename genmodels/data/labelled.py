"""Points of the plane in two classes, for those who tell them apart. All lie within about [-4, 4]."""

from math import pi

import torch
from torch import Tensor

NAMES = ("tilted", "alike", "ring", "moons", "cross")


def cloud(name: str, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """n points of each class by turns: x (2 n, 2) double, y (2 n,) of 0 and 1."""
    if name not in NAMES:
        raise ValueError(f"cloud {name!r}: expected one of {', '.join(NAMES)}")
    y = torch.arange(2 * n) % 2
    z = torch.randn(2 * n, 2, generator=generator, dtype=torch.float64)
    u = torch.rand(2 * n, generator=generator, dtype=torch.float64)
    side = 2.0 * y - 1
    if name == "tilted":  # two Gaussians, each with a tilt of its own
        x = _bent(z, torch.where(y == 1, 0.8, -0.55), (1.15, 0.45)) + torch.stack([1.1 * side, 0.5 * side], 1)
    elif name == "alike":  # with the same
        x = _bent(z, torch.full((2 * n,), 0.7), (1.25, 0.5)) + torch.stack([1.0 * side, -0.8 * side], 1)
    elif name == "ring":  # one around the other
        outer = 2.7 * torch.stack([(2 * pi * u).cos(), (2 * pi * u).sin()], 1) + 0.3 * z
        x = torch.where((y == 1)[:, None], outer, 0.75 * z)
    elif name == "moons":
        arc = torch.stack([2.2 * (pi * u).cos() - 1.1, 2.2 * (pi * u).sin() - 0.55], 1)
        x = arc * side[:, None] + 0.25 * z
    else:  # four heaps, opposite ones alike
        corner = torch.where(u < 0.5, -1.0, 1.0)
        x = 1.6 * torch.stack([corner, corner * side], 1) + 0.55 * z
    return x, y


def _bent(z: Tensor, angle: Tensor, axes: tuple[float, float]) -> Tensor:
    """Round noise made long in a direction."""
    along, across = z[:, 0] * axes[0], z[:, 1] * axes[1]
    return torch.stack(
        [along * angle.cos() - across * angle.sin(), along * angle.sin() + across * angle.cos()], 1
    )


def outliers(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Points of class 1 far out, on its own side, where nobody would doubt their class."""
    z = torch.randn(n, 2, generator=generator, dtype=torch.float64)
    return torch.tensor((6.6, -4.2), dtype=torch.float64) + 0.3 * z, torch.ones(n, dtype=torch.long)


def painted(cells: Tensor, generator: torch.Generator, reach: float = 4.0) -> Tensor:
    """A point somewhere in each painted cell of a board (R, C), row 0 on top: (N, 2)."""
    rows, columns = cells.nonzero(as_tuple=True)
    inside = torch.rand(len(rows), 2, generator=generator, dtype=torch.float64)
    high, wide = cells.shape
    x = (columns + inside[:, 0]) / wide * 2 * reach - reach
    return torch.stack([x, reach - (rows + inside[:, 1]) / high * 2 * reach], 1)
