"""Garments drawn by rule, 28 x 28, white on black like Fashion-MNIST: something of ours to encode.

They keep that set's habits: the longer side fills the frame, shoes point left, garments hang straight.
The seed changes widths, lengths and tones, and puts stripes on some.
"""

import numpy as np
from PIL import Image, ImageDraw

SIDE, FINE = 28, 8  # drawn FINE times larger, then reduced

# Right halves of what is symmetrical, in units of the frame from its middle line: (x, y), y downwards
TEE = [
    (0.1, 0.06), (0.24, 0.03), (0.47, 0.2), (0.37, 0.36), (0.27, 0.29), (0.27, 0.98), (0, 0.98),
    (0, 0.11),
]  # fmt: skip
PULLOVER = [
    (0.09, 0.07), (0.22, 0.04), (0.34, 0.14), (0.47, 0.9), (0.35, 0.93), (0.26, 0.42), (0.26, 0.96),
    (0, 0.96), (0, 0.1),
]  # fmt: skip
COAT = [
    (0.08, 0.05), (0.23, 0.03), (0.34, 0.12), (0.43, 0.82), (0.33, 0.85), (0.27, 0.42), (0.3, 0.99),
    (0, 0.99), (0, 0.2),
]  # fmt: skip
DRESS = [
    (0.07, 0.02), (0.14, 0.01), (0.16, 0.16), (0.13, 0.4), (0.27, 0.99), (0, 0.99), (0, 0.12),
]  # fmt: skip
TROUSER = [
    (0, 0.01), (0.17, 0.01), (0.21, 0.99), (0.08, 0.99), (0.02, 0.28), (0, 0.28),
]  # fmt: skip
# Whole outlines of what is not, from the frame's upper left corner
SNEAKER = [
    (0.02, 0.62), (0.1, 0.53), (0.34, 0.5), (0.58, 0.34), (0.7, 0.3), (0.88, 0.36), (0.97, 0.34),
    (0.99, 0.68), (0.02, 0.7),
]  # fmt: skip
BOOT = [
    (0.03, 0.74), (0.12, 0.62), (0.42, 0.5), (0.5, 0.36), (0.5, 0.06), (0.94, 0.05), (0.93, 0.45),
    (0.98, 0.8), (0.03, 0.84),
]  # fmt: skip


def garment(kind: int, seed: int = 0) -> Image.Image:
    """A drawing of class `kind`, numbered as in Fashion-MNIST: 0 T-shirt ... 9 ankle boot. Grey, 28 x 28."""
    rng = np.random.default_rng([kind, seed])
    tone, wide = int(rng.integers(140, 235)), float(rng.uniform(0.88, 1.08))
    page = Image.new("L", (SIDE * FINE,) * 2)
    draw = ImageDraw.Draw(page)
    PAINTERS[kind](draw, rng, tone, wide)
    return page.reduce(FINE)


def shape(draw: ImageDraw.ImageDraw, points: list[tuple[float, float]], tone: int) -> None:
    draw.polygon([(x * SIDE * FINE, y * SIDE * FINE) for x, y in points], fill=tone)


def stroke(draw: ImageDraw.ImageDraw, points: list[tuple[float, float]], tone: int, width: float) -> None:
    size = SIDE * FINE
    draw.line([(x * size, y * size) for x, y in points], tone, max(1, round(width * size)), "curve")


def mirrored(draw: ImageDraw.ImageDraw, half: list[tuple[float, float]], tone: int, wide: float) -> None:
    for side in (1, -1):
        shape(draw, [(0.5 + side * x * wide, y) for x, y in half], tone)


def tee(draw: ImageDraw.ImageDraw, rng: np.random.Generator, tone: int, wide: float) -> None:
    mirrored(draw, TEE, tone, wide)
    if rng.random() < 0.5:  # stripes
        for y in np.arange(0.4, 0.95, 0.14):
            stroke(draw, [(0.5 - 0.26 * wide, y), (0.5 + 0.26 * wide, y)], tone // 2, 0.05)


def trouser(draw: ImageDraw.ImageDraw, rng: np.random.Generator, tone: int, wide: float) -> None:
    mirrored(draw, TROUSER, tone, wide * float(rng.uniform(0.85, 1.2)))


def pullover(draw: ImageDraw.ImageDraw, rng: np.random.Generator, tone: int, wide: float) -> None:
    mirrored(draw, PULLOVER, tone, wide)
    stroke(draw, [(0.24, 0.92), (0.76, 0.92)], tone - 50, 0.03)


def dress(draw: ImageDraw.ImageDraw, rng: np.random.Generator, tone: int, wide: float) -> None:
    mirrored(draw, DRESS, tone, wide * float(rng.uniform(0.85, 1.2)))


def coat(draw: ImageDraw.ImageDraw, rng: np.random.Generator, tone: int, wide: float) -> None:
    mirrored(draw, COAT, tone, wide)
    stroke(draw, [(0.5, 0.2), (0.5, 0.99)], tone // 3, 0.03)


def shirt(draw: ImageDraw.ImageDraw, rng: np.random.Generator, tone: int, wide: float) -> None:
    mirrored(draw, PULLOVER, tone, wide)
    shape(draw, [(0.4, 0.05), (0.6, 0.05), (0.5, 0.22)], tone // 3)
    for y in np.arange(0.3, 0.95, 0.16):
        stroke(draw, [(0.49, y), (0.52, y)], tone // 3, 0.04)


def sandal(draw: ImageDraw.ImageDraw, rng: np.random.Generator, tone: int, wide: float) -> None:
    heel = float(rng.uniform(0.62, 0.78))
    sole = [(0.98, heel), (0.9, heel), (0.66, 0.68), (0.3, 0.79), (0.02, 0.78)]
    shape(draw, [(0.02, 0.72), (0.3, 0.73), (0.66, 0.6), (0.96, 0.52), *sole], tone)
    stroke(draw, [(0.1, 0.73), (0.28, 0.56), (0.36, 0.73)], tone, 0.06)
    stroke(draw, [(0.62, 0.62), (0.76, 0.36), (0.96, 0.54)], tone, 0.06)


def sneaker(draw: ImageDraw.ImageDraw, rng: np.random.Generator, tone: int, wide: float) -> None:
    shape(draw, SNEAKER, tone)
    stroke(draw, [(0.02, 0.69), (0.99, 0.68)], 250, 0.05)
    stroke(draw, [(0.44, 0.47), (0.54, 0.56)], tone // 3, 0.03)


def bag(draw: ImageDraw.ImageDraw, rng: np.random.Generator, tone: int, wide: float) -> None:
    top = float(rng.uniform(0.32, 0.46))
    size = SIDE * FINE
    draw.arc(
        (0.27 * size, 0.08 * size, 0.73 * size, (2 * top - 0.05) * size), 180, 360, tone, round(0.05 * size)
    )
    shape(draw, [(0.06, top), (0.94, top), (0.98, 0.93), (0.02, 0.93)], tone)
    stroke(draw, [(0.06, top + 0.14), (0.94, top + 0.14)], tone // 2, 0.025)


def boot(draw: ImageDraw.ImageDraw, rng: np.random.Generator, tone: int, wide: float) -> None:
    shape(draw, BOOT, tone)
    heel = float(rng.uniform(0.88, 0.97))
    shape(draw, [(0.7, 0.82), (0.98, 0.8), (0.97, heel), (0.74, heel)], tone // 2)


PAINTERS = (tee, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, boot)
