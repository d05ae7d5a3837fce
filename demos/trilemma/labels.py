"""Names beside the dots of a chart, none over another, none struck through."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from demos.kit import plots

LETTER, TALL = 7.6, 15  # pixels of a letter and of a line


def along(line: Sequence[tuple[float, float]]) -> Iterator[tuple[float, ...]]:
    """Small boxes on the way, so that no name is struck through."""
    for (x0, y0), (x1, y1) in pairwise(line):
        steps = max(1, round(math.dist((x0, y0), (x1, y1)) / 6))
        for k in range(steps + 1):
            x, y = x0 + (x1 - x0) * k / steps, y0 + (y1 - y0) * k / steps
            yield x - 1, y - 1, x + 1, y + 1


def named(
    spots: Sequence[tuple[float, float, str]], axes: plots.Axes, more: Sequence[tuple[float, ...]] = ()
) -> list[plots.Mark]:
    """Names beside their dots, each where it covers no other; one that finds no room is left to the table."""
    taken = [(x - 7, y - 7, x + 7, y + 7) for x, y in (axes.at(a, b) for a, b, _ in spots)] + list(more)
    marks: list[plots.Mark] = []
    for a, b, words in spots:
        (x, y), wide = axes.at(a, b), LETTER * len(words)
        around = [(x + side, y + down) for down in (5, -8, 18, -18, 28, -28, 38) for side in (10, -10 - wide)]
        for left, low in (*around, (x - wide / 2, y - 11), (x - wide / 2, y + 23)):
            box = (left, low - TALL + 2, left + wide, low + 3)
            fits = box[0] > axes.left and box[2] < axes.width - 2 and box[1] > 2
            if fits and not any(meet(box, other) for other in taken):
                taken.append(box)
                marks.append(text(left, low, words))
                break
    return marks


def meet(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def text(x: float, y: float, words: str) -> plots.Mark:
    return lambda _: f"<text class='tick' x='{x:.0f}' y='{y:.0f}'>{html.escape(words)}</text>"
