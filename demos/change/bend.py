"""A density bent by a smooth map: little cells whose areas show |det J|, the mistake, and the truth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from demos import kit
from demos.change import ground
from demos.change.ground import DENSITIES, MAPS, choose, integral, map_of, told
from demos.kit import plates, plots, say, t
from demos.kit.boards import DRAWN, board, letter, truth_code, truth_of
from demos.kit.panels import BLUE, DATA, NOISE, Panel, around, lattice, quads, signed
from demos.kit.plane import Plane

if TYPE_CHECKING:
    from genmodels.flow.change import LogProb

LOW, HIGH = np.full(2, -4.0), np.full(2, 4.0)
SPAN = 1.2  # nats of log |det J| at full colour
FAINT = 0.6  # gamma of the maps
POINTS, FINE = 1500, 140  # samples; half the places along a side of an integral


def bend(
    density: str, drawing: Any, by: str, amount: float, cells: int, dots: bool, seed: int, lang: str
) -> Iterator[tuple]:
    """A density on the plane through a smooth map: little cells by |det J|, without and with correction."""
    import torch

    from genmodels.flow import change

    truth, bent = truth_of(density, drawing), change.MAPS[by](amount)
    x = truth.sample(POINTS, torch.Generator().manual_seed(seed)).double()
    z = bent.forward(x)[0].numpy()
    plane, names = view(z), captions(lang)
    two, empty = sheet(bent, plane, cells).block(names[1]), Panel(plane)
    low = plates.beside(empty.block(names[2]), empty.block(names[3]))
    yield plates.plate(plates.beside(empty.block(names[0]), two), low), "", {}
    before = map_of(truth.log_prob, plane)
    pushed = [p(truth.log_prob, bent) for p in (change.uncorrected, change.pushed)]
    found = [map_of(p, plane) for p in pushed]
    most = max(float(np.quantile(p[p > 1e-3], 0.99)) for p in (before, *found))
    one = Panel(plane).heat(before, DATA, most, FAINT).mesh(lattice(LOW, HIGH, cells + 1), cover=0.25)
    sums = [whole(truth.log_prob, x.numpy())]
    top = plates.beside(one.axes(22, AXES[0]).block(names[0], told("∫", sums[0], lang)), two)
    yield plates.plate(top, low), "", {}
    row = []
    for log_prob, p, name in zip(pushed, found, names[2:], strict=True):
        panel = Panel(plane).heat(p, NOISE, most, FAINT)
        panel = panel.cloud(z, BLUE, 1.3, 0.55) if dots else panel
        sums.append(whole(log_prob, z))
        row.append(panel.axes(22, AXES[1]).block(name, told("∫", sums[-1], lang)))
    chips = dict(zip(("integral_before", "integral_naive", "integral_corrected"), sums, strict=True))
    yield plates.plate(top, plates.beside(*row)), legend(bent, lang), chips


def view(z: np.ndarray) -> Plane:
    """A window for the board and for nearly all of what it becomes."""
    return ground.window(float(np.clip(1.05 * np.quantile(np.abs(z).max(1), 0.99), 5.0, 8.0)))


def whole(log_prob: LogProb, points: np.ndarray) -> float:
    """The integral, over a box that holds all of the points, which may be more than what is shown."""
    box = around(points, air=1.3)
    return integral(map_of(log_prob, box, FINE), box)


AXES = (("x₁", "x₂"), ("z₁", "z₂"))


def captions(lang: str) -> tuple[str, ...]:
    pairs = (
        ("before", "antes"),
        ("little cells, bent", "celdas chicas, dobladas"),
        ("density looked up", "densidad sin corregir"),
        ("divided by |det J|", "dividida por |det J|"),
    )
    return tuple(say(lang, *pair) for pair in pairs)


def sheet(bent: Any, plane: Any, cells: int) -> Panel:
    """The cells of a grid where the map puts them, coloured by how their areas change."""
    import torch

    rims = quads(LOW, HIGH, cells)
    middle = torch.from_numpy(rims.mean(1))
    shown = bent.forward(torch.from_numpy(rims))[0].numpy()
    colours = signed(bent.forward(middle)[1].numpy(), SPAN)
    return Panel(plane).cells(shown, colours, (86, 92, 98)).axes(22, AXES[1])  # type: ignore[return-value]


def legend(bent: Any, lang: str) -> str:
    import torch

    rims = quads(LOW, HIGH, 48)
    det = bent.forward(torch.from_numpy(rims.mean(1)))[1].exp()
    low, high = (plots.number(round(v.item(), 2), lang) for v in (det.min(), det.max()))
    en = f"areas shrink (|det J| down to {low})", f"areas grow (up to {high})"
    es = f"las áreas se achican (|det J| baja hasta {low})", f"las áreas crecen (hasta {high})"
    if low == high == "1":
        words = say(lang, "Every cell keeps its area: |det J| = 1, and nothing needs correcting.",
                    "Cada celda conserva su área: |det J| = 1, y no hay nada que corregir.")  # fmt: skip
        return f"<p>{words}</p>"
    return plots.legend(("warm", say(lang, en[0], es[0])), ("mark", say(lang, en[1], es[1])))


def bend_code(density: str, drawing: Any, by: str, amount: float, cells: int, dots: bool, seed: int) -> str:
    numpy = "import numpy as np\n" if density == DRAWN else ""
    return f"""{numpy}import torch
from genmodels.data import points
from genmodels.flow import change

{truth_code(density, drawing)}by = change.MAPS["{by}"]({amount})
side = torch.linspace(-8, 8, 400, dtype=torch.float64)
z = torch.cartesian_prod(side, side)
for density in (change.uncorrected(truth.log_prob, by), change.pushed(truth.log_prob, by)):
    print(density(z).exp().sum() * (16 / 399) ** 2)  # the integral
"""


def layout(tab: kit.Tab) -> None:
    with tab.view("bend", "Bend the plane", "Doblar el plano") as view:
        with view.controls():
            density = choose(DENSITIES, "Density", "Densidad")
            with gr.Accordion(t("Draw my own", "Dibujar la mía"), open=False):
                drawing = board(letter())
            by = choose(MAPS, "Map", "Mapa", "lens")
            amount = kit.slider(
                0, 1, 0.8, t("How much (0: nothing moves)", "Cuánto (0: nada se mueve)"), step=0.05
            )
            cells = kit.slider(8, 32, 20, t("Cells along a side", "Celdas por lado"), step=4)
            dots = kit.check(t("Show pushed samples", "Mostrar muestras transformadas"))
            seed = kit.seed()
        with view.result():
            page, below = plates.view(), kit.html()
        inputs = [density, drawing, by, amount, cells, dots, seed]
        view.run(bend, inputs, [page, below], ("Bend", "Doblar"), bend_code)
        view.on([density.input, by.input, amount.release, cells.release, dots.input], bend)
    drawing.input(lambda: DRAWN, None, density, queue=False, api_visibility="private", show_progress="hidden")
