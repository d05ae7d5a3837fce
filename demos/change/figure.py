"""The figure of a push on a line: the curve, the old density under it, the new one to its left."""

from __future__ import annotations

import html
from typing import NamedTuple

import numpy as np

from demos.kit import plots, say

WIDTH, HEIGHT = 640, 530
LEFT, TOP, WIDE, HIGH = 216, 10, 412, 310  # the box of the curve
FLOOR = 480  # of the old density
STRIPS = 14
INK = "style='fill:none;stroke:var(--kind);stroke-width:2.6;stroke-linejoin:round'"


class Push(NamedTuple):
    x: np.ndarray  # places
    p: np.ndarray  # the old density there
    f: np.ndarray  # where they go
    z: np.ndarray  # places
    formula: np.ndarray  # the new density there
    naive: np.ndarray  # the old one, looked up
    edges: np.ndarray  # of the histogram
    share: np.ndarray  # of it
    point: tuple[float, float, float]  # x, f(x), f'(x)
    naive_mass: float
    mass: float


def drawn(push: Push, lang: str) -> str:
    low, high = float(push.f[0]), float(push.f[-1])
    air = 0.04 * (high - low)
    low, high = low - air, high + air
    tall = 1.08 * float(push.p.max())
    # the place of the tallest histogram bar and of the curves, but no spike may flatten the rest
    wide = 1.08 * min(float(max(push.formula.max(), push.naive.max())), 3 * float(push.share.max()))

    def across(x: np.ndarray) -> np.ndarray:
        return LEFT + (np.asarray(x) + 4) / 8 * WIDE

    def up(z: np.ndarray) -> np.ndarray:
        return TOP + (1 - (np.asarray(z) - low) / (high - low)) * HIGH

    def below(p: np.ndarray) -> np.ndarray:
        return FLOOR - np.asarray(p) / tall * (FLOOR - TOP - HIGH - 26)

    def left(p: np.ndarray) -> np.ndarray:
        return LEFT - 14 - np.minimum(np.asarray(p) / wide, 1) * (LEFT - 26)

    parts = [strips(push, across, up, below, left), histogram(push, up, left)]
    parts += [
        curve(left(push.naive), up(push.z), "warm", True),
        curve(left(push.formula), up(push.z), "mark"),
    ]
    parts += [curve(across(push.x), below(push.p), "ink"), curve(across(push.x), up(push.f), "ink")]
    parts += [tangent(push, across, up), frame(low, high, across, up, lang)]
    svg = f"<svg class='plot wide' viewBox='0 0 {WIDTH} {HEIGHT}' role='img' aria-label='z = f(x)'>"
    svg += "".join(parts) + "</svg>"
    names = (
        ("ink", say(lang, "the density of x, and the curve", "la densidad de x, y la curva")),
        (
            "mark",
            say(
                lang, "the density of z: divided by the slope", "la densidad de z: dividida por la pendiente"
            ),
        ),
        ("warm", say(lang, "dashed: without the slope", "punteada: sin la pendiente")),
        ("soft", say(lang, "histogram of pushed samples", "histograma de muestras transformadas")),
    )
    return f"<figure class='figure' style='max-width:none'>{svg}</figure>{plots.legend(*names)}"


def points(x: np.ndarray, y: np.ndarray) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))


def curve(x: np.ndarray, y: np.ndarray, kind: str, dashed: bool = False) -> str:
    dash = " stroke-dasharray='7 6'" if dashed else ""
    keep = slice(None, None, 4) if len(x) > 1000 else slice(None)
    return f"<path class='{kind}' {INK}{dash} d='M{points(x[keep], y[keep]).replace(' ', 'L')}'/>"


