"""Complete it: part of a picture is kept and the model draws the rest, six times, altering nothing kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demos import kit
from demos.kit import plates, say, t
from demos.kit.pixels import CELLS, Pace, factor, kept_cells, kept_pixels, outline, pictures, sheet
from demos.pixelcnn import models
from demos.pixelcnn.pictures import levels_code, ours_controls, picture_of, seen
from genmodels.data.garments import garment

if TYPE_CHECKING:
    from torch import Tensor

COUNT, COLUMNS = 6, 3
WIDE = 640
SECONDS = 3  # that a completion takes at least


def complete(
    checkpoint: str, drawing: Image.Image | None, board: tuple | None, which: int, variant: int, keep: str,
    label: int, temperature: float, seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Keep a part of a picture (yours or ours) and have the rest drawn six times."""
    from genmodels.autoregressive import sampling

    x, note = picture_of(checkpoint, drawing, which, variant, lang)
    side, levels = models.side(checkpoint), models.levels(checkpoint)
    kept = kept_pixels(kept_cells(keep, board), side)
    first = given(x, kept, levels, lang)
    yield first, gr.skip(), note, {}
    with models.use(checkpoint) as model:
        condition, time = models.told(checkpoint, label, COUNT), Pace(side * side, SECONDS)
        steps = sampling.draw(model, seed, COUNT, x, kept, temperature, **condition)
        for step in steps:
            done = step.i * side + step.j + 1
            if time.due(done, last=done == side * side):
                altered = int((step.x.cpu() != x)[:, :, kept].sum()) if done == side * side else 0
                shown = made(seen(step.x, levels, done, kept), kept)
                yield first, shown, note, {"made": COUNT * done / side**2, "altered": altered}


def given(x: Tensor, kept: Tensor, levels: int, lang: str) -> Image.Image:
    """The picture, and what the model is given of it."""
    whole = sheet(seen(x, levels), say(lang, "the picture", "la imagen"), 1, WIDE // 2)
    part = made(seen(x, levels, 0, kept), kept, 1, WIDE // 2)
    caption = Image.new("RGBA", (part.width, whole.height))
    caption.paste(sheet(seen(x, levels), say(lang, "what is kept", "lo que se conserva"), 1, WIDE // 2))
    caption.paste(part, (0, whole.height - part.height))
    return plates.beside(whole, caption)


def made(shown: Tensor, kept: Tensor, columns: int = COLUMNS, width: int = WIDE) -> Image.Image:
    """Completions, with a line around what was kept."""
    n = factor(columns, shown.shape[-1], width)
    return outline(sheet(shown, "", columns, width), n, kept.numpy(), columns, len(shown))


def complete_code(
    checkpoint: str, drawing: Image.Image | None, board: tuple | None, which: int, variant: int, keep: str,
    label: int, temperature: float, seed: int,
) -> str:  # fmt: skip
    imports, lines = levels_code(checkpoint, which, variant)
    side = models.side(checkpoint)
    region = {
        "top": f"[: {side // 2}]",
        "left": f"[:, : {side // 2}]",
        "frame": "[:]",
        "painted": "[: 8]  # or yours",
    }[keep]
    told = models.told_code(checkpoint, label, COUNT)
    hole = f"keep[{5 * side // 16} : {12 * side // 16}, {side // 4} : {3 * side // 4}] = False\n"
    imports.append("from genmodels.autoregressive.sampling import draw, last")
    left, _, words = region.partition("  #")
    return (
        models.loading(checkpoint, *imports)
        + lines
        + (
            f"keep = torch.zeros({side}, {side}, dtype=torch.bool)\n"
            f"keep{left} = True{'  #' + words if words else ''}\n{hole if keep == 'frame' else ''}"
            f"six = last(draw(model, {seed}, {COUNT}, x, keep, {temperature:g}{told}))\n"
            "assert (six == x)[:, :, keep].all()\n"
        )
    )


def under(
    checkpoint: str, drawing: Image.Image | None, board: tuple | None, which: int, variant: int, keep: str
) -> Any:
    """What the board shows: the picture as the model has it, under the cells that are kept."""
    try:
        x, _ = picture_of(checkpoint, drawing, which, variant, "en")
    except gr.Error:  # hardly anything is drawn yet
        return gr.skip()
    page = kit.to_pil(seen(x, models.levels(checkpoint))[0])
    return page, kept_cells(keep, board)


def preset(*values: Any) -> Any:
    """The same when another way of keeping is chosen; what is being painted stays as it is."""
    return gr.skip() if values[-1] == "painted" else under(*values)


def layout(tab: kit.Tab) -> None:
    quiet = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    with tab.view("complete", "Complete it", "Complétala") as view:
        with view.controls():
            which, variant = ours_controls()
            with gr.Accordion(t("Or draw, or drop a picture", "O dibuja, o suelta una imagen"), open=False):
                drawing = kit.drawing(t("A garment or a digit", "Una prenda o un dígito"))
            choices = [
                (t("the top half", "la mitad de arriba"), "top"),
                (t("the left half", "la mitad izquierda"), "left"),
                (t("all but the middle", "todo menos el centro"), "frame"),
                (t("what I paint below", "lo que pinto abajo"), "painted"),
            ]
            keep = kit.choice(choices, t("Keep", "Conservar"))
            start = garment(which.value, variant.value).convert("RGBA"), kept_cells("top")
            board = kit.mask(CELLS, CELLS, ("Paint what to keep", "Pinta lo que se conserva"), start)
            with gr.Accordion(t("Class, temperature, seed", "Clase, temperatura, semilla"), open=False):
                label = models.label_choice(each=False)
                temperature = kit.slider(0, 1.5, 1, t("Temperature", "Temperatura"), step=0.05)
                seed = kit.seed()
        with view.result():
            first = plates.view()
            six = pictures()
            note = kit.html()
        inputs = [tab.checkpoint, drawing, board, which, variant, keep, label, temperature, seed]
        view.run(complete, inputs, [first, six, note], ("Complete", "Completar"), complete_code)
        shown = [tab.checkpoint, drawing, board, which, variant, keep]
        changes = [tab.checkpoint.change, drawing.change, which.change, variant.change]
        gr.on(changes, under, shown, board, trigger_mode="always_last", **quiet)
        keep.change(preset, shown, board, trigger_mode="always_last", **quiet)
        board.input(lambda: "painted", None, keep, **quiet)
        view.on([which.input, variant.release, keep.input], complete)
