"""The PixelCNNs of grey pictures: `python -m training.pixelcnn --model fashion-gated --minutes 12`.

`fashion` is the book's plain network and `fashion-gated` the gated one, both on Fashion-MNIST at 16 x 16 with
four greys; `fashion-mixture` draws all 256 greys at 28 x 28; `mnist` draws binary digits. `--thin` stores a
finished folder thinner; `--measure` computes its metrics.json and card again.
"""

import argparse
import math
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genmodels.autoregressive import sampling
from genmodels.autoregressive.gated_pixelcnn import GatedPixelCNN, GatedPixelCNNConfig
from genmodels.autoregressive.pixelcnn import PixelCNN, PixelCNNConfig
from genmodels.data import greys, readers
from genmodels.model import Model
from training import card, loop, thinning

LARGE = (1, 2, 4, 8, 2, 4, 3)  # dilations that cross 28 columns
MODELS = {
    "fashion": PixelCNNConfig(),
    "fashion-gated": GatedPixelCNNConfig(classes=10, channels=48, dilations=(1, 2, 4, 1, 2, 4)),
    "fashion-mixture": GatedPixelCNNConfig((28, 28), 256, channels=40, dilations=LARGE, mixture=8),
    "mnist": GatedPixelCNNConfig((28, 28), 2, classes=10, channels=32, dilations=LARGE),
}
CLASSES = {PixelCNNConfig: PixelCNN, GatedPixelCNNConfig: GatedPixelCNN}
SOME = 2_000  # test pictures for the measures that are asides
UNTOLD = 0.5  # of the training pictures come without their label, so that both can be asked for


@cache
def pictures(key: str, split: str, data: Path | None) -> tuple[Tensor, Tensor]:
    """Levels uint8 (N, 1, H, W) and labels. Digits keep their 256 greys: they are cut when they are used."""
    images, labels = (readers.mnist if key == "mnist" else readers.fashion)(split, data)
    if key in ("fashion", "fashion-gated"):
        images = greys.small(images)
    return torch.from_numpy(np.array(images)).unsqueeze(1), torch.from_numpy(np.array(labels)).long()


def levels(key: str, images: Tensor, generator: torch.Generator) -> Tensor:
    """Digits become black and white by chance, each pixel white with the probability that its grey says."""
    if key == "mnist":
        return (torch.rand(images.shape, generator=generator) < images / 255).long()
    return images.long()


def recipe(key: str, name: str, model: Model, args: argparse.Namespace) -> loop.Recipe:
    train, labels = pictures(key, "train", args.data)

    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        picked = torch.from_numpy(rng.integers(len(train), size=args.batch))
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        told = torch.where(torch.rand(args.batch, generator=generator) < UNTOLD, 10, labels[picked])
        x = levels(key, train[picked], generator)
        return (x, told) if getattr(model.config, "classes", 0) else (x,)

    def loss(model: Model, batch: tuple[Tensor, ...], generator: torch.Generator) -> dict[str, Tensor]:
        nats = -model.log_prob(*batch).mean()
        return {"loss": nats, "bits_per_dim": nats / math.log(2)}

    return loop.Recipe(name, model, batch, loss, sheet, lr=args.lr, average=0.998)


def sheet(model: Model) -> Tensor:
    """64 samples; of a model that knows classes, the first 30 are three of each class."""
    condition = {}
    if getattr(model.config, "classes", 0):
        condition["labels"] = torch.cat([torch.arange(10).repeat_interleave(3), torch.full((34,), 10)])
    x = sampling.last(sampling.draw(model.cpu(), 0, 64, **condition))
    return loop.grid(greys.to_image(x, model.config.levels), 16)


def golden(model: Model) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(model.config.levels, (2, *model.shape), generator=generator)
    return {"x": x.byte(), "log_prob": model.log_prob(x)}


@torch.no_grad()
def nats(model: Model, x: Tensor, labels: Tensor | None = None) -> Tensor:
    """-log p of every picture, (N,)."""
    parts = zip(x.split(250), [None] * len(x) if labels is None else labels.split(250), strict=False)
    return torch.cat([-model.log_prob(a, *(() if b is None else (b,))).flatten(1).sum(1) for a, b in parts])


