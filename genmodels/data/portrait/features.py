"""What makes the face: skin, ears, nose, eyes, brows, mouth, beard and the marks of age."""

from functools import lru_cache

import numpy as np

from .head import Head
from .pen import clear, curve, join, mix, oval, ribbon, taper, tint

T = np.linspace(-1, 1, 15)
BOW = 1 - T * T
SIDES = (-1, 1)


def ears(head: Head) -> None:
    paint, face = head.paint, head.face
    for side in SIDES:
        x = side * head.w * (1.0 - 0.13 * max(0.0, side * face.turn))
        y = (0.12 + head.drop) * head.h
        head.pen.dot(x, y, 3.6, 5.0, paint.skin if side * face.light >= -0.2 else paint.skin_shade)
        head.pen.dot(
            x - side * 0.2,
            y + 0.3,
            2.0,
            3.2,
            paint.skin_shade if side * face.light >= -0.2 else paint.skin_dark,
        )


def skin(head: Head) -> np.ndarray:
    """The bare face with its shadow side, cheeks and freckles; returns its outline."""
    paint, face = head.paint, head.face
    outline = head.outline()
    head.pen.fill(outline, paint.skin)
    head.pen.fill(head.crescent(outline, head.depth), paint.skin_shade)
    for side in SIDES:
        x, y = head.spot(0.55 * side, 0.4 + head.drop)
        width = 5.4 * head.squeeze(0.55 * side)
        for scale, alpha in ((1.0, 0.24), (0.8, 0.24), (0.55, 0.2)):  # three glazes for a soft edge
            head.pen.dot(x, y, width * scale, 3.8 * scale, clear(paint.cheek, 0.06 + alpha * face.blush))
    if face.freckles:
        for u, v in ((0.36, 0.33), (0.47, 0.41), (0.6, 0.34), (0.55, 0.49), (0.18, 0.3), (0.7, 0.43)):
            for side in SIDES:
                x, y = head.spot(u * side, v + head.drop)
                head.pen.dot(x, y, 0.55, 0.5, clear(paint.skin_dark, 0.6))
    return outline


def nose(head: Head) -> None:
    paint, face = head.paint, head.face
    wide = (1.55 + 2.2 * face.nose) * (1 - 0.22 * head.youth)
    low = 0.3 + 0.08 * face.nose + head.drop
    x, y = head.spot(0, low, 0.14)
    rx, ry = head.spot(0, 0.1 + head.drop, 0.04)
    dark = 1.0 if face.light < 0 else -1.0
    side = head.sin * 1.6 + dark * abs(face.light)
    bridge = np.array([(rx, ry), (x + wide * 0.95 * side * 0.6, y - 2.4), (x + wide * side, y + 0.2),
                       (x, y + 1.5), (x + 0.15 * wide * side, y - 2)])  # fmt: skip
    head.pen.fill(curve(bridge, closed=True, steps=4), clear(paint.skin_shade, 0.85))
    head.pen.dot(x, y, wide, wide * 0.74, mix(paint.skin, paint.cheek, 0.25 + 0.2 * face.blush))
    under = join(x + T * wide, y + 0.1 + wide * 0.68 * BOW**0.6)
    head.pen.stroke(under, 0.85 * taper(15, 0.3, 0.3), paint.skin_dark)
    head.pen.dot(
        x + 0.45 * wide * face.light, y - 0.3 * wide, wide * 0.3, wide * 0.22, clear(paint.skin_light, 0.9)
    )


@lru_cache(maxsize=2)
def _lash(side: int) -> np.ndarray:
    return taper(15, 0.35, 0.9) if side > 0 else taper(15, 0.9, 0.35)


def eye(head: Head, side: int) -> None:
    paint, face, pen = head.paint, head.face, head.pen
    u = side * (0.42 + 0.035 * face.eye_gap)
    x0, y0 = head.spot(u, 0.1 + head.drop)
    big = (0.85 + 0.32 * face.eye_size) * (1 + 0.13 * head.youth)
    half = 4.9 * big * head.squeeze(u)
    laugh = max(0.0, face.smile - 0.4)
    opened = (0.55 + 0.45 * face.eye_open) * big
    up = 3.9 * opened * (1 - 0.15 * laugh)
    low = 2.9 * opened * (1 - 0.75 * laugh)
    slant = -side * T * (0.9 * face.eye_slant + 0.25)
    top, bottom = -up * (1 - np.abs(T) ** 2.3) + slant, low * (1 - np.abs(T) ** 2.6) + slant
    x = x0 + T * half
    lid, floor = join(x, y0 + top), join(x, y0 + bottom)
    pen.stroke(lid + (0, -1.5), 0.8 * taper(15, 0.1, 0.1), paint.skin_dark)
    pen.fill(np.concatenate([lid, floor[::-1]]), (253, 250, 246))
    shade = join(x, y0 + np.minimum(top + 1.3 * opened, bottom))
    pen.fill(np.concatenate([lid, shade[::-1]]), (214, 204, 212))
    r = 2.85 * big
    cx = x0 + (face.gaze * 0.3 + 0.14 * face.turn) * half
    _iris(head, (cx, y0 - 0.25), r, (x, y0 + top, y0 + bottom))
    pen.stroke(lid, (1.15 + 0.5 * (1 - face.presentation)) * _lash(side), paint.ink)
    if face.presentation < 0.5:
        _lashes(head, lid, side)


