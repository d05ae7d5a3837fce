"""Heads that copy: random tokens twice in a row, and which heads look up what followed the first time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from demos import kit
from demos.inside import board
from demos.inside.source import explain
from demos.kit import plots, say, t, texts

if TYPE_CHECKING:
    from genmodels.text.tokens import Tokenizer


def copies(checkpoint: str, length: int, seed: int, lang: str) -> Iterator[tuple]:
    """How well a model copies what it has seen once, and which heads look it up."""
    from genmodels.text import insight

    with texts.use(checkpoint) as writer:
        tokens = writer.tokens
        yield gr.skip(), gr.skip(), {"pieces": 2 * length}
        length = min(length, writer.model.context // 2)
        pool = plain(tokens)
        found = insight.copying(writer.model, length, seed, pool)
        value = {
            "words": [tokens.word(i) for i in found.tokens[0].tolist()], "length": length,
            "layers": len(found.attention), "heads": len(found.attention[0]),
            "weights": board.triangles(found.attention),
            "induction": rounded(found.induction), "previous": rounded(found.previous),
        }  # fmt: skip
    bits = found.bits.tolist()
    first, second = bits[: length - 1], bits[length:]
    numbers = {
        "copy_best": 100 * found.induction.max().item(),
        "before_best": 100 * found.previous.max().item(),
        "bits_once": sum(first) / len(first),
        "bits_twice": sum(second) / len(second),
    }
    yield value, curve(bits, length, lang), numbers


def plain(tokens: Tokenizer) -> list[int]:
    """Tokens of letters: not the bytes of a character, not the end of a text."""
    words = ((i, tokens.word(i)) for i in range(tokens.size) if i not in tokens.added)
    return [i for i, word in words if word.strip("␣").isalpha()]


def rounded(scores: Any) -> list[list[float]]:
    return [[round(s, 4) for s in row] for row in scores.tolist()]


def curve(bits: list[float], length: int, lang: str) -> str:
    """The price of each token. What a copier would pay falls to nothing in the second half."""
    axes = plots.Axes((1, len(bits)), (0, 1.08 * max(bits)), width=660, height=230, left=44)
    x = list(range(1, len(bits) + 1))
    return plots.plot(
        axes,
        plots.line(x[: length - 1], bits[: length - 1], "mark"),
        plots.line(x[length - 1 :], bits[length - 1 :], "warm"),
        title=say(
            lang,
            "Bits of each random piece, mean of six texts: the first time, and the second (orange)",
            "Bits de cada trozo al azar, promedio de seis textos: la primera vez, y la segunda (naranja)",
        ),
        across=say(lang, "place", "lugar"), up=True, lang=lang,
    )  # fmt: skip


def copies_code(checkpoint: str, length: int, seed: int) -> str:
    from demos.inside.source import loading

    return loading(checkpoint, "", "from genmodels.text import insight") + (
        'pool = [i for i in range(tokens.size) if tokens.word(i).strip("␣").isalpha()]\n'
        f"found = insight.copying(model, {length}, seed={seed}, candidates=pool)\n"
        "print(found.induction, found.previous)  # (layers, heads): what followed last time, the one before\n"
        f"print(found.bits[: {length} - 1].mean(), found.bits[{length} :].mean())\n"
    )


def layout(tab: kit.Tab, sentence: Any) -> None:
    with tab.view("copies", "Heads that copy", "Cabezas que copian") as view:
        with view.controls():
            explain(
                "Random pieces, twice in a row. The first time nobody can know them. The second time a model "
                "can look back: where did this one stand before, and what followed? Heads that do so are "
                "measured here; larger models have many.",
                "Trozos al azar, dos veces seguidas. La primera vez nadie puede saberlos. La segunda, un "
                "modelo puede mirar atrás: ¿dónde estaba este, y qué lo seguía? Aquí se mide qué cabezas lo "
                "hacen; los modelos más grandes tienen muchas.",
            )
            length = kit.slider(
                6, 24, 12, t("Pieces before they repeat", "Trozos antes de que se repitan"), step=1
            )
            seed = kit.seed(1)
        with view.result():
            drawn = board.board("copies")
            price = kit.html()
        inputs = [tab.checkpoint, length, seed]
        view.run(copies, inputs, [drawn, price], ("Measure the heads", "Medir las cabezas"), copies_code)
        view.on([length.release], copies)
