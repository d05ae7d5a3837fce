"""What every model that writes text offers, whatever it is made of: GPT, Llama, RNN.

`logits` reads a text at once. `begin` and `feed` read it piece by piece and remember what they have read, so
that a further token costs one step. Both give the same numbers. `look` and `read`, where a model has them,
show what goes on inside.
"""

import sys
from typing import NamedTuple, Protocol

from torch import Tensor

NO_LIMIT = sys.maxsize  # the context of a recurrent model: what it has read is in its state, however long


class Memory(Protocol):
    """What a model has read: keys and values, or a hidden state."""

    def take(self, rows: Tensor) -> "Memory":
        """A new memory of those rows (R,) of the batch, in that order. A row may come twice or never."""


class LanguageModel(Protocol):
    """A model may have `hear`, too: as `feed`, but only what comes after the last, (B, 1, V)."""

    context: int  # the most tokens it can look back on; NO_LIMIT for a recurrent one

    def logits(self, tokens: Tensor) -> Tensor:
        """(B, n) -> (B, n, V), of what comes after each."""

    def begin(self, batch: int, length: int) -> Memory:
        """An empty memory with room for `length` tokens."""

    def feed(self, tokens: Tensor, memory: Memory) -> Tensor:
        """(B, n) go in after what was fed -> (B, n, V). Changes the memory in place."""


class Look(NamedTuple):
    """One text of n tokens as a transformer sees it."""

    attention: list[Tensor]  # (heads, n, n) per layer: row i is where token i looks
    hidden: list[Tensor]  # (n, C): what goes into the first layer, then what comes out of each