def _iris(head: Head, centre: tuple[float, float], r: float, slit: tuple[np.ndarray, ...]) -> None:
    """Iris, pupil and highlights, cut to the opening between the lids."""
    x, top, bottom = slit
    iris = head.paint.iris
    narrow = 0.94
    for scale, colour in ((1.0, tint(iris, (0.6, 0.58, 0.62))), (0.82, iris), (0.5, (26, 20, 26))):
        p = oval(np.array(centre), r * scale * narrow, r * scale)
        p[:, 0] = np.clip(p[:, 0], x[0], x[-1])
        p[:, 1] = np.clip(p[:, 1], np.interp(p[:, 0], x, top), np.interp(p[:, 0], x, bottom))
        head.pen.fill(p, colour)
    glint = 0.42 if head.face.light >= 0 else -0.42
    head.pen.dot(centre[0] + glint * r, centre[1] - 0.32 * r, 0.3 * r, 0.32 * r, (255, 255, 255))
    head.pen.dot(
        centre[0] - glint * r, centre[1] + 0.42 * r, 0.15 * r, 0.15 * r, clear((255, 255, 255), 0.75)
    )


def _lashes(head: Head, lid: np.ndarray, side: int) -> None:
    length = 2.6 * min(1.0, (0.5 - head.face.presentation) * 3)
    outer = lid if side > 0 else lid[::-1]
    for at, lean in ((-1, 1.0), (-3, 0.7)):
        root = outer[at]
        tip = root + np.array((side * length * lean, -length * 0.62))
        head.pen.stroke(
            np.stack([root, (root + tip) / 2 + (0, 0.2), tip]), np.array((1.0, 0.8, 0.25)), head.paint.ink
        )


def brow(head: Head, side: int) -> None:
    face = head.face
    thick = (0.8 + 2.1 * face.brow_thickness) * (1 - 0.25 * head.youth)
    raise_ = 0.05 * max(0.0, face.smile) + 0.015 * face.eye_open
    t = T if side > 0 else -T  # -1 at the inner end
    u = side * (0.42 + 0.27 * t)
    v = -0.2 + 0.6 * head.drop - raise_ - 0.045 * (1 - t * t) - 0.07 * face.brow_angle * t + 0.012 * t
    pressure = taper(15, 0.75, 0.2) if side > 0 else taper(15, 0.2, 0.75)
    head.pen.stroke(head.on(join(u, v)), thick * pressure, head.paint.brow)


def mouth(head: Head) -> None:
    face, paint, pen = head.face, head.paint, head.pen
    smile, opened = face.smile, max(0.0, (face.smile - 0.3) / 0.7)
    half = 0.27 + 0.09 * abs(smile) + 0.04 * opened
    p = head.on(join(T * half, np.full(15, 0.625 + 0.5 * head.drop)), lift=0.04)
    p[:, 1] -= 0.9 * opened
    line = p + join(np.zeros(15), (2.6 * smile + 0.25) * (BOW - 0.55) * (1 - 0.5 * opened))
    full = (0.35 + 1.3 * face.lips) * (1 - 0.35 * opened)
    below = line + join(np.zeros(15), 6.2 * opened * BOW**0.75)
    upper = line - join(np.zeros(15), full * (BOW**0.6 - 0.35 * np.exp(-((T / 0.22) ** 2))))
    lower = below + join(np.zeros(15), 1.25 * full * BOW**0.8)
    pen.fill(np.concatenate([upper, lower[::-1]]), paint.lip)
    if opened > 0.02:
        _open_mouth(head, line, below, opened)
    ends = taper(15, 0.8, 0.8)
    pen.stroke(line, (1.05 - 0.4 * opened) * ends, tint(paint.skin_dark, (0.78, 0.6, 0.62)))
    for at in (0, -1):
        pen.dot(line[at, 0], line[at, 1], 0.55 + 0.25 * abs(smile), 0.5, paint.skin_dark)
    x, y = lower[7] + (0, 1.7)
    pen.dot(x, y, 2.6, 0.55, clear(paint.skin_shade, 0.8 * (1 - opened)))


