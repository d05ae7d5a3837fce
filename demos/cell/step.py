"""One step of one unit, in numbers: what each gate adds up to, and what becomes of the state. Unrolled."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from demos import kit
from demos.cell import strips
from demos.cell.source import MOST, NAMES, Read, loading, read, shown, words_box
from demos.kit import plots, say, t, texts

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.text.rnn import Cell

AROUND = 4  # steps that the chain shows
BOX, GAP = 112, 60


class Sum(NamedTuple):
    """What one gate of one unit is computed from."""

    name: str
    word: float  # from the token
    state: float  # from the hidden state before
    bias: float
    value: float


def step(checkpoint: str, words: str, at: int, unit: int, lang: str) -> Iterator[tuple]:
    """One token, one unit of the last layer: the chain of steps around it and the sums inside it."""
    with texts.use(checkpoint) as writer:
        found = read(writer, words)
        at = min(at, len(found.ids) - 1)
        layer, seen = writer.model.layers[-1], found.seen.gates[-1]
        unit = unit % layer.hidden
        head = title(found, at, unit, lang)
        yield chain(writer, found, max(0, at - AROUND + 1), at), head, {}
        sums = anatomy(layer, found.seen.hidden[-2], seen, at, unit)
        inside = head + table(sums, lang) + equation(seen, at, unit, lang)
        yield chain(writer, found, max(0, at - AROUND + 1), at), inside, {"bits_read": found.mean()}


def anatomy(layer: Cell, x: Tensor, seen: dict[str, Tensor], at: int, unit: int) -> list[Sum]:
    """Of every gate: W x, U h and b apart. A GRU's candidate sees the state through the reset gate."""
    before = seen["hidden"][at - 1] if at else seen["hidden"][0] * 0
    found = []
    for k, name in enumerate(layer.names or ("hidden",)):
        row = k * layer.hidden + unit
        state = before * seen["reset"][at] if name == "candidate" and "reset" in seen else before
        parts = (layer.weight_ih[row] @ x[at], layer.weight_hh[row] @ state, layer.bias[row])
        found.append(Sum(name, *(p.item() for p in parts), seen[name][at, unit].item()))
    return found


def title(found: Read, at: int, unit: int, lang: str) -> str:
    word = html.escape(found.words[at])
    en = f"Unit {unit} of the last layer, at “{word}” (token {at})"
    return f"<h4>{say(lang, en, f'Unidad {unit} de la última capa, en «{word}» (token {at})')}</h4>"


def table(sums: list[Sum], lang: str) -> str:
    heads = (
        ("", ""),
        ("from the word, W x", "de la palabra, W x"),
        ("from the state, U h", "del estado, U h"),
    )
    heads += (("bias b", "sesgo b"), ("sum", "suma"), ("after σ or tanh", "tras σ o tanh"))
    rows = []
    for s in sums:
        values = (s.word, s.state, s.bias, s.word + s.state + s.bias, s.value)
        rows.append((say(lang, *NAMES[s.name]).partition(":")[0], *(plots.number(v, lang) for v in values)))
    return plots.table([say(lang, *h) for h in heads], rows)


def equation(seen: dict[str, Tensor], at: int, unit: int, lang: str) -> str:
    """The state's own line, with this step's numbers in it."""

    def value(name: str, k: int = at) -> str:
        v = seen[name][k, unit].item() if k >= 0 else 0.0
        words = plots.number(round(v, 3) + 0.0, lang)
        return f"({words})" if v < 0 else words

    if "cell" in seen:
        lines = (
            f"Cₜ = f · Cₜ₋₁ + i · C̃ = {value('forget')} · {value('cell', at - 1)} + {value('input')} · "
            f"{value('candidate')} = {value('cell')}",
            f"hₜ = o · tanh Cₜ = {value('output')} · tanh {value('cell')} = {value('hidden')}",
        )
    elif "update" in seen:
        keep = plots.number(round(1 - seen["update"][at, unit].item(), 3), lang)
        lines = (
            f"hₜ = (1 − z) · hₜ₋₁ + z · h̃ = {keep} · {value('hidden', at - 1)} + {value('update')} · "
            f"{value('candidate')} = {value('hidden')}",
        )
    else:
        lines = (f"hₜ = tanh(W x + U hₜ₋₁ + b) = {value('hidden')}",)
    return "".join(f"<p class='sum'>{line}</p>" for line in lines)


