"""Variations: a picture is lifted some way and let down with other luck; what stays, by size of detail."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import ceil, log2
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demos import kit
from demos.kit import denoisers, pixels, plates, plots, reals, say, t
from demos.repair import ways

if TYPE_CHECKING:
    from torch import Tensor

COLUMNS, TILE, SMALL = 4, 232, 217


def variations(
    checkpoint: str, drawing: Image.Image | None, number: int, share: float, count: int, faces: str,
    fashion: str, sprites: str, emoji: str, steps: int, seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Relatives of a picture (yours or ours): noise on it, and down again by as many seeds."""
    from genmodels.diffusion import edit, samplers
    from genmodels.diffusion.denoiser import seen
    from genmodels.runtime import generators

    label = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    with denoisers.use(checkpoint) as denoise:
        x, note = ways.real(checkpoint, denoise, drawing, number, lang)
        grid, many = ways.grid(denoise, steps, share), x.expand(count, -1, -1, -1)
        ask, luck, noisy = ways.told(denoise, label, count), generators(seed, count), None
        for step in ways.paced(edit.redrawn(ask, many, grid, luck, samplers.SOLVERS["ddpm"])):
            noisy = seen(step.x, step.sigma) if noisy is None else noisy
            yield top(x, noisy, None, share, grid[0], lang), relatives(step.x0, lang), note, {}
        made, x = step.x.float().cpu(), x.float().cpu()
    page = top(x, noisy, made, share, grid[0], lang)
    yield page, relatives(made, lang), note + bands(x, made, lang), {"made": count}


def top(x: Tensor, noisy: Tensor, made: Tensor | None, share: float, sigma: float, lang: str) -> Image.Image:
    """The picture, how noisy it was, and at the end the mean of all variations and where they differ."""
    words = f"{ways.percent(share, lang)}, {ways.sigma_words(sigma, lang)}"
    mean, heat = ways.blank(x, 1), ways.blank(x, 1)
    if made is not None:
        mean, heat = made.mean(0, keepdim=True), pixels.heat(made.std(0).mean(0)[None], 0.6)
    return plates.beside(
        ways.block(say(lang, "the picture", "la imagen"), x, SMALL),
        ways.block(words, noisy[:1], SMALL, noisy=True),
        ways.block(say(lang, "mean of all", "media de todas"), mean, SMALL),
        ways.block(say(lang, "where they differ", "dónde difieren"), heat, SMALL),
    )


def relatives(x: Tensor, lang: str) -> Image.Image:
    return ways.block(say(lang, "what may be under it", "lo que puede haber debajo"), x, TILE, COLUMNS)


# ---- what stays --------------------------------------------------------------------------------------------


def octaves(n: int) -> list[tuple[float, float]]:
    """Waves per picture, an octave each: from 1 to 2 up to n / 4 to n / 2."""
    count = ceil(log2(n / 2))
    edges = [n / 2 / 2**k for k in range(count, -1, -1)]
    return list(pairwise(edges))


def kept(x: Tensor, made: Tensor) -> list[float]:
    """How alike the waves of each octave are in a picture and its variations: 1 the same, 0 by chance.

    The correlation of their Fourier coefficients.
    """
    import torch

    n = x.shape[-1]
    f = torch.fft.fftfreq(n) * n
    radius = (f[:, None].square() + f[None].square()).sqrt()
    a, b = torch.fft.fft2(x.expand_as(made)), torch.fft.fft2(made)
    found = []
    for low, high in octaves(n):
        ring = (radius > low - 1e-6) & (radius <= high)
        u, v = a[..., ring], b[..., ring]
        size = (u.abs().square().sum() * v.abs().square().sum()).sqrt().clamp(min=1e-12)
        found.append(((u * v.conj()).real.sum() / size).item())
    return found


def bands(x: Tensor, made: Tensor, lang: str) -> str:
    n = x.shape[-1]
    rows = []
    for (low, high), share in zip(octaves(n), kept(x, made), strict=True):
        size = f"{plots.number(n / high, lang, 2)} – {plots.number(n / low, lang, 2)}"
        rows.append((f"{size} px", share, "mark"))
    title = say(lang, "What stays, from the coarse to the fine", "Lo que queda, de lo grueso a lo fino")
    words = say(
        lang,
        "Correlation with the picture's own waves of so many pixels: 1 is the same, 0 is chance.",
        "Correlación con las ondas de la imagen de tantos píxeles: 1 es lo mismo, 0 es azar.",
    )
    return f"<h4>{title}</h4><p>{words}</p>{plots.signed_bars(rows, 1.0, lang)}"


def variations_code(
    checkpoint: str, drawing: Any, number: int, share: float, count: int, faces: str, fashion: str,
    sprites: str, emoji: str, steps: int, seed: int,
) -> str:  # fmt: skip
    labels = ways.labels_code(checkpoint, (faces, fashion, sprites, emoji), count)
    return (
        ways.code(
            checkpoint,
            number,
            "from genmodels.diffusion import edit, samplers, schedules",
            "from genmodels.runtime import generators",
        )  # fmt: skip
        + f"sigmas = edit.below(schedules.karras(0.02, 80, {steps}), {ways.sigma_of(share):.4g})\n"
        f"*_, end = edit.redrawn(bound(denoise{labels}), x0.expand({count}, -1, -1, -1), sigmas,\n"
        f'                       generators({seed}, {count}), samplers.SOLVERS["ddpm"])\n'
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("variations", "Variations", "Variaciones") as view:
        with view.controls():
            number, drawing = reals.board()
            share = ways.share_slider(60)
            count = kit.slider(2, 12, 8, t("Variations", "Variaciones"), step=1)
            classes = denoisers.pickers()
            with gr.Accordion(t("Steps, seed", "Pasos, semilla"), open=False):
                steps = ways.steps_slider(40)
                seed = kit.seed()
        with view.result():
            first, page = plates.view(), plates.view()
        said = kit.html(render=False)
        inputs = [tab.checkpoint, drawing, number, share, count, *classes, steps, seed]
        view.run(variations, inputs, [first, page, said], ("Vary", "Variar"), variations_code)
        view.on([share.release], variations)
        with view.result():
            said.render()
