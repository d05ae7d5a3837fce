"""Recurrent models of texts: `python -m training.text_rnn lstm-recipes --minutes 8`.

The texts are small, so a network that goes on learning ends by knowing them by heart. `Keeper` scores the
average every few seconds on the documents that tune, and what ships is the state that did best on them.
`--thin` gives the table of tokens of a finished folder a lower rank, in closed form; `--measure` computes
metrics.json and the card of the finished folder again.
"""

import argparse
import math
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor

from genmodels.model import Model
from genmodels.text.rnn import RNN, BiRNN, RNNConfig
from genmodels.text.tokens import Tokenizer as Reader
from training import card, loop, text_scores, text_tokens, thinning
from training.text_data import END, TEXTS

GAPS = 0.15  # share of the tokens that a gap filler doesn't see in training
WINDOWS = 256  # of the training text, by which `--thin` sees what matters


@dataclass(frozen=True)
class Plan:
    """What one checkpoint is made of."""

    config: RNNConfig
    text: str  # which of TEXTS
    like: str  # who has the same tokenizer; "" is one of words
    title: str
    kind: type[Model] = RNN
    lr: float = 4e-3
    weight_decay: float = 0.05


WORDS = 4000
BPE = 1024
CHARACTERS = 54

PLANS = {
    "lstm-recipes": Plan(
        RNNConfig(WORDS, 96, 128, 1, "lstm", tied=True, context=128, dropout=0.3),
        "recipes",
        "",
        "LSTM of recipes, words",
    ),
    "rnn-recipes": Plan(
        RNNConfig(BPE, 96, 128, 1, "rnn", tied=True, dropout=0.1),
        "recipes",
        "gpt-recipes",
        "Plain RNN of recipes",
        lr=2e-3,
    ),
    "gru-recipes": Plan(
        RNNConfig(BPE, 96, 128, 1, "gru", tied=True, dropout=0.2),
        "recipes",
        "gpt-recipes",
        "GRU of recipes",
    ),
    "stacked-recipes": Plan(
        RNNConfig(BPE, 64, 120, 2, "lstm", tied=True, dropout=0.2),
        "recipes",
        "gpt-recipes",
        "Two layers of LSTM, recipes",
    ),
    "lstm-names": Plan(
        RNNConfig(CHARACTERS, 24, 88, 1, "lstm", tied=True, context=64, dropout=0.05),
        "names",
        "gpt-names",
        "LSTM of first names",
    ),
    "birnn-recipes": Plan(
        RNNConfig(BPE, 64, 100, 1, "gru", tied=True, dropout=0.2),
        "recipes",
        "gpt-recipes",
        "GRU in both directions, recipes",
        kind=BiRNN,
    ),
}


def tokenizer(plan: Plan, data: Path | None) -> Tokenizer:
    """Made of the training part; the same each time, so those of one text share theirs."""
    learnt, size = TEXTS[plan.text](data).train, plan.config.vocab_size
    if not plan.like:
        return text_tokens.words(learnt, size)
    made = text_tokens.characters(learnt) if plan.text == "names" else text_tokens.pairs(learnt, size)
    if made.get_vocab_size() != size:
        raise ValueError(f"{made.get_vocab_size()} tokens, and the model has {size}")
    return made


def tokens(documents: Sequence[str], cut: Tokenizer) -> Tensor:
    """All documents in a row, the end token before each and after the last."""
    end, row = cut.token_to_id(END), []
    for found in cut.encode_batch(list(documents), add_special_tokens=False):
        row += [end, *found.ids]
    return torch.tensor([*row, end])


def losses(model: Model, x: Tensor, hide: Tensor | None = None) -> Tensor:
    """Nats of each token of (B, n): from those before it, without the first; or, of a gap filler, from both
    sides, with gaps where `hide` says so."""
    if isinstance(model, BiRNN):
        seen = x if hide is None else x.masked_fill(hide, model.blank)
        return F.cross_entropy(model.logits(seen).flatten(0, 1).float(), x.flatten(), reduction="none")
    return F.cross_entropy(
        model.logits(x[:, :-1]).flatten(0, 1).float(), x[:, 1:].flatten(), reduction="none"
    )


