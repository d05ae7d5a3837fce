"""Tasks by prefix: the same words after different first words, one network for all."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr

from demos import kit
from demos.kit import plots, say, t
from demos.kit.pixels import heading
from demos.translate import source
from demos.translate.several import percent
from demos.translate.source import PREFIX, Reader, loading, note_of
from genmodels.data import numerals
from genmodels.text.checkpoints import T5

OURS = ("spanish: ", "english: ", "digits: ", "check: ")
THEIRS = (
    "translate English to German: ", "translate English to French: ", "translate English to Romanian: ",
    "summarize: ", "cola sentence: ",
)  # fmt: skip


def tasks(checkpoint: str, words: str, own: str, lang: str) -> Iterator[tuple]:
    """What a T5 answers to the same words after each prefix that it knows, and after one of yours."""
    rows: list[list[str]] = []
    with source.use(checkpoint) as reader:
        prefixes = [*(OURS if checkpoint == PREFIX else THEIRS), *([own] if own.strip() else [])]
        note = note_of(reader, f"{own} {words}", lang)
        yield gr.skip(), note, {}
        for prefix in prefixes:
            asked = prefixed(checkpoint, prefix, words)
            for said in source.answer(reader, reader.ids(asked)):
                yield table([*rows, row(reader, prefix, said, "", lang)], lang), note, {}
            mark = marked(checkpoint, prefix, words, reader.text(said.ids))
            rows.append(row(reader, prefix, said, mark, lang))
        marks = [r[-1] for r in rows if r[-1]]
        found = {"right": marks.count("✓"), "asked": len(marks)} if marks else {}
        yield table(rows, lang), note, found


def prefixed(checkpoint: str, prefix: str, words: str) -> str:
    plain = source.question(checkpoint, "none", words)
    return f"{prefix.strip()} {plain}"


def row(reader: Reader, prefix: str, said: source.Said, mark: str, lang: str) -> list[str]:
    chance = percent(source.whole(said.chances) / 100, lang)
    return [prefix.strip(), reader.text(said.ids) or "…", chance, mark]


def marked(checkpoint: str, prefix: str, words: str, answer: str) -> str:
    """✓ or ✗ where procedure knows the answer."""
    task = prefix.strip().removesuffix(":")
    plain = " ".join(source.question(checkpoint, "none", words).lower().split())
    numbers = [n for form in numerals.FORMS if (n := numerals.read(plain, form)) is not None]
    if checkpoint != PREFIX or task not in (*numerals.FORMS, "check"):
        return ""
    if task == "check":
        return "✓" if (answer == "yes") == bool(numbers) else "✗"
    return "" if not numbers else "✓" if answer == numerals.write(numbers[0], task) else "✗"


def table(rows: list[list[str]], lang: str) -> str:
    names = [
        say(lang, "prefix", "prefijo"), say(lang, "answer", "respuesta"),
        say(lang, "its chance", "su probabilidad"), say(lang, "right?", "¿bien?"),
    ]  # fmt: skip
    return plots.table(names, rows)


def tasks_code(checkpoint: str, words: str, own: str) -> str:
    prefixes = OURS if checkpoint == PREFIX else THEIRS[:4]
    asked = source.question(checkpoint, "none", words)
    return loading(
        checkpoint, prefixed(checkpoint, prefixes[0], words), "from genmodels.text import encdec"
    ) + (
        "print(tokens.decode(encdec.greedy(model, source, 24)[0].tolist()))\n"
        f"for prefix in {prefixes!r}:\n"
        f"    ids = tokens.encode(prefix + {asked[:40]!r})\n"
        "    source = torch.tensor([[*ids, model.config.end]])\n"
        "    print(prefix, tokens.decode(encdec.greedy(model, source, 24)[0].tolist()))\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("tasks", "Tasks by prefix (T5)", "Tareas según el prefijo (T5)") as view:
        with view.controls():
            picker = tab.picker(T5, t("T5", "T5"))
            words = source.words_box("treinta y un mil quinientos")
            own = kit.words("french:", t("A prefix of yours", "Un prefijo tuyo"), longest=60)
            kit.html(
                "<p>"
                + kit.both(
                    "One network, one set of weights. What it does is decided by the first word "
                    "that it reads.",
                    "Una sola red, los mismos pesos. Qué hace lo decide la primera palabra que lee.",
                )
                + "</p>"
            )
            note = kit.html()
        with view.result():
            heading("Its answers", "Sus respuestas")
            page = kit.html()
        view.run(tasks, [picker, words, own], [page, note], ("Ask", "Preguntar"), tasks_code)
        view.on([words.submit, own.submit], tasks)
