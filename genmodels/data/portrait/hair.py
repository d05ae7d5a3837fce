"""The hair around the face, one function per style."""

import numpy as np

from .features import SIDES
from .head import Head
from .locks import between, cap, crown, fill_where, hairline, lock, mirror, shadow_on_brow, strand, volume
from .pen import CIRCLE, clear, curve, join, taper

_MOHAWK = np.array([(-0.34, -0.85), (-0.42, -1.22), (-0.3, -1.2), (-0.28, -1.48), (-0.13, -1.34), (0, -1.6),
                    (0.13, -1.34), (0.28, -1.48), (0.3, -1.2), (0.42, -1.22), (0.34, -0.85)])  # fmt: skip


def _bald(head: Head) -> None:
    x, y = head.spot(0.32 * (1 if head.face.light >= 0 else -1), -0.72)
    head.pen.dot(x, y, 3.4, 1.7, clear(head.paint.skin_light, 0.7))


def _balding(head: Head) -> None:
    _bald(head)
    v = 0.1 * head.face.hair_volume
    for s in SIDES:
        outer = np.array(
            [(0.88, -0.5), (1.02 + v, -0.42), (1.07 + v, -0.14), (1.08 + v, 0.08), (0.97, 0.24)]
        ) * (s, 1)
        inner = np.array([(0.88, -0.5), (0.84, -0.3), (0.86, -0.12), (0.93, 0.02), (0.97, 0.24)]) * (s, 1)
        lock(head, curve(head.flat(outer)), curve(head.flat(inner)), strands=3, shine=0)


def _buzz(head: Head) -> None:
    line = mirror([(0, -0.62), (0.3, -0.61), (0.62, -0.52), (0.84, -0.3), (0.97, 0.06)])
    cap(head, 0.025, line, strands=0, shine=0.7)


def _short(head: Head) -> None:
    """Tousled: a crown with bumps and a fringe of four teeth."""
    s = 1 if head.face.parting >= 0 else -1
    line = np.array([(-0.95, 0.1), (-0.84, -0.34), (-0.6, -0.36), (-0.42, -0.56), (-0.1, -0.38), (0.1, -0.56),
                     (0.42, -0.4), (0.72, -0.5), (0.95, 0.1)])  # fmt: skip
    line = (line * (s, 1))[::s]
    cap(head, volume(head) + 0.06, line, temple=0.12, bumps=0.045, strands=3)


def _quiff(head: Head) -> None:
    s = 1 if head.face.parting >= 0 else -1
    cap(
        head,
        0.05,
        mirror([(0, -0.64), (0.35, -0.63), (0.66, -0.5), (0.85, -0.26), (0.97, 0.08)]),
        temple=0.1,
        strands=0,
        shine=0,
    )
    if head.face.hat != "none":
        return
    v = 0.12 * head.face.hair_volume
    outer = np.array(
        [(-0.72, -0.66), (-0.78, -1.05), (-0.42, -1.3 - v), (0.1, -1.4 - v), (0.6, -1.36 - v), (0.9, -1.1)]
    )
    inner = np.array([(-0.6, -0.6), (-0.3, -0.66), (0.0, -0.72), (0.3, -0.76), (0.62, -0.86), (0.9, -1.1)])
    o, i = (
        curve(head.flat(outer * (s, 1)) + (head.sin * 5, 0), steps=4),
        curve(head.on(inner * (s, 1)), steps=4),
    )
    lock(head, o, i, strands=0)
    for a in (0.25, 0.7):
        head.pen.stroke(between(o, i, a)[3:], 0.9 * taper(len(o) - 3, 0.1, 0.1), head.paint.hair_shade)


def _side_part(head: Head) -> None:
    s = 1 if head.face.parting >= 0 else -1
    p = 0.25 + 0.25 * abs(head.face.parting)
    line = np.array([(-0.96, 0.1), (-0.88, -0.2), (-0.72, -0.34), (-0.4, -0.42), (0.0, -0.56), (p, -0.78),
                     (0.7, -0.56), (0.86, -0.26), (0.96, 0.1)])  # fmt: skip
    line = (line * (s, 1))[::s]
    cap(head, volume(head) + 0.03, line, temple=0.12, strands=0)
    for a in (0.3, 0.62):
        sweep = np.array(
            [
                (p, -0.82),
                (p - 0.4, -0.9 + 0.3 * a),
                (-0.35 - 0.15 * a, -0.78 + 0.35 * a),
                (-0.85, -0.5 + 0.4 * a),
            ]
        )
        strand(head, head.on(sweep * (s, 1)), 0.9, clear(head.paint.hair_shade, 0.9))


