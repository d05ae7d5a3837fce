"""The board where a visitor draws the density: `kit.masks` with words of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from demos.kit.lang import Pair, both
from demos.kit.masks import SCRIPT, Mask

SIDE = 24
INK = (31, 133, 132)  # painted cells
TOOLS: tuple[tuple[str, Pair], ...] = (
    ("keep", ("Paint", "Pintar")),
    ("free", ("Erase", "Borrar")),
    ("none", ("Clear", "Vaciar")),
)


def start() -> np.ndarray:
    """What the board holds before anybody draws: a letter L and a dot."""
    cells = np.zeros((SIDE, SIDE), bool)
    cells[4:19, 5:8] = cells[16:19, 5:15] = cells[4:8, 15:19] = True
    return cells


def cells(drawing: Any) -> np.ndarray:
    """Of what a function gets from the board: (SIDE, SIDE) bool."""
    return drawing[1]


def board() -> Mask:
    tools = "".join(
        f"<button type='button' data-do='{name}'>{both(*words)}</button>" for name, words in TOOLS
    )
    tips = "".join(
        f"<button type='button' data-tip='{n}' aria-label='{n} × {n}'>"
        f"<i style='--tip:{4 + 3 * n}px'></i></button>"
        for n in (1, 2, 4)
    )
    label = both("Paint where real points are to lie", "Pinta dónde estarán los puntos reales")
    page = f"<p class='mask-label'>{label}</p><div class='mask-tools'>{tools}<span>{tips}</span></div>"
    return Mask(
        (Image.new("RGBA", (8, 8), (*INK, 255)), start()),
        rows=SIDE,
        columns=SIDE,
        brush=2,
        html_template=f"{page}<canvas tabindex='0' role='img' aria-label='board'></canvas>",
        js_on_load=SCRIPT.read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_classes="mask-input",
    )
