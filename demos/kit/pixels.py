"""Pictures of few pixels, drawn one after another: sheets on which pixels stay square, where a click landed,
what is kept of a picture, maps of numbers, and the pace of a drawing that is to be watched.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from demos.kit import plates, plots
from demos.kit.images import to_array
from demos.kit.inputs import html, picture, slider
from demos.kit.lang import both, t
from demos.kit.run import waiting

if TYPE_CHECKING:
    from torch import Tensor

BLANK = (0.16, 0.02, -0.14)  # a pixel that is not drawn yet, in [-1, 1]
HEAT = ((0.0, (14, 16, 20)), (0.35, (120, 44, 38)), (0.7, (232, 126, 54)), (1.0, (255, 236, 190)))
TEAL, ALARM = (79, 197, 190), (255, 92, 70)
WIDE = 640  # pixels of a sheet of pictures, about
FRAME = 0.14  # seconds between two frames of a drawing in progress
CELLS = 16  # of a board on which one paints what to keep, a side
# of a click: through the queue, without which the browser isn't told that the count of clicks changed
QUIET = {"concurrency_limit": None, "api_visibility": "private", "show_progress": "hidden"}


# ------------------------------------------------------------------------------ colours


def blank(shown: Tensor, done: int, keep: Tensor | None = None) -> Tensor:
    """Pictures (B, 3, H, W) of which `done` pixels are drawn: the others blank, but for those in `keep`."""
    import torch

    there = torch.arange(shown[0, 0].numel()).reshape(shown.shape[2:]) < done
    there = there if keep is None else there | keep
    return torch.where(there, shown, torch.tensor(BLANK)[:, None, None])


def heat(bits: Tensor, top: float) -> Tensor:
    """Numbers (B, H, W) from 0 to `top` -> colours (B, 3, H, W) in [-1, 1]."""
    import torch

    places, colours = zip(*HEAT, strict=True)
    share = (bits.cpu() / top).clamp(0, 1).numpy()
    channels = [np.interp(share, places, [c[k] for c in colours]) for k in range(3)]
    return torch.from_numpy(np.stack(channels, 1)).float() / 127.5 - 1


def heat_legend(top: float, words: str, lang: str) -> str:
    """The scale of a map of bits."""
    stops = ", ".join(f"rgb{colour} {100 * at:.0f}%" for at, colour in HEAT)
    most = plots.number(top, lang)
    return (
        f"<p style='display:flex;flex-wrap:wrap;gap:6px 10px;align-items:center;font-size:16px;margin:4px 0'>"
        f"<span>{words}</span><span>0</span><i style='display:block;width:140px;height:14px;"
        f"border-radius:4px;background:linear-gradient(90deg,{stops})'></i><span>{most}+ bits</span></p>"
    )


def bits_of(model: Any, params: Tensor, x: Tensor) -> Tensor:
    """-log2 of the chance that each picture's value (B, 1) had, (B,)."""
    return -model.chances(params).gather(-1, x).squeeze(-1).clamp(min=1e-12).log2()


# ------------------------------------------------------------------------------ sheets of square pixels


def across(count: int) -> int:
    return max(1, round(count**0.5))


