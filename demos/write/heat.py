"""Colder, hotter: one prompt at seven temperatures. Cold repeats itself, heat rambles, people are between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from demos import kit
from demos.kit import plots, say, t, texts
from demos.kit.plots import Axes
from demos.kit.texts import Ink, Writer
from demos.write import steps
from demos.write.steps import Clock, Said, loading, repeated, said, weigh

HEATS = (0.0, 0.3, 0.6, 0.8, 1.0, 1.2, 1.5)
COUNT = 4  # continuations at each


class Row(NamedTuple):
    heat: float
    found: list[list[Said]]

    @property
    def bits(self) -> float:
        """Per token, under the model's own chances."""
        return sum(map(steps.total, self.found)) / sum(map(len, self.found))

    @property
    def again(self) -> float:
        return sum(repeated([s.id for s in one]) for one in self.found) / len(self.found)


def heat(checkpoint: str, prompt: str, human: str, seed: int, length: int, lang: str) -> Iterator[tuple]:
    """The same prompt and the same luck at seven temperatures, measured beside what a person wrote."""
    clock, rows = Clock(len(HEATS) * length), []
    with texts.use(checkpoint) as writer:
        ids = writer.ids(prompt)
        told = writer.tokens.encode(human)
        bits = weigh(writer, ids, told)
        person = (sum(bits) / len(bits), repeated(told)) if bits else None
        for h in HEATS:
            rows.append(Row(h, [[] for _ in range(COUNT if h else 1)]))
            for _ in fill(writer, ids, rows[-1], seed, length, clock):
                if clock.due():
                    yield (
                        samples(writer, ids, rows, lang),
                        drawn(rows[:-1], person, lang),
                        clock.numbers(COUNT),
                    )
        numbers = clock.numbers(COUNT) | ({"bits_person": person[0]} if person else {})
        yield samples(writer, ids, rows, lang), drawn(rows, person, lang), numbers


def fill(
    writer: Writer, ids: Sequence[int], row: Row, seed: int, length: int, clock: Clock
) -> Iterator[None]:
    from genmodels.text.writing import Taste, write

    for step in clock.run(
        write(writer.model, ids, seed, len(row.found), length, Taste(temperature=row.heat))
    ):
        for k, one in enumerate(row.found):
            one.append(said(step, k))
        yield


def samples(writer: Writer, ids: Sequence[int], rows: Sequence[Row], lang: str) -> str:
    """The first continuation of each."""
    parts = []
    for row in rows:
        words = f"T = {plots.number(row.heat, lang, 2)}"
        inks: list[Ink] = steps.inks(writer, row.found[0], ids)
        parts.append(
            f"<div class='strand'><p class='head'><b>{words}</b></p>{texts.ink(inks, lines=False)}</p></div>"
        )
    return "".join(parts)


def drawn(rows: Sequence[Row], person: tuple[float, float] | None, lang: str) -> str:
    """Surprise and repetition against temperature, with a person's as a level."""
    if len(rows) < 2:
        return ""
    x = [row.heat for row in rows]
    plots_ = []
    for what, level, title in (
        (
            [row.bits for row in rows],
            person and person[0],
            ("Bits of surprise per token", "Bits de sorpresa por token"),
        ),
        (
            [100 * row.again for row in rows],
            person and 100 * person[1],
            ("% of four-token runs said before", "% de series de cuatro tokens ya dichas"),
        ),
    ):
        top = 1.15 * max([*what, level or 0, 1])
        marks = [plots.line(x, what, "mark"), plots.dots(x, what, "mark", 4)]
        if level is not None:
            marks.append(plots.rule(level, say(lang, "a person", "una persona")))
        axes = Axes((0, HEATS[-1]), (0, top), left=44)
        plots_.append(plots.plot(axes, *marks, title=say(lang, *title), across="T", up=True, lang=lang))
    return plots.figures(*plots_)


def heat_code(checkpoint: str, prompt: str, human: str, seed: int, length: int) -> str:
    return loading(checkpoint, prompt, "from genmodels.text.writing import Taste, write") + (
        f"for heat in {HEATS}:\n"
        "    taste, bits = Taste(temperature=heat), 0.0\n"
        f"    for step in write(model, prompt, {seed}, {COUNT}, {length}, taste):\n"
        "        bits -= step.log_probs.gather(1, step.token[:, None]).mean().item() / 0.6931\n"
        f'    print(f"T = {{heat}}: {{bits / {length}:.2f}} bits per token")\n'
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("heat", "Colder, hotter", "Más frío, más caliente") as view:
        with view.controls():
            prompt, human = steps.human_boxes()
            length = kit.slider(20, 150, 50, t("Tokens", "Tokens"), step=10)
            seed = kit.seed()
        with view.result():
            curves = kit.html()
            kit.html(texts.scale())
            page = texts.passages()
        inputs = [tab.checkpoint, prompt, human, seed, length]
        view.run(heat, inputs, [page, curves], ("Heat it", "Calentar"), heat_code)
    texts.in_spanish(tab, dict(zip((prompt, human), steps.HUMAN["es"], strict=True)))
