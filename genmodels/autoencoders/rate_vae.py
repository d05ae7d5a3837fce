"""A VAE that spends a given number of bits: the continuous rival of a VQ-VAE, at the same length of code.

A VQ-VAE with h w words out of K sends exactly h w log2 K bits. A VAE sends its KL: bits-back coding (Hinton
and van Camp 1993) turns q(z|x) and the prior into a code of that length, on average. So to ask which of the
two draws better, hold the KL at that number and look:

    - E_q(z|x) [log p(x|z)] + gamma |KL(q(z|x) || N(0, I)) - C|,    C = bits ln 2

Burgess et al. 2018, arXiv:1804.03599, eq. 8, which raises C during training where we keep it. The latents are
a grid of the same side as the words, and the encoder and the decoder those of `vqvae.py`. A large C takes
gamma from being a choice: it only has to be larger than what one more nat would gain.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genmodels.autoencoders.vae_plane import Code
from genmodels.autoencoders.vqvae import Decoder, Encoder
from genmodels.model import Model


@dataclass(frozen=True)
class RateVAEConfig:
    size: int = 32  # pixels a side; four times the side of the grid of latents
    channels: int = 3  # 3: RGB
    hidden: int = 96  # channels of the feature maps at size/4; half as many at size/2
    blocks: int = 1  # residual blocks of the encoder, and of the decoder, at size/4
    latent: int = 8  # numbers at each place of the grid
    bits: float = 576.0  # the rate that the KL is held at, per image
    gamma: float = 20.0  # how firmly


class RateVAE(Model):
    Config = RateVAEConfig

    def __init__(self, config: RateVAEConfig = RateVAEConfig()):  # noqa: B008 - frozen
        super().__init__(config)
        self.encoder = Encoder(config.channels, config.hidden, config.blocks, 2 * config.latent)
        self.decoder = Decoder(config.channels, config.hidden, config.blocks, config.latent)
        self.log_sigma = nn.Parameter(torch.tensor(-2.0))  # of p(x|z), the same for every pixel

    @property
    def nats(self) -> float:
        """C."""
        return self.config.bits * math.log(2)

    def encode(self, x: Tensor) -> Code:
        return Code(*self.encoder(x).chunk(2, dim=1))  # mean and log_var, each (B, latent, h, w)

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z)  # (B, channels, size, size), in [-1, 1]
