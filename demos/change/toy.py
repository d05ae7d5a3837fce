"""A rectangle that becomes a square: the density on it, the naive one, and the corrected one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from demos import kit
from demos.change.ground import told
from demos.kit import plates, plots, say, t
from demos.kit.panels import DATA, NOISE, Panel, around, lattice, surface
from demos.kit.plane import Plane

if TYPE_CHECKING:
    from genmodels.flow.change import Affine

LOW, HIGH = np.array([1.0, 0.0]), np.array([4.0, 2.0])
CORNERS = np.array([LOW, (HIGH[0], LOW[1]), HIGH, (LOW[0], HIGH[1])])
SQUARE = np.array([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)])
PEAK = 2 / 3  # of the density: at (4, 2)
SIDE, CELLS, HILLS, FINE = 400, 200, 56, 600  # pixels, and places a side of maps, of hills, of an integral


def toy(
    shift1: float, wide: float, shift2: float, high: float, shear: float, flip1: bool, flip2: bool, lang: str
) -> Iterator[tuple]:
    """(x1 - 1) x2 / 9 on [1, 4] x [0, 2] through an affine map, without and with its determinant."""
    from genmodels.flow import change

    by = affine(shift1, wide, shift2, high, shear, flip1, flip2)
    there = mapped(by, CORNERS)
    plane, box = around(CORNERS, there, SQUARE), around(there, air=1.0)
    found = [change.toy, change.uncorrected(change.toy, by), change.pushed(change.toy, by)]
    sums = [integral(p, around(CORNERS, air=1.0) if k == 0 else box) for k, p in enumerate(found)]
    maps = [values(p, plane, CELLS) for p in found]
    most = PEAK * max(1.0, 1 / abs(by.det))
    heats = [panel(m, plane, k, by, most) for k, m in enumerate(maps)]
    names = captions(lang)
    row = [h.block(name, told("∫", v, lang)) for h, name, v in zip(heats, names, sums, strict=True)]
    chips = dict(zip(("integral_before", "integral_naive", "integral_corrected"), sums, strict=True))
    chips |= {"det": by.det}
    below = (
        f"<div style='display:flex;flex-wrap:wrap;gap:6px 26px'>{area(by, lang)}{words(by, sums, lang)}</div>"
    )
    yield plates.plate(plates.beside(*row)), below, chips
    hills = [hill(m, k, most) for k, m in enumerate(values(p, plane, HILLS) for p in found)]
    yield plates.plate(plates.beside(*row), plates.beside(*hills)), below, chips


def affine(
    shift1: float, wide: float, shift2: float, high: float, shear: float, flip1: bool, flip2: bool
) -> Affine:
    """z1 = +-((x1 - shift1) / wide + shear z2), z2 = +-(x2 - shift2) / high."""
    from genmodels.flow.change import Affine

    a, b = (-1 if flip1 else 1), (-1 if flip2 else 1)
    matrix = ((a / wide, a * shear / high), (0.0, b / high))
    return Affine(matrix, (-a * (shift1 / wide + shear * shift2 / high), -b * shift2 / high))


def mapped(by: Affine, x: np.ndarray) -> np.ndarray:
    import torch

    return by.forward(torch.from_numpy(x))[0].numpy()


def values(log_prob: object, plane: Plane, n: int) -> np.ndarray:
    import torch

    return log_prob(torch.from_numpy(plane.grid(n))).exp().reshape(n, n).numpy()  # type: ignore[operator]


def integral(log_prob: object, plane: Plane) -> float:
    """Adding up FINE by FINE places of a box that holds it."""
    return float(values(log_prob, plane, FINE).mean()) * plane.width**2


def panel(p: np.ndarray, plane: Plane, k: int, by: Affine, most: float) -> Panel:
    """The map with the rectangle's grid on it, and the unit square's rim."""
    drawn = Panel(plane, SIDE).heat(p, NOISE if k else DATA, most, 0.5)
    lines = [mapped(by, part) if k else part for part in lattice(LOW, HIGH, 7, 2)]
    drawn.mesh(lines, cover=0.35).mesh([SQUARE[[0, 1, 2, 3, 0]]], (255, 255, 255), 1.4, 0.75)
    return drawn.axes(22, ("x₁", "x₂") if not k else ("z₁", "z₂"))  # type: ignore[return-value]


def hill(p: np.ndarray, k: int, most: float) -> Image.Image:
    from demos.kit.panels import block

    return block(surface(p, NOISE if k else DATA, most, SIDE))


def captions(lang: str) -> tuple[str, str, str]:
    return (
        say(lang, "before", "antes"),
        say(lang, "after, naive", "después, ingenua"),
        say(lang, "after, corrected", "después, corregida"),
    )


def area(by: Affine, lang: str) -> str:
    """The unit square and the parallelogram that the matrix makes of it, with its signed area."""
    (a, b), (c, d) = by.matrix
    image = [(0.0, 0.0), (a, c), (a + b, c + d), (b, d), (0.0, 0.0)]
    x, y = zip(*image, strict=True)
    every = [*x, *y, 0.0, 1.0]
    low, high = min(every) - 0.25, max(every) + 0.25
    axes = plots.Axes((low, high), (low, high), width=300, height=296, left=14, bottom=36)
    kind = "mark" if by.det > 0 else "warm"
    marks = [filled([0, 1, 1, 0], [0, 0, 1, 1], "soft"), filled(x, y, kind), plots.line(x, y, kind)]
    det = plots.number(round(by.det, 3), lang)
    title = say(
        lang, f"a unit square becomes this: area {det}", f"un cuadrado de lado 1 se vuelve esto: área {det}"
    )
    drawn = plots.plot(axes, *marks, title=title, across=" ", lang=lang)
    return f"<div style='flex:0 1 300px'>{drawn}</div>"


def filled(x: object, y: object, kind: str) -> plots.Mark:
    return lambda axes: f"<polygon class='fill {kind}' points='{axes.path(x, y)}'/>"  # type: ignore[arg-type]


def words(by: Affine, sums: list[float], lang: str) -> str:
    n = [plots.number(round(v, 3), lang) for v in (abs(by.det), *sums, 6 * abs(by.det))]
    en = (
        f"The rectangle has area 6, its image {n[4]}. Without correction the integral is {n[2]}, not 1, "
        f"as |det J| says; dividing by |det J| = {n[0]} gives {n[3]} back."
    )
    es = (
        f"El rectángulo tiene área 6; su imagen, {n[4]}. Sin corregir, la integral da {n[2]} y no 1, como "
        f"dice |det J|; al dividir por |det J| = {n[0]} vuelve a dar {n[3]}."
    )
    if by.det < 0:
        en += " The determinant is negative: the map turns the plane over. Areas don't: hence the bars."
        es += " El determinante es negativo: el mapa da vuelta el plano. Las áreas no: por eso las barras."
    return f"<p style='flex:1 1 320px;font-size:17px'>{say(lang, en, es)}</p>"


def toy_code(
    shift1: float, wide: float, shift2: float, high: float, shear: float, flip1: bool, flip2: bool
) -> str:
    by = affine(shift1, wide, shift2, high, shear, flip1, flip2)
    return f"""import torch
