"""The same words cut by bytes, by characters, by words and by pairs of bytes."""

from __future__ import annotations

from collections.abc import Iterator

from demos import kit
from demos.kit import say, t, texts
from demos.tokens.source import (
    BYTES,
    ENGLISH,
    LETTERS,
    OURS,
    SPANISH,
    WORDS,
    bars,
    block,
    cut,
    loading,
    name_of,
    word_count,
)


def sentence(checkpoint: str, words: str, others: bool, lang: str) -> Iterator[tuple]:
    """One text as several tokenizers cut it, and how many tokens each needs."""
    names = [checkpoint, WORDS, LETTERS, BYTES]
    if others:
        names += [name for name in OURS if name != checkpoint]
    rows, shown = [], ""
    for name in names:
        rows.append(cut(name, words))
        shown += block(rows[-1], words, lang)
        own = len(rows[0].pieces)
        counts = [(name_of(r.name, lang), len(r.pieces), kind(k)) for k, r in enumerate(rows)]
        chips = {"characters": len(words), "tokens_text": own}
        if word_count(words):
            chips["tokens_word"] = own / word_count(words)
        yield shown, summary(counts, lang), chips


def kind(k: int) -> str:
    return "mark" if k == 0 else "warm"


def summary(counts: list[tuple[str, float, str]], lang: str) -> str:
    title = say(lang, "How many tokens", "Cuántos tokens")
    hint = say(
        lang,
        "A model does its whole work once per token, so a longer row is slower, and fits less text.",
        "Un modelo hace todo su trabajo una vez por token: una fila más larga es más lenta y abarca menos "
        "texto.",
    )
    return f"<h4>{title}</h4>{bars(counts, lang)}<p>{hint}</p>"


def sentence_code(checkpoint: str, words: str, others: bool) -> str:
    return loading(checkpoint) + (
        f"text = {words[:80]!r}\n"
        "for piece in tokens.pieces(text):\n"
        "    print(piece.id, repr(piece.text))\n"
        "print(len(text.encode()), 'bytes,', len(tokens.encode(text)), 'tokens')\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("cut", "Cut a sentence", "Cortar una oración") as view:
        with view.controls():
            words = texts.prompt(ENGLISH, t("Your text", "Tu texto"), lines=4)
            others = kit.check(t("The other bundled tokenizers too", "También los otros incluidos"), True)
            texts.in_spanish(tab, {words: SPANISH})
            counts = kit.html()
        with view.result():
            shown = kit.html()
        view.run(sentence, [tab.checkpoint, words, others], [shown, counts], ("Cut", "Cortar"), sentence_code)
        view.on([tab.checkpoint.input, others.input, words.submit], sentence)
