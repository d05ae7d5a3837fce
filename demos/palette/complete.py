"""Complete it: part of a sprite is kept, and the model draws the rest six times in its own palette."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from demos import kit
from demos.kit import plates, say, t
from demos.kit.inputs import refuse
from demos.kit.lang import language
from demos.palette import art, colours
from demos.palette.art import PIXELS, ROWS, SIDE
from genmodels.data import tiles
from genmodels.data.palettes import quantise

COUNT, COLUMNS, ZOOM = 6, 3, 9
CREATURE, BOARD = "creature", "board"
GO = """() => {
    const tab = document.getElementById("view-palette-complete-button");
    tab.click(); tab.scrollIntoView({ block: "center", behavior: "smooth" });
}"""
FIRST = 5  # the creature that is there at the start
Sprite = tuple[np.ndarray, np.ndarray]  # places (24, 24), palette (K, 3)
Board = tuple[Image.Image | None, np.ndarray]


def complete(
    checkpoint: str, source: str, number: int, board: Board, keep: str, kind: int, temperature: float,
    seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Keep a part of a sprite (a creature, or what is on the board) and have the rest drawn six times."""
    import torch

    from genmodels.autoregressive import sampling
    from genmodels.autoregressive.palette import PalettePixelCNN

    (places, table), note = sprite_of(source, number, board, lang)
    kept = region(keep, board)
    inks, told = colours.given(table, COUNT), [kind] * COUNT
    given, free = torch.from_numpy(places.astype(np.int64))[None, None], int((~kept).sum())
    nats, x = np.zeros(COUNT), np.repeat(np.where(kept, places, 0)[None], COUNT, 0)
    yield plate(places, x, table, kept, 0, lang), note, gr.skip(), {}
    with kit.model(PalettePixelCNN, checkpoint) as model:

        def weighed() -> Iterator[Any]:
            for step in sampling.draw(
                model, seed, COUNT, given, torch.from_numpy(kept), temperature,
                **inks.condition(told, model.device),
            ):  # fmt: skip
                if step.params is not None:
                    drawn = step.x[:, :, step.i, step.j]
                    nats[:] -= step.params.float().log_softmax(-1).gather(1, drawn)[:, 0].cpu().numpy()
                yield step

        for x, done in art.by_rows(weighed()):
            altered = int((x != places)[:, kept].sum())
            found = {"made": COUNT * done / PIXELS, "altered": altered}
            if done == PIXELS and free:
                found["bits_redrawn"] = float((nats / np.log(2)).mean() / free)
            yield plate(places, x, table, kept, done, lang), note, (x, table), found


def plate(
    places: np.ndarray, x: np.ndarray, table: np.ndarray, kept: np.ndarray, done: int, lang: str
) -> Image.Image:
    """The sprite, what is kept of it, and the completions with a line around what they were given."""
    words = say(lang, "the sprite", "el sprite"), say(lang, "what is kept", "lo que se conserva")
    both = [
        art.sprites(places[None], table[None], [word], drawn=seen, zoom=ZOOM, strip=strip, kept=kept)
        for word, seen, strip in zip(words, (PIXELS, 0), (True, False), strict=True)
    ]
    six = art.sprites(
        x, np.repeat(table[None], COUNT, 0), drawn=done, columns=COLUMNS, zoom=ZOOM, strip=False, kept=kept
    )
    return plates.beside(plates.plate(*both), six)


