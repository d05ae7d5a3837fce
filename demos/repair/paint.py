"""Paint: a rough drawing is lifted into the noise and comes down as a picture. How high decides how much of
it is left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from PIL import Image, ImageFilter

from demos import kit
from demos.kit import denoisers, plates, plots, reals, say, t
from demos.repair import ways

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.diffusion.denoiser import Denoiser

COUNT = 3  # pictures of a level
SHARES = (25, 45, 60, 75, 88, 97)  # of the way, in percent, side by side
STROKES, COLOURS = 9, 6  # pixels of the brush of 64, colours of its paints
TILE, SMALL = 176, 146


def paint(
    checkpoint: str, drawing: Image.Image | None, number: int, share: float, faces: str, fashion: str,
    sprites: str, emoji: str, steps: int, seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """A drawing with noise on it, and down from there, three times; then the same from six heights."""
    label = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    with denoisers.use(checkpoint) as denoise:
        guide, note = guide_of(checkpoint, denoise, drawing, number, lang)
        top = gr.skip()
        for top in film(denoise, guide, label, share, steps, seed, lang):
            yield top, gr.skip(), note, {}
        found: list[Tensor] = []
        for share_ in SHARES:
            found.append(redrawn(denoise, guide, label, share_, steps, seed))
            yield top, levels(found, guide, lang), note, {}
    apart = [rms(x - x.roll(1, 0)) for x in found]
    away = [rms(x - guide.cpu()) for x in found]
    yield (
        top,
        levels(found, guide, lang),
        note + curves(away, apart, lang),
        {"made": COUNT * (1 + len(SHARES))},
    )


def film(
    denoise: Denoiser, guide: Tensor, label: int, share: float, steps: int, seed: int, lang: str
) -> Iterator[Image.Image]:
    """The drawing, the drawing with noise, and what is believed of it on the way down."""
    from genmodels.diffusion import edit, samplers
    from genmodels.diffusion.denoiser import seen
    from genmodels.runtime import generators

    many, grid = guide.expand(COUNT, -1, -1, -1), ways.grid(denoise, steps, share)
    left = ways.block(say(lang, "drawn", "dibujo"), guide, TILE)
    noisy = None
    way = edit.redrawn(ways.told(denoise, label, COUNT), many, grid, generators(seed, COUNT), samplers.dpm)
    for step in ways.paced(way):
        if noisy is None:
            words = f"{ways.percent(share, lang)}, {ways.sigma_words(grid[0], lang)}"
            noisy = ways.block(words, seen(step.x, step.sigma)[:1], TILE, noisy=True)
        made = ways.block(say(lang, "and down", "y hacia abajo"), step.x0, TILE)
        yield plates.beside(left, noisy, made)


def redrawn(denoise: Denoiser, guide: Tensor, label: int, share: float, steps: int, seed: int) -> Tensor:
    from genmodels.diffusion import edit, samplers
    from genmodels.runtime import generators

    many, grid = guide.expand(COUNT, -1, -1, -1), ways.grid(denoise, steps, share)
    way = edit.redrawn(ways.told(denoise, label, COUNT), many, grid, generators(seed, COUNT), samplers.dpm)
    *_, end = way
    return end.x.float().cpu()


def rms(x: Tensor) -> float:
    return x.square().mean().sqrt().item()


def levels(found: list[Tensor], guide: Tensor, lang: str) -> Image.Image:
    """A column for each height, with room for those to come."""
    columns = [ways.rgb(x) for x in found]
    columns += [ways.blank(guide, COUNT)] * (len(SHARES) - len(found))
    blocks = [
        ways.block(ways.percent(share, lang), x, SMALL, 1) for share, x in zip(SHARES, columns, strict=True)
    ]
    return ways.close(*blocks)


def curves(away: list[float], apart: list[float], lang: str) -> str:
    axes = plots.Axes((20, 100), (0, 1.1 * max(*away, *apart)), width=640, height=220, left=58)
    names = (
        ("mark", say(lang, "away from the drawing", "lejos del dibujo")),
        ("warm", say(lang, "away from each other", "lejos entre sí")),
    )
    title = say(
        lang,
        "How far, by height (root mean square)",
        "Qué tan lejos, según la altura (raíz cuadrática media)",
    )
    marks = [plots.line(SHARES, away, "mark"), plots.line(SHARES, apart, "warm")]
    marks += [plots.dots(SHARES, away, "mark", 4), plots.dots(SHARES, apart, "warm", 4)]
    across = say(lang, "share of the way up, %", "parte del camino hacia arriba, %")
    return plots.plot(axes, *marks, title=title, across=across, up=True, lang=lang) + plots.legend(*names)


# ---- what is drawn -----------------------------------------------------------------------------------------


def guide_of(
    checkpoint: str, denoise: Denoiser, drawing: Image.Image | None, number: int, lang: str
) -> tuple[Tensor, str]:
    """The visitor's drawing, or one of ours in broad strokes."""
    if drawing is not None:
        return ways.real(checkpoint, denoise, drawing, number, lang)
    import torch

    page = np.asarray(strokes(reals.ours(denoisers.kind_of(checkpoint), number)), np.float32)
    x = torch.from_numpy(page.reshape(*page.shape[:2], -1)).permute(2, 0, 1)[None] / 127.5 - 1
    return x.to(denoise.network.device), ""


def strokes(page: Image.Image) -> Image.Image:
    """As if somebody had painted it with a broad brush and six paints (SDEdit's paper makes them so too)."""
    brush = max(3, round(STROKES * page.width / 64) // 2 * 2 + 1)
    large = page.convert("RGB").filter(ImageFilter.MedianFilter(brush))
    return large.quantize(COLOURS, dither=Image.Dither.NONE).convert(page.mode)


def paint_code(
    checkpoint: str, drawing: Any, number: int, share: float, faces: str, fashion: str, sprites: str,
    emoji: str, steps: int, seed: int,
) -> str:  # fmt: skip
    labels = ways.labels_code(checkpoint, (faces, fashion, sprites, emoji), COUNT)
    return (
        ways.code(
            checkpoint,
            number,
            "from genmodels.diffusion import edit, samplers, schedules",
            "from genmodels.runtime import generators",
        )  # fmt: skip
        + f"sigmas = edit.below(schedules.karras(0.02, 80, {steps}), {ways.sigma_of(share):.4g})\n"
        f"guide = x0.expand({COUNT}, -1, -1, -1)  # best a rough drawing\n"
        f"*_, end = edit.redrawn(bound(denoise{labels}), guide, sigmas, generators({seed}, {COUNT}),\n"
        "                       samplers.dpm)\n"
        f"pictures = end.x  # ({COUNT}, C, H, W)\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("paint", "Paint", "Pintar") as view:
        with view.controls():
            words = t("Draw, or drop a picture", "Dibuja, o suelta una imagen")
            drawing = kit.drawing(words, brush=22, colours=reals.INK)
            number = kit.seed(reals.FACE, t("Or ours, number", "O uno nuestro, número"))
            share = ways.share_slider(80)
            classes = denoisers.pickers()
            with gr.Accordion(t("Steps, seed", "Pasos, semilla"), open=False):
                steps = ways.steps_slider(20)
                seed = kit.seed()
        with view.result():
            top = plates.view()
            table = plates.view()
        said = kit.html(render=False)
        inputs = [tab.checkpoint, drawing, number, share, *classes, steps, seed]
        view.run(paint, inputs, [top, table, said], ("Up and down", "Subir y bajar"), paint_code)
        view.on([share.release], paint)
        with view.result():
            said.render()
