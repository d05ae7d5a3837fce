"""What a procedural picture shows, in a sentence, in English or in the Spanish of the Rio de la Plata.

`caption(face)` names what can be seen and leaves some of it out, differently for each face: always the
person, hair, glasses, beard, hat; often the expression; sometimes clothes, earrings, eyes, background. Words
agree with their noun in both languages; where the presentation is in between, the noun is neutral.
"""

from typing import Literal
from zlib import crc32

from . import words
from .faces import Face, vector
from .luck import Dice
from .sprites import Sprite, Traits

Lang = Literal["en", "es"]


def caption(face: Face, lang: Lang = "en") -> str:
    """The same face always gets the same sentence."""
    return _en_face(face, _dice(face)) if _checked(lang) == "en" else _es_face(face, _dice(face))


def sprite_caption(sprite: Sprite, lang: Lang = "en") -> str:
    """For example "a green winged dragon with horns and a tail"."""
    return _en_sprite(sprite) if _checked(lang) == "en" else _es_sprite(sprite)


def points_caption(name: str, lang: Lang = "en") -> str:
    """A density of `points`, or "drawn"."""
    if name not in words.POINTS:
        raise ValueError(f"density {name!r}: expected one of {', '.join(words.POINTS)}")
    return words.POINTS[name][_checked(lang) == "es"]


def _checked(lang: str) -> str:
    if lang not in ("en", "es"):
        raise ValueError(f"language {lang!r}: expected 'en' or 'es'")
    return lang


def _dice(face: Face) -> Dice:
    return Dice(crc32(vector(face).tobytes()), 8)


def _listed(items: list[str], last: str) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}"


def _a(phrase: str) -> str:
    return ("an " if phrase[0] in "aeiou" else "a ") + phrase


# ---- what is worth saying about a face, the same in both languages


def _who(face: Face) -> tuple[str, str]:
    """Gender of the noun (f, m or neutral) and age group."""
    gender = "f" if face.presentation < 0.42 else "m" if face.presentation > 0.58 else "n"
    ages = ((0.18, "child"), (0.4, "young"), (0.68, "adult"), (2.0, "old"))
    return gender, next(name for limit, name in ages if face.age < limit)


def _mood(face: Face) -> str:
    moods = ((-0.45, "sad"), (-0.1, "serious"), (0.25, "calm"), (0.65, "smiling"), (2.0, "laughing"))
    return next(name for limit, name in moods if face.smile < limit)


def _hair_colour(face: Face) -> str:
    if face.hair_colour != "dyed":
        return face.hair_colour
    dyes = ((0.22, "pink"), (0.62, "purple"), (0.85, "blue"), (2.0, "turquoise"))
    return next(name for limit, name in dyes if face.hair_shade < limit)


def _hair_style(face: Face) -> str:
    """A hat hides what stands up."""
    hidden = {"mohawk": "buzz", "quiff": "short", "bun": "under", "balding": "buzz"}
    return hidden.get(face.hair_style, face.hair_style) if face.hat != "none" else face.hair_style


def _details(face: Face, dice: Dice) -> list[tuple[str, str]]:
    """(attribute, value) of what the sentence mentions after the hair."""
    out = [("beard", face.beard), ("glasses", face.glasses)]
    if dice.chance(0, 0.5):
        out.append(("earrings", face.earrings))
    if face.freckles and dice.chance(1, 0.7):
        out.append(("freckles", "yes"))
    if face.glasses != "sunglasses" and dice.chance(2, 0.25):
        out.append(("eyes", face.eye_colour))
    return [(name, value) for name, value in out if value != "none"]


# ---- English


def _en_face(face: Face, dice: Dice) -> str:
    gender, age = _who(face)
    mood = _mood(face)
    noun = words.EN_PERSON[gender][age]
    adjective = "" if mood == "calm" or dice.chance(3, 0.15) else words.EN_MOOD[mood] + " "
    colour = _hair_colour(face)
    listed = [words.EN_HAIR[_hair_style(face)].format(c=colour, a_c=_a(colour))]
    listed += [words.EN_DETAIL[name][value] for name, value in _details(face, dice)]
    text = f"{_a(adjective + noun)} with {_listed(listed, 'and')}"
    worn = []
    if face.hat != "none":
        worn.append(words.EN_HAT[face.hat].format(a_c=_a(words.EN_CLOTH[face.accent])))
    if dice.chance(4, 0.4):
        clothes, accent = words.EN_CLOTH[face.clothes_colour], words.EN_CLOTH[face.accent]
        worn.append(words.EN_CLOTHES[face.clothes].format(a_c=_a(clothes), c=clothes, d=accent))
    if worn:
        text += f", wearing {_listed(worn, 'and')}"
    if dice.chance(5, 0.25):
        text += f", on {_a(words.EN_GROUND[face.background])} background"
    return text


