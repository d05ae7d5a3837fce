"""The next word: its chances at two temperatures, and what each cut leaves. Press one and it's written."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from demos import kit
from demos.kit import plots, say, t, texts
from demos.kit.pixels import QUIET
from demos.kit.plots import Axes
from demos.kit.texts import Ink, Writer
from demos.write import steps
from demos.write.steps import loading, taste_code, taste_of

if TYPE_CHECKING:
    from torch import Tensor

ROWS = 12  # tokens with a bar
CURVE = 60  # tokens of the curve


def choice(
    checkpoint: str, prompt: str, temperature: float, other: float, top_k: int, top_p: float, min_p: float,
    repetition: float, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """The chances of the next token, under two tastes that differ in temperature."""
    from genmodels.text.writing import write

    with texts.use(checkpoint) as writer:
        ids = writer.ids(prompt)
        yield gr.skip(), gr.skip(), {}
        first, second = (
            next(write(writer.model, ids, 0, 1, 1, taste_of(heat, top_k, top_p, min_p, repetition)))
            for heat in (temperature, other)
        )
        own, a, b = first.log_probs[0].exp().cpu(), first.chance[0].cpu(), second.chance[0].cpu()
        yield (
            bars(writer, prompt, own, a, b, temperature, other, lang),
            curve(own, a, b, lang),
            figures(own, a),
        )


def bars(
    writer: Writer, prompt: str, own: Tensor, a: Tensor, b: Tensor, one: float, two: float, lang: str
) -> str:
    """The likeliest as buttons: a bar for each temperature, and the model's own chance in figures."""
    top = own.topk(min(ROWS, len(own))).indices.tolist()
    rows = "".join(button(writer, i, own[i].item(), a[i].item(), b[i].item(), lang) for i in top)
    begun = texts.ink([Ink(prompt[-240:], kind="given")]) + "<i class='cursor'></i></p>"
    names = [("mark", f"T = {number(one, lang)}"), ("warm", f"T = {number(two, lang)}")]
    note = say(lang, "figures: the model's own chance", "en cifras: la probabilidad del modelo")
    return f"{begun}{plots.legend(*names, ('soft', note))}<div class='chances'>{rows}</div>"


def button(writer: Writer, token: int, own: float, a: float, b: float, lang: str) -> str:
    word = html.escape(writer.tokens.word(token))
    cut = " class='cut'" if a == b == 0 else ""
    wide = "".join(
        f"<u class='{kind}' style='width:{max(0.5, 100 * v):.1f}%'></u>"
        for kind, v in (("", a), ("taste", b))
    )
    shown = f"<span>{word}</span><b>{wide}</b><em>{number(100 * own, lang)} %</em>"
    return f"<button type='button'{cut} data-pick='[0,{token}]'>{shown}</button>"


def number(value: float, lang: str) -> str:
    return plots.number(value, lang, 2)


def curve(own: Tensor, a: Tensor, b: Tensor, lang: str) -> str:
    """How much the likeliest tokens have together: the model's own, and under both tastes."""
    import torch

    order = own.argsort(descending=True)
    count = min(CURVE, len(own))
    x = list(range(count + 1))
    lines = []
    for chances, kind, dashed in ((own, "soft", True), (a, "mark", False), (b, "warm", False)):
        y = [0.0, *torch.cumsum(chances[order], 0)[:count].clamp(max=1).tolist()]
        lines.append(plots.line(x, y, kind, dashed))
    title = say(lang, "Chance of the likeliest together", "Probabilidad de los más probables juntos")
    across = say(lang, "so many tokens", "tantos tokens")
    axes = Axes((0, count), (0, 1.02), 640, 240, left=44)
    return plots.plot(axes, *lines, title=title, across=across, up=True, lang=lang)


def figures(own: Tensor, a: Tensor) -> dict[str, float]:
    """Bits before and after the taste, and how many tokens it leaves."""
    return {"entropy": entropy(own), "entropy_taste": entropy(a), "tokens_left": int((a > 0).sum())}


def entropy(chances: Tensor) -> float:
    kept = chances[chances > 0]
    return max(0.0, -(kept * kept.log2()).sum().item())


def choice_code(
    checkpoint: str, prompt: str, temperature: float, other: float, top_k: int, top_p: float, min_p: float,
    repetition: float,
) -> str:  # fmt: skip
    taste = taste_code(temperature, top_k, top_p, min_p, repetition)
    return loading(checkpoint, prompt, "from genmodels.text.writing import Taste, write") + (
        f"step = next(write(model, prompt, 0, 1, 1, {taste}))\n"
        "own, taste = step.log_probs[0].exp(), step.chance[0]\n"
        f"for i in own.topk({ROWS}).indices.tolist():\n"
        '    print(f"{tokens.word(i):>16} {own[i]:8.2%} {taste[i]:8.2%}")\n'
    )


def press(checkpoint: str, prompt: str, clicks: int, event: gr.SelectData) -> tuple[Any, int]:
    """A token is written: it joins the prompt."""
    tokens = texts.tokenizer(checkpoint)
    ids, token = tokens.encode(prompt), int(event.index[1])
    if not 0 <= token < tokens.size or token == tokens.end:
        return gr.skip(), clicks
    added = tokens.decode([*ids, token])[len(tokens.decode(ids)) :]
    if "\ufffd" in added:  # only a part of a character, which no text box can hold
        return gr.skip(), clicks
    return prompt + added, clicks + 1


def layout(tab: kit.Tab) -> None:
    with tab.view("choice", "The next word", "La palabra que sigue") as view:
        with view.controls():
            prompt = texts.prompt(steps.BEGIN["en"], t("So far", "Hasta aquí"))
            one = kit.slider(0, 2, 1, t("One temperature", "Una temperatura"), step=0.05)
            two = kit.slider(0, 2, 0.2, t("The other", "La otra"), step=0.05)
            cuts = steps.cuts(open=True)
        with view.result():
            page = texts.passages()
            drawn = kit.html()
        inputs = [tab.checkpoint, prompt, one, two, *cuts]
        view.run(choice, inputs, [page, drawn], ("Show", "Mostrar"), choice_code)
        clicks = gr.State(0)
        page.select(press, [tab.checkpoint, prompt, clicks], [prompt, clicks], **QUIET)
        view.on([one.release, two.release, *(c.release for c in cuts), clicks.change], choice)
    texts.in_spanish(tab, {prompt: steps.BEGIN["es"]})
