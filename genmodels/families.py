"""The models that stand side by side: all families on the same two sets of pictures, drawn from in one way.

`ENTRIES` is a table, `load(entry)` gives `sampler(seed, count)`, an iterator whose last item is `count`
pictures in [-1, 1]: faces (3, 64, 64), garments (1, 28, 28). What comes before is the same pictures so far,
as far as that family has such a thing. Picture k depends on seed + k alone, so it is the same in any company.

To be told from each other by their pictures and not by their sizes, all leave at one size: faces of 32
pixels are enlarged twice (bilinear), garments of 16 x 16 to 32 x 32, less the two black rows around them that
`genmodels.data.greys` had put there. The real pictures have entries too, also ones that lost what these lost.
A model that must be told a class is told one as common as it is among the pictures: with faces that of the
real face of the same seed. Nothing here imports torch before a picture is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from genmodels import draws, hub

if TYPE_CHECKING:
    from torch import Tensor

Sampler = Callable[[int, int], Iterator["Tensor"]]  # (seed, count) -> pictures so far; the last are done


@dataclass(frozen=True)
class Entry:
    name: str  # its key; "ddpm-faces@10" is the checkpoint "ddpm-faces" in 10 steps
    family: str  # vae, vqvae, gan, autoregressive, flow, energy, diffusion, consistency, dit; real
    density: str  # "exact", "bound", "none" or "unnormalised"
    passes: int  # times a network runs for one sample, one run after the other
    title: str
    tab: str  # the stem of demos/ that explains it
    draw: Callable[..., Iterator[Tensor]]  # (entry, seed, count) -> as a Sampler
    steps: int = 0  # that it is drawn in, where that may be chosen
    prior: str = ""  # the folder of the prior over its codes, if that is another
    small: int = 0  # pixels a side that the model itself draws, if fewer than leave here
    levels: int = 256  # that a value of its pictures has

    @property
    def checkpoint(self) -> str:
        """Its folder in weights/; "" for real pictures."""
        return "" if self.family == "real" else self.name.split("@")[0]

    @property
    def data(self) -> str:
        """faces or fashion"""
        return "faces" if "faces" in self.name else "fashion"


def shape(data: str) -> tuple[int, int, int]:
    return draws.SHAPES[data]


def here(data: str = "", real: bool = False) -> list[Entry]:
    """The entries whose folders exist, of one data set or of both; `real`: the real pictures instead."""
    found = [e for e in ENTRIES if data in ("", e.data)]
    return [e for e in found if (e.family == "real") == real and exists(e)]


def exists(entry: Entry) -> bool:
    return all((hub.WEIGHTS / name).is_dir() for name in (entry.checkpoint, entry.prior) if name)


def entry(name: str) -> Entry:
    """By its key; whoever asks for another gets all of them told."""
    known = {e.name: e for e in ENTRIES}
    if name not in known:
        raise ValueError(f"{name!r} is none of: {', '.join(known)}")
    return known[name]


def load(entry: Entry) -> Sampler:
    return partial(entry.draw, entry)


def last(pictures: Iterator[Tensor]) -> Tensor:
    """The finished ones."""
    *_, done = pictures
    return done


FOUR = {"small": 16, "levels": 4}  # what most of those that write pixel by pixel draw
VAE, PIXELS, DDPM = draws.vae, draws.pixels, draws.diffusion

ENTRIES: tuple[Entry, ...] = (
    Entry("real-faces", "real", "none", 0, "Real faces", "", draws.real),
    Entry("real-faces@32", "real", "none", 0, "Real faces, 32 px", "", draws.real, small=32),
    Entry("vae-faces", "vae", "bound", 1, "VAE", "vae_faces", VAE),
    Entry(
        "vae-faces@mixture", "vae", "bound", 1, "VAE, mixture", "vae_faces", VAE, prior="vae-faces-mixture"
    ),
    Entry(
        "vqvae-faces", "vqvae", "none", 65, "VQ-VAE + prior", "vqvae", draws.vqvae,
        prior="vqvae-faces-prior", small=32,
    ),
    Entry("dcgan-faces", "gan", "none", 1, "DCGAN", "gan", draws.gan),
    Entry("dcgan-faces-repeat", "gan", "none", 1, "DCGAN, repeated pixels", "gan", draws.gan),
    Entry("wgan-faces", "gan", "none", 1, "WGAN, clipped", "gan", draws.gan),
    Entry("wgan-gp-faces", "gan", "none", 1, "WGAN-GP", "gan", draws.gan),
    Entry("cgan-faces", "gan", "none", 1, "CGAN", "cgan", draws.cgan),
    Entry("glow-faces", "flow", "exact", 1, "Glow", "glow", draws.flow, small=32, levels=32),
    Entry("tarflow-faces", "flow", "exact", 253, "TarFlow", "glow", draws.tarflow, small=32),
    Entry("ddpm-faces", "diffusion", "bound", 50, "DDPM, 50 steps", "diffusion", DDPM, 50),
    Entry("ddpm-faces@10", "diffusion", "bound", 10, "DDPM, 10 steps", "diffusion", DDPM, 10),
    Entry("consistency-faces", "consistency", "none", 4, "Consistency, 4 jumps", "diffusion", DDPM, 4),
    Entry("consistency-faces@1", "consistency", "none", 1, "Consistency, 1 jump", "diffusion", DDPM, 1),
    Entry("real-fashion", "real", "none", 0, "Real garments", "", draws.real),
    Entry("real-fashion@16", "real", "none", 0, "Real garments, 16 px, 4 greys", "", draws.real, **FOUR),
    Entry("pixelvae-fashion", "vae", "bound", 257, "PixelVAE", "pixelvae", PIXELS, **FOUR),
    Entry("pixelcnn-fashion", "autoregressive", "exact", 256, "PixelCNN", "pixelcnn", PIXELS, **FOUR),
    Entry(
        "pixelcnn-fashion-gated", "autoregressive", "exact", 256, "Gated PixelCNN", "pixelcnn", PIXELS, **FOUR
    ),
    Entry(
        "pixelcnn-fashion-mixture", "autoregressive", "exact", 784, "PixelCNN, mixture", "pixelcnn", PIXELS
    ),
    Entry("imagegpt-fashion", "autoregressive", "exact", 256, "ImageGPT", "imagegpt", PIXELS, **FOUR),
    Entry("cgan-fashion", "gan", "none", 1, "CGAN", "cgan", draws.cgan),
    Entry("glow-fashion", "flow", "exact", 1, "Glow", "glow", draws.flow),
    Entry("realnvp-fashion", "flow", "exact", 1, "RealNVP", "glow", draws.flow),
    Entry("ebm-fashion", "energy", "unnormalised", 250, "EBM, 250 steps", "energy", draws.energy, 250),
    Entry("ddpm-fashion", "diffusion", "bound", 50, "DDPM, 50 steps", "diffusion", DDPM, 50),
    Entry("ddpm-fashion@10", "diffusion", "bound", 10, "DDPM, 10 steps", "diffusion", DDPM, 10),
    Entry("flow-fashion", "diffusion", "bound", 20, "Flow matching, 20 steps", "diffusion", DDPM, 20),
    Entry("dit-fashion", "dit", "bound", 20, "DiT, 20 steps", "diffusion", DDPM, 20),
)  # fmt: skip
