"""Attributes of a real face: its own code, a direction added, and a reader's verdict on what changed.

This is what a flow has and a GAN lacks: the code of *this* face, exactly, without a search.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demos import kit
from demos.glow import models
from demos.glow.pictures import board, picture_of, real_code
from demos.glow.reading import NAMES, leak_of, moved, name, verdict
from demos.kit import pixels, plates, plots, say, t

if TYPE_CHECKING:
    from torch import Tensor

STRIP, REACH = 7, 3.0  # faces of the strip, from -REACH to REACH
ROWS = 3  # strengths of the second, when there is one
TILE, SMALL = 300, 146
NONE = "none"


def attributes(
    drawing: Image.Image | None, seed: int, first: str, strength: float, second: str, also: float, lang: str
) -> Iterator[tuple]:
    """A real face's code plus directions: before, after, a strip over the first, a grid of both, the leak."""
    from genmodels.flow.directions import directions

    x, words, note = picture_of(models.GLOW, drawing, seed, lang)
    ways = directions(models.GLOW)
    asked = {first: strength} | ({second: also} if second not in (NONE, first) else {})
    with models.use(models.GLOW) as model:
        z = models.code(model, x)
        own = models.pictures(model, z)
        edited = models.pictures(model, z + sum(k * ways[a] for a, k in asked.items()))
        top = plates.beside(
            plates.block(say(lang, "real: ", "real: ") + words, x, tile=TILE),
            plates.block(say(lang, "its code, decoded", "su código, decodificado"), own, tile=TILE),
            plates.block(say(lang, "edited", "editada"), edited, tile=TILE),
        )
        yield top, gr.skip(), note, {}
        changes = moved(own, edited)
        if len(asked) == 2:
            strip = both(model, z, ways[first], ways[second], (first, second), lang)
        else:
            strip = along(model, z, ways[first], first, lang)
    yield top, strip, note + verdict(changes, asked, lang), leak_of(changes, asked)


def along(model: Any, z: Tensor, way: Tensor, attribute: str, lang: str) -> Image.Image:
    """Every strength of one attribute."""
    import torch

    steps = torch.linspace(-REACH, REACH, STRIP)[:, None, None, None]
    faces = models.pictures(model, z + steps * way)
    return plates.block(span(attribute, lang), faces, columns=STRIP, tile=SMALL, type=28)


def span(attribute: str, lang: str) -> str:
    return f"{name(attribute, lang)} {plots.number(-REACH, lang)} … {plots.number(REACH, lang)}"


def both(
    model: Any, z: Tensor, right: Tensor, down: Tensor, names: tuple[str, str], lang: str
) -> Image.Image:
    """Every strength of one with every strength of the other."""
    import torch

    steps = (torch.linspace(-REACH, REACH, n) for n in (ROWS, STRIP))
    i, j = (a.flatten()[:, None, None, None] for a in torch.meshgrid(*steps, indexing="ij"))
    faces = models.pictures(model, z + j * right + i * down)
    across, under = (span(a, lang) for a in names)
    arrows = say(
        lang, f"across: {across}; down: {under}", f"hacia la derecha: {across}; hacia abajo: {under}"
    )
    return plates.block(arrows, faces, columns=STRIP, tile=SMALL, type=28)


def attributes_code(
    drawing: Any, seed: int, first: str, strength: float, second: str, also: float
) -> str:  # fmt: skip
    imports, lines = real_code(models.GLOW, seed)
    imports.append("from genmodels.flow.directions import directions")
    more = f' + {also:g} * way["{second}"]' if second not in (NONE, first) else ""
    return (
        models.loading(models.GLOW, *imports)
        + lines
        + (
            f'way = directions("{models.GLOW}")\n'
            f'z = flow(y)[0] + {strength:g} * way["{first}"]{more}\n'
            "edited = flow.shown(flow.inverse(z)[0])  # (1, 3, 32, 32) in [-1, 1]\n"
        )
    )


def choices() -> list[tuple[Any, str]]:
    return [(t(*(w[0].upper() + w[1:] for w in words)), a) for a, words in NAMES.items()]


def layout(tab: kit.Tab) -> None:
    with tab.view("attributes", "Attributes", "Atributos") as view:
        with view.controls():
            seed, drawing = board(36_518, t("Real face number", "Cara real número"))
            with gr.Row():
                first = kit.choice(choices(), t("Add", "Sumar"), "hair_red", min_width=140)
                strength = kit.slider(
                    -REACH, REACH, 2.0, t("Strength", "Intensidad"), step=0.1, min_width=140
                )
            with gr.Row():
                nothing = [(t("Nothing more", "Nada más"), NONE)]
                second = kit.choice(nothing + choices(), t("And", "Y"), "glasses", min_width=140)
                also = kit.slider(-REACH, REACH, 1.5, t("Strength", "Intensidad"), step=0.1, min_width=140)
            pixels.heading(
                "Always with the Glow of faces, whatever is chosen above.",
                "Siempre con el Glow de caras, sea cual sea el modelo elegido arriba.",
            )
        with view.result():
            picture = plates.view()
            strip = plates.view()
        said = kit.html(render=False)
        inputs, outputs = [drawing, seed, first, strength, second, also], [picture, strip, said]
        view.run(attributes, inputs, outputs, ("Edit", "Editar"), attributes_code)
        view.on([strength.release, also.release, first.input, second.input], attributes)
        with view.result():  # below the line of figures
            said.render()