from genmodels.flow.change import Affine, pushed, toy, uncorrected

by = Affine({by.matrix}, {by.shift})
side = torch.linspace(-12, 12, 1200, dtype=torch.float64)
z = torch.cartesian_prod(side, side)
for density in (uncorrected(toy, by), pushed(toy, by)):
    print(by.det, density(z).exp().sum() * (24 / 1199) ** 2)  # the determinant, and the integral
"""


def layout(tab: kit.Tab) -> None:
    with tab.view("toy", "Rectangle to square", "De rectángulo a cuadrado") as view:
        with view.controls():
            kit.html(
                "<p style='margin:0;font-size:17px'>z₁ = (x₁ − a₁) / b₁ + c z₂,<br>z₂ = (x₂ − a₂) / b₂</p>"
            )
            knobs = [
                kit.slider(0, 4, 1, t("Shift a₁", "Desplazamiento a₁"), step=0.25),
                kit.slider(0.5, 6, 3, t("Divide by b₁", "Dividir por b₁"), step=0.25),
                kit.slider(0, 4, 0, t("Shift a₂", "Desplazamiento a₂"), step=0.25),
                kit.slider(0.5, 6, 2, t("Divide by b₂", "Dividir por b₂"), step=0.25),
                kit.slider(-1.5, 1.5, 0, t("Shear c", "Cizalla c"), step=0.1),
                kit.check(t("Mirror z₁", "Reflejar z₁")),
                kit.check(t("Mirror z₂", "Reflejar z₂")),
            ]
        with view.result():
            page, below = plates.view(), kit.html()
        view.run(toy, knobs, [page, below], ("Push it", "Transformar"), toy_code)
        view.on([*(k.release for k in knobs[:5]), *(k.input for k in knobs[5:])], toy)
