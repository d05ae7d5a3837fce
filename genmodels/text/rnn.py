"""Recurrent language models: one small network that reads a text token by token and carries a state along.

The state is all it knows of what it has read, however long that was. The plain cell (Elman) writes its state
anew at every token, and what was there fades; the LSTM keeps a second state beside, the cell state C, that
gates let in, keep and show; the GRU does the same with two gates and one state. Layers may be stacked, each
reading the hidden states of the one below. `RNN` writes from left to right. `BiRNN` reads from both ends
and says what stands in its gaps, better than one that has seen the left side only, and for that very reason
it can't write: what it would have to read on the right isn't there yet.

Hochreiter and Schmidhuber: Long Short-Term Memory, 1997, with the forget gate of Gers et al., 2000; GRU as in
Chung et al., arXiv:1412.3555, equations 5-8: torch.nn.GRU has 1 - z for z, as Cho et al., arXiv:1406.1078,
and applies r after the product with U, not before; Schuster and Paliwal, 1997. Changed: the gates of an LSTM
lie in torch's order, so that its weights can be taken over, but there is one bias and not two; and the
embedding may serve as the last layer too (Press and Wolf, arXiv:1608.05859).
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genmodels.errors import Problem
from genmodels.model import Model
from genmodels.text.language import NO_LIMIT

State = tuple[Tensor, ...]  # the hidden state (B, H), and for an LSTM the cell state
NOTHING: Mapping[str, float] = {}


@dataclass(frozen=True)
class RNNConfig:
    vocab_size: int = 10_000
    embedding: int = 100  # numbers that a token is looked up as
    hidden: int = 128  # units of a layer
    layers: int = 1  # a BiRNN has one, in either direction
    cell: str = "lstm"  # or rnn, gru
    tied: bool = False  # whether the last layer is the embedding, after a change of width
    context: int = 200  # tokens of a text in training; reading on is not limited
    dropout: float = 0.0  # in training: share of the numbers of a layer that are missing, all along a text


class Seen(NamedTuple):
    """Everything that happened while a text of n tokens was read."""

    hidden: list[Tensor]  # (n, C): the embedding, then the hidden states of each layer
    gates: list[dict[str, Tensor]]  # of each layer: (n, H) by name


class Cell(nn.Module, ABC):
    """One layer. `inputs` is the part of a step that needs no state: computed for all steps at once."""

    blocks: ClassVar[int]  # how many times H numbers a step computes
    states: ClassVar[tuple[str, ...]] = ("hidden",)

    def __init__(self, c_in: int, hidden: int):
        super().__init__()
        self.hidden = hidden
        bound = hidden**-0.5
        self.weight_ih = nn.Parameter(torch.empty(self.blocks * hidden, c_in).uniform_(-bound, bound))
        self.weight_hh = nn.Parameter(torch.empty(self.blocks * hidden, hidden).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(self.blocks * hidden))

    def start(self, batch: int) -> State:
        return tuple(self.weight_hh.new_zeros(batch, self.hidden) for _ in self.states)

    def inputs(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight_ih, self.bias)

    @abstractmethod
    def step(self, a: Tensor, state: State, hold: Mapping[str, float] = NOTHING) -> tuple[State, State]:
        """One token, as `inputs` left it (B, blocks H): the next state, and the gates in `names`' order.

        `hold` nails gates to a value, to see what they are good for.
        """

    def forward(self, x: Tensor, state: State, hold: Mapping[str, float] = NOTHING) -> tuple[Tensor, State]:
        """(B, n, C) -> hidden states (B, n, H), and the state after the last."""
        rows = []
        for a in self.inputs(x).unbind(1):
            state, _ = self.step(a, state, hold)
            rows.append(state[0])
        return torch.stack(rows, 1), state


class PlainCell(Cell):
    blocks, names = 1, ()

    def step(self, a: Tensor, state: State, hold: Mapping[str, float] = NOTHING) -> tuple[State, State]:
        return (torch.tanh(a + state[0] @ self.weight_hh.T),), ()


class LSTMCell(Cell):
    blocks, names = 4, ("input", "forget", "candidate", "output")
    states = ("hidden", "cell")

    def __init__(self, c_in: int, hidden: int):
        super().__init__(c_in, hidden)
        self.bias.data[hidden : 2 * hidden] = 1.0  # keep, until there is a reason to forget

    def step(self, a: Tensor, state: State, hold: Mapping[str, float] = NOTHING) -> tuple[State, State]:
        h, c = state
        i, f, g, o = (a + h @ self.weight_hh.T).chunk(4, 1)
        i, f, o = gate("input", i, hold), gate("forget", f, hold), gate("output", o, hold)
        g = torch.tanh(g)
        c = f * c + i * g
        return (o * torch.tanh(c), c), (i, f, g, o)


class GRUCell(Cell):
    blocks, names = 3, ("reset", "update", "candidate")

    def step(self, a: Tensor, state: State, hold: Mapping[str, float] = NOTHING) -> tuple[State, State]:
        (h,) = state
        of_h, of_old = self.weight_hh.split((2 * self.hidden, self.hidden))
        r, z = (a[:, : 2 * self.hidden] + h @ of_h.T).chunk(2, 1)
        r, z = gate("reset", r, hold), gate("update", z, hold)
        new = torch.tanh(a[:, 2 * self.hidden :] + (r * h) @ of_old.T)
        return ((1 - z) * h + z * new,), (r, z, new)


CELLS: dict[str, type[Cell]] = {"rnn": PlainCell, "lstm": LSTMCell, "gru": GRUCell}


def known(config: RNNConfig) -> RNNConfig:
    if config.cell not in CELLS:
        raise Problem("config", file="config.json", found=f"cell is {config.cell!r}, not one of {[*CELLS]}")
    return config


def gate(name: str, x: Tensor, hold: Mapping[str, float]) -> Tensor:
    return torch.full_like(x, hold[name]) if name in hold else torch.sigmoid(x)


class Head(nn.Module):
    """Hidden states -> logits of the tokens. Tied: what lies near a token's own embedding is likely."""

    def __init__(self, hidden: int, config: RNNConfig):
        super().__init__()
        self.narrow = nn.Linear(hidden, config.embedding, bias=False) if config.tied else None
        free = not config.tied
        self.weight = nn.Parameter(0.05 * torch.randn(config.vocab_size, hidden)) if free else None
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, h: Tensor, table: Tensor) -> Tensor:
        if self.narrow is None:
            return F.linear(h, self.weight, self.bias)
        return F.linear(self.narrow(h), table[: len(self.bias)], self.bias)


