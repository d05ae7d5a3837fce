"""The training loop of two networks that play against each other, with its film and its curves.

It keeps what `loop.train` keeps: an average of the generator's weights, which is what ships; bf16; a length
in minutes; a folder in runs/ to go on from. A recipe says how the two sides learn. At a dozen moments, each
about half as far again as the one before, the averaged generator draws the same z: that is the film.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from genmodels.model import Model
from training import loop

MOMENTS = [0.004, 0.01, 0.02, 0.04, 0.07, 0.12, 0.2, 0.3, 0.42, 0.56, 0.75, 1.0]  # shares of the run
POINTS = 120  # of the curves
COOL = 0.3  # of the run, at the end, over which the learning rates fall to a tenth


@dataclass
class Duel:
    """What one pair of networks needs to be trained."""

    name: str
    model: Model
    batch: Callable[[np.random.Generator], tuple[Tensor, ...]]  # pictures, and labels where there are some
    steps: int  # of the discriminator for each of the generator
    discriminate: Callable[[Model, tuple[Tensor, ...], torch.Generator], dict[str, Tensor]]  # "loss", curves
    generate: Callable[[Model, tuple[Tensor, ...], torch.Generator], dict[str, Tensor]]  # "loss", curves
    draw: Callable[[Model], Tensor]  # (n, C, H, W): the pictures of a moment, always of the same z
    drawer: str  # the submodule that draws; the rest of the model judges
    optimisers: tuple[torch.optim.Optimizer, torch.optim.Optimizer]  # the drawer's, the judge's
    after: Callable[[Model], None] = lambda _: None  # done to the discriminator after each of its steps
    average: float = 0.998


@dataclass
class State:
    average: Model
    step: int = 0
    seconds: float = 0.0
    film: list[dict[str, Any]] = field(default_factory=list)
    curves: list[dict[str, float]] = field(default_factory=list)
    rows: list[np.ndarray] = field(default_factory=list)


def train(duel: Duel, args: argparse.Namespace) -> tuple[Model, State]:
    """To the end of the budget. Returns the model with the averaged generator, and what was recorded."""
    folder = args.runs / duel.name
    folder.mkdir(parents=True, exist_ok=True)
    model = duel.model.to(args.device, memory_format=torch.channels_last).train()
    state = State(deepcopy(model).requires_grad_(False))
    if args.resume:
        restore(duel, state, folder)
        state.curves = thinned(state.curves, int(POINTS * state.seconds / (60 * args.minutes)))
    rates = [o.param_groups[0]["lr"] for o in duel.optimisers]
    saved, means = state.seconds, {}
    while (done := state.seconds / (60 * args.minutes)) < 1:
        if len(state.film) < len(MOMENTS) - 1 and done >= MOMENTS[len(state.film)]:
            look(duel, state, folder, args)
        for optimiser, rate in zip(duel.optimisers, rates, strict=True):
            optimiser.param_groups[0]["lr"] = rate * max(0.1, min(1.0, 0.1 + 0.9 * (1 - done) / COOL))
        began = time.monotonic()
        values = one_step(duel, state, args)
        state.seconds += time.monotonic() - began
        means = {k: 0.95 * means.get(k, v) + 0.05 * v for k, v in values.items()}
        if done >= len(state.curves) / POINTS:
            state.curves.append({"step": state.step, **{k: round(v, 4) for k, v in means.items()}})
            print(json.dumps(state.curves[-1]), f"{state.seconds:.0f} s", flush=True)
        if state.seconds - saved > 60 * args.sheet_minutes:
            save(duel, state, folder)
            saved = state.seconds
    del state.film[len(MOMENTS) - 1 :], state.rows[len(MOMENTS) - 1 :]  # of an earlier end
    look(duel, state, folder, args)
    save(duel, state, folder)
    return finished(duel, state, args), state


def thinned(curves: list[dict[str, float]], count: int) -> list[dict[str, float]]:
    """At most `count` of the points, evenly: a run that goes on for longer has room for its own."""
    return curves if count >= len(curves) else [curves[i * len(curves) // count] for i in range(count)]


def one_step(duel: Duel, state: State, args: argparse.Namespace) -> dict[str, float]:
    """The discriminator's steps, then the generator's one. Random numbers are those of (seed, step)."""
    rng = np.random.default_rng((args.seed, state.step))
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    torch.manual_seed(generator.initial_seed())  # for dropout, which takes no generator
    found: dict[str, Tensor] = {}
    turns = [(duel.discriminate, 1, "discriminator")] * duel.steps + [(duel.generate, 0, "generator")]
    for play, side, name in turns:
        batch = tuple(x.to(args.device) for x in duel.batch(rng))
        duel.model.requires_grad_(side == 1)
        duel.model.get_submodule(duel.drawer).requires_grad_(side == 0)
        with torch.autocast(args.device, torch.bfloat16):
            values = play(duel.model, batch, generator)
        duel.optimisers[side].zero_grad(set_to_none=True)
        values["loss"].backward()
        duel.optimisers[side].step()
        if side == 1:
            duel.after(duel.model)
        found |= {k if k != "loss" else name: v.detach() for k, v in values.items()}
    state.step += 1
    average(duel, state)
    return {k: v.item() for k, v in found.items()}


@torch.no_grad()
def average(duel: Duel, state: State) -> None:
    """The generator as a mean over its recent steps."""
    decay = min(duel.average, (1 + state.step) / (10 + state.step))
    mine, mean = (m.get_submodule(duel.drawer) for m in (duel.model, state.average))
    torch._foreach_lerp_(list(mean.parameters()), list(mine.parameters()), 1 - decay)


@torch.no_grad()
def finished(duel: Duel, state: State, args: argparse.Namespace) -> Model:
    """The averaged generator with the norms' statistics of its own pictures, and the judge as it is."""
    model = deepcopy(duel.model).eval()
    drawer = model.get_submodule(duel.drawer)
    averaged = state.average.get_submodule(duel.drawer)
    torch._foreach_copy_(list(drawer.parameters()), list(averaged.parameters()))
    norms = [m for m in drawer.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over the batches to come
        norm.train()
    rng = np.random.default_rng((args.seed, 1))
    for k in range(20):
        batch = tuple(x.to(args.device) for x in duel.batch(rng))
        duel.generate(model, batch, torch.Generator().manual_seed(k))
    for norm in norms:
        norm.momentum = 0.1
    return model.eval().requires_grad_(False).to("cpu")


def look(duel: Duel, state: State, folder: Path, args: argparse.Namespace) -> None:
    """One more row of the film."""
    with torch.no_grad():
        x = duel.draw(finished(duel, state, args))
    state.rows.append(loop.to_uint8(torch.cat(tuple(x), dim=2)).squeeze())
    moment = {"step": state.step, "minutes": round(state.seconds / 60, 2)}
    state.film.append(moment | {"images": state.step * args.batch})
    Image.fromarray(np.concatenate(state.rows)).save(folder / "film.png")


def save(duel: Duel, state: State, folder: Path) -> None:
    tensors = {f"model.{k}": v for k, v in duel.model.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in state.average.state_dict().items()}
    for side, optimiser in enumerate(duel.optimisers):
        for i, slots in optimiser.state_dict()["state"].items():
            tensors |= {f"side{side}.{i}.{k}": v for k, v in slots.items()}
    part = folder / "state.part"  # renamed when complete: a killed run leaves the previous one
    facts = {"step": state.step, "seconds": state.seconds, "film": state.film, "curves": state.curves}
    save_file({k: v.contiguous() for k, v in tensors.items()}, part)
    os.replace(part, folder / "state.safetensors")
    (folder / "state.json").write_text(json.dumps(facts))


def restore(duel: Duel, state: State, folder: Path) -> None:
    tensors = load_file(folder / "state.safetensors", device=str(duel.model.device))
    duel.model.load_state_dict(loop.below("model.", tensors))
    state.average.load_state_dict(loop.below("average.", tensors))
    for side, optimiser in enumerate(duel.optimisers):
        slots: dict[int, dict[str, Tensor]] = {}
        for key, value in loop.below(f"side{side}.", tensors).items():
            i, slot = key.split(".")
            slots.setdefault(int(i), {})[slot] = value
        optimiser.load_state_dict({**optimiser.state_dict(), "state": slots})
    for name, value in json.loads((folder / "state.json").read_text()).items():
        setattr(state, name, value)
    if state.film:  # the sheet may have more rows, drawn after the run was last saved
        sheet = np.asarray(Image.open(folder / "film.png"))
        state.rows = np.split(sheet[: duel.model.config.size * len(state.film)], len(state.film))


def write_film(state: State, folder: Path, size: int, columns: int, **more: Any) -> None:
    """film.webp and film.json, beside the weights."""
    sheet = Image.fromarray(np.concatenate(state.rows))
    sheet.save(folder / "film.webp", quality=60, method=6)
    curves = {k: [row[k] for row in state.curves] for k in state.curves[0]}
    facts = {"size": size, "columns": columns, "moments": state.film, "curves": curves, **more}
    (folder / "film.json").write_text(json.dumps(facts, separators=(",", ":")) + "\n")
