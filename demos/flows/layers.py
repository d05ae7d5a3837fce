"""A film of the layers: points and a grid, from noise to data or back, and what each layer does to areas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np

from demos import kit
from demos.flows.models import WINDOW, Step, colours, film, loading, noise, truth, use
from demos.kit import plates, plots, say, t
from demos.kit.panels import BLUE, ORANGE, Panel, lattice

POINTS = 1200
LINES, REACH = 25, {"up": 3.2, "down": 4.0}  # of the grid, and how far it goes: over noise, over data
ALL = 20  # the slider's end: beyond the last layer is the last layer
FILM = 320  # pixels of the film


def layers(checkpoint: str, way: str, layer: int, seed: int, lang: str) -> Iterator[tuple]:
    """Points and a grid through the flow, layer by layer, and the mean log-determinant of each layer."""
    with use(checkpoint) as flow:
        yield gr.skip(), gr.skip(), gr.skip(), {}
        steps, tint = cloud_film(flow, truth(checkpoint), way, seed)
        yield gr.skip(), gr.skip(), figure(steps, len(steps), lang), {}
        mesh = grid_film(flow, way)
    last = min(layer, len(steps) - 1)
    bars = figure(steps, last, lang)
    shown = range(0, last + 1) if last < 8 else sorted({*range(0, last + 1, 2), last})
    for k in shown:
        row = [cloud(steps, tint, k, 460), grid(mesh, k, 460)]
        titles = title(steps, k, way, lang), say(lang, "a grid, bent", "una cuadrícula, doblada")
        page = plates.plate(plates.beside(*(p.block(name) for p, name in zip(row, titles, strict=True))))
        yield page, gr.skip(), bars, {"step": k}
    frames = [cloud(steps, tint, k, FILM).image for k in range(len(steps))]
    frames = [frames[0]] * 3 + [f for f in frames for _ in (0, 1)] + [frames[-1]] * 5
    yield (
        page,
        kit.film(frames, fps=6, bounce=True),
        bars,
        {"step": last, "log_det": total(steps[: last + 1])},
    )


def cloud_film(flow: Any, true: Any, way: str, seed: int) -> tuple[list[Step], np.ndarray]:
    """Where each layer puts some points, and their colours."""
    import torch

    start = noise(POINTS, seed)
    if way == "down":
        start = true.sample(POINTS, torch.Generator().manual_seed(seed)).double().numpy()
    steps = film(flow, start, way == "down")
    return steps, colours(steps[-1].x if way == "down" else start)


def grid_film(flow: Any, way: str) -> list[list[np.ndarray]]:
    """Where each layer puts the lines of a grid."""
    reach = np.full(2, REACH[way])
    lines = lattice(-reach, reach, LINES, 72)
    bent = film(flow, np.concatenate(lines), way == "down", areas=False)
    return [list(np.split(step.x, len(lines))) for step in bent]


def total(steps: list[Step]) -> float:
    return float(sum(step.log_det.mean() for step in steps))


def cloud(steps: list[Step], tint: np.ndarray, k: int, side: int) -> Panel:
    panel = Panel(WINDOW, side)
    return panel.points(steps[k].x, tint, 2.4 * side / 460).axes(22 * side // 460, ("", ""))  # type: ignore


def grid(mesh: list[list[np.ndarray]], k: int, side: int) -> Panel:
    lines, half = mesh[k], len(mesh[k]) // 2
    panel = Panel(WINDOW, side).mesh(lines[:half], ORANGE, 1.1, 0.75).mesh(lines[half:], BLUE, 1.1, 0.75)
    return panel.axes(22, ("", ""))  # type: ignore[return-value]


def title(steps: list[Step], k: int, way: str, lang: str) -> str:
    step = steps[k]
    if k == 0:
        ends = {"up": ("noise, N(0, I)", "ruido, N(0, I)"), "down": ("data", "datos")}
        return say(lang, *ends[way])
    if step.name == "scale":
        return say(lang, "stretched as a whole", "estirado entero")
    if step.name == "time":
        return f"t = {plots.number(round(step.note, 2) + 0.0, lang)}"
    stays = "x₁" if step.note == 0 else "x₂"
    return say(lang, f"layer {k}: {stays} stays", f"capa {k}: {stays} queda")


def figure(steps: list[Step], last: int, lang: str) -> str:
    """The mean log-determinant of every layer as a bar, those already passed in colour."""
    means = [float(step.log_det.mean()) for step in steps[1:]]
    low, high = min([0.0, *means]), max([0.0, *means])
    air = 0.12 * (high - low) + 1e-3
    axes = plots.Axes((0.4, len(means) + 0.6), (low - air, high + air), width=640, height=230, left=56)
    marks = [plots.rule(0)] + [stem(k + 1, v, "mark" if k < last else "soft") for k, v in enumerate(means)]
    words = say(
        lang,
        "log |det J| of each layer, mean over the points",
        "log |det J| de cada capa, media de los puntos",
    )
    across = say(lang, "layer", "capa")
    return plots.plot(axes, *marks, title=words, across=across, up=True, lang=lang, floor=False)


def stem(x: float, value: float, kind: str) -> plots.Mark:
    def draw(axes: plots.Axes) -> str:
        (left, top), (right, floor) = axes.at(x - 0.36, max(value, 0)), axes.at(x + 0.36, min(value, 0))
        place = f"x='{left}' y='{top}' width='{right - left:.1f}' height='{max(floor - top, 1):.1f}'"
        return f"<rect class='fill {kind}' style='fill-opacity:.75' {place}/>"

    return draw


def layers_code(checkpoint: str, way: str, layer: int, seed: int) -> str:
    more = ""
    if way == "down":
        density = checkpoint.split("-")[-1]
        more = "from genmodels.data import points\n"
        start = f'points.sample("{density}", {POINTS}, torch.Generator().manual_seed({seed}))'
    else:
        more, start = "from genmodels.runtime import noise\n", f"noise({seed}, {POINTS}, (2,))"
    head, model = loading(checkpoint).split("\n\n")
    if "ffjord" in checkpoint:
        times = [round(float(v), 3) for v in np.linspace(*((1, 0) if way == "down" else (0, 1)), 9)]
        body = f"for moment in flow.trajectory(x, {times}):\n    print(moment.t, moment.log_det.mean())\n"
    else:
        walk = "film" if way == "down" else "rewind"
        body = f"for frame in flow.{walk}(x):\n    print(frame.name, frame.keeps, frame.log_det.mean())\n"
    return f"{head}\n{more}\n{model}x = {start}\n{body}"


def layout(tab: kit.Tab) -> None:
    with tab.view("layers", "Layer by layer", "Capa por capa") as view:
        with view.controls():
            ways = [
                (t("noise to data", "del ruido a los datos"), "up"),
                (t("data to noise", "de los datos al ruido"), "down"),
            ]
            way = kit.choice(ways, t("Direction", "Dirección"))
            layer = kit.slider(0, ALL, ALL, t("Up to layer (20: all)", "Hasta la capa (20: todas)"), step=1)
            seed = kit.seed()
            kit.html(f"<p style='margin:0;color:var(--soft);font-size:16px'>{kit.both(*HUES)}</p>")
        with view.result():
            page = plates.view()
            bars = kit.html()
            words = t("The whole film", "La película entera")
            whole = kit.picture(words, height=360)
        inputs, outputs = [tab.checkpoint, way, layer, seed], [page, whole, bars]
        view.run(layers, inputs, outputs, ("Play", "Ver"), layers_code)
        view.on([layer.release, way.input], layers)


HUES = (
    "A point's colour is its direction seen from the middle of the noise, in every layer and both ways.",
    "El color de un punto es su dirección vista desde el centro del ruido, en cada capa y en ambos sentidos.",
)
