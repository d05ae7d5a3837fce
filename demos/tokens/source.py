"""What the views share: the tokenizers beside each other, and a text cut into coloured pieces."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from demos.kit import plots, say, t, texts
from demos.kit.card import title
from demos.kit.inputs import Choice, choice

if TYPE_CHECKING:
    from demos.kit import Tab
    from genmodels.text.tokens import Piece, Tokenizer

Pair = tuple[str, str]
BYTES, LETTERS, WORDS = "bytes", "letters", "words"
NAMES: dict[str, Pair] = {
    BYTES: ("bytes of UTF-8", "bytes de UTF-8"),
    LETTERS: ("characters", "caracteres"),
    WORDS: ("words, the 4,000 commonest of the recipes", "palabras, las 4000 más comunes de las recetas"),
}
OURS = ("gpt-shakespeare", "gpt-recipes", "gpt-quijote")  # pairs of bytes, bundled
MANY = 1200  # pieces that a page shows
ENGLISH = "The old knight put two onions and a cup of flour into the pan, and asked his squire for more salt."
SPANISH = (
    "El viejo caballero puso dos cebollas y una taza de harina en la sartén y le pidió más sal a su escudero."
)


class Row(NamedTuple):
    """A text as one tokenizer cuts it."""

    name: str
    pieces: list[Piece]
    lost: int | None  # the token for what is not known

    @property
    def unknown(self) -> int:
        return sum(p.id == self.lost for p in self.pieces)


def cut(name: str, text: str) -> Row:
    """By bytes, by characters, by the words that an LSTM of recipes knows, or as a checkpoint does."""
    from genmodels.text.tokens import Piece

    if name == BYTES:
        found: list[Piece] = []
        for k, letter in enumerate(text):
            data = letter.encode()
            split = len(data) > 1
            found += [Piece(b, "" if j else letter, k, k + 1, split) for j, b in enumerate(data)]
        return Row(name, found, None)
    if name == LETTERS:
        return Row(name, [Piece(ord(c), c, k, k + 1) for k, c in enumerate(text)], None)
    made = tokenizer(name)
    return Row(name, made.pieces(text), made.id("<|unknown|>"))


def tokenizer(name: str) -> Tokenizer:
    return texts.tokenizer("lstm-recipes" if name == WORDS else name)


def name_of(name: str, lang: str) -> str:
    return say(lang, *NAMES[name]) if name in NAMES else title(texts.BY_NAME[name], lang)


def word_count(text: str) -> int:
    return len(re.findall(r"\w+", text))


def passage(row: Row) -> str:
    """The text, a colour for every other piece. What is only a part of a character is a dot."""
    found = "".join(piece(p, p.id == row.lost) for p in row.pieces[:MANY])
    more = f"<span>… +{len(row.pieces) - MANY}</span>" if len(row.pieces) > MANY else ""
    return f"<p class='cuts' dir='auto'>{found}{more}</p>"


def piece(p: Piece, lost: bool) -> str:
    kind = " class='lost'" if lost else " class='part'" if p.split and not p.text else ""
    words = texts.visible(p.text) if p.text else texts.PART
    return f"<i{kind} title='{p.id}'>{words}</i>"


def block(row: Row, text: str, lang: str) -> str:
    """One tokenizer: its name, its count, the text as it cuts it."""
    n, words = len(row.pieces), word_count(text)
    facts = [say(lang, f"<b>{n}</b> tokens", f"<b>{n}</b> tokens")]
    if words:
        each = plots.number(n / words, lang)
        facts.append(say(lang, f"<b>{each}</b> per word", f"<b>{each}</b> por palabra"))
    if row.unknown:
        facts.append(say(lang, f"<b>{row.unknown}</b> lost", f"<b>{row.unknown}</b> perdidos"))
    head = "".join(f"<span>{fact}</span>" for fact in (html.escape(name_of(row.name, lang)), *facts))
    return f"<p class='cut-head'>{head}</p>{passage(row)}"


def bars(rows: Sequence[tuple[str, float, str]], lang: str) -> str:
    most = max([1e-9, *(value for _, value, _ in rows)])
    return plots.signed_bars(rows, most, lang).replace("<em>+", "<em>")


def loading(name: str, *imports: str) -> str:
    """Imports and the tokenizer of a checkpoint, as code to take home."""
    lines = "".join(f"{line}\n" for line in ("from genmodels.text.tokens import Tokenizer", *imports))
    return f'{lines}\ntokens = Tokenizer.of("{name}")\n'


def corpus_choice(tab: Tab) -> Choice:
    """Which counted text: the Spanish one first for who reads Spanish."""
    found = choice(
        [
            (t("Shakespeare, in English", "Shakespeare, en inglés"), "ngram-shakespeare"),
            (t("Don Quijote, in Spanish", "Don Quijote, en español"), "ngram-quijote"),
            (t("Recipes, in English", "Recetas, en inglés"), "ngram-recipes"),
        ],
        t("Text", "Texto"),
    )
    texts.in_spanish(tab, {found: "ngram-quijote"})
    return found
