"""What the views share: kinds, sprites as pictures, indexed files to take along, a pixel's inks as bars."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from demos import kit
from demos.kit import images, say, t
from demos.kit.plane import font
from demos.kit.plates import CAPTION
from genmodels.data import tiles
from genmodels.data.tiles import KIND_NAMES, KINDS

if TYPE_CHECKING:
    from genmodels.autoregressive.sampling import Step

SIDE = tiles.SIZE
PIXELS = SIDE * SIDE
ROWS = tiles.ROWS  # of a palette, the clear one among them
MIXED, UNTOLD = -1, len(KINDS)  # kinds in turn; the model isn't told
GROUND = (92, 94, 106)  # under what is clear
MARK = (64, 196, 190)  # around what is kept, and around a pixel
FRAME = 0.09  # seconds between two pictures of a drawing, at least: it is there to be watched
PALE = 34  # of 255, the cover of a pixel that is still to come
WIDE, AIR = 960, 8  # pixels of a sheet, and between its tiles
NAMES = {**dict(enumerate(KIND_NAMES.values())), UNTOLD: ("not told", "sin decir")}


def kind_choice(value: int = 0, mixed: bool = True, **kwargs: Any) -> Any:
    choices = [(t(*words), k) for k, words in enumerate(KIND_NAMES.values())]
    if mixed:
        choices.append((t("the four in turn", "los cuatro por turno"), MIXED))
    choices.append((t("don't tell it", "no decírselo"), UNTOLD))
    return kit.choice(choices, t("Kind", "Tipo"), value, **kwargs)


def kinds_of(kind: int, seed: int, count: int) -> tuple[list[int], list[int]]:
    """Of each picture, what its palette is proposed for and what the model is told. By its own seed only."""
    turn = [(seed + k) % len(KINDS) for k in range(count)]
    if kind in (MIXED, UNTOLD):
        return turn, turn if kind == MIXED else [UNTOLD] * count
    return [kind] * count, [kind] * count


def by_rows(steps: Iterator[Step], frame: float = FRAME) -> Iterator[tuple[np.ndarray, int]]:
    """Places (B, 24, 24) and how many pixels are drawn, after each row, not faster than can be watched."""
    due = time.monotonic()
    for step in steps:
        if step.j == SIDE - 1:
            due += frame
            time.sleep(max(0.0, min(frame, due - time.monotonic())))
            yield step.x[:, 0].byte().cpu().numpy() if step.x.shape[1] == 1 else step.x, SIDE * (step.i + 1)


# ------------------------------------------------------------------------------------------- to look at


def columns_of(count: int) -> int:
    return count if count <= 4 else 4 if count <= 8 else 6 if count <= 24 else 8


def zoom_of(columns: int, width: int = WIDE) -> int:
    return max(3, min(10, (width // columns - AIR) // SIDE))


def type_of(zoom: int) -> int:
    return max(15, min(24, SIDE * zoom // 6))


def cell(zoom: int, strip: bool = True, captioned: bool = False) -> tuple[int, int]:
    """Width and height of a tile with what is around it."""
    foot = (10 if strip else 0) + (round(1.5 * type_of(zoom)) if captioned else 0)
    return SIDE * zoom + AIR, SIDE * zoom + foot + AIR


def sprites(
    indices: np.ndarray, palettes: np.ndarray, captions: Sequence[str] = (), *,
    drawn: int = PIXELS, columns: int = 0, zoom: int = 0, strip: bool = True, kept: np.ndarray | None = None,
) -> Image.Image:  # fmt: skip
    """Places (N, 24, 24) and palettes (N, K, 3) -> tiles in rows, the palette in use under each.

    Pixels from `drawn` on are still to come, but for those `kept` (24, 24), which are outlined.
    """
    return pictures(
        tiles.rgba(indices, palettes),
        captions,
        drawn=drawn,
        columns=columns,
        zoom=zoom,
        kept=kept,
        strips=[inks(i, p) for i, p in zip(indices, palettes, strict=True)] if strip else None,
    )


def inks(indices: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """The opaque colours of a palette that stop where its zeros begin, (k, 3)."""
    used = np.flatnonzero(palette.any(1))
    last = max([0, *used.tolist(), int(indices.max())])
    return palette[1 : last + 1]


def pictures(
    rgba: np.ndarray, captions: Sequence[str] = (), *, drawn: int = PIXELS, columns: int = 0, zoom: int = 0,
    kept: np.ndarray | None = None, strips: Sequence[np.ndarray] | None = None,
) -> Image.Image:  # fmt: skip
    """(N, 24, 24, 4) -> tiles in rows, on a ground of their own, with captions."""
    count = len(rgba)
    columns = columns or columns_of(count)
    zoom = zoom or zoom_of(columns)
    tile, type = SIDE * zoom, type_for(captions, SIDE * zoom, type_of(zoom))
    wide, high = cell(zoom, strip=strips is not None, captioned=bool(captions))
    rows = -(-count // columns)
    sheet = Image.new("RGBA", (columns * wide - AIR, rows * high - AIR))
    pen = ImageDraw.Draw(sheet)
    seen = np.arange(PIXELS).reshape(SIDE, SIDE) < drawn
    seen = seen if kept is None else seen | kept
    for k, one in enumerate(rgba):
        x, y = k % columns * wide, k // columns * high
        on = np.where(one[..., 3:] > 0, one[..., :3], np.uint8(GROUND))
        on = np.concatenate([on, np.where(seen, 255, PALE)[..., None].astype(np.uint8)], -1)
        sheet.paste(Image.fromarray(on).resize((tile, tile), Image.Resampling.NEAREST), (x, y))
        if kept is not None:
            outline(pen, kept, x, y, zoom)
        if strips is not None:
            ink_strip(pen, strips[k], x, y + tile + 2, tile)
        if captions:
            at = (x, y + tile + (12 if strips is not None else 2))
            pen.text(at, captions[k], (*CAPTION, 255), type)
    return sheet


def type_for(captions: Sequence[str], width: int, size: int) -> Any:
    """Type of this size, or the largest in which all of them fit."""
    while size > 12 and any(font(size).getlength(words) > width for words in captions):
        size -= 1
    return font(size)


def ink_strip(pen: ImageDraw.ImageDraw, colours: np.ndarray, x: int, y: int, width: int) -> None:
    for n, colour in enumerate(colours.tolist()):
        left, right = (x + round(width * m / len(colours)) for m in (n, n + 1))
        pen.rectangle((left, y, right - 1, y + 7), (*colour, 255))


def outline(pen: ImageDraw.ImageDraw, kept: np.ndarray, x: int, y: int, zoom: int) -> None:
    """A line around the cells that are kept."""
    padded = np.pad(kept, 1)
    for (dy, dx), ends in {(0, 1): (1, 0, 1, 1), (1, 0): (0, 1, 1, 1)}.items():
        edge = padded ^ np.roll(padded, (-dy, -dx), (0, 1))
        for i, j in np.argwhere(edge):
            a, b, c, d = (
                (n * zoom) for n in (j - 1 + ends[0], i - 1 + ends[1], j - 1 + ends[2], i - 1 + ends[3])
            )
            pen.line((x + a, y + b, x + c, y + d), MARK, 2)


def titled(en: str, es: str, **kwargs: Any) -> Any:
    """A picture under a line of words."""
    heading(en, es)
    return kit.picture(t(en, es), show_label=False, **({"height": None, "elem_classes": "plate"} | kwargs))


def heading(en: str, es: str) -> None:
    kit.html(f"<p style='margin:0;color:var(--soft);font-size:16px'>{kit.both(en, es)}</p>")


def decimal(value: float, digits: int, lang: str) -> str:
    words = f"{value:.{digits}f}"
    return words.replace(".", ",") if lang == "es" else words


def bits(value: float, lang: str) -> str:
    return decimal(value, 2, lang) + say(lang, " bits/px", " bits/px")


# ------------------------------------------------------------------------------------------- palettes as HTML


def swatches(colours: Iterable[Sequence[int]]) -> str:
    """Opaque colours as a strip, each with its hex code."""
    boxes = "".join(f"<i style='background:{hexa(c)}' title='{hexa(c)}'></i>" for c in colours)
    return f"<div class='swatches'>{boxes}</div>"


def hexa(colour: Sequence[int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*(int(c) for c in colour))


def ink_bars(chances: np.ndarray, palette: np.ndarray, chosen: int, lang: str) -> str:
    """A distribution over inks, the one that was drawn marked."""
    rows = []
    for k, p in enumerate(chances.tolist()):
        ink = "<i class='clear'></i>" if not k else f"<i style='background:{hexa(palette[k])}'></i>"
        name = say(lang, "clear", "transparente") if not k else hexa(palette[k])
        bar = ink.replace("<i", "<u").replace("></i>", "></u>")
        style = f"--share:{100 * p:.1f}%"
        rows.append(
            f"<div class='ink-row{' chosen' * (k == chosen)}' style='{style}'>{ink}<span>{name}</span>"
            f"<b>{bar}</b><em>{decimal(100 * p, 1, lang)} %</em></div>"
        )
    return f"<div class='ink-rows'>{''.join(rows)}</div>"


# ------------------------------------------------------------------------------------------- files to keep


def indexed(places: np.ndarray, palette: np.ndarray) -> Image.Image:
    """Places (H, W) and a palette (K, 3) -> a picture of mode P whose place 0 is clear."""
    picture = Image.fromarray(np.ascontiguousarray(places, np.uint8), "P")
    picture.putpalette(np.ascontiguousarray(palette, np.uint8).tobytes())
    return picture


def png_bytes(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    clear = {"transparency": 0} if picture.mode == "P" else {}
    picture.save(out, "PNG", **clear)
    return out.getvalue()


def shared(indices: np.ndarray, palettes: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """The same sprites over one palette (K <= 256), or None if they need more colours than a byte counts."""
    used = [np.unique(i[i > 0]) for i in indices]
    every = np.concatenate(
        [p[u] for p, u in zip(palettes, used, strict=True)] or [np.zeros((0, 3), np.uint8)]
    )
    table = np.unique(every, axis=0)
    if len(table) > 255:
        return None
    table = np.concatenate([np.zeros((1, 3), np.uint8), table])
    where = {tuple(c): n for n, c in enumerate(table.tolist()) if n}
    out = np.zeros_like(indices)
    for k, (i, p, u) in enumerate(zip(indices, palettes, used, strict=True)):
        to = np.zeros(256, np.uint8)
        for n in u:
            to[n] = where[tuple(p[n].tolist())]
        out[k] = to[i]
    return out, table


def laid(cells: np.ndarray, columns: int) -> np.ndarray:
    """(N, 24, 24, ...) -> one sheet, edge to edge, as engines cut it."""
    cells = np.concatenate([cells, np.zeros((-len(cells) % columns, *cells.shape[1:]), cells.dtype)])
    rows = cells.reshape(-1, columns, *cells.shape[1:]).swapaxes(1, 2)
    return rows.reshape(rows.shape[0] * SIDE, columns * SIDE, *cells.shape[3:])


def sheet_file(indices: np.ndarray, palettes: np.ndarray) -> Image.Image:
    """The sheet at its true size: indexed if its colours fit a byte, else with red, green, blue and alpha."""
    columns = min(8, len(indices))
    one = shared(indices, palettes)
    if one is None:
        return Image.fromarray(laid(tiles.rgba(indices, palettes), columns))
    return indexed(laid(one[0], columns), one[1])


def archive(indices: np.ndarray, palettes: np.ndarray) -> str:
    """A zip: the sheet, and each sprite as an indexed PNG and its palette as hex codes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as held:
        held.writestr("sheet.png", png_bytes(sheet_file(indices, palettes)))
        for k, (i, p) in enumerate(zip(indices, palettes, strict=True)):
            colours = inks(i, p)
            table = np.concatenate([np.zeros((1, 3), np.uint8), colours])
            held.writestr(f"sprite-{k + 1:02d}.png", png_bytes(indexed(i, table)))
            held.writestr(f"sprite-{k + 1:02d}.hex", "".join(hexa(c)[1:] + "\n" for c in colours))
    return images.keep(out.getvalue(), ".zip")


