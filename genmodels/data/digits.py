"""Digits drawn by rule, 28 x 28, white on black like MNIST: something of ours for a model of digits.

A digit is one or two strokes of a round pen in a box of 20 x 20, its centre of mass in the middle of the
frame, as in that set. The seed changes slant, proportions and the width of the pen.
"""

import math

import numpy as np
from PIL import Image, ImageDraw

SIDE, BOX, FINE = 28, 20, 8  # drawn FINE times larger, then reduced

Points = list[tuple[float, float]]


def arc(x: float, y: float, across: float, down: float, start: float, end: float) -> Points:
    """Points of an ellipse, clockwise from `start` to `end` degrees; 0 is to the right, 90 below."""
    turns = np.radians(np.linspace(start, end, 24))
    return [(x + across * math.cos(t), y + down * math.sin(t)) for t in turns]


# Strokes in units of the box, y downwards
STROKES: tuple[list[Points], ...] = (
    [arc(0.5, 0.5, 0.33, 0.46, -100, 262)],
    [[(0.36, 0.2), (0.54, 0.04), (0.54, 0.96)]],
    [[*arc(0.5, 0.29, 0.3, 0.25, -170, 30), (0.2, 0.94), (0.84, 0.94)]],
    [[*arc(0.48, 0.27, 0.28, 0.22, -150, 80), *arc(0.48, 0.71, 0.32, 0.24, -80, 155)]],
    [[(0.6, 0.05), (0.14, 0.64), (0.88, 0.64)], [(0.64, 0.36), (0.64, 0.96)]],
    [[(0.8, 0.06), (0.3, 0.06), (0.25, 0.44), *arc(0.46, 0.66, 0.33, 0.28, -110, 150)]],
    [[(0.68, 0.04), (0.36, 0.3), *arc(0.5, 0.68, 0.29, 0.27, -170, 188)]],
    [[(0.16, 0.07), (0.84, 0.07), (0.42, 0.96)]],
    [arc(0.5, 0.27, 0.25, 0.22, 90, 450), arc(0.5, 0.73, 0.31, 0.24, -90, 270)],
    [[*arc(0.48, 0.31, 0.28, 0.26, 10, 370), (0.74, 0.5), (0.62, 0.96)]],
)


def digit(kind: int, seed: int = 0) -> Image.Image:
    """A drawing of a digit 0 to 9. Grey, 28 x 28."""
    rng = np.random.default_rng([kind, seed])
    slant, wide = float(rng.uniform(-0.05, 0.3)), float(rng.uniform(0.75, 1.0))
    pen = float(rng.uniform(1.8, 2.8)) * FINE
    page = Image.new("L", (SIDE * FINE,) * 2)
    draw = ImageDraw.Draw(page)
    start = (SIDE - BOX) / 2
    for points in STROKES[kind]:
        bent = [((x - 0.5) * wide - slant * (y - 0.5) + 0.5, y) for x, y in points]
        at = [((start + x * BOX) * FINE, (start + y * BOX) * FINE) for x, y in bent]
        draw.line(at, 255, round(pen), "curve")
        for x, y in (at[0], at[-1]):
            draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), 255)
    return centred(page).reduce(FINE)


def centred(page: Image.Image) -> Image.Image:
    """The same with its centre of mass in the middle."""
    mass = np.asarray(page, float)
    rows, columns = np.indices(mass.shape)
    shift = [float((at * mass).sum() / mass.sum()) - (page.height - 1) / 2 for at in (columns, rows)]
    return page.transform(page.size, Image.Transform.AFFINE, (1, 0, round(shift[0]), 0, 1, round(shift[1])))
