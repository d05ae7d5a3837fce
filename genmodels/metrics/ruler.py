"""One ruler for all pictures of a kind: how far from real ones, how good, how much of them, learnt by heart?

Distances and neighbours are taken on the features of a small reader of our own, so they compare the models of
this gallery and are never to be put beside published FIDs (`genmodels.metrics.features`). The real pictures
are those of `genmodels.draws.real` from seed `REFERENCE` on: painted faces that no model was shown, or
garments of the test set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from genmodels import families
from genmodels.metrics.copies import Memory, nearer
from genmodels.metrics.features import AttributesNet, FashionNet
from genmodels.metrics.frechet import frechet_distance, moments
from genmodels.metrics.kernel import kernel_distance
from genmodels.metrics.neighbours import neighbours

REFERENCE = 5_000  # seed of the first real picture; those that are measured themselves begin at 0
NEIGHBOURS = 5
PART = 100  # pictures at a time
READERS = {"faces": (AttributesNet, "attributes-faces"), "fashion": (FashionNet, "features-fashion")}


def in_parts(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    return torch.cat([function(part) for part in x.split(PART)])


def drawn(entry: families.Entry, count: int, seed: int = 0, **how: object) -> Tensor:
    """So many pictures of a model, some at a time: each depends on its own seed alone."""
    classes = how.pop("classes", None)
    made = []
    for start in range(0, count, PART):
        n = min(PART, count - start)
        told = {"classes": classes[start : start + n]} if classes is not None else {}
        made.append(families.last(entry.draw(entry, seed + start, n, **told, **how)))
    return torch.cat(made)


@dataclass(frozen=True)
class Ruler:
    """The real pictures of a kind, read once."""

    data: str
    reader: AttributesNet | FashionNet
    real: Tensor  # (N, C, H, W)
    known: Tensor  # (N, F), its features
    memory: Memory | None  # of what was trained on; None where that isn't at hand

    @classmethod
    def of(cls, data: str, count: int, path: Path | None = None) -> Ruler:
        kind, name = READERS[data]
        reader = kind.from_pretrained(name)
        real = drawn(families.entry(f"real-{data}"), count, REFERENCE)
        return cls(data, reader, real, in_parts(reader.features, real), Memory.of(data, path))

    def distances(self, x: Tensor) -> dict[str, float]:
        """Of as many pictures as there are real ones, or the Frechet distance says who had fewer."""
        made = in_parts(self.reader.features, x)
        return compare(self.known, made)

    def copies(self, x: Tensor, small: int = 0) -> dict[str, float]:
        """`small`: as the model of these pictures sees them, when it draws fewer pixels."""
        if self.memory is None:
            return {}
        away, real = (self.memory.away(y, small) for y in (x, self.real))
        near = real.quantile(0.01)
        return {"nearer": nearer(away, real), "copies": (away < near).double().mean().item()}


def compare(known: Tensor, made: Tensor) -> dict[str, float]:
    """Features of real pictures (N, F) against those of others (M, F)."""
    distance = frechet_distance(*moments(made), *moments(known)).item()
    kernel = kernel_distance(made, known).item()
    return {"frechet": distance, "kernel": kernel, **neighbours(known, made, NEIGHBOURS)._asdict()}