def _curtains(head: Head, low: float, wide: float, part: float, wave: float = 0.0, flip: float = 0.0) -> None:
    """Two locks from the parting down both sides of the face."""
    lift = volume(head)
    for s in SIDES:
        t = (0.5 * part * s, -1.04 - lift)
        outer = [t, (0.62, -0.98 - 0.8 * lift), (1.02 + 0.3 * lift, -0.56), (wide, 0.0), (wide + wave, 0.45)]
        inner = [(t[0], -0.74), (0.5 + 0.2 * part * s, -0.56), (0.8, -0.24), (0.9, 0.2), (0.92 - wave, 0.5)]
        if low > 1.2:
            outer += [(wide - wave, 0.95), (wide + 0.02 + wave, 1.35)]
            inner += [(0.88 + wave, 0.95), (0.78 - wave, 1.35)]
        outer += [(wide + flip, low)]
        inner += [(0.86 + flip if low < 1.2 else 0.8, low + 0.03)]
        o, i = np.array(outer) * (s, 1), np.array(inner) * (s, 1)
        i = np.concatenate([head.on(i[:4]), head.flat(i[4:]) + (head.sin * 2, 0)])
        o, i = curve(head.flat(o), steps=5), curve(i, steps=5)
        shadow_on_brow(head, i[:18])
        lock(head, o, i, strands=0)
        for a in (0.3, 0.66):
            head.pen.stroke(
                between(o, i, a)[6:], 0.8 * taper(len(o) - 6, 0.1, 0.1), clear(head.paint.hair_shade, 0.85)
            )


def _bob(head: Head) -> None:
    _curtains(head, 0.84, 1.16 + 0.1 * head.face.hair_volume, head.face.parting, flip=-0.05)


def _long_straight(head: Head) -> None:
    _curtains(head, 1.75, 1.12 + 0.1 * head.face.hair_volume, head.face.parting)


def _long_wavy(head: Head) -> None:
    _curtains(head, 1.7, 1.2 + 0.1 * head.face.hair_volume, head.face.parting * 1.2, wave=0.06)


def _fringe(head: Head) -> None:
    """A page-boy: a straight fringe with two notches, and sides to the jaw."""
    wide = 1.1 + 0.1 * head.face.hair_volume
    for s in SIDES:
        o = np.array([(0.7, -0.9), (1.05, -0.5), (wide, 0.1), (wide + 0.03, 0.5), (wide - 0.08, 0.74)]) * (
            s,
            1,
        )
        i = np.array([(0.5, -0.5), (0.8, -0.3), (0.88, 0.1), (0.88, 0.45), (0.8, 0.72)]) * (s, 1)
        lock(
            head,
            curve(head.flat(o)),
            curve(np.concatenate([head.on(i[:3]), head.flat(i[3:])])),
            strands=0,
            shine=0.6,
        )
    line = mirror([(0.03, -0.29), (0.2, -0.27), (0.42, -0.275), (0.62, -0.25), (0.88, -0.02)])
    cap(head, volume(head), line, temple=0.0, strands=5)


def _curly(head: Head) -> None:
    v = head.face.hair_volume
    line = _scallop(head, -0.5, 0.07)
    shadow_on_brow(head, line)
    if head.face.hat == "none":
        a = np.linspace(0.98, 2.02, 91) * np.pi
        r = 1 + 0.1 * (np.abs(np.sin(a * 8)) ** 0.8 - 0.6)
        rim = join(np.cos(a) * r * head.w * (1.22 + 0.1 * v), np.sin(a) * r * head.h * (1.2 + 0.1 * v))
        for s in SIDES:
            for dx, dy in ((1.12, 0.16), (1.02, 0.0)):
                head.pen.dot(
                    s * head.w * (dx + 0.05 * v + 0.06 * max(0.0, s * head.face.turn)),
                    dy * head.h,
                    4.4,
                    4.6,
                    head.paint.hair,
                )
        head.pen.fill(np.concatenate([rim, line[::-1]]), head.paint.hair)
        lean = rim / head.size @ head.shadow  # the rim is open, so its two dark ends are shaded apart
        deep = np.clip(lean + 0.15, 0, None)
        fill_where(head, deep > 0, rim, rim * (1 - 0.3 * deep / (deep + 0.6))[:, None], head.paint.hair_shade)
        _ringlets(head, head.w * (1.24 + 0.1 * v), head.h * (1.2 + 0.1 * v))
    else:
        lock(head, crown(head, 0.1, 0.1), line, strands=0)


