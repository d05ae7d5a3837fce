"""What the views share: the class of a checkpoint, the picture to work on, its code as a picture, JPEG."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demos import kit
from demos.kit import t
from genmodels.autoencoders.checkpoints import AUTOENCODER_KL, AUTOENCODER_TINY

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.autoencoders.autoencoder_kl import AutoencoderKL
    from genmodels.autoencoders.autoencoder_tiny import AutoencoderTiny

TABLE = AUTOENCODER_KL + AUTOENCODER_TINY
PICTURES = [
    (t("Lake (drawn)", "Lago (dibujado)"), "lake"),
    (t("Face", "Cara"), "face"),
    (t("Portraits on a wall", "Retratos en la pared"), "wall"),
    (t("Test card", "Carta de ajuste"), "card"),
    (t("Dead leaves", "Hojas secas"), "leaves"),
]
UNTOUCHED = 16  # bits: as exact as the half-precision numbers that are counted as the code


def autoencoder(name: str) -> type[AutoencoderKL | AutoencoderTiny]:
    """The class that reads this checkpoint."""
    from genmodels.autoencoders.autoencoder_kl import AutoencoderKL
    from genmodels.autoencoders.autoencoder_tiny import AutoencoderTiny

    return AutoencoderTiny if name in {c.name for c in AUTOENCODER_TINY} else AutoencoderKL


def loaded(name: str) -> Any:
    return kit.model(autoencoder(name), next(c for c in TABLE if c.name == name))


@lru_cache(16)
def drawn(name: str, size: int) -> Image.Image:
    from genmodels.data import pictures

    return Image.fromarray(pictures.draw(name, size))


def chosen(picture: str, own: Image.Image | None, size: int, factor: int, lang: str) -> Tensor:
    """The picture to work on, (1, 3, H, W): its longer side `size`, both sides multiples of `factor`."""
    if picture != "own":
        size = size // factor * factor
        return kit.to_tensor(drawn(picture, size), (size, size))
    if own is None:
        en = "Bring a picture first: open “Your own picture” and drop one there."
        raise gr.Error(
            kit.say(lang, en, "Primero trae una imagen: abre «Tu propia imagen» y suelta una ahí.")
        )
    if own.mode == "RGBA":
        paper = Image.new("RGBA", own.size, "white")
        paper.alpha_composite(own)
        own = paper
    sides = (max(factor, round(side * size / max(own.size) / factor) * factor) for side in own.size)
    return kit.to_tensor(own, tuple(sides))


def rival(picture: str, x: Tensor) -> Tensor:
    """Another of the drawn pictures, in the shape of x."""
    return kit.to_tensor(drawn(picture, max(x.shape[2:])), (x.shape[3], x.shape[2]))


def likeness(x: Tensor, y: Tensor) -> float:
    from genmodels.metrics.psnr import psnr

    return psnr(x, y).item()


def sheet(x: Tensor, *shown: Tensor) -> Image.Image:
    """A row for each code: in the colours closest to x, then its channels, black at -3, white at 3."""
    import torch

    from genmodels.autoencoders import codes

    palette = codes.palette(shown[0], x)
    rows = [
        torch.cat([codes.preview(z, palette), (z[0, :, None].cpu() / 3).expand(-1, 3, -1, -1)]) for z in shown
    ]
    return kit.grid(torch.cat(rows), 1 + shown[0].shape[1])


def saved(x: Tensor, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    kit.to_pil(x[0]).save(out, kind, **options)
    return out.getvalue()


def jpeg(x: Tensor, budget: int) -> bytes:
    """The best JPEG within so many bytes, or the worst there is if none fits."""
    low, high = 1, 95
    while low < high:
        middle = (low + high + 1) // 2
        fits = len(saved(x, "JPEG", quality=middle)) <= budget
        low, high = (middle, high) if fits else (low, middle - 1)
    return saved(x, "JPEG", quality=low)


def opened(file: bytes) -> Tensor:
    picture = Image.open(io.BytesIO(file))
    return kit.to_tensor(picture, picture.size)


def sizes(x: Tensor, z: Tensor, bits: int = UNTOUCHED) -> dict[str, Any]:
    """Bytes of pixels and of code."""
    code = -(-z.numel() * bits // 8)
    return {"bytes_image": x.numel(), "bytes_code": code, "ratio": x.numel() / code}


def controls(tab: kit.Tab) -> list[Any]:
    """The picture, above the views, as all of them work on it: [checkpoint, picture, own, size]."""
    with gr.Row():
        choices = [*PICTURES, (t("Your own (below)", "La tuya (abajo)"), "own")]
        picture = kit.choice(choices, t("Picture", "Imagen"), min_width=200)
        words = t("Longer side, pixels", "Lado mayor, píxeles")
        size = kit.slider(128, 512, 256, words, step=64, min_width=200)
    with gr.Accordion(t("Your own picture", "Tu propia imagen"), open=False):
        own = kit.upload(t("Drop or paste it here", "Suéltala o pégala aquí"), height=220)
    quiet = {"queue": False, "api_visibility": "private", "show_progress": "hidden"}
    own.upload(None, None, picture, js="() => 'own'", **quiet)
    own.clear(None, None, picture, js="() => 'lake'", **quiet)
    return [tab.checkpoint, picture, own, size]


def gpu_seconds(checkpoint: str, *_: Any) -> int:
    """The bundled model is as fast on a CPU as the wait for a GPU."""
    return 20 if "/" in checkpoint else 0


def image_code(picture: str, size: int) -> str:
    if picture != "own":
        return f'codes.tensor(draw("{picture}", {size}))'
    return f'codes.tensor(Image.open("yours.png").convert("RGB").resize(({size}, {size})))'


def start_code(checkpoint: str, picture: str, size: int) -> str:
    """The lines that every snippet begins with: the model, and the picture's code."""
    cls = autoencoder(checkpoint)
    return f"""from PIL import Image
from genmodels.autoencoders import codes
from {cls.__module__} import {cls.__name__}
from genmodels.data.pictures import draw

model = {cls.__name__}.from_pretrained("{checkpoint}")
x = {image_code(picture, size)}
z = codes.encode(model, x)  # 1, channels, height, width
"""


END = """Image.fromarray(codes.pixels(codes.decode(model, z))).save("decoded.png")
"""
