"""One dimension: a density pushed through a rising curve. Its slope is the stretching."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from demos import kit
from demos.change.figure import Push, drawn
from demos.change.ground import choose
from demos.kit import boards, plots, say, t
from demos.kit.boards import DRAWN, SIDE
from demos.kit.inputs import refuse
from demos.kit.lang import Pair

if TYPE_CHECKING:
    from genmodels.flow.curves import Curve, Line

SAMPLES, BATCHES = 8000, 4
BINS = 64
LINES: dict[str, Pair] = {
    "two": ("Two bumps", "Dos cerros"),
    "bump": ("One bump", "Un cerro"),
    "box": ("Box", "Caja"),
    "ramp": ("Ramp", "Rampa"),
    DRAWN: ("My drawing", "Mi dibujo"),
}
CURVES: dict[str, Pair] = {  # the first ones as in genmodels.flow.curves
    "bend": ("Exponential: steeper and steeper", "Exponencial: cada vez más empinada"),
    "sigmoid": ("Sigmoid: flat at the ends", "Sigmoide: plana en los extremos"),
    "cube": ("Cube: flat in the middle", "Cúbica: plana en el medio"),
    "straight": ("Straight: squeezes evenly", "Recta: aprieta parejo"),
    "stairs": ("Stairs: steep and flat by turns", "Escalera: empinada y plana por turnos"),
    "uniform": ("Its own F: to the uniform density", "Su propia F: a la densidad uniforme"),
    "gaussian": ("Φ⁻¹ of F: to the Gaussian", "Φ⁻¹ de F: a la gaussiana"),
}
OWN = ("uniform", "gaussian")  # which take no amount: the density says what they are


def line(
    density: str, drawing: Any, curve: str, amount: float, at: float, seed: int, lang: str
) -> Iterator[tuple]:
    """Push a density on a line through a rising curve, and samples with it: formula against histogram."""
    import torch

    x, by = line_of(density, drawing), None
    by = curve_of(curve, x, amount)
    samples = x.sample(SAMPLES, torch.Generator().manual_seed(seed))
    for k in range(1, BATCHES + 1):
        push = pushed(x, by, samples[: k * SAMPLES // BATCHES], at)
        yield (
            drawn(push, lang),
            told(push, lang),
            {"integral_naive": push.naive_mass, "integral_corrected": push.mass},
        )


def line_of(density: str, drawing: Any) -> Line:
    from genmodels.flow.curves import Bumps, Steps

    if density == DRAWN:
        return Steps(heights(drawing))
    return {
        "two": Bumps((-1.7, 1.3), 0.6),
        "bump": Bumps((0.0,), 1.0),
        "box": Steps(np.repeat((0, 1, 0), (6, 12, 6))),
        "ramp": Steps(np.r_[np.zeros(16), np.arange(64), np.zeros(16)]),
    }[density]


def heights(drawing: Any) -> np.ndarray:
    """(SIDE,): how high the highest painted cell of each column is. An outline is enough."""
    cells = drawing[1]
    if not cells.any():
        raise refuse(*boards.BLANK)
    return np.where(cells.any(0), SIDE - cells.argmax(0), 0)


def curve_of(name: str, density: Line, amount: float) -> Curve:
    from genmodels.flow import curves

    if name == "uniform":
        return curves.distribution(density)
    return curves.gaussian(density) if name == "gaussian" else curves.CURVES[name](amount)


def pushed(density: Line, by: Curve, samples: Any, at: float) -> Push:
    import torch

    low, high = by.z[0].item(), by.z[-1].item()
    z = torch.linspace(low, high, 2401, dtype=torch.float64)
    x, log_slope = by.inverse(z)
    naive = density.log_prob(x).exp()
    formula = (density.log_prob(x) + log_slope).exp()
    across = torch.linspace(-4, 4, 801, dtype=torch.float64)
    bins = np.histogram(by.forward(samples)[0].numpy(), BINS, (low, high))
    share = bins[0] / len(samples) * BINS / (high - low)
    step = (high - low) / 2400
    here, slope = by.forward(torch.tensor([at], dtype=torch.float64))
    return Push(
        across.numpy(), density.log_prob(across).exp().numpy(), by.forward(across)[0].numpy(),
        z.numpy(), formula.numpy(), naive.numpy(), bins[1], share,
        (at, here.item(), slope.exp().item()),
        torch.trapezoid(naive, dx=step).item(), torch.trapezoid(formula, dx=step).item(),
    )  # fmt: skip


def told(push: Push, lang: str) -> str:
    at, _, slope = push.point
    x, s, m = (plots.number(round(v, 2) + 0.0, lang) for v in (at, slope, push.naive_mass))
    en = f"At x = {x} the slope is {s}: dx becomes {s} dx, and the density is divided by {s}. "
    es = f"En x = {x} la pendiente es {s}: dx se vuelve {s} dx, y la densidad se divide por {s}. "
    en += f"Without the slope, the area under the dashed curve is {m}, not 1."
    es += f"Sin la pendiente, el área bajo la curva punteada es {m}, y no 1."
    return f"<p>{say(lang, en, es)}</p>"


def line_code(density: str, drawing: Any, curve: str, amount: float, at: float, seed: int) -> str:
    makes = {
        "two": "Bumps((-1.7, 1.3), 0.6)",
        "bump": "Bumps((0.0,), 1.0)",
        "box": "Steps([0] * 6 + [1] * 12 + [0] * 6)",
        "ramp": "Steps([0] * 16 + list(range(64)) + [0] * 16)",
    }
    x = makes.get(density) or f"Steps({heights(drawing).tolist()})"
    own = {"uniform": "curves.distribution(density)", "gaussian": "curves.gaussian(density)"}
    return f"""import torch
