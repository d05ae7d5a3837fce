"""Runs: a solver down a grid from one noise, with what it cost; and how far apart two pictures are."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

from demos.kit import denoisers, plots, say

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.diffusion.denoiser import Denoiser
    from genmodels.diffusion.samplers import Step

SIX = ("ddim", "ddpm", "heun", "dpm2", "dpm3", "unipc")
SHORT = {
    "ddim": ("DDIM", "DDIM"),
    "ddpm": ("DDPM", "DDPM"),
    "heun": ("Heun", "Heun"),
    "churn": ("Heun, churn", "Heun, agitación"),
    "midpoint": ("midpoint", "punto medio"),
    "dpm2": ("DPM++ 2M", "DPM++ 2M"),
    "dpm3": ("DPM++ 3M", "DPM++ 3M"),
    "unipc": ("UniPC", "UniPC"),
}
KINDS = {  # of the lines that belong to a solver, in every chart: colour, dashed
    "ddim": ("ink", False),
    "ddpm": ("ink", True),
    "heun": ("warm", False),
    "churn": ("warm", True),
    "midpoint": ("soft", False),
    "dpm2": ("mark", False),
    "dpm3": ("mark", True),
    "unipc": ("soft", True),
}
FINE = {"unipc": 60, "ddim": 1000}  # the ways to the right answer, and their steps
LEVEL = 127.5  # levels of 255 in a unit of [-1, 1]


class Asked:
    """A denoiser with its labels, its belief kept where pictures are; it counts and clocks the questions."""

    def __init__(self, denoise: Denoiser, labels: Tensor | None):
        from genmodels.diffusion.denoiser import bound

        self.answer, self.calls, self.seconds = bound(denoise, labels), 0, 0.0

    def __call__(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        began = time.perf_counter()
        x0 = self.answer(x, sigma)
        if x0.is_cuda:
            wait_for(x0)
        self.calls, self.seconds = self.calls + 1, self.seconds + time.perf_counter() - began
        return x0


def wait_for(x: Tensor) -> None:
    """A GPU answers before it is done."""
    import torch

    torch.cuda.synchronize(x.device)


class Run(NamedTuple):
    """As far as it has come. At the end x is the picture."""

    x: Tensor  # on the CPU
    x0: Tensor
    sigma: float
    step: int
    calls: int
    seconds: float


def follow(
    denoise: Denoiser, label: int, solver: str, sigmas: list[float], seed: int, count: int = 1, **more: Any
) -> Iterator[Run]:
    """A run from the noise of this seed, which is the same for every solver and grid that begins as high."""
    from genmodels.diffusion import samplers
    from genmodels.runtime import generators

    luck = generators(seed, count)
    asked = Asked(denoise, denoisers.labels(denoise, *[label] * count))
    x = samplers.start(denoisers.shape_of(denoise), sigmas[0], luck, denoise.network.device)
    with closing(samplers.SOLVERS[solver](asked, x, sigmas, luck, **more)) as steps:
        for s in steps:
            yield seen(s, asked)


def seen(s: Step, asked: Asked) -> Run:
    return Run(s.x.float().cpu(), s.x0.float().cpu(), s.sigma, s.i, asked.calls, asked.seconds)


def off(x: Tensor, y: Tensor) -> float:
    """How far apart two pictures are: root mean square over their pixels, in levels of 255."""
    x, y = (v.clamp(-1, 1) for v in (x, y))
    return LEVEL * (x - y).square().mean().sqrt().item()


def level(value: float, lang: str) -> str:
    """Such a distance as it reads."""
    return plots.number(value, lang, 2) if value < 10 else plots.number(round(value), lang)


def seconds(value: float, lang: str) -> str:
    return plots.number(value, lang, 2) + " s"


def short(solver: str, lang: str) -> str:
    return say(lang, *SHORT[solver])


def steps_words(n: int, lang: str) -> str:
    return say(lang, f"{n} step{'s' * (n > 1)}", f"{n} paso{'s' * (n > 1)}")


# ------------------------------------------------------------------------------------------ to take home


def code(checkpoint: str, label: int, grid: str, steps: int, seed: int, count: int, draw: str) -> str:
    """The lines up to `denoise`, `sigmas`, `luck` and `x`, then those that `draw`. A label of -1 is any."""
    from_high = {
        "even": f"schedules.even(unet.config.schedule, {steps})",
        "karras": f"schedules.karras({denoisers.LOW}, high, {steps})",
        "geometric": f"schedules.geometric({denoisers.LOW}, high, {steps})",
        "angle": f"schedules.angle({steps}, high)",
        "straight": f"schedules.straight({steps}, high)",
    }[grid]
    return (
        "import torch\n"
        "from genmodels.diffusion import samplers, schedules\n"
        "from genmodels.diffusion.denoiser import Denoiser, bound\n"
        "from genmodels.diffusion.unet import UNet\n"
        "from genmodels.runtime import generators\n\n"
        f'unet, luck = UNet.from_pretrained("{checkpoint}"), generators({seed}, {count})\n'
        f"c, high = unet.config, min({denoisers.HIGH:g}, Denoiser.of(unet).ends[1])\n"
        f"sigmas = {from_high}\n"
        f"labels = torch.tensor([{'c.num_class_embeds - 1' if label < 0 else label}] * {count})\n"
        "x = samplers.start((c.in_channels, c.sample_size, c.sample_size), sigmas[0], luck)\n" + draw
    )
