"""A spline coupling: the monotone curve that one coordinate chooses for the other, and its knots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from demos import kit
from demos.flows.models import loading, number, of, truth, use
from demos.kit import plates, plots, say, t
from demos.kit.panels import BLUE, ORANGE, Panel
from demos.kit.plane import Plane

POINTS, SIDE = 1000, 400
INSIDE = Plane(-3.2, -3.2, 6.4)
EDGE = 2.6  # of what is drawn, in the flow's units
GHOSTS = (-1.6, -0.8, 0.8, 1.6)  # other values of the coordinate that stays
FRAMES = 10
NEAR = 0.12  # of the value: points that this curve moves, nearly


class Bend(NamedTuple):
    """A curve for one value of the coordinate that stays."""

    x: np.ndarray
    y: np.ndarray
    slope: np.ndarray
    knots: tuple[np.ndarray, np.ndarray]  # places and heights


def spline(splines: str, layer: int, kept: float, seed: int, lang: str) -> Iterator[tuple]:
    """The curve of one layer with its knots, as the coordinate that stays moves to a value."""
    import torch

    with use(splines) as flow:
        k = min(layer, len(flow.couplings)) - 1
        x = truth(splines).sample(POINTS, torch.Generator().manual_seed(seed))
        frames = [f for f in flow.film(x) if f.name != "start"]
        before, after = (frames[j].x.double().numpy() for j in (k, k + 1))
        ghosts = [bend(flow.couplings[k], v) for v in GHOSTS]
        page = picture(before, after, k, kept, lang)
        for value in np.linspace(-1.8, kept, FRAMES):
            shown = bend(flow.couplings[k], float(value))
            yield page, figure(shown, ghosts, k, float(value), lang), {"kept": float(value)}
    found = {"kept": kept, "steepest": float(shown.slope.max()), "flattest": float(shown.slope.min())}
    yield page, figure(shown, ghosts, k, kept, lang), found


def bend(layer: Any, value: float) -> Bend:
    import torch

    x = torch.linspace(-EDGE, EDGE, 401)[:, None]
    with torch.no_grad():
        knots = layer.inside(torch.full_like(x, value))
        y, log_slope = knots.forward(x)
    places, heights = (v[0].double().numpy() for v in (knots.x, knots.y))
    return Bend(*(v[:, 0].double().numpy() for v in (x, y, log_slope.exp())), (places, heights))


def picture(before: np.ndarray, after: np.ndarray, k: int, kept: float, lang: str) -> Any:
    """The points before and after the layer, those bright that this curve moves."""
    keeps, row = k % 2, []
    stays = ("x₁", "x₂")[keeps]
    near = np.abs(before[:, keeps] - kept) < NEAR
    ends = np.full((2, 2), kept)
    ends[:, 1 - keeps] = -3.2, 3.2
    names = (
        say(lang, "before the layer", "antes de la capa"),
        say(lang, f"after: {stays} stays", f"después: {stays} queda"),
    )
    for points, colour, name in zip((before, after), (ORANGE, BLUE), names, strict=True):
        dim = tuple(int(0.42 * c) for c in colour)
        panel = Panel(INSIDE, SIDE).mesh([ends], (150, 155, 160), 1.0, 0.5)
        panel.cloud(points[~near], dim, 1.7).cloud(points[near], colour, 3.0)
        row.append(panel.axes(20, ("x₁", "x₂")).block(name))
    return plates.plate(plates.beside(*row))


def figure(shown: Bend, ghosts: list[Bend], k: int, value: float, lang: str) -> str:
    """The curve over its ghosts, and its slope below."""
    stays, moves = ("x₁", "x₂") if k % 2 == 0 else ("x₂", "x₁")
    axes = plots.Axes((-EDGE, EDGE), (-EDGE - 0.4, EDGE + 0.4), width=460, height=440, left=40)
    marks = [faint(g) for g in ghosts]
    marks += [
        plots.line([-EDGE, EDGE], [-EDGE, EDGE], "soft", True),
        plots.line(shown.x.tolist(), shown.y.tolist(), "mark"),
    ]
    inside = np.abs(shown.knots[0]) <= EDGE
    marks.append(plots.dots(*(v[inside].tolist() for v in shown.knots), "ink", 5))
    title = say(lang, f"{moves} → its new value, where {stays} = {number(value, lang, 2)}",
                f"{moves} → su nuevo valor, donde {stays} = {number(value, lang, 2)}")  # fmt: skip
    curve = plots.plot(axes, *marks, title=title, across=moves, up=True, lang=lang)
    top = max(1.5, float(np.quantile(shown.slope, 0.97)) * 1.2)
    low = plots.Axes((-EDGE, EDGE), (0, top), width=460, height=440, left=40)
    slope = plots.plot(
        low,
        plots.rule(1, say(lang, "1: nothing is stretched", "1: nada se estira")),
        plots.line(shown.x.tolist(), np.minimum(shown.slope, top).tolist(), "warm"),
        title=say(lang, "its slope: what divides the density", "su pendiente: lo que divide la densidad"),
        across=moves,
        up=True,
        lang=lang,
    )
    names = (
        ("mark", say(lang, "the curve", "la curva")),
        ("ink", say(lang, "its knots", "sus nudos")),
        (
            "soft",
            say(
                lang,
                f"curves for other {stays}; dashed: nothing moves",
                f"curvas para otros {stays}; punteada: nada se mueve",
            ),
        ),
    )
    return plots.figures(curve, slope, least=280) + plots.legend(*names)


def faint(ghost: Bend) -> plots.Mark:
    return lambda axes: (
        f"<polyline class='soft' style='stroke-opacity:.4;stroke-width:1.4' "
        f"points='{axes.path(ghost.x[::4].tolist(), ghost.y[::4].tolist())}'/>"
    )


def spline_code(splines: str, layer: int, kept: float, seed: int) -> str:
    return loading(splines) + (
        f"layer = flow.couplings[min({layer}, len(flow.couplings)) - 1]\n"
        f"x = torch.linspace(-{EDGE}, {EDGE}, 401)[:, None]\n"
        f"knots = layer.inside(torch.full_like(x, {kept}))  # what this value asks for\n"
        "y, log_slope = knots.forward(x)\n"
        "print(knots.x[0], knots.y[0], knots.slope[0])\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("spline", "A curve with knots", "Una curva con nudos") as view:
        with view.controls():
            splines = tab.picker(of("spline"), t("Spline flow", "Flujo de splines"))
            layer = kit.slider(1, 6, 1, t("Layer", "Capa"), step=1)
            kept = kit.slider(
                -2, 2, 0.5, t("The coordinate that stays", "La coordenada que queda"), step=0.05
            )
            seed = kit.seed()
        with view.result():
            curve, page = kit.html(), plates.view()
        outputs = [page, curve]
        view.run(spline, [splines, layer, kept, seed], outputs, ("Move it", "Moverla"), spline_code)
        view.on([splines.input, layer.release, kept.release], spline)
