"""Pixel art of 24 x 24 pixels and at most sixteen colours, each picture with its own palette.

Monsters and items come from the CC0 tiles of Dungeon Crawl Stone Soup (32 x 32, any number of colours),
fitted here; characters are its paper dolls, dressed at random; creatures are ours (`sprites.py`). Index 0 is
transparent and row 0 of a palette is its place; the other rows go from dark to light (`palettes.py`).

A picture that is too large is not blurred down. For monsters and characters whole rows and columns are left
out, those most like their neighbours, so every pixel left is one the artist drew. Items have long diagonals,
which that would break into steps, so they are averaged.
"""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from . import readers, sprites
from .palettes import quantise_all

SIZE, ROWS = 24, 16
KINDS = ("monster", "item", "creature", "character")
KIND_NAMES = {
    "monster": ("Monster", "Monstruo"),
    "item": ("Item", "Objeto"),
    "creature": ("Creature", "Criatura"),
    "character": ("Character", "Personaje"),
}


class Tiles(NamedTuple):
    indices: np.ndarray  # uint8 (N, 24, 24), below `colours`; 0 is transparent
    palettes: np.ndarray  # uint8 (N, 16, 3), zero from row `colours` on
    colours: np.ndarray  # uint8 (N,), rows of the palette in use, the transparent one among them
    kind: np.ndarray  # uint8 (N,), place in KINDS
    names: list[str]
    split: np.ndarray  # uint8 (N,), 1 is held out


def dataset(path: str | Path | None = None, cache: str | Path | None = None) -> Tiles:
    """The monsters and items. `path` is as in readers.find; `cache` is a folder to keep the result in."""
    kept = Path(cache) / "tiles.npz" if cache else None
    if kept and kept.exists():
        with np.load(kept, allow_pickle=False) as held:
            fields = {k: held[k] for k in Tiles._fields}
        return Tiles(**fields | {"names": fields["names"].tolist()})
    tiles = _fit_all(readers.dcss(path))
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(kept, **tiles._asdict())
    return tiles


