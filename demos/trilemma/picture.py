"""A triangle for each model: how far it reaches towards quality, speed and coverage. Drawn without torch."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

from demos.kit import plates, say
from demos.kit.plane import font
from demos.trilemma import shown

Triple = tuple[float, float, float]
CORNERS = tuple((math.cos(a), -math.sin(a)) for a in (math.radians(d) for d in (90, 210, 330)))
WORDS = ("quality", "calidad"), ("speed", "velocidad"), ("coverage", "cobertura")
KEYS = ("frechet", "per_second", "recall")  # what stands for each
LEAST = 0.06  # of the way to a corner, where the worst is drawn
MARK, WARM = (38, 150, 148), (222, 108, 62)  # read on paper and on the dark page alike
FINE = 3  # drawn so many times larger


def reach(data: str, ranks: bool = False) -> dict[str, Triple]:
    """Of each model, how far to each corner, 0 to 1, among the models of this data set."""
    rows = [r for r in shown.rows(data) if all(shown.value(k, r) is not None for k in KEYS)]
    scale = ranked if ranks else scaled
    columns = [scale(key, [shown.value(key, r) for r in rows]) for key in KEYS]
    return {e.name: triple for (e, _), triple in zip(rows, zip(*columns, strict=True), strict=True)}


def scaled(key: str, values: Sequence[float]) -> list[float]:
    """From the worst to the best, in equal steps of its logarithm or of itself; recall from none to all."""
    measure = shown.MEASURES[key]
    if not measure.log:
        return [LEAST + (1 - LEAST) * v for v in values]
    at = [measure.good * math.log(v) for v in values]
    low, wide = min(at), max(at) - min(at) or 1.0
    return [LEAST + (1 - LEAST) * (v - low) / wide for v in at]


def ranked(key: str, values: Sequence[float]) -> list[float]:
    """By place alone: the last, and in equal steps up to the first."""
    order = sorted(values, key=lambda v: shown.MEASURES[key].good * v)
    return [LEAST + (1 - LEAST) * order.index(v) / max(1, len(values) - 1) for v in values]


def tile(
    triple: Triple, name: str, side: int, corners: Sequence[str] = (), kind: tuple = MARK
) -> Image.Image:
    """One triangle, its name above, and words at the corners if there are any."""
    big, line, high = side * FINE, round(side * 0.15), round(side * 0.9)
    page = Image.new("RGBA", (big, high * FINE))
    pen, middle, radius = ImageDraw.Draw(page), (big / 2, big * 0.53), big * 0.5
    at = lambda k, share: tuple(m + share * radius * c for m, c in zip(middle, CORNERS[k], strict=True))  # noqa: E731
    grey = (*plates.CAPTION, 255)
    for share in (0.5, 1.0):
        ring = [at(k, share) for k in (0, 1, 2, 0)]
        pen.line(ring, (*plates.CAPTION, 255 if share == 1 else 90), FINE, joint="curve")
    for k in range(3):
        pen.line([middle, at(k, 1)], (*plates.CAPTION, 90), FINE)
    inner = [at(k, share) for k, share in enumerate(triple)]
    over = Image.new("RGBA", page.size)
    ImageDraw.Draw(over).polygon(inner, (*kind, 120))
    page = Image.alpha_composite(page, over)
    ImageDraw.Draw(page).line([*inner, *inner[:2]], (*kind, 255), 2 * FINE, joint="curve")
    page = page.resize((side, high), Image.Resampling.LANCZOS)
    sheet = Image.new("RGBA", (side, high + line))
    sheet.paste(page, (0, line))
    pen = ImageDraw.Draw(sheet)
    pen.text((side / 2, 0), name, grey, plates.fit(name, side, round(side * 0.11)), anchor="ma")
    small = font(round(side * 0.085))
    for k, word in enumerate(corners):
        x, y = (v / FINE for v in at(k, 1.0))
        place = ((x + 12, line + y, "la"), (0, line + y + 3, "la"), (side, line + y + 3, "ra"))[k]
        pen.text(place[:2], word, grey, small, anchor=place[2])
    return sheet


def sheet(data: str, ranks: bool, order: str, lang: str, columns: int = 4, side: int = 250) -> Image.Image:
    """All models of a data set: the key first, then those that reach furthest to the corner asked for."""
    found = reach(data, ranks)
    names = {e.name: shown.title(e, lang) for e, _ in shown.rows(data)}
    if order != "table":
        corner = KEYS.index(order)
        found = dict(sorted(found.items(), key=lambda pair: -pair[1][corner]))
    words = [say(lang, *pair) for pair in WORDS]
    tiles = [tile((1, 1, 1), say(lang, "the wish", "el deseo"), side, words, WARM)]
    tiles += [tile(triple, names[name], side) for name, triple in found.items()]
    lines = [tiles[k : k + columns] for k in range(0, len(tiles), columns)]
    return plates.plate(*(plates.beside(*line) for line in lines))
