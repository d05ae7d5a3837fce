"""The examination: numbers by the hundred, marked to the letter, by length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from demos import kit
from demos.kit import plots, say, t
from demos.kit.pixels import heading
from demos.translate import source
from demos.translate.source import SEQ2SEQ, loading
from genmodels.data import numerals

if TYPE_CHECKING:
    from demos.translate.source import Reader

BATCH, WRONG = 25, 6  # numbers at once; wrong answers that are shown
DIGITS = range(3, 9)  # of numbers that are asked; 7 and 8 are longer than any that it saw
FORMS = (
    ("english", "English words", "palabras en inglés"),
    ("spanish", "Spanish words", "palabras en español"),
    ("digits", "digits", "dígitos"),
)


class Asked(NamedTuple):
    digits: int
    question: str
    expected: str  # "" where nobody has words for it
    answer: str


def exam(
    checkpoint: str, given: str, wanted: str, each: int, held: bool, seed: int, lang: str
) -> Iterator[tuple]:
    """Numbers of three to eight digits, drawn by the seed; the share right, and wrong answers."""
    with source.use(checkpoint) as reader:
        given, wanted = forms(checkpoint, given, wanted)
        rng, asked = np.random.default_rng(seed), []
        for digits in DIGITS:
            if digits > 6 and given != "digits":
                break  # there are no words for them
            for k in range(0, each, BATCH):
                numbers = [number(digits, held, rng) for _ in range(min(BATCH, each - k))]
                asked += answered(reader, numbers, digits, given, wanted)
                yield chart(asked, lang), mistakes(asked, lang), figures(asked)
        yield chart(asked, lang), mistakes(asked, lang), figures(asked)


def forms(checkpoint: str, given: str, wanted: str) -> tuple[str, str]:
    """What this model is asked: that of 2017 writes Spanish only, and doesn't read it."""
    if checkpoint == SEQ2SEQ:
        return ("english" if given == "spanish" else given), "spanish"
    return given, wanted


def number(digits: int, held: bool, rng: np.random.Generator) -> int:
    while True:
        n = int(rng.integers(10 ** (digits - 1), 10**digits))
        if digits > 6 or numerals.held_out(n) == held:
            return n


def answered(reader: Reader, numbers: list[int], digits: int, given: str, wanted: str) -> list[Asked]:
    from genmodels.text import encdec

    known = digits <= 6
    questions = [numerals.write(n, given) if known else str(n) for n in numbers]
    c = reader.model.config
    rows = [[*reader.tokens.encode(source.question(reader.name, wanted, q)), c.end] for q in questions]
    written = encdec.greedy(reader.model, encdec.padded(rows, c.pad).to(reader.model.device), reader.length)
    return [
        Asked(digits, q, numerals.write(n, wanted) if known else "", reader.text(row))
        for n, q, row in zip(numbers, questions, written.tolist(), strict=True)
    ]


def figures(asked: list[Asked]) -> dict[str, float]:
    fair = [a for a in asked if a.digits <= 6]
    return {"asked": len(asked), "right_share": 100 * sum(a.answer == a.expected for a in fair) / len(fair)}


def chart(asked: list[Asked], lang: str) -> str:
    """Of each length the share that was right."""
    rows = []
    for digits in sorted({a.digits for a in asked}):
        these = [a for a in asked if a.digits == digits]
        right = sum(a.answer == a.expected for a in these)
        name = say(lang, f"{digits} digits", f"{digits} cifras")
        more = say(lang, " (never seen)", " (nunca vistas)") if digits > 6 else ""
        rows.append(
            [name + more, f"{right} / {len(these)}", plots.number(100 * right / len(these), lang) + " %"]
        )
    names = [say(lang, "length", "largo"), say(lang, "right", "bien"), ""]
    return plots.table(names, rows)


def mistakes(asked: list[Asked], lang: str) -> str:
    """Wrong answers; of numbers too long for its words, what number the answer is."""
    wrong = [a for a in asked if a.answer != a.expected]
    short, long = ([a for a in wrong if (a.digits > 6) == late] for late in (False, True))
    names = [
        say(lang, "asked", "preguntado"),
        say(lang, "answer", "respuesta"),
        say(lang, "it should be", "debía ser"),
    ]
    if not wrong:
        return "<p>" + say(lang, "No mistake.", "Ningún error.") + "</p>"
    return plots.table(
        names,
        [[a.question, a.answer or "…", a.expected or reading(a, lang)] for a in short[:WRONG] + long[:WRONG]],
    )


def reading(a: Asked, lang: str) -> str:
    """What the answer to a number that it can't say would mean."""
    meant = [n for form in numerals.FORMS if (n := numerals.read(a.answer, form)) is not None]
    if not meant:
        return say(lang, "(no number at all)", "(no es ningún número)")
    return say(lang, f"(it said {meant[0]:,})", f"(dijo {meant[0]:,})".replace(",", "."))


def exam_code(checkpoint: str, given: str, wanted: str, each: int, held: bool, seed: int) -> str:
    given, wanted = forms(checkpoint, given, wanted)
    prefix = "" if checkpoint == SEQ2SEQ else f"{wanted}: "
    more = ("import numpy as np", "from genmodels.data import numerals", "from genmodels.text import encdec")
    lines = loading(checkpoint, f"{prefix}{numerals.write(421, given)}", *more[1:])
    return (
        "import numpy as np\n"
        + lines
        + (
            f"rng = np.random.default_rng({seed})\n"
            f"for n in [numerals.draw(rng, held={held}) for _ in range(10)]:\n"
            f"    ids = tokens.encode({prefix!r} + numerals.write(n, {given!r}))\n"
            "    answer = encdec.greedy(model, torch.tensor([[*ids, model.config.end]]), 24)[0].tolist()\n"
            f"    print(n, tokens.decode([i for i in answer if i > 3]), numerals.write(n, {wanted!r}))\n"
        )
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("exam", "The examination", "El examen") as view:
        with view.controls():
            given = kit.choice([(t(en, es), key) for key, en, es in FORMS], t("It reads", "Lee"), "digits")
            wanted = kit.choice(
                [(t(en, es), key) for key, en, es in FORMS], t("A T5 writes", "Un T5 escribe"), "spanish"
            )
            each = kit.slider(25, 200, 50, t("Numbers of each length", "Números de cada largo"), step=25)
            held = kit.check(
                t("Only numbers that no training saw", "Solo números que no vio al entrenarse"), True
            )
            seed = kit.seed()
        with view.result():
            heading("Right to the letter", "Bien, letra por letra")
            page = kit.html()
            heading("Wrong answers", "Respuestas equivocadas")
            wrong = kit.html()
        inputs = [tab.checkpoint, given, wanted, each, held, seed]
        view.run(exam, inputs, [page, wrong], ("Examine", "Examinar"), exam_code)
