"""How large a vocabulary: more tokens make rows shorter and the table longer, and are learnt from less."""

from __future__ import annotations

from collections.abc import Iterator
from math import log2

from demos import kit
from demos.kit import plots, say, t, texts
from demos.tokens.source import OURS, name_of

SIZES = (257, 288, 320, 384, 512, 768, 1024, 1536, 2048)  # the bytes and an end, and so on
ENGLISH = (
    "In a village of La Mancha there lived not long ago a gentleman who read so many books of knights that "
    "his brain dried up. He polished an old suit of armour, gave his thin horse a noble name and rode out "
    "early one morning in July, without telling anybody, to right the wrongs of the world."
)
SPANISH = (
    "En una aldea de La Mancha vivía no hace mucho un hidalgo que leyó tantos libros de caballeros que se le "
    "secó el cerebro. Pulió una vieja armadura, le puso un nombre noble a su flaco caballo y salió una "
    "mañana de julio, muy temprano, sin decirle nada a nadie, a enderezar los entuertos del mundo."
)
Row = tuple[int, float, float]  # tokens in the vocabulary, characters of one in either text


def size(tokenizer: str, english: str, spanish: str, width: int, lang: str) -> Iterator[tuple]:
    """Byte pairs of one text, the list cut short: how many characters a token of either language has."""
    yield "", "", {}
    from genmodels.text.vocabulary import first

    whole, found = texts.tokenizer(tokenizer), []
    for n in (n for n in SIZES if n <= whole.size):
        short = first(whole, n)
        found.append((n, *(len(x) / max(1, len(short.encode(x))) for x in (english, spanish))))
        yield figure(found, lang), price(found, width, lang), chips(found)


def chips(found: list[Row]) -> dict[str, float]:
    return {"vocabulary": found[-1][0], "chars_per_token": round(found[-1][1], 2)}


def figure(found: list[Row], lang: str) -> str:
    """Characters per token against the vocabulary, which doubles from mark to mark."""
    x = [log2(n) for n, _, _ in found]
    axes = plots.Axes(
        (8, 11.05), (0, 1.1 * max(3.0, *(v for _, v, _ in found))), width=620, height=320, left=44
    )
    marks = []
    for k, kind in ((1, "mark"), (2, "warm")):
        y = [row[k] for row in found]
        marks += [plots.line(x, y, kind), plots.dots(x, y, kind, 4)]
    title = say(
        lang, "characters per token, of texts it never read", "caracteres por token, en textos que nunca leyó"
    )
    across = say(
        lang, "tokens in the vocabulary, as a power of two", "tokens en el vocabulario, como potencia de dos"
    )
    kinds = plots.legend(
        ("mark", say(lang, "English", "inglés")),
        ("warm", say(lang, "Spanish", "español")),
    )
    return plots.plot(axes, *marks, title=title, across=across, up=True, lang=lang) + kinds


def price(found: list[Row], width: int, lang: str) -> str:
    """What each vocabulary costs: the table of tokens, and the length of the same text."""
    head = [
        say(lang, "vocabulary", "vocabulario"),
        say(lang, "weights of its table", "pesos de su tabla"),
        say(lang, "tokens of 1000 characters in English", "tokens de 1000 caracteres en inglés"),
        say(lang, "in Spanish", "en español"),
    ]
    rows = [
        (
            str(n),
            plots.number(n * width, lang),
            *(plots.number(1000 / length, lang) if length else "–" for length in lengths),
        )
        for n, *lengths in found
    ]
    return plots.table(head, rows)


def size_code(tokenizer: str, english: str, spanish: str, width: int) -> str:
    return (
        "from genmodels.text.tokens import Tokenizer\n"
        "from genmodels.text.vocabulary import first\n\n"
        f'tokens = Tokenizer.of("{tokenizer}")\n'
        f"text = {english[:60]!r}\n"
        f"for size in {SIZES}:\n"
        "    n = len(first(tokens, size).encode(text))\n"
        f"    print(size, len(text) / n, 'characters per token', size * {width}, 'weights')\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("size", "How many tokens", "Cuántos tokens") as view:
        with view.controls():
            choices = [(t(name_of(n, "en"), name_of(n, "es")), n) for n in OURS]
            tokenizer = kit.choice(choices, t("Learnt from", "Aprendidos de"))
            english = texts.prompt(ENGLISH, t("A text in English", "Un texto en inglés"), lines=5)
            spanish = texts.prompt(SPANISH, t("The same in Spanish", "El mismo en español"), lines=5)
            width = kit.slider(
                32, 1024, 128, t("Numbers of a token's vector", "Números del vector de un token"), step=32
            )
        with view.result():
            curve, rows = kit.html(), kit.html()
        texts.in_spanish(tab, {tokenizer: "gpt-quijote"})
        inputs = [tokenizer, english, spanish, width]
        view.run(size, inputs, [curve, rows], ("Try sizes", "Probar tamaños"), size_code)
        view.on([tokenizer.input, width.release], size)
