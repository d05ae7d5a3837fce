"""A picture as words: the grid over it, one word at a time, and what changes when one is exchanged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image, ImageDraw

from demos import kit
from demos.kit import plates, plots, say, t
from demos.vqvae import words
from demos.vqvae.source import (
    block,
    chosen,
    factor,
    gpu_seconds,
    has_prior,
    likeness,
    loaded,
    place,
    prior,
    shown,
    side,
    sizes,
    start_code,
    word_of,
)

if TYPE_CHECKING:
    from torch import Tensor

TILE = 340
MOST = 32  # words a side of the largest grid
CHANGED = 1.5 / 255  # of a value in [0, 1]: less than that nobody sees
# of a click: through the queue, without which the browser isn't told that the count of clicks changed
CLICK = {"concurrency_limit": None, "api_visibility": "private", "show_progress": "hidden"}


def codes(
    checkpoint: str, picture: str, seed: int, own: Image.Image | None, drawing: Image.Image | None,
    row: int, column: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """A picture as a grid of words, what each draws alone and all together; one word and those like it."""
    with loaded(checkpoint) as model:
        x = chosen(model, picture, seed, own, drawing, lang)
        grid = model.codes(x)
        y = model.draw(grid)
        at = place(row, column, grid)
        found = {"psnr": likeness(x, y), **sizes(x, grid, len(model.codebook))}
        seen = words.token_map(shown(x)[0], grid[0], at)
        yield seen, gr.skip(), gr.skip(), gr.skip(), gr.skip(), found
        word = grid[0][at].item()
        near, away = words.alike(model, word)
        images = words.drawn(checkpoint, model, near)
        panel = both_ways(checkpoint, model, grid, x, y, lang)
        total = len(model.codebook)
    if has_prior(checkpoint):
        found |= {"prior_bits": prior_bits(checkpoint, grid, lang)}
    captions = [str(word), *(f"{k}" for k in near[1:])]
    about = describe(checkpoint, word, total, at, away, lang)
    yield seen, panel, words.lined(images, captions), about, near, found


def both_ways(checkpoint: str, model: Any, grid: Tensor, x: Tensor, y: Tensor, lang: str) -> Image.Image:
    """The picture, its words each alone, its words decoded together."""
    import torch

    f = factor(model)
    some, where = grid[0].unique(return_inverse=True)
    if "/" in checkpoint and len(some) > 64:  # an hour of a large decoder
        alone = []
    else:
        each = words.drawn(checkpoint, model, some.tolist())[where.cpu()]  # h, w, 3, f, f
        rows, columns = where.shape
        alone = [each.permute(2, 0, 3, 1, 4).reshape(1, 3, rows * f, columns * f)]
    pictures = torch.cat([shown(x), *alone, shown(y)])
    captions = [
        say(lang, "the picture", "la imagen"),
        *[say(lang, "each word alone", "palabras solas")] * len(alone),
        say(lang, "decoded", "decodificada"),
    ]
    return plates.beside(
        *(block(c, p[None], 1, TILE, type=38) for c, p in zip(captions, pictures, strict=True))
    )


def prior_bits(checkpoint: str, grid: Tensor, lang: str) -> float:
    """What the grid takes under the prior that was learnt: -log2 p."""
    import math

    with prior(checkpoint, lang) as model:
        return -model.log_prob(grid[:, None].to(model.device)).sum().item() / math.log(2)


def describe(
    checkpoint: str, word: int, total: int, at: tuple[int, int], away: list[float], lang: str
) -> str:
    first = say(
        lang,
        f"Row {at[0] + 1}, column {at[1] + 1}: <b>word {word}</b> of {total}, and the words nearest to it.",
        f"Fila {at[0] + 1}, columna {at[1] + 1}: <b>palabra {word}</b> de {total}, y las más cercanas a "
        "ella.",
    )
    used, counts = "", words.usage(checkpoint)
    if len(counts):
        share = counts[word] / counts.sum()
        used = say(
            lang,
            f"It stands in {words.percent(share, lang)} of the places of held-out pictures, "
            f"{plots.number(share * total, lang, 2)} times an equal share.",
            f"Está en el {words.percent(share, lang)} de los lugares de imágenes apartadas, "
            f"{plots.number(share * total, lang, 2)} veces una parte igual.",
        )
    reach = say(
        lang,
        f"Its nearest neighbour is {plots.number(away[1], lang, 2)} away, the twelfth "
        f"{plots.number(away[-1], lang, 2)}. Click one to put it there.",
        f"Su vecina más cercana está a {plots.number(away[1], lang, 2)}; la duodécima, a "
        f"{plots.number(away[-1], lang, 2)}. Haz clic en una para ponerla ahí.",
    )
    return words.told(first, used, reach)


def codes_code(
    checkpoint: str, picture: str, seed: int, own: Any, drawing: Any, row: int, column: int
) -> str:
    return start_code(checkpoint, picture, seed) + (
        "again = model.draw(codes)\nprint(codes[0])\n"
        f"word = codes[0, {row - 1}, {column - 1}]\n"
        "print((model.codebook - model.codebook[word]).norm(dim=1).topk(12, largest=False))\n"
    )


def replace(
    checkpoint: str, picture: str, seed: int, own: Image.Image | None, drawing: Image.Image | None,
    row: int, column: int, code: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Exchange one word of the grid for another, decode both, and see how far the change reaches."""
    with loaded(checkpoint) as model:
        grid = model.codes(chosen(model, picture, seed, own, drawing, lang))
        at, code = place(row, column, grid), word_of(code, model, lang)
        before = shown(model.draw(grid))
        first = block(say(lang, "decoded", "decodificada"), before, 1, TILE, type=38)
        yield first, {}
        old, changed = grid[0][at].item(), grid.clone()
        changed[0][at] = code
        after, f = shown(model.draw(changed)), factor(model)
    apart = (after - before).abs().amax(1, keepdim=True) / 2
    moved = (apart > CHANGED).float()
    heat = (apart * 4).clamp(0, 1).expand(-1, 3, -1, -1) * 2 - 1
    captions = (
        f"{old} → {code}",
        say(lang, "change × 4", "cambio × 4"),
    )
    second, third = (block(c, p, 1, TILE, type=38) for c, p in zip(captions, (after, heat), strict=True))
    for made in (first, second, third):
        ring(made, at, f, before.shape[-1])
    found = {"touched": 100 * moved.mean().item(), "own_share": 100 * inside(apart, at, f)}
    yield plates.beside(first, second, third), found


