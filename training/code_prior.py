"""The priors over codes: `python -m training.code_prior --model vqvae-faces --minutes 5`.

`--model` is a finished folder of weights/: the grids it gives the training images are learnt, and the result
is called <model>-prior. `--thin` stores a finished folder thinner; `--measure` computes its metrics.json and
card again.
"""

import argparse
import math
from functools import cache

import numpy as np
import torch
from torch import Tensor

from genmodels.autoencoders.dvae import DVAE
from genmodels.autoencoders.vqvae import VQVAE, to_rgba
from genmodels.autoregressive import sampling
from genmodels.autoregressive.code_prior import CodePrior, CodePriorConfig
from genmodels.data import tiles
from genmodels.model import Model
from training import card, loop, palette, thinning, vqvae

MODELS = {
    "vqvae-faces": (VQVAE, CodePriorConfig()),
    "dvae-faces": (DVAE, CodePriorConfig()),
    "vqvae-sprites": (
        VQVAE,
        CodePriorConfig((12, 12), classes=4, dilations=(1, 2, 4, 1, 2, 4)),
    ),
}
UNTOLD = 0.2  # of the grids come without their kind
WEIGHED = 400  # grids of each kind by which `--thin` sees what matters


@cache
def coder(key: str) -> Model:
    return MODELS[key][0].from_pretrained(key)


def grids(key: str, split: str, args: argparse.Namespace) -> dict[int, Tensor]:
    """Codes (N, 1, h, w) of the pictures of a split, by kind; of sprites each picture and its mirror."""
    file = args.runs / f"{key}-{split}-codes.npz"
    if not file.exists():
        sets = {0: vqvae.faces(args)[split != "train"]}
        if key == "vqvae-sprites":
            parts = palette.pictures(split, args.data, args.runs)
            sets = {k: tiles.rgba(v["x"][:, 0].numpy(), v["palette"].numpy()) for k, v in parts.items()}
            if split == "train":
                sets = {k: v if k == 3 else np.concatenate([v, v[:, :, ::-1]]) for k, v in sets.items()}
        np.savez(file, **{str(k): encode(key, images).numpy() for k, images in sets.items()})
    with np.load(file) as held:
        return {int(k): torch.from_numpy(held[k]).long() for k in held.files}


@torch.no_grad()
def encode(key: str, images: np.ndarray) -> Tensor:
    parts = [vqvae.as_input(images[i : i + 250]) for i in range(0, len(images), 250)]
    return torch.cat([coder(key).codes(x) for x in parts]).to(torch.int16).unsqueeze(1)


