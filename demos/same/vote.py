"""Vote blind: real, or which family drew it? A card at a time; who drew it is told after the vote.

The game is a word of letters, one for each vote, and lives in the visitor's page alone: with the seed it says
everything, so a link reopens it, and nothing is kept. What is sent is the picture of the next card and the
makers of those already judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import gradio as gr
from PIL import Image, ImageDraw

from demos import kit
from demos.kit import plates, plots, say, t
from demos.kit.inputs import refuse
from demos.same import deck, sheet
from demos.same.deck import CARDS, Card

if TYPE_CHECKING:
    from genmodels.families import Entry

NAMES = {  # letter of a vote -> what it says
    "r": ("real", "real"), "v": ("VAE", "VAE"), "q": ("VQ-VAE", "VQ-VAE"), "g": ("GAN", "GAN"),
    "f": ("flow", "flujo"), "d": ("diffusion", "difusión"),
    "x": ("generated, no idea by whom", "generada, ni idea por quién"),
}  # fmt: skip
LETTERS = {
    "real": "r", "vae": "v", "vqvae": "q", "gan": "g", "flow": "f", "diffusion": "d", "consistency": "d",
}  # fmt: skip
ENOUGH = 8  # votes until there is a table
BIG, SMALL, TYPE, ACROSS = 400, 84, 26, 10
RIGHT, HALF, WRONG = (44, 164, 152), (222, 178, 62), (214, 84, 48)
QUIET = {"api_visibility": "private", "show_progress": "hidden", "queue": False}


def vote(votes: str, seed: int, lang: str) -> Iterator[tuple]:
    """The next card of this seed's deck, and what those already judged were. `votes`: a letter for each."""
    check(votes)
    for done in deck.deal(seed):
        yield shuffling(done), "", {"step": done}
    cards = deck.drawn[seed]
    judged = list(zip(cards, votes, strict=False))
    yield table_top(cards, votes, lang), words(judged, lang), {"right": sum(knew(c, v) for c, v in judged)}


def check(votes: str) -> None:
    known = "".join(NAMES)
    if set(votes) - set(known):
        raise refuse(f"Votes are letters of {known}.", f"Los votos son letras de {known}.")


def knew(card: Card, letter: str) -> bool:
    """Whether it was told real from generated."""
    return card.real == (letter == "r")


def named(card: Card, letter: str) -> bool:
    """Whether the family was right, too."""
    return LETTERS[card.entry.family] == letter


def colour(card: Card, letter: str) -> tuple[int, int, int]:
    return RIGHT if named(card, letter) else HALF if knew(card, letter) else WRONG


# ------------------------------------------------------------------------------ what is seen


def shuffling(done: int) -> Image.Image:
    """Backs of cards, as many as are drawn."""
    page = Image.new("RGBA", (ACROSS * (SMALL + plates.GAP) - plates.GAP, 2 * (SMALL + plates.GAP)))
    pen = ImageDraw.Draw(page)
    for k in range(CARDS):
        y, x = ((SMALL + plates.GAP) * v for v in divmod(k, ACROSS))
        fill = (90, 110, 112, 255) if k < done else (128, 128, 128, 60)
        pen.rounded_rectangle((x, y, x + SMALL - 1, y + SMALL - 1), 9, fill)
    return page