def strips(push: Push, across: object, up: object, below: object, left: object) -> str:
    """Equal pieces dx, followed up to the curve and over to z: where it is steep they come out wide."""
    edges, found = np.linspace(-4, 4, STRIPS + 1), []
    f = np.interp(edges, push.x, push.f)
    for k in range(0, STRIPS, 2):
        inside = (push.x >= edges[k]) & (push.x <= edges[k + 1])
        x, p, z = push.x[inside], push.p[inside], push.f[inside]
        route = f"{points(across(x), up(z))} {across(x[-1]):.1f},{FLOOR} {across(x[0]):.1f},{FLOOR}"  # type: ignore
        found.append(f"<polygon class='fill soft' style='fill-opacity:.13' points='{route}'/>")
        level = f"{LEFT - 14},{up(f[k]):.1f} {points(across(x), up(z))} {LEFT - 14},{up(f[k + 1]):.1f}"  # type: ignore
        found.append(f"<polygon class='fill soft' style='fill-opacity:.13' points='{level}'/>")
        heap = f"{points(across(x), below(p))} {across(x[-1]):.1f},{FLOOR} {across(x[0]):.1f},{FLOOR}"  # type: ignore
        found.append(f"<polygon class='fill mark' points='{heap}'/>")
        among = (push.z >= f[k]) & (push.z <= f[k + 1])
        if among.sum() > 1:
            y = up(push.z[among])  # type: ignore[operator]
            pile = f"{points(left(push.formula[among]), y)} {LEFT - 14},{y[-1]:.1f} {LEFT - 14},{y[0]:.1f}"  # type: ignore
            found.append(f"<polygon class='fill mark' points='{pile}'/>")
    return "".join(found)


def histogram(push: Push, up: object, left: object) -> str:
    bars = []
    for low, high, share in zip(push.edges[:-1], push.edges[1:], push.share, strict=True):
        top, foot, end = up(high), up(low), left(share)  # type: ignore[operator]
        bars.append(f"M{LEFT - 14} {top:.1f}H{end:.1f}V{foot - 1:.1f}H{LEFT - 14}Z")
    return f"<path class='fill soft' style='fill-opacity:.38' d='{''.join(bars)}'/>"


def tangent(push: Push, across: object, up: object) -> str:
    x, z, slope = push.point
    ends = np.array([x - 0.6, x + 0.6])
    a, b = across(ends), up(z + slope * (ends - x))  # type: ignore[operator]
    cx, cy = across(x), up(z)  # type: ignore[operator]
    return (
        f"<g class='warm'><line x1='{a[0]:.1f}' y1='{b[0]:.1f}' x2='{a[1]:.1f}' y2='{b[1]:.1f}'/>"
        f"<circle cx='{cx:.1f}' cy='{cy:.1f}' r='5.5' style='fill:var(--kind)'/></g>"
    )


def frame(low: float, high: float, across: object, up: object, lang: str) -> str:
    """Axes, their numbers and their names."""
    floor, side = TOP + HIGH, LEFT - 14
    found = [f"<line class='axis' x1='{LEFT}' y1='{floor}' x2='{LEFT + WIDE}' y2='{floor}'/>"]
    found.append(f"<line class='axis' x1='{side}' y1='{TOP}' x2='{side}' y2='{floor}'/>")
    found.append(f"<line class='axis' x1='{LEFT}' y1='{FLOOR}' x2='{LEFT + WIDE}' y2='{FLOOR}'/>")
    for value in plots.nice(-4, 4, 8):
        found.append(word(across(value), FLOOR + 19, plots.number(value + 0.0, lang)))  # type: ignore[operator]
    for value in plots.nice(low, high, 6):
        found.append(word(side + 6, up(value) + 5, plots.number(value + 0.0, lang), "start"))  # type: ignore[operator]
    names = say(lang, "density of x", "densidad de x"), say(lang, "density of z", "densidad de z")
    found.append(word(LEFT + WIDE, FLOOR + 42, names[0], "end"))
    found.append(word(8, floor + 24, names[1], "start"))
    found.append(word(LEFT + WIDE - 4, floor - 8, "x", "end"))
    found.append(word(side + 30, TOP + 12, "z = f(x)", "start"))
    return "".join(found)


def word(x: float, y: float, words: str, anchor: str = "middle") -> str:
    return f"<text x='{x:.0f}' y='{y:.0f}' text-anchor='{anchor}'>{html.escape(words)}</text>"
