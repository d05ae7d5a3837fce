"""Pictures with words above and numbers below, and rows of them under one name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from demos.kit import plates

if TYPE_CHECKING:
    from torch import Tensor

TYPE, LINE = 25, 36  # of words, and pixels of a line of them


def cell(x: Tensor | None, above: str, below: str, side: int) -> Image.Image:
    """One picture (1, C, H, W), or the room for it."""
    lines = bool(above), bool(below)
    page = Image.new("RGBA", (side, side + LINE * sum(lines)))
    pen = ImageDraw.Draw(page)
    if x is not None:
        page.paste(plates.tiles(x[:1], side)[0], (0, LINE * lines[0]))
    for words, y in ((above, 0), (below, side + LINE * lines[0] + 2)):
        pen.text((1, y), words, (*plates.CAPTION, 255), plates.fit(words or " ", side - 8, TYPE))
    return page


def row(cells: Sequence[Image.Image], name: str = "", type: int = 29) -> Image.Image:
    """Cells beside each other, under a name."""
    wide = sum(c.width for c in cells) + plates.GAP * (len(cells) - 1)
    head = round(1.5 * type) if name else 0
    page, x = Image.new("RGBA", (wide, head + max(c.height for c in cells))), 0
    if name:
        ImageDraw.Draw(page).text((1, 0), name, (*plates.CAPTION, 255), plates.fit(name, wide, type))
    for made in cells:
        page.paste(made, (x, head))
        x += made.width + plates.GAP
    return page


def rows(*made: Image.Image) -> Image.Image:
    """One below the other, close together."""
    page, y = Image.new("RGBA", (max(m.width for m in made), sum(m.height for m in made) + 8 * len(made))), 0
    for m in made:
        page.paste(m, (0, y))
        y += m.height + 8
    return page
