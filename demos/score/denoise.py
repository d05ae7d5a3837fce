"""Noise on a digit, taken out in one step: the mean of all that could have been there, and some of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import gradio as gr
from PIL import Image

from demos import kit
from demos.kit import plates, say, t
from demos.kit.digits import ours_controls
from demos.kit.pixels import Pace, pictures
from demos.score import models, plane

if TYPE_CHECKING:
    from torch import Tensor

DRAWS = 8  # of what could have been there
RUNGS = 30  # of their way down
SECONDS = 2


def denoise(
    checkpoint: str, drawing: Image.Image | None, which: int, variant: int, sigma: float, seed: int, lang: str
) -> Iterator[tuple]:
    """Noise on a digit (yours or ours), its one-step estimate, and draws of what could have been under it."""
    from genmodels.energy.annealed import descend, ladder
    from genmodels.metrics.psnr import psnr
    from genmodels.runtime import generators, noise

    x, note = models.digit_of(drawing, which, variant, lang)
    noisy = x + sigma * noise(seed, 1, tuple(x.shape[1:]))
    with models.use(checkpoint) as model:
        score, time = models.scored(model), Pace(RUNGS, SECONDS)
        clean = noisy + sigma**2 * score(noisy, sigma)
        top = three(x, models.dimmed(noisy, sigma, model.config), clean, sigma, lang)
        found = {"psnr_noisy": psnr(x, noisy).item(), "psnr_estimate": psnr(x, clean).item()}
        yield top, gr.skip(), note, found
        sigmas = ladder(sigma, min(sigma, model.config.sigma_min), RUNGS)
        draws = noisy.expand(DRAWS, -1, -1, -1)
        for k, step in enumerate(descend(score, draws, sigmas, 1.0, generators(seed + 1, DRAWS))):
            if time.due(k):
                yield top, below(step.x, lang), note, found
    mean = step.x.mean(0, keepdim=True)
    found |= {"psnr_draws": psnr(x, step.x).mean().item(), "psnr_mean": psnr(x, mean).item(), "made": DRAWS}
    yield top, below(step.x, lang, mean), note + explained(lang), found


def three(x: Tensor, noisy: Tensor, clean: Tensor, sigma: float, lang: str) -> Image.Image:
    words = (
        say(lang, "the digit", "el dígito"),
        f"σ = {plane.number(sigma, lang)}",
        say(lang, "one step: the mean", "un paso: la media"),
    )
    pairs = zip((x, noisy, clean), words, strict=True)
    return plates.beside(*(models.shown(page, name, 1, 308) for page, name in pairs))


def below(draws: Tensor, lang: str, mean: Tensor | None = None) -> Image.Image:
    """Pictures that could have been there; at the end their mean, too."""
    en, es = "eight that could be under it", "ocho que podrían estar debajo"
    first = models.shown(draws, say(lang, en, es), 4, 640)
    if mean is None:
        return first
    name = say(lang, "their mean", "su media")
    return plates.beside(first, models.shown(mean, name, 1, 308))


def explained(lang: str) -> str:
    en = (
        "The one-step estimate is blurred because it is a mean: where the possible digits agree it is sharp, "
        "elsewhere grey. It is nearer to the digit than a single draw tends to be, and less like a digit. "
        "A sampler takes a small part of this step, and looks again."
    )
    es = (
        "La estimación de un paso sale borrosa porque es una media: donde los dígitos posibles coinciden es "
        "nítida, donde no, gris. Suele quedar más cerca del dígito que cualquiera de las muestras, y "
        "parecerse menos a un dígito. Un muestreador da solo una parte de ese paso y vuelve a mirar."
    )
    return f"<p>{say(lang, en, es)}</p>"


def denoise_code(
    checkpoint: str, drawing: Image.Image | None, which: int, variant: int, sigma: float, seed: int
) -> str:
    imports = (
        "import numpy as np",
        "from genmodels.data.digits import digit",
        "from genmodels.runtime import noise",
    )
    lines = (
        f"noisy = x + {sigma:g} * noise({seed}, 1, (1, 28, 28))\n"
        f"clean = noisy + {sigma:g} ** 2 * model.score(noisy, {sigma:g})  # Tweedie's formula\n"
        f"assert torch.allclose(clean, model.denoise(noisy, {sigma:g}), atol=1e-4)\n"
    )
    return models.loading(checkpoint, *imports) + models.digit_code(which, variant) + lines


def layout(tab: kit.Tab) -> None:
    with tab.view("denoise", "Denoise", "Quitar ruido") as view:
        with view.controls():
            which, variant = ours_controls(5, 1)
            with gr.Accordion(t("Or draw one", "O dibuja uno"), open=False):
                drawing = models.board()
            sigma = kit.slider(0.05, 5, 2, t("Noise σ", "Ruido σ"), step=0.05)
            seed = kit.seed()
        with view.result():
            top = plates.view()
            low = pictures()
            note = kit.html()
        inputs = [tab.checkpoint, drawing, which, variant, sigma, seed]
        view.run(denoise, inputs, [top, low, note], ("Take it out", "Quitarlo"), denoise_code)
        view.on([which.input, variant.release, sigma.release], denoise)
