"""Two small classifiers of our own, whose features say how alike two sets of images are.

Inception features know photographs of a thousand things; for drawn faces and small garments a network that
has learnt to read exactly those says more, and costs a thousandth. Distances on these features compare
models of this gallery with each other, never with published FIDs (Heusel et al. 2017, arXiv:1706.08500,
sec. 2, is the original).
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genmodels.model import Model


@dataclass(frozen=True)
class FashionNetConfig:
    channels: tuple[int, ...] = (32, 64, 128)  # of the feature maps, at 14, 7 and 4 pixels a side
    features: int = 64  # width of the last hidden layer: the features that distances are taken on
    classes: int = 10  # of Fashion-MNIST


@dataclass(frozen=True)
class AttributesNetConfig:
    channels: tuple[int, ...] = (48, 64, 96, 128)  # of the feature maps, at 16, 8, 4 and 2 pixels a side
    features: int = 96  # width of the last hidden layer: the features that distances are taken on
    attributes: tuple[str, ...] = ()  # names, in the order of the outputs
    binary: tuple[bool, ...] = ()  # which of them are yes or no (a logit) rather than a number


class Level(nn.Module):
    """Half the side: a convolution with a stride, and one more around which x may pass."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = F.silu(self.norm1(self.conv1(x)))
        return x + F.silu(self.norm2(self.conv2(x)))


class FashionNet(Model):
    """Which garment? (B, 1, 28, 28) -> logits (B, 10)."""

    Config = FashionNetConfig

    def __init__(self, config: FashionNetConfig = FashionNetConfig()):  # noqa: B008 - frozen
        super().__init__(config)
        widths = (1, *config.channels)
        self.levels = nn.Sequential(*(Level(a, b) for a, b in pairwise(widths)))
        self.hidden = nn.Linear(config.channels[-1] * 2, config.features)
        self.head = nn.Linear(config.features, config.classes)

    def features(self, x: Tensor) -> Tensor:
        x = self.levels(x)  # (B, 128, 4, 4)
        x = torch.cat([x.mean((2, 3)), x.amax((2, 3))], dim=1)  # (B, 256)
        return F.silu(self.hidden(x))  # (B, 64)

    def logits(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


class AttributesNet(Model):
    """What does this face show? (B, 3, 64, 64) -> one number per attribute, a logit where it is yes or no."""

    Config = AttributesNetConfig

    def __init__(self, config: AttributesNetConfig = AttributesNetConfig()):  # noqa: B008 - frozen
        super().__init__(config)
        widths = (12, *config.channels)
        self.levels = nn.Sequential(*(Level(a, b) for a, b in pairwise(widths)))
        self.hidden = nn.Linear(config.channels[-1] * 4, config.features)
        self.head = nn.Linear(config.features, len(config.attributes))

    def features(self, x: Tensor) -> Tensor:
        x = F.pixel_unshuffle(x, 2)  # (B, 12, 32, 32)
        x = self.levels(x)  # (B, 128, 2, 2)
        return F.silu(self.hidden(x.flatten(1)))  # (B, 96)

    def outputs(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))
