"""Where it looks: how much of each pixel before it goes into the prediction of one, head by head."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from demos import kit
from demos.imagegpt import source
from demos.imagegpt.source import DRAWN, gpu_seconds, loading, picture_code, seen
from demos.kit import plates, plots, say, t
from demos.kit.pixels import ALARM, QUIET, caption_height, factor, heading, heat, mark, pictures, sheet

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from genmodels.autoregressive.imagegpt import ImageGPT

PICTURE, TILE, MAP = 384, 208, 104  # pixels of the picture, of a head, of a head among all layers
LATER = 0.3  # of its brightness keeps a pixel that comes later
NEAR = 3  # pixels in each direction: farther than this is far
HEADS = 4  # of a layer, beside each other
MANY = 24  # layers of the largest model of the table


def attention(
    checkpoint: str, which: int, variant: int, row: int, column: int, layer: int, lang: str
) -> Iterator[tuple]:
    """Attention from one pixel of a picture to those before it: each head of a layer, and all layers."""
    x = None
    if which == DRAWN:
        for x in source.drawn(checkpoint, variant):
            if x is None:
                yield *[gr.skip()] * 4, {}
    with source.use(checkpoint) as model:
        x = source.brought(model, checkpoint, None, which, variant, lang).x if x is None else x
        i, j = (min(v, n) - 1 for v, n in zip((row, column), model.config.size, strict=True))
        l = min(layer, model.config.n_layer) - 1  # noqa: E741
        asked = asking(model, x, i, j)
        yield asked, gr.skip(), gr.skip(), gr.skip(), {}
        weights = model.attention(x.to(model.device), i, j).float().cpu()  # layers, heads, t + 1
        bits = -model.log_prob(x.to(model.device))[0, i, j].item() / math.log(2)
    side = x.shape[-1]
    fields = maps(weights, side)
    rows = [shares(w, i, j, side) for w in weights[l]]
    yield (
        asked,
        heads(fields[l], i, j, lang),
        table(rows, l, len(weights), lang),
        overview(fields, i, j),
        {k: 100 * sum(r[k] for r in rows) / len(rows) for k in ("start", "left", "above")} | {"bits": bits},
    )


def asking(model: ImageGPT, x: Tensor, i: int, j: int) -> Image.Image:
    """The picture, what comes later dimmed, with a frame around the pixel that asks."""
    import torch

    shown, side = seen(model, x), x.shape[-1]
    later = torch.arange(shown[0, 0].numel()).reshape(shown.shape[2:]) >= i * side + j
    dimmed = torch.where(later, LATER * (shown + 1) - 1, shown)
    return mark(sheet(dimmed, "", 1, PICTURE), factor(1, side, PICTURE), i, j)


def maps(weights: Tensor, side: int) -> Tensor:
    """Weights (layers, heads, t + 1) -> (layers, heads, side, side): 0 to 1 in each, -1 for what comes later.

    The start token is left out, and the rest is relative to the pixel that gets most.
    """
    import torch

    seen_by = weights[..., 1:]
    found = torch.full((*weights.shape[:2], side * side), -1.0)
    if seen_by.shape[-1]:
        found[..., : seen_by.shape[-1]] = seen_by / seen_by.amax(-1, keepdim=True).clamp(min=1e-9)
    return found.unflatten(-1, (side, side))


def coloured(fields: Tensor) -> Tensor:
    """(B, H, W) -> colours (B, 3, H, W): heat, and a grey for what comes later."""
    import torch

    grey = torch.tensor((46, 50, 55)).view(3, 1, 1) / 127.5 - 1
    return torch.where((fields < 0)[:, None], grey, heat(fields, 1))


def heads(fields: Tensor, i: int, j: int, lang: str) -> Image.Image:
    """The heads of one layer (heads, H, W), each under its number."""
    n, head = factor(1, fields.shape[-1], TILE), caption_height(n_wide(fields))
    blocks = []
    for k, field in enumerate(coloured(fields)):
        page = sheet(field[None], say(lang, f"head {k + 1}", f"cabeza {k + 1}"), 1, TILE)
        page.paste(mark(page.crop((0, head, *page.size)), n, i, j, ALARM), (0, head))
        blocks.append(page)
    rows = [plates.beside(*blocks[k : k + HEADS]) for k in range(0, len(blocks), HEADS)]
    return plates.plate(*rows)


def n_wide(fields: Tensor) -> int:
    return factor(1, fields.shape[-1], TILE) * fields.shape[-1]


def overview(fields: Tensor, i: int, j: int) -> Image.Image:
    """All layers from the first, one per row, and their heads."""
    layers, count, side, _ = fields.shape
    return sheet(coloured(fields.flatten(0, 1)), "", count, MAP * count)


def shares(weights: Tensor, i: int, j: int, side: int) -> dict[str, float]:
    """Where the attention of one head goes: parts of one."""
    import torch

    start, pixel = weights[0].item(), torch.zeros(side * side)
    pixel[: len(weights) - 1] = weights[1:]
    pixel = pixel.view(side, side)
    near = pixel[max(0, i - NEAR) : i + 1, max(0, j - NEAR) : j + NEAR + 1].sum().item()
    return {
        "start": start,
        "left": pixel[i, j - 1].item() if j else 0.0,
        "above": pixel[i - 1, j].item() if i else 0.0,
        "far": max(0.0, 1 - start - near),
    }


def table(rows: list[dict[str, float]], layer: int, layers: int, lang: str) -> str:
    names = [
        say(lang, f"layer {layer + 1} of {layers}", f"capa {layer + 1} de {layers}"),
        say(lang, "start", "inicio"), say(lang, "left", "izquierda"), say(lang, "above", "arriba"),
        say(lang, f"over {NEAR} px away", f"a más de {NEAR} px"),
    ]  # fmt: skip
    body = [
        [say(lang, f"head {k}", f"cabeza {k}"), *map(percent, row.values())] for k, row in enumerate(rows, 1)
    ]
    return plots.table(names, body)


def percent(share: float) -> str:
    return f"{100 * share:.0f}\u00a0%" if share >= 0.01 else "<\u00a01\u00a0%"


def attention_code(checkpoint: str, which: int, variant: int, row: int, column: int, layer: int) -> str:
    if which == DRAWN:
        imports = ["from genmodels.autoregressive.sampling import draw, last"]
        lines = f"x = last(draw(model, {variant}, 1))\n"
    else:
        imports, lines = picture_code(checkpoint, which, variant)
    return loading(checkpoint, *imports) + (
        f"{lines}weights = model.attention(x, {row - 1}, {column - 1})  # layers, heads, 1 + pixels before\n"
        f"start, pixels = weights[{layer - 1}, :, 0], weights[{layer - 1}, :, 1:]\n"
        "print(start, pixels.max(-1))  # of each head: the start token's share, and its favourite pixel\n"
    )


def clicked(clicks: int, checkpoint: str, event: gr.SelectData) -> tuple[int, ...]:
    """A click on the picture -> row, column, and one more click."""
    side = 16 if checkpoint == source.GREYS else 32
    n, (x, y) = factor(1, side, PICTURE), (int(v) for v in event.index)
    return min(side, y // n + 1), min(side, x // n + 1), clicks + 1


def picked(clicks: int, checkpoint: str, event: gr.SelectData) -> tuple[int, int]:
    """A click on the overview -> layer, and one more click."""
    side = 16 if checkpoint == source.GREYS else 32
    pitch = factor(1, side, MAP) * side + plates.GAP
    return min(MANY, int(event.index[1]) // pitch + 1), clicks + 1


def layout(tab: kit.Tab) -> None:
    with tab.view("attention", "Where it looks", "Dónde mira") as view:
        with view.controls():
            which = source.which_choice(t("The picture", "La imagen"), drawing=True)
            variant = kit.slider(
                0, 20, 3, t("Variant, or seed of its drawing", "Variante, o semilla de su dibujo"), step=1
            )
            with gr.Row():
                row = kit.slider(1, 32, 8, t("Row", "Fila"), step=1, min_width=120)
                column = kit.slider(1, 32, 8, t("Column", "Columna"), step=1, min_width=120)
            words = t("Layer (the small model has 4)", "Capa (el modelo chico tiene 4)")
            layer = kit.slider(1, MANY, 1, words, step=1)
        with view.result():
            with gr.Row():
                with gr.Column(scale=2, min_width=240):
                    heading("Click the pixel that asks", "Haz clic en el píxel que pregunta")
                    picture = pictures()
                with gr.Column(scale=3, min_width=260):
                    heading("The heads of the layer", "Las cabezas de la capa")
                    large = pictures()
                    rows = kit.html()
            heading(
                "All layers, the first on top; across, their heads: click a layer",
                "Todas las capas, la primera arriba; a lo ancho, sus cabezas: haz clic en una capa",
            )
            every = pictures()
        inputs, outputs = [tab.checkpoint, which, variant, row, column, layer], [picture, large, rows, every]
        view.run(attention, inputs, outputs, ("Look", "Mirar"), attention_code, gpu_seconds=gpu_seconds)
        clicks = gr.State(0)
        picture.select(clicked, [clicks, tab.checkpoint], [row, column, clicks], **QUIET)
        every.select(picked, [clicks, tab.checkpoint], [layer, clicks], **QUIET)
        controls: list[Any] = [which.input, variant.release, row.release, column.release, layer.release]
        view.on([*controls, clicks.change], attention)
