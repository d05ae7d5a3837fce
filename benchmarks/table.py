"""All side-by-side measurements in one table, ratios first: `python -m benchmarks --all`.

Each runs in a process of its own, so that none finds another's threads or memory. What fails is told in its
row, and the others go on.
"""

import argparse
import datetime
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import BENCHMARKS

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
TABLE = """# Ours beside the libraries a user would pick instead

Same weights, same work, same machine, in turn; the median of {rounds} rounds. Written by

```
python -m benchmarks --all{options}
```

on {date}, on {machine}.
Run it on yours: it writes this page anew. What each measures, and where its lead comes from, is in the first
lines of its file in `benchmarks/` and in the [README](../README.md). Where the two differ, the README's was
run by itself on another day.

| times as fast | benchmark | ours | the other | of what | results agree |
|---:|---|---:|---|---|---|
{rows}

A ratio above 1: ours takes less time. What the models of the gallery cost beside each other is another table:
`python -m genmodels.metrics --all`, shown in the tab *The trilemma, measured*.
"""


def measured(name: str, args: argparse.Namespace) -> dict[str, Any]:
    """The JSON of one, or why there is none."""
    run = [sys.executable, "-W", "ignore", "-m", "benchmarks", name, "--json", "--rounds", str(args.rounds)]
    run += ["--small"] * args.small + (["--threads", str(args.threads)] if args.threads else [])
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        return {"name": name, "failed": (done.stderr.strip().splitlines() or ["no word"])[-1]}
    return json.loads(done.stdout.splitlines()[-1])


def row(found: dict[str, Any]) -> str:
    name = f"[{found['name']}](../benchmarks/{BENCHMARKS[found['name']].split('.')[1]}.py)"
    if "failed" in found:
        return f"| – | {name} | | | did not run: {found['failed'].replace('|', '/')[:200]} | |"
    unit, agree = found["unit"], "yes" if found["agree"] else "**no**"
    other = f"{found['peer_name']}: {found['peer']:g} {unit}"
    cells = (f"**{found['ratio']:.2f}**", name, f"{found['ours']:g} {unit}", other, found["what"], agree)
    return f"| {' | '.join(cells)} |"


def page(results: list[dict[str, Any]], args: argparse.Namespace) -> str:
    ordered = sorted(results, key=lambda r: -r.get("ratio", -1.0))
    where = next((r["machine"] for r in results if "machine" in r), {})
    machine = ", ".join(f"{v}" if k == "processor" else f"{k} {v}" for k, v in where.items())
    options = (f" --threads {args.threads}" if args.threads else "") + f" --rounds {args.rounds}"
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    rows = "\n".join(map(row, ordered))
    return TABLE.format(rounds=args.rounds, options=options, date=date, machine=machine or "?", rows=rows)


def write(args: argparse.Namespace) -> None:
    results = []
    for name in BENCHMARKS:
        results.append(measured(name, args))
        print(row(results[-1]), flush=True)
    args.out.write_text(page(results, args))
    print(args.out)
