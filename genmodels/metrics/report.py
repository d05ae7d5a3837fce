"""One entry measured, and all of them into one small file that a page can show at once."""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import os
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from genmodels import draws, families, hub, machine
from genmodels.data import folder as files
from genmodels.data import readers
from genmodels.metrics import attributes
from genmodels.metrics.ruler import NEIGHBOURS, Ruler, drawn

GUIDANCE, ASKED = 2.0, 240  # scale at which obedience is measured once more, and on how many pictures
TOLD = ("pixelcnn-fashion-gated", "real-faces", "real-fashion")  # besides conditional GANs and diffusion
GUIDED = ("ddpm-faces@10", "ddpm-fashion@10", "flow-fashion", "dit-fashion")
LEAKS = ("cgan-faces", "ddpm-faces@10", "consistency-faces")
PAIRS = 96  # of the same seed under two classes
DIGITS = 4


def data_at(path: Path) -> None:
    """Where Fashion-MNIST lies, for this process and those that it starts."""
    os.environ["LATENTE_DATA"] = str((path.parent if path.name == "fashion" else path).resolve())


def threads(count: int) -> None:
    os.environ["OMP_NUM_THREADS"] = str(count)
    torch.set_num_threads(count)


@cache
def ruler(data: str, samples: int) -> Ruler:
    return Ruler.of(data, samples)


# ---- one ---------------------------------------------------------------------------------------------------


def entry(entry: families.Entry, samples: int, inception: Path | None = None) -> dict[str, Any]:
    """All that is measured of an entry of the table."""
    began, to = time.perf_counter(), ruler(entry.data, samples)
    x = drawn(entry, samples)
    found = pictures(to, x, entry.small if entry.data == "fashion" else 0, inception)
    found |= obeyed(to, entry, x)
    if entry.checkpoint:
        found |= told(entry) | cost(entry)
    return found | {"samples": samples, "took": round(time.perf_counter() - began, 1)}


def pictures(to: Ruler, x: Tensor, small: int = 0, inception: Path | None = None) -> dict[str, Any]:
    """What can be said of any pictures."""
    found: dict[str, Any] = to.distances(x) | to.copies(x, small)
    found["attributes"] = attributes.histogram(to, x, attributes.edges(to))
    if inception:
        from genmodels.metrics.inception import frechet_inception

        found["frechet_inception"] = frechet_inception(inception, to.real, x)
    return found


def folder(path: Path, data: str, samples: int, inception: Path | None = None) -> dict[str, Any]:
    """Of PNG files; as many real pictures are taken as there are files, at most `samples`."""
    x = torch.from_numpy(files.pngs(path, families.shape(data), samples)).float() / 127.5 - 1
    return pictures(ruler(data, len(x)), x, 0, inception) | {"samples": len(x)}


def obeyed(to: Ruler, entry: families.Entry, x: Tensor) -> dict[str, float]:
    """Whether pictures show the class that they were told; of real faces: what the reader makes of them."""
    if entry.draw not in (draws.cgan, draws.diffusion) and entry.name not in TOLD:
        return {}
    labels = true_garments(len(x)) if entry.name == "real-fashion" else draws.by_lot(entry, 0, len(x))
    found = attributes.obedience(to, x, labels)
    return found | (
        attributes.guided(to, entry, min(ASKED, len(x)), GUIDANCE) if entry.name in GUIDED else {}
    )


def true_garments(count: int) -> list[int]:
    return readers.fashion("test")[1][:count].tolist()


def told(entry: families.Entry) -> dict[str, Any]:
    """What the folders say of themselves: bits, parameters, minutes; with those of the prior."""
    own, *more = (metrics(name) for name in (entry.checkpoint, entry.prior) if name)
    found: dict[str, Any] = {"parameters": sum(m.get("parameters", 0) for m in (own, *more))}
    found["minutes"] = sum(m.get("minutes", 0) for m in (own, *more))
    measures = own.get("measures", {})
    if entry.density in ("exact", "bound") and not entry.prior:  # measured under the model's own prior
        found["bits"] = measures.get(
            "bits_per_dim_tight", measures.get("bits_per_dim", measures.get("elbo_bits"))
        )
    found["weights"] = sum(hub.weights_file(hub.WEIGHTS / n).stat().st_size for n in named(entry))
    return {k: v for k, v in found.items() if v}


