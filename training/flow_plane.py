"""Flows on the plane: `python -m training.flow_plane --model spline --density moons --minutes 4`.

RealNVP and the spline flow are trained by maximum likelihood. FFJORD is trained by flow matching, which
asks the network once a step. `--followed 0.3` gives the last part of the run to maximum likelihood through
its solver, as in its paper, which asks it 4 times for each step of the solver. Points are drawn afresh for
every step of training. `--measure` computes metrics.json and the card of a finished folder again; `--table`
writes docs/densities.md from all nine.
"""

import argparse
import json
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from genmodels.data import points
from genmodels.flow.plane.ffjord import ContinuousConfig, ContinuousFlow
from genmodels.flow.plane.flow import PlaneFlow, log_normal
from genmodels.flow.plane.ode import RK4, DormandPrince
from genmodels.flow.plane.realnvp import AffineConfig, AffineFlow
from genmodels.flow.plane.spline import SplineConfig, SplineFlow
from genmodels.lab.field import moments
from genmodels.lab.truth import plane
from genmodels.lab.verdict import entropy
from training import card, loop

Loss = Callable[[PlaneFlow, tuple[Tensor, ...], torch.Generator], dict[str, Tensor]]
MODELS = {  # name -> class, config, learning rate
    "realnvp": (AffineFlow, AffineConfig(), 1e-3),
    "spline": (SplineFlow, SplineConfig(), 3e-3),
    "ffjord": (ContinuousFlow, ContinuousConfig(steps=32, tolerance=1e-4), 4e-3),
}
CLIP = 0.3  # greatest norm of the gradient: a step too far through 16 couplings, and a flow blows up
TITLES = {"realnvp": "RealNVP", "spline": "Neural spline flow", "ffjord": "FFJORD"}
DENSITIES = ("moons", "checkerboard", "spirals")
STEPS, TUNE, FEW = (10, 14), 5e-4, 256  # of the solver, learning rate, points of a batch, in what follows it
DEAR = 20.0  # nats: what costs more pulls less, lest a few points that are far out tear a flow apart
HELD_OUT = 10_000  # fresh points
SQUARE, CELLS = 6.0, 150  # the density is summed on [-6, 6]^2, in so many cells a side
CHUNK = 4096
TABLE = loop.ROOT / "docs" / "densities.md"


# ---- training


def recipe(name: str, model: PlaneFlow, density: str, lr: float, size: int, loss: Loss) -> loop.Recipe:
    truth = points.density(density)

    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        return (truth.sample(size, torch.Generator().manual_seed(int(rng.integers(2**62)))),)

    return loop.Recipe(
        name, model, batch, loss, lambda m: sheet(m, density), lr=lr, weight_decay=1e-5, clip=CLIP
    )


def likelihood(model: PlaneFlow, batch: tuple[Tensor, ...], generator: torch.Generator) -> dict[str, Tensor]:
    """What a point costs, in nats. In single precision: a flow's layers add up what they round."""
    with torch.autocast(model.device.type, enabled=False):
        cost = -model.log_prob(batch[0])
        return {"loss": tamed(cost).mean(), "cost": cost.mean()}


def tamed(cost: Tensor) -> Tensor:
    return torch.where(cost > DEAR, DEAR + torch.log1p((cost - DEAR).clamp(min=0)), cost)


def followed(
    model: ContinuousFlow, batch: tuple[Tensor, ...], generator: torch.Generator
) -> dict[str, Tensor]:
    """The same through the solver, in another number of steps each time, with the determinant of these very
    steps: by the trace, points soon seem to cost less than the truth itself pays."""
    steps = int(torch.randint(STEPS[0], STEPS[1] + 1, (), generator=generator))
    with torch.autocast(model.device.type, enabled=False):
        z, log_det = model.stepped(batch[0], RK4(steps))
        cost = -log_normal(z) - log_det
        return {"loss": tamed(cost).mean(), "cost": cost.mean()}


def matching(
    model: ContinuousFlow, batch: tuple[Tensor, ...], generator: torch.Generator
) -> dict[str, Tensor]:
    """Squared error of the velocity on straight lines from noise to data: `genmodels.lab.flow_matching`."""
    x = batch[0] / model.config.scale
    z, t = torch.randn(x.shape, generator=generator).to(x), 1 - moments(len(x), generator).to(x)
    with torch.autocast(model.device.type, enabled=False):
        return {"loss": F.mse_loss(model.velocity(torch.lerp(z, x, t), t), x - z)}


