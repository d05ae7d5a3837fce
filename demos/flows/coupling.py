"""One coupling opened: what stays, the curves s and t that it chooses, and its triangular Jacobian."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np

from demos import kit
from demos.flows.models import loading, noise, number, of, truth, use
from demos.kit import plates, plots, say, t
from demos.kit.panels import ORANGE, Panel, signed
from demos.kit.plane import Plane

POINTS = 900
INSIDE = Plane(-3.2, -3.2, 6.4)
SIDE = 400
EDGE = 2.4  # of the line of the coordinate that stays, in the flow's units
FREE = "?"


def coupling(
    affine: str, layer: int, x1: float, x2: float, nice: bool, seed: int, lang: str
) -> Iterator[tuple]:
    """One coupling of a RealNVP: its mask, its curves, its Jacobian beside the predicted triangle."""
    import torch

    with use(affine) as flow:
        k = min(layer, len(flow.couplings)) - 1
        frames = walk(flow, truth(affine).sample(POINTS, torch.Generator().manual_seed(seed)), nice)
        alone = only(flow, truth(affine).sample(POINTS, torch.Generator().manual_seed(seed)), k % 2)
        curves = lines(flow.couplings[k], nice)
        at = torch.tensor([[x1, x2]], dtype=torch.float64)
        jacobians = auto(flow, k, at, nice), predicted(flow, k, at, nice)
        error, count = round_trip(flow, seed), len(flow.couplings)
    page = picture(frames, alone, k, lang)
    yield page, gr.skip(), gr.skip(), {}
    drawn = masks(count, k, lang) + figure(curves, k, at[0, k % 2].item(), lang)
    yield page, drawn, told(jacobians, k, nice, lang), {"round_trip": error}


def step(flow: Any, k: int, x: Any, nice: bool = False) -> tuple[Any, Any]:
    """Coupling k towards noise, in the flow's units; with `nice` its s is set to 0."""
    import torch

    from genmodels.flow.plane.flow import apart, together

    kept, moved = apart(x, k % 2)
    line = flow.couplings[k].inside(kept)
    line = line._replace(s=torch.zeros_like(line.s)) if nice else line
    moved, slope = line.forward(moved)
    return together(kept, moved, k % 2), slope[:, 0]


def walk(flow: Any, x: Any, nice: bool) -> list[np.ndarray]:
    """Where the points are before the first coupling, and after each."""
    import torch

    found = [x / flow.config.scale]
    with torch.no_grad():
        for k in range(len(flow.couplings)):
            found.append(step(flow, k, found[-1], nice)[0])
    return [f.double().numpy() for f in found]


def only(flow: Any, x: Any, keeps: int) -> np.ndarray:
    """After those couplings alone that keep one coordinate: it never moves."""
    import torch

    x = x / flow.config.scale
    with torch.no_grad():
        for k in range(keeps, len(flow.couplings), 2):
            x = step(flow, k, x)[0]
    return x.double().numpy()


def lines(layer: Any, nice: bool) -> tuple[list[float], list[float], list[float]]:
    import torch

    kept = torch.linspace(-EDGE, EDGE, 241)
    with torch.no_grad():
        line = layer.inside(kept[:, None])
    s = torch.zeros_like(line.s) if nice else line.s
    return kept.tolist(), s[:, 0].tolist(), line.t[:, 0].tolist()


def auto(flow: Any, k: int, at: Any, nice: bool) -> np.ndarray:
    """(2, 2): of the coupling at a point, by autograd, in double precision."""
    import copy

    import torch

    exact = copy.deepcopy(flow).double()
    return torch.autograd.functional.jacobian(lambda x: step(exact, k, x, nice)[0][0], at)[:, 0].numpy()


def predicted(flow: Any, k: int, at: Any, nice: bool) -> np.ndarray:
    """(2, 2): 1 where the coordinate stays, exp(-s) where it moves, 0 and the one that nobody needs, nan."""
    import copy

    import torch

    exact, keeps = copy.deepcopy(flow).double(), k % 2
    with torch.no_grad():
        slope = step(exact, k, at, nice)[1].exp().item()
    found = np.zeros((2, 2))
    found[keeps, keeps], found[1 - keeps, 1 - keeps], found[1 - keeps, keeps] = 1, slope, np.nan
    return found


