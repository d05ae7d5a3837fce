"""What the image GANs are worth, measured; `training.gan` calls `measure` when a training ends.

Distances are taken as `training.vae_faces` takes the VAE's: the same 2,000 held-out faces, the same number of
samples, the same reader's features, so that the numbers of a GAN and of a VAE stand in one table:

    python -m training.gan_measures --table

prints it and writes docs/faces.md. A likelihood, which no GAN has, is not in it.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genmodels.autoencoders.mixture import Mixture
from genmodels.autoencoders.vae_faces import VAEFaces
from genmodels.data.faces import ATTRIBUTES, HAIR_COLOURS
from genmodels.gan.cgan import CGAN
from genmodels.gan.dcgan import DCGAN
from genmodels.gan.latent import truncated
from genmodels.gan.losses import slopes
from genmodels.gan.wgan import WGAN
from genmodels.metrics.features import AttributesNet, FashionNet
from genmodels.metrics.frechet import frechet_distance, moments
from genmodels.metrics.neighbours import neighbours
from genmodels.model import Model
from training import card, loop
from training.attributes import auc
from training.gan import MODELS, film_labels, garments, hair_and_glasses
from training.gan_cards import CARDS
from training.vae_faces import HELD_OUT, MEASURED, faces

PAIRS = 400  # of a real picture and a sample, between which the slope is taken
HAIR, GLASSES = [ATTRIBUTES.index(f"hair_{c}") for c in HAIR_COLOURS], ATTRIBUTES.index("glasses")


# ---- pieces ------------------------------------------------------------------------------------------------


def in_parts(function: Callable[..., Tensor], *columns: Tensor, size: int = 250) -> Tensor:
    """function(*columns), some rows at a time."""
    return torch.cat([function(*part) for part in zip(*(c.split(size) for c in columns), strict=True)])


def judged(real: Tensor, fake: Tensor) -> dict[str, float]:
    """Distance, quality and reach of samples by their features, equally many of both."""
    distance = frechet_distance(*moments(fake), *moments(real))
    return {"frechet": distance.item(), **neighbours(real, fake)._asdict()}


def checkerboard(x: Tensor) -> float:
    """Mean power of stripes one pixel wide, along rows and columns. A window fades the borders out."""
    n = x.shape[-1]
    stripes = torch.hann_window(n) * (-1.0) ** torch.arange(n)
    return ((x @ stripes).square().mean() + (x.mT @ stripes).square().mean()).item()


def judge_of(model: Model) -> Callable[..., Tensor]:
    return model.discriminator if isinstance(model, DCGAN) else model.critic


def judgement(model: Model, held_out: tuple, train: tuple, fake: tuple) -> dict[str, float]:
    """What the discriminator says of pictures (and labels) it never saw, learnt from, and must catch."""
    real, seen, made = (in_parts(judge_of(model), *which) for which in (held_out, train, fake))
    values = {
        "score_train": seen.mean(),
        "score_held_out": real.mean(),
        "score_fake": made.mean(),
        "told_apart": above(real, made),
        "by_heart": above(seen, real),
    }
    if isinstance(model, DCGAN):
        return values | {"right_real": (real > 0).float().mean(), "right_fake": (made < 0).float().mean()}
    return values | {"critic_gap": real.mean() - made.mean(), "slope": steepness(model, held_out, fake)}


def above(a: Tensor, b: Tensor) -> float:
    """The chance that one of a scores above one of b."""
    return auc(torch.cat([a, b]), torch.arange(len(a) + len(b)) < len(a))


def steepness(model: WGAN | CGAN, real: tuple, fake: tuple) -> float:
    """Mean norm of the critic's slope between real pictures and samples, where the penalty wants 1."""
    x, made, *label = (column[:PAIRS] for column in (real[0], fake[0], *real[1:]))
    share = torch.rand(len(x), 1, 1, 1, generator=torch.Generator().manual_seed(0))
    with torch.enable_grad():
        norms = in_parts(
            lambda x, *y: slopes(lambda at: model.critic(at, *y), x).flatten(1).norm(dim=1),
            torch.lerp(made, x, share),
            *label,
            size=100,
        )
    return norms.mean().item()


def at_limit(model: WGAN) -> float:
    """Share of the critic's weights that clipping holds: the network is left with little else."""
    weights = torch.cat([p.flatten() for p in model.critic.parameters()])
    return (weights.abs() > 0.99 * model.config.clip).double().mean().item()


# ---- one checkpoint ----------------------------------------------------------------------------------------


