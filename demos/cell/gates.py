"""Every unit of a layer over a sentence: gates, what is kept, what is shown, and what is expected next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from demos import kit
from demos.cell import strips
from demos.cell.source import NAMES, SIGNED, expected, loading, note, read, words_box
from demos.kit import say, t, texts

if TYPE_CHECKING:
    from torch import Tensor

ORDER = ("forget", "input", "candidate", "cell", "reset", "update", "output", "hidden")
FRAMES = 6  # in which the sentence arrives


def gates(checkpoint: str, words: str, layer: int, lang: str) -> Iterator[tuple]:
    """Read a text and show all gates and states of a layer, and the five likeliest tokens after each."""
    with texts.use(checkpoint) as writer:
        found = read(writer, words)
        seen = found.seen.gates[min(layer, len(found.seen.gates)) - 1]
        rows, n = arrays(seen), len(found.ids)
        numbers = {
            "parameters": sum(p.numel() for p in writer.model.parameters()),
            "bits_read": found.mean(),
        }
        for k in range(1, FRAMES + 1):
            until = max(1, n * k // FRAMES)
            shown = [(say(lang, *NAMES[name]), values[:, :until]) for name, values in rows]
            page = strips.sheet(found.words, shown) + note(found, lang)
            yield page, expected(writer, found, lang, until), numbers


def arrays(seen: Mapping[str, Tensor]) -> list[tuple[str, np.ndarray]]:
    """(H, n) of every gate and state, in [-1, 1], the units that keep longest at the top."""
    order = keeping(seen).argsort(descending=True)
    rows = []
    for name in ORDER:
        if name in seen:
            values = seen[name][:, order].T.numpy()
            most = np.quantile(np.abs(values), 0.98) if name in SIGNED else 1.0
            rows.append((name, values / max(float(most), 1e-6)))
    return rows


def keeping(seen: Mapping[str, Tensor]) -> Tensor:
    """(H,): how much of itself a unit keeps from one token to the next."""
    if "forget" in seen:
        return seen["forget"].mean(0)
    if "update" in seen:
        return -seen["update"].mean(0)
    return -seen["hidden"].diff(dim=0).abs().mean(0) if len(seen["hidden"]) > 1 else seen["hidden"][0]


def gates_code(checkpoint: str, words: str, layer: int) -> str:
    return loading(checkpoint, words) + (
        "seen = model.look(torch.tensor([tokens]))\n"
        f"for name, values in seen.gates[min({layer}, len(model.layers)) - 1].items():\n"
        "    print(name, tuple(values.shape), values.mean(1))  # (tokens, units)\n"
        "after = model.read(seen.hidden[-1]).softmax(-1)\n"
        "print([[cut.word(i) for i in row] for row in after.topk(5).indices])\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("gates", "Gates over a sentence", "Compuertas sobre una oración") as view:
        with view.controls():
            words = words_box()
            layer = kit.slider(1, 2, 1, t("Layer (if it has two)", "Capa (si tiene dos)"), step=1)
        with view.result():
            page, table = kit.html(), kit.html()
        inputs = [tab.checkpoint, words, layer]
        view.run(gates, inputs, [page, table], ("Read", "Leer"), gates_code)
        view.on([layer.release], gates)
