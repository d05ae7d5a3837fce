"""ImageGPT on Fashion-MNIST in four greys, 16x16: `python -m training.imagegpt --minutes 25`.

`--thin` stores the finished folder thinner; `--measure` computes its metrics.json and card again.
"""

import argparse
import math
import time
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genmodels.autoregressive.imagegpt import ImageGPT, ImageGPTConfig
from genmodels.autoregressive.sampling import draw, last
from genmodels.data import greys, readers
from training import card, loop, thinning

NAME = "imagegpt-fashion"
CONFIG = ImageGPTConfig(
    size=(greys.SIDE, greys.SIDE), vocab_size=greys.LEVELS + 1, n_embd=96, n_layer=4, n_head=3
)


@cache
def levels(split: str, data: Path | None) -> Tensor:
    """(N, 1, 16, 16)"""
    return torch.from_numpy(greys.small(readers.fashion(split, data)[0])).long()[:, None]


def waves(rows: int, columns: int, channels: int) -> Tensor:
    """(rows columns, channels): sines and cosines of the row in half of them, of the column in the rest.

    Where the positions start: a turn of such waves leads to the pixel above, which a short run would hardly
    find among random numbers. They are learnt from there on.
    """
    speeds = torch.logspace(math.log10(math.pi), math.log10(math.pi / max(rows, columns)), channels // 4)
    row, column = (
        torch.cat([(torch.arange(n)[:, None] * speeds).sin(), (torch.arange(n)[:, None] * speeds).cos()], 1)
        for n in (rows, columns)
    )
    return torch.cat([row.repeat_interleave(columns, 0), column.repeat(rows, 1)], 1)


def start() -> ImageGPT:
    model = ImageGPT(CONFIG)
    model.transformer.wpe.weight.data = 0.03 * waves(*CONFIG.size, CONFIG.n_embd)
    return model


def recipe(model: ImageGPT, args: argparse.Namespace) -> loop.Recipe:
    train = levels("train", args.data)

    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        return (train[torch.from_numpy(rng.integers(len(train), size=args.batch))],)

    return loop.Recipe(NAME, model, batch, loss, lambda m: sheet(m, args.data), lr=args.lr)


def loss(model: ImageGPT, batch: tuple[Tensor, ...], generator: torch.Generator) -> dict[str, Tensor]:
    return {"loss": -model.log_prob(batch[0]).mean()}  # nats per pixel


def sheet(model: ImageGPT, data: Path | None) -> Tensor:
    """Four rows drawn from nothing; then test images, and below them their upper halves continued."""
    real = levels("test", data)[:18]
    keep = torch.arange(greys.SIDE)[:, None].expand(-1, greys.SIDE) < greys.SIDE // 2
    drawn = last(draw(model, seed=0, count=72))
    continued = last(draw(model, seed=100, count=18, given=real, keep=keep))
    return loop.grid(greys.to_image(torch.cat([drawn.cpu(), real, continued.cpu()])), 18)


def golden(model: ImageGPT) -> dict[str, Tensor]:
    x = torch.from_numpy(greys.small(np.random.default_rng(0).integers(0, 256, (2, 28, 28), np.uint8)))
    x = x.long()[:, None]
    attention = model.attention(x[:1], 7, 9)[..., ::2]
    return {"x": x.byte(), "log_prob": model.log_prob(x), "attention": attention}


@torch.no_grad()
def measure(model: ImageGPT, data: Path | None) -> dict[str, float]:
    """Log-likelihood of the 10,000 test images, and what a picture takes to draw."""
    parts = levels("test", data).split(250)
    nats = -torch.cat([model.log_prob(x).sum((1, 2)) for x in parts])  # of each image
    values = {"nats": nats.mean().item(), "nats_error": nats.std().item() / len(nats) ** 0.5}
    return values | {"bits_per_dim": values["nats"] / math.log(2) / greys.SIDE**2} | speed(model)


def speed(model: ImageGPT) -> dict[str, float]:
    """Processor time of a picture, alone and in a batch: a busy machine changes it little."""
    values = {}
    for count, key in ((1, "seconds_one"), (16, "seconds_each_of_16")):
        last(draw(model, seed=0, count=count))
        began = time.process_time()
        last(draw(model, seed=0, count=count))
        values[key] = (time.process_time() - began) / count
    return values


CARD = card.Card(
    title="ImageGPT, Fashion-MNIST in four greys",
    what=(
        "A small ImageGPT: a transformer that reads a picture of 16 by 16 pixels as a sentence of 256 words "
        "out of four, and predicts each from all before it. No labels. Its bits per dimension compare with "
        "those of the other models of the gallery on the same pictures (`genmodels/data/greys.py`)."
    ),
    data=(
        "Fashion-MNIST (Zalando, MIT), the 60,000 training images, averaged to 16 by 16 and cut into four "
        "greys. The images do not ship."
    ),
    datasets=("zalando-datasets/fashion_mnist",),
    tags=("imagegpt", "autoregressive", "transformer", "fashion-mnist", "teaching"),
    limits=(
        "The published models saw 32 by 32 pixels in 512 colours and a million pictures or more; this one "
        "saw centred garments in four greys, and those less than twice. A shirt may end with one sleeve, for "
        "nothing already written can be taken back. It is made to be looked at in a lesson."
    ),
)


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=25)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--measure", action="store_true", help="only measure the finished folder again")
    thinning.option(parser)
    parser.set_defaults(batch=32)
    args = parser.parse_args()
    folder = args.out / NAME
    if args.thin:
        thinning.remade(recipe(start(), args), ImageGPT.from_pretrained(folder), folder, golden, args)
    elif not args.measure:
        torch.manual_seed(args.seed)
        model, took = loop.train(recipe(start(), args), args)
        card.finish(model, folder, golden, took, args.device)
    values = measure(ImageGPT.from_pretrained(folder), args.data)
    card.record(folder, measures={k: round(v, 4) for k, v in values.items()})
    card.write_card(folder, CARD, "python -m training.imagegpt --measure")
    print(NAME, values)


if __name__ == "__main__":
    main()
