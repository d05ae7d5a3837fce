"""What real pictures cost a flow, as histograms for its tab: `python -m training.flow_scores --model NAME`.

Writes weights/<model>/scores.json. Pictures the flow was not shown: held-out ones of its own kind, and of
another. Of each: bits per value, roughness, length of the code.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genmodels.data import readers
from genmodels.flow.scores import Scores, scores
from genmodels.model import Model
from training import loop
from training.flow_images import MODELS, pictures

EACH = 1000  # pictures of a set
BINS = 60
SPAN = {"bits": (0.0, 6.0), "rough": (0.0, 0.5), "norm": (0.5, 2.0)}  # what lies beyond is in the last bins


def sets(name: str, args: argparse.Namespace) -> dict[str, np.ndarray]:
    found = {"own": pictures(name, "test", args)[:EACH]}
    if name.endswith("fashion"):
        found["digits"] = readers.mnist("test", args.data)[0][:EACH]
    return found


def histograms(found: Scores) -> dict[str, object]:
    rows: dict[str, object] = {"count": len(found.bits)}
    for key, (low, high) in SPAN.items():
        values: Tensor = getattr(found, key).clamp(low, high)
        rows[key] = [int(n) for n in torch.histc(values, BINS, low, high)]
        rows[f"mean_{key}"] = round(getattr(found, key).mean().item(), 4)
    return rows


@torch.no_grad()
def measure(name: str, model: Model, args: argparse.Namespace) -> dict[str, object]:
    table: dict[str, object] = {"span": SPAN, "sets": {}}
    for key, images in sets(name, args).items():
        parts = [scores(model, part, 1000 * i) for i, part in enumerate(loop.from_uint8(images).split(100))]
        table["sets"][key] = histograms(Scores(*map(torch.cat, zip(*parts, strict=True))))  # type: ignore[index]
    return table


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=0)
    parser.add_argument(
        "--model", choices=[m for m in MODELS if m != "tarflow-faces"], default="glow-fashion"
    )
    args = parser.parse_args()
    folder: Path = args.out / args.model
    table = measure(args.model, MODELS[args.model][0].from_pretrained(folder), args)
    (folder / "scores.json").write_text(json.dumps(table) + "\n")
    print(args.model, {k: v["mean_bits"] for k, v in table["sets"].items()})


if __name__ == "__main__":
    main()
