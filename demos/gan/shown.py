"""How the views show what a judge says: pictures with words under each, maps of where it looks, scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from demos.kit import pixels, plates, plots

if TYPE_CHECKING:
    from torch import Tensor

ALARM = (255, 92, 70)
BOTTOM = 66  # of a wide plot: a phone's larger type needs two lines below the axis


def labelled(
    caption: str,
    x: Tensor,
    words: Sequence[str],
    *,
    columns: int,
    tile: int,
    places: int = 0,
    framed: Sequence[int] = (),
    type: int = 0,
) -> Image.Image:
    """Pictures in rows under a caption, each with a few words below it; some of them in a frame."""
    found, n = plates.tiles(x, tile), max(places, len(x))
    small, width = type or max(22, tile // 7), columns * (tile + plates.GAP) - plates.GAP
    large = max(small, plates.largest(width))
    head, line = round(1.4 * large) if caption else 0, round(1.35 * small) + 4
    step = tile + line + plates.GAP
    sheet = Image.new("RGBA", (width, head + -(-n // columns) * step))
    pen, ink = ImageDraw.Draw(sheet), (*plates.CAPTION, 255)
    if caption:
        pen.text((1, 0), caption, ink, plates.fit(caption, width, large))
    for k, (made, under) in enumerate(zip(found, words, strict=True)):
        left, top = k % columns * (tile + plates.GAP), head + k // columns * step
        sheet.paste(made, (left, top))
        if k in framed:
            box = (left, top, left + tile - 1, top + tile - 1)
            pen.rounded_rectangle(box, max(3, tile // 9), outline=(*ALARM, 255), width=max(3, tile // 28))
        pen.text((left + tile / 2, top + tile + 6), under, ink, plates.fit(under, tile, small), "mt")
    return sheet


def look(slope: Tensor) -> Tensor:
    """Where a judge looks: the size of its slope by each pixel, a little blurred -> colours (B, 3, H, W).

    Each picture has its own scale, up to what one pixel in a hundred passes.
    """
    import torch
    from torch.nn import functional as F

    size = F.avg_pool2d(slope.norm(dim=1, keepdim=True), 3, 1, 1)[:, 0]
    top = torch.quantile(size.flatten(1), 0.99, dim=1).clamp_min(1e-12)
    return pixels.heat(size / top[:, None, None], 1.0)


def upright(
    x: float, words: str = "", kind: str = "ink", dashed: bool = False, turn: bool = True
) -> plots.Mark:
    """A line straight up from x, with words at its top: left of it in the right half, if they `turn`."""

    def draw(axes: plots.Axes) -> str:
        (at, top), (_, floor) = axes.at(x, axes.y[1]), axes.at(x, axes.y[0])
        right = turn and at > axes.width / 2
        label = (
            f"<text class='{kind}' x='{at + (-7 if right else 7)}' y='{top + 20}' "
            f"text-anchor='{'end' if right else 'start'}'>{words}</text>"
        )
        style = f"{kind} dashed" if dashed else kind
        return f"<line class='{style}' x1='{at}' y1='{top}' x2='{at}' y2='{floor}'/>{label if words else ''}"

    return draw


def spread(low: float, high: float) -> tuple[float, float]:
    """The same range with some air, never empty."""
    air = 0.06 * (high - low) or 0.5
    return low - air, high + air