def fit(name: str, args: argparse.Namespace) -> tuple[PlaneFlow, dict[str, Any]]:
    kind, config, lr = MODELS[args.model]
    model, lr = kind(config, torch.Generator().manual_seed(args.seed)), args.lr or lr
    if not isinstance(model, ContinuousFlow):
        return loop.train(recipe(name, model, args.density, lr, args.batch, likelihood), args)
    first, then = share(args, 1 - args.followed), share(args, args.followed, batch=FEW)
    model, took = loop.train(recipe(f"{name}-matched", model, args.density, lr, args.batch, matching), first)
    if not args.followed:
        return model, took
    model.requires_grad_(True)
    model, more = loop.train(recipe(name, model, args.density, TUNE, FEW, followed), then)
    return model, {k: took[k] + more[k] for k in took} | {"steps_matching": took["steps"]}


def share(args: argparse.Namespace, of: float, **others: int) -> argparse.Namespace:
    """The arguments of a part of the run."""
    length = {"minutes": of * args.minutes, "steps": round(of * args.steps)}
    return argparse.Namespace(**vars(args) | length | others)


@torch.no_grad()
def sheet(model: PlaneFlow, density: str, side: int = 72) -> Tensor:
    """The truth's density, the model's, and samples."""
    x = plane(side).flatten(0, 1)
    truth = points.density(density).log_prob(x).exp()
    found = torch.cat([model.log_prob(part.to(model.device)).cpu() for part in x.split(CHUNK)]).exp()
    drawn = model.sample(5000, torch.Generator().manual_seed(0)).cpu()
    counts = torch.histogramdd(drawn, [side, side], range=[-4.5, 4.5, -4.5, 4.5]).hist.T
    pictures = [(p.view(side, side) / p.max()).flip(0) for p in (truth, found.clamp(max=truth.max()), counts)]
    return loop.grid(2 * torch.stack(pictures)[:, None] - 1, 3)


# ---- measuring


@torch.no_grad()
def measure(model: PlaneFlow, density: str) -> dict[str, float]:
    """Against the truth, on points it has never seen. `above_entropy` is the mean of log p(x) - log q(x) over
    them: the points' own luck is in both, so it is surer than the difference of nll and entropy."""
    truth = points.density(density)
    x = truth.sample(HELD_OUT, torch.Generator().manual_seed(12345))
    log_q = log_prob(model, x)
    values = {
        "nll": -log_q.mean().item(),
        "entropy_nats": entropy(truth, 576),
        "above_entropy": (truth.log_prob(x) - log_q).mean().item(),
        "integral": integral(model),
    }
    return values | undoing(model, x[:2000])


def log_prob(model: PlaneFlow, x: Tensor) -> Tensor:
    return torch.cat([model.log_prob(part) for part in x.split(CHUNK)])


def integral(model: PlaneFlow) -> float:
    line = SQUARE * ((2 * torch.arange(CELLS) + 1) / CELLS - 1)
    x = torch.cartesian_prod(line, line)
    return log_prob(model, x).double().exp().sum().item() * (2 * SQUARE / CELLS) ** 2


def undoing(model: PlaneFlow, x: Tensor) -> dict[str, float]:
    """How exactly, and how fast, a flow is undone: points to noise and back, and the time for both ways."""
    z, _ = model(x)
    back, _ = model.inverse(z)
    error = (back - x).abs().amax(1)
    there, again = [], []
    for _ in range(9):
        for seconds, run, at in ((there, model, x[:500]), (again, model.inverse, z[:500])):
            began = time.process_time()
            run(at)
            seconds.append(time.process_time() - began)
    values = {
        "inverse_error": error.median().item(),
        "inverse_error_largest": error.max().item(),
        "inverse_ratio": median(again) / median(there),
    }
    if isinstance(model, ContinuousFlow):
        *_, end = model.trajectory(x[:500], (1.0, 0.0), DormandPrince(1e-5))
        values["evaluations"] = end.evaluations.double().mean().item()
    return values


def golden(model: PlaneFlow) -> dict[str, Tensor]:
    x = 2 * torch.randn(8, 2, generator=torch.Generator().manual_seed(0))
    z, log_det = model(x)
    return {"x": x, "z": z, "log_det": log_det, "log_prob": model.log_prob(x)}


# ---- what is written


