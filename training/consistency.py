"""A network that jumps: ddpm-faces distilled into consistency-faces.

python -m training.consistency --minutes 25

A consistency model says of any point on the teacher's path from noise to picture where that path ends (Song
et al. 2023, arXiv:2303.01469). Its published training walks one step of the path and asks an average of the
learner itself for the rest (algorithm 2), so that what is known near the picture has to travel up to the
noise, level by level. Here the teacher walks the path to its end, once, and every level on it learns that
end: the same function and the same zero of the loss, reached sooner, for the price of a walk per path
instead of one or two looks per step. (At the first level alone that is Luhman and Luhman 2021,
arXiv:2101.02388.)

The learner begins as its teacher: as `consistency_v` it reads the same scaled picture and the same moment,
and answers with the picture itself where there is no noise. Distances are Song and Dhariwal's pseudo-Huber
(2023, arXiv:2310.14189, section 3.3), which keeps the levels where nobody can be exact from drowning the
others.

python -m training.consistency --thin 16 --minutes 9

then keeps of that network a change of low rank of its teacher, a quarter as large. Cut off at that rank it
would be far worse, so both factors of each weight go on learning, from where the full network lands.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from genmodels.diffusion import samplers
from genmodels.diffusion.denoiser import Denoiser, bound, spread
from genmodels.diffusion.unet import UNet, UNetConfig
from genmodels.runtime import generators
from training import card, diffusion, loop, low_rank

NAME, TEACHER = "consistency-faces", "ddpm-faces"
LOW, HIGH, LEVELS = 0.02, 80.0, 12  # of the teacher's path
FIRST, LAST = 2.0, 0.25  # how often the first level and the last three are taught, for once of another
KEPT = 6  # batches of paths; each is left after as many steps as make every place on it be taught once
NEAR = 0.00054  # pseudo-Huber's constant for each root of a value
JUMPS = (80.0, 4.0, 1.5, 0.5)  # where a drawing in four jumps has noise added
FIVE = (80.0, 5.0, 2.0, 0.8, 0.3)  # and one in five
LATER = (0.15, 20.0)  # levels of jumps after the first, when a thin network learns from the full one

Paths = tuple[Tensor, Tensor, Tensor]  # x (L + 1, B, C, H, W), sigma (L + 1,), labels (B,)


def grid(rng: np.random.Generator) -> list[float]:
    """Karras' grid, moved between its places, so that every level comes to be taught."""
    shift, (high, low) = rng.random(), (HIGH ** (1 / 7), LOW ** (1 / 7))
    inner = ((high + (i - shift) / (LEVELS - 1) * (low - high)) ** 7 for i in range(1, LEVELS))
    return [HIGH, *inner, 0.0]


@torch.no_grad()
def walked(teacher: Denoiser, rng: np.random.Generator, labels: Tensor) -> Paths:
    """From fresh noise to pictures: where the teacher's paths are at each level."""
    c, sigmas = teacher.network.config, grid(rng)
    luck = generators(int(rng.integers(2**31)), len(labels))
    x = samplers.start((c.in_channels, c.sample_size, c.sample_size), HIGH, luck, labels.device)
    with torch.autocast(x.device.type, torch.bfloat16):
        steps = [step.x for step in samplers.dpm(bound(teacher, labels), x, sigmas)]
    return torch.stack(steps), torch.tensor(sigmas), labels


def source(teacher: Denoiser, args: argparse.Namespace) -> Callable[[np.random.Generator], tuple]:
    """rng -> noisy pictures, their sigmas, labels, and where their paths end."""
    classes, kept, steps = teacher.network.config.num_class_embeds, [], count()

    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        for _ in range(1 if kept and next(steps) % LEVELS == 0 else KEPT - len(kept)):
            labels = torch.from_numpy(rng.integers(classes, size=args.batch)).to(teacher.network.device)
            kept.append(walked(teacher, rng, labels))
        del kept[:-KEPT]
        return picked(kept, rng, args.batch)

    return batch


def picked(kept: list[Paths], rng: np.random.Generator, size: int) -> tuple[Tensor, ...]:
    """Places on the paths, each path and level by chance."""
    chance = np.ones(LEVELS)
    chance[0], chance[-3:] = FIRST, LAST
    which, rows = rng.integers(len(kept), size=size), rng.integers(len(kept[0][2]), size=size)
    levels = rng.choice(LEVELS, size, p=chance / chance.sum())
    found: Iterator = ((kept[k], i, r) for k, i, r in zip(which, levels, rows, strict=True))
    places = [(x[i, r], sigma[i], labels[r], x[-1, r]) for (x, sigma, labels), i, r in found]
    return tuple(torch.stack(column) for column in zip(*places, strict=True))


