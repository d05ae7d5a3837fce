"""Boards: drawings that get their numbers once and then answer to the pointer by themselves.

A board is a piece of HTML with its script (`demos/art/inside.js`, and one per kind); its value is a
dictionary of words and numbers. Weights travel as bytes, vectors as floats, both in base64.
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

    from demos.inside.source import Reading

ART = Path(__file__).parent.parent / "art"
TOP = 5  # words of a list of the likeliest


class Board(gr.HTML):
    is_template = True

    def postprocess(self, value: dict[str, Any] | None) -> dict[str, Any] | None:
        return value

    def api_info(self) -> dict[str, Any]:
        return {"type": "object", "description": "Words and numbers; bytes in base64."}

    def example_payload(self) -> dict[str, Any]:
        return {}

    example_value = example_payload


def board(kind: str, **kwargs: Any) -> Board:
    """kind: look, head, mask, lens, places, map, copies."""
    scripts = (ART / name for name in ("inside.js", f"inside_{kind}.js"))
    return Board(
        None,
        html_template="<div class='in-body'></div>",
        css_template=(ART / "inside.css").read_text(encoding="utf-8"),
        js_on_load="\n".join(script.read_text(encoding="utf-8") for script in scripts),
        apply_default_css=False,
        elem_classes=f"inside inside-{kind}",
        **kwargs,
    )


# ------------------------------------------------------------------------------ numbers on their way


def text(data: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(data).tobytes()).decode()


def parts(shares: np.ndarray) -> str:
    """Numbers from 0 to 1, a byte each."""
    return text((255 * shares).round().clip(0, 255).astype(np.uint8))


def triangles(attention: Sequence[Tensor]) -> str:
    """Weights (heads, n, n) per layer: of each head what lies on and under the diagonal, row by row."""
    rows, columns = np.tril_indices(attention[0].shape[-1])
    return parts(np.stack([a.float().cpu().numpy() for a in attention])[..., rows, columns])


def floats(x: Tensor) -> str:
    return text(x.float().cpu().numpy().astype("<f4"))


def wholes(name: tuple[str, str], x: Tensor) -> dict[str, Any]:
    """Vectors (n, C) that are only looked at: 16 bits each, and what the largest stands for."""
    values = x.float().cpu().numpy()
    scale = max(float(np.abs(values).max()), 1e-9)
    whole = text((values / scale * 32767).round().astype("<i2"))
    return {"name": name, "whole": whole, "scale": scale, "channels": values.shape[-1]}


def likeliest(reading: Reading, logits: Tensor) -> list[list[tuple[str, float]]]:
    """(n, V) -> at each place the likeliest words, with their chances."""
    chances, ids = logits.float().softmax(-1).topk(min(TOP, logits.shape[-1]), -1)
    words = reading.tokens.word
    return [
        [(words(i), round(p, 5)) for i, p in zip(*row, strict=True)]
        for row in zip(ids.tolist(), chances.tolist(), strict=True)
    ]


def appended(reading: Reading, logits: Tensor) -> list[str]:
    """(V,) -> what the likeliest would add to the sentence: nothing for half a character, or after a cut."""
    if reading.note:
        return []
    ids = logits.float().topk(min(TOP, len(logits))).indices.tolist()
    found = ["" if i in reading.tokens.added else reading.tokens.decode([i]) for i in ids]
    return ["" if "\ufffd" in text else text for text in found]


def given(reading: Reading, logits: Tensor) -> list[float]:
    """The chance of what does follow, at each place but the last."""
    chances = logits[:-1].float().softmax(-1).gather(1, reading.ids[0, 1:, None])
    return [float(f"{p:.4g}") for p in chances[:, 0].tolist()]
