"""A model that only counts: which character followed the last four, in the text that it keeps.

Shannon made such tables by hand in 1948. Most sequences of five characters never occur, so each order borrows
from the next shorter one, down to all characters alike: modified Kneser and Ney, interpolated (Chen and
Goodman, *An Empirical Study of Smoothing Techniques*, 1999, equations 24 to 28):

    p(w | h) = max(c(hw) - D(c(hw)), 0) / c(h)  +  g(h) p(w | h without its first)

A shorter order does not count how often hw occurred but after how many different characters. D is 0 for what
never occurred and D1, D2, D3 for what did once, twice, more often; g(h) is what was taken away, so the sum
over w is one. The weights are the text itself, packed: counting it again takes less room than its tables.
"""

import lzma
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from genmodels.errors import Problem
from genmodels.model import Model

END, UNKNOWN = 0, 1  # the first two tokens; the others are characters
MANY = 8  # characters that the longest grams may have: their number must fit 63 bits


@dataclass(frozen=True)
class NGramConfig:
    alphabet: str  # characters in the order of their tokens, from 2 on
    packed: int  # bytes of the text as it is kept
    order: int = 5  # characters of a gram: it looks back on one less

    @property
    def vocab_size(self) -> int:
        return 2 + len(self.alphabet)


@dataclass(frozen=True)
class Table:
    """Grams of one length, sorted, with their counts; and of each context what stands in the formula."""

    grams: np.ndarray  # (G,) a gram as a number in base V
    counts: np.ndarray  # (G,)
    contexts: np.ndarray  # (H,) the same without their last character
    totals: np.ndarray  # (H,) c(h)
    taken: np.ndarray  # (H,) the sum of the discounts
    discounts: np.ndarray  # (4,) of grams that occurred 0, 1, 2, 3 or more times


