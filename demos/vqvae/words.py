"""Words as one sees them: what each draws alone, which are alike, and a grid of them over its picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from PIL import Image, ImageDraw

from demos import kit
from demos.kit import plates, say
from demos.kit.images import to_array
from demos.kit.plane import INK, font
from demos.vqvae.source import factor, loaded, shown

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.model import Model

AROUND = 3  # a word is drawn in the middle of so many by so many of itself
PART = 128  # words drawn at a time
MAP = 720  # pixels a side of a map of words
LEGIBLE = 34  # pixels of the smallest cell that has its number written
DARK = (17, 20, 23)
RING = (255, 214, 10)  # around the word that was chosen
PATCH, COLUMNS = 88, 6  # of the plate of words that are alike
ALIKE = 12


# ---- what a word draws -------------------------------------------------------------------------------------


def patches(model: Model, codes: Tensor) -> Tensor:
    """What each of the words (N,) draws among its likes: (N, C, f, f)."""
    import torch

    f, middle = factor(model), AROUND // 2
    made = []
    for part in codes.split(PART if f <= 4 else 4):
        many = part[:, None, None].expand(-1, AROUND, AROUND)
        made.append(
            model.draw(many)[..., middle * f : (middle + 1) * f, middle * f : (middle + 1) * f].float()
        )
    return torch.cat(made).cpu()


@lru_cache(8)
def dictionary(checkpoint: str) -> Tensor:
    """All words of a bundled model as the page shows them: (K, 3, f, f)."""
    import torch

    with torch.no_grad(), loaded(checkpoint) as model:
        return shown(patches(model, torch.arange(len(model.codebook), device=model.device)))


def drawn(checkpoint: str, model: Model, codes: Sequence[int]) -> Tensor:
    """Some words as the page shows them, (N, 3, f, f). The Hub's dictionaries are too large to draw whole."""
    import torch

    if "/" in checkpoint:
        return shown(patches(model, torch.tensor(list(codes), device=model.device)))
    return dictionary(checkpoint)[list(codes)]


def alike(model: Model, code: int, count: int = ALIKE) -> tuple[list[int], list[float]]:
    """The words nearest to one, itself first, and how far away their vectors are."""
    book = model.codebook.float()
    away = (book - book[code]).square().sum(1).sqrt()
    found = away.topk(min(count, len(book)), largest=False)
    order = [code, *(k for k in found.indices.tolist() if k != code)][:count]
    return order, away[order].tolist()


@lru_cache
def usage(checkpoint: str) -> np.ndarray:
    """How often held-out pictures use each word, (K,): measured when the model was. Of the Hub's: nothing."""
    from genmodels.autoencoders import vqvae

    return np.zeros(0) if "/" in checkpoint else vqvae.usage(checkpoint).double().numpy()


# ---- a grid of words ---------------------------------------------------------------------------------------