def describe(model: str, density: str) -> card.Card:
    how = {
        "realnvp": "16 affine couplings: each coordinate stretches and shifts the other in turn.",
        "spline": "6 couplings with rational-quadratic splines: each coordinate bends the other in turn.",
        "ffjord": (
            "A continuous flow: a velocity for every place and moment carries noise to data. Trained by flow "
            "matching, not through a solver as in its paper."
        ),
    }
    return card.Card(
        title=f"{TITLES[model]} on the plane, {density}",
        what=f"{how[model]} Every point has an exact density, and samples are noise carried back.",
        data=f"The density `{density}` of `genmodels.data.points`, with fresh points for every step.",
        tags=("normalizing-flow", "density-estimation", "teaching"),
        pipeline_tag="other",
        limits=(
            "It knows one density of two numbers, and is made to be looked at in a lesson. A flow bends one "
            "cloud and can't cut it: thin threads of density remain between pieces that are apart."
        ),
    )


def table() -> str:
    rows = [f"| {' | '.join(COLUMNS)} |", "|---|---" + "|---:" * (len(COLUMNS) - 2) + "|"]
    rows += [row(model, density) for density in DENSITIES for model in MODELS]
    return TEXT.format(rows="\n".join(rows), points=HELD_OUT, square=SQUARE)


def row(model: str, density: str) -> str:
    facts = json.loads((loop.ROOT / "weights" / folder_name(model, density) / "metrics.json").read_text())
    m = facts["measures"]
    return (
        f"| {density} | {TITLES[model]} | {m['entropy_nats']:.3f} | {m['nll']:.3f} | "
        f"{m['above_entropy']:.3f} | {m['integral']:.4f} | {60 * facts['minutes']:.0f} | "
        f"{facts['parameters']:,} | {m['inverse_error']:.0e} | {m['inverse_error_largest']:.0e} | "
        f"{m['inverse_ratio']:.2f} |"
    )


COLUMNS = (
    "density", "flow", "entropy", "NLL", "gap", "integral", "seconds of training", "parameters",
    "inverse error, typical", "largest", "inverse / forward",
)  # fmt: skip
TEXT = """# Flows against the truth

Three densities of the plane whose entropy is known, and three flows trained on each. Numbers in nats. `gap`
is what a point costs beyond the truth's own price, the mean of log p(x) - log q(x) over {points:,} fresh
points, which is KL(truth || flow); `NLL` is the mean of -log q(x) over the same points. The integral is the
flow's density summed over [-{square:g}, {square:g}]^2. The inverse error is |x - inverse(forward(x))| in
single precision, the typical point's and the worst one's; the last column is how long the inverse takes if
the forward pass takes 1.

{rows}

The seconds are of one core that was shared with other work. FFJORD was trained by flow matching. Trained by
maximum likelihood through 5 to 8 steps of its solver, with the exact trace, its cost on the spirals fell to
1.61 within 350 batches, far below the entropy: it had learnt to live on the errors of the solver, and was no
density any more. Its density is computed by steps that the solver chooses: with 32 steps of one length the
checkerboard's added up to 8.5e13, all of it far from the board, where the way is steep.

Written by `python -m training.flow_plane --table`; measured by
`python -m training.flow_plane --measure --model MODEL --density DENSITY`.
"""


def folder_name(model: str, density: str) -> str:
    return f"flow-plane-{model}-{density}"


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=4)
    parser.set_defaults(batch=1024)
    parser.add_argument("--model", choices=MODELS, default="spline")
    parser.add_argument("--density", choices=DENSITIES, default="moons")
    parser.add_argument("--followed", type=float, default=0, help="share of FFJORD's run that is likelihood")
    parser.add_argument("--lr", type=float, default=0, help="instead of the model's own")
    parser.add_argument("--measure", action="store_true", help="only measure the finished folder again")
    parser.add_argument("--table", action="store_true", help="only write docs/densities.md")
    args = parser.parse_args()
    if args.table:
        TABLE.write_text(table())
        return
    kind, folder = MODELS[args.model][0], args.out / folder_name(args.model, args.density)
    if not args.measure:
        model, took = fit(folder.name, args)
        card.finish(model, folder, golden, took, args.device)
    values = {k: float(f"{v:.4g}") for k, v in measure(kind.from_pretrained(folder), args.density).items()}
    card.record(folder, measures=values)
    again = f"python -m training.flow_plane --measure --model {args.model} --density {args.density}"
    card.write_card(folder, describe(args.model, args.density), again)
    print(folder.name, values)


if __name__ == "__main__":
    main()
