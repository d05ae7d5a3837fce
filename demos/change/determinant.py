"""A matrix and what it does to areas: the determinant as a signed area, down to nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from demos import kit
from demos.change.ground import window
from demos.kit import plates, plots, say
from demos.kit.panels import BLUE, ORANGE, Panel, lattice, signed
from demos.kit.plane import GROUND

SIDE = 560
LETTER = np.array(  # an F: its mirror image is seen at once
    [(0.3, 0.12), (0.3, 0.88), (0.75, 0.88), (0.75, 0.74), (0.44, 0.74), (0.44, 0.58), (0.65, 0.58),
     (0.65, 0.44), (0.44, 0.44), (0.44, 0.12)]
)  # fmt: skip
SQUARE = np.array([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)])
TINY = 1e-9


def determinant(a: float, b: float, c: float, d: float, lang: str) -> Iterator[tuple]:
    """The plane under the matrix (a b; c d): its grid, a letter, the unit square and its signed area."""
    matrix = np.array([[a, b], [c, d]])
    det = a * d - b * c
    before, after = drawn(np.eye(2), 1.0), drawn(matrix, det)
    row = [
        before.block(say(lang, "before: area 1", "antes: área 1")),
        after.block(say(lang, f"after: area {number(det, lang)}", f"después: área {number(det, lang)}")),
    ]
    stretch = np.linalg.svd(matrix, compute_uv=False)
    yield plates.plate(plates.beside(*row)), told(a, b, c, d, det, stretch, lang), {"det": det}


def number(value: float, lang: str) -> str:
    return plots.number(round(value, 3) + 0.0, lang)


def drawn(matrix: np.ndarray, det: float) -> Panel:
    panel = Panel(window(2.6), SIDE)
    panel.mesh([part @ matrix.T for part in lattice(np.full(2, -8.0), np.full(2, 8.0), 17, 2)], cover=0.3)
    tone = signed(np.array([0.55 if det > 0 else -0.55]), 1.0)
    panel.cells((SQUARE @ matrix.T)[None], tone, (255, 255, 255))
    panel.cells((LETTER @ matrix.T)[None], np.array([(244, 241, 234)]), GROUND)
    panel.arrows(np.zeros((1, 2)), matrix[:, 0][None], ORANGE, 2.6, 1.0)
    panel.arrows(np.zeros((1, 2)), matrix[:, 1][None], BLUE, 2.6, 1.0)
    return panel.axes(22, ("", ""))  # type: ignore[return-value]


def told(a: float, b: float, c: float, d: float, det: float, stretch: np.ndarray, lang: str) -> str:
    """The sum, and what its sign and its size mean."""
    area, most, least = (number(v, lang) for v in (det, *stretch))
    line = f"<p style='font-size:20px;margin:8px 0'>{product(a, b, c, d, lang)} = <b>{area}</b></p>"
    if abs(det) < TINY:
        en = "The square has become a line: many points land on one, and no density on the plane is left."
        es = "El cuadrado se volvió un segmento: muchos puntos caen en uno; no queda densidad en el plano."
    elif det > 0:
        en = f"Areas grow {area} times, so densities fall {area} times. The letter can still be read."
        es = f"Las áreas crecen {area} veces, así que las densidades caen {area} veces. La letra se lee."
    else:
        size = number(-det, lang)
        en = f"The letter is mirrored: the sign. Areas grow {size} times, densities fall {size} times."
        es = f"La letra quedó en espejo: el signo. Las áreas crecen {size} veces; las densidades caen igual."
    how = say(
        lang,
        f"Along its own axes the matrix stretches by {most} and by {least}; their product is |det J|.",
        f"A lo largo de sus propios ejes la matriz estira {most} y {least}; su producto es |det J|.",
    )
    return f"{line}<p style='margin:0 0 4px'>{say(lang, en, es)}</p><p style='margin:0'>{how}</p>"


def product(a: float, b: float, c: float, d: float, lang: str) -> str:
    """det J = ad − bc = 1 · 2 − 3 · (−4)"""
    words = [f"({w})" if w.startswith("−") else w for w in (number(v, lang) for v in (a, d, b, c))]
    return "det J = ad − bc = {} · {} − {} · {}".format(*words)


def determinant_code(a: float, b: float, c: float, d: float) -> str:
    return f"""import torch
from genmodels.flow.change import Affine, jacobian

by = Affine((({a}, {b}), ({c}, {d})))
x = torch.randn(5, 2, dtype=torch.float64)
print(by.det, jacobian(by, x).det(), by.forward(x)[1].exp())  # ad - bc, autograd's, |det J|
"""


def layout(tab: kit.Tab) -> None:
    with tab.view("determinant", "Determinant", "Determinante") as view:
        with view.controls():
            kit.html("<p style='margin:0;font-size:17px'>J = (a b; c d), &ensp; (z₁, z₂) = J (x₁, x₂)</p>")
            start = (("a", 1.5), ("b", 0.5), ("c", -0.25), ("d", 1.0))
            knobs = [kit.slider(-2, 2, value, name, step=0.05) for name, value in start]
        with view.result():
            page, below = plates.view(), kit.html()
        view.run(determinant, knobs, [page, below], ("Show", "Mostrar"), determinant_code)
        view.on([k.release for k in knobs], determinant)