def region(keep: str, board: Board) -> np.ndarray:
    """(24, 24) bool: the pixels that are kept."""
    kept = np.zeros((SIDE, SIDE), bool)
    if keep == "painted":
        return board[1]
    part = {
        "top": np.s_[: SIDE // 2],
        "bottom": np.s_[SIDE // 2 :],
        "left": np.s_[:, : SIDE // 2],
        "head": np.s_[4:13, 5:19],
    }[keep]
    kept[part] = True
    return kept


# ------------------------------------------------------------------------------------------- the sprite


def creature(number: int) -> Sprite:
    indices, palettes, used = tiles.creatures(1, number)
    return indices[0], palettes[0, : used[0]]


def sprite_of(source: str, number: int, board: Board, lang: str) -> tuple[Sprite, str]:
    """The sprite to complete, and a line about what was done to it."""
    if source == CREATURE:
        return creature(number), ""
    if board[0] is None:
        raise refuse(
            "The board is empty: bring a sprite first.", "El tablero está vacío: trae un sprite primero."
        )
    sprite, done = fitted(board[0], lang)
    return sprite, f"<p>{' '.join(done)}</p>" if done else ""


def fitted(picture: Image.Image, lang: str) -> tuple[Sprite, list[str]]:
    """Any picture as a sprite of 24 x 24 and 15 colours, and what that took, in sentences."""
    pixels, done = np.array(picture.convert("RGBA")), []
    if (pixels[..., 3] > 127).all() and len(np.unique(corners(pixels), axis=0)) == 1:
        pixels[(pixels == pixels[0, 0]).all(-1)] = 0
        done.append(
            say(
                lang,
                "The corners' colour was taken as clear.",
                "El color de las esquinas se tomó por transparente.",
            )
        )
    grain = grain_of(pixels)
    if grain > 1:
        pixels = pixels[grain // 2 :: grain, grain // 2 :: grain]
        en, es = (
            f"Enlarged {grain} times: brought back.",
            f"Estaba ampliada {grain} veces: se devolvió a su tamaño.",
        )
        done.append(say(lang, en, es))
    high, wide = pixels.shape[:2]
    if max(high, wide) > SIDE:
        pixels = tiles.fit(pixels, smooth=max(high, wide) > 2 * SIDE)
        done.append(
            say(
                lang,
                f"{wide} × {high} pixels made 24 × 24.",
                f"De {wide} × {high} píxeles se pasó a 24 × 24.",
            )
        )
    else:
        page = np.zeros((SIDE, SIDE, 4), np.uint8)
        left = (SIDE - wide) // 2
        page[SIDE - high :, left : left + wide] = pixels
        pixels = page
    many = len(np.unique(pixels[pixels[..., 3] > 127][:, :3], axis=0))
    if not many:
        raise refuse("Nothing is left of this picture at 24 × 24.", "De esta imagen no queda nada a 24 × 24.")
    places, table = quantise(pixels, ROWS)
    if many > ROWS - 1:
        en, es = f"{many} colours became {len(table) - 1}.", f"De {many} colores quedaron {len(table) - 1}."
        done.append(say(lang, en, es))
    return (places, table), done


def corners(pixels: np.ndarray) -> np.ndarray:
    return pixels[[0, 0, -1, -1], [0, -1, 0, -1]]


def grain_of(pixels: np.ndarray) -> int:
    """By how much pixel art was enlarged: the largest square that is of one colour everywhere."""
    high, wide = pixels.shape[:2]
    for n in range(min(high, wide) // 4, 1, -1):
        if high % n == 0 and wide % n == 0:
            blocks = pixels.reshape(high // n, n, wide // n, n, -1)
            if (blocks == blocks[:, :1, :, :1]).all():
                return n
    return 1


def page_of(sprite: Sprite) -> Image.Image:
    """A sprite as the board shows it."""
    return Image.fromarray(tiles.rgba(sprite[0], sprite[1]))


# ------------------------------------------------------------------------------------------- the page


def complete_code(
    checkpoint: str,
    source: str,
    number: int,
    board: Board,
    keep: str,
    kind: int,
    temperature: float,
    seed: int,
) -> str:
    region = {"top": "[:12]", "bottom": "[12:]", "left": "[:, :12]", "head": "[4:13, 5:19]"}
    more = (
        "from genmodels.autoregressive.sampling import draw, last",
        "from genmodels.data import tiles",
    )
    yours = "" if source == CREATURE else "  # or yours: uint8 (24, 24), and its palette"
    other = "" if keep in region else "  # or any part you like"
    return art.loading(checkpoint, *more) + (
        f"x, palette, colours = map(torch.from_numpy, tiles.creatures(1, {number})){yours}\n"
        "x, palette, colours = x.long()[None], palette.long(), colours.long()\n"
        "keep = torch.zeros(24, 24, dtype=torch.bool)\n"
        f"keep{region.get(keep, '[:12]')} = True{other}\n"
        f"told = {{'palette': palette.expand({COUNT}, -1, -1), 'colours': colours.expand({COUNT})}}\n"
        f"told['labels'] = torch.full(({COUNT},), {kind})\n"
        f"six = last(draw(model, {seed}, {COUNT}, x, keep, {temperature:g}, **told))\n"
        "assert (six == x)[:, :, keep].all()\n"
    )


def under(source: str, number: int, keep: str, board: Board) -> Any:
    """A creature of ours goes on the board, under the part that is kept."""
    return gr.skip() if source == BOARD else (page_of(creature(number)), region(keep, board))


def preset(source: str, number: int, keep: str, board: Board) -> Any:
    """Another part is kept of what is there."""
    if keep == "painted":
        return gr.skip()
    page = board[0] if source == BOARD else page_of(creature(number))
    return page, region(keep, board)


def brought(picture: Image.Image | None, keep: str, board: Board, request: gr.Request) -> tuple:
    """An upload, as a sprite, goes on the board; what was done to it is said."""
    if picture is None:
        return (gr.skip(),) * 4
    sprite, done = fitted(picture, language(request))
    return (page_of(sprite), region(keep, board)), BOARD, art.UNTOLD, " ".join(done)


def went_on(made: tuple | None, keep: str, board: Board, event: gr.SelectData) -> tuple:
    """A click on a completion puts it on the board."""
    k = hit(*event.index)
    if made is None or k is None:
        return gr.skip(), gr.skip()
    return (page_of((made[0][k], made[1])), region(keep, board)), BOARD


def sent(sprite: tuple | None, keep: str, board: Board, request: gr.Request) -> tuple:
    """A sprite of the first view goes on the board."""
    if sprite is None:
        words = (
            "Click a sprite first: the one shown large.",
            "Primero haz clic en un sprite: va el que se ve grande.",
        )
        raise gr.Error(say(language(request), *words), print_exception=False)
    places, table, kind = sprite
    return (page_of((places, table)), region(keep, board)), BOARD, kind


def receive(button: gr.Button, sprite: gr.State, keep: Any, board: Any, source: Any, kind: Any) -> None:
    """The first view's button brings its sprite here, and the visitor too."""
    quiet = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    event = button.click(sent, [sprite, keep, board], [board, source, kind], **quiet)
    event.success(None, None, None, js=GO, **quiet)


def hit(x: int, y: int) -> int | None:
    """Which of the completions a place of the plate belongs to."""
    wide, high = art.cell(ZOOM, strip=False)
    x -= SIDE * ZOOM + plates.AIR
    k = y // high * COLUMNS + x // wide
    return k if x >= 0 and x // wide < COLUMNS and 0 <= k < COUNT else None


def layout(tab: kit.Tab) -> dict[str, Any]:
    quiet = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    with tab.view("complete", "Complete it", "Complétalo") as view:
        with view.controls():
            sources = [
                (t("a creature of ours", "una criatura nuestra"), CREATURE),
                (t("what is on the board", "lo que está en el tablero"), BOARD),
            ]
            source = kit.choice(sources, t("Sprite", "Sprite"))
            number = kit.slider(0, 500, FIRST, t("Which creature", "Qué criatura"), step=1)
            parts = [
                (t("the upper half", "la mitad de arriba"), "top"),
                (t("the lower half", "la mitad de abajo"), "bottom"),
                (t("the left half", "la mitad izquierda"), "left"),
                (t("about the head", "más o menos la cabeza"), "head"),
                (t("what I paint", "lo que pinto"), "painted"),
            ]
            keep = kit.choice(parts, t("Keep", "Conservar"))
            nothing = (None, np.zeros((SIDE, SIDE), bool))
            start = page_of(creature(FIRST)), region("top", nothing)
            board = kit.mask(SIDE, SIDE, ("Paint what to keep", "Pinta lo que se conserva"), start)
            with gr.Accordion(t("Bring a sprite of yours", "Trae un sprite tuyo"), open=False):
                picture = kit.upload(t("Pixel art, or any picture", "Pixel art, o cualquier imagen"))
                done = kit.html()
            kind = art.kind_choice(2, mixed=False)
            temperature = kit.slider(0, 1.5, 0.9, t("Temperature", "Temperatura"), step=0.05)
            seed = kit.seed(1)
        with view.result():
            six = art.titled(
                "Click a completion to put it on the board, and go on",
                "Haz clic en una para ponerla en el tablero y seguir",
            )
            note, made = kit.html(), gr.State(None)
        inputs = [tab.checkpoint, source, number, board, keep, kind, temperature, seed]
        view.run(complete, inputs, [six, note, made], ("Complete", "Completar"), complete_code)
        gr.on([number.change, source.change], under, [source, number, keep, board], board, **quiet)
        keep.change(preset, [source, number, keep, board], board, trigger_mode="always_last", **quiet)
        board.input(lambda: "painted", None, keep, **quiet)
        picture.upload(brought, [picture, keep, board], [board, source, kind, done], **quiet)
        six.select(went_on, [made, keep, board], [board, source], **quiet)
        view.on([number.release], complete)
    return {"keep": keep, "board": board, "source": source, "kind": kind}