def loss(model: UNet, batch: tuple[Tensor, ...], generator: torch.Generator) -> dict[str, Tensor]:
    x, sigma, labels, end = batch
    with sdpa_kernel(SDPBackend.MATH):  # on a CPU, training, the shortest way
        away = Denoiser.of(model)(x, sigma, labels).float() - end
    first = sigma == HIGH
    return {
        "loss": pseudo_huber(away),
        "squared": away.detach().square().mean(),
        "first": away.detach()[first].square().mean() if first.any() else torch.tensor(0.0),
    }


def pseudo_huber(away: Tensor) -> Tensor:
    """About |away| of a whole picture, square only where it is very near."""
    near = NEAR * away[0].numel() ** 0.5
    norm = (away.flatten(1).square().sum(1) + near**2).sqrt() - near
    return norm.mean() / away[0].numel() ** 0.5


def drawn(model: UNet, labels: Tensor, seed: int, jumps: int = 1) -> Tensor:
    """In so many jumps, as the page does it."""
    c = model.config
    sigmas = [*(FIVE if jumps == len(FIVE) else JUMPS[:jumps]), 0.0]
    luck = generators(seed, len(labels))
    x = samplers.start((c.in_channels, c.sample_size, c.sample_size), sigmas[0], luck, model.device)
    *_, last = samplers.consistency(bound(Denoiser.of(model), labels), x, sigmas, luck)
    return last.x


def sheet(model: UNet) -> Tensor:
    """The same noise in one jump, in two and in four."""
    labels = torch.arange(20, device=model.device) % (model.config.num_class_embeds - 1)
    return loop.grid(torch.cat([drawn(model, labels, 0, jumps) for jumps in (1, 2, 4)]), 20)


# ---- the same of low rank ----------------------------------------------------------------------------------


def full(runs: Path, config: UNetConfig) -> UNet:
    """The network that `runs` holds, trained at full rank."""
    model = UNet(config)
    model.load_state_dict(loop.below("average.", load_file(runs / NAME / "state.safetensors")))
    return model.eval().requires_grad_(False)


def followed(jumper: Denoiser, args: argparse.Namespace) -> Callable[[np.random.Generator], tuple]:
    """rng -> places to jump from and their ends; half are noise, half a first jump with noise added."""
    c, size = jumper.network.config, args.batch // 2
    shape = (size, c.in_channels, c.sample_size, c.sample_size)

    @torch.no_grad()
    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        labels = torch.from_numpy(rng.integers(c.num_class_embeds, size=size))
        first, later = torch.full((size,), HIGH), np.exp(rng.uniform(*np.log(LATER), size)).astype(np.float32)
        ends, x, places = [], torch.zeros(shape), []
        for sigma in (first, torch.from_numpy(later)):
            x = x + spread(x, sigma) * torch.from_numpy(rng.standard_normal(shape, np.float32))
            places.append((x, sigma, labels))
            with torch.autocast(args.device, torch.bfloat16):
                x = jumper(*(v.to(args.device) for v in places[-1])).float().cpu()
            ends.append(x)
        return (*(torch.cat(column) for column in zip(*places, strict=True)), torch.cat(ends))

    return batch


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=25)
    parser.add_argument("--lr", type=float, default=1.5e-3)
    parser.add_argument("--thin", type=int, metavar="RANK", help="from runs/, keep a change of that rank")
    parser.set_defaults(batch=48, sheet_minutes=4.0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    teacher = UNet.from_pretrained(args.out / TEACHER).to(args.device)
    config = replace(teacher.config, prediction="consistency_v")
    if args.thin:
        teacher = full(args.runs, config).to(args.device)
    model = UNet(config)
    model.load_state_dict(teacher.state_dict())
    name, batch = NAME, source(Denoiser.of(teacher), args)
    if args.thin:
        name, batch = f"{NAME}-thin", followed(Denoiser.of(teacher), args)
        model = low_rank.wear(model, TEACHER, args.thin)
    recipe = loop.Recipe(name, model, batch, loss, sheet, lr=args.lr, average=0.998)
    model, took = loop.train(recipe, args)
    base = TEACHER if args.thin else ""
    card.finish(low_rank.plain(model), args.out / NAME, diffusion.golden, took, args.device, base, args.thin)


if __name__ == "__main__":
    main()
