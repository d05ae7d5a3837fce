"""The logit lens: what the model would say if it stopped after each of its layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from demos import kit
from demos.inside import board, source
from demos.inside.source import explain

PIECES = 20


def lens(checkpoint: str, sentence: str, lang: str) -> Iterator[tuple]:
    """The likeliest next words after every layer, at every place of a sentence."""
    with source.read(checkpoint, sentence, lang, PIECES) as r:
        yield gr.skip(), r.note, {"pieces": r.n}
        tops, ranks = [], []
        for hidden in r.model.look(r.ids).hidden:  # a layer at a time: all logits at once would be large
            logits = r.model.read(hidden)
            tops.append(board.likeliest(r, logits))
            ranks.append(places(logits, r.ids))
            yield gr.skip(), r.note, {"pieces": r.n, "layer": len(tops) - 1}
        right = [sum(rank == 1 for rank in row) for row in ranks]
        rows = list(range(len(tops)))
        value = {"words": r.words, "rows": rows, "tops": tops, "ranks": ranks, "size": logits.shape[-1]}
        yield value, r.note, {"pieces": r.n} | shares(right, r.n)


def places(logits: Any, ids: Any) -> list[int]:
    """Which place the token that does follow has among all, 1 the likeliest."""
    own = logits[:-1].gather(1, ids[0, 1:, None])
    return ((logits[:-1] > own).sum(1) + 1).tolist()


def shares(right: list[int], n: int) -> dict[str, float]:
    """Per cent right at first guess, before any layer, halfway and at the end."""
    if n < 2:
        return {}
    names = {"right_first": 0, "right_half": len(right) // 2, "right_last": -1}
    return {name: 100 * right[k] / (n - 1) for name, k in names.items()}


def lens_code(checkpoint: str, sentence: str) -> str:
    return source.loading(checkpoint, sentence, most=PIECES) + (
        "for layer, hidden in enumerate(model.look(ids).hidden):\n"
        "    guess = model.read(hidden).argmax(-1)  # as if this were the last layer\n"
        "    print(layer, [tokens.word(i) for i in guess.tolist()])\n"
    )


def layout(tab: kit.Tab, sentence: Any) -> None:
    with tab.view("lens", "Layer by layer", "Capa por capa") as view:
        with view.controls():
            explain(
                "Every layer adds something to one and the same vector. So it can be read after any layer "
                "with the last step of the model, as if the others weren’t there: what would it say by then?",
                "Cada capa le suma algo a un mismo vector. Por eso se lo puede leer después de cualquiera "
                "con el último paso del modelo, como si las demás no estuvieran: ¿qué diría a esa altura?",
            )
            note = kit.html()
        with view.result():
            drawn = board.board("lens")
        words = ("Read every layer", "Leer cada capa")
        view.run(lens, [tab.checkpoint, sentence], [drawn, note], words, lens_code)
