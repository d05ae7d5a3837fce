"""Hide each word in turn: how much each model is surprised by it, from both sides and from one."""

from __future__ import annotations

from collections.abc import Iterator
from math import log
from typing import TYPE_CHECKING, Any

from demos import kit
from demos.blanks import source
from demos.blanks.source import NAMES, Three, loading, short
from demos.kit import both, say, t, texts

if TYPE_CHECKING:
    from torch import Tensor

EXAMPLE = (
    "Preheat the oven to 350 degrees. In a large bowl, mix the flour, the sugar and a pinch of salt. "
    "Add the eggs and stir until smooth."
)
AT_ONCE = 12  # texts with one gap each that are read together
KEYS = ("bits_bert", "bits_both", "bits_left")


def each(checkpoint: str, words: str, lang: str) -> Iterator[tuple]:
    """Bits of every token when it alone is hidden: two models that see both sides, one that sees the left."""
    import torch

    with source.use(checkpoint) as three:
        text = source.gapped(three.tokens, source.GAP.sub(" ", words) or " ", 1, lang)
        ids, n = text.ids, len(text.ids)
        bits = torch.zeros(3, n)
        begin = torch.tensor([[three.tokens.end or 0, *ids.tolist()]], device=three.gpt.device)
        bits[2] = nats(three.gpt.logits(begin)[0, :-1], ids) / log(2)
        for start in range(0, n, AT_ONCE):
            places = torch.arange(start, min(n, start + AT_ONCE))
            for k, model in enumerate((three.bert, three.both)):
                bits[k, places] = hidden(model, ids, places) / log(2)
            done = int(places[-1]) + 1
            yield pages(three, ids, bits, done, lang), text.note, means(bits[:, :done])
        yield pages(three, ids, bits, n, lang), text.note, means(bits)


def hidden(model: Any, ids: Tensor, places: Tensor) -> Tensor:
    """Nats of the tokens at `places`, each hidden in a text of its own."""
    import torch

    rows = ids.expand(len(places), -1).clone()
    rows[torch.arange(len(places)), places] = model.blank
    logits = model.logits(rows.to(model.device))[torch.arange(len(places)), places]
    logits = logits[:, : model.blank]  # the mask is no answer
    return nats(logits, ids[places])


def nats(logits: Tensor, ids: Tensor) -> Tensor:
    from torch.nn.functional import cross_entropy

    return cross_entropy(logits.float().cpu(), ids, reduction="none")


def means(bits: Tensor) -> dict[str, float]:
    return dict(zip(KEYS, bits.mean(1).tolist(), strict=True))


def pages(three: Three, ids: Tensor, bits: Tensor, done: int, lang: str) -> str:
    """The text three times, each token the stronger the more it surprises."""
    spelled = texts.spelled(three.tokens, ids.tolist())
    found = []
    for name, row in zip(NAMES, bits.tolist(), strict=True):
        tokens = [
            texts.Ink(w, texts.sharpness(b) if i < done else 0, f"{b:.1f} bits" if i < done else "")
            for i, (w, b) in enumerate(zip(spelled, row, strict=True))
        ]
        found.append(f"<p class='head'><b>{say(lang, *name)}</b></p>{texts.ink(tokens)}</p>")
    return "".join(found)


def each_code(checkpoint: str, words: str) -> str:
    return loading(checkpoint) + (
        f"ids = torch.tensor(tokens.encode({short(source.GAP.sub(' ', words))!r}))\n"
        "rows = ids.repeat(len(ids), 1)\n"
        "rows.fill_diagonal_(model.blank)  # text k hides its token k\n"
        "logits = model.logits(rows)[range(len(ids)), range(len(ids))]\n"
        "bits = torch.nn.functional.cross_entropy(logits, ids, reduction='none') / torch.tensor(2).log()\n"
        "print([(tokens.word(i), b) for i, b in zip(ids.tolist(), bits.tolist(), strict=True)])\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("each", "Hide each word", "Esconder cada palabra") as view:
        with view.controls():
            words = kit.words(EXAMPLE, t("A text", "Un texto"), longest=1500, lines=3, max_lines=6)
            kit.html(
                "<p>"
                + both(
                    "Each token is hidden, alone, and each model is asked for it. The stronger the colour, "
                    "the less it expected what stands there.",
                    "Se esconde cada token, solo, y se le pregunta a cada modelo. Cuanto más fuerte el "
                    "color, menos esperaba lo que hay ahí.",
                )
                + "</p>"
            )
            note = kit.html()
        with view.result():
            kit.html(texts.scale())
            page = kit.html()
        view.run(each, [tab.checkpoint, words], [page, note], ("Hide", "Esconder"), each_code)
