"""Charts of error against effort, on axes whose numbers multiply; each line has its name at its end."""

from __future__ import annotations

import html
from collections.abc import Sequence
from math import log10
from typing import NamedTuple

from demos.kit import plots
from demos.kit.plots import number, raised

NAMES = 0.34  # of the width, right of the lines
APART = 29.0  # between two names: on a phone their type is twice as large against the chart


class Line(NamedTuple):
    words: str
    kind: str  # a colour of the page
    dashed: bool
    x: Sequence[float]
    y: Sequence[float]


def against(
    lines: Sequence[Line], ticks: Sequence[float], title: str, across: str, lang: str, least: float = 1e-9
) -> str:
    """Lines over log x and log y. `ticks` are the numbers under the axis; what is below `least` counts so."""
    drawn = [(one, *logs(one, least)) for one in lines if len(one.x)]
    if not drawn:
        return ""
    axes = room(drawn, ticks)
    marks: list[plots.Mark] = [grid(k, lang) for k in powers(axes)]
    for one, x, y in drawn:
        marks += [plots.line(x, y, one.kind, one.dashed), plots.dots(x, y, one.kind, 3.4)]
    marks += [names(drawn, axes), *(under(v, lang) for v in ticks), word(across, reach(drawn, ticks))]
    return plots.plot(axes, *marks, title=title, lang=lang)


def logs(one: Line, least: float) -> tuple[list[float], list[float]]:
    return [log10(v) for v in one.x], [log10(max(v, least)) for v in one.y]


def room(drawn: list, ticks: Sequence[float]) -> plots.Axes:
    """As wide as the ticks and the names, as high as the lines."""
    low, high = log10(min(ticks)), reach(drawn, ticks)
    wide = max(high - low, 0.3)
    values = [v for _, _, y in drawn for v in y]
    bottom, top = min(values), max(values)
    air = max(0.08 * (top - bottom), 0.1)
    span = low - 0.04 * wide, low + wide * 1.04 / (1 - NAMES)
    return plots.Axes(span, (bottom - air, top + air), width=640, height=430, left=82, bottom=54)


def powers(axes: plots.Axes) -> list[float]:
    """Values for the lines across: powers of ten, and their twos and fives where there is room for them."""
    low, high = axes.y
    steps = (1, 2, 5) if high - low < 2.2 else (1,)
    each = -(-int(high - low) // 8) if high - low > 8 else 1
    found = [m * 10.0**k for k in range(int(low) - 1, int(high) + 2, each) for m in steps]
    return [v for v in found if low <= log10(v) <= high]


def grid(value: float, lang: str) -> plots.Mark:
    def draw(axes: plots.Axes) -> str:
        x, y = axes.at(axes.x[0], log10(value))
        right, _ = axes.at(axes.x[1] - NAMES * (axes.x[1] - axes.x[0]), 0)
        words = number(value, lang) if 1e-3 <= value < 1e5 else f"10{raised(round(log10(value)))}"
        rule = f"<line class='soft' x1='{x}' y1='{y}' x2='{right}' y2='{y}' style='stroke-width:.5'/>"
        return f"{rule}<text class='tick' x='{x - 6}' y='{y + 5}' text-anchor='end'>{words}</text>"

    return draw


def under(value: float, lang: str) -> plots.Mark:
    def draw(axes: plots.Axes) -> str:
        x, _ = axes.at(log10(value), axes.y[0])
        y = axes.height - axes.bottom + 25
        return f"<text class='tick' x='{x}' y='{y}' text-anchor='middle'>{number(value, lang)}</text>"

    return draw


def reach(drawn: list, ticks: Sequence[float]) -> float:
    return max(log10(max(ticks)), *(v for _, x, _ in drawn for v in x))


def word(across: str, last: float) -> plots.Mark:
    """What the numbers under the axis count, right of them."""

    def draw(axes: plots.Axes) -> str:
        x, _ = axes.at(last, axes.y[0])
        y = axes.height - axes.bottom + 25
        return f"<text x='{x + 26}' y='{y}'>{html.escape(across)}</text>"

    return draw


def names(drawn: list, axes: plots.Axes) -> plots.Mark:
    """Each line's name where it ends, pushed apart where ends are close, and a thread between the two."""
    ends = sorted((axes.at(x[-1], y[-1])[1], axes.at(x[-1], y[-1])[0], one) for one, x, y in drawn)
    right = axes.at(axes.x[1] - NAMES * (axes.x[1] - axes.x[0]), 0)[0] + 16
    places: list[float] = []
    for y, _, _ in ends:
        places.append(max(y, places[-1] + APART if places else 22.0))
    over = max(0.0, places[-1] - (axes.height - axes.bottom - 16))
    for k in range(len(places) - 1, -1, -1):  # what was pushed below the floor pushes back
        limit = places[k + 1] - APART if k + 1 < len(places) else places[k] - over
        places[k] = min(places[k], limit)

    def draw(_: plots.Axes) -> str:
        found = []
        for (y, x, one), at in zip(ends, places, strict=True):
            style = "fill:none;stroke-width:.8"
            path = f"<polyline class='{one.kind}' style='{style}' points='{x + 5},{y} {right - 4},{at}'/>"
            dash = "<tspan>┄ </tspan>" if one.dashed else "<tspan>— </tspan>"
            found.append(
                f"{path}<text class='{one.kind}' x='{right}' y='{at + 5}' style='fill:var(--kind)'>"
                f"{dash}{html.escape(one.words)}</text>"
            )
        return "".join(found)

    return draw
