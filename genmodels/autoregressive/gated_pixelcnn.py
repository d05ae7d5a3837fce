"""Gated PixelCNN: a picture is drawn pixel by pixel, each from a distribution given all the pixels before it.

    p(x) = p(x_1) p(x_2 | x_1) p(x_3 | x_1, x_2) ...      rows from the top, each from left to right

Nothing is approximated: the probability of a picture is a product of softmaxes, so it can be written down in
bits. The network computes all the factors of a known picture in one pass (`log_prob`), and one factor at a
time when it draws (`pen`). Van den Oord et al. 2016, arXiv:1606.05328; the blocks are in `stacks.py`. With
`mixture` > 0 the softmax gives way to a mixture of logistics, the output of PixelCNN++ (arXiv:1701.05517),
which is that paper's idea we take, and not its network.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genmodels.autoregressive.heads import Levels, Logistics
from genmodels.autoregressive.stacks import Brush, Stacks
from genmodels.model import Model


@dataclass(frozen=True)
class GatedPixelCNNConfig:
    size: tuple[int, int] = (16, 16)  # rows, columns
    levels: int = 4  # grey values of a pixel
    classes: int = 0  # labels it may be told; 0: none
    channels: int = 64  # of each stack
    dilations: tuple[int, ...] = (1, 2, 4, 1, 2, 4, 1, 2)  # a layer each
    mixture: int = 0  # bumps of the logistic mixture; 0: a softmax over the levels


class Gated(Model):
    """What models made of an embedding, the stacks and a head share. A derived class has `stacks`, `head`,
    `label`, an embedding whose last row means "not told", or None, and `seen`, which turns x (B, values, ...)
    into what the stacks see of it (B, inputs, ...)."""

    values = 1  # of a pixel

    @property
    def shape(self) -> tuple[int, int, int]:
        return (self.values, *self.config.size)

    @property
    def draws(self) -> int:
        return self.head.draws

    def told(self, labels: Tensor | None, batch: int) -> Tensor | None:
        """Labels (B,) -> conditions (B, C)."""
        if self.label is None:
            return None
        if labels is None:
            labels = torch.full((batch,), self.label.num_embeddings - 1, device=self.device)
        return self.label(labels)

    def logits(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """x (B, values, H, W) -> the head's parameters (B, H, W, P), each from the positions before it."""
        h = self.stacks(self.seen(x), self.told(labels, len(x)))  # (B, C, H, W)
        return self.head(h.permute(0, 2, 3, 1))

    def log_prob(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Nats of every position, (B, H, W), the values of a pixel together."""
        return self.head.log_prob(self.logits(x, labels), x.permute(0, 2, 3, 1))

    def chances(self, params: Tensor) -> Tensor:
        """Parameters (..., P) -> probabilities (..., levels), of a pixel's first value."""
        return self.head.log_chances(params).exp()

    def pick(self, params: Tensor, u: Tensor, temperature: float = 1.0) -> Tensor:
        return self.head.pick(params, u, temperature)

    def pen(self, batch: int, labels: Tensor | None = None) -> "GatedPen":
        return GatedPen(self, self.stacks.brush(batch, self.told(labels, batch)))


class GatedPixelCNN(Gated):
    """x is (B, 1, H, W), levels. Condition: labels (B,), where there are classes."""

    Config = GatedPixelCNNConfig

    def __init__(self, config: GatedPixelCNNConfig):
        super().__init__(config)
        c = config
        self.label = nn.Embedding(c.classes + 1, c.channels) if c.classes else None  # the last: not told
        self.stacks = Stacks(2, c.channels, c.dilations, c.size, c.channels if c.classes else 0)
        self.head = Logistics(c.channels, c.levels, c.mixture) if c.mixture else Levels(c.channels, c.levels)

    def seen(self, x: Tensor) -> Tensor:
        """Levels (B, 1, ...) -> (B, 2, ...): the value, and a one that says "inside"."""
        value = x.to(self.dtype) * (2 / (self.config.levels - 1)) - 1
        return torch.cat([value, torch.ones_like(value)], 1)


class GatedPen:
    """A drawing in progress: the stacks' brush between the model's embedding and its head."""

    catches_up = False  # the features of every position are what the next ones look at

    def __init__(self, model: Model, brush: Brush):
        self.model, self.brush = model, brush

    def __call__(self, i: int, j: int) -> Tensor:
        return self.model.head(self.brush.at(i, j))

    def put(self, i: int, j: int, values: Tensor) -> None:
        self.brush.put(i, j, self.model.seen(values))
