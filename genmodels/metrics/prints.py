"""Which training face is nearest? Found among all of them without keeping a single picture.

A model that samples well may have learnt some faces by heart, so a sample is shown beside the training face
nearest to it. The training faces are painted from seeds, so they can be painted again, but not all 36,000 for
each question. Each is kept as a print of 16 bytes: the picture at 16 x 16 pixels, along the 16 directions in
which such pictures vary the most. The prints name a few candidates; those are painted and compared in full,
by the mean absolute difference of their pixels (L1), in levels of 255.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genmodels.data.faces import batch
from genmodels.model import Model


@dataclass(frozen=True)
class PrintsConfig:
    count: int = 36_000  # faces: those of seeds 0 to count - 1
    side: int = 16  # pixels a side that a print sees
    numbers: int = 16  # of a print, a byte each


class Near(NamedTuple):
    seed: int  # of the training face
    face: Tensor  # (3, H, W) in [-1, 1]
    away: float  # L1, in levels of 255


class Prints(Model):
    Config = PrintsConfig

    def __init__(self, config: PrintsConfig = PrintsConfig()):  # noqa: B008 - frozen
        super().__init__(config)
        seen = 3 * config.side**2
        self.mean = nn.Parameter(torch.zeros(seen))
        self.basis = nn.Parameter(torch.zeros(config.numbers, seen))  # orthonormal rows
        self.step = nn.Parameter(torch.ones(config.numbers))  # of a byte, along each
        self.register_buffer("codes", torch.zeros(config.count, config.numbers, dtype=torch.int8))

    def of(self, x: Tensor) -> Tensor:
        """The print of each picture, not rounded: (B, 3, H, W) -> (B, numbers)."""
        small = F.adaptive_avg_pool2d(x, self.config.side).flatten(1)
        return (small - self.mean) @ self.basis.T

    def candidates(self, x: Tensor, k: int = 24) -> Tensor:
        """Seeds of the faces with the nearest prints, the nearest first: (B, k)."""
        away = torch.cdist(self.of(x), self.codes * self.step)  # (B, count)
        return away.topk(k, largest=False).indices

    @classmethod
    def fit(cls, pictures: Iterator[Tensor], config: PrintsConfig) -> "Prints":
        """From all training faces, some at a time and in order."""
        model = cls(config).requires_grad_(False)
        small = torch.cat([F.adaptive_avg_pool2d(x, config.side).flatten(1) for x in pictures])
        model.mean.copy_(small.mean(0))
        model.basis.copy_(torch.linalg.eigh(torch.cov(small.T)).eigenvectors.flip(1).T[: config.numbers])
        along = (small - model.mean) @ model.basis.T
        model.step.copy_(along.abs().amax(0) / 127)
        model.codes.copy_((along / model.step).round())
        return model.eval()


def levels(x: Tensor, y: Tensor) -> Tensor:
    """Mean absolute difference of pictures in [-1, 1], in levels of 255: (B, ...) -> (B,)."""
    return 127.5 * (x - y).abs().flatten(1).mean(1)


def nearest(prints: Prints, x: Tensor, k: int = 24) -> Iterator[Near]:
    """For each picture (B, 3, 64, 64) on the CPU, the nearest of its k candidates, painted."""
    for seeds, one in zip(prints.candidates(x.to(prints.device, prints.dtype), k).tolist(), x, strict=True):
        faces = torch.from_numpy(batch(seeds)[0].astype(np.float32)).permute(0, 3, 1, 2) / 127.5 - 1
        away = levels(faces, one.expand_as(faces))
        best = int(away.argmin())
        yield Near(seeds[best], faces[best], away[best].item())
