"""Several at once: the same beginning, other luck. Where they part, and how different they are in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import gradio as gr

from demos import kit
from demos.kit import say, t, texts
from demos.kit.texts import Ink, Writer
from demos.write import steps
from demos.write.steps import Clock, Said, loading, over, said, stops, taste_code, taste_of

MOST = 16  # continuations


def several(
    checkpoint: str, prompt: str, seed: int, temperature: float, top_k: int, top_p: float, min_p: float,
    repetition: float, length: int, until: str, count: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Several continuations of one prompt, written side by side."""
    from genmodels.text.writing import write

    taste, clock = taste_of(temperature, top_k, top_p, min_p, repetition), Clock(length)
    found: list[list[Said]] = [[] for _ in range(count)]
    with texts.use(checkpoint) as writer:
        ids, stop, done = writer.ids(prompt), stops(writer, until), [False] * count
        yield passages(writer, prompt, ids, found, False, lang), {}
        for step in clock.run(write(writer.model, ids, seed, count, length, taste, stop)):
            for k in range(count):
                if not done[k]:
                    found[k].append(said(step, k))
                    done[k] = bool(step.done[k]) or over(last_words(writer, found[k]), until)
            if clock.due():
                yield passages(writer, prompt, ids, found, False, lang), clock.numbers(count)
            if all(done):
                break
        numbers = clock.numbers(count) | measures(found)
        yield passages(writer, prompt, ids, found, True, lang), numbers


def last_words(writer: Writer, found: Sequence[Said]) -> str:
    return writer.tokens.decode([s.id for s in found[-3:]])


def measures(found: Sequence[Sequence[Said]]) -> dict[str, float]:
    """How surprising they are to the model, and how different from each other."""
    count = sum(map(len, found))
    pairs = Counter(pair for one in found for pair in pairs_of(one))
    bits = sum(map(steps.total, found)) / max(1, count)
    return {
        "bits_per_token": bits,
        "distinct": 100 * len(pairs) / max(1, pairs.total()),
        "beginnings": len({one[0].id for one in found if one}),
    }


def pairs_of(found: Sequence[Said]) -> Iterator[tuple[int, int]]:
    yield from pairwise(s.id for s in found)


def passages(
    writer: Writer, prompt: str, ids: Sequence[int], found: Sequence[Sequence[Said]], end: bool, lang: str
) -> str:
    """In the order of their luck; at the end sorted, what one shares with that before it paler."""
    order = sorted(range(len(found)), key=lambda k: [s.id for s in found[k]]) if end else range(len(found))
    parts, before = [texts.ink([Ink(prompt, kind="given")]) + "</p>"], []
    for k in order:
        one = [s.id for s in found[k]]
        shared = common(before, one) if end else 0
        inks = steps.inks(writer, found[k], ids)
        inks[:shared] = [i._replace(kind="given", share=0.0) for i in inks[:shared]]
        title, passage = head(k, found[k], shared, end, lang), texts.ink(inks, lines=False)
        parts.append(f"<div class='strand'>{title}{passage}</p></div>")
        before = one
    return "".join(parts)


def common(a: Sequence[int], b: Sequence[int]) -> int:
    """How long the beginning is that both share."""
    return next((k for k, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def head(k: int, found: Sequence[Said], shared: int, end: bool, lang: str) -> str:
    if not end or not found:
        return f"<p class='head'><b>{k + 1}</b></p>"
    bits = f"{steps.total(found) / len(found):.1f}"
    bits = bits if lang == "en" else bits.replace(".", ",")
    words = say(lang, f"{bits} bits per token", f"{bits} bits por token")
    if shared:
        words += say(
            lang, f" · begins as the one above ({shared})", f" · empieza como el de arriba ({shared})"
        )
    return f"<p class='head'><b>{k + 1}</b><span>{words}</span></p>"


def several_code(
    checkpoint: str, prompt: str, seed: int, temperature: float, top_k: int, top_p: float, min_p: float,
    repetition: float, length: int, until: str, count: int,
) -> str:  # fmt: skip
    stop = "" if until == "never" else ", stop={tokens.end}"
    return loading(checkpoint, prompt, "import torch", "from genmodels.text.writing import Taste, write") + (
        f"taste = {taste_code(temperature, top_k, top_p, min_p, repetition)}\n"
        f"steps = list(write(model, prompt, {seed}, {count}, {length}, taste{stop}))\n"
        "for row in torch.stack([step.token for step in steps], 1):  # one that is over repeats its last\n"
        "    print(tokens.decode(row), end='\\n\\n')\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("several", "Several at once", "Varias a la vez") as view:
        with view.controls():
            prompt = steps.prompt_box()
            seed = kit.seed()
            temperature = steps.temperature_slider()
            cuts = steps.cuts()
            with gr.Row():
                count = kit.slider(2, MOST, 6, t("How many", "Cuántas"), step=1, min_width=130)
                length = kit.slider(10, 200, 40, t("Tokens", "Tokens"), step=10, min_width=130)
            until = steps.until_choice()
        with view.result():
            kit.html(texts.scale())
            page = texts.passages()
        inputs: list[Any] = [tab.checkpoint, prompt, seed, temperature, *cuts, length, until, count]
        view.run(several, inputs, [page], ("Write them", "Escribirlas"), several_code)
    texts.in_spanish(tab, {prompt: steps.BEGIN["es"]})
