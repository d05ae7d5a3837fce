"""Where it looks: every head of BERT over a text with gaps, to the left and to the right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import gradio as gr

from demos import kit
from demos.blanks import source
from demos.blanks.source import loading
from demos.kit import looks

if TYPE_CHECKING:
    from torch import Tensor

PIECES = 48  # tokens that are drawn
TITLES = (
    (
        "The text that asks: point at a word, and see below where it looks",
        "El texto que pregunta: señala una palabra y mira abajo dónde mira",
    ),
    (
        "The text that is read: point at a word, and see above who looks at it",
        "El texto que es leído: señala una palabra y mira arriba quién la mira",
    ),
)


def look(checkpoint: str, words: str, lang: str) -> Iterator[tuple]:
    """Attention of every layer and head of BERT over a text with gaps, and its guess at each place."""
    with source.use(checkpoint) as three:
        text = source.gapped(three.tokens, words, 1, lang)
        yield gr.skip(), text.note, {}
        ids, gaps = text.ids[:PIECES].clone(), [g for g in text.gaps if g < PIECES]
        ids = ids if len(ids) else ids.new_tensor([0])
        ids[gaps] = three.bert.blank
        seen = three.bert.look(ids[None].to(three.bert.device))
        logits = three.bert.read(seen.hidden[-1]).float().cpu()[:, : three.tokens.size]
        expect = source.likeliest(three.tokens, logits)
        shown = text.words[:PIECES] or ["▷"]
        value = looks.value(shown, shown, seen.attention, expect, TITLES, gaps[0] if gaps else 0)
        yield value, text.note, {"pieces": len(shown)} | sides(seen.attention, gaps)


def sides(attention: list[Tensor], gaps: list[int]) -> dict[str, float]:
    """% of the gaps' attention that goes to their right, mean of all heads."""
    import torch

    if not gaps:
        return {}
    weights = torch.stack(attention).mean((0, 1)).cpu()
    return {"to_right": 100 * sum(weights[g, g + 1 :].sum().item() for g in gaps) / len(gaps)}


def look_code(checkpoint: str, words: str) -> str:
    left, *right = source.GAP.split(words, maxsplit=1)
    right = right[0].partition("_")[0].rstrip(" ") if right else "."
    return loading(checkpoint) + (
        f"left, right = tokens.encode({left[-60:]!r}), tokens.encode({right[:60]!r})\n"
        "look = model.look(torch.tensor([[*left, model.blank, *right]]))  # (heads, n, n) per layer\n"
        "weights = torch.stack(look.attention).mean((0, 1))[len(left)]  # of the gap, mean of all heads\n"
        "print(weights[: len(left)].sum(), 'left;', weights[len(left) + 1 :].sum(), 'right')\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("look", "Where it looks", "Dónde mira") as view:
        with view.controls():
            words = source.sentence_box("In a large bowl, mix the ___ and the sugar, then add the eggs.")
            note = kit.html()
        with view.result():
            drawn = looks.between()
        view.run(look, [tab.checkpoint, words], [drawn, note], ("Look", "Mirar"), look_code)
