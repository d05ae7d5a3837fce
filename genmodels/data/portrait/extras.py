"""What a face can put on: glasses, earrings, hats."""

import numpy as np

from .features import BOW, SIDES, T
from .head import Head
from .pen import CIRCLE, clear, curve, join, mix, taper, tint

FRAME = (58, 44, 48)


def _lens(kind: str) -> np.ndarray:
    power = {"round": 1.0, "square": 0.5, "sunglasses": 0.68}[kind]
    shape = np.sign(CIRCLE) * np.abs(CIRCLE) ** power
    if kind == "sunglasses":
        shape[:, 1] = np.where(shape[:, 1] < 0, shape[:, 1] * 0.85, shape[:, 1])
    return shape * {"round": (7.3, 7.1), "square": (7.2, 5.5), "sunglasses": (7.7, 6.2)}[kind]


GLASSES = ("none", "round", "square", "sunglasses")
_LENSES = {kind: _lens(kind) for kind in GLASSES[1:]}


def glasses(head: Head) -> None:
    kind, pen = head.face.glasses, head.pen
    if kind == "none":
        return
    shape = _LENSES[kind]
    frame = mix(FRAME, head.paint.accent, 0.35 if kind == "round" else 0.1)
    frame = mix(frame, (222, 180, 104), min(0.75, max(0.0, head.face.skin - 0.6) * 2.5))  # gold on dark skin
    v = 0.11 + head.drop
    inner = []
    for side in SIDES:
        x, y = head.spot(0.43 * side, v, 0.1)
        narrow = head.squeeze(0.43 * side)
        lens = shape * (narrow, 1.0) + (x, y)
        _arm(head, x + side * 7 * narrow, y - 1.2, side, frame)
        if kind == "sunglasses":
            pen.fill(lens, (50, 42, 54))
            shine = np.array([(-4.6, 1), (-0.6, -4.0), (1.2, -4.0), (-3.6, 2.6)]) * (narrow, 1.0) + (x, y)
            pen.fill(shine, clear((255, 255, 255), 0.28))
        else:
            pen.fill(lens, clear((255, 255, 255), 0.13))
        ring = shape * (narrow * 0.86, 0.86) + (x, y)
        pen.fill(np.concatenate([lens, lens[:1], ring[:1], ring[::-1]]), frame)
        inner.append((x - side * 6.6 * narrow, y - 1.0))
    bridge = np.array([inner[0], ((inner[0][0] + inner[1][0]) / 2, inner[0][1] - 1.3), inner[1]])
    pen.stroke(curve(bridge), 1.3, frame)


def _arm(head: Head, x: float, y: float, side: int, frame) -> None:
    end = side * head.w * (1.0 - 0.12 * max(0.0, side * head.face.turn))
    if (end - x) * side > 0:
        head.pen.stroke(np.array([(x, y), (end, y + 0.3)]), 1.2, frame)


def earrings(head: Head) -> None:
    kind, pen = head.face.earrings, head.pen
    if kind == "none":
        return
    metal = (242, 196, 92)
    for side in SIDES:
        if side * head.face.turn > 0.75:
            continue  # this ear has gone behind the face
        x = side * (head.w + 1.2) * (1.0 - 0.13 * max(0.0, side * head.face.turn))
        y = (0.12 + head.drop) * head.h + 5.6
        if kind == "studs":
            pen.dot(x, y - 0.6, 1.45, 1.45, metal)
            pen.dot(x - 0.3, y - 0.9, 0.5, 0.5, (255, 244, 210))
        elif kind == "hoops":
            ring = CIRCLE * (3.0, 3.4) + (x, y + 2.6)
            hole = CIRCLE[::-1] * (2.0, 2.4) + (x, y + 2.6)
            pen.fill(np.concatenate([ring, ring[:1], hole[-1:], hole]), metal)
        else:
            pen.stroke(np.array([(x, y - 1), (x, y + 3)]), 0.7, metal)
            drop = np.array([(0, 0), (1.7, 3.2), (0, 5.2), (-1.7, 3.2)]) + (x, y + 1.6)
            pen.fill(curve(drop, closed=True), head.paint.accent)


def _dome(head: Head, high: float, wide: float, base: float, square: float = 1.0) -> np.ndarray:
    """The crown of a hat, from the left end of its band over the top to the right."""
    a = np.linspace(np.pi, 2 * np.pi, 19)
    x = np.sign(np.cos(a)) * np.abs(np.cos(a)) ** square * wide
    return join(x * head.w, (base + np.sin(a) * (high + base)) * head.h)


def _band(head: Head, v: float, wide: float, bow: float) -> np.ndarray:
    """A line across the forehead, bent by the turn and the round of the head."""
    return join(T * wide * head.w, (v + bow * BOW) * head.h) + (head.sin * 2, 0)


