"""The palette maker: `python -m training.palette_maker --minutes 3`.

It learns the palettes of monsters and items (DCSS tiles), of dressed characters (from the same) and of our
own creatures, a quarter of each batch from each. `--measure` computes metrics.json and the card again.
"""

import argparse
import itertools
import math
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genmodels.autoregressive.palette_maker import PaletteMaker, PaletteMakerConfig, make
from genmodels.data import palettes, tiles
from genmodels.model import Model
from training import card, loop

NAME = "palette-maker"
MADE, HELD_OUT = 8000, 1000  # characters and creatures made to learn from, and to measure on
APART = 10_000_000  # seeds of those held out begin here
KINDS = range(len(tiles.KINDS))


@cache
def found(data: Path | None, runs: Path) -> tiles.Tiles:
    return tiles.dataset(data, runs)


@cache
def kept(kind: int, held_out: bool, data: Path | None, runs: Path) -> tuple[np.ndarray, np.ndarray]:
    """Palettes (N, 16, 3) and rows in use (N,) of one kind."""
    if tiles.KINDS[kind] in ("creature", "character"):
        n, seed = (HELD_OUT, APART) if held_out else (MADE, 0)
        made = (
            tiles.creatures(n, seed) if tiles.KINDS[kind] == "creature" else tiles.characters(n, seed, data)
        )
        return made[1:]
    all_ = found(data, runs)
    chosen = (all_.kind == kind) & (all_.split == held_out)
    return all_.palettes[chosen], all_.colours[chosen]


def permuted(table: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """The palettes in all six orders of their channels, each canonical again: (6, N, 16, 3)."""
    out = np.zeros((6, *table.shape), np.uint8)
    for turned, channels in zip(out, itertools.permutations(range(3)), strict=True):
        for k, n in enumerate(colours):
            turned[k, :n] = palettes.canonical(table[k, 1:n][:, channels])
    return out


def recipe(model: PaletteMaker, args: argparse.Namespace) -> loop.Recipe:
    sets = []
    for kind in KINDS:
        table, colours = kept(kind, False, args.data, args.runs)
        few = tiles.KINDS[kind] in ("monster", "item")
        sets.append((permuted(table, colours) if few else table[None], colours))
        times = torch.bincount(torch.from_numpy(colours.astype(int)) - 1, minlength=table.shape[1])
        model.count.weight.data[kind] = (times + 0.1).log() - (times + 0.1).sum().log()

    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        parts = []
        for kind, (table, colours) in enumerate(sets):
            n = args.batch // len(sets)
            picked = rng.integers(len(colours), size=n)
            order = np.where(rng.random(n) < 0.5, 0, rng.integers(len(table), size=n))
            parts.append((table[order, picked], colours[picked], np.full(n, kind), order))
        return tuple(torch.from_numpy(np.concatenate(x)).long() for x in zip(*parts, strict=True))

    def loss(model: PaletteMaker, batch: tuple[Tensor, ...], generator: torch.Generator) -> dict[str, Tensor]:
        nats = -model.log_probs(*batch).sum(1)
        per_byte = nats.sum() / (3 * (batch[1] - 1).sum())
        return {"loss": per_byte, "bits": nats.mean() / math.log(2)}

    return loop.Recipe(NAME, model, batch, loss, lambda m: sheet(m, args), lr=args.lr, average=0.997)


def sheet(model: Model, args: argparse.Namespace) -> Tensor:
    """Swatches: for each kind eighteen held-out palettes on the left, eighteen made ones on the right."""
    model = model.cpu()
    rows = []
    for kind in KINDS:
        real, colours = (x[:18] for x in kept(kind, True, args.data, args.runs))
        made = make(model, torch.full((18,), kind), 100 * kind)
        for one, (table, n) in zip(
            "rm", ((torch.from_numpy(real), torch.from_numpy(colours)), made), strict=True
        ):
            rows.append((kind, one, swatches(table[:, 1:].float(), n.long() - 1)))
    left = torch.cat([x for _, one, x in rows if one == "r"], 1)
    right = torch.cat([x for _, one, x in rows if one == "m"], 1)
    return torch.cat([left, torch.full((3, left.shape[1], 24), -1.0), right], 2)


def swatches(table: Tensor, colours: Tensor, size: int = 10) -> Tensor:
    """(B, n, 3) bytes -> (3, (B + 1) size, n size) in [-1, 1]; what is not in use is grey."""
    used = torch.arange(table.shape[1]) < colours[:, None]
    x = torch.where(used[..., None], table / 127.5 - 1, -0.4)
    x = torch.nn.functional.pad(x, (0, 0, 0, 0, 0, 1), value=-0.4)
    return x.permute(2, 0, 1).repeat_interleave(size, 1).repeat_interleave(size, 2)


def golden(model: PaletteMaker) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(256, (4, 16, 3), generator=generator)
    colours, kind = torch.tensor([16, 2, 9, 12]), torch.arange(4)
    return {"palettes": x, "colours": colours, "kind": kind, "log_probs": model.log_probs(x, colours, kind)}


@torch.no_grad()
def measure(model: PaletteMaker, data: Path | None, runs: Path) -> dict[str, float]:
    """Bits of held-out palettes, mean over each kind; a colour that is just three bytes costs 24, less what
    the order of a set is worth."""
    values = {}
    for kind in KINDS:
        table, colours = (torch.from_numpy(x).long() for x in kept(kind, True, data, runs))
        name = tiles.KINDS[kind]
        bits = -model.log_prob(table, colours, torch.full((len(table),), kind)) / math.log(2)
        plain = 24 * (colours - 1) - torch.lgamma(colours.float()) / math.log(2)
        values[f"palette_bits_{name}"] = bits.mean().item()
        values[f"palette_plain_{name}"] = plain.mean().item()
    return values


def describe() -> card.Card:
    return card.Card(
        title="Palette maker",
        what="A GRU that writes the palette of a small sprite, colour by colour from dark to light: "
        "p(palette | kind), exact, over bytes.",
        data="The palettes of 24 x 24 sprites of at most fifteen colours: monsters and items from the CC0 "
        "tiles of Dungeon Crawl Stone Soup, characters dressed from the same, and procedural creatures. "
        "The tiles do not ship.",
        tags=("pixel-art", "palette", "autoregressive", "teaching"),
        limits="It knows colours, not what they are for: nothing tells it which will be skin. It has seen "
        "the palettes of one game, fewer than two thousand of them, and of no photograph.",
    )


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=3)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--measure", action="store_true", help="only measure the finished folder again")
    args = parser.parse_args()
    folder = args.out / NAME
    if not args.measure:
        torch.manual_seed(args.seed)
        model, took = loop.train(recipe(PaletteMaker(PaletteMakerConfig()), args), args)
        card.finish(model, folder, golden, took, args.device)
    model = PaletteMaker.from_pretrained(folder)
    values = {k: round(v, 2) for k, v in measure(model, args.data, args.runs).items()}
    card.record(folder, measures=values)
    card.write_card(folder, describe(), "python -m training.palette_maker --measure")
    print(NAME, values)


if __name__ == "__main__":
    main()
