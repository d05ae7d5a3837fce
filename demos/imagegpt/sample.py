"""Watch it draw: sentences of colours, written word by word, and how many words a second."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from demos import kit
from demos.imagegpt.source import at_most, capped, gpu_seconds, loading, positions, seen, timed, use
from demos.kit import card, t
from demos.kit.pixels import Pace, across, bits_of, heading, pace_slider, pictures, sheet

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.autoregressive.imagegpt import ImageGPT

FRAMES = 24  # of the film


def sample(
    checkpoint: str, seed: int, count: int, temperature: float, pace: float, lang: str
) -> Iterator[tuple]:
    """Draw pictures pixel by pixel in reading order, and a film of it."""
    from genmodels.autoregressive import sampling

    bits = 0.0
    with use(checkpoint) as model:
        n, total = at_most(model, count), positions(model)
        note, time = capped(n, count, lang), Pace(total, pace)
        for step, done, seconds in timed(sampling.draw(model, seed, n, temperature=temperature)):
            bits += bits_of(model, step.params, step.x[:, :, step.i, step.j]).mean().item()
            if time.due(done, last=done == total):
                found = {"tokens": n * done / seconds, "bits_per_dim_drawn": bits / done}
                shown = sheet(seen(model, step.x, done))
                yield shown, gr.skip(), note, found | held_out(checkpoint)
        film = film_of(model, step.x.cpu())
    yield shown, film, note, found | held_out(checkpoint)


def held_out(checkpoint: str) -> dict[str, float]:
    """The mean of the test pictures, where it was measured."""
    measures = card.metrics(checkpoint).get("measures", {})
    return {k: measures[k] for k in ("bits_per_dim",) if k in measures}


def film_of(model: ImageGPT, x: Tensor) -> str:
    """The drawing as a GIF that waits at its end."""
    total, columns = positions(model), across(len(x))
    scale = max(1, 280 // (columns * x.shape[-1]))
    times = [round(total * k / FRAMES) for k in range(1, FRAMES + 1)]
    frames = [kit.grid(seen(model, x, done), columns, scale=scale, ground=128) for done in times]
    return kit.film([*frames, *[frames[-1]] * 8], 7)


def sample_code(checkpoint: str, seed: int, count: int, temperature: float, pace: float) -> str:
    return loading(checkpoint, "from genmodels.autoregressive.sampling import draw") + (
        f"for step in draw(model, {seed}, {count}, temperature={temperature:g}):\n"
        "    pass  # step.i, step.j: where; step.params: from which distribution\n"
        f"images = model.image(step.x)  # ({count}, 3, rows, columns) in [-1, 1]\n"
    )


def layout(tab: kit.Tab) -> Any:
    with tab.view("sample", "Watch it draw", "Míralo dibujar") as view:
        with view.controls():
            seed = kit.seed()
            count = kit.slider(1, 16, 16, t("How many at once", "Cuántas a la vez"), step=1)
            temperature = kit.slider(0, 1.5, 1, t("Temperature", "Temperatura"), step=0.05)
            pace = pace_slider(5)
        with view.result():
            heading("Written so far", "Lo escrito hasta aquí")
            page = pictures()
            note = kit.html()
        with view.result(), gr.Accordion(t("The film (GIF)", "La película (GIF)"), open=False):
            film = kit.picture(height=320, elem_classes="pixels")
        inputs, label = [tab.checkpoint, seed, count, temperature, pace], ("Draw", "Dibujar")
        view.run(sample, inputs, [page, film, note], label, sample_code, gpu_seconds=gpu_seconds)