def measure(key: str, model: Model, data: Path | None) -> dict[str, float]:
    images, labels = pictures(key, "test", data)
    x = levels(key, images, torch.Generator().manual_seed(0))
    per_picture = nats(model, x)
    bits = math.log(2) * x[0].numel()
    values = {"nats": per_picture.mean().item()}
    values["nats_error"] = (per_picture.std() / math.sqrt(len(x))).item()
    values["bits_per_dim"] = values["nats"] / bits
    if getattr(model.config, "classes", 0):
        values["bits_per_dim_told"] = nats(model, x[:SOME], labels[:SOME]).mean().item() / bits
    if key == "fashion-mixture":  # what it has never seen may still be likelier
        digits = torch.from_numpy(np.array(readers.mnist("test", data)[0])).unsqueeze(1).long()
        values["bits_per_dim_digits"] = nats(model, digits[:SOME]).mean().item() / bits
    return values


WHAT = {
    "fashion": "The plain PixelCNN of the book: masked convolutions, five residual blocks, 4 greys, 16 x 16.",
    "fashion-gated": "Gated PixelCNN, two stacks, no blind spot, four greys, 16 x 16; may be told the class.",
    "fashion-mixture": "Gated PixelCNN with a mixture of eight logistics at the end: all 256 greys, 28 x 28.",
    "mnist": "Gated PixelCNN of black and white digits, 28 x 28; may be told the digit.",
}


PUBLISHED = {
    "mnist": " Published on digits cut the same way: 81.30 nats for PixelCNN, 79.20 for PixelRNN (van den "
    "Oord et al. 2016, arXiv:1601.06759, table 4), with larger networks and until they got no better.",
    "fashion-mixture": " Published on the same pictures: 2.96 bits per value for Glow (Nalisnick et al. "
    "2019, arXiv:1810.09136), which gives MNIST's digits 1.83.",
}


def describe(key: str) -> card.Card:
    digits = key == "mnist"
    data = "MNIST (LeCun, Cortes, Burges)" if digits else "Fashion-MNIST (Zalando, MIT)"
    how = {
        "mnist": " Each pixel is black or white by chance, white with the probability that its grey says; "
        "the test digits were cut once, with seed 0, and the training digits anew each time.",
        "fashion-mixture": "",
    }.get(key, " Padded to 32 x 32, averaged to 16 x 16, cut to four greys.")
    return card.Card(
        title=f"PixelCNN: {key}",
        what=WHAT[key] + PUBLISHED.get(key, ""),
        data=f"{data}, the 60,000 training images.{how} The images do not ship.",
        datasets=("ylecun/mnist",) if digits else ("zalando-datasets/fashion_mnist",),
        tags=("pixelcnn", "autoregressive", "teaching"),
        limits=(
            "It knows centred grey pictures of one kind and nothing else. It decides pixel by pixel and "
            "never goes back, so that a sleeve may end where a bag began. It is "
            "made to be looked at in a lesson."
        ),
    )


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=12)
    parser.add_argument("--model", choices=MODELS, default="fashion-gated")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--measure", action="store_true", help="only measure the finished folder again")
    thinning.option(parser)
    args = parser.parse_args()
    config = MODELS[args.model]
    kind, folder = CLASSES[type(config)], args.out / f"pixelcnn-{args.model}"
    torch.manual_seed(args.seed)
    made = recipe(args.model, folder.name, kind(config), args)
    if args.thin:
        thinning.remade(made, kind.from_pretrained(folder), folder, golden, args)
    elif not args.measure:
        model, took = loop.train(made, args)
        card.finish(model, folder, golden, took, args.device, rank=thinning.told(model))
    model = kind.from_pretrained(folder)
    values = {k: round(v, 4) for k, v in measure(args.model, model, args.data).items()}
    card.record(folder, measures=values)
    command = f"python -m training.pixelcnn --measure --model {args.model}"
    card.write_card(folder, describe(args.model), command)
    print(folder.name, values)


if __name__ == "__main__":
    main()
