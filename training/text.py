"""GPTs of our own: `python -m training.text --model gpt-quijote --minutes 20`.

The texts are small (0.2 to 1.8 million characters), so a model of half a million weights soon knows them by
heart. Dropout and weight decay hold it back, and what ships is the averaged model at the moment when the
tuning part of the text surprised it least. `--measure` computes metrics.json and the card of the finished
folder again.
"""

import argparse
import math
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer as Library
from torch import Tensor

from genmodels.text.gpt import GPT, GPTConfig
from genmodels.text.tokens import Tokenizer
from genmodels.text.writing import Taste, write
from training import card, loop, text_data, text_scores, text_tokens, thinning
from training.text_cards import CARDS

FROM_START = 0.25  # of the windows begin where a text does, after the token that ends the one before
WINDOWS, SEEN, LONG = 48, 128, 200_000  # by which `--thin` sees what matters: so many, of so many tokens
IGNORE = -100


@dataclass(frozen=True)
class Plan:
    """What one of the models is made of and how it is trained."""

    text: str  # of text_data.TEXTS
    tokens: Callable[[Sequence[str]], Library]
    shape: dict[str, object]  # of the GPT
    prompts: tuple[str, ...]  # for the sheet and the golden outputs
    lr: float
    batch: int
    weight_decay: float = 0.1


PLANS = {
    "gpt-quijote": Plan(
        "quijote",
        lambda texts: text_tokens.pairs(texts, 2048),
        {
            "n_positions": 256,
            "n_embd": 128,
            "n_layer": 4,
            "n_head": 4,
            "positions": "rotary",
            "dropout": 0.05,
        },
        ("", "En un lugar de la Mancha", "—Señor —respondió Sancho—"),
        lr=3e-3,
        batch=6,
    ),
    "gpt-shakespeare": Plan(
        "shakespeare",
        lambda texts: text_tokens.pairs(texts, 1024),
        {"n_positions": 256, "n_embd": 96, "n_layer": 4, "n_head": 4, "positions": "learned", "dropout": 0.1},
        ("", "ROMEO:\n", "To be, or not to be"),
        lr=3e-3,
        batch=4,
    ),
    "gpt-recipes": Plan(
        "recipes",
        lambda texts: text_tokens.pairs(texts, 1024),
        {"n_positions": 256, "n_embd": 96, "n_layer": 4, "n_head": 4, "positions": "rotary", "dropout": 0.2},
        ("", "# Chocolate cake\n", "## Directions\n\n1. Preheat"),
        lr=3e-3,
        batch=4,
    ),
    "gpt-names": Plan(
        "names",
        text_tokens.characters,
        {"n_positions": 24, "n_embd": 48, "n_layer": 3, "n_head": 4, "positions": "learned", "dropout": 0.1},
        ("", "Ma", "Jo"),
        lr=4e-3,
        batch=128,
    ),
}


@dataclass(frozen=True)
class Stream:
    """Documents as one row of tokens: end, document, end, document..., end. `starts` is where texts begin."""

    tokens: np.ndarray
    starts: np.ndarray  # places of the first token of a text; not every one has an end before it


def stream(made: Library, documents: Sequence[str], start: str) -> Stream:
    end = made.token_to_id(text_data.END)
    row, starts = [end], []
    for encoding in made.encode_batch(list(documents), add_special_tokens=False):
        starts.append(len(row))
        if start:
            starts += [len(row) + k for k in after(made.decode_batch([[i] for i in encoding.ids]), start)]
        row += [*encoding.ids, end]
    return Stream(np.array(row), np.array(starts))


def after(words: Sequence[str], sign: str) -> list[int]:
    """Places of the tokens before which the text reads `sign`, a line's end or two."""
    found, tail = [], ""
    for k, word in enumerate(words):
        if tail.endswith(sign):
            found.append(k)
        tail = (tail + word)[-len(sign) :]
    return found


def windows(text: Stream, count: int, length: int, rng: np.random.Generator, share: float) -> Tensor:
    """(count, length + 1) cuts of the stream. A `share` of them begin with a text, after its end-token."""
    first = rng.integers(0, len(text.tokens) - length - 1, count)
    own = rng.random(count) < share
    first[own] = np.minimum(rng.choice(text.starts, count), len(text.tokens) - length)[own] - 1
    cuts = text.tokens[first[:, None] + np.arange(length + 1)]
    cuts[own, 0] = text.tokens[0]
    return torch.from_numpy(cuts)


def alone(text: Stream, count: int, length: int, rng: np.random.Generator) -> Tensor:
    """(count, length + 1): short documents, one a row with both its ends; what follows is not asked for."""
    first = rng.choice(text.starts, count) - 1
    reach = np.minimum(first[:, None] + np.arange(length + 1), len(text.tokens) - 1)
    cuts = text.tokens[reach]
    over = np.cumsum(cuts == text.tokens[0], 1) - (cuts == text.tokens[0]) >= 2
    return torch.from_numpy(np.where(over, IGNORE, cuts))


def loss(model: GPT, batch: tuple[Tensor, ...], generator: torch.Generator) -> dict[str, Tensor]:
    """Nats per token."""
    read, wanted = batch[0][:, :-1].clamp(min=0), batch[0][:, 1:]
    return {"loss": F.cross_entropy(model.logits(read).flatten(0, 1).float(), wanted.flatten())}


