"""A map that is not one-to-one: several points come to one place, and one inverse is not enough."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from demos import kit
from demos.change import ground
from demos.change.ground import DENSITIES, choose, map_of
from demos.kit import plates, plots, say, t
from demos.kit.boards import DRAWN, board, letter, truth_code, truth_of
from demos.kit.panels import NOISE, Panel, quads, signed

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.flow.change import Fold

SAMPLES = 60_000
CELLS = 20
EDGE = 5.2
HOME = 1e-3  # a point is back if it is this near
RETURNING = 2000  # samples that are sent there and back
LEAN = 0.42  # of the sheet


def fold(density: str, drawing: Any, amount: float, at: float, seed: int, lang: str) -> Iterator[tuple]:
    """Fold the plane and push samples: their histogram, the formula with one inverse, and with all."""
    import torch

    from genmodels.flow import change

    truth, by, plane = truth_of(density, drawing), change.Fold(amount), ground.window(EDGE)
    x = truth.sample(SAMPLES, torch.Generator().manual_seed(seed)).double()
    z = by.forward(x)[0]
    counts = histogram(z.numpy(), 75)
    most = float(np.quantile(counts[counts > 0], 0.99))
    names, across = captions(lang), curve(by, at, lang)
    pushed = Panel(plane).heat(counts, NOISE, most, 0.6).axes(22, ("z₁", "z₂"))
    top = plates.beside(sheet(by).block(names[0]), pushed.block(names[1]))
    yield plates.plate(top), across, {}
    shown = []
    for log_prob in (change.pushed(truth.log_prob, by), change.folded(truth.log_prob, by)):
        shown.append(Panel(plane).heat(map_of(log_prob, plane, 100), NOISE, most, 0.6).axes(22, ("z₁", "z₂")))
    home, among = returning(by, x[:RETURNING], z[:RETURNING])
    notes = f"{100 * home:.0f} %", f"{100 * among:.0f} %"
    low = [p.block(n, note) for p, n, note in zip(shown, names[2:], notes, strict=True)]
    yield plates.plate(top, plates.beside(*low)), across + words(*notes, lang), {"back": 100 * home}


def returning(by: Fold, x: Tensor, z: Tensor) -> tuple[float, float]:
    """Shares of points that the one inverse brings home, and that are among all the preimages."""
    one = (by.inverse(z)[0] - x).abs().amax(-1) < HOME
    every, _, there = by.preimages(z)
    near = ((every - x[:, None]).abs().amax(-1) < HOME) & there
    return one.double().mean().item(), near.any(1).double().mean().item()


def words(one: str, every: str, lang: str) -> str:
    en = (
        f"Of {RETURNING} samples, {one} come back to where they started by the one inverse: that is what its "
        f"formula adds up to. {every} are among the preimages, and the sum over them adds up to that."
    )
    es = (
        f"De {RETURNING} muestras, con la única inversa vuelve al lugar de donde salió el {one}: eso suma su "
        f"fórmula. Entre las preimágenes está el {every}, y eso da la suma sobre todas."
    )
    return f"<p>{say(lang, en, es)}</p>"


def captions(lang: str) -> tuple[str, ...]:
    pairs = (
        ("the sheet, folded", "la hoja, plegada"),
        ("pushed samples", "muestras transformadas"),
        ("formula, one inverse", "fórmula, una inversa"),
        ("sum over all of them", "suma de todas"),
    )
    return tuple(say(lang, *pair) for pair in pairs)


def histogram(z: np.ndarray, n: int) -> np.ndarray:
    """(n, n): density of the points by counting, the top row first."""
    counts, _, _ = np.histogram2d(z[:, 1], z[:, 0], n, [(-EDGE, EDGE)] * 2)
    return counts[::-1] / len(z) / (2 * EDGE / n) ** 2


def sheet(by: Fold) -> Panel:
    """The sheet seen from the side, so that its folds show: petrol its face, warm its back."""
    import torch

    rims = quads(np.full(2, -4.0), np.full(2, 4.0), CELLS)
    middle = rims.mean(1)
    order = np.lexsort((-middle[:, 1], middle[:, 0]))
    face = np.sign(by.det(torch.from_numpy(middle)).numpy())
    shown = by.forward(torch.from_numpy(rims))[0].numpy()
    shown[..., 1] = 0.6 * shown[..., 1] + LEAN * rims[..., 0]
    return Panel(ground.window(EDGE)).cells(shown[order], signed(0.55 * face, 1.0)[order], (86, 92, 98), 0.62)


def curve(by: Fold, at: float, lang: str) -> str:
    """z1 over x1, and the points that come to one z1."""
    import torch

    x = torch.linspace(-4, 4, 401, dtype=torch.float64)
    z = by.forward(torch.stack([x, x], 1))[0][:, 0]
    place = torch.tensor([[at, 0.0]], dtype=torch.float64)
    roots, _, there = by.preimages(place)
    roots = [v for v in roots[0, there[0], 0].tolist() if abs(v) <= 4]
    axes = plots.Axes((-4, 4), (-4.6, 4.6), width=640, height=300, left=40)
    back = by.det(torch.stack([x, x], 1)) < 0
    marks = [plots.rule(at, f"z₁ = {plots.number(at, lang)}"), plots.line(x.tolist(), z.tolist(), "mark")]
    marks += [plots.line(x[part].tolist(), z[part].tolist(), "warm") for part in runs(back)]
    marks += [plots.dots(roots, [at] * len(roots), "ink", 6)]
    many = len(roots)
    en = f"{many} point{'s' * (many != 1)} come{'s' * (many == 1)} to this z₁"
    es = f"{many} punto{'s' * (many != 1)} llega{'n' * (many != 1)} a este z₁"
    return plots.plot(axes, *marks, title=say(lang, en, es), across="x₁", up=True, lang=lang)


def runs(flags: Any) -> list[slice]:
    """Stretches where they hold."""
    edges = np.flatnonzero(np.diff(np.r_[False, flags.numpy(), False].astype(int)))
    return [slice(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 1]


def fold_code(density: str, drawing: Any, amount: float, at: float, seed: int) -> str:
    numpy = "import numpy as np\n" if density == DRAWN else ""
    return f"""{numpy}import torch
from genmodels.data import points
from genmodels.flow import change

{truth_code(density, drawing)}by = change.Fold({amount})
x = truth.sample(10_000, torch.Generator().manual_seed({seed})).double()
z, _ = by.forward(x)
back, _ = by.inverse(z)
print((back - x).norm(dim=1).lt(1e-6).double().mean())  # come back: all of them up to 1
p = change.folded(truth.log_prob, by)(z).exp()  # the density, with all the preimages
"""


def layout(tab: kit.Tab) -> None:
    with tab.view("fold", "Not one-to-one", "No es uno a uno") as view:
        with view.controls():
            density = choose(DENSITIES, "Density", "Densidad", "rings")
            with gr.Accordion(t("Draw my own", "Dibujar la mía"), open=False):
                drawing = board(letter())
            amount = kit.slider(
                0, 4, 2.6, t("Fold (above 1: over itself)", "Pliegue (más de 1: sobre sí misma)"), step=0.1
            )
            at = kit.slider(-4, 4, 0.3, t("A place z₁", "Un lugar z₁"), step=0.1)
            seed = kit.seed()
        with view.result():
            page, below = plates.view(), kit.html()
        view.run(fold, [density, drawing, amount, at, seed], [page, below], ("Fold", "Plegar"), fold_code)
        view.on([density.input, amount.release, at.release], fold)
    drawing.input(lambda: DRAWN, None, density, queue=False, api_visibility="private", show_progress="hidden")
