"""Boards of text: drawings that get their numbers once and then answer to the pointer by themselves.

A board is a piece of HTML with its scripts, of which `demos/art/inside.js` has the words and bars that all
share; its value is a dictionary of words and numbers. Weights travel as bytes, in base64.

    drawn = looks.board("inside.js", "inside_lens.js")

`between` is the board that two tabs share: attention between two rows of words, who asks, and what is looked
at. Of a translator the target asks the source, of a reader of gaps the sentence asks itself.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

ART = Path(__file__).parent.parent / "art"
TOP = 5  # words of a list of the likeliest
Pair = tuple[str, str]


class Board(gr.HTML):
    is_template = True

    def postprocess(self, value: dict[str, Any] | None) -> dict[str, Any] | None:
        return value

    def api_info(self) -> dict[str, Any]:
        return {"type": "object", "description": "Words and numbers; bytes in base64."}

    def example_payload(self) -> dict[str, Any]:
        return {}

    example_value = example_payload


def board(*scripts: str, styles: Sequence[str] = ("inside.css",), **kwargs: Any) -> Board:
    """Files of `demos/art`, one after another."""
    return Board(
        None,
        html_template="<div class='in-body'></div>",
        css_template=art(*styles),
        js_on_load=art(*scripts),
        apply_default_css=False,
        **kwargs,
    )


def art(*names: str) -> str:
    return "\n".join((ART / name).read_text(encoding="utf-8") for name in names)


# ------------------------------------------------------------------------------ numbers on their way


def text(data: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(data).tobytes()).decode()


def parts(shares: np.ndarray) -> str:
    """Numbers from 0 to 1, a byte each."""
    return text((255 * shares).round().clip(0, 255).astype(np.uint8))


def ranked(words: Sequence[str], chances: Sequence[float]) -> list[tuple[str, float]]:
    """The likeliest words of a place, as a board lists them."""
    return [(w, round(p, 5)) for w, p in zip(words, chances, strict=True)]


# ------------------------------------------------------------------------------ two rows of words


def between() -> Board:
    return board("inside.js", "looks.js", styles=("inside.css", "looks.css"))


def value(
    asks: Sequence[str],
    seen: Sequence[str],
    attention: Sequence[Tensor],
    expect: Sequence[Sequence[tuple[str, float]]],
    titles: tuple[Pair, Pair],
    start: int = 0,
) -> dict[str, Any]:
    """Words that ask (m) and that are seen (n), weights (heads, m, n) of each layer, what stands at each ask.

    `titles` of the two rows, in both languages; `start`: which asks at first.
    """
    shares = np.stack([a.float().cpu().numpy() for a in attention])
    return {
        "asks": list(asks),
        "words": list(seen),
        "layers": len(shares),
        "heads": shares.shape[1],
        "weights": parts(shares),
        "expect": [list(row) for row in expect],
        "titles": titles,
        "start": start,
    }
