"""A palette, colour by colour from dark to light, given the kind of picture it is for.

The first factor of p(picture) = p(palette) p(pixels | palette): how many colours, then each colour given
those before it, and a colour channel by channel, green first because lightness is mostly green. A GRU carries
the colours so far. A channel is a byte, and a byte is decided in two softmaxes, one of 32 coarse levels and
one of the 8 values within: neighbours share evidence, yet black can be exactly black.

    colours   n     c1    c2          cn           one colour c:
              |     |     |           |             green: coarse, fine
    kind -->  p(n)  GRU > GRU > ... > GRU           red:   coarse, fine    given green
                    "n left"                        blue:  coarse, fine    given green and red

The likelihood is over the bytes themselves, so that the bits of a palette and the bits of the pixels that
point into it add up to the bits of the picture, and compare with those of any other model of the same
picture. The canonical order (`genmodels/data/palettes.py`) is what makes a palette, which is a set, a
sequence. The network is our own; the chain of softmaxes is that of van den Oord et al., arXiv:1601.06759,
section 3.2.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genmodels.autoregressive.heads import choose
from genmodels.autoregressive.sampling import uniforms
from genmodels.data import palettes as tables
from genmodels.model import Model

ORDER = (1, 0, 2)  # of the channels
COARSE, FINE = 32, 8
ORDERS = 6  # ways to permute the channels, see PaletteMaker


@dataclass(frozen=True)
class PaletteMakerConfig:
    kinds: int = 4  # of pictures, as in genmodels/data/tiles.py
    rows: int = 16  # of a palette; row 0 is the transparent one, which costs nothing
    hidden: int = 96  # of the GRU
    channels: int = 64  # of the features around it
    dropout: float = 0.1


class Chain(nn.Module):
    """Six softmaxes in a row: of each channel its coarse level, then its value within."""

    draws = 6

    def __init__(self, channels: int):
        super().__init__()
        self.told = nn.ModuleList(nn.Embedding(k, channels) for k in (COARSE, FINE) * 3)
        self.hidden = nn.ModuleList(nn.Linear(channels, channels) for _ in range(3))
        self.out = nn.ModuleList(nn.Linear(channels, k) for k in (COARSE, FINE) * 3)

    def logits(self, f: Tensor, i: int) -> Tensor:
        return self.out[i](F.relu(self.hidden[i // 2](F.relu(f))))

    def log_prob(self, f: Tensor, colour: Tensor) -> Tensor:
        """Features (..., C) and bytes (..., 3) -> nats (...)."""
        total = torch.zeros(f.shape[:-1], device=f.device)
        for i in range(6):
            value = part(colour, i)
            log_chances = self.logits(f, i).float().log_softmax(-1)
            total = total + log_chances.gather(-1, value[..., None]).squeeze(-1)
            f = f + self.told[i](value)
        return total

    def pick(self, f: Tensor, u: Tensor, temperature: float) -> Tensor:
        """u (..., 6) -> bytes (..., 3)."""
        colour = torch.zeros(*f.shape[:-1], 3, dtype=torch.long, device=f.device)
        for i in range(6):
            value = choose(self.logits(f, i).float().log_softmax(-1), u[..., i], temperature)
            colour[..., ORDER[i // 2]] += value if i % 2 else value * FINE
            f = f + self.told[i](value)
        return colour


def part(colour: Tensor, i: int) -> Tensor:
    """What the i-th softmax decides of a colour."""
    byte = colour[..., ORDER[i // 2]]
    return byte % FINE if i % 2 else byte // FINE


class PaletteMaker(Model):
    """p(palette | kind).

    A thousand palettes are few, so training also shows them with their channels permuted, and tells the
    network in which of the six orders they are; `order` is 0, as they were, wherever it is used.
    """

    Config = PaletteMakerConfig
    draws = Chain.draws

    def __init__(self, config: PaletteMakerConfig):
        super().__init__(config)
        c = config.channels
        self.count = nn.Embedding(config.kinds, config.rows)  # log p(rows in use = 1 + place), unnormalised
        self.kind = nn.Embedding(config.kinds, c)
        self.order = nn.Embedding(ORDERS, c)
        self.left = nn.Embedding(config.rows, c)
        self.levels = nn.ModuleList(nn.Embedding(COARSE, c) for _ in range(3))
        self.seen = nn.Linear(3, c)
        self.gru = nn.GRU(c, config.hidden, batch_first=True)
        self.out = nn.Linear(config.hidden + c, c)
        self.drop = nn.Dropout(config.dropout)
        self.chain = Chain(c)
        nn.init.zeros_(self.count.weight)

    def told(self, kind: Tensor, left: Tensor, order: Tensor) -> Tensor:
        """(B,), (B, T), (B,) -> (B, T, C): the kind, and how many colours are still to come."""
        return (self.kind(kind) + self.order(order)).unsqueeze(1) + self.left(left)

    def features(self, before: Tensor, told: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The colours one place earlier, bytes (B, T, 3) -> features (B, T, C), and the GRU's state."""
        x = told + self.seen(before / 127.5 - 1)
        for i, table in enumerate(self.levels):
            x = x + table(before[..., i] // FINE)
        h, state = self.gru(self.drop(F.relu(x)), state)
        return self.out(self.drop(torch.cat([h, told], -1))), state

    def log_probs(
        self, palettes: Tensor, colours: Tensor, kind: Tensor, order: Tensor | None = None
    ) -> Tensor:
        """Palettes (B, rows, 3), rows in use (B,), kinds (B,) -> nats (B, rows): row 0 stands for the number
        of colours, the others for themselves, and rows that are not in use are 0."""
        palettes, colours = palettes.long(), colours.long()
        order = torch.zeros_like(kind) if order is None else order
        place = torch.arange(self.config.rows, device=palettes.device)
        left = (colours[:, None] - place[1:]).clamp(min=0)  # B, rows - 1
        f, _ = self.features(palettes[:, :-1], self.told(kind, left, order))
        nats = self.chain.log_prob(f, palettes[:, 1:])
        nats = nats.masked_fill(place[1:] >= colours[:, None], 0.0)
        number = self.count(kind).float().log_softmax(-1).gather(1, colours[:, None] - 1)
        return torch.cat([number, nats], 1)

    def log_prob(self, palettes: Tensor, colours: Tensor, kind: Tensor) -> Tensor:
        """Nats (B,)."""
        return self.log_probs(palettes, colours, kind).sum(1)


class Step(NamedTuple):
    i: int  # the row that was decided; 0 decides how many there are
    palettes: Tensor  # (B, rows, 3) bytes so far; the same tensor every time
    colours: Tensor  # (B,) rows in use when it is done


@torch.no_grad()
def draw(
    model: PaletteMaker,
    kind: Tensor,
    seed: int,
    temperature: float = 1.0,
    given: Tensor | None = None,
    colours: int | None = None,
) -> Iterator[Step]:
    """A palette for each of `kind` (B,), row by row. `given` (k, 3) are the darkest colours, kept; `colours`
    is the number of rows in use, the transparent one among them, which otherwise is drawn too."""
    rows, n = model.config.rows, len(kind)
    given = torch.zeros(0, 3) if given is None else given
    if not len(given) < (rows if colours is None else colours) <= rows:
        raise ValueError(f"{len(given)} colours given, of {colours} rows in use, of {rows}")
    u = uniforms(seed, n, (rows, model.draws)).to(model.device)
    kind, given = kind.to(model.device), given.to(model.device).long()
    number = model.count(kind).float()
    number[:, : max(len(given), 1)] = -torch.inf  # at least the colours given, and at least one
    count = 1 + choose(number.log_softmax(-1), u[:, 0, 0], temperature)
    if colours is not None:
        count = torch.full_like(count, colours)
    palettes = torch.zeros(n, rows, 3, dtype=torch.long, device=model.device)
    order, state = torch.zeros_like(kind), None
    yield Step(0, palettes, count)
    for i in range(1, int(count.max())):
        told = model.told(kind, (count - i).clamp(min=0)[:, None], order)
        f, state = model.features(palettes[:, i - 1 : i], told, state)
        here = (
            model.chain.pick(f[:, 0], u[:, i], temperature) if i > len(given) else given[i - 1].expand(n, 3)
        )
        palettes[:, i] = torch.where((i < count)[:, None], here, 0)
        yield Step(i, palettes, count)


def make(
    model: PaletteMaker,
    kind: Tensor,
    seed: int,
    temperature: float = 1.0,
    given: Tensor | None = None,
    colours: int | None = None,
) -> tuple[Tensor, Tensor]:
    """The finished palettes and their rows in use, canonical again: what was drawn a little out of order is
    sorted, what was drawn twice is there once."""
    *_, step = draw(model, kind, seed, temperature, given, colours)
    return canonical(step.palettes, step.colours)


@torch.no_grad()
def complete(
    model: PaletteMaker,
    kind: int,
    fixed: Tensor,
    seed: int,
    colours: int | None = None,
    temperature: float = 1.0,
    tries: int = 256,
) -> tuple[Tensor, Tensor]:
    """A palette of this kind (1, rows, 3) that holds all of `fixed` (k, 3), wherever light and dark put them;
    rows in use (1,).

    By importance sampling. Each of many tries draws what it likes and puts the next fixed colour in at random
    places, and one of them is chosen by how likely the fixed ones were where they were put.
    """
    rows = model.config.rows
    fixed = torch.from_numpy(tables.canonical(fixed.cpu().numpy())[1:]).long()
    k = len(fixed)
    if not 1 <= k < (rows if colours is None else colours) <= rows:
        raise ValueError(f"{k} colours fixed, of {colours} rows in use, of {rows}")
    u = torch.rand(tries, rows, 1 + model.draws, generator=torch.Generator().manual_seed(seed))
    kinds = torch.full((tries,), kind)
    number = model.count(kinds).float().cpu()
    number[:, :k] = -torch.inf
    count = 1 + choose(number.log_softmax(-1), u[:, 0, 0], temperature)
    if colours is not None:
        count = torch.full_like(count, colours)
    end = torch.cat(
        [fixed, torch.full((1, 3), 255)]
    )  # what comes after the last fixed one: nothing is lighter
    light = torch.from_numpy(tables.oklab(end.numpy()))[:, 0]
    palettes = torch.zeros(tries, rows, 3, dtype=torch.long)
    placed, weight, state = torch.zeros(tries, dtype=torch.long), torch.zeros(tries), None
    for i in range(1, int(count.max())):
        left = (count - i).clamp(min=0)
        f, state = model.features(palettes[:, i - 1 : i], model.told(kinds, left[:, None], kinds * 0), state)
        share = (k - placed) / left.clamp(min=1)  # fixed colours to come, of places to come
        put, done = u[:, i, 0] < share, i >= count
        own = model.chain.pick(f[:, 0], u[:, i, 1:], temperature)
        brighter = torch.from_numpy(tables.oklab(own.numpy().astype("uint8")))[:, 0] - light[placed]
        of_fixed = model.chain.log_prob(f[:, 0], end[placed]) - share.log()
        of_own = -(1 - share).clamp(min=1e-9).log() - 100 * brighter.clamp(min=0).float()
        weight += torch.where(put, of_fixed, of_own).masked_fill(done, 0.0)
        palettes[:, i] = torch.where(put[:, None], end[placed], own).masked_fill(done[:, None], 0)
        placed += (put & ~done).long()
    best = choose(weight.log_softmax(-1), u[0, 0, 1])
    return canonical(palettes[best : best + 1], count[best : best + 1])


def canonical(palettes: Tensor, colours: Tensor) -> tuple[Tensor, Tensor]:
    """Each palette (B, rows, 3) from dark to light and without repeats, and its rows in use."""
    out, count = torch.zeros_like(palettes), torch.ones_like(colours)
    for k, (palette, n) in enumerate(zip(palettes.cpu().numpy(), colours.tolist(), strict=True)):
        table = tables.canonical(palette[1:n])
        out[k, : len(table)] = torch.from_numpy(table).long()
        count[k] = len(table)
    return out, count