def _accent_shows(traits: Traits) -> bool:
    """A plain slime or ghost has no second colour on its body."""
    return traits.kind not in ("slime", "ghost") or traits.pattern != "plain"


def _en_sprite(sprite: Sprite) -> str:
    t = sprite.traits
    adjectives = words.EN_RAMP[t.colour] + (" winged" if t.wings and t.kind not in ("bat", "bird") else "")
    text = _a(f"{adjectives} {t.kind}")
    listed = [words.EN_EYES[t.eyes]] if t.eyes in words.seen_eyes(t.kind) else []
    listed += [words.EN_EXTRA[t.extra]] if t.extra != "none" else []
    listed += ["a tail"] if t.tail else []
    part = f"{words.EN_RAMP[t.accent]} {words.EN_ACCENT[t.kind]}"
    listed += [part if part.endswith("s") else _a(part)] if _accent_shows(t) else []
    return f"{text} with {_listed(listed, 'and')}" if listed else text


# ---- Spanish


def _agree(word: str | tuple[str, ...], form: str) -> str:
    """A word of one form, or (masculine, feminine, masculine plural, feminine plural)."""
    return word if isinstance(word, str) else word[("m", "f", "mp", "fp").index(form)]


def _es_face(face: Face, dice: Dice) -> str:
    gender, age = _who(face)
    noun, form = words.ES_PERSON[gender][age]
    mood = _mood(face)
    adjective = "" if mood == "calm" or dice.chance(3, 0.15) else " " + _agree(words.ES_MOOD[mood], form)
    text = f"{'una' if form == 'f' else 'un'} {noun}{adjective} {_es_features(face, dice)}"
    if dice.chance(4, 0.4):
        text += f", {'vestida' if form == 'f' else 'vestido'} con {_es_clothes(face)}"
    if dice.chance(5, 0.25):
        text += f", sobre un fondo {words.ES_GROUND[face.background]}"
    return text


def _es_features(face: Face, dice: Dice) -> str:
    """Hair and details; "con trenzas rubias, anteojos y pecas", "de pelo corto y rubio, con barba"."""
    colour = words.ES_HAIR_COLOUR[_hair_colour(face)]
    forms = {form: _agree(colour, form) for form in ("m", "f", "mp", "fp")}
    hair = words.ES_HAIR[_hair_style(face)].format(**forms)
    details = [words.ES_DETAIL[name][value] for name, value in _details(face, dice)]
    if face.hat != "none":
        hat, form = words.ES_HAT[face.hat]
        details.append(f"{hat} {_agree(words.ES_CLOTH[face.accent], form)}")
    if not details:
        return hair
    if hair.startswith("con "):
        return _listed([hair, *details], "y")
    return f"{hair}, con {_listed(details, 'y')}"


def _es_clothes(face: Face) -> str:
    clothes, form = words.ES_CLOTHES[face.clothes]
    colour, accent = (words.ES_CLOTH[c] for c in (face.clothes_colour, face.accent))
    return clothes.format(c=_agree(colour, form), d=_agree(accent, "m"))


def _es_sprite(sprite: Sprite) -> str:
    t = sprite.traits
    noun, form = words.ES_KIND[t.kind]
    text = f"{'una' if form == 'f' else 'un'} {noun} {_agree(words.ES_RAMP[t.colour], form)}"
    if t.wings and t.kind not in ("bat", "bird"):
        text += " y " + ("alada" if form == "f" else "alado")
    listed = [words.ES_EYES[t.eyes]] if t.eyes in words.seen_eyes(t.kind) else []
    listed += [words.ES_EXTRA[t.extra]] if t.extra != "none" else []
    listed += ["cola"] if t.tail else []
    part, part_form = words.ES_ACCENT[t.kind]
    listed += [f"{part} {_agree(words.ES_RAMP[t.accent], part_form)}"] if _accent_shows(t) else []
    return f"{text}, con {_listed(listed, 'y')}" if listed else text
