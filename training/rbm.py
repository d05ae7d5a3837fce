"""The Boltzmann machines of digits: `python -m training.rbm --model rbm-mnist --minutes 4`, then `dbn-mnist`.

`rbm-mnist` is a restricted Boltzmann machine of black and white digits, `dbn-mnist` the second layer that
stands on it and knows labels. Both learn by persistent contrastive divergence: many chains that never stop.
`rbm-mnist-cd1` is a small one that learns by CD-1, whose chains begin at the data each time, to compare with.
Gradients are written out (`genmodels.energy.rbm`), so that the loop here is its own and knows no autograd.
`--measure` computes metrics.json and the card of a finished folder again.
"""

import argparse
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from genmodels.energy.dbn import DBN, LabelledConfig, LabelledRBM
from genmodels.energy.rbm import (
    RBM,
    Gradient,
    RBMConfig,
    ais,
    between,
    centred,
    cooling,
    draw_hidden,
    estimate,
    gibbs,
    last,
    log_likelihood,
    moments,
)
from training import card, loop
from training.pixelcnn import levels, pictures

BOTTOM, SMALL, TOP = "rbm-mnist", "rbm-mnist-cd1", "dbn-mnist"
MODELS = {
    BOTTOM: RBMConfig(784, 256),
    SMALL: RBMConfig(784, 64),
    TOP: LabelledConfig(256 + 10, 484, 10),
}
CLASSES = {BOTTOM: RBM, SMALL: RBM, TOP: LabelledRBM}
SLOW = 0.995  # of the running means that units are counted from
LAST = 0.3  # of the run, over whose steps the weights that ship are averaged
BETAS = (2_000, 0.5), (4_000, 0.9), (14_000, 1.0)  # temperatures of the measure: so many up to there
CHAINS = 256  # of the measure

Batch = Callable[[Generator], Tensor]


def digits(args: argparse.Namespace) -> Batch:
    """Batches of digits, each pixel black or white by chance as in training.pixelcnn."""
    images, _ = pictures("mnist", "train", args.data)

    def batch(generator: Generator) -> Tensor:
        picked = torch.randint(len(images), (args.batch,), generator=generator)
        return levels("mnist", images[picked], generator).flatten(1).float()

    return batch


def features(args: argparse.Namespace) -> Batch:
    """Batches of what the machine below makes of digits, drawn, with their labels behind."""
    images, labels = pictures("mnist", "train", args.data)
    bottom = RBM.from_pretrained(args.out / BOTTOM)

    def batch(generator: Generator) -> Tensor:
        picked = torch.randint(len(images), (args.batch,), generator=generator)
        v = levels("mnist", images[picked], generator).flatten(1).float()
        h = draw_hidden(bottom.hidden_logits(v), generator)
        return torch.cat([h, torch.nn.functional.one_hot(labels[picked], 10).float()], 1)

    return batch


class Run:
    """Chains, running means and averaged weights of a training."""

    def __init__(self, rbm: RBM, batch: Batch, args: argparse.Namespace):
        self.rbm, self.batch, self.args, self.steps, self.kept = rbm, batch, args, 0, 0
        self.generator = Generator().manual_seed(args.seed)
        first = torch.cat([batch(self.generator) for _ in range(20)])
        self.chains = first[: args.chains].clone()
        self.mean_v, self.mean_h = first.mean(0), torch.full((rbm.config.hidden,), 0.5)
        means = self.mean_v.clamp(0.01, 0.99)
        rbm.a.data = (means / (1 - means)).log()
        rbm.b.data = -(self.mean_v @ rbm.weight.data)  # every hidden unit on half of the time
        self.average = [torch.zeros_like(p) for p in rbm.parameters()]

    def step(self, done: float) -> Gradient:
        """One batch, `k` sweeps of every chain, one step uphill."""
        v = self.batch(self.generator)
        start = v if self.args.model == SMALL else self.chains
        self.chains = last(gibbs(self.rbm, start, self.args.k, self.generator)).v
        positive = moments(self.rbm, v)
        gradient = between(positive, moments(self.rbm, self.chains))
        self.mean_v = SLOW * self.mean_v + (1 - SLOW) * positive.a
        self.mean_h = SLOW * self.mean_h + (1 - SLOW) * positive.b
        self.climb(centred(gradient, self.mean_v, self.mean_h), done)
        return gradient

    def climb(self, gradient: Gradient, done: float) -> None:
        rate = self.args.lr * loop.schedule(done)
        pull = self.args.decay * self.rbm.weight.data
        for p, g in zip((self.rbm.weight, self.rbm.a, self.rbm.b), gradient, strict=True):
            p.data += rate * (g - pull if p is self.rbm.weight else g)
        self.steps += 1
        if done > 1 - LAST:
            self.kept += 1
            for a, p in zip(self.average, self.rbm.parameters(), strict=True):
                a.lerp_(p.data, 1 / self.kept)

    def finished(self) -> RBM:
        for a, p in zip(self.average, self.rbm.parameters(), strict=True):
            p.data = a
        return self.rbm.eval().requires_grad_(False)


