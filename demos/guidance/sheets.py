"""Sheets of pictures with names above the columns and a verdict under each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from demos.guidance import reading
from demos.kit import pixels, plates, readers
from demos.kit.denoisers import CLASSES, kind_of
from demos.kit.plane import font

if TYPE_CHECKING:
    from torch import Tensor

    from demos.kit.readers import Reading

WIDE = 960  # pixels of a sheet
LARGE = 240  # pixels of a tile, at most
SQUARES = 24  # pixels a side of a sprite: enlarged in squares
COLOURS = {True: (38, 142, 138), False: (214, 84, 54), None: plates.CAPTION}  # obeys, doesn't, wasn't asked
Foot = tuple[str, bool | None]


def side_of(columns: int) -> int:
    return min(LARGE, (WIDE + plates.GAP) // columns - plates.GAP)


def tiles(x: Tensor, side: int) -> list[Image.Image]:
    """Smooth, but sprites in squares of whole pixels."""
    found = []
    for made in x:
        if made.isnan().any():  # not begun
            found.append(Image.new("RGBA", (side, side), (*plates.CAPTION, 24)))
            continue
        if x.shape[-1] != SQUARES:
            found += plates.tiles(made[None], side)
            continue
        small = pixels.sheet(made.expand(3, -1, -1)[None], width=side)
        tile = Image.new("RGBA", (side, side))
        tile.paste(small, ((side - small.width) // 2,) * 2)
        found.append(tile)
    return found


def sheet(
    x: Tensor,
    columns: int,
    *,
    caption: str = "",
    heads: Sequence[str] = (),
    feet: Sequence[Foot] = (),
    lines: int = 0,
) -> Image.Image:
    """Rows of tiles. `feet`: words under each, for which there is room of so many `lines`."""
    side, found = side_of(columns), tiles(x, side_of(columns))
    across, size = side + plates.GAP, max(16, min(26, side // 6))
    line = round(1.45 * size)
    foot, width = lines * line, columns * across - plates.GAP
    top = (round(1.4 * plates.largest(width)) if caption else 0) + (line if heads else 0)
    page = Image.new("RGBA", (width, top + -(-len(found) // columns) * (across + foot)))
    pen = ImageDraw.Draw(page)
    if caption:
        large = plates.fit(caption, width, plates.largest(width))
        pen.text((1, 0), caption, (*plates.CAPTION, 255), large)
    names = min((plates.fit(head, side - 6, size + 2).size for head in heads), default=size)
    for k, head in enumerate(heads):
        pen.text((k * across + 3, top - line), head, (*plates.CAPTION, 255), font(names))
    rows = [row for words, _ in feet for row in words.split("\n")]
    under = min((plates.fit(row, side - 4, size).size for row in rows), default=size)
    for k, tile in enumerate(found):
        left, down = k % columns * across, top + k // columns * (across + foot)
        page.paste(tile, (left, down))
        if feet:
            words, obeys = feet[k]
            pen.text((left + 2, down + side + 2), words, (*COLOURS[obeys], 255), font(under), spacing=2)
    return page


def lines_of(checkpoint: str) -> int:
    """Lines of a verdict under a picture of these data; none where nobody gives one."""
    if kind_of(checkpoint) not in readers.READERS:
        return 0
    return 1 + any(", " in word for pair in CLASSES[kind_of(checkpoint)] for word in pair)


def feet(checkpoint: str, told: Sequence[int], found: Reading, lang: str, brief: bool = False) -> list[Foot]:
    """A verdict under each, if there is somebody to give it."""
    read = found.found() or [None] * len(told)
    return [
        ("", None) if b is None else reading.verdict(checkpoint, a, b, lang, brief)
        for a, b in zip(told, read, strict=True)
    ]
