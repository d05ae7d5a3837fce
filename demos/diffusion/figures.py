"""Axes for curves over levels of noise: powers of ten, an upright line where one is."""

from __future__ import annotations

import html
from collections.abc import Sequence
from math import log10

from demos.kit import plots
from demos.kit.plots import Axes, Mark, number


def upright(x: float, words: str = "", kind: str = "soft") -> Mark:
    """A dashed line from the floor to the top with a word beside it."""

    def draw(axes: Axes) -> str:
        (at, floor), (_, top) = axes.at(x, axes.y[0]), axes.at(x, axes.y[1])
        right = at > axes.width * 0.7
        where = (
            f"x='{at - 6 if right else at + 6}' y='{top + 12}' text-anchor='{'end' if right else 'start'}'"
        )
        label = f"<text class='{kind}' {where}>{html.escape(words)}</text>" if words else ""
        return f"<line class='{kind} dashed' x1='{at}' y1='{floor}' x2='{at}' y2='{top}'/>{label}"

    return draw


def across(values: Sequence[float], name: str, lang: str) -> Mark:
    """Numbers under a logarithmic axis, and its name."""

    def draw(axes: Axes) -> str:
        y = axes.height - axes.bottom + 19
        found = "".join(
            f"<text class='tick' x='{axes.at(log10(v), axes.y[0])[0]}' y='{y}' "
            f"text-anchor='middle'>{number(v, lang)}</text>"
            for v in values
        )
        place = f"x='{axes.width - 12}' y='{axes.height - 3}' text-anchor='end'"
        return found + f"<text {place}>{html.escape(name)}</text>"

    return draw


def up(values: Sequence[float], lang: str, words: Sequence[str] = ()) -> Mark:
    """Numbers left of a logarithmic axis."""

    def draw(axes: Axes) -> str:
        said = words or [number(v, lang) for v in values]
        spots = [axes.at(axes.x[0], log10(v))[1] for v in values]
        return "".join(
            f"<text class='tick' x='{axes.left - 6}' y='{y + 5:g}' text-anchor='end'>{w}</text>"
            for w, y in zip(said, spots, strict=True)
        )

    return draw


def curve(x: Sequence[float], y: Sequence[float], axes: Axes, kind: str, dashed: bool = False) -> Mark:
    """A line of positive numbers on logarithmic axes, kept within them."""
    low, high = axes.y
    return plots.line(
        [log10(v) for v in x], [min(high, max(low, log10(max(v, 1e-12)))) for v in y], kind, dashed
    )


def spots(x: Sequence[float], y: Sequence[float], axes: Axes, kind: str, radius: float = 4) -> Mark:
    low, high = axes.y
    return plots.dots(
        [log10(v) for v in x], [min(high, max(low, log10(max(v, 1e-12)))) for v in y], kind, radius
    )
