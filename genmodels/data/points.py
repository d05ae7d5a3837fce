"""Densities on the plane, all with an exact log-density, all within about [-4, 4] on both axes.

Curves (moons, spirals) are many equal Gaussians set closer together than they are wide: the eye sees a noisy
curve, and the density is exact because the samples come from that very mixture. The pinwheel turns Gaussians
by an angle that depends on the radius only, which keeps areas, so its Jacobian is 1.
"""

from collections.abc import Callable
from functools import lru_cache
from math import log, pi
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

REACH = 4.0  # half the side of the square that holds (nearly) everything
_CHUNK = 8192  # points per step of a mixture's log-density: bounds its memory


class Density(Protocol):
    def sample(self, n: int, generator: torch.Generator) -> Tensor: ...  # (n, 2)

    def log_prob(self, x: Tensor) -> Tensor: ...  # (..., 2) -> (...)


def _uniform(n: int, generator: torch.Generator) -> Tensor:
    return torch.rand(n, generator=generator, dtype=torch.float64)


def _normal(n: int, generator: torch.Generator) -> Tensor:
    return torch.randn(n, 2, generator=generator, dtype=torch.float64)


def _turn(x: Tensor, angle: Tensor) -> Tensor:
    c, s = angle.cos(), angle.sin()
    return torch.stack([c * x[..., 0] - s * x[..., 1], s * x[..., 0] + c * x[..., 1]], -1)


class Mixture:
    """Equal round Gaussians."""

    def __init__(self, means: Tensor, std: float):
        self.means, self.std = means.double(), std

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        which = torch.randint(len(self.means), (n,), generator=generator)
        return (self.means[which] + self.std * _normal(n, generator)).float()

    def log_prob(self, x: Tensor) -> Tensor:
        flat = x.double().reshape(-1, 2)
        norm = log(len(self.means)) + log(2 * pi * self.std**2)
        parts = []
        for rows in flat.split(_CHUNK):
            square = rows.square().sum(1)[:, None] + self.means.square().sum(1) - 2 * rows @ self.means.T
            parts.append(torch.logsumexp(-square / (2 * self.std**2), 1) - norm)
        return torch.cat(parts).reshape(x.shape[:-1]).to(x.dtype)


class Rings:
    """The radius is |Gaussian| about each of `radii`, the angle is uniform; longer rings get more points."""

    def __init__(self, radii: tuple[float, ...], std: float):
        self.radii, self.std = torch.tensor(radii, dtype=torch.float64), std
        self.weights = self.radii / self.radii.sum()

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        which = torch.multinomial(self.weights, n, replacement=True, generator=generator)
        r = (self.radii[which] + self.std * _normal(n, generator)[:, 0]).abs()
        angle = 2 * pi * _uniform(n, generator)
        return torch.stack([r * angle.cos(), r * angle.sin()], 1).float()

    def log_prob(self, x: Tensor) -> Tensor:
        r = x.double().norm(dim=-1)[..., None]
        sides = torch.stack([r - self.radii, r + self.radii], -1)  # |Gaussian|: both signs of the radius
        log_r = torch.logsumexp(-sides.square() / (2 * self.std**2), -1) - 0.5 * log(2 * pi * self.std**2)
        out = torch.logsumexp(log_r + self.weights.log(), -1) - (2 * pi * r[..., 0].clamp_min(1e-12)).log()
        return out.to(x.dtype)


class Pinwheel:
    """Arms of long Gaussians, turned by `twist` radians per unit of radius."""

    def __init__(self, arms: int, centre: float, long: float, wide: float, twist: float):
        self.arms, self.centre, self.twist = arms, centre, twist
        self.std = torch.tensor((long, wide), dtype=torch.float64)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        arm = torch.randint(self.arms, (n,), generator=generator)
        x = _normal(n, generator) * self.std
        x[:, 0] += self.centre
        return _turn(x, 2 * pi * arm / self.arms + self.twist * x.norm(dim=1)).float()

    def log_prob(self, x: Tensor) -> Tensor:
        double = x.double()
        unturned = self.twist * double.norm(dim=-1)
        arms = []
        for arm in range(self.arms):
            straight = _turn(double, -2 * pi * arm / self.arms - unturned)
            straight = torch.stack([straight[..., 0] - self.centre, straight[..., 1]], -1)
            arms.append(-(straight / self.std).square().sum(-1) / 2)
        norm = log(2 * pi * self.arms) + self.std.log().sum()
        return (torch.logsumexp(torch.stack(arms), 0) - norm).to(x.dtype)


