"""Fill the gaps: what three models think stands there, two that see both sides and one that sees the left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import gradio as gr

from demos import kit
from demos.blanks import source
from demos.blanks.source import NAMES, Gapped, Three, loading, short
from demos.kit import plots, say, t, texts
from demos.kit.pixels import heading

if TYPE_CHECKING:
    from torch import Tensor

SHOWN = 8  # gaps


def fill(checkpoint: str, words: str, wide: int, lang: str) -> Iterator[tuple]:
    """The likeliest words of each gap (underscores) of a text, by BERT, a recurrent net and a GPT."""
    with source.use(checkpoint) as three:
        text = source.gapped(three.tokens, words, wide, lang)
        yield gr.skip(), gr.skip(), text.note, {"pieces": len(text.words)}
        if not text.gaps:
            yield passage(three, text, None, lang), "", text.note + source.hint(lang), {"found_gaps": 0}
            return
        found = three.around(text.ids, text.gaps)
        tables = []
        for k, place in enumerate(text.gaps[:SHOWN]):
            columns = [source.likeliest(three.tokens, logits[k : k + 1])[0] for logits in found]
            tables.append(heard(k, place, text, columns, lang))
            yield passage(three, text, found[0], lang), "".join(tables), text.note, {"found_gaps": k + 1}


def passage(three: Three, text: Gapped, logits: Tensor | None, lang: str) -> str:
    """The text, with BERT's likeliest token in each gap, the stronger the surer."""
    ids = text.ids.tolist()
    chances = {}
    for k, place in enumerate(text.gaps):
        p, id = logits[k].softmax(-1).max(-1)
        ids[place], chances[place] = id.item(), p.item()
    spelled = texts.spelled(three.tokens, ids)
    return texts.ink(
        texts.Ink(w, chances[i], f"{100 * chances[i]:.0f} %", "cool") if i in chances else texts.Ink(w)
        for i, w in enumerate(spelled)
    )


def heard(k: int, place: int, text: Gapped, columns: list[list[tuple[str, float]]], lang: str) -> str:
    around = "".join(text.words[max(0, place - 4) : place + 5]).replace("␣", " ").replace("⏎", " ")
    title = say(lang, f"gap {k + 1}: …{around}…", f"hueco {k + 1}: …{around}…")
    rows = [
        [str(r + 1), *(f"{w} {plots.number(100 * p, lang, 2)} %" for w, p in row)]
        for r, row in enumerate(zip(*columns, strict=True))
    ]
    return plots.table([title, *(say(lang, *name) for name in NAMES)], rows)


def fill_code(checkpoint: str, words: str, wide: int) -> str:
    left, *right = source.GAP.split(words, maxsplit=1)
    right = right[0].partition("_")[0].rstrip(" ") if right else "."
    return loading(checkpoint) + (
        f"left, right = tokens.encode({left[-60:]!r}), tokens.encode({short(right, 60)!r})\n"
        f"text = torch.tensor([[*left, *[model.blank] * {wide}, *right]])\n"
        f"chances, which = model.logits(text)[0, len(left)].softmax(-1).topk({source.TOP})\n"
        "print([(tokens.word(i), p) for i, p in zip(which.tolist(), chances.tolist(), strict=True)])\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("fill", "Fill the gaps", "Llenar los huecos") as view:
        with view.controls():
            words = source.sentence_box()
            wide = kit.slider(1, 4, 1, t("Tokens in each gap", "Tokens en cada hueco"), step=1)
            note = kit.html()
        with view.result():
            heading("BERT's choice (the stronger, the surer)", "Lo que elige BERT (más fuerte, más seguro)")
            page = kit.html()
            heading("The likeliest of each", "Lo más probable para cada uno")
            tables = kit.html()
        view.run(fill, [tab.checkpoint, words, wide], [page, tables, note], ("Fill", "Llenar"), fill_code)
        view.on([wide.release], fill)