def table_top(cards: list[Card], votes: str, lang: str) -> Image.Image:
    """The card in question, the last one with its maker, and all judged so far in rings of their verdict."""
    n = min(len(votes), CARDS)
    rows = []
    if n < CARDS:
        asked = say(lang, f"Card {n + 1} of {CARDS}", f"Carta {n + 1} de {CARDS}")
        rows.append(plates.block(asked, cards[n].x[None], columns=1, tile=BIG, type=TYPE))
    if n:
        last = cards[n - 1]
        head = say(lang, "The last one: ", "La anterior: ") + sheet.title(last.entry, lang)
        rows.append(plates.block(head, last.x[None], columns=1, tile=BIG, type=TYPE))
    top = plates.beside(*rows)
    if not n:
        return top
    tiles = [ring(card, letter) for card, letter in zip(cards, votes, strict=False)]
    width = ACROSS * (SMALL + plates.GAP) - plates.GAP
    strip = Image.new("RGBA", (width, -(-n // ACROSS) * (SMALL + plates.GAP)))
    for k, tile in enumerate(tiles):
        y, x = ((SMALL + plates.GAP) * v for v in divmod(k, ACROSS))
        strip.paste(tile, (x, y))
    return plates.plate(top, strip)


def ring(card: Card, letter: str) -> Image.Image:
    tile = plates.tiles(card.x[None], SMALL)[0]
    box = (1, 1, SMALL - 2, SMALL - 2)
    ImageDraw.Draw(tile).rounded_rectangle(box, SMALL // 9, outline=(*colour(card, letter), 255), width=5)
    return tile


def words(judged: list[tuple[Card, str]], lang: str) -> str:
    """The verdict on the last card, the score, and from some votes on who fooled the visitor."""
    if not judged:
        en = "Is it a painted face that no model was shown, or did a model draw it, and of which family?"
        es = "¿Es una cara pintada que ningún modelo vio, o la dibujó un modelo? ¿De qué familia?"
        return f"<p>{say(lang, en, es)}</p>"
    known, exact, n = sum(knew(*j) for j in judged), sum(named(*j) for j in judged), len(judged)
    coin = plots.number(n / 2, lang)
    score = say(
        lang,
        f"{known} of {n} told apart (tossing a coin: about {coin}); {exact} of {n} with the right family.",
        f"{known} de {n} bien distinguidas (tirando una moneda: unas {coin}); {exact} de {n} con la familia "
        "correcta.",
    )
    found = f"<p><b>{verdict(*judged[-1], lang)}</b></p><p>{score}</p>"
    if n < ENOUGH:
        return found
    over = say(lang, "That was the last card.", "Esa era la última carta.") if n >= CARDS else ""
    return found + (f"<p>{over}</p>" if over else "") + fooled(judged, lang)


def verdict(card: Card, letter: str, lang: str) -> str:
    who = sheet.title(card.entry, lang)
    if card.real:
        was = say(lang, f"It was real ({who}).", f"Era real ({who}).")
    else:
        was = say(lang, f"{who} drew it.", f"La dibujó {who}.")
    if named(card, letter):
        return say(lang, "Right. ", "Correcto. ") + was
    if knew(card, letter):
        return say(lang, "Generated, yes. ", "Generada, sí. ") + was
    return say(lang, "No. ", "No. ") + was


def fooled(judged: list[tuple[Card, str]], lang: str) -> str:
    """By maker: how often it passed for the other side, and how often its family was found."""
    rows = []
    for entry in makers(judged):
        mine = [j for j in judged if j[0].entry == entry]
        off = sum(not knew(*j) for j in mine)
        rows.append([sheet.title(entry, lang), str(len(mine)), str(off), str(sum(named(*j) for j in mine))])
    head = ["", say(lang, "shown", "vistas"), say(lang, "fooled you", "te engañaron"),
            say(lang, "family found", "familia acertada")]  # fmt: skip
    return plots.table(head, rows)


def makers(judged: list[tuple[Card, str]]) -> list[Entry]:
    """Those that fooled most first; of real faces that is to be taken for generated ones."""
    found = {c.entry.name: c.entry for c, _ in judged}
    rate = {
        name: sum(not knew(*j) for j in judged if j[0].entry.name == name)
        / sum(c.entry.name == name for c, _ in judged)
        for name in found
    }
    return sorted(found.values(), key=lambda e: -rate[e.name])


def vote_code(votes: str, seed: int) -> str:
    """The last card that was judged, or a real face if none is: the next one's maker isn't told."""
    names = deck.makers(seed)
    k = min(len(votes), CARDS) - 1
    name, first = (names[k], deck.seed_of(names, k, seed)) if k >= 0 else (deck.REAL, seed)
    return (
        "from genmodels import families\n\n"
        f'entry = families.entry("{name}")  # the last card that was judged\n'
        f"x = families.last(families.load(entry)({first}, 1))\n"
        "print(entry.title, tuple(x.shape))  # (1, 3, 64, 64) in [-1, 1]\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("vote", "Vote blind", "Votar a ciegas") as view:
        with view.controls():
            buttons = []
            for letters in ("rx", "vqg", "fd"):
                with gr.Row():
                    buttons += [(gr.Button(t(*label(v)), min_width=80), v) for v in letters]
            with gr.Row():
                back = gr.Button(t("Undo", "Deshacer"), min_width=70)
                anew = gr.Button(t("New game", "Otra partida"), min_width=70)
            votes = kit.words("", t("Your votes so far", "Tus votos"), longest=CARDS)
            seed = kit.seed(3)
        with view.result():
            picture = plates.view()
            told = kit.html()
        view.run(vote, [votes, seed], [picture, told], ("Deal", "Repartir"), vote_code)
        add = "v => v.length < %d ? v + '%s' : v"
        for button, letter in buttons:
            button.click(None, votes, votes, js=f"({add % (CARDS, letter)})", **QUIET)
        back.click(None, votes, votes, js="(v => v.slice(0, -1))", **QUIET)
        anew.click(None, None, [votes, seed], js="() => ['', Math.floor(Math.random() * 1e6)]", **QUIET)
        seed.input(None, None, votes, js="() => ''", **QUIET)
        view.on([votes.change, seed.change], vote)


def label(letter: str) -> tuple[str, str]:
    """What stands on a button."""
    en, es = NAMES[letter]
    return en[:1].upper() + en[1:], es[:1].upper() + es[1:]
