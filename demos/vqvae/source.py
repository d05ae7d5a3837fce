"""What the views share: the class of a checkpoint, the picture to work on, how it looks on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from PIL import Image, ImageDraw

from demos import kit
from demos.kit import plates, t
from genmodels.autoencoders.checkpoints import DVAES, VQ_MODEL, VQVAES
from genmodels.autoregressive.checkpoints import CODE_PRIOR

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.model import Model

TABLE = VQVAES + DVAES + VQ_MODEL
FACES, SPRITES = VQVAES[0].name, VQVAES[1].name
FIRST = 36_042  # a seed that nothing here was trained on
GROUND = (96, 100, 106)  # behind sprites: dark outlines and pale ghosts are both seen
SPRITE = 24  # pixels a side
LEAST = 40  # solid pixels of a sprite
CLOSE = 24  # levels that a ground without transparency may vary
PICTURES = [
    (t("What this model knows: a face or a creature", "Lo que este modelo conoce: cara o criatura"), "auto"),
    (t("A painted face", "Una cara pintada"), "face"),
    (t("A pixel creature", "Una criatura de píxeles"), "creature"),
    (t("Your picture (below)", "Tu imagen (abajo)"), "own"),
    (t("Your drawing (below)", "Tu dibujo (abajo)"), "drawn"),
]
QUIET = {"queue": False, "api_visibility": "private", "show_progress": "hidden"}
PENCILS = ("#2b2622", "#8a5a3c", "#f2c39b", "#d9a441", "#b8431c", "#3c8d5a", "#3f6fb5", "#ffffff")


# ---- models ------------------------------------------------------------------------------------------------


def family(name: str) -> type[Model]:
    """The class that reads this checkpoint."""
    from genmodels.autoencoders.dvae import DVAE
    from genmodels.autoencoders.vq_model import VQModel
    from genmodels.autoencoders.vqvae import VQVAE

    if "/" in name:
        return VQModel
    return DVAE if name in {c.name for c in DVAES} else VQVAE


def loaded(name: str) -> Any:
    return kit.model(family(name), next(c for c in TABLE if c.name == name))


def prior(name: str, lang: str) -> Any:
    """The prior over the words of a checkpoint. The Hub's have none that fits a page."""
    from genmodels.autoregressive.code_prior import CodePrior

    if not has_prior(name):
        en = (
            "This view needs a prior over the words, and we have one for the bundled models only: aMUSEd's "
            "is a transformer of 600 million weights, and latent diffusion diffuses before rounding."
        )
        es = (
            "Esta vista necesita un prior sobre las palabras y lo tenemos solo para los modelos incluidos: "
            "el de aMUSEd es un transformer de 600 millones de pesos, y la difusión latente difunde sin "
            "redondear."
        )
        raise gr.Error(kit.say(lang, en, es), print_exception=False)
    return kit.model(CodePrior, f"{name}-prior")


def has_prior(name: str) -> bool:
    return f"{name}-prior" in {c.name for c in CODE_PRIOR}


def factor(model: Model) -> int:
    """Pixels a side of what a word stands for."""
    return getattr(model, "factor", 0) or 2 ** getattr(model.config, "halvings", 2)


def size(model: Model) -> int:
    """Pixels a side of the pictures that a model is shown."""
    return getattr(model.config, "size", 0) or min(256, 32 * factor(model))


def side(checkpoint: str) -> int:
    """Words a side of its grid."""
    from genmodels import hub
    from genmodels.model import read_json

    if "/" in checkpoint:
        return 16 if checkpoint.startswith("amused") else 32
    config = read_json(hub.folder(checkpoint) / "config.json")
    return config["size"] >> config.get("halvings", 2)


def place(row: int, column: int, codes: Tensor) -> tuple[int, int]:
    """As the sliders count, from 1 -> as tensors do. Past the end of a smaller grid is its end."""
    return min(row, codes.shape[-2]) - 1, min(column, codes.shape[-1]) - 1


def word_of(code: int, model: Model, lang: str) -> int:
    words = len(model.codebook)
    if code < words:
        return code
    en, es = (
        f"This dictionary has words 0 to {words - 1}.",
        f"Este diccionario va de la palabra 0 a la {words - 1}.",
    )
    raise gr.Error(kit.say(lang, en, es), print_exception=False)


# ---- pictures ----------------------------------------------------------------------------------------------


