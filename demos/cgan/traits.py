"""What else can be read in a picture, and how much of it the label decides.

In a table of Z noises by L labels the variance of a trait has three parts, which add up to all of it:

    between the labels' means + between the noises' means + what only both together explain

A trait of several yes and no (the style of hair is one of thirteen) sums them. For faces the painter says
what the labels decide in the data, where grey hair comes with age.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from demos.cgan import models
from demos.cgan.labels import FACES, FASHION

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

TRAITS: dict[str, dict[str, tuple[str, str]]] = {  # the asked first
    FACES: {
        "hair_": ("hair colour", "color de pelo"),
        "glasses": ("glasses", "anteojos"),
        "style_": ("hair style", "peinado"),
        "age": ("age", "edad"),
        "skin": ("skin", "piel"),
        "presentation": ("presentation", "presentación"),
        "beard": ("beard", "barba"),
        "smile": ("smile", "sonrisa"),
        "turn": ("turn of the head", "giro de la cabeza"),
        "light": ("light", "luz"),
        "clothes_": ("clothes", "ropa"),
        "cloth_": ("their colour", "su color"),
        "background_": ("background", "fondo"),
    },
    FASHION: {
        "garment": ("garment", "prenda"),
        "brightness": ("brightness", "claridad"),
        "contrast": ("contrast within", "contraste interno"),
        "lean": ("left or right", "izquierda o derecha"),
        "rows": ("top or bottom heavy", "peso arriba o abajo"),
        "area": ("area covered", "área cubierta"),
    },
}
ASKED = {FACES: ("hair_", "glasses"), FASHION: ("garment",)}
PAINTED = 3000  # of the painter's people that the data's own ties are counted over
FIRST = 100_000  # their seeds, beyond those of the training set
BARE = ("bald", "balding", "buzz")  # styles that show no hair


class Parts(NamedTuple):
    """Shares of a trait's variance, 1 together. `data`: the labels' share among the painter's people."""

    label: float
    noise: float
    both: float
    data: float | None = None


def decided(checkpoint: str, x: Tensor) -> dict[str, Parts]:
    """(Z, L, C, H, W) -> who decides each trait."""
    read = (faces if checkpoint == FACES else garments)(checkpoint, x.flatten(0, 1))
    data = in_data() if checkpoint == FACES else {}
    return {name: split(values.unflatten(0, x.shape[:2]), data.get(name)) for name, values in read.items()}


def split(table: Tensor, data: float | None = None) -> Parts:
    """(Z, L, K) -> the three parts, K traits summed."""
    mean, z, labels_ = table.mean((0, 1)), table.mean(1), table.mean(0)
    whole = (table - mean).square().mean((0, 1)).sum().clamp(min=1e-12)
    of_label, of_z = ((m - mean).square().mean(0).sum() / whole for m in (labels_, z))
    return Parts(of_label.item(), of_z.item(), max(0.0, 1 - (of_label + of_z).item()), data)


def unasked(parts: dict[str, Parts]) -> float:
    """The labels' mean share in what nobody asked them for."""
    rest = [p.label for name, p in parts.items() if name not in {"hair_", "glasses", "garment"}]
    return sum(rest) / len(rest)


def columns(name: str, names: list[str]) -> list[int]:
    """The reader's attributes that make up a trait: those with that prefix, or the one called so."""
    taken = [i for i, n in enumerate(names) if (n.startswith(name) if name.endswith("_") else n == name)]
    return [i for i in taken if names[i] != "hair_shade" and names[i] != "hair_volume"]


def faces(checkpoint: str, x: Tensor) -> dict[str, Tensor]:
    """Trait -> (B, K), as the reader of faces sees it."""
    import torch

    with models.reader(checkpoint) as net:
        out = net.outputs(x.to(net.device, net.dtype)).float().cpu()
        read = torch.where(torch.tensor(net.config.binary), out.sigmoid(), out)
        names = list(net.config.attributes)
    return {name: read[:, columns(name, names)] for name in TRAITS[FACES]}


def garments(checkpoint: str, x: Tensor) -> dict[str, Tensor]:
    """Trait -> (B, K): the reader's opinion of the class, the rest from the pixels' light."""
    import torch

    light = (models.inside(x)[:, 0] + 1) / 2  # (B, 28, 28) from 0, the ground, to 1
    there = (light > 0.1).float()
    area, sums = there.sum((1, 2)).clamp(min=1), light.sum((1, 2)).clamp(min=1e-6)
    mean = (light * there).sum((1, 2)) / area
    spread = ((light - mean[:, None, None]).square() * there).sum((1, 2)) / area
    place = torch.linspace(-1, 1, light.shape[-1])
    found = {
        "brightness": mean,
        "contrast": spread.sqrt(),
        "lean": (light.sum(1) * place).sum(1) / sums,
        "rows": (light.sum(2) * place).sum(1) / sums,
        "area": area,
    }
    return {"garment": models.beliefs(checkpoint, x)} | {k: v[:, None] for k, v in found.items()}


@lru_cache(maxsize=1)
def in_data() -> dict[str, float]:
    """The labels' share in each trait among the painter's people who show their hair, every label counting
    the same. No picture is painted for it."""
    import numpy as np

    from genmodels.data.faces import ATTRIBUTES, HAIR_COLOURS, random_face, vector

    people = [f for f in map(random_face, range(FIRST, FIRST + PAINTED)) if shows_hair(f)]
    table = np.stack([vector(face) for face in people])
    label = [HAIR_COLOURS.index(f.hair_colour) + 6 * (f.glasses != "none") for f in people]
    names = list(ATTRIBUTES)
    return {
        n: between(table[:, columns(n, names)], np.array(label))
        for n in TRAITS[FACES]
        if n not in ASKED[FACES]
    }


def shows_hair(face: object) -> bool:
    return face.hat == "none" and face.hair_style not in BARE


def between(table: np.ndarray, label: np.ndarray) -> float:
    """Share of the variance that lies between labels, less what chance alone puts there."""
    groups = [table[label == k] for k in sorted(set(label.tolist()))]
    within = sum(g.var(0, ddof=1).sum() for g in groups) / len(groups)
    chance = sum(g.var(0, ddof=1).sum() / len(g) for g in groups) / len(groups)
    means = sum((g.mean(0) - sum(h.mean(0) for h in groups) / len(groups)) ** 2 for g in groups)
    found = max(0.0, float(means.sum()) / len(groups) - chance)
    return float(found / (found + within))
