"""Diffusion models beside GANs and VAEs of the same data: `python -m training.diffusion_table`.

Writes docs/diffusion.md. The diffusion models' numbers are those that `training.diffusion_scores` left in
their folders; the others are drawn and judged anew, which takes a minute.
"""

import argparse
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import torch
from torch.nn import functional as F

from genmodels.autoencoders.vae_plane import VAE
from genmodels.gan.cgan import CGAN
from genmodels.gan.latent import truncated
from training import consistency, diffusion, gan_measures, loop
from training.diffusion_scores import COPY, FEW, reader, shown
from training.gan_measures import in_parts, judged
from training.vae_faces import MEASURED

TABLE = """# Diffusion beside GANs and VAEs, on the same measure

{count:,} samples of each against {count:,} pictures that none of them learnt from, on the features of
`attributes-faces` and `features-fashion`. Written by

```
python -m training.diffusion_table
```

## Faces, 64 x 64

{head}
{faces}

## Garments, 28 x 28

{head}
{garments}

## Sprites, 24 x 24

Nothing of ours reads them, so neighbours are counted by the distance of pixels at half size, against held-out
ones. A copy is a sample that differs from a training picture by less than {copy} a value.

{sprites}

## Emoji, 32 x 32

Read alike, but nothing was held out of so few: neighbours are sought among {count:,} training pictures, and
the second line holds {count:,} others against them. Real copies have such a twin themselves, mostly in
another tone of skin.

{emoji}

Frechet distance: lower is better, and the first line is the floor: training pictures against held-out ones.
Precision: share of samples that lie among real pictures. Recall: share of real pictures that lie among
samples. Density and coverage ask the same and do not trust outliers (`genmodels/metrics/neighbours.py`).
Looks: how often the network is asked for a picture; a few steps are those of the better of DDIM and
DPM-Solver++. No guidance anywhere. Minutes are of one core that other work was using too, so they compare
roughly; those of the consistency model are of the change of rank 16 that ships, after 25 for the whole one.
"""
HEAD = (
    "| | looks | Frechet distance | precision | recall | density | coverage | parameters that draw "
    "| minutes |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|"
)
VAES = "vae-plane-vae"
SHARES = ("precision", "recall", "density", "coverage")
TITLES = {
    "ddpm-faces": "DDPM, DPM-Solver++", "consistency-faces": "Consistency model, distilled from it",
    "ddpm-fashion": "DDPM, DPM-Solver++", "flow-fashion": "Flow matching, DPM-Solver++",
    "dit-fashion": "DiT, DPM-Solver++",
}  # fmt: skip


def facts(name: str, args: argparse.Namespace) -> dict:
    file = args.out / name / "metrics.json"
    return json.loads(file.read_text()) if file.exists() else {"measures": {}}


def row(title: str, looks: int | str, values: dict[str, float], size: str = "", took: str = "") -> str:
    rest = " | ".join(f"{values[k]:.3f}" if k in values else "" for k in SHARES)
    distance = f"{values['frechet']:.{1 if values['frechet'] >= 10 else 2}f}"
    return f"| {title} | {looks} | {distance} | {rest} | {size} | {took} |"


def diffusion_rows(ending: str, args: argparse.Namespace) -> Iterator[str]:
    """From what `measure` wrote; of fewer looks only the distance was taken."""
    for name, title in TITLES.items():
        found = facts(name, args)
        values, jumps = found["measures"], name == consistency.NAME
        if not name.endswith(ending) or "frechet" not in values:
            continue
        rest = f"{found['parameters']:,}", f"{found['minutes']:g}"
        looks = 4 if jumps else diffusion.STEPS
        for n in FEW:
            if n < looks and f"frechet_{n}" in values:
                few = title if jumps else f"{title.partition(',')[0]}, few steps"
                yield row(few, n, {"frechet": values[f"frechet_{n}"]}, *rest)
        yield row(title, looks, values, *rest)


@torch.no_grad()
def face_rows(args: argparse.Namespace) -> Iterator[str]:
    to, data = reader("faces"), shown("faces", args)
    known = in_parts(to.features, data.real)
    yield row("Faces of the training set", "", judged(known, in_parts(to.features, data.train)))
    for title, draw, z, size, minutes in gan_measures.rivals(args.out):
        made = in_parts(lambda part, draw=draw: to.features(draw(part)), z)
        yield row(title, 1, judged(known, made), f"{size:,}", f"{minutes:g}")
    yield from diffusion_rows("faces", args)


@torch.no_grad()
def garment_rows(args: argparse.Namespace) -> Iterator[str]:
    to, data = reader("fashion"), shown("fashion", args)
    known = in_parts(to.features, data.real)
    yield row("Garments of the training set", "", judged(known, in_parts(to.features, data.train)))
    gan, vae = (kind.from_pretrained(args.out / n) for kind, n in ((CGAN, "cgan-fashion"), (VAE, VAES)))
    z, asked = truncated(0, MEASURED, gan.config.latent), F.one_hot(data.labels, 10).float()
    made = in_parts(lambda *part: to.features(gan.generator(*part)[..., 2:30, 2:30]), z, asked)
    rest = f"{gan_measures.size_of(gan.network):,}", f"{facts('cgan-fashion', args)['minutes']:g}"
    yield row("Conditional WGAN-GP", 1, judged(known, made), *rest)
    normal = torch.randn(MEASURED, vae.config.latent, generator=torch.Generator().manual_seed(1))
    made = in_parts(lambda part: to.features(vae.decode(part)), normal)
    rest = f"{gan_measures.size_of(vae.decoder):,}", f"{facts(VAES, args)['minutes']:g}"
    yield row("VAE with a plane of codes", 1, judged(known, made), *rest)
    yield from diffusion_rows("fashion", args)


def pixel_rows(kind: str, args: argparse.Namespace) -> Iterator[str]:
    """From what `measure` wrote: samples, and real ones apart from those they are held against."""
    found, keys = facts(f"ddpm-{kind}", args), (*SHARES, "twins")
    size = f"{found['parameters']:,} | {found['minutes']:g}"
    yield "| | precision | recall | density | coverage | copies | parameters | minutes |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for title, ending, rest in (("DDPM, DPM-Solver++", "", size), (f"Real {kind}", "_real", " | ")):
        shares = (found["measures"][k + ending] for k in keys)
        yield f"| {title} | {' | '.join(f'{v:.3f}' for v in shares)} | {rest} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="where the data sets lie, if not in data/")
    parser.add_argument("--runs", type=Path, default=loop.ROOT / "runs", help="where the faces were painted")
    parser.add_argument("--out", type=Path, default=loop.ROOT / "weights", help="where the folders lie")
    parser.add_argument("--to", type=Path, default=loop.ROOT / "docs/diffusion.md", help="the page")
    args = parser.parse_args()
    parts = {"faces": face_rows, "garments": garment_rows}
    parts |= {kind: partial(pixel_rows, kind) for kind in ("sprites", "emoji")}
    tables = {name: "\n".join(rows(args)) for name, rows in parts.items()}
    args.to.write_text(TABLE.format(count=MEASURED, copy=COPY, head=HEAD, **tables))


if __name__ == "__main__":
    main()