class Watch:
    """Looks at a model now and then: how the tuning text surprises it, and what it writes. Keeps the best."""

    def __init__(self, tune: Sequence[Tensor], made: Tokenizer, prompts: Sequence[str]):
        self.tune, self.made, self.prompts = tune, made, prompts
        self.least, self.best, self.seen = math.inf, None, 0

    def __call__(self, model: GPT) -> str:
        self.seen += 1
        nats = float(np.mean([loss(model, (x,), torch.Generator())["loss"].item() for x in self.tune]))
        if nats < self.least:
            self.least, self.best = nats, deepcopy(model.state_dict())
        print(f"look {self.seen}: {nats:.4f} nats a token of the tuning text", flush=True)
        return f"{nats:.4f} nats a token\n\n" + "\n\n----\n\n".join(self.written(model))

    def written(self, model: GPT) -> list[str]:
        length = 12 if model.context < 32 else 160
        count, found = (8, []) if model.context < 32 else (1, [])
        for prompt in self.prompts:
            stop, ids = frozenset({self.made.end}), self.made.encode(prompt)
            steps = list(write(model, ids, 1, count, length, Taste(temperature=0.8), stop, self.made.end))
            tokens = torch.stack([s.token for s in steps], 1)
            texts = [
                self.made.decode([*ids, *(t for t in row if t != self.made.end)]) for row in tokens.tolist()
            ]
            found.append("\n".join(texts))
        return found


def recipe(name: str, args: argparse.Namespace) -> tuple[loop.Recipe, Watch]:
    """The tokenizer, made first and written into the folder, then the model and its texts."""
    plan, split = PLANS[name], split_of(args)
    library = plan.tokens(split.train)
    text_tokens.save(library, args.out / name)
    model = GPT(GPTConfig(library.get_vocab_size(), **(plan.shape | given(args))))
    n = model.context
    train, tune = (stream(library, part, split.start) for part in (split.train, split.tune))
    short = plan.text == "names"

    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        return (
            alone(train, args.batch, n, rng) if short else windows(train, args.batch, n, rng, FROM_START),
        )

    rng = np.random.default_rng(0)
    held = [alone(tune, 256, n, rng) if short else windows(tune, 16, n, rng, 0.1) for _ in range(8)]
    watch = Watch(held, Tokenizer.of(args.out / name), plan.prompts)
    lr, decay = args.lr or plan.lr, plan.weight_decay if args.decay is None else args.decay
    return loop.Recipe(name, model, batch, loss, watch, lr, decay), watch


def split_of(args: argparse.Namespace) -> text_data.Split:
    return text_data.TEXTS[PLANS[args.model].text](args.data)


def given(args: argparse.Namespace) -> dict[str, object]:
    found = {"dropout": args.dropout, "n_positions": args.context}
    return {k: v for k, v in found.items() if v is not None}


def golden(name: str, folder: Path) -> Callable[[GPT], dict[str, Tensor]]:
    made = Tokenizer.of(folder)
    ids = made.encode(max(PLANS[name].prompts, key=len))
    return lambda model: {"tokens": (x := torch.tensor([ids])), "logits": model.logits(x)}


def made_thin(folder: Path, args: argparse.Namespace) -> GPT:
    """By what of its own training text the network says."""
    model, made = GPT.from_pretrained(folder), Tokenizer.of(folder)
    split, n = split_of(args), min(model.context, SEEN)
    ids = torch.tensor([i for text in split.train for i in (made.end, *made.encode(text[:LONG]))])
    starts = torch.linspace(0, len(ids) - n, WINDOWS).long()
    seen = torch.stack([ids[s : s + n] for s in starts])
    return thinning.thinned(model, lambda gpt: gpt.logits(seen).log_softmax(-1), args.thin)


def options() -> argparse.ArgumentParser:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=12)
    parser.add_argument("--model", choices=PLANS, default="gpt-quijote")
    parser.add_argument("--lr", type=float)
    parser.add_argument("--decay", type=float, help="weight decay")
    parser.add_argument("--dropout", type=float)
    parser.add_argument("--context", type=int)
    parser.add_argument("--measure", action="store_true", help="only measure the finished folder again")
    parser.add_argument(
        "--thin", type=float, help="no training: make the finished folder this share of itself"
    )
    parser.set_defaults(batch=0)
    return parser


def main() -> None:
    args = options().parse_args()
    args.batch = args.batch or PLANS[args.model].batch
    folder = args.out / args.model
    if args.thin:
        thinning.stored(made_thin(folder, args), folder, golden(args.model, folder), args)
    elif not args.measure:
        torch.manual_seed(args.seed)
        made, watch = recipe(args.model, args)
        model, took = loop.train(made, args)
        model.load_state_dict(watch.best)  # of the averaged weights, those of the best look
        card.finish(model, folder, golden(args.model, folder), took, args.device)
    values = text_scores.held_out(GPT.from_pretrained(folder), Tokenizer.of(folder), split_of(args))
    card.record(folder, measures=values)
    card.write_card(folder, CARDS[args.model], f"python -m training.text --model {args.model} --measure")
    print(args.model, values)


if __name__ == "__main__":
    main()
