"""What is done to a picture before it is repaired: hidden, blurred, made small."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from demos.kit import pixels

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

SMALLER, SIGMA = 4, 2.0  # how much smaller the small picture is; pixels of the blur
MASKS = ("painted", "top", "left", "frame")
HIDDEN = (-0.36, -0.28, -0.16)  # the colour of what is hidden, in [-1, 1]


class Damage(NamedTuple):
    """What was done to a picture: A, on the flow's own numbers, and how the result looks."""

    look: Callable[[Tensor], Tensor]
    shown: Callable[[Tensor], Tensor]


def damaged(damage: str, mask: tuple | None, size: int) -> Damage:
    """What is left of a picture. Both work on any (B, C, H, W), the flow's numbers or [-1, 1]."""
    import torch
    from torch.nn import functional as F

    from genmodels.flow.inverse_problem import blur

    if damage in MASKS:
        kept = pixels.kept_pixels(cells(damage, mask), size)
        hidden = torch.tensor(HIDDEN)[:, None, None]
        return Damage(
            lambda y: y[..., kept.to(y.device)],
            lambda x: torch.where(kept, x.expand(-1, 3, -1, -1), hidden),
        )
    if damage == "small":
        return Damage(
            lambda y: F.avg_pool2d(y, SMALLER),
            lambda x: F.interpolate(F.avg_pool2d(x, SMALLER), scale_factor=SMALLER),
        )
    return Damage(lambda y: blur(y, SIGMA), lambda x: blur(x, SIGMA))


def cells(damage: str, mask: tuple | None) -> np.ndarray:
    """What is kept, as `pixels` has it; a board on which nothing was painted keeps the frame."""
    if damage == "painted" and (mask is None or not mask[1].any()):
        damage = "frame"
    return pixels.kept_cells(damage, mask)
