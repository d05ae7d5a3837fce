"""Strips: a row for every unit, a column for every token, the words below. And curves along the words."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from io import BytesIO

import numpy as np
from PIL import Image

PLUS, MINUS = (28, 148, 148), (226, 104, 52)  # seen on light and on dark
COLUMN, HIGH, CAPTION, WORD, ROOM = 23, 92, 24, 74, 36


def picture(values: np.ndarray) -> str:
    """(H, n) in [-1, 1] -> a PNG as an address: petrol above 0, orange below, clear at 0."""
    colour = np.where(values[..., None] >= 0, PLUS, MINUS)
    alpha = (255 * np.abs(values).clip(0, 1)).round()[..., None]
    page = Image.fromarray(np.concatenate([colour, alpha], -1).astype(np.uint8), "RGBA")
    out = BytesIO()
    page.save(out, "PNG")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"


def sheet(words: Sequence[str], rows: Sequence[tuple[str, np.ndarray]], marked: int = -1) -> str:
    """Captions and (H, n) arrays, one under the other, the words at the bottom; one column may be marked."""
    wide, top, parts = COLUMN * len(words) + ROOM, 0, []
    for caption, values in rows:
        n = values.shape[1]
        parts.append(f"<text x='0' y='{top + 17}'>{html.escape(caption)}</text>")
        parts.append(
            f"<rect x='0' y='{top + CAPTION}' width='{COLUMN * len(words)}' height='{HIGH}' class='frame'/>"
            f"<image href='{picture(values)}' x='0' y='{top + CAPTION}' width='{COLUMN * n}' height='{HIGH}' "
            "preserveAspectRatio='none' style='image-rendering:pixelated'/>"
        )
        top += CAPTION + HIGH + 6
    if marked >= 0:
        parts.append(f"<rect x='{COLUMN * marked}' y='0' width='{COLUMN}' height='{top}' class='at'/>")
    parts.append(below(words, top))
    return svg(wide, top + WORD, "".join(parts))


def below(words: Sequence[str], top: float) -> str:
    """The words under their columns, slanted."""
    found = []
    for k, word in enumerate(words):
        x = COLUMN * (k + 0.5) + 4
        word = word if len(word) <= 12 else word[:11] + "…"
        turned = f"rotate(55 {x:g} {top + 12:g})"
        found.append(f"<text x='{x:g}' y='{top + 12:g}' transform='{turned}'>{html.escape(word)}</text>")
    return "".join(found)


def svg(wide: float, high: float, inside: str) -> str:
    size = f"style='width:{wide:g}px;height:{high:g}px'"
    return f"<div class='strips'><svg viewBox='0 0 {wide:g} {high:g}' {size} role='img'>{inside}</svg></div>"


def traces(words: Sequence[str], lines: Sequence[tuple[str, str, np.ndarray]], high: float = 130) -> str:
    """Curves along the words: (kind, caption, (n,) in [-1, 1]), around a line at 0."""
    middle = high / 2 + 4
    parts = [f"<line class='soft' x1='0' x2='{COLUMN * len(words)}' y1='{middle:g}' y2='{middle:g}'/>"]
    for kind, caption, values in lines:
        points = " ".join(
            f"{COLUMN * (k + 0.5):g},{middle - v * high / 2:.1f}" for k, v in enumerate(values.clip(-1, 1))
        )
        parts.append(
            f"<polyline class='{kind}' points='{points}'><title>{html.escape(caption)}</title></polyline>"
        )
    inside = "".join(parts) + below(words, high + 8)
    return svg(COLUMN * len(words) + ROOM, high + 8 + WORD, inside)
