"""Draw: sprites in a palette proposed, chosen, taken from a picture or typed in; and one of their pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image, ImageDraw

from demos import kit
from demos.kit import images, say, t
from demos.kit.masks import data_url
from demos.palette import art, colours
from demos.palette.art import PIXELS, SIDE

COUNT = 12
QUIET = {"queue": False, "api_visibility": "private", "show_progress": "hidden"}


def sample(
    checkpoint: str, kind: int, palette: str, hexes: str, picture: Image.Image | None, count: int,
    temperature: float, seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Sprites of a kind, pixel by pixel, in palettes proposed for them or in a given one."""
    kinds, told = art.kinds_of(kind, seed, count)
    inks = colours.chosen(palette, hexes, picture, kinds, seed, lang)
    empty, room, waiting = np.zeros((count, SIDE, SIDE), np.uint8), [""] * count, (gr.skip(),) * 3
    yield art.sprites(empty, inks.rows, room, drawn=0), colour_note(inks, lang), *waiting, {}
    for x, done, nats in drawn(checkpoint, inks, told, temperature, seed):  # noqa: B007 - the last is used
        if done < PIXELS:
            shown = art.sprites(x, inks.rows, room, drawn=done)
            yield shown, gr.skip(), *waiting, {"made": count * done / PIXELS}
    bits = nats / np.log(2) / PIXELS  # the loop's last, when all is drawn
    cost = 0 if inks.bits is None else inks.bits / PIXELS
    shown = art.sprites(x, inks.rows, [art.bits(b, lang) for b in bits + cost])
    found = {"made": count, "bits_pixels": bits.mean(), "colours_used": used(x).mean()}
    if inks.bits is not None:
        found |= {"bits_palette": inks.bits.mean(), "bits_with_palette": (bits + cost).mean()}
    sheet = images.keep(art.png_bytes(art.sheet_file(x, inks.rows)), ".png")
    film, held = art.drawing_film(x, inks.rows), art.archive(x, inks.rows)
    yield shown, gr.skip(), sheet, film, held, found


def drawn(
    checkpoint: str,
    inks: colours.Palettes,
    told: list[int],
    temperature: float,
    seed: int | list[int],
    frame: float = art.FRAME,
) -> Iterator[tuple[np.ndarray, int, np.ndarray]]:
    """Places (B, 24, 24), how many pixels are drawn, and what they cost so far, nats (B,), row by row."""
    from genmodels.autoregressive import sampling
    from genmodels.autoregressive.palette import PalettePixelCNN

    with kit.model(PalettePixelCNN, checkpoint) as model:
        total = np.zeros(len(told))

        def weighed() -> Iterator[Any]:
            steps = sampling.draw(
                model, seed, len(told), temperature=temperature, **inks.condition(told, model.device)
            )
            for step in steps:
                log_chances = step.params.float().log_softmax(-1)
                total[:] -= log_chances.gather(1, step.x[:, :, step.i, step.j])[:, 0].cpu().numpy()
                yield step

        for x, done in art.by_rows(weighed(), frame):
            yield x, done, total


def used(x: np.ndarray) -> np.ndarray:
    """How many inks each of (B, 24, 24) uses, the clear one too."""
    return np.array([len(np.unique(one)) for one in x])


def colour_note(inks: colours.Palettes, lang: str) -> str:
    """The palette, if it is one for all."""
    if (inks.rows != inks.rows[:1]).any():
        return ""
    return art.swatches(inks.rows[0, 1 : inks.colours[0]])


def sample_code(
    checkpoint: str,
    kind: int,
    palette: str,
    hexes: str,
    picture: Any,
    count: int,
    temperature: float,
    seed: int,
) -> str:
    kinds, told = art.kinds_of(kind, seed, count)
    named = "from genmodels.data.palettes import NAMED" if palette in colours.NAMED else ""
    more = (
        "from genmodels.autoregressive.sampling import draw, last",
        "from genmodels.data import tiles",
        named,
    )
    alone = "" if kinds == told else f"labels = torch.full(({count},), {art.UNTOLD})  # not told"
    lines = [
        f"kinds = {kinds_code(kind, seed, count)}  # places in tiles.KINDS",
        *colours.code(palette, hexes, picture, count, seed),
        alone or "labels = kinds",
        "told = {'palette': palette, 'colours': colours, 'labels': labels}",
        f"x = last(draw(model, {seed}, {count}, temperature={temperature:g}, **told))  # (B, 1, 24, 24)",
        "sheet = tiles.sheet(x[:, 0].numpy(), palette.numpy().astype('uint8'))  # (H, W, 3) bytes",
    ]
    return art.loading(checkpoint, *more, maker=colours.maker_used(palette)) + "\n".join(lines) + "\n"


