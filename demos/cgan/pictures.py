"""Sheets of labelled pictures: a verdict under each, or a name above each column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from demos.cgan import labels, models
from demos.cgan.labels import FACES, Label
from demos.kit import plates
from demos.kit.plane import font

if TYPE_CHECKING:
    from torch import Tensor

Colour = tuple[int, int, int]
WIDE = 960  # pixels of a sheet
TEAL, ALARM = (38, 142, 138), (214, 84, 54)  # as asked, and not: both read on paper and on the dark page


def side_of(columns: int) -> int:
    return min(256, (WIDE + plates.GAP) // columns - plates.GAP)


def captioned(
    x: Tensor, words: list[str], colours: list[Colour], columns: int, places: int = 0
) -> Image.Image:
    """Tiles with lines under each. With `places`, room for so many: a growing sheet keeps its size."""
    side, found = side_of(columns), plates.tiles(x, side_of(columns))
    lines = [line for text in words for line in text.split("\n")]
    size = min(plates.fit(line, side - 4, max(13, min(25, side // 6))).size for line in lines)
    high = round(1.4 * size) * max(text.count("\n") + 1 for text in words)
    across, down = side + plates.GAP, side + high + 2 * plates.GAP
    rows = -(-max(places, len(found)) // columns)
    sheet = Image.new("RGBA", (columns * across - plates.GAP, rows * down))
    draw = ImageDraw.Draw(sheet)
    for k, (tile, text, colour) in enumerate(zip(found, words, colours, strict=True)):
        left, top = k % columns * across, k // columns * down
        sheet.paste(tile, (left, top))
        draw.text((left + 2, top + side + 2), text, (*colour, 255), font(size), spacing=size // 2)
    return sheet


def judged(
    checkpoint: str,
    x: Tensor,
    asked: list[Label],
    found: list[Label],
    columns: int,
    lang: str,
    places: int = 0,
) -> Image.Image:
    """Pictures with the reader's verdict under each: what was asked, and what is read where that differs."""
    words, colours = [], []
    for wanted, got in zip(asked, found, strict=True):
        told = f"✓ {labels.words(checkpoint, wanted, lang)}"
        words.append(told if wanted == got else labels.differing(checkpoint, wanted, got, lang))
        colours.append(TEAL if wanted == got else ALARM)
    return captioned(models.seen(checkpoint, x), words, colours, columns, places)


def headed(x: Tensor, heads: list[str], caption: str = "") -> Image.Image:
    """Rows of tiles, as many across as there are names; the names stand above."""
    side = side_of(len(heads))
    body = plates.block(caption, x, columns=len(heads), tile=side)
    size = min(plates.fit(head, side - 6, 27).size for head in heads)
    line, top = round(1.5 * size), body.height - plates.block("", x, columns=len(heads), tile=side).height
    sheet = Image.new("RGBA", (body.width, body.height + line))
    sheet.paste(body.crop((0, 0, body.width, top)), (0, 0))
    sheet.paste(body.crop((0, top, body.width, body.height)), (0, top + line))
    draw = ImageDraw.Draw(sheet)
    for k, head in enumerate(heads):
        draw.text((k * (side + plates.GAP) + 3, top), head, (*plates.CAPTION, 255), font(size))
    return sheet


def under(words: str, body: Image.Image) -> Image.Image:
    """The same sheet under a caption."""
    size = plates.largest(body.width)
    sheet = Image.new("RGBA", (body.width, body.height + round(1.4 * size)))
    ImageDraw.Draw(sheet).text((1, 0), words, (*plates.CAPTION, 255), plates.fit(words, body.width, size))
    sheet.paste(body, (0, round(1.4 * size)))
    return sheet


def columns_of(checkpoint: str) -> int:
    """How many labels stand beside each other: a phone is narrow."""
    return 6 if checkpoint == FACES else 5
