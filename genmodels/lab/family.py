"""What every family of the laboratory offers, so that any two can be trained and looked at side by side.

A family is a class `Name(knobs, seed)` with a frozen dataclass of what a visitor may turn, `Name.Knobs`.
Everything random in it comes from its own generator, made from the seed, so that a seed and a sequence of
batches are one trajectory, on any thread.
"""

import time
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor

from genmodels.data.points import Density

AHEAD = 8192  # real points drawn at once: drawing few costs nearly as much time


class Family(Protocol):
    Knobs: ClassVar[type]  # frozen dataclass, every field with a default, `batch` among them
    knobs: Any

    def __init__(self, knobs: Any = ..., seed: int = 0) -> None: ...

    @property
    def needs(self) -> int:
        """Real points that one step takes."""

    def step(self, x: Tensor) -> dict[str, float]:
        """One update on real points (needs, 2). What to plot, by name ("loss", ...), always finite."""

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, 2), without gradient."""

    def log_prob(self, x: Tensor) -> Tensor | None:
        """(B, 2) -> (B,) nats; None where the family has no density."""

    def height(self, x: Tensor) -> Tensor:
        """(B, 2) -> (B,), what it draws on the plane: a score, a log density, minus an energy."""


def bounded(
    knobs: Any, bounds: Mapping[str, tuple[float, float]], choices: Mapping[str, tuple[Any, ...]] = {}
) -> None:
    """Refuse what no slider would send: called by `__post_init__` of the families' knobs."""
    for name, (low, high) in bounds.items():
        value = getattr(knobs, name)
        if isinstance(value, bool) or not (isfinite(value) and low <= value <= high):
            raise ValueError(f"{name} = {value}: expected {low:g} to {high:g}")
    for name, allowed in choices.items():
        if getattr(knobs, name) not in allowed:
            raise ValueError(f"{name} = {getattr(knobs, name)!r}: expected one of {allowed}")


class Source:
    """Real points, as many as asked for, drawn ahead: the sequence depends on the seed alone."""

    def __init__(self, truth: Density, seed: int):
        self.truth, self.generator = truth, torch.Generator().manual_seed(seed)
        self.left = torch.empty(0, 2)

    def take(self, n: int) -> Tensor:
        """(n, 2)"""
        while len(self.left) < n:
            self.left = torch.cat([self.left, self.truth.sample(AHEAD, self.generator)])
        taken, self.left = self.left[:n], self.left[n:]
        return taken


def train(
    model: Family,
    source: Source,
    seconds: float,
    steps: int | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> list[dict[str, float]]:
    """At least one step, and more until the time, or so many `steps`, are over: what each returned."""
    end, seen = clock() + seconds, []
    while not seen or (clock() < end and (steps is None or len(seen) < steps)):
        seen.append(model.step(source.take(model.needs)))
    return seen