def kinds_code(kind: int, seed: int, count: int) -> str:
    if kind in (art.MIXED, art.UNTOLD):
        return f"(torch.arange({count}) + {seed}) % 4"
    return f"torch.full(({count},), {kind})"


# ---------------------------------------------------------------------------------------- one of its pixels


def pixel(
    checkpoint: str, kind: int, palette: str, hexes: str, picture: Image.Image | None, temperature: float,
    seed: int, which: int, row: int, column: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """What one pixel of one of these sprites could have been: a chance for each colour of its palette."""
    import torch

    from genmodels.autoregressive.palette import PalettePixelCNN

    kinds, told = art.kinds_of(kind, seed + which - 1, 1)
    inks = alone(palette, hexes, picture, kind, seed, which, lang)
    x = np.zeros((1, SIDE, SIDE), np.uint8)
    for x, done, _ in drawn(checkpoint, inks, told, temperature, seed + which - 1, 0):
        if done % (6 * SIDE) == 0:
            yield figure(x, inks.rows, row, column, "", done), gr.skip(), {}
    with kit.model(PalettePixelCNN, checkpoint) as model, torch.no_grad():
        places = torch.from_numpy(x.astype(np.int64))[:, None].to(model.device)
        logits = model.logits(places, **inks.condition(told, model.device))[0, row - 1, column - 1]
        chances = logits.float().softmax(-1).cpu().numpy()[: inks.colours[0]]
    ink = int(x[0, row - 1, column - 1])
    spread = float(-(chances * np.log2(np.maximum(chances, 1e-12))).sum())
    words = say(
        lang,
        f"Row {row}, column {column} of sprite {which}",
        f"Fila {row}, columna {column} del sprite {which}",
    )
    bars = f"<h4>{words}</h4>{art.ink_bars(chances, inks.rows[0], ink, lang)}"
    found = {"entropy": spread, "bits": -np.log2(max(chances[ink], 1e-12))}
    sprite = x[0], inks.rows[0, : inks.colours[0]], told[0]
    yield figure(x, inks.rows, row, column, bars), sprite, found


def figure(x: np.ndarray, palettes: np.ndarray, row: int, column: int, bars: str, done: int = PIXELS) -> str:
    """The sprite with its pixel marked, and the bars beside it."""
    page = data_url(marked(x, palettes, row, column, done))
    return f"<div class='pixel-figure'><img src='{page}' alt=''><div>{bars}</div></div>"


def alone(
    palette: str, hexes: str, picture: Image.Image | None, kind: int, seed: int, which: int, lang: str
) -> colours.Palettes:
    """The palette of one of the sprites: a shared one is the first's."""
    first = which - 1 if palette == colours.EACH else 0
    kinds, _ = art.kinds_of(kind, seed + first, 1)
    return colours.chosen(palette, hexes, picture, kinds, seed + first, lang)


def marked(x: np.ndarray, palettes: np.ndarray, row: int, column: int, done: int = PIXELS) -> Image.Image:
    """The sprite as far as it was drawn, the pixels to come pale, and a frame around the one in question."""
    zoom = 12
    page = art.sprites(x, palettes, drawn=done, zoom=zoom)
    pen, (left, top) = ImageDraw.Draw(page), ((column - 1) * zoom, (row - 1) * zoom)
    pen.rectangle((left - 3, top - 3, left + zoom + 2, top + zoom + 2), outline=(20, 20, 24), width=2)
    pen.rectangle((left - 1, top - 1, left + zoom, top + zoom), outline=(255, 255, 255), width=2)
    return page


def pixel_code(
    checkpoint: str, kind: int, palette: str, hexes: str, picture: Any, temperature: float, seed: int,
    which: int, row: int, column: int,
) -> str:  # fmt: skip
    own = palette == colours.EACH
    start = seed + which - 1
    made = sample_code(
        checkpoint, kind, palette, hexes, picture, 1, temperature, start if own else seed
    ).splitlines()
    lines = [line for line in made if not line.startswith(("sheet =", "from genmodels.data import tiles"))]
    if not own:
        lines = [line.replace(f"draw(model, {seed},", f"draw(model, {start},") for line in lines]
    return "\n".join(lines) + (
        f"\nchances = model.logits(x, **told)[0, {row - 1}, {column - 1}].softmax(-1)  # one per ink\n"
    )


def clicked(count: int, clicks: int, event: gr.SelectData) -> tuple[int, int, int, int] | Any:
    """A click on the sheet -> sprite, row, column, and one more click."""
    x, y = event.index
    found = hit(x, y, count)
    return (gr.skip(),) * 4 if found is None else (*found, clicks + 1)


def hit(x: int, y: int, count: int) -> tuple[int, int, int] | None:
    """Which sprite, row and column (from 1) a place on the finished sheet belongs to."""
    columns = art.columns_of(count)
    zoom = art.zoom_of(columns)
    wide, high = art.cell(zoom, captioned=True)
    k, i, j = y // high * columns + x // wide, y % high // zoom, x % wide // zoom
    return (k + 1, i + 1, j + 1) if k < count and i < SIDE and j < SIDE else None


def layout(tab: kit.Tab) -> dict[str, Any]:
    """The view; what other views take from it."""
    with tab.view("sample", "Draw", "Dibujar") as view:
        with view.controls():
            kind = art.kind_choice(art.MIXED)
            palette = colours.source_choice()
            with gr.Accordion(
                t("My colours, or a picture's", "Mis colores, o los de una imagen"), open=False
            ):
                hexes = colours.hexes_box()
                preview = kit.html(art.swatches(colours.typed(colours.HEXES)[1:]))
                picture = kit.upload(
                    t("A picture to take 15 colours from", "Una imagen de donde tomar 15 colores")
                )
            count = kit.slider(1, 64, COUNT, t("How many", "Cuántos"), step=1)
            temperature = kit.slider(0, 1.5, 0.9, t("Temperature", "Temperatura"), step=0.05)
            seed = kit.seed(7)
        with view.result():
            sheet = art.titled(
                "Click any pixel: what could it have been?", "Haz clic en un píxel: ¿qué pudo haber sido?"
            )
            one = kit.html()
        inputs = [tab.checkpoint, kind, palette, hexes, picture, count, temperature, seed]
        files = held_files(view)
        view.run(sample, inputs, [sheet, one, *files], ("Draw", "Dibujar"), sample_code)
        with view.controls(), gr.Accordion(t("One pixel", "Un píxel"), open=False):
            which = kit.slider(1, 64, 1, t("Sprite", "Sprite"), step=1)
            row = kit.slider(1, SIDE, 12, t("Row", "Fila"), step=1)
            column = kit.slider(1, SIDE, 12, t("Column", "Columna"), step=1)
        with view.result():
            bars, sprite = kit.html(), gr.State(None)
            onward = gr.Button(t("Complete this sprite →", "Completar este sprite →"), size="md")
        asked = [*(c for c in inputs if c is not count), which, row, column]
        view.run(
            pixel, asked, [bars, sprite], ("Look at this pixel", "Mirar este píxel"), pixel_code, name="pixel"
        )
        clicks = gr.State(0)
        queued = {"concurrency_limit": None, "api_visibility": "private", "show_progress": "hidden"}
        sheet.select(clicked, [count, clicks], [which, row, column, clicks], **queued)
        view.on([clicks.change], pixel)
        view.on([kind.input, palette.input], sample)
        hexes.blur(shown_hexes, hexes, preview, **QUIET)
        picture.upload(lambda: colours.PICTURE, None, palette, **QUIET)
    return {"button": onward, "sprite": sprite}


def held_files(view: Any) -> list[Any]:
    """The sheet, the film and the zip, to take along."""
    with view.result(), gr.Row():
        with gr.Column(scale=1, min_width=200):
            sheet = art.titled(
                "The sheet: a PNG with its palette", "La hoja: un PNG con su paleta", elem_classes="pixels"
            )
        with gr.Column(scale=1, min_width=200):
            film = art.titled("The film: a GIF", "La película: un GIF", elem_classes="pixels")
        with gr.Column(scale=1, min_width=200):
            held = gr.File(
                label=t("Each sprite and its palette", "Cada sprite y su paleta"), interactive=False
            )
    return [sheet, film, held]


def shown_hexes(hexes: str) -> str:
    return art.swatches(colours.typed(hexes)[1:])
