"""The flows of pictures: `python -m training.flow_images --model glow-faces --minutes 40`.

Two that differ in how they mix, on Fashion-MNIST; a Glow and a transformer flow on faces of 32 px.
`--thin` stores a finished folder thinner; `--measure` computes metrics.json, the directions of the attributes
and its card again.
"""

import argparse
from math import log
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from genmodels.data import readers
from genmodels.data.faces import ATTRIBUTES
from genmodels.flow.glow import Glow, GlowConfig, settle
from genmodels.flow.realnvp_images import RealNVPImages, RealNVPImagesConfig
from genmodels.flow.tarflow import TarFlow, TarFlowConfig
from genmodels.metrics.features import AttributesNet, FashionNet
from genmodels.model import Model
from training import card, loop, thinning
from training.flow_cards import CARDS
from training.gan_measures import in_parts, judged
from training.vae_faces import HELD_OUT, MEASURED, faces

SIZE = 32  # of the faces
MODELS: dict[str, tuple[type[Model], object]] = {
    "glow-faces": (Glow, GlowConfig(SIZE, 3, 5, steps=(8, 8, 6), widths=(96, 112, 112))),
    "tarflow-faces": (TarFlow, TarFlowConfig(SIZE, 3, patch=4, width=80, blocks=4, layers=2, heads=4)),
    "glow-fashion": (Glow, GlowConfig(28, 1, 8, steps=(12, 12), widths=(96, 96))),
    "realnvp-fashion": (
        RealNVPImages,
        RealNVPImagesConfig(28, 1, 8, boards=(6, 6), halves=(6, 6), widths=(96, 96)),
    ),
}
FIRST = 256  # pictures that actnorm standardises
COOL = 0.7  # standard deviation of the codes that samples look best from
CODES = 6000  # of training faces, from which the directions of attributes are read
DIRECTIONS = (
    "skin", "presentation", "age", "smile", "hair_blond", "hair_black", "hair_red", "glasses", "hat", "beard",
    "turn", "tilt", "light", "eye_open", "hair_volume", "face_width",
)  # fmt: skip
KINDS = ("glasses", "hat", "beard", "earrings")  # whether any is enough: which one is left out
STRANGERS = 2000  # digits, of which a flow that has seen garments is asked


# ---- data --------------------------------------------------------------------------------------------------


def small_faces(args: argparse.Namespace) -> np.ndarray:
    """(N, 32, 32, 3) uint8: the mean of each 2 x 2 pixels. Made once, beside the large ones."""
    file = args.runs / f"faces{SIZE}.npy"
    if not file.exists():
        np.save(file, halved(faces(args)[0]))
    return np.load(file, mmap_mode="r")


def halved(large: np.ndarray) -> np.ndarray:
    halves = (part.reshape(-1, SIZE, 2, SIZE, 2, 3).mean((2, 4)) for part in np.array_split(large, 40))
    return np.concatenate([(half + 0.5).astype(np.uint8) for half in halves])


def pictures(name: str, split: str, args: argparse.Namespace) -> np.ndarray:
    if name.endswith("fashion"):
        return readers.fashion(split, args.data)[0]
    images = small_faces(args)
    return images[:-HELD_OUT] if split == "train" else images[-HELD_OUT:]


# ---- training ----------------------------------------------------------------------------------------------


def loss(model: Model, batch: tuple[Tensor, ...], generator: torch.Generator) -> dict[str, Tensor]:
    """Nats per value; and as bits where the spread is of levels, which is what the tab shows."""
    (x,) = batch
    y = model.noised(x, [generator] * len(x))
    nats = -model.log_prob(y).mean() / x[0].numel()
    if isinstance(model, TarFlow):
        return {"loss": nats}
    return {"loss": nats, "bits": model.config.bits + nats.detach() / log(2)}


def recipe(name: str, model: Model, args: argparse.Namespace) -> loop.Recipe:
    images = pictures(name, "train", args)
    first = loop.from_uint8(images[:FIRST])
    settle(model, model.noised(first, [torch.Generator().manual_seed(0)] * FIRST))

    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        return (loop.from_uint8(images[np.sort(rng.integers(len(images), size=args.batch))]),)

    return loop.Recipe(name, model, batch, loss, sheet, lr=args.lr, weight_decay=0.01, average=args.average)


def draw(model: Model, n: int, temperature: float, seed: int = 0) -> Tensor:
    """(n, C, H, W) in [-1, 1]."""
    c = model.config
    z = torch.randn(n, c.channels, c.size, c.size, generator=torch.Generator().manual_seed(seed))
    parts = (model.shown(model.inverse(temperature * part.to(model.device))[0]) for part in z.split(100))
    return torch.cat(list(parts)).cpu()


