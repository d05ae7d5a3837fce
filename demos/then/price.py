"""What a text costs each of them: bits for every character, of a text that the visitor chooses."""

from __future__ import annotations

from collections.abc import Iterator
from math import e, log2
from typing import TYPE_CHECKING

from demos import kit
from demos.kit import card, plots, say, t, texts
from demos.then import rivals
from demos.then.same import corpus_choice

if TYPE_CHECKING:
    from genmodels.hub import Checkpoint

SAMPLE = (
    "Mix the flour, the sugar and the baking powder in a large bowl. Add the eggs and the milk and stir "
    "until smooth. Bake for 30 minutes, until golden, and let it cool before you cut it."
)


def price(corpus: str, words: str, hub: bool, lang: str) -> Iterator[tuple]:
    """Bits per character of each model, and what a packer makes of the text on its own."""
    rows: list[tuple[str, float, str]] = []
    for checkpoint in rivals.of(corpus, hub):
        rows.append((card.title(checkpoint, lang), spent(checkpoint, words), "mark"))
        yield page(rows, words, lang), {"characters": len(words)}
    rows += packed(words)
    yield page(rows, words, lang), {"characters": len(words)}


def spent(checkpoint: Checkpoint, words: str) -> float:
    from genmodels.text.writing import surprise

    with texts.use(checkpoint.name) as writer:
        ids = writer.tokens.encode(words)
        nats = surprise(writer.model, ids, writer.tokens.end or 0)
    return float(nats.sum()) * log2(e) / max(len(words), 1)


def packed(words: str) -> list[tuple[str, float, str]]:
    """gzip and xz, which learn from this text alone; and eight bits a byte, as it lies on a disk."""
    import gzip
    import lzma

    data, n = words.encode(), max(len(words), 1)
    sizes = {"UTF-8": len(data), "gzip -9": len(gzip.compress(data, 9)), "xz -9": len(lzma.compress(data))}
    return [(name, 8 * size / n, "warm") for name, size in sizes.items()]


def page(rows: list[tuple[str, float, str]], words: str, lang: str) -> str:
    title = say(lang, "bits per character", "bits por carácter")
    most = max([8.0, *(value for _, value, _ in rows)])
    en = (
        "A model that foretells a text well needs few bits to write it down, and the sum over all tokens "
        "does not depend on how the text was cut into them, so letters, words and pieces compare."
    )
    es = (
        "Un modelo que prevé bien un texto necesita pocos bits para anotarlo, y la suma sobre todos los "
        "tokens no depende de cómo se cortó, así que letras, palabras y trozos se pueden comparar."
    )
    bars = plots.signed_bars(rows, most, lang)
    return f"<h4>{title}</h4>{bars}<p>{say(lang, en, es)}</p>"


def price_code(corpus: str, words: str, hub: bool) -> str:
    name = rivals.CORPORA[corpus][2][-1]
    return (
        "from math import log\n\n"
        "from genmodels.text.gpt import GPT\n"
        "from genmodels.text.tokens import Tokenizer\n"
        "from genmodels.text.writing import surprise\n\n"
        f'model, tokens = GPT.from_pretrained("{name}"), Tokenizer.of("{name}")\n'
        f"text = {words[:60]!r}  # or yours\n"
        "nats = surprise(model, tokens.encode(text), tokens.end)\n"
        "print(nats.sum().item() / log(2) / len(text), 'bits per character')\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("price", "Bits for your text", "Bits para tu texto") as view:
        with view.controls():
            corpus = corpus_choice()
            words = texts.prompt(SAMPLE, t("Text", "Texto"), lines=6)
            hub = kit.check(t("Also those of the Hub that are here", "También los del Hub que estén aquí"))
        with view.result():
            bars = kit.html()
        view.run(price, [corpus, words, hub], [bars], ("Measure", "Medir"), price_code)
        view.on([corpus.input], price)
