"""Pixel art with and without a palette: `python -m training.palette --model palette --minutes 45`.

`palette` points at the colours it is given, `rgb` draws 256 reds, greens and blues; both the same pictures.
`--thin` stores a finished folder thinner; `--measure` computes its metrics.json and card again.
"""

import argparse
import math
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genmodels.autoregressive import sampling
from genmodels.autoregressive.palette import PaletteConfig, PalettePixelCNN, RGBConfig, RGBPixelCNN
from genmodels.data import tiles
from genmodels.model import Model
from training import card, loop, thinning

MODELS = {"palette": PaletteConfig(), "rgb": RGBConfig()}
CLASSES = {PaletteConfig: PalettePixelCNN, RGBConfig: RGBPixelCNN}
NAMES = {"palette": "palette-sprites", "rgb": "palette-sprites-rgb"}
POOL = 12_000  # creatures, and characters, painted before the start
HELD = 500  # of each, painted from other seeds, to measure on
UNTOLD = 0.2  # of the pictures come without their kind
STRANGE = 0.3  # of the palettes are turned to colours that no picture had (palette model only)
Pictures = dict[str, Tensor]  # indices (N, 1, 24, 24), palette (N, 16, 3), colours (N,), labels (N,)


@cache
def pictures(split: str, data: Path | None, runs: Path) -> dict[int, Pictures]:
    """By kind. Monsters and items are what there is; creatures and characters as many as one paints."""
    file = runs / f"sprites_{split}.npz"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(file, **paint(split, data))
    held = np.load(file, allow_pickle=False)
    out = {}
    for k in range(len(tiles.KINDS)):
        indices, palette, colours = (torch.from_numpy(held[f"{k}.{field}"]) for field in ("x", "p", "n"))
        labels = torch.full((len(colours),), k)
        out[k] = {"x": indices.unsqueeze(1), "palette": palette, "colours": colours.long(), "labels": labels}
    return out


def paint(split: str, data: Path | None) -> dict[str, np.ndarray]:
    n, seed = (POOL, 0) if split == "train" else (HELD, 10**6)
    found = tiles.dataset(data)
    here = found.split == (split != "train")
    sets = {
        k: (found.indices[here & (found.kind == k)], found.palettes[here & (found.kind == k)],
            found.colours[here & (found.kind == k)]) for k in (0, 1)
    }  # fmt: skip
    sets |= {2: tiles.creatures(n, seed), 3: tiles.characters(n, seed, data)}
    return {f"{k}.{f}": a for k, arrays in sets.items() for f, a in zip("xpn", arrays, strict=True)}


def condition(batch: Pictures) -> dict[str, Tensor]:
    return {k: batch[k].long() for k in ("palette", "colours", "labels")}


def rgb(x: Tensor, palette: Tensor, backdrop: tuple[int, int, int]) -> Tensor:
    """Places (B, 1, H, W) and palettes (B, K, 3) -> values (B, 3, H, W), clear in the backdrop's colour."""
    palette = palette.long().clone()
    palette[:, 0] = torch.tensor(backdrop)
    colours = palette.gather(1, x.long().flatten(1)[..., None].expand(-1, -1, 3))
    return colours.transpose(1, 2).unflatten(2, x.shape[2:])


def recipe(key: str, model: Model, args: argparse.Namespace) -> loop.Recipe:
    train = pictures("train", args.data, args.runs)

    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        share = args.batch // len(train)
        picked = []
        for k, part in train.items():
            rows = torch.from_numpy(rng.integers(len(part["x"]), size=share))
            one = {name: values[rows] for name, values in part.items()}
            turned = torch.from_numpy(rng.random(share) < 0.5)[:, None, None, None] & (
                k != 3
            )  # dolls have a hand
            one["x"] = torch.where(turned, one["x"].flip(3), one["x"])
            picked.append(one)
        mixed = {name: torch.cat([one[name] for one in picked]) for name in picked[0]}
        told = torch.from_numpy(rng.random(len(mixed["x"])) >= UNTOLD)
        mixed["labels"] = torch.where(told, mixed["labels"], len(tiles.KINDS))
        if key == "rgb":
            return rgb(mixed["x"], mixed["palette"], model.config.backdrop), mixed["labels"]
        c = condition(mixed)
        return mixed["x"].long(), strange(c["palette"], rng), c["colours"], c["labels"]

    def loss(model: Model, batch: tuple[Tensor, ...], generator: torch.Generator) -> dict[str, Tensor]:
        nats = -model.log_prob(*batch).mean()
        return {"loss": nats, "bits_per_pixel": nats / math.log(2)}

    return loop.Recipe(
        NAMES[key], model, batch, loss, lambda m: sheet(key, m, args), lr=args.lr, average=0.999
    )


def strange(palette: Tensor, rng: np.random.Generator) -> Tensor:
    """Some palettes with their channels exchanged and a third of the way to another one's mean colour."""
    picked = torch.from_numpy(rng.random(len(palette)) < STRANGE)[:, None, None]
    other = palette[:, :, torch.from_numpy(rng.permutation(3))].float()
    tint = torch.from_numpy(rng.uniform(0.6, 1.2, (len(palette), 1, 3))).float()
    return torch.where(picked, (other * tint).clamp(0, 255).round().long(), palette)


