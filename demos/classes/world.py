"""The map of the world: points, boxes and what a model draws on it, the hidden rule shown or not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from demos.kit.panels import NOISE, block, ramp
from demos.kit.plane import ALARM, GROUND, INK, font

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.foundations.box import Boxes, Density, Gaussians

WIDE, HIGH = 960, 400
SOUTH, NORTH = -60, 90  # as genmodels.data.land has them
LAND, MISSED, SEA, LINES = (74, 84, 84), (116, 92, 60), (22, 32, 42), (40, 46, 52)
GOOD, YOURS = (92, 214, 205), (255, 214, 92)
STEP = 3  # degrees of a cell of the map of a density


def at(lat: float, lon: float) -> tuple[float, float]:
    """Where on the map, in pixels."""
    return (lon + 180) / 360 * WIDE, (NORTH - lat) / (NORTH - SOUTH) * HIGH


def place(x: float, y: float) -> tuple[float, float]:
    """A click -> latitude and longitude, to a tenth."""
    lat, lon = NORTH - y / HIGH * (NORTH - SOUTH), x / WIDE * 360 - 180
    return round(min(90.0, max(-60.0, lat)), 1), round(min(180.0, max(-180.0, lon)), 1)


def ground(reached: np.ndarray | None) -> Image.Image:
    """Lines of latitude and longitude; with `reached`, land: grey where the model gets, else brown."""
    from genmodels.data import land

    page = np.zeros((land.ROWS, land.COLUMNS, 3), np.uint8)
    page[:] = GROUND if reached is None else SEA
    if reached is not None:
        there = land.mask().numpy()
        page[there] = np.where(reached[there][:, None], LAND, MISSED)
    image = Image.fromarray(page).resize((WIDE, HIGH), Image.Resampling.NEAREST)
    pen = ImageDraw.Draw(image)
    for lon in range(-150, 180, 30):
        pen.line([at(NORTH, lon), at(SOUTH, lon)], LINES)
    for lat in range(-30, 90, 30):
        pen.line([at(lat, -180), at(lat, 180)], LINES)
    return image


def density(image: Image.Image, model: Density) -> Image.Image:
    """A glow where the model puts its points, under everything."""
    import torch

    rows, columns = (NORTH - SOUTH) // STEP, 360 // STEP
    lat = NORTH - (torch.arange(rows) + 0.5) * STEP
    lon = (torch.arange(columns) + 0.5) * STEP - 180
    p = model.log_prob(torch.cartesian_prod(lat, lon)).exp().reshape(rows, columns).numpy()
    share = (p / max(np.quantile(p, 0.99), 1e-12)).clip(0, 1) ** 0.6
    glow = Image.fromarray(ramp(0.6 * share, NOISE)).resize(image.size, Image.Resampling.BICUBIC)
    mask = Image.fromarray((150 * share).astype(np.uint8)).resize(image.size, Image.Resampling.BICUBIC)
    image.paste(glow, mask=mask)
    return image


def outline(image: Image.Image, model: Boxes | Gaussians) -> Image.Image:
    """Boxes as they are; of Gaussians the ellipses of two deviations."""
    pen = ImageDraw.Draw(image)
    if hasattr(model, "low"):
        for (south, west), (north, east) in zip(model.low.tolist(), model.high.tolist(), strict=True):
            pen.rectangle((*at(north, west), *at(south, east)), outline=INK, width=3)
        return image
    turn = np.linspace(0, 2 * math.pi, 73)
    for mean, cov in zip(model.means.numpy(), model.covs.numpy(), strict=True):
        rim = mean + 2 * np.stack([np.cos(turn), np.sin(turn)], 1) @ np.linalg.cholesky(cov).T
        pen.line([at(lat, lon) for lat, lon in rim], INK, 3, "curve")
    return image


def dots(image: Image.Image, x: Tensor, colours: list[tuple[int, int, int]], radius: float) -> Image.Image:
    pen = ImageDraw.Draw(image)
    for (lat, lon), colour in zip(x.tolist(), colours, strict=True):
        u, v = at(lat, lon)
        for r, fill in ((radius + 1.5, GROUND), (radius, colour)):
            pen.ellipse((u - r, v - r, u + r, v + r), fill)
    return image


def samples(image: Image.Image, x: Tensor, good: list[bool] | None) -> Image.Image:
    """What the model draws: in one colour, or by whether it fell on land."""
    colours = [GOOD] * len(x) if good is None else [GOOD if g else ALARM for g in good]
    return dots(image, x, colours, 3)


def guess(image: Image.Image, lat: float, lon: float) -> Image.Image:
    """The visitor's own point: a cross."""
    (u, v), pen = at(lat, lon), ImageDraw.Draw(image)
    for width, colour in ((9, GROUND), (4, YOURS)):
        pen.line((u - 11, v - 11, u + 11, v + 11), colour, width)
        pen.line((u - 11, v + 11, u + 11, v - 11), colour, width)
    return image


def letter(image: Image.Image, spot: tuple[float, float], name: str) -> Image.Image:
    """One of the book's three points, in a badge."""
    (u, v), pen = at(*spot), ImageDraw.Draw(image)
    pen.ellipse((u - 15, v - 15, u + 15, v + 15), GROUND, INK, 2)
    pen.text((u, v), name, INK, font(20), "mm")
    return image


def framed(image: Image.Image) -> Image.Image:
    return block(image)
