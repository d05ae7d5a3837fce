"""Which games of the laboratory cover the 25 Gaussians: modes and good samples after the same seconds.

Every game trains on one core for as many seconds of the processor (not of the clock, which a busy machine
shares out), with three seeds; `python -m benchmarks lab-modes` writes the table docs/modes.md. A mode counts
as covered, and a sample as good, by the rule of `genmodels.lab.truth`. The other knobs are the laboratory's
defaults, except where the game needs its own; they stand in the table.

As a benchmark: steps per second of the default game, beside the same networks trained the usual way, with
`torch.optim.Adam` and `backward()`.
"""

import sys
import time
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from benchmarks import race
from genmodels import machine
from genmodels.data.points import density
from genmodels.lab import truth as counting
from genmodels.lab.family import Source, train
from genmodels.lab.gan import BETAS, EPS, GAN, Knobs

TABLE = Path(__file__).resolve().parent.parent / "docs" / "modes.md"
TRUTH = "grid_gaussians"
SECONDS = 15.0  # of the processor, for each game and seed
SEEDS = (0, 1, 2)
SAMPLES = 5000
STEPS = 200  # timed at once
GAMES: dict[str, dict[str, Any]] = {  # what the table calls it -> knobs
    "minimax": {"game": "minimax"},
    "non-saturating": {"game": "non_saturating"},
    "least squares": {"game": "least_squares"},
    "Wasserstein, clipped": {"game": "wasserstein", "clip": 0.1, "discriminator_steps": 5},
    "Wasserstein, gradient penalty": {
        "game": "wasserstein",
        "gradient_penalty": 0.1,
        "discriminator_steps": 5,
    },
    "hinge": {"game": "hinge"},
    "non-saturating, R1": {"game": "non_saturating", "r1": 0.1},
    "non-saturating, spectral norm": {"game": "non_saturating", "spectral": True},
}


class Result(NamedTuple):
    steps: int
    modes: int
    good: float


def play(knobs: Knobs, seed: int, seconds: float) -> Result:
    truth = density(TRUTH)
    gan = GAN(knobs, seed)
    steps = len(train(gan, Source(truth, seed), seconds, clock=time.process_time))
    x = gan.sample(SAMPLES, torch.Generator().manual_seed(seed))
    return Result(steps, counting.covered(truth, x), counting.good(truth, x))


class Usual:
    """`genmodels.lab.mlp.Adam`, the way everybody does it."""

    def __init__(self, network: nn.Module, lr: float):
        self.optimiser = torch.optim.Adam(network.parameters(), lr, BETAS, EPS)

    def step(self, loss: Tensor) -> bool:
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return True


def usual(knobs: Knobs) -> GAN:
    gan = GAN(knobs)
    gan.down_generator = Usual(gan.generator, knobs.lr_generator)
    gan.down_discriminator = Usual(gan.discriminator, knobs.lr_discriminator)
    return gan


def run(rounds: int, small: bool) -> dict[str, Any]:
    """Agreed: after twenty steps the samples are the same."""
    torch.set_num_threads(1)
    steps = 20 if small else STEPS
    pair = {"ours": GAN(), "peer": usual(Knobs())}
    sources = {name: Source(density(TRUTH), 0) for name in pair}
    for name, gan in pair.items():
        train(gan, sources[name], float("inf"), 20)
    ours, peer = (gan.sample(100, torch.Generator().manual_seed(0)) for gan in pair.values())
    seconds = race(
        {name: lambda n=name: train(pair[n], sources[n], float("inf"), steps) for name in pair}, rounds
    )
    rows = measure(0.2 if small else SECONDS, SEEDS[:1] if small else SEEDS)
    if not small:
        TABLE.write_text(table(rows))
    return {
        "what": f"{steps} steps of the default GAN",
        "ours": seconds["ours"],
        "peer": seconds["peer"],
        "peer_name": "torch.optim.Adam and backward()",
        "ratio": seconds["peer"] / seconds["ours"],
        "unit": "s",
        "agree": torch.allclose(ours, peer, atol=1e-3),
        "steps per second": steps / seconds["ours"],
        "modes": {cells[1].strip(): cells[5].strip() for cells in (row.split("|") for row in rows)},
    }


def measure(seconds: float, seeds: tuple[int, ...]) -> list[str]:
    """The rows of the table."""
    rows = []
    for name, knobs in GAMES.items():
        rows.append(row(name, knobs, [play(Knobs(**knobs), seed, seconds) for seed in seeds]))
        print(rows[-1], file=sys.stderr, flush=True)
    return rows


def row(name: str, knobs: dict[str, Any], results: list[Result]) -> str:
    own = ", ".join(f"{key} {value}" for key, value in knobs.items() if key != "game") or "none"
    steps = round(mean(r.steps for r in results))
    modes = ", ".join(str(r.modes) for r in results)
    middle, good = mean(r.modes for r in results), mean(r.good for r in results)
    return f"| {name} | {own} | {steps} | {modes} | {middle:.1f} | {100 * good:.0f} % |"


def table(rows: list[str]) -> str:
    where, knobs = machine.facts(), Knobs()
    return f"""# Modes that a GAN covers

25 Gaussians in a grid. Each of {len(SEEDS)} runs, with seeds {SEEDS[0]} to {SEEDS[-1]}, has {SECONDS:g} seconds of one core; then {SAMPLES}
points are drawn. A mode is covered when half of its fair share of them, or more, lie within 3 standard
deviations of its mean; a point is good within 4 of any mode. An even cloud over the square would cover none,
and 40 % of it would be good. All knobs but a game's own are those the laboratory begins with: three layers of
{knobs.width_generator}, batches of {knobs.batch}, learning rates of {knobs.lr_generator:g}, codes of {knobs.latent} normal numbers. Where the discriminator has more
to compute, the same seconds are fewer steps.

| game | its own knobs | steps | modes of 25, by seed | mean | good points |
|---|---|---:|---|---:|---:|
{chr(10).join(rows)}

Measured by `python -m benchmarks lab-modes`: {where["processor"]}, torch {where["torch"]}.
"""  # noqa: E501
