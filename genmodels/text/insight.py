"""What goes on inside a transformer that writes: one head with its numbers, copying, positions, words.

Everything here asks a model for its own parts (`anatomy`) and computes with them again in plain sight, so
that what is drawn is what the fast path does: `again` equals `model.logits`, the weights of `head` those of
`model.look`. `copying` measures heads on random tokens that come twice: whatever they do well there they
can only have looked up (Olsson and others: In-context Learning and Induction Heads, 2022). The lens is that
of nostalgebraist: interpreting GPT, the logit lens, 2020.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

FAR = 512  # positions of a Llama that are computed


class Anatomy(NamedTuple):
    """The parts of a model, whatever their names. Rows are (n, C), one text at a time."""

    layers: int
    heads: int
    table: Tensor  # (V, C), a vector per token
    places: Tensor | None  # (positions, C) that are added, or None
    turns: Tensor | None  # (2, positions, d), cosines and sines that turn queries and keys, or None
    norm: Callable[[int, Tensor], Tensor]  # (layer, x) -> what attention is given
    look: Callable[
        [int, Tensor, Tensor | None], tuple[Tensor, Tensor, Tensor]
    ]  # ... -> q, k, v (heads, n, d)
    add: Callable[[int, Tensor, Tensor], Tensor]  # (layer, x, mixed values (heads, n, d)) -> what comes out


def anatomy(model: Any) -> Anatomy:
    """Of a GPT or of a Llama."""
    return of_llama(model) if hasattr(model, "model") else of_gpt(model)


def of_gpt(model: Any) -> Anatomy:
    from genmodels.text.gpt import Place

    def look(layer: int, x: Tensor, turns: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = model.h[layer].attn.look(x, Place(1, angles=turns))
        return q[0], k[0], v[0]

    def add(layer: int, x: Tensor, mixed: Tensor) -> Tensor:
        block = model.h[layer]
        x = x + block.attn.c_proj(mixed.transpose(0, 1).flatten(1))
        return x + block.mlp(block.ln_2(x))

    c, places = model.config, None if model.wpe is None else model.wpe.weight
    return Anatomy(
        c.n_layer, c.n_head, model.wte.weight, places, model.angles,
        lambda layer, x: model.h[layer].ln_1(x), look, add,
    )  # fmt: skip


def of_llama(model: Any) -> Anatomy:
    """Heads of a group share keys and values: here each has its own copy."""
    layers, c = model.model.layers, model.config
    turns = model.turns(0, min(model.context, FAR))

    def look(layer: int, x: Tensor, by: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        straight = torch.stack([torch.ones_like(turns[0, :1]), torch.zeros_like(turns[0, :1])])
        attention = layers[layer].self_attn
        q, k, v = attention.ask(x[None], straight if by is None else by)
        share = attention.heads // attention.groups
        return q[0], k[0].repeat_interleave(share, 0), v[0].repeat_interleave(share, 0)

    def add(layer: int, x: Tensor, mixed: Tensor) -> Tensor:
        block = layers[layer]
        x = x + block.self_attn.o_proj(mixed.transpose(0, 1).flatten(1))
        return x + block.mlp(block.post_attention_layernorm(x))

    return Anatomy(
        c.num_hidden_layers, c.num_attention_heads, model.model.embed_tokens.weight, None, turns,
        lambda layer, x: layers[layer].input_layernorm(x), look, add,
    )  # fmt: skip


# ------------------------------------------------------------------------------ attention, written out


def weights(q: Tensor, k: Tensor, masked: bool = True) -> Tensor:
    """softmax(q k / sqrt d), with the future hidden: (heads, n, d) twice -> (heads, n, n)."""
    scores = q @ k.mT * q.shape[-1] ** -0.5
    if masked:
        scores = scores.masked_fill(torch.ones_like(scores[0], dtype=torch.bool).triu(1), -torch.inf)
    return scores.float().softmax(-1).to(q.dtype)


def entrance(parts: Anatomy, tokens: Tensor, placed: bool = True) -> tuple[Tensor, Tensor | None]:
    """What goes into the first layer (n, C), and by what queries and keys are turned."""
    x, n = parts.table[tokens[0]], tokens.shape[1]
    if not placed:
        return x, None
    x = x if parts.places is None else x + parts.places[:n]
    return x, None if parts.turns is None else parts.turns[:, :n]


class Pass(NamedTuple):
    """A text on its way through a model."""

    attention: list[Tensor]  # (heads, n, n) per layer
    hidden: list[Tensor]  # (n, C), before the first layer and after each
    logits: Tensor  # (n, V)


@torch.no_grad()
def again(model: Any, tokens: Tensor, masked: bool = True, placed: bool = True) -> Pass:
    """One text (1, n) with attention written out: also with the future in sight, and without positions."""
    parts = anatomy(model)
    x, turns = entrance(parts, tokens, placed)
    attention, hidden = [], [x]
    for layer in range(parts.layers):
        q, k, v = parts.look(layer, parts.norm(layer, x), turns)
        attention.append(weights(q, k, masked))
        x = parts.add(layer, x, attention[-1] @ v)
        hidden.append(x)
    return Pass(attention, hidden, model.read(x))


class Head(NamedTuple):
    """One head at work: all of it, so that its sums can be done again."""

    word: Tensor  # (n, C), the tokens' own vectors
    x: Tensor  # (n, C), what this layer's attention is given
    q: Tensor  # (n, d), turned by their positions where the model turns them
    k: Tensor
    v: Tensor
    weights: Tensor  # (n, n), the model's


@torch.no_grad()
def head(model: Any, tokens: Tensor, layer: int, which: int) -> Head:
    parts = anatomy(model)
    _, turns = entrance(parts, tokens)
    look = model.look(tokens)
    x = parts.norm(layer, look.hidden[layer])
    q, k, v = (part[which] for part in parts.look(layer, x, turns))
    return Head(parts.table[tokens[0]], x, q, k, v, look.attention[layer][which])


def losses(logits: Tensor, tokens: Tensor) -> Tensor:
    """Nats of each token but the first, given those before: (n, V), (1, n) -> (n - 1,)."""
    return F.cross_entropy(logits[:-1].float(), tokens[0, 1:], reduction="none")


# ------------------------------------------------------------------------------ heads that copy


class Copying(NamedTuple):
    tokens: Tensor  # (1, 2 length) of the first text: random ones, twice
    attention: list[Tensor]  # (heads, n, n) per layer, of that text
    induction: Tensor  # (layers, heads): in the second half, on the one after where it stood before
    previous: Tensor  # (layers, heads): anywhere, on the one before
    bits: Tensor  # (2 length - 1,), the surprise of each token but the first, mean of the texts


@torch.no_grad()
def copying(model: Any, length: int, seed: int, candidates: Sequence[int], texts: int = 6) -> Copying:
    """Random tokens twice in a row: the first time nothing can be known, the second time everything.

    Position i of the second half holds what stood at i - length; what followed it there is at i - length + 1.
    """
    luck, pool = torch.Generator().manual_seed(seed), torch.tensor(candidates)
    looks, sums, bits = [], [], []
    for _ in range(texts):
        once = pool[torch.randint(len(pool), (1, length), generator=luck)]
        tokens = torch.cat([once, once], 1).to(model.device)
        look = model.look(tokens)
        looks.append((tokens, look.attention))
        both = [
            (a.diagonal(1 - length, 1, 2)[:, 1:].mean(1), a.diagonal(-1, 1, 2).mean(1))
            for a in look.attention
        ]
        sums.append(torch.stack([torch.stack(pair) for pair in both]))  # layers, 2, heads
        bits.append(losses(model.read(look.hidden[-1]), tokens) / torch.log(torch.tensor(2.0)))
    induction, previous = torch.stack(sums).mean(0).float().unbind(1)
    return Copying(*looks[0], induction, previous, torch.stack(bits).mean(0))


# ------------------------------------------------------------------------------ positions, words


def sinusoids(n: int, channels: int) -> Tensor:
    """The positions of the original Transformer, (n, channels): a sine and a cosine per wavelength."""
    step = torch.arange(0, channels, 2) / channels
    angles = torch.arange(n)[:, None] * 10_000.0**-step
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)[:, :channels]


def closeness(places: Tensor, most: int) -> Tensor:
    """Mean cosine between positions (n, C) that lie 0, 1, ... most apart."""
    unit = F.normalize(places.float(), dim=1)
    table = unit @ unit.T
    return torch.stack([table.diagonal(k).mean() for k in range(most + 1)])


def turned(turns: Tensor, most: int) -> Tensor:
    """The same of rotary positions: q . k of equal vectors of equal parts, turned 0, 1, ... most apart."""
    return turns[0, : most + 1].float().mean(1)


def plane(table: Tensor) -> tuple[Tensor, float]:
    """The first two principal components of rows (N, C) -> (N, 2), each from 0 to 1, and their part of the
    variance."""
    centred = table.float() - table.float().mean(0)
    _, sizes, ways = torch.linalg.svd(centred, full_matrices=False)
    flat = F.pad(centred @ ways[:2].T, (0, 2 - len(ways[:2])))
    flat = flat * torch.where(flat.abs().amax(0) == flat.amax(0), 1.0, -1.0)  # of two mirrors always the same
    low, high = flat.amin(0), flat.amax(0)
    kept = sizes[:2].square().sum() / sizes.square().sum().clamp(min=1e-12)
    return (flat - low) / (high - low).clamp(min=1e-9), kept.item()


def neighbours(table: Tensor, ids: Sequence[int], count: int) -> tuple[Tensor, Tensor]:
    """Of rows `ids` of a table (V, C): cosines and ids of the nearest others, (len(ids), count) both.

    Around the mean of all: it has a length of its own in every such table and would make all of them alike.
    """
    chosen, mean = torch.tensor(ids, device=table.device), table.float().mean(0)
    unit = F.normalize(table[chosen].float() - mean, dim=1)
    parts = (F.normalize(part.float() - mean, dim=1) for part in table.split(2**14))  # Qwen has 151,936 rows
    cosines = torch.cat([unit @ part.T for part in parts], 1)
    cosines[torch.arange(len(ids)), chosen] = -2
    return tuple(cosines.topk(min(count, len(table) - 1)))
