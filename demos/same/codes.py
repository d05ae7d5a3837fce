"""The z of each family that has one, and what it draws from many of them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from genmodels import draws, families

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.families import Entry

SIDE = 32  # of what the flows draw


@dataclass(frozen=True)
class Code:
    shape: tuple[int, ...]  # of z
    draw: Callable[[Entry, Tensor, int], Iterator[Tensor]]  # (entry, z, seed of its class) -> pictures so far


def start(name: str, seed: int) -> Tensor:
    """The z that this seed gives in the first view, too."""
    from genmodels.gan.latent import truncated
    from genmodels.runtime import noise

    shape = CODES[name].shape
    return truncated(seed, 1, *shape)[0] if "gan-" in name else noise(seed, 1, shape)[0]


def along(name: str, seed: int, other: int, way: str, share: Tensor) -> Iterator[Tensor]:
    """Pictures on the way between two seeds, as far as they are."""
    from genmodels.nn.paths import PATHS

    a, b = (start(name, s) for s in (seed, other))
    z = PATHS[way](a.flatten(), b.flatten(), share).unflatten(1, a.shape)
    yield from CODES[name].draw(families.entry(name), z, seed)


def vae(entry: Entry, z: Tensor, seed: int) -> Iterator[Tensor]:
    with draws.use("autoencoders.vae_faces:VAEFaces", entry.checkpoint) as model:
        yield draws.whole(entry, model.decode(z.to(model.device, model.dtype)))


def gan(entry: Entry, z: Tensor, seed: int) -> Iterator[Tensor]:
    path = "gan.dcgan:DCGAN" if entry.checkpoint.startswith("dcgan") else "gan.wgan:WGAN"
    with draws.use(path, entry.checkpoint) as model:
        yield draws.whole(entry, model.generator(z.to(model.device, model.dtype)))


def cgan(entry: Entry, z: Tensor, seed: int) -> Iterator[Tensor]:
    [told] = draws.by_lot(entry, seed, 1)
    with draws.use("gan.cgan:CGAN", entry.checkpoint) as model:
        y = model.label(*divmod(told, 2)).expand(len(z), -1)
        yield draws.whole(entry, model.generator(*(v.to(model.device, model.dtype) for v in (z, y))))


def glow(entry: Entry, z: Tensor, seed: int) -> Iterator[Tensor]:
    with draws.use("flow.glow:Glow", entry.checkpoint) as model:
        yield draws.whole(entry, model.shown(model.inverse(z.to(model.device, model.dtype))[0]))


def tarflow(entry: Entry, z: Tensor, seed: int) -> Iterator[Tensor]:
    with draws.use("flow.tarflow:TarFlow", entry.checkpoint) as model:
        for moment in model.draw(z.to(model.device, model.dtype)):  # noqa: B007 - the last one
            if moment.step % 8 == 0:
                yield draws.whole(entry, moment.x)
        yield draws.whole(entry, model.shown(moment.x))


def diffusion(entry: Entry, z: Tensor, seed: int) -> Iterator[Tensor]:
    """The noise is the code: from it the way to the picture throws no more dice. All in the seed's class."""
    import torch

    from genmodels.diffusion import samplers, schedules
    from genmodels.diffusion.denoiser import Denoiser, bound

    with draws.use("diffusion.unet:UNet", entry.checkpoint) as model:
        denoise = Denoiser.of(model)
        labels = torch.tensor(draws.by_lot(entry, seed, 1) * len(z), device=model.device)
        jumps = entry.family == "consistency"
        karras = schedules.karras(0.02, min(denoise.ends[1], 80.0), entry.steps)
        grid = [draws.JUMPS[0], 0.0] if jumps else karras
        x = (1 + grid[0] ** 2) ** 0.5 * z.to(model.device)
        belief = bound(denoise, labels)
        for step in (samplers.consistency if jumps else samplers.dpm)(belief, x, grid, []):
            yield draws.whole(entry, step.x if step.i == len(grid) - 1 else step.x0)


CODES = {
    "vae-faces": Code((128,), vae),
    "dcgan-faces": Code((64,), gan),
    "wgan-gp-faces": Code((64,), gan),
    "cgan-faces": Code((64,), cgan),
    "glow-faces": Code((3, SIDE, SIDE), glow),
    "consistency-faces@1": Code((3, 2 * SIDE, 2 * SIDE), diffusion),
    "ddpm-faces@10": Code((3, 2 * SIDE, 2 * SIDE), diffusion),
    "tarflow-faces": Code((3, SIDE, SIDE), tarflow),
}
