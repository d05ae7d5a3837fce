"""A board to paint a density on: `kit.masks` with words of its own, and a letter to start with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from demos.kit.inputs import refuse
from demos.kit.lang import Pair, both
from demos.kit.masks import SCRIPT, Mask

if TYPE_CHECKING:
    from genmodels.data.points import Density

DRAWN = "drawn"  # the density that the board holds
SIDE = 24  # cells along a side
INK = (31, 133, 132)  # painted cells
TOOLS: tuple[tuple[str, Pair], ...] = (
    ("keep", ("Paint", "Pintar")),
    ("free", ("Erase", "Borrar")),
    ("none", ("Clear", "Vaciar")),
)
BLANK: Pair = ("Draw something on the board first.", "Primero dibuja algo en la pizarra.")


def board(
    start: np.ndarray,
    words: Pair = ("Paint where the density is to be", "Pinta dónde ha de estar la densidad"),
) -> Mask:
    """SIDE by SIDE cells; a function gets (picture, cells)."""
    tools = "".join(f"<button type='button' data-do='{do}'>{both(*pair)}</button>" for do, pair in TOOLS)
    tips = "".join(
        f"<button type='button' data-tip='{n}' aria-label='{n} × {n}'>"
        f"<i style='--tip:{4 + 3 * n}px'></i></button>"
        for n in (1, 2, 4)
    )
    head = f"<p class='mask-label'>{both(*words)}</p><div class='mask-tools'>{tools}<span>{tips}</span></div>"
    return Mask(
        (Image.new("RGBA", (8, 8), (*INK, 255)), start),
        rows=SIDE,
        columns=SIDE,
        brush=2,
        html_template=f"{head}<canvas tabindex='0' role='img' aria-label='{words[0]}'></canvas>",
        js_on_load=SCRIPT.read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_classes="mask-input",
    )


def letter() -> np.ndarray:
    """An R, which no turn and no mirror leaves as it is."""
    cells = np.zeros((SIDE, SIDE), bool)
    cells[4:20, 7:10] = cells[4:7, 7:16] = cells[10:13, 7:16] = cells[5:12, 14:17] = True
    for k in range(8):
        cells[12 + k, 10 + k : 13 + k] = True
    return cells


def truth_of(density: str, drawing: Any) -> Density:
    """A density by its name, or the one that is painted."""
    from genmodels.data import points

    if density != DRAWN:
        return points.density(density)
    if not drawing[1].any():
        raise refuse(*BLANK)
    return points.drawn(drawing[1].astype(np.float64))


def truth_code(density: str, drawing: Any) -> str:
    """The lines that make it, as `truth`."""
    if density != DRAWN:
        return f'truth = points.density("{density}")\n'
    packed = np.packbits(drawing[1]).tobytes().hex()
    half = len(packed) // 2
    return (
        f'drawn = "{packed[:half]}"\ndrawn += "{packed[half:]}"\n'
        "cells = np.unpackbits(np.frombuffer(bytes.fromhex(drawn), np.uint8))\n"
        f"truth = points.drawn(cells.reshape({SIDE}, {SIDE}))\n"
    )
