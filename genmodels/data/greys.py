"""Small pictures in four greys: Fashion-MNIST at 16x16, what the models that write pixel by pixel share.

One size and one number of levels for all of them, so that their bits per dimension compare. A level is
what those models predict, a number 0..3, evenly spaced from black to white.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

SIDE = 16
LEVELS = 4


def small(images: np.ndarray) -> np.ndarray:
    """uint8 (N, 28, 28) -> levels uint8 (N, 16, 16): padded black to 32x32, means of 2x2, cut in four."""
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2))).astype(np.uint16)
    means = padded.reshape(-1, SIDE, 2, SIDE, 2).sum((2, 4)) / 4  # N, 16, 16
    return np.minimum(means // (256 // LEVELS), LEVELS - 1).astype(np.uint8)


def to_image(levels: Tensor, count: int = LEVELS) -> Tensor:
    """Levels 0..count-1 of any shape -> greys from -1 (the first) to 1 (the last)."""
    return levels.float() * (2 / (count - 1)) - 1


def from_image(image: Tensor, count: int = LEVELS) -> Tensor:
    """Greys in [-1, 1] of any shape -> the nearest levels, as integers."""
    return ((image.clamp(-1, 1) + 1) * ((count - 1) / 2)).round().long()