def sheet(model: Model) -> Tensor:
    return loop.grid(torch.cat([draw(model, 36, t) for t in (COOL, 1.0)]), 12)


# ---- measures ----------------------------------------------------------------------------------------------


def bits(model: Glow | RealNVPImages, images: np.ndarray) -> float:
    """Mean over pictures of what each costs, in bits per value, one draw of the spread each."""
    x = loop.from_uint8(images)
    parts = [
        model.bits(part, [torch.Generator().manual_seed(i * 500 + k) for k in range(len(part))])
        for i, part in enumerate(x.split(500))
    ]
    return torch.cat(parts).mean().item()


def features(name: str):  # noqa: ANN201
    """x -> features: of the reader of faces, which sees 64 px, or of garments."""
    if name.endswith("fashion"):
        return FashionNet.from_pretrained("features-fashion").features
    net = AttributesNet.from_pretrained("attributes-faces")
    return lambda x: net.features(F.interpolate(x, scale_factor=2, mode="bilinear"))


@torch.no_grad()
def measure(name: str, model: Model, folder: Path, args: argparse.Namespace) -> None:
    held_out = pictures(name, "test", args)
    real = in_parts(features(name), loop.from_uint8(held_out[:MEASURED]))
    values: dict[str, float] = {}
    for t in (COOL, 1.0):
        found = judged(real, in_parts(features(name), draw(model, MEASURED, t)))
        values |= {k if t == 1 else f"{k}_cool": v for k, v in found.items()}
    if not isinstance(model, TarFlow):
        values["bits_per_dim"] = bits(model, held_out)
    if name.endswith("fashion"):
        values["bits_per_dim_digits"] = bits(model, readers.mnist("test", args.data)[0][:STRANGERS])
    if name == "glow-faces":
        write_directions(model, folder, args)
    card.record(folder, measures={k: round(v, 3) for k, v in values.items()})
    card.write_card(folder, CARDS[name], f"python -m training.flow_images --measure --model {name}")
    print(name, values)


def write_directions(model: Glow, folder: Path, args: argparse.Namespace) -> None:
    """What each attribute adds to a code, the others unchanged: least squares on codes of training faces."""
    x = loop.from_uint8(small_faces(args)[:CODES])
    used = [i for i, name in enumerate(ATTRIBUTES) if name.split("_")[0] not in KINDS or name in KINDS]
    known = torch.cat([torch.ones(CODES, 1), faces(args)[1][:CODES, used]], 1)
    draws = [torch.Generator().manual_seed(k) for k in range(CODES)]
    z = torch.cat([model(model.noised(x[i : i + 500], draws[i : i + 500]))[0] for i in range(0, CODES, 500)])
    eye = CODES * 1e-3 * torch.eye(known.shape[1])
    ways = torch.linalg.solve(known.T @ known + eye, known.T @ z.flatten(1))
    kept = {"mean": ways[0]} | {
        ATTRIBUTES[i]: ways[k] for k, i in enumerate(used, 1) if ATTRIBUTES[i] in DIRECTIONS
    }
    shape = z.shape[1:]
    save_file(
        {k: v.reshape(shape).half().contiguous() for k, v in kept.items()}, folder / "directions.safetensors"
    )


@torch.no_grad()
def golden(model: Model) -> dict[str, Tensor]:
    c = model.config
    z = 0.7 * torch.randn(1, c.channels, c.size, c.size, generator=torch.Generator().manual_seed(0))
    y, log_det = model.inverse(z)
    return {"y": y[..., ::4, ::4], "log_det": log_det, "log_prob": model.log_prob(y)}


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=40)
    parser.set_defaults(batch=32, sheet_minutes=3.0)
    parser.add_argument("--model", choices=MODELS, default="glow-faces")
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--average", type=float, default=0.998, help="decay of the averaged weights")
    parser.add_argument("--measure", action="store_true", help="only measure the finished folder again")
    thinning.option(parser)
    args = parser.parse_args()
    kind, config = MODELS[args.model]
    folder = args.out / args.model
    if args.thin:
        made = recipe(args.model, kind(config), args)
        thinning.remade(made, kind.from_pretrained(folder), folder, golden, args)
    elif not args.measure:
        torch.manual_seed(args.seed)
        model, took = loop.train(recipe(args.model, kind(config), args), args)
        card.finish(model, folder, golden, took, args.device)
    measure(args.model, kind.from_pretrained(folder), folder, args)


if __name__ == "__main__":
    main()
