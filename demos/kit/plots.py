"""Plots as SVG and HTML: they take the page's colours, light or dark, and grow with it.

    plot(Axes((-4, 4), (0, 0.5)), area(edges, heights), line(x, normal, "warm"), across="z", lang=lang)

A mark is a function from Axes to SVG, so a plot is a list of them, from back to front. Kinds are the page's
colours: mark (the subject), warm (the other), ink, soft.
"""

import html
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from demos.kit.lang import say

Numbers = Sequence[float]


@dataclass(frozen=True)
class Axes:
    x: tuple[float, float]
    y: tuple[float, float]
    width: int = 460
    height: int = 280
    left: int = 14  # room for the numbers of the axes: none on the left unless asked for
    bottom: int = 44

    def at(self, x: float, y: float) -> tuple[float, float]:
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        wide, high = self.width - self.left - 12, self.height - self.bottom - 8
        return round(self.left + across * wide, 1), round(8 + (1 - up) * high, 1)

    def path(self, x: Numbers, y: Numbers) -> str:
        return " ".join("{:g},{:g}".format(*self.at(a, b)) for a, b in zip(x, y, strict=True))


Mark = Callable[[Axes], str]


def line(x: Numbers, y: Numbers, kind: str = "ink", dashed: bool = False) -> Mark:
    dash = " dashed" if dashed else ""
    return lambda axes: f"<polyline class='{kind}{dash}' points='{axes.path(x, y)}'/>"


def area(edges: Numbers, heights: Numbers, kind: str = "mark") -> Mark:
    """A histogram: `heights` of the steps between `edges`."""
    x = [edges[0], *(e for e in edges[1:-1] for _ in (0, 1)), edges[-1]]
    y = [h for h in heights for _ in (0, 1)]
    return lambda axes: (
        f"<polygon class='fill {kind}' points='{axes.path([x[0], *x, x[-1]], [axes.y[0], *y, axes.y[0]])}'/>"
    )


def bars(heights: Numbers, kind: str = "mark") -> Mark:
    """One bar per number, at 0, 1, 2..."""

    def draw(axes: Axes) -> str:
        found = []
        for k, value in enumerate(heights):
            (left, top), (right, floor) = axes.at(k + 0.08, value), axes.at(k + 0.92, axes.y[0])
            found.append(f"M{left:g} {floor:g}V{top:g}H{right:g}V{floor:g}Z")
        return f"<path class='fill {kind}' d='{''.join(found)}'/>"

    return draw


def dots(x: Numbers, y: Numbers, kind: str = "mark", radius: float = 2.6) -> Mark:
    def draw(axes: Axes) -> str:
        spots = "".join("M{:g} {:g}h0".format(*axes.at(a, b)) for a, b in zip(x, y, strict=True))
        return f"<path class='dots {kind}' stroke-width='{2 * radius:g}' d='{spots}'/>"

    return draw


def rule(y: float, words: str = "", kind: str = "soft") -> Mark:
    """A level line with a word at its right end."""

    def draw(axes: Axes) -> str:
        (x0, at), (x1, _) = axes.at(axes.x[0], y), axes.at(axes.x[1], y)
        label = f"<text class='{kind}' x='{x1}' y='{at - 6}' text-anchor='end'>{html.escape(words)}</text>"
        return f"<line class='{kind} dashed' x1='{x0}' y1='{at}' x2='{x1}' y2='{at}'/>{label}"

    return draw


def plot(
    axes: Axes,
    *marks: Mark,
    title: str = "",
    across: str = "",
    up: bool = False,
    lang: str = "en",
    floor: bool = True,
) -> str:
    """A figure. `across` names the horizontal axis; `up` writes the numbers of the vertical one."""
    ticks = (
        "".join(tick(axes, v, lang) for v in nice(*axes.x, 5 if axes.width < 500 else 8)) if across else ""
    )
    if up:
        ticks += "".join(tick(axes, v, lang, upright=True) for v in nice(*axes.y, 4))
    name = f"<text x='{axes.width - 12}' y='{axes.height - 3}' text-anchor='end'>{html.escape(across)}</text>"
    x0, y0 = axes.at(axes.x[0], axes.y[0])
    x1, _ = axes.at(axes.x[1], axes.y[0])
    ground = f"<line class='axis' x1='{x0}' y1='{y0}' x2='{x1}' y2='{y0}'/>" if floor else ""
    drawn = "".join(mark(axes) for mark in marks)
    caption = f"<figcaption>{html.escape(title)}</figcaption>" if title else ""
    label = html.escape(title or across, quote=True)
    wide = " wide" if axes.width > 600 else ""
    return (
        f"<figure class='figure'>{caption}<svg class='plot{wide}' viewBox='0 0 {axes.width} {axes.height}' "
        f"role='img' aria-label='{label}'>{drawn}{ground}{ticks}{name if across else ''}</svg></figure>"
    )


