"""Panels: pieces of the plane as maps of a density, meshes, little cells, arrows, hills.

    plates.beside(Panel(plane).heat(p, DATA).block("before"), Panel(plane).mesh(grid).block("after"))

Colours mean the same in every tab that shows maps of the plane: DATA is orange, NOISE blue, TRUTH grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from PIL import Image, ImageDraw

from demos.kit.plane import GROUND, Plane, Plot
from demos.kit.plates import CAPTION, fit

Colour = tuple[int, int, int]
Ramp = tuple[Colour, ...]  # from nothing to most

ORANGE, BLUE, GREY = (255, 170, 92), (110, 190, 255), (190, 196, 200)
DATA: Ramp = (GROUND, (92, 42, 22), (214, 108, 44), (255, 188, 104), (255, 246, 222))
NOISE: Ramp = (GROUND, (20, 52, 92), (42, 122, 200), (130, 200, 255), (238, 249, 255))
TRUTH: Ramp = (GROUND, (58, 62, 66), (122, 127, 131), (188, 192, 194), (250, 249, 245))
SIGNED: Ramp = ((255, 150, 96), (150, 66, 36), GROUND, (18, 98, 100), (120, 220, 214))  # less, equal, more
SIDE, AIR, ROUND = 460, 8, 16  # pixels of a panel, under its caption, of its corners
TYPE = 32


def ramp(share: np.ndarray, colours: Ramp) -> np.ndarray:
    """(...) in [0, 1] -> (..., 3) bytes."""
    places = np.linspace(0, 1, len(colours))
    mixed = [np.interp(share, places, [c[k] for c in colours]) for k in range(3)]
    return np.stack(mixed, -1).round().astype(np.uint8)


def signed(values: np.ndarray, span: float) -> np.ndarray:
    """(...) -> (..., 3) bytes: warm below 0, petrol above, the ground at 0; full at +-span."""
    return ramp((np.asarray(values) / span).clip(-1, 1) / 2 + 0.5, SIGNED)


class Panel(Plot):
    """A picture of the plane that can be a block of a plate."""

    def __init__(self, plane: Plane, side: int = SIDE):
        super().__init__(plane, side)

    def heat(self, values: np.ndarray, colours: Ramp, most: float, gamma: float = 1.0) -> Self:
        """(n, n), the top row first, as `plane.grid(n)` gives them. A `gamma` below 1 lifts what is faint."""
        return self.paint(ramp((np.nan_to_num(values) / most).clip(0, 1) ** gamma, colours))

    def paint(self, pixels: np.ndarray) -> Self:
        """(n, n, 3) bytes as the ground."""
        way = Image.Resampling.BILINEAR
        self.image = Image.fromarray(pixels).resize((self.side, self.side), way)
        return self

    def mesh(
        self, lines: Sequence[np.ndarray], colour: Colour = GREY, width: float = 1.0, cover: float = 0.6
    ) -> Self:
        """Lines through (n, 2) codes each, all on one mask; half seen with `cover` 0.5."""
        mask = Image.new("L", (2 * self.side,) * 2)
        pen = ImageDraw.Draw(mask)
        for codes in lines:
            at = (2 * self.plane.pixel(codes, self.side)).clip(-9999, 9999)
            pen.line([tuple(p) for p in at[np.isfinite(at).all(-1)]], 255, max(1, round(2 * width)), "curve")
        self.image.paste(colour, mask=mask.reduce(2).point(lambda v: round(cover * v)))
        return self

    def cells(
        self, corners: np.ndarray, colours: np.ndarray, rim: Colour = GROUND, cover: float = 1.0
    ) -> Self:
        """(N, m, 2) polygons in (N, 3) colours, one over the other."""
        large, alpha = self.image.resize((2 * self.side,) * 2), round(255 * cover)
        pen = ImageDraw.Draw(large, "RGBA")
        at = (2 * self.plane.pixel(corners, self.side)).clip(-9999, 9999)
        for polygon, colour in zip(at, np.asarray(colours).tolist(), strict=True):
            pen.polygon([tuple(p) for p in polygon], (*colour, alpha), (*rim, alpha))
        self.image = large.reduce(2)
        return self

    def arrows(
        self, at: np.ndarray, move: np.ndarray, colour: Colour = GREY, width: float = 1.2, cover: float = 0.8
    ) -> Self:
        """From (N, 2) codes by (N, 2), each with a head."""
        tip = at + move
        long = np.hypot(*move.T)
        unit = move / np.maximum(long, 1e-9)[:, None]
        side = np.stack([-unit[:, 1], unit[:, 0]], -1)
        back = np.minimum(0.35 * long, 0.018 * self.plane.width)[:, None]
        lines = [np.stack(pair) for pair in zip(at, tip, strict=True)]
        heads = zip(tip - back * (unit + 0.6 * side), tip, tip - back * (unit - 0.6 * side), strict=True)
        return self.mesh([*lines, *(np.stack(h) for h in heads)], colour, width, cover)

    def cloud(self, codes: np.ndarray, colour: Colour, radius: float = 1.9, cover: float = 1.0) -> Self:
        """Many points of one colour."""
        codes = codes[np.isfinite(codes).all(1)]
        return self.points(codes, np.tile(np.array(colour, float), (len(codes), 1)), radius, cover)

    def block(self, caption: str = "", note: str = "", type: int = TYPE) -> Image.Image:
        """The panel with round corners, under its caption; a note goes to the caption's right."""
        return block(self.image, caption, note, type)


