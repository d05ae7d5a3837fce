"""Symmetric pixel creatures, 24 x 24, each indexed by its own palette of twelve colours.

A creature is a plan of parts (`creatures.py`); each part is a mask on the left half of the picture, shaded in
three tones from its own edges, outlined, and mirrored. Index 0 is transparent.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .creatures import PLANS, draw
from .easel import RAMPS, palette_of
from .luck import Dice

SIZE = 24
KINDS = tuple(PLANS)
COLOURS = tuple(RAMPS)
EYES = ("dots", "round", "big", "glowing", "one", "three")
PATTERNS = ("plain", "belly", "spots", "stripes", "freckles")
MOUTHS = ("none", "smile", "fangs", "teeth", "o")
EXTRAS = ("none", "horns", "antennae", "ears", "crown", "spikes")


@dataclass(frozen=True)
class Traits:
    kind: str  # one of KINDS: the body plan
    colour: str  # one of COLOURS: body
    accent: str  # one of COLOURS: wings, petals, plume, belly
    eyes: str  # one of EYES
    mouth: str  # one of MOUTHS
    pattern: str  # one of PATTERNS
    extra: str  # one of EXTRAS: what grows on the head
    wings: bool  # always for a bat or a bird
    tail: bool
    width: float  # [0, 1] narrow to wide
    height: float  # [0, 1] short to tall
    limbs: float  # [0, 1] short to long


@dataclass(frozen=True, eq=False)
class Sprite:
    indices: np.ndarray  # uint8 (24, 24), each below len(palette); 0 is transparent
    palette: np.ndarray  # uint8 (12, 3)
    kind: str  # one of KINDS
    traits: Traits


_USUAL = {  # what each plan may grow; everything else of EXTRAS would fight its silhouette
    "slime": ("none", "none", "horns", "antennae", "crown", "ears"),
    "bat": ("ears", "ears", "horns"),
    "golem": ("none", "horns", "spikes", "crown"),
    "ghost": ("none", "none", "horns", "crown", "ears"),
    "plant": ("none", "antennae"),
    "bug": ("antennae", "antennae", "horns"),
    "knight": ("horns", "crown", "spikes", "none"),
    "dragon": ("horns", "horns", "spikes", "ears"),
    "mushroom": ("none", "none", "antennae"),
    "octopus": ("none", "none", "horns", "crown"),
    "robot": ("antennae", "antennae", "ears", "none"),
    "bird": ("spikes", "crown", "none", "ears"),
    "beast": ("ears", "ears", "horns", "antennae"),
}
_WINGED = {
    "bat": 1.0,
    "bird": 1.0,
    "dragon": 0.75,
    "beast": 0.2,
    "bug": 0.35,
    "slime": 0.15,
    "ghost": 0.1,
}


def random_traits(seed: int) -> Traits:
    dice = Dice(seed, 16)
    kind = dice.pick(0, KINDS)
    colour = dice.pick(1, COLOURS)
    return Traits(
        kind=kind,
        colour=colour,
        accent=dice.pick(2, [c for c in COLOURS if c != colour]),
        eyes=dice.pick(3, EYES, (2, 4, 2.5, 1.4, 1.2, 0.7)),
        mouth=dice.pick(4, MOUTHS, (1.4, 3, 1.6, 1, 1)),
        pattern=dice.pick(5, PATTERNS),
        extra=dice.pick(6, _USUAL[kind]),
        wings=dice.chance(7, _WINGED.get(kind, 0.0)),
        tail=dice.chance(8, {"dragon": 0.8, "beast": 0.7}.get(kind, 0.0)),
        width=dice.unit(9),
        height=dice.unit(10),
        limbs=dice.unit(11),
    )


def sprite(traits: Traits) -> Sprite:
    return Sprite(draw(traits), palette_of(traits.colour, traits.accent), traits.kind, traits)


def random_sprite(seed: int) -> Sprite:
    """The creature of this seed, the same for ever."""
    return sprite(random_traits(seed))


def rgba(sprite: Sprite) -> np.ndarray:
    """uint8 (24, 24, 4); transparent where the index is 0."""
    out = np.empty((*sprite.indices.shape, 4), np.uint8)
    out[..., :3] = sprite.palette[sprite.indices]
    out[..., 3] = np.where(sprite.indices > 0, 255, 0)
    return out


def batch(seeds: Iterable[int]) -> tuple[np.ndarray, np.ndarray]:
    """Indices uint8 (N, 24, 24) and palettes uint8 (N, 12, 3)."""
    sprites = [random_sprite(seed) for seed in seeds]
    indices = np.zeros((len(sprites), SIZE, SIZE), np.uint8)
    palettes = np.zeros((len(sprites), 12, 3), np.uint8)
    for i, one in enumerate(sprites):
        indices[i], palettes[i] = one.indices, one.palette
    return indices, palettes
