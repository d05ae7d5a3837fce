"""Four autoencoders whose code is a point of the plane, so that everything they know can be looked at.

An encoder turns a garment of Fashion-MNIST into two numbers, a decoder draws the garment from them. PCA
does it with two straight axes. An autoencoder bends them, but nothing says which codes mean something:
there are holes, and no distribution to sample from. A denoising autoencoder gets a noisy picture and must
return the clean one. A variational autoencoder (VAE) makes each code a small Gaussian blob, and pulls all
blobs together towards N(0, I), so that a point drawn from N(0, I) decodes to a garment. It maximises a
bound on log p(x), the ELBO:

    E_q(z|x) [log p(x|z)] - beta KL(q(z|x) || N(0, I)),    q(z|x) = N(mean(x), diag exp(log_var(x)))

Kingma and Welling 2013, arXiv:1312.6114, eq. 3 (bound), 10 (its Gaussian form); beta: Higgins et al. 2017
(ICLR), eq. 4; beta = 1 is the true bound. Denoising: Vincent et al. 2008 (ICML). What we changed: the
pixels are Gaussian around the drawing, N(x; decode(z), sigma^2), with one sigma learned for all pixels
(Rybkin et al. 2021, arXiv:2006.13202, sec. 3.1), so that beta is not hidden in an arbitrary weight of the
reconstruction and the bound is a bound in nats. Residual blocks and SiLU instead of the plain convolutions
and ReLU of 2013.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genmodels.model import Model

SIZE = 28  # pixels a side; padded to 32 inside, so that it can be halved three times
MARGIN = 2
FULL = 8  # channels at full size, kept few because that is where the work is


class Code(NamedTuple):
    """What an encoder says of an image. `log_var` is None where a code is a point, not a blob."""

    mean: Tensor  # (B, latent)
    log_var: Tensor | None  # (B, latent)


@dataclass(frozen=True)
class PCAConfig:
    latent: int = 2  # axes kept: those along which the training images vary most


@dataclass(frozen=True)
class AutoencoderConfig:
    latent: int = 2  # numbers in a code
    channels: tuple[int, ...] = (16, 24, 32)  # of the feature maps, at 16, 8 and 4 pixels a side
    hidden: int = 96  # width of the layers between code and feature maps
    noise: float = 0.0  # greatest standard deviation of the noise it was trained to remove; 0: an autoencoder


@dataclass(frozen=True)
class VAEConfig:
    latent: int = 2  # numbers in a code
    channels: tuple[int, ...] = (16, 24, 32)  # of the feature maps, at 16, 8 and 4 pixels a side
    hidden: int = 96  # width of the layers between code and feature maps
    beta: float = 1.0  # weight of the KL term in training; 1 is the true bound


class Residual(nn.Module):
    """x + conv(silu(conv(silu(x)))). The second convolution starts at zero: so the block does nothing."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(F.silu(self.conv1(F.silu(x))))


class Encoder(nn.Module):
    """Image -> `out` numbers. Each level halves the side."""

    def __init__(self, channels: tuple[int, ...], hidden: int, out: int):
        super().__init__()
        self.levels = nn.Sequential(
            *(
                nn.Sequential(nn.Conv2d(a, b, 3, stride=2, padding=1), Residual(b))
                for a, b in pairwise((1, *channels))
            )
        )
        side = (SIZE + 2 * MARGIN) >> len(channels)
        self.head = nn.Sequential(
            nn.Linear(channels[-1] * side**2, hidden), nn.SiLU(), nn.Linear(hidden, out)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = F.pad(x, (MARGIN,) * 4, value=-1.0)  # (B, 1, 32, 32), black around
        x = F.silu(self.levels(x))  # (B, 32, 4, 4)
        return self.head(x.flatten(1))  # (B, out)


class Decoder(nn.Module):
    """Code -> image. Each level doubles the side: four channels become 2 x 2 pixels."""

    def __init__(self, latent: int, channels: tuple[int, ...], hidden: int):
        super().__init__()
        self.side = (SIZE + 2 * MARGIN) >> len(channels)
        widths = channels[::-1]
        layers = (nn.Linear(latent, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU())
        self.head = nn.Sequential(*layers, nn.Linear(hidden, widths[0] * self.side**2))
        self.levels = nn.Sequential(
            *(
                nn.Sequential(Residual(a), nn.Conv2d(a, 4 * b, 3, padding=1), nn.PixelShuffle(2))
                for a, b in zip(widths, (*widths[1:], FULL), strict=True)
            )
        )
        self.last = nn.Conv2d(FULL, 1, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        x = self.head(z).unflatten(1, (-1, self.side, self.side))  # (B, 32, 4, 4)
        x = self.last(F.silu(self.levels(x)))  # (B, 1, 32, 32)
        return x[..., MARGIN:-MARGIN, MARGIN:-MARGIN].tanh()  # (B, 1, 28, 28)


class PCA(Model):
    """The best straight autoencoder: code = basis (x - centre), image = centre + basis^T code."""

    Config = PCAConfig

    def __init__(self, config: PCAConfig = PCAConfig()):  # noqa: B008 - frozen
        super().__init__(config)
        self.centre = nn.Parameter(torch.zeros(SIZE**2))
        self.basis = nn.Parameter(torch.eye(config.latent, SIZE**2))  # rows are orthonormal

    def encode(self, x: Tensor) -> Code:
        return Code((x.flatten(1) - self.centre) @ self.basis.T, None)

    def decode(self, z: Tensor) -> Tensor:
        return (self.centre + z @ self.basis).unflatten(1, (1, SIZE, SIZE))  # may leave [-1, 1] a little


class Autoencoder(Model):
    """Also the denoising one: the same network, trained with noise on what it sees, none on what it draws."""

    Config = AutoencoderConfig

    def __init__(self, config: AutoencoderConfig = AutoencoderConfig()):  # noqa: B008 - frozen
        super().__init__(config)
        self.encoder = Encoder(config.channels, config.hidden, config.latent)
        self.decoder = Decoder(config.latent, config.channels, config.hidden)

    def encode(self, x: Tensor) -> Code:
        return Code(self.encoder(x), None)

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z)


class VAE(Model):
    Config = VAEConfig

    def __init__(self, config: VAEConfig = VAEConfig()):  # noqa: B008 - frozen
        super().__init__(config)
        self.encoder = Encoder(config.channels, config.hidden, 2 * config.latent)
        self.decoder = Decoder(config.latent, config.channels, config.hidden)
        self.log_sigma = nn.Parameter(torch.zeros(()))  # of p(x|z), the same for every pixel

    def encode(self, x: Tensor) -> Code:
        return Code(*self.encoder(x).chunk(2, dim=1))

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z)
