"""An autoregressive model of the plane: which column, then which cell of that column.

    p(x, y) = p(i) p(j | i) / area of a cell

The square [-4.5, 4.5]^2 is cut into cells. A vector holds the logits of the columns, a network says from a
column which of its cells are likely: the chain rule, as for the pixels of a picture, with two pixels. Within
a cell the density is flat. The density is exact, its sum is 1, and finer cells need more data.
"""

from dataclasses import dataclass
from math import log

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genmodels.lab.family import bounded
from genmodels.lab.mlp import Adam, mlp
from genmodels.lab.truth import EDGE

BOUNDS = {"lr": (1e-6, 1), "cells": (4, 96), "width": (2, 256), "batch": (4, 1024)}


@dataclass(frozen=True)
class Knobs:
    lr: float = 1e-2
    cells: int = 48  # a side
    width: int = 64  # of the hidden layer
    batch: int = 128

    def __post_init__(self) -> None:
        bounded(self, BOUNDS)


class Network(nn.Module):
    """() -> log p(i, j), (cells, cells), from one look at all columns."""

    def __init__(self, cells: int, width: int, generator: torch.Generator):
        super().__init__()
        self.columns = nn.Parameter(torch.zeros(cells))
        self.within = mlp((cells, width, cells), generator)
        self.which = torch.eye(cells)

    def forward(self) -> Tensor:
        return self.columns.log_softmax(0)[:, None] + self.within(self.which).log_softmax(1)


class Grid:
    Knobs = Knobs

    def __init__(self, knobs: Knobs = Knobs(), seed: int = 0):  # noqa: B008 - frozen
        self.knobs, self.diverged = knobs, False
        self.network = Network(knobs.cells, knobs.width, torch.Generator().manual_seed(seed))
        self.down = Adam(self.network, knobs.lr)
        self.side = 2 * EDGE / knobs.cells  # of a cell

    @property
    def needs(self) -> int:
        return self.knobs.batch

    def step(self, x: Tensor) -> dict[str, float]:
        """Minus the log density of the points, which the edge keeps inside."""
        if self.diverged:
            return {}
        loss = F.nll_loss(self.network().view(1, -1).expand(len(x), -1), self.cell(x)) + 2 * log(self.side)
        self.diverged = not self.down.step(loss)
        return {} if self.diverged else {"loss": loss.item()}

    def cell(self, x: Tensor) -> Tensor:
        """(B, 2) -> (B,): the number of the cell, columns first."""
        at = ((x + EDGE) / self.side).floor().clamp(0, self.knobs.cells - 1).long()
        return at[:, 0] * self.knobs.cells + at[:, 1]

    @torch.no_grad()
    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        edges = self.network().exp().flatten().double().cumsum(0)
        luck = torch.rand(n, generator=generator, dtype=torch.float64) * edges[-1]
        cell = torch.searchsorted(edges, luck, right=True).clamp_max(len(edges) - 1)
        corner = torch.stack([cell // self.knobs.cells, cell % self.knobs.cells], 1)
        return (corner + torch.rand(n, 2, generator=generator)) * self.side - EDGE

    @torch.no_grad()
    def log_prob(self, x: Tensor) -> Tensor:
        """Exact; -inf outside the square."""
        inside = (x.abs() <= EDGE).all(1)
        log_p = self.network().flatten()[self.cell(x)] - 2 * log(self.side)
        return torch.where(inside, log_p, float("-inf"))

    def height(self, x: Tensor) -> Tensor:
        return self.log_prob(x)
