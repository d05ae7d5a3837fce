"""Pictures of few colours: indices and a palette, distances in OKLab, and the colours of old machines.

A palette is a table uint8 (n, 3) whose row 0 stands for the transparent pixel and is black; the opaque
colours follow from dark to light. That order is canonical: pictures of the same colours share a palette.

OKLab (Ottosson, 2020) is where distances are taken: a step of the same length looks about equally large
everywhere, which is not so in RGB.
"""

from typing import NamedTuple

import numpy as np

_CONES = np.array(  # linear sRGB to the responses of the three cones
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LAB = np.array(  # their cube roots to lightness, green-red, blue-yellow
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_LINEAR = np.arange(256) / 255
_LINEAR = np.where(_LINEAR <= 0.04045, _LINEAR / 12.92, ((_LINEAR + 0.055) / 1.055) ** 2.4)


def oklab(rgb: np.ndarray) -> np.ndarray:
    """uint8 (..., 3) to float (..., 3): lightness in [0, 1], green-red, blue-yellow."""
    return np.cbrt(_LINEAR[rgb] @ _CONES.T) @ _LAB.T


def from_oklab(lab: np.ndarray) -> np.ndarray:
    """The nearest uint8 (..., 3)."""
    linear = np.clip((lab @ np.linalg.inv(_LAB).T) ** 3 @ np.linalg.inv(_CONES).T, 0, 1)
    light = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(light * 255).astype(np.uint8)


def canonical(colours: np.ndarray) -> np.ndarray:
    """Opaque colours (n, 3), without repeats and from dark to light, under the row of the transparent one."""
    codes = np.unique(_code(np.asarray(colours, np.uint8).reshape(-1, 3)))
    rgb = _decode(codes)
    return np.concatenate([np.zeros((1, 3), np.uint8), rgb[np.argsort(oklab(rgb)[:, 0], kind="stable")]])


def quantise(rgba: np.ndarray, colours: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices uint8 (H, W) and a palette uint8 (n <= colours, 3) for a picture uint8 (H, W, 4).

    Index 0 is where alpha < 128. Nothing is lost if the picture already has few enough colours.
    """
    indices, palettes, count = quantise_all(rgba[None], colours)
    return indices[0], palettes[0, : count[0]]


def quantise_all(rgba: np.ndarray, colours: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same for (N, H, W, 4) at once: indices (N, H, W), palettes (N, colours, 3), rows used (N,)."""
    if rgba.dtype != np.uint8 or rgba.ndim != 4 or rgba.shape[-1] != 4:
        raise ValueError(f"pictures are uint8 (N, H, W, 4), not {rgba.dtype} {rgba.shape}")
    if not 2 <= colours <= 256:
        raise ValueError(f"colours = {colours}, must be from 2 (transparent and one more) to 256")
    solid, codes = rgba[..., 3] >= 128, _code(rgba[..., :3])
    seen = [np.unique(c[s], return_counts=True) for c, s in zip(codes, solid, strict=True)]
    many = [i for i, (found, _) in enumerate(seen) if len(found) > colours - 1]
    tables = [found for found, _ in seen]  # of each picture, its colours (codes, rising)...
    becomes = list(tables)  # ...and what each of them becomes
    for part in (many[i : i + 256] for i in range(0, len(many), 256)):
        for i, new in zip(part, _reduce([seen[i] for i in part], colours - 1), strict=True):
            becomes[i] = new
    indices = np.zeros(solid.shape, np.uint8)
    palettes = np.zeros((len(rgba), colours, 3), np.uint8)
    count = np.ones(len(rgba), np.uint8 if colours < 256 else np.uint16)
    for i, (table, new) in enumerate(zip(tables, becomes, strict=True)):
        rows = canonical(_decode(new))
        count[i] = len(rows)
        palettes[i, : len(rows)] = rows
        if len(table):
            order = np.argsort(_code(rows[1:]))
            row = 1 + order[np.searchsorted(_code(rows[1:]), new, sorter=order)]
            indices[i][solid[i]] = row[np.searchsorted(table, codes[i][solid[i]])]
    return indices, palettes, count


def _reduce(seen: list[tuple[np.ndarray, np.ndarray]], k: int, rounds: int = 10) -> list[np.ndarray]:
    """For each list of (codes, how often), the codes they become: k-means of the batch in step.

    The means start at the commonest colour and then, each time, at the colour worst served so far (distance
    times the fourth root of how often), so that the two pixels of an eye keep a colour of their own.
    """
    most = max(len(found) for found, _ in seen)
    lab = np.zeros((len(seen), most, 3))
    often = np.zeros((len(seen), most))
    for i, (found, times) in enumerate(seen):
        lab[i, : len(found)], often[i, : len(found)] = oklab(_decode(found)), times
    every = np.arange(len(seen))
    means = np.zeros((len(seen), k, 3))
    means[:, 0] = lab[every, often.argmax(1)]
    gap = np.full((len(seen), most), np.inf)
    for j in range(1, k):
        gap = np.minimum(gap, np.square(lab - means[:, j - 1, None]).sum(2))
        means[:, j] = lab[every, (gap * np.sqrt(often)).argmax(1)]
    for _ in range(rounds):
        nearest = _nearest(lab, means)
        share = (nearest[:, None] == np.arange(k)[:, None]) * often[:, None]  # (N, k, most)
        total = share.sum(2, keepdims=True)
        means = np.where(total > 0, share @ lab / np.maximum(total, 1), means)
    rgb = from_oklab(means)
    nearest = _nearest(lab, oklab(rgb))
    return [_code(rgb[i])[nearest[i, : len(found)]] for i, (found, _) in enumerate(seen)]


def _nearest(lab: np.ndarray, means: np.ndarray) -> np.ndarray:
    """(N, M, 3) and (N, k, 3) to the number of the nearest mean, (N, M)."""
    return (np.square(means).sum(2)[:, None] - 2 * lab @ means.transpose(0, 2, 1)).argmin(2)


def _code(rgb: np.ndarray) -> np.ndarray:
    r, g, b = (rgb[..., i].astype(np.int32) for i in range(3))
    return r << 16 | g << 8 | b


def _decode(code: np.ndarray) -> np.ndarray:
    return np.stack([code >> 16 & 255, code >> 8 & 255, code & 255], -1).astype(np.uint8)


def remap(indices: np.ndarray, palette_from: np.ndarray, palette_to: np.ndarray) -> np.ndarray:
    """Indices into `palette_to` for a picture drawn with `palette_from` (both canonical).

    What was lighter is never darker afterwards: light and shade survive. Among the maps that keep that order
    it is the one that moves the colours least, after the darkest and the lightest of both palettes are made
    to agree; two colours that become one cost a little too.
    """
    used = np.unique(indices[indices > 0])
    if used.size == 0:
        return indices.copy()
    if len(palette_to) < 2 or used[-1] >= len(palette_from):
        raise ValueError(f"index {used[-1]} of {len(palette_from)} rows, to {len(palette_to)} rows")
    table = np.zeros(256, np.uint8)
    table[used] = 1 + _in_order(_cost(palette_from[used], palette_to[1:]))
    return table[indices]


def _cost(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a, b = oklab(a), oklab(b)
    for lab in (a, b):
        low, high = lab[:, 0].min(), lab[:, 0].max()
        lab[:, 0] = (lab[:, 0] - low) / max(high - low, 1e-9) if len(lab) > 1 else 0.5
    return np.square(a[:, None] - b[None]).sum(2)


def _in_order(cost: np.ndarray, merged: float = 0.004) -> np.ndarray:
    """For each row of `cost` a column, never falling, of least total; `merged` for each column used again."""
    n, m = cost.shape
    best, came = cost[0].copy(), np.zeros((n, m), int)
    for i in range(1, n):
        least = np.full(m, np.inf)  # over the columns below j for the row above
        least[1:] = np.minimum.accumulate(best)[:-1]
        below = np.array([best[: max(j, 1)].argmin() for j in range(m)])
        same = best + merged
        came[i] = np.where(same < least, np.arange(m), below)
        best = np.minimum(same, least) + cost[i]
    out = np.empty(n, int)
    out[-1] = best.argmin()
    for i in range(n - 1, 0, -1):
        out[i - 1] = came[i, out[i]]
    return out


class Named(NamedTuple):
    english: str
    spanish: str
    hexes: str  # the opaque colours, in the order in which they are usually given

    def palette(self, rows: int = 17) -> np.ndarray:
        """The canonical table, of at most `rows` rows: what does not fit is merged into its nearest."""
        rgb = np.frombuffer(bytes.fromhex(self.hexes), np.uint8).reshape(-1, 3)
        while len(rgb) > rows - 1:
            lab = oklab(rgb)
            apart = np.square(lab[:, None] - lab[None]).sum(2) + np.tri(len(lab))
            rgb = np.delete(rgb, divmod(int(apart.argmin()), len(lab))[1], 0)
        return canonical(rgb)


NAMED = {
    "game-boy": Named("Game Boy", "Game Boy", "0f380f 306230 8bac0f 9bbc0f"),
    "cga": Named("CGA", "CGA", "000000 55ffff ff55ff ffffff"),
    "zx-spectrum": Named(
        "ZX Spectrum",
        "ZX Spectrum",
        "000000 0000d7 d70000 d700d7 00d700 00d7d7 d7d700 d7d7d7 "
        "0000ff ff0000 ff00ff 00ff00 00ffff ffff00 ffffff",
    ),
    "c64": Named(
        "Commodore 64",
        "Commodore 64",
        "000000 ffffff 68372b 70a4b2 6f3d86 588d43 352879 b8c76f "
        "6f4f25 433900 9a6759 444444 6c6c6c 9ad284 6c5eb5 959595",
    ),
    "msx": Named(
        "MSX",
        "MSX",
        "000000 21c842 5edc78 5455ed 7d76fc d4524d 42ebf5 fc5554 "
        "ff7978 d4c154 e6ce80 21b03b c95bba cccccc ffffff",
    ),
    "nes": Named(
        "NES, fifteen of its colours",
        "NES, quince de sus colores",
        "000000 7c7c7c bcbcbc fcfcfc 0058f8 3cbcfc 00a800 b8f818 "
        "f83800 f87858 ac7c00 fce0a8 d800cc f878f8 6844fc",
    ),
    "pico-8": Named(
        "PICO-8",
        "PICO-8",
        "000000 1d2b53 7e2553 008751 ab5236 5f574f c2c3c7 fff1e8 "
        "ff004d ffa300 ffec27 00e436 29adff 83769c ff77a8 ffccaa",
    ),
    "ink": Named("Ink", "Tinta", "1b1a22 4a4854 8b8891 c9c5c0 f6f2e8"),
    "autumn": Named(
        "Autumn",
        "Otoño",
        "24120f 4a1f16 6e2b1a 93391d b9501f d66f24 e8952e f2bb45 f8dd77 fdf3c4 5a5a1f 86852e 3c3418",
    ),
    "ice": Named(
        "Ice",
        "Hielo",
        "0c1430 14264f 1f3f78 2f62a3 4388c6 66aede 92cff0 bfe6f8 e4f6fd ffffff 6d7bb8 a3a8dc",
    ),
    "candy": Named(
        "Candy",
        "Caramelo",
        "3a1238 6b1f56 a52f74 d8488d f473a6 fda3bd ffd3d6 fff6ea 4b3a8f 6f6fd0 79b6ee 8ee8dd b8f7b0 fff09a",
    ),
    "lava": Named(
        "Lava",
        "Lava",
        "0d0506 260a0c 4a0e10 761313 a51b12 d23310 f05a12 fb8a1e ffb936 ffe26a fff8c8 3a3034",
    ),
    "swamp": Named(
        "Swamp",
        "Pantano",
        "0e1410 1a2a1c 28432a 3c5f33 57803c 7fa34a b0c566 dfe597 2d2a1c 54482a 85703c 3a5a5c 68928a",
    ),
    "night": Named(
        "Night",
        "Noche",
        "07081a 12143a 232060 3d2f86 5d43a8 8661c4 b38adb dbbbee f6eafa 1f4d7a 3f86b0 f6d76b",
    ),
}
