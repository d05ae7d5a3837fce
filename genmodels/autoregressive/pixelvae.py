"""PixelVAE: a code z for the whole of a picture, and a small PixelCNN for its texture.

A VAE's decoder takes the pixels to be independent once z is known, so what z does not say comes out as blur.
A PixelCNN needs no z, and has no handle on the whole. Here the decoder is a PixelCNN that reads two things: a
map painted from z, as large as the picture, and the few pixels just before (Gulrajani et al. 2016,
arXiv:1611.05013, section 3.1). It is trained like any VAE, on the bound of Kingma and Welling 2013
(arXiv:1312.6114, eq. 3),

    log p(x) >= E_q(z|x) [sum_i log p(x_i | x_<i, z)] - KL(q(z|x) || p(z)),        p(z) = N(0, I),

where now the first term knows each pixel's neighbours. A strong PixelCNN would do without z and leave the KL
at zero (Chen et al. 2016, arXiv:1611.02731); so this one is short-sighted, and what lies farther apart than
it can see must go through z. Changed: the gated stacks of `stacks.py` instead of masked convolutions, one
level of z instead of two, four greys. With `sees` false the same network has its eyes shut: an ordinary VAE
to compare with.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genmodels.autoencoders.vae_faces import Down, Up
from genmodels.autoencoders.vae_plane import Code, Residual
from genmodels.autoregressive.gated_pixelcnn import GatedPen
from genmodels.autoregressive.heads import Levels
from genmodels.autoregressive.stacks import Stacks
from genmodels.metrics.likelihood import kl_standard_normal
from genmodels.model import Model


@dataclass(frozen=True)
class PixelVAEConfig:
    size: tuple[int, int] = (16, 16)  # rows, columns; multiples of 4
    levels: int = 4  # grey values of a pixel
    latent: int = 32  # numbers in a code
    features: tuple[int, int] = (32, 64)  # channels at half and at a quarter of the size, encoder and decoder
    channels: int = 24  # of each stack
    dilations: tuple[int, ...] = (1,)  # a layer of the stacks each
    reach: int = 2  # rows and columns that the first layer sees
    sees: bool = True  # whether a pixel is told those before it; if not, all it knows is z


class Encoder(nn.Module):
    """(B, 1, H, W) in [-1, 1] -> (B, 2 latent): mean and log-variance."""

    def __init__(self, size: tuple[int, int], latent: int, features: tuple[int, int]):
        super().__init__()
        half, quarter = features
        self.layers = nn.Sequential(
            nn.PixelUnshuffle(2),
            nn.Conv2d(4, half, 3, padding=1),
            Residual(half),
            Down(half, quarter),
            Residual(quarter),
            nn.SiLU(),
        )
        self.head = nn.Linear(quarter * size[0] * size[1] // 16, 2 * latent)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layers(x).flatten(1))


class Ground(nn.Module):
    """(B, latent) -> (B, outputs, H, W): what z says of every place."""

    def __init__(self, size: tuple[int, int], latent: int, features: tuple[int, int], outputs: int):
        super().__init__()
        half, quarter = features
        self.start = (quarter, size[0] // 4, size[1] // 4)
        self.head = nn.Linear(latent, math.prod(self.start))
        self.layers = nn.Sequential(
            Residual(quarter),
            Up(quarter, half),
            Residual(half),
            nn.SiLU(),
            nn.Conv2d(half, outputs, 3, padding=1),
            Up(outputs, outputs),
        )

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(self.head(z).unflatten(1, self.start))


class PixelVAE(Model):
    Config = PixelVAEConfig

    def __init__(self, config: PixelVAEConfig = PixelVAEConfig()):  # noqa: B008 - frozen
        super().__init__(config)
        c = config
        self.sees = c.sees  # training shuts the eyes for a while, so that z has to learn
        self.encoder = Encoder(c.size, c.latent, c.features)
        self.ground = Ground(c.size, c.latent, c.features, 2 * c.channels)
        self.stacks = Stacks(2, c.channels, c.dilations, c.size, reach=c.reach)
        self.head = Levels(c.channels, c.levels)

    @property
    def shape(self) -> tuple[int, int, int]:
        return (1, *self.config.size)

    @property
    def draws(self) -> int:
        return self.head.draws

    def value(self, x: Tensor) -> Tensor:
        """Levels -> [-1, 1]."""
        return x.to(self.dtype) * (2 / (self.config.levels - 1)) - 1

    def seen(self, x: Tensor) -> Tensor:
        """Levels (B, 1, ...) -> what the stacks see (B, 2, ...): the value, and a one that says "inside"."""
        value = self.value(x)
        return torch.cat([value if self.sees else torch.zeros_like(value), torch.ones_like(value)], 1)

    def encode(self, x: Tensor) -> Code:
        """Levels (B, 1, H, W) -> mean and log_var of q(z|x), each (B, latent)."""
        return Code(*self.encoder(self.value(x)).float().chunk(2, 1))

    def logits(self, x: Tensor, z: Tensor) -> Tensor:
        """Levels (B, 1, H, W), codes (B, latent) -> (B, H, W, levels), each from z and the pixels before."""
        h = self.stacks(self.seen(x), ground=self.ground(z))  # (B, C, H, W)
        return self.head(h.permute(0, 2, 3, 1))

    def log_prob(self, x: Tensor, z: Tensor) -> Tensor:
        """Nats of every pixel given z, (B, H, W)."""
        return self.head.log_prob(self.logits(x, z), x.permute(0, 2, 3, 1))

    def bound(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """The two terms of the bound, from noise (B, latent): log p(x|z), (B,), and the KL, (B, latent)."""
        mean, log_var = self.encode(x)
        z = mean + (0.5 * log_var).exp() * noise
        return self.log_prob(x, z).sum((1, 2)), kl_standard_normal(mean, log_var)

    def tight(self, x: Tensor, noise: Tensor) -> Tensor:
        """log p(x) from many codes, noise (K, B, latent) -> (B,): the bound of arXiv:1509.00519, eq. 8.

        log mean_k p(x|z_k) p(z_k) / q(z_k|x): rises with K to the truth; K = 1 is the ordinary bound.
        """
        mean, log_var = self.encode(x)
        found = []
        for e in noise:
            z = mean + (0.5 * log_var).exp() * e
            prior_over_q = 0.5 * (e**2 + log_var - z**2).sum(1)  # log p(z) - log q(z|x)
            found.append(self.log_prob(x, z).sum((1, 2)) + prior_over_q)
        return torch.stack(found).logsumexp(0) - math.log(len(noise))

    def chances(self, params: Tensor) -> Tensor:
        """Parameters (..., P) -> probabilities (..., levels)."""
        return self.head.log_chances(params).exp()

    def pick(self, params: Tensor, u: Tensor, temperature: float = 1.0) -> Tensor:
        return self.head.pick(params, u, temperature)

    def pen(self, batch: int, z: Tensor) -> GatedPen:
        return GatedPen(self, self.stacks.brush(batch, ground=self.ground(z)))