def chosen(model: Model, picture: str, seed: int, own: Any, drawing: Any, lang: str) -> Tensor:
    """The picture to work on, (1, C, S, S) as the model takes it."""
    import torch

    wide, channels = size(model), getattr(model.config, "channels", 3)
    if picture == "auto":
        picture = "creature" if channels == 4 else "face"
    if picture == "face":
        x = face(seed, wide)
        x = torch.cat([x, torch.ones_like(x[:, :1])], 1) if channels == 4 else x
    else:
        bring = {"own": own, "drawn": drawing}
        found = creature(seed) if picture == "creature" else brought(bring[picture], picture, lang)
        x = sprite(found, lang) if channels == 4 else kit.to_tensor(on_ground(found, wide), (wide, wide))
    return x.to(model.device, model.dtype)


def face(seed: int, wide: int) -> Tensor:
    """A painted face, (1, 3, wide, wide): small ones are halved, as those that were learnt from."""
    import torch

    from genmodels.data.faces import batch

    paint = wide if wide >= 64 else 2 * wide
    x = torch.from_numpy(batch([seed], paint)[0]).permute(0, 3, 1, 2) / 127.5 - 1
    return torch.nn.functional.avg_pool2d(x, paint // wide)


def creature(seed: int) -> Image.Image:
    from genmodels.data import tiles

    return Image.fromarray(tiles.rgba(*tiles.creatures(1, seed)[:2])[0])


def brought(found: Image.Image | None, picture: str, lang: str) -> Image.Image:
    if found is not None:
        return found
    en, es = {
        "own": (
            "Bring a picture first: open “Your own” below.",
            "Primero trae una imagen: abre «La tuya», abajo.",
        ),
        "drawn": (
            "The board is empty: open “Your own” below.",
            "El tablero está vacío: abre «La tuya», abajo.",
        ),
    }[picture]
    raise gr.Error(kit.say(lang, en, es), print_exception=False)


def on_ground(picture: Image.Image, wide: int) -> Image.Image:
    """Without transparency: pixel art stays pixels, in the middle of its ground; the rest lies on white."""
    if picture.mode != "RGBA":
        return picture
    if max(picture.size) <= 64:
        times = max(1, wide // max(picture.size))
        large = picture.resize([times * s for s in picture.size], Image.Resampling.NEAREST)
        page = Image.new("RGBA", (max(wide, *large.size),) * 2, (*GROUND, 255))
        page.alpha_composite(large, ((page.width - large.width) // 2, (page.height - large.height) // 2))
    else:
        page = Image.new("RGBA", picture.size, "white")
        page.alpha_composite(picture)
    return page.convert("RGB")


def sprite(picture: Image.Image, lang: str) -> Tensor:
    """A picture as 24 x 24 pixels with a clear ground, fitted as the game tiles were: (1, 4, 24, 24)."""
    from genmodels.autoencoders.vqvae import from_rgba
    from genmodels.data import tiles

    small = picture.convert("RGBA")
    smooth = max(small.size) > 64
    small.thumbnail((96, 96), Image.Resampling.BOX)
    pixels = np.array(small)
    if (pixels[..., 3] >= 128).all():
        pixels[..., 3] = np.where(ground(pixels[..., :3]), 0, 255)
    fitted = tiles.fit(pixels, smooth)
    if (fitted[..., 3] > 0).sum() < LEAST:
        en, es = "There is almost nothing in the picture.", "En la imagen no hay casi nada."
        raise gr.Error(kit.say(lang, en, es), print_exception=False)
    return from_rgba(fitted)[None]


def ground(rgb: np.ndarray) -> np.ndarray:
    """What is reached from outside over the colour of the corners, if all four have one."""
    corners = rgb[[0, 0, -1, -1], [0, -1, 0, -1]].astype(int)
    if np.ptp(corners, 0).max() > CLOSE:
        return np.zeros(rgb.shape[:2], bool)
    near = np.abs(rgb.astype(int) - corners[0]).max(-1) <= CLOSE
    page = Image.fromarray(np.pad(np.where(near, 0, 255), 1).astype(np.uint8)).copy()
    ImageDraw.floodfill(page, (0, 0), 128)
    found = np.asarray(page)[1:-1, 1:-1] == 128
    return found & ~found.all()  # one colour all over is no ground


# ---- on the page -------------------------------------------------------------------------------------------


def shown(x: Tensor) -> Tensor:
    """As the page shows it: (B, 3, H, W) in [-1, 1], sprites on their ground with pixels there or not."""
    import torch

    x = x.float().cpu()
    if x.shape[1] == 3:
        return x.clamp(-1, 1)
    from genmodels.autoencoders.vqvae import to_rgba

    flat = torch.from_numpy(to_rgba(x)).movedim(-1, 1).float() / 127.5 - 1
    under = torch.tensor(GROUND).view(3, 1, 1) / 127.5 - 1
    return torch.where(flat[:, 3:] > 0, flat[:, :3], under)


def block(caption: str, x: Tensor, columns: int, tile: int, **kwargs: Any) -> Image.Image:
    """A captioned block of pictures (B, 3, H, W); those of few pixels keep them square."""
    if x.shape[-1] <= SPRITE:
        times = max(1, round(tile / x.shape[-1]))
        x, tile = x.repeat_interleave(times, -1).repeat_interleave(times, -2), times * x.shape[-1]
    return plates.block(caption, x, columns=columns, tile=tile, **kwargs)


def likeness(x: Tensor, y: Tensor) -> float:
    from genmodels.metrics.psnr import psnr

    return psnr(x.float(), y.float().to(x.device)).item()


def sizes(x: Tensor, codes: Tensor, words: int) -> dict[str, float]:
    """Bits of the pixels and of the words."""
    import math

    bits = codes[0].numel() * math.log2(words)
    return {"image_bits": 8 * x[0].numel(), "code_bits": bits, "ratio": 8 * x[0].numel() / bits}


def controls(tab: kit.Tab) -> list[Any]:
    """The picture, above the views: [picture, seed, own, drawing]."""
    with gr.Row():
        picture = kit.choice(PICTURES, t("Picture", "Imagen"), min_width=260, scale=3)
        with gr.Column(scale=2, min_width=200):
            seed = kit.seed(FIRST, t("Seed of the picture", "Semilla de la imagen"))
    with (
        gr.Accordion(t("Your own: a picture or a drawing", "La tuya: una imagen o un dibujo"), open=False),
        gr.Row(),
    ):
        own = kit.upload(t("Drop or paste a picture here", "Suelta o pega una imagen aquí"), height=300)
        drawing = kit.drawing(t("Draw here", "Dibuja aquí"), brush=12, colours=PENCILS)
    own.upload(None, None, picture, js="() => 'own'", **QUIET)
    own.clear(None, None, picture, js="() => 'auto'", **QUIET)
    drawing.input(None, None, picture, js="() => 'drawn'", **QUIET)
    return [picture, seed, own, drawing]


def gpu_seconds(checkpoint: str, *_: Any) -> int:
    """The bundled models are as fast on a CPU as the wait for a GPU."""
    return 25 if "/" in checkpoint else 0


def start_code(checkpoint: str, picture: str, seed: int) -> str:
    """The lines that snippets begin with: the model, the picture, its words."""
    cls = family(checkpoint)
    sprites = checkpoint == SPRITES
    lines = ["import torch", f"from {cls.__module__} import {cls.__name__}"]
    if picture in ("auto", "creature") and sprites:
        lines[1] += ", from_rgba"
        lines += ["from genmodels.data import tiles"]
        make = f"x = from_rgba(tiles.rgba(*tiles.creatures(1, {seed})[:2]))  # (1, 4, 24, 24)"
    elif picture in ("auto", "face") and not sprites:
        lines += ["from genmodels.data.faces import batch"]
        wide = {16: 256, 32: 128}.get(side(checkpoint), 64)
        make = f"x = torch.from_numpy(batch([{seed}], {wide})[0]).permute(0, 3, 1, 2) / 127.5 - 1"
        make += "" if wide > 64 else "\nx = torch.nn.functional.avg_pool2d(x, 2)  # (1, 3, 32, 32)"
    else:
        shape = "4, 24, 24" if sprites else "3, 32, 32" if "/" not in checkpoint else "3, 256, 256"
        make = f"x = torch.rand(1, {shape}) * 2 - 1  # your picture goes here, in [-1, 1]"
    load = f'\nmodel = {cls.__name__}.from_pretrained("{checkpoint}")'
    return "\n".join([*lines, load, make, "codes = model.codes(x)  # (1, h, w)\n"])
