"""A variational autoencoder of faces: 64 x 64 pixels become 128 numbers, and the numbers a face.

The encoder gives each face a Gaussian q(z|x) = N(mean, diag exp(log_var)), the decoder draws a face from a
z, and the KL term keeps all these blobs near p(z) = N(0, I). So a random z is a new face, a straight line
between two codes is a morph, and the difference between the mean codes of faces with and without glasses is
a direction that puts glasses on (White 2016, arXiv:1609.04468, sec. 3.1). It maximises

    E_q(z|x) [log N(x; decode(z), sigma^2)] - beta KL(q(z|x) || p(z))

Kingma and Welling 2013, arXiv:1312.6114, eq. 3, with the learnt sigma of Rybkin et al. 2021
(arXiv:2006.13202) and the beta of Higgins et al. 2017 (ICLR), eq. 4. A large beta makes the blobs overlap:
smooth, and blurred; a small one buys sharp reconstructions with a prior full of holes, which `mixture.py`
mends. Three checkpoints show it. What we changed: 4 x 4 pixels are folded into channels where a face enters
and 2 x 2 unfolded where it leaves, which spares the convolutions at full size; residual blocks; no batch
norm, so a face does not depend on its batch.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from genmodels import hub
from genmodels.autoencoders.vae_plane import Code, Residual
from genmodels.model import Model

FOLD_IN, FOLD_OUT = 4, 2  # pixels a side folded into channels, at the entrance and at the exit


@dataclass(frozen=True)
class VAEFacesConfig:
    size: int = 64  # pixels a side
    latent: int = 128  # numbers in a code
    encoder: tuple[int, ...] = (32, 48, 32)  # channels at size/4, size/8, size/16
    decoder: tuple[int, ...] = (40, 72, 56, 32)  # channels at size/16, size/8, size/4, size/2
    blocks: tuple[int, ...] = (1, 2, 2, 1)  # residual blocks at each of its levels; the encoder has one
    beta: float = 1.0  # weight of the KL term in training; 1 is the true bound


class Down(nn.Sequential):
    """Half the side: 2 x 2 pixels fold into channels, and a 1 x 1 convolution mixes them."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__(nn.PixelUnshuffle(2), nn.Conv2d(4 * inputs, outputs, 1))


class Up(nn.Sequential):
    """Twice the side: the way back."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__(nn.Conv2d(inputs, 4 * outputs, 1), nn.PixelShuffle(2))


class Encoder(nn.Module):
    """(B, 3, 64, 64) -> (B, 2 latent): mean and log-variance."""

    def __init__(self, size: int, latent: int, channels: tuple[int, ...]):
        super().__init__()
        layers = [nn.PixelUnshuffle(FOLD_IN), nn.Conv2d(3 * FOLD_IN**2, channels[0], 3, padding=1)]
        for a, b in pairwise(channels):
            layers += [Residual(a), Down(a, b)]
        self.layers = nn.Sequential(*layers, Residual(channels[-1]), nn.SiLU())
        side = size // FOLD_IN >> (len(channels) - 1)
        self.head = nn.Linear(channels[-1] * side**2, 2 * latent)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layers(x)  # (B, 32, 4, 4)
        return self.head(x.flatten(1))


class Decoder(nn.Module):
    """(B, latent) -> (B, 3, 64, 64)."""

    def __init__(self, size: int, latent: int, channels: tuple[int, ...], blocks: tuple[int, ...]):
        super().__init__()
        self.side = size // FOLD_OUT >> (len(channels) - 1)
        self.head = nn.Linear(latent, channels[0] * self.side**2)
        layers: list[nn.Module] = []
        for i, count in enumerate(blocks):
            layers += [Up(channels[i - 1], channels[i])] if i else []
            layers += [Residual(channels[i]) for _ in range(count)]
        last = nn.Conv2d(channels[-1], 3 * FOLD_OUT**2, 3, padding=1)
        self.layers = nn.Sequential(*layers, nn.SiLU(), last, nn.PixelShuffle(FOLD_OUT))

    def forward(self, z: Tensor) -> Tensor:
        x = self.head(z).unflatten(1, (-1, self.side, self.side))  # (B, 40, 4, 4)
        return self.layers(x).tanh()  # (B, 3, 64, 64)


class VAEFaces(Model):
    Config = VAEFacesConfig

    def __init__(self, config: VAEFacesConfig = VAEFacesConfig()):  # noqa: B008 - frozen
        super().__init__(config)
        self.encoder = Encoder(config.size, config.latent, config.encoder)
        self.decoder = Decoder(config.size, config.latent, config.decoder, config.blocks)
        self.log_sigma = nn.Parameter(torch.tensor(-1.5))  # of p(x|z), the same for every pixel

    def encode(self, x: Tensor) -> Code:
        return Code(*self.encoder(x).chunk(2, dim=1))  # mean and log_var, each (B, latent)

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z)


def directions(name: str) -> dict[str, Tensor]:
    """Attribute -> what adds it to a code, (latent,): the mean code of faces with it, less that without."""
    file = hub.folder(name) / "directions.safetensors"
    return {attribute: v.float() for attribute, v in load_file(file).items()}
