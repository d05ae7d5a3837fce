"""How large a vocabulary: more tokens make rows shorter and the table longer, and are learnt from less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from math import log2
from typing import TYPE_CHECKING

from demos import kit
from demos.kit import plots, run, say, t
from demos.tokens.source import corpus_choice

if TYPE_CHECKING:
    from genmodels.text.tokens import Tokenizer

SIZES = (256, 288, 320, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192)
OTHER = {
    "ngram-quijote": "ngram-shakespeare",
    "ngram-shakespeare": "ngram-quijote",
    "ngram-recipes": "ngram-quijote",
}
PART = 20_000  # characters at the end that are not learnt from
TOKENS = 20  # a token that stood there less often is hardly learnt


def size(corpus: str, vocabulary: int, width: int, lang: str) -> Iterator[tuple]:
    """Byte pairs of a text: characters per token of its unread end and of the other language."""
    yield "", "", {}
    from genmodels.text.vocabulary import first

    read, rest = parts(corpus)
    foreign = parts(OTHER[corpus])[1]
    tokens = learnt(corpus)
    found: list[tuple[int, float, float]] = []
    for n in (n for n in SIZES if n <= vocabulary):
        made = first(tokens, n)
        found.append((n, *(len(x) / len(made.encode(x)) for x in (rest, foreign))))
        yield figure(found, lang), price(found, width, lang), chips(found)
    rare = seldom(first(tokens, vocabulary), read)
    yield figure(found, lang), price(found, width, lang) + told(rare, lang), chips(found)


def chips(found: list[tuple[int, float, float]]) -> dict[str, float]:
    return {"vocabulary": found[-1][0], "chars_per_token": round(found[-1][1], 2)}


@lru_cache(maxsize=4)
def parts(corpus: str) -> tuple[str, str]:
    """What is learnt from, and the end of it, which isn't."""
    from genmodels.text.ngram import NGram

    with run.model(NGram, corpus) as model:
        whole = "\n".join(model.documents())
    return whole[:-PART], whole[-PART:]


@lru_cache(maxsize=4)
def learnt(corpus: str) -> Tokenizer:
    """The largest tokenizer of the text: the smaller ones are its beginning."""
    from genmodels.text.vocabulary import learn

    return learn(parts(corpus)[0], SIZES[-1])


def seldom(tokens: Tokenizer, read: str) -> float:
    """The share of the merged tokens that stood less than TOKENS times in what was learnt from."""
    found = Counter(tokens.encode(read))
    merged = range(256, tokens.size)
    return sum(found[i] < TOKENS for i in merged) / max(1, len(merged))


def figure(found: list[tuple[int, float, float]], lang: str) -> str:
    """Characters per token against the vocabulary, which doubles from mark to mark."""
    x = [log2(n) for n, _, _ in found]
    axes = plots.Axes(
        (8, 13.05), (0, 1.1 * max(4.0, *(v for _, v, _ in found))), width=620, height=320, left=44
    )
    marks = []
    for k, kind in ((1, "mark"), (2, "warm")):
        y = [row[k] for row in found]
        marks += [plots.line(x, y, kind), plots.dots(x, y, kind, 4)]
    title = say(
        lang, "characters per token, of text it never read", "caracteres por token, de texto que nunca leyó"
    )
    across = say(
        lang, "tokens in the vocabulary, as a power of two", "tokens en el vocabulario, como potencia de dos"
    )
    kinds = plots.legend(
        ("mark", say(lang, "the same kind of text", "el mismo tipo de texto")),
        ("warm", say(lang, "the other language", "el otro idioma")),
    )
    return plots.plot(axes, *marks, title=title, across=across, up=True, lang=lang) + kinds


def price(found: list[tuple[int, float, float]], width: int, lang: str) -> str:
    """What each vocabulary costs: the table of tokens, and the length of the same text."""
    head = [
        say(lang, "vocabulary", "vocabulario"),
        say(lang, "weights of its table", "pesos de su tabla"),
        say(lang, "tokens of 1000 characters", "tokens de 1000 caracteres"),
        say(lang, "the other language", "el otro idioma"),
    ]
    rows = [
        (
            str(n),
            plots.number(n * width, lang),
            plots.number(1000 / own, lang),
            plots.number(1000 / other, lang),
        )
        for n, own, other in found
    ]
    return plots.table(head, rows)


def told(rare: float, lang: str) -> str:
    share = plots.number(round(100 * rare), lang)
    return (
        "<p>"
        + say(
            lang,
            f"{share} % of the tokens that were merged stand fewer than {TOKENS} times in the text: too "
            f"seldom for a "
            "network to learn what they mean.",
            f"El {share} % de los tokens que se formaron aparece menos de {TOKENS} veces en el texto: muy "
            f"poco para que "
            "una red aprenda qué significan.",
        )
        + "</p>"
    )


def size_code(corpus: str, vocabulary: int, width: int) -> str:
    return (
        "from genmodels.text.ngram import NGram\n"
        "from genmodels.text.vocabulary import first, learn\n\n"
        f'text = "\\n".join(NGram.from_pretrained("{corpus}").documents())\n'
        f"tokens = learn(text[:-{PART}], {vocabulary})\n"
        f"for size in (256, 512, 1024, {vocabulary}):\n"
        f"    n = len(first(tokens, size).encode(text[-{PART}:]))\n"
        f"    print(size, {PART} / n, 'characters per token', size * {width}, 'weights')\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("size", "How many tokens", "Cuántos tokens") as view:
        with view.controls():
            corpus = corpus_choice(tab)
            vocabulary = kit.slider(
                512, 8192, 4096, t("Largest vocabulary", "Vocabulario más grande"), step=512
            )
            width = kit.slider(
                32, 1024, 128, t("Numbers of a token's vector", "Números del vector de un token"), step=32
            )
        with view.result():
            curve, rows = kit.html(), kit.html()
        view.run(size, [corpus, vocabulary, width], [curve, rows], ("Try sizes", "Probar tamaños"), size_code)
        view.on([corpus.input, vocabulary.release, width.release], size)
