"""Behind and below the head: the backdrop, the neck, the shoulders and what they wear."""

from math import radians, sin

import numpy as np

from .features import BOW, T
from .head import Head
from .pen import clear, curve, join, mix, oval, taper, tint

_DOTS = [(x + 6 * (row % 2), y) for row, y in enumerate(range(6, 100, 12)) for x in range(4, 100, 12)]
_LEAF = np.array([(0, 0), (3.4, -4.5), (2.6, -10), (0, -14), (-2.6, -10), (-3.4, -4.5)])
_BRANCHES = [
    (8, 30, -25), (16, 44, 20), (5, 56, -40), (14, 68, 30), (92, 32, 25), (84, 46, -20), (95, 58, 40),
    (86, 70, -30), (14, 18, 10), (87, 18, -12), (30, 8, 60), (70, 8, -60),
]  # fmt: skip


def backdrop(head: Head) -> None:
    pen, paint, kind = head.wall, head.paint, head.face.backdrop
    full = np.array([(-1, -1), (101, -1), (101, 101), (-1, 101)])
    pen.fill(full, paint.ground)
    if kind == "circle":
        pen.dot(50, 48, 42, 42, paint.ground_light)
    elif kind == "arch":
        pen.fill(np.array([(12, 101), (12, 46), (88, 46), (88, 101)]), paint.ground_light)
        pen.dot(50, 46, 38, 38, paint.ground_light)
    elif kind == "hills":
        pen.dot(78, 22, 9, 9, paint.ground_light)
        pen.dot(18, 112, 52, 44, mix(paint.ground, paint.ground_shade, 0.7))
        pen.dot(86, 116, 50, 40, tint(paint.ground, (0.84, 0.82, 0.87)))
    elif kind == "dots":
        for x, y in _DOTS:
            pen.dot(x, y, 1.5, 1.5, paint.ground_light)
    elif kind == "leaves":
        for k, (x, y, angle) in enumerate(_BRANCHES):
            a = np.radians(angle)
            turn = np.array([(np.cos(a), np.sin(a)), (-np.sin(a), np.cos(a))])
            pen.fill(
                curve(_LEAF * 1.15 @ turn + (x, y), closed=True, steps=3),
                (paint.ground_light, paint.ground_shade)[k % 2],
            )


def _wide(head: Head) -> float:
    face = head.face
    return (1 + 0.16 * (face.presentation - 0.5)) * (1 - 0.17 * head.youth) * (1 + 0.04 * face.face_width)


def _bust(wide: float) -> np.ndarray:
    right = np.array([(9.5, 80), (19, 84.5), (29, 88.5), (35.5, 94), (38, 103)])
    left = right[::-1] * (-1, 1)
    return curve(np.concatenate([left, right]) * (wide, 1) + (50, 0), steps=4)


