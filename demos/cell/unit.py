"""Units that stand for something: found by correlation in texts that the model writes itself, and checked.

Half of the texts choose the unit, the other half say what the correlation really is: among hundreds of units
some correlate with anything by luck.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from demos import kit
from demos.cell import strips
from demos.cell.source import RECIPE, Read, loading, read, words_box
from demos.kit import plots, say, t, texts

if TYPE_CHECKING:
    from torch import Tensor

COUNT, LENGTH = 6, 260  # texts that it writes, tokens of each
TEXT = 400  # tokens of the visitor's text that are coloured
DRAWN = 60  # of them, as a curve
SHOWN = 5


def column(text: str) -> float:
    """Characters since the line began, as a share of a long line."""
    return min(1.0, len(text.rpartition("\n")[2]) / 120)


def bracket(text: str) -> float:
    line = text.rpartition("\n")[2]
    return float(line.rfind("(") > line.rfind(")"))


def heading(text: str) -> float:
    return float(text.rpartition("\n")[2].startswith("#"))


def directions(text: str) -> float:
    return float(text.rfind("Directions") > text.rfind("Ingredients"))


def item(text: str) -> float:
    return float(text.rpartition("\n")[2].startswith("-"))


def digit(text: str) -> float:
    return float(text[-1:].isdigit())


def length(text: str) -> float:
    return math.log1p(len(text)) / 8


FEATURES: dict[str, tuple[Callable[[str], float], tuple[str, str]]] = {
    "column": (column, ("where in the line it is", "en qué lugar de la línea está")),
    "bracket": (bracket, ("inside brackets", "dentro de un paréntesis")),
    "heading": (heading, ("in a heading", "en un título")),
    "directions": (directions, ("in the directions", "en las instrucciones")),
    "item": (item, ("in a line of the list of ingredients", "en un renglón de la lista de ingredientes")),
    "digit": (digit, ("right after a digit", "justo después de un dígito")),
    "length": (length, ("how long the text is by now (log)", "cuánto lleva escrito (log)")),
}  # fmt: skip


class Found(NamedTuple):
    unit: int
    chosen: float  # correlation in the texts that chose it
    checked: float  # in the others


def unit(checkpoint: str, feature: str, words: str, seed: int, lang: str) -> Iterator[tuple]:
    """Find the units of the last layer whose state goes with a feature of the text, and follow the best."""
    import torch

    from genmodels.text.writing import write

    with texts.use(checkpoint) as writer:
        end, made = writer.tokens.end or 0, []
        for step in write(writer.model, [end], seed, COUNT, LENGTH):
            made.append(step.token)
            if step.i % 40 == 39:
                yield (
                    say(lang, "<p>Writing…</p>", "<p>Escribiendo…</p>"),
                    "",
                    {"tokens_text": COUNT * (step.i + 1)},
                )
        rows = torch.stack(made, 1).tolist()
        ranked = search(writer, [[end, *row] for row in rows], feature)
        yield ranking(ranked, lang), "", {"tokens_text": COUNT * LENGTH}
        best, found = ranked[0], read(writer, words, TEXT)
        values = state(found.seen)[:, best.unit].numpy()
        text = followed(writer, found, values, math.copysign(1, best.chosen))
        truth = np.array(labels(writer, found.ids, feature))
        drawn = curves(found, values * math.copysign(1, best.chosen), truth, lang)
        yield ranking(ranked, lang), drawn + text, {"tokens_text": COUNT * LENGTH}


def state(seen: Any) -> Tensor:
    """(n, H): the cell state of the last layer, squashed as the output sees it; or the hidden one."""
    last = seen.gates[-1]
    return last["cell"].tanh() if "cell" in last else last["hidden"]


def labels(writer: texts.Writer, ids: list[int], feature: str) -> list[float]:
    """What is true of the text after each token."""
    tell, text, found = FEATURES[feature][0], "", []
    for k, piece in enumerate(texts.spelled(writer.tokens, ids)):
        text = "\n" if ids[k] == writer.tokens.end else text + piece
        found.append(tell(text))
    return found


def search(writer: texts.Writer, rows: list[list[int]], feature: str) -> list[Found]:
    """Every unit's correlation with the feature, the strongest first."""
    import torch

    halves = []
    for part in (rows[: COUNT // 2], rows[COUNT // 2 :]):
        with torch.no_grad():
            states = torch.cat([state(writer.model.look(torch.tensor([row])))[1:] for row in part])
        truth = torch.tensor([v for row in part for v in labels(writer, row, feature)[1:]])
        halves.append(correlation(states, truth))
    order = halves[0].abs().argsort(descending=True)[:SHOWN].tolist()
    return [Found(k, halves[0][k].item(), halves[1][k].item()) for k in order]


def correlation(states: Tensor, truth: Tensor) -> Tensor:
    """(N, H) and (N,) -> (H,), Pearson's; 0 where something doesn't vary."""
    a, b = states - states.mean(0), truth - truth.mean()
    return (a * b[:, None]).sum(0) / (a.norm(dim=0) * b.norm()).clamp(min=1e-9)


def ranking(found: list[Found], lang: str) -> str:
    head = (
        ("unit", "unidad"),
        ("correlation where it was chosen", "correlación donde se eligió"),
        ("in other texts", "en otros textos"),
    )
    rows = [(str(f.unit), *(plots.number(round(v, 2) + 0.0, lang) for v in f[1:])) for f in found]
    return plots.table([say(lang, *h) for h in head], rows)


def curves(found: Read, values: np.ndarray, truth: np.ndarray, lang: str) -> str:
    names = (say(lang, "the unit", "la unidad"), say(lang, "what is true", "lo que es cierto"))
    shift = truth[:DRAWN] - truth[:DRAWN].mean()
    shift = 0.9 * shift / max(1e-6, float(np.abs(shift).max()))
    lines = [("warm", names[1], shift), ("mark", names[0], values[:DRAWN])]
    return plots.legend(("mark", names[0]), ("warm", names[1])) + strips.traces(found.words[:DRAWN], lines)


def followed(writer: texts.Writer, found: Read, values: np.ndarray, sign: float) -> str:
    """The text, each token on the colour of the unit's state after reading it."""
    pieces = texts.spelled(writer.tokens, found.ids)[1:]
    inks = []
    for piece, value in zip(pieces, sign * values[1:], strict=True):
        inks.append(texts.Ink(piece, abs(float(value)), f"{value:+.2f}", "cool" if value > 0 else ""))
    return texts.ink(inks)


def unit_code(checkpoint: str, feature: str, words: str, seed: int) -> str:
    return loading(checkpoint, words, "from genmodels.text.writing import write") + (
        f"made = [step.token for step in write(model, [cut.end], {seed}, {COUNT}, {LENGTH})]\n"
        "texts = [[cut.end, *row] for row in torch.stack(made, 1).tolist()]\n"
        "seen = model.look(torch.tensor([texts[0]])).gates[-1]\n"
        'states = seen["cell"].tanh() if "cell" in seen else seen["hidden"]\n'
        "truth = [float(cut.decode(texts[0][1 : k + 1])[-1:].isdigit()) for k in range(len(texts[0]))]\n"
        "both = torch.cat([states.T, torch.tensor(truth)[None]])  # after a digit, as an example\n"
        "print(torch.corrcoef(both)[-1, :-1].nan_to_num().abs().topk(5))\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("unit", "A unit that knows something", "Una unidad que sabe algo") as view:
        with view.controls():
            choices = [(t(*names), key) for key, (_, names) in FEATURES.items()]
            feature = kit.choice(choices, t("What it should know", "Qué debería saber"))
            words = words_box(RECIPE, t("A text to follow it in", "Un texto donde seguirla"))
            seed = kit.seed()
        with view.result():
            table, page = kit.html(), kit.html()
        inputs = [tab.checkpoint, feature, words, seed]
        view.run(unit, inputs, [table, page], ("Search", "Buscar"), unit_code)
        view.on([feature.input], unit)
