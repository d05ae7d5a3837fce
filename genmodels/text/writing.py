"""Writing a text one token at a time, from any language model of the house, and how much a text surprises it.

Every token of a continuation has its uniform number, drawn beforehand from the continuation's own seed, and
is found by going through the tokens from the likeliest down until that share of the chance is used up. So the
k-th continuation is the same alone and among others, with and without a memory (`naive`), and a small change
of taste changes the text only where the luck was close.

A model sees so many tokens (`context`). Past that the oldest half is forgotten at once, and the rest is read
anew: reading it anew at every token would make a token as dear as without a memory.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from genmodels.runtime import generators
from genmodels.text.language import LanguageModel, Memory

HEAD = 128  # of the likeliest tokens are looked at first: to sort fifty thousand takes longer than to choose
CHUNK = 256  # tokens read at once: their logits are the largest thing in memory


@dataclass(frozen=True)
class Taste:
    """How the chances of a model are bent before one is drawn. In the order in which it happens."""

    repetition: float = (
        1.0  # logits of tokens that are already there: divided by it if positive, else multiplied
    )
    temperature: float = 1.0  # logits are divided by it; 0: the likeliest, always
    top_k: int = 0  # so many of the likeliest stay; 0: all
    top_p: float = 1.0  # the likeliest that together have this chance stay
    min_p: float = 0.0  # those with this share of the likeliest one's chance stay

    def __post_init__(self) -> None:
        if not (self.temperature >= 0 and self.top_k >= 0 and 0 <= self.top_p <= 1 and 0 <= self.min_p <= 1):
            raise ValueError(f"{self} is out of range")
        if not self.repetition > 0:
            raise ValueError(f"repetition is {self.repetition}, not positive")

    def bend(self, logits: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, V), what is there already (B, V) -> chances from the likeliest down, whose they are.

        Those at the end that have no chance may be missing.
        """
        if self.repetition != 1:
            weaker = torch.where(logits > 0, logits / self.repetition, logits * self.repetition)
            logits = torch.where(seen, weaker, logits)
        if self.temperature == 0:
            best = logits.max(-1, keepdim=True).indices  # argmax would wake threads, as `nothing` says
            return torch.ones_like(best, dtype=logits.dtype), best
        logits = logits / self.temperature
        if self.top_k:
            logits, order = logits.topk(min(self.top_k, logits.shape[1]))
            return self.cut(logits.softmax(-1)), order
        if self.top_p < 1 or self.min_p > 0:
            best, order = logits.topk(min(HEAD, logits.shape[1]))
            chance = self.cut((best - logits.logsumexp(-1, keepdim=True)).exp())
            if bool((chance[:, -1] == 0).all()):  # so what comes after these has no chance either
                return chance, order
        logits, order = logits.sort(-1, descending=True)
        return self.cut(logits.softmax(-1)), order

    def cut(self, chance: Tensor) -> Tensor:
        """Chances from the likeliest down, without those that are too small."""
        if self.top_p < 1:
            before = chance.cumsum(-1) - chance
            chance = kept(chance, before < self.top_p)
        if self.min_p > 0:
            chance = kept(chance, chance >= self.min_p * chance[:, :1])
        return chance


def kept(chance: Tensor, stay: Tensor) -> Tensor:
    """The chances where `stay`, as if there were no others. The likeliest stays in any case."""
    stay[:, 0] = True
    chance = chance * stay
    return chance / chance.sum(-1, keepdim=True)


class Step(NamedTuple):
    """One token more for each of B continuations. One that is done repeats its last token."""

    i: int
    token: Tensor  # (B,)
    log_probs: Tensor  # (B, V) of the model itself
    chance: Tensor  # (B, V) after the taste
    done: Tensor  # (B,) whether the text ended, with this token or before


class Reader:
    """What has been read, of texts of the same length, and how to read up to `length` tokens more."""

    def __init__(self, model: LanguageModel, tokens: Tensor, length: int, naive: bool):
        self.model, self.naive, self.n = model, naive, tokens.shape[1]
        self.paper = F.pad(tokens, (0, length))
        self.room = min(self.n + length, model.context)
        self.start = 0  # of the window
        self.memory: Memory | None = None

    @property
    def tokens(self) -> Tensor:
        return self.paper[:, : self.n]

    def __call__(self) -> Tensor:
        """Logits (B, V) of what comes after the tokens."""
        start = window(self.n, self.model.context)
        if self.naive:
            return self.model.logits(self.tokens[:, start:])[:, -1].float()
        if self.memory is None or start != self.start:
            self.start, self.memory = start, self.model.begin(len(self.tokens), self.room)
            hear = getattr(self.model, "hear", self.model.feed)
            for part in self.tokens[:, start:].split(CHUNK, 1):
                logits = hear(part, self.memory)
        else:
            logits = self.model.feed(self.tokens[:, -1:], self.memory)
        return logits[:, -1].float()

    def add(self, tokens: Tensor) -> None:
        self.paper[:, self.n] = tokens
        self.n += 1

    def take(self, rows: Tensor) -> None:
        self.paper = self.paper[rows]
        self.memory = self.memory and self.memory.take(rows)


