"""Both directions: what a gap is filled with from the left, from both sides, and why that can't write."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from demos import kit
from demos.cell.source import chip, expects, quoted, shown, words_box
from demos.kit import plots, say, t, texts
from demos.kit.inputs import refuse

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.text.rnn import BiRNN

MOST = 60  # tokens
LENGTH = 24  # tokens that it tries to write
TEXT = "1. Chop the onions and fry them in butter for 5 minutes. Add salt and pepper to taste."
FILLER, WRITER = "birnn-recipes", "gru-recipes"


def both(words: str, at: int, lang: str) -> Iterator[tuple]:
    """Fill a gap from the left, from both sides, and with the right side hidden; then try to write."""
    import torch

    from genmodels.text.rnn import BiRNN

    with texts.use(WRITER) as left, kit.model(BiRNN, FILLER) as filler, torch.no_grad():
        ids = [left.tokens.end or 0, *left.tokens.encode(words)][:MOST]
        if len(ids) < 3:
            raise refuse("A gap needs a text around it.", "Un hueco necesita un texto alrededor.")
        at = min(at, len(ids) - 1)
        x = torch.tensor([ids])
        ways = {
            "left": left.model.logits(x[:, :at])[0, -1],
            "both": filler.logits(x)[0, at],
            "hidden": hidden(filler, x)[at],
        }
        shown_gap = gap(left, ids, at, ways, lang)
    yield shown_gap, "", {"tokens_text": len(ids)}
    with texts.use(WRITER) as left, kit.model(BiRNN, FILLER) as filler, torch.no_grad():
        bits = measured(left.model, filler, x)
        tried = attempts(left, filler, ids[: at + 1])
    yield shown_gap, table(bits, lang) + tried_html(tried, lang), {"tokens_text": len(ids)}


def hidden(filler: BiRNN, x: Tensor) -> Tensor:
    """(n, V): each token of (1, n) from those before it; what comes after is gaps, as when one writes."""
    import torch

    n = x.shape[1]
    seen = x.expand(n, n).masked_fill(torch.ones(n, n, dtype=torch.bool).triu(), filler.blank)
    return filler.logits(seen)[torch.arange(n), torch.arange(n)]


def measured(writer: Any, filler: BiRNN, x: Tensor) -> dict[str, float]:
    """Bits per token of the whole text, three ways."""
    import torch.nn.functional as F

    rows = {
        "left": writer.logits(x[:, :-1])[0],
        "both": filler.logits(x)[0, 1:],
        "hidden": hidden(filler, x)[1:],
    }
    return {k: F.cross_entropy(v, x[0, 1:]).item() / math.log(2) for k, v in rows.items()}


def attempts(writer: texts.Writer, filler: BiRNN, start: list[int]) -> dict[str, str]:
    """Always the likeliest, from the same beginning: by the one that only reads left, and by the other."""
    import torch

    made = {}
    for way in ("left", "hidden"):
        ids = list(start)
        for _ in range(LENGTH):
            if way == "left":
                logits = writer.model.logits(torch.tensor([ids]))[0, -1]
            else:  # it reads a text with some gaps on the right, as it learnt to, and fills the first
                logits = filler.logits(torch.tensor([[*ids, *[filler.blank] * 8]]))[0, len(ids)]
            ids.append(int(logits.argmax()))
        made[way] = writer.tokens.decode(ids[1:])
    return made


def names(lang: str) -> dict[str, str]:
    return {
        "left": say(lang, "GRU, reads from the left", "GRU, lee desde la izquierda"),
        "both": say(lang, "GRU in both directions", "GRU en ambas direcciones"),
        "hidden": say(lang, "the same, the right side hidden", "la misma, con el lado derecho tapado"),
    }


def gap(writer: texts.Writer, ids: list[int], at: int, ways: dict[str, Tensor], lang: str) -> str:
    """The sentence with its gap, and five guesses each way."""
    before, after = writer.tokens.decode(ids[1:at]), writer.tokens.decode(ids[at + 1 :])
    word = html.escape(shown(writer, ids[at]))
    text = f"<p class='inked'>{html.escape(before)}<b class='gap'>{word}</b>{html.escape(after)}</p>"
    rows = []
    for way, logits in ways.items():
        best = logits.softmax(-1).topk(5)
        chips = "".join(
            chip(shown(writer, i), p, i == ids[at])
            for p, i in zip(best.values.tolist(), best.indices.tolist(), strict=True)
        )
        own = plots.number(100 * logits.softmax(-1)[ids[at]].item(), lang)
        rows.append((names(lang)[way], f"{own} %", chips))
    heads = (
        "",
        say(lang, "chance of what stood there", "probabilidad de lo que había"),
        say(lang, "guesses", "apuestas"),
    )
    return text + expects(heads, rows)


def table(bits: dict[str, float], lang: str) -> str:
    head = ("", say(lang, "bits per token of this text", "bits por token de este texto"))
    return plots.table(head, [(names(lang)[way], plots.number(v, lang)) for way, v in bits.items()])


def tried_html(made: dict[str, str], lang: str) -> str:
    title = say(
        lang,
        "Both write on from the gap, always the likeliest",
        "Ambas siguen desde el hueco, siempre lo más probable",
    )
    rows = "".join(
        f"<h4>{names(lang)[way]}</h4><p class='inked'>{html.escape(text)}</p>" for way, text in made.items()
    )
    return f"<h4>{title}</h4>{rows}"


def both_code(words: str, at: int) -> str:
    return f"""import torch
from genmodels.text.rnn import RNN, BiRNN
from genmodels.text.tokens import Tokenizer

cut, filler = Tokenizer.of("{FILLER}"), BiRNN.from_pretrained("{FILLER}")
ids = [cut.end, *cut.encode({quoted(words)})]
at = min({at}, len(ids) - 1)
x = torch.tensor([ids])
print("both sides", [cut.word(i) for i in filler.logits(x)[0, at].topk(5).indices])
left = RNN.from_pretrained("{WRITER}").logits(x[:, :at])[0, -1]
print("left side", [cut.word(i) for i in left.topk(5).indices])
"""


def layout(tab: kit.Tab) -> None:
    with tab.view("both", "From both ends", "Desde los dos extremos") as view:
        with view.controls():
            words = words_box(TEXT)
            at = kit.slider(
                1, MOST - 1, 8, t("Where the gap is (token)", "Dónde está el hueco (token)"), step=1
            )
        with view.result():
            page, below = kit.html(), kit.html()
        view.run(both, [words, at], [page, below], ("Fill the gap", "Llenar el hueco"), both_code)
        view.on([at.release], both)
