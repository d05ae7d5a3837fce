"""BERT over recipes, words hidden and found again: `python -m training.text_bert --minutes 12`.

It shares the tokens of gpt-recipes, and one more that hides. Half a megabyte of recipes is soon known by
heart, so what ships is the state that found most on the documents that tune. `--measure` computes
metrics.json and the card again; for that, gpt-recipes and birnn-recipes are asked the same questions.
"""

import argparse
import math
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genmodels.nn.attention import turns
from genmodels.text.bert import Bert, BertConfig
from genmodels.text.gpt import GPT
from genmodels.text.rnn import BiRNN
from genmodels.text.tokens import Tokenizer
from training import card, loop
from training.text_data import recipes

NAME, LIKE, OTHER = "bert-recipes", "gpt-recipes", "birnn-recipes"
CONTEXT = 128  # tokens
CONFIG = BertConfig(
    vocab_size=1025, hidden_size=96, num_hidden_layers=3, num_attention_heads=4, intermediate_size=320,
    max_position_embeddings=CONTEXT, type_vocab_size=1, hidden_dropout_prob=0.1, pad_token_id=-1,
    mask_token_id=1024,
)  # fmt: skip
HIDDEN, MASKED, OTHER_TOKEN = 0.2, 0.8, 0.1  # of all tokens; of these: a mask, another token; the rest stays
SIZE, SHARP = 0.25, 1.8  # to begin with: of words and places, of the first looks
FASTEST, SLOWEST = 3, 100.0  # radians of the fastest wave from token to token; so many times slower the last
BESIDE = (-1, 1, -2, 2)  # where the heads of the first layer look to begin with, counted in tokens
QUESTIONS, AROUND = 1500, 32  # gaps that are asked for, with so many tokens on either side


def row(documents: tuple[str, ...], tokenizer: Tokenizer) -> Tensor:
    """All documents, the token that ends one before each."""
    return torch.tensor([i for text in documents for i in (tokenizer.end, *tokenizer.encode(text))])


