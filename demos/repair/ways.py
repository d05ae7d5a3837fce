"""What the views of this tab share.

How far up a picture is lifted is said as a share of the way: an angle, at whose half signal and noise are
equally strong. The same share means the same for every schedule.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import pi, tan
from typing import TYPE_CHECKING, Any

from PIL import Image

from demos import kit
from demos.kit import denoisers, plates, plots, reals, t
from demos.kit.denoisers import CLASSES, kind_of
from genmodels.diffusion.checkpoints import FLOWS, UNETS

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.diffusion.denoiser import Denoise, Denoiser
    from genmodels.diffusion.samplers import Step

CHECKPOINTS = tuple(
    c for c in (*UNETS, *FLOWS) if kind_of(c.name) in CLASSES and not c.name.startswith("consistency")
)
FACES = CHECKPOINTS[0].name
EVERY = 0.3  # seconds between two looks at what is going on
TYPE = 27  # of captions
VOID = (-0.36, -0.28, -0.16)  # what is not known yet
LEAST, MOST = 5, 99  # share of the way, in percent
IMPORTS = (
    "from genmodels.diffusion.denoiser import Denoiser, bound",
    "from genmodels.diffusion.unet import UNet",
)


def sigma_of(share: float) -> float:
    """sigma = noise / signal at this share, in percent, of the angle."""
    return tan(share / 100 * pi / 2)


def share_slider(value: float, **kwargs: Any) -> Any:
    label = t("Noise: share of the way up, %", "Ruido: parte del camino hacia arriba, %")
    return kit.slider(LEAST, MOST, value, label, step=1, **kwargs)


def steps_slider(value: int, most: int = 60) -> Any:
    return kit.slider(4, most, value, t("Steps of the whole way", "Pasos del camino entero"), step=1)


def grid(denoise: Denoiser, steps: int, share: float | None = None) -> list[float]:
    """The sigmas from the top down, or from a share on."""
    from genmodels.diffusion.edit import below

    whole = denoisers.grid_of("karras", denoise, steps)
    return whole if share is None else below(whole, min(sigma_of(share), whole[0]))


def looks(steps: int, again: int = 1, jump: int = 1) -> int:
    """How often `edit.inpaint` asks on a grid of so many steps."""
    from genmodels.diffusion.edit import visits

    return sum(b > a for a, b in pairwise(visits(steps, again, jump)))


def told(denoise: Denoiser, label: int, count: int, scale: float = 1.0) -> Denoise:
    """Whom to ask about `count` pictures: the network, told a class, or urged towards it."""
    from genmodels.diffusion.denoiser import bound, guided

    labels = denoisers.labels(denoise, *[label] * count)
    if labels is None or label < 0:
        return bound(denoise, labels)
    return guided(denoise, labels, scale)


def real(
    checkpoint: str, denoise: Denoiser, drawing: Image.Image | None, number: int, lang: str
) -> tuple[Tensor, str]:
    """(1, C, H, W) where the network is, and what was done to the visitor's picture."""
    x, note = reals.picture_of(checkpoint, drawing, number, lang)
    return x.to(denoise.network.device), note


def paced(steps: Iterator[Step]) -> Iterator[Step]:
    """Those that are worth a frame: the first, the last, and one now and then."""
    due = 0.0
    for step in steps:
        if step.sigma == 0 or time.perf_counter() >= due:
            yield step
            due = time.perf_counter() + EVERY


# ---- as tiles ----------------------------------------------------------------------------------------------


def rgb(x: Tensor) -> Tensor:
    """Three channels, on the CPU."""
    return x.detach().float().cpu().expand(-1, 3, -1, -1)


def grain(x: Tensor, side: int) -> Tensor:
    """Pixels repeated until they are larger than a tile: reduced to it they stay square, as noise should."""
    times = -(-side // x.shape[-1])
    return rgb(x).repeat_interleave(times, 2).repeat_interleave(times, 3)


def block(caption: str, x: Tensor, side: int, columns: int = 0, noisy: bool = False) -> Image.Image:
    """Tiles under a caption; what is noisy is shown pixel by pixel."""
    x = grain(x, side) if noisy else rgb(x)
    return plates.block(caption, x, columns=columns or len(x), tile=side, type=TYPE)


def close(*blocks: Image.Image) -> Image.Image:
    """Beside each other as one table, of blocks equally wide."""
    pitch = blocks[0].width + plates.GAP
    sheet = Image.new("RGBA", (pitch * len(blocks) - plates.GAP, max(b.height for b in blocks)))
    for k, one in enumerate(blocks):
        sheet.paste(one, (k * pitch, 0))
    return sheet


def without(x: Tensor, keep: Tensor) -> Tensor:
    """What is given of pictures; the rest void."""
    import torch

    return torch.where(keep.cpu(), rgb(x), torch.tensor(VOID)[:, None, None])


def blank(like: Tensor, count: int) -> Tensor:
    """Tiles for what is not made yet."""
    import torch

    return torch.tensor(VOID)[:, None, None].expand(count, 3, *like.shape[-2:])


def percent(share: float, lang: str) -> str:
    return f"{plots.number(share, lang)} %" if lang == "es" else f"{plots.number(share, lang)}%"


def sigma_words(sigma: float, lang: str) -> str:
    return f"σ = {plots.number(sigma, lang, 2)}"


# ---- as code -----------------------------------------------------------------------------------------------


def code(checkpoint: str, number: int, *imports: str) -> str:
    """Imports, the picture x0 and the network, as `denoise`."""
    more, picture = reals.code(checkpoint, number)
    every = [*more, *IMPORTS, *imports]
    ours = sorted({i for i in every if i.startswith("from genmodels")})
    others = sorted({i for i in every if i not in ours}, key=lambda i: i.split()[1].lower())
    network = f'denoise = Denoiser.of(UNet.from_pretrained("{checkpoint}"))\n'
    return "\n".join([*others, *ours]) + "\n\n" + picture + network


def labels_code(checkpoint: str, classes: Sequence[str], count: int) -> str:
    """The labels of a call, as an argument: of the class that is asked for, or none."""
    label = denoisers.asked(checkpoint, *classes)
    return "" if label < 0 else f", torch.tensor([{label}] * {count})"
