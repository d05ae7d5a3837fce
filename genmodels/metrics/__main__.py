"""Measure models that stand side by side, or any pictures, by one ruler.

    python -m genmodels.metrics --list                      the entries, and which are here
    python -m genmodels.metrics wgan-gp-faces               one of them
    python -m genmodels.metrics samples/ --against faces    a folder of PNGs, 64 x 64 (fashion: 28 x 28, grey)
    python -m genmodels.metrics --all                       all of them, into genmodels/metrics/measured.json

Frechet and kernel distance, precision, recall, density and coverage on the features of a small reader of our
own: NOT comparable with published FIDs. Then: how much was learnt by heart, what of each attribute is shown,
bits per dimension, parameters and minutes of training as the checkpoint's metrics.json has them, and seconds
and memory of a sample on this machine. --all goes on where it was cut off, and measures again what has other
weights, or other numbers of samples, than what it finds in the file.

With the weights of Inception in a file, --inception FILE adds the standard Frechet distance.
"""

import argparse
import json
from pathlib import Path

import torch

from genmodels import families, machine
from genmodels.metrics import MEASURED, report

SAMPLES = 1000


def arguments() -> argparse.ArgumentParser:
    how = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m genmodels.metrics", description=__doc__, formatter_class=how
    )
    parser.add_argument("what", nargs="?", help="an entry of --list, or a folder of PNG files")
    parser.add_argument("--all", action="store_true", help="all entries that are here, into --out")
    parser.add_argument("--list", action="store_true", help="names, families, and which are here")
    parser.add_argument("--against", choices=families.draws.SHAPES, help="what a folder's pictures are like")
    parser.add_argument("--data", type=Path, help="where Fashion-MNIST lies, if not in data/")
    parser.add_argument(
        "--samples", type=int, default=SAMPLES, help=f"of each, at most 5000 (default {SAMPLES})"
    )
    parser.add_argument(
        "--threads", type=int, help="default: as many as the gallery takes, all cores but one"
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="with --all: these, and leave the others")
    parser.add_argument("--again", action="store_true", help="with --all: also what is there already")
    parser.add_argument("--out", type=Path, default=MEASURED, help="of --all (default: %(default)s)")
    parser.add_argument("--inception", type=Path, metavar="FILE", help="weights of the standard Inception")
    return parser


def main() -> None:
    parser = arguments()
    args = parser.parse_args()
    if not 20 <= args.samples <= 5000:
        parser.error("--samples: from 20 to 5000")
    if args.data:
        report.data_at(args.data)
    if args.threads:
        report.threads(args.threads)
    if args.list:
        listed()
    elif args.all:
        report.all_of(args)
    elif args.what is None:
        parser.error("which one? --list names them")
    else:
        one(parser, args)


def listed() -> None:
    for entry in families.ENTRIES:
        state = "here" if families.exists(entry) else "no weights"
        print(f"{entry.name:26} {entry.data:8} {entry.family:15} {entry.density:13} {state}")


@torch.no_grad()
def one(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    known = {e.name: e for e in families.ENTRIES}
    if args.what in known:
        found = report.entry(known[args.what], args.samples, args.inception)
    elif Path(args.what).is_dir() and args.against:
        found = report.folder(Path(args.what), args.against, args.samples, args.inception)
    elif Path(args.what).is_dir():
        parser.error("a folder needs --against faces or --against fashion")
    else:
        parser.error(f"{args.what}: neither an entry of --list nor a folder")
    print(json.dumps(found | {"machine": machine.facts()}, indent=2))


if __name__ == "__main__":
    main()
