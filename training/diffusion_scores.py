"""What the diffusion models are worth, measured: `python -m training.diffusion_scores --model ddpm-faces`.

Writes the measures of a finished folder into its metrics.json and from there its card. Faces and garments
are judged as the GANs and the VAE of the same data are, by the same reader's features and on as many samples;
of sprites and emoji, which nothing of ours reads, neighbours are counted on pixels at half size. `--solvers`
adds what other solvers make of the same network. `training.diffusion_table` puts it all into one page.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from genmodels.data import readers
from genmodels.diffusion import samplers, schedules
from genmodels.diffusion.denoiser import Denoiser, bound
from genmodels.diffusion.unet import UNet
from genmodels.metrics.features import AttributesNet, FashionNet
from genmodels.metrics.frechet import frechet_distance, moments
from genmodels.metrics.neighbours import neighbours
from genmodels.model import Model
from genmodels.runtime import generators
from training import card, consistency, diffusion, gan_measures, loop
from training.diffusion_cards import CARDS
from training.gan_measures import in_parts, judged, obeyed
from training.vae_faces import HELD_OUT, MEASURED

BATCH = 100
FEW = (1, 2, 4)  # looks at the network
GUIDED, ASKED = 2.0, 360  # scale at which obedience is measured once more, and on how many pictures
COPY = 0.1  # a sample nearer than this to a training picture, root of the mean square, is a copy of it
Draw = Callable[..., Tensor]  # (model, labels, seed, steps) -> pictures


def network(name: str, folder: Path) -> Model:
    kind = UNet if name == consistency.NAME else diffusion.MODELS[name][0]
    return kind.from_pretrained(folder)


def sampled(draw: Draw, model: Model, labels: Tensor, steps: int, **more: float) -> Tensor:
    """One picture for each label, picture k from seed k."""
    parts = [
        draw(model, part, BATCH * i, steps, **more).clamp(-1, 1) for i, part in enumerate(labels.split(BATCH))
    ]
    return torch.cat(parts)


def ddim(model: Model, labels: Tensor, seed: int, steps: int) -> Tensor:
    """As diffusers' pipeline does it with its own defaults: DDIM at every (1000 / steps)th moment."""
    denoise, c = Denoiser.of(model), model.config
    sigmas = schedules.leading(denoise.schedule, steps)
    luck = generators(seed, len(labels))
    x = samplers.start((c.in_channels, c.sample_size, c.sample_size), sigmas[0], luck)
    *_, last = samplers.ddim(bound(denoise, labels), x, sigmas)
    return last.x


# ---- data --------------------------------------------------------------------------------------------------


class Shown(NamedTuple):
    """Pictures that a model's samples are held against, and the classes to ask for."""

    real: Tensor
    labels: Tensor  # of samples, as common as in training
    train: Tensor  # as many training pictures
    every: Tensor  # training pictures, to look for copies in


def shown(name: str, args: argparse.Namespace) -> Shown:
    if name.endswith("faces"):
        images, labels = diffusion.face_labels(args)
        return held(images[-MEASURED:], untold(labels[-HELD_OUT:][-MEASURED:]), images[:MEASURED])
    if name.endswith("fashion"):
        (real, labels), (train, _) = (readers.fashion(split, args.data) for split in ("test", "train"))
        return held(real[:MEASURED], labels[:MEASURED], train[:MEASURED])
    train, classes = diffusion.pictures(name, args)
    order = np.random.default_rng(0).permutation(len(train))
    if name.endswith("emoji"):  # nothing was held out: two halves of what there is
        one, other = order[:MEASURED], order[MEASURED : 2 * MEASURED]
        return held(train[one], classes[one], train[other], train)
    real, labels = diffusion.sprites("test", args)
    seen = np.concatenate([order[classes[order] == k][: (labels == k).sum()] for k in range(4)])
    return held(real, labels, train[seen], train)


def held(real: np.ndarray, labels: np.ndarray, train: np.ndarray, every: np.ndarray | None = None) -> Shown:
    x, seen = loop.from_uint8(real), loop.from_uint8(train)
    return Shown(
        x, torch.from_numpy(labels.astype(np.int64)), seen, seen if every is None else loop.from_uint8(every)
    )


def untold(labels: np.ndarray) -> np.ndarray:
    """As in training, where "any" also stands for what has no class, so that together they make all faces."""
    hidden = np.random.default_rng(0).random(len(labels)) < diffusion.UNTOLD
    return np.where(hidden, diffusion.FACE_CLASSES, labels)


# ---- measures ----------------------------------------------------------------------------------------------


class Reader(NamedTuple):
    """The network that reads these pictures."""

    features: Callable[[Tensor], Tensor]
    read: Callable[[Tensor], Tensor]  # (B, groups), the class of each
    told: Callable[[Tensor], Tensor]  # labels -> the same
    names: tuple[str, ...]
    classes: int  # labels below say something


