"""The one training loop: AdamW, clipped gradients, an averaged copy of the weights, bf16, warm-up and cosine.

A recipe says what differs: the model, a batch, the loss, a sheet of samples to look at. The length of a run
is a number of minutes, because that is what a teacher's laptop and a borrowed GPU have in common; `--steps`
makes it exact. Everything a run needs to go on lies in runs/<name>/, as safetensors and JSON. The random
numbers of a step are seeded by (seed, step), so that a resumed run draws what an uninterrupted one would
have drawn.
"""

import argparse
import json
import math
import os
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from genmodels.model import Model

ROOT = Path(__file__).resolve().parent.parent
WARM_UP = 0.03  # of the run
LAST = 0.01  # of the learning rate, at the end of the cosine


@dataclass
class Recipe:
    """What one checkpoint needs to be trained. The loop knows nothing else about it."""

    name: str  # folder of runs/ and of weights/
    model: Model
    batch: Callable[[np.random.Generator], tuple[Tensor, ...]]
    loss: Callable[[Model, tuple[Tensor, ...], torch.Generator], dict[str, Tensor]]  # "loss", and what to log
    sheet: Callable[[Model], Tensor | str]  # (C, H, W) in [-1, 1], to be looked at, or a text
    lr: float = 1e-3
    weight_decay: float = 1e-4
    clip: float = 1.0  # greatest norm of the gradient
    average: float = 0.999  # decay of the averaged weights, which are those that ship


@dataclass
class Run:
    """Where a run is: everything that is saved."""

    model: Model
    average: Model
    optimiser: torch.optim.Optimizer
    step: int = 0
    seconds: float = 0.0  # spent in steps, over all resumptions


