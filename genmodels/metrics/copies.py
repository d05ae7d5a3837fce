"""Learnt by heart? How near samples lie to the nearest training picture, against pictures nobody was shown.

A model that has understood lies as near to its training set as new real pictures do; one that copies lies
nearer (Meehan et al. 2020, arXiv:2004.05675, sec. 3). `nearer` is the chance that a sample is nearer than a
new real picture: 1/2 if nothing was copied, more for copies, less for what is like no real picture. `copies`
is the share of samples nearer than all but 1 in 100 new real ones.

Of faces the 36,000 prints of `genmodels.metrics.prints` are compared, of garments all pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genmodels.data import greys, readers
from genmodels.metrics.prints import Prints

ROWS = 200  # compared at a time


@dataclass(frozen=True)
class Memory:
    """The training pictures of a kind, as they are compared."""

    seen: Callable[[Tensor, int], Tensor]  # (pictures, small) -> (B, D)
    train: Callable[[int], Tensor]  # small -> (N, D)

    @classmethod
    def of(cls, data: str, path: Path | None = None) -> Memory | None:
        """None where the training set is not on this machine; that of the faces always is, as prints."""
        if data == "faces":
            prints = Prints.from_pretrained("faces-prints")
            return cls(lambda x, _: prints.of(x), lambda _: prints.codes * prints.step)
        try:
            train = torch.tensor(readers.fashion("train", path)[0])
        except FileNotFoundError:
            return None
        return cls(shown, lambda small: shown(train[:, None].float() / 127.5 - 1, small))

    def away(self, x: Tensor, small: int = 0) -> Tensor:
        """Of each picture (B, C, H, W), the distance to the nearest training picture, (B,)."""
        train = self.train(small)
        parts = self.seen(x, small).split(ROWS)
        return torch.cat([torch.cdist(part, train).amin(1) for part in parts])


def shown(x: Tensor, small: int) -> Tensor:
    """Garments as rows of numbers; with `small`, as those see them that draw 16 x 16 in four greys."""
    if small:
        pages = ((x[:, 0] + 1) * 127.5).round().byte().numpy()
        x = greys.to_image(torch.from_numpy(np.ascontiguousarray(greys.small(pages))))
    return x.flatten(1)


def nearer(a: Tensor, b: Tensor) -> float:
    """The chance that one of a is less than one of b; a tie counts half."""
    b = b.sort().values
    below, above = torch.searchsorted(b, a, right=True), torch.searchsorted(b, a)
    return 1 - ((below + above).double().mean() / (2 * len(b))).item()
