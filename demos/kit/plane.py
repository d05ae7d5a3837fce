"""A plane of codes as a picture: where a code is in pixels, and back, and what can be drawn on it.

The ground is dark in both themes: the garments are white on black, and light dots on dark read well on a
projector. There is no margin (the axes are written inside), so a click is a code by scale alone.

    plot = Plot(Plane.around(codes))
    plot.points(codes, colours).ring(2).axes().dot(z, "A").image
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import NormalDist
from typing import Self

import gradio
import numpy as np
from PIL import Image, ImageDraw, ImageFont

GROUND, INK, SOFT, ALARM = (17, 20, 23), (244, 241, 234), (150, 155, 160), (255, 92, 70)
PLEX = Path(gradio.__file__).parent / "templates/frontend/static/fonts/IBMPlexSans/IBMPlexSans-Bold.woff2"
EDGE = 0.001  # of the unit square: its very border would be at infinity
NORMAL = NormalDist()
below = np.vectorize(lambda z: 0.5 * math.erfc(-z / math.sqrt(2)), otypes=[float])  # the CDF of N(0, 1)
quantile = np.vectorize(lambda u: NORMAL.inv_cdf(min(max(u, EDGE), 1 - EDGE)), otypes=[float])


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """The page's own type, from Gradio's wheel: Pillow's has neither accents nor Greek."""
    return ImageFont.truetype(PLEX, size)


@dataclass(frozen=True)
class Plane:
    """A square window on the plane. With `cdf`, the axes are the CDF of N(0, 1): the unit square."""

    left: float
    bottom: float
    width: float
    cdf: bool = False

    @classmethod
    def around(cls, codes: np.ndarray, cdf: bool = False, least: float = 0.0) -> Plane:
        """The smallest square that holds the codes, and the box from -least to least, with some air."""
        if cdf:
            return cls(0.0, 0.0, 1.0, True)
        low = np.minimum(codes.min(0), -least if least else np.inf)
        high = np.maximum(codes.max(0), least if least else -np.inf)
        width = 1.06 * float((high - low).max())
        left, bottom = ((low + high - width) / 2).tolist()
        return cls(left, bottom, width)

    def fraction(self, codes: np.ndarray) -> np.ndarray:
        """(..., 2) codes -> (..., 2) parts of the window, from its left and from its bottom."""
        at = below(codes) if self.cdf else np.asarray(codes, float)
        return (at - (self.left, self.bottom)) / self.width

    def code(self, fraction: np.ndarray | tuple[float, float]) -> np.ndarray:
        at = np.asarray(fraction, float) * self.width + (self.left, self.bottom)
        return quantile(at) if self.cdf else at

    def pixel(self, codes: np.ndarray, side: int) -> np.ndarray:
        """(..., 2) codes -> (..., 2) pixels of a picture `side` wide, from its left and from its top."""
        part = self.fraction(codes)
        return np.stack([part[..., 0], 1 - part[..., 1]], -1) * side

    def from_pixel(self, x: float, y: float, side: int) -> np.ndarray:
        return self.code((x / side, 1 - y / side))

    def grid(self, n: int) -> np.ndarray:
        """(n * n, 2) codes of the middles of n by n cells, row by row from the top left."""
        steps = (np.arange(n) + 0.5) / n
        across, up = np.meshgrid(steps, steps[::-1])
        return self.code(np.stack([across, up], -1).reshape(-1, 2))


