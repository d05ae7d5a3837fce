"""The image GANs: `python -m training.gan --model wgan-gp-faces --minutes 40`.

Six checkpoints: two DCGANs that differ in how they grow, two WGANs that differ in what bounds the critic, and
two conditional ones. `--thin` stores the judge of a finished folder thinner; of the one with clipped weights,
which must stay as they are, the generator; of the one of repeated pixels, there to be compared, both.
`--measure` computes metrics.json and the card again.
"""

import argparse
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from genmodels.data import readers
from genmodels.data.faces import ATTRIBUTES, HAIR_COLOURS
from genmodels.gan.cgan import CGAN, CGANConfig
from genmodels.gan.dcgan import DCGAN, DCGANConfig
from genmodels.gan.latent import truncated
from genmodels.gan.losses import GAMES, clip, gradient_penalty, targets
from genmodels.gan.wgan import WGAN, WGANConfig
from genmodels.model import Model
from training import card, duel, loop, thinning
from training.vae_faces import HELD_OUT, faces

UP, DOWN, LATENT = (128, 96, 64, 32), (32, 64, 96, 128), 64
SOFT = 0.1  # labels of the DCGAN's discriminator move up to so far from 1 and 0
PENALISED = 16  # pictures of a batch that the penalty is taken on: its mean is the same, its cost is not
MARGIN = 5.0  # by which a real picture's own label must fit it better; more is no gain, or slopes explode
HATLESS = ("hat", "style_bald", "style_balding", "style_buzz")  # faces without any of these show their hair
COLUMNS = 12  # pictures of a moment of the film
WEIGHED = 160  # pictures of each sort by which `--thin` sees what matters

WASSERSTEIN = {"size": 64, "latent": LATENT, "generator": UP, "critic": DOWN}
MODELS: dict[str, tuple[type[Model], object]] = {
    "dcgan-faces": (DCGAN, DCGANConfig(latent=LATENT, generator=UP, discriminator=DOWN)),
    "dcgan-faces-repeat": (DCGAN, DCGANConfig(latent=LATENT, generator=UP, discriminator=DOWN, repeat=True)),
    "wgan-faces": (WGAN, WGANConfig(**WASSERSTEIN, clip=0.01, penalty=0.0, critic_steps=5)),
    "wgan-gp-faces": (WGAN, WGANConfig(**WASSERSTEIN, clip=0.0, penalty=10.0, critic_steps=2)),
    "cgan-faces": (
        CGAN,
        CGANConfig(
            **WASSERSTEIN, classes=(*HAIR_COLOURS, "bare", "glasses"), groups=(6, 2), critic_steps=2,
            strength=(1.0, 1.5),
        ),
    ),
    "cgan-fashion": (
        CGAN,
        CGANConfig(
            size=32, channels=1, latent=32, generator=(128, 96, 48), critic=(48, 96, 128),
            classes=readers.FASHION_CLASSES, groups=(10,), critic_steps=2,
        ),
    ),
}  # fmt: skip


# ---- data --------------------------------------------------------------------------------------------------


@cache
def garments(split: str, data: Path | None) -> tuple[np.ndarray, Tensor]:
    """28 px in a frame of black, 32 px: sides that halve down to 4."""
    images, labels = readers.fashion(split, data)
    return np.pad(images, ((0, 0), (2, 2), (2, 2))), F.one_hot(
        torch.from_numpy(labels.astype(np.int64))
    ).float()


def hair_and_glasses(args: argparse.Namespace) -> tuple[np.ndarray, Tensor]:
    """Which faces show their hair, and their labels (N, 8)."""
    attributes = faces(args)[1]
    column = {name: attributes[:, i] for i, name in enumerate(ATTRIBUTES)}
    hair = torch.stack([column[f"hair_{colour}"] for colour in HAIR_COLOURS], 1)
    glasses = torch.stack([1 - column["glasses"], column["glasses"]], 1)
    shown = sum(column[name] for name in HATLESS) == 0
    return np.flatnonzero(shown.numpy()), torch.cat([hair, glasses], 1)


def evenly(labels: Tensor) -> np.ndarray:
    """(N,) weights under which every label is drawn as often as any other."""
    _, which, count = labels.unique(dim=0, return_inverse=True, return_counts=True)
    return (1 / count[which]).numpy()


