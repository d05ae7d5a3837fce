"""Fashion-MNIST on the page: its classes in two languages and ten colours; a visitor's picture like it."""

from __future__ import annotations

import html

import gradio as gr
import numpy as np
from PIL import Image, ImageDraw

from demos.kit.lang import both, say

CLASSES = (
    ("T-shirt", "camiseta"), ("trousers", "pantalón"), ("pullover", "suéter"), ("dress", "vestido"),
    ("coat", "abrigo"), ("sandal", "sandalia"), ("shirt", "camisa"), ("sneaker", "zapatilla"),
    ("bag", "bolso"), ("ankle boot", "botín"),
)  # fmt: skip
HEX = (
    "#4ea8ff", "#ff9f40", "#58c878", "#ff6b6b", "#b88cff", "#c99a62",
    "#ff8fd0", "#e8d44d", "#d3dae2", "#35d6cf",
)  # fmt: skip
COLOURS = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in HEX], float)
SIDE = 28
FAINT = 40  # darker than this is ground
EDGE = 235  # lighter than this, or as dark, is black or white: a drawing in ink has little else


def legend() -> str:
    """The classes and their colours, in both languages."""
    dot = "display:inline-block;width:.8em;height:.8em;margin-right:.35em;border-radius:50%"
    items = (
        f"<li><i style='{dot};background:{colour}'></i>{both(*name)}</li>"
        for colour, name in zip(HEX, CLASSES, strict=True)
    )
    return f"<ul class='label'>{''.join(items)}</ul>"


def like_fashion(picture: Image.Image, lang: str) -> tuple[Image.Image, list[str]]:
    """A visitor's picture as that set would have it, light on black, filling 28 x 28. And what was done."""
    grey, done = np.asarray(picture.convert("L")), []
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    if np.median(border) > 127:
        grey = 255 - grey
        done.append(
            say(lang, "inverted, so that the ground is black", "invertida, para que el fondo sea negro")
        )
    inside = enclosed(grey)
    if ((grey > EDGE) | (grey < 255 - EDGE)).mean() > 0.9 and inside.mean() > 0.005:
        grey = np.where(inside & (grey < 128), 190, grey)
        done.append(say(lang, "the outline filled", "el contorno relleno"))
    rows, columns = (np.flatnonzero((grey > FAINT).any(axis)) for axis in (1, 0))
    if not len(rows) or len(rows) * len(columns) < 64:
        en, es = (
            "There is almost nothing in the picture to encode.",
            "La imagen casi no tiene nada que codificar.",
        )
        raise gr.Error(say(lang, en, es), print_exception=False)
    done.append(say(lang, "cropped and reduced to 28 × 28", "recortada y reducida a 28 × 28"))
    cut = Image.fromarray(grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.uint8))
    ratio = SIDE / max(cut.size)
    cut = cut.resize([max(1, round(s * ratio)) for s in cut.size], Image.Resampling.BOX)
    page = Image.new("L", (SIDE, SIDE))
    page.paste(cut, ((SIDE - cut.width) // 2, (SIDE - cut.height) // 2))
    return page, done


def enclosed(grey: np.ndarray) -> np.ndarray:
    """True inside closed outlines: what a flood from the border doesn't reach."""
    page = Image.fromarray(np.pad(np.where(grey > FAINT, 255, 0), 1).astype(np.uint8))
    page = page.copy()  # which can be written
    ImageDraw.floodfill(page, (0, 0), 128)
    return np.asarray(page)[1:-1, 1:-1] == 0


def listed(done: list[str], lang: str) -> str:
    """The same, as a line under the picture."""
    words = say(lang, "Your picture was ", "Tu imagen fue ") + ", ".join(done) + "."
    return f"<p>{html.escape(words)}</p>"
