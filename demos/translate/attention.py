"""Watch it translate: the answer word by word, and for each word where in the source the decoder looked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from demos import kit
from demos.kit import looks
from demos.kit.pixels import heading
from demos.translate import source
from demos.translate.source import Reader, loading, note_of, question, whole

TITLES = (
    (
        "What it wrote: point at a word, and see below where it looked",
        "Lo que escribió: señala una palabra y mira abajo dónde miró",
    ),
    (
        "What it read: point at a word, and see above who looks at it",
        "Lo que leyó: señala una palabra y mira arriba quién la mira",
    ),
)


def attention(checkpoint: str, task: str, words: str, lang: str) -> Iterator[tuple]:
    """Translate a number and show the cross-attention of every layer and head, from each word written."""
    with source.use(checkpoint) as reader:
        asked = question(checkpoint, task, words)
        ids, note = reader.ids(asked), note_of(reader, asked, lang)
        yield "", gr.skip(), note, {}
        for said in source.answer(reader, ids):
            yield source.inked(reader, said, running=True), gr.skip(), note, {"pieces": len(said.ids)}
        found = {"pieces": len(said.ids), "chance_whole": whole(said.chances)}
        yield source.inked(reader, said), board(reader, ids, said.ids), note, found


def board(reader: Reader, ids: Any, written: list[int]) -> dict[str, Any]:
    """Cross-attention of each token at the step that chose it, and what else it could have been."""
    import torch

    from genmodels.text import encdec

    start = reader.model.config.start
    seen = encdec.look(reader.model, ids, torch.tensor([[start, *written[:-1]]], device=ids.device))
    chances, which = seen.logits.softmax(-1).topk(looks.TOP)
    expect = [
        looks.ranked(reader.words(row), p) for row, p in zip(which.tolist(), chances.tolist(), strict=True)
    ]
    return looks.value(reader.words(written), reader.words(ids[0].tolist()), seen.cross, expect, TITLES)


def attention_code(checkpoint: str, task: str, words: str) -> str:
    more = "from genmodels.text import encdec"
    return loading(checkpoint, question(checkpoint, task, words), more) + (
        "target = encdec.greedy(model, source, 24)\n"
        "print(tokens.decode(target[0].tolist()))\n"
        "first = torch.tensor([[model.config.start]])\n"
        "look = encdec.look(model, source, torch.cat([first, target[:, :-1]], 1))\n"
        "print(torch.stack(look.cross).mean((0, 1)))  # (written, read): mean of all layers and heads\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("attention", "Where it looks", "Dónde mira") as view:
        with view.controls():
            words, task = source.words_box(), source.task_choice()
            note = kit.html()
        with view.result():
            heading("The answer", "La respuesta")
            answer = kit.html()
            drawn = looks.between()
        inputs = [tab.checkpoint, task, words]
        view.run(attention, inputs, [answer, drawn, note], ("Translate", "Traducir"), attention_code)
        view.on([task.input, words.submit], attention)