def chain(writer: Any, found: Read, first: int, last: int) -> str:
    """The same cell, again and again: words from below, the state along, what is expected at the top."""
    seen, parts = found.seen.gates[-1], []
    for k, j in enumerate(range(first, last + 1)):
        x = 16 + k * (BOX + GAP)
        best = found.log_probs[j].topk(3).indices.tolist()
        parts.append(box(x, j == last))
        parts += [
            label(x + BOX / 2, 22 + 20 * i, shown(writer, b), "top" if i else "best")
            for i, b in enumerate(best)
        ]
        parts.append(label(x + BOX / 2, 254, found.words[j], "word"))
        parts.append(arrow(x + BOX / 2, 236, x + BOX / 2, 204) + arrow(x + BOX / 2, 100, x + BOX / 2, 76))
        for row, name in enumerate(n for n in ("cell", "hidden") if n in seen):
            parts.append(barcode(x + 6, 112 + 44 * row, seen[name][j].numpy()))
        parts.append(arrow(x + BOX, 152, x + BOX + GAP, 152))
    return strips.svg(16 + (last - first + 1) * (BOX + GAP), 270, "".join(parts))


def box(x: float, at: bool) -> str:
    kind = "cellbox at" if at else "cellbox"
    return f"<rect class='{kind}' x='{x}' y='100' width='{BOX}' height='104' rx='10'/>"


def barcode(x: float, y: float, values: np.ndarray) -> str:
    """A state of the layer: a bar for each unit."""
    values = values / max(1e-6, float(np.quantile(np.abs(values), 0.98)))
    return (
        f"<image href='{strips.picture(values[None])}' x='{x:g}' y='{y}' width='{BOX - 12}' height='34' "
        "preserveAspectRatio='none' style='image-rendering:pixelated'/>"
    )


def label(x: float, y: float, words: str, kind: str) -> str:
    words = words if len(words) <= 13 else words[:12] + "…"
    return f"<text class='{kind}' x='{x:g}' y='{y}' text-anchor='middle'>{html.escape(words)}</text>"


def arrow(x0: float, y0: float, x1: float, y1: float) -> str:
    """A line along an axis, and its tip."""
    dx, dy = np.sign(x1 - x0), np.sign(y1 - y0)
    back, side = (x1 - 9 * dx, y1 - 9 * dy), (5 * dy, 5 * dx)
    ends = [(x1, y1), (back[0] - side[0], back[1] - side[1]), (back[0] + side[0], back[1] + side[1])]
    tip = " ".join(f"{x:g},{y:g}" for x, y in ends)
    line = f"<line class='way' x1='{x0:g}' y1='{y0:g}' x2='{x1:g}' y2='{y1:g}'/>"
    return f"{line}<polygon class='tip' points='{tip}'/>"


def step_code(checkpoint: str, words: str, at: int, unit: int) -> str:
    return loading(checkpoint, words) + (
        f"seen, cell = model.look(torch.tensor([tokens])), model.layers[-1]\n"
        f"at, unit = min({at}, len(tokens) - 1), {unit} % cell.hidden\n"
        "for name, values in seen.gates[-1].items():\n"
        "    print(name, values[at, unit].item())\n"
        "print(cell.weight_ih[unit] @ seen.hidden[-2][at], cell.bias[unit])  # the first gate: W x and b\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("step", "One step in numbers", "Un paso en números") as view:
        with view.controls():
            words = words_box()
            at = kit.slider(0, MOST - 1, 9, t("Token", "Token"), step=1)
            unit = kit.slider(0, 127, 5, t("Unit", "Unidad"), step=1)
        with view.result():
            page, inside = kit.html(), kit.html()
        view.run(
            step,
            [tab.checkpoint, words, at, unit],
            [page, inside],
            ("Take the step", "Dar el paso"),
            step_code,
        )
        view.on([at.release, unit.release], step)
