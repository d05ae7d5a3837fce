"""Masks on the left half of a 24 x 24 picture, and how a mask becomes a shaded, outlined part.

Coordinates: d across, the distance from the axis of symmetry in pixels (0 to 12), and y down (0 to 24).
"""

import numpy as np

SIZE, HALF = 24, 12
OUTLINE, BODY, ACCENT, WHITE, PUPIL, GLOW, MOUTH = 1, 2, 5, 8, 9, 10, 11
# palette: 0 clear, 1 outline, 2-4 body from dark to light, 5-7 accent, 8 white, 9 pupil, 10 glow, 11 mouth

Y, D = np.mgrid[0:SIZE, 0:HALF] + 0.5
D = HALF - D

RAMPS = {
    "red": ((136, 30, 52), (208, 54, 62), (250, 122, 98)),
    "orange": ((158, 66, 34), (230, 118, 48), (254, 184, 96)),
    "gold": ((160, 100, 36), (234, 178, 64), (254, 232, 138)),
    "green": ((34, 92, 70), (74, 154, 78), (158, 214, 108)),
    "teal": ((24, 84, 102), (44, 146, 150), (124, 214, 190)),
    "blue": ((38, 58, 122), (60, 116, 196), (124, 188, 240)),
    "purple": ((74, 42, 110), (126, 78, 172), (188, 144, 222)),
    "pink": ((142, 48, 104), (222, 96, 142), (252, 172, 184)),
    "brown": ((84, 48, 46), (142, 90, 66), (202, 150, 108)),
    "grey": ((66, 72, 92), (122, 132, 150), (192, 202, 212)),
    "bone": ((140, 116, 104), (214, 194, 164), (250, 240, 216)),
    "night": ((34, 32, 58), (62, 62, 100), (112, 116, 160)),
}


def palette_of(colour: str, accent: str) -> np.ndarray:
    """uint8 (12, 3)."""
    body, other = RAMPS[colour], RAMPS[accent]
    outline = tuple(int(0.42 * a + 0.58 * b) for a, b in zip(body[0], (22, 16, 34), strict=True))
    glow = (255, 236, 120) if colour not in ("gold", "bone", "orange") else (132, 244, 232)
    rows = [(0, 0, 0), outline, *body, *other, (252, 250, 244), (30, 22, 40), glow, (158, 42, 62)]
    return np.array(rows, np.uint8)


def oval(d: float, y: float, rx: float, ry: float, power: float = 2.0) -> np.ndarray:
    """An ellipse; a higher power makes it square."""
    a, b = np.abs((D - d) / rx), np.abs((Y - y) / ry)
    return a * a + b * b <= 1 if power == 2 else a**power + b**power <= 1


def limb(d0: float, y0: float, d1: float, y1: float, r0: float, r1: float | None = None) -> np.ndarray:
    """A capsule from (d0, y0) to (d1, y1), its radius going from r0 to r1."""
    dx, dy = d1 - d0, y1 - y0
    t = np.clip(((D - d0) * dx + (Y - y0) * dy) / (dx * dx + dy * dy + 1e-9), 0, 1)
    r = r0 if r1 is None else r0 + (r1 - r0) * t
    px, py = D - d0 - t * dx, Y - y0 - t * dy
    return px * px + py * py <= r * r


def polygon(*points: tuple[float, float]) -> np.ndarray:
    """By the parity of the edges crossed to the right."""
    inside = np.zeros((SIZE, HALF), bool)
    for (d0, y0), (d1, y1) in zip(points, (*points[1:], points[0]), strict=True):
        if y0 != y1:
            spans = (min(y0, y1) < Y) & (max(y0, y1) >= Y)
            inside ^= spans & (d0 + (Y - y0) * ((d1 - d0) / (y1 - y0)) > D)
    return inside


def _shift(mask: np.ndarray, dy: int, dx: int) -> np.ndarray:
    """The mask moved down by dy and by dx towards the axis; from beyond the axis comes its mirror image."""
    out = np.zeros_like(mask)
    rows = slice(0, SIZE - dy) if dy >= 0 else slice(-dy, SIZE)
    there = slice(dy, SIZE) if dy >= 0 else slice(0, SIZE + dy)
    if dx == 0:
        out[there] = mask[rows]
    elif dx > 0:
        out[there, 1:] = mask[rows, :-1]
    else:
        out[there, :-1] = mask[rows, 1:]
        out[there, -1] = mask[rows, -1]
    return out


class Easel:
    """The left half of a sprite while it is being painted."""

    def __init__(self):
        self.cells = np.zeros((SIZE, HALF), np.uint8)

    def part(self, mask: np.ndarray, ramp: int, light: int = 2, apart: bool = True) -> None:
        """Paint a mask in three tones: lit from above, dark at the foot and the far side. `apart` draws a
        dark seam where it lies over earlier parts."""
        up, down, out = _shift(mask, light, 0), _shift(mask, -1, 0), _shift(mask, 0, 1)
        tone = np.full(mask.shape, ramp + 1, np.uint8)
        tone[~up] = ramp + 2
        tone[~down | (~out & up)] = ramp
        if apart:
            seam = (down | _shift(mask, 0, -1) | _shift(mask, 1, 0) | out) & ~mask & (self.cells > 0)
            self.cells[seam] = OUTLINE
        self.cells[mask] = tone[mask]

    def flat(self, mask: np.ndarray, index: int) -> None:
        """Colour what is already painted, inside the mask."""
        self.cells[mask & (self.cells > OUTLINE)] = index

    def tone(self, mask: np.ndarray, ramp: int) -> None:
        """Swap the ramp under the mask and keep its light and shade."""
        there = mask & (self.cells >= BODY) & (self.cells < WHITE)
        self.cells[there] = (self.cells[there] - BODY) % 3 + ramp

    def dab(self, d: int, y: int, index: int) -> None:
        """One pixel and its mirror image, d = 0 next to the axis."""
        if 0 <= d < HALF and 0 <= y < SIZE:
            self.cells[y, HALF - 1 - d] = index

    def finish(self) -> np.ndarray:
        """Add the outline and the mirror image: uint8 (24, 24)."""
        solid = self.cells > 0
        near = _shift(solid, 1, 0) | _shift(solid, -1, 0)
        near |= _shift(solid, 0, 1) | _shift(solid, 0, -1)
        self.cells[near & ~solid] = OUTLINE
        return np.concatenate([self.cells, self.cells[:, ::-1]], 1)
