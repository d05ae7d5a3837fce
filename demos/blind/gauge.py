"""All measures of a set of pictures at once, and how much they move by luck alone.

Nothing is defined here: distances, neighbours, prints and spectra are those of `genmodels.metrics`. Luck is
measured by the delete-half jackknife (Shao and Wu 1989, Ann. Statist. 17, p. 1176): the spread of a measure
over halves of the clean pictures is what it would have over other sets as large as the whole.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from demos import kit
from demos.blind import pictures

if TYPE_CHECKING:
    from torch import Tensor

NAMES = {
    "frechet": ("Fréchet distance", "distancia de Fréchet"),
    "kernel": ("kernel distance", "distancia de núcleo"),
    "precision": ("precision", "precisión"), "recall": ("recall", "exhaustividad"),
    "density": ("density", "densidad"), "coverage": ("coverage", "cobertura"),
    "nearer": ("nearness to training", "cercanía al entrenamiento"),
    "sharp": ("fine detail", "detalle fino"),
}  # fmt: skip
GOOD = {"frechet": -1, "kernel": -1}  # the less, the better
SHARES = ("precision", "recall", "coverage")  # of pictures, so at least as uncertain as a count
HALVES = 8
EYES = {
    "reader": ("a network that reads faces (ours)", "una red que lee caras (propia)"),
    "prints": ("16 numbers of blurred pixels", "16 números de píxeles borrosos"),
}


@dataclass(frozen=True)
class Seen:
    """What is known of a set of pictures."""

    features: Tensor  # (N, F)
    away: Tensor  # (N,) to the nearest training picture
    power: Tensor  # (N,) of the waves finer than a quarter per pixel

    def some(self, which: Tensor) -> Seen:
        return Seen(self.features[which], self.away[which], self.power[which])


def features(eyes: str, x: Tensor) -> Tensor:
    from genmodels.metrics.features import AttributesNet
    from genmodels.metrics.prints import Prints
    from genmodels.metrics.ruler import in_parts

    if eyes == "prints":
        with kit.model(Prints, "faces-prints") as prints:
            return prints.of(x.to(prints.device, prints.dtype)).float().cpu()
    with kit.model(AttributesNet, "attributes-faces") as net:
        return in_parts(lambda part: net.features(part.to(net.device, net.dtype)).float().cpu(), x)


def look(eyes: str, x: Tensor) -> Seen:
    import torch

    from genmodels.metrics.copies import Memory
    from genmodels.metrics.spectrum import power, rows

    fine = torch.stack([rows(power(one[None]))[16:].sum() for one in x])
    return Seen(features(eyes, x), Memory.of("faces").away(x), fine)


def measure(real: Seen, made: Seen) -> dict[str, float]:
    """Every measure of NAMES."""
    from genmodels.metrics.copies import nearer
    from genmodels.metrics.ruler import compare

    found = compare(real.features, made.features)
    found["nearer"] = nearer(made.away, real.away)
    found["sharp"] = (made.power.mean() / real.power.mean()).item()
    return {key: found[key] for key in NAMES}


def luck(real: Seen, made: Seen, seed: int) -> dict[str, float]:
    """By how much each measure differs between two clean sets as large as this one: one deviation."""
    import torch

    g, n = torch.Generator().manual_seed(seed), len(made.away)
    halves = [torch.randperm(n, generator=g)[: n // 2] for _ in range(HALVES)]
    found = [measure(real, made.some(half)) for half in halves]
    spread = {key: torch.tensor([f[key] for f in found]).std().item() for key in NAMES}
    whole = measure(real, made)
    for key in SHARES:  # all of 160 is no proof of certainty: one more and one less might have been
        p = (whole[key] * n + 1) / (n + 2)
        spread[key] = max(spread[key], (p * (1 - p) / n) ** 0.5)
    return {key: 2**0.5 * v for key, v in spread.items()}


def reactions(clean: dict[str, float], now: dict[str, float], spread: dict[str, float]) -> dict[str, float]:
    """How many deviations each has moved: below 0 it says worse, above 0 better."""
    return {k: (worth(k, now[k]) - worth(k, clean[k])) / max(spread[k], 1e-6) for k in NAMES}


def worth(key: str, value: float) -> float:
    """The higher the better. Too much detail is as bad as too little; far from training is no copy."""
    if key == "sharp":
        return -abs(value - 1)
    return -max(value, 0.5) if key == "nearer" else GOOD.get(key, 1) * value


# ------------------------------------------------------------------------------ a bench to spoil things on


@dataclass(frozen=True)
class Bench:
    """Real pictures to measure against, clean ones to spoil, and what luck does to their measures."""

    real: Seen
    x: Tensor  # (N, 3, 64, 64) clean
    clean: Seen
    values: dict[str, float]
    spread: dict[str, float]


KEPT = 4
known: OrderedDict[tuple[str, int, int], Bench] = OrderedDict()


def prepare(eyes: str, count: int, seed: int) -> Iterator[int]:
    """How many faces are painted, until `known[eyes, count, seed]` is there."""
    key = eyes, count, seed
    if key in known:
        known.move_to_end(key)
        return
    mine, others = pictures.clean(count, seed), pictures.reference(count)
    yield from pictures.paint(mine)
    for done in pictures.paint(others):
        yield count + done
    x = pictures.tensor(mine)
    real, clean = look(eyes, pictures.tensor(others)), look(eyes, x)
    known[key] = Bench(real, x, clean, measure(real, clean), luck(real, clean, seed))
    while len(known) > KEPT:
        known.popitem(last=False)
