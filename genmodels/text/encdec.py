"""What every model with an encoder and a decoder shares: attention, the decoder's memory, looking inside.

The encoder reads the whole source at once. The decoder writes the target token by token: it looks back at
what it has written, and across at the source (keys and values from the encoder, queries from the decoder).
Given a source, a decoder is a language model like any other (`Given`), so whatever writes with those writes
with it.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

Pair = tuple[Tensor, Tensor]  # keys and values, (B, heads, n, d) each


def attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, scale: float) -> Pair:
    """(B, heads, m, d) asks (B, heads, n, d) -> what it gets (B, m, heads d); the weights."""
    scores = scale * q @ k.mT
    weights = (scores if bias is None else scores + bias).softmax(-1)
    return (weights @ v).transpose(1, 2).flatten(2), weights


def split(x: Tensor, heads: int) -> Tensor:
    """(B, n, heads d) -> (B, heads, n, d)"""
    return x.unflatten(2, (heads, -1)).transpose(1, 2)


def padding(source: Tensor, pad: int, dtype: torch.dtype) -> Tensor:
    """(B, n) -> (B, 1, 1, n): -inf where there is no token, 0 elsewhere."""
    return torch.zeros(source.shape, dtype=dtype, device=source.device).masked_fill(
        source == pad, -torch.inf
    )[:, None, None]


def later(count: int, done: int, like: Tensor) -> Tensor | None:
    """What `count` tokens after `done` others may not see, (count, done + count); None if that is nothing."""
    if count == 1:
        return None
    return torch.full((count, done + count), -torch.inf, dtype=like.dtype, device=like.device).triu(done + 1)


class Memory:
    """What a decoder knows: the source, as keys and values of each layer, and what it has written so far."""

    def __init__(self, source: Sequence[Pair], hidden: Tensor, own: Sequence[Pair] = (), done: int = 0):
        self.source, self.hidden = list(source), hidden  # hidden: the padding of the source
        self.own, self.done = list(own), done

    def extend(self, layer: int, k: Tensor, v: Tensor) -> Pair:
        """Keys and values of new tokens -> those of all tokens of that layer."""
        if layer == len(self.own):
            self.own.append((k, v))
        else:
            before = self.own[layer]
            self.own[layer] = (torch.cat([before[0], k], 2), torch.cat([before[1], v], 2))
        return self.own[layer]

    def take(self, rows: Tensor) -> "Memory":
        source = [(k[rows], v[rows]) for k, v in self.source]
        return Memory(source, self.hidden[rows], [(k[rows], v[rows]) for k, v in self.own], self.done)


class Heard(NamedTuple):
    """What the decoder makes of some tokens."""

    logits: Tensor  # (B, m, V) of what comes after each
    own: list[Tensor]  # of each layer, to what was written: (B, heads, m, done + m)
    cross: list[Tensor]  # of each layer, to the source: (B, heads, m, n)


class EncoderDecoder(Protocol):
    config: Any  # has pad, start, end: token ids

    def encode(self, source: Tensor) -> tuple[Tensor, list[Tensor]]: ...  # (B, n, C), attention of each layer
    def remember(self, encoded: Tensor, source: Tensor) -> Memory: ...
    def decode(self, tokens: Tensor, memory: Memory) -> Heard: ...  # (B, m) go in after what went in before


def logits(model: EncoderDecoder, source: Tensor, tokens: Tensor) -> Tensor:
    """(B, n), (B, m) -> (B, m, V): after each token of the target, which begins with the start token."""
    return model.decode(tokens, model.remember(model.encode(source)[0], source)).logits


class Given:
    """A decoder that has been given one source (1, n): a language model of the translations of it."""

    context = 512  # tokens; more than any target here

    def __init__(self, model: EncoderDecoder, source: Tensor):
        self.model, self.source = model, source.to(model.device)
        self.encoded = model.encode(self.source)[0]
        self.config, self.device = model.config, model.device

    def begin(self, batch: int, length: int) -> Memory:
        return self.model.remember(self.encoded.expand(batch, -1, -1), self.source.expand(batch, -1))

    def feed(self, tokens: Tensor, memory: Memory) -> Tensor:
        return self.model.decode(tokens, memory).logits

    def logits(self, tokens: Tensor) -> Tensor:
        return self.feed(tokens, self.begin(len(tokens), tokens.shape[1]))


class Look(NamedTuple):
    """One sentence and its translation from inside: attention of each layer, (heads, to, from)."""

    encoder: list[Tensor]  # (heads, n, n)
    decoder: list[Tensor]  # (heads, m, m)
    cross: list[Tensor]  # (heads, m, n)
    logits: Tensor  # (m, V)


@torch.no_grad()
def look(model: EncoderDecoder, source: Tensor, tokens: Tensor) -> Look:
    """(1, n) and (1, m), the target from its start token on."""
    encoded, weights = model.encode(source)
    heard = model.decode(tokens, model.remember(encoded, source))
    first = ([w[0].float().cpu() for w in rows] for rows in (weights, heard.own, heard.cross))
    return Look(*first, heard.logits[0].float().cpu())


@torch.no_grad()
def greedy(model: EncoderDecoder, source: Tensor, length: int) -> Tensor:
    """(B, n) -> (B, at most `length`): the likeliest token again and again. After the end comes padding."""
    c, memory = model.config, model.remember(model.encode(source)[0], source)
    token = torch.full((len(source), 1), c.start, device=source.device)
    ended, written = torch.zeros_like(token, dtype=torch.bool), []
    for _ in range(length):
        token = model.decode(token, memory).logits[:, -1:].argmax(-1)
        written.append(token.masked_fill(ended, c.pad))
        ended |= token == c.end
        if ended.all():
            break
    return torch.cat(written, 1)


def padded(rows: Sequence[Sequence[int]], pad: int) -> Tensor:
    """Token ids of several lengths -> (B, longest)."""
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[pad] * (longest - len(row))] for row in rows])
