"""Which family for my problem? A few wishes, and how each family stands to them.

A family's marks follow from the table of the families where they can, and from a few facts beside it. They
are rules of thumb of the subject and say so; what is measured here stands in the score-card.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import NamedTuple

from demos import kit
from demos.kit import say, t
from demos.map.kinds import BOUND, EXACT, FAMILIES, ONE, SAME, SMALL, UNNORMALISED, Family
from demos.map.pairs import see

Pair = tuple[str, str]
YES, PARTLY, NO = 2, 1, 0
SIGNS = {YES: "✓", PARTLY: "~", NO: "✗"}
KINDS = {YES: "mark", PARTLY: "soft", NO: "warm"}
SHARP = {"gan": YES, "diffusion": YES, "autoregressive": PARTLY, "flow": PARTLY, "energy": PARTLY, "vae": NO}
WIDE = {"gan": NO, "energy": PARTLY, "vae": PARTLY}  # covers all data: the others do
CALM = {"gan": NO, "energy": NO}  # learns without care: the others do
LISTS = {"autoregressive": YES, "diffusion": PARTLY, "vae": PARTLY}  # text and other lists of symbols


class Wish(NamedTuple):
    name: Pair
    says: dict[int, Pair]  # mark -> its reason


WISHES = {
    "likelihood": Wish(
        ("a likelihood: is this one unusual?", "verosimilitud: ¿esto es raro?"),
        {YES: ("says the exact log p(x)", "dice el log p(x) exacto"),
         PARTLY: ("says a bound, or compares", "dice una cota, o compara"),
         NO: ("says nothing of it", "no dice nada")},
    ),
    "speed": Wish(
        ("samples at once", "muestras al instante"),
        {YES: ("one pass", "una pasada"), PARTLY: ("tens of passes, or one once distilled",
                                                   "decenas de pasadas, o una si se destila"),
         NO: ("a pass for each place, or a long walk", "una pasada por lugar, o un paseo largo")},
    ),
    "edit": Wish(
        ("a code to edit and to walk in", "un código para editar y recorrer"),
        {YES: ("a small code; a picture finds its own", "un código chico; cada imagen halla el suyo"),
         PARTLY: ("a code, but large, or without an encoder", "un código, pero grande o sin codificador"),
         NO: ("no code", "sin código")},
    ),
    "variety": Wish(
        ("everything covered, rare things too", "cubrir todo, también lo raro"),
        {YES: ("pays dearly for what it leaves out", "paga caro lo que deja afuera"),
         PARTLY: ("covers, and blurs or sticks", "cubre, pero emborrona o se atasca"),
         NO: ("may forget, and nobody notices", "puede olvidar sin que se note")},
    ),
    "sharp": Wish(
        ("believable details", "detalles creíbles"),
        {YES: ("what it is best at", "su fuerte"),
         PARTLY: ("with size and patience", "con tamaño y paciencia"),
         NO: ("means are blurred", "los promedios son borrosos")},
    ),
    "calm": Wish(
        ("training without surprises", "entrenar sin sorpresas"),
        {YES: ("one loss that goes down", "una pérdida que baja"), PARTLY: ("", ""),
         NO: ("a game or a chain that can run away", "un juego o una cadena que puede escaparse")},
    ),
    "symbols": Wish(
        ("text, code, notes: symbols", "texto, código, notas: símbolos"),
        {YES: ("made for it", "hecho para eso"), PARTLY: ("possible, rarer", "posible, menos usual"),
         NO: ("needs values that can change a little", "necesita valores que puedan cambiar de a poco")},
    ),
}  # fmt: skip


def mark(family: Family, wish: str) -> int:
    key = family.key
    if wish == "likelihood":
        return {EXACT: YES, BOUND: PARTLY, UNNORMALISED: PARTLY}.get(family.density, NO)
    if wish == "speed":
        return YES if family.passes == ONE else PARTLY if key == "diffusion" else NO
    if wish == "edit":
        return YES if key == "vae" else PARTLY if family.latent in (SMALL, SAME) else NO
    if wish == "symbols":
        return LISTS.get(key, NO)
    return {"variety": WIDE, "sharp": SHARP, "calm": CALM}[wish].get(key, YES)


def guide(
    likelihood: bool,
    speed: bool,
    edit: bool,
    variety: bool,
    sharp: bool,
    calm: bool,
    symbols: bool,
    lang: str,
) -> Iterator[tuple]:
    """The families by how many of the wishes they grant, each with its reasons."""
    asked = dict(zip(WISHES, (likelihood, speed, edit, variety, sharp, calm, symbols), strict=True))
    wishes = [name for name, wanted in asked.items() if wanted]
    ranked = sorted(FAMILIES, key=lambda f: -sum(mark(f, w) for w in wishes))
    yield head(wishes, ranked, lang) + "".join(card(f, wishes, lang) for f in ranked), {}


def head(wishes: list[str], ranked: list[Family], lang: str) -> str:
    best = [f for f in ranked if all(mark(f, w) == YES for w in wishes)]
    if not wishes:
        words = say(lang, "Wish for something.", "Pide algo.")
    elif best:
        names = ", ".join(say(lang, *f.name) for f in best)
        words = say(lang, f"All of it at once: {names}.", f"Todo a la vez: {names}.")
    else:
        en = "No single family grants all of this. Hybrids are made for such wishes: see the tree."
        es = "Ninguna familia sola da todo esto. Para eso se hicieron los híbridos: mira el árbol."
        words = say(lang, en, es)
    thumb = say(lang, "Rules of thumb of the subject, not measurements of this page.",
                "Reglas prácticas de la materia, no mediciones de esta página.")  # fmt: skip
    return f"<p class='map-told'><b>{html.escape(words)}</b> {thumb}</p>"


def card(family: Family, wishes: list[str], lang: str) -> str:
    rows = []
    for wish in wishes:
        found = mark(family, wish)
        reason = html.escape(say(lang, *WISHES[wish].says[found]))
        name = html.escape(say(lang, *WISHES[wish].name))
        rows.append(f"<li class='{KINDS[found]}'><b>{SIGNS[found]}</b> {name}: {reason}</li>")
    places = " ".join(see(stem, "", lang) for stem in family.tabs)
    title = html.escape(say(lang, *family.name))
    return f"<section class='map-card'><h4>{title}</h4><ul>{''.join(rows)}</ul><p>{places}</p></section>"


def layout(tab: kit.Tab) -> None:
    with tab.view("guide", "Which one for me?", "¿Cuál para mí?") as view:
        with view.controls():
            boxes = [kit.check(t(*w.name), key in ("likelihood", "speed")) for key, w in WISHES.items()]
        with view.result():
            page = kit.html(elem_classes="map-cards")
        view.run(guide, boxes, [page], ("Find", "Buscar"))
        view.on([box.input for box in boxes], guide)