def round_trip(flow: Any, seed: int) -> float:
    """The largest |x - f^-1(f(x))| of points from noise."""
    import torch

    with torch.no_grad():
        x = flow.inverse(torch.from_numpy(noise(POINTS, seed)).float())[0]
        return (flow.inverse(flow(x)[0])[0] - x).abs().max().item()


def picture(frames: list[np.ndarray], alone: np.ndarray, k: int, lang: str) -> Any:
    """Before and after the layer, with the way of some points; and one coordinate kept through all."""
    grey, tint = (150, 155, 160), (110, 190, 255)
    stays = "x₁" if k % 2 == 0 else "x₂"
    one = Panel(INSIDE, SIDE).cloud(frames[k], ORANGE)
    two = Panel(INSIDE, SIDE).cloud(frames[k], grey, 1.3, 0.35)
    some = np.linalg.norm(frames[k + 1] - frames[k], axis=1).argsort()[-70:]
    two.arrows(frames[k][some], (frames[k + 1] - frames[k])[some], (214, 214, 206), 0.9, 0.45).cloud(
        frames[k + 1], tint
    )
    three = Panel(INSIDE, SIDE).cloud(alone, tint)
    names = (
        say(lang, "before this layer", "antes de esta capa"),
        say(lang, f"after: {stays} stays", f"después: {stays} queda"),
        say(lang, f"only layers keeping {stays}", f"solo capas que dejan {stays}"),
    )
    row = [p.axes(20, ("x₁", "x₂")).block(n) for p, n in zip((one, two, three), names, strict=True)]
    return plates.plate(plates.beside(*row))


def masks(count: int, k: int, lang: str) -> str:
    """Which coordinate stays in which layer: a column is a layer, from data to noise."""
    cells = ""
    for coordinate in (0, 1):
        cells += f"<span>{('x₁', 'x₂')[coordinate]}</span>"
        for layer in range(count):
            hue = "mark" if layer % 2 == coordinate else "line"
            rim = "box-shadow:0 0 0 2.5px var(--warm);" if layer == k else ""
            cells += f"<i style='background:var(--{hue});{rim}aspect-ratio:1;border-radius:4px'></i>"
    board = (
        f"display:grid;grid-template-columns:26px repeat({count},minmax(8px,26px));gap:5px;align-items:center"
    )
    words = say(
        lang,
        f"The masks: filled, the coordinate stays. Layer {k + 1} of {count} is open.",
        f"Las máscaras: lleno, la coordenada queda. Está abierta la capa {k + 1} de {count}.",
    )
    return f"<p style='margin:0 0 6px'>{words}</p><div style='{board}'>{cells}</div>"


def figure(curves: tuple[list[float], ...], k: int, at: float, lang: str) -> str:
    """s and t over the coordinate that stays; the dashed line is where the point is."""
    kept, s, shift = curves
    low, high = min(-1.0, *s, *shift) - 0.1, max(1.0, *s, *shift) + 0.1
    stays, moves = ("x₁", "x₂") if k % 2 == 0 else ("x₂", "x₁")
    axes = plots.Axes((-EDGE, EDGE), (low, high), width=640, height=280, left=44)
    marks = [plots.rule(0), plots.line([at, at], [low, high], "soft", True)]
    marks += [plots.line(kept, shift, "warm"), plots.line(kept, s, "mark")]
    title = say(lang, f"what {stays} asks of {moves}", f"lo que {stays} le pide a {moves}")
    drawn = plots.plot(axes, *marks, title=title, across=stays, up=True, lang=lang)
    names = (
        ("mark", say(lang, "s: its stretch, as a logarithm", "s: cuánto estira, en logaritmo")),
        ("warm", say(lang, "t: its shift", "t: cuánto desplaza")),
    )
    return drawn + plots.legend(*names)


