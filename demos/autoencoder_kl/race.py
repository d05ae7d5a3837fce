"""One picture through every autoencoder that is here, and through two old rivals."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demos import kit
from demos.autoencoder_kl.source import TABLE, chosen, image_code, jpeg, likeness, loaded, opened
from demos.kit import card, numbers, plates, plots, t
from demos.kit.problems import explain
from genmodels.errors import Problem

if TYPE_CHECKING:
    from torch import Tensor

SIDE = 380  # pixels of a tile


def race(picture: str, own: Image.Image | None, size: int, lang: str) -> Iterator[tuple]:
    """The same picture through every autoencoder that is on this machine, and through two old rivals."""
    x = chosen(picture, own, size, 8, lang)
    tiles, rows = [(kit.say(lang, "the picture", "la imagen"), x)], []
    for name, y, code, spent in contenders(x, lang):
        like = numbers.text("psnr", likeness(x, y), lang) if y is not None else ""
        rows.append((name, like, numbers.text("bytes_code", code, lang) if code else "", spent))
        if y is not None:
            tiles.append((f"{name}: {like}", y))
        yield poster(tiles), listed(rows, lang), {"step": str(len(rows))}
    yield poster(tiles), listed(rows, lang), {}


def poster(tiles: list[tuple[str, Tensor]]) -> Image.Image:
    """Three in a row, each under its name."""
    blocks = [plates.block(name, y, columns=1, tile=SIDE) for name, y in tiles]
    blocks += [Image.new("RGBA", (SIDE, 1))] * (-len(blocks) % 3)
    return plates.plate(*(plates.beside(*blocks[i : i + 3]) for i in range(0, len(blocks), 3)))


def contenders(x: Tensor, lang: str) -> Iterator[tuple[str, Tensor | None, int, str]]:
    """Of each: name, what comes back (None if it can't run), bytes of its code, milliseconds or why not."""
    import torch.nn.functional as F

    from genmodels import hub

    budget, factor = 0, 8
    for c in TABLE:
        name = card.title(c, lang)
        if hub.cached(c) is None:
            yield name, None, 0, kit.say(lang, "not here: choose it above", "no está: elígelo arriba")
            continue
        try:
            with loaded(c.name) as model:
                y, code, spent = timed(model, x)
        except Problem as problem:  # say, too big for this machine: the others still run
            yield name, None, 0, explain(problem, lang)
            continue
        if not budget:
            budget, factor = code, model.factor
        yield name, y, code, spent
    small = F.avg_pool2d(x, factor)
    y = F.interpolate(small, scale_factor=factor, mode="bicubic").clamp(-1, 1)
    shape = f"{small.shape[3]} × {small.shape[2]}"
    yield kit.say(lang, f"Shrunk to {shape}", f"Achicada a {shape}"), y, small.numel(), ""
    file = jpeg(x, budget or small.numel())
    yield "JPEG", opened(file), len(file), ""


def timed(model: Any, x: Tensor) -> tuple[Tensor, int, str]:
    from genmodels.autoencoders import codes

    start = time.perf_counter()
    z = codes.encode(model, x).cpu()
    middle = time.perf_counter()
    y = codes.decode(model, z)
    end = time.perf_counter()
    return y, 2 * z.numel(), f"{1000 * (middle - start):.0f} + {1000 * (end - middle):.0f} ms"


def listed(rows: list[tuple], lang: str) -> str:
    head = ("", "PSNR", "code", "encode + decode"), ("", "PSNR", "código", "codificar + decodificar")
    return plots.table(head[lang == "es"], rows)


def race_code(picture: str, own: Any, size: int) -> str:
    return f"""from PIL import Image
from genmodels.autoencoders import codes
from genmodels.autoencoders.autoencoder_kl import AutoencoderKL
from genmodels.data.pictures import draw
from genmodels.metrics.psnr import psnr

x = {image_code(picture, size)}
for name in ["autoencoder-kl-small"]:  # and "stabilityai/sd-vae-ft-mse", which comes from the Hub
    model = AutoencoderKL.from_pretrained(name)
    print(name, psnr(x, codes.decode(model, codes.encode(model, x))).item(), "dB")
"""


def layout(tab: kit.Tab, source: list[Any]) -> None:
    with tab.view("race", "Compare", "Comparar") as view:
        en = "The same picture through every autoencoder that this machine has, and through two old rivals: "
        es = "La misma imagen por cada autocodificador que hay en esta máquina y por dos viejos rivales: "
        en += "making it small, and JPEG with as many bytes as the first one's code."
        es += "achicarla, y JPEG con tantos bytes como el código del primero."
        with view.controls():
            gr.Markdown(t(en, es))
        with view.result():
            tiles = plates.view()
            table = kit.html()
        view.run(
            race, source[1:], [tiles, table], ("Compare", "Comparar"), race_code, gpu_seconds=lambda *_: 40
        )