def fit(name: str, args: argparse.Namespace) -> tuple[RBM, dict[str, Any]]:
    torch.manual_seed(args.seed)
    run = Run(CLASSES[name](MODELS[name]), (digits if name != TOP else features)(args), args)
    folder, began, shown = args.runs / name, time.monotonic(), 0.0
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "log.jsonl").open("w") as log:
        while (done := progress(run.steps, time.monotonic() - began, args)) < 1:
            gradient = run.step(done)
            if done - shown > 0.05:
                shown = done
                row = {"step": run.steps, "done": round(done, 3), "norm": gradient.weight.norm().item()}
                print(json.dumps(row), file=log, flush=True)
    minutes = round((time.monotonic() - began) / 60, 1)
    model = run.finished()
    loop.save_png(sheet(model, args), folder / "sheet.png")
    return model, {"steps": run.steps, "minutes": minutes, "images": run.steps * args.batch}


def progress(steps: int, seconds: float, args: argparse.Namespace) -> float:
    return steps / args.steps if args.steps else seconds / (60 * args.minutes)


@torch.no_grad()
def sheet(model: RBM, args: argparse.Namespace) -> Tensor:
    """Fantasies after 2,000 sweeps from noise; of the labelled one three of each digit, seen from below."""
    luck = [Generator().manual_seed(k) for k in range(30)]
    if isinstance(model, LabelledRBM):
        dbn = DBN(RBM.from_pretrained(args.out / BOTTOM), model)
        start = dbn.start(30, luck, torch.arange(10).repeat(3))
        x = last(dbn.sample(start, 2_000, luck, temperature=cooling(2_000, 2.0))).x
    else:
        noise = torch.stack([torch.rand(model.config.visible, generator=g) for g in luck]).round()
        x = last(gibbs(model, noise, 2_000, luck)).chances
    return loop.grid(2 * x.reshape(-1, 1, 28, 28) - 1, 10)


def golden(model: RBM) -> dict[str, Tensor]:
    v = torch.rand(4, model.config.visible, generator=Generator().manual_seed(0)).round()
    hidden = model.hidden_logits(v).sigmoid()[:, ::4]
    return {"v": v.byte(), "free_energy": model.free_energy(v), "hidden": hidden}


# ------------------------------------------------------------------------------ measures


def test_digits(data: Path | None) -> tuple[Tensor, Tensor]:
    """The 10,000 test digits, cut with seed 0, as the PixelCNN was measured on."""
    images, labels = pictures("mnist", "test", data)
    return levels("mnist", images, Generator().manual_seed(0)).flatten(1).float(), labels


def base_logits(v: Tensor) -> Tensor:
    means = (v.sum(0) + 1) / (len(v) + 2)
    return (means / (1 - means)).log()


def partition(model: RBM, base: Tensor) -> dict[str, float]:
    """log Z by annealed importance sampling, and the standard error."""
    betas, start = [], 0.0
    for count, end in BETAS:
        betas += np.linspace(start, end, count, endpoint=False).tolist()
        start = end
    end = last(ais(model, base, [*betas, 1.0], CHAINS, Generator().manual_seed(0)))
    value, error = estimate(end.log_weights)
    return {"log_z": value, "log_z_error": error}