def _open_mouth(head: Head, line: np.ndarray, below: np.ndarray, opened: float) -> None:
    pen, gap = head.pen, below[:, 1] - line[:, 1]
    pen.fill(np.concatenate([line, below[::-1]]), (122, 38, 46))
    tongue = below.copy()
    tongue[:, 1] = below[:, 1] - np.clip(2.6 * opened * (1 - (T / 0.72) ** 2), 0, gap)
    pen.fill(np.concatenate([tongue, below[::-1]]), (220, 104, 104))
    teeth = line.copy()
    teeth[:, 1] += np.minimum(2.5 * opened**0.7 * (1 - T**6), gap * 0.75)
    pen.fill(np.concatenate([line, teeth[::-1]]), (255, 250, 242))


def wrinkles(head: Head) -> None:
    age = (head.face.age - 0.45) / 0.55
    if age <= 0:
        return
    colour, pen = clear(head.paint.skin_dark, 0.75 * age**0.7), head.pen
    for k, v in enumerate((-0.44, -0.55)):
        u = T * (0.42 - 0.07 * k)
        pen.stroke(head.on(join(u, v - 0.03 * BOW)), 0.75 * taper(15, 0.1, 0.1), colour)
    for side in SIDES:
        fold = head.on([(0.2 * side, 0.36), (0.34 * side, 0.46), (0.41 * side, 0.6)])
        pen.stroke(curve(fold), 0.9 * taper(11, 0.1, 0.1), colour)
        bag = head.on(join(side * 0.4 + 0.17 * T, 0.245 + 0.035 * BOW))
        pen.stroke(bag, 0.75 * taper(15, 0.1, 0.1), colour)
        for dv in (0.02, 0.12):
            foot = head.on([(0.69 * side, 0.1 + dv * 0.4), (0.8 * side, 0.04 + dv * 1.5)])
            pen.stroke(foot, np.array((0.8, 0.3)), colour)


_BEARD_CHEEK = [(0.86, 0.16), (0.74, 0.36), (0.5, 0.47), (0.26, 0.46), (0.0, 0.44)]


def beard(head: Head, outline: np.ndarray) -> None:
    """Stubble is a glaze, a full beard is paint and hangs lower; the moustache waits for the mouth."""
    face, pen, paint = head.face, head.pen, head.paint
    if face.beard not in ("stubble", "full"):
        return
    rim = outline[outline[:, 1] > -0.05 * head.h]
    if face.beard == "full":
        rim = rim * np.stack([np.full(len(rim), 1.02), 1 + 0.15 * np.clip(rim[:, 1] / head.h, 0, 1) ** 2], 1)
    cheek = np.array(_BEARD_CHEEK)
    cheek = head.on(np.concatenate([cheek[:-1] * (-1, 1), cheek[::-1]]))
    shape = np.concatenate([rim, curve(cheek, steps=4)])
    if face.beard == "stubble":
        pen.fill(shape, clear(paint.hair_shade, 0.34))
        return
    pen.fill(shape, paint.hair)
    dark = head.crescent(rim, 0.16)
    pen.fill(dark, paint.hair_shade)
    for u in (-0.5, -0.25, 0.02, 0.28, 0.52):
        lock = head.on([(u, 0.84), (u * 0.93, 0.94), (u * 0.8, 1.02)])
        pen.stroke(curve(lock, steps=3), 0.8 * taper(7, 0.1, 0.1), paint.hair_light)


def moustache(head: Head) -> None:
    face, pen, paint = head.face, head.pen, head.paint
    if face.beard not in ("moustache", "full"):
        return
    droop = 0.03 if face.beard == "full" else 0.0
    lift = 0.04 * max(0.0, face.smile)
    for side in SIDES:
        top = [(0, 0.465), (0.16, 0.475), (0.33, 0.56 - lift), (0.45, 0.6 + droop - lift * 2)]
        low = [(0.42, 0.66 + droop - lift * 2), (0.26, 0.64 - lift), (0.1, 0.6), (0, 0.585)]
        p = np.array(top + low) * (side, 1)
        pen.fill(
            curve(head.on(p, lift=0.05), closed=True, steps=4),
            paint.hair if side * face.light >= 0 else paint.hair_shade,
        )
        strand = head.on(np.array([(0.06, 0.53), (0.2, 0.54), (0.35, 0.6 - lift)]) * (side, 1), lift=0.05)
        pen.fill(ribbon(curve(strand, steps=3), 0.7 * taper(7, 0.1, 0.1)), paint.hair_light)
