"""All at once on one device: whoever has had the least time so far takes the next step.

A family that draws in one pass is done with its first step; one that draws pixel by pixel comes back again
and again, and everybody's time is that of its own steps.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.families import Entry


@dataclass
class Runner:
    entry: Entry
    pictures: Iterator[Tensor]
    x: Tensor | None = None  # so far
    seconds: float = 0.0
    done: bool = False
    moved: bool = False  # since it was painted
    loaded: bool = False  # its time has the reading of its weights in it

    def step(self) -> None:
        from genmodels.runtime import pool

        began, held = time.perf_counter(), pool.bytes
        try:
            self.x, self.moved = next(self.pictures), True
        except StopIteration:
            self.done = True
        self.seconds += time.perf_counter() - began
        self.loaded = self.loaded or pool.bytes > held


def run(entries: Sequence[Entry], seed: int, count: int) -> Iterator[Runner]:
    """The runner that just took a step, until all are done. A runner without pictures to read is left out."""
    from genmodels import families

    with ExitStack() as stack:
        runners = [
            Runner(e, stack.enter_context(closing(families.load(e)(seed, count)))) for e in ordered(entries)
        ]
        while runners:
            runner = min(runners, key=lambda r: r.seconds)
            try:
                runner.step()
            except FileNotFoundError:  # real garments, where the data set isn't on this machine
                runners.remove(runner)
                continue
            if runner.done:
                runners.remove(runner)
            yield runner


def ordered(entries: Sequence[Entry]) -> list[Entry]:
    """As they start: those of one pass before all others, models before what is only painted."""
    return sorted(entries, key=lambda e: e.passes if e.passes else 1.5)
