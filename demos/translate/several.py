"""Several answers: the likeliest whole ones by beam search, and others by lot."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp
from typing import Any

import gradio as gr

from demos import kit
from demos.kit import plots, t
from demos.kit.pixels import heading
from demos.translate import source
from demos.translate.source import Reader, loading, note_of, question

DRAWS = 8


def several(
    checkpoint: str, task: str, words: str, width: int, temperature: float, seed: int, lang: str
) -> Iterator[tuple]:
    """The `width` likeliest answers by beam search, and eight drawn by lot at a temperature."""
    from genmodels.text.encdec import Given

    with source.use(checkpoint) as reader:
        asked = question(checkpoint, task, words)
        model, note = Given(reader.model, reader.ids(asked)), note_of(reader, asked, lang)
        yield gr.skip(), gr.skip(), note, {}
        for rows in beams(reader, model, width):
            yield table(rows, lang), gr.skip(), note, {}
        best, page = rows, table(rows, lang)
        for rows in draws(reader, model, temperature, seed):
            yield page, table(rows, lang), note, {}
        held = 100 * sum(exp(p) for _, p in best)
        yield page, table(rows, lang), note, {"beams_hold": held, "different": len({w for w, _ in rows})}


def beams(reader: Reader, model: Any, width: int) -> Iterator[list[tuple[str, float]]]:
    """Answers so far and their log-probability, the likeliest first."""
    from genmodels.text.writing import beam

    c = reader.model.config
    for step in beam(model, [c.start], width, reader.length, frozenset({c.end})):
        yield [(reader.text(r), p) for r, p in zip(step.tokens.tolist(), step.log_prob.tolist(), strict=True)]


def draws(reader: Reader, model: Any, temperature: float, seed: int) -> Iterator[list[tuple[str, float]]]:
    """The same of answers by lot. Their probability is the model's own, whatever the temperature."""
    import torch

    from genmodels.text.writing import Taste, write

    c, written, total = reader.model.config, [], torch.zeros(DRAWS)
    done = torch.zeros(DRAWS, dtype=torch.bool)
    taste, stop = Taste(temperature=temperature), frozenset({c.end})
    for step in write(model, [c.start], seed, DRAWS, reader.length, taste, stop):
        own = step.log_probs.gather(1, step.token[:, None])[:, 0].cpu()
        total, done = total + torch.where(done, 0.0, own), step.done.cpu()
        written.append(step.token.cpu())
        rows = torch.stack(written, 1).tolist()
        yield [(reader.text(r), p) for r, p in zip(rows, total.tolist(), strict=True)]


def table(rows: list[tuple[str, float]], lang: str) -> str:
    names = [kit.say(lang, "answer", "respuesta"), kit.say(lang, "chance", "probabilidad")]
    return plots.table(names, [[words or "…", percent(exp(p), lang)] for words, p in rows])


def percent(share: float, lang: str) -> str:
    if share < 1e-4:
        return "< " + plots.number(0.01, lang) + "\u00a0%"
    return plots.number(100 * share, lang) + "\u00a0%"


def several_code(checkpoint: str, task: str, words: str, width: int, temperature: float, seed: int) -> str:
    more = (
        "from genmodels.text.encdec import Given",
        "from genmodels.text.writing import Taste, beam, write",
    )
    return loading(checkpoint, question(checkpoint, task, words), *more) + (
        "given, start, end = Given(model, source), [model.config.start], frozenset({model.config.end})\n"
        f"for best in beam(given, start, {width}, 24, end):\n    pass\n"
        "print([tokens.decode(row) for row in best.tokens.tolist()], best.log_prob.exp())\n"
        f"steps = list(write(given, start, {seed}, {DRAWS}, 24, Taste(temperature={temperature:g}), end))\n"
        "print([tokens.decode(row) for row in torch.stack([s.token for s in steps], 1).tolist()])\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("several", "Several answers", "Varias respuestas") as view:
        with view.controls():
            words, task = source.words_box(), source.task_choice()
            width = kit.slider(1, 8, 4, t("Beams", "Haces"), step=1)
            temperature = kit.slider(0, 3, 1, t("Temperature of the lot", "Temperatura del sorteo"), step=0.1)
            seed = kit.seed()
            note = kit.html()
        with view.result():
            heading("The likeliest, by beam search", "Las más probables, con búsqueda en haz")
            best = kit.html()
            heading("By lot", "Por sorteo")
            drawn = kit.html()
        inputs = [tab.checkpoint, task, words, width, temperature, seed]
        view.run(several, inputs, [best, drawn, note], ("Answer", "Responder"), several_code)
        view.on([width.release, temperature.release], several)
