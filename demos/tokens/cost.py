"""One meaning in two languages: how many tokens each needs, and what that costs a model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from demos import kit
from demos.kit import plots, say, t, texts
from demos.kit.numbers import bytes_text
from demos.tokens.source import BYTES, LETTERS, OURS, WORDS, Row, block, cut, loading, name_of

if TYPE_CHECKING:
    from genmodels.hub import Checkpoint

# the same sentence twice, written for this page
SAME: dict[str, tuple[str, str]] = {
    "rights": (
        "Everyone is born free and equal, and everyone deserves to be treated with respect.",
        "Todas las personas nacen libres e iguales, y todas merecen que se las trate con respeto.",
    ),
    "kitchen": (
        "Chop the onion, fry it in a little oil and add the rice, the salt and two cups of water.",
        "Pica la cebolla, fríela en un poco de aceite y agrega el arroz, la sal y dos tazas de agua.",
    ),
    "knight": (
        "The knight answered that he was not afraid of giants, and rode on without looking back.",
        "El caballero respondió que no les tenía miedo a los gigantes y siguió cabalgando sin mirar atrás.",
    ),
    "science": (
        "The temperature of the water rises until it boils, and then it stays the same.",
        "La temperatura del agua sube hasta que hierve, y entonces ya no cambia.",
    ),
}
NAMES = {
    "rights": ("rights", "derechos"),
    "kitchen": ("the kitchen", "la cocina"),
    "knight": ("a knight", "un caballero"),
    "science": ("water", "el agua"),
    "own": ("yours, from below", "el tuyo, de abajo"),
}


def cost(checkpoint: str, which: str, english: str, spanish: str, lang: str) -> Iterator[tuple]:
    """The same said in English and in Spanish, cut by each tokenizer; and what the tokens cost a model."""
    both = SAME.get(which, (english, spanish))
    names = [checkpoint, *(n for n in (*OURS, WORDS, LETTERS, BYTES) if n != checkpoint)]
    counts: list[tuple[Row, Row]] = []
    shown = "".join(block(cut(checkpoint, text), text, lang) for text in both)
    for name in names:
        counts.append((cut(name, both[0]), cut(name, both[1])))
        yield shown, table(counts, lang), bill(checkpoint, counts[0], lang), chips(*counts[0])


def chips(english: Row, spanish: Row) -> dict[str, float]:
    n = len(english.pieces)
    return {"tokens_text": n, "extra_spanish": 100 * (len(spanish.pieces) / max(1, n) - 1)}


def table(counts: list[tuple[Row, Row]], lang: str) -> str:
    head = [
        "",
        say(lang, "English", "inglés"),
        say(lang, "Spanish", "español"),
        say(lang, "Spanish / English", "español / inglés"),
    ]
    rows = [
        (name_of(en.name, lang), told(en, lang), told(es, lang), ratio(en, es, lang)) for en, es in counts
    ]
    title = say(lang, "Tokens for the same meaning", "Tokens para el mismo significado")
    return f"<h4>{title}</h4>{plots.table(head, rows)}"


def told(row: Row, lang: str) -> str:
    lost = say(lang, f" ({row.unknown} lost)", f" ({row.unknown} perdidos)") if row.unknown else ""
    return f"{len(row.pieces)}{lost}"


def ratio(english: Row, spanish: Row, lang: str) -> str:
    """Not where words were lost: a sign for what is not known costs one, whatever it stands for."""
    if english.unknown or spanish.unknown:
        return "–"
    return plots.number(len(spanish.pieces) / max(1, len(english.pieces)), lang)


def bill(checkpoint: str, own: tuple[Row, Row], lang: str) -> str:
    """What those tokens take of the model itself: of its context, of memory, of looks at each other."""
    shape = shape_of(texts.BY_NAME[checkpoint])
    if shape is None:
        return ""
    context, layers, width = shape
    rows = []
    for words, row in zip((("English", "inglés"), ("Spanish", "español")), own, strict=True):
        n = len(row.pieces)
        share = f"{plots.number(100 * n / context, lang)} %"
        memory = bytes_text(2 * 4 * layers * width * n)  # keys and values of four bytes
        looks = plots.number(layers * n * (n + 1) / 2, lang)
        rows.append((say(lang, *words), share, say(lang, memory, memory.replace(".", ",")), looks))
    head = [
        say(lang, "In this model", "En este modelo"),
        say(lang, "of the context", "del contexto"),
        say(lang, "keys and values", "claves y valores"),
        say(lang, "looks of a head", "miradas de una cabeza"),
    ]
    hint = say(
        lang,
        "The context is counted in tokens, and so is the bill of who rents a model. Keys and values grow "
        "with the tokens, the looks with their square.",
        "El contexto se cuenta en tokens, y también la factura de quien alquila un modelo. Las claves y los "
        "valores crecen con los tokens; las miradas, con su cuadrado.",
    )
    return f"{plots.table(head, rows)}<p>{hint}</p>"


def shape_of(checkpoint: Checkpoint) -> tuple[int, int, int] | None:
    """Context, layers and width of keys, from config.json; None for a model that is not bundled."""
    from genmodels import hub
    from genmodels.model import read_json

    file = hub.WEIGHTS / checkpoint.name / "config.json"
    raw = read_json(file) if file.is_file() else {}
    return (raw["n_positions"], raw["n_layer"], raw["n_embd"]) if "n_positions" in raw else None


def cost_code(checkpoint: str, which: str, english: str, spanish: str) -> str:
    en, es = SAME.get(which, (english[:90], spanish[:90]))
    return loading(checkpoint) + (
        f"english = {en!r}\nspanish = {es!r}\n"
        "a, b = len(tokens.encode(english)), len(tokens.encode(spanish))\n"
        "print(a, b, b / a)\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("cost", "Who pays more", "Quién paga más") as view:
        with view.controls():
            which = kit.choice(
                [(t(*words), key) for key, words in NAMES.items()], t("What is said", "Lo que se dice")
            )
            english = texts.prompt(SAME["rights"][0], t("Yours in English", "El tuyo en inglés"), lines=2)
            spanish = texts.prompt(SAME["rights"][1], t("Yours in Spanish", "El tuyo en español"), lines=2)
        with view.result():
            shown, rows, below = kit.html(), kit.html(), kit.html()
        inputs = [tab.checkpoint, which, english, spanish]
        view.run(cost, inputs, [shown, rows, below], ("Compare", "Comparar"), cost_code)
        view.on([which.input, tab.checkpoint.input], cost)
