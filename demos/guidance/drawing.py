"""Drawing to order: what all views of this tab do with a network.

Noises are those of their seeds, seed + k for picture k; the way down is the same for all, DPM-Solver++ 2M on
Karras' grid, so that whatever differs between two pictures was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from demos import kit
from demos.kit import denoisers, t
from demos.kit.denoisers import CLASSES, LOW, kind_of
from demos.kit.lang import Pair
from genmodels.diffusion.checkpoints import FLOWS, UNETS

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.diffusion.denoiser import Denoise, Denoiser

CHECKPOINTS = tuple(
    c for c in (*UNETS, *FLOWS) if kind_of(c.name) in CLASSES and not c.name.startswith("consistency")
)
SHAPES = {"faces": (3, 64, 64), "fashion": (1, 28, 28), "sprites": (3, 24, 24), "emoji": (3, 32, 32)}
PART = 12  # pictures drawn together: a step of them is short enough to stop in between
STEPS, SCALE = 10, 2.0
INFINITE = float("inf")
EMPTY = float("nan")  # what is not begun yet
WHEN: dict[str, tuple[float, float]] = {  # between which levels of noise the label is urged
    "always": (0.0, INFINITE), "early": (5.0, INFINITE), "middle": (0.4, 5.0), "late": (0.0, 0.4),
}  # fmt: skip
MOMENTS: dict[str, Pair] = {
    "always": ("all the way", "en todo el camino"),
    "early": ("only at first, σ > 5", "solo al comienzo, σ > 5"),
    "middle": ("only in the middle", "solo en el medio"),
    "late": ("only at last, σ < 0.4", "solo al final, σ < 0,4"),
}
Ask = Callable[[slice], "Denoise"]  # which of the pictures -> what is believed of them


def classes(checkpoint: str) -> int:
    return len(CLASSES[kind_of(checkpoint)])


def noise(denoise: Denoiser, seed: int, count: int, steps: int) -> tuple[Tensor, list[float]]:
    """Where the way begins, and its levels."""
    from genmodels import runtime
    from genmodels.diffusion import samplers

    grid = denoisers.grid_of("karras", denoise, steps)
    shape, luck = denoisers.shape_of(denoise), runtime.generators(seed, count)
    return samplers.start(shape, grid[0], luck, denoise.network.device), grid


def paint(x: Tensor, grid: Sequence[float], ask: Ask) -> Iterator[Tensor]:
    """What is believed of all pictures so far, on the CPU; the last is the result."""
    import torch

    from genmodels.diffusion import samplers

    shown = torch.full(x.shape, EMPTY)
    for k in range(0, len(x), PART):
        part = slice(k, k + PART)
        for step in samplers.dpm(ask(part), x[part], grid):
            shown[part] = step.x0.float().cpu()
            yield shown


def ordered(denoise: Denoiser, told: Sequence[int], scale: float, when: str = "always") -> Ask:
    """Guided towards a class for each picture; -1 is any."""
    import torch

    from genmodels.diffusion.guidance import combined, guidance

    label, none = (denoisers.labels(denoise, *who) for who in (told, [-1] * len(told)))
    both = torch.stack([label, none])  # 2, B

    def ask(part: slice) -> Denoise:
        some = both[:, part]
        return combined(denoise, some, guidance(scale, some.shape[1], *WHEN[when]))

    return ask


# ---- controls ----------------------------------------------------------------------------------------------


def scale_slider(value: float = SCALE) -> Any:
    return kit.slider(
        0, 8, value, t("Guidance s (1: just the label)", "Guía s (1: solo la etiqueta)"), step=0.5
    )


def steps_slider() -> Any:
    return kit.slider(4, 40, STEPS, t("Steps", "Pasos"), step=1)


def when_choice() -> Any:
    choices = [(t(*words), key) for key, words in MOMENTS.items()]
    return kit.choice(choices, t("Guide", "Guiar"), "always")


# ---- the lines to take home --------------------------------------------------------------------------------


GUIDED = "from genmodels.diffusion.denoiser import Denoiser, guided"


def start_code(checkpoint: str, seed: int, count: int, steps: int, *imports: str) -> str:
    """`denoise`, `sigmas`, and x at the first of them."""
    plain = not any(".denoiser import" in line for line in imports)
    lines = {
        "from genmodels.diffusion import samplers, schedules",
        *["from genmodels.diffusion.denoiser import Denoiser"] * plain,
        "from genmodels.diffusion.unet import UNet",
        "from genmodels.runtime import generators",
        *imports,
    }
    shape = SHAPES[kind_of(checkpoint)]
    return (
        "import torch\n\n" + "\n".join(sorted(lines)) + "\n\n"
        f'denoise = Denoiser.of(UNet.from_pretrained("{checkpoint}"))\n'
        f"sigmas = schedules.karras({LOW}, {denoisers.HIGH}, {steps})\n"
        f"x = samplers.start({shape}, sigmas[0], generators({seed}, {count}))\n"
    )


def labels_code(checkpoint: str, told: Sequence[int]) -> str:
    any_ = classes(checkpoint)
    return f"labels = torch.tensor({[any_ if k < 0 else k for k in told]})\n"
