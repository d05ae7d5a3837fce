"""Maps of the plane that can be undone, and what they do to a density.

A map carries the mass of every little cell to another place. The cell's area grows by |det J|, so the density
on it falls by as much:

    p_Z(z) = p_X(x) / |det dz/dx|,      x = f^-1(z)

Forgetting the determinant leaves a function whose integral is not 1. Each map here knows its own: `forward`
and `inverse` give the new points (B, 2) and log |det J| of their own direction (B,). `Fold` can be pushed so
far that it is no longer one-to-one: then one inverse is not enough, and `preimages` finds them all.

Rezende and Mohamed 2015, arXiv:1505.05770, eq. 5 and 7; the coupling is that of Dinh et al. 2017,
arXiv:1605.08803, eq. 4 to 8, with curves where they have networks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import acos, pi
from typing import Protocol

import torch
from torch import Tensor

LogProb = Callable[[Tensor], Tensor]  # (B, 2) -> (B,) nats
WAVE = 1.2  # radians per unit: the fold's and the wave's, about one and a half waves on the board
FAR = 9.0  # preimages are looked for within +-FAR
HALVINGS = 60  # of an interval: as far as float64 goes


class Map(Protocol):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]: ...

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]: ...


def _none(x: Tensor) -> Tensor:
    return torch.zeros_like(x[..., 0])


def _turn(x: Tensor, angle: Tensor) -> Tensor:
    c, s = angle.cos(), angle.sin()
    return torch.stack([c * x[..., 0] - s * x[..., 1], s * x[..., 0] + c * x[..., 1]], -1)


def _solve(function: Callable[[Tensor], Tensor], value: Tensor, low: float, high: float) -> Tensor:
    """Where a function that rises from `low` to `high` takes a value: by halving."""
    below, above = torch.full_like(value, low), torch.full_like(value, high)
    for _ in range(HALVINGS):
        middle = (below + above) / 2
        over = function(middle) > value
        below, above = torch.where(over, below, middle), torch.where(over, middle, above)
    return (below + above) / 2


@dataclass(frozen=True)
class Affine:
    """z = A x + b. The determinant is the same everywhere: signed area of what the unit square becomes."""

    matrix: tuple[tuple[float, float], tuple[float, float]] = ((1.0, 0.0), (0.0, 1.0))
    shift: tuple[float, float] = (0.0, 0.0)

    @property
    def det(self) -> float:
        (a, b), (c, d) = self.matrix
        return a * d - b * c

    def _parts(self, like: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        matrix, shift = (torch.tensor(v, dtype=like.dtype) for v in (self.matrix, self.shift))
        return matrix, shift, torch.tensor(abs(self.det), dtype=like.dtype).log()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        matrix, shift, log_det = self._parts(x)
        return x @ matrix.T + shift, log_det.expand(x.shape[:-1])

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        matrix, shift, log_det = self._parts(z)
        return torch.linalg.solve(matrix, (z - shift).unsqueeze(-1)).squeeze(-1), -log_det.expand(
            z.shape[:-1]
        )


@dataclass(frozen=True)
class Twist:
    """A turn whose angle falls with the distance from the middle: it bends everything and keeps areas."""

    amount: float = 1.5  # radians in the middle
    reach: float = 2.0  # where the angle has fallen to exp(-1/2) of that

    def _angle(self, x: Tensor) -> Tensor:
        return self.amount * torch.exp(-x.square().sum(-1) / (2 * self.reach**2))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return _turn(x, self._angle(x)), _none(x)

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        return _turn(z, -self._angle(z)), _none(z)


@dataclass(frozen=True)
class Wave:
    """A shear that changes from place to place, z2 = x2 + a sin(k x1): areas stay, as in NICE."""

    amount: float = 1.0

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return torch.stack([x[..., 0], x[..., 1] + self._shift(x)], -1), _none(x)

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        return torch.stack([z[..., 0], z[..., 1] - self._shift(z)], -1), _none(z)

    def _shift(self, x: Tensor) -> Tensor:
        return self.amount * torch.sin(WAVE * x[..., 0])


@dataclass(frozen=True)
class Coupling:
    """z1 = x1, z2 = x2 exp(s(x1)) + t(x1), s and t waves: the Jacobian is a triangle, log |det J| = s."""

    amount: float = 1.0

    def scale(self, kept: Tensor) -> Tensor:
        return self.amount * torch.cos(WAVE * kept)

    def shift(self, kept: Tensor) -> Tensor:
        return self.amount * torch.sin(WAVE * kept)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        kept, moved = x.unbind(-1)
        s = self.scale(kept)
        return torch.stack([kept, moved * s.exp() + self.shift(kept)], -1), s

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        kept, moved = z.unbind(-1)
        s = self.scale(kept)
        return torch.stack([kept, (moved - self.shift(kept)) * (-s).exp()], -1), -s


@dataclass(frozen=True)
class Lens:
    """A magnifier: radius r becomes r (1 + a exp(-r^2 / 2 w^2)). One-to-one for -1 < a < e^1.5 / 2."""

    amount: float = 1.0
    width: float = 1.4

    def _radius(self, r: Tensor) -> tuple[Tensor, Tensor]:
        """The new radius, and log |det J|: how much radii and circles stretch."""
        u = r.square() / self.width**2
        swell = self.amount * torch.exp(-u / 2)
        return r * (1 + swell), torch.log1p(swell) + torch.log1p(swell * (1 - u))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        r = x.norm(dim=-1)
        new, log_det = self._radius(r)
        return x * (new / r.clamp_min(1e-12))[..., None], log_det

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        new = z.norm(dim=-1)
        r = _solve(lambda r: self._radius(r)[0], new, 0.0, 2 * float(new.detach().max()) + 8 * self.width)
        return z * (r / new.clamp_min(1e-12))[..., None], -self._radius(r)[1]


@dataclass(frozen=True)
class Fold:
    """z1 = x1 - (a / k) sin(k x1), det J = 1 - a cos(k x1). Past a = 1 the sheet lies over itself."""

    amount: float = 0.8

    def _across(self, x: Tensor) -> Tensor:
        return x - self.amount / WAVE * torch.sin(WAVE * x)

    def det(self, x: Tensor) -> Tensor:
        return 1 - self.amount * torch.cos(WAVE * x[..., 0])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return torch.stack([self._across(x[..., 0]), x[..., 1]], -1), self.det(x).abs().log()

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """One point that comes to z: the only one while the map is one-to-one."""
        reach = FAR + self.amount / WAVE
        across = _solve(self._across, z[..., 0], -reach, reach)
        x = torch.stack([across, z[..., 1]], -1)
        return x, -self.det(x).abs().log()

    def preimages(self, z: Tensor, places: int = 1801) -> tuple[Tensor, Tensor, Tensor]:
        """For z (B, 2): (B, N, 2), (B, N) log |det| of the inverse there, (B, N) which of them there are."""
        across, which = z[..., 0].unique(return_inverse=True)  # a grid repeats few
        edges = torch.cat([torch.linspace(-FAR, FAR, places, dtype=z.dtype), self._turns(z)]).sort().values
        gap = self._across(edges) - across[:, None]
        there = gap[:, :-1] * gap[:, 1:] <= 0
        order = there.int().sort(dim=-1, descending=True, stable=True).indices[:, : int(there.sum(-1).max())]
        at = self._between(edges[order], edges[order + 1], across[:, None])[which]
        x = torch.stack([at, z[..., 1:].expand_as(at)], -1)
        return x, -self.det(x).abs().log(), there.gather(-1, order)[which]

    def _turns(self, like: Tensor) -> Tensor:
        """Where the curve turns back: between two of them it only rises or only falls."""
        if abs(self.amount) <= 1:
            return like.new_empty(0)
        first, waves = acos(1 / self.amount), torch.arange(-3, 4, dtype=like.dtype) * 2 * pi
        return torch.cat([waves + first, waves - first]) / WAVE

    def _between(self, low: Tensor, high: Tensor, across: Tensor) -> Tensor:
        """Where a piece of the curve, rising or falling, takes a value: by halving."""
        below = self._across(low) < across
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            same = (self._across(middle) < across) == below
            low, high = torch.where(same, middle, low), torch.where(same, high, middle)
        return (low + high) / 2


@dataclass(frozen=True)
class Chain:
    """One map after another: their log-determinants add."""

    maps: tuple[Map, ...]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return _through([m.forward for m in self.maps], x)

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        return _through([m.inverse for m in reversed(self.maps)], z)


def _through(steps: Sequence[Callable[[Tensor], tuple[Tensor, Tensor]]], x: Tensor) -> tuple[Tensor, Tensor]:
    total = _none(x)
    for step in steps:
        x, log_det = step(x)
        total = total + log_det
    return x, total


MAPS: dict[str, Callable[[float], Map]] = {  # each is the identity at 0 and can be undone up to 1
    "twist": lambda amount: Twist(pi * amount),
    "wave": lambda amount: Wave(1.5 * amount),
    "coupling": Coupling,
    "lens": lambda amount: Lens(1.6 * amount),
    "squeeze": lambda amount: Affine(((1 + amount, 0.0), (0.0, 1 / (1 + 2 * amount)))),
    "fold": lambda amount: Fold(0.8 * amount),
}


def pushed(log_prob: LogProb, by: Map) -> LogProb:
    """The log density of f(x) where x has that one."""

    def found(z: Tensor) -> Tensor:
        x, log_det = by.inverse(z)
        return log_prob(x) + log_det

    return found


def uncorrected(log_prob: LogProb, by: Map) -> LogProb:
    """The mistake: the old density looked up at the old place, and no determinant."""
    return lambda z: log_prob(by.inverse(z)[0])


def folded(log_prob: LogProb, by: Fold) -> LogProb:
    """As `pushed`, where several points come to one place: their shares add."""

    def found(z: Tensor) -> Tensor:
        x, log_det, there = by.preimages(z)
        return torch.where(there, log_prob(x) + log_det, -torch.inf).logsumexp(-1)

    return found


def jacobian(by: Map, x: Tensor) -> Tensor:
    """(B, 2) -> (B, 2, 2) by autograd, row i the slopes of z_i: what the closed forms are checked against."""
    x = x.detach().requires_grad_()
    with torch.enable_grad():
        z = by.forward(x)[0]
        rows = [torch.autograd.grad(z[..., i].sum(), x, retain_graph=True)[0] for i in range(2)]
    return torch.stack(rows, -2).detach()


def toy(x: Tensor) -> Tensor:
    """log of (x1 - 1) x2 / 9 on [1, 4] x [0, 2], which integrates to 1; -inf elsewhere."""
    a, b = x.unbind(-1)
    inside = (a >= 1) & (a <= 4) & (b >= 0) & (b <= 2)
    return torch.where(inside, ((a - 1) * b / 9).clamp_min(0), 0.0).log()