def named(entry: families.Entry) -> list[str]:
    return [name for name in (entry.checkpoint, entry.prior) if name]


def metrics(name: str) -> dict[str, Any]:
    file = hub.WEIGHTS / name / "metrics.json"
    return json.loads(file.read_text()) if file.exists() else {}


def cost(entry: families.Entry) -> dict[str, float]:
    """In a process of its own."""
    run = [sys.executable, "-m", "genmodels.metrics.cost", entry.name]
    done = subprocess.run(run, capture_output=True, text=True, check=True, cwd=hub.WEIGHTS.parent)
    found = json.loads(done.stdout.splitlines()[-1])
    return {k: found[k] for k in ("seconds_one", "seconds_16", "memory")}


# ---- all ---------------------------------------------------------------------------------------------------


@torch.no_grad()
def all_of(args: argparse.Namespace) -> None:
    known = json.loads(args.out.read_text()) if args.out.exists() else {}
    there: dict[str, Any] = known.get("entries", {})
    wanted = [*families.here(real=True), *families.here()]  # a page needs the real ones to show any
    wanted = [e for e in wanted if not args.only or e.name in args.only]
    for one in wanted:
        stamp = {"samples": args.samples, "hash": fingerprint(one)}
        if not args.again and stamp.items() <= there.get(one.name, {}).items():
            print(f"{one.name:26} as it was", flush=True)
            continue
        try:
            there[one.name] = entry(one, args.samples, args.inception) | stamp
        except FileNotFoundError as missing:  # a data set that is not on this machine
            print(f"{one.name:26} left out: {missing}", flush=True)
            continue
        facts = about(args.samples) | {"machine": machine.facts()}
        write(args.out, known | {"entries": in_order(there)} | facts)
        print(row(one, there[one.name]), flush=True)
    if not args.only:
        write(args.out, json.loads(args.out.read_text()) | {"leak": leaks(args.samples)})


def fingerprint(entry: families.Entry) -> str:
    """Of the weights: others mean that it must be measured again."""
    found = hashlib.sha256()
    for name in named(entry):
        found.update(hub.weights_file(hub.WEIGHTS / name).read_bytes())
    return found.hexdigest()[:8]


def in_order(there: dict[str, Any]) -> dict[str, Any]:
    return {e.name: there[e.name] for e in families.ENTRIES if e.name in there and families.exists(e)}


def about(samples: int) -> dict[str, Any]:
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return {"samples": samples, "neighbours": NEIGHBOURS, "measured": today}


def leaks(samples: int) -> dict[str, Any]:
    """Edits: what one asked-for change brings along, by the VAE's directions and by conditional models."""
    own = metrics("vae-faces").get("leak", {})
    watched = own.get("attributes", list(attributes.EDITS))
    found: dict[str, Any] = {"attributes": watched}
    for edit in attributes.EDITS:
        rows = {"vae-faces": own["matrix"][watched.index(edit)]} if own else {}
        for name in LEAKS:
            if families.exists(families.entry(name)):
                to = ruler("faces", samples)
                rows[name] = attributes.leak(to, families.entry(name), edit, watched, min(PAIRS, samples))
        found[edit] = {name: [round(v, 2) for v in values] for name, values in rows.items()}
    return found


def rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def write(file: Path, found: dict[str, Any]) -> None:
    """A line for each entry, so that a change of one is seen as one."""
    small = rounded(found)
    lines = [f'"{k}":{json.dumps(v, separators=(",", ":"))}' for k, v in small.items() if k != "entries"]
    rows = [f'"{k}":{json.dumps(v, separators=(",", ":"))}' for k, v in small["entries"].items()]
    file.write_text("{" + ",\n".join(lines) + ',\n"entries":{\n' + ",\n".join(rows) + "\n}}\n")


def row(entry: families.Entry, found: dict[str, Any]) -> str:
    shown = ("frechet", "precision", "recall", "coverage", "nearer", "seconds_16", "took")
    return f"{entry.name:26} " + "  ".join(f"{k} {found[k]:.3g}" for k in shown if k in found)
