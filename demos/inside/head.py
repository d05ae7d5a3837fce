"""One head, step by step: query, keys, scores, mask, softmax, values, with the numbers of the model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from demos import kit
from demos.inside import board, source
from demos.inside.source import explain
from demos.kit import t

if TYPE_CHECKING:
    from genmodels.text.insight import Anatomy, Head

PIECES = 14  # of a sentence whose sums are shown
LAYERS, HEADS = 30, 14  # of the largest models of the table
LEARNED = (
    "Its position is added to the vector at the entrance, one learnt vector per position.",
    "La posición se le suma al vector a la entrada: un vector aprendido por cada posición.",
)
ROTARY = (
    "Its position is not added: q and k are turned by an angle that grows with it, so q·k depends on the "
    "distance.",
    "La posición no se suma: q y k se giran en un ángulo que crece con ella, así que q·k depende de la "
    "distancia.",
)


def head(checkpoint: str, sentence: str, layer: int, head: int, lang: str) -> Iterator[tuple]:
    """The sums of one attention head over a sentence: q, k, v, scores, softmax and the weighted sum."""
    from genmodels.text import insight

    with source.read(checkpoint, sentence, lang, PIECES) as r:
        yield gr.skip(), r.note, {"pieces": r.n}
        parts = insight.anatomy(r.model)
        l, h = min(layer, parts.layers), min(head, parts.heads)  # noqa: E741
        found = insight.head(r.model, r.ids, l - 1, h - 1)
        value = {
            "words": r.words, "layer": l, "head": h, "width": found.q.shape[1],
            "heading": (
                f"Layer {l} of {parts.layers}, head {h} of {parts.heads}: point at a word",
                f"Capa {l} de {parts.layers}, cabeza {h} de {parts.heads}: señala una palabra",
            ),
            "position": LEARNED if parts.turns is None else ROTARY,
            "states": states(found, parts, l),
            **{name: board.floats(getattr(found, name)) for name in ("q", "k", "v", "weights")},
        }  # fmt: skip
        yield value, r.note, {"pieces": r.n, "numbers_head": found.q.shape[1]}


def states(found: Head, parts: Anatomy, layer: int) -> list[dict[str, Any]]:
    """The vectors of the words on their way to the head."""
    shown = [board.wholes(("the token’s own vector", "el vector del token"), found.word)]
    if parts.places is not None:
        places = parts.places[: len(found.word)]
        shown.append(board.wholes(("+ its position’s vector", "+ el vector de su posición"), places))
    came = ("x: normalised", "x: normalizado") if layer == 1 else (
        f"x: after layer {layer - 1}, normalised", f"x: tras la capa {layer - 1}, normalizado"
    )  # fmt: skip
    return [*shown, board.wholes(came, found.x)]


def head_code(checkpoint: str, sentence: str, layer: int, head: int) -> str:
    more = "from genmodels.text import insight"
    return source.loading(checkpoint, sentence, more, most=PIECES) + (
        f"one = insight.head(model, ids, layer={layer - 1}, which={head - 1})\n"
        "scores = one.q @ one.k.T / one.q.shape[1] ** 0.5\n"
        "later = torch.ones_like(scores, dtype=torch.bool).triu(1)\n"
        "weights = scores.masked_fill(later, -torch.inf).softmax(-1)\n"
        "answer = weights @ one.v\n"
        "print((weights - one.weights).abs().max())  # against the model's own\n"
    )


def layout(tab: kit.Tab, sentence: Any) -> None:
    with tab.view("head", "One head by hand", "Una cabeza a mano") as view:
        with view.controls():
            explain(
                "The same sums that the model does, one after another. Press ▶ or a step, and point at "
                "words, at rows and at the coloured strips: each cell is a number.",
                "Las mismas cuentas que hace el modelo, una tras otra. Pulsa ▶ o un paso, y señala palabras, "
                "filas y las tiras de color: cada celda es un número.",
            )
            words = t("Layer (ours have 3 or 4)", "Capa (los nuestros tienen 3 o 4)")
            layer = kit.slider(1, LAYERS, 2, words, step=1)
            which = kit.slider(1, HEADS, 1, t("Head (ours have 4)", "Cabeza (los nuestros tienen 4)"), step=1)
            note = kit.html()
        with view.result():
            drawn = board.board("head")
        inputs = [tab.checkpoint, sentence, layer, which]
        view.run(head, inputs, [drawn, note], ("Do the sums", "Hacer las cuentas"), head_code)
        view.on([layer.release, which.release], head)