@torch.no_grad()
def measure(name: str, model: RBM, args: argparse.Namespace) -> dict[str, float]:
    v, labels = test_digits(args.data)
    generator = Generator().manual_seed(0)
    seen = torch.cat([(digits if name != TOP else features)(args)(generator) for _ in range(40)])
    values = partition(model, base_logits(seen))
    if name != TOP:
        nats = torch.cat([-log_likelihood(model, part, values["log_z"]) for part in v.split(1000)])
        independent = base_logits(seen)
        plain = model.visible_log_z(independent) - v @ independent
        values["nats_independent"] = plain.mean().item()
    else:
        dbn = DBN(RBM.from_pretrained(args.out / BOTTOM), model)
        parts = [dbn.log_bound(part, values["log_z"], generator, draws=8) for part in v.split(500)]
        nats = -torch.cat(parts)
        right = torch.cat([dbn.read(part).argmax(1) for part in v.split(500)]) == labels
        values["accuracy"] = right.float().mean().item()
    values["nats"] = nats.mean().item()
    values["nats_error"] = (nats.var() / len(v) + values["log_z_error"] ** 2).sqrt().item()
    values["bits_per_dim"] = values["nats"] / (math.log(2) * 784)
    return values


def describe(name: str, model: RBM) -> card.Card:
    units = f"{model.config.visible} visible and {model.config.hidden} hidden units"
    what = {
        BOTTOM: f"A restricted Boltzmann machine of digits, {units}, by persistent contrastive divergence. "
        "`log_z` was estimated by annealed importance sampling with 256 chains and 20,000 temperatures. "
        "Published on digits cut the same way: 500 hidden units, CD-25, 86.34 nats (Salakhutdinov and "
        "Murray 2008).",
        SMALL: f"A small restricted Boltzmann machine of digits, {units}, by contrastive divergence of one "
        "sweep: what a quick recipe gives, to be compared with `rbm-mnist`.",
        TOP: f"The second layer of a deep belief network, {units}, of which ten are the label. It stands on "
        "`rbm-mnist`, whose hidden units are its pictures; `nats` is an upper bound for both together.",
    }[name]
    return card.Card(
        title="Deep belief network of digits, second layer" if name == TOP else "RBM of digits",
        what=what,
        data="MNIST (LeCun, Cortes, Burges), the 60,000 training images. Each pixel is black or white by "
        "chance, white with the probability that its grey says; the test digits were cut once, with seed 0, "
        "and the training digits anew each time. The images do not ship.",
        datasets=("ylecun/mnist",),
        tags=("boltzmann-machine", "rbm", "energy-based", "teaching"),
        limits="It knows centred digits and nothing else. Its chains are slow to get from one digit to "
        "another, its strokes have gaps where pixels disagree, and its likelihood is known up to an estimate "
        "of Z. It is made to be looked at in a lesson.",
    )


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=4)
    parser.add_argument("--model", choices=MODELS, default=BOTTOM)
    parser.add_argument("--lr", type=float, default=0.05)
    parser.add_argument("--decay", type=float, default=1e-4, help="pull of the weights towards 0")
    parser.add_argument("--chains", type=int, default=128, help="that never stop")
    parser.add_argument("--k", type=int, default=1, help="sweeps of each chain for a step")
    parser.add_argument("--measure", action="store_true", help="only measure the finished folder again")
    args = parser.parse_args()
    folder = args.out / args.model
    if not args.measure:
        model, took = fit(args.model, args)
        card.finish(model, folder, golden, took, "cpu")
    model = CLASSES[args.model].from_pretrained(folder)
    values = {k: round(v, 4) for k, v in measure(args.model, model, args).items()}
    card.record(folder, measures=values)
    card.write_card(
        folder, describe(args.model, model), f"python -m training.rbm --measure --model {args.model}"
    )
    print(folder.name, values)


if __name__ == "__main__":
    main()
