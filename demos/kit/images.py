"""Between tensors in [-1, 1] and pictures: the only place of the page where pixels are bytes."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from gradio.processing_utils import hash_bytes
from gradio.utils import get_upload_folder
from PIL import Image

if TYPE_CHECKING:
    from torch import Tensor


def to_array(x: Tensor) -> np.ndarray:
    """(B, C, H, W) in [-1, 1] -> uint8 (B, H, W, 3). One channel is grey."""
    x = ((x.float().clamp(-1, 1) + 1) * 127.5).round().byte().cpu()
    return x.expand(-1, 3, -1, -1).permute(0, 2, 3, 1).numpy()


def to_pil(x: Tensor) -> Image.Image:
    """(C, H, W) in [-1, 1] -> a picture."""
    return Image.fromarray(to_array(x[None])[0])


def to_tensor(picture: Image.Image, size: tuple[int, int], *, grey: bool = False) -> Tensor:
    """A picture, cropped to the shape of `size` (width, height), reduced to it -> (1, C, H, W) in [-1, 1]."""
    import torch
    from PIL import ImageOps

    fitted = ImageOps.fit(picture.convert("L" if grey else "RGB"), size, Image.Resampling.LANCZOS)
    pixels = np.asarray(fitted, np.float32).reshape(size[1], size[0], -1)
    return torch.from_numpy(pixels).permute(2, 0, 1)[None] / 127.5 - 1


def grid(x: Tensor, columns: int = 0, *, scale: int = 0, gap: int = 2, ground: int = 255) -> Image.Image:
    """(B, C, H, W) in [-1, 1] -> one picture. `scale` repeats pixels; 0 chooses one that can be seen."""
    pixels = to_array(x)
    n, h, w, _ = pixels.shape
    columns = columns or max(1, round(n**0.5))
    rows = -(-n // columns)
    scale = scale or max(1, round(960 / (columns * w)))
    sheet = np.full((rows * (h + gap) - gap, columns * (w + gap) - gap, 3), ground, np.uint8)
    for k, tile in enumerate(pixels):
        y, x0 = k // columns * (h + gap), k % columns * (w + gap)
        sheet[y : y + h, x0 : x0 + w] = tile
    return Image.fromarray(sheet.repeat(scale, 0).repeat(scale, 1))


def keep(data: bytes, suffix: str) -> str:
    """Bytes as a file where Gradio keeps its own: visitors can reach it, and the hourly sweep knows it.

    Put in its place in one piece: the same bytes may be on their way to another browser.
    """
    place = Path(get_upload_folder()).resolve() / hash_bytes(data) / f"latente{suffix}"
    place.parent.mkdir(parents=True, exist_ok=True)
    begun = place.with_name(f"{threading.get_ident()}{suffix}")
    begun.write_bytes(data)
    os.replace(begun, place)
    return str(place)


def png(picture: Image.Image) -> str:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return keep(out.getvalue(), ".png")


def webp(picture: Image.Image) -> str:
    """A preview with a transparent ground, quickly."""
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=88, method=0)
    return keep(out.getvalue(), ".webp")


def film(frames: Sequence[Image.Image], fps: int = 12, *, bounce: bool = False) -> str:
    """Frames as an endless GIF, there and back again if it `bounce`s."""
    octree = Image.Quantize.FASTOCTREE  # ten times as fast as Pillow's own choice when it saves
    frames = [f.convert("RGB").quantize(256, octree, dither=Image.Dither.NONE) for f in frames]
    frames += frames[-2:0:-1] if bounce else []
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=round(1000 / fps), loop=0)
    return keep(out.getvalue(), ".gif")
