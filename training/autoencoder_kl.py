"""The small KL autoencoder: `python -m training.autoencoder_kl --minutes 65 --batch 8`.

It must cope with whatever photograph a visitor brings, and no photograph may ship, so it learns on pictures
that have something of one each: dead leaves (edges, occlusion, grain at all scales), painted faces, emoji
on dead leaves, tiles of a game. `--measure` computes metrics.json and the card of a finished folder again.
"""

import argparse
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from genmodels.autoencoders.autoencoder_kl import AutoencoderKL, AutoencoderKLConfig
from genmodels.data import faces, readers
from genmodels.data.leaves import leaves
from genmodels.metrics.likelihood import kl_standard_normal
from genmodels.metrics.psnr import psnr
from training import card, loop, thinning

NAME = "autoencoder-kl-small"
CONFIG = AutoencoderKLConfig(block_out_channels=(32, 64, 96), layers_per_block=1, norm_num_groups=8)
KL_WEIGHT = 1e-4  # per latent number, against errors per pixel: it only keeps the codes near zero
SHARE = {"leaves": 0.4, "faces": 0.3, "emoji": 0.2, "tiles": 0.1}  # of the batches
COUNT = {"leaves": 800, "faces": 1000, "emoji": 900, "tiles": 400}  # pictures to train on
HELD_OUT = 32  # of each kind, drawn from other seeds, other emoji, other tiles
RANGE = 4.0  # scaled latents lie in [-4, 4] nearly always; what a byte per number has to cover


@cache
def pictures(kind: str, held_out: bool, data: Path | None) -> np.ndarray:
    """uint8 (N, H, W, 3). Held-out pictures share no seed, emoji or tile with the others."""
    count = HELD_OUT if held_out else COUNT[kind]
    first = 1_000_000 if held_out else 0
    if kind == "leaves":
        return np.stack([leaves(first + i) for i in range(count)])
    if kind == "faces":
        return np.stack([faces.paint(faces.random_face(first + i), 128) for i in range(count)])
    source = readers.emoji("noto", data) if kind == "emoji" else readers.dcss(data)
    order = np.random.default_rng(0).permutation(len(source["images"]))
    cut = len(order) - 2 * HELD_OUT
    images = source["images"][order[cut:] if held_out else order[:cut]]
    make = emoji_picture if kind == "emoji" else tiles_picture
    return np.stack([make(images, first + i, i) for i in range(count)])


def emoji_picture(images: np.ndarray, seed: int, i: int, size: int = 128) -> np.ndarray:
    """One emoji, large, on dead leaves or on a plain colour."""
    rng = np.random.default_rng(seed)
    plain = rng.random() < 0.4
    ground = np.full((size, size, 3), rng.integers(0, 256, 3), np.uint8) if plain else leaves(seed, size, 60)
    ground = Image.fromarray(ground)
    side = int(rng.integers(72, 128))
    emoji = Image.fromarray(images[i % len(images)]).resize((side, side), Image.Resampling.BICUBIC)
    ground.paste(emoji, tuple(int(v) for v in rng.integers(0, size - side + 1, 2)), emoji)
    return np.asarray(ground)


def tiles_picture(images: np.ndarray, seed: int, i: int, size: int = 128) -> np.ndarray:
    """A floor of tiles, as pixel art (nearest) or smoothed."""
    rng = np.random.default_rng(seed)
    ground = Image.new("RGB", (size, size), tuple(int(v) for v in rng.integers(0, 256, 3)))
    side = int(rng.choice([32, 64]))
    how = rng.choice([Image.Resampling.NEAREST, Image.Resampling.BICUBIC])
    for y in range(0, size, side):
        for x in range(0, size, side):
            tile = Image.fromarray(images[rng.integers(len(images))]).resize((side, side), how)
            ground.paste(tile, (x, y), tile)
    return np.asarray(ground)


def photographs() -> list[np.ndarray]:
    """The photographs that gradio brings for its examples: never trained on, never shipped here."""
    folder = Path(find_spec("gradio").origin).parent / "media_assets" / "images"
    names = ("cheetah.jpg", "cheetah1.jpg", "lion.jpg", "tower.jpg")
    found = [
        Image.open(folder / n).convert("RGB").resize((256, 256), Image.Resampling.LANCZOS) for n in names
    ]
    return [np.asarray(image) for image in found]