def reader(name: str) -> Reader | None:
    if name.endswith("faces"):
        net = AttributesNet.from_pretrained("attributes-faces")
        return Reader(
            net.features,
            lambda x: gan_measures.read_face(net, x),
            lambda y: torch.stack([y // 2, y % 2], 1),
            ("hair", "glasses"),
            diffusion.FACE_CLASSES,
        )
    if name.endswith("fashion"):
        net = FashionNet.from_pretrained("features-fashion")
        return Reader(
            net.features,
            lambda x: net.logits(x).argmax(1, keepdim=True),
            lambda y: y[:, None],
            ("garment",),
            len(readers.FASHION_CLASSES),
        )
    return None


def by_reader(name: str, model: Model, draw: Draw, steps: int, to: Reader, data: Shown) -> dict[str, float]:
    """Distance, quality and reach; whether samples are what was asked for, without guidance and with it."""
    fake = sampled(draw, model, data.labels, steps)
    known, made, seen = (in_parts(to.features, x) for x in (data.real, fake, data.train))
    values = judged(known, made) | {"frechet_real": frechet_distance(*moments(seen), *moments(known)).item()}
    values |= obedience(to, fake, data.labels, "obedience")
    if draw is diffusion.drawn:
        asked = torch.arange(ASKED) % (model.config.num_class_embeds - 1)
        values |= obedience(to, sampled(draw, model, asked, steps, scale=GUIDED), asked, "obedience_guided")
    values |= obedience(to, data.real, data.labels, "reader")
    return values | dict(few(model, draw, steps, to, known, data.labels))


def obedience(to: Reader, x: Tensor, labels: Tensor, key: str) -> dict[str, float]:
    """Of the pictures that were asked to be something."""
    x, labels = x[labels < to.classes], labels[labels < to.classes]
    return obeyed(in_parts(to.read, x), to.told(labels), to.names, key)


def few(
    model: Model, draw: Draw, steps: int, to: Reader, known: Tensor, labels: Tensor
) -> Iterator[tuple[str, float]]:
    """Distances of samples in fewer looks: of those who don't jump, by the better of two solvers."""
    for looks in (n for n in FEW if n < steps):
        ways = (draw,) if draw is consistency.drawn or looks == 1 else (draw, ddim)
        made = (in_parts(to.features, sampled(way, model, labels, looks)) for way in ways)
        yield f"frechet_{looks}", min(frechet(found, known) for found in made)


def frechet(made: Tensor, known: Tensor) -> float:
    return frechet_distance(*moments(made), *moments(known)).item()


def by_pixels(model: Model, data: Shown) -> dict[str, float]:
    """Neighbours and copies, at half size."""
    fake = sampled(diffusion.drawn, model, data.labels, diffusion.STEPS)
    real, made, seen, every = (half(x) for x in (data.real, fake, data.train, data.every))
    values = neighbours(real, made)._asdict()
    values |= {f"{k}_real": v for k, v in neighbours(real, seen)._asdict().items()}
    return values | {"twins": twins(made, every), "twins_real": twins(real, every)}


def half(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, 2).flatten(1)


def twins(x: Tensor, every: Tensor) -> float:
    """Share of x with one of `every` that near; itself, once, does not count."""
    distance = torch.cdist(x, every) / x.shape[1] ** 0.5
    same = (distance.min(1).values == 0).long()
    nearest = distance.topk(2, largest=False).values.gather(1, same[:, None])
    return (nearest < COPY).double().mean().item()


def seconds(draw: Draw, model: Model, steps: int) -> Iterator[tuple[str, float]]:
    for count, key in ((1, "seconds_one"), (16, "seconds_each_of_16")):
        began = time.process_time()
        draw(model, torch.zeros(count, dtype=torch.long), 0, steps)
        yield key, (time.process_time() - began) / count


@torch.no_grad()
def measure(name: str, model: Model, args: argparse.Namespace) -> dict[str, float]:
    jumps = name == consistency.NAME
    draw, steps = (consistency.drawn, 4) if jumps else (diffusion.drawn, diffusion.STEPS)
    data, to = shown(name, args), reader(name)
    values = by_pixels(model, data) if to is None else by_reader(name, model, draw, steps, to, data)
    return values | dict(seconds(draw, model, steps))


@torch.no_grad()
def solvers(name: str, model: Model, args: argparse.Namespace) -> dict[str, float]:
    """The same network by DDIM in 50 steps, as diffusers would, and in 12 of DPM-Solver++; a student in five
    jumps."""
    data, to = shown(name, args), reader(name)
    known = in_parts(to.features, data.real)
    made = {"ddim_50": (ddim, 50), "dpm_12": (diffusion.drawn, 12)}
    if name == consistency.NAME:
        made = {"5": (consistency.drawn, 5)}
    return {
        f"frechet_{key}": frechet(in_parts(to.features, sampled(way, model, data.labels, steps)), known)
        for key, (way, steps) in made.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=CARDS, required=True)
    parser.add_argument("--solvers", action="store_true", help="only what other solvers make of it")
    parser.add_argument("--data", type=Path, help="where the data sets lie, if not in data/")
    parser.add_argument("--runs", type=Path, default=loop.ROOT / "runs", help="where the faces were painted")
    parser.add_argument("--out", type=Path, default=loop.ROOT / "weights", help="where the folders lie")
    args = parser.parse_args()
    folder, of = args.out / args.model, solvers if args.solvers else measure
    values = of(args.model, network(args.model, folder), args)
    card.record(folder, measures={k: round(float(v), 3) for k, v in values.items()})
    card.write_card(folder, CARDS[args.model], f"python -m training.diffusion_scores --model {args.model}")
    print(args.model, values)


if __name__ == "__main__":
    main()
