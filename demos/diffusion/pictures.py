"""Tensors as tiles, strips and labelled rows; what snippets begin with."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw

from demos.kit import plates
from demos.kit.denoisers import kind_of
from demos.kit.reals import PAINTED

if TYPE_CHECKING:
    from torch import Tensor

EMPTY = (-0.36, -0.28, -0.16)  # a tile that is not known yet
TEAL = (31, 133, 132)  # the name of what was chosen
TYPE = 30  # of labels, on a plate of about 950 pixels


def snippet(imports: Sequence[str], lines: str) -> str:
    """Imports in the order of the house, and what follows."""
    ours_ = sorted({i for i in imports if i.startswith("from genmodels")})
    others = sorted(
        {i for i in imports if not i.startswith("from genmodels")}, key=lambda i: i.split()[1].lower()
    )
    return "\n".join([*others, *ours_]) + "\n\n" + lines


def loading(checkpoint: str) -> str:
    return f'denoise = Denoiser.of(UNet.from_pretrained("{checkpoint}"))  # (x0 + sigma e, sigma) -> x0\n'


NETWORK = ("from genmodels.diffusion.denoiser import Denoiser", "from genmodels.diffusion.unet import UNet")

# ------------------------------------------------------------------------------------------ as tiles


def grain(x: Tensor, side: int) -> Tensor:
    """Pixels repeated until they are larger than a tile: reduced to it they stay square, as noise should."""
    times = -(-side // x.shape[-1])
    return x.float().cpu().repeat_interleave(times, 2).repeat_interleave(times, 3)


def block(
    caption: str, x: Tensor, side: int, columns: int = 0, *, smooth: bool = False, type: int = 0
) -> Any:
    """Tiles under a caption; `smooth` for pictures that are looked at as pictures."""
    x = x.float().cpu() if smooth else grain(x, side)
    return plates.block(caption, x, columns=columns, tile=side, type=type or TYPE)


def smooth(checkpoint: str) -> bool:
    """Faces and photographs are looked at as pictures, the others pixel by pixel."""
    return kind_of(checkpoint) in PAINTED


def empty(like: Tensor) -> Tensor:
    """Tiles for what is not known yet."""
    import torch

    n, _, h, w = like.shape
    return torch.tensor(EMPTY)[:, None, None].expand(n, 3, h, w)


def labelled(
    rows: Sequence[tuple[str, Tensor]], heads: Sequence[str], side: int, left: int, strong: str = "",
    smooth: bool = False,
) -> Image.Image:  # fmt: skip
    """Rows of tiles, each with its name on the left; what stands over the columns; one name in full ink.

    `smooth`: all rows but the first are pictures, not noise.
    """
    high, pitch = round(1.6 * TYPE), side + plates.GAP
    sheet = Image.new("RGBA", (left + len(heads) * pitch - plates.GAP, high + len(rows) * pitch - plates.GAP))
    pen, names = ImageDraw.Draw(sheet), [wrapped(words, left - 14) for words, _ in rows]
    head, name = fitting(heads, side), fitting("\n".join(names).split("\n"), left - 14)
    for k, words in enumerate(heads):
        pen.text((left + k * pitch + side / 2, high - 8), words, (*plates.CAPTION, 255), head, "ms")
    for k, (words, x) in enumerate(rows):
        top, colour = high + k * pitch, TEAL if words == strong else plates.CAPTION
        pen.text((0, top + side / 2), names[k], (*colour, 255), name, "lm")
        x = x.float().cpu() if smooth and k else grain(x, side)
        for j, tile in enumerate(plates.tiles(x, side)):
            sheet.paste(tile, (left + j * pitch, top))
    return sheet


def wrapped(words: str, width: int) -> str:
    """On two lines if one is too short for it."""
    if plates.font(TYPE - 3).getlength(words) <= width:
        return words
    return "\n".join(textwrap.wrap(words, max(6, 2 * len(words) // 3), break_long_words=False))


def fitting(lines: Sequence[str], width: int) -> Any:
    """Type in which all of these are as wide as this at most."""
    return plates.fit(max(lines, key=plates.font(TYPE).getlength), width, TYPE - 3)