def recipe(key: str, model: CodePrior, args: argparse.Namespace) -> loop.Recipe:
    train = grids(key, "train", args)

    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        rows = [rng.integers(len(x), size=args.batch // len(train)) for x in train.values()]
        x = torch.cat([x[torch.from_numpy(r)] for x, r in zip(train.values(), rows, strict=True)])
        if not model.config.classes:
            return (x,)
        labels = torch.cat([torch.full((len(r),), k) for k, r in zip(train, rows, strict=True)])
        return x, torch.where(torch.from_numpy(rng.random(len(x))) < UNTOLD, model.config.classes, labels)

    def loss(model: CodePrior, batch: tuple[Tensor, ...], generator: torch.Generator) -> dict[str, Tensor]:
        nats = -model.log_prob(*batch).mean()
        return {"loss": nats, "bits_per_code": nats / math.log(2)}

    return loop.Recipe(
        f"{key}-prior", model, batch, loss, lambda m: sheet(key, m), lr=args.lr, weight_decay=0.02
    )


def made_thin(key: str, model: CodePrior, args: argparse.Namespace) -> CodePrior:
    """That share of the room, where it costs the likelihood of training grids least."""
    train = {k: x[:: max(1, len(x) // WEIGHED)] for k, x in grids(key, "train", args).items()}
    labels = [torch.full((len(x),), k) for k, x in train.items()] if model.config.classes else []
    given = (torch.cat(list(train.values())), *([torch.cat(labels)] if labels else []))
    return thinning.thinned(model, lambda prior: prior.log_prob(*given), args.thin)


@torch.no_grad()
def sheet(key: str, model: CodePrior) -> Tensor:
    """64 samples of the prior; below, 16 grids of codes that all have the same chance."""
    told = {"labels": torch.arange(4).repeat_interleave(16)} if model.config.classes else {}
    x = sampling.last(sampling.draw(model.cpu(), 0, 64, **told))
    uniform = torch.randint(
        model.config.codes, (16, *x.shape[1:]), generator=torch.Generator().manual_seed(0)
    )
    images = coder(key).draw(torch.cat([x, uniform])[:, 0])
    if images.shape[1] == 4:
        flat = torch.from_numpy(to_rgba(images)).permute(0, 3, 1, 2).float() / 255
        images = (flat[:, :3] * flat[:, 3:] + (1 - flat[:, 3:]) * 0.15) * 2 - 1
    return torch.nn.functional.interpolate(loop.grid(images, 16)[None], scale_factor=2)[0]


def golden(model: CodePrior) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(model.config.codes, (2, *model.shape), generator=generator)
    return {"x": x.short(), "log_prob": model.log_prob(x)}


@torch.no_grad()
def measure(key: str, model: CodePrior, args: argparse.Namespace) -> dict[str, float]:
    """Bits per code of held-out pictures, and of the training pictures, to see what is learnt by heart."""
    values = {}
    for split in ("test", "train"):
        bits = []
        for k, x in grids(key, split, args).items():
            told = (torch.full((500,), k),) if model.config.classes else ()
            parts = x[:: max(1, len(x) // 2000)].split(500)
            nats = [
                -model.log_prob(part, *(t[: len(part)] for t in told)).flatten(1).mean(1) for part in parts
            ]
            bits.append(torch.cat(nats).mean().item() / math.log(2))
        values["bits_per_code" if split == "test" else "bits_per_code_train"] = sum(bits) / len(bits)
    values["bits_per_image"] = values["bits_per_code"] * math.prod(model.config.size)
    values["bits_per_image_uniform"] = math.log2(model.config.codes) * math.prod(model.config.size)
    return values


def describe(key: str) -> card.Card:
    return card.Card(
        title=f"Prior over the codes of {key}",
        what=(
            f"Gated PixelCNN over the grids of codes of `{key}`: draws new grids, which that model decodes. "
            "Words are embedded; a tenth is hidden while it learns."
        ),
        data=f"The codes that `{key}` gives the images it was trained on (see its card)"
        + (", a quarter for each kind, mirrored too except the characters." if "sprites" in key else "."),
        tags=("vq-vae", "pixelcnn", "prior", "teaching"),
        limits="It writes grids for that one dictionary; with another's codes it draws noise.",
    )


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=5)
    parser.add_argument("--model", choices=MODELS, default="vqvae-faces")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument(
        "--thin", type=float, help="no training: make the finished folder this share of itself"
    )
    parser.add_argument("--measure", action="store_true", help="only measure the finished folder again")
    args = parser.parse_args()
    folder = args.out / f"{args.model}-prior"
    if args.thin:
        thin = made_thin(args.model, CodePrior.from_pretrained(folder), args)
        thinning.stored(thin, folder, golden, args)
    elif not args.measure:
        torch.manual_seed(args.seed)
        model = CodePrior(MODELS[args.model][1])
        model, took = loop.train(recipe(args.model, model, args), args)
        card.finish(model, folder, golden, took, args.device, rank=thinning.told(model))
    model = CodePrior.from_pretrained(folder)
    values = {k: round(v, 3) for k, v in measure(args.model, model, args).items()}
    card.record(folder, measures=values)
    command = f"python -m training.code_prior --measure --model {args.model}"
    card.write_card(folder, describe(args.model), command)
    print(folder.name, values)


if __name__ == "__main__":
    main()