def factor(columns: int, side: int, width: int = WIDE) -> int:
    """How many pixels of the page a pixel of a picture takes."""
    return max(1, width // (columns * side))


def sheet(x: Tensor, caption: str = "", columns: int = 0, width: int = WIDE) -> Image.Image:
    """Pictures (B, 3, H, W) under a caption. Their pixels stay square: `plates` would smooth them."""
    columns, pixels = columns or across(len(x)), to_array(x)
    n = factor(columns, x.shape[-1], width)
    large = pixels.repeat(n, 1).repeat(n, 2)
    side, rows = n * x.shape[-1], -(-len(x) // columns)
    wide, high = (k * (side + plates.GAP) - plates.GAP for k in (columns, rows))
    page = np.zeros((high, wide, 4), np.uint8)
    for k, tile in enumerate(large):
        top, left = ((side + plates.GAP) * v for v in divmod(k, columns))
        page[top : top + side, left : left + side, :3] = tile
        page[top : top + side, left : left + side, 3] = 255
    made = Image.fromarray(page)
    if not caption:
        return made
    head = caption_height(wide)
    framed = Image.new("RGBA", (wide, high + head))
    type = plates.fit(caption, wide, plates.largest(wide))
    ImageDraw.Draw(framed).text((1, 0), caption, (*plates.CAPTION, 255), type)
    framed.paste(made, (0, head))
    return framed


def caption_height(width: int) -> int:
    return round(1.4 * plates.largest(width))


def place(at: tuple[float, float], count: int, side: int) -> tuple[int, int, int]:
    """A click on a sheet without a caption -> (picture, row, column), from 0; beside them, the nearest."""
    columns = across(count)
    n = factor(columns, side)
    pitch = n * side + plates.GAP
    (down, y), (right, x) = (divmod(int(v), pitch) for v in (at[1], at[0]))
    k = min(max(0, down), -(-count // columns) - 1) * columns + min(max(0, right), columns - 1)
    return min(k, count - 1), min(y // n, side - 1), min(x // n, side - 1)


def mark(page: Image.Image, n: int, i: int, j: int, colour: tuple[int, int, int] = ALARM) -> Image.Image:
    """A frame around the pixel (i, j) of one picture drawn n times larger."""
    page = page.copy()
    draw, wide = ImageDraw.Draw(page), max(2, n // 7)
    box = (j * n - wide, i * n - wide, (j + 1) * n + wide - 1, (i + 1) * n + wide - 1)
    draw.rectangle(box, outline=colour, width=wide)
    return page


def outline(page: Image.Image, n: int, keep: Any, columns: int, count: int) -> Image.Image:
    """A line around what is kept, in each picture of a sheet without a caption."""
    draw, keep = ImageDraw.Draw(page), np.asarray(keep)
    wide = max(2, n // 8)
    for k in range(count):
        left, top = ((v * (n * keep.shape[1] + plates.GAP)) for v in (k % columns, k // columns))
        for i, j in zip(*np.nonzero(keep[1:] != keep[:-1]), strict=True):
            y = top + (int(i) + 1) * n
            draw.line((left + int(j) * n, y, left + (int(j) + 1) * n, y), TEAL, wide)
        for i, j in zip(*np.nonzero(keep[:, 1:] != keep[:, :-1]), strict=True):
            x = left + (int(j) + 1) * n
            draw.line((x, top + int(i) * n, x, top + (int(i) + 1) * n), TEAL, wide)
    return page


def pictures(**kwargs: Any) -> Any:
    """Where a sheet is shown."""
    return picture(height=None, elem_classes="plate", **kwargs)


def heading(en: str, es: str) -> Any:
    return html(f"<p style='margin:0;color:var(--soft);font-size:16px'>{both(en, es)}</p>")


# ------------------------------------------------------------------------------ what is kept


def kept_cells(keep: str, board: tuple | None = None) -> np.ndarray:
    """(16, 16) bool: the cells that are kept."""
    cells = np.zeros((CELLS, CELLS), bool)
    if keep == "top":
        cells[: CELLS // 2] = True
    elif keep == "left":
        cells[:, : CELLS // 2] = True
    elif keep == "frame":
        cells[:] = True
        cells[5:12, 4:12] = False
    elif board is not None:
        cells = board[1]
    return cells


def kept_pixels(cells: np.ndarray, side: int) -> Tensor:
    """Cells -> (side, side) bool: each pixel as the cell it lies in."""
    import torch

    at = (np.arange(side) + 0.5) * CELLS / side
    return torch.from_numpy(cells[np.ix_(at.astype(int), at.astype(int))])


# ------------------------------------------------------------------------------ a drawing takes its time


class Pace:
    """Holds back a drawing that would be over before it is seen, and says when a frame is due: seven times a
    second, or fewer if frames take longer to paint than pixels to draw. Nobody is made to wait for it."""

    def __init__(self, positions: int, seconds: float):
        self.each, self.start = seconds / positions, time.perf_counter()
        self.asked = self.next = 0.0

    def due(self, done: int, last: bool = False) -> bool:
        now = time.perf_counter()
        if self.asked:  # the frame that was due has been painted and sent
            self.next, self.asked = now + max(FRAME, now - self.asked), 0.0
        if (ahead := self.start + done * self.each - now) > 0:
            self.hold(ahead)
            now = time.perf_counter()
        if not last and now < self.next:
            return False
        self.asked = now
        return True

    def hold(self, seconds: float) -> None:
        if self.each and waiting():
            self.each = 0.0  # the device is wanted: no more holding back
        if self.each:
            time.sleep(seconds)


def pace_slider(seconds: float) -> Any:
    return slider(0, 15, seconds, t("Take at least … seconds", "Tardar al menos … segundos"), step=1)
