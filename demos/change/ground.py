"""What the views share: densities to push, maps with their names, maps of a density, numbers in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from demos import kit
from demos.kit import t
from demos.kit.boards import DRAWN
from demos.kit.inputs import Choice
from demos.kit.lang import Pair
from demos.kit.plane import Plane
from demos.kit.plots import number

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.flow.change import LogProb

CELLS = 120  # a side, of a map of a density
DENSITIES: dict[str, Pair] = {
    "moons": ("Two moons", "Dos lunas"),
    "eight_gaussians": ("Eight Gaussians", "Ocho gaussianas"),
    "rings": ("Rings", "Anillos"),
    "checkerboard": ("Checkerboard", "Tablero de ajedrez"),
    "pinwheel": ("Pinwheel", "Molinete"),
    DRAWN: ("My drawing", "Mi dibujo"),
}
MAPS: dict[str, Pair] = {  # genmodels.flow.change has the same names
    "twist": ("Twist: turns more in the middle", "Torsión: gira más en el centro"),
    "wave": ("Wave: shifts up and down", "Onda: sube y baja"),
    "coupling": ("Coupling: stretches and shifts", "Acoplamiento: estira y desplaza"),
    "lens": ("Lens: magnifies the middle", "Lupa: agranda el centro"),
    "squeeze": ("Squeeze: wider and lower", "Apretón: más ancho y más bajo"),
    "fold": ("Pleat: bunches up the middle", "Pliegue: amontona el centro"),
}


def choices(words: dict[str, Pair]) -> list[tuple[Any, str]]:
    return [(t(*pair), name) for name, pair in words.items()]


def choose(words: dict[str, Pair], en: str, es: str, value: str | None = None, **kwargs: Any) -> Choice:
    return kit.choice(choices(words), t(en, es), value, **kwargs)


def window(side: float = 5.0) -> Plane:
    return Plane(-side, -side, 2 * side)


def grid(plane: Plane, n: int = CELLS) -> Tensor:
    """(n * n, 2) double."""
    import torch

    return torch.from_numpy(plane.grid(n))


def map_of(log_prob: LogProb, plane: Plane, n: int = CELLS) -> np.ndarray:
    """(n, n): the density, the top row first, finer underneath: thin ridges keep their mass."""
    fine = 2
    p = log_prob(grid(plane, n * fine)).exp().nan_to_num().numpy()
    return p.reshape(n, fine, n, fine).mean((1, 3))


def integral(values: np.ndarray, plane: Plane) -> float:
    """Of a density, by adding up the cells of its map."""
    return float(values.mean()) * plane.width**2


def told(name: str, value: float, lang: str) -> str:
    """∫ = 0.167"""
    return f"{name} = {number(round(value, 3) + 0.0, lang)}"
