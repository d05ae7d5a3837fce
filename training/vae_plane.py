"""The autoencoders of the plane, on Fashion-MNIST: `python -m training.vae_plane --model vae --minutes 5`.

`--model` is one of MODELS; the betas start from the VAE's weights, so that the plane keeps its orientation
and only the pull of the prior changes. They, and the denoiser, ship as a change of low rank of what they
start from. `--thin` stores a finished folder thinner; `--measure` computes its metrics.json and card again.
"""

import argparse
import time
from functools import cache
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from genmodels.autoencoders.vae_plane import (
    PCA,
    VAE,
    Autoencoder,
    AutoencoderConfig,
    PCAConfig,
    VAEConfig,
)
from genmodels.data import readers
from genmodels.metrics.features import FashionNet
from genmodels.metrics.frechet import frechet_distance, moments
from genmodels.metrics.likelihood import bits_per_dim, gaussian_log_prob, kl_standard_normal
from genmodels.metrics.psnr import psnr
from genmodels.model import Model
from training import card, loop, low_rank, thinning

MODELS = {
    "pca": PCAConfig(),
    "ae": AutoencoderConfig(),
    "dae": AutoencoderConfig(noise=1.0),
    "dae64": AutoencoderConfig(latent=64, hidden=192, noise=1.0),
    "vae": VAEConfig(),
    "beta-0.1": VAEConfig(beta=0.1),
    "beta-10": VAEConfig(beta=10.0),
    "beta-100": VAEConfig(beta=100.0),
}
BASES = dict.fromkeys(("beta-0.1", "beta-10", "beta-100"), "vae-plane-vae") | {"dae": "vae-plane-ae"}
RANK = 8  # of what those differ by
CLASSES = {PCAConfig: PCA, AutoencoderConfig: Autoencoder, VAEConfig: VAE}


@cache
def images(split: str, data: Path | None) -> Tensor:
    return loop.from_uint8(readers.fashion(split, data)[0])


def recipe(name: str, model: Model, args: argparse.Namespace) -> loop.Recipe:
    train = images("train", args.data)

    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        return (train[torch.from_numpy(rng.integers(len(train), size=args.batch))],)

    loss = vae_loss if isinstance(model, VAE) else autoencoder_loss
    return loop.Recipe(name, model, batch, loss, lambda m: sheet(m, args.data), lr=args.lr)


def autoencoder_loss(
    model: Autoencoder, batch: tuple[Tensor, ...], generator: torch.Generator
) -> dict[str, Tensor]:
    (x,) = batch
    strength = model.config.noise * torch.rand(len(x), 1, 1, 1, generator=generator)
    seen = x + (strength * torch.randn(x.shape, generator=generator)).to(x.device)
    drawn = model.decode(model.encode(seen).mean).float()
    return {"loss": (drawn - x).square().mean()}


def vae_loss(model: VAE, batch: tuple[Tensor, ...], generator: torch.Generator) -> dict[str, Tensor]:
    (x,) = batch
    mean, log_var = (t.float() for t in model.encode(x))
    z = mean + (0.5 * log_var).exp() * torch.randn(mean.shape, generator=generator).to(x.device)
    log_prob = gaussian_log_prob(x, model.decode(z).float(), model.log_sigma).mean()
    kl = kl_standard_normal(mean, log_var).sum(1).mean()
    per_pixel = x[0].numel()  # keeps the gradient's norm of the order of 1
    return {
        "loss": (model.config.beta * kl - log_prob) / per_pixel,
        "kl": kl,
        "log_prob": log_prob,
        "sigma": model.log_sigma.exp(),
    }


def fit_pca(train: Tensor, latent: int) -> PCA:
    """The leading eigenvectors of the covariance, each turned so that its largest entry is positive."""
    x = train.flatten(1).double()
    centre = x.mean(0)
    _, vectors = torch.linalg.eigh((x - centre).T @ (x - centre) / len(x))
    basis = vectors.T.flip(0)[:latent]
    basis = basis * basis.gather(1, basis.abs().argmax(1, keepdim=True)).sign()
    model = PCA(PCAConfig(latent))
    model.centre.data, model.basis.data = centre.float(), basis.float()
    return model.eval().requires_grad_(False)


def sheet(model: Model, data: Path | None) -> Tensor:
    """Originals over reconstructions; below, where the code is 2-D, the plane decoded on a grid."""
    x = images("test", data)[:18].to(model.device)
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(1)).to(model.device)
    seen = x + 0.5 * getattr(model.config, "noise", 0.0) * noise
    rows = [x, seen, model.decode(model.encode(seen).mean)]
    if model.config.latent == 2:
        codes = model.encode(images("test", data)[:2000].to(model.device)).mean
        steps = torch.linspace(0.02, 0.98, 18, device=model.device)
        across, down = (codes[:, i].quantile(steps) for i in (0, 1))
        z = torch.stack([across.repeat(18), down.flip(0).repeat_interleave(18)], dim=1)
        rows.append(model.decode(z))
    return loop.grid(torch.cat(rows), 18)


def golden(model: Model) -> dict[str, Tensor]:
    """Of the pictures every fourth pixel."""
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(4, model.config.latent, generator=generator)
    image = model.decode(z)
    return {"z": z, "image": image[..., ::4, ::4], "mean": model.encode(image).mean}