def block(image: Image.Image, caption: str = "", note: str = "", type: int = TYPE) -> Image.Image:
    """As a panel's, for any picture."""
    line = round(1.3 * type) + AIR if caption or note else 0
    top = line + AIR // 2 if line else 0
    sheet = Image.new("RGBA", (image.width, image.height + top))
    pen = ImageDraw.Draw(sheet)
    known = fit(f"{caption}  {note}", image.width, type)
    pen.text((1, line - AIR), caption, (*CAPTION, 255), known, "ls")
    pen.text((image.width - 1, line - AIR), note, (*CAPTION, 255), known, "rs")
    shown = image.convert("RGBA")
    shown.putalpha(rounded(image.size))
    sheet.paste(shown, (0, top))
    return sheet


def rounded(size: tuple[int, int]) -> Image.Image:
    mask = Image.new("L", (2 * size[0], 2 * size[1]))
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, mask.width - 1, mask.height - 1), 2 * ROUND, fill=255)
    return mask.reduce(2)


def lattice(low: np.ndarray, high: np.ndarray, lines: int, fine: int = 60) -> list[np.ndarray]:
    """Lines of a grid over a box, each through `fine` points so that a map can bend it: first the upright."""
    (x0, y0), (x1, y1) = low, high
    along_x, along_y = np.linspace(x0, x1, fine), np.linspace(y0, y1, fine)
    upright = [np.stack([np.full(fine, x), along_y], -1) for x in np.linspace(x0, x1, lines)]
    level = [np.stack([along_x, np.full(fine, y)], -1) for y in np.linspace(y0, y1, lines)]
    return upright + level


def quads(low: np.ndarray, high: np.ndarray, n: int, fine: int = 4) -> np.ndarray:
    """(n * n, 4 * fine, 2): the rims of n by n cells of a box, each side through `fine` points."""
    unit = np.linspace(0, 1, fine, endpoint=False)
    zero, one = np.zeros(fine), np.ones(fine)
    rim = np.concatenate(
        [np.stack(s, -1) for s in ((unit, zero), (one, unit), (1 - unit, one), (zero, 1 - unit))]
    )
    corner = np.stack(np.meshgrid(np.arange(n), np.arange(n)), -1).reshape(-1, 1, 2)
    return np.asarray(low) + (corner + rim) / n * (np.asarray(high) - low)


def surface(
    values: np.ndarray, colours: Ramp, most: float, side: int = SIDE, gamma: float = 0.5, tall: float = 0.56
) -> Image.Image:
    """(n, n), the top row first, as hills seen from one corner; `most` is as tall as they are drawn."""
    n, size = len(values) - 1, 2 * side
    image = Image.new("RGB", (size, size), GROUND)
    pen = ImageDraw.Draw(image)
    share = (np.nan_to_num(values) / most).clip(0, 1)[::-1]  # now row 0 is the nearest
    right, far = np.meshgrid(*[np.linspace(0, 1, n + 1)] * 2)
    floor = size * np.stack([0.5 + 0.46 * (right - far), 0.97 - 0.2 * (right + far)], -1)
    spots = floor - np.stack([np.zeros_like(share), tall * size * share], -1)
    for k in range(0, n + 1, max(1, n // 6)):
        for ends in (floor[[0, n], k], floor[k, [0, n]]):
            pen.line([tuple(p) for p in ends], (52, 57, 62), 2)
    steep = (share[1:, 1:] + share[:-1, 1:] + share[1:, :-1] + share[:-1, :-1]) / 4
    tone = ramp(0.12 + 0.88 * steep**gamma, colours)
    for total in range(2 * n - 2, -1, -1):  # from the back
        for j in range(max(0, total - n + 1), min(n, total + 1)):
            i = total - j
            if share[j : j + 2, i : i + 2].max() > 1e-4:
                ring = [tuple(spots[a]) for a in ((j, i), (j, i + 1), (j + 1, i + 1), (j + 1, i))]
                pen.polygon(ring, tuple(tone[j, i].tolist()), tuple((0.72 * tone[j, i]).astype(int).tolist()))
    return image.reduce(2)


def around(*codes: np.ndarray, air: float = 1.12) -> Plane:
    """The smallest square window that holds all, with some air."""
    every = np.concatenate([np.asarray(c).reshape(-1, 2) for c in codes])
    low, high = every.min(0), every.max(0)
    width = max(1e-3, air * float((high - low).max()))
    left, bottom = ((low + high - width) / 2).tolist()
    return Plane(left, bottom, width)