@torch.no_grad()
def sheet(key: str, model: Model, args: argparse.Namespace, rows: int = 4, seed: int = 0) -> Tensor:
    """16 of each kind, in palettes of held-out pictures."""
    test, parts = pictures("test", args.data, args.runs), []
    for part in test.values():
        some = {k: v[-16 * rows // 4 :] for k, v in part.items()}
        c = condition(some)
        if key == "rgb":
            x = sampling.last(sampling.draw(model.cpu(), seed, len(c["labels"]), labels=c["labels"]))
        else:
            x = rgb(
                sampling.last(sampling.draw(model.cpu(), seed, len(c["labels"]), **c)),
                c["palette"],
                (36, 32, 58),
            )
        parts.append(x)
    x = torch.cat(parts).float() / 127.5 - 1
    return torch.nn.functional.interpolate(loop.grid(x, 16)[None], scale_factor=3)[0]


def golden(model: Model) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    if isinstance(model, RGBPixelCNN):
        x = torch.randint(256, (2, *model.shape), generator=generator)
        return {"x": x.byte(), "log_prob": model.log_prob(x, torch.tensor([0, 3]))}
    x = torch.randint(12, (2, *model.shape), generator=generator)
    palette = torch.randint(256, (2, 16, 3), generator=generator)
    colours, labels = torch.tensor([12, 16]), torch.tensor([0, 3])
    log_prob = model.log_prob(x, palette, colours, labels)
    return {"x": x.byte(), "palette": palette.byte(), "log_prob": log_prob}


@torch.no_grad()
def measure(key: str, model: Model, args: argparse.Namespace) -> dict[str, float]:
    """Bits per pixel of held-out pictures by kind (for the palette model, what the palette itself costs not
    included: that is palette-maker's), and how many colours 64 samples use."""
    values, used = {}, []
    for k, part in pictures("test", args.data, args.runs).items():
        nats = []
        for rows in torch.arange(len(part["x"])).split(50):
            one = {name: v[rows] for name, v in part.items()}
            if key == "rgb":
                x = rgb(one["x"], one["palette"], model.config.backdrop)
                nats.append(-model.log_prob(x, one["labels"]).flatten(1).mean(1))
            else:
                nats.append(-model.log_prob(one["x"].long(), **condition(one)).flatten(1).mean(1))
        values[f"bits_per_pixel_{tiles.KINDS[k]}"] = torch.cat(nats).mean().item() / math.log(2)
        c = condition({name: v[:16] for name, v in part.items()})
        c = {"labels": c["labels"]} if key == "rgb" else c
        x = sampling.last(sampling.draw(model, 0, 16, **c))
        used += [len(one.flatten(1).T.unique(dim=0)) for one in x]
    values["bits_per_pixel_mean"] = sum(values.values()) / len(values)
    values["colours_used"] = sum(used) / len(used)
    return values


def describe(key: str) -> card.Card:
    return card.Card(
        title="Pixel art in a given palette" if key == "palette" else "Pixel art in red, green and blue",
        what=(
            "Gated PixelCNN of 24 x 24 sprites. "
            + (
                "The palette (up to 16 colours) is its condition; one softmax per pixel points at a colour."
                if key == "palette"
                else "Each pixel is three softmaxes of 256 values in a chain; the rival of the palette model."
            )
        ),
        data=(
            "Monsters and items of Dungeon Crawl Stone Soup's tiles (CC0; see github.com/crawl/tiles), "
            "fitted to 24 x 24 and at most 16 colours, a tenth held out; 12,000 characters made of its "
            "paper dolls; 12,000 procedural creatures. A quarter each; all but characters also mirrored."
            + (" Three palettes in ten were turned to other colours." if key == "palette" else "")
        ),
        tags=("pixelcnn", "pixel-art", "autoregressive", "teaching"),
        limits=(
            "Fewer than 1,000 monsters and items each were seen again and again, so a sample may be close to "
            "one; characters and creatures it learns from thousands. It draws at 24 x 24 only."
        ),
    )


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=45)
    parser.add_argument("--model", choices=MODELS, default="palette")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--measure", action="store_true", help="only measure the finished folder again")
    thinning.option(parser)
    args = parser.parse_args()
    config = MODELS[args.model]
    kind, folder = CLASSES[type(config)], args.out / NAMES[args.model]
    if args.thin:
        model = kind.from_pretrained(folder)
        thinning.remade(recipe(args.model, model, args), model, folder, golden, args)
    elif not args.measure:
        torch.manual_seed(args.seed)
        model, took = loop.train(recipe(args.model, kind(config), args), args)
        rank = thinning.told(model) if kind is RGBPixelCNN else 0  # the other is told its colours too
        card.finish(model, folder, golden, took, args.device, rank=rank)
    model = kind.from_pretrained(folder)
    values = {k: round(v, 4) for k, v in measure(args.model, model, args).items()}
    card.record(folder, measures=values)
    card.write_card(
        folder, describe(args.model), f"python -m training.palette --measure --model {args.model}"
    )
    print(folder.name, values)


if __name__ == "__main__":
    main()