from genmodels.flow import curves
from genmodels.flow.curves import Bumps, Steps

density = {x}
curve = {own.get(curve, f'curves.CURVES["{curve}"]({amount})')}
z, log_slope = curve.forward(density.sample({SAMPLES}, torch.Generator().manual_seed({seed})))
places = torch.linspace(curve.z[0].item(), curve.z[-1].item(), 200, dtype=torch.float64)
x, log_slope = curve.inverse(places)
p = (density.log_prob(x) + log_slope).exp()  # what a histogram of z comes to
"""


def start() -> np.ndarray:
    """An outline of hills, filled."""
    top = (
        4
        + 7 * np.exp(-(((np.arange(SIDE) - 7) / 3.2) ** 2))
        + 13 * np.exp(-(((np.arange(SIDE) - 17) / 2.4) ** 2))
    )
    high = np.where((np.arange(SIDE) > 1) & (np.arange(SIDE) < SIDE - 2), top, 0)
    return np.arange(SIDE)[::-1, None] < high


def layout(tab: kit.Tab) -> None:
    with tab.view("line", "On a line", "En una recta") as view:
        with view.controls():
            density = choose(LINES, "Density of x", "Densidad de x")
            with gr.Accordion(t("Draw my own", "Dibujar la mía"), open=False):
                drawing = boards.board(
                    start(),
                    (
                        "Paint hills: the highest cell of a column counts",
                        "Pinta cerros: cuenta la celda más alta de cada columna",
                    ),
                )
            curve = choose(CURVES, "Curve z = f(x)", "Curva z = f(x)")
            amount = kit.slider(0, 1, 0.9, t("How much (0: z = x)", "Cuánto (0: z = x)"), step=0.05)
            at = kit.slider(-3.5, 3.5, 1.3, t("A place x", "Un lugar x"), step=0.1)
            seed = kit.seed()
        with view.result():
            page, below = kit.html(), kit.html()
        inputs = [density, drawing, curve, amount, at, seed]
        view.run(line, inputs, [page, below], ("Push it", "Transformar"), line_code)
        view.on([density.input, curve.input, amount.release, at.release], line)
    drawing.input(lambda: DRAWN, None, density, queue=False, api_visibility="private", show_progress="hidden")