class Plot:
    """A picture of a plane, drawn from back to front. Each step returns the plot."""

    def __init__(self, plane: Plane, side: int = 800, image: Image.Image | None = None):
        self.plane, self.side = plane, side
        self.image = image or Image.new("RGB", (side, side), GROUND)

    def tiles(self, tiles: np.ndarray, light: float = 1.0) -> Self:
        """(n * n, h, w, 3) bytes, decoded from `plane.grid(n)`, as the ground; dimmed under dots."""
        n = math.isqrt(len(tiles))
        h, w = tiles.shape[1:3]
        sheet = tiles.reshape(n, n, h, w, 3).swapaxes(1, 2).reshape(n * h, n * w, 3)
        big = Image.fromarray(sheet).resize((self.side, self.side), Image.Resampling.BICUBIC)
        dimmed = (light * np.asarray(big, float)).astype(np.uint8)
        self.image = Image.fromarray(np.maximum(dimmed, np.uint8(GROUND)))
        return self

    def points(self, codes: np.ndarray, colours: np.ndarray, radius: float = 2.4, cover: float = 1.0) -> Self:
        """A disc per code, in (N, 3) colours. Where discs overlap their colours mix, in no order."""
        side, reach = self.side, math.ceil(radius)
        at = self.plane.pixel(codes, side)
        near = ((at > -reach) & (at < side + reach)).all(-1)
        at, colours = at[near], colours[near]
        offset = np.stack(np.meshgrid(*[np.arange(-reach, reach + 1)] * 2), -1).reshape(-1, 1, 2)
        spot = np.floor(at) + offset  # (discs' pixels, N, 2)
        weight = (radius + 0.5 - np.hypot(*np.moveaxis(spot + 0.5 - at, -1, 0))).clip(0, 1)
        seen = (weight > 0) & ((spot >= 0) & (spot < side)).all(-1)
        index, weight = (spot[..., 1] * side + spot[..., 0])[seen].astype(int), weight[seen]
        which = np.broadcast_to(np.arange(len(at)), seen.shape)[seen]
        total = np.bincount(index, weight, side * side)
        mixed = [np.bincount(index, weight * colours[which, c], side * side) for c in range(3)]
        colour = np.stack(mixed, -1) / np.maximum(total, 1e-9)[:, None]
        share = (1 - np.exp(-1.6 * cover * total))[:, None]
        under = np.asarray(self.image, float).reshape(-1, 3)
        over = (under * (1 - share) + colour * share).round().astype(np.uint8)
        self.image = Image.fromarray(over.reshape(side, side, 3))
        return self

    def line(self, codes: np.ndarray, colour: tuple[int, int, int] = INK, width: int = 2) -> Self:
        """A line through the codes."""
        at = self.plane.pixel(codes, self.side).clip(-9999, 9999)
        smooth = Image.new("L", (2 * self.side,) * 2)  # twice the size, then halved: PIL's lines have steps
        ImageDraw.Draw(smooth).line([tuple(p) for p in 2 * at], 255, 2 * width, "curve")
        self.image.paste(colour, mask=smooth.reduce(2))
        return self

    def ellipse(
        self,
        centre: np.ndarray,
        radii: np.ndarray,
        colour: tuple[int, int, int] = INK,
        width: int = 2,
    ) -> Self:
        """Along the axes. Drawn through the plane's map, so in CDF coordinates it bends as it should."""
        turn = np.linspace(0, 2 * math.pi, 181)
        return self.line(centre + np.stack([np.cos(turn), np.sin(turn)], -1) * radii, colour, width)

    def ring(self, radius: float, colour: tuple[int, int, int] = INK) -> Self:
        """A circle around the origin: of N(0, I), the circle of radius 2 holds 86 %."""
        return self.ellipse(np.zeros(2), np.full(2, radius), colour)

    def dots(self, codes: np.ndarray, colour: tuple[int, int, int] = INK, radius: float = 5) -> Self:
        """A few marks, each with a dark rim so that it is seen on any ground."""
        for rim, fill in ((2, GROUND), (0, colour)):
            for x, y in self.plane.pixel(codes, self.side):
                r = radius + rim
                draw = ImageDraw.Draw(self.image)
                draw.ellipse((x - r, y - r, x + r, y + r), fill)
        return self

    def mark(self, code: np.ndarray, name: str = "", colour: tuple[int, int, int] = INK) -> Self:
        """A ring with an empty middle, and a name beside it."""
        x, y = self.plane.pixel(np.asarray(code), self.side).clip(0, self.side)  # from outside: at the edge
        draw = ImageDraw.Draw(self.image)
        for r, width, shade in ((13, 7, GROUND), (11, 3, colour)):
            draw.ellipse((x - r, y - r, x + r, y + r), outline=shade, width=width)
        if name:
            right = x < self.side - 40
            anchor = "lm" if right else "rm"
            self.write((x + (18 if right else -18), y), name, 30, colour, anchor)
        return self

    def write(
        self,
        at: tuple[float, float],
        words: str,
        size: int,
        colour: tuple[int, int, int] = INK,
        anchor: str = "la",
    ) -> Self:
        ImageDraw.Draw(self.image).text(
            at, words, colour, font(size), anchor, stroke_width=max(2, size // 8), stroke_fill=GROUND
        )
        return self

    def axes(self, size: int = 19, names: tuple[str, str] = ("z₁", "z₂")) -> Self:
        """Ticks and their numbers, inside the lower and the left edge."""
        draw, side = ImageDraw.Draw(self.image), self.side
        for value in ticks(self.plane.left, self.plane.width):
            x = (value - self.plane.left) / self.plane.width * side
            if 2.4 * size < x < side - 2.4 * size:
                draw.line((x, side - 8, x, side), SOFT, 2)
                self.write((x, side - 10), label(value), size, SOFT, "md")
        for value in ticks(self.plane.bottom, self.plane.width):
            y = side - (value - self.plane.bottom) / self.plane.width * side
            if 2.4 * size < y < side - 2.4 * size:
                draw.line((0, y, 8, y), SOFT, 2)
                self.write((12, y), label(value), size, SOFT, "lm")
        across, up = (f"Φ({n})" for n in names) if self.plane.cdf else names
        self.write((side - 8, side - 10), across, size, INK, "rd")
        return self.write((10, 8), up, size, INK, "la")


def ticks(low: float, width: float, most: int = 6) -> Iterable[float]:
    """Round values inside a window: 1, 2 or 5 times a power of ten apart."""
    rough = width / most
    power = 10 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough)
    first = math.ceil(low / step)
    return [k * step for k in range(first, math.floor((low + width) / step) + 1)]


def label(value: float) -> str:
    return f"{value:.6g}".replace("-", "−")
