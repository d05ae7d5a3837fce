"""What the views share: a token as it was said, the taste by which it was chosen, when a text is over."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demos import kit
from demos.kit import t, texts
from demos.kit.texts import Ink

if TYPE_CHECKING:
    from torch import Tensor

    from demos.kit.texts import Writer
    from genmodels.text.writing import Step, Taste

END = "∎"  # stands for the token that ends a text
OTHERS = 7  # of the likeliest tokens are kept beside the one that was said
FRAME = 0.08  # seconds between two frames while tokens arrive
HUMAN = {  # (a beginning, how a person went on): in nothing that our models were trained on
    "en": (
        "Shall I compare thee to a summer's day?\n",
        "Thou art more lovely and more temperate:\nRough winds do shake the darling buds of May,\n"
        "And summer's lease hath all too short a date;\nSometime too hot the eye of heaven shines,\n",
    ),
    "es": (
        "Paseándose dos caballeros estudiantes por las riberas de Tormes,",
        " hallaron en ellas, debajo de un árbol durmiendo, a un muchacho de hasta edad de once años, vestido"
        " como labrador. Mandaron a un criado que le despertase; despertó, y preguntáronle de adónde era",
    ),
}
BEGIN = {"en": "ROMEO:\nThe night", "es": "Pero lo que más le admiraba a Sancho era"}  # prompts to begin with
UNTIL = {
    "end": ("it ends itself", "lo termine él mismo"),
    "line": ("a line ends", "termine una línea"),
    "sentence": ("a sentence ends", "termine una oración"),
    "never": ("nothing stops it", "nada lo pare"),
}


class Said(NamedTuple):
    """One token, how likely it was, and what else could have stood there."""

    id: int
    chance: float  # the model's own
    taste: float  # after temperature and cuts
    rank: int
    others: tuple[tuple[int, float, float], ...]  # (token, its chance, the same after the taste)


def said(step: Step, row: int = 0) -> Said:
    """What one text of a step got, or got without a choice."""
    return seen(int(step.token[row]), step.log_probs[row], step.chance[row])


def seen(token: int, log_probs: Tensor, chance: Tensor) -> Said:
    top = log_probs.topk(min(OTHERS, len(log_probs)))
    rank = int((log_probs > log_probs[token]).sum()) + 1
    others = zip(top.indices.tolist(), top.values.exp().tolist(), chance[top.indices].tolist(), strict=True)
    return Said(token, log_probs[token].exp().item(), chance[token].item(), rank, tuple(others))


def total(found: Sequence[Said]) -> float:
    """The surprise of a text: bits of all its tokens."""
    return sum(texts.bits(s.chance) for s in found)


def inks(writer: Writer, found: Sequence[Said], after: Sequence[int], unfold: bool = False) -> list[Ink]:
    """Tokens as a passage shows them, the more surprising the warmer. `unfold`: they can be pressed."""
    words = texts.spelled(writer.tokens, [s.id for s in found], after)
    words = [END if s.id == writer.tokens.end else w for w, s in zip(words, found, strict=True)]
    return [
        Ink(w, texts.sharpness(texts.bits(s.chance)), data=alternatives(writer, s) if unfold else None)
        for w, s in zip(words, found, strict=True)
    ]


def alternatives(writer: Writer, s: Said) -> dict[str, Any]:
    """As demos/art/texts.js takes it. What was said stands there even if it's not among the likeliest."""
    rows = s.others if any(s.id == i for i, _, _ in s.others) else (*s.others, (s.id, s.chance, s.taste))
    table = [[i, writer.tokens.word(i), percent(p), percent(q)] for i, p, q in rows]
    return {"id": s.id, "p": percent(s.chance), "r": s.rank, "of": writer.tokens.size, "a": table}


def percent(chance: float) -> float:
    return float(f"{100 * chance:.3g}")


# ------------------------------------------------------------------------------ arriving


class Clock:
    """Counts the time that the model works, not that of painting frames; says when a frame is due, and holds
    back what would be over before it's read."""

    def __init__(self, tokens: int, seconds: float = 0.0):
        self.each, self.began = seconds / max(1, tokens), time.perf_counter()
        self.worked = self.first = self.shown = 0.0
        self.count = 0

    def run(self, steps: Iterator[Step]) -> Iterator[Step]:
        while True:
            start = time.perf_counter()
            step = next(steps, None)
            if step is None:
                return
            self.worked += time.perf_counter() - start
            self.first = self.first or self.worked
            self.count += 1
            yield step

    def due(self) -> bool:
        ahead = self.began + self.count * self.each - time.perf_counter()
        if ahead > 0 and not kit.run.waiting():
            time.sleep(ahead)
        now = time.perf_counter()
        if now < self.shown + FRAME:
            return False
        self.shown = now
        return True

    def numbers(self, texts_at_once: int = 1) -> dict[str, float]:
        speed = texts_at_once * self.count / self.worked if self.worked else 0.0
        return {"tokens_second": speed, "first_ms": 1000 * self.first}


