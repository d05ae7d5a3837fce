"""What the views of the plane share: two colours, a window, the map of a classifier and the line between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from demos.kit import plots, say
from demos.kit.panels import BLUE, ORANGE, Panel
from demos.kit.plane import GROUND, INK, Plane

if TYPE_CHECKING:
    from torch import Tensor

COLOURS = np.array([ORANGE, BLUE], float)  # of class A, of class B
NAMES = ("A", "B")
CELLS = 100  # a side, of a map
SIDE = 460


def window(reach: float) -> Plane:
    return Plane(-reach, -reach, 2 * reach)


def grid(plane: Plane) -> Tensor:
    """(CELLS * CELLS, 2): the middles of the window's cells, the top row first."""
    import torch

    return torch.from_numpy(plane.grid(CELLS))


def tinted(blue: np.ndarray, light: np.ndarray) -> np.ndarray:
    """p(B | x) and how bright, both (n, n) in [0, 1] -> (n, n, 3) bytes."""
    hue = COLOURS[0] + blue[..., None] * (COLOURS[1] - COLOURS[0])
    ground = np.array(GROUND, float)
    return (ground + light[..., None] * (hue - ground)).round().clip(0, 255).astype(np.uint8)


def between(panel: Panel, odds: np.ndarray) -> Panel:
    """A line where log-odds (n, n) change their sign, three pixels wide."""
    smooth = Image.fromarray(odds.astype(np.float32).clip(-50, 50)).resize(
        (panel.side,) * 2, Image.Resampling.BICUBIC
    )
    sign = np.asarray(smooth) > 0
    edge = np.zeros_like(sign)
    edge[1:] |= sign[1:] != sign[:-1]
    edge[:, 1:] |= sign[:, 1:] != sign[:, :-1]
    thick = edge.copy()
    for axis in (0, 1):
        for step in (-1, 1):
            thick |= np.roll(edge, step, axis)
    panel.image.paste(INK, mask=Image.fromarray(np.where(thick, 235, 0).astype(np.uint8)))
    return panel


def scattered(panel: Panel, x: Tensor, y: Tensor, radius: float = 3.4) -> Panel:
    """Points in the colour of their class, with a dark rim so that they are seen on it."""
    at = x.numpy()
    panel.points(at, np.tile(np.array(GROUND, float), (len(at), 1)), radius + 1.6)
    return panel.points(at, COLOURS[y.numpy()], radius)


def legend(lang: str) -> str:
    """The classes and their colours."""
    dot = "display:inline-block;width:.8em;height:.8em;margin-right:.35em;border-radius:50%"
    items = "".join(
        f"<li><i style='{dot};background:rgb{tuple(int(v) for v in colour)}'></i>"
        f"{say(lang, 'class', 'clase')} {name}</li>"
        for name, colour in zip(NAMES, COLOURS, strict=True)
    )
    return f"<ul class='label'>{items}</ul>"


def percent(share: float, lang: str, digits: int = 1) -> str:
    words = f"{100 * share:.{digits}f}"
    return say(lang, f"{words}%", f"{words} %".replace(".", ","))


def nats(value: float, lang: str) -> str:
    """With a true minus, and minus infinity as such."""
    if value == float("-inf"):
        return "−∞"
    return plots.number(round(value, 2) + 0.0, lang, 4)
