"""What all hair is made of.

One primitive does most of it. A *lock* is the area between two matched curves, the outer silhouette and the
inner edge; because they are matched, shade, shine and strands are just other mixtures of the two.
"""

import numpy as np

from .head import Head
from .pen import clear, curve, join, ribbon, taper

_ARC = np.linspace(np.pi, 2 * np.pi, 9)
_CROWN = join(np.cos(_ARC), np.sin(_ARC))


def between(outer: np.ndarray, inner: np.ndarray, a: np.ndarray | float) -> np.ndarray:
    return outer + (inner - outer) * np.asarray(a).reshape(-1, 1)


def fill_where(head: Head, mask: np.ndarray, a: np.ndarray, b: np.ndarray, colour) -> None:
    """Fill between two curves, each unbroken run of the mask by itself."""
    ends = np.flatnonzero(np.diff(mask, prepend=False, append=False))
    for start, stop in zip(ends[::2].tolist(), ends[1::2].tolist(), strict=True):
        if stop - start > 2:
            head.pen.fill(np.concatenate([a[start:stop], b[start:stop][::-1]]), colour)


def lock(head: Head, outer: np.ndarray, inner: np.ndarray, strands: int = 3, shine: float = 1.0) -> None:
    """Fill between two curves of equal length, both from left to right or from root to tip."""
    pen, paint = head.pen, head.paint
    n = len(outer)
    pen.fill(np.concatenate([outer, inner[::-1]]), paint.hair)
    lit = ((outer + inner) / 2 / head.size) @ -head.shadow
    dark = np.clip((0.1 - lit) * 1.5, 0, 0.55)
    fill_where(head, dark > 0.02, outer, between(outer, inner, dark), paint.hair_shade)
    for k in range(strands):
        i = int((k + 0.8) * n / (strands + 0.6))
        ends = (0.12, 0.92) if n < 30 else (0.2, 0.8)
        line = np.stack([outer[i] + (inner[i] - outer[i]) * e for e in (*ends, 0.5)])[[0, 2, 1]]
        pen.stroke(line, np.array((0.2, 0.8, 0.2)), clear(paint.hair_shade, 0.8))
    if shine:
        bright = np.clip(lit - np.quantile(lit, 0.5), 0, None)
        width = 0.2 * shine * np.minimum(1, bright / (bright.max() + 1e-6) * 1.6)
        a, b = between(outer, inner, 0.42 - width / 2), between(outer, inner, 0.42 + width / 2)
        fill_where(head, width > 0.01, a, b, paint.hair_light)


def crown(head: Head, lift: float, temple: float = 0.0, bumps: float = 0.0) -> np.ndarray:
    """The outer silhouette from the left temple over the top to the right one."""
    p = _CROWN * (1.02 + 0.5 * lift, 1.02 + lift)
    p[0], p[-1] = (-1.0 - 0.3 * lift, temple), (1.0 + 0.3 * lift, temple)
    p[1:-1, 1] += 0.04
    if bumps:
        p[1:-1] *= 1 + bumps * np.array((0.2, 1, 0.1, 1, 0.2, 1, 0.1))[:, None]
    return curve(head.flat(p), steps=5)


def hairline(head: Head, points) -> np.ndarray:
    """The inner edge, nine points from left to right, lying on the skin."""
    return curve(head.on(points), steps=5)


def mirror(right) -> np.ndarray:
    """Nine points from five: the middle one and four to the right of it."""
    right = np.asarray(right, float)
    return np.concatenate([right[:0:-1] * (-1, 1), right])


def shadow_on_brow(head: Head, line: np.ndarray) -> None:
    drop = np.array((-0.6 * head.face.light, 1.9))
    head.pen.fill(np.concatenate([line, (line + drop)[::-1]]), clear(head.paint.skin_shade, 0.8))


def cap(head: Head, lift: float, line, temple: float = 0.02, bumps: float = 0.0, **look) -> None:
    inner = hairline(head, line)
    shadow_on_brow(head, inner)
    lock(head, crown(head, lift, temple, bumps), inner, **look)


def volume(head: Head) -> float:
    return 0.04 + 0.12 * head.face.hair_volume


def strand(head: Head, points, width: float, colour) -> None:
    line = curve(np.asarray(points, float), steps=4)
    head.pen.fill(ribbon(line, width * taper(len(line), 0.1, 0.1)), colour)


def cloud(centre: np.ndarray, rx: float, ry: float, bumps: int, deep: float) -> np.ndarray:
    a = np.linspace(0, 2 * np.pi, bumps * 7, endpoint=False)
    r = 1 + deep * (np.abs(np.sin(a * bumps / 2)) ** 0.8 - 0.6)
    return join(np.cos(a) * r * rx, np.sin(a) * r * ry) + centre
