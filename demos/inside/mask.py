"""The causal mask: a sentence with the future hidden and in sight, and what a model learns that may peek."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import gradio as gr

from demos import kit
from demos.inside import board, source
from demos.inside.source import explain
from demos.kit import plots, say, t

PIECES = 24


def mask(checkpoint: str, sentence: str, lang: str) -> Iterator[tuple]:
    """A sentence read with the causal mask and without: mean attention, guesses and loss of each piece."""
    from genmodels.text import insight

    with source.read(checkpoint, sentence, lang, PIECES) as r:
        yield gr.skip(), r.note, {"pieces": r.n}
        closed, open_ = (insight.again(r.model, r.ids, masked) for masked in (True, False))
        sides = {"closed": side(r, closed), "open": side(r, open_)}
        found = {"pieces": r.n}
        if r.n > 1:
            for name, one in (("bits_masked", closed), ("bits_open", open_)):
                found[name] = insight.losses(one.logits, r.ids).mean().item() / math.log(2)
        yield {"words": r.words} | sides, r.note, found


def side(r: source.Reading, found: Any) -> dict[str, Any]:
    """What one half of the board shows. Weights are the mean of all heads."""
    import torch

    mean = torch.stack(found.attention).float().mean((0, 1)).cpu().numpy()
    return {
        "weights": board.parts(mean),
        "next": board.likeliest(r, found.logits),
        "given": board.given(r, found.logits),
    }


def mask_code(checkpoint: str, sentence: str) -> str:
    return source.loading(checkpoint, sentence, "from genmodels.text import insight", most=PIECES) + (
        "for masked in (True, False):\n"
        "    logits = insight.again(model, ids, masked).logits\n"
        "    print(masked, insight.losses(logits, ids).mean() / torch.tensor(2.0).log(), 'bits per piece')\n"
    )


# ------------------------------------------------------------------------------ training without it


def dice(steps: int, seed: int, lang: str) -> Iterator[tuple]:
    """Two small transformers learn to foresee a fair die, one of them without the mask."""
    from genmodels.text.cheating import FAIR, HALF
    from genmodels.text.cheating import dice as throws

    at: list[list[float]] = []
    for step in throws(seed, steps):
        at.append([*step.bits.tolist(), *step.writing.tolist()])
        if step.i % 4 == 0 or step.i == steps:
            found = dict(zip(("die_masked", "die_open", "die_ahead", "die_cheat"), recent(at), strict=True))
            yield curves(at, steps, FAIR, HALF, lang), found | {"step": step.i}


def recent(at: list[list[float]]) -> list[float]:
    """Means over the last ten steps."""
    last = at[-10:]
    return [sum(column) / len(last) for column in zip(*last, strict=True)]


def curves(at: list[list[float]], steps: int, fair: float, half: int, lang: str) -> str:
    top = max(4.0, 1.1 * max(max(row) for row in at))
    axes = plots.Axes((0, steps), (0, top), width=440, height=270, left=44)
    x = list(range(1, len(at) + 1))
    closed, opened, ahead, cheat = ([row[k] for row in at] for k in range(4))
    limit = plots.rule(fair, say(lang, "log₂ 6: nobody can do better", "log₂ 6: nadie puede más"))
    learning = plots.plot(
        axes, limit, plots.line(x, closed, "mark"), plots.line(x, opened, "warm"), up=True, lang=lang,
        title=say(lang, "Training: bits per throw", "Entrenamiento: bits por tirada"),
        across=say(lang, "step", "paso"),
    )  # fmt: skip
    writing = plots.plot(
        axes, limit, plots.line(x, ahead, "mark"), plots.line(x, cheat, "warm"), up=True, lang=lang,
        title=say(lang, f"Writing: bits of throw {half + 1}", f"Al escribir: bits de la tirada {half + 1}"),
        across=say(lang, "step", "paso"),
    )  # fmt: skip
    names = plots.legend(
        ("mark", say(lang, "with the mask", "con la máscara")), ("warm", say(lang, "without", "sin ella"))
    )
    return names + plots.figures(learning, writing, least=300)


def dice_code(steps: int, seed: int) -> str:
    return (
        "from genmodels.text.cheating import FAIR, dice\n\n"
        f"for step in dice(seed={seed}, steps={steps}):\n"
        "    pass\n"
        "print(FAIR, step.bits, step.writing)  # with the mask, without: in training, and when writing\n"
    )


def layout(tab: kit.Tab, sentence: Any) -> None:
    with tab.view("mask", "The mask", "La máscara") as view:
        with view.controls():
            explain(
                "The model was trained with the future hidden. Take the mask away and each place sees what "
                "comes after it, which it never learnt to use: does it cheat, or does it stumble?",
                "El modelo se entrenó con el futuro tapado. Sin la máscara, cada lugar ve lo que viene "
                "después, y nunca aprendió a usarlo: ¿hace trampa, o tropieza?",
            )
            note = kit.html()
        with view.result():
            drawn = board.board("mask")
        words = ("With and without", "Con y sin máscara")
        view.run(mask, [tab.checkpoint, sentence], [drawn, note], words, mask_code)
        with view.controls():
            explain(
                "And if it is trained without? Two small models read rows of throws of a fair die, here and "
                "now, and learn to say the next one.",
                "¿Y si se entrena sin ella? Dos modelos chicos leen filas de tiradas de un dado, aquí y "
                "ahora, y aprenden a decir la que sigue.",
            )
            steps = kit.slider(40, 300, 120, t("Steps of training", "Pasos de entrenamiento"), step=20)
            seed = kit.seed()
        with view.result():
            learnt = kit.html()
        words = ("Train both on dice", "Entrenar a los dos con dados")
        view.run(dice, [steps, seed], [learnt], words, dice_code, name="dice")
