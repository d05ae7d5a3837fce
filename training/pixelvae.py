"""PixelVAE of small grey garments: `python -m training.pixelvae --model fashion --minutes 10`.

`fashion-plain` is the same network with its eyes shut: its pixels do not see one another, as in an ordinary
VAE. The data are those of training/pixelcnn.py, so that the numbers compare. `--thin` stores a finished
folder thinner; `--measure` computes its metrics.json and card again.
"""

import argparse
import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genmodels.autoregressive import sampling
from genmodels.autoregressive.pixelvae import PixelVAE, PixelVAEConfig
from genmodels.data import greys
from genmodels.runtime import noise
from training import card, loop, pixelcnn, thinning

MODELS = {"fashion": PixelVAEConfig(), "fashion-plain": PixelVAEConfig(sees=False)}
WARM_UP = 400  # steps in which the KL comes in: at first z is worth nothing yet
SHUT = 1200  # steps before the eyes open: the neighbours are learnt faster, and would leave nothing to z
CODES, TRIED = 64, 500  # codes per picture, and pictures, of the tighter bound
BITS = math.log(2)


def pictures(split: str, data: Path | None) -> Tensor:
    return pixelcnn.pictures("fashion", split, data)[0]


def recipe(name: str, model: PixelVAE, args: argparse.Namespace) -> loop.Recipe:
    train, steps = pictures("train", args.data), SHUT if args.resume or args.thin else 0

    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        return (train[torch.from_numpy(rng.integers(len(train), size=args.batch))].long(),)

    def loss(model: PixelVAE, batch: tuple[Tensor, ...], generator: torch.Generator) -> dict[str, Tensor]:
        nonlocal steps
        steps += 1
        model.sees = model.config.sees and steps > SHUT
        (x,) = batch
        e = torch.randn(len(x), model.config.latent, generator=generator).to(x.device)
        log_prob, kl = (t.sum() / len(x) for t in model.bound(x, e))
        size = x[0].numel()
        total = (min(1.0, steps / WARM_UP) * kl - log_prob) / size
        return {"loss": total, "kl": kl, "bits_per_dim": (kl - log_prob) / (size * BITS)}

    held_out = pictures("test", args.data)[:16].long()
    return loop.Recipe(name, model, batch, loss, lambda m: sheet(m, held_out), lr=args.lr, average=0.998)


def sheet(model: PixelVAE, x: Tensor) -> Tensor:
    """16 held-out garments, drawn again three times from their codes; then 16 random codes, three times."""
    model = model.cpu()
    mean, _ = model.encode(x)
    rows = [x, *(sampling.last(sampling.draw(model, 100 * k, 16, z=mean)) for k in range(3))]
    z = noise(0, 16, (model.config.latent,))
    rows += [sampling.last(sampling.draw(model, 100 * k, 16, z=z)) for k in range(3)]
    return loop.grid(greys.to_image(torch.cat(rows)), 16)


def golden(model: PixelVAE) -> dict[str, Tensor]:
    x = torch.randint(model.config.levels, (2, *model.shape), generator=torch.Generator().manual_seed(0))
    mean, log_var = model.encode(x)
    return {"x": x.byte(), "mean": mean, "log_var": log_var, "log_prob": model.log_prob(x, mean)}


@torch.no_grad()
def measure(model: PixelVAE, data: Path | None) -> dict[str, float]:
    test, latent = pictures("test", data).long(), model.config.latent
    e = torch.randn(len(test), latent, generator=torch.Generator().manual_seed(0))
    found = [model.bound(*part) for part in zip(test.split(250), e.split(250), strict=True)]
    log_prob, kl = (torch.cat(part) for part in zip(*found, strict=True))
    nats = kl.sum(1) - log_prob
    generator, size = torch.Generator().manual_seed(1), test[0].numel() * BITS
    tight = torch.cat(
        [
            model.tight(x, torch.randn(CODES, len(x), latent, generator=generator))
            for x in test[:TRIED].split(250)
        ]
    )
    return {
        "nats": nats.mean().item(),
        "nats_error": (nats.std() / math.sqrt(len(test))).item(),
        "bits_per_dim": nats.mean().item() / size,
        "bits_per_dim_tight": -tight.mean().item() / size,
        "kl": kl.sum(1).mean().item(),
        "kl_bits": kl.sum(1).mean().item() / BITS,
        "pixel_bits": -log_prob.mean().item() / BITS,
        "kl_share": (kl.sum() / nats.sum()).item(),
        "active": (kl.mean(0) > 0.01).sum().item(),
    }


def describe(plain: bool) -> card.Card:
    return card.Card(
        title="PixelVAE with its eyes shut: fashion" if plain else "PixelVAE: fashion",
        what=(
            "The network of pixelvae-fashion, but no pixel is told those before it: given the code all are "
            "independent, as in an ordinary VAE. It is there to be compared."
            if plain
            else "A VAE whose decoder is a small gated PixelCNN: 32 numbers hold the whole of a garment, and "
            "a PixelCNN that sees three pixels around does the texture. Four greys, 16 x 16. In the first "
            f"{SHUT:,} steps of training its eyes were shut, so that the code had to learn something."
        ),
        data=(
            "Fashion-MNIST (Zalando, MIT), the 60,000 training images. Padded to 32 x 32, averaged to 16 x "
            "16, cut to four greys. The images do not ship."
        ),
        datasets=("zalando-datasets/fashion_mnist",),
        tags=("pixelvae", "vae", "autoregressive", "teaching"),
        limits=(
            "It knows centred grey garments and nothing else. Its likelihood is a bound, not the exact "
            "number of a PixelCNN. What the code and the few pixels at hand both miss, such as the even "
            "stripes of a shirt, comes out wrong."
        ),
    )


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=10)
    parser.add_argument("--model", choices=MODELS, default="fashion")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--measure", action="store_true", help="only measure the finished folder again")
    thinning.option(parser)
    parser.set_defaults(batch=64)
    args = parser.parse_args()
    folder = args.out / f"pixelvae-{args.model}"
    if args.thin:
        model = PixelVAE.from_pretrained(folder)
        thinning.remade(recipe(folder.name, model, args), model, folder, golden, args)
    elif not args.measure:
        torch.manual_seed(args.seed)
        model, took = loop.train(recipe(folder.name, PixelVAE(MODELS[args.model]), args), args)
        card.finish(model, folder, golden, took, args.device)
    model = PixelVAE.from_pretrained(folder)
    values = {k: round(v, 4) for k, v in measure(model, args.data).items()}
    card.record(folder, measures=values)
    command = f"python -m training.pixelvae --measure --model {args.model}"
    card.write_card(folder, describe(args.model == "fashion-plain"), command)
    print(folder.name, values)


if __name__ == "__main__":
    main()
