"""Cover a word: does it matter where it looks? Each word of the source is hidden in turn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import gradio as gr

from demos import kit
from demos.kit import plots
from demos.kit.pixels import heading
from demos.translate import source
from demos.translate.source import Reader, loading, note_of, question

if TYPE_CHECKING:
    from torch import Tensor

MOST = 24  # words of a source that are covered
FULL = 6  # bits of loss that colour a cell fully


def cover(checkpoint: str, task: str, words: str, lang: str) -> Iterator[tuple]:
    """Bits that each written word loses when a word of the source is covered, beside the mean attention."""
    import torch

    with source.use(checkpoint) as reader:
        asked = question(checkpoint, task, words)
        ids, note = reader.ids(asked)[:, -MOST:], note_of(reader, asked, lang)
        for said in source.answer(reader, ids):
            yield gr.skip(), gr.skip(), note, {"pieces": len(said.ids)}
        start = torch.tensor([[reader.model.config.start]], device=ids.device)
        target = torch.tensor([said.ids], device=ids.device)
        before = torch.cat([start, target[:, :-1]], 1)
        plain, looked = bits(reader, ids, before, target), mean_look(reader, ids, before)
        rows, columns = reader.words(said.ids), reader.words(ids[0].tolist())
        shown = plots.heat(rows, columns, looked.tolist(), lang)
        lost = torch.zeros(len(rows), len(columns))
        for j in range(len(columns)):
            covered = ids.clone()
            covered[0, j] = reader.model.config.pad
            lost[:, j] = bits(reader, covered, before, target) - plain
            page = plots.heat(rows, columns, (lost / FULL).clamp(-1, 1).tolist(), lang)
            yield page, shown, note, {"pieces": len(rows)}
        yield page, shown, note, {"pieces": len(rows), "agreement": agreement(looked, lost)}


def bits(reader: Reader, ids: Tensor, before: Tensor, target: Tensor) -> Tensor:
    """(m,) bits of each token of the target."""
    import math

    from genmodels.text import encdec

    logits = encdec.logits(reader.model, ids, before)[0].float()
    return -logits.log_softmax(-1).gather(1, target[0, :, None])[:, 0].cpu() / math.log(2)


def mean_look(reader: Reader, ids: Tensor, before: Tensor) -> Tensor:
    """(m, n), mean of all layers and heads."""
    import torch

    from genmodels.text import encdec

    return torch.stack(encdec.look(reader.model, ids, before).cross).mean((0, 1))


def agreement(looked: Tensor, lost: Tensor) -> float:
    """% of the written words whose most looked-at word is the one whose loss hurts most."""
    return 100 * (looked.argmax(1) == lost.argmax(1)).float().mean().item()


def cover_code(checkpoint: str, task: str, words: str) -> str:
    more = "from genmodels.text import encdec"
    return loading(checkpoint, question(checkpoint, task, words), more) + (
        "target = encdec.greedy(model, source, 24)\n"
        "before = torch.cat([torch.tensor([[model.config.start]]), target[:, :-1]], 1)\n"
        "for j in range(source.shape[1]):\n"
        "    covered = source.clone()\n"
        "    covered[0, j] = model.config.pad\n"
        "    chances = encdec.logits(model, covered, before)[0].softmax(-1)\n"
        "    print(tokens.word(source[0, j].item()), chances.gather(1, target.T)[:, 0])\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("cover", "Cover a word", "Tapar una palabra") as view:
        with view.controls():
            words, task = source.words_box(), source.task_choice()
            kit.html(
                "<p>"
                + kit.both(
                    "Attention says where the model looks, not what it uses. So here each word of the "
                    "source (a column) is covered in turn, and the model says again how likely it finds "
                    "its own answer (the rows).",
                    "La atención dice dónde mira el modelo, no qué usa. Por eso aquí se tapa cada palabra de "
                    "la fuente (una columna) y el modelo vuelve a decir qué tan probable le parece su propia "
                    "respuesta (las filas).",
                )
                + "</p>"
            )
            note = kit.html()
        with view.result():
            heading(
                f"What is lost when the column is covered (full colour: {FULL} bits)",
                f"Lo que se pierde al tapar la columna (color pleno: {FULL} bits)",
            )
            lost = kit.html()
            heading("Where it looks, mean of all heads", "Dónde mira, promedio de las cabezas")
            looked = kit.html()
        view.run(cover, [tab.checkpoint, task, words], [lost, looked, note], ("Cover", "Tapar"), cover_code)
        view.on([task.input, words.submit], cover)
