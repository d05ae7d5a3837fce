"""The rivals of `vqvae-faces`, on the same faces: `python -m training.dvae --model dvae-faces --minutes 9`.

`dvae-faces` draws its words from distributions, relaxed at a falling temperature; `vqvae-faces-vae` has
continuous latents and spends the number of bits that the words take. `--measure` computes metrics.json and
the card of a finished folder again.
"""

import argparse
import math
from functools import partial

import numpy as np
import torch
from torch import Tensor

from genmodels.autoencoders.dvae import DVAE, DVAEConfig, gumbel, kl_uniform, relax, usage_kl
from genmodels.autoencoders.rate_vae import RateVAE, RateVAEConfig
from genmodels.metrics.likelihood import gaussian_log_prob, kl_standard_normal
from genmodels.metrics.psnr import psnr
from training import card, loop
from training.vqvae import FACES_DATA, FACES_LIMITS, Clock, face_batch, faces, finish_usage, pairs, usage
from training.vqvae import golden as golden_codes

MODELS = {"dvae-faces": (DVAE, DVAEConfig(evenness=10.0)), "vqvae-faces-vae": (RateVAE, RateVAEConfig())}
TAU = (1.0, 1 / 16)  # temperature at the start of the run, and from COLD on
COLD, WARM = 0.7, 0.15  # of the run: when the temperature is at its lowest, when beta is at its full


def temperature(done: float) -> float:
    """A cosine between the two ends."""
    high, low = TAU
    return low + (high - low) * 0.5 * (1 + math.cos(math.pi * min(1.0, done / COLD)))


def dvae_loss(
    model: DVAE, batch: tuple[Tensor, ...], generator: torch.Generator, clock: Clock
) -> dict[str, Tensor]:
    (x,) = batch
    x = x.contiguous(memory_format=torch.channels_last)
    done = clock.tick()
    tau, beta = temperature(done), model.config.beta * min(1.0, done / WARM)
    logits = model.encode(x).float()
    weights = relax(logits, tau, gumbel(logits.shape, generator).to(x.device))
    y = model.decode(model.mix(weights)).float()
    log_prob = gaussian_log_prob(x, y, model.log_sigma).mean()
    kl = kl_uniform(logits).sum((1, 2)).mean()
    uneven = usage_kl(logits) * logits[0, 0].numel()
    return {
        "loss": (beta * kl + model.config.evenness * uneven - log_prob) / x[0].numel(),
        "kl": kl,
        "uneven": uneven,
        "error": (y - x).square().mean(),
        "sigma": model.log_sigma.exp(),
        "tau": torch.tensor(tau),
        "used": torch.tensor(float(len(logits.argmax(1).unique()))),
    }


def rate_loss(model: RateVAE, batch: tuple[Tensor, ...], generator: torch.Generator) -> dict[str, Tensor]:
    (x,) = batch
    x = x.contiguous(memory_format=torch.channels_last)
    mean, log_var = (t.float() for t in model.encode(x))
    z = mean + (0.5 * log_var).exp() * torch.randn(mean.shape, generator=generator).to(x.device)
    y = model.decode(z).float()
    log_prob = gaussian_log_prob(x, y, model.log_sigma).mean()
    kl = kl_standard_normal(mean, log_var).flatten(1).sum(1).mean()
    return {
        "loss": (model.config.gamma * (kl - model.nats).abs() - log_prob) / x[0].numel(),
        "bits": kl / math.log(2),
        "error": (y - x).square().mean(),
        "sigma": model.log_sigma.exp(),
    }


def recipe(name: str, model: DVAE | RateVAE, args: argparse.Namespace) -> loop.Recipe:
    train, held_out = faces(args)
    loss = partial(dvae_loss, clock=Clock(name, args)) if isinstance(model, DVAE) else rate_loss
    shown = loop.from_uint8(held_out[:48])
    return loop.Recipe(
        name,
        model,
        lambda rng: (loop.from_uint8(face_batch(train, args.batch, rng)),),
        loss,
        lambda m: pairs(shown, again(m, shown.to(m.device)).cpu()),
        lr=args.lr,
        average=0.998,
    )


