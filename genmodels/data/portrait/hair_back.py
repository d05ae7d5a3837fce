"""The hair behind the neck and the shoulders, in its own shadow, and what stands up behind the crown."""

import numpy as np

from .head import Head
from .locks import between, cloud, lock, strand
from .pen import CIRCLE, curve, taper


def _curls(head: Head, centre, rx: float, ry: float, bumps: int) -> None:
    """A round head of curls: a scalloped cloud, its shadow side, and little lit arcs."""
    rim = cloud(np.asarray(centre), rx, ry, bumps, 0.1)
    head.pen.fill(rim, head.paint.hair)
    head.pen.fill(head.crescent(rim, 0.17), head.paint.hair_shade)
    for k in range(9):
        a = np.pi + (k + 0.5) * np.pi / 9
        for ring in (0.8, 0.9):
            x, y = np.cos(a + ring) * rx * ring + centre[0], np.sin(a + ring) * ry * ring + centre[1]
            if y < -0.5 * head.h:
                arc = CIRCLE[12:21] * (2.0, 1.8) + (x, y)
                head.pen.stroke(arc, 0.8 * taper(9, 0.1, 0.1), head.paint.hair_light)


def _curtain(head: Head, wide: float, low: float, wave: float = 0.0, tuck: float = 0.85) -> None:
    """Hair down the back: from the crown to `low`, `wide` half widths."""
    side = np.array([(0.0, -0.98), (0.7, -0.9), (1.0, -0.5), (wide, 0.1), (wide * 1.03, 0.55), (wide, 1.0),
                     (wide * 1.02, 1.4), (wide, low - 0.1), (wide * tuck, low)])  # fmt: skip
    side[4:8, 0] += wave * np.array((1, -1, 1, -0.6))
    side = side[side[:, 1] <= low]
    shape = np.concatenate([side, side[::-1] * (-1, 1)]) - (head.sin * 0.25, 0)
    shape = curve(head.flat(shape), closed=True, steps=4)
    head.pen.fill(shape, head.paint.hair_deep)


def _back_bob(head: Head) -> None:
    _curtain(head, 1.14 + 0.1 * head.face.hair_volume, 0.92)


def _back_fringe(head: Head) -> None:
    _curtain(head, 1.1 + 0.1 * head.face.hair_volume, 0.74)


def _back_straight(head: Head) -> None:
    _curtain(head, 1.1 + 0.1 * head.face.hair_volume, 1.85)


def _back_wavy(head: Head) -> None:
    _curtain(head, 1.22 + 0.12 * head.face.hair_volume, 1.75, wave=0.07)


def _back_curly(head: Head) -> None:
    v = head.face.hair_volume
    y = 0.05 * head.h
    _deep_cloud(head, (-head.sin * 4, y), head.w * (1.3 + 0.1 * v), head.h * (1.0 + 0.06 * v), 15)


def _deep_cloud(head: Head, centre, rx: float, ry: float, bumps: int) -> None:
    head.pen.fill(cloud(np.asarray(centre), rx, ry, bumps, 0.1), head.paint.hair_deep)


def _back_afro(head: Head) -> None:
    v = head.face.hair_volume
    if head.face.hat == "none":
        _curls(head, (-head.sin * 5, -0.3 * head.h), head.w * (1.42 + 0.14 * v), head.h * (1.2 + 0.1 * v), 19)
    else:
        _deep_cloud(
            head, (-head.sin * 5, -0.05 * head.h), head.w * (1.4 + 0.14 * v), head.h * (0.95 + 0.1 * v), 17
        )


def _back_bun(head: Head) -> None:
    if head.face.hat != "none":
        return _curtain(head, 1.0, 0.8)
    v, x = head.face.hair_volume, 0.25 * head.face.parting * head.w - head.sin * 6
    y = -1.2 * head.h - 1.5 * v
    r = 7.6 + 2.2 * v
    head.pen.dot(x, y, r * 1.1, r, head.paint.hair)
    ball = CIRCLE * (r * 1.1, r) + (x, y)
    head.pen.fill(head.crescent(ball, 0.3), head.paint.hair_shade)
    strand(
        head,
        [(x - r * 0.7, y - r * 0.1), (x - r * 0.2, y - r * 0.6), (x + r * 0.5, y - r * 0.5)],
        1.3,
        head.paint.hair_light,
    )
    strand(
        head,
        [(x - r * 0.5, y + r * 0.4), (x + r * 0.1, y - r * 0.05), (x + r * 0.8, y)],
        1.0,
        head.paint.hair_deep,
    )
    return None


def _back_ponytail(head: Head) -> None:
    s = 1.0 if head.face.parting >= 0 else -1.0
    v = 0.14 * head.face.hair_volume
    outer = np.array(
        [(0.55, -0.95), (1.2, -1.12), (1.55 + v, -0.6), (1.5 + v, 0.1), (1.42, 0.7), (1.62, 1.15)]
    )
    inner = np.array([(0.55, -0.6), (1.0, -0.75), (1.12, -0.4), (1.06, 0.1), (1.1, 0.6), (1.62, 1.15)])
    o, i = curve(head.flat(outer * (s, 1)), steps=4), curve(head.flat(inner * (s, 1)), steps=4)
    lock(head, o, i, strands=0)
    for a in (0.3, 0.65):
        head.pen.stroke(between(o, i, a)[4:], 0.8 * taper(len(o) - 4, 0.1, 0.1), head.paint.hair_shade)
    if head.face.hat == "none":
        head.pen.dot(0.86 * s * head.w, -0.86 * head.h, 2.8, 3.2, head.paint.accent)


_BACK = {
    "curly": _back_curly,
    "afro": _back_afro,
    "fringe": _back_fringe,
    "bob": _back_bob,
    "long_straight": _back_straight,
    "long_wavy": _back_wavy,
    "bun": _back_bun,
    "ponytail": _back_ponytail,
}


def back(head: Head) -> None:
    if head.face.hair_style in _BACK:
        _BACK[head.face.hair_style](head)
