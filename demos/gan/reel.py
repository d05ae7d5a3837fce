"""The film of a training: what the same noise became at a dozen moments, and the curves beside it."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image

from demos.kit import plots, say
from genmodels import hub

if TYPE_CHECKING:
    from torch import Tensor

MOMENTS, COLUMNS = 12, 12  # rows of the sheet, and pictures in each: the noise of seeds 0 to 11


class Reel(NamedTuple):
    pixels: np.ndarray  # uint8 (moments, columns, size, size, 3)
    moments: list[dict[str, float]]  # step, minutes, images
    curves: dict[str, list[float]]

    def at(self, moment: int) -> Tensor:
        """The pictures of a moment, from 1: (columns, 3, size, size) in [-1, 1]."""
        return tensor(self.pixels[moment - 1])

    def of(self, column: int) -> Tensor:
        """What one noise became, moment by moment: (moments, 3, size, size)."""
        return tensor(self.pixels[:, column])


def tensor(pixels: np.ndarray) -> Tensor:
    import torch

    return torch.from_numpy(pixels.astype(np.float32)).permute(0, 3, 1, 2) / 127.5 - 1


def reel(name: str) -> Reel:
    return opened(hub.WEIGHTS / name)


@lru_cache(6)
def opened(folder: Path) -> Reel:
    facts: dict[str, Any] = json.loads((folder / "film.json").read_text())
    with Image.open(folder / "film.webp") as sheet:
        pixels = np.asarray(sheet.convert("RGB"))
    size, columns, rows = facts["size"], facts["columns"], len(facts["moments"])
    pixels = pixels.reshape(rows, size, columns, size, 3).transpose(0, 2, 1, 3, 4)
    return Reel(pixels, facts["moments"], facts["curves"])


def when(moment: dict[str, float], lang: str) -> str:
    """A moment in words."""
    step, seen = (plots.number(moment[k], lang, 4) for k in ("step", "images"))
    minutes = plots.number(round(moment["minutes"], 1), lang)
    return say(
        lang,
        f"step {step}: {minutes} min, {seen} faces seen",
        f"paso {step}: {minutes} min, {seen} caras vistas",
    )
