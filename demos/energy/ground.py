"""The landscape of two dimensions: an energy as ground with level lines, its arrows downhill, its mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from demos.kit.lang import Pair
from demos.kit.plane import Plane, Plot

if TYPE_CHECKING:
    from torch import Tensor

SIDE, CELLS, ARROWS = 720, 120, 15  # pixels, cells of the map and arrows a side
LEVELS = 8.0  # nats above the lowest point that the colours span
DEEP, HIGH, ARROW = (22, 140, 138), (26, 29, 33), (214, 206, 190)
RIPPLES = "ripples"
GROUNDS: dict[str, Pair] = {
    RIPPLES: ("A bowl with ripples", "Un tazón con ondas"),
    "eight_gaussians": ("Eight Gaussians", "Ocho gaussianas"),
    "moons": ("Moons", "Medialunas"),
    "rings": ("Rings", "Anillos"),
    "pinwheel": ("Pinwheel", "Molinete"),
}


def ripples(x: Tensor) -> Tensor:
    """(B, 2) -> (B,): one valley in the middle, and small hollows on every side of it."""
    return 0.28 * x.square().sum(1) + 1.6 * (1 - (2.6 * x[:, 0]).cos() * (2.6 * x[:, 1]).cos())


def energy_of(name: str) -> Callable[[Tensor], Tensor]:
    """The true energy: -log p, or the bowl."""
    from genmodels.data import points

    if name == RIPPLES:
        return ripples
    truth = points.density(name)
    return lambda x: -truth.log_prob(x)


class Ground:
    """A map of an energy, made once: what lies below moving points."""

    def __init__(self, energy: Callable[[Tensor], Tensor], clip: float = 0.0):
        import torch

        from genmodels.lab.truth import EDGE

        self.plane = Plane(-EDGE, -EDGE, 2 * EDGE)
        cells = torch.from_numpy(self.plane.grid(CELLS)).float()
        with torch.no_grad():
            self.height = energy(cells).double().nan_to_num(1e3, 1e3, -1e3).numpy()
        self.image = self.painted()
        if clip:
            self.arrows(energy, clip)

    def painted(self) -> Image.Image:
        """Teal where it is deep, dark where high, a line at every nat."""
        rise = (self.height - self.height.min()).reshape(CELLS, CELLS)
        fine = np.asarray(
            Image.fromarray(rise.astype(np.float32)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        )
        depth = (1 - fine / LEVELS).clip(0, 1)[..., None] ** 1.3
        page = np.array(HIGH) * (1 - depth) + np.array(DEEP) * depth
        level = np.floor(fine.clip(0, 2 * LEVELS))
        edge = np.zeros((SIDE, SIDE), bool)
        edge[1:] |= level[1:] != level[:-1]
        edge[:, 1:] |= level[:, 1:] != level[:, :-1]
        page[edge] = page[edge] * 0.72
        return Image.fromarray(page.round().clip(0, 255).astype(np.uint8))

    def arrows(self, energy: Callable[[Tensor], Tensor], clip: float) -> None:
        """What is left of the slope once it is cut; long ones are drawn shorter than they are (a root)."""
        import torch

        from genmodels.energy.langevin import sloped

        at = torch.from_numpy(self.plane.grid(ARROWS)).float()
        down = -sloped(energy, at)[1].nan_to_num().clamp(-clip, clip).numpy()
        long = np.hypot(*down.T)[:, None]
        size = (
            0.85 * self.plane.width / ARROWS * np.sqrt(long / max(np.quantile(long, 0.95), 1e-9)).clip(0, 1)
        )
        for start, by in zip(at.numpy(), down / np.maximum(long, 1e-9) * size, strict=True):
            arrow(self.image, self.plane, start, by)

    def mean(self) -> float:
        """The mean energy of exp(-E) on the square, summed over its cells: where a walk should settle."""
        weight = np.exp(self.height.min() - self.height)
        return float((weight * self.height).sum() / weight.sum())

    def plot(self) -> Plot:
        return Plot(self.plane, SIDE, self.image.copy())


def arrow(image: Image.Image, plane: Plane, start: np.ndarray, by: np.ndarray) -> None:
    """A shaft and a head, drawn straight: hundreds of smooth lines would take seconds."""
    pen = ImageDraw.Draw(image)
    tail, tip = plane.pixel(np.stack([start, start + by]), SIDE)
    long = max(float(np.hypot(*(tip - tail))), 1e-9)
    along = (tip - tail) / long
    across, size = np.array([-along[1], along[0]]), min(9.0, 0.4 * long)
    pen.line((*tail, *tip), ARROW, 2)
    wings = [tuple(tip - size * along + side * 0.55 * size * across) for side in (1, -1)]
    pen.polygon([tuple(tip), *wings], ARROW)
