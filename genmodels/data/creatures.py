"""The body plans: thirteen ways to put parts together, and the eyes, mouths and patterns they share."""

import numpy as np

from .easel import (
    ACCENT,
    BODY,
    GLOW,
    MOUTH,
    OUTLINE,
    PUPIL,
    WHITE,
    D,
    Easel,
    Y,
    limb,
    oval,
    polygon,
)

# ---- what all plans share


def _eyes(e: Easel, kind: str, d: int, y: int) -> None:
    """d is the column of the inner edge of an eye, y its middle row."""
    if kind == "one":
        for row, width in ((-2, 1), (-1, 2), (0, 2), (1, 2), (2, 1)):
            for k in range(width + 1):
                e.dab(k, y + row, WHITE)
        for row in (-1, 0, 1):
            e.dab(0, y + row, PUPIL)
        e.dab(1, y, PUPIL)
        return
    if kind == "three":
        e.dab(0, y - 3, WHITE), e.dab(0, y - 2, PUPIL)
    size = {"dots": (1, 2), "glowing": (2, 1), "big": (3, 4)}.get(kind, (2, 3))
    for row in range(size[1]):
        for k in range(size[0]):
            e.dab(d + k, y - size[1] // 2 + row, {"dots": PUPIL, "glowing": GLOW}.get(kind, WHITE))
    if kind == "big":
        for k, row in ((0, 0), (1, 0), (0, 1), (1, 1)):
            e.dab(d + k, y - 1 + row, PUPIL)
        e.dab(d + 2, y - 2, OUTLINE), e.dab(d, y - 2, WHITE)
    elif kind in ("round", "three"):
        e.dab(d, y, PUPIL), e.dab(d, y + 1, PUPIL)
    elif kind == "glowing":
        e.dab(d + 1, y - 1, GLOW), e.dab(d, y + 1, OUTLINE), e.dab(d + 1, y + 1, OUTLINE)


def _mouth(e: Easel, kind: str, y: int) -> None:
    if kind == "smile":
        e.dab(0, y + 1, OUTLINE), e.dab(1, y + 1, OUTLINE), e.dab(2, y, OUTLINE)
    elif kind == "fangs":
        for d in range(3):
            e.dab(d, y, OUTLINE)
        e.dab(1, y + 1, WHITE)
    elif kind == "teeth":
        for d in range(4):
            e.dab(d, y, WHITE if d < 3 else OUTLINE), e.dab(d, y + 1, OUTLINE if d % 2 else WHITE)
    elif kind == "o":
        e.dab(0, y, MOUTH), e.dab(0, y + 1, MOUTH)


def _extra(e: Easel, kind: str, d: float, y: float, ramp: int = ACCENT) -> None:
    """What grows on a head whose top is at y and whose half width is about d."""
    if kind == "horns":
        e.part(
            limb(d * 0.6, y + 1, d * 0.85 + 1, y - 2, 1.4, 0.9)
            | limb(d * 0.85 + 1, y - 2, d * 0.7 + 1, y - 3.6, 0.9, 0.5),
            ramp,
        )
    elif kind == "antennae":
        e.part(limb(d * 0.35, y + 1, d * 0.6 + 0.5, y - 2.5, 0.55), BODY, apart=False)
        e.part(oval(d * 0.6 + 0.8, y - 3, 1.3, 1.3), ramp, light=1)
    elif kind == "ears":
        e.part(polygon((d * 0.25, y + 2), (d * 0.7, y - 3.4), (d * 0.85, y - 3.4), (d + 0.6, y + 3)), BODY)
        e.tone(polygon((d * 0.5, y + 2), (d * 0.75, y - 1.8), (d * 0.85, y + 2)), ramp)
    elif kind == "crown":
        teeth = polygon((0, y + 1), (0, y - 2.6), (1.2, y - 1), (2.6, y - 2.8), (3.6, y - 1.2), (4.2, y + 1))
        e.part(teeth, ramp, light=1)
        e.dab(0, int(y), GLOW)
    elif kind == "spikes":
        e.part(polygon((0, y + 1), (0, y - 3.5), (1.6, y), (2.6, y - 2.2), (4.0, y + 1.4)), ramp, light=1)


def _pattern(e: Easel, kind: str, d: float, y: float, rx: float, ry: float) -> None:
    """Markings on a body around (d = 0, y)."""
    if kind == "belly":
        e.tone(oval(0, y + ry * 0.3, rx * 0.62, ry * 0.62), ACCENT)
    elif kind == "spots":
        spots = oval(rx * 0.62, y - ry * 0.35, 1.3, 1.3) | oval(rx * 0.35, y + ry * 0.55, 1.2, 1.2)
        e.tone((spots | oval(rx * 0.85, y + ry * 0.25, 1, 1)) & oval(0, y, rx, ry), ACCENT)
    elif kind == "stripes":
        e.tone(oval(0, y, rx, ry) & (rx * 0.45 < D) & (Y.astype(int) % 3 == 0), ACCENT)
    elif kind == "freckles":
        e.tone(oval(0, y, rx * 0.9, ry * 0.9) & ((Y.astype(int) * 2 + D.astype(int) * 3) % 7 == 0), ACCENT)


def _feathered(e: Easel, d: float, y: float, span: float) -> None:
    wing = polygon((d - 1, y + 2), (d, y - 1), (d + span * 0.6, y - 4.5), (d + span, y - 5),
                   (d + span * 0.95, y - 1), (d + span * 0.7, y + 1),
                   (d + span * 0.45, y + 2.5), (d, y + 4))  # fmt: skip
    e.part(wing, ACCENT)


def _leathery(e: Easel, d: float, y: float, span: float) -> None:
    wing = polygon((d - 1, y + 3), (d - 1, y), (d + span * 0.55, y - 5), (d + span, y - 4),
                   (11.4, y + 3.5), (d + span * 0.75, y + 1.5), (d + span * 0.5, y + 4.5),
                   (d + span * 0.25, y + 2.2))  # fmt: skip
    e.part(wing, ACCENT)
    e.flat(limb(d, y + 1, d + span * 0.62, y - 4, 0.55) & wing, ACCENT)
    e.flat(limb(d + span * 0.55, y - 4, d + span * 0.55, y + 3, 0.5) & wing, ACCENT)


# ---- the plans


def _slime(e: Easel, t) -> None:
    rx, top = 6.5 + 2.6 * t.width, 11.5 - 4 * t.height
    if t.wings:
        _leathery(e, rx - 2, 12, 11 - rx + 2)
    mask = (oval(0, 21, rx, 21 - top, 2.2) | oval(rx * 0.55, 20.5, rx * 0.62, 1.8)) & (Y < 22)
    e.part(mask, BODY, light=3)
    _pattern(e, t.pattern, 0, 17, rx, 5)
    shine = int(rx * 0.45), int(top + 3)
    e.dab(*shine, WHITE), e.dab(shine[0] + 1, shine[1], WHITE), e.dab(shine[0] + 1, shine[1] + 1, WHITE)
    _extra(e, t.extra, rx * 0.7, top)
    y = int(21 - (21 - top) * 0.5)
    _eyes(e, t.eyes, 2, y)
    _mouth(e, t.mouth, y + 3)


def _bat(e: Easel, t) -> None:
    r = 4.2 + 1.3 * t.width
    y = 12.5 - t.height
    _leathery(e, r - 1.2, y, 11.2 - r)
    e.part(limb(1.6, y + r - 1, 2 + t.limbs, y + r + 2, 0.9, 0.8), BODY, apart=False)
    _extra(e, t.extra, r, y - r + 0.6)
    e.part(oval(0, y, r, r), BODY)
    _pattern(e, t.pattern if t.pattern != "stripes" else "belly", 0, y + 2, r, r - 1)
    _eyes(e, t.eyes, 1, int(y - 1))
    _mouth(e, t.mouth if t.mouth != "none" else "fangs", int(y + 2))


def _golem(e: Easel, t) -> None:
    w, top = 5.5 + 1.5 * t.width, 9 - t.height
    e.part(oval(3.0, 20, 2.4, 2.6, 4), BODY)
    e.part(limb(w + 1.6, top + 3, w + 2.2, 16.5 + 2 * t.limbs, 1.9, 2.5), BODY)
    e.part(oval(0, top + 5.5, w, 5.6, 4), BODY)
    _pattern(e, t.pattern, 0, top + 6.5, w, 4.5)
    head = 3.6 + t.width
    _extra(e, t.extra, head, top - 3.4)
    e.part(oval(0, top - 0.6, head, 3.4, 4), BODY)
    e.part(oval(w, top + 1.6, 2.4, 1.9, 3), ACCENT)
    _eyes(e, t.eyes if t.eyes in ("glowing", "one", "dots") else "glowing", 1, int(top - 1))
    if t.mouth in ("teeth", "fangs"):
        _mouth(e, t.mouth, int(top + 1))


def _ghost(e: Easel, t) -> None:
    rx, top = 5 + 2 * t.width, 6 - 2.5 * t.height
    low = 17 + 3 * t.limbs
    if t.wings:
        _feathered(e, rx - 1, 12, 11.5 - rx)
    wave = low + 1.3 * np.sin(D * (1.5 + 0.4 * t.width) + 1)
    mask = (oval(0, top + rx, rx, rx) | ((rx + 0.09 * (Y - 10) > D) & (top + rx < Y))) & (wave > Y)
    e.part(limb(rx - 0.5, 12, rx + 2.2, 13.5 - 2 * t.height, 1.4, 1.0), BODY, apart=False)
    e.part(mask, BODY, light=3)
    _pattern(e, t.pattern if t.pattern != "spots" else "freckles", 0, low - 4, rx, 3.5)
    _extra(e, t.extra, rx * 0.75, top + 0.5)
    y = int(top + rx)
    _eyes(e, t.eyes, 1, y)
    _mouth(e, "o" if t.mouth == "none" else t.mouth, y + 3)


def _plant(e: Easel, t) -> None:
    y, r = 9.6 - 0.8 * t.height, 3.5 + 0.7 * t.width
    e.part(limb(0, y, 0, 20, 1.2), BODY)
    droop = 1.5 - 3 * t.limbs
    e.part(
        polygon((0.8, 17), (3, 14.5 + droop), (6.8, 13.5 + droop), (8.4, 15.5 + droop), (5, 17.2), (1, 18.6)),
        BODY,
    )
    petals = np.zeros(D.shape, bool)
    count = 3 + int(1.99 * t.limbs)
    for k in range(count):
        a = np.pi * (k + 0.5) / count
        petals |= oval(
            np.sin(a) * (r + 1.2), y - np.cos(a) * (r + 1.2), 3.2 - 0.35 * count, 3.2 - 0.35 * count
        )
    e.part(petals, ACCENT)
    e.part(oval(0, y, r, r), BODY, light=2)
    e.part(polygon((0, 19), (4.4, 19), (3.2, 23), (0, 23)), ACCENT, light=1)
    _extra(e, t.extra, r * 0.8, y - r)
    _eyes(e, t.eyes if t.eyes != "big" else "round", 1, int(y - 0.5))
    _mouth(e, t.mouth, int(y + 2))


def _bug(e: Easel, t) -> None:
    rx, ry = 4.8 + 2 * t.width, 5.6 + t.height
    for k, y in enumerate((10.5, 14, 17.5)):
        reach = rx + 1.6 + 1.6 * t.limbs
        e.part(
            limb(rx - 2, y, reach, y - 1.5 + k, 0.75)
            | limb(reach, y - 1.5 + k, reach + 0.9, y + 1.5 + k, 0.7),
            BODY,
            apart=False,
        )
    _extra(e, t.extra, 3.4, 5.2)
    e.part(oval(0, 6.6, 3.4 + 0.8 * t.width, 2.8), BODY)
    shell = oval(0, 14.5, rx, ry)
    e.part(shell, ACCENT, light=3)
    if t.pattern in ("spots", "freckles"):
        e.flat(
            (oval(rx * 0.5, 12.5, 1.2, 1.2) | oval(rx * 0.55, 17, 1.2, 1.2) | oval(rx * 0.9, 15, 0.9, 1))
            & shell,
            OUTLINE,
        )
    elif t.pattern != "plain":
        e.tone(shell & (Y.astype(int) % 3 == 0), BODY)
    e.flat((D < 1) & shell & (Y > 10), OUTLINE)
    if t.wings:
        e.part(polygon((1, 11), (4, 8), (10.5, 6), (11.4, 9), (7, 13)), ACCENT, light=1)
    _eyes(e, t.eyes if t.eyes in ("dots", "glowing", "one") else "round", 1, 6)


def _knight(e: Easel, t) -> None:
    w = 4.0 + t.width
    e.part(limb(2.2, 16, 2.4, 21, 1.5), BODY)
    e.part(oval(2.8, 21.6, 2.2, 1.2), ACCENT)
    e.part(limb(w + 0.8, 12, w + 2.2, 16 + t.limbs, 1.3, 1.5), BODY)
    e.part(oval(0, 14, w, 4.2, 3), BODY)
    _pattern(e, "belly" if t.pattern == "plain" else t.pattern, 0, 14, w, 4)
    e.part(oval(w + 0.3, 11.6, 2.2, 1.8), ACCENT)
    top = 4.5 - t.height
    _extra(e, t.extra, 3.6, top + 0.8)
    e.part(oval(0, top + 4, 4.2, 4.4, 2.6), BODY)
    slit = int(top + 4)
    for d in range(3):
        e.dab(d, slit, OUTLINE), e.dab(d, slit + 1, PUPIL)
    e.dab(1, slit + 1, GLOW if t.eyes in ("glowing", "one", "big") else WHITE)
    for y in range(slit + 2, slit + 4):
        e.dab(0, y, OUTLINE)
    if t.limbs > 0.4:  # a blade in each hand
        e.part(limb(w + 3.6, 15.5, w + 3.9, 8, 0.8, 0.6), ACCENT, light=1)


def _dragon(e: Easel, t) -> None:
    w = 4.2 + t.width
    if t.wings:
        _leathery(e, w - 1, 10.5, 11.4 - w)
    if t.tail:
        e.part(limb(2.5, 20, 7.5, 20.8, 1.5, 0.9) | limb(7.5, 20.8, 9.6, 17.5, 0.9, 0.6), BODY)
        e.part(polygon((8.6, 18), (10, 14.6), (11.2, 18)), ACCENT, light=1)
    e.part(limb(w - 1, 18, w, 20.8, 1.9, 1.7), BODY)
    e.part(oval(0, 16, w, 5), BODY)
    e.tone(oval(0, 17, w * 0.6, 4), ACCENT)
    if t.pattern in ("stripes", "plain"):
        e.flat((w * 0.55 > D) & (Y.astype(int) % 2 == 0) & oval(0, 17, w * 0.6, 3.4), ACCENT)
    e.part(limb(w - 0.6, 13.5, w - 0.2, 16.5, 1.1), BODY)
    y = 8.4 - 1.2 * t.height
    _extra(e, t.extra, 4.2, y - 3.2)
    e.part(oval(0, y, 4.6, 3.8), BODY)
    e.part(oval(0, y + 2.6, 3.4 + 0.5 * t.limbs, 2.0), BODY, apart=False)
    e.dab(1, int(y + 2), OUTLINE)
    _eyes(e, t.eyes if t.eyes != "big" else "round", 2, int(y - 0.8))
    if t.mouth in ("fangs", "teeth"):
        e.dab(2, int(y + 4), WHITE)


def _mushroom(e: Easel, t) -> None:
    rx, top = 7 + 2.6 * t.width, 7 - 3 * t.height
    e.part(oval(2.4, 21.6, 2.2, 1.3), ACCENT)
    e.part(oval(0, 16.5, 3.6 + t.width, 5.4, 2.6), BODY)
    if t.limbs > 0.45:
        e.part(limb(4, 16, 6.4, 17.5 - 3 * t.height, 1.0), BODY, apart=False)
    cap = oval(0, 13, rx, 13 - top) & (Y < 13.2)
    e.part(cap, ACCENT, light=3)
    dots = (
        oval(0, top + 2.6, 2, 1.5)
        | oval(rx * 0.58, 9.6, 1.7, 1.5)
        | oval(rx * 0.3, 11.4 + t.height, 1.0, 0.9)
    )
    if t.pattern != "plain":
        e.flat(dots & cap, WHITE)
    _extra(e, t.extra, 4, top)
    _eyes(e, t.eyes if t.eyes != "big" else "round", 1, 16)
    _mouth(e, t.mouth, 18)


def _octopus(e: Easel, t) -> None:
    rx, top = 5.2 + 1.6 * t.width, 5.6 - 1.6 * t.height
    for k, (d, lean) in enumerate(((1.2, 0.2), (3.7, 1.8), (5.2, 4.4))):
        end = 20.5 - 0.8 * k + t.limbs
        tip = min(d + lean + 0.6, 9.8)
        e.part(
            limb(d, 12, tip, end, 1.3, 0.75) | limb(tip, end, min(tip + 1.4, 10.6), end - 0.6, 0.9, 0.6),
            BODY if k != 1 else ACCENT,
        )
    e.part(oval(0, top + 6, rx, 6.2), BODY, light=3)
    _pattern(e, t.pattern if t.pattern != "belly" else "spots", 0, top + 3.5, rx, 4)
    _extra(e, t.extra, rx * 0.8, top + 0.4)
    y = int(top + 7)
    _eyes(e, t.eyes, 1, y)
    _mouth(e, t.mouth, y + 3)


def _robot(e: Easel, t) -> None:
    w = 4.4 + 1.6 * t.width
    if t.limbs < 0.5:
        e.part(oval(0, 20.6, w + 0.6, 2.2, 4), ACCENT, light=1)
        e.flat((Y.astype(int) == 20) & (D.astype(int) % 2 == 0), OUTLINE)
    else:
        e.part(limb(2.2, 18, 2.6, 21, 1.1), ACCENT)
        e.part(oval(3, 21.6, 2, 1.1, 3), BODY)
    e.part(limb(w + 0.6, 13.5, w + 2.4, 16.5, 1.1), ACCENT)
    e.part(oval(w + 2.6, 17.2, 1.6, 1.4), BODY)
    e.part(oval(0, 15, w, 4.2, 5), BODY)
    e.part(oval(0, 15, w * 0.55, 2.2, 5), ACCENT, light=1)
    e.dab(1, 15, GLOW)
    top, h = 4.8 - 0.8 * t.height, 3.6 + 0.3 * t.width
    _extra(e, t.extra, h, top + 0.8)
    e.part(oval(0, top + 4.2, h + 1, 3.9, 5), BODY)
    screen = oval(0, top + 4.2, h - 0.1, 2.6, 5)
    e.flat(screen, PUPIL)
    y = int(top + 4)
    for row in (0, -1):
        e.dab(1, y + row, GLOW), e.dab(2, y + row, GLOW if t.eyes in ("big", "round", "one") else PUPIL)
    if t.mouth != "none":
        e.dab(0, y + 2, GLOW), e.dab(1, y + 2, GLOW if t.mouth in ("smile", "teeth") else PUPIL)


def _bird(e: Easel, t) -> None:
    rx, ry = 5 + 1.8 * t.width, 6 + 1.2 * t.height
    y = 13.5
    e.part(
        limb(2, y + ry - 1, 2.2, y + ry + 1.5, 0.8) | oval(2.8, y + ry + 1.6, 1.6, 0.8), ACCENT, apart=False
    )
    if t.limbs > 0.5:
        _feathered(e, rx - 0.6, y, 11.6 - rx)
    else:
        e.part(oval(rx + 0.2, y + 1, 1.8, 4.2), ACCENT)
    _extra(e, t.extra, rx * 0.7, y - ry + 0.5)
    e.part(oval(0, y, rx, ry), BODY, light=3)
    _pattern(e, t.pattern, 0, y + 2.5, rx, ry - 2)
    eye = int(y - 2)
    _eyes(e, "round" if t.eyes == "one" else t.eyes, 2, eye)
    e.part(polygon((0, y - 1.2), (1.9, y - 0.2), (0.9, y + 1.6), (0, y + 2.4)), ACCENT, light=1)


def _beast(e: Easel, t) -> None:
    w = 4 + 1.4 * t.width
    if t.wings:
        _feathered(e, w - 1, 14, 11.4 - w)
    if t.tail:
        e.part(limb(w - 1, 19.5, w + 3.2, 18, 1.2, 1.5) | limb(w + 3.2, 18, w + 4, 14.5, 1.5, 1.1), BODY)
        e.part(oval(w + 4, 14.2, 1.4, 1.4), ACCENT, light=1)
    e.part(oval(2.6, 21.2, 2.1, 1.5), BODY)
    e.part(oval(0, 17.5, w, 4.2), BODY)
    e.tone(oval(0, 18.4, w * 0.55, 3), ACCENT)
    r, y = 5.2 + 1.2 * t.width, 9.5 - 1.2 * t.height
    _extra(e, t.extra, r, y - 3.6)
    e.part(oval(0, y, r, 4.6, 2.3), BODY, light=2)
    if t.pattern == "stripes":
        e.tone((Y.astype(int) % 2 == 0) & (r * 0.7 < D) & oval(0, y, r, 4.4), ACCENT)
    elif t.pattern != "plain":
        e.tone(oval(3, y, 2.2, 2.4), ACCENT)
    e.part(limb(w * 0.5, 17.5, w * 0.55, 20, 1.1), BODY)
    _eyes(e, t.eyes, 2, int(y))
    e.dab(0, int(y + 1), OUTLINE)
    _mouth(e, t.mouth, int(y + 2))


PLANS = {
    "slime": _slime,
    "bat": _bat,
    "golem": _golem,
    "ghost": _ghost,
    "plant": _plant,
    "bug": _bug,
    "knight": _knight,
    "dragon": _dragon,
    "mushroom": _mushroom,
    "octopus": _octopus,
    "robot": _robot,
    "bird": _bird,
    "beast": _beast,
}


def draw(traits) -> np.ndarray:
    """The indices, uint8 (24, 24)."""
    easel = Easel()
    PLANS[traits.kind](easel, traits)
    return easel.finish()