def told(jacobians: tuple[np.ndarray, np.ndarray], k: int, nice: bool, lang: str) -> str:
    """Both matrices as coloured cells, and their determinants."""
    found, guess = jacobians
    names = say(lang, "Jacobian, by autograd", "jacobiano, por autograd"), say(lang, "predicted", "predicho")
    tables = "".join(matrix(n, m, lang) for n, m in zip(names, (found, guess), strict=True))
    det, slope = np.linalg.det(found), guess[1 - k % 2, 1 - k % 2]
    line = f"det: autograd {number(det, lang, 6)}, exp(−s) = {number(slope, lang, 6)}"
    en = "The cell marked ? may be anything: next to a 0 it never enters the determinant."
    es = "La celda con ? puede ser cualquier cosa: enfrente de un 0, nunca entra en el determinante."
    if nice:
        en += " With s = 0, as in NICE, the determinant is 1: the layer moves points and keeps areas."
        es += " Con s = 0, como en NICE, el determinante es 1: la capa mueve puntos y conserva áreas."
    return (
        f"<div style='display:flex;flex-wrap:wrap;gap:10px 34px;margin:10px 0'>{tables}</div>"
        f"<p style='margin:0;font-size:18px'><b>{line}</b></p><p style='margin:4px 0'>{say(lang, en, es)}</p>"
    )


def matrix(name: str, values: np.ndarray, lang: str) -> str:
    """2 x 2 cells, warm for less than 0 and petrol for more."""
    cells = ""
    for value in values.flatten():
        tone = (90, 94, 98) if np.isnan(value) else signed(np.array([value]), 2.5)[0].tolist()
        word = FREE if np.isnan(value) else number(value, lang)
        cells += (
            f"<i style='background:rgb{tuple(tone)};color:#f4f1ea;width:96px;height:62px;display:grid;"
            f"place-items:center;font-style:normal;font-size:19px;border-radius:6px'>{word}</i>"
        )
    board = f"<div style='display:grid;grid-template-columns:96px 96px;gap:4px'>{cells}</div>"
    return f"<div><p style='margin:0 0 4px;font-size:16px'>{name}</p>{board}</div>"


def coupling_code(affine: str, layer: int, x1: float, x2: float, nice: bool, seed: int) -> str:
    head, model = loading(affine).split("\n\n")
    zero = "\n    line = line._replace(s=torch.zeros_like(line.s))  # NICE" if nice else ""
    return f"""{head}
from genmodels.flow.plane.flow import apart, together

{model}k = min({layer}, len(flow.couplings)) - 1

def step(x):  # one layer, towards noise
    kept, moved = apart(x, k % 2)
    line = flow.couplings[k].inside(kept){zero}
    return together(kept, line.forward(moved)[0], k % 2)

x = torch.tensor([[{x1}, {x2}]])
print(torch.autograd.functional.jacobian(lambda x: step(x)[0], x)[:, 0])  # a triangle
print(flow.couplings[k].inside(apart(x, k % 2)[0]))  # s and t; the diagonal is 1 and exp(-s)
"""


def layout(tab: kit.Tab) -> None:
    with tab.view("coupling", "Inside a coupling", "Dentro de una capa") as view:
        with view.controls():
            affine = tab.picker(of("realnvp"), t("RealNVP", "RealNVP"))
            layer = kit.slider(1, 16, 3, t("Layer", "Capa"), step=1)
            x1 = kit.slider(
                -2, 2, 0.6, t("A point: x₁ before the layer", "Un punto: x₁ antes de la capa"), step=0.05
            )
            x2 = kit.slider(
                -2, 2, -0.4, t("A point: x₂ before the layer", "Un punto: x₂ antes de la capa"), step=0.05
            )
            nice = kit.check(t("Set s = 0 in all layers (NICE)", "Poner s = 0 en todas las capas (NICE)"))
            seed = kit.seed()
        with view.result():
            page = plates.view()
            curve, words = kit.html(), kit.html()
        inputs, outputs = [affine, layer, x1, x2, nice, seed], [page, curve, words]
        view.run(coupling, inputs, outputs, ("Open it", "Abrirla"), coupling_code)
        view.on([affine.input, layer.release, x1.release, x2.release, nice.input], coupling)
