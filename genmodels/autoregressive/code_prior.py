"""A prior over codes: which grids of words a discrete autoencoder would write.

A VQ-VAE says how an image becomes a grid of integers, not which grids are images: drawn at random, each
with equal chance, they decode to mush. So a gated PixelCNN is fitted to the grids of the training images
afterwards (van den Oord et al. 2017, arXiv:1711.00937, section 3.3), and drawing an image is drawing its
words and decoding once. A word is a name and not an amount, therefore it is embedded and not scaled.
"""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from genmodels.autoregressive.gated_pixelcnn import Gated
from genmodels.autoregressive.heads import Levels
from genmodels.autoregressive.stacks import Stacks


@dataclass(frozen=True)
class CodePriorConfig:
    size: tuple[int, int] = (8, 8)  # rows, columns of the grid
    codes: int = 512  # K, words of the dictionary
    classes: int = 0  # labels it may be told; 0: none
    embed: int = 64  # numbers that stand for a word
    channels: int = 64  # of each stack
    dilations: tuple[int, ...] = (1, 2, 1, 4, 1, 2)  # a layer each
    dropout: float = 0.1  # of the words, in training: a grid is short and easily learnt by heart


class CodePrior(Gated):
    """x is (B, 1, H, W), codes. Condition: labels (B,), where there are classes."""

    Config = CodePriorConfig

    def __init__(self, config: CodePriorConfig):
        super().__init__(config)
        c = config
        self.words = nn.Embedding(c.codes, c.embed)
        self.label = nn.Embedding(c.classes + 1, c.channels) if c.classes else None  # the last: not told
        self.stacks = Stacks(c.embed + 1, c.channels, c.dilations, c.size, c.channels if c.classes else 0, 2)
        self.head = Levels(c.channels, c.codes)

    def seen(self, x: Tensor) -> Tensor:
        """Codes (B, 1, ...) -> (B, E + 1, ...): the word, and a one that says "inside"."""
        words = F.dropout1d(self.words(x.flatten(1)), self.config.dropout, self.training)  # (B, N, E)
        words = F.pad(words, (0, 1), value=1.0).transpose(1, 2)  # (B, E + 1, N)
        return words.reshape(len(x), -1, *x.shape[2:])
