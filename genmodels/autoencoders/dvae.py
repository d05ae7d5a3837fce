"""A discrete VAE: the words of an image are drawn from a distribution, and the drawing is made soft to learn.

Where a VQ-VAE takes the nearest word, the encoder here gives a probability to each of K words at every place
of the grid, and a word is drawn by adding Gumbel noise and taking the largest. That has no gradient, so in
training the largest becomes a softmax at a temperature tau: a mixture of words, which goes to the word drawn
as tau goes to 0. The bound is that of any VAE, with a uniform prior,

    E_q(z|x) [log p(x|z)] - beta KL(q(z|x) || uniform),    KL = log K - entropy(q), at each place

Jang et al. 2016, arXiv:1611.01144, and Maddison et al. 2016, arXiv:1611.00712 (the relaxation); Ramesh et al.
2021, arXiv:2102.12092, sec. 2.1 and appendix A.2 (DALL-E's tokeniser: tau from 1 to 1/16, beta warmed up).
What we changed: the encoder and the decoder are those of our VQ-VAE, so that the two compare; pixels are
Gaussian around the drawing with one sigma learnt (Rybkin et al. 2021, arXiv:2006.13202), where DALL-E has a
Laplace distribution of logits, so that beta keeps its meaning: 1 is the true bound, in nats. And the mean of
the KL is split, as in Chen et al. 2018, arXiv:1802.04942, eq. 2: what the words say of the image, and how far
their average is from uniform (`usage_kl`). The second part has a further weight, `evenness`: without it a
short training settles on a tenth of the words.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genmodels.autoencoders.vqvae import Decoder, Encoder
from genmodels.model import Model


@dataclass(frozen=True)
class DVAEConfig:
    size: int = 32  # pixels a side; four times the side of the grid of codes
    channels: int = 3  # 3: RGB
    hidden: int = 96  # channels of the feature maps at size/4; half as many at size/2
    blocks: int = 1  # residual blocks of the encoder, and of the decoder, at size/4
    codes: int = 512  # K, words
    dim: int = 16  # numbers that stand for a word where the decoder begins
    beta: float = 1.0  # weight of the KL in training, once warmed up; 1 is the true bound
    evenness: float = 0.0  # further weight of its part that says how unevenly the words are used


class DVAE(Model):
    Config = DVAEConfig

    def __init__(self, config: DVAEConfig = DVAEConfig()):  # noqa: B008 - frozen
        super().__init__(config)
        self.encoder = Encoder(config.channels, config.hidden, config.blocks, config.codes)
        self.decoder = Decoder(config.channels, config.hidden, config.blocks, config.dim)
        self.codebook = nn.Parameter(torch.randn(config.codes, config.dim))
        self.log_sigma = nn.Parameter(torch.tensor(-2.0))  # of p(x|z), the same for every pixel

    @property
    def side(self) -> int:
        """Codes a side of the grid."""
        return self.config.size // 4

    def encode(self, x: Tensor) -> Tensor:
        return self.encoder(x)  # logits of q(z|x): (B, K, h, w)

    def codes(self, x: Tensor) -> Tensor:
        """The likeliest word at each place: LongTensor (B, h, w), each in 0..K-1."""
        return self.encode(x).argmax(1)

    def lookup(self, codes: Tensor) -> Tensor:
        return self.codebook[codes].movedim(-1, 1)  # (B, D, h, w)

    def mix(self, weights: Tensor) -> Tensor:
        """`lookup` of mixtures of words: weights (B, K, h, w) sum to 1 over K."""
        return (weights.movedim(1, -1) @ self.codebook).movedim(-1, 1)  # (B, D, h, w)

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z)  # (B, channels, size, size), in [-1, 1]

    def draw(self, codes: Tensor) -> Tensor:
        return self.decode(self.lookup(codes))


def gumbel(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Noise whose argmax with logits is a draw from their softmax: -log(-log u), on the CPU."""
    u = torch.rand(shape, generator=generator).clamp(1e-7, 1 - 1e-7)
    return -(-u.log()).log()


def relax(logits: Tensor, tau: float, noise: Tensor | float = 0.0) -> Tensor:
    """Weights of the words (B, K, h, w): one word as tau goes to 0, the uniform mixture as it grows."""
    scaled = (logits.float() + noise) / tau
    return scaled.movedim(1, -1).softmax(-1).movedim(-1, 1)  # along the last axis: three times as fast


def kl_uniform(logits: Tensor) -> Tensor:
    """KL(q || uniform) at each place, nats: (B, K, h, w) -> (B, h, w), between 0 and log K."""
    log_q = logits.float().movedim(1, -1).log_softmax(-1)
    return math.log(logits.shape[1]) + (log_q.exp() * log_q).sum(-1)


def usage_kl(logits: Tensor) -> Tensor:
    """KL(mean of q over the batch and the places || uniform), nats: 0 where every word is as common."""
    share = logits.float().movedim(1, -1).softmax(-1).flatten(0, -2).mean(0)
    return math.log(len(share)) + torch.special.xlogy(share, share).sum()