def again(model: DVAE | RateVAE, x: Tensor) -> Tensor:
    """An image through the code that would be sent: words, or a draw of z."""
    if isinstance(model, DVAE):
        return model.draw(model.codes(x))
    mean, log_var = model.encode(x)
    noise = torch.randn(mean.shape, generator=torch.Generator().manual_seed(0)).to(x.device)
    return model.decode(mean + (0.5 * log_var).exp() * noise)


def golden(model: DVAE | RateVAE) -> dict[str, Tensor]:
    if isinstance(model, DVAE):
        return golden_codes(model)
    side = model.config.size // 4
    z = torch.randn(2, model.config.latent, side, side, generator=torch.Generator().manual_seed(0))
    image = model.decode(z)
    mean = model.encode(image).mean
    return {"z": z, "image": image[..., ::4, ::4], "mean": mean[..., ::4, ::4]}


@torch.no_grad()
def measure(model: DVAE | RateVAE, images: np.ndarray) -> dict[str, float]:
    x = loop.from_uint8(images)
    values = {"psnr": torch.cat([psnr(part, again(model, part)) for part in x.split(250)]).mean().item()}
    values["sigma"] = model.log_sigma.exp().item()
    encoded = [model.encode(part) for part in x.split(250)]
    if isinstance(model, DVAE):
        values |= usage(torch.cat([logits.argmax(1) for logits in encoded]), model.config.codes)
        kl = torch.cat([kl_uniform(logits).sum((1, 2)) for logits in encoded])
    else:
        kl = torch.cat([kl_standard_normal(*code).flatten(1).sum(1) for code in encoded])
        means = torch.cat(
            [psnr(part, model.decode(code.mean)) for part, code in zip(x.split(250), encoded, strict=True)]
        )
        values["psnr_mean"] = means.mean().item()
    values["kl_bits"] = kl.mean().item() / math.log(2)
    values["image_bits"] = 8 * images[0].size
    return {k: round(v, 3) for k, v in values.items()}


def describe(name: str) -> card.Card:
    if name == "dvae-faces":
        title = "Discrete VAE of painted faces, 32 px, 8 x 8 codes"
        what = (
            "The other way to words: a distribution over 512 words for every 4 by 4 pixels, relaxed by "
            "Gumbel noise and a temperature in training, as in DALL-E. `dvae-faces-prior` "
            "writes new grids of words."
        )
    else:
        title = "VAE of painted faces at the bits of a VQ-VAE, 32 px"
        what = (
            "A VAE with a grid of 8 by 8 by 8 numbers whose KL was held at 576 bits, which is what 8 by 8 "
            "words out of 512 take, to be compared with `vqvae-faces` and `dvae-faces`."
        )
    return card.Card(
        title=title,
        what=what,
        data=FACES_DATA,
        tags=("vae", "dvae" if name == "dvae-faces" else "vq-vae", "faces", "procedural", "teaching"),
        pipeline_tag="image-to-image",
        limits=FACES_LIMITS,
    )


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=9)
    parser.set_defaults(batch=16)
    parser.add_argument("--model", choices=MODELS, default="dvae-faces")
    parser.add_argument("--lr", type=float, default=1.5e-3)
    parser.add_argument("--measure", action="store_true", help="only measure the finished folder again")
    args = parser.parse_args()
    (kind, config), folder = MODELS[args.model], args.out / args.model
    if not args.measure:
        torch.manual_seed(args.seed)
        model, took = loop.train(recipe(args.model, kind(config), args), args)
        card.finish(model, folder, golden, took, args.device)
    model, held_out = kind.from_pretrained(folder), faces(args)[1]
    values = measure(model, held_out)
    if kind is DVAE:
        finish_usage(model, folder, held_out)
    card.record(folder, measures=values)
    card.write_card(folder, describe(args.model), f"python -m training.dvae --measure --model {args.model}")
    print(args.model, values)


if __name__ == "__main__":
    main()
