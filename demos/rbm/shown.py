"""How layers, filters and chains are shown: units as squares, weights in two colours, readings over time."""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from demos.kit import pixels, plots, say
from demos.kit.fashion import HEX

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

AGAINST, NOTHING, FOR = (236, 128, 62), (16, 19, 22), (92, 214, 205)  # a weight below 0, at 0, above
LIT, DARK = (255, 236, 190), (16, 19, 22)  # a hidden unit that is on, and one that is off
EARLY = 4  # sweeps of a chain that do not set the scale of its curve
POINTS = 100  # of a curve, about
SLOW, FRAMES = 10, 34  # sweeps that are shown one by one, and frames of a chain in all


def digits(x: Tensor) -> Tensor:
    """Chances (B, 784) -> greys (B, 3, 28, 28) in [-1, 1]."""
    return (2 * x.float().cpu().reshape(-1, 1, 28, 28) - 1).expand(-1, 3, -1, -1)


def signed(x: Tensor, top: float) -> Tensor:
    """Weights (B, H, W) -> colours (B, 3, H, W): dark at 0, orange below, teal above."""
    import torch

    share = (x.float().cpu() / top).clamp(-1, 1).numpy()
    channels = [np.interp(share, (-1, 0, 1), c) for c in zip(AGAINST, NOTHING, FOR, strict=True)]
    return torch.from_numpy(np.stack(channels, 1)).float() / 127.5 - 1


def layer(h: Tensor) -> Tensor:
    """Units (B, n) from 0 to 1 as a square of lights: (B, 3, side, side)."""
    import torch

    side = round(h.shape[1] ** 0.5)
    share = h.float().cpu().reshape(len(h), side, side).numpy()
    channels = [np.interp(share, (0, 1), c) for c in zip(DARK, LIT, strict=True)]
    return torch.from_numpy(np.stack(channels, 1)).float() / 127.5 - 1


def filters(weight: Tensor, units: Sequence[int] | Tensor) -> Tensor:
    """The weights of hidden units as pictures, all on one scale: (B, 3, 28, 28)."""
    return signed(weight.T[units].reshape(-1, 28, 28), top_of(weight))


def top_of(weight: Tensor) -> float:
    """The size of a strong weight: one in two hundred is larger."""
    return max(1e-3, weight.abs().flatten().float().quantile(0.995).item())


def moments(steps: int, slow: int = SLOW, frames: int = FRAMES) -> list[int]:
    """Steps at which a chain is shown: the first one by one, then farther and farther apart."""
    first = list(range(1, min(slow, steps) + 1))
    later = (
        np.geomspace(slow, steps, max(2, frames - slow)).round().astype(int).tolist() if steps > slow else []
    )
    return sorted({*first, *later})


# ------------------------------------------------------------------------------ chains


def sheet(x: Tensor, caption: str, width: int, columns: int = 0) -> Image.Image:
    return pixels.sheet(x, caption, columns or len(x), width)


def curve(values: Sequence[Sequence[float]], level: float, words: str, steps: int, lang: str) -> str:
    """Free energies of chains by sweep, with the level of test digits."""
    settled = [v for chain in values for v in chain[EARLY:] or chain] + [level]
    low, high = min(settled), max(settled)  # the fall from noise may leave the picture
    air = 0.06 * (high - low) + 1
    axes = plots.Axes((0, max(1, steps)), (low - air, high + air), width=620, height=270, left=66)
    lines = []
    for k, chain in enumerate(values):
        at, means = thinned(chain)
        inside = [min(v, high + air) for v in means]
        lines.append(plots.line(at, inside, "mark" if k == 0 else "soft"))
    title = say(lang, "Free energy F(v): lower is likelier", "Energía libre F(v): más baja, más probable")
    across = say(lang, "sweeps", "barridos")
    level_line = plots.rule(level, words, "warm")
    return plots.plot(axes, *reversed(lines), level_line, title=title, across=across, up=True, lang=lang)


def thinned(chain: Sequence[float]) -> tuple[list[float], list[float]]:
    """A long track as the means of its stretches: (where, how much)."""
    each = max(1, len(chain) // POINTS)
    parts = [chain[k : k + each] for k in range(0, len(chain), each)]
    return [k * each + (len(p) - 1) / 2 for k, p in enumerate(parts)], [sum(p) / len(p) for p in parts]


def ribbons(read: Sequence[Sequence[int]], steps: int, lang: str) -> str:
    """A row for each chain: which digit it is, sweep by sweep, as colours with the digit in each long run."""
    wide, high, left = 620, 34, 16
    rows = "".join(
        ribbon(labels, k * (high + 6), high, left, (wide - left - 12) / max(1, steps))
        for k, labels in enumerate(read)
    )
    words = say(
        lang, "Which digit each chain is, sweep by sweep", "Qué dígito es cada cadena, barrido a barrido"
    )
    return (
        f"<figure class='figure'><figcaption>{html.escape(words)}</figcaption><svg class='plot wide' "
        f"viewBox='0 0 {wide} {len(read) * (high + 6)}' role='img' aria-label='{html.escape(words)}'>{rows}"
        "</svg></figure>"
    )


def ribbon(labels: Sequence[int], y: float, high: float, left: float, each: float) -> str:
    found = []
    for start, end in runs(labels):
        wide = (end - start) * each
        at, label = left + start * each, labels[start]
        found.append(
            f"<rect x='{at:.1f}' y='{y}' width='{wide + 0.3:.1f}' height='{high}' fill='{HEX[label]}'/>"
        )
        if wide > 15:
            found.append(
                f"<text x='{at + wide / 2:.1f}' y='{y + high / 2 + 7}' text-anchor='middle' "
                f"style='fill:#111;font-size:20px'>{label}</text>"
            )
    return "".join(found)


def runs(labels: Sequence[int]) -> list[tuple[int, int]]:
    """(start, end) of every stretch of equal labels."""
    edges = [0, *(k for k in range(1, len(labels)) if labels[k] != labels[k - 1]), len(labels)]
    return [(a, b) for a, b in pairwise(edges) if b > a]


def stayed(labels: Sequence[int], patience: int = 10) -> int | None:
    """Sweeps until the chain had become another digit and remained so for a while; None: it never did."""
    long = [(a, labels[a]) for a, b in runs(labels) if b - a >= patience]
    return next((a for a, label in long[1:] if label != long[0][1]), None) if long else None
