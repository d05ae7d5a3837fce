"""A prior over codes: which grids of words a discrete autoencoder would write.

A VQ-VAE says how an image becomes a grid of integers, not which grids are images: drawn at random, each
with equal chance, they decode to mush. So a gated PixelCNN is fitted to the grids of the training images
afterwards (van den Oord et al. 2017, arXiv:1711.00937, section 3.3), and drawing an image is drawing its
words and decoding once. A word is a name and not an amount, therefore it is embedded and not scaled.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genmodels.autoregressive.gated_pixelcnn import GatedPen
from genmodels.autoregressive.heads import Levels
from genmodels.autoregressive.stacks import Stacks
from genmodels.model import Model


@dataclass(frozen=True)
class CodePriorConfig:
    size: tuple[int, int] = (8, 8)  # rows, columns of the grid
    codes: int = 512  # K, words of the dictionary
    classes: int = 0  # labels it may be told; 0: none
    embed: int = 64  # numbers that stand for a word
    channels: int = 96  # of each stack
    dilations: tuple[int, ...] = (1, 2, 1, 4, 1, 2)  # a layer each
    dropout: float = 0.1  # of the words, in training: a grid is short and easily learnt by heart


class CodePrior(Model):
    """x is (B, 1, H, W), codes. Condition: labels (B,), where there are classes."""

    Config = CodePriorConfig
    draws = 1

    def __init__(self, config: CodePriorConfig):
        super().__init__(config)
        c = config
        self.words = nn.Embedding(c.codes, c.embed)
        self.label = nn.Embedding(c.classes + 1, c.channels) if c.classes else None  # the last: not told
        self.stacks = Stacks(c.embed + 1, c.channels, c.dilations, c.size, c.channels if c.classes else 0, 2)
        self.head = Levels(c.channels, c.codes)

    @property
    def shape(self) -> tuple[int, int, int]:
        return (1, *self.config.size)

    def seen(self, x: Tensor) -> Tensor:
        """Codes (B, 1, ...) -> (B, E + 1, ...): the word, and a one that says "inside"."""
        words = F.dropout1d(self.words(x.flatten(1)), self.config.dropout, self.training)  # (B, N, E)
        words = F.pad(words, (0, 1), value=1.0).transpose(1, 2)  # (B, E + 1, N)
        return words.reshape(len(x), -1, *x.shape[2:])

    def told(self, labels: Tensor | None, batch: int) -> Tensor | None:
        if self.label is None:
            return None
        if labels is None:
            labels = torch.full((batch,), self.config.classes, device=self.device)
        return self.label(labels)

    def logits(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Codes (B, 1, H, W) -> (B, H, W, K), each from the codes before it."""
        h = self.stacks(self.seen(x), self.told(labels, len(x)))
        return self.head(h.permute(0, 2, 3, 1))

    def log_prob(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Nats of every code, (B, H, W)."""
        return self.head.log_prob(self.logits(x, labels), x.permute(0, 2, 3, 1))

    def chances(self, params: Tensor) -> Tensor:
        return params.float().softmax(-1)

    def pick(self, params: Tensor, u: Tensor, temperature: float = 1.0) -> Tensor:
        return self.head.pick(params, u, temperature)

    def pen(self, batch: int, labels: Tensor | None = None) -> GatedPen:
        return GatedPen(self, self.stacks.brush(batch, self.told(labels, batch)))