def locked(x: Tensor, p: float) -> Tensor:
    """(B, n, C) with the same numbers of a text missing at every token (Gal and Ghahramani, 2016)."""
    return x * F.dropout(torch.ones_like(x[:, :1]), p)


class Memory:
    """What a model has read: the state of each layer."""

    def __init__(self, states: list[State]):
        self.states = states

    def take(self, rows: Tensor) -> "Memory":
        return Memory([tuple(s[rows] for s in state) for state in self.states])


class RNN(Model):
    """Writes from left to right. Tokens (B, n), and logits (B, n, V) of what comes after each."""

    Config = RNNConfig
    context = NO_LIMIT

    def __init__(self, config: RNNConfig):
        super().__init__(known(config))
        c = config
        self.embed = nn.Embedding(c.vocab_size, c.embedding)
        nn.init.normal_(self.embed.weight, std=0.1)
        cell, widths = CELLS[c.cell], [c.embedding] + [c.hidden] * c.layers
        self.layers = nn.ModuleList(cell(widths[k], c.hidden) for k in range(c.layers))
        self.head = Head(c.hidden, c)

    def begin(self, batch: int, length: int = 0) -> Memory:
        """A state of zeros. The length is no matter: the state is as large after a thousand tokens."""
        return Memory([layer.start(batch) for layer in self.layers])

    def feed(self, tokens: Tensor, memory: Memory, hold: Mapping[str, float] = NOTHING) -> Tensor:
        x = self.drop(self.embed(tokens))
        for k, layer in enumerate(self.layers):
            x, memory.states[k] = layer(x, memory.states[k], hold)
            x = self.drop(x)
        return self.head(x, self.embed.weight)

    def logits(self, tokens: Tensor) -> Tensor:
        return self.feed(tokens, self.begin(len(tokens)))

    def drop(self, x: Tensor) -> Tensor:
        return locked(x, self.config.dropout) if self.training and self.config.dropout else x

    # A look inside

    def look(self, tokens: Tensor) -> Seen:
        """What every unit did while (1, n) tokens were read."""
        x = self.embed(tokens)
        hidden, gates = [x[0]], []
        for layer in self.layers:
            x, seen = watch(layer, x)
            hidden.append(x[0])
            gates.append(seen)
        return Seen(hidden, gates)

    def read(self, hidden: Tensor) -> Tensor:
        """Hidden states (n, H) of the last layer -> logits (n, V)."""
        return self.head(hidden, self.embed.weight)


