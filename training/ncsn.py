"""The noise-conditional score network of digits: `python -m training.ncsn --minutes 20`.

`--thin` stores a finished folder thinner; `--measure` computes its metrics.json and card again.
"""

import time
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from genmodels.data import readers
from genmodels.energy.annealed import draw, stride
from genmodels.energy.ncsn import NCSN, NCSNConfig, spread
from genmodels.metrics.neighbours import neighbours
from genmodels.runtime import generators
from training import card, loop, thinning

NAME = "ncsn-mnist"
LEVELS, STEPS = 80, 5  # of the ladder that is measured, which is the one that the page starts with
SHEET = 60, 5  # of the one that the sheets are drawn with
SAMPLES, BATCH = 400, 100
TOLD = (0.1, 0.3, 1.0, 3.0)  # levels at which the error is measured
MIDDLE = 0.5, 1.2  # of sigma in half of the training: its median, the standard deviation of its logarithm


@cache
def images(split: str, data: Path | None) -> Tensor:
    return loop.from_uint8(readers.mnist(split, data)[0])


def recipe(model: NCSN, args: object) -> loop.Recipe:
    train = images("train", args.data)

    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        return (train[torch.from_numpy(rng.integers(len(train), size=args.batch))],)

    return loop.Recipe(NAME, model, batch, loss, sheet, lr=args.lr, average=0.998)


def loss(model: NCSN, batch: tuple[Tensor, ...], generator: torch.Generator) -> dict[str, Tensor]:
    """Denoising score matching, weighted so that every level asks as much of the network.

    Song and Ermon weigh the score's squared error by sigma^2. At wide levels the Gaussian guess in the model
    knows nearly all of the noise, and what is left to the network would hardly count.
    """
    (x,) = batch
    sigma = spread(x, levels(len(x), model.config, generator).to(x.device))
    noise = torch.randn(x.shape, generator=generator).to(x.device)
    total = (sigma.square() + model.config.std**2).sqrt()
    away = (x + sigma * noise - model.config.mean) / total
    wanted = (sigma * away - total * noise) / model.config.std
    error = (model.correct(away, sigma).float() - wanted).square().flatten(1).mean(1)
    noise_error = error.detach() * (model.config.std / total.flatten()) ** 2
    return {"loss": error.mean(), "noise": noise_error.mean()}


def levels(n: int, config: NCSNConfig, generator: torch.Generator) -> Tensor:
    """Half of them anywhere on the ladder, half where strokes come to be."""
    low, high = np.log(config.sigma_min), np.log(config.sigma_max)
    even = low + (high - low) * torch.rand(n, generator=generator)
    middle = np.log(MIDDLE[0]) + MIDDLE[1] * torch.randn(n, generator=generator)
    return torch.where(torch.arange(n) % 2 == 0, even, middle.clamp(low, high)).exp()


def sampled(model: NCSN, seed: int, count: int, rungs: int = LEVELS, steps: int = STEPS) -> Tensor:
    """(count, 1, 28, 28), as the page draws them."""
    sigmas, shape = model.sigmas(rungs), (count, model.config.channels, model.config.size, model.config.size)
    eta = stride(sigmas[0] / sigmas[1], steps)
    *_, last = draw(model.score, shape, sigmas, steps, eta, generators(seed, count))
    return last.x.clamp(-1, 1)


def sheet(model: NCSN) -> Tensor:
    return loop.grid(sampled(model, 0, 40, *SHEET), 10)


def golden(model: NCSN) -> dict[str, Tensor]:
    """The same picture at four levels: of the noise told every fourth pixel."""
    x = torch.randn(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    sigma = torch.tensor([0.1, 0.5, 2.0, 10.0])
    noise = model.noise(x.repeat(4, 1, 1, 1), sigma)
    return {"x": x, "sigma": sigma, "noise": noise[..., ::4, ::4]}


@torch.no_grad()
def measure(model: NCSN, data: Path | None) -> dict[str, float]:
    """On held-out digits: the error at some levels, how samples lie among them, how long one takes."""
    x = images("test", data)[:SAMPLES]
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    values = {}
    for sigma in TOLD:
        told = torch.cat([model.noise(part, sigma) for part in (x + sigma * noise).split(250)])
        values[f"noise_{sigma:g}".replace(".", "_")] = (told - noise).square().mean().item()
    made = torch.cat([sampled(model, seed, BATCH) for seed in range(0, SAMPLES, BATCH)])
    values |= neighbours(half(x), half(made))._asdict()
    among = neighbours(half(x), half(images("train", data)[:SAMPLES]))
    values |= {f"{k}_real": v for k, v in among._asdict().items()}
    for count, key in ((1, "seconds_one"), (16, "seconds_each_of_16")):
        began = time.process_time()
        sampled(model, 0, count)
        values[key] = (time.process_time() - began) / count
    return values


def half(x: Tensor) -> Tensor:
    """Pixels at half size: what distances are taken between."""
    return F.avg_pool2d(x, 2).flatten(1)


DESCRIPTION = card.Card(
    title="NCSN, MNIST",
    what=(
        "A noise-conditional score network of digits of 28 by 28 pixels: for any level of noise it tells in "
        "which direction a noisy picture becomes more plausible. Annealed Langevin dynamics draws with it. "
        f"Samples for the measures take {LEVELS} levels of {STEPS} steps; neighbours are counted by the "
        "distance of pixels at half size, as no classifier of digits ships here, so they say how samples lie "
        "among held-out digits and not what a reader sees in them. The rows called real are those of as many "
        "training digits in the samples' place."
    ),
    data="MNIST (LeCun, Cortes, Burges), the 60,000 training digits. The digits do not ship.",
    datasets=("ylecun/mnist",),
    tags=("score-matching", "ncsn", "langevin", "mnist", "teaching"),
    limits=(
        "It has seen centred digits and nothing else, so a drawing of another kind is made into a digit. "
        "Some samples are no digit. It is made to be looked at in a lesson."
    ),
)


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=20)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--measure", action="store_true", help="only measure the finished folder again")
    thinning.option(parser)
    parser.set_defaults(batch=64, sheet_minutes=4.0)
    args = parser.parse_args()
    folder = args.out / NAME
    if args.thin:
        thinning.remade(recipe(NCSN(), args), NCSN.from_pretrained(folder), folder, golden, args)
    elif not args.measure:
        torch.manual_seed(args.seed)
        model, took = loop.train(recipe(NCSN(), args), args)
        card.finish(model, folder, golden, took, args.device)
    values = {k: round(v, 3) for k, v in measure(NCSN.from_pretrained(folder), args.data).items()}
    card.record(folder, measures=values)
    card.write_card(folder, DESCRIPTION, "python -m training.ncsn --measure")
    print(NAME, values)


if __name__ == "__main__":
    main()
