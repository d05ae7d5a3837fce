"""Plates: captioned blocks of pictures on a transparent ground, fit for a light page, a dark one and a slide.

    plate(beside(block("painted", x), block("reconstructed", y)), block("over alpha", strip, columns=7))

A plate is one picture, so that what gets downloaded says what it shows. Tiles are enlarged smoothly: a face
of 64 pixels reads better than its squares do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw, ImageFont

from demos.kit.images import to_array
from demos.kit.inputs import picture
from demos.kit.plane import font

if TYPE_CHECKING:
    from torch import Tensor

CAPTION = (134, 128, 119)  # reads on paper and on the dark page alike
GAP, AIR = 4, 20  # pixels between tiles, and between blocks


def tiles(x: Tensor, side: int) -> list[Image.Image]:
    """(B, C, H, W) in [-1, 1] -> pictures `side` pixels wide with round corners."""
    found = []
    for pixels in to_array(x):
        size = (side, round(side * pixels.shape[0] / pixels.shape[1]))
        tile = Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS).convert("RGBA")
        tile.putalpha(corners(size))
        found.append(tile)
    return found


def corners(size: tuple[int, int]) -> Image.Image:
    """A mask with round corners, drawn three times larger."""
    large = Image.new("L", (3 * size[0], 3 * size[1]))
    radius = max(3, size[0] // 9)
    ImageDraw.Draw(large).rounded_rectangle((0, 0, large.width - 1, large.height - 1), radius, fill=255)
    return large.resize(size, Image.Resampling.BOX)


def block(
    caption: str, x: Tensor, *, columns: int = 0, tile: int = 160, places: int = 0, type: int = 0
) -> Image.Image:
    """Tiles in rows under a caption. With `places`, room for so many: a growing grid keeps its size."""
    found = tiles(x, tile)
    n = max(places, len(found))
    columns = columns or max(1, round(n**0.5))
    height = found[0].height if found else tile
    rows, width = -(-n // columns), columns * (tile + GAP) - GAP
    type = type or largest(width)
    line = round(1.4 * type) if caption else 0
    sheet = Image.new("RGBA", (width, rows * (height + GAP) - GAP + line))
    if caption:
        ImageDraw.Draw(sheet).text((1, 0), caption, (*CAPTION, 255), fit(caption, width, type))
    for k, made in enumerate(found):
        sheet.paste(made, (k % columns * (tile + GAP), line + k // columns * (height + GAP)))
    return sheet


def largest(width: int) -> int:
    """Type for a block so wide: still read when a phone shrinks the plate."""
    return min(40, max(27, width // 16))


def fit(caption: str, width: int, size: int) -> ImageFont.FreeTypeFont:
    """Type of this size, or the largest in which the caption is no wider than its block."""
    while size > 12 and font(size).getlength(caption) > width:
        size -= 1
    return font(size)


def beside(*blocks: Image.Image) -> Image.Image:
    width = sum(b.width for b in blocks) + AIR * (len(blocks) - 1)
    sheet, x = Image.new("RGBA", (width, max(b.height for b in blocks))), 0
    for b in blocks:
        sheet.paste(b, (x, 0))
        x += b.width + AIR
    return sheet


def view() -> Any:
    """Where a page shows a plate: as wide as there is room, its tools out of the way until wanted."""
    return picture(height=None, elem_classes="plate")


def plate(*rows: Image.Image) -> Image.Image:
    """Blocks one above the other."""
    height = sum(r.height for r in rows) + AIR * (len(rows) - 1)
    sheet, y = Image.new("RGBA", (max(r.width for r in rows), height)), 0
    for r in rows:
        sheet.paste(r, (0, y))
        y += r.height + AIR
    return sheet


def difference(x: Tensor, y: Tensor) -> Tensor:
    """How far apart two images are, as one: grey where they agree."""
    return (y - x).clamp(-1, 1)
