"""What the measures say, drawn: a bar for each, to the left where it says worse, else to the right."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

from demos.blind import gauge, pictures, spoil
from demos.kit import plates, plots, say

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

FEW, TILE = 8, 112  # pictures of a row, and pixels of one
SURE, LARGE = 3.0, 300.0  # deviations from which it is no luck, and that fill a bar
LINES = (  # with which the code to take along begins
    "import torch\nfrom genmodels import families\n"
    "from genmodels.metrics.features import AttributesNet\n"
    "from genmodels.metrics.ruler import compare\n\n"
    'net = AttributesNet.from_pretrained("attributes-faces")\n'
    'draw = families.load(families.entry("real-faces"))\n'
    "real, x = (families.last(draw(first, 40)) for first in (5_000, 100_000))\n"
)


def few(x: Tensor) -> Tensor:
    """Some from all over, so that shares of the pictures show: (FEW, 3, 64, 64)."""
    import torch

    return x[torch.linspace(0, len(x) - 1, FEW).round().long()]


def strip(words: str, x: Tensor) -> Image.Image:
    return plates.block(words, few(x), columns=FEW, tile=TILE, type=28)


def waiting(seeds: list[int], done: int, lang: str) -> Image.Image:
    """The first faces, while others are painted."""
    words = say(lang, f"painting faces: {done}", f"pintando caras: {done}")
    return strip(words, pictures.tensor(seeds[:FEW]))


def told(way: str, strength: float, count: int, lang: str) -> str:
    """A way to spoil and how much of it, in words."""
    chosen = spoil.WAYS[way]
    return f"{say(lang, *chosen.words)}: {say(lang, *chosen.unit(strength, count))}"


def length(z: float) -> float:
    """Of a bar, in percent of its half: logarithmic, as reactions go from 1 to hundreds."""
    return 100 * min(1.0, math.log1p(abs(z)) / math.log1p(LARGE))


def bars(bench: gauge.Bench, now: dict[str, float], lang: str, title: str = "") -> str:
    """Every measure: how many deviations it moved, what it was and what it is."""
    found = gauge.reactions(bench.values, now, bench.spread)
    rows = [bar(k, found[k], bench.values[k], now[k], lang) for k in gauge.NAMES]
    head = f"<h4>{html.escape(title)}</h4>" if title else ""
    sides = say(lang, "← says worse · says better →", "← dice peor · dice mejor →")
    scale = f"<p style='text-align:center;margin:0;color:var(--soft);font-size:16px'>{sides}</p>"
    return f"<div>{head}{scale}<div class='bar-rows'>{''.join(rows)}</div></div>"


def short(value: float, lang: str) -> str:
    return plots.number(value, lang, 3 if abs(value) >= 10 else 2)


def bar(key: str, z: float, before: float, after: float, lang: str) -> str:
    sure = abs(z) >= SURE
    kind = "soft" if not sure else "warm" if z < 0 else "mark"
    half = length(z) / 2
    start = 50 - half if z < 0 else 50
    words = html.escape(say(lang, *gauge.NAMES[key]))
    values = " → ".join(short(v, lang) for v in (before, after))
    return (
        f"<div class='bar-row {kind}' style='grid-template-columns:28% 1fr 104px'>"
        f"<span>{words}</span><i><b style='left:{start:.1f}%;width:{half:.1f}%'></b></i>"
        f"<em>{values}</em></div>"
    )


def verdict(bench: gauge.Bench, now: dict[str, float], lang: str) -> str:
    """Who noticed, who didn't, and who is pleased."""
    found = gauge.reactions(bench.values, now, bench.spread)
    name = lambda keep: ", ".join(say(lang, *gauge.NAMES[k]) for k, z in found.items() if keep(z))  # noqa: E731
    worse, better = name(lambda z: z <= -SURE), name(lambda z: z >= SURE)
    nothing = name(lambda z: abs(z) < SURE)
    parts = [
        (say(lang, "Alarmed", "En alarma"), worse), (say(lang, "Notice nothing", "No notan nada"), nothing),
        (say(lang, "Pleased", "Contentas"), better),
    ]  # fmt: skip
    return "<p>" + " ".join(f"<b>{html.escape(a)}:</b> {html.escape(b)}." for a, b in parts if b) + "</p>"


def note(lang: str) -> str:
    """What a bar is, and whose eyes these are."""
    en = (
        "A bar is how far a measure moved, in deviations that it has by luck alone, on a logarithmic scale; "
        f"grey is less than {SURE:g}. The features are our own network's, for painted faces: no number here "
        "compares with a published FID."
    )
    es = (
        "Una barra es cuánto se movió una medida, en desvíos que tiene por puro azar, en escala logarítmica; "
        f"gris es menos de {SURE:g}. Los rasgos son de una red nuestra, para caras pintadas: ningún número "
        "de aquí se compara con un FID publicado."
    )
    return f"<p>{say(lang, en, es)}</p>"
