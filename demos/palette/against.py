"""Palette against RGB: the same pictures learnt as places in a palette, and as red, green and blue."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from PIL import Image, ImageDraw

from demos import kit
from demos.kit import card, numbers, plates, plots, say, t
from demos.palette import art, colours
from demos.palette.art import PIXELS, SIDE
from demos.palette.draw import kinds_code
from genmodels.data.tiles import KINDS

if TYPE_CHECKING:
    from torch import Tensor

PALETTE, RGB = "palette-sprites", "palette-sprites-rgb"


def rgb(checkpoint: str, kind: int, count: int, temperature: float, seed: int, lang: str) -> Iterator[tuple]:
    """The same kind and seeds drawn by both models: time, bits of held-out sprites, colours of each."""
    kinds, told = art.kinds_of(kind, seed, count)
    room = np.zeros((count, SIDE, SIDE, 4), np.uint8)
    mine, theirs, clocks = room, room, [0.0, 0.0]
    yield poster(mine, 0, theirs, 0, lang), "", {}
    for mine, done, clocks[0] in by_palette(checkpoint, kinds, told, temperature, seed):
        yield poster(mine, done, theirs, 0, lang), gr.skip(), {"made": count * done / PIXELS}
    for theirs, done, clocks[1] in by_values(told, temperature, seed):
        yield poster(mine, PIXELS, theirs, done, lang), gr.skip(), {"made": count * (1 + done / PIXELS)}
    used = colours_of(mine), colours_of(theirs)
    words = table(kind, checkpoint, clocks, used, lang) + spread(used, lang)
    yield poster(mine, PIXELS, theirs, PIXELS, lang), words, {"made": 2 * count}


def by_palette(
    checkpoint: str, kinds: list[int], told: list[int], temperature: float, seed: int
) -> Iterator[tuple[np.ndarray, int, float]]:
    """(B, 24, 24, 4), pixels drawn and seconds of drawing alone, with a proposed palette each."""
    from genmodels.autoregressive import sampling
    from genmodels.autoregressive.palette import PalettePixelCNN
    from genmodels.data import tiles

    start = time.perf_counter()
    inks = colours.proposed(kinds, seed)
    proposing = time.perf_counter() - start
    with kit.model(PalettePixelCNN, checkpoint) as model:
        condition = inks.condition(told, model.device)
        steps = sampling.draw(model, seed, len(told), temperature=temperature, **condition)
        for x, done, seconds in clocked(steps):
            yield tiles.rgba(x[:, 0].byte().numpy(), inks.rows), done, proposing + seconds


def by_values(told: list[int], temperature: float, seed: int) -> Iterator[tuple[np.ndarray, int, float]]:
    import torch

    from genmodels.autoregressive import sampling
    from genmodels.autoregressive.palette import RGBPixelCNN

    with kit.model(RGBPixelCNN, RGB) as model:
        backdrop = np.array(model.config.backdrop)
        labels = torch.tensor(told, device=model.device)
        for x, done, seconds in clocked(
            sampling.draw(model, seed, len(told), temperature=temperature, labels=labels)
        ):
            values = x.permute(0, 2, 3, 1).numpy().astype(np.uint8)
            clear = (values == backdrop).all(-1, keepdims=True)
            yield np.concatenate([values, np.where(clear, 0, 255).astype(np.uint8)], -1), done, seconds


def clocked(steps: Iterator[Any]) -> Iterator[tuple[Tensor, int, float]]:
    """The pictures after every third row, and the seconds that drawing took, without showing it."""
    seconds, start = 0.0, time.perf_counter()
    for step in steps:
        if step.j == SIDE - 1 and step.i % 3 == 2:
            seconds += time.perf_counter() - start
            yield step.x.cpu(), SIDE * (step.i + 1), seconds
            start = time.perf_counter()


def poster(mine: np.ndarray, done: int, theirs: np.ndarray, reached: int, lang: str) -> Image.Image:
    words = say(lang, "with a palette", "con paleta"), say(lang, "red, green, blue", "rojo, verde, azul")
    columns = min(4, len(mine))
    blocks = [
        captioned(word, art.pictures(x, drawn=n, columns=columns, zoom=5))
        for word, x, n in zip(words, (mine, theirs), (done, reached), strict=True)
    ]
    return plates.beside(*blocks)


def captioned(title: str, block: Image.Image) -> Image.Image:
    page = Image.new("RGBA", (block.width, block.height + 38))
    ImageDraw.Draw(page).text((1, 0), title, (*plates.CAPTION, 255), plates.fit(title, block.width, 27))
    page.paste(block, (0, 38))
    return page


def colours_of(rgba: np.ndarray) -> np.ndarray:
    """How many different colours each picture has, clear counting as one."""
    clear = np.where(rgba[..., 3:] > 0, rgba, 0)
    return np.array([len(np.unique(one.reshape(-1, 4), axis=0)) for one in clear])


# ------------------------------------------------------------------------------------------- the numbers


def held_out(kind: int, checkpoint: str = PALETTE) -> tuple[float, float, float]:
    """Bits per pixel of held-out sprites: of the pixels, of the palette, and of red, green and blue."""
    names = [KINDS[kind]] if 0 <= kind < len(KINDS) else KINDS
    ours, theirs, maker = (card.metrics(n)["measures"] for n in (checkpoint, RGB, colours.MAKER))
    pixels = [ours[f"bits_per_pixel_{n}"] for n in names]
    inks = [maker[f"palette_bits_{n}"] / PIXELS for n in names]
    values = [theirs[f"bits_per_pixel_{n}"] for n in names]
    return tuple(float(np.mean(v)) for v in (pixels, inks, values))


def table(
    kind: int, checkpoint: str, clocks: list[float], used: tuple[np.ndarray, np.ndarray], lang: str
) -> str:
    pixels, inks, values = (art.decimal(v, 2, lang) for v in held_out(kind, checkpoint))
    total = art.decimal(sum(held_out(kind, checkpoint)[:2]), 2, lang)
    facts = [card.metrics(n) for n in (checkpoint, RGB)]
    many, seen = [f["parameters"] for f in facts], [f["training"]["images"] for f in facts]
    rows = [
        (
            ("bits per pixel, held out", "bits por píxel, en apartadas"),
            f"{pixels} + {inks} = {total}",
            values,
        ),
        (("time for these", "tiempo para estos"), *(numbers.text("ms", 1000 * s, lang) for s in clocks)),
        (("colours in a sprite", "colores en un sprite"), *(art.decimal(u.mean(), 1, lang) for u in used)),
        (("chances computed per pixel", "probabilidades por píxel"), "≤ 16", "3 × 256 = 768"),
        (
            ("pictures seen in training", "imágenes vistas al entrenar"),
            *(plots.number(n, lang) for n in seen),
        ),
        (("parameters", "parámetros"), *(numbers.text("parameters", n, lang) for n in many)),
    ]
    head = ("", say(lang, "with a palette", "con paleta"), say(lang, "red, green, blue", "rojo, verde, azul"))
    note = say(
        lang,
        "Bits: of the pixels, the palette being known, plus those of the palette itself.",
        "Bits: los de los píxeles, con la paleta conocida, más los de la paleta misma.",
    )
    named = [(say(lang, *words), *values) for words, *values in rows]
    return plots.table(head, named) + f"<p class='note'>{note}</p>"


def spread(used: tuple[np.ndarray, np.ndarray], lang: str) -> str:
    """Each sample as a dot: how many colours it has."""
    most = max(20, int(max(u.max() for u in used)) + 4)
    jitter = [0.25 * (k % 5 - 2) / 2 for k in range(len(used[0]))]
    marks = [
        plots.dots(list(map(float, u)), [level + j for j in jitter], kind, 4)
        for u, level, kind in zip(used, (1.5, 0.5), ("mark", "warm"), strict=True)
    ]
    axes = plots.Axes((0, most), (0, 2), height=150, width=640)
    title = say(lang, "How many colours each sample has", "Cuántos colores tiene cada muestra")
    names = (
        ("mark", say(lang, "with a palette", "con paleta")),
        ("warm", say(lang, "red, green, blue", "rojo, verde, azul")),
    )
    return plots.plot(
        axes, *marks, title=title, across=say(lang, "colours", "colores"), lang=lang
    ) + plots.legend(*names)


def rgb_code(checkpoint: str, kind: int, count: int, temperature: float, seed: int) -> str:
    kinds, told = art.kinds_of(kind, seed, count)
    more = (
        "from genmodels.autoregressive.palette import RGBPixelCNN",
        "from genmodels.autoregressive.sampling import draw, last",
    )
    labels = "kinds" if kinds == told else f"torch.full(({count},), {art.UNTOLD})"
    return art.loading(checkpoint, *more, maker=True) + (
        f'other = RGBPixelCNN.from_pretrained("{RGB}")\n'
        f"kinds = {kinds_code(kind, seed, count)}\nlabels = {labels}\n"
        f"palette, colours = palette_maker.make(maker, kinds, seed={seed})\n"
        "told = {'palette': palette, 'colours': colours, 'labels': labels}\n"
        f"places = last(draw(model, {seed}, {count}, temperature={temperature:g}, **told))  # (B, 1, H, W)\n"
        f"values = last(draw(other, {seed}, {count}, temperature={temperature:g}, labels=labels))\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("rgb", "Palette against RGB", "Paleta contra RGB") as view:
        with view.controls():
            kind = art.kind_choice(art.MIXED)
            count = kit.slider(4, 16, 8, t("How many of each", "Cuántos de cada uno"), step=4)
            temperature = kit.slider(0, 1.5, 1, t("Temperature", "Temperatura"), step=0.05)
            seed = kit.seed(3)
        with view.result():
            both = plates.view()
            facts = kit.html()
        inputs = [tab.checkpoint, kind, count, temperature, seed]
        view.run(rgb, inputs, [both, facts], ("Draw with both", "Dibujar con los dos"), rgb_code)