def table(grams: np.ndarray, counts: np.ndarray, size: int) -> Table:
    many = [max(int((counts == k).sum()), 1) for k in (1, 2, 3, 4)]
    y = many[0] / (many[0] + 2 * many[1])
    found = [0.0, *(k - (k + 1) * y * many[k] / many[k - 1] for k in (1, 2, 3))]
    discounts = np.clip(found, 0, [0, 0.95, 1.95, 2.95])
    contexts, start = np.unique(grams // size, return_index=True)
    cut = discounts[np.minimum(counts, 3)]
    totals, taken = (np.add.reduceat(x.astype(float), start) for x in (counts, cut))
    return Table(grams, counts, contexts, totals, taken, discounts)


def tables(stream: np.ndarray, order: int, size: int) -> list[Table]:
    """Of a stream of tokens, from single characters to `order` of them."""
    codes = [stream.astype(np.int64)]
    for k in range(1, order):
        codes.append(codes[-1][:-1] * size + stream[k:])
    grams, counts = np.unique(codes[-1], return_counts=True)
    found = [table(grams, counts, size)]
    for k in range(order - 1, 0, -1):  # after how many different characters a shorter gram occurred
        grams, counts = np.unique(found[-1].grams % size**k, return_counts=True)
        found.append(table(grams, counts, size))
    return found[::-1]


def look_up(keys: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the wanted stand among the sorted keys, and whether they do."""
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return at, keys[at] == wanted


class NGram(Model):
    """Characters in, logarithms of chances out, as every language model of the house."""

    Config = NGramConfig
    context = 256  # as much of a text as others get to see; it uses the last few characters of it

    def __init__(self, config: NGramConfig):
        super().__init__(config)
        if not 1 <= config.order <= MANY or config.vocab_size**config.order >= 2**63:
            raise Problem("config", file="config.json", found=f"order is {config.order}")
        self.register_buffer("text", torch.zeros(config.packed, dtype=torch.uint8))

    @property
    def device(self) -> torch.device:
        return self.text.device

    @property
    def dtype(self) -> torch.dtype:
        return torch.float32  # of what it answers

    @classmethod
    def of(cls, documents: Sequence[str], order: int = 5) -> "NGram":
        """Counts documents. Read them again from `model.documents()`."""
        whole = "\0".join(documents)
        packed = lzma.compress(whole.encode(), preset=9 | lzma.PRESET_EXTREME)
        model = cls(NGramConfig("".join(sorted(set(whole) - {"\0"})), len(packed), order))
        model.text.copy_(torch.frombuffer(bytearray(packed), dtype=torch.uint8))
        return model.eval()

    def documents(self) -> list[str]:
        return lzma.decompress(bytes(self.text.cpu().numpy())).decode().split("\0")

    def tokens(self, text: str) -> np.ndarray:
        known = {c: i for i, c in enumerate(self.config.alphabet, 2)}
        return np.array([known.get(c, UNKNOWN) for c in text], np.int64)

    @cached_property
    def counted(self) -> list[Table]:
        """The tables by length. A document begins with as many ends as the model looks back on."""
        first = np.full(max(self.config.order - 1, 1), END)
        parts = [x for text in self.documents() for x in (first, self.tokens(text))]
        return tables(np.concatenate([*parts, first]), self.config.order, self.config.vocab_size)

    def shorter(self, order: int) -> "NGram":
        """The model of the same text that looks back on fewer characters, or on more."""
        model = NGram(replace(self.config, order=order))
        model.text = self.text
        return model.eval()

    def chances(self, history: np.ndarray, after: np.ndarray) -> np.ndarray:
        """p(after | history): histories as numbers in base V, broadcast against tokens."""
        size = self.config.vocab_size
        p = np.full(np.broadcast_shapes(history.shape, after.shape), 1 / size)
        for k, t in enumerate(self.counted):
            h = history % size**k
            at, seen = look_up(t.contexts, h)
            place, there = look_up(t.grams, h * size + after)
            count = np.where(there, t.counts[place], 0)
            own = count - t.discounts[np.minimum(count, 3)] + t.taken[at] * p
            p = np.where(seen, own / t.totals[at], p)
        return p

    def histories(self, tokens: np.ndarray, before: np.ndarray | None = None) -> np.ndarray:
        """(n,) tokens -> (n + 1,) what is looked back on before each and after the last."""
        most, size = self.config.order - 1, self.config.vocab_size
        whole = np.concatenate([np.full(most, END) if before is None else before, tokens])
        n = len(tokens) + 1
        return sum((whole[k : k + n] * size ** (most - 1 - k) for k in range(most)), np.zeros(n, np.int64))

    def nats(self, text: str) -> np.ndarray:
        """-log p of each character of a document, and of its end."""
        tokens = self.tokens(text)
        return -np.log(self.chances(self.histories(tokens), np.append(tokens, END)))

    def logits(self, tokens: Tensor) -> Tensor:
        """(B, n) -> (B, n, V), of what comes after each."""
        return self.feed(tokens, self.begin(len(tokens), tokens.shape[1]))

    def begin(self, batch: int, length: int) -> "Last":
        return Last(np.full((batch, self.config.order - 1), END))

    def feed(self, tokens: Tensor, memory: "Last") -> Tensor:
        """(B, n) go in after what was fed -> (B, n, V). The memory is changed in place."""
        read = np.concatenate([memory.tokens, tokens.cpu().numpy()], 1)
        rows = []
        for old, new in zip(memory.tokens, tokens.cpu().numpy(), strict=True):
            rows.append(self.chances(self.histories(new, old)[1:, None], np.arange(self.config.vocab_size)))
        memory.tokens = read[:, read.shape[1] - self.config.order + 1 :]
        return torch.from_numpy(np.log(np.stack(rows))).to(self.device, torch.float32)


@dataclass
class Last:
    """The last characters of each text of a batch: all that an n-gram remembers."""

    tokens: np.ndarray  # (B, order - 1)

    def take(self, rows: Tensor) -> "Last":
        return Last(self.tokens[rows.cpu().numpy()])