def window(n: int, context: int) -> int:
    """Where the window begins after n tokens: it moves by half the context when it is full."""
    half = max(1, context // 2)
    return -(-max(0, n - context) // half) * half


@torch.no_grad()
def write(
    model: LanguageModel,
    prompt: Sequence[int],
    seed: int,
    count: int,
    length: int,
    taste: Taste = Taste(),  # noqa: B008  frozen
    stop: frozenset[int] = frozenset(),
    end: int = 0,
    naive: bool = False,
) -> Iterator[Step]:
    """`count` continuations of a prompt, up to `length` tokens each, until all have met a token of `stop`.

    An empty prompt is the token that stands between texts, `end`.
    """
    start = torch.tensor([list(prompt) or [end]], device=model.device)
    u = torch.stack([torch.rand(length, generator=g) for g in generators(seed, count)]).to(model.device)
    reader = Reader(model, start, length, naive)
    logits = reader()  # the prompt is read once, for all
    reader.take(torch.zeros(count, dtype=torch.long, device=model.device))
    logits = logits.expand(count, -1)
    seen = torch.zeros_like(logits, dtype=torch.bool).index_fill_(1, start[0], True)
    done, last = torch.zeros(count, dtype=torch.bool, device=model.device), None
    ends = torch.tensor(sorted(stop), dtype=torch.long, device=model.device)
    for i in range(length):
        chance, order = taste.bend(logits, seen)
        token = pick(chance, order, u[:, i])
        if stop:
            token = token if last is None else torch.where(done, last, token)
            done = done | torch.isin(token, ends)
        whole = nothing(logits).scatter_(1, order, chance)
        yield Step(i, token, logits.log_softmax(-1), whole, done)
        if i + 1 == length or (stop and bool(done.all())):
            return
        seen.scatter_(1, token[:, None], True)
        reader.add(token)
        logits, last = reader(), token


def nothing(like: Tensor) -> Tensor:
    """Zeros. For fifty thousand of them torch wakes all its threads on a CPU; these then wait for more awake,
    and take a core from the next token's products. numpy makes them alone."""
    if like.device.type != "cpu" or like.dtype != torch.float32:
        return torch.zeros_like(like)
    return torch.from_numpy(np.zeros(like.shape, np.float32))


def pick(chance: Tensor, order: Tensor, u: Tensor) -> Tensor:
    """The token (B,) at which the chances, from the likeliest down, have used up the share u (B,)."""
    if order.shape[1] == 1:
        return order[:, 0]
    total = chance.cumsum(-1)
    at = torch.searchsorted(total, u[:, None] * total[:, -1:], right=True)  # the first that is above
    return order.gather(1, at.clamp(max=order.shape[1] - 1))[:, 0]


# Beams


class Beams(NamedTuple):
    """The likeliest continuations found so far, the best first."""

    i: int
    tokens: Tensor  # (W, i + 1); what ended sooner repeats its last token
    log_prob: Tensor  # (W,) nats of the whole, up to its end
    score: Tensor  # (W,) by which they are ranked
    done: Tensor  # (W,)
    parent: Tensor  # (W,) which of the last step's it goes on with


@torch.no_grad()
def beam(
    model: LanguageModel,
    prompt: Sequence[int],
    width: int,
    length: int,
    stop: frozenset[int] = frozenset(),
    end: int = 0,
    penalty: float = 0.0,
    naive: bool = False,
) -> Iterator[Beams]:
    """The `width` likeliest continuations, each step kept of all that go on with one token more.

    They are ranked by log-probability over length^penalty: 0 favours those that end soon, 1 is the mean.
    """
    reader = Reader(model, torch.tensor([list(prompt) or [end]], device=model.device), length, naive)
    before = reader.tokens.shape[1]
    log_prob, lengths = torch.zeros(1, device=model.device), torch.zeros(1, device=model.device)
    done = torch.zeros(1, dtype=torch.bool, device=model.device)
    ends = torch.tensor(sorted(stop), dtype=torch.long, device=model.device)
    for i in range(length):
        more = reader().log_softmax(-1)
        last = reader.tokens[:, -1:]
        stay = torch.full_like(more, -torch.inf).scatter_(1, last, 0.0)  # what is done has one way to go on
        totals = log_prob[:, None] + torch.where(done[:, None], stay, more)
        lengths = lengths + ~done
        scores = totals / lengths[:, None] ** penalty
        score, at = scores.flatten().topk(min(width, scores.numel()))
        parent, token = at // more.shape[1], at % more.shape[1]
        log_prob, lengths = totals.flatten()[at], lengths[parent]
        done = done[parent] | torch.isin(token, ends)
        reader.take(parent)
        reader.add(token)
        yield Beams(i, reader.tokens[:, before:], log_prob, score, done, parent)
        if bool(done.all()):
            return


# Surprise


@torch.no_grad()
def surprises(model: LanguageModel, tokens: Sequence[int], end: int = 0) -> Iterator[Tensor]:
    """Nats of each token given those before, in parts of at most CHUNK; the first given `end`.

    A text longer than the context is read in windows that overlap by half, so that every token but the first
    ones has at least half a context before it.
    """
    ids = torch.tensor([[end, *tokens]], device=model.device)
    n, context, scored = len(tokens), min(model.context, len(tokens) + 1), 0
    while scored < n:
        start = window(scored + 1, context)
        memory = model.begin(1, context)
        for part in ids[:, start : min(start + context, n)].split(CHUNK, 1):
            logits = model.feed(part, memory)[0].float()
            start += len(logits)  # tokens up to here have been read, and the one at `start` is foretold
            fresh = slice(max(scored + 1, start - len(logits) + 1), start + 1)
            if fresh.start < fresh.stop:
                yield F.cross_entropy(logits[fresh.start - start - 1 :], ids[0, fresh], reduction="none")
                scored = start


def surprise(model: LanguageModel, tokens: Sequence[int], end: int = 0) -> Tensor:
    """(n,) nats of each token given those before; the first given `end`. exp(mean) is the perplexity."""
    return torch.cat([torch.zeros(0), *(part.cpu() for part in surprises(model, tokens, end))])
