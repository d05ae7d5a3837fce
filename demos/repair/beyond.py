"""Beyond: a picture goes on past its edge, by a window that moves, by many at once, or on one wide canvas."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image, ImageDraw

from demos import kit
from demos.kit import denoisers, plates, plots, reals, say, t
from demos.kit.lang import Pair
from demos.repair import ways

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.diffusion.denoiser import Denoiser

COUNT = 2  # canvases
WIDE = 940  # pixels of a plate
WAYS: dict[str, Pair] = {
    "step": ("a window that moves", "una ventana que avanza"),
    "windows": ("all windows at once, averaged", "todas las ventanas a la vez, promediadas"),
    "canvas": ("the network on the whole canvas", "la red sobre el lienzo entero"),
}
SIDES: dict[str, Pair] = {
    "right": ("to the right", "a la derecha"),
    "both": ("to both sides", "a ambos lados"),
}


def beyond(
    checkpoint: str, drawing: Image.Image | None, number: int, way: str, side: str, times: float,
    overlap: float, again: int, faces: str, fashion: str, sprites: str, emoji: str, steps: int, seed: int,
    lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """A picture (yours or ours) on a wider canvas, and what is drawn beside it, twice."""
    label = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    with denoisers.use(checkpoint) as denoise:
        x, note = ways.real(checkpoint, denoise, drawing, number, lang)
        canvas, kept = spread(x, times, side, denoise.network.factor)
        stride = max(1, round(x.shape[-1] * (1 - overlap / 100)))
        yield page(ways.without(canvas, kept), kept, lang), note, {}
        for made in grown(denoise, label, canvas, kept, way, stride, again, steps, seed):
            yield page(made, kept, lang), note, {}
    n, wide = x.shape[-1], canvas.shape[-1]
    figures = {"made": COUNT, "calls": calls(way, kept[0], n, stride) * ways.looks(steps, again)}
    altered = {"altered": int((made != canvas)[..., kept].sum())}
    yield page(made, kept, lang), f"{note}<p>{describe(way, n, wide, stride, lang)}</p>", figures | altered


def calls(way: str, given: Tensor, n: int, stride: int) -> int:
    """How many windows are looked at, one after another or together."""
    from genmodels.diffusion.edit import outwards, places

    if way == "canvas":
        return 1
    return len(places(len(given), n, stride) if way == "windows" else outwards(given, n, stride))


def spread(x: Tensor, times: float, side: str, factor: int) -> tuple[Tensor, Tensor]:
    """The picture COUNT times on a wider canvas, and which columns of it are given."""
    import torch

    n = x.shape[-1]
    wide = ceil(n * times / factor) * factor
    left = 0 if side == "right" else (wide - n) // 2
    canvas = x.new_zeros(COUNT, x.shape[1], n, wide)
    canvas[..., left : left + n] = x
    kept = torch.zeros(n, wide, dtype=torch.bool, device=x.device)
    kept[:, left : left + n] = True
    return canvas, kept


def grown(
    denoise: Denoiser, label: int, canvas: Tensor, kept: Tensor, way: str, stride: int, again: int,
    steps: int, seed: int,
) -> Iterator[Tensor]:  # fmt: skip
    """The canvas as it fills."""
    import torch

    from genmodels.diffusion import edit
    from genmodels.runtime import generators

    ask, n = ways.told(denoise, label, COUNT), canvas.shape[2]
    grid, luck = ways.grid(denoise, steps), generators(seed, COUNT)
    if way == "step":
        made = edit.outpaint(ask, canvas, kept, n, stride, grid, luck, again)
    else:
        ask = edit.windows(ask, n, stride) if way == "windows" else ask
        made = edit.inpaint(ask, canvas, kept, grid, luck, again)
    for step in ways.paced(made):
        yield torch.where(kept, canvas, step.x0)


# ---- what is shown -----------------------------------------------------------------------------------------


def page(x: Tensor, kept: Tensor, lang: str) -> Image.Image:
    """The canvases, one under the other, with marks above and below what was given."""
    wide = x.shape[-1]
    blocks = [ways.block("", row[None], WIDE) for row in x]
    columns = kept[0].nonzero().flatten().tolist()
    left, right = (round(v / wide * WIDE) for v in (columns[0], columns[-1] + 1))
    return plates.plate(bracket(left, right, say(lang, "given", "dado")), *blocks)


def bracket(left: int, right: int, words: str) -> Image.Image:
    sheet = Image.new("RGBA", (WIDE, 40))
    pen, type = ImageDraw.Draw(sheet), plates.font(26)
    pen.line((left + 2, 38, left + 2, 30, right - 3, 30, right - 3, 38), (*plates.CAPTION, 255), 3)
    pen.text(((left + right) / 2, 24), words, (*plates.CAPTION, 255), type, "ms")
    return sheet


def describe(way: str, n: int, wide: int, stride: int, lang: str) -> str:
    share = plots.number(100 * (1 - stride / n), lang, 2)
    en = {
        "step": f"A window of {n} pixels moved by {stride} at a time: {share}% of it was known each time.",
        "windows": f"Windows of {n} pixels, {stride} apart, on a canvas of {wide}, at every level together.",
        "canvas": f"The network saw {wide} pixels at once; it learnt on {n}.",
    }[way]
    es = {
        "step": f"Una ventana de {n} píxeles avanzó de a {stride}: cada vez conocía el {share} %.",
        "windows": f"Ventanas de {n} píxeles, cada {stride}, en un lienzo de {wide}, juntas en cada nivel.",
        "canvas": f"La red vio {wide} píxeles a la vez; aprendió con {n}.",
    }[way]
    return say(lang, en, es)


def beyond_code(
    checkpoint: str, drawing: Any, number: int, way: str, side: str, times: float, overlap: float, again: int,
    faces: str, fashion: str, sprites: str, emoji: str, steps: int, seed: int,
) -> str:  # fmt: skip
    labels = ways.labels_code(checkpoint, (faces, fashion, sprites, emoji), COUNT)
    left = "0" if side == "right" else "(wide - n) // 2"
    stride = f"round({1 - overlap / 100:g} * n)"
    call = {
        "step": f"edit.outpaint(ask, canvas, keep, n, {stride}, sigmas, luck, {again})",
        "windows": f"edit.inpaint(edit.windows(ask, n, {stride}), canvas, keep, sigmas, luck, {again})",
        "canvas": f"edit.inpaint(ask, canvas, keep, sigmas, luck, {again})",
    }[way]
    more = "from genmodels.diffusion import edit, schedules", "from genmodels.runtime import generators"
    return ways.code(checkpoint, number, *more) + (
        f"n, ask = x0.shape[-1], bound(denoise{labels})\n"
        f"wide = int(-(-{times:g} * n // denoise.network.factor)) * denoise.network.factor\n"
        f"canvas, keep = torch.zeros({COUNT}, x0.shape[1], n, wide), torch.zeros(n, wide, dtype=torch.bool)\n"
        f"canvas[..., {left} :][..., :n], keep[:, {left} :][:, :n] = x0, True\n"
        f"sigmas, luck = schedules.karras(0.02, 80, {steps}), generators({seed}, {COUNT})\n"
        f"*_, end = {call}\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("beyond", "Beyond the edge", "Más allá del borde") as view:
        with view.controls():
            number, drawing = reals.board(36_507)
            way = kit.choice([(t(*words), key) for key, words in WAYS.items()], t("How", "Cómo"), "step")
            with gr.Row():
                sides = [(t(*words), key) for key, words in SIDES.items()]
                side = kit.choice(sides, t("Where", "Hacia dónde"), "both", min_width=130)
                wide = t("Times as wide", "Veces más ancho")
                times = kit.slider(1.5, 4, 2.5, wide, step=0.25, min_width=130)
            overlap = kit.slider(25, 75, 50, t("Overlap of windows, %", "Ventanas superpuestas, %"), step=5)
            classes = denoisers.pickers()
            with gr.Accordion(t("Steps, seed", "Pasos, semilla"), open=False):
                again = kit.slider(
                    1, 8, 3, t("Every level so many times", "Veces que se repite cada nivel"), step=1
                )
                steps = ways.steps_slider(12, 30)
                seed = kit.seed()
        with view.result():
            picture = plates.view()
        said = kit.html(render=False)
        inputs = [tab.checkpoint, drawing, number, way, side, times, overlap, again, *classes, steps, seed]
        view.run(beyond, inputs, [picture, said], ("Go on", "Continuar"), beyond_code)
        view.on([way.input], beyond)
        with view.result():
            said.render()
