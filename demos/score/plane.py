"""Densities of the plane whose score is known at every level of noise, and how both are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from demos import kit
from demos.kit import t
from demos.kit.lang import Pair
from demos.kit.panels import DATA, ORANGE, TRUTH, Panel
from demos.kit.plane import GROUND, INK, Plane

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from genmodels.energy.score_matching import Blobs

EDGE = 4.5
PLANE = Plane(-EDGE, -EDGE, 2 * EDGE)
CELLS, ARROWS = 90, 19  # a side: of the map of a density, of the field of arrows
SIDE = 460
WRONG = (GROUND, (74, 22, 50), (176, 44, 78), (244, 128, 120), (255, 226, 210))  # from right to wrong
UNEQUAL = {  # means, width, shares
    "two": (((-2.0, -0.7), (2.0, 0.9)), 0.45, (4, 1)),
    "four": (((-2.2, -1.8), (2.2, -1.8), (-2.2, 2.0), (2.2, 2.0)), 0.4, (6, 3, 2, 1)),
}
NAMES: dict[str, Pair] = {
    "two": ("Two heaps, 4 to 1", "Dos montones, 4 a 1"),
    "four": ("Four heaps, 6 : 3 : 2 : 1", "Cuatro montones, 6 : 3 : 2 : 1"),
    "eight_gaussians": ("Eight Gaussians", "Ocho gaussianas"),
    "moons": ("Moons", "Medialunas"),
    "spirals": ("Spirals", "Espirales"),
}


def blobs(name: str) -> Blobs:
    import torch

    from genmodels.data import points
    from genmodels.energy.score_matching import Blobs

    if name in UNEQUAL:
        means, std, shares = UNEQUAL[name]
        return Blobs(torch.tensor(means), std, torch.tensor(shares))
    return Blobs.of(points.density(name))


def blobs_code(name: str) -> str:
    """The same in a snippet."""
    if name in UNEQUAL:
        means, std, shares = UNEQUAL[name]
        return f"truth = Blobs(torch.tensor({means}), {std}, torch.tensor({shares}))\n"
    return f"truth = Blobs.of(points.density({name!r}))\n"


def at(cells: int) -> Tensor:
    """(cells * cells, 2): the middles of the square's cells, the top row first."""
    import torch

    return torch.from_numpy(PLANE.grid(cells)).float()


def density(truth: Blobs, panel: Panel, colours: tuple = DATA) -> Panel:
    """Its map as the ground: brightness is the square root, so that thin places are seen."""
    p = truth.log_prob(at(CELLS)).exp().reshape(CELLS, CELLS).numpy()
    return panel.heat(p, colours, float(np.quantile(p, 0.995)), 0.5)


def field(score: Callable[[Tensor], Tensor], panel: Panel, colour: tuple[int, int, int] = INK) -> Panel:
    """Arrows on a lattice. Their length is compressed: a score of the usual size is half a cell long."""
    x = at(ARROWS)
    s = score(x).numpy()
    long = np.hypot(*s.T)[:, None]
    cell = 2 * EDGE / ARROWS
    move = 0.92 * cell * s / (long + np.median(long) + 1e-9)
    return panel.arrows(x.numpy() - move / 2, move, colour, 1.4, 0.95)


def exact(truth: Blobs, sigma: float) -> Panel:
    """The density with this noise on it, and its score."""
    noised = truth.noised(sigma)
    return field(noised.score, density(noised, Panel(PLANE, SIDE)))


def error(found: Callable[[Tensor], Tensor], truth: Blobs, sigma: float) -> Panel:
    """The arrows of a network over how wrong each is: dark is right, bright as wrong as no arrow at all."""
    x = at(CELLS // 2)
    right = truth.noised(sigma).score(x)
    share = (found(x) - right).norm(dim=1) / (right.norm(dim=1) + 0.2 * right.norm(dim=1).median())
    panel = Panel(PLANE, SIDE).heat(share.reshape(CELLS // 2, -1).numpy(), WRONG, 1.6)
    return field(found, panel)


def points(x: Tensor, truth: Blobs, panel: Panel | None = None) -> Panel:
    """A cloud over the truth in grey."""
    panel = panel or density(truth, Panel(PLANE, SIDE), TRUTH)
    return panel.cloud(x.numpy(), ORANGE, 2.2)


def choice(names: tuple[str, ...] = tuple(NAMES)) -> Any:
    return kit.choice([(t(*NAMES[n]), n) for n in names], t("Density", "Densidad"))


def percent(share: float, lang: str) -> str:
    number = f"{100 * share:.0f}" if share >= 0.0995 else f"{100 * share:.1f}"
    return kit.say(lang, number + "%", number.replace(".", ",") + " %")


def number(value: float, lang: str, digits: int = 2) -> str:
    return kit.say(lang, f"{value:.{digits}f}", f"{value:.{digits}f}".replace(".", ","))
