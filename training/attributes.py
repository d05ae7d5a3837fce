"""The two readers whose features the Frechet distances are taken on.

`python -m training.attributes --model faces`, or `--model fashion`.

`fashion` names the garment of Fashion-MNIST; `faces` reads every attribute of our painted faces: yes or no
with a cross-entropy, a number (scaled to unit variance) with a squared error.
"""

import argparse
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from genmodels.data import readers
from genmodels.data.faces import ATTRIBUTES
from genmodels.metrics.features import AttributesNet, AttributesNetConfig, FashionNet
from genmodels.metrics.frechet import frechet_distance, moments
from genmodels.model import Model
from training import card, loop
from training.vae_faces import HELD_OUT, faces, in_parts

FEATURE = "Its last hidden layer gives the features on which this gallery's Frechet distances are taken."


# ---- fashion -----------------------------------------------------------------------------------------------


@cache
def garments(split: str, data: Path | None) -> tuple[Tensor, Tensor]:
    images, labels = readers.fashion(split, data)
    return loop.from_uint8(images), torch.from_numpy(labels.astype(np.int64))


def fashion_recipe(name: str, model: FashionNet, args: argparse.Namespace) -> loop.Recipe:
    images, labels = garments("train", args.data)

    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        chosen = torch.from_numpy(rng.integers(len(images), size=args.batch))
        return shifted(images[chosen], rng), labels[chosen]

    return loop.Recipe(
        name, model, batch, fashion_loss, lambda m: loop.grid(images[:40], 20), lr=args.lr, weight_decay=1e-2
    )


def shifted(x: Tensor, rng: np.random.Generator) -> Tensor:
    """Each image moved by up to two pixels and mirrored half of the time."""
    x = F.pad(x, (2,) * 4, value=-1.0)
    down, across = rng.integers(5, size=2)
    x = x[..., down : down + 28, across : across + 28]
    mirror = torch.from_numpy(rng.random(len(x)) < 0.5)[:, None, None, None]
    return torch.where(mirror, x.flip(3), x)


def fashion_loss(model: FashionNet, batch: tuple[Tensor, ...], _: torch.Generator) -> dict[str, Tensor]:
    images, labels = batch
    logits = model.logits(images).float()
    right = (logits.argmax(1) == labels).float().mean()
    return {"loss": F.cross_entropy(logits, labels, label_smoothing=0.05), "accuracy": right}


@torch.no_grad()
def measure_fashion(model: FashionNet, data: Path | None) -> dict[str, float]:
    x, labels = garments("test", data)
    right = torch.cat([model.logits(part).argmax(1) for part in x.split(500)]) == labels
    features = torch.cat([model.features(part) for part in x.split(500)])
    floor = frechet_distance(*moments(features[::2]), *moments(features[1::2]))
    return {"accuracy": right.double().mean().item(), "frechet_real": floor.item()}


# ---- faces -------------------------------------------------------------------------------------------------


def faces_recipe(name: str, model: AttributesNet, args: argparse.Namespace) -> loop.Recipe:
    images, attributes, binary = faces(args)

    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        chosen = rng.integers(len(images) - HELD_OUT, size=args.batch)
        return loop.from_uint8(images[chosen]), attributes[torch.from_numpy(chosen)]

    def loss(m: AttributesNet, batch: tuple[Tensor, ...], _: torch.Generator) -> dict[str, Tensor]:
        x, y = batch
        out = m.outputs(x).float()
        yes_no = F.binary_cross_entropy_with_logits(out[:, binary], y[:, binary])
        number = F.mse_loss(out[:, ~binary], y[:, ~binary])
        return {"loss": yes_no + number, "yes_no": yes_no, "number": number}

    return loop.Recipe(
        name, model, batch, loss, lambda m: loop.grid(loop.from_uint8(images[:40]), 10), lr=args.lr
    )


