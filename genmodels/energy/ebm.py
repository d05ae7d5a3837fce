"""A deep energy-based model of pictures: any network that gives a picture one number.

    p(x) = exp(-E(x)) / Z                      (Foster, eq. 7-1; LeCun et al. 2006, sec. 1.3)

Low E is plausible, high E is not. Nothing need be invertible or normalised, so the network may be anything;
Z, the sum over all pictures, is never known. Two things are still to be had without it: the difference of two
energies, which is how many times likelier one picture is, and the slope of E by the picture, which says where
to move it (`langevin`). The network is smooth (swish) because that slope is all that a chain ever sees.

Du and Mordatch 2019, arXiv:1903.08689; the defaults are Foster's network (example 7-3), for digits of 28
pixels instead of 32. His network's output is the *negative* energy, although his text says that low is real;
here the output is E. With no `channels` the picture goes straight to the dense layers: a step of a chain
then costs an eighth on a CPU, and steps are what an energy model pays for.
"""

from dataclasses import dataclass
from itertools import pairwise

from safetensors.torch import load_file
from torch import Tensor, nn

from genmodels import hub
from genmodels.model import Model

ACTIVATIONS = {"swish": nn.SiLU, "relu": nn.ReLU}


@dataclass(frozen=True)
class EBMConfig:
    size: int = 28  # pixels a side
    channels: tuple[int, ...] = (16, 32, 64, 64)  # feature maps of the convolutions, each at half the side
    hidden: tuple[int, ...] = (64,)  # widths of the dense layers after them
    activation: str = "swish"  # or relu, whose slope is made of flat pieces


class EBM(Model):
    """`energy(x)`: (B, 1, size, size) in [-1, 1] -> (B,), low where x is plausible."""

    Config = EBMConfig

    def __init__(self, config: EBMConfig = EBMConfig()):  # noqa: B008 - frozen
        super().__init__(config)
        bend = ACTIVATIONS[config.activation]
        layers, side = [], config.size
        for k, (inputs, outputs) in enumerate(pairwise((1, *config.channels))):
            kernel = 5 if k == 0 else 3
            layers += [nn.Conv2d(inputs, outputs, kernel, stride=2, padding=kernel // 2), bend()]
            side = -(-side // 2)
        flat = side**2 * (config.channels or (1,))[-1]
        layers.append(nn.Flatten())
        for inputs, outputs in pairwise((flat, *config.hidden)):
            layers += [nn.Linear(inputs, outputs), bend()]
        self.layers = nn.Sequential(*layers, nn.Linear((flat, *config.hidden)[-1], 1))

    def energy(self, x: Tensor) -> Tensor:
        return self.layers(x)[:, 0]

    forward = energy


def buffer(name: str) -> tuple[Tensor, Tensor]:
    """64 chains as training left them, (64, 1, size, size) in [-1, 1], and the steps each had gone, (64,)."""
    kept = load_file(hub.folder(name) / "buffer.safetensors")
    return kept["x"].float() / 127.5 - 1, kept["age"]
