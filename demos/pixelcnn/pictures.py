"""Pictures of levels and of bits, a visitor's picture as a model would have it, and where a click landed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from demos import kit
from demos.kit import fashion, pixels, plots, say, t
from demos.kit.digits import like_mnist
from demos.pixelcnn import models

if TYPE_CHECKING:
    from torch import Tensor

TOP = {2: 4.0, 4: 4.0, 256: 10.0}  # bits where the map of surprise is brightest, by levels


# ------------------------------------------------------------------------------ from levels to colours


def seen(x: Tensor, levels: int, done: int | None = None, keep: Tensor | None = None) -> Tensor:
    """Levels (B, 1, H, W) -> (B, 3, H, W) in [-1, 1]. After `done` positions, blank but for `keep`."""
    from genmodels.data import greys

    shown = greys.to_image(x.cpu(), levels).expand(-1, 3, -1, -1)
    return shown if done is None else pixels.blank(shown, done, keep)


# ------------------------------------------------------------------------------ bars and curves


def shares(rows: list[tuple[str, float, str]], lang: str) -> str:
    """(words as HTML, part of one, kind) rows as bars with their percentage."""
    found = []
    for words, part, hue in rows:
        percent = plots.number(100 * part, lang) if part >= 0.001 else f"&lt; {plots.number(0.1, lang)}"
        found.append(
            f"<div class='bar-row {hue}'><span>{words}</span><i style='background:none'><b style='left:0;"
            f"width:{100 * part:.1f}%'></b></i><em style='white-space:nowrap'>{percent} %</em></div>"
        )
    return f"<div class='bar-rows'>{''.join(found)}</div>"


def chip(level: int, levels: int) -> str:
    """A grey as a small square, and its number."""
    grey = round(255 * level / (levels - 1))
    return (
        f"<i style='display:inline-block;width:16px;height:16px;border:1px solid var(--soft);"
        f"vertical-align:-2px;border-radius:3px;margin-right:8px;background:rgb({grey},{grey},{grey})'></i>{level}"
    )


def distribution(
    chances: Any, warmer: Any | None, value: int, lang: str, parts: list[Any] = (), title: str = ""
) -> str:
    """Bars of a few levels, or a curve of many; `warmer`: at another temperature; `parts`: its terms."""
    chances = np.asarray(chances, float)
    if len(chances) <= 8:
        rows = []
        for k, part in enumerate(chances):
            rows.append((chip(k, len(chances)), part, "warm" if k == value else "mark"))
            if warmer is not None:
                rows.append(("", float(warmer[k]), "soft"))
        return (f"<h4>{title}</h4>" if title else "") + shares(rows, lang)
    high = 1.08 * max(chances.max(), 0 if warmer is None else np.max(warmer))
    axes = plots.Axes((0, len(chances)), (0, high), width=620, height=300, left=56)
    middles = (np.arange(len(chances)) + 0.5).tolist()
    marks = [plots.area(list(range(len(chances) + 1)), chances.tolist())]
    marks += [plots.line(middles, np.asarray(part, float).tolist(), "ink", dashed=True) for part in parts]
    if warmer is not None:
        marks.append(plots.line(middles, np.asarray(warmer, float).tolist(), "soft"))
    if value >= 0:
        marks.append(plots.line([value + 0.5] * 2, [0, high], "warm"))
    across = say(lang, "grey, from black to white", "gris, de negro a blanco")
    return plots.plot(axes, *marks, title=title, across=across, up=True, lang=lang)


# ------------------------------------------------------------------------------ what a visitor brings


def ours(checkpoint: str, which: int, variant: int, foreign: bool = False) -> Image.Image:
    """A drawing of ours of what the model knows, a garment or a digit; `foreign`, of what it doesn't."""
    from genmodels.data.digits import digit
    from genmodels.data.garments import garment

    return (digit if (checkpoint == models.MNIST) != foreign else garment)(which, variant)


def picture_of(
    checkpoint: str, drawing: Image.Image | None, which: int, variant: int, lang: str, foreign: bool = False
) -> tuple[Tensor, str]:
    """The visitor's picture, or ours, as the model has it, (1, 1, H, W) levels; and what was done to it."""
    if drawing is None:
        return levels_of(checkpoint, ours(checkpoint, which, variant, foreign)), ""
    page, done = (like_mnist if checkpoint == models.MNIST else fashion.like_fashion)(drawing, lang)
    greys = models.levels(checkpoint)
    if greys < 256:
        size = models.side(checkpoint)
        en, es = (f"{size} × {size}, {greys} greys", f"{size} × {size}, {greys} grises")
        done.append(say(lang, f"then to {en}", f"y después llevada a {es}"))
    return levels_of(checkpoint, page), fashion.listed(done, lang)


def levels_of(checkpoint: str, page: Image.Image) -> Tensor:
    """28 x 28 greys -> (1, 1, H, W) levels of this model."""
    import torch

    from genmodels.data import greys

    pixels = np.asarray(page)[None]
    if models.levels(checkpoint) == 2:
        pixels = pixels > 127
    elif models.side(checkpoint) == greys.SIDE:
        pixels = greys.small(pixels)
    return torch.from_numpy(pixels.astype(np.int64))[None]


def levels_code(checkpoint: str, which: int, variant: int, foreign: bool = False) -> tuple[list[str], str]:
    """The same in a snippet: (imports, lines)."""
    name = "digit" if (checkpoint == models.MNIST) != foreign else "garment"
    imports = ["import numpy as np", "import torch", f"from genmodels.data.{name}s import {name}"]
    pixels = "picture[None]"
    if models.levels(checkpoint) == 2:
        pixels = "(picture[None] > 127)"
    elif models.side(checkpoint) == 16:
        imports.append("from genmodels.data.greys import small")
        pixels = "small(picture[None])"
    h = models.side(checkpoint)
    top = models.levels(checkpoint) - 1
    return imports, (
        f"picture = np.array({name}({which}, {variant}))  # or yours: 28 x 28, white on black\n"
        f"x = torch.from_numpy({pixels}).long()[None]  # (1, 1, {h}, {h}): 0 to {top}\n"
    )


def ours_controls() -> tuple[Any, Any]:
    """Which of our drawings, for when the board is empty."""
    choices = [(t(f"{k} · {en}", f"{k} · {es}"), k) for k, (en, es) in enumerate(fashion.CLASSES)]
    words = t("With the board empty: our digit · garment", "Con el tablero vacío: nuestro dígito · prenda")
    return kit.choice(choices, words, 9), kit.slider(0, 20, 3, t("Variant", "Variante"), step=1)