def tick(axes: Axes, value: float, lang: str, upright: bool = False) -> str:
    words = number(value, lang)
    if upright:
        _, y = axes.at(axes.x[0], value)
        return f"<text class='tick' x='{axes.left - 6}' y='{y + 5:g}' text-anchor='end'>{words}</text>"
    x, _ = axes.at(value, axes.y[0])
    y = axes.height - axes.bottom + 19
    return f"<text class='tick' x='{x:g}' y='{y}' text-anchor='middle'>{words}</text>"


def nice(low: float, high: float, most: int) -> list[float]:
    """Round numbers from low to high, at most about `most`."""
    rough = (high - low) / most
    power = 10 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough)
    return [k * step for k in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def number(value: float, lang: str, digits: int = 3) -> str:
    """A number as the language writes it, with a true minus sign."""
    words = f"{value:.{digits}g}" if abs(value) < 1000 else f"{value:,.0f}".replace(",", "\u202f")
    return say(lang, words, words.replace(".", ",")).replace("-", "−")


def raised(power: int) -> str:
    """As an exponent."""
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def figures(*found: str, least: int = 260) -> str:
    """Plots beside each other, as many as fit."""
    return f"<div class='figures' style='--least:{least}px'>{''.join(found)}</div>"


def legend(*names: tuple[str, str]) -> str:
    """(kind, words) pairs."""
    return (
        "<p class='legend'>"
        + "".join(f"<span class='{k}'>{html.escape(w)}</span>" for k, w in names)
        + "</p>"
    )


def signed_bars(rows: Iterable[tuple[str, float, str]], span: float, lang: str, unit: str = "") -> str:
    """(words, value, kind) rows as bars to the left and right of zero; `span` fills half the width."""
    found = []
    for words, value, kind in rows:
        share = min(1.0, abs(value) / span) * 50
        start = 50 - share if value < 0 else 50
        value = round(value, 2) + 0.0  # no minus zero
        sign = "+" if value > 0 else ""
        found.append(
            f"<div class='bar-row {kind}'><span>{html.escape(words)}</span>"
            f"<i><b style='left:{start:.1f}%;width:{share:.1f}%'></b></i>"
            f"<em>{sign}{number(value, lang)}{unit}</em></div>"
        )
    return f"<div class='bar-rows'>{''.join(found)}</div>"


def heat(rows: Sequence[str], columns: Sequence[str], matrix: Sequence[Numbers], lang: str) -> str:
    """A table whose cells are coloured from -1 (warm) over 0 to 1 (mark)."""
    head = "".join(f"<th scope='col'><span>{html.escape(c)}</span></th>" for c in columns)
    body = "".join(
        f"<tr><th scope='row'>{html.escape(r)}</th>" + "".join(heat_cell(v, lang) for v in values) + "</tr>"
        for r, values in zip(rows, matrix, strict=True)
    )
    return f"<div class='heat'><table><thead><tr><td></td>{head}</tr></thead>{body}</table></div>"


def heat_cell(value: float, lang: str) -> str:
    share = min(1.0, abs(value))
    words = number(round(value, 1), lang) if share >= 0.15 else ""
    strong = " class='strong'" if share > 0.6 else ""
    hue = "mark" if value > 0 else "warm"
    return f"<td{strong} style='--share:{100 * share:.0f}%;--hue:var(--{hue})'>{words}</td>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Words; the first column names the row."""
    top = "".join(f"<th scope='col'>{html.escape(h)}</th>" for h in head)
    body = "".join(
        f"<tr><th scope='row'>{html.escape(first)}</th>"
        + "".join(f"<td>{html.escape(c)}</td>" for c in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return f"<div class='heat plain'><table><thead><tr>{top}</tr></thead>{body}</table></div>"
