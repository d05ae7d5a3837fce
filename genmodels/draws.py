"""A way to draw from each family, all with the same arguments: (entry, seed, count) -> pictures so far.

The classes and samplers are those that the tabs use, and so are their settings. Picture k is of seed + k.
`genmodels.families` has the table of what is drawn from, and says what leaves here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.families import Entry
    from genmodels.model import Model

HELD_OUT = 36_000  # the first painted face that no model was shown; all above it are as unknown
UNTOLD = 0.125  # of the pictures that diffusion models learnt from came without their class
HAIR = ("black", "brown", "blond", "red", "grey", "dyed")
HIDES = ("bald", "balding", "buzz")  # styles that leave no colour of hair to be seen
ANY_FACE = 2 * len(HAIR)  # the class that diffusion models know for "any", or none to be seen
WALK, NOISE, CLIP = 10.0, 0.01, 0.03  # of the energy's chains, as in training
JUMPS = (80.0, 4.0, 1.5, 0.5)  # levels of noise at which a consistency model's jumps begin
GARMENTS = 10_000  # of the test set


# ---- what they share ---------------------------------------------------------------------------------------


def use(path: str, name: str) -> Any:
    """`with use("gan.dcgan:DCGAN", "dcgan-faces") as model:` the one copy that all tabs share."""
    from importlib import import_module

    from genmodels.runtime import pool

    module, cls = path.split(":")
    return pool.use(getattr(import_module(f"genmodels.{module}"), cls), name)


SHAPES = {"faces": (3, 64, 64), "fashion": (1, 28, 28)}


def whole(entry: Entry, x: Tensor) -> Tensor:
    """As all pictures leave: float on the CPU, one channel for garments, at the size of the data."""
    from torch.nn import functional as F

    x = x.float().cpu().clamp(-1, 1)[:, : SHAPES[entry.data][0]]
    if entry.small:
        x = F.interpolate(x, scale_factor=2, mode="bilinear")
    return x[..., 2:-2, 2:-2] if entry.data == "fashion" and x.shape[-1] == 32 else x


def by_lot(entry: Entry, seed: int, count: int) -> list[int]:
    """A class for each picture: the garment's, or twice the colour of the hair plus glasses."""
    if entry.data == "fashion":
        return [int(np.random.default_rng(seed + k).integers(10)) for k in range(count)]
    from genmodels.data.faces import random_face

    faces = [random_face(HELD_OUT + seed + k) for k in range(count)]
    classes = [2 * HAIR.index(f.hair_colour) + (f.glasses != "none") for f in faces]
    if entry.checkpoint == "cgan-faces":  # its labels know no hat and no bald head
        return classes
    hidden = [f.hat != "none" or f.hair_style in HIDES for f in faces]
    untold = [np.random.default_rng(seed + k).random() < UNTOLD for k in range(count)]
    return [ANY_FACE if a or b else c for a, b, c in zip(hidden, untold, classes, strict=True)]


# ---- a way for each family ---------------------------------------------------------------------------------


def vae(entry: Entry, seed: int, count: int) -> Iterator[Tensor]:
    """One pass of the decoder, from N(0, I) or from the mixture fitted to the codes."""
    from genmodels.runtime import noise

    with use("autoencoders.vae_faces:VAEFaces", entry.checkpoint) as model:
        if entry.prior:
            with use("autoencoders.mixture:Mixture", entry.prior) as mixture:
                z = mixture.sample(seed, count).to(model.device, model.dtype)
        else:
            z = noise(seed, count, (model.config.latent,), model.device, model.dtype)
        yield whole(entry, model.decode(z))


def vqvae(entry: Entry, seed: int, count: int) -> Iterator[Tensor]:
    """The words one after the other from the prior, then one pass of the decoder."""
    from genmodels.autoregressive.sampling import draw

    with (
        use("autoregressive.code_prior:CodePrior", entry.prior) as prior,
        use("autoencoders.vqvae:VQVAE", entry.checkpoint) as model,
    ):
        for step in draw(prior, seed, count):
            if step.j == prior.config.size[1] - 1:
                codes = step.x[:, 0].to(model.device)
                yield whole(entry, model.draw(codes))


def gan(entry: Entry, seed: int, count: int) -> Iterator[Tensor]:
    from genmodels.gan.latent import truncated

    path = "gan.dcgan:DCGAN" if entry.checkpoint.startswith("dcgan") else "gan.wgan:WGAN"
    with use(path, entry.checkpoint) as model:
        z = truncated(seed, count, model.config.latent)
        yield whole(entry, model.generator(z.to(model.device, model.dtype)))


def cgan(entry: Entry, seed: int, count: int, classes: Sequence[int] = ()) -> Iterator[Tensor]:
    import torch

    from genmodels.gan.latent import truncated

    told = classes or by_lot(entry, seed, count)
    with use("gan.cgan:CGAN", entry.checkpoint) as model:
        groups = [divmod(c, 2) for c in told] if entry.data == "faces" else [(c,) for c in told]
        y = torch.stack([model.label(*group) for group in groups])
        z = truncated(seed, count, model.config.latent)
        yield whole(entry, model.generator(*(v.to(model.device, model.dtype) for v in (z, y))))


def flow(entry: Entry, seed: int, count: int) -> Iterator[Tensor]:
    """The map back from noise, at temperature 1: what the density says and not its safest part."""
    from genmodels.runtime import noise

    path = "flow.glow:Glow" if entry.checkpoint.startswith("glow") else "flow.realnvp_images:RealNVPImages"
    with use(path, entry.checkpoint) as model:
        c = model.config
        z = noise(seed, count, (c.channels, c.size, c.size), model.device, model.dtype)
        yield whole(entry, model.shown(model.inverse(z)[0]))


