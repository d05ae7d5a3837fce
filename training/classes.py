"""The discriminative reader of digits: `python -m training.classes --minutes 2`.

It learns the label from digits cut to black and white by chance, as `pixelcnn-mnist` learnt the pictures, and
moved by up to two pixels. `--measure` computes metrics.json and the card of the finished folder again: its
accuracy on the test digits, that of the PixelCNN by Bayes' rule on some of them, and what both say of what
shows no digit.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from genmodels.autoregressive.gated_pixelcnn import GatedPixelCNN
from genmodels.foundations.digits_net import DigitsNet
from genmodels.foundations.weighing import LABELS, weigh
from genmodels.model import Model
from training import card, loop
from training.pixelcnn import levels, pictures

NAME, RIVAL = "digits-net", "pixelcnn-mnist"
SOME = 500  # test digits that the PixelCNN is asked about: each costs ten passes
OTHERS = 200  # pictures of each kind that shows no digit
RARE = 0.99  # of the digits are likelier than what is called unlikely


def signed(x: Tensor) -> Tensor:
    """Black and white levels -> what the network sees."""
    return 2.0 * x - 1


def recipe(model: DigitsNet, args: argparse.Namespace) -> loop.Recipe:
    images, labels = pictures("mnist", "train", args.data)

    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        picked = torch.from_numpy(rng.integers(len(images), size=args.batch))
        luck = torch.Generator().manual_seed(int(rng.integers(2**62)))
        return moved(signed(levels("mnist", images[picked], luck)), rng), labels[picked]

    def sheet(_: Model) -> Tensor:
        return loop.grid(batch(np.random.default_rng(0))[0][:40], 20)

    return loop.Recipe(NAME, model, batch, loss, sheet, lr=args.lr, weight_decay=1e-2)


def moved(x: Tensor, rng: np.random.Generator) -> Tensor:
    """A batch shifted by up to two pixels."""
    down, across = rng.integers(5, size=2)
    return F.pad(x, (2,) * 4, value=-1.0)[..., down : down + 28, across : across + 28]


def loss(model: DigitsNet, batch: tuple[Tensor, ...], _: torch.Generator) -> dict[str, Tensor]:
    images, labels = batch
    logits = model.logits(images).float()
    right = (logits.argmax(1) == labels).float().mean()
    return {"loss": F.cross_entropy(logits, labels), "accuracy": right}


def golden(model: DigitsNet) -> dict[str, Tensor]:
    x = torch.randint(2, (2, 1, 28, 28), generator=torch.Generator().manual_seed(0))
    return {"x": x.byte(), "log_probs": model.log_probs(signed(x))}


# ------------------------------------------------------------------------------ measures


@torch.no_grad()
def measure(model: DigitsNet, data: Path | None) -> dict[str, float]:
    images, labels = pictures("mnist", "test", data)
    x = levels("mnist", images, torch.Generator().manual_seed(0))
    found = torch.cat([model.log_probs(signed(part)) for part in x.split(500)])
    right = found.argmax(1) == labels
    rival = GatedPixelCNN.from_pretrained(RIVAL)
    told = torch.cat([weigh(rival, part) for part in x[:SOME].split(10)])
    evidence = told.logsumexp(1) - np.log(LABELS)
    by_bayes = told.argmax(1) == labels[:SOME]
    values = {
        "accuracy": right.double().mean().item(),
        "accuracy_some": right[:SOME].double().mean().item(),
        "accuracy_bayes": by_bayes.double().mean().item(),
        "sure_bayes": told.log_softmax(1).amax(1).exp().mean().item(),
        "sure_digits": found[:SOME].amax(1).exp().mean().item(),
        "nats_rare": -evidence.quantile(1 - RARE).item(),
        "nats_plain": -evidence.quantile(RARE).item(),
    }
    for name, others in foreign(x, data).items():
        values |= read(name, model, rival, others, values["nats_rare"])
    return values


def read(
    name: str, model: DigitsNet, rival: GatedPixelCNN, x: Tensor, rare: float
) -> dict[str, float]:  # fmt: skip
    """How sure the network is of its digit, and how often the PixelCNN calls the picture unlikely."""
    sure = model.log_probs(signed(x)).amax(1).exp()
    told = torch.cat([weigh(rival, part) for part in x.split(10)])
    nats = np.log(LABELS) - told.logsumexp(1)
    return {f"sure_{name}": sure.mean().item(), f"unlikely_{name}": (nats > rare).double().mean().item()}


def foreign(digits: Tensor, data: Path | None) -> dict[str, Tensor]:
    """Pictures of black and white that are no digits: garments, pixels by the toss of a coin, an empty page,
    digits upside down."""
    garments, _ = pictures("fashion-mixture", "test", data)
    luck = torch.Generator().manual_seed(0)
    return {
        "garments": levels("mnist", garments[:OTHERS], luck),
        "noise": torch.randint(2, (OTHERS, 1, 28, 28), generator=luck),
        "upside": digits[SOME : SOME + OTHERS].flip(2),
    }


CARD = card.Card(
    title="Reader of digits",
    what="A small convolutional classifier of black and white digits: p(y | x) and nothing about p(x). It is "
    "the discriminative rival of `pixelcnn-mnist`, which is asked for the digit by Bayes' rule.",
    data="MNIST (LeCun, Cortes, Burges), the 60,000 training images. Each pixel is black or white by chance, "
    "white with the probability that its grey says; the test digits were cut once, with seed 0, the training "
    "digits anew each time and shifted by up to two pixels. The images do not ship.",
    datasets=("ylecun/mnist",),
    tags=("image-classification", "mnist", "teaching"),
    pipeline_tag="image-classification",
    limits="It knows centred digits and nothing else, and has no way to say so: it names a digit in a "
    "garment, too, and is often sure of it.",
)


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=2)
    parser.add_argument("--lr", type=float, default=4e-3)
    parser.add_argument("--measure", action="store_true", help="only measure the finished folder again")
    args = parser.parse_args()
    folder = args.out / NAME
    if not args.measure:
        torch.manual_seed(args.seed)
        model, took = loop.train(recipe(DigitsNet(), args), args)
        card.finish(model, folder, golden, took, args.device)
    values = {k: round(v, 4) for k, v in measure(DigitsNet.from_pretrained(folder), args.data).items()}
    card.record(folder, measures=values)
    card.write_card(folder, CARD, "python -m training.classes --measure")
    print(NAME, values)


if __name__ == "__main__":
    main()
