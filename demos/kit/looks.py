"""A board of attention between two rows of words: who asks, and what is looked at.

Of a translator the target asks the source, of a reader of gaps the sentence asks itself. All heads of all
layers are sent once, and the board answers the pointer by itself: `demos/art/looks.js`, on the words and bars
of `demos/art/inside.js`.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

if TYPE_CHECKING:
    from torch import Tensor

ART = Path(__file__).parent.parent / "art"
TOP = 5  # words of a list of the likeliest
Pair = tuple[str, str]


class Looks(gr.HTML):
    is_template = True

    def postprocess(self, value: dict[str, Any] | None) -> dict[str, Any] | None:
        return value

    def api_info(self) -> dict[str, Any]:
        return {"type": "object", "description": "Words, chances, and weights as bytes in base64."}

    def example_payload(self) -> dict[str, Any]:
        return {}

    example_value = example_payload


def board(**kwargs: Any) -> Looks:
    return Looks(
        None,
        html_template="<div class='in-body'></div>",
        css_template="\n".join(read("inside.css", "looks.css")),
        js_on_load="\n".join(read("inside.js", "looks.js")),
        apply_default_css=False,
        **kwargs,
    )


def read(*names: str) -> list[str]:
    return [(ART / name).read_text(encoding="utf-8") for name in names]


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
    import torch

    shares = torch.stack(list(attention)).float().cpu().mul(255).round().byte()
    return {
        "asks": list(asks),
        "words": list(seen),
        "layers": len(shares),
        "heads": shares.shape[1],
        "weights": base64.b64encode(shares.numpy().tobytes()).decode(),
        "expect": [[(w, round(float(p), 5)) for w, p in row] for row in expect],
        "titles": titles,
        "start": start,
    }
