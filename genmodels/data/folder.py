"""Pictures of a folder, as the models have them: PNG files of one size, in the order of their names."""

from pathlib import Path

import numpy as np
from PIL import Image


def pngs(folder: Path, shape: tuple[int, int, int], limit: int = 0) -> np.ndarray:
    """uint8 (N, C, H, W). A picture of another size is an error, which names it."""
    files = sorted(folder.glob("*.png"))[: limit or None]
    if not files:
        raise FileNotFoundError(f"no *.png in {folder}")
    channels, height, width = shape
    found = []
    for file in files:
        with Image.open(file) as picture:
            if picture.size != (width, height):
                raise ValueError(
                    f"{file.name} is {picture.size[0]} x {picture.size[1]}, not {width} x {height}"
                )
            pixels = np.asarray(picture.convert("RGB" if channels == 3 else "L")).reshape(height, width, -1)
        found.append(pixels.transpose(2, 0, 1))
    return np.stack(found)
