"""Swap palettes: a finished sprite recoloured by light and dark, and drawn anew for the other palette."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from demos import kit
from demos.kit import plates, say, t
from demos.palette import art, colours
from demos.palette.against import captioned
from demos.palette.art import PIXELS, ROWS, SIDE
from demos.palette.complete import fitted
from demos.palette.draw import drawn
from genmodels.data.palettes import NAMED, remap

COLUMNS, ZOOM = 8, 5
SHORT = {"c64": "C64", "zx-spectrum": "Spectrum"}


def swap(
    checkpoint: str,
    kind: int,
    hexes: str,
    picture: Image.Image | None,
    temperature: float,
    seed: int,
    lang: str,
) -> Iterator[tuple]:
    """A sprite (drawn from the seed, or yours) in fifteen other palettes: recoloured, and drawn anew."""
    kinds, told = art.kinds_of(kind, seed, 1)
    tables = [named.palette(ROWS) for named in NAMED.values()] + [colours.typed(hexes)]
    inks, told = stacked(tables), told * len(tables)
    note, words = "", titles(lang)
    empty = np.zeros((len(tables), SIDE, SIDE), np.uint8)
    blank = plates.plate(*(named_block(w, empty, inks.rows, None, 0, lang) for w in words))
    if picture is None:
        own = colours.proposed(kinds, seed)
        for x, done, _ in drawn(checkpoint, own, told[:1], temperature, seed, 0.03):
            if done < PIXELS and done % (4 * SIDE) == 0:
                yield original(x[0], own.rows[0], done, lang), blank, note, {}
        places, table = x[0], own.rows[0, : own.colours[0]]
    else:
        (places, table), done_to = fitted(picture, lang)
        note = f"<p>{' '.join(done_to)}</p>"
    recoloured = np.stack([remap(places, table, other) for other in tables])
    first = original(places, table, PIXELS, lang)
    cost = weighed(
        checkpoint, np.concatenate([places[None], recoloured]), stacked([table, *tables]), told[:1]
    )
    above = named_block(words[0], recoloured, inks.rows, cost[1:], PIXELS, lang)
    for x, done, nats in drawn(checkpoint, inks, told, temperature, [seed] * len(tables)):
        anew = nats / np.log(2) / PIXELS if done == PIXELS else None
        below = named_block(words[1], x, inks.rows, anew, done, lang)
        found = {"bits_original": cost[0]} if done < PIXELS else found_of(cost, anew)
        yield first, plates.plate(above, below), note, found


def titles(lang: str) -> tuple[str, str]:
    return (
        say(lang, "recoloured, from dark to light", "recoloreado, de oscuro a claro"),
        say(lang, "drawn anew, from the same seed", "dibujado de nuevo, con la misma semilla"),
    )


def found_of(cost: np.ndarray, anew: np.ndarray) -> dict[str, float]:
    return {"bits_original": cost[0], "bits_recoloured": cost[1:].mean(), "bits_anew": anew.mean()}


def stacked(tables: list[np.ndarray]) -> colours.Palettes:
    rows = np.zeros((len(tables), ROWS, 3), np.uint8)
    for row, table in zip(rows, tables, strict=True):
        row[: len(table)] = table
    return colours.Palettes(rows, np.array([len(table) for table in tables]), None)


def weighed(checkpoint: str, places: np.ndarray, inks: colours.Palettes, told: list[int]) -> np.ndarray:
    """Bits per pixel of finished sprites, their palettes being known."""
    import torch

    from genmodels.autoregressive.palette import PalettePixelCNN

    with kit.model(PalettePixelCNN, checkpoint) as model, torch.no_grad():
        x = torch.from_numpy(places.astype(np.int64))[:, None].to(model.device)
        nats = model.log_prob(x, **inks.condition(told * len(places), model.device))
        return (-nats.flatten(1).mean(1) / np.log(2)).float().cpu().numpy()


def original(places: np.ndarray, table: np.ndarray, done: int, lang: str) -> Image.Image:
    return art.sprites(places[None], table[None], drawn=done, zoom=9)


def named_block(
    title: str, x: np.ndarray, palettes: np.ndarray, bits: np.ndarray | None, done: int, lang: str
) -> Image.Image:
    """Sprites over their palettes' names and bits, under a title."""
    names = [SHORT.get(k) or say(lang, n.english, n.spanish).split(",")[0] for k, n in NAMED.items()]
    names.append(say(lang, "mine", "míos"))
    words = (
        names
        if bits is None
        else [f"{n} {art.decimal(b, 2, lang)}" for n, b in zip(names, bits, strict=True)]
    )
    block = art.sprites(x, palettes, words, drawn=done, columns=COLUMNS, zoom=ZOOM)
    return captioned(title, block)


def swap_code(checkpoint: str, kind: int, hexes: str, picture: Any, temperature: float, seed: int) -> str:
    kinds, told = art.kinds_of(kind, seed, 1)
    more = (
        "from genmodels.autoregressive.sampling import draw, last",
        "from genmodels.data.palettes import NAMED, remap",
    )
    return art.loading(checkpoint, *more, maker=True) + (
        f"label = torch.tensor({told})\n"
        f"palette, colours = palette_maker.make(maker, torch.tensor({kinds}), seed={seed})\n"
        f"def drawn(palette, colours):\n"
        f"    told = {{'palette': palette, 'colours': colours, 'labels': label}}\n"
        f"    return last(draw(model, {seed}, 1, temperature={temperature:g}, **told))\n\n"
        "x, other = drawn(palette, colours), NAMED['game-boy'].palette(16)\n"
        "recoloured = remap(x[0, 0].numpy(), palette[0, : colours[0]].numpy().astype('uint8'), other)\n"
        "anew = drawn(torch.from_numpy(other).long()[None], torch.tensor([len(other)]))\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("swap", "Swap palettes", "Cambiar la paleta") as view:
        with view.controls():
            kind = art.kind_choice(2, mixed=False)
            hexes = colours.hexes_box()
            with gr.Accordion(t("Or a sprite of yours", "O un sprite tuyo"), open=False):
                picture = kit.upload(t("Pixel art, or any picture", "Pixel art, o cualquier imagen"))
            temperature = kit.slider(0, 1.5, 0.9, t("Temperature", "Temperatura"), step=0.05)
            seed = kit.seed(5)
        with view.result():
            with gr.Row():
                with gr.Column(scale=1, min_width=160):
                    first = art.titled("The sprite", "El sprite")
                with gr.Column(scale=3, min_width=200):
                    en = (
                        "**Above: recoloured.** Each colour becomes one of the new palette, and what was "
                        "lighter is never darker. **Below: drawn anew** for that palette, with the same "
                        "random numbers. Under each, bits per pixel under the model: how natural it finds "
                        "it."
                    )
                    es = (
                        "**Arriba: recoloreado.** Cada color pasa a ser uno de la paleta nueva, y lo que "
                        "era más claro nunca queda más oscuro. **Abajo: dibujado de nuevo** para esa "
                        "paleta, con los mismos números al azar. Al pie de cada uno, bits por píxel según "
                        "el modelo: qué tan natural le parece."
                    )
                    gr.Markdown(t(en, es))
            both = plates.view()
            note = kit.html()
        inputs = [tab.checkpoint, kind, hexes, picture, temperature, seed]
        view.run(swap, inputs, [first, both, note], ("Swap", "Cambiar"), swap_code)
