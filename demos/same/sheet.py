"""A sheet of rows: a name and a line of facts on the left, pictures on the right, filled in as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from demos.kit import plates, plots, say

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.families import Entry

NAMES, TYPE, SMALL = 300, 30, 25  # pixels for the names on the left; of their type, and of the facts'
WIDE, TILE = 900, 104  # of a sheet, about, and of a tile at most

SPANISH = {  # of titles that aren't a model's name alone
    "Real faces": "Caras reales", "Real faces, 32 px": "Caras reales, 32 px",
    "Real garments": "Prendas reales", "Real garments, 16 px, 4 greys": "Prendas reales, 16 px, 4 grises",
    "VAE, mixture": "VAE, mezcla", "VQ-VAE + prior": "VQ-VAE + prior",
    "DCGAN, repeated pixels": "DCGAN, píxeles repetidos", "WGAN, clipped": "WGAN, recortada",
    "PixelCNN, mixture": "PixelCNN, mezcla",
}  # fmt: skip
WORDS = ((" steps", " pasos"), (" jumps", " saltos"), (" jump", " salto"))


def title(entry: Entry, lang: str) -> str:
    """The name of a model in the visitor's language."""
    if lang != "es":
        return entry.title
    found = SPANISH.get(entry.title, entry.title)
    for en, es in WORDS:
        found = found.replace(en, es)
    return found


def seconds(value: float, lang: str) -> str:
    return plots.number(value, lang, 2) + " s"


def passes(entry: Entry, lang: str) -> str:
    n = entry.passes
    return say(lang, f"{n} pass{'es' * (n != 1)}", f"{n} pasada{'s' * (n != 1)}") if n else ""


class Sheet:
    """The page as it fills. Rows are numbered; what was painted stays."""

    def __init__(self, count: int, columns: int):
        self.columns = columns
        self.tile = min(TILE, (WIDE - NAMES) // columns - plates.GAP)
        self.high = max(self.tile, round(1.3 * (TYPE + SMALL))) + plates.GAP
        wide = NAMES + columns * (self.tile + plates.GAP) - plates.GAP
        self.page = Image.new("RGBA", (wide, count * self.high - plates.GAP))

    def name(self, row: int, words: str, facts: str = "") -> None:
        y = row * self.high
        self.page.paste((0, 0, 0, 0), (0, y, NAMES, y + self.high - plates.GAP))
        pen = ImageDraw.Draw(self.page)
        pen.text((1, y + 2), words, (*plates.CAPTION, 255), plates.fit(words, NAMES - 12, TYPE))
        if facts:
            at = (1, y + round(1.35 * TYPE))
            pen.text(at, facts, (*plates.CAPTION, 255), plates.fit(facts, NAMES - 12, SMALL))

    def pictures(self, row: int, x: Tensor) -> None:
        for k, made in enumerate(plates.tiles(x, self.tile)):
            self.page.paste(made, (NAMES + k * (self.tile + plates.GAP), row * self.high))

    def copy(self) -> Image.Image:
        return self.page.copy()
