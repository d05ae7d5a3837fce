"""Drawing a picture one position at a time, from any autoregressive model of the house.

A model is drawn from through five things: `shape` (channels, rows, columns), `draws`, `pick`, and either
`logits` (everything anew for every position, as it is usually written) or `pen` (only what the last position
changed). Both give the same pictures, because every position of a picture has its own uniform numbers, drawn
beforehand from the picture's own seed: they do not depend on what is kept, nor on who asks for how many.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from genmodels.model import Model
from genmodels.runtime import generators


class Pen(Protocol):
    """A drawing in progress. Positions come in reading order, and every one is put.

    Every one is asked for, too, unless the pen `catches_up` on those that were only put.
    """

    catches_up: bool

    def __call__(self, i: int, j: int) -> Tensor:
        """The parameters (B, P) of the distribution at (i, j)."""

    def put(self, i: int, j: int, values: Tensor) -> None:
        """values (B, C) stand at (i, j)."""


class Step(NamedTuple):
    i: int  # the position that was decided: row
    j: int  # and column
    x: Tensor  # (B, C, H, W) the pictures so far; the same tensor every time
    params: Tensor | None  # (B, P) of the distribution it came from; None where the position was given


class Naive:
    """The pen that computes everything again for every position. Slow by construction."""

    catches_up = True

    def __init__(self, model: Model, x: Tensor, condition: dict):
        self.model, self.x, self.condition = model, x, condition

    def __call__(self, i: int, j: int) -> Tensor:
        return self.model.logits(self.x, **self.condition)[:, i, j]

    def put(self, i: int, j: int, values: Tensor) -> None:
        pass  # draw() has written them into x


def uniforms(seed: int | Sequence[int], n: int, shape: tuple[int, ...]) -> Tensor:
    """(n, *shape) numbers in [0, 1), those of picture k from seed + k, or from the k-th of several seeds."""
    seeds = range(seed, seed + n) if isinstance(seed, int) else seed
    return torch.stack([torch.rand(shape, generator=generators(s, 1)[0]) for s in seeds])


@torch.no_grad()
def draw(
    model: Model,
    seed: int | Sequence[int],
    count: int,
    given: Tensor | None = None,
    keep: Tensor | None = None,
    temperature: float = 1.0,
    naive: bool = False,
    **condition: Tensor,
) -> Iterator[Step]:
    """`count` pictures, one step per position. Where `keep` (H, W) is true they are `given` (B, C, H, W)."""
    channels, rows, columns = model.shape
    u = uniforms(seed, count, (rows, columns, model.draws)).to(model.device)
    x = torch.zeros(count, channels, rows, columns, dtype=torch.long, device=model.device)
    kept = torch.zeros(rows, columns, dtype=torch.bool) if keep is None else keep.cpu()
    if given is not None:
        x = torch.where(kept.to(x.device), given.to(x.device), x)  # given may be one picture for all
    pen = Naive(model, x, condition) if naive else model.pen(count, **condition)
    for i in range(rows):
        for j in range(columns):
            params = None if kept[i, j] and pen.catches_up else pen(i, j)
            if not kept[i, j]:
                x[:, :, i, j] = model.pick(params, u[:, i, j], temperature)
            pen.put(i, j, x[:, :, i, j])
            yield Step(i, j, x, None if kept[i, j] else params)


def last(steps: Iterator[Step]) -> Tensor:
    """The finished pictures."""
    return deque(steps, maxlen=1).pop().x