def inside(apart: Tensor, at: tuple[int, int], f: int) -> float:
    """How much of a change lies in the word's own patch."""
    i, j = at
    own = apart[..., i * f : (i + 1) * f, j * f : (j + 1) * f].sum().item()
    return own / max(apart.sum().item(), 1e-9)


def ring(made: Image.Image, at: tuple[int, int], f: int, wide: int) -> None:
    """A frame around the word's own patch, on a block of one picture under its caption."""
    cell, top = f * made.width / wide, made.height - made.width
    left, upper = at[1] * cell, top + at[0] * cell
    box = (left, upper, left + cell, upper + cell)
    ImageDraw.Draw(made).rectangle(box, outline=(*words.RING, 255), width=3)


def replace_code(
    checkpoint: str, picture: str, seed: int, own: Any, drawing: Any, row: int, column: int, code: int
) -> str:
    return start_code(checkpoint, picture, seed) + (
        f"other = codes.clone()\nother[0, {row - 1}, {column - 1}] = {code}\n"
        "change = (model.draw(other) - model.draw(codes)).abs()\n"
        "print((change > 0.01).float().mean())  # of the values: those around the word\n"
    )


def picked(near: list[int], count: int, event: gr.SelectData) -> tuple[int, int]:
    """A click on the plate of words that are alike -> the word, and one more click."""
    x, y = event.index
    across, down = words.PATCH + 14, words.PATCH + 28 + 14
    k = int(y) // down * words.COLUMNS + min(words.COLUMNS - 1, int(x) // across)
    return near[min(k, len(near) - 1)], count + 1


def layout(tab: kit.Tab, source: list[Any]) -> None:
    with tab.view("codes", "Codes", "Códigos") as view:
        with view.controls():
            en = (
                "A picture becomes a grid of words. **Click one** to see what it draws and which are like it."
            )
            es = (
                "La imagen se vuelve una grilla de palabras. **Haz clic en una** y mira qué dibuja y "
                "cuáles se parecen."
            )
            gr.Markdown(t(en, es))
            with gr.Row():
                row = kit.slider(1, MOST, 4, t("Row", "Fila"), step=1, min_width=130)
                column = kit.slider(1, MOST, 4, t("Column", "Columna"), step=1, min_width=130)
        with view.result():
            with gr.Row():
                with gr.Column(scale=1, min_width=280):
                    seen = words.titled("Click a word", "Haz clic en una palabra")
                with gr.Column(scale=1, min_width=280):
                    about = kit.html()
                    near = words.titled("Click one to put it there", "Haz clic en una para ponerla ahí")
            panel = plates.view()
            alike = gr.State([0])
        inputs = [tab.checkpoint, *source, row, column]
        outputs = [seen, panel, near, about, alike]
        label = ("Read the words", "Leer las palabras")
        view.run(codes, inputs, outputs, label, codes_code, gpu_seconds=gpu_seconds)
        with view.controls():
            words_ = t("Put in word number", "Poner la palabra número")
            code = kit.slider(0, 8191, 300, words_, step=1)
        with view.result():
            changed = plates.view()
        label = ("Exchange it", "Cambiarla")
        view.run(
            replace, [*inputs, code], [changed], label, replace_code, name="replace", gpu_seconds=gpu_seconds
        )
        clicks, choices = gr.State(0), gr.State(0)
        seen.select(on_map, [tab.checkpoint, clicks], [row, column, clicks], **CLICK)
        near.select(picked, [alike, choices], [code, choices], **CLICK)
        view.on([clicks.change, row.release, column.release], codes)
        view.on([choices.change, code.release], replace)


def on_map(checkpoint: str, count: int, event: gr.SelectData) -> tuple[int, int, int]:
    return words.pressed(side(checkpoint), count, event)