def watch(layer: Cell, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """(1, n, C) -> hidden states (1, n, H), and (n, H) of every gate and state by name."""
    state, rows = layer.start(1), []
    for a in layer.inputs(x).unbind(1):
        state, gates = layer.step(a, state)
        rows.append(torch.cat(gates + state))
    names = (*layer.names, *layer.states)
    seen = dict(zip(names, torch.stack(rows, 1), strict=True))
    return seen["hidden"][None], seen


class Nailed:
    """The language model inside, but for some gates: they are nailed to a value, in every layer."""

    context = NO_LIMIT

    def __init__(self, model: RNN, hold: Mapping[str, float]):
        self.model, self.hold = model, hold

    @property
    def device(self) -> torch.device:
        return self.model.device

    def begin(self, batch: int, length: int = 0) -> Memory:
        return self.model.begin(batch, length)

    def feed(self, tokens: Tensor, memory: Memory) -> Tensor:
        return self.model.feed(tokens, memory, self.hold)

    def logits(self, tokens: Tensor) -> Tensor:
        return self.feed(tokens, self.begin(len(tokens)))


class BiRNN(Model):
    """Fills gaps: of every token of (B, n), logits (B, n, V) from all the others, before and after it.

    The token `blank`, one past the vocabulary, is a gap: nothing is known of what stands there.

        state that has read  a b c   and the one from the other end that has read  e f   say what d is
                             -----> .                                           . <---
    """

    Config = RNNConfig

    def __init__(self, config: RNNConfig):
        super().__init__(known(config))
        c = config
        self.embed = nn.Embedding(c.vocab_size + 1, c.embedding)
        nn.init.normal_(self.embed.weight, std=0.1)
        self.ahead = CELLS[c.cell](c.embedding, c.hidden)
        self.back = CELLS[c.cell](c.embedding, c.hidden)
        self.head = Head(2 * c.hidden, c)

    @property
    def blank(self) -> int:
        return self.config.vocab_size

    def logits(self, tokens: Tensor) -> Tensor:
        x = self.embed(tokens)
        if self.training and self.config.dropout:
            x = locked(x, self.config.dropout)
        ahead, _ = self.ahead(x, self.ahead.start(len(x)))  # after reading each
        back, _ = self.back(x.flip(1), self.back.start(len(x)))
        before = F.pad(ahead[:, :-1], (0, 0, 1, 0))  # after reading all on its left
        after = F.pad(back[:, :-1], (0, 0, 1, 0)).flip(1)
        h = torch.cat([before, after], 2)
        if self.training and self.config.dropout:
            h = locked(h, self.config.dropout)
        return self.head(h, self.embed.weight)
