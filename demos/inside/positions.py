"""Positions as numbers, how alike near ones are, and what shuffling changes with them and without."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from demos import kit
from demos.inside import board, source
from demos.inside.source import explain
from demos.kit import plots, say

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.text.insight import Anatomy

PIECES, ROWS = 30, 64  # of a sentence that are shuffled; positions that are drawn
CASES = (  # name, with the mask, with positions
    (("As it was trained", "Como se entrenó"), True, True),
    (("Positions taken away", "Sin posiciones"), True, False),
    (("Mask taken away, too", "Sin máscara tampoco"), False, False),
)
SINES = (
    "Sines and cosines of the first Transformer",
    "Senos y cosenos del primer Transformer",
), ("Nothing is learnt: each pair of columns is a wave of its own length.",
    "No se aprende nada: cada par de columnas es una onda de otro largo.")  # fmt: skip
LEARNED = (
    ("Learnt by this model", "Aprendidas por este modelo"),
    (
        "One vector per position, from random numbers to whatever training made of it.",
        "Un vector por posición, que partió de números al azar y el entrenamiento moldeó.",
    ),
)
ROTARY = (
    ("Rotary, as in this model", "Rotatorias, las de este modelo"),
    (
        "Nothing is added: pairs of numbers of q and k turn, each column at a speed of its own.",
        "No se suma nada: pares de números de q y k giran, cada columna a su velocidad.",
    ),
)


def positions(checkpoint: str, sentence: str, seed: int, lang: str) -> Iterator[tuple]:
    """Positions of a model as a table, and its next word for a sentence in order and shuffled."""
    from genmodels.text import insight

    with source.read(checkpoint, sentence, lang, PIECES) as r:
        yield gr.skip(), gr.skip(), r.note, {"pieces": r.n}
        parts = insight.anatomy(r.model)
        mixed = shuffled(r.ids, seed)
        cases = [case(r, mixed, *row) for row in CASES]
        words = " ".join(r.tokens.word(i) for i in mixed[0].tolist()[1:])
        value = {"words": r.words, "shuffled": words, "cases": cases, "tables": tables(parts)}
        moved = {
            name: 100 * c["moved"]
            for name, c in zip(("moved", "moved_off", "moved_blind"), cases, strict=True)
        }
        yield value, likeness(parts, lang), r.note, {"pieces": r.n} | moved


def shuffled(ids: Tensor, seed: int) -> Tensor:
    """All but the first, which begins the text, and the last, which asks."""
    import torch

    n = ids.shape[1]
    if n < 4:
        return ids
    order = torch.randperm(n - 2, generator=torch.Generator().manual_seed(seed)) + 1
    return torch.cat([ids[:, :1], ids[:, order.to(ids.device)], ids[:, -1:]], 1)


def case(
    r: source.Reading, mixed: Tensor, name: tuple[str, str], masked: bool, placed: bool
) -> dict[str, Any]:
    """The next word before and after, and how much of the chances changed hands."""
    from genmodels.text import insight

    both = [insight.again(r.model, ids, masked, placed).logits[-1:] for ids in (r.ids, mixed)]
    p, q = (logits.double().softmax(-1) for logits in both)
    before, after = (board.likeliest(r, logits)[0] for logits in both)
    return {"name": name, "before": before, "after": after, "moved": (p - q).abs().sum().item() / 2}


def own(parts: Anatomy) -> tuple[Any, Tensor]:
    """The model's positions and what they are called: (rows, C) that are added, or cosines of the turns."""
    if parts.turns is None:
        return LEARNED, parts.places[:ROWS]
    return ROTARY, parts.turns[0, :ROWS, : parts.turns.shape[-1] // 2]


def tables(parts: Anatomy) -> list[dict[str, Any]]:
    from genmodels.text import insight

    words, mine = own(parts)
    found = []
    for (name, about), x in ((words, mine), (SINES, insight.sinusoids(ROWS, parts.table.shape[1]))):
        x = x.float().cpu()
        data = board.parts(((x / x.abs().amax().clamp(min=1e-9) + 1) / 2).numpy())
        found.append({"name": name, "about": about, "rows": len(x), "columns": x.shape[1], "data": data})
    return found


def likeness(parts: Anatomy, lang: str) -> str:
    """Curves: how alike two positions are, by how far apart they lie."""
    from genmodels.text import insight

    words, mine = own(parts)
    most = min(ROWS, len(mine)) - 1
    if parts.turns is None:
        curve = insight.closeness(mine, most // 2)
    else:
        curve = insight.turned(parts.turns, most // 2)
    sines = insight.closeness(insight.sinusoids(ROWS, parts.table.shape[1]), most // 2)
    x = list(range(len(curve)))
    low = min(0.0, curve.min().item(), sines.min().item())
    axes = plots.Axes((0, max(1, len(x) - 1)), (low, 1), width=620, height=250, left=44)
    names = plots.legend(("mark", say(lang, *words[0])), ("warm", say(lang, *SINES[0])))
    return names + plots.plot(
        axes, plots.line(x, curve.tolist(), "mark"), plots.line(x, sines.tolist(), "warm"),
        up=True, lang=lang,
        title=say(lang, "How alike two positions are (cosine)", "Cuánto se parecen dos posiciones (coseno)"),
        across=say(lang, "pieces apart", "trozos de distancia"),
    )  # fmt: skip


def positions_code(checkpoint: str, sentence: str, seed: int) -> str:
    return source.loading(checkpoint, sentence, "from genmodels.text import insight", most=PIECES) + (
        f"order = torch.randperm(ids.shape[1] - 2, generator=torch.Generator().manual_seed({seed})) + 1\n"
        "mixed = torch.cat([ids[:, :1], ids[:, order], ids[:, -1:]], 1)\n"
        "for placed in (True, False):\n"
        "    p, q = (insight.again(model, x, placed=placed).logits[-1].softmax(-1) for x in (ids, mixed))\n"
        "    print(placed, (p - q).abs().sum() / 2)  # the part of the chances that moved\n"
    )


def layout(tab: kit.Tab, sentence: Any) -> None:
    with tab.view("positions", "Positions", "Posiciones") as view:
        with view.controls():
            explain(
                "Attention is a sum over a set: by itself it doesn’t know what stands where. Shuffle the "
                "words and see what the model notices, with its positions and without.",
                "La atención suma sobre un conjunto: por sí sola no sabe qué está dónde. Mezcla las palabras "
                "y mira qué nota el modelo, con sus posiciones y sin ellas.",
            )
            seed = kit.seed(3)
            note = kit.html()
        with view.result():
            drawn = board.board("places")
            curves = kit.html()
        inputs, outputs = [tab.checkpoint, sentence, seed], [drawn, curves, note]
        view.run(positions, inputs, outputs, ("Shuffle", "Mezclar"), positions_code)
