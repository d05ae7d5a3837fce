"""Pixel art in a palette: the colours first, then each pixel points at one of them.

One module per view; each has its function, the lines of Python that do the same, and its layout. `art` and
`colours` are what they share: sprites as pictures and files, and where a palette comes from.
"""

from demos import kit
from demos.palette import against, complete, draw, nearest, swap
from genmodels.autoregressive.checkpoints import PALETTE

TITLE = ("Pixel art in a palette", "Pixel art con paleta")
CARD = (
    "First a palette, then each pixel points at one of its colours. Choose the colours, complete a sprite.",
    "Primero una paleta y luego cada píxel señala uno de sus colores. Elige los colores, completa un sprite.",
)
MEASURE = ("palette-sprites", "bits_per_pixel_mean")


def build() -> kit.Tab:
    with kit.Tab(__name__, PALETTE) as tab:
        drawn, board = draw.layout(tab), complete.layout(tab)
        complete.receive(**drawn, **board)
        for view in (swap, against, nearest):
            view.layout(tab)
    return tab