def _ringlets(head: Head, rx: float, ry: float) -> None:
    for k, a in enumerate(np.linspace(1.08, 1.92, 8) * np.pi):
        r = 0.7 + 0.16 * (k % 2)
        arc = CIRCLE[11:21] * (2.3, 2.1) + (np.cos(a) * rx * r, np.sin(a) * ry * r)
        head.pen.stroke(
            arc, 0.9 * taper(10, 0.1, 0.1), head.paint.hair_light if k % 2 else head.paint.hair_shade
        )


def _scallop(head: Head, v: float, deep: float) -> np.ndarray:
    u = np.linspace(-0.94, 0.94, 41)
    round_ = v + 0.62 * np.abs(u) ** 3.2
    return head.on(join(u, round_ + deep * np.abs(np.sin(u * 9.5))))


def _afro(head: Head) -> None:
    line = _scallop(head, -0.56, 0.04)
    shadow_on_brow(head, line)
    top = crown(head, 0.06, 0.1)
    for s in SIDES:
        head.pen.dot(
            s * head.w * (1.03 + 0.12 * max(0.0, s * head.face.turn)),
            0.02 * head.h,
            3.2,
            4.2,
            head.paint.hair,
        )
    head.pen.fill(np.concatenate([top, line[::-1]]), head.paint.hair)


def _pulled(head: Head) -> None:
    line = mirror([(0, -0.63), (0.3, -0.6), (0.62, -0.46), (0.86, -0.2), (0.97, 0.06)])
    cap(head, volume(head), line, strands=0)
    for u in (-0.55, -0.2, 0.2, 0.55):
        strand(
            head,
            head.on([(u, -0.58 + 0.3 * u * u), (u * 0.85, -0.8), (u * 0.45, -0.98)]),
            0.8,
            clear(head.paint.hair_shade, 0.9),
        )


def _braids(head: Head) -> None:
    _curtains(head, 0.4, 1.04, head.face.parting * 0.4, flip=-0.08)
    for s in SIDES:
        x, y = s * head.w * 1.05, 0.42 * head.h
        for k in range(5):
            wide = 4.5 - 0.35 * k
            for half, colour in ((-1, head.paint.hair), (1, head.paint.hair_shade)):
                seg = np.array([(0, -3.4), (half * wide, -1.6), (half * wide * 0.9, 1.4), (0, 3.6)])
                head.pen.fill(curve(seg + (x, y), closed=True, steps=4), colour)
            head.pen.dot(x - wide * 0.45, y - 0.6, 0.9, 1.2, head.paint.hair_light)
            x, y = x + s * 0.35, y + 5.2
        head.pen.dot(x, y - 1.4, 2.6, 1.7, head.paint.accent)
        tuft = np.array([(-1.6, 0), (1.6, 0), (2.6, 5), (0, 7), (-2.6, 5)]) + (x, y - 0.4)
        head.pen.fill(curve(tuft, closed=True, steps=4), head.paint.hair)


def _mohawk(head: Head) -> None:
    line = mirror([(0, -0.62), (0.3, -0.6), (0.62, -0.5), (0.84, -0.3), (0.97, 0.06)])
    inner = hairline(head, line)
    outer = crown(head, 0.015, 0.02)
    head.pen.fill(np.concatenate([outer, inner[::-1]]), clear(head.paint.hair_deep, 0.45))
    if head.face.hat != "none":
        return
    grow = 0.9 + 0.12 * head.face.hair_volume
    shape = head.flat(_MOHAWK * (1, grow) + (head.sin * 0.35, 0.0))
    root = head.on([(0.3, -0.72), (0, -0.56), (-0.3, -0.72)])
    head.pen.fill(np.concatenate([shape, root]), head.paint.hair)
    for k in (1, 3, 5, 7, 9):
        base = head.spot(0.24 * (k - 5) / 5, -0.72)
        line = np.stack([shape[k] * (0.97, 0.97), np.array(base)])
        lit = (k - 5) * head.face.light > 0
        head.pen.stroke(line, np.array((0.3, 1.6)), head.paint.hair_light if lit else head.paint.hair_shade)


_FRONT = {
    "bald": _bald,
    "balding": _balding,
    "buzz": _buzz,
    "short": _short,
    "quiff": _quiff,
    "side_part": _side_part,
    "mohawk": _mohawk,
    "curly": _curly,
    "afro": _afro,
    "fringe": _fringe,
    "bob": _bob,
    "long_straight": _long_straight,
    "long_wavy": _long_wavy,
    "bun": _pulled,
    "ponytail": _pulled,
    "braids": _braids,
}
HAIR_STYLES = tuple(_FRONT)


def front(head: Head) -> None:
    _FRONT[head.face.hair_style](head)