def arguments(description: str, minutes: float) -> argparse.ArgumentParser:
    """The options that every recipe has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--minutes", type=float, default=minutes, help="length of the run")
    parser.add_argument("--steps", type=int, default=0, help="length in steps instead")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--resume", action="store_true", help="go on from runs/<name>")
    parser.add_argument("--data", type=Path, help="where the data sets lie, if not in data/")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--sheet-minutes", type=float, default=1.0, help="between two sheets and checkpoints")
    parser.add_argument(
        "--runs", type=Path, default=ROOT / "runs", help="logs, sheets, checkpoints to resume"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "weights", help="where the finished folder goes")
    return parser


def train(recipe: Recipe, args: argparse.Namespace) -> tuple[Model, dict[str, Any]]:
    """Run the recipe to the end of its budget. Returns the averaged model, in eval mode, and what it took."""
    folder = args.runs / recipe.name
    folder.mkdir(parents=True, exist_ok=True)
    run = start(recipe, args.device)
    if args.resume:
        restore(run, folder)
    log = (folder / "log.jsonl").open("a" if args.resume else "w")
    last_look, means = run.seconds, {}
    while (done := progress(run, args)) < 1:
        began = time.monotonic()
        values = one_step(recipe, run, args.seed, schedule(done) * recipe.lr)
        run.seconds += time.monotonic() - began
        means = {k: 0.98 * means.get(k, v) + 0.02 * v for k, v in values.items()}
        if run.step % 50 == 0:
            row = {
                "step": run.step,
                "seconds": round(run.seconds, 1),
                **{k: round(v, 5) for k, v in means.items()},
            }
            print(json.dumps(row), file=log, flush=True)
        if run.seconds - last_look > 60 * args.sheet_minutes:
            look(recipe, run, folder)
            last_look = run.seconds
    log.close()
    look(recipe, run, folder)
    took = {"steps": run.step, "minutes": round(run.seconds / 60, 1), "images": run.step * args.batch}
    return run.average.eval().requires_grad_(False).to("cpu"), took


def start(recipe: Recipe, device: str) -> Run:
    model = recipe.model.to(device, memory_format=torch.channels_last).train()
    average = deepcopy(model).eval().requires_grad_(False)
    decayed = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim <= 1]  # biases, gains: nothing to decay
    groups = [
        {"params": decayed, "weight_decay": recipe.weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
    return Run(model, average, torch.optim.AdamW(groups, lr=recipe.lr, betas=(0.9, 0.99)))


def progress(run: Run, args: argparse.Namespace) -> float:
    """0 at the start of the budget, 1 at its end."""
    return run.step / args.steps if args.steps else run.seconds / (60 * args.minutes)


def schedule(done: float) -> float:
    """Factor of the learning rate: linear warm-up, then a cosine."""
    if done < WARM_UP:
        return (done + 1e-3) / (WARM_UP + 1e-3)
    return LAST + (1 - LAST) * 0.5 * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))


def one_step(recipe: Recipe, run: Run, seed: int, lr: float) -> dict[str, float]:
    rng = np.random.default_rng((seed, run.step))
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    device = run.model.device
    batch = tuple(x.to(device) for x in recipe.batch(rng))
    with torch.autocast(device.type, torch.bfloat16):
        values = recipe.loss(run.model, batch, generator)
    run.optimiser.zero_grad(set_to_none=True)
    values["loss"].backward()
    norm = torch.nn.utils.clip_grad_norm_(run.model.parameters(), recipe.clip)
    for group in run.optimiser.param_groups:
        group["lr"] = lr
    if norm.isfinite():  # one bad batch must not end the run
        run.optimiser.step()
    run.step += 1
    update_average(run, min(recipe.average, (1 + run.step) / (10 + run.step)))
    return {k: v.item() for k, v in values.items()} | {"norm": norm.item(), "lr": lr}


@torch.no_grad()
def update_average(run: Run, decay: float) -> None:
    torch._foreach_lerp_(list(run.average.parameters()), list(run.model.parameters()), 1 - decay)
    for a, b in zip(run.average.buffers(), run.model.buffers(), strict=True):
        a.copy_(b)


def look(recipe: Recipe, run: Run, folder: Path) -> None:
    """Save everything, then draw the sheet."""
    save(run, folder)
    with torch.no_grad():
        sheet = recipe.sheet(run.average)
    name = f"sheet_{run.seconds / 60:05.1f}min"
    if isinstance(sheet, str):
        (folder / f"{name}.txt").write_text(sheet, encoding="utf-8")
    else:
        save_png(sheet, folder / f"{name}.png")


def save(run: Run, folder: Path) -> None:
    state = {f"model.{k}": v for k, v in run.model.state_dict().items()}
    state |= {f"average.{k}": v for k, v in run.average.state_dict().items()}
    for i, slots in run.optimiser.state_dict()["state"].items():
        state |= {f"optimiser.{i}.{k}": v for k, v in slots.items()}
    part = folder / "state.part"  # renamed when complete: a killed run leaves the previous one
    where = json.dumps({"step": run.step, "seconds": run.seconds})
    save_file({k: v.contiguous() for k, v in state.items()}, part, metadata={"where": where})
    os.replace(part, folder / "state.safetensors")
    (folder / "state.json").write_text(where)


def restore(run: Run, folder: Path) -> None:
    state = load_file(folder / "state.safetensors", device=str(run.model.device))
    run.model.load_state_dict(below("model.", state))
    run.average.load_state_dict(below("average.", state))
    slots: dict[int, dict[str, Tensor]] = {}
    for key, value in below("optimiser.", state).items():
        i, slot = key.split(".")
        slots.setdefault(int(i), {})[slot] = value
    run.optimiser.load_state_dict({**run.optimiser.state_dict(), "state": slots})
    where = json.loads((folder / "state.json").read_text())
    run.step, run.seconds = where["step"], where["seconds"]


def below(prefix: str, state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


def grid(images: Tensor, columns: int) -> Tensor:
    """(B, C, H, W) -> (C, rows H, columns W), a pixel of grey between."""
    images = torch.nn.functional.pad(images.float().cpu().clamp(-1, 1), (0, 1, 0, 1), value=0.0)
    rows = [torch.cat(tuple(row), dim=2) for row in images.split(columns) if len(row) == columns]
    return torch.cat(rows, dim=1)


def to_uint8(x: Tensor) -> np.ndarray:
    """(C, H, W) in [-1, 1] -> (H, W, C) bytes."""
    return ((x.float().clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).cpu().numpy()


def save_png(picture: Tensor, file: Path) -> None:
    array = to_uint8(picture)
    Image.fromarray(array.squeeze(2) if array.shape[2] == 1 else array).save(file)


def from_uint8(images: np.ndarray) -> Tensor:
    """(N, H, W) or (N, H, W, C) bytes -> (N, C, H, W) in [-1, 1]."""
    x = torch.from_numpy(np.array(images))  # a copy: what was read from a file may be read-only
    x = x.unsqueeze(1) if x.ndim == 3 else x.permute(0, 3, 1, 2)
    return x.float() / 127.5 - 1
