"""Digits on the page: a visitor's drawing as MNIST has them, and one of ours for when the board is empty."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from demos.kit.inputs import choice, slider
from demos.kit.lang import say, t


def like_mnist(picture: Image.Image, lang: str) -> tuple[Image.Image, list[str]]:
    """A visitor's digit as that set has them: white on black, 20 x 20, its centre of mass in the middle."""
    from genmodels.data.digits import BOX, SIDE

    grey, done = np.asarray(picture.convert("L")), []
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    if np.median(border) > 127:
        grey = 255 - grey
        done.append(say(lang, "inverted: white on black", "invertida: blanco sobre negro"))
    rows, columns = (np.flatnonzero((grey > 60).any(axis)) for axis in (1, 0))
    if not len(rows) or len(rows) * len(columns) < 64:
        en, es = "There is almost nothing in the picture.", "La imagen casi no tiene nada."
        raise gr.Error(say(lang, en, es), print_exception=False)
    cut = Image.fromarray(grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.uint8))
    ratio = BOX / max(cut.size)
    cut = cut.resize([max(1, round(s * ratio)) for s in cut.size], Image.Resampling.BOX)
    mass = np.asarray(cut, float)
    centre = [float((at * mass).sum() / max(mass.sum(), 1)) + 0.5 for at in np.indices(mass.shape)[::-1]]
    page = Image.new("L", (SIDE, SIDE))
    page.paste(cut, tuple(round(SIDE / 2 - c) for c in centre))
    done.append(say(lang, "reduced to 20 × 20 and centred", "reducida a 20 × 20 y centrada"))
    return page.point(lambda v: min(255, round(1.3 * v))), done


def ours_controls(kind: int = 3, variant: int = 3) -> tuple[Any, Any]:
    """Which of our drawings, for when the board is empty."""
    words = t("With the board empty: our digit", "Con el tablero vacío: nuestro dígito")
    choices = [(str(k), k) for k in range(10)]
    return choice(choices, words, kind), slider(0, 20, variant, t("Variant", "Variante"), step=1)
