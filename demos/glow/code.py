"""The code of a real picture: exact both ways. Then a part of it is kept, and the rest drawn anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demos import kit
from demos.glow import models
from demos.glow.pictures import board, picture_of, real_code
from demos.kit import plates, plots, say, t

if TYPE_CHECKING:
    from torch import Tensor

DRAWS, TILE, ROW = 6, 240, 150


def code(
    checkpoint: str, drawing: Image.Image | None, seed: int, redraw: int, temperature: float, lang: str
) -> Iterator[tuple]:
    """A picture, its code seen as a picture, what comes back; then only some levels of the code are kept."""
    x, name, note = picture_of(checkpoint, drawing, seed, lang)
    with models.use(checkpoint) as model:
        y = models.noised(model, x)
        z = model(y)[0]
        back = model.inverse(z)[0]
        z, back, y = (v.float().cpu() for v in (z, back, y))
        top = first(x, z, model.shown(back).float().cpu(), name, lang)
        found = figures(model, y, back, x)
        about = note + exact(checkpoint, found, lang)
        yield top, gr.skip(), about, found
        rows = [top]
        fresh = temperature * models.noise(model, redraw, DRAWS)
        for words, keep in kept(model, checkpoint, lang):
            drawn = models.pictures(model, keep * z + ~keep * fresh)
            rows.append(plates.block(words, drawn, columns=DRAWS, tile=ROW, type=28))
            yield top, plates.plate(*rows[1:]), about, found


def first(x: Tensor, z: Tensor, back: Tensor, name: str, lang: str) -> Image.Image:
    code_words = say(lang, "its code", "su código")
    back_words = say(lang, "back from the code", "de vuelta del código")
    return plates.beside(
        plates.block(name, x, tile=TILE),
        plates.block(code_words, z / 2.5, tile=TILE),
        plates.block(back_words, back, tile=TILE),
    )


def figures(model: Any, y: Tensor, back: Tensor, x: Tensor) -> dict[str, Any]:
    """Largest error in the flow's own numbers, and how many values of the picture come back another."""
    own = model.shown(y.to(model.device, model.dtype)).float().cpu()
    again = model.shown(back.to(model.device, model.dtype)).float().cpu()
    return {
        "round_trip": f"{(y - back).abs().max().item():.1e}",
        "values_altered": int((own - again).abs().gt(1e-3).sum()),
    }


def exact(checkpoint: str, found: dict[str, Any], lang: str) -> str:
    away = found["round_trip"].replace(".", ",") if lang == "es" else found["round_trip"]
    en = f"Largest error after going there and back: {away}, which is rounding. Nothing was lost on the way."
    es = f"Mayor error tras ir y volver: {away}, puro redondeo. En el camino no se perdió nada."
    if checkpoint == models.TARFLOW:
        en += " (A TarFlow takes pictures with noise and cleans what it shows: that is what looks smoother.)"
        es += " (Un TarFlow recibe imágenes con ruido y limpia lo que muestra: por eso se ve más suave.)"
    return f"<p style='font-size:17px'>{say(lang, en, es)}</p>"


def kept(model: Any, checkpoint: str, lang: str) -> list[tuple[str, Tensor]]:
    """(words, which numbers of the code stay): levels, or halves of a TarFlow's patches."""
    import torch

    if checkpoint == models.TARFLOW:
        upper = torch.zeros(models.shape(model), dtype=torch.bool)
        upper[:, : model.config.size // 2] = True
        half = say(lang, "kept: codes of the upper patches", "se conserva: códigos de los parches de arriba")
        other = say(lang, "kept: codes of the lower patches", "se conserva: códigos de los parches de abajo")
        return [(half, upper), (other, ~upper)]
    depth = model.depth()
    last = int(depth.max())
    found = []
    for level in range(1, last + 1):
        share = plots.number(100 * (depth >= level).float().mean().item(), lang)
        en = f"kept: the coarsest {share} % of the code" if level == last else f"kept: the coarser {share} %"
        es = f"se conserva: el {share} % más grueso" if level == last else f"se conserva: el {share} % grueso"
        found.append((say(lang, en, es), depth >= level))
    share = plots.number(100 * (depth < last).float().mean().item(), lang)
    en, es = (
        f"kept: the finer {share} %, the coarsest drawn anew",
        f"se conserva: el {share} % fino, lo grueso de nuevo",
    )
    return [*found[::-1], (say(lang, en, es), depth < last)]


def code_code(checkpoint: str, drawing: Any, seed: int, redraw: int, temperature: float) -> str:
    imports, lines = real_code(checkpoint, seed)
    imports.append("from genmodels.runtime import noise")
    mask = (
        "keep = torch.arange(flow.config.size)[:, None] < flow.config.size // 2  # codes of the upper half\n"
        if checkpoint == models.TARFLOW
        else "keep = flow.depth() == flow.depth().max()  # the last level: the layout\n"
    )
    return (
        models.loading(checkpoint, *imports)
        + lines
        + (
            "z, log_det = flow(y)\nprint((flow.inverse(z)[0] - y).abs().max())  # exact\n"
            f"{mask}fresh = {temperature:g} * noise({redraw}, {DRAWS}, tuple(z.shape[1:]))\n"
            "six = flow.shown(flow.inverse(torch.where(keep, z, fresh))[0])\n"
        )
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("code", "Its code", "Su código") as view:
        with view.controls():
            seed, drawing = board()
            redraw = kit.seed(1, t("Seed of what is drawn anew", "Semilla de lo que se sortea de nuevo"))
            temperature = kit.slider(0, 1.2, 0.7, t("Temperature of that", "Temperatura de eso"), step=0.05)
        with view.result():
            top = plates.view()
            about = kit.html()
            rows = plates.view()
        inputs, outputs = [tab.checkpoint, drawing, seed, redraw, temperature], [top, rows, about]
        view.run(code, inputs, outputs, ("There and back", "Ir y volver"), code_code)
        view.on([temperature.release], code)
