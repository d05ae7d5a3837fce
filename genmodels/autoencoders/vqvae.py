"""A VQ-VAE: an image becomes a small grid of words out of a dictionary, and the words become the image.

The encoder gives a vector of D numbers for every 4 x 4 pixels (or 2 x 2), and each is replaced by the nearest
of the K vectors of a codebook: what is left of the image is a grid of integers. No gradient passes through
"the nearest", so the decoder's is copied to the encoder as if nothing had been replaced (straight through), a
commitment term holds the encoder near the vectors it chose, and the vectors follow the means of what chose
them. With a one-hot posterior and a uniform prior the KL of a VAE is the constant log K, which is why no KL
is in the loss; a prior over the grids is fitted afterwards.

van den Oord et al. 2017, arXiv:1711.00937: eq. 1 and 2 (`VQVAE.codes`, `lookup`), eq. 3 (the loss, in
`training/vqvae.py`), appendix A.1 (the codebook as moving averages). What we changed: no batch norm, so that
the codes of an image do not depend on its batch, and residual blocks with two 3 x 3 convolutions; the decoder
unfolds pixels from channels instead of transposed convolutions, which leave a checkerboard.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from genmodels import hub
from genmodels.autoencoders.vae_plane import Residual
from genmodels.model import Model

USAGE = "usage.safetensors"  # beside the weights: how often held-out images use each word


@dataclass(frozen=True)
class VQVAEConfig:
    size: int = 32  # pixels a side
    channels: int = 3  # 3: RGB; 4: RGB multiplied by alpha, then alpha
    hidden: int = 96  # channels of the feature maps as large as the grid of codes; half as many before
    blocks: int = 1  # residual blocks of the encoder, and of the decoder, as large as the grid
    codes: int = 512  # K, vectors in the codebook
    dim: int = 64  # D, numbers in each
    halvings: int = 2  # from the image to the grid of codes: 2 or, for what is all detail, 1


class Encoder(nn.Module):
    """(B, channels, size, size) -> (B, out, h, w), the size of the grid."""

    def __init__(self, channels: int, hidden: int, blocks: int, out: int, halvings: int = 2):
        super().__init__()
        widths = (channels, hidden) if halvings == 1 else (channels, hidden // 2, hidden)
        down = [nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in pairwise(widths)]
        self.layers = nn.Sequential(
            *(down if halvings == 1 else (down[0], nn.SiLU(), down[1])),
            *(Residual(hidden) for _ in range(blocks)),
            nn.SiLU(),
            nn.Conv2d(hidden, out, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Decoder(nn.Module):
    """(B, dim, h, w) -> (B, channels, size, size): the encoder's mirror."""

    def __init__(self, channels: int, hidden: int, blocks: int, dim: int, halvings: int = 2):
        super().__init__()
        half = (
            nn.Conv2d(hidden, 4 * (hidden // 2), 1),
            nn.PixelShuffle(2),
            Residual(hidden // 2),
            nn.SiLU(),
        )
        self.layers = nn.Sequential(
            nn.Conv2d(dim, hidden, 3, padding=1),
            *(Residual(hidden) for _ in range(blocks)),
            nn.SiLU(),
            *(half if halvings == 2 else ()),
            nn.Conv2d(hidden // halvings, 4 * channels, 3, padding=1),
            nn.PixelShuffle(2),
            nn.Tanh(),
        )

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z)


class VQVAE(Model):
    Config = VQVAEConfig

    def __init__(self, config: VQVAEConfig = VQVAEConfig()):  # noqa: B008 - frozen
        super().__init__(config)
        c = config
        self.encoder = Encoder(c.channels, c.hidden, c.blocks, c.dim, c.halvings)
        self.decoder = Decoder(c.channels, c.hidden, c.blocks, c.dim, c.halvings)
        self.codebook = nn.Parameter(torch.empty(config.codes, config.dim))  # e
        nn.init.uniform_(self.codebook, -1 / config.codes, 1 / config.codes)

    @property
    def side(self) -> int:
        """Codes a side of the grid."""
        return self.config.size >> self.config.halvings

    def encode(self, x: Tensor) -> Tensor:
        return self.encoder(x)  # z_e: (B, D, h, w)

    def codes(self, x: Tensor) -> Tensor:
        """The words of an image: LongTensor (B, h, w), each in 0..K-1."""
        return nearest_code(self.encode(x), self.codebook)

    def lookup(self, codes: Tensor) -> Tensor:
        return self.codebook[codes].movedim(-1, 1)  # z_q: (B, D, h, w)

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z)  # (B, channels, size, size), in [-1, 1]

    def draw(self, codes: Tensor) -> Tensor:
        return self.decode(self.lookup(codes))


def from_rgba(pixels: np.ndarray) -> Tensor:
    """uint8 (..., H, W, 4) -> (..., 4, H, W) in [-1, 1], colours multiplied by alpha: clear is -1."""
    x = torch.from_numpy(np.array(pixels)).float().movedim(-1, -3) / 255
    alpha = x[..., 3:, :, :]
    return torch.cat([x[..., :3, :, :] * alpha, alpha], -3) * 2 - 1


def to_rgba(x: Tensor) -> np.ndarray:
    """The way back, for pixel art: a pixel is there or it is not."""
    x = (x.float().cpu() + 1).clamp(0, 2) / 2
    alpha = x[..., 3:, :, :]
    there = alpha >= 0.5
    rgb = torch.where(there, x[..., :3, :, :] / alpha.clamp_min(0.5), 0).clamp(0, 1)
    return (255 * torch.cat([rgb, there.float()], -3)).round().byte().movedim(-3, -1).numpy()


def usage(name: str | hub.Checkpoint) -> Tensor:
    """How often held-out images use each word of a bundled model, (K,)."""
    return load_file(hub.folder(name) / USAGE)["counts"]


def distances(z: Tensor, codebook: Tensor) -> Tensor:
    """Squared distances (B, h, w, K) of z (B, D, h, w) to every vector of the codebook, in full floats.

    By ||z||^2 + ||e||^2 - 2 z.e: one matrix product instead of a difference for every pair. That cancels
    badly in half precision, so none is used, not even in training.
    """
    with torch.autocast(z.device.type, enabled=False):
        z, e = z.float().movedim(1, -1), codebook.float()
        squares = z.square().sum(-1, keepdim=True) + e.square().sum(1)
        return (squares - 2 * z @ e.T).clamp_min(0)


def nearest_code(z: Tensor, codebook: Tensor) -> Tensor:
    return distances(z, codebook).argmin(-1)


def straight_through(z: Tensor, quantised: Tensor) -> Tensor:
    """The value of `quantised`, the gradient of `z`."""
    return z + (quantised - z).detach()
