"""Prints of the training faces, by which the nearest is found: `python -m training.prints`.

Nothing is trained: a mean, the principal directions of the faces at 16 x 16 pixels, 16 bytes for each face.
Measured: how often the true nearest face, found by comparing all of them in full, is among the candidates,
and how near faces that nobody learnt from come to those of the training set.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genmodels.metrics.prints import Prints, PrintsConfig, levels
from training import card, loop
from training.vae_faces import COUNT, HELD_OUT, PAINTED, faces

NAME, CANDIDATES, CHECKED, ASKED = "faces-prints", 24, 100, 500
CARD = card.Card(
    title="Prints of the training faces",
    what="16 bytes for each of the 36,000 painted faces that the face models here learnt from, to find the "
    "one nearest to a picture: `genmodels.metrics.prints` names 24 candidates, paints them again from their "
    "seeds and compares them in full.",
    data=PAINTED,
    limits="It knows the training faces of this gallery and no others. Nearest means by the mean absolute "
    "difference of pixels: a face moved by two pixels is far.",
    tags=("nearest-neighbour", "procedural", "teaching"),
    pipeline_tag="feature-extraction",
)


def in_order(images: np.ndarray, count: int) -> Iterator[Tensor]:
    for start in range(0, count, 1000):
        yield loop.from_uint8(images[start : start + 1000])


def truly(asked: np.ndarray, images: np.ndarray, count: int) -> np.ndarray:
    """The training face nearest to each picture, all compared in full, as bytes: (B,)."""
    away = np.zeros((len(asked), count), np.int32)
    for start in range(0, count, 1000):
        part = np.asarray(images[start : start + 1000])
        for k, one in enumerate(asked):  # bytes have no sign: the larger less the smaller
            size = np.maximum(part, one) - np.minimum(part, one)
            away[k, start : start + len(part)] = size.sum((1, 2, 3), dtype=np.int32)
    return away.argmin(1)


def measure(prints: Prints, args: argparse.Namespace) -> dict[str, float]:
    images, count = faces(args)[0], COUNT - HELD_OUT
    x = loop.from_uint8(images[-ASKED:])
    named = prints.candidates(x, CANDIDATES)
    best = truly(images[-ASKED:][:CHECKED], images, count)
    pairs = zip(x, named.tolist(), strict=True)
    away = torch.stack([levels(loop.from_uint8(images[sorted(k)]), one[None]).min() for one, k in pairs])
    least = levels(loop.from_uint8(images[best]), x[:CHECKED])
    near, typical, far = away.quantile(torch.tensor([0.1, 0.5, 0.9])).tolist()
    return {
        "found": (named[:CHECKED].numpy() == best[:, None]).any(1).mean().item(),
        "farther": (away[:CHECKED] / least - 1).mean().item(),
        "l1_near": near,
        "l1_typical": typical,
        "l1_far": far,
    }


def golden(prints: Prints) -> dict[str, Tensor]:
    x = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    return {"x": x, "print": prints.of(x)}


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=1)
    parser.add_argument("--measure", action="store_true", help="only measure the finished folder again")
    args = parser.parse_args()
    folder: Path = args.out / NAME
    if not args.measure:
        began = time.monotonic()
        prints = Prints.fit(in_order(faces(args)[0], COUNT - HELD_OUT), PrintsConfig())
        took = {"minutes": round((time.monotonic() - began) / 60, 1)}
        card.finish(prints, folder, golden, took, "cpu")
    values = measure(Prints.from_pretrained(folder), args)
    card.record(folder, measures={k: round(v, 3) for k, v in values.items()})
    card.write_card(folder, CARD, "python -m training.prints --measure")
    print(NAME, values)


if __name__ == "__main__":
    main()