class Cells:
    """Piecewise constant on a picture: the brightness of a pixel is its density. The longer side of it spans
    [-4, 4]; row 0 is at the top. Outside, and on black, the log-density is -inf."""

    def __init__(self, image: np.ndarray | Tensor):
        p = torch.as_tensor(np.asarray(image)).double()
        if p.ndim != 2 or not 2 <= min(p.shape) <= max(p.shape) <= 512:
            raise ValueError(f"drawing of shape {tuple(p.shape)}: expected (H, W), each from 2 to 512")
        if not bool(torch.isfinite(p).all()) or bool((p < 0).any()):
            raise ValueError("drawing: expected finite brightness of 0 or more in every pixel")
        if float(p.sum()) <= 0:
            raise ValueError("drawing: nothing is drawn, every pixel is 0")
        self.p = p / p.sum()
        self.step = 2 * REACH / max(p.shape)
        self.corner = torch.tensor((-p.shape[1], p.shape[0]), dtype=torch.float64) * self.step / 2  # top left

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        edges = self.p.flatten().cumsum(0)
        cell = torch.searchsorted(edges / edges[-1], _uniform(n, generator), right=True)
        at = torch.stack([cell % self.p.shape[1], cell // self.p.shape[1]], 1)
        inside = torch.rand(n, 2, generator=generator, dtype=torch.float64)
        x = (self.corner + (at + inside) * self.step * torch.tensor((1.0, -1.0))).float()
        lost = torch.isinf(self.log_prob(x))  # rounded over the edge of its pixel, into a black one
        middle = self.corner + (at + 0.5) * self.step * torch.tensor((1.0, -1.0))
        return torch.where(lost[:, None], middle.float(), x)

    def log_prob(self, x: Tensor) -> Tensor:
        at = ((x.double() - self.corner) / self.step * torch.tensor((1.0, -1.0))).floor()
        high = torch.tensor((self.p.shape[1], self.p.shape[0]))
        within = ((at >= 0) & (at < high)).all(-1)
        at = torch.where(within[..., None], at, 0.0).long()
        p = torch.where(within, self.p[at[..., 1], at[..., 0]], 0.0)
        return (p.log() - 2 * log(self.step)).to(x.dtype)


def drawn(image: np.ndarray | Tensor) -> Density:
    """The density a visitor drew: (H, W), brightness 0 or more, 2 to 512 pixels a side."""
    return Cells(image)


# ---- the named ones


def _moons() -> Density:
    a = torch.linspace(0, pi, 64, dtype=torch.float64)
    upper = torch.stack([2.2 * a.cos() - 1.1, 2.2 * a.sin() - 0.55], 1)
    return Mixture(torch.cat([upper, -upper]), 0.16)


def _spirals() -> Density:
    r = (torch.linspace(0.35**2, 3.5**2, 160, dtype=torch.float64)).sqrt()  # evenly spaced along the arm
    angle = 2.6 * r
    arm = torch.stack([r * angle.cos(), r * angle.sin()], 1)
    return Mixture(torch.cat([arm, -arm]), 0.13)


def _eight() -> Density:
    a = torch.arange(8, dtype=torch.float64) * pi / 4
    return Mixture(2.8 * torch.stack([a.cos(), a.sin()], 1), 0.25)


def _grid() -> Density:
    side = torch.linspace(-3, 3, 5, dtype=torch.float64)
    return Mixture(torch.cartesian_prod(side, side), 0.16)


def _board() -> Density:
    return Cells((np.indices((4, 4)).sum(0) % 2).astype(np.float64))


_MAKERS: dict[str, Callable[[], Density]] = {
    "moons": _moons,
    "rings": lambda: Rings((1.0, 2.1, 3.2), 0.12),
    "spirals": _spirals,
    "checkerboard": _board,
    "eight_gaussians": _eight,
    "grid_gaussians": _grid,
    "pinwheel": lambda: Pinwheel(5, 2.2, 0.6, 0.2, 0.55),
}
NAMES = tuple(_MAKERS)


@lru_cache(maxsize=len(NAMES))
def density(name: str) -> Density:
    if name not in _MAKERS:
        raise ValueError(f"density {name!r}: expected one of {', '.join(NAMES)}")
    return _MAKERS[name]()


def sample(name: str, n: int, generator: torch.Generator) -> Tensor:
    """(n, 2), float32."""
    return density(name).sample(n, generator)


def log_prob(name: str, x: Tensor) -> Tensor:
    """(..., 2) -> (...), in nats."""
    return density(name).log_prob(x)