def tarflow(entry: Entry, seed: int, count: int) -> Iterator[Tensor]:
    """Patch after patch in each block, then the noise that it was trained with is taken off."""
    from genmodels.runtime import noise

    with use("flow.tarflow:TarFlow", entry.checkpoint) as model:
        c = model.config
        z = noise(seed, count, (c.channels, c.size, c.size), model.device, model.dtype)
        for moment in model.draw(z):  # noqa: B007 - the last one
            if moment.step % 8 == 0:
                yield whole(entry, moment.x)
        yield whole(entry, model.shown(moment.x))


PIXELS = {
    "pixelcnn-fashion": "autoregressive.pixelcnn:PixelCNN",
    "pixelcnn-fashion-gated": "autoregressive.gated_pixelcnn:GatedPixelCNN",
    "pixelcnn-fashion-mixture": "autoregressive.gated_pixelcnn:GatedPixelCNN",
    "imagegpt-fashion": "autoregressive.imagegpt:ImageGPT",
    "pixelvae-fashion": "autoregressive.pixelvae:PixelVAE",
}


def pixels(entry: Entry, seed: int, count: int, classes: Sequence[int] = ()) -> Iterator[Tensor]:
    """Pixel after pixel in reading order; a row at a time is shown."""
    import torch

    from genmodels.autoregressive.sampling import draw
    from genmodels.data.greys import to_image

    with use(PIXELS[entry.checkpoint], entry.checkpoint) as model:
        told = conditions(entry, model, seed, count, classes)
        for step in draw(model, seed, count, **told):
            if step.j == model.shape[2] - 1:
                x = to_image(step.x, entry.levels)
                done = torch.arange(model.shape[1]) <= step.i
                yield whole(entry, torch.where(done.view(-1, 1), x.cpu(), -1.0))


def conditions(
    entry: Entry, model: Model, seed: int, count: int, classes: Sequence[int]
) -> dict[str, Tensor]:
    import torch

    from genmodels.runtime import noise

    if entry.checkpoint == "pixelvae-fashion":
        return {"z": noise(seed, count, (model.config.latent,), model.device, model.dtype)}
    if not getattr(model.config, "classes", 0):
        return {}
    return {"labels": torch.tensor(classes or by_lot(entry, seed, count), device=model.device)}


def energy(entry: Entry, seed: int, count: int) -> Iterator[Tensor]:
    """Chains from noise, each with its own luck; the buffer's 64 would make all samples their kin."""
    from genmodels.energy.langevin import Walk, langevin, uniform
    from genmodels.runtime import generators

    luck = generators(seed, count)
    with use("energy.ebm:EBM", entry.checkpoint) as model:
        start = uniform((1, model.config.size, model.config.size), luck).to(model.device, model.dtype)
        for step in langevin(model.energy, start, entry.steps, Walk(WALK, NOISE, CLIP), luck):
            if step.i % 10 == 0 or step.i == entry.steps:
                yield whole(entry, step.x)


def diffusion(
    entry: Entry, seed: int, count: int, classes: Sequence[int] = (), scale: float = 1.0
) -> Iterator[Tensor]:
    """DPM-Solver++ on Karras' grid, or a consistency model's jumps; shown is what is believed so far."""
    import torch

    from genmodels.diffusion import samplers, schedules
    from genmodels.diffusion.denoiser import Denoiser, bound, guided
    from genmodels.runtime import generators

    luck, told = generators(seed, count), classes or by_lot(entry, seed, count)
    path = "diffusion.dit:DiT" if entry.family == "dit" else "diffusion.unet:UNet"
    with use(path, entry.checkpoint) as model:
        denoise, labels = Denoiser.of(model), torch.tensor(told, device=model.device)
        jumps = entry.family == "consistency"
        karras = schedules.karras(0.02, min(denoise.ends[1], 80.0), entry.steps)
        grid = [*JUMPS[: entry.steps], 0.0] if jumps else karras
        belief = bound(denoise, labels) if scale == 1 else guided(denoise, labels, scale)
        x = samplers.start(SHAPES[entry.data], grid[0], luck, model.device)
        for step in (samplers.consistency if jumps else samplers.dpm)(belief, x, grid, luck):
            yield whole(entry, step.x if step.i == len(grid) - 1 else step.x0)


def real(entry: Entry, seed: int, count: int) -> Iterator[Tensor]:
    """Pictures that no model was shown: painted faces of the seeds above, garments of the test set."""
    import torch

    if entry.data == "faces":
        from genmodels.data.faces import batch

        x = torch.from_numpy(batch([HELD_OUT + seed + k for k in range(count)], 64)[0]).permute(0, 3, 1, 2)
    else:
        x = torch.from_numpy(test_garments()[(seed + np.arange(count)) % GARMENTS])[:, None]
    yield whole(entry, lost(entry, x.float() / 127.5 - 1))


def lost(entry: Entry, x: Tensor) -> Tensor:
    """Real pictures in [-1, 1] as a model of this side and so many greys can draw them at best."""
    import torch
    from torch.nn import functional as F

    from genmodels.data import greys

    if entry.small == 32:
        return F.avg_pool2d(x, 2)
    if entry.small == 16:
        small = greys.small(((x[:, 0] + 1) * 127.5).round().byte().numpy())
        return greys.to_image(torch.from_numpy(small))[:, None]
    return x


def test_garments() -> np.ndarray:
    from genmodels.data import readers

    return readers.fashion("test")[0]
