"""Tins of biscuits: two numbers that say all, a plane of them, and the way between two tins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import gradio as gr
import numpy as np
from PIL import Image

from demos import kit
from demos.kit import plates, plots, say, t
from demos.kit.panels import Panel, block
from demos.kit.pixels import QUIET
from demos.kit.plane import Plane

if TYPE_CHECKING:
    from torch import Tensor

SIDE, STEPS, SHOP = 460, 7, 24
PLANE = Plane(-0.06, -0.06, 1.12)
TEAL, WARM = (79, 197, 190), (255, 170, 92)


def tin(
    height: float, width: float, height_b: float, width_b: float, seed: int, lang: str
) -> Iterator[tuple]:
    """A tin from two numbers, where it lies among those of a shop, and two ways from it to another tin."""
    import torch

    from genmodels.data import tins

    a, b = torch.tensor([[height, width]]), torch.tensor([[height_b, width_b]])
    _, shop = tins.sample(SHOP, torch.Generator().manual_seed(seed))
    first = plates.beside(plane(shop, a, b, lang), shown(tins.draw(a), say(lang, "the tin A", "la lata A")))
    yield plates.plate(first), "", {}
    share = torch.linspace(0, 1, STEPS)[:, None]
    through = tins.draw(a + share * (b - a))
    ends = tins.draw(torch.cat([a, b]))
    faded = ends[:1] + share[..., None, None] * (ends[1:] - ends[:1])
    wide = {"columns": STEPS, "tile": (first.width + plates.GAP) // STEPS - plates.GAP}
    rows = [
        plates.block(say(lang, "from A to B through (height, width): always a tin",
                         "de A a B por (alto, ancho): siempre una lata"), through, **wide),
        plates.block(say(lang, "from A to B through the pixels: two tins at once",
                         "de A a B por los píxeles: dos latas a la vez"), faded, **wide),
    ]  # fmt: skip
    unlike = nearest_tin(faded[STEPS // 2 : STEPS // 2 + 1])
    found = {"numbers_tin": 2, "numbers_picture": ends[0].numel(), "off_tin": 127.5 * unlike}
    yield plates.plate(first, *rows), words(unlike, lang), found


def plane(shop: Tensor, a: Tensor, b: Tensor, lang: str) -> Image.Image:
    """Every tin is a point: the shop's as little pictures, A, B and the line between."""
    from genmodels.data import tins

    panel = Panel(PLANE, SIDE)
    little = kit.images.to_array(tins.draw(shop))
    for (up, across), pixels in zip(shop.tolist(), little, strict=True):
        x, y = PLANE.pixel(np.array([across, up]), SIDE)
        panel.image.paste(Image.fromarray(pixels).resize((34, 34)), (round(x) - 17, round(y) - 17))
    ends = torch_flip(a, b)
    panel.line(ends, WARM, 3).mark(ends[1], "B", WARM).mark(ends[0], "A", TEAL)
    names = say(lang, "width", "ancho"), say(lang, "height", "alto")
    panel.axes(names=names)
    return panel.block(say(lang, "every tin is a point", "cada lata es un punto"), say(lang, "click", "clic"))


def torch_flip(a: Tensor, b: Tensor) -> np.ndarray:
    """(height, width) as (across, up)."""
    return np.array([a[0].flip(0).tolist(), b[0].flip(0).tolist()])


def shown(x: Tensor, caption: str) -> Image.Image:
    picture = kit.to_pil(x[0].expand(3, -1, -1)).resize((SIDE, SIDE), Image.Resampling.NEAREST)
    return block(picture, caption, "32 × 32")


def nearest_tin(x: Tensor) -> float:
    """How far (rms) a picture is from the nearest tin there can be, on a fine lattice of them."""
    import torch

    from genmodels.data import tins

    steps = torch.linspace(0, 1, 25)
    every = tins.draw(torch.cartesian_prod(steps, steps))
    return (every - x).square().mean((1, 2, 3)).min().sqrt().item()


def words(unlike: float, lang: str) -> str:
    n = plots.number(127.5 * unlike, lang)
    said = say(
        lang,
        f"Half-way through the pixels the picture is {n} levels of 255 (rms) from the nearest of all tins. "
        "Half-way through the two numbers it is a tin: that is what a representation is good for.",
        f"A mitad de camino por los píxeles, la imagen está a {n} niveles de 255 (rms) de la lata más "
        "cercana. A mitad de camino por los dos números, es una lata: para eso sirve una representación.",
    )
    return f"<p>{said}</p>"


def tin_code(height: float, width: float, height_b: float, width_b: float, seed: int) -> str:
    return (
        "import torch\nfrom genmodels.data import tins\n\n"
        f"a, b = torch.tensor([[{height:g}, {width:g}]]), torch.tensor([[{height_b:g}, {width_b:g}]])\n"
        f"share = torch.linspace(0, 1, {STEPS})[:, None]\n"
        "pictures = tins.draw(a + share * (b - a))  # (7, 1, 32, 32) in [-1, 1]\n"
    )


def clicked(clicks: int, at: gr.SelectData) -> tuple:
    """A click on the plane, the left half of the plate -> height, width."""
    x, y = at.index[0], at.index[1] - (block(Image.new("RGB", (8, 8)), "x").height - 8)
    if not (0 <= x < SIDE and 0 <= y < SIDE):
        return gr.skip(), gr.skip(), clicks
    across, up = PLANE.from_pixel(x, y, SIDE).clip(0, 1).tolist()
    return round(up, 2), round(across, 2), clicks + 1


def layout(tab: kit.Tab) -> None:
    with tab.view("tin", "The biscuit tin", "La lata de galletas") as view:
        with view.controls():
            height = kit.slider(0, 1, 0.85, t("Height of A", "Alto de A"), step=0.01)
            width = kit.slider(0, 1, 0.2, t("Width of A", "Ancho de A"), step=0.01)
            height_b = kit.slider(0, 1, 0.2, t("Height of B", "Alto de B"), step=0.01)
            width_b = kit.slider(0, 1, 0.9, t("Width of B", "Ancho de B"), step=0.01)
            seed = kit.seed(1, t("Seed of the shop", "Semilla de la tienda"))
        with view.result():
            page = plates.view()
            below = kit.html()
        inputs = [height, width, height_b, width_b, seed]
        view.run(tin, inputs, [page, below], ("Draw the tin", "Dibujar la lata"), tin_code)
        clicks = gr.State(0)
        page.select(clicked, clicks, [height, width, clicks], **QUIET)
        view.on([s.release for s in (height, width, height_b, width_b)] + [clicks.change], tin)