def creatures(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Creatures `seed` to `seed + n - 1` of sprites.py: indices, palettes, colours as in Tiles."""
    made = [sprites.rgba(sprites.random_sprite(seed + i)) for i in range(n)]
    return quantise_all(np.stack(made), ROWS)


def rgba(indices: np.ndarray, palettes: np.ndarray) -> np.ndarray:
    """uint8 (..., H, W, 4) of indices (..., H, W) and palettes (..., rows, 3)."""
    flat = indices.reshape(*indices.shape[:-2], -1, 1).astype(int)
    rgb = np.take_along_axis(palettes, flat, -2).reshape(*indices.shape, 3)
    return np.concatenate([rgb, np.where(indices > 0, 255, 0)[..., None].astype(np.uint8)], -1)


def sheet(
    indices: np.ndarray, palettes: np.ndarray, columns: int = 8, zoom: int = 4, ground: int = 78
) -> np.ndarray:
    """uint8 (H, W, 3): the pictures (N, 24, 24) in rows, to look at."""
    pictures = rgba(indices, palettes)
    pictures = np.where(pictures[..., 3:] > 0, pictures[..., :3], np.uint8(ground))
    pictures = np.pad(
        pictures, ((0, -len(pictures) % columns), (1, 1), (1, 1), (0, 0)), constant_values=ground
    )
    n, h, w, _ = pictures.shape
    rows = pictures.reshape(-1, columns, h, w, 3).transpose(0, 2, 1, 3, 4)
    return rows.reshape(-1, columns * w, 3).repeat(zoom, 0).repeat(zoom, 1)


# ---- fitting


def _fit_all(tiles: dict[str, np.ndarray]) -> Tiles:
    names = [str(name).removesuffix(".png") for name in tiles["names"]]
    chosen = [(i, kind) for i, name in enumerate(names) if (kind := _kind(name)) is not None]
    pictures, kept, seen = [], [], set()
    for i, kind in chosen:
        picture = fit(tiles["images"][i], smooth=KINDS[kind] == "item")
        if (picture[..., 3] > 0).sum() >= 40 and picture.tobytes() not in seen:  # smaller ones show nothing
            seen.add(picture.tobytes())
            pictures.append(picture)
            kept.append((i, kind))
    indices, palettes, colours = quantise_all(np.stack(pictures), ROWS)
    labels = [names[i] for i, _ in kept]
    split = _split(labels, indices)
    return Tiles(indices, palettes, colours, np.array([k for _, k in kept], np.uint8), labels, split)


_PICTURES = (  # folders whose tiles are pictures of one thing
    ("monster", re.compile(r"(dc-mon|mon|UNUSED/monsters)(/|$)")),
    ("item", re.compile(r"(item|UNUSED/(weapons|armour))(/|$)")),
)
# pieces of larger things, marks laid over others, and layers that need another below
_NO_PICTURES = re.compile(r"(^|/)(i-|overlay_|draco-job|brands|chunk_brands|tentacles|test_spawner)")


def _kind(name: str) -> int | None:
    if _NO_PICTURES.search(name):
        return None
    return next((KINDS.index(kind) for kind, folder in _PICTURES if folder.match(name)), None)


def fit(picture: np.ndarray, smooth: bool = False) -> np.ndarray:
    """A picture uint8 (H, W, 4) at 24 x 24, alpha 0 or 255: in the middle, on the lowest row, without the
    black shadow it throws. It is made smaller if it must be, by averaging (`smooth`) or by leaving out rows
    and columns, and never larger."""
    picture = _crop(without_shadow(_crop(picture)))
    h, w = picture.shape[:2]
    larger = max(h, w)
    if larger > SIZE:
        h, w = (max(1, round(side * SIZE / larger)) for side in (h, w))
        if smooth:
            picture = _average(picture, h, w)
        else:
            picture = _thin(_thin(picture, h).swapaxes(0, 1), w).swapaxes(0, 1)
        picture = _crop(picture)
        h, w = picture.shape[:2]
    out = np.zeros((SIZE, SIZE, 4), np.uint8)
    left = (SIZE - w) // 2
    out[SIZE - h :, left : left + w] = picture
    out[out[..., 3] < 128] = 0
    out[out[..., 3] > 0, 3] = 255
    return out


def _crop(picture: np.ndarray) -> np.ndarray:
    solid = picture[..., 3] >= 128
    if not solid.any():
        return picture[:1, :1]
    rows, columns = (np.flatnonzero(solid.any(axis)) for axis in (1, 0))
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _average(picture: np.ndarray, h: int, w: int) -> np.ndarray:
    """By area, with colours weighted by alpha."""
    return np.asarray(
        Image.fromarray(picture).convert("RGBa").resize((w, h), Image.BOX).convert("RGBA")
    ).copy()


def _thin(picture: np.ndarray, rows: int) -> np.ndarray:
    """Leave out the rows that differ least from the row above or below, no two of them close together."""
    n = len(picture)
    if n <= rows:
        return picture
    out, apart = n - rows, max(2, n // (n - rows) - 1)
    seen = picture[..., :3] * (picture[..., 3:] / 255)
    seen = np.concatenate([seen, picture[..., 3:]], -1)
    step = np.abs(np.diff(seen, axis=0)).sum((1, 2))
    cost = np.minimum(np.append(step, np.inf), np.insert(step, 0, np.inf)).tolist()
    best = [[0.0] * (n + 1)]  # best[j][i]: least cost of leaving out j of the first i rows
    for j in range(1, out + 1):
        line = [float("inf")] * (n + 1)
        for i in range(1, n + 1):
            before = best[j - 1][max(i - apart, 0)] if i >= apart or j == 1 else float("inf")
            line[i] = min(line[i - 1], before + cost[i - 1])
        best.append(line)
    left_out, i = [], n
    for j in range(out, 0, -1):
        while best[j][i - 1] == best[j][i]:
            i -= 1
        left_out.append(i - 1)
        i = max(i - apart, 0)
    return np.delete(picture, left_out, 0)


def without_shadow(picture: np.ndarray) -> np.ndarray:
    """The tiles throw a black shadow to the lower right, as solid as they are. What is black, at least two
    pixels thick and reached from outside is taken for one, but for a black outline next to a colour.
    A picture that would lose almost half of itself is a black thing, and stays."""
    picture = np.pad(picture, ((2, 2), (2, 2), (0, 0)))
    solid = picture[..., 3] >= 128
    black = solid & (picture[..., :3].max(-1) <= 8)
    thick = black & _near(black & _shift(black, 0, 1) & _shift(black, 1, 0) & _shift(black, 1, 1), _SQUARE)
    shadow = thick & (_shift(~solid, 0, 1) | _shift(~solid, 1, 0))
    while (more := thick & _near(shadow, _CROSS) & ~shadow).any():
        shadow |= more
    shadow &= ~_near(solid & ~black, _CROSS)
    for _ in range(3):  # thin remains of it that no colour touches
        shadow |= black & _near(shadow | ~solid, _CROSS) & ~_near(solid & ~black, _AROUND)
    if 3 <= shadow.sum() <= 0.45 * solid.sum():
        picture = np.where(shadow[..., None], np.uint8(0), picture)
        solid = picture[..., 3] >= 128
        picture[solid & ~_near(solid, _AROUND[1:])] = 0  # a pixel all alone
    return picture[2:-2, 2:-2]


_CROSS = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))
_SQUARE = ((0, 0), (0, -1), (-1, 0), (-1, -1))
_AROUND = (*_CROSS, (1, 1), (1, -1), (-1, 1), (-1, -1))


def _shift(mask: np.ndarray, dy: int, dx: int) -> np.ndarray:
    """What lies dy below and dx to the right of each pixel (the border is empty, so rolling is safe)."""
    return np.roll(mask, (-dy, -dx), (0, 1))


def _near(mask: np.ndarray, steps: Iterable[tuple[int, int]]) -> np.ndarray:
    out = np.zeros_like(mask)
    for dy, dx in steps:
        out |= _shift(mask, dy, dx)
    return out


# ---- held out


def stem(name: str) -> str:
    """What near-duplicates have in common: the file's name without numbers, versions and states."""
    words = [re.sub(r"\d+$", "", word) for word in name.split("/")[-1].split("_")]
    words = [word for word in words if word not in ("", "new", "old", "water", "inert")]
    return "_".join(words) or name.split("/")[-2]


def _split(names: list[str], indices: np.ndarray) -> np.ndarray:
    """One tenth held out, by a hash. Pictures with the same stem or the same outline (the same thing in other
    colours) fall on the same side."""
    stems = [stem(name) for name in names]
    group = {one: one for one in stems}

    def find(one: str) -> str:
        while group[one] != one:
            one = group[one]
        return one

    first: dict[bytes, str] = {}
    for one, picture in zip(stems, indices, strict=True):
        a, b = sorted((find(one), find(first.setdefault((picture > 0).tobytes(), one))))
        group[b] = a
    return np.array([hashlib.sha256(find(one).encode()).digest()[0] < 26 for one in stems], np.uint8)


# ---- characters

# What a doll may wear, in the order of painting: the chance of it, and what in its folder does not fit
_LAYERS = (
    ("cloak", 0.35, "$^"),
    ("base", 1.0, "centaur|naga|octopode|formicid|shadow|gargoyle|tengu_winged|spriggan|minotaur|lorc_.[56]"),
    ("boots", 0.75, "hooves|pj|spider"),
    ("legs", 0.9, "belt|bikini|chunli|garter|loin|pj"),
    (
        "body",
        1.0,
        "animal|belt|bikini|bloody|breast|china|chunli|jacket_stud|leather_metal|mesh|neck|pj|shoulder|slit|susp",
    ),
    ("gloves", 0.5, "claws"),
    ("hair", 0.75, "djinn|pj|tengu"),
    ("head", 0.55, "cheek|eternal|etheric"),
    ("hand1", 0.85, "bladehands|box|deck|disc|fire|head|light|spark|stone"),
    ("hand2", 0.6, "bladehands|fire|light|spark"),
)
# The common frame. The rows and columns of the 32 x 32 doll left out are those where least happens.
_ROWS = [i for i in range(32) if i not in (0, 3, 12, 19, 22, 25, 27, 29)]
_COLUMNS = [i for i in range(32) if i not in (0, 1, 2, 15, 28, 29, 30, 31)]


def wardrobe(path: str | Path | None = None) -> list[tuple[float, np.ndarray]]:
    """For each layer its chance and its tiles, uint8 (K, 24, 24, 4), in the order of painting."""
    tiles = readers.dcss(path)
    names = [str(name) for name in tiles["names"]]
    layers = []
    for folder, chance, unfit in _LAYERS:
        wanted = re.compile(rf"player/{folder}/(.*/)?(?!{unfit})[^/]*$")
        chosen = [i for i, name in enumerate(names) if wanted.match(name)]
        layers.append((chance, tiles["images"][chosen][:, _ROWS][:, :, _COLUMNS]))
    return layers


def characters(
    n: int, seed: int, path: str | Path | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Paper dolls dressed at random: indices, palettes, colours as in Tiles. A larger n only adds to them."""
    layers = wardrobe(path)
    dice = np.random.Generator(np.random.PCG64(seed)).random((n, len(layers), 2))
    doll = np.zeros((n, SIZE, SIZE, 3), np.float32)
    cover = np.zeros((n, SIZE, SIZE, 1), np.float32)
    for (chance, tiles), (worn, which) in zip(layers, dice.transpose(1, 2, 0), strict=True):
        layer = tiles[(which * len(tiles)).astype(int)]
        alpha = layer[..., 3:] * (worn < chance)[:, None, None, None] / np.float32(255)
        doll = layer[..., :3] * alpha + doll * (1 - alpha)
        cover = alpha + cover * (1 - alpha)
    rgb = np.rint(doll / np.maximum(cover, 1e-6)).astype(np.uint8)
    return quantise_all(np.concatenate([rgb, np.rint(cover * 255).astype(np.uint8)], -1), ROWS)