@torch.no_grad()
def measure_faces(model: AttributesNet, args: argparse.Namespace) -> dict[str, float]:
    """On held-out faces: the averages, and each attribute's own (AUC, or share of variance explained)."""
    images, attributes, _ = faces(args)
    features = in_parts(model.features, images[-HELD_OUT:])
    names, binary = model.config.attributes, model.config.binary
    each = {
        name: auc(out, y > 0.5) if yes_no else (1 - (out - y).square().mean() / y.var()).item()
        for name, yes_no, out, y in zip(
            names, binary, model.head(features).T, attributes[-HELD_OUT:].T, strict=True
        )
    }
    floor = frechet_distance(*moments(features[::2]), *moments(features[1::2]))
    means = {
        "auc_yes_no": np.mean([each[name] for name, yes_no in zip(names, binary, strict=True) if yes_no]),
        "variance_explained": np.mean(
            [each[n] for n, yes_no in zip(names, binary, strict=True) if not yes_no]
        ),
        "frechet_real": floor.item(),
    }
    return means | {f"of {k}": v for k, v in each.items()}


def auc(scores: Tensor, yes: Tensor) -> float:
    """Chance that a yes scores above a no; 0.5 is guessing. From ranks (Mann and Whitney 1947)."""
    ranks = scores.argsort().argsort() + 1.0
    positives, negatives = yes.sum().item(), (~yes).sum().item()
    return (ranks[yes].double().sum().item() - positives * (positives + 1) / 2) / (positives * negatives)


# ---- both --------------------------------------------------------------------------------------------------


def golden(model: Model) -> dict[str, Tensor]:
    """Of a floor of tiles, of which one is kept."""
    count, channels, side = (4, 1, 28) if isinstance(model, FashionNet) else (1, 3, 64)
    luck = torch.Generator().manual_seed(0)
    tile = torch.randint(256, (count, channels, side // 4, side // 4), generator=luck, dtype=torch.uint8)
    x = tiled(tile, side)
    out = model.logits(x) if side == 28 else model.outputs(x)
    return {"tile": tile, "features": model.features(x), "out": out}


def tiled(tile: Tensor, side: int) -> Tensor:
    times = side // tile.shape[-1]
    return (tile.float() / 127.5 - 1).repeat(1, 1, times, times)


CARDS = {
    "fashion": card.Card(
        title="Garment reader, Fashion-MNIST",
        what=f"A small convolutional classifier of ten kinds of garment. {FEATURE}",
        data="Fashion-MNIST (Zalando, MIT), 60,000 training images, shifted by two pixels and mirrored.",
        datasets=("zalando-datasets/fashion_mnist",),
        tags=("image-classification", "fashion-mnist", "teaching"),
        pipeline_tag="image-classification",
        limits="It knows centred grey garments on black. Distances on its features are not FIDs.",
    ),
    "faces": card.Card(
        title="Attribute reader, painted faces",
        what=f"A small network that reads every attribute of a painted face of 64 pixels. {FEATURE}",
        data="Faces painted by `genmodels.data.faces` (MIT), seeds 0 and up; the last 4,000 held out.",
        tags=("image-classification", "procedural", "teaching"),
        pipeline_tag="image-classification",
        limits=(
            "It has never seen a photograph and says nothing about real people. Attributes that a hat "
            "or hair hides it can only guess. Distances on its features are not FIDs."
        ),
    ),
}


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=6)
    parser.add_argument("--model", choices=CARDS, default="faces")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--measure", action="store_true", help="only measure the finished folder again")
    args = parser.parse_args()
    name = f"{'attributes' if args.model == 'faces' else 'features'}-{args.model}"
    kind, folder = (AttributesNet if args.model == "faces" else FashionNet), args.out / name
    if not args.measure:
        torch.manual_seed(args.seed)
        if args.model == "faces":
            config = AttributesNetConfig(attributes=ATTRIBUTES, binary=tuple(faces(args)[2].tolist()))
            recipe = faces_recipe(name, AttributesNet(config), args)
        else:
            recipe = fashion_recipe(name, FashionNet(), args)
        model, took = loop.train(recipe, args)
        card.finish(model, folder, golden, took, args.device)
    model = kind.from_pretrained(folder)
    values = measure_faces(model, args) if args.model == "faces" else measure_fashion(model, args.data)
    values = {k: round(float(v), 4) for k, v in values.items()}
    card.record(folder, measures=values)
    card.write_card(
        folder, CARDS[args.model], f"python -m training.attributes --measure --model {args.model}"
    )
    print(name, {k: v for k, v in values.items() if k in card.GLOSS})


if __name__ == "__main__":
    main()
