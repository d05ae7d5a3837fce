"""Hands on the gates: one of them nailed to 0 or 1 in every unit, and what becomes of reading and writing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from demos import kit
from demos.cell.source import RECIPE, words_box
from demos.kit import plots, say, t, texts

if TYPE_CHECKING:
    from genmodels.text.language import LanguageModel

LENGTH = 90  # tokens that both write
NAILS = {  # checkpoint, gate, value -> what that means
    "lstm-recipes forget 0": ("LSTM: forgets everything (f = 0)", "LSTM: olvida todo (f = 0)"),
    "lstm-recipes forget 1": ("LSTM: forgets nothing (f = 1)", "LSTM: no olvida nada (f = 1)"),
    "lstm-recipes input 1": ("LSTM: everything comes in (i = 1)", "LSTM: entra todo (i = 1)"),
    "lstm-recipes input 0": ("LSTM: nothing comes in (i = 0)", "LSTM: no entra nada (i = 0)"),
    "lstm-recipes output 1": ("LSTM: shows everything (o = 1)", "LSTM: muestra todo (o = 1)"),
    "gru-recipes update 1": ("GRU: everything is written anew (z = 1)", "GRU: reescribe todo (z = 1)"),
    "gru-recipes update 0": ("GRU: nothing is written (z = 0)", "GRU: no escribe nada (z = 0)"),
    "gru-recipes reset 0": ("GRU: resets everything (r = 0)", "GRU: reinicia todo (r = 0)"),
    "gru-recipes reset 1": ("GRU: resets nothing (r = 1)", "GRU: no reinicia nada (r = 1)"),
}  # fmt: skip


def hold(nail: str, words: str, seed: int, lang: str) -> Iterator[tuple]:
    """Write with and without a gate nailed to a value, from the same seed; and what each costs in reading."""
    from genmodels.text.rnn import Nailed

    checkpoint, held = taken(nail)
    with texts.use(checkpoint) as writer:
        made = {}
        for title, model in (
            (whole(lang), writer.model),
            (say(lang, *NAILS[nail]), Nailed(writer.model, held)),
        ):
            for text in written(writer, model, seed):
                made[title] = text
                yield "".join(f"<h4>{k}</h4>{v}" for k, v in made.items()), "", {}
        page = "".join(f"<h4>{k}</h4>{v}" for k, v in made.items())
        costs = {whole(lang): cost(writer, writer.model, words)}
        for other in (key for key in NAILS if key.startswith(checkpoint)):
            costs[say(lang, *NAILS[other])] = cost(writer, Nailed(writer.model, taken(other)[1]), words)
            yield page, table(costs, lang), {"bits_read": costs[whole(lang)]}


def taken(nail: str) -> tuple[str, dict[str, float]]:
    checkpoint, gate, value = nail.split()
    return checkpoint, {gate: float(value)}


def whole(lang: str) -> str:
    return say(lang, "As it learnt", "Como aprendió")


def written(writer: texts.Writer, model: LanguageModel, seed: int) -> Iterator[str]:
    """A text from nothing, coloured by how surprised the model itself was to write it."""
    from genmodels.text.writing import write

    end, ids, bits = writer.tokens.end or 0, [], []
    for step in write(model, [end], seed, 1, LENGTH):
        ids.append(int(step.token))
        bits.append(-step.log_probs[0, ids[-1]].item() / math.log(2))
        if step.i % 10 == 9:
            yield passage(writer, ids, bits)
    yield passage(writer, ids, bits)


def passage(writer: texts.Writer, ids: list[int], bits: list[float]) -> str:
    pieces = texts.spelled(writer.tokens, ids)
    return texts.ink(
        texts.Ink(p, texts.sharpness(b), f"{b:.1f} bits") for p, b in zip(pieces, bits, strict=True)
    )


def cost(writer: texts.Writer, model: LanguageModel, words: str) -> float:
    """Bits per token that a text costs."""
    from genmodels.text.writing import surprise

    ids = writer.tokens.encode(words)[:600] or [writer.tokens.end or 0]
    return surprise(model, ids, writer.tokens.end or 0).mean().item() / math.log(2)


def table(costs: dict[str, float], lang: str) -> str:
    head = ("", say(lang, "bits per token of your text", "bits por token de tu texto"))
    return plots.table(head, [(k, plots.number(v, lang)) for k, v in costs.items()])


def hold_code(nail: str, words: str, seed: int) -> str:
    checkpoint, held = taken(nail)
    return f"""from genmodels.text.rnn import RNN, Nailed
from genmodels.text.tokens import Tokenizer
from genmodels.text.writing import write

model, cut = RNN.from_pretrained("{checkpoint}"), Tokenizer.of("{checkpoint}")
for reader in (model, Nailed(model, {held})):
    ids = [int(step.token) for step in write(reader, [cut.end], {seed}, 1, {LENGTH})]
    print(cut.decode(ids), "\\n-----")
"""


def layout(tab: kit.Tab) -> None:
    with tab.view("hold", "Hands on the gates", "Manos a las compuertas") as view:
        with view.controls():
            nail = kit.choice(
                [(t(*names), key) for key, names in NAILS.items()], t("Nail a gate", "Trabar una compuerta")
            )
            words = words_box(RECIPE, t("A text that both read", "Un texto que leen ambas"))
            seed = kit.seed(3)
        with view.result():
            page, below = kit.html(), kit.html()
        view.run(hold, [nail, words, seed], [page, below], ("Nail it", "Trabar"), hold_code)
        view.on([nail.input], hold)