@torch.no_grad()
def measure(model: Model, folder: Path, data: Path | None) -> dict[str, float]:
    """Numbers on the 10,000 test images, and their codes for the scatter plot (plane.safetensors)."""
    x, labels = images("test", data), torch.from_numpy(readers.fashion("test", data)[1].copy())
    codes = [model.encode(part) for part in x.split(500)]
    mean = torch.cat([c.mean for c in codes])
    drawn = torch.cat([model.decode(part) for part in mean.split(500)])
    values = {"psnr": psnr(x, drawn).mean().item()}
    plane = {"mean": mean.half(), "label": labels}
    if isinstance(model, VAE):
        log_var = torch.cat([c.log_var for c in codes])
        values |= bound(model, x, mean, log_var) | distances(model, x)
    elif model.config.latent > 2:
        noisy = x + 0.5 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
        cleaned = torch.cat([model.decode(model.encode(part).mean) for part in noisy.split(500)])
        values |= {"psnr_noisy": psnr(x, noisy).mean().item(), "psnr_cleaned": psnr(x, cleaned).mean().item()}
    if model.config.latent == 2:
        save_file({k: v.contiguous() for k, v in plane.items()}, folder / "plane.safetensors")
    return values


def bound(model: VAE, x: Tensor, mean: Tensor, log_var: Tensor) -> dict[str, float]:
    """The true ELBO (beta = 1), one draw of z per image."""
    z = mean + (0.5 * log_var).exp() * torch.randn(mean.shape, generator=torch.Generator().manual_seed(0))
    drawn = torch.cat([model.decode(part) for part in z.split(500)])
    kl = kl_standard_normal(mean, log_var).sum(1).mean()
    elbo = gaussian_log_prob(x, drawn, model.log_sigma).mean() - kl
    bits = bits_per_dim(elbo, x[0].numel())
    return {
        "sigma": model.log_sigma.exp().item(),
        "kl": kl.item(),
        "elbo": elbo.item(),
        "elbo_bits": bits.item(),
    }


def distances(model: VAE, x: Tensor) -> dict[str, float]:
    """Frechet distance of 10,000 samples of the prior, on the features of our Fashion-MNIST classifier."""
    net = FashionNet.from_pretrained("features-fashion")
    z = torch.randn(len(x), model.config.latent, generator=torch.Generator().manual_seed(0))
    samples = torch.cat([net.features(model.decode(part)) for part in z.split(500)])
    real = torch.cat([net.features(part) for part in x.split(500)])
    return {"frechet_prior": frechet_distance(*moments(samples), *moments(real)).item()}


def describe(key: str, model: Model) -> card.Card:
    kind = {
        "pca": "PCA, two axes",
        "ae": "Autoencoder, 2-D",
        "dae": "Denoising autoencoder, 2-D",
        "dae64": "Denoising autoencoder, 64-D",
        "vae": "Variational autoencoder, 2-D",
    }.get(key) or f"beta-VAE, 2-D, beta = {model.config.beta:g}"
    return card.Card(
        title=f"{kind}, Fashion-MNIST",
        what=(
            "One of the models of the *plane*: garments of 28 by 28 pixels squeezed into a code of "
            f"{model.config.latent} numbers and drawn again. `plane.safetensors`, where present, holds the "
            "codes of the 10,000 test images, so that it can be drawn "
            "without the images."
        ),
        data="Fashion-MNIST (Zalando, MIT), the 60,000 training images. The images do not ship.",
        datasets=("zalando-datasets/fashion_mnist",),
        tags=("autoencoder", "vae", "fashion-mnist", "teaching"),
        pipeline_tag="image-to-image" if key == "dae64" else "unconditional-image-generation",
        limits=(
            f"{'Two' if model.config.latent == 2 else model.config.latent} numbers can't hold prints "
            "or logos, so those are lost; sandals and bags blur most. It has seen centred grey garments on "
            "black and nothing else. It is made to be looked at in a lesson."
        ),
    )


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=5)
    parser.add_argument("--model", choices=MODELS, default="vae")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument(
        "--start", type=Path, help="a finished folder of the same shape to start from instead"
    )
    parser.add_argument("--measure", action="store_true", help="only measure the finished folder again")
    thinning.option(parser)
    args = parser.parse_args()
    config = MODELS[args.model]
    kind, folder = CLASSES[type(config)], args.out / f"vae-plane-{args.model}"
    if args.thin:
        model = kind.from_pretrained(folder)
        thinning.remade(recipe(folder.name, model, args), model, folder, golden, args)
    elif not args.measure:
        torch.manual_seed(args.seed)
        model, took = fit(kind, config, folder.name, args)
        card.finish(model, folder, golden, took, args.device, BASES.get(args.model, ""), RANK)
    model = kind.from_pretrained(folder)
    values = {k: round(v, 3) for k, v in measure(model, folder, args.data).items()}
    card.record(folder, measures=values)
    card.write_card(
        folder, describe(args.model, model), f"python -m training.vae_plane --measure --model {args.model}"
    )
    print(folder.name, values)


def fit(kind: type[Model], config: object, name: str, args: argparse.Namespace) -> tuple[Model, dict]:
    if kind is PCA:
        began = time.monotonic()
        model = fit_pca(images("train", args.data), config.latent)
        return model, {"minutes": round((time.monotonic() - began) / 60, 2)}
    model, base = kind(config), BASES.get(args.model)
    if start := args.start or base:
        model.load_state_dict(kind.from_pretrained(start).state_dict())
    if not base:
        return loop.train(recipe(name, model, args), args)
    model, took = loop.train(recipe(name, low_rank.wear(model, base, RANK), args), args)
    return low_rank.plain(model), took


if __name__ == "__main__":
    main()