def hide(x: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """What is shown for the tokens (B, n), and which of them are to be found."""
    asked = torch.rand(x.shape, generator=generator) < HIDDEN
    fate = torch.rand(x.shape, generator=generator)
    other = torch.randint(CONFIG.mask_token_id, x.shape, generator=generator)
    shown = torch.where(asked & (fate < MASKED), CONFIG.mask_token_id, x)
    return torch.where(asked & (fate >= 1 - OTHER_TOKEN), other, shown), asked


def loss(model: Bert, batch: tuple[Tensor, ...], generator: torch.Generator) -> dict[str, Tensor]:
    (x,) = batch
    shown, asked = (y.to(x.device) for y in hide(x.cpu(), generator))
    logits = model.read(model.layers(shown)[1][-1][asked]).float()
    found = (logits.argmax(-1) == x[asked]).float().mean()
    return {"loss": F.cross_entropy(logits, x[asked]), "found": found}


class Keeper:
    """Scores the average on the documents that tune, and keeps the best that it has seen."""

    def __init__(self, found: Tensor, tokenizer: Tokenizer):
        self.rows = found[: len(found) // CONTEXT * CONTEXT].view(-1, CONTEXT)
        self.tokenizer, self.best, self.model, self.scores = tokenizer, math.inf, None, []

    def __call__(self, model: Bert) -> str:
        score = loss(model, (self.rows,), torch.Generator().manual_seed(0))["loss"].item() / math.log(2)
        self.scores.append(round(score, 3))
        if score < self.best:
            self.best, self.model = score, deepcopy(model)
        shown, asked = hide(self.rows[:4], torch.Generator().manual_seed(1))
        told = torch.where(asked, model.logits(shown).argmax(-1), shown)
        pairs = (
            self.tokenizer.decode(r)
            for pair in zip(self.rows[:4].tolist(), told.tolist(), strict=True)
            for r in pair
        )
        return f"bits per hidden token {self.scores}\n\n" + "\n------\n".join(pairs) + "\n"


def recipe(model: Bert, train: Tensor, keeper: Keeper, args: argparse.Namespace) -> loop.Recipe:
    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        starts = rng.integers(len(train) - CONTEXT, size=args.batch)
        return (torch.stack([train[s : s + CONTEXT] for s in starts]),)

    return loop.Recipe(NAME, model, batch, loss, keeper, lr=args.lr, weight_decay=0.05, average=0.995)


def start() -> Bert:
    """What half a megabyte of text is too short to find first, and what then is learnt as anything else.

    Words begin where gpt-recipes has them, and as large as it needs them to be sure of one: at BERT's 0.02,
    meant for 768 channels, a training of minutes stays at the frequencies of words. Layers begin as wide as
    their inputs ask. Places begin as waves, and the heads of the first layer look at the places beside.
    """
    model, words = Bert(CONFIG), GPT.from_pretrained(LIKE).wte.weight
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
    parts = model.bert.embeddings
    parts.word_embeddings.weight.data[: len(words)] = SIZE * words / words.std()
    cosines, sines = turns(FASTEST * CONTEXT, CONFIG.hidden_size, SLOWEST)[:, ::FASTEST]
    half = CONFIG.hidden_size // 2
    parts.position_embeddings.weight.data = SIZE * torch.cat([cosines[:, :half], sines[:, :half]], 1)
    asks, shows = (model.bert.encoder.layer[0].attention.self[k].weight.data for k in ("query", "key"))
    asks[:] = SHARP * torch.cat([beside(step, cosines, sines) for step in BESIDE])
    shows[:] = SHARP * torch.cat([beside(0, cosines, sines)] * len(BESIDE))
    return model


def beside(step: int, cosines: Tensor, sines: Tensor) -> Tensor:
    """(d, C): the fastest waves of a place become those of the place `step` further on."""
    d, half = CONFIG.hidden_size // len(BESIDE), CONFIG.hidden_size // 2
    i, n = torch.arange(d // 2), d // 2
    cos, sin = cosines[abs(step), :n], sines[abs(step), :n] * (1 if step > 0 else -1)
    turned = torch.zeros(d, CONFIG.hidden_size)
    turned[i, i] = turned[n + i, half + i] = cos
    turned[i, half + i], turned[n + i, i] = -sin, sin
    return turned


def golden(model: Bert) -> dict[str, Tensor]:
    tokens = torch.from_numpy(np.random.default_rng(0).integers(0, CONFIG.vocab_size, (2, 24)))
    return {"tokens": tokens, "logits": model.logits(tokens)[:, ::6].contiguous()}


# ------------------------------------------------------------------------- the same gaps for three models


def gaps(found: Tensor) -> tuple[Tensor, Tensor]:
    """Held-out windows (Q, 2 AROUND + 1) whose middle token is to be found, and that token (Q,)."""
    rng = np.random.default_rng(0)
    middles = rng.choice(np.arange(AROUND, len(found) - AROUND), QUESTIONS, replace=False)
    windows = torch.stack([found[m - AROUND : m + AROUND + 1] for m in middles])
    return windows, windows[:, AROUND].clone()


@torch.no_grad()
def told(ask: Callable[[Tensor], Tensor], windows: Tensor, answer: Tensor) -> tuple[float, float]:
    """Share of gaps whose likeliest token is the right one, and bits of the right one."""
    logits = torch.cat([ask(part) for part in windows.split(100)]).float()
    right = (logits.argmax(-1) == answer).float().mean().item()
    return right, F.cross_entropy(logits, answer).item() / math.log(2)


def blanked(windows: Tensor, blank: int) -> Tensor:
    windows = windows.clone()
    windows[:, AROUND] = blank
    return windows


def measure(model: Bert, tokenizer: Tokenizer, data: Path | None) -> dict[str, float]:
    """Single hidden tokens of held-out recipes: BERT, the recurrent net from both ends, GPT from the left."""
    windows, answer = gaps(row(recipes(data).test, tokenizer))
    gpt, both = GPT.from_pretrained(LIKE), BiRNN.from_pretrained(OTHER)
    asked = {
        "": lambda w: model.logits(blanked(w, model.blank))[:, AROUND],
        "_both": lambda w: both.logits(blanked(w, both.blank))[:, AROUND],
        "_left": lambda w: gpt.logits(w[:, :AROUND])[:, -1],
    }
    found = {}
    for name, ask in asked.items():
        found[f"gap_found{name}"], found[f"gap_bits{name}"] = told(ask, windows, answer)
    return found


CARD = card.Card(
    title="BERT, recipes",
    what=(
        "A small BERT: the encoder of a Transformer that reads a recipe with words hidden and finds them, "
        "looking to both sides. Three layers of 96 channels, the tokens of `gpt-recipes` and a mask; its "
        "embedding began as that model's, the heads of its first layer with a look at the neighbours. "
        "It fills gaps and can't write."
    ),
    data=(
        "410 recipes in the public domain (ronaldl29/public-domain-recipes, Unlicense). Every tenth is "
        "held out; a twentieth decided when training stopped."
    ),
    limits=(
        "Half a megabyte of text is not enough to learn a language: it knows the turns of recipes and "
        "common words around a gap, not what a dish needs. Several hidden tokens in a row are each told "
        "alone, so that they need not fit together. Not for cooking."
    ),
    tags=("bert", "encoder", "fill-mask", "teaching"),
    pipeline_tag="fill-mask",
)


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=12)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--measure", action="store_true", help="only measure the finished folder again")
    parser.set_defaults(batch=8, sheet_minutes=0.5)
    args = parser.parse_args()
    folder: Path = args.out / NAME
    if not args.measure:
        tokenizer, split = Tokenizer.of(LIKE), recipes(args.data)
        torch.manual_seed(args.seed)
        keeper = Keeper(row(split.tune, tokenizer), tokenizer)
        _, took = loop.train(recipe(start(), row(split.train, tokenizer), keeper, args), args)
        print("bits per hidden token on the tuning documents:", keeper.scores)
        card.finish(keeper.model.cpu(), folder, golden, took, args.device)
        (folder / "tokenizer.json").write_text(tokenizer.library.to_str(), encoding="utf-8")
    values = measure(Bert.from_pretrained(folder), Tokenizer.of(folder), args.data)
    card.record(folder, measures={k: round(v, 4) for k, v in values.items()})
    card.write_card(folder, CARD, "python -m training.text_bert --measure")
    print(NAME, values)


if __name__ == "__main__":
    main()
