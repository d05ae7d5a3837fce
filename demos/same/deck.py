"""The cards of a vote: painted faces that no model was shown, and generated ones of every family.

A deck is a matter of its seed alone. It is drawn as a whole before its first card is turned, so that how long
a card takes says nothing about who made it. Half of the cards, more or less, are real; as many of those as of
the others have passed through 32 pixels, so that blur does not betray a model that draws small.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from genmodels import families

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.families import Entry

CARDS = 20
KEPT = 6  # decks, so that a vote does not draw everything again
ABSENT = frozenset({"wgan-faces"})  # whose clipped critic taught it nothing: nobody would be fooled
REAL, SMALL = "real-faces", "real-faces@32"

drawn: OrderedDict[int, list[Card]] = OrderedDict()


@dataclass(frozen=True)
class Card:
    entry: Entry
    x: Tensor  # (3, 64, 64)

    @property
    def real(self) -> bool:
        return self.entry.family == "real"


def makers(seed: int) -> list[str]:
    """Who made each card: a coin says whether it is real, models come by turns in a shuffled order."""
    rng = np.random.default_rng([seed, 2014])
    models = [e for e in families.here("faces") if e.name not in ABSENT]
    turns = [models[k].name for _ in range(CARDS) for k in rng.permutation(len(models))]
    small = sum(e.small == 32 for e in models) / len(models)
    real = rng.random(CARDS) < 0.5
    reduced = rng.random(CARDS) < small
    return [
        (SMALL if reduced[k] else REAL) if real[k] else turns[k - int(real[:k].sum())] for k in range(CARDS)
    ]


def seed_of(names: list[str], k: int, seed: int) -> int:
    """Of card k. Real faces of either size have seeds of their own: no person comes twice."""
    return 2 * CARDS * seed + CARDS * (names[k] == SMALL) + names[:k].count(names[k])


def deal(seed: int) -> Iterator[int]:
    """How many cards are drawn, until all are; afterwards `drawn[seed]` has them."""
    if seed in drawn:
        drawn.move_to_end(seed)
        return
    made, names = {}, makers(seed)
    for name in dict.fromkeys(names):
        places = [k for k, n in enumerate(names) if n == name]
        entry = families.entry(name)
        x = families.last(families.load(entry)(seed_of(names, places[0], seed), len(places)))
        made |= {k: Card(entry, one) for k, one in zip(places, x, strict=True)}
        yield len(made)
    drawn[seed] = [made[k] for k in range(CARDS)]
    while len(drawn) > KEPT:
        drawn.popitem(last=False)
