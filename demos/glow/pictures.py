"""Real pictures for a flow: painted faces of half the size, garments and digits by rule, a visitor's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from PIL import Image

from demos import kit
from demos.glow import models
from demos.kit import fashion, plates, say, t

if TYPE_CHECKING:
    from torch import Tensor

HELD_OUT = 36_000  # seeds of painted faces from here on were in no training


def painted(seeds: range | list[int]) -> Tensor:
    """Faces as the flows know them, (N, 3, 32, 32) in [-1, 1]: of 64 pixels, the mean of each 2 x 2."""
    import torch

    from genmodels.data.faces import batch

    large = torch.from_numpy(batch(seeds)[0]).permute(0, 3, 1, 2).float()
    return halved(large) / 127.5 - 1


def halved(large: Tensor) -> Tensor:
    """Pixels 0 to 255 at half the side, whole numbers as the training set has them."""
    from torch.nn import functional as F

    return (F.avg_pool2d(large, 2) + 0.5).floor()


def greys(pages: list[Image.Image]) -> Tensor:
    """(N, 1, 28, 28) in [-1, 1]."""
    import torch

    return torch.from_numpy(np.stack([np.asarray(p) for p in pages])).float()[:, None] / 127.5 - 1


def garments(seeds: range | list[int]) -> Tensor:
    """Drawn by rule: seed k is class k mod 10."""
    from genmodels.data.garments import garment

    return greys([garment(seed % 10, seed // 10) for seed in seeds])


def digits(seeds: range | list[int]) -> Tensor:
    from genmodels.data.digits import digit

    return greys([digit(seed % 10, seed // 10) for seed in seeds])


def ours(checkpoint: str, seeds: range | list[int]) -> Tensor:
    """Real pictures of what the flow knows."""
    return painted(seeds) if models.of_faces(checkpoint) else garments(seeds)


def named(checkpoint: str, seed: int, lang: str) -> str:
    if models.of_faces(checkpoint):
        return say(lang, "a painted face", "una cara pintada")
    return say(lang, *fashion.CLASSES[seed % 10])


def picture_of(checkpoint: str, drawing: Image.Image | None, seed: int, lang: str) -> tuple[Tensor, str, str]:
    """The visitor's picture or ours, (1, C, H, W) in [-1, 1]; its name; what was done to it, as HTML."""
    if drawing is None:
        return ours(checkpoint, [seed]), named(checkpoint, seed, lang), ""
    yours = say(lang, "yours", "la tuya")
    if not models.of_faces(checkpoint):
        page, done = fashion.like_fashion(drawing, lang)
        return greys([page]), yours, fashion.listed(done, lang)
    x = kit.to_tensor(drawing, (64, 64))
    x = halved((x + 1) * 127.5) / 127.5 - 1
    words = say(
        lang, "cropped to a square and reduced to 32 × 32", "recortada a un cuadrado y reducida a 32 × 32"
    )
    return x, yours, fashion.listed([words], lang)


def board(seed: int = 36_264, label: Any = None) -> tuple[Any, Any]:
    """(seed, drawing): ours by its number, or what the visitor draws or drops."""
    number = kit.seed(seed, label or t("Real picture number", "Imagen real número"))
    with gr.Accordion(t("Or draw, or drop a picture", "O dibuja, o suelta una imagen"), open=False):
        colours = ("#2b2622", "#8a5a3c", "#f2c39b", "#d9a441", "#b8431c", "#aed3ea", "#ffffff")
        drawing = kit.drawing(t("Your picture", "Tu imagen"), colours=colours)
    return number, drawing


def real_code(checkpoint: str, seed: int) -> tuple[list[str], str]:
    """The same in a snippet: (imports, lines that make x)."""
    if models.of_faces(checkpoint):
        imports = ["import torch", "from genmodels.data.faces import batch"]
        lines = (
            f"face = torch.from_numpy(batch([{seed}])[0]).permute(0, 3, 1, 2).float()\n"
            "x = (torch.nn.functional.avg_pool2d(face, 2) + 0.5).floor() / 127.5 - 1  # (1, 3, 32, 32)\n"
        )
    else:
        imports = ["import numpy as np", "import torch", "from genmodels.data.garments import garment"]
        lines = (
            f"picture = np.array(garment({seed % 10}, {seed // 10}))  # or yours: 28 x 28, white on black\n"
            "x = torch.from_numpy(picture).float()[None, None] / 127.5 - 1\n"
        )
    return imports, lines + "y = flow.noised(x, [torch.Generator().manual_seed(0)])\n"


def tile(width: int, columns: int) -> int:
    """How wide a tile is, with so many in a row of a plate so wide."""
    return (width + plates.GAP) // columns - plates.GAP