def source(name: str, args: argparse.Namespace):  # noqa: ANN201
    """rng -> a batch: pictures, and labels where the model takes some."""
    if name == "cgan-fashion":
        images, labels = garments("train", args.data)
        known = np.arange(len(images))
    else:
        images, known = faces(args)[0], np.arange(len(faces(args)[0]))
        labels = None
    if name == "cgan-faces":
        known, labels = hair_and_glasses(args)
    known = known[known < len(images) - (0 if name == "cgan-fashion" else HELD_OUT)]
    edges = np.cumsum(np.ones(len(known)) if labels is None else evenly(labels[known]))

    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        chosen = known[np.searchsorted(edges, rng.random(args.batch) * edges[-1], side="right")]
        x = loop.from_uint8(images[chosen]).contiguous(memory_format=torch.channels_last)
        return (x,) if labels is None else (x, labels[chosen])

    return batch


# ---- the two sides -----------------------------------------------------------------------------------------


def noise(model: Model, n: int, generator: torch.Generator) -> Tensor:
    return torch.randn(n, model.config.latent, generator=generator).to(model.device)


def discriminate_dcgan(
    model: DCGAN, batch: tuple[Tensor, ...], generator: torch.Generator
) -> dict[str, Tensor]:
    (x,) = batch
    scores = (
        model.discriminator(x).float(),
        model.discriminator(model(noise(model, len(x), generator))).float(),
    )
    losses = [
        GAMES[model.config.game].judge(score, targets(len(x), real, generator, SOFT).to(x.device))
        for score, real in zip(scores, (True, False), strict=True)
    ]
    return {
        "loss": (losses[0] + losses[1]) / 2,
        "right_real": (scores[0] > 0).float().mean(),
        "right_fake": (scores[1] < 0).float().mean(),
    }


def generate_dcgan(model: DCGAN, batch: tuple[Tensor, ...], generator: torch.Generator) -> dict[str, Tensor]:
    score = model.discriminator(model(noise(model, len(batch[0]), generator)))
    return {"loss": GAMES[model.config.game].fool(score.float())}


def discriminate_wgan(
    model: WGAN | CGAN, batch: tuple[Tensor, ...], generator: torch.Generator
) -> dict[str, Tensor]:
    x, *y = batch
    fake = model.generator(noise(model, len(x), generator), *y)
    gap = (model.critic(x, *y).float() - model.critic(fake, *y).float()).mean()
    found = {"loss": -gap, "gap": gap}
    if y:
        h = model.judge.features(x)
        better = (model.fit(h, *y) - model.fit(h, y[0].roll(1, 0))).float()  # than under another's label
        told = (y[0] != y[0].roll(1, 0)).any(1)
        unfit = F.relu(MARGIN - better)[told].mean()
        found |= {"loss": found["loss"] + unfit, "fits": better[told].mean()}
    if model.config.penalty:
        few = slice(0, PENALISED)
        told = [label[few] for label in y]
        steep = gradient_penalty(
            lambda at: model.critic(at, *told).float(), x[few], fake[few].float(), generator
        )
        found |= {"loss": found["loss"] + model.config.penalty * steep, "penalty": steep}
    return found


def generate_wgan(
    model: WGAN | CGAN, batch: tuple[Tensor, ...], generator: torch.Generator, push: float = 1.0
) -> dict[str, Tensor]:
    """`push`: how much the label counts against looking real; 1 is the paper's."""
    x, *y = batch
    fake = model.generator(noise(model, len(x), generator), *y)
    if y:
        h = model.judge.features(fake)
        score = model.judge.last(h).flatten() + push * model.fit(h, *y)
    else:
        score = model.critic(fake)
    return {"loss": GAMES["wasserstein"].fool(score.float())}


def optimisers(
    model: Model, drawer: str, lr: float, judge: float
) -> tuple[torch.optim.Optimizer, torch.optim.Optimizer]:
    """As each paper has them: Adam; RMSprop where weights are clipped. `judge`: its rate in the other's."""
    own = list(model.get_submodule(drawer).parameters())
    mine = {id(p) for p in own}
    rest = [p for p in model.parameters() if id(p) not in mine]
    if isinstance(model, WGAN) and model.config.clip:
        return torch.optim.RMSprop(own, lr / 2), torch.optim.RMSprop(rest, judge * lr / 2)
    betas = (0.5, 0.999) if isinstance(model, DCGAN) else (0.0, 0.9)
    return torch.optim.Adam(own, lr, betas), torch.optim.Adam(rest, judge * lr, betas)


def film_labels(model: Model) -> list[Tensor]:
    """The label of each column, where labels are: every class, or every pair."""
    if not isinstance(model, CGAN):
        return []
    if len(model.config.groups) == 1:
        return [model.label(k) for k in range(model.config.groups[0])]
    return [model.label(k, g) for g in range(model.config.groups[1]) for k in range(model.config.groups[0])]


