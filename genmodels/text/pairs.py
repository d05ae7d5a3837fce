"""Byte pair encoding, learnt step by step: the commonest pair of neighbours becomes one token, and again.

Gage compressed files so in 1994; Sennrich, Haddow and Birch cut words so in 2016; GPT-2 began with the 256
bytes instead of characters, so that nothing is unknown. A pair is never merged across the words that the text
is first cut into, a word taking the space before it along. Of equally common pairs the one that came first is
taken, so the same text gives the same tokens. What the recipes use is the library `tokenizers`; this is the
same in a way that can be watched.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

WORD = re.compile(r" ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")
Pair = tuple[bytes, bytes]


class Merge(NamedTuple):
    """One step: what became one token, how often it stood there, and how the text stands now."""

    i: int
    pair: Pair
    count: int
    next: list[tuple[Pair, int]]  # the commonest pairs before the step, the chosen one first
    tokens: int  # of the whole text, after the step


class Pairs:
    """A text as words, each a row of tokens, with how often every pair of neighbours stands in it."""

    def __init__(self, text: str):
        self.words = Counter(WORD.findall(text))
        self.cut = {word: [bytes([b]) for b in word.encode()] for word in self.words}
        self.counts: Counter[Pair] = Counter()
        self.where: dict[Pair, dict[str, None]] = {}  # the words that hold a pair, in their order
        for word in self.words:
            self.add(word, 1)
        self.tokens = sum(len(self.cut[word]) * n for word, n in self.words.items())

    def add(self, word: str, sign: int) -> None:
        """The pairs of a word are counted, or, with -1, not any more."""
        row, many = self.cut[word], sign * self.words[word]
        for pair in pairwise(row):
            self.counts[pair] += many
            if sign > 0:
                self.where.setdefault(pair, {})[word] = None
            elif word in self.where.get(pair, {}):
                del self.where[pair][word]

    def merge(self, pair: Pair) -> None:
        for word in list(self.where[pair]):
            self.add(word, -1)
            before = len(self.cut[word])
            self.cut[word] = joined(self.cut[word], pair)
            self.tokens -= (before - len(self.cut[word])) * self.words[word]
            self.add(word, 1)
        self.counts.pop(pair, None)

    def learn(self, merges: int) -> Iterator[Merge]:
        """Up to so many steps; fewer when no pair stands there twice."""
        for i in range(merges):
            best = [x for x in self.counts.most_common(6) if x[1] > 1]
            if not best:
                return
            pair, count = best[0]
            self.merge(pair)
            yield Merge(i, pair, count, best, self.tokens)

    def spell(self, text: str, most: int = 10**9) -> list[bytes]:
        """The text that was given, cut as it stands now; of a long one the words that begin before `most`."""
        found: list[bytes] = []
        for word in WORD.finditer(text):
            if word.start() >= most:
                break
            found += self.cut[word[0]]
        return found


def joined(row: list[bytes], pair: Pair) -> list[bytes]:
    """a b a b c, with the pair (a, b) -> ab ab c"""
    made: list[bytes] = []
    k = 0
    while k < len(row):
        both = k + 1 < len(row) and (row[k], row[k + 1]) == pair
        made.append(row[k] + row[k + 1] if both else row[k])
        k += 2 if both else 1
    return made
