"""How the views show chains: strips with a number below each picture, and the energy against the step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from demos.energy import models
from demos.kit import pixels, plates, plots, say

if TYPE_CHECKING:
    from torch import Tensor

ALARM = (255, 92, 70)
WIDE = 960  # pixels of a strip


def strip(
    x: Tensor, words: Sequence[str], caption: str = "", columns: int = 0, framed: int = -1
) -> Image.Image:
    """Pictures (B, 1, 28, 28) with square pixels in rows, words under each, one of them in a frame."""
    columns, found = columns or len(x), pixels.to_array(models.wide(x))
    n = pixels.factor(columns, x.shape[-1], WIDE)
    side, size = n * x.shape[-1], max(19, min(26, n * 5))
    step, line = side + 6, round(1.5 * size)
    wide = columns * step - 6
    head = pixels.caption_height(wide) if caption else 0
    sheet = Image.new("RGBA", (wide, head + -(-len(x) // columns) * (side + line)))
    pen, ink = ImageDraw.Draw(sheet), (*plates.CAPTION, 255)
    if caption:
        pen.text((1, 0), caption, ink, plates.fit(caption, wide, plates.largest(wide)))
    for k, tile in enumerate(found):
        left, top = k % columns * step, head + k // columns * (side + line)
        sheet.paste(Image.fromarray(tile.repeat(n, 0).repeat(n, 1)), (left, top))
        if k == framed:
            pen.rectangle((left, top, left + side - 1, top + side - 1), outline=(*ALARM, 255), width=4)
        pen.text((left + side / 2, top + side + 4), words[k], ink, plates.fit(words[k], side, size), "mt")
    return sheet


def moments(steps: int, most: int = 9) -> list[int]:
    """Steps worth a frame, from 0 to the last: dense at first, where everything happens."""
    found = {0, steps} | {round(steps ** (k / (most - 1))) for k in range(1, most)}
    return sorted(found)


def energy_plot(
    name: str, lines: Sequence[tuple[Sequence[float], Sequence[float], str, bool]], steps: int, lang: str,
    legend: Sequence[tuple[str, str]] = (),
) -> str:  # fmt: skip
    """(steps, energies, kind, dashed) as lines, over where real pictures and noise lie."""
    low, middle, high = (models.quantile(name, "test", share) for share in (0.05, 0.5, 0.95))
    noise = models.quantile(name, "noise", 0.5)
    values = [v for _, y, _, _ in lines for v in y]
    bottom, top = min([low, *values]), max([noise, *values])
    air = 0.08 * (top - bottom) or 0.5
    axes = plots.Axes((0, max(1, steps)), (bottom - air, top + air), width=760, height=320, left=58)
    marks = [band(low, high), plots.rule(middle, say(lang, "real pictures", "imágenes reales"))]
    marks += [plots.rule(noise, say(lang, "noise", "ruido"))]
    marks += [plots.line(x, y, kind, dashed) for x, y, kind, dashed in lines if len(x) > 1]
    marks += [plots.dots(x[-1:], y[-1:], kind, 4) for x, y, kind, _ in lines if kind != "soft"]
    title = say(
        lang,
        "Energy E(x) against the step: low is plausible",
        "Energía E(x) según el paso: baja es plausible",
    )
    found = plots.plot(axes, *marks, title=title, across=say(lang, "step", "paso"), up=True, lang=lang)
    return found + (plots.legend(*legend) if legend else "")


def band(low: float, high: float, kind: str = "soft") -> plots.Mark:
    """Where nine real pictures in ten lie."""

    def draw(axes: plots.Axes) -> str:
        (x0, top), (x1, floor) = axes.at(axes.x[0], high), axes.at(axes.x[1], low)
        return (
            f"<rect class='fill {kind}' style='opacity:.22' x='{x0}' y='{top}' width='{x1 - x0:g}' "
            f"height='{max(1.0, floor - top):g}'/>"
        )

    return draw


def signed(value: float, lang: str) -> str:
    """An energy as it reads."""
    return plots.number(round(value, 3) + 0.0, lang)


def upright(x: float, words: str = "", kind: str = "ink") -> plots.Mark:
    """A line straight up from x, with words at its top on the side that has room."""

    def draw(axes: plots.Axes) -> str:
        (at, top), (_, floor) = axes.at(x, axes.y[1]), axes.at(x, axes.y[0])
        right = at > axes.width / 2
        label = (
            f"<text class='{kind}' x='{at + (-7 if right else 7)}' y='{top + 20}' "
            f"text-anchor='{'end' if right else 'start'}'>{words}</text>"
        )
        return f"<line class='{kind}' x1='{at}' y1='{top}' x2='{at}' y2='{floor}'/>{label if words else ''}"

    return draw
