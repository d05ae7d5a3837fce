"""Any two measures against each other, for all models of a data set: what is paid with what."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from demos import kit
from demos.kit import plots, say
from demos.trilemma import shown
from demos.trilemma.labels import along, named
from demos.trilemma.shown import MEASURES, Row

WIDE, HIGH = 600, 440  # of the chart
AXES = tuple(k for k in MEASURES if k not in ("bits", "obedience"))  # which not every model has


class Spot(NamedTuple):
    x: float
    y: float
    row: Row


def scatter(data: str, across: str, up: str, lang: str) -> Iterator[tuple]:
    """A dot for each model at two of its measures, and a line through those that nobody beats in both."""
    spots = found(data, across, up)
    drawn = chart(spots, data, across, up, lang)
    yield drawn + shown.note(lang), {}
    yield drawn + told(spots, across, up, lang) + shown.note(lang), {}


def found(data: str, across: str, up: str) -> list[Spot]:
    pairs = ((r, shown.value(across, r), shown.value(up, r)) for r in shown.rows(data))
    return [Spot(x, y, r) for r, x, y in pairs if x is not None and y is not None]


def place(key: str, value: float) -> float:
    """On its axis, where good is to the right and up."""
    return turned(key) * (math.log10(value) if MEASURES[key].log else value)


def turned(key: str) -> int:
    return -1 if MEASURES[key].good < 0 else 1


def best(spots: Sequence[Spot], across: str, up: str) -> list[Spot]:
    """Those that no other beats in both, from left to right. Needs a good end of both axes."""
    a, b = MEASURES[across].good, MEASURES[up].good
    if not a * b:
        return []
    kept = [s for s in spots if not any(beats(other, s, a, b) for other in spots)]
    return sorted(kept, key=lambda s: s.x)


def beats(other: Spot, s: Spot, a: int, b: int) -> bool:
    no_worse = a * other.x >= a * s.x and b * other.y >= b * s.y
    return no_worse and (other.x != s.x or other.y != s.y)


def span(values: Sequence[float], share: float) -> tuple[float, float]:
    """From the least to the greatest, with room around for names."""
    low, high = min(values), max(values)
    wide = (high - low) or 1.0
    return low - share * wide, high + share * wide


def chart(spots: Sequence[Spot], data: str, across: str, up: str, lang: str) -> str:
    x, y = [place(across, s.x) for s in spots], [place(up, s.y) for s in spots]
    axes = plots.Axes(span(x, 0.12), span(y, 0.08), width=WIDE, height=HIGH, left=66, bottom=50)
    marks = [grid(across, False, lang), grid(up, True, lang)]
    front, level = best(spots, across, up), level_of_real(data, up, axes)
    if len(front) > 1:
        marks.append(
            plots.line([place(across, s.x) for s in front], [place(up, s.y) for s in front], "soft", True)
        )
    for kind, one in (("warm", True), ("mark", False)):
        some = [(a, b) for a, b, s in zip(x, y, spots, strict=True) if (s.row[0].passes == 1) == one]
        if some:
            marks.append(plots.dots(*zip(*some, strict=True), kind, 6))
    titles = [shown.title(s.row[0], lang) for s in spots]
    lines = [[axes.at(place(across, s.x), place(up, s.y)) for s in front]]
    if level is not None:
        lines.append([axes.at(axes.x[0], level), axes.at(axes.x[1], level)])
        marks.append(plots.rule(level, "", "ink"))
        titles.append(say(lang, "real pictures", "imágenes reales"))
        x, y = [*x, axes.x[0]], [*y, level]
    marks += named(list(zip(x, y, titles, strict=True)), axes, [s for line in lines for s in along(line)])
    better = say(lang, "the better, the further up and right", "cuanto mejor, más arriba y a la derecha")
    title = f"{shown.words(up, lang)} ↑  ·  {shown.words(across, lang)} →  ·  {better}"
    key = plots.legend(
        ("warm", say(lang, "one pass of the network", "una pasada de la red")),
        ("mark", say(lang, "one step after another", "un paso tras otro")),
    )
    return plots.plot(axes, *marks, title=title, lang=lang) + key


def grid(key: str, upright: bool, lang: str) -> plots.Mark:
    """Numbers and thin lines, round ones where the axis is logarithmic, too."""

    def draw(axes: plots.Axes) -> str:
        low, high = sorted(turned(key) * v for v in (axes.y if upright else axes.x))
        ticks = logs(low, high) if MEASURES[key].log else [(v, v) for v in plots.nice(low, high, 6)]
        return "".join(tick(axes, turned(key) * at, plots.number(v, lang), upright) for at, v in ticks)

    return draw


def logs(low: float, high: float) -> list[tuple[float, float]]:
    """(place, value): the tens where there are many of them, else 2 and 5 of each, or nearly all."""
    wide = high - low
    steps = (1,) if wide > 2.5 else (1, 2, 5) if wide > 1.2 else (1, 1.5, 2, 3, 4, 5, 6, 8)
    values = [m * 10.0**p for p in range(math.floor(low), math.ceil(high) + 1) for m in steps]
    return [(math.log10(v), v) for v in values if low <= math.log10(v) <= high]


def tick(axes: plots.Axes, at: float, words: str, upright: bool) -> str:
    left, floor = axes.at(axes.x[0], axes.y[0])
    right, top = axes.at(axes.x[1], axes.y[1])
    thin = "style='stroke-width:.5'"
    if upright:
        _, y = axes.at(axes.x[0], at)
        line = f"<line class='soft' x1='{left}' y1='{y}' x2='{right}' y2='{y}' {thin}/>"
        return f"{line}<text class='tick' x='{left - 6}' y='{y + 5}' text-anchor='end'>{words}</text>"
    x, _ = axes.at(at, axes.y[0])
    line = f"<line class='soft' x1='{x}' y1='{floor}' x2='{x}' y2='{top}' {thin}/>"
    return f"{line}<text class='tick' x='{x}' y='{floor + 19}' text-anchor='middle'>{words}</text>"


def level_of_real(data: str, up: str, axes: plots.Axes) -> float | None:
    """Where real pictures stand, if that is on the chart."""
    values = [shown.value(up, r) for r in shown.rows(data, real=True)[:1]]
    levels = [place(up, v) for v in values if v]
    return next((v for v in levels if axes.y[0] <= v <= axes.y[1]), None)


def told(spots: Sequence[Spot], across: str, up: str, lang: str) -> str:
    """Who stands on the line."""
    front = best(spots, across, up)
    if not front:
        return ""
    names = ", ".join(html.escape(shown.title(s.row[0], lang)) for s in front)
    en = f"On the dashed line are those that no other beats in both: {names}."
    es = f"En la línea de trazos están aquellos a los que ningún otro gana en las dos: {names}."
    return f"<p>{say(lang, en, es)}</p>"


def scatter_code(data: str, across: str, up: str) -> str:
    return (
        "import json\n\n"
        "from genmodels.metrics import MEASURED\n\n"
        'found = json.loads(MEASURED.read_text())["entries"]  # python -m genmodels.metrics --all\n'
        f'models = {{n: m for n, m in found.items() if "{data}" in n and "seconds_16" in m}}\n'
        "for name, m in sorted(models.items(), key=lambda pair: pair[1]['frechet']):\n"
        "    print(name, m['frechet'], 16 / m['seconds_16'], sorted(m))\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("scatter", "Two against each other", "Una contra otra") as view:
        with view.controls():
            data = shown.data_choice()
            across = shown.measure_choice(("Across", "Horizontal"), "per_second", AXES)
            up = shown.measure_choice(("Up", "Vertical"), "frechet", AXES)
        with view.result():
            page = kit.html()
        view.run(scatter, [data, across, up], [page], ("Draw", "Dibujar"), scatter_code)
        view.on([data.input, across.input, up.input], scatter)
