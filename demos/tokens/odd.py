"""Small changes that a reader hardly sees, and a tokenizer cuts anew."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator

from demos import kit
from demos.kit import say, t, texts
from demos.tokens.source import Row, block, cut, loading, name_of

ENGLISH = "How many r's are in strawberry? 1234 + 5678 = 6912. Café at noon 👩‍🚀"
SPANISH = "¿Cuántas erres tiene ferrocarril? 1234 + 5678 = 6912. Café al mediodía 👩‍🚀"
LOOKALIKE = str.maketrans("aceopxyACEHKMOPTX", "асеорхуАСЕНКМОРТХ")  # Cyrillic letters that look the same


def bare(text: str) -> str:
    """Without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


CHANGES: dict[str, tuple[tuple[str, str], Callable[[str], str]]] = {
    "space": (("a space in front", "un espacio delante"), lambda x: f" {x}"),
    "capitals": (("in capitals", "en mayúsculas"), str.upper),
    "small": (("in small letters", "en minúsculas"), str.lower),
    "bare": (("without accents", "sin tildes"), bare),
    "apart": (
        ("accents apart from their letters (NFD)", "tildes separadas de su letra (NFD)"),
        lambda x: unicodedata.normalize("NFD", x),
    ),
    "alike": (
        ("Cyrillic letters that look the same", "letras cirílicas que se ven iguales"),
        lambda x: x.translate(LOOKALIKE),
    ),
    "spread": (("letter by letter", "letra por letra"), " ".join),
}


def odd(checkpoint: str, words: str, lang: str) -> Iterator[tuple]:
    """The same text with small changes, and how many tokens each takes."""
    plain = cut(checkpoint, words)
    shown = section(say(lang, "as it is", "tal cual"), plain, plain, words, lang)
    most, alike = len(plain.pieces), 0
    for key, (name, change) in CHANGES.items():
        changed = change(words)
        if changed != words:
            row = cut(checkpoint, changed)
            shown += section(say(lang, *name), row, plain, changed, lang)
            most = max(most, len(row.pieces))
            alike += key in ("apart", "alike")
        yield (
            shown,
            spelling(words, lang),
            {"tokens_text": len(plain.pieces), "alike": alike, "characters": len(words)},
        )


def section(name: str, row: Row, plain: Row, text: str, lang: str) -> str:
    more = len(row.pieces) - len(plain.pieces)
    sign = f" ({'+' if more > 0 else '−'}{abs(more)})" if more else ""
    head = block(row, text, lang)
    return head.replace(f"<span>{name_of(row.name, lang)}</span>", f"<span>{name}{sign}</span>", 1)


def spelling(text: str, lang: str) -> str:
    """Its rarest characters: code point, bytes."""
    found = sorted({c for c in text if ord(c) > 126 or c < " "})[:12]
    if not found:
        return ""
    title = say(lang, "Characters of more than one byte", "Caracteres de más de un byte")
    rows = " ".join(
        f"{texts.visible(c)}\u00a0<em>U+{ord(c):04X} {c.encode().hex(' ')}</em>   " for c in found
    )
    return f"<h4>{title}</h4><p class='spelt'>{rows}</p>"


def odd_code(checkpoint: str, words: str) -> str:
    return loading(checkpoint, "import unicodedata") + (
        f"text = {words[:80]!r}\n"
        'for same in (text, " " + text, text.upper(), unicodedata.normalize("NFD", text)):\n'
        "    print(len(tokens.encode(same)), [piece.text for piece in tokens.pieces(same)])\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("odd", "Small changes", "Cambios chicos") as view:
        with view.controls():
            words = texts.prompt(ENGLISH, t("Your text", "Tu texto"), lines=4)
            texts.in_spanish(tab, {words: SPANISH})
            below = kit.html()
        with view.result():
            shown = kit.html()
        view.run(odd, [tab.checkpoint, words], [shown, below], ("Change", "Cambiar"), odd_code)
        view.on([tab.checkpoint.input, words.submit], odd)
