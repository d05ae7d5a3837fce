"""New pictures from codes: shorter codes give safer pictures. A transformer flow draws patch by patch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demos import kit
from demos.glow import models
from demos.glow.pictures import tile
from demos.kit import pixels, plates, plots, say, t

if TYPE_CHECKING:
    from torch import Tensor

WIDE = 1100  # pixels of the plates, about
TEMPERATURES = (0.3, 0.5, 0.7, 0.9, 1.1)
ROWS, STRIP = 3, 200  # codes that the strip shows at every temperature, and how large
SECONDS = 4  # that a transformer flow's drawing takes at least, so that it is seen
LOUD = 2.5  # a number of a half-made picture that is shown as white: they are of N(0, 1)


def sample(checkpoint: str, seed: int, count: int, temperature: float, lang: str) -> Iterator[tuple]:
    """Pictures of random codes times a temperature, and the same few codes at five temperatures."""
    import torch

    with models.use(checkpoint) as model:
        z = temperature * models.noise(model, seed, count)
        way = patches if checkpoint == models.TARFLOW else parts
        for page, y, done in way(model, z, lang):  # noqa: B007 - the last one
            yield page, gr.skip(), {"made": count * done}
        found = {"made": count}
        if models.levelled(checkpoint):
            costs = [models.cost(model, part) for part in y.split(models.PART)]
            found["bits_per_dim_drawn"] = torch.cat(costs).mean().item()
        few = models.noise(model, seed, ROWS)
        columns: list[Tensor] = []
        for heat in TEMPERATURES:
            columns.append(models.pictures(model, heat * few))
            yield page, strip(columns, lang), found


def parts(model: Any, z: Tensor, lang: str) -> Iterator[tuple[Image.Image, Tensor, float]]:
    """(plate, what the flow gave, share done): all of a picture at once, some pictures at a time."""
    import torch

    found: list[Tensor] = []
    for part in z.split(models.PART):
        found.append(model.inverse(part.to(model.device, model.dtype))[0])
        y = torch.cat(found)
        yield grid(model.shown(y).float().cpu(), len(z)), y, len(y) / len(z)


def patches(model: Any, z: Tensor, lang: str) -> Iterator[tuple[Image.Image, Tensor, float]]:
    """The same, patch after patch in one block after the other; the noise is taken off at the end."""
    c = model.config
    each = (c.size // c.patch) ** 2 - 1
    total, done = each * c.blocks, 0
    pace = pixels.Pace(total, SECONDS)
    for done, moment in enumerate(model.draw(z.to(model.device, model.dtype)), 1):
        if pace.due(done, last=done == total):
            at = f"{c.blocks - moment.level}/{c.blocks}", f"{moment.step}/{each}"
            words = say(lang, f"block {at[0]}, patch {at[1]}", f"bloque {at[0]}, parche {at[1]}")
            shown = moment.x.float().cpu() / (LOUD if moment.level else 1)
            yield grid(shown, len(z), words), moment.x, done / total
    noisy = moment.x.float().cpu()
    clean = model.shown(moment.x).float().cpu()
    before = say(lang, "as drawn, noise and all", "como se dibujan, con su ruido")
    after = say(lang, "one step along the score: the noise taken off", "un paso por el score: sin el ruido")
    yield plates.plate(grid(noisy, len(z), before), grid(clean, len(z), after)), moment.x, 1.0


def grid(x: Tensor, count: int, words: str = "") -> Image.Image:
    columns = max(1, round((1.6 * count) ** 0.5))
    side = min(220, tile(WIDE, columns))
    return plates.block(words, x, columns=columns, tile=side, places=count)


def strip(columns: list[Tensor], lang: str) -> Image.Image:
    """A column for each temperature; a row is one code."""
    shown = zip(TEMPERATURES, columns, strict=False)
    return plates.beside(
        *(
            plates.block(f"T = {plots.number(heat, lang)}", x, columns=1, tile=STRIP, type=28)
            for heat, x in shown
        )
    )


def sample_code(checkpoint: str, seed: int, count: int, temperature: float) -> str:
    extra = ("from genmodels.runtime import noise",)
    return models.loading(checkpoint, *extra) + (
        "c = flow.config\n"
        f"z = {temperature:g} * noise({seed}, {count}, (c.channels, c.size, c.size))\n"
        "y, log_det = flow.inverse(z)\n"
        f"x = flow.shown(y)  # ({count}, C, H, W) in [-1, 1]\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("sample", "Sample", "Muestrear") as view:
        with view.controls():
            seed = kit.seed(1)
            count = kit.slider(1, 40, 15, t("Pictures", "Imágenes"), step=1)
            temperature = kit.slider(0, 1.2, 0.9, t("Temperature", "Temperatura"), step=0.05)
        with view.result():
            picture = plates.view()
            pixels.heading(
                "The same codes, shorter and longer: a row is one code.",
                "Los mismos códigos, más cortos y más largos: una fila es un código.",
            )
            heats = plates.view()
        inputs = [tab.checkpoint, seed, count, temperature]
        view.run(sample, inputs, [picture, heats], ("Sample", "Muestrear"), sample_code)
        view.on([temperature.release, count.release], sample)
