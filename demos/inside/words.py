"""Words as a map: the vectors of tokens on a plane, and the nearest by cosine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from demos import kit
from demos.inside import board, source
from demos.inside.source import explain
from demos.kit import t

if TYPE_CHECKING:
    from genmodels.text.tokens import Tokenizer

NEAR, LEAST = 6, 3  # neighbours of a word, letters of a common one
FEW = 300  # tokens: with fewer, all of them are shown


def words(checkpoint: str, sentence: str, others: int, lang: str) -> Iterator[tuple]:
    """Vectors of a sentence's pieces among those of common words, on a plane, with their nearest."""
    from genmodels.text import insight

    with source.read(checkpoint, sentence, lang) as r:
        yield gr.skip(), r.note, {"pieces": r.n}
        table = insight.anatomy(r.model).table
        own = list(dict.fromkeys(r.ids[0].tolist()[1:] or r.ids[0].tolist()))
        found = [row.tolist() for row in insight.neighbours(table, own, NEAR)[1]]
        shown = list(dict.fromkeys([*own, *(i for row in found for i in row), *common(r.tokens, others)]))
        yield gr.skip(), r.note, {"pieces": r.n, "tokens_shown": len(shown)}
        flat, kept = insight.plane(table[shown])
        cosines, nearest = insight.neighbours(table, shown, NEAR)
        at = {i: k for k, i in enumerate(shown)}
        near = [
            [(at.get(i, -1), r.tokens.word(i), round(c, 3)) for i, c in zip(*row, strict=True)]
            for row in zip(nearest.tolist(), cosines.tolist(), strict=True)
        ]
        value = {
            "words": [r.tokens.word(i) for i in shown], "own": [at[i] for i in own], "near": near,
            "x": [round(v, 4) for v in flat[:, 0].tolist()], "y": [round(v, 4) for v in flat[:, 1].tolist()],
        }  # fmt: skip
        yield value, r.note, {"pieces": r.n, "tokens_shown": len(shown), "plane_kept": 100 * kept}


def common(tokens: Tokenizer, count: int) -> list[int]:
    """Whole words that the tokenizer learnt early, the commonest first; of a small one everything."""
    if tokens.size <= FEW:
        return [i for i in range(tokens.size) if i not in tokens.added][:count]
    found = []
    for i in range(tokens.size):
        word = tokens.word(i)
        if word.startswith("␣") and len(word) > LEAST and word[1:].isalpha() and i not in tokens.added:
            found.append(i)
            if len(found) == count:
                break
    return found


def words_code(checkpoint: str, sentence: str, others: int) -> str:
    return source.loading(checkpoint, sentence, "from genmodels.text import insight") + (
        "table, own = insight.anatomy(model).table, ids[0, 1:].tolist()\n"
        "cosines, nearest = insight.neighbours(table, own, 6)\n"
        "for i, row in zip(own, nearest.tolist(), strict=True):\n"
        "    print(tokens.word(i), [tokens.word(j) for j in row])\n"
        "flat, kept = insight.plane(table[own])  # (words, 2), and how much of their variance it keeps\n"
    )


def layout(tab: kit.Tab, sentence: Any) -> None:
    with tab.view("words", "Words as a map", "Palabras en un mapa") as view:
        with view.controls():
            explain(
                "To a model a word is a row of numbers. Nobody told it what words mean; words used alike end "
                "up near each other. Type any words above. The map flattens many numbers to two: trust the "
                "list of cosines more than the map.",
                "Para un modelo, una palabra es una fila de números. Nadie le dijo qué significan; las que "
                "se usan parecido terminan cerca. Escribe arriba las que quieras. El mapa aplana muchos "
                "números en dos: créele más a la lista de cosenos que al mapa.",
            )
            others = kit.slider(
                0, 400, 160, t("Common words around them", "Palabras comunes alrededor"), step=20
            )
            note = kit.html()
        with view.result():
            drawn = board.board("map")
        inputs = [tab.checkpoint, sentence, others]
        view.run(words, inputs, [drawn, note], ("Draw the map", "Dibujar el mapa"), words_code)
        view.on([others.release], words)