def measure_faces(model: DCGAN | WGAN, args: argparse.Namespace) -> dict[str, float]:
    reader, images = AttributesNet.from_pretrained("attributes-faces"), faces(args)[0]
    real, train = (loop.from_uint8(images[which]) for which in (np.s_[-MEASURED:], np.s_[:MEASURED]))
    fake = in_parts(model.generator, truncated(0, MEASURED, model.config.latent))
    known, seen = (in_parts(reader.features, x) for x in (real, train))
    values = judged(known, in_parts(reader.features, fake))
    values["frechet_real"] = frechet_distance(*moments(seen), *moments(known)).item()
    values["checkerboard"] = checkerboard(fake) / checkerboard(real)
    values |= judgement(model, (real,), (train,), (fake,))
    if isinstance(model, WGAN) and model.config.clip:
        values["at_limit"] = at_limit(model)
    return values


def labelled_faces(args: argparse.Namespace) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Held-out faces that show their hair and as many training ones, with their labels."""
    images, (shown, labels) = faces(args)[0], hair_and_glasses(args)
    held_out = shown[shown >= len(images) - HELD_OUT][-MEASURED:]
    return tuple((loop.from_uint8(images[i]), labels[i]) for i in (held_out, shown[: len(held_out)]))


def labelled_garments(args: argparse.Namespace) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Test garments and as many training ones, in their black frames, with their labels."""
    both = (garments(split, args.data) for split in ("test", "train"))
    return tuple((loop.from_uint8(x[:MEASURED]), y[:MEASURED]) for x, y in both)


def read_face(reader: AttributesNet, x: Tensor) -> Tensor:
    """(B, 2): which hair, and whether glasses."""
    out = reader.outputs(x)
    return torch.stack([out[:, HAIR].argmax(1), (out[:, GLASSES] > 0).long()], 1)


def read_garment(reader: FashionNet, x: Tensor) -> Tensor:
    """(B, 1): which garment, inside the frame."""
    return reader.logits(x[..., 2:30, 2:30]).argmax(1, keepdim=True)


def told(labels: Tensor, groups: tuple[int, ...]) -> Tensor:
    """(B, classes) -> (B, groups): the class of each."""
    return torch.stack([part.argmax(1) for part in labels.split(groups, 1)], 1)


def obeyed(read: Tensor, asked: Tensor, names: tuple[str, ...], prefix: str) -> dict[str, float]:
    """Share that the reader reads as asked, in every group and in each; every label counts the same."""
    every = asked.unique(dim=0)
    each = torch.stack([(read == label)[(asked == label).all(1)].double().mean(0) for label in every])
    both = [(read == label).all(1)[(asked == label).all(1)].double().mean() for label in every]
    parts = {f"{prefix}_{name}": v for name, v in zip(names, each.mean(0).tolist(), strict=True)}
    return {prefix: torch.stack(both).mean().item()} | (parts if len(names) > 1 else {})


