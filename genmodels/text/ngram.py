"""A model that only counts: which character followed the last four.

Shannon made such tables by hand in 1948. Most sequences of five characters never occur, so each order borrows
from the next shorter one, down to all characters alike: modified Kneser and Ney, interpolated (Chen and
Goodman, *An Empirical Study of Smoothing Techniques*, 1999, equations 24 to 28):

    p(w | h) = max(c(hw) - D(c(hw)), 0) / c(h)  +  g(h) p(w | h without its first)

A shorter order does not count how often hw occurred but after how many different characters. D is 0 for what
never occurred and D1, D2, D3 for what did once, twice, more often; g(h) is what was taken away, so the sum
over w is one. Only the longest grams and how often each occurred are kept, in order, as the steps from one to
the next; the shorter ones follow from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
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
    packed: tuple[int, int]  # bytes that the grams take, and their counts
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


def tables(grams: np.ndarray, counts: np.ndarray, order: int, size: int) -> list[Table]:
    """From single characters to grams of `order` of them."""
    found = [table(grams, counts, size)]
    for k in range(order - 1, 0, -1):  # after how many different characters a shorter gram occurred
        grams, counts = np.unique(found[-1].grams % size**k, return_counts=True)
        found.append(table(grams, counts, size))
    return found[::-1]


def counted(stream: np.ndarray, order: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The grams of a stream of tokens as numbers in base V, in order, and how often each occurs.

    An end that follows an end is filled in between documents and foretold by nobody: it does not count.
    """
    code, real = stream.astype(np.int64), (stream != END) | (np.roll(stream, 1) != END)
    for k in range(1, order):
        code = code[:-1] * size + stream[k:]
    return np.unique(code[real[order - 1 :]], return_counts=True)


def pack(numbers: np.ndarray) -> np.ndarray:
    """Numbers below 2^63 -> bytes: seven bits each, low ones first, a high bit on all but a number's last."""
    parts = numbers[:, None] >> np.arange(0, 63, 7)  # (N, 9)
    goes_on = parts[:, 1:] > 0
    keep = np.concatenate([np.ones((len(numbers), 1), bool), goes_on], 1)
    more = np.concatenate([goes_on, np.zeros((len(numbers), 1), bool)], 1)
    return ((parts & 127) | (more << 7))[keep].astype(np.uint8)


def unpack(data: np.ndarray) -> np.ndarray:
    start = np.flatnonzero(np.concatenate([[True], data[:-1] < 128]))
    place = np.arange(len(data)) - np.repeat(start, np.diff(np.append(start, len(data))))
    if not len(data) or data[-1] >= 128 or place.max() > 8:
        raise Problem("config", file="model.safetensors", found="its counts are cut off")
    return np.add.reduceat((data & 127).astype(np.int64) << (7 * place), start)


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
        for name, size in zip(("grams", "counts"), config.packed, strict=True):
            self.register_buffer(name, torch.zeros(size, dtype=torch.uint8))

    @property
    def device(self) -> torch.device:
        return self.grams.device

    @property
    def dtype(self) -> torch.dtype:
        return torch.float32  # of what it answers

    @classmethod
    def of(cls, documents: Sequence[str], order: int = 5) -> "NGram":
        """Counts documents. Each begins with as many ends as the model looks back on."""
        alphabet = "".join(sorted(set().union(*documents)))
        known = {c: i for i, c in enumerate(alphabet, 2)}
        first = [END] * max(order - 1, 1)
        stream = [token for text in documents for token in (*first, *(known[c] for c in text))]
        grams, counts = counted(np.array([*stream, *first]), order, 2 + len(alphabet))
        return cls.kept(alphabet, order, grams, counts)

    @classmethod
    def kept(cls, alphabet: str, order: int, grams: np.ndarray, counts: np.ndarray) -> "NGram":
        packed = pack(np.diff(grams, prepend=0)), pack(counts)
        model = cls(NGramConfig(alphabet, tuple(map(len, packed)), order))
        for buffer, data in zip((model.grams, model.counts), packed, strict=True):
            buffer.copy_(torch.from_numpy(data))
        return model.eval()

    def table(self) -> tuple[np.ndarray, np.ndarray]:
        """The grams in order, and how often each occurred."""
        grams, counts = (unpack(x.cpu().numpy()) for x in (self.grams, self.counts))
        if len(grams) != len(counts):
            raise Problem(
                "config", file="model.safetensors", found=f"{len(grams)} grams, {len(counts)} counts"
            )
        return np.cumsum(grams), counts

    def tokens(self, text: str) -> np.ndarray:
        known = {c: i for i, c in enumerate(self.config.alphabet, 2)}
        return np.array([known.get(c, UNKNOWN) for c in text], np.int64)

    @cached_property
    def counted(self) -> list[Table]:
        """The tables by length."""
        return tables(*self.table(), self.config.order, self.config.vocab_size)

    def shorter(self, order: int) -> "NGram":
        """The model of the same text that looks back on fewer characters."""
        if order > self.config.order:
            raise ValueError(f"order {order}: the grams have {self.config.order} characters")
        grams, counts = self.table()
        found, where = np.unique(grams % self.config.vocab_size**order, return_inverse=True)
        return self.kept(self.config.alphabet, order, found, np.bincount(where, counts).astype(np.int64))

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
