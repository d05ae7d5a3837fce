"""The panels of the cone: what a critic says along the line, where it breaks the rule, and where it pulls."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from demos.kit import plots, say
from demos.kit.lang import Pair
from demos.kit.plots import Axes, Mark, number

if TYPE_CHECKING:
    from demos.laboratory.cone import Line
    from genmodels.lab.critics import Curve

WIDTH, HEIGHT = 460, 330
ARROWS = 7  # generated points whose pull is drawn
LONGEST = 3.0  # of an arrow, on the line; 1 is the pull of slope 1
EDGE = 7.0


def panel(title: str, kind: str, line: Line, at: float, seen: tuple[Curve, Curve, Curve], lang: str) -> str:
    along, here, there = seen
    x = [2 * EDGE * k / (len(along.says) - 1) - EDGE for k in range(len(along.says))]
    y, tip = along.says.tolist(), here.says.item()
    axes = window(kind, tip, along)
    marks = [cone(at, tip, up) for up in (1, -1)]
    low, high = axes.y
    inside = [low <= v <= high for v in y]
    steep = [i and abs(b - tip) > 1.02 * abs(a - at) + 1e-6 for a, b, i in zip(x, y, inside, strict=True)]
    marks += [plots.line(*part, "ink") for part in parts(x, y, inside)]
    marks += [plots.line(*part, "warm") for part in parts(x, y, steep)]
    real, fake = low + 0.05 * (high - low), low + 0.11 * (high - low)
    marks += [plots.dots(line.real.tolist(), [real] * len(line.real), "mark", 2.4)]
    marks += [plots.dots(line.fake.tolist(), [fake] * len(line.fake), "warm", 2.4)]
    marks += [arrows(line.fake.tolist(), there.pull.tolist(), low + 0.18 * (high - low))]
    marks += [plots.dots([at], [tip], "ink", 5)]
    return plots.plot(axes, *marks, title=title, across="x", up=True, lang=lang)


def window(kind: str, tip: float, along: Curve) -> Axes:
    """Critics on equal scales, so that slope 1 is 45 degrees; a discriminator's own: it says 0 to 1."""
    frame = {"width": WIDTH, "height": HEIGHT, "left": 46}
    if kind == "sigmoid":
        return Axes((-EDGE, EDGE), (-0.35, 1.1), **frame)
    wide, high = WIDTH - 46 - 12, HEIGHT - 44 - 8
    half = EDGE * high / wide
    low, top = along.says.min().item(), along.says.max().item()
    middle = min(max((low + top) / 2, tip - 0.6 * half), tip + 0.8 * half)
    return Axes((-EDGE, EDGE), (middle - half, middle + half), **frame)


def cone(at: float, tip: float, up: int) -> Mark:
    """Where a function of slope 1 at most can't be, above the tip or below it."""

    def draw(axes: Axes) -> str:
        end = axes.y[up > 0]
        x = [axes.x[0] + (axes.x[1] - axes.x[0]) * k / 200 for k in range(201)]
        edge = [(v, tip + up * abs(v - at)) for v in sorted([*x, at])]
        edge = [(v, w) for v, w in edge if (end - w) * up > 0]
        if not edge:
            return ""
        corners = [(edge[0][0], end), *edge, (edge[-1][0], end)]
        path = axes.path(*zip(*corners, strict=True))
        return f"<polygon class='fill soft' style='fill-opacity:.2' points='{path}'/>"

    return draw


def parts(x: list[float], y: list[float], keep: list[bool]) -> list[tuple[list[float], list[float]]]:
    """The stretches of a curve that are kept."""
    runs = (list(run) for kept, run in groupby(zip(x, y, keep, strict=True), lambda p: p[2]) if kept)
    return [([p[0] for p in run], [p[1] for p in run]) for run in runs if len(run) > 1]


def arrows(x: list[float], pull: list[float], level: float) -> Mark:
    """At some generated points, from left to right: where the generator is to move them, and how far."""
    order = sorted(range(len(x)), key=x.__getitem__)
    chosen = [order[(2 * k + 1) * len(order) // (2 * ARROWS)] for k in range(ARROWS)]

    def draw(axes: Axes) -> str:
        found = []
        for row, k in enumerate(chosen):
            move = min(max(pull[k], -LONGEST), LONGEST)
            rise = 0.032 * (axes.y[1] - axes.y[0]) * row
            (x0, y0), (x1, _) = axes.at(x[k], level + rise), axes.at(x[k] + move, level + rise)
            found.append(f"M{x0:g} {y0:g}H{x1:g}")
            if abs(x1 - x0) > 5:
                back = x1 - (5 if move > 0 else -5)
                found.append(f"M{back:g} {y0 - 3:g}L{x1:g} {y0:g}L{back:g} {y0 + 3:g}")
        return (
            f"<path class='warm' fill='none' stroke='var(--kind)' stroke-width='1.8' d='{''.join(found)}'/>"
        )

    return draw


def legend(lang: str) -> str:
    return plots.legend(
        ("mark", say(lang, "real points", "puntos reales")),
        (
            "warm",
            say(
                lang,
                "generated points, and where each is to go; what is too steep",
                "puntos generados, y hacia dónde ha de ir cada uno; lo demasiado empinado",
            ),
        ),
        (
            "soft",
            say(
                lang, "the cone: a slope of 1 can't get in there", "el cono: con pendiente 1 no se llega ahí"
            ),
        ),
    )


HEAD: tuple[Pair, ...] = (
    ("", ""),
    ("its gap", "su brecha"),
    ("exact W₁", "W₁ exacta"),
    ("steepest slope between", "mayor pendiente entre medio"),
    ("slope at x₀", "pendiente en x₀"),
    ("pull on a generated point", "tirón sobre un punto generado"),
)
ROWS: tuple[tuple[str, str, Pair], ...] = (
    ("sigmoid", "pull", ("discriminator, G minimises log(1 − D)", "discriminador, G minimiza log(1 − D)")),
    ("sigmoid", "urged", ("discriminator, G maximises log D", "discriminador, G maximiza log D")),
    ("clipped", "pull", ("critic, clipped", "crítico, recortado")),
    ("penalised", "pull", ("critic, penalised", "crítico, penalizado")),
)


def table(line: Line, at: float, seen: dict[str, tuple[Curve, Curve, Curve]], lang: str) -> str:
    rows = []
    for kind, way, words in ROWS:
        along, here, there = seen[kind]
        values = (
            along.gap,
            line.w1,
            along.steepest,
            here.slope.item(),
            getattr(there, way).abs().mean().item(),
        )
        rows.append((say(lang, *words), *(small(v, lang) for v in values)))
    return plots.table([say(lang, *h) for h in HEAD], rows)


def small(value: float, lang: str) -> str:
    """Three digits, or a power of ten where nothing but zeros would be seen."""
    if value and abs(value) < 1e-3:
        power = f"{value:.0e}".split("e")
        return f"{power[0]} · 10{''.join('⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.index(c)] for c in str(int(power[1])))}"
    return number(round(value, 3), lang)
