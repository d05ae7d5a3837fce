"""Where it looks: all heads over a sentence, and what the model expects after each of its words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import gradio as gr

from demos import kit
from demos.inside import board, source
from demos.inside.source import explain
from demos.kit.pixels import QUIET

LONG = 64  # characters of a token


def look(checkpoint: str, sentence: str, lang: str) -> Iterator[tuple]:
    """Attention of every head and layer over a sentence, and the likeliest words after each of its pieces."""
    from genmodels.text import insight

    with source.read(checkpoint, sentence, lang) as r:
        yield gr.skip(), r.note, {"pieces": r.n}
        found = r.model.look(r.ids)
        logits = r.model.read(found.hidden[-1])
        value = {
            "words": r.words,
            "layers": len(found.attention),
            "heads": len(found.attention[0]),
            "weights": board.triangles(found.attention),
            "next": board.likeliest(r, logits),
            "append": board.appended(r, logits[-1]),
            "given": board.given(r, logits),
        }
        yield value, r.note, {"pieces": r.n} | paid(insight.losses(logits, r.ids))


def add(sentence: str, clicks: int, event: gr.SelectData) -> tuple[Any, int]:
    """A guess was pressed: it joins the sentence, and the model looks again."""
    if not isinstance(event.value, str) or not 0 < len(event.value) <= LONG:
        return gr.skip(), clicks
    return sentence + event.value, clicks + 1


def paid(nats: Any) -> dict[str, float]:
    """Bits per piece, where there is more than the beginning."""
    return {"bits_piece": nats.mean().item() / math.log(2)} if len(nats) else {}


def look_code(checkpoint: str, sentence: str) -> str:
    return source.loading(checkpoint, sentence) + (
        "look = model.look(ids)  # attention: (heads, n, n) per layer\n"
        "print(torch.stack(look.attention).mean((0, 1))[-1])  # where the last word looks, on average\n"
        "chances, which = model.read(look.hidden[-1])[-1].softmax(-1).topk(5)\n"
        "print([(tokens.word(i), p) for i, p in zip(which.tolist(), chances.tolist(), strict=True)])\n"
    )


def layout(tab: kit.Tab, sentence: Any) -> None:
    with tab.view("look", "Where it looks", "Dónde mira") as view:
        with view.controls():
            explain(
                "Attention is where the model looks to guess what follows. Point at a word: the others fill "
                "with the weights that it gives them. Below is every head of every layer: click one.",
                "La atención es dónde mira el modelo para adivinar lo que sigue. Señala una palabra: las "
                "demás se tiñen con el peso que les da. Abajo, cada cabeza de cada capa: haz clic en una.",
            )
            note = kit.html()
        with view.result():
            drawn = board.board("look")
        inputs = [tab.checkpoint, sentence]
        view.run(look, inputs, [drawn, note], ("Look inside", "Mirar adentro"), look_code)
        clicks = gr.State(0)
        drawn.select(add, [sentence, clicks], [sentence, clicks], **QUIET)
        view.on([clicks.change], look)
