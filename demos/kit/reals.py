"""Real pictures for a diffusion model of any kind: painted or drawn by rule, or what the visitor brings."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from PIL import Image

from demos.kit import fashion, images, inputs
from demos.kit.denoisers import HAIR, kind_of
from demos.kit.digits import like_mnist
from demos.kit.lang import say, t

if TYPE_CHECKING:
    from torch import Tensor

INK = ("#2b2622", "#8a5a3c", "#f2c39b", "#d9a441", "#b8431c", "#aed3ea", "#1f8584", "#ffffff")
SIDES = {"faces": 64, "fashion": 28, "sprites": 24, "emoji": 32, "mnist": 28, "32": 32, "256": 256}
PAINTED = "faces", "32", "256"  # the Hub's networks of photographs are shown a painted face, too
LIKE = {"fashion": fashion.like_fashion, "mnist": like_mnist}  # a visitor's picture as those sets have it
FACE = 36_518  # seeds of painted faces from 36,000 on were in no training


def picture_of(checkpoint: str, drawing: Image.Image | None, number: int, lang: str) -> tuple[Tensor, str]:
    """The visitor's picture or ours, (1, C, H, W) in [-1, 1], as the model knows them; and what was done."""
    kind = kind_of(checkpoint)
    if drawing is None:
        return tensor(ours(kind, number)), ""
    if kind in LIKE:
        page, done = LIKE[kind](drawing, lang)
        return tensor(page), fashion.listed(done, lang)
    side = SIDES[kind]
    en, es = f"cropped to a square of {side} × {side} pixels", f"recortada a un cuadrado de {side} × {side}"
    return images.to_tensor(drawing, (side, side)), fashion.listed([say(lang, en, es)], lang)


def tensor(page: Image.Image) -> Tensor:
    import torch

    pixels = np.asarray(page, np.float32).reshape(page.height, page.width, -1)
    return torch.from_numpy(pixels).permute(2, 0, 1)[None] / 127.5 - 1


def page_of(checkpoint: str, drawing: Image.Image | None, number: int) -> Image.Image:
    """The same for a board, in a moment and without torch; an empty drawing raises gr.Error."""
    if drawing is None:
        return ours(kind_of(checkpoint), number)
    if (kind := kind_of(checkpoint)) in LIKE:
        return LIKE[kind](drawing, "en")[0]
    side = min(drawing.size)
    left, top = ((v - side) // 2 for v in drawing.size)
    return drawing.crop((left, top, left + side, top + side)).resize((64, 64), Image.Resampling.LANCZOS)


def class_of(checkpoint: str, drawing: Image.Image | None, number: int) -> int:
    """Of ours, as the page counts classes; of the visitor's nobody knows: -1."""
    kind = kind_of(checkpoint)
    if drawing is not None:
        return -1
    if kind == "faces":
        from genmodels.data.faces import random_face

        face, colours = random_face(number), [en.split()[0] for en, _ in HAIR]
        if face.hat != "none" or face.hair_style in ("bald", "balding", "buzz"):
            return -1  # as in training: nobody sees the colour
        return 2 * colours.index(face.hair_colour) + (face.glasses != "none")
    return {"fashion": number % 10, "sprites": 2, "emoji": 0}.get(kind, -1)


@lru_cache(maxsize=16)
def ours(kind: str, number: int) -> Image.Image:
    """One that no model was shown: painted, or drawn by rule."""
    if kind in PAINTED:
        from genmodels.data.faces import batch

        return Image.fromarray(batch([number], SIDES[kind])[0][0])
    if kind == "mnist":
        from genmodels.data.digits import digit

        return digit(number % 10, number // 10)
    if kind == "fashion":
        from genmodels.data.garments import garment

        return garment(number % 10, number // 10)
    if kind == "sprites":
        return sprite(number)
    from genmodels.data.smileys import smiley

    return smiley(number)


def sprite(number: int) -> Image.Image:
    from genmodels.data.sprites import random_sprite, rgba

    page = Image.new("RGBA", (24, 24), "white")
    page.alpha_composite(Image.fromarray(rgba(random_sprite(number))))
    return page.convert("RGB")


def board(number: int = FACE, words: Any = None) -> tuple[Any, Any]:
    """(number, drawing): ours by its number, or what the visitor draws or drops."""
    seed = inputs.seed(number, words or t("Real picture number", "Imagen real número"))
    with gr.Accordion(t("Or draw, or drop a picture", "O dibuja, o suelta una imagen"), open=False):
        drawing = inputs.drawing(t("Your picture", "Tu imagen"), brush=12, colours=INK)
    return seed, drawing


def code(checkpoint: str, number: int) -> tuple[list[str], str]:
    """The same in a snippet: (imports, lines that make x0)."""
    kind = kind_of(checkpoint)
    if kind in PAINTED:
        lines = f"page = batch([{number}], {SIDES[kind]})[0][0]  # or yours, as large\n"
        imports = ["from genmodels.data.faces import batch"]
    elif kind == "mnist":
        lines = f"page = np.array(digit({number % 10}, {number // 10}))[:, :, None]  # or yours: 28 x 28\n"
        imports = ["from genmodels.data.digits import digit"]
    elif kind == "fashion":
        lines = f"page = np.array(garment({number % 10}, {number // 10}))[:, :, None]  # or yours: 28 x 28\n"
        imports = ["from genmodels.data.garments import garment"]
    elif kind == "sprites":
        lines = (
            f"drawn = rgba(random_sprite({number}))  # or yours: 24 x 24\n"
            "page = np.where(drawn[..., 3:] > 0, drawn[..., :3], 255)  # on white\n"
        )
        imports = ["from genmodels.data.sprites import random_sprite, rgba"]
    else:
        lines = f"page = np.array(smiley({number}))  # or yours: 32 x 32 on white\n"
        imports = ["from genmodels.data.smileys import smiley"]
    more = "x0 = torch.from_numpy(page).permute(2, 0, 1)[None] / 127.5 - 1  # (1, C, H, W) in [-1, 1]\n"
    return ["import numpy as np", "import torch", *imports], lines + more