def shoulders(head: Head) -> None:
    face, paint, pen = head.face, head.paint, head.body
    wide = _wide(head)
    if face.clothes == "hoodie":
        pen.dot(50, 82, 23 * wide, 12, paint.cloth_shade)
    bust = _bust(wide)
    pen.fill(bust, paint.cloth)
    if face.clothes == "striped":
        side = bust[len(bust) // 2 :]
        for y in (88.0, 92.0, 96.0, 100.0):
            upper, lower = np.interp((y - 0.9, y + 0.9), side[:, 1], side[:, 0] - 50)
            line = np.concatenate(
                [join(50 + T * upper, y - 0.9 + 1.1 * BOW), join(50 - T * lower, y + 0.9 + 1.1 * BOW)]
            )
            pen.fill(line, paint.accent if face.accent != face.clothes_colour else paint.cloth_light)
    edge = bust[: len(bust) // 2][::-1] if face.light >= 0 else bust[len(bust) // 2 :]
    edge = edge[edge[:, 1] > 83]
    inner = edge.copy()
    inner[:, 0] = 50 + (edge[:, 0] - 50) * np.linspace(1.0, 0.66, len(edge)) ** 0.8
    shade = np.concatenate([edge, inner[::-1]])
    pen.fill(shade, clear(paint.cloth_shade, 0.3 + 0.7 * abs(face.light)))


def neck(head: Head) -> None:
    """The neck, with the shadow of the chin on it, down into the neckline."""
    face, paint, pen = head.face, head.paint, head.body
    half = (7.4 + 2.2 * face.presentation) * (1 - 0.2 * head.youth)
    lean = 9.0 * sin(radians(11) * face.tilt) + 0.8 * face.turn
    side = np.array([(half, 66), (half * 0.96, 76), (half * 1.12, 81), (half * 1.6, 84.5)])
    top = side + join(lean * (84 - side[:, 1]) / 18, np.zeros(4))
    other = side * (-1, 1) + join(lean * (84 - side[:, 1]) / 18, np.zeros(4))
    shape = np.concatenate([curve(top, steps=4), curve(other[::-1], steps=4)]) + (50, 0)
    pen.fill(shape, paint.skin)
    _neckline(head, half)
    drop = head.h + 48 + 4.2 - 1.5 * head.youth
    under = join(
        50 + lean * (84 - drop) / 18 - T * half * 0.94, drop - 3.5 * T**2 - 0.15 * T * half * face.light
    )
    keep = shape[:, 1] < drop - 3.5
    n = len(keep) // 2
    pen.fill(np.concatenate([shape[:n][keep[:n]], under, shape[n:][keep[n:]]]), paint.skin_shade)


def _neckline(head: Head, half: float) -> None:
    face, paint, pen = head.face, head.paint, head.body
    if face.clothes == "v_neck":
        pen.fill(
            np.array([(50 - half * 1.55, 83.5), (50 + half * 1.55, 83.5), (50.5, 98), (49.5, 98)]), paint.skin
        )
        pen.fill(
            np.array([(50 - half * 1.0, 84), (50 + half * 1.0, 84), (50, 90)]), clear(paint.skin_shade, 0.5)
        )
    elif face.clothes == "scoop":
        pen.dot(50, 84.5, half * 1.75, 8.2, paint.skin)
    elif face.clothes != "turtleneck":
        pen.dot(50, 83.6, half * 1.5, 4.4, paint.skin)


def collar(head: Head) -> None:
    """What lies over the neck: rims, lapels, rolls and strings."""
    face, paint, pen = head.face, head.paint, head.body
    half = (7.4 + 2.2 * face.presentation) * (1 - 0.2 * head.youth)
    _COLLARS[face.clothes](pen, paint, half)


def _rim(pen, paint, half: float, sag: float = 4.8, colour=None, reach: float = 1.55) -> None:
    line = join(50 + T * half * reach, 83.4 + sag * BOW**0.7)
    pen.stroke(line, 1.7, colour or paint.cloth_shade)


def _v_rim(pen, paint, half: float) -> None:
    for s in (-1, 1):
        line = np.array([(50 + s * half * 1.6, 83), (50 + s * half * 0.9, 90), (50, 98.6)])
        pen.stroke(curve(line), 1.8, paint.cloth_light if s < 0 else paint.cloth_shade)


def _lapels(pen, paint, half: float) -> None:
    white = mix(paint.accent_light, (255, 252, 246), 0.72)
    pen.fill(np.array([(50 - half, 84), (50 + half, 84), (50, 92)]), paint.skin_shade)
    for s in (-1, 1):
        flap = np.array(
            [
                (50 + s * half * 1.05, 78.5),
                (50 + s * half * 1.75, 82.5),
                (50 + s * 9.4, 92.5),
                (50 + s * 0.6, 88.8),
            ]
        )
        pen.fill(flap, white if s < 0 else tint(white, (0.92, 0.9, 0.92)))
    pen.stroke(np.array([(50.0, 89), (50.0, 102)]), 0.8, paint.cloth_shade)
    pen.dot(52.2, 95, 0.9, 0.9, white)


def _roll(pen, paint, half: float) -> None:
    top = join(T * (half + 0.9), 76.5 + 2.4 * BOW)
    low = join(-T * half * 1.62, 84.0 + 3.6 * BOW)
    pen.fill(np.concatenate([top, low]) + (50, 0), paint.cloth_light)
    for y, wide, colour in ((80.0, half + 2.0, paint.cloth), (84.4, half * 1.62, paint.cloth_shade)):
        pen.stroke(join(50 + T * wide, y + 2.9 * BOW), 1.0 * taper(15, 0.4, 0.4), colour)


def _hood(pen, paint, half: float) -> None:
    for s in (-1, 1):
        edge = np.array(
            [
                (half * 1.0, 79),
                (half * 1.7, 80.5),
                (half * 2.05, 84.5),
                (9, 91),
                (0, 93.5),
                (0, 89.5),
                (half * 0.8, 85.5),
            ]
        )
        pen.fill(curve(edge * (s, 1) + (50, 0), closed=True, steps=4), paint.cloth_light)
        pen.stroke(curve(edge[2:5] * (s, 1) + (50, 0)), 0.8, paint.cloth_shade)
        pen.stroke(
            np.array([(50 + s * 4.2, 92), (50 + s * 4.9, 96), (50 + s * 4.5, 99.5)]), 1.0, paint.accent_light
        )


def _dungarees(pen, paint, half: float) -> None:
    _rim(pen, paint, half)
    for s in (-1, 1):
        strap = np.array([(50 + s * 17.5, 82.5), (50 + s * 16, 90), (50 + s * 14.5, 102)])
        pen.stroke(curve(strap), 4.2, paint.accent)
        pen.dot(50 + s * 15, 97, 1.3, 1.3, (250, 226, 150))
    pen.fill(np.array([(34, 97), (66, 97), (67, 102), (33, 102)]), paint.accent)


def _scoop(pen, paint, half: float) -> None:
    pen.stroke(join(50 + T * half * 1.78, 84.6 + 8.2 * BOW**0.55), 1.5, paint.cloth_light)
    beads = oval(np.array((50.0, 83.0)), half * 1.22, 6.0)[1:12]
    for x, y in beads:
        pen.dot(x, y, 0.85, 0.85, paint.accent)


_COLLARS = {
    "crew": _rim,
    "v_neck": _v_rim,
    "collar": _lapels,
    "turtleneck": _roll,
    "hoodie": _hood,
    "striped": _rim,
    "dungarees": _dungarees,
    "scoop": _scoop,
}
CLOTHES = tuple(_COLLARS)
BACKDROPS = ("plain", "circle", "arch", "hills", "dots", "leaves")
