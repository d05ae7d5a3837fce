"""Drawing with smooth filled shapes: splines, ribbons, ovals on a Pillow image, in hundredths of the picture.

Everything is a polygon, so that one matrix can tilt a head. Colours of four numbers are glazes (blended).
"""

from functools import lru_cache
from math import cos, sin

import numpy as np
from PIL import Image, ImageDraw

Colour = tuple[int, ...]

ZOOM_AT = np.array((50.0, 74.0))
_TURN = np.linspace(0, 2 * np.pi, 25)[:-1]
CIRCLE = np.stack([np.cos(_TURN), np.sin(_TURN)], 1)


def mix(a: Colour, b: Colour, t: float) -> Colour:
    return tuple([int(x + (y - x) * t + 0.5) for x, y in zip(a, b, strict=True)])


def ramp(stops: tuple[Colour, ...], t: float) -> Colour:
    """The colour at t in [0, 1] along evenly spaced stops."""
    at = t * (len(stops) - 1)
    i = min(int(at), len(stops) - 2)
    return mix(stops[i], stops[i + 1], at - i)


def tint(colour: Colour, factors: tuple[float, float, float]) -> Colour:
    return tuple([min(255, int(c * f + 0.5)) for c, f in zip(colour, factors, strict=True)])


def clear(colour: Colour, alpha: float) -> Colour:
    """The colour as a glaze; alpha in [0, 1]."""
    return (*colour, int(255 * min(max(alpha, 0.0), 1.0)))


@lru_cache(maxsize=64)
def _basis(n: int, closed: bool, steps: int) -> np.ndarray:
    """Catmull-Rom as one matrix: curve = basis @ control points."""
    rows = []
    for i in range(n if closed else n - 1):
        for t in np.arange(steps) / steps:
            w = (-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2)
            row = np.zeros(n)
            for k, weight in zip(range(i - 1, i + 3), w, strict=True):
                row[k % n if closed else min(max(k, 0), n - 1)] += weight / 2
            rows.append(row)
    if not closed:
        rows.append(np.eye(n)[-1])
    return np.array(rows)


def curve(points: np.ndarray, closed: bool = False, steps: int = 5) -> np.ndarray:
    """A smooth curve through the points."""
    return _basis(len(points), closed, steps) @ points


def oval(centre: np.ndarray | tuple[float, float], rx: float, ry: float) -> np.ndarray:
    return join(CIRCLE[:, 0] * rx + centre[0], CIRCLE[:, 1] * ry + centre[1])


def join(x: np.ndarray | float, y: np.ndarray | float) -> np.ndarray:
    """Points from their coordinates; either may be one number for all."""
    out = np.empty((len(x if isinstance(x, np.ndarray) else y), 2))
    out[:, 0] = x
    out[:, 1] = y
    return out


def ribbon(line: np.ndarray, width: np.ndarray | float) -> np.ndarray:
    """The outline of a brush stroke along a line, `width` wide (a number, or one per point)."""
    n = len(line)
    x, y = line[:, 0], line[:, 1]
    dx, dy = np.empty(n), np.empty(n)
    dx[1:-1], dy[1:-1] = x[2:] - x[:-2], y[2:] - y[:-2]
    dx[0], dy[0], dx[-1], dy[-1] = x[1] - x[0], y[1] - y[0], x[-1] - x[-2], y[-1] - y[-2]
    scale = width / (2 * np.sqrt(dx * dx + dy * dy) + 1e-9)
    dx *= scale
    dy *= scale
    out = np.empty((2 * n, 2))
    out[:n, 0], out[:n, 1] = x - dy, y + dx
    out[n:, 0], out[n:, 1] = (x + dy)[::-1], (y - dx)[::-1]
    return out


@lru_cache(maxsize=32)
def taper(n: int, head: float = 0.25, tail: float = 0.25) -> np.ndarray:
    """Brush pressure along n points: from `head` through 1 to `tail`."""
    t = np.linspace(0, 1, n)
    return np.maximum(np.sin(np.pi * t) ** 0.6, head * (1 - t) + tail * t)


class Pen:
    """Fills shapes given in picture units, after the matrix and offset of its frame."""

    def __init__(
        self, image: Image.Image, angle: float = 0.0, pivot=(0.0, 0.0), shift=(0.0, 0.0), zoom: float = 1.0
    ):
        """x -> rotation of (x + shift) by `angle` about `pivot`, then all of it zoomed about ZOOM_AT."""
        scale = image.width / 100 * zoom
        c, s = cos(angle) * scale, sin(angle) * scale
        self.matrix = np.array([[c, s], [-s, c]])
        self.offset = (np.array(shift) - pivot) @ self.matrix + np.array(pivot) * scale + 0.5
        self.offset += ZOOM_AT * (image.width / 100 - scale)
        self.level = angle == 0  # nothing to turn: Pillow has true ellipses for that
        self.solid = ImageDraw.Draw(image)
        self.glaze = ImageDraw.Draw(image, "RGBA")

    def fill(self, outline: np.ndarray, colour: Colour) -> None:
        xy = outline @ self.matrix
        xy += self.offset
        (self.solid if len(colour) == 3 else self.glaze).polygon(xy.ravel().tolist(), fill=colour)

    def stroke(self, line: np.ndarray, width: np.ndarray | float, colour: Colour) -> None:
        self.fill(ribbon(line, width), colour)

    def dot(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        if self.level:
            (x, y), a = np.array((x, y)) @ self.matrix + self.offset, self.matrix[0, 0]
            draw = self.solid if len(colour) == 3 else self.glaze
            draw.ellipse((x - rx * a, y - ry * a, x + rx * a, y + ry * a), fill=colour)
        else:
            self.fill(oval((x, y), rx, ry), colour)