def _beanie(head: Head) -> None:
    pen, p = head.pen, head.paint
    dome = _dome(head, 1.36, 1.09, -0.4)
    pen.dot(head.sin * -4, -1.42 * head.h, 5.2, 5.0, p.accent_light)
    pen.fill(dome, p.accent)
    pen.fill(head.crescent(dome, 0.2), p.accent_shade)
    for t in (-0.5, 0.0, 0.5):
        rib = np.array([(t * 0.35, -1.3), (t * 0.9, -1.05), (t * 1.15, -0.62)])
        pen.stroke(curve(head.on(rib * (0.8, 1)), steps=3), 0.9, clear(p.accent_shade, 0.9))
    low, top = _band(head, -0.48, 1.13, 0.09), _band(head, -0.76, 1.1, 0.1)
    pen.fill(np.concatenate([low, top[::-1]]), p.accent_light)
    for k in range(1, 14, 2):
        pen.stroke(np.stack([low[k] * 0.98, top[k]]), 0.8, clear(p.accent, 0.8))


def _cap(head: Head) -> None:
    pen, p, turn = head.pen, head.paint, head.sin
    dome = _dome(head, 1.24, 1.07, -0.45)
    pen.fill(dome, p.accent)
    pen.fill(head.crescent(dome, 0.22), p.accent_shade)
    for s in (-0.5, 0.5):
        seam = np.array([(0.02, -1.22), (s * 0.8, -0.95), (s * 1.05, -0.6)])
        pen.stroke(curve(head.on(seam * (0.9, 1)), steps=3), 0.7, p.accent_shade)
    pen.dot(turn * 6, -1.23 * head.h, 1.7, 1.1, p.accent_light)
    x = turn * 26
    rim = join(x + T * (19.5 - 4 * abs(turn)), -0.6 * head.h + 1.0 + 2.2 * BOW)
    top = join(x * 0.55 + T * 20.5, -0.6 * head.h - 4.2 * BOW**0.7 + 1.0)
    pen.fill(np.concatenate([top, rim[::-1]]), tint(p.accent_shade, (0.9, 0.88, 0.9)))
    lip = rim - (0, 1.5)
    pen.fill(np.concatenate([lip, rim[::-1]]), tint(p.accent_shade, (0.7, 0.68, 0.72)))
    x, y = head.spot(0, -0.93)
    pen.dot(x, y, 3.2, 3.2, p.accent_light)


def _brim(head: Head) -> None:
    pen, p = head.pen, head.paint
    y = -0.56 * head.h
    pen.dot(head.sin * 3, y, head.w * 1.72, 5.6, p.accent_shade)
    dome = _dome(head, 1.42, 0.98, -0.5, 0.62)
    pen.fill(dome, p.accent)
    pen.fill(head.crescent(dome, 0.24), p.accent_shade)
    dent = join(T * head.w * 0.4 + head.sin * 3, -1.36 * head.h + 2.2 * BOW)
    pen.stroke(dent, 1.1 * taper(15, 0.1, 0.1), p.accent_shade)
    band = np.concatenate([_band(head, -0.64, 0.97, 0.07), _band(head, -0.8, 0.95, 0.07)[::-1]])
    pen.fill(band, mix(p.accent_shade, (52, 38, 46), 0.55))
    front = join(T * head.w * 1.72 + head.sin * 3, y + 5.6 * np.sqrt(np.maximum(BOW, 0)))
    back = join(T * head.w * 1.72 + head.sin * 3, y + 1.8 * BOW)
    pen.fill(np.concatenate([front, back[::-1]]), p.accent_light)


def _beret(head: Head) -> None:
    pen, p = head.pen, head.paint
    lean = 1.0 if head.face.parting >= 0 else -1.0
    blob = np.array([(-1.02, -0.66), (-1.1, -0.9), (-0.75, -1.2), (0.0, -1.36), (0.8, -1.3),
                     (1.32, -1.02), (1.3, -0.72), (0.98, -0.58), (0.0, -0.66)])  # fmt: skip
    shape = curve(head.flat(blob * (lean, 1)), closed=True)
    pen.stroke(head.flat([(0.12 * lean, -1.3), (0.2 * lean, -1.47)]), 1.6, p.accent_shade)
    pen.fill(shape, p.accent)
    pen.fill(head.crescent(shape, 0.26), p.accent_shade)
    low, top = _band(head, -0.54, 1.04, -0.06), _band(head, -0.64, 1.04, -0.08)
    pen.fill(np.concatenate([low, top[::-1]]), tint(p.accent_shade, (0.85, 0.82, 0.85)))
    shine = head.flat(np.array([(-0.5, -1.12), (-0.15, -1.22), (0.25, -1.24)]) * (lean, 1))
    pen.stroke(curve(shine), 1.6 * taper(11, 0.1, 0.1), clear(p.accent_light, 0.8))


_HATS = {"beanie": _beanie, "cap": _cap, "brimmed": _brim, "beret": _beret}
HATS = ("none", *_HATS)
EARRINGS = ("none", "studs", "hoops", "drops")


def hat(head: Head) -> None:
    if head.face.hat != "none":
        _HATS[head.face.hat](head)
