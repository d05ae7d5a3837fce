"""Complete it: the picture of the paper. Part of a picture is given, and the model writes six endings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demos import kit
from demos.imagegpt import source
from demos.imagegpt.source import (
    at_most,
    board_picture,
    capped,
    gpu_seconds,
    loading,
    picture_code,
    seen,
    timed,
)
from demos.kit import plates, say, t
from demos.kit.pixels import CELLS, WIDE, Pace, factor, kept_cells, kept_pixels, outline, pictures, sheet

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.autoregressive.imagegpt import ImageGPT

COUNT, COLUMNS = 6, 3
SECONDS = 3  # that a completion takes at least
REGIONS = {"top": "[: side // 2]", "left": "[:, : side // 2]", "frame": "[:]", "painted": "[: 8]"}


def complete(
    checkpoint: str, drawing: Image.Image | None, board: tuple | None, which: int, variant: int, keep: str,
    temperature: float, seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Keep a part of a picture (yours or ours) and have the rest drawn six times."""
    from genmodels.autoregressive import sampling

    with source.use(checkpoint) as model:
        before, x, note = source.brought(model, checkpoint, drawing, which, variant, lang)
        side, count = x.shape[-1], at_most(model, COUNT)
        kept = kept_pixels(kept_cells(keep, board), side)
        first, note = given(model, before, x, kept, lang), note + capped(count, COUNT, lang)
        yield first, gr.skip(), note, {}
        pace = Pace(side * side, SECONDS)
        steps = sampling.draw(model, seed, count, x, kept, temperature)
        for step, done, seconds in timed(steps):
            if pace.due(done, last=done == side * side):
                altered = int((step.x.cpu() != x)[:, :, kept].sum()) if done == side * side else 0
                six = made(seen(model, step.x, done, kept), kept)
                new = count * int((~kept).flatten()[:done].sum())
                yield first, six, note, {"tokens": new / seconds, "altered": altered}


def given(model: ImageGPT, before: Tensor, x: Tensor, kept: Tensor, lang: str) -> Image.Image:
    """The picture as it came, as the model has it, and what the model is given of it."""
    wide = WIDE // 2
    n = model.levels
    words = say(lang, f"in {n} colours", f"en {n} colores")
    if not model.config.clusters:
        words = say(lang, f"in {n} greys", f"en {n} grises")
    blocks = [
        squared(before, say(lang, "the picture", "la imagen"), x.shape[-1], wide),
        sheet(seen(model, x), words, 1, wide),
        sheet(seen(model, x, 0, kept), say(lang, "what is kept", "lo que queda"), 1, wide),
    ]
    head = blocks[2].height - factor(1, x.shape[-1], wide) * x.shape[-1]
    lower = outline(
        blocks[2].crop((0, head, *blocks[2].size)), factor(1, x.shape[-1], wide), kept.numpy(), 1, 1
    )
    blocks[2].paste(lower, (0, head))
    return plates.beside(*blocks)


def squared(before: Tensor, caption: str, side: int, wide: int) -> Image.Image:
    """A picture of another size as large on the page as one of `side` pixels."""
    from torch.nn.functional import interpolate

    size = factor(1, side, wide) * side
    return sheet(interpolate(before.expand(-1, 3, -1, -1), size=(size, size)), caption, 1, size)


def made(shown: Tensor, kept: Tensor) -> Image.Image:
    """Completions, with a line around what was kept."""
    n = factor(COLUMNS, shown.shape[-1])
    return outline(sheet(shown, "", COLUMNS), n, kept.numpy(), COLUMNS, len(shown))


def complete_code(
    checkpoint: str, drawing: Image.Image | None, board: tuple | None, which: int, variant: int, keep: str,
    temperature: float, seed: int,
) -> str:  # fmt: skip
    imports, lines = picture_code(checkpoint, which, variant)
    imports.append("from genmodels.autoregressive.sampling import draw, last")
    mine = "  # or yours" if keep == "painted" else ""
    hole = "keep[5 * side // 16 : 12 * side // 16, side // 4 : 3 * side // 4] = False\n"
    return loading(checkpoint, *imports) + (
        f"{lines}side = x.shape[-1]\nkeep = torch.zeros(side, side, dtype=torch.bool)\n"
        f"keep{REGIONS[keep]} = True{mine}\n{hole if keep == 'frame' else ''}"
        f"six = last(draw(model, {seed}, {COUNT}, x, keep, {temperature:g}))\n"
        "assert (six == x)[:, :, keep].all()\n"
    )


def under(
    checkpoint: str, drawing: Image.Image | None, board: tuple | None, which: int, variant: int, keep: str
) -> Any:
    """What the board shows: the picture, small, under the cells that are kept."""
    try:
        return board_picture(checkpoint, drawing, which, variant), kept_cells(keep, board)
    except gr.Error:  # hardly anything is drawn yet
        return gr.skip()


def preset(*values: Any) -> Any:
    """The same when another way of keeping is chosen; what is being painted stays as it is."""
    return gr.skip() if values[-1] == "painted" else under(*values)


def layout(tab: kit.Tab) -> None:
    quiet = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    with tab.view("complete", "Complete it", "Complétala") as view:
        with view.controls():
            which = source.which_choice(t("The picture", "La imagen"))
            variant = kit.slider(0, 20, 3, t("Variant", "Variante"), step=1)
            with gr.Accordion(t("Or draw, or drop a picture", "O dibuja, o suelta una imagen"), open=False):
                drawing = kit.drawing(t("Yours", "La tuya"))
            choices = [
                (t("the top half", "la mitad de arriba"), "top"),
                (t("the left half", "la mitad izquierda"), "left"),
                (t("all but the middle", "todo menos el centro"), "frame"),
                (t("what I paint below", "lo que pinto abajo"), "painted"),
            ]
            keep = kit.choice(choices, t("Keep", "Conservar"))
            start = board_picture(source.GREYS, None, which.value, variant.value), kept_cells("top")
            board = kit.mask(CELLS, CELLS, ("Paint what to keep", "Pinta lo que se conserva"), start)
            seed = kit.seed()
            temperature = kit.slider(0, 1.5, 1, t("Temperature", "Temperatura"), step=0.05)
        with view.result():
            first = plates.view()
            six = pictures()
            note = kit.html()
        inputs = [tab.checkpoint, drawing, board, which, variant, keep, temperature, seed]
        outputs, label = [first, six, note], ("Complete", "Completar")
        view.run(complete, inputs, outputs, label, complete_code, gpu_seconds=gpu_seconds)
        shown = inputs[:6]
        changes = [tab.checkpoint.change, drawing.change, which.change, variant.change]
        gr.on(changes, under, shown, board, trigger_mode="always_last", **quiet)
        keep.change(preset, shown, board, trigger_mode="always_last", **quiet)
        board.input(lambda: "painted", None, keep, **quiet)
        view.on([which.input, variant.release, keep.input], complete)
