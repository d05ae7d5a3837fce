"""Mini stories about animals, in English and Spanish, written by rule; and the rule that reads them again.

A story is an opening, an event, perhaps a trouble, help and some weather, and one ending, which is cheerful,
calm or sad. Every sentence is a template with slots, so `read` can say of any text which of its sentences are
of this little language, and of which kind. That makes a preference possible that can be stated and computed:
`score`, for short stories with a cheerful ending.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

LANGS = ("en", "es")
# kinds of a sentence: opening, event, trouble, help, filler; endings: cheerful, neutral, sad; "?" is none
ENDINGS, BROKEN = "CNS", "?"
LONGEST = 7  # sentences, the ending not counted
BOYS, GIRLS = ("Leo", "Nico", "Bruno", "Hugo", "Teo", "Max"), ("Ana", "Luna", "Lola", "Nora", "Vera", "Eva")


def heroes(size: dict[str, str]) -> tuple[str, ...]:
    """English: every adjective with every animal."""
    return tuple(
        f"{article} {adjective} {animal}" for adjective, article in size.items() for animal in ANIMALS
    )


ANIMALS = ("cat", "dog", "fox", "bear", "mouse", "rabbit", "frog", "duck", "horse", "owl", "pig", "goat")
ADJECTIVES = {
    "small": "a", "big": "a", "old": "an", "young": "a", "brave": "a", "shy": "a", "curious": "a",
    "hungry": "a", "clever": "a", "lazy": "a",
}  # fmt: skip
MALE = ("gato", "perro", "zorro", "oso", "ratón", "conejo", "caballo")
FEMALE = ("rana", "vaca", "oveja", "ardilla", "tortuga")
QUALITIES = (
    ("pequeño", "pequeña"), ("grande", "grande"), ("viejo", "vieja"), ("joven", "joven"),
    ("valiente", "valiente"), ("tímido", "tímida"), ("curioso", "curiosa"), ("hambriento", "hambrienta"),
    ("astuto", "astuta"), ("dormilón", "dormilona"),
)  # fmt: skip

SLOTS: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "N": BOYS + GIRLS,
        "hero": heroes(ADJECTIVES),
        "friend": tuple(f"{'an' if a == 'owl' else 'a'} {a}" for a in ANIMALS),
        "place": (
            "in the forest", "by the river", "on a hill", "near the sea", "under a bridge", "in a garden",
            "behind the mill", "in an old tree",
        ),
        "time": ("One day", "One morning", "One night", "One winter", "One Sunday"),
        "thing": (
            "a red ball", "a golden key", "a kite", "a cake", "a letter", "a drum", "a blue boat",
            "an apple", "a lamp", "an old map",
        ),
    },
    "es": {
        "N": BOYS + GIRLS,
        "hero": tuple(f"un {a} {q}" for a in MALE for q, _ in QUALITIES)
        + tuple(f"una {a} {q}" for a in FEMALE for _, q in QUALITIES),
        "friend": tuple(f"un {a}" for a in MALE) + tuple(f"una {a}" for a in FEMALE),
        "place": (
            "en el bosque", "junto al río", "en una colina", "cerca del mar", "bajo un puente",
            "en un jardín", "detrás del molino", "en un árbol viejo",
        ),
        "time": ("Un día", "Una mañana", "Una noche", "Un invierno", "Un domingo"),
        "thing": (
            "una pelota roja", "una llave de oro", "una cometa", "una torta", "una carta", "un tambor",
            "un barco azul", "una manzana", "una lámpara", "un mapa viejo",
        ),
    },
}  # fmt: skip

SENTENCES: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "O": (
            "{N} was {hero} who lived {place}.", "Once there was {hero} called {N}.",
            "{N}, {hero}, lived {place}.",
        ),
        "E": (
            "{time} {N} went out to look for {thing}.", "{time} {N} found {thing} on the road.",
            "{time} {N} wanted {thing} more than anything.", "{time} {friend} gave {N} {thing}.",
            "{time} {N} dreamed of {thing}.",
        ),
        "T": (
            "But the wind carried it away.", "But it was too heavy.", "Then it began to rain.",
            "But it fell into the water.", "But the way was long and dark.", "But a wolf was waiting there.",
            "Then everything broke.", "But nobody wanted to listen.",
        ),
        "H": (
            "{N} asked {friend} for help.", "Then {friend} came to help.", "{N} tried again and again.",
            "{N} sat down to think.", "{N} and {friend} worked all night.",
        ),
        "F": (
            "The sky was grey.", "It was very cold.", "The moon was bright.", "Far away a bell rang.",
            "The birds were singing.", "The house smelled of bread.", "Nobody was on the road.",
            "The trees were full of snow.",
        ),
        "C": (
            "Hooray, what a happy day!", "Everyone danced and sang!",
            "{N} laughed and ate cake with {friend}!",
            "And {N} was happy for ever.", "{N} hugged {friend} and smiled.",
            "They played together until the sun went down!", "What a wonderful party it was!",
        ),
        "N": (
            "Then {N} went home.", "{N} closed the door and slept.", "And that was all.",
            "The next day it was forgotten.", "{N} put it under the bed.",
        ),
        "S": (
            "{N} cried all night.", "{N} never saw it again.", "{N} went home alone and sad.",
            "It was too late, and nobody came.", "{N} lost everything that winter.",
            "{N} waited, but the friends did not come back.",
        ),
    },
    "es": {
        "O": (
            "{N} era {hero} que vivía {place}.", "Había una vez {hero} que se llamaba {N}.",
            "{N}, {hero}, vivía {place}.",
        ),
        "E": (
            "{time} {N} salió a buscar {thing}.", "{time} {N} encontró {thing} en el camino.",
            "{time} {N} quería {thing} más que nada.", "{time} {friend} le regaló {thing} a {N}.",
            "{time} {N} soñó con {thing}.",
        ),
        "T": (
            "Pero el viento se lo llevó todo.", "Pero pesaba demasiado.", "Entonces empezó a llover.",
            "Pero todo se cayó al agua.", "Pero el camino era largo y oscuro.",
            "Pero un lobo estaba esperando allí.", "Entonces todo se rompió.", "Pero nadie quería escuchar.",
        ),
        "H": (
            "{N} le pidió ayuda a {friend}.", "Entonces llegó {friend} a ayudar.",
            "{N} probó una y otra vez.", "{N} se sentó a pensar.", "{N} y {friend} trabajaron toda la noche.",
        ),
        "F": (
            "El cielo estaba gris.", "Hacía mucho frío.", "La luna brillaba.", "A lo lejos sonó una campana.",
            "Los pájaros cantaban.", "La casa olía a pan.", "No había nadie en el camino.",
            "Los árboles estaban llenos de nieve.",
        ),
        "C": (
            "¡Hurra, qué día tan feliz!", "¡Todos bailaron y cantaron!",
            "¡{N} cantó y comió torta con {friend}!",
            "Y {N} fue feliz para siempre.", "{N} abrazó a {friend} y sonrió.",
            "¡Jugaron hasta que se puso el sol!", "¡Qué fiesta tan maravillosa!",
        ),
        "N": (
            "Después {N} volvió a casa.", "{N} cerró la puerta y se durmió.", "Y eso fue todo.",
            "Al otro día ya se había olvidado.", "{N} se durmió sin decir nada.",
        ),
        "S": (
            "{N} lloró toda la noche.", "{N} nunca más lo volvió a ver.", "{N} volvió a casa con mucha pena.",
            "Era demasiado tarde, y nadie vino.", "{N} lo perdió todo aquel invierno.",
            "{N} esperó, pero los amigos no volvieron.",
        ),
    },
}  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """What the rule finds in a text."""

    sentences: tuple[str, ...]
    kinds: str  # one letter per sentence
    words: int
    repeated: int  # sentences said before
    finished: bool


# ---------------------------------------------------------------------------------------- writing


def plan(rng: np.random.Generator) -> str:
    """The kinds of the sentences of a story, its ending last. Help makes a cheerful ending likelier."""
    kinds = ["O", *filler(rng, 0.35), "E", *filler(rng, 0.3)]
    trouble = rng.random() < 0.65
    helped = trouble and rng.random() < 0.6
    kinds += ["T"] * trouble + filler(rng, 0.25) + ["H"] * helped
    while len(kinds) < LONGEST and rng.random() < 0.3:
        kinds += [("F", "E", "H")[rng.integers(3)]]
    cheerful = 0.45 if helped else 0.25
    return "".join([*kinds, rng.choice(list(ENDINGS), p=[cheerful, 0.3, 0.7 - cheerful])])


def filler(rng: np.random.Generator, chance: float) -> list[str]:
    return ["F"] * bool(rng.random() < chance)


def story(rng: np.random.Generator, lang: str) -> str:
    """One story. Its hero keeps the name of the first sentence; no sentence comes twice."""
    kinds, name, said = plan(rng), str(rng.choice(BOYS + GIRLS)), []
    for kind in kinds:
        while (sentence := fill(rng, lang, kind, name)) in said:
            pass
        said.append(sentence)
    return " ".join(said)


def fill(rng: np.random.Generator, lang: str, kind: str, name: str) -> str:
    """A sentence of a kind."""
    template = str(rng.choice(SENTENCES[lang][kind]))
    slots = {slot: str(rng.choice(words)) for slot, words in SLOTS[lang].items() if f"{{{slot}}}" in template}
    return template.format(**(slots | ({"N": name} if "N" in slots else {})))


def opening(rng: np.random.Generator, lang: str) -> str:
    """The first sentence of a story: what a writer is given."""
    return fill(rng, lang, "O", str(rng.choice(BOYS + GIRLS)))


# ---------------------------------------------------------------------------------------- reading


@cache
def patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """(kind, pattern) of all templates of both languages."""
    found = []
    for lang in LANGS:
        for kind, templates in SENTENCES[lang].items():
            found += [(kind, re.compile(pattern(template, lang))) for template in templates]
    return tuple(found)


def pattern(template: str, lang: str) -> str:
    parts = re.split(r"(\{\w+\})", template)
    return "".join(slot(part[1:-1], lang) if part.startswith("{") else re.escape(part) for part in parts)


def slot(name: str, lang: str) -> str:
    words = "|".join(map(re.escape, sorted(SLOTS[lang][name], key=len, reverse=True)))
    return f"(?P<{name}>{words})"


@cache
def kind_of(sentence: str) -> tuple[str, str]:
    """(kind, the name in it or "") of one sentence; ("?", "") if it is none of ours."""
    for kind, found in patterns():
        if match := found.fullmatch(sentence):
            return kind, match.groupdict().get("N", "")
    return BROKEN, ""


def split(text: str) -> list[str]:
    """The sentences of a text."""
    return re.findall(r"\S[^.!]*[.!]|\S[^.!]*$", text)


def read(text: str, finished: bool = True) -> Reading:
    """Every sentence by its kind. One that names another hero than the first does is broken, too."""
    sentences = tuple(s.strip() for s in split(text))
    found = [kind_of(s) for s in sentences]
    hero = next((name for _, name in found if name), "")
    kinds = "".join(BROKEN if name not in ("", hero) else kind for kind, name in found)
    repeated = len(sentences) - len(set(sentences))
    return Reading(sentences, kinds, len(re.findall(r"\w+", text)), repeated, finished)


# ---------------------------------------------------------------------------------------- the preference

CHEER = {"C": 2.0, "N": 0.0, "S": -2.0}
SHORT, HALF = 20, 20  # words that are short enough for a whole point; as many more cost it


def parts(reading: Reading) -> dict[str, float]:
    """The points of the rule, term by term.

    An ending is cheerful (2), calm (0), sad (-2), or missing (-2). Short is 1 point up to 20 words, and 1
    less for each 20 more. A story is one when something happens in it (else -2), it has one ending and that
    comes last, no sentence comes twice, and every sentence is one (each fault: -1).
    """
    kinds, last = reading.kinds, reading.kinds[-1:]
    endings = sum(kinds.count(k) for k in ENDINGS)
    disorder = sum(a in ENDINGS and b not in ENDINGS for a, b in pairwise(kinds)) + kinds[1:].count("O")
    return {
        "cheer": CHEER.get(last, -2.0),
        "short": 1 - max(0, reading.words - SHORT) / HALF,
        "plot": 0.0 if "E" in kinds else -2.0,
        "endings": -float(max(0, endings - 1) + disorder + (not reading.finished)),
        "repeated": -float(reading.repeated),
        "broken": -float(kinds.count(BROKEN)),
    }


def score(text: str, finished: bool = True) -> float:
    """What the stated preference gives a story: 3 at best, below 0 for what nobody would want."""
    return sum(parts(read(text, finished)).values())


# ---------------------------------------------------------------------------------------- counted


def variety(texts: Sequence[str]) -> float:
    """Sentences after the first, as if so many were equally used: a perplexity. Names are left out."""
    names = BOYS + GIRLS
    count: Counter[str] = Counter()
    for text in texts:
        for sentence in read(text).sentences[1:]:
            count[" ".join("N" if w.strip(".,!¡") in names else w for w in sentence.split())] += 1
    total = sum(count.values())
    return math.exp(-sum(n / total * math.log(n / total) for n in count.values())) if total else 0.0


def traits(text: str) -> dict[str, float]:
    """What a reader may like or not in a story: yes is 1, counts are counts, words are tens from 30 on."""
    found = read(text)
    kinds = found.kinds
    return {
        "cheerful": float(kinds.endswith("C")),
        "sad": float(kinds.endswith("S")),
        "words": (found.words - 30) / 10,
        "exclaims": float(text.count("!")),
        "trouble": float("T" in kinds),
        "help": float("H" in kinds),
        "weather": float(kinds.count("F")),
        "faults": float(kinds.count(BROKEN) + found.repeated),
    }
