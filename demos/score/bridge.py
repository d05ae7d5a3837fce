"""The bridge: the same network, read as a score model and as a diffusion model, with the numbers beside."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import gradio as gr

from demos import kit
from demos.kit import plates, say, t
from demos.kit.pixels import heading, pictures
from demos.score import models
from demos.score.schedule import Place, ladders, said

COUNT, WIDE = 4, 308  # digits of each sampler, pixels of their block
VARIANT = 1  # of our digit
CALLS = 30  # of the network, that diffusion's samplers get
LOUD = 2.5  # noise of this size is white, and minus that black
SAMPLERS = {"seconds_langevin": "Langevin", "seconds_ancestral": "DDPM", "seconds_ddim": "DDIM"}


def bridge(checkpoint: str, which: int, sigma: float, seed: int, lang: str) -> Iterator[tuple]:
    """One noisy digit in the words of both; then four digits drawn by the same network in three ways."""
    from genmodels.runtime import noise

    x, _ = models.digit_of(None, which, VARIANT, lang)
    drawn = noise(seed, 1, tuple(x.shape[1:]))
    with models.use(checkpoint) as model:
        config, noisy = model.config, x + sigma * drawn
        told = models.told(model, noisy, sigma)
        place, middle = Place(sigma, config.mean, config.std), (0, 0, models.SIDE // 2, models.SIDE // 2)
        page = said(place, *(float(v[middle]) for v in (noisy, told, drawn)), lang)
        page += ladders(model.sigmas(), place, lang)
        seen = {
            say(lang, "clean", "limpio"): x,
            say(lang, "noisy, y", "con ruido, y"): models.dimmed(noisy, sigma, config),
            say(lang, "ε it tells", "ε que ve"): told / LOUD,
            "x₀ = x − σ ε": noisy - sigma * told,
        }
        top = plates.beside(*(models.shown(p, name, 1, 224) for name, p in seen.items()))
        error = {"noise_error": (told - drawn).square().mean().item()}
        yield top, gr.skip(), page, error
        for rows, found in drawn_by(model, seed):
            yield top, plates.beside(*rows), page, error | found
    yield top, plates.beside(*rows), page, error | found | {"made": COUNT * len(rows)}


def drawn_by(model: Any, seed: int) -> Iterator[tuple[list, dict[str, float]]]:
    """Rows of digits, one sampler after another; the one at work grows, and the seconds of each."""
    rows, found = [], {}
    for name, way in ways(model, seed):
        began = shown = time.perf_counter()
        for k, step in enumerate(way, start=1):
            if time.perf_counter() > shown + 0.4:
                yield [*rows, models.shown(step.x0, SAMPLERS[name], 2, WIDE, f"{k}")], found
                shown = time.perf_counter()
        found = found | {name: time.perf_counter() - began}
        rows = [*rows, models.shown(step.x, SAMPLERS[name], 2, WIDE, f"{k}")]
        yield rows, found


def ways(model: Any, seed: int) -> Iterator[tuple[str, Iterator]]:
    """The same network and the same noise to start from, three samplers."""
    import torch

    from genmodels.energy.annealed import anneal, descend, fresh
    from genmodels.runtime import generators

    score, many, few = models.scored(model), model.sigmas(models.LEVELS), model.sigmas(CALLS)
    shape = torch.empty(COUNT, model.config.channels, models.SIDE, models.SIDE)
    for name in SAMPLERS:
        luck = generators(seed, COUNT)
        x = few[0] * fresh(shape, luck)
        if name == "seconds_langevin":
            eta = models.eta_of(0, many, models.STEPS)
            yield name, anneal(score, x, many, models.STEPS, eta, luck)
        else:
            yield name, descend(score, x, few, float(name == "seconds_ancestral"), luck)


def bridge_code(checkpoint: str, which: int, sigma: float, seed: int) -> str:
    imports = (
        "from genmodels.energy.annealed import descend, fresh",
        "from genmodels.runtime import generators",
    )
    return models.loading(checkpoint, *imports) + (
        f"sigmas, luck = model.sigmas({CALLS}), generators({seed}, {COUNT})\n"
        f"x = sigmas[0] * fresh(torch.empty({COUNT}, 1, 28, 28), luck)\n"
        "noise = model.noise(x, sigmas[0])  # what a diffusion model calls epsilon\n"
        "assert torch.allclose(noise, -sigmas[0] * model.score(x, sigmas[0]), atol=1e-5)\n"
        "*_, last = descend(model.score, x, sigmas, 0.0, luck)  # DDIM; with 1.0 instead of 0.0, DDPM\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("bridge", "Bridge to diffusion", "Puente a la difusión") as view:
        with view.controls():
            which = kit.choice([(str(k), k) for k in range(10)], t("Our digit", "Nuestro dígito"), 2)
            sigma = kit.slider(0.05, 5, 0.6, t("Noise σ", "Ruido σ"), step=0.05)
            seed = kit.seed()
        with view.result():
            top = plates.view()
            heading(
                "Four digits by the same network from the same noise, and how many calls of it they took",
                "Cuatro dígitos de la misma red desde el mismo ruido, y cuántas llamadas le costaron",
            )
            rows = pictures()
            page = kit.html()
        inputs = [tab.checkpoint, which, sigma, seed]
        view.run(bridge, inputs, [top, rows, page], ("Compare", "Comparar"), bridge_code)