def loss(model: Model, batch: tuple[Tensor, ...], generator: torch.Generator) -> dict[str, Tensor]:
    (x,) = batch
    hide = torch.rand(x.shape, generator=generator) < GAPS
    return {"loss": losses(model, x, hide.to(x.device)).mean()}  # nats per token


class Keeper:
    """Scores the average on the documents that tune, and keeps the best that it has seen."""

    def __init__(self, row: Tensor, cut: Tokenizer):
        self.row, self.cut = row, cut
        self.best, self.model, self.scores = math.inf, None, []

    def __call__(self, model: Model) -> str:
        score = bits(model, self.row)
        self.scores.append(round(score, 4))
        if score < self.best:
            self.best, self.model = score, deepcopy(model)
        text = "" if isinstance(model, BiRNN) else self.cut.decode(sample(model, self.cut.token_to_id(END)))
        return f"{score:.4f} bits per token; until now {self.scores}\n\n{text}\n"


@torch.no_grad()
def bits(model: Model, row: Tensor, at_once: int = 32) -> float:
    """Bits of a token of a row, read in as many parts at once as may go side by side."""
    rows = row[: len(row) // at_once * at_once].view(at_once, -1)
    return losses(model, rows).mean().item() / math.log(2)


@torch.no_grad()
def sample(model: Model, end: int, length: int = 200) -> list[int]:
    generator, memory, token = torch.Generator().manual_seed(0), model.begin(1, length), end
    made = []
    for _ in range(length):
        chance = model.feed(torch.tensor([[token]]), memory)[0, -1].softmax(-1)
        token = int(torch.multinomial(chance, 1, generator=generator))
        made.append(token)
    return made


def recipe(name: str, model: Model, keeper: Keeper, row: Tensor, args: argparse.Namespace) -> loop.Recipe:
    length = model.config.context + 1

    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        starts = rng.integers(len(row) - length, size=args.batch)
        return (torch.stack([row[s : s + length] for s in starts]),)

    plan = PLANS[name]
    return loop.Recipe(
        name, model, batch, loss, keeper, lr=plan.lr, weight_decay=plan.weight_decay, average=0.99
    )


def felt(model: RNN, row: Tensor) -> tuple[Tensor, Tensor]:
    """What the head multiplies the table by at each place of some windows, (n, C); and the slopes of the nats
    by the rows that were read."""
    starts = np.random.default_rng(0).integers(len(row) - model.config.context, size=WINDOWS)
    said, slopes = [], []
    for part in torch.stack([row[s : s + model.config.context] for s in starts]).split(16):
        h = x = model.embed(part).detach().requires_grad_()
        for layer in model.layers:
            h, _ = layer(h, layer.start(len(h)))
        logits = model.read(h[:, :-1]).flatten(0, 1)
        nats = F.cross_entropy(logits, part[:, 1:].flatten(), reduction="sum")
        slopes.append(torch.autograd.grad(nats, x)[0].flatten(0, 1))
        said.append(model.head.narrow(h).detach().flatten(0, 1))
    return torch.cat(said), torch.cat(slopes)


def made_thin(model: RNN, row: Tensor, rank: int) -> RNN:
    """The same with a tied table E of that rank, the nearest where what it is used for feels it.

    A row is felt as often as its token comes: the squares left out are those of D (E - E') L, D^2 the counts,
    L L^T the spread of what the head multiplies by and of the slopes. The head's bias keeps the mean.
    """
    said, slopes = (x.double() for x in felt(model, row))
    often = (torch.bincount(row, minlength=model.config.vocab_size) + 1.0).sqrt().double()[:, None]
    spread = said.T.cov(correction=0) + slopes.T @ slopes / len(slopes)
    damping = thinning.DAMPING * spread.diagonal().mean() * torch.eye(len(spread))
    side = torch.linalg.cholesky(spread + damping)
    table = model.embed.weight.data.double()
    u, s, v = torch.linalg.svd(often * table @ side, full_matrices=False)
    right = torch.linalg.solve_triangular(side, v[:rank], upper=False, left=False)
    near = u[:, :rank] * s[:rank] / often @ right
    model.head.bias.data += ((table - near) @ said.mean(0)).float()
    model.embed.weight.data = near.float()
    return model


def golden(model: Model) -> dict[str, Tensor]:
    x = torch.from_numpy(np.random.default_rng(0).integers(0, model.config.vocab_size, (2, 24)))
    return {"x": x, "logits": model.logits(x)[:, ::4, ::8].contiguous()}


def measure(model: Model, name: str, folder: Path, data: Path | None) -> dict[str, float]:
    """On the held-out documents."""
    split, made = TEXTS[PLANS[name].text](data), Reader.of(folder)
    if isinstance(model, BiRNN):
        return gaps(model, [torch.tensor([[made.end, *made.encode(d), made.end]]) for d in split.test])
    return text_scores.held_out(model, made, split)


@torch.no_grad()
def gaps(model: BiRNN, documents: Sequence[Tensor]) -> dict[str, float]:
    """Every token of (1, n) texts, foretold from all the others: how often rightly, and its bits."""
    found = [(model.logits(x)[0, 1:-1].log_softmax(-1), x[0, 1:-1]) for x in documents]
    right = torch.cat([said.argmax(-1) == x for said, x in found]).float().mean().item()
    nats = -torch.cat([said.gather(1, x[:, None])[:, 0] for said, x in found]).mean().item()
    return {"gap_found": round(right, 4), "gap_bits": round(nats / math.log(2), 4)}


DATA = {
    "recipes": "410 recipes in the public domain (ronaldl29/public-domain-recipes, Unlicense)",
    "names": "32,033 first names of the US Social Security (karpathy/makemore, MIT)",
}
LIMITS = {
    "recipes": (
        "Half a megabyte of text is not enough to learn a language. Sentences are often right, what they say "
        "is not, and after a few lines it has forgotten what it was about. Not for cooking."
    ),
    "names": "It knows how names in the USA are spelt, and nothing else.",
}
WRITES = "Writes from left to right. All it knows of what it has read is a state of {} numbers."
FILLS = (
    "Reads a text from both ends and says what stands in its gaps. It can't write: it would need the right "
    "side of what isn't written yet."
)


def the_card(name: str) -> card.Card:
    plan, c = PLANS[name], PLANS[name].config
    what = FILLS if plan.kind is BiRNN else WRITES.format(c.hidden * c.layers * (1 + (c.cell == "lstm")))
    cut = f"the tokens of `{plan.like}`" if plan.like else "whole words"
    layers = f"{c.layers} layer{'s' if c.layers > 1 else ''}"
    return card.Card(
        title=plan.title,
        what=f"{what} Its cell: {c.cell}, {layers} of {c.hidden} units, over {c.vocab_size} tokens: {cut}.",
        data=f"{DATA[plan.text]}. Every tenth is held out; a twentieth decided when training stopped.",
        limits=LIMITS[plan.text],
        datasets=(),
        tags=(c.cell, "recurrent", "teaching"),
        pipeline_tag="fill-mask" if plan.kind is BiRNN else "text-generation",
    )


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=8)
    parser.add_argument("name", choices=PLANS)
    parser.add_argument("--thin", type=int, help="no training: the rank that the finished table is left")
    parser.add_argument("--measure", action="store_true", help="only measure the finished folder again")
    parser.set_defaults(batch=16, sheet_minutes=0.2)
    args = parser.parse_args()
    plan, folder = PLANS[args.name], args.out / args.name
    cut, split = tokenizer(plan, args.data), TEXTS[plan.text](args.data)
    if args.thin:
        thin = made_thin(RNN.from_pretrained(folder), tokens(split.train, cut), args.thin)
        thinning.stored(thin, folder, golden, args)
    elif not args.measure:
        keeper = Keeper(tokens(split.tune, cut), cut)
        torch.manual_seed(args.seed)
        made = recipe(args.name, plan.kind(plan.config), keeper, tokens(split.train, cut), args)
        _, took = loop.train(made, args)
        print("bits per token on the tuning documents:", keeper.scores)
        text_tokens.save(cut, folder)
        (folder / "metrics.json").unlink(missing_ok=True)  # those of an earlier training
        card.finish(keeper.model, folder, golden, took, args.device)
    values = measure(plan.kind.from_pretrained(folder), args.name, folder, args.data)
    card.record(folder, measures=values)
    card.write_card(folder, the_card(args.name), f"python -m training.text_rnn {args.name} --measure")
    print(args.name, values)


if __name__ == "__main__":
    main()
