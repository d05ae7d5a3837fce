"""From letters towards sentences: what counting alone writes, looking back a character more each time."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import TYPE_CHECKING

from demos import kit
from demos.kit import card, run, say, t, texts
from demos.tokens.source import bars, corpus_choice

if TYPE_CHECKING:
    from genmodels.text.ngram import NGram

ORDERS = (1, 2, 3, 4, 5)
EVERY = 20  # characters between two pictures
NAMES = {"gzip": "gzip -9", "xz": "xz -9"}


def count(corpus: str, prompt: str, longest: int, length: int, seed: int, lang: str) -> Iterator[tuple]:
    """Write with counts of one character, of two in a row, of three... and what held-out text costs each."""
    from genmodels.text.ngram import NGram

    shown = ""
    with run.model(NGram, corpus) as model:
        yield shown, chart(corpus, lang), {}
        for order in (n for n in ORDERS if n <= longest):
            for words in written(model.shorter(order), prompt, length, seed):
                yield shown + passage(order, prompt, words, lang), chart(corpus, lang), {"step": order}
            shown += passage(order, prompt, words, lang)
    yield shown, chart(corpus, lang), figures(corpus)


def written(model: NGram, prompt: str, length: int, seed: int) -> Iterator[str]:
    """What follows the prompt, a few characters more each time. All orders have the same luck."""
    from genmodels.text.writing import write

    letters, made = model.config.alphabet, ""
    for step in write(model, model.tokens(prompt).tolist(), seed, 1, length, stop=frozenset({0})):
        token = int(step.token)
        made += letters[token - 2] if token > 1 else " ∎" if token == 0 else "�"
        if step.i % EVERY == EVERY - 1:
            yield made
    yield made


def passage(order: int, prompt: str, words: str, lang: str) -> str:
    back = order - 1
    head = say(
        lang,
        f"looking back on {back} character{'' if back == 1 else 's'}",
        f"mirando {back} {'carácter' if back == 1 else 'caracteres'} hacia atrás",
    )
    given = texts.Ink(prompt, kind="given")
    written = texts.ink([given, texts.Ink(words)])
    return f"<p class='cut-head'><b>{gram(order, lang)}</b><span>{head}</span></p>{written}"


def gram(order: int | str, lang: str) -> str:
    return say(lang, f"{order}-gram", f"{order}-grama")


def chart(corpus: str, lang: str) -> str:
    """Bits per character of held-out text: counts of each order of the whole text, packers, the GPT of it."""
    found = card.metrics(corpus).get("anchors", {})
    rows = [(named(name, lang), value, "warm") for name, value in found.items()]
    gpt = card.metrics(corpus.replace("ngram", "gpt")).get("measures", {})
    if "bits_per_char" in gpt:
        rows.append(("GPT", gpt["bits_per_char"], "mark"))
    title = say(lang, "Bits per character of held-out text", "Bits por carácter de texto apartado")
    hint = say(
        lang,
        "Measured once, with counts of the whole text. Which of them writes best is not what it measures, "
        "but "
        "who foretells best writes nearest.",
        "Medido una vez, con conteos de todo el texto. No mide quién escribe mejor, pero quien mejor prevé "
        "es "
        "quien escribe más parecido.",
    )
    return f"<h4>{html.escape(title)}</h4>{bars(rows, lang)}<p>{hint}</p>" if rows else ""


def named(name: str, lang: str) -> str:
    order, _, rest = name.partition("-")
    return gram(order, lang) if rest == "gram" else NAMES[name]


def figures(corpus: str) -> dict[str, float]:
    found = card.metrics(corpus)
    return {"bits_per_char": found["measures"]["bits_per_char"], "parameters": found["parameters"]}


def count_code(corpus: str, prompt: str, longest: int, length: int, seed: int) -> str:
    return (
        "from genmodels.text.ngram import NGram\n"
        "from genmodels.text.writing import write\n\n"
        f'model = NGram.from_pretrained("{corpus}")\n'
        f"for order in range(1, {longest + 1}):\n"
        "    counts = model.shorter(order)\n"
        f"    start = counts.tokens({prompt[:60]!r}).tolist()\n"
        f"    steps = write(counts, start, {seed}, 1, {length}, stop=frozenset({{0}}))\n"
        "    print(order, ''.join(model.config.alphabet[int(s.token) - 2] for s in steps))\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("count", "Only counting", "Solo contar") as view:
        with view.controls():
            corpus = corpus_choice(tab)
            prompt = texts.prompt(
                "", t("How it begins (may be empty)", "Cómo empieza (puede quedar vacío)"), lines=1
            )
            longest = kit.slider(1, 5, 5, t("Longest gram", "Grama más largo"), step=1)
            length = kit.slider(40, 400, 120, t("Characters", "Caracteres"), step=20)
            seed = kit.seed(3)
            below = kit.html()
        with view.result():
            shown = kit.html()
        inputs = [corpus, prompt, longest, length, seed]
        view.run(count, inputs, [shown, below], ("Write", "Escribir"), count_code)
        view.on([corpus.input, longest.release], count)