def drawing_film(indices: np.ndarray, palettes: np.ndarray, zoom: int = 4, step: int = 12) -> str:
    """A GIF of the pixels coming, in the sprites' own colours if they fit a byte."""
    one = shared(indices, palettes)
    if one is None:  # more than 255 colours: nearest of 255
        from genmodels.data.palettes import quantise

        columns = min(8, len(indices))
        places, table = quantise(laid(tiles.rgba(indices, palettes), columns), 256)
        cells = places.reshape(-1, SIDE, columns, SIDE).swapaxes(1, 2).reshape(-1, SIDE, SIDE)[: len(indices)]
    else:
        cells, table = one
    order = np.arange(PIXELS).reshape(SIDE, SIDE)
    frames = []
    for done in [*range(step, PIXELS, step), PIXELS]:
        page = laid(np.where(order < done, cells, 0).astype(np.uint8), min(8, len(cells)))
        frames.append(indexed(page.repeat(zoom, 0).repeat(zoom, 1), table))
    out = io.BytesIO()
    times = {"duration": [60] * (len(frames) - 1) + [2500], "loop": 0, "disposal": 2}
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], transparency=0, **times)
    return images.keep(out.getvalue(), ".gif")


# ------------------------------------------------------------------------------------------- lines of Python


def loading(checkpoint: str, *more: str, maker: bool = False) -> str:
    lines = ["import torch", "from genmodels.autoregressive.palette import PalettePixelCNN", *more]
    if maker:
        lines.insert(1, "from genmodels.autoregressive import palette_maker")
    lines = [line for line in lines if line]
    held = [f'model = PalettePixelCNN.from_pretrained("{checkpoint}")']
    if maker:
        held.append('maker = palette_maker.PaletteMaker.from_pretrained("palette-maker")')
    return "\n".join([*lines, "", *held]) + "\n"