def measure_labelled(model: CGAN, args: argparse.Namespace) -> dict[str, float]:
    groups = model.config.groups
    if model.config.channels == 3:
        reader, read = AttributesNet.from_pretrained("attributes-faces"), read_face
        held_out, train, names = *labelled_faces(args), ("hair", "glasses")
        features = reader.features
    else:
        reader, read = FashionNet.from_pretrained("features-fashion"), read_garment
        held_out, train, names = *labelled_garments(args), ("garment",)
        features = lambda x: reader.features(x[..., 2:30, 2:30])  # noqa: E731
    count = len(held_out[0])
    z = truncated(0, count, model.config.latent)
    fake = (in_parts(model.generator, z, held_out[1]), held_out[1])  # labels as common as they are
    known, seen, made = (in_parts(features, x) for x, _ in (held_out, train, fake))
    values = judged(known, made) | {"frechet_real": frechet_distance(*moments(seen), *moments(known)).item()}
    values["checkerboard"] = checkerboard(fake[0]) / checkerboard(held_out[0])
    values |= judgement(model, held_out, train, fake) | {"critic_label": liked(model, *held_out)}

    every = torch.stack(film_labels(model))
    asked = every.repeat(count // len(every), 1)  # every label as often as any other
    pictures = in_parts(model.generator, z[: len(asked)], asked)
    for x, label, prefix in ((pictures, asked, "obedience"), (*held_out, "reader")):
        values |= obeyed(in_parts(lambda part: read(reader, part), x), told(label, groups), names, prefix)
    return values


def liked(model: CGAN, x: Tensor, labels: Tensor) -> float:
    """Share of pictures whose own label gets the highest score of all."""
    every = torch.stack(film_labels(model))
    sums = in_parts(lambda part: model.judge.features(part).sum((2, 3)), x)
    best = every[(sums @ model.look(every).T).argmax(1)]
    return (best == labels).all(1).double().mean().item()


@torch.no_grad()
def measure(model: Model, folder: Path, args: argparse.Namespace) -> None:
    """Into the folder's metrics.json, and from there into its card."""
    of = measure_labelled if isinstance(model, CGAN) else measure_faces
    values = {k: round(float(v), 3) for k, v in of(model, args).items()}
    card.record(folder, measures=values)
    card.write_card(folder, CARDS[folder.name], f"python -m training.gan --measure --model {folder.name}")
    print(folder.name, values)


# ---- the table ---------------------------------------------------------------------------------------------

TABLE = """# Faces: GANs and a VAE, on the same measure

{count:,} samples of each against the same {count:,} held-out faces, on the features of
`attributes-faces`. Written by

```
python -m training.gan_measures --table
```

| | Frechet distance | precision | recall | density | coverage | parameters that draw | minutes trained |
|---|---|---|---|---|---|---|---|
{rows}

Frechet distance: lower is better, and the first line is the floor: training faces against held-out ones.
Precision: share of samples that lie among real faces. Recall: share of real faces that lie among samples.
Density and coverage ask the same and do not trust outliers (`genmodels/metrics/neighbours.py` has the
definitions). Minutes are of one core that other work was using too, so they compare roughly; the metrics.json
of each folder says which. GANs draw from N(0, I) whole, nothing cut off.
"""

GANS = {
    "dcgan-faces": "DCGAN, transposed convolutions",
    "dcgan-faces-repeat": "DCGAN, repeated pixels",
    "wgan-faces": "WGAN, clipped weights",
    "wgan-gp-faces": "WGAN-GP",
}


def size_of(network: torch.nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def rivals(weights: Path) -> Iterator[tuple[str, Callable[[Tensor], Tensor], Tensor, int, float]]:
    """Title, z -> pictures, z, parameters of what draws, minutes trained."""
    minutes = lambda name: json.loads((weights / name / "metrics.json").read_text())["minutes"]  # noqa: E731
    for name, title in GANS.items():
        if (weights / name).is_dir():
            model = MODELS[name][0].from_pretrained(weights / name)
            z = truncated(0, MEASURED, model.config.latent)
            yield title, model.generator, z, size_of(model.generator), minutes(name)
    vae, prior = VAEFaces.from_pretrained("vae-faces"), Mixture.from_pretrained("vae-faces-mixture")
    size, took = size_of(vae.decoder), json.loads((loop.ROOT / "weights/vae-faces/metrics.json").read_text())
    normal = torch.randn(MEASURED, vae.config.latent, generator=torch.Generator().manual_seed(1))
    yield "VAE, z from N(0, I)", vae.decode, normal, size, took["minutes"]
    mixed = prior.sample(1, MEASURED)
    yield "VAE, z from its mixture", vae.decode, mixed, size + size_of(prior), took["minutes"]


@torch.no_grad()
def table(args: argparse.Namespace) -> str:
    reader, images = AttributesNet.from_pretrained("attributes-faces"), faces(args)[0]
    real, train = (
        in_parts(reader.features, loop.from_uint8(images[which]))
        for which in (np.s_[-MEASURED:], np.s_[:MEASURED])
    )
    rows = [row("Faces of the training set", judged(real, train))]
    for title, draw, z, size, minutes in rivals(args.out):
        made = in_parts(lambda part, draw=draw: reader.features(draw(part)), z)
        rows.append(row(title, judged(real, made), f"{size:,}", f"{minutes:g}"))
        print(rows[-1], flush=True)
    return TABLE.format(count=MEASURED, rows="\n".join(rows))


def row(title: str, values: dict[str, float], size: str = "", minutes: str = "") -> str:
    rest = " | ".join(f"{values[k]:.3f}" for k in ("precision", "recall", "density", "coverage"))
    return f"| {title} | {values['frechet']:.1f} | {rest} | {size} | {minutes} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=loop.ROOT / "runs", help="where the faces were painted")
    parser.add_argument("--out", type=Path, default=loop.ROOT / "weights", help="where the folders lie")
    parser.add_argument(
        "--table", type=Path, nargs="?", const=loop.ROOT / "docs/faces.md", help="write it there as well"
    )
    args = parser.parse_args()
    text = table(args)
    print(text)
    if args.table:
        args.table.write_text(text)


if __name__ == "__main__":
    main()
