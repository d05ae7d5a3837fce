"""Two runs beside each other, right and wrong, and the lines of code that make them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from math import inf, isfinite
from typing import TYPE_CHECKING, Any

from PIL import Image

from demos.kit import denoisers, plates, say
from demos.kit.pixels import Pace

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.diffusion.bugs import Look
    from genmodels.diffusion.denoiser import Denoiser

WIDE = 470  # pixels of a block, of two
TYPE = 28
IMPORTS = (
    "import torch",
    "from genmodels.diffusion import bugs",
    "from genmodels.diffusion.denoiser import Denoiser",
    "from genmodels.diffusion.unet import UNet",
    "from genmodels.runtime import generators, noise",
)


def block(caption: str, x: Tensor, columns: int, width: int = WIDE, type: int = TYPE) -> Image.Image:
    """Tiles under a caption; a pixel of a small picture stays a square."""
    side = (width + plates.GAP) // columns - plates.GAP
    times = 1 if x.shape[-1] >= 48 else -(-side // x.shape[-1])
    x = x.float().cpu().repeat_interleave(times, 2).repeat_interleave(times, 3)
    return plates.block(caption, x.nan_to_num(), columns=columns, tile=side, type=type)


def beside(right: Tensor, wrong: Tensor, columns: int, lang: str, where: str = "") -> Image.Image:
    words = say(lang, "right", "bien"), say(lang, "wrong", "mal")
    return plates.beside(
        block(f"{words[0]}  {where}", right, columns), block(f"{words[1]}  {where}", wrong, columns)
    )


def start(denoise: Denoiser, count: int, seed: int) -> tuple[Tensor, Any]:
    """Noise for so many pictures, and a class for each, in turn."""
    from genmodels import runtime

    e = runtime.noise(seed, count, denoisers.shape_of(denoise)).to(denoise.network.device)
    classes = denoise.network.config.num_class_embeds
    return e, denoisers.labels(denoise, *(k % (classes - 1) for k in range(count))) if classes else None


def luck(seed: int, count: int) -> list[Any]:
    """For the noise on the way: another than that of the start, the same for right and wrong."""
    from genmodels.runtime import generators

    return generators(seed + 1_000_003, count)


def both(right: Iterator[Look], wrong: Iterator[Look]) -> Iterator[tuple[list[Look], list[Look], bool]]:
    """Two runs in step, as they stand now and then; True with the last."""
    seen: tuple[list[Look], list[Look]] = ([], [])
    pace = Pace(1, 0)
    for k, pair in enumerate(zip_longest(right, wrong)):
        for run, look in zip(seen, pair, strict=True):
            run.extend([look] if look else [])
        if pace.due(k):
            yield *seen, False
    yield *seen, True


def far(right: Tensor, wrong: Tensor) -> float:
    """Root mean square of the difference; black to white is 2."""
    found = (right.double() - wrong.double()).square().mean().sqrt().item()
    return found if isfinite(found) else inf


def figure(value: float) -> float | str:
    """As the line of figures takes it: without a clamp a mistake may leave all bounds."""
    return value if isfinite(value) else "∞"


def loading(checkpoint: str, count: int, seed: int) -> str:
    """The lines that all snippets begin with: `denoise`, `e`, `labels`."""
    return (
        "\n".join(IMPORTS)
        + f'\n\nmodel = UNet.from_pretrained("{checkpoint}")\n'
        + "denoise, c = Denoiser.of(model), model.config\n"
        + f"e = noise({seed}, {count}, (c.in_channels, c.sample_size, c.sample_size))\n"
        + f"labels = torch.arange({count}) % (c.num_class_embeds - 1)\n"
    )


def drawing(way: str, names: Sequence[str], seed: int, count: int, more: str) -> str:
    """The lines that draw right and wrong and compare them."""
    wrong = f"frozenset({list(names)!r})" if names else "bugs.RIGHT"
    return (
        f"for wrong in (bugs.RIGHT, {wrong}):\n"
        f"    way = bugs.levels({way}, wrong)\n"
        f"    luck = generators({seed + 1_000_003}, {count})\n"
        f"    *_, last = bugs.draw(denoise, e, way, labels, luck, wrong, {more})\n"
        "    print(sorted(wrong), last.x.mean(), last.x.std())  # last.x: the pictures\n"
    )
