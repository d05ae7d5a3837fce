"""A discriminative model of digits: p(y | x), and nothing about p(x).

A small convolutional network that says which digit a black and white picture shows. It is here as the rival
of `pixelcnn-mnist`, which was trained on the same pictures, cut to black and white the same way, and which
can be asked for the same by Bayes' rule. Its ten numbers always add up to one, so it has a view on a coat.
The layers are `FashionNet`'s, narrower; LeCun et al. 1998 is where such networks of such digits begin.
"""

from dataclasses import dataclass

from torch import Tensor

from genmodels.metrics.features import FashionNet, FashionNetConfig


@dataclass(frozen=True)
class DigitsNetConfig(FashionNetConfig):
    channels: tuple[int, ...] = (12, 20, 28)  # of the feature maps, at 14, 7 and 4 pixels a side
    features: int = 48  # width of the last hidden layer
    classes: int = 10


class DigitsNet(FashionNet):
    """Which digit? (B, 1, 28, 28) of -1 and 1 -> logits (B, 10)."""

    Config = DigitsNetConfig

    def __init__(self, config: DigitsNetConfig = DigitsNetConfig()):  # noqa: B008 - frozen
        super().__init__(config)

    def log_probs(self, x: Tensor) -> Tensor:
        """log p(y | x), (B, 10)."""
        return self.logits(x).float().log_softmax(1)
