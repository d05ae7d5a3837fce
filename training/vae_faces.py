"""The VAEs of painted faces: `python -m training.vae_faces --model vae-faces --minutes 50`.

Three checkpoints that differ in beta, two of them kept as a change of low rank of the first (`--thin`: each
weight at the rank that pays). With each what
is computed from its codes: the mixture (a folder of its own), the directions of the attributes, how much each
direction leaks into the others, and the distances. `--measure` does those again for a finished folder. The
faces are painted once, into runs/faces64.npy.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from genmodels.autoencoders import mixture
from genmodels.autoencoders.vae_faces import VAEFaces, VAEFacesConfig
from genmodels.data.faces import ATTRIBUTES, batch
from genmodels.metrics.features import AttributesNet
from genmodels.metrics.frechet import frechet_distance, moments
from genmodels.metrics.likelihood import bits_per_dim, gaussian_log_prob, kl_standard_normal
from genmodels.metrics.neighbours import neighbours
from genmodels.metrics.psnr import psnr
from genmodels.model import bundled
from training import card, loop, low_rank, thinning

SIZE, COUNT, HELD_OUT = 64, 40_000, 4_000  # faces are seeds 0, 1, 2...; the last are held out
FITTED, MEASURED, LEAKED = 24_000, 2_000, 200  # faces that the mixture, the distances and the leak take
BETAS = {"vae-faces": 25.0, "vae-faces-blur": 500.0, "vae-faces-sharp": 1.0}
BASE, RANK = "vae-faces", 16  # what the others start from, and the rank of what they differ by
WEIGHED = 150  # faces by which `--thin` sees what matters
EDITS = (  # attributes that get a direction: those that a face of 64 px shows
    "smile", "age", "skin", "presentation", "glasses", "beard", "hat", "earrings",
    "hair_blond", "hair_black", "hair_red", "hair_grey", "hair_dyed",
    "style_bald", "style_long_straight", "style_afro", "hair_volume",
    "eye_size", "eye_open", "turn", "tilt", "light",
)  # fmt: skip


# ---- faces -------------------------------------------------------------------------------------------------


def faces(args: argparse.Namespace) -> tuple[np.ndarray, Tensor, Tensor]:
    """Images uint8 (N, 64, 64, 3), attributes scaled (N, A), which of those are yes or no (A,)."""
    images, attributes = (args.runs / f"faces{SIZE}{part}.npy" for part in ("", "_attributes"))
    if not attributes.exists():
        paint_all(images, attributes)
    scaled, binary = scale(torch.from_numpy(np.load(attributes)))
    return np.load(images, mmap_mode="r"), scaled, binary


def paint_all(images: Path, attributes: Path) -> None:
    pictures = np.lib.format.open_memmap(images, "w+", np.uint8, (COUNT, SIZE, SIZE, 3))
    vectors = []
    for start in range(0, COUNT, 1000):
        pictures[start : start + 1000], found = batch(range(start, start + 1000), SIZE)
        vectors.append(found)
    pictures.flush()
    np.save(attributes, np.concatenate(vectors))


def scale(attributes: Tensor) -> tuple[Tensor, Tensor]:
    """Numbers to zero mean and unit variance; yes or no stays 0 or 1. Also returns which are yes or no."""
    binary = ((attributes == 0) | (attributes == 1)).all(0)
    mean, std = attributes.mean(0), attributes.std(0).clamp_min(1e-3)
    return torch.where(binary, attributes, (attributes - mean) / std), binary


# ---- training ----------------------------------------------------------------------------------------------


def recipe(name: str, model: VAEFaces, args: argparse.Namespace) -> loop.Recipe:
    images = faces(args)[0]

    def draw(rng: np.random.Generator) -> tuple[Tensor, ...]:
        return (loop.from_uint8(images[np.sort(rng.integers(COUNT - HELD_OUT, size=args.batch))]),)

    held_out = loop.from_uint8(images[-HELD_OUT:][:16])
    return loop.Recipe(name, model, draw, loss, lambda m: sheet(m, held_out), lr=args.lr)


def loss(model: VAEFaces, batch: tuple[Tensor, ...], generator: torch.Generator) -> dict[str, Tensor]:
    (x,) = batch
    x = x.contiguous(memory_format=torch.channels_last)
    mean, log_var = (t.float() for t in model.encode(x))
    z = mean + (0.5 * log_var).exp() * torch.randn(mean.shape, generator=generator).to(x.device)
    log_prob = gaussian_log_prob(x, model.decode(z).float(), model.log_sigma).mean()
    kl = kl_standard_normal(mean, log_var).sum(1).mean()
    total = (model.config.beta * kl - log_prob) / x[
        0
    ].numel()  # per value: the gradient's norm is of the order of 1
    return {"loss": total, "kl": kl, "log_prob": log_prob, "sigma": model.log_sigma.exp()}


def sheet(model: VAEFaces, x: Tensor) -> Tensor:
    """Held-out faces, what becomes of them, two rows of N(0, I)."""
    z = torch.randn(2 * len(x), model.config.latent, generator=torch.Generator().manual_seed(0)).to(
        model.device
    )
    again = model.decode(model.encode(x.to(model.device)).mean)
    return loop.grid(torch.cat([x, again.cpu(), model.decode(z).cpu()]), len(x))


def thinned(model: VAEFaces, args: argparse.Namespace) -> VAEFaces:
    """It begins with the change of BASE that keeps its pictures and codes best for that share of the room."""
    x = loop.from_uint8(faces(args)[0][:WEIGHED])

    def says(model: VAEFaces) -> Tensor:
        mean, log_var = model.encode(x)
        return torch.cat([t.flatten() for t in (model.decode(mean), 2 * mean, 2 * log_var)])

    return thinning.thinned(model.eval(), says, args.thin, bundled(BASE)).train()


def golden(model: VAEFaces) -> dict[str, Tensor]:
    """Of the picture every fourth pixel."""
    z = torch.randn(1, model.config.latent, generator=torch.Generator().manual_seed(0))
    image = model.decode(z)
    return {"z": z, "image": image[..., ::4, ::4], "mean": model.encode(image).mean}


# ---- what is computed from the codes -----------------------------------------------------------------------


def in_parts(function, x, size: int = 250) -> Tensor:
    """function over a long batch, a part at a time; bytes become images on the way."""
    parts = (x[i : i + size] for i in range(0, len(x), size))
    return torch.cat([function(loop.from_uint8(p) if isinstance(p, np.ndarray) else p) for p in parts])


def codes(model: VAEFaces, images: np.ndarray) -> tuple[Tensor, Tensor]:
    both = in_parts(lambda x: torch.cat(model.encode(x), 1), images)
    return both.chunk(2, dim=1)


def drawn(mean: Tensor, log_var: Tensor) -> Tensor:
    """A z of each q(z|x): what the decoder learnt on, so what a prior must be fitted to."""
    return mean + (0.5 * log_var).exp() * torch.randn(mean.shape, generator=torch.Generator().manual_seed(0))


def directions(mean: Tensor, attributes: Tensor, binary: Tensor) -> dict[str, Tensor]:
    """Mean code of faces with an attribute, less the mean without; of a number, its top and bottom third."""
    found = {}
    for name in EDITS:
        i = ATTRIBUTES.index(name)
        value = attributes[:, i]
        low, high = (0.5, 0.5) if binary[i] else value.quantile(torch.tensor([1 / 3, 2 / 3])).tolist()
        found[name] = mean[value > high].mean(0) - mean[value <= low].mean(0)
    return found


def leak(model: VAEFaces, reader: AttributesNet, z: Tensor, found: dict[str, Tensor]) -> dict:
    """What each direction does to each attribute, as our reader sees it: a row is a direction.

    `effect` is in standard deviations of the attribute over faces; `matrix` is the effect over the row's own.
    """
    places = [reader.config.attributes.index(name) for name in found]
    yes_no = torch.tensor(reader.config.binary)

    def read(codes: Tensor) -> Tensor:
        out = in_parts(lambda part: reader.outputs(model.decode(part)), codes)
        return torch.where(yes_no, out.sigmoid(), out)[:, places]

    before = read(z)
    effect = torch.stack([(read(z + v) - before).mean(0) for v in found.values()]) / before.std(0)
    matrix = effect / effect.diagonal()[:, None]
    rounded = {"effect": effect, "matrix": matrix}
    return {
        "attributes": list(found),
        **{k: [[round(v, 3) for v in r] for r in m.tolist()] for k, m in rounded.items()},
    }


@torch.no_grad()
def measure(model: VAEFaces, prior: mixture.Mixture, images: np.ndarray) -> dict[str, float]:
    """On held-out faces: the bound's terms, and distances of samples on the attribute reader's features."""
    reader = AttributesNet.from_pretrained("attributes-faces")
    x = loop.from_uint8(images[-MEASURED:])
    mean, log_var = codes(model, images[-MEASURED:])
    z = drawn(mean, log_var)
    kl = kl_standard_normal(mean, log_var)
    elbo = gaussian_log_prob(x, in_parts(model.decode, z), model.log_sigma).mean() - kl.sum(1).mean()
    again = in_parts(model.decode, mean)
    real = in_parts(reader.features, x)
    other = in_parts(reader.features, images[:MEASURED])
    normal = torch.randn(mean.shape, generator=torch.Generator().manual_seed(1))
    values = {
        "psnr": psnr(x, again).mean(),
        "sigma": model.log_sigma.exp(),
        "kl": kl.sum(1).mean(),
        "active": (kl.mean(0) > 0.01).sum(),
        "elbo": elbo,
        "elbo_bits": bits_per_dim(elbo, x[0].numel()),
        "frechet_real": frechet_distance(*moments(other), *moments(real)),
        "frechet_reconstruction": frechet_distance(
            *moments(in_parts(reader.features, again)), *moments(real)
        ),
    }
    for name, sample in (("prior", normal), ("mixture", prior.sample(1, MEASURED))):
        features = in_parts(lambda part: reader.features(model.decode(part)), sample)
        values[f"frechet_{name}"] = frechet_distance(*moments(features), *moments(real))
        near = neighbours(real, features)
        values |= {f"precision_{name}": near.precision, f"coverage_{name}": near.coverage}
    return {k: round(float(v), 3) for k, v in values.items()}


@torch.no_grad()
def finish_codes(model: VAEFaces, folder: Path, args: argparse.Namespace) -> None:
    """Mixture, directions, leak, measures, cards."""
    images, attributes, binary = faces(args)
    mean, log_var = codes(model, images[:FITTED])
    held_out, held_out_log_var = codes(model, images[-MEASURED:])
    prior = finish_mixture(drawn(mean, log_var), drawn(held_out, held_out_log_var), folder, args)
    found = directions(mean, attributes[: len(mean)], binary)
    save_file({k: v.half() for k, v in found.items()}, folder / "directions.safetensors")
    reader = AttributesNet.from_pretrained("attributes-faces")
    leaks = leak(model, reader, held_out[:LEAKED], found)
    card.record(folder, measures=measure(model, prior, images), leak=leaks)
    normal = torch.randn(48, prior.config.latent, generator=torch.Generator().manual_seed(0))
    both = model.decode(torch.cat([normal, prior.sample(0, 48)]))
    loop.save_png(loop.grid(both, 16), args.runs / folder.name / "priors.png")


def finish_mixture(z: Tensor, held_out: Tensor, folder: Path, args: argparse.Namespace) -> mixture.Mixture:
    where = folder.with_name(f"{folder.name}-mixture")
    began = time.monotonic()
    fitted = mixture.fit(z, args.components, torch.Generator().manual_seed(args.seed))
    minutes = round((time.monotonic() - began) / 60, 1)

    def outputs(prior: mixture.Mixture) -> dict[str, Tensor]:
        return {"z": held_out[:4], "log_prob": prior.log_prob(held_out[:4])}

    prior = card.finish(fitted, where, outputs, {"minutes": minutes}, "cpu")
    normal = torch.distributions.Normal(0, 1).log_prob(held_out).sum(1).mean().item()
    values = {"log_prob": prior.log_prob(held_out).mean().item(), "log_prob_normal": normal}
    card.record(where, measures={k: round(v, 3) for k, v in values.items()})
    card.write_card(
        where, mixture_card(folder.name), f"python -m training.vae_faces --measure --model {folder.name}"
    )
    return prior


# ---- cards -------------------------------------------------------------------------------------------------

PAINTED = (
    f"{COUNT - HELD_OUT:,} faces painted by `genmodels.data.faces` (MIT), seeds 0 to {COUNT - HELD_OUT - 1}; "
    f"the next {HELD_OUT:,} are held out, and {MEASURED:,} of them measured on. Nobody was photographed."
)


def vae_card(name: str, beta: float) -> card.Card:
    character = {"vae-faces-blur": "smooth and blurred", "vae-faces-sharp": "sharp, with holes in its prior"}
    return card.Card(
        title=f"VAE of painted faces, 64 px, {character.get(name, 'the balance')}",
        what=(
            f"Encodes a face of 64 by 64 pixels as 128 numbers and draws it again; beta = {beta:g}. "
            "`directions.safetensors` holds the direction of each attribute (difference of mean codes); "
            "`leak` in `metrics.json` says what else each one changes. "
            f"`{name}-mixture` is a better prior for it than N(0, I)."
        ),
        data=PAINTED,
        tags=("vae", "faces", "procedural", "teaching"),
        limits=(
            "It knows this one style of painting; a photograph comes back as the nearest painting. Small "
            "things (freckles, patterns, earrings) blur, because a VAE averages over what its code does not "
            "say. Directions are differences of means: what goes together in the data moves together."
        ),
    )


def mixture_card(name: str) -> card.Card:
    return card.Card(
        title=f"Mixture prior of {name}",
        what=f"A mixture of Gaussians fitted to codes that `{name}` draws for {FITTED:,} training faces.",
        data=PAINTED,
        tags=("gaussian-mixture", "vae", "teaching"),
        limits=f"Useless without `{name}`. It samples what is common more surely than what is rare.",
    )


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=50)
    parser.add_argument("--model", choices=BETAS, default="vae-faces")
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--beta", type=float, help="instead of the model's own")
    parser.add_argument(
        "--start", type=Path, help="a finished folder of the same shape to start from instead"
    )
    parser.add_argument("--thin", type=float, help="share of the room that a change of the first may take")
    parser.add_argument("--components", type=int, default=8, help="of the mixture")
    parser.add_argument(
        "--measure", action="store_true", help="no training: mixture, directions, measures again"
    )
    args = parser.parse_args()
    folder, beta = args.out / args.model, args.beta or BETAS[args.model]
    if not args.measure:
        torch.manual_seed(args.seed)
        model = VAEFaces(VAEFacesConfig(beta=beta))
        base = BASE if args.model != BASE else ""
        if start := args.start or base:
            model.load_state_dict(VAEFaces.from_pretrained(start).state_dict())
        rank = 1000 if args.thin else RANK  # of each what it has
        if base:
            model = low_rank.wear(thinned(model, args) if args.thin else model, base, rank)
        model, took = loop.train(recipe(args.model, model, args), args)
        if args.thin:  # what came before counts too
            before = card.record(folder)
            took = {k: round(v + (before | before["training"])[k], 1) for k, v in took.items()}
        card.finish(low_rank.plain(model), folder, golden, took, args.device, base, rank)
    model = VAEFaces.from_pretrained(folder)
    finish_codes(model, folder, args)
    card.write_card(
        folder,
        vae_card(args.model, model.config.beta),
        f"python -m training.vae_faces --measure --model {args.model}",
    )
    print(folder.name, card.record(folder)["measures"])


if __name__ == "__main__":
    main()