def draw(model: Model) -> Tensor:
    """The film's pictures: twelve z; or one z under every label."""
    labels = film_labels(model)
    if not labels:
        return model.generator(truncated(0, COLUMNS, model.config.latent).to(model.device))
    z = truncated(0, 1, model.config.latent).expand(len(labels), -1)
    return model.generator(z.to(model.device), torch.stack(labels).to(model.device))


def recipe(name: str, model: Model, args: argparse.Namespace) -> duel.Duel:
    plain, drawer = isinstance(model, DCGAN), "network" if isinstance(model, CGAN) else "generator"

    def after(trained: Model) -> None:
        if isinstance(trained, WGAN) and trained.config.clip:
            clip(trained.critic, trained.config.clip)

    return duel.Duel(
        name,
        model,
        source(name, args),
        1 if plain else model.config.critic_steps,
        discriminate_dcgan if plain else discriminate_wgan,
        generate_dcgan if plain else partial(generate_wgan, push=args.push),
        draw,
        drawer,
        optimisers(model, drawer, args.lr, args.judge),
        after,
    )


def make_thin(name: str, model: Model, args: argparse.Namespace) -> None:
    """The judge, which is only looked at once training is over; where weights are clipped, the generator;
    where pixels are repeated, both."""
    x, *y = source(name, argparse.Namespace(**vars(args) | {"batch": WEIGHED}))(
        np.random.default_rng(args.seed)
    )
    z = truncated(10_000, WEIGHED, model.config.latent)
    clipped = isinstance(model, WGAN) and model.config.clip
    if clipped or (isinstance(model, DCGAN) and model.config.repeat):
        model.generator = thinning.thinned(model.generator, lambda generator: generator(z), args.thin)
    if clipped:
        return
    judge = "discriminator" if isinstance(model, DCGAN) else "judge" if y else "critic"
    with torch.no_grad():
        both = torch.cat([x, model.generator(z, *y)])

    def score(network: torch.nn.Module) -> Tensor:
        h = network.features(both)
        return network.last(h).flatten() + (model.fit(h, torch.cat([*y, *y])) if y else 0)

    setattr(model, judge, thinning.thinned(getattr(model, judge), score, args.thin))


def golden(model: Model) -> dict[str, Tensor]:
    """Of the picture every fourth pixel."""
    z = torch.randn(1, model.config.latent, generator=torch.Generator().manual_seed(0))
    if isinstance(model, CGAN):
        y = torch.stack(film_labels(model)[1:2])
        x = model.generator(z, y)
        return {"z": z, "y": y, "image": x[..., ::4, ::4], "score": model.critic(x, y)}
    x = model.generator(z)
    score = model.discriminator(x) if isinstance(model, DCGAN) else model.critic(x)
    return {"z": z, "image": x[..., ::4, ::4], "score": score}


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=30)
    parser.set_defaults(batch=32, sheet_minutes=2.0)
    parser.add_argument("--model", choices=MODELS, default="dcgan-faces")
    parser.add_argument("--lr", type=float, default=2e-4)
    parser.add_argument(
        "--judge", type=float, default=1.0, help="rate of the judge in those of the generator"
    )
    parser.add_argument("--push", type=float, default=1.0, help="how much labels count for the generator")
    parser.add_argument("--thin", type=float, help="no training: keep this share of the finished judge")
    parser.add_argument("--measure", action="store_true", help="only measure the finished folder again")
    args = parser.parse_args()
    kind, config = MODELS[args.model]
    folder = args.out / args.model
    if args.thin:
        make_thin(args.model, model := kind.from_pretrained(folder), args)
        thinning.stored(model, folder, golden, args)
    elif not args.measure:
        torch.manual_seed(args.seed)
        model = kind(config)
        if isinstance(model, CGAN):
            model.config = replace(config, strength=())  # it learns from labels as they are
        trained, state = duel.train(recipe(args.model, model, args), args)
        trained.config = config
        took = {
            "steps": state.step,
            "minutes": round(state.seconds / 60, 1),
            "images": state.step * args.batch,
        }
        card.finish(trained, folder, golden, took, args.device)
        more = {"labels": [y.tolist() for y in film_labels(model)]} if film_labels(model) else {}
        duel.write_film(state, folder, config.size, len(film_labels(model)) or COLUMNS, **more)
    from training.gan_measures import measure

    measure(kind.from_pretrained(folder), folder, args)


if __name__ == "__main__":
    main()
