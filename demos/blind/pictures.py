"""Painted faces, kept for a while: a face takes some milliseconds, and a slider moves often."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from genmodels.draws import HELD_OUT

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.data.faces import Face

REFERENCE = (
    5_000  # after HELD_OUT: the real faces that all others are measured against, as in the measurements
)
TRAIN = 36_000  # seeds below this one were in training
PART = 32  # faces between two signs of life


@lru_cache(maxsize=2048)
def face(seed: int) -> np.ndarray:
    """The portrait of a seed, uint8 (64, 64, 3)."""
    from genmodels.data.faces import batch

    return batch([seed], 64)[0][0]


def tensor(seeds: Sequence[int]) -> Tensor:
    """(N, 3, 64, 64) in [-1, 1]."""
    import torch

    return torch.from_numpy(np.stack([face(s) for s in seeds])).permute(0, 3, 1, 2) / 127.5 - 1


def paint(seeds: Sequence[int]) -> Iterator[int]:
    """Paints what is not there yet, and says from time to time how many are."""
    for k, seed in enumerate(seeds):
        face(seed)
        if k % PART == PART - 1:
            yield k + 1


def reference(count: int) -> list[int]:
    return [HELD_OUT + REFERENCE + k for k in range(count)]


def clean(count: int, seed: int) -> list[int]:
    """Others that no model was shown, from which samples are made: far from the reference."""
    return [HELD_OUT + 100_000 + 10_000 * (seed % 100_000) + k for k in range(count)]


def training(count: int, seed: int) -> list[int]:
    return [int(s) for s in np.random.default_rng([seed, 36]).choice(TRAIN, count, replace=False)]


def only(seeds: Sequence[int], keep: Callable[[Face], bool], share: float) -> list[int]:
    """The same, but a share of those who aren't kept make room for others who are."""
    from genmodels.data.faces import random_face

    lost = [k for k, s in enumerate(seeds) if not keep(random_face(s))]
    found, others = list(seeds), iter(range(seeds[-1] + 1, seeds[-1] + 9_000))
    for k in lost[: round(share * len(lost))]:
        found[k] = next(s for s in others if keep(random_face(s)))
    return found
