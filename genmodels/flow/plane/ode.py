"""Following dy/dt = f(y, t): two rules of fixed steps, and one that chooses its steps.

A rule carries a batch of states y (B, D) along `times`, up or down, and says at each how often it has asked
f, which is what it costs. Dormand and Prince take a step by two rules, of order 5 and 4, that share their
evaluations, and see from the difference whether the step was too long (J. Comp. Appl. Math. 6, 1980, table
2). Here each point of the batch has its own time and its own step: what a point gets doesn't depend on whom
it travels with, and it shows where the way is hard.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

Slope = Callable[[Tensor, Tensor], Tensor]  # y (B, D), t (B, 1) -> dy/dt (B, D)


class Passed(NamedTuple):
    """A time on the way."""

    t: float
    y: Tensor  # (B, D)
    evaluations: Tensor  # (B,) so far


class Solver(Protocol):
    def follow(self, f: Slope, y: Tensor, times: Sequence[float]) -> Iterator[Passed]:
        """From y at the first of the times to the last, telling of each."""


def midpoint(f: Slope, y: Tensor, t: Tensor, h: float) -> Tensor:
    return y + h * f(y + h / 2 * f(y, t), t + h / 2)


def runge_kutta(f: Slope, y: Tensor, t: Tensor, h: float) -> Tensor:
    """The classical rule of order 4."""
    k1 = f(y, t)
    k2 = f(y + h / 2 * k1, t + h / 2)
    k3 = f(y + h / 2 * k2, t + h / 2)
    k4 = f(y + h * k3, t + h)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


@dataclass(frozen=True)
class Midpoint:
    """Order 2: twice the steps, a quarter of the error."""

    steps: int = 24  # in a unit of time, and at least one from each time to the next
    rule = staticmethod(midpoint)
    asks = 2

    def follow(self, f: Slope, y: Tensor, times: Sequence[float]) -> Iterator[Passed]:
        done = 0
        yield Passed(times[0], y, torch.zeros(len(y), dtype=torch.long, device=y.device))
        for start, end in pairwise(times):
            n = max(1, round(self.steps * abs(end - start)))
            for k in range(n):
                t = torch.full_like(y[:, :1], start + k * (end - start) / n)
                y = self.rule(f, y, t, (end - start) / n)
            done += n * self.asks
            yield Passed(end, y, torch.full((len(y),), done, device=y.device))


@dataclass(frozen=True)
class RK4(Midpoint):
    """Order 4: twice the steps, a sixteenth of the error."""

    steps: int = 16
    rule = staticmethod(runge_kutta)
    asks = 4


# fmt: off
NODES = (1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0)
STAGES = (
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),  # the step itself, of order 5
)
DOUBT = (71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40)  # less that of order 4
# fmt: on
FIRST = 0.05  # length of the first step
SHORT = 1 / 512  # a step so short is taken, however doubtful: single precision has nothing better


@dataclass(frozen=True)
class DormandPrince:
    """Steps as long as the error of each, for each point, allows."""

    tolerance: float = 1e-5  # of a step's error, as a share of 1 + |y|

    def __post_init__(self) -> None:
        if not 1e-7 <= self.tolerance <= 1:
            raise ValueError(f"tolerance = {self.tolerance}: expected 1e-07 to 1")

    @torch.no_grad()  # its choices have no gradient
    def follow(self, f: Slope, y: Tensor, times: Sequence[float]) -> Iterator[Passed]:
        ahead = torch.tensor(times, device=y.device, dtype=y.dtype)
        path = y.expand(len(times), *y.shape).clone()
        asked = torch.zeros(len(times), len(y), dtype=torch.long, device=y.device)
        there = torch.arange(len(y), device=y.device)  # points that still travel
        t = torch.full_like(y[:, :1], times[0])
        h = torch.full_like(t, FIRST if times[-1] > times[0] else -FIRST)
        k1, cost = f(y, t), torch.ones_like(there)
        while len(there):
            h = torch.where((t + h - ahead[-1]) * h > 0, ahead[-1] - t, h)  # not beyond the end
            new, slopes, error = self.attempt(f, y, t, h, k1)
            cost = cost + len(NODES)
            good = (error <= 1) | (h.abs() <= SHORT)
            self.note(path, asked, ahead, there, (t, h, y, new, slopes[0], slopes[-1], cost), good)
            y, k1 = torch.where(good, new, y), torch.where(good, slopes[-1], k1)
            t, before = torch.where(good, t + h, t), h
            h = h * (0.9 * error.clamp_min(1e-6) ** -0.2).clamp(0.2, 5)
            h = torch.where(h.abs() < SHORT, before.sign() * SHORT, h)
            left = ((ahead[-1] - t) * h > 1e-6 * h.abs())[:, 0]
            there, y, t, h, k1, cost = (v[left] for v in (there, y, t, h, k1, cost))
        yield from (Passed(*one) for one in zip(times, path, asked, strict=True))

    def attempt(
        self, f: Slope, y: Tensor, t: Tensor, h: Tensor, k1: Tensor
    ) -> tuple[Tensor, list[Tensor], Tensor]:
        """Where a step leads, the slopes seen, and its error in tolerances, (B, 1)."""
        slopes, new = [k1], y
        for node, weights in zip(NODES, STAGES, strict=True):
            new = y + h * sum(w * k for w, k in zip(weights, slopes, strict=True) if w)
            slopes.append(f(new, t + node * h))
        doubt = h * sum(w * k for w, k in zip(DOUBT, slopes, strict=True) if w)
        allowed = self.tolerance * (1 + torch.maximum(y.abs(), new.abs()))
        return new, slopes, (doubt / allowed).square().mean(1, keepdim=True).sqrt()

    @staticmethod
    def note(
        path: Tensor, asked: Tensor, ahead: Tensor, there: Tensor, step: tuple[Tensor, ...], good: Tensor
    ) -> None:
        """Write down the times that good steps passed, on the cubic through both ends with both slopes."""
        t, h, y, new, k1, k2, cost = step
        a = (ahead - t) / h  # (B, T): 0 where the step starts, 1 where it ends
        when, who = torch.nonzero((good & (a > 0) & (a <= 1 + 1e-6)).T, as_tuple=True)
        a = a[who, when].clamp(max=1)[:, None]
        y, new, k1, k2 = y[who], new[who], h[who] * k1[who], h[who] * k2[who]
        bend = a * (a - 1) * ((1 - 2 * a) * (new - y) + (a - 1) * k1 + a * k2)
        path[when, there[who]] = (1 - a) * y + a * new + bend
        asked[when, there[who]] = cost[who]
