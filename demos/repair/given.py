"""Which part of a picture is given: in the order of a choice, or as it is painted on a board."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from demos.kit import reals
from demos.kit.pixels import kept_cells

MIDDLE = "[5 * n // 16 : 12 * n // 16, n // 4 : 3 * n // 4]"


def cells_of(keep: str, board: tuple | None) -> np.ndarray:
    """(16, 16) bool: what is kept. A board on which nothing is painted, or everything, keeps the top."""
    if keep == "middle":
        return ~kept_cells("frame")
    cells = kept_cells(keep, board)
    return cells if 0 < cells.sum() < cells.size else kept_cells("top")


def under(checkpoint: str, drawing: Image.Image | None, board: tuple | None, number: int, keep: str) -> Any:
    """What the board shows: the picture, under the cells that are kept."""
    try:
        return reals.page_of(checkpoint, drawing, number), cells_of(keep, board)
    except gr.Error:  # hardly anything is drawn yet
        return gr.skip()


def preset(*values: Any) -> Any:
    """The same when another way of keeping is chosen; what is being painted stays as it is."""
    return gr.skip() if values[-1] == "painted" else under(*values)