def recipe(model: AutoencoderKL, args: argparse.Namespace) -> loop.Recipe:
    pools = {kind: pictures(kind, False, args.data) for kind in SHARE}

    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        large = rng.random() < 0.25  # the attention must see wide pictures too
        side, count = (128, max(1, args.batch // 4)) if large else (64, args.batch)
        kinds = rng.choice(list(SHARE), size=count, p=list(SHARE.values()))
        return (loop.from_uint8(np.stack([crop(pools[kind], side, rng) for kind in kinds])),)

    return loop.Recipe(NAME, model, batch, loss, lambda m: sheet(m, args.data), lr=args.lr)


def crop(pool: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    y, x = rng.integers(0, pool.shape[1] - side + 1, 2)
    part = pool[rng.integers(len(pool)), y : y + side, x : x + side]
    return part[:, ::-1] if rng.random() < 0.5 else part


def loss(model: AutoencoderKL, batch: tuple[Tensor, ...], generator: torch.Generator) -> dict[str, Tensor]:
    """Errors of pixels, of slopes (edges), of 8x8 patches (or colour is learnt last), and a trace of KL."""
    (x,) = batch
    mean, log_var = (t.float() for t in model.encode(x.contiguous(memory_format=torch.channels_last)))
    z = mean + (0.5 * log_var).exp() * torch.randn(mean.shape, generator=generator).to(x.device)
    error = model.decode(z).float() - x
    slopes = error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()
    patches = F.avg_pool2d(error, 8).abs().mean()
    kl = kl_standard_normal(mean, log_var).mean()
    mse = error.square().mean()
    return {
        "loss": error.abs().mean() + mse + 0.5 * slopes + 2 * patches + KL_WEIGHT * kl,
        "patches": patches,
        "mse": mse,
        "kl": kl,
        "spread": mean.std(),
    }


def sheet(model: AutoencoderKL, data: Path | None) -> Tensor:
    """Held-out pictures over their reconstructions, then photographs at twice the size."""
    x = torch.cat([loop.from_uint8(pictures(kind, True, data)[:3, :128, :128]) for kind in SHARE])
    photos = loop.from_uint8(np.stack(photographs()[:3]))
    small = loop.grid(torch.cat([x, reconstruct(model, x)]), 12)
    large = loop.grid(torch.cat([photos, reconstruct(model, photos)]), 6)
    large = F.pad(large, (0, small.shape[2] - large.shape[2]))
    return torch.cat([small, large], dim=1)


def reconstruct(model: AutoencoderKL, x: Tensor, levels: int = 0) -> Tensor:
    """x after the code; with `levels`, the code rounded to so many steps, as a file would store it."""
    out = []
    for part in x.to(model.device).split(8):
        z = model.encode(part)[0]
        if levels:
            step = 2 * RANGE / (levels - 1) / model.config.scaling_factor
            z = (z / step).round().clamp(-levels // 2, levels // 2 - 1) * step
        out.append(model.decode(z).float().clamp(-1, 1))
    return torch.cat(out).cpu()


def golden(model: AutoencoderKL) -> dict[str, Tensor]:
    x = loop.from_uint8(leaves(7, 64)[None, :32, :32])
    mean, log_var = model.encode(x)
    return {"x": x, "mean": mean, "log_var": log_var, "image": model.decode(mean)}


def seen() -> Tensor:
    """Some pictures of the two kinds that are made by rule, for `--thin`."""
    images = [leaves(i)[:128, :128] for i in range(6)]
    images += [faces.paint(faces.random_face(i), 128) for i in range(6)]
    return loop.from_uint8(np.stack(images))


def said(model: AutoencoderKL, x: Tensor) -> Tensor:
    """The pictures that come back, and, as a tenth, how sure each number of their code is."""
    mean, log_var = model.encode(x)
    return torch.cat([model.decode(mean).flatten(1), 0.1 * log_var.flatten(1)], 1)


@torch.no_grad()
def spread(model: AutoencoderKL, data: Path | None) -> float:
    """Standard deviation of the latents over all kinds."""
    codes = [model.encode(loop.from_uint8(pictures(kind, True, data)[:, :128, :128]))[0] for kind in SHARE]
    return torch.cat(codes).std().item()


@torch.no_grad()
def measure(model: AutoencoderKL, data: Path | None) -> dict[str, float]:
    values = {}
    for kind in (*SHARE, "photos"):
        images = np.stack(photographs()) if kind == "photos" else pictures(kind, True, data)
        x = loop.from_uint8(images)
        values[f"psnr_{kind}"] = psnr(x, reconstruct(model, x)).mean().item()
    values["psnr_photos_bytes"] = psnr(x, reconstruct(model, x, levels=256)).mean().item()
    numbers = model.config.latent_channels / model.factor**2 / model.config.in_channels
    return values | {"compression": 1 / numbers, "bits_per_pixel": 8 * numbers * model.config.in_channels}


CARD = card.Card(
    title="Small KL autoencoder",
    what=(
        "The same class as Stable Diffusion's autoencoder, with fifty times fewer weights and half its "
        "reduction: an image becomes four channels of a quarter of its width and height, and comes back. The "
        "layers are named as in diffusers, whose `AutoencoderKL` reads these weights too, once "
        "`save_pretrained` has written them whole: here the large ones are two thin matrices each."
    ),
    data=(
        "800 dead leaves pictures and 1000 painted faces, both procedural and part of this project; 900 "
        "pictures with Noto emoji (Google, Apache-2.0) and 400 with tiles of Dungeon Crawl Stone Soup (CC0). "
        "No photograph. The run that ships was resumed: its first 144 steps drew from 1500, 2000, 1800 and "
        "600 pictures, and the error of patches joined the loss at step 2111."
    ),
    tags=("autoencoder", "vae", "latent-diffusion", "teaching"),
    pipeline_tag="image-to-image",
    limits=(
        "It was not trained on photographs, with a perceptual loss or against a discriminator, so fine "
        "texture and small print come back soft. It is a compressor: random latents decode to coloured noise."
    ),
)


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=65)
    parser.set_defaults(batch=8, sheet_minutes=5.0)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument(
        "--thin", type=float, help="no training: make the finished folder this share of itself"
    )
    parser.add_argument("--measure", action="store_true", help="only measure the finished folder again")
    args = parser.parse_args()
    folder = args.out / NAME
    if args.thin:
        x, model = seen(), AutoencoderKL.from_pretrained(folder)
        thinning.stored(thinning.thinned(model, lambda m: said(m, x), args.thin), folder, golden, args)
    elif not args.measure:
        torch.manual_seed(args.seed)
        model, took = loop.train(recipe(AutoencoderKL(CONFIG), args), args)
        model.config = replace(model.config, scaling_factor=round(1 / spread(model, args.data), 4))
        card.finish(model, folder, golden, took, args.device)
    values = {k: round(v, 2) for k, v in measure(AutoencoderKL.from_pretrained(folder), args.data).items()}
    card.record(folder, measures=values)
    card.write_card(folder, CARD, "python -m training.autoencoder_kl --measure")
    print(folder.name, values)


if __name__ == "__main__":
    main()