def token_map(
    x: Tensor, codes: Tensor, at: tuple[int, int] | None = None, done: int = -1, kept: Any = None
) -> Image.Image:
    """A picture (3, H, W) under the grid of its words (h, w), each with its number.

    `at` is ringed; of a grid in progress the first `done` words are there; `kept` (h, w) ones are framed.
    """
    rows, columns = codes.shape
    cell = MAP // max(rows, columns)
    smooth = Image.Resampling.NEAREST if x.shape[-1] <= 24 else Image.Resampling.BICUBIC
    page = Image.fromarray(to_array(x[None])[0]).resize((columns * cell, rows * cell), smooth)
    if cell >= LEGIBLE:
        page = Image.blend(page, Image.new("RGB", page.size, DARK), 0.3)
    pen = ImageDraw.Draw(page)
    for k in range(1, max(rows, columns)):
        pen.line((k * cell, 0, k * cell, page.height), DARK, 1)
        pen.line((0, k * cell, page.width, k * cell), DARK, 1)
    type = font(round(cell / (2.6 if codes.max() < 1000 else 3.1)))
    there = done if done >= 0 else rows * columns
    for n, code in enumerate(codes.flatten().tolist()):
        i, j = divmod(n, columns)
        box = (j * cell + 3, i * cell + 3, (j + 1) * cell - 3, (i + 1) * cell - 3)
        if kept is not None and kept[i, j]:
            pen.rectangle(box, outline=RING, width=3)
        if n < there and cell >= LEGIBLE:
            middle = ((j + 0.5) * cell, (i + 0.5) * cell)
            pen.text(middle, str(code), INK, type, "mm", stroke_width=max(2, cell // 28), stroke_fill=DARK)
    if at:
        i, j = at
        box = (j * cell, i * cell, (j + 1) * cell, (i + 1) * cell)
        pen.rectangle(box, outline=DARK, width=max(7, cell // 10))
        pen.rectangle(box, outline=RING, width=max(4, cell // 16))
    return page


def pressed(words: int, count: int, event: gr.SelectData) -> tuple[int, int, int]:
    """A click on a map of `words` a side -> row and column, from 1, and one more click."""
    x, y = event.index
    cell = MAP // words
    row, column = (min(words, int(v) // cell + 1) for v in (y, x))
    return row, column, count + 1


# ---- plates ------------------------------------------------------------------------------------------------


def lined(
    images: Tensor, captions: Sequence[str], *, columns: int = COLUMNS, patch: int = PATCH
) -> Image.Image:
    """Patches in rows, each over its caption."""
    type, line = font(22), 28
    rows = -(-len(images) // columns)
    gap = 14
    page = Image.new("RGBA", (columns * (patch + gap) - gap, rows * (patch + line + gap) - gap))
    pen = ImageDraw.Draw(page)
    for k, (image, words) in enumerate(zip(images, captions, strict=True)):
        left, top = k % columns * (patch + gap), k // columns * (patch + line + gap)
        page.paste(tile(image, patch), (left, top))
        pen.text((left + patch / 2, top + patch + 3), words, (*plates.CAPTION, 255), type, "mt")
    return page


def tile(image: Tensor, wide: int) -> Image.Image:
    """(3, f, f) -> a picture with square pixels and round corners."""
    made = Image.fromarray(to_array(image[None])[0]).resize((wide, wide), Image.Resampling.NEAREST)
    made = made.convert("RGBA")
    made.putalpha(plates.corners((wide, wide)))
    return made


def ranking(
    images: Tensor, words: Sequence[int], shares: Sequence[float], lang: str, chosen: int = -1,
    marks: Sequence[float] = (),
) -> Image.Image:  # fmt: skip
    """The likeliest words: patch, number, a bar as long as its share, per cent. The chosen one is ringed.

    `marks` puts a thin line on each bar: another share to compare with.
    """
    patch, line, room, type = 56, 64, 420, font(24)
    page = Image.new("RGBA", (patch + 96 + room + 110, line * len(words)))
    pen = ImageDraw.Draw(page)
    ink, left, top = (*plates.CAPTION, 255), patch + 96, max([*shares, *marks, 1e-9])
    for k, (image, word, share) in enumerate(zip(images, words, shares, strict=True)):
        y = k * line
        page.paste(tile(image, patch), (0, y + 4))
        pen.text((patch + 14, y + line / 2), str(word), ink, type, "lm")
        long = max(2, share / top * room)
        colour = (*RING, 255) if word == chosen else (47, 143, 140, 255)
        pen.rounded_rectangle((left, y + 14, left + long, y + line - 14), 4, colour)
        if marks:
            at = left + marks[k] / top * room
            pen.line((at, y + 8, at, y + line - 8), ink, 3)
        pen.text((left + room + 14, y + line / 2), percent(share, lang), ink, type, "lm")
    return page


def percent(share: float, lang: str) -> str:
    value = 100 * share
    words = f"{value:.0f}" if value >= 10 else f"{value:.1f}" if value >= 0.1 else f"{value:.2g}"
    return say(lang, words, words.replace(".", ",")) + " %"


def told(*parts: str) -> str:
    """Sentences under a picture."""
    return "".join(f"<p style='margin:4px 0;font-size:17px'>{p}</p>" for p in parts if p)


def titled(en: str, es: str, **kwargs: Any) -> Any:
    """A picture with its title above it: Gradio's own label would cover a corner of it."""
    kit.html(f"<p style='margin:0;color:var(--soft);font-size:16px'>{kit.both(en, es)}</p>")
    look = {"height": None, "elem_classes": "plate"}
    return kit.picture(kit.t(en, es), show_label=False, **(look | kwargs))