def over(words: str, until: str) -> bool:
    """Whether a text that ends with these words is done."""
    words = words.rstrip(" ")
    if until == "line":
        return "\n" in words
    return until == "sentence" and words.rstrip("\"'”»)\n").endswith((".", "!", "?", "…"))


def stops(writer: Writer, until: str) -> frozenset[int]:
    end = writer.tokens.end
    return frozenset() if until == "never" or end is None else frozenset({end})


# ------------------------------------------------------------------------------ controls


def prompt_box() -> Any:
    return texts.prompt(BEGIN["en"])


def temperature_slider(value: float = 0.6) -> Any:
    return kit.slider(
        0,
        2,
        value,
        t("Temperature (0: always the likeliest)", "Temperatura (0: siempre el más probable)"),
        step=0.05,
    )


def cuts(open: bool = False) -> list[Any]:
    """The other four that make a taste, folded away."""
    with gr.Accordion(
        t("Cuts, and a penalty for repeating", "Cortes, y una penalización por repetir"), open=open
    ):
        with gr.Row():
            k = kit.slider(0, 200, 0, t("top-k (0: off)", "top-k (0: no)"), step=1, min_width=130)
            p = kit.slider(0.05, 1, 1, t("top-p (1: off)", "top-p (1: no)"), step=0.01, min_width=130)
        with gr.Row():
            m = kit.slider(0, 0.5, 0, t("min-p (0: off)", "min-p (0: no)"), step=0.01, min_width=130)
            r = kit.slider(
                1,
                2,
                1,
                t("Repetition (1: off)", "Repetición (1: no)"),
                step=0.05,
                min_width=130,
            )
    return [k, p, m, r]


def until_choice() -> Any:
    choices = [(t(*words), name) for name, words in UNTIL.items()]
    return kit.choice(choices, t("It writes until", "Escribe hasta que"))


def taste_of(temperature: float, top_k: int, top_p: float, min_p: float, repetition: float) -> Taste:
    from genmodels.text.writing import Taste

    return Taste(repetition, temperature, top_k, top_p, min_p)


# ------------------------------------------------------------------------------ lines of Python


def loading(checkpoint: str, prompt: str, *more: str, first: bool = True) -> str:
    """The lines that snippets begin with. `first`: ours begin with the token that stands between texts."""
    _, module, name = texts.home_of(checkpoint)
    imports = sorted([*more, f"from {module} import {name}", "from genmodels.text.tokens import Tokenizer"])
    imports.sort(key=lambda line: line.startswith("from genmodels"))
    which, table = f'"{checkpoint}"', ""
    if "/" in checkpoint:  # the table knows its revision, its hash and the files that belong to it
        imports.append("from genmodels.text import checkpoints")
        which, table = (
            "which",
            f'which = next(c for c in checkpoints.{name.upper()} if c.name == "{checkpoint}")\n',
        )
    words = repr(prompt) if len(prompt) <= 60 else repr(prompt[:56] + "...")
    begun = "[tokens.end, *" if first and "/" not in checkpoint else ""
    return (
        "\n".join(imports)
        + f"\n\n{table}model, tokens = {name}.from_pretrained({which}), Tokenizer.of({which})\n"
        + f"prompt = {begun}tokens.encode({words}){']' if begun else ''}\n"
    )


def weigh(writer: Writer, ids: Sequence[int], more: Sequence[int]) -> list[float]:
    """Bits of each token of a text that goes on after another."""
    from genmodels.text.writing import surprise

    end = writer.tokens.end or 0
    ids = ids[1:] if ids[0] == end else ids  # it's given anyway
    nats = surprise(writer.model, [*ids, *more], end)
    return (nats[len(ids) :] / math.log(2)).tolist()


def repeated(tokens: Sequence[int], run: int = 4) -> float:
    """The share of runs of so many tokens that this text has said before."""
    runs = [tuple(tokens[k : k + run]) for k in range(len(tokens) - run + 1)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


def human_boxes() -> tuple[Any, Any]:
    prompt = texts.prompt(HUMAN["en"][0], lines=2)
    return prompt, texts.prompt(HUMAN["en"][1], t("How a person went on", "Cómo siguió una persona"), lines=4)


def taste_code(temperature: float, top_k: int, top_p: float, min_p: float, repetition: float) -> str:
    """Only what differs from the model's own chances."""
    values = {"temperature": (temperature, 1), "top_k": (top_k, 0), "top_p": (top_p, 1), "min_p": (min_p, 0)}
    values["repetition"] = (repetition, 1)
    return f"Taste({', '.join(f'{k}={v:g}' for k, (v, usual) in values.items() if v != usual)})"
