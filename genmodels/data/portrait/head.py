"""The head as a body in space: where a point of the face lands for a given turn, and the outline it gives."""

from math import cos, radians, sin

import numpy as np
from PIL import Image

from .colours import Paint
from .pen import Pen, curve

CENTRE = (50.0, 48.0)
NECK = (50.0, 76.0)  # the head tilts about this point
ZOOM = 1.08

_OUTLINE = np.array([
    (0, -1), (0.56, -0.85), (0.9, -0.45), (0.99, 0.03), (0.93, 0.42), (0.71, 0.76), (0.33, 0.97),
    (0, 1.02), (-0.33, 0.97), (-0.71, 0.76), (-0.93, 0.42), (-0.99, 0.03), (-0.9, -0.45), (-0.56, -0.85),
])  # fmt: skip
_JAW = np.array([0, 0, 0, 0.0, 0.028, 0.085, 0.09, 0, -0.09, -0.085, -0.028, 0, 0, 0, 0])[:14]


class Head:
    """Head coordinates: u across and v down, in half widths and half heights from the middle of the face."""

    def __init__(self, face, image: Image.Image):
        self.face, self.paint = face, Paint(face)
        youth = max(0.0, 1 - face.age / 0.25)
        self.youth = youth
        self.w = 21.6 * (1 + 0.075 * face.face_width)
        self.h = 25.6 * (1 - 0.035 * face.face_width) * (1 - 0.06 * youth)
        theta = face.turn * radians(18.5)
        self.sin, self.cos = sin(theta), cos(theta)
        self.size = np.array((self.w, self.h))
        self.pen = Pen(image, radians(11) * face.tilt, NECK, CENTRE, ZOOM)
        self.body = Pen(image, zoom=ZOOM)
        self.wall = Pen(image)
        self.square = face.jaw + 0.9 * face.presentation - 0.5 - 0.3 * youth
        self.drop = 0.09 * youth  # a child's features sit lower
        self.shadow = np.array((-face.light, 0.55))
        self.shadow /= np.hypot(*self.shadow)
        self.depth = 0.1 + 0.17 * abs(face.light)

    def flat(self, points) -> np.ndarray:
        """Points of the silhouette: they stay where they are when the head turns."""
        return np.asarray(points, float) * self.size

    def on(self, points, lift: float = 0.0) -> np.ndarray:
        """Points on the skin, `lift` half widths before it: they move with the turn, and foreshorten."""
        p = np.array(points, float)
        u, v = p[:, 0], p[:, 1]
        z = np.sqrt(np.maximum(0.0, 1 - u * u - 0.3 * v * v)) + lift
        p[:, 0] = u * self.cos + z * self.sin
        return p * self.size

    def spot(self, u: float, v: float, lift: float = 0.0) -> tuple[float, float]:
        z = max(0.0, 1 - u * u - 0.3 * v * v) ** 0.5 + lift
        return (u * self.cos + z * self.sin) * self.w, v * self.h

    def squeeze(self, u: float) -> float:
        """How much narrower a thing at u looks because the head is turned."""
        return self.cos - self.sin * u / max(0.3, 1 - u * u) ** 0.5

    def outline(self) -> np.ndarray:
        p = _OUTLINE.copy()
        p[:, 0] += _JAW * self.square
        p[:, 0] += self.sin * 0.3 * np.clip(p[:, 1], 0, 1) ** 2  # the chin leads the turn
        return curve(p * self.size, closed=True)

    def crescent(self, outline: np.ndarray, depth: float, spread: float = 1.0) -> np.ndarray:
        """The shadow side of a round shape: from its outline inwards, away from the light."""
        centre = outline.mean(0)
        arm = (outline - centre) / self.size
        arm /= np.hypot(arm[:, 0], arm[:, 1])[:, None]
        reach = np.clip(arm @ self.shadow + spread - 1 + 0.15, 0, None)
        start = int(np.argmin(arm @ self.shadow))  # begin opposite the shadow, so that it is one run
        order = np.roll(np.arange(len(outline)), -start)
        order = order[reach[order] > 0.0]
        edge = outline[order]
        inner = edge + (centre - edge) * (depth * 2 * reach[order] / (reach[order] + 0.6))[:, None]
        return np.concatenate([edge, inner[::-1]])
