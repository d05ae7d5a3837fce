"""Portraits with every attribute known: the CelebA of this project.

`random_face(seed)` draws a person, `paint(face)` the portrait, `vector(face)` says what is in it as numbers.
Faces are frozen: change one with `dataclasses.replace(face, smile=1.0)`.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .luck import Dice
from .portrait.body import BACKDROPS, CLOTHES
from .portrait.colours import BACKGROUND, CLOTH, EYES, HAIR
from .portrait.extras import EARRINGS, GLASSES, HATS
from .portrait.hair import HAIR_STYLES
from .portrait.painter import paint as _paint

HAIR_COLOURS = tuple(HAIR)
EYE_COLOURS = tuple(EYES)
BEARDS = ("none", "stubble", "moustache", "full")
CLOTH_COLOURS = tuple(CLOTH)
BACKGROUNDS = tuple(BACKGROUND)


@dataclass(frozen=True)
class Face:
    skin: float = 0.3  # [0, 1] light to dark
    presentation: float = 0.5  # [0, 1] feminine to masculine: jaw, neck, brows, lashes, lips
    age: float = 0.35  # [0, 1] a child of six to a person of ninety; wrinkles from 0.45
    face_width: float = 0.0  # [-1, 1] long and narrow to short and wide
    jaw: float = 0.0  # [-1, 1] pointed to square
    hair_style: str = "bob"  # one of HAIR_STYLES
    hair_colour: str = "brown"  # one of HAIR_COLOURS
    hair_shade: float = 0.5  # [0, 1] dark to light within the colour; for dyed: pink, violet, teal
    hair_volume: float = 0.5  # [0, 1] flat to full
    parting: float = 0.3  # [-1, 1] where the hair parts, left to right; also the side of a tail or a beret
    eye_colour: str = "brown"  # one of EYE_COLOURS
    eye_size: float = 0.5  # [0, 1]
    eye_open: float = 0.7  # [0, 1] sleepy to wide
    eye_slant: float = 0.0  # [-1, 1] outer corner down to up
    eye_gap: float = 0.0  # [-1, 1] close to far apart
    gaze: float = 0.0  # [-1, 1] looking left to right
    brow_thickness: float = 0.5  # [0, 1]
    brow_angle: float = 0.0  # [-1, 1] worried to stern
    nose: float = 0.5  # [0, 1] small to large
    lips: float = 0.5  # [0, 1] thin to full
    smile: float = 0.3  # [-1, 1] frown to open laugh; teeth from 0.3
    blush: float = 0.4  # [0, 1]
    freckles: bool = False
    beard: str = "none"  # one of BEARDS
    glasses: str = "none"  # one of GLASSES
    hat: str = "none"  # one of HATS
    earrings: str = "none"  # one of EARRINGS
    clothes: str = "crew"  # one of CLOTHES
    clothes_colour: str = "tomato"  # one of CLOTH_COLOURS
    accent: str = "cream"  # one of CLOTH_COLOURS: hat, ties, drops, second colour of the clothes
    background: str = "sky"  # one of BACKGROUNDS
    backdrop: str = "plain"  # one of BACKDROPS
    turn: float = 0.0  # [-1, 1] head turned to the left or right of the picture
    tilt: float = 0.0  # [-1, 1] head tilted to the left or right
    light: float = 0.5  # [-1, 1] light from the left or right


SIGNED = (
    "face_width",
    "jaw",
    "parting",
    "eye_slant",
    "eye_gap",
    "gaze",
    "brow_angle",
    "smile",
    "turn",
    "tilt",
    "light",
)
UNSIGNED = (
    "skin", "presentation", "age", "hair_shade", "hair_volume", "eye_size", "eye_open", "brow_thickness",
    "nose", "lips", "blush",
)  # fmt: skip
CHOICES = {
    "hair_style": HAIR_STYLES,
    "hair_colour": HAIR_COLOURS,
    "eye_colour": EYE_COLOURS,
    "beard": BEARDS,
    "glasses": GLASSES,
    "hat": HATS,
    "earrings": EARRINGS,
    "clothes": CLOTHES,
    "clothes_colour": CLOTH_COLOURS,
    "accent": CLOTH_COLOURS,
    "background": BACKGROUNDS,
    "backdrop": BACKDROPS,
}


def paint(face: Face, size: int = 64, oversample: int = 4) -> np.ndarray:
    """uint8 (size, size, 3), drawn `oversample` times larger and averaged down."""
    validate(face)
    if not (8 <= size <= 1024 and 1 <= oversample <= 8):
        raise ValueError(f"size = {size}, oversample = {oversample}: expected 8 to 1024 and 1 to 8")
    return _paint(face, size, oversample)


# ---- drawing a person at random

_STYLE_WEIGHTS = {  # feminine, masculine: overlapping on purpose
    "bald": (0.4, 2.2),
    "balding": (0.1, 1.2),
    "buzz": (0.8, 2.6),
    "short": (1.6, 3.0),
    "quiff": (0.7, 2.6),
    "side_part": (1.4, 2.8),
    "mohawk": (0.7, 1.2),
    "curly": (2.2, 2.0),
    "afro": (1.8, 1.5),
    "fringe": (2.2, 1.0),
    "bob": (2.6, 0.8),
    "long_straight": (2.6, 1.1),
    "long_wavy": (2.8, 0.9),
    "bun": (2.2, 1.0),
    "ponytail": (2.2, 0.8),
    "braids": (2.2, 0.5),
}
_TOO_CLOSE = {  # cloths that vanish into a background
    "peach": ("cream", "rose"),
    "butter": ("mustard", "cream"),
    "sage": ("olive", "forest"),
    "mint": ("teal",),
    "sky": ("sky",),
    "lilac": ("lavender",),
    "rose": ("rose",),
    "sand": ("cream",),
    "terracotta": ("tomato", "rose"),
    "lagoon": ("teal", "forest"),
    "slate": ("sky", "lavender", "charcoal"),
    "dusk": ("navy", "plum", "charcoal"),
}


def _hair(dice: Dice, presentation: float, age: float, skin: float) -> tuple[str, str]:
    m = presentation
    weights = [f * (1 - m) + g * m for f, g in (_STYLE_WEIGHTS[s] for s in HAIR_STYLES)]
    if age < 0.25:
        weights = [0.0 if s in ("bald", "balding") else w for s, w in zip(HAIR_STYLES, weights, strict=True)]
    grey = 0.2 if age < 0.25 else 0.4 if age < 0.6 else 3.0
    fair = 1.5 - 0.9 * skin
    colours = (2.0 + skin, 2.2, 1.9 * fair, 1.5 * fair, grey, 1.1 if age > 0.15 else 0.4)
    return dice.pick(1, HAIR_STYLES, weights), dice.pick(2, HAIR_COLOURS, colours)


def _wardrobe(dice: Dice) -> dict:
    background = dice.pick(3, BACKGROUNDS)
    cloths = [c for c in CLOTH_COLOURS if c not in _TOO_CLOSE[background]]
    clothes_colour = dice.pick(4, cloths)
    return {
        "background": background,
        "backdrop": dice.pick(5, BACKDROPS),
        "clothes": dice.pick(6, CLOTHES),
        "clothes_colour": clothes_colour,
        "accent": dice.pick(7, [c for c in cloths if c != clothes_colour]),
        "hat": dice.pick(8, HATS, (7.4, 0.75, 0.65, 0.6, 0.6)),
    }


def _grooming(dice: Dice, presentation: float, age: float) -> dict:
    bearded = presentation > 0.5 and age > 0.22 and dice.chance(9, 0.58)
    return {
        "beard": dice.pick(10, BEARDS[1:], (1, 1, 1.4)) if bearded else "none",
        "glasses": dice.pick(11, GLASSES, (6.2 - 1.2 * (age > 0.6), 1.3, 1.3, 0.9)),
        "earrings": dice.pick(12, EARRINGS[1:]) if dice.chance(13, 0.62 - 0.47 * presentation) else "none",
        "freckles": dice.chance(14, 0.24 if age < 0.6 else 0.1),
    }


def _features(dice: Dice) -> dict:
    return {
        "face_width": dice.signed(15),
        "jaw": dice.signed(16),
        "hair_shade": dice.unit(17),
        "hair_volume": dice.unit(18),
        "parting": dice.signed(19),
        "eye_colour": dice.pick(20, EYE_COLOURS),
        "eye_size": dice.unit(21),
        "eye_open": dice.unit(22) ** 0.6,
        "eye_slant": dice.signed(23),
        "eye_gap": dice.signed(24),
        "gaze": dice.signed(25) * 0.8,
        "brow_angle": (dice.signed(26) + dice.signed(27)) / 2,
        "nose": dice.unit(28),
        "lips": dice.unit(29),
        "smile": 2 * dice.unit(30) ** 0.45 - 1,
        "blush": dice.unit(31),
        "turn": (dice.signed(32) + dice.signed(33)) / 2 * 1.4,
        "tilt": (dice.signed(34) + dice.signed(35)) / 2,
        "light": dice.signed(36),
    }


def random_face(seed: int) -> Face:
    """The person of this seed: grey comes with age, beards with presentation; the rest is independent."""
    dice = Dice(seed, 48)
    lean = dice.signed(37)
    presentation = 0.5 + 0.5 * math.copysign(abs(lean) ** 0.6, lean)
    age, skin = dice.unit(38), dice.unit(39)
    style, colour = _hair(dice, presentation, age, skin)
    features = _features(dice)
    features["turn"] = min(1.0, max(-1.0, features["turn"]))
    return Face(
        skin=skin,
        presentation=presentation,
        age=age,
        hair_style=style,
        hair_colour=colour,
        brow_thickness=min(1.0, max(0.0, 0.2 + 0.25 * presentation + 0.6 * (dice.unit(40) - 0.2))),
        **features,
        **_grooming(dice, presentation, age),
        **_wardrobe(dice),
    )


# ---- a face as numbers

_ANY = ("beard", "glasses", "hat", "earrings")
_EXPANDED = {"hair_colour": "hair", "hair_style": "style", "eye_colour": "eyes", "clothes_colour": "cloth"}
ATTRIBUTES: tuple[str, ...] = (
    *SIGNED,
    *UNSIGNED,
    "freckles",
    *_ANY,
    *(
        f"{_EXPANDED.get(name, name)}_{choice}"
        for name, choices in CHOICES.items()
        for choice in choices
        if choice != "none"
    ),
)
_PLACE = {name: i for i, name in enumerate(ATTRIBUTES)}


def vector(face: Face) -> np.ndarray:
    """float32 (A,), named by ATTRIBUTES: floats as they are, categories as 0 or 1
    (`hair_blond`, `glasses_round`), and `beard`, `glasses`, `hat`, `earrings` 1 for any kind."""
    out = np.zeros(len(ATTRIBUTES), np.float32)
    out[: len(SIGNED)] = [getattr(face, name) for name in SIGNED]
    out[len(SIGNED) : len(SIGNED) + len(UNSIGNED)] = [getattr(face, name) for name in UNSIGNED]
    out[_PLACE["freckles"]] = face.freckles
    for name in _ANY:
        out[_PLACE[name]] = getattr(face, name) != "none"
    for name in CHOICES:
        place = _PLACE.get(f"{_EXPANDED.get(name, name)}_{getattr(face, name)}")
        if place is not None:
            out[place] = 1
    return out


def validate(face: Face) -> None:
    """ValueError, with the numbers, for anything outside its range (NaN is outside every range)."""
    for names, low in ((SIGNED, -1.0), (UNSIGNED, 0.0)):
        for name in names:
            value = getattr(face, name)
            if not low <= value <= 1.0:
                raise ValueError(f"{name} = {value}: expected a number in [{low:g}, 1]")
    for name, choices in CHOICES.items():
        if getattr(face, name) not in choices:
            raise ValueError(f"{name} = {getattr(face, name)!r}: expected one of {', '.join(choices)}")


def batch(seeds: Iterable[int], size: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 (N, size, size, 3) and attributes float32 (N, A)."""
    faces = [random_face(seed) for seed in seeds]
    images = np.zeros((len(faces), size, size, 3), np.uint8)
    vectors = np.zeros((len(faces), len(ATTRIBUTES)), np.float32)
    for i, face in enumerate(faces):
        images[i], vectors[i] = _paint(face, size), vector(face)
    return images, vectors
