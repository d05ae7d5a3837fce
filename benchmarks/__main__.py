"""`python -m benchmarks --list`, `--all`, or `NAME [--json] [--small] [--rounds N] [--threads N]`"""

import argparse
import json
from importlib import import_module
from pathlib import Path

from benchmarks import BENCHMARKS, rounded, table


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Ours beside the usual library."
    )
    parser.add_argument("name", nargs="?", choices=BENCHMARKS)
    parser.add_argument("--list", action="store_true", help="the names, and what each measures")
    parser.add_argument("--all", action="store_true", help="all of them, in one table: docs/benchmarks.md")
    parser.add_argument("--out", type=Path, default=table.PAGE, help="of --all (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line, nothing else")
    parser.add_argument(
        "--small", action="store_true", help="a toy size, in a second: checks, but says little"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, help="default: as many as torch takes")
    args = parser.parse_args()
    if args.list:
        for name, module in BENCHMARKS.items():
            print(f"{name:20} {import_module(module).__doc__.splitlines()[0]}")
    elif args.all:
        table.write(args)
    elif args.name is None:
        parser.error("which one? --list names them, --all takes them all")
    else:
        report(args)


def report(args: argparse.Namespace) -> None:
    import torch

    from genmodels import machine

    if args.threads:
        torch.set_num_threads(args.threads)
    result = import_module(BENCHMARKS[args.name]).run(args.rounds, args.small)
    result = rounded({"name": args.name, **result, "machine": machine.facts()})
    if args.json:
        print(json.dumps(result))
        return
    print(f"{result['what']}: ours {result['ours']}, {result['peer_name']} {result['peer']} {result['unit']}")
    print(f"{result['ratio']} times as fast; the results {'agree' if result['agree'] else 'DO NOT AGREE'}")
    print(json.dumps({k: v for k, v in result.items() if k not in ("name", "what")}, indent=2))


if __name__ == "__main__":
    main()
