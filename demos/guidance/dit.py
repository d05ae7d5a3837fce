"""One noise, one order, three networks that never met: do they draw the same picture?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from demos import kit
from demos.guidance import drawing, reading, sheets
from demos.kit import denoisers, numbers, plates, plots, readers, say, t
from demos.kit.denoisers import CLASSES
from demos.kit.pixels import Pace

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from demos.kit.readers import Reading

KIND = "fashion"
NETWORKS = {  # weights -> their name
    "ddpm-fashion": ("U-Net, diffusion", "U-Net, difusión"),
    "flow-fashion": ("U-Net, flow matching", "U-Net, flow matching"),
    "dit-fashion": ("transformer (DiT), diffusion", "transformer (DiT), difusión"),
}


class Row(NamedTuple):
    """What one network drew."""

    x: Tensor
    found: Reading
    parameters: int
    seconds: float


def dit(seed: int, count: int, garment: str, scale: float, steps: int, lang: str) -> Iterator[tuple]:
    """The same noises as garments of one class, drawn by a U-Net, by flow matching and by a transformer."""
    told, pace = [int(garment)] * count, Pace(1, 0)
    rows: list[Row] = []
    for name in NETWORKS:
        with denoisers.use(name) as model:
            start = time.perf_counter()
            x, grid = drawing.noise(model, seed, count, steps)
            for made in drawing.paint(x, grid, drawing.ordered(model, told, scale)):
                if pace.due(0):
                    yield page(rows, made, told, lang), "", {}
            took = time.perf_counter() - start
            size = sum(p.numel() for p in model.network.parameters())
        rows.append(Row(made, readers.read(name, made), size, took))
    yield page(rows, None, told, lang), table(rows, told, lang), {"made": count * len(rows)}


def page(rows: list[Row], now: Tensor | None, told: list[int], lang: str) -> Image.Image:
    """A row of pictures per network; those that haven't begun stay empty."""
    import torch

    made = []
    for k, (name, words) in enumerate(NETWORKS.items()):
        x, feet = (now if k == len(rows) else None), ()
        if k < len(rows):
            x, feet = rows[k].x, sheets.feet(name, told, rows[k].found, lang, brief=True)
        if x is None:
            x = torch.full((len(told), *drawing.SHAPES[KIND]), drawing.EMPTY)
        made.append(sheets.sheet(x, len(told), caption=say(lang, *words), feet=feet, lines=1))
    return plates.plate(*made)


def apart(a: Tensor, b: Tensor) -> float:
    """Root of the mean square of what differs, mean of the pictures."""
    return (a - b).flatten(1).square().mean(1).sqrt().mean().item()


def table(rows: list[Row], told: list[int], lang: str) -> str:
    """Size, pace, obedience, and how far each network is from the first at the same noise and at another."""
    head = [
        "",
        say(lang, "parameters", "parámetros"),
        say(lang, "ms a picture", "ms por imagen"),
        say(lang, "obeys", "obedece"),
        say(lang, "from the first's: same noise", "de la primera: mismo ruido"),
        say(lang, "another noise", "otro ruido"),
    ]
    first, percent = rows[0].x, say(lang, "%", " %")
    cells = [
        (
            say(lang, *words),
            numbers.text("parameters", row.parameters, lang),
            plots.number(1000 * row.seconds / len(told), lang),
            f"{100 * reading.obeyed(told, row.found.found()):.0f}{percent}",
            "–" if row is rows[0] else plots.number(apart(row.x, first), lang, 2),
            plots.number(apart(row.x, first.roll(1, 0)), lang, 2),
        )
        for row, words in zip(rows, NETWORKS.values(), strict=True)
    ]
    about = say(
        lang,
        "Distances are the root of the mean square over the pixels, which go from −1 to 1.",
        "Las distancias son la raíz de la media cuadrática en los píxeles, que van de −1 a 1.",
    )
    return f"{plots.table(head, cells)}<p class='hint'>{about}</p>"


def dit_code(seed: int, count: int, garment: str, scale: float, steps: int) -> str:
    names = ", ".join(f'("{name}", {"DiT" if name.startswith("dit-") else "UNet"})' for name in NETWORKS)
    head = drawing.start_code(
        "ddpm-fashion", seed, count, steps, drawing.GUIDED, "from genmodels.diffusion.dit import DiT"
    )
    head = "\n".join(line for line in head.splitlines() if not line.startswith("denoise ="))
    return (
        f"{head}\nlabels = torch.full(({count},), {garment})\n"
        f"for name, kind in ({names}):\n"
        "    denoise = Denoiser.of(kind.from_pretrained(name))\n"
        f"    *_, last = samplers.dpm(guided(denoise, labels, {scale:g}), x, sigmas)\n"
        "    print(name, last.x.shape)\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("dit", "Three networks", "Tres redes") as view:
        with view.controls():
            names = [(t(*words), str(k)) for k, words in enumerate(CLASSES[KIND])]
            garment = kit.choice(names, t("Garment", "Prenda"), "9")
            seed = kit.seed(1)
            count = kit.slider(2, 8, 5, t("Noises", "Ruidos"), step=1)
            scale, steps = drawing.scale_slider(1.5), drawing.steps_slider()
        with view.result():
            picture = plates.view()
            figures = kit.html()
        inputs = [seed, count, garment, scale, steps]
        view.run(dit, inputs, [picture, figures], ("Draw with all three", "Dibujar con las tres"), dit_code)
        view.on([garment.input, count.release, scale.release, steps.release], dit)
