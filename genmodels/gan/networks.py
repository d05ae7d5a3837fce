"""The two networks of the image GANs, as deep convolutional GANs have them.

Radford et al. 2015, arXiv:1511.06434, sec. 3: no pooling and no hidden dense layers, strides instead; batch
normalisation; tanh at the end of the generator; leaky slopes of 0.2 in the discriminator. The generator grows

    z (D, 1, 1) -> 4 x 4 -> 8 x 8 -> ... -> size x size

by transposed convolutions with 4 x 4 kernels and stride 2, or by repeating pixels and convolving 3 x 3.
Transposed convolutions lay overlapping stamps; where kernels that are no multiple of the stride overlap
unevenly they print a checkerboard (Odena et al. 2016). Ours is even, and still learns one early in training.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Up(nn.Module):
    """Twice the side: a transposed convolution, or pixels repeated and a convolution."""

    def __init__(self, inputs: int, outputs: int, repeat: bool, bias: bool = False):
        super().__init__()
        self.repeat = repeat
        if repeat:
            self.conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias)
        else:
            self.conv = nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2.0) if self.repeat else x)


class Generator(nn.Module):
    """(B, D) -> pictures (B, C, size, size) in [-1, 1]."""

    def __init__(self, latent: int, widths: tuple[int, ...], channels: int, repeat: bool = False):
        super().__init__()
        self.first = nn.ConvTranspose2d(latent, widths[0], 4, bias=False)
        self.ups = nn.ModuleList(Up(a, b, repeat) for a, b in pairwise(widths))
        self.norms = nn.ModuleList(nn.BatchNorm2d(w) for w in widths)
        self.last = Up(widths[-1], channels, repeat, bias=True)

    def forward(self, z: Tensor) -> Tensor:
        x = F.relu(self.norms[0](self.first(z[:, :, None, None])))  # (B, widths[0], 4, 4)
        for up, norm in zip(self.ups, self.norms[1:], strict=True):
            x = F.relu(norm(up(x)))  # twice the side each
        return torch.tanh(self.last(x))


class Discriminator(nn.Module):
    """Pictures (B, C, size, size) -> scores (B,). `normed` with batch normalisation, as a critic must not be:
    it makes a picture's score depend on its neighbours, and the slope of one picture's score meaningless."""

    def __init__(self, channels: int, widths: tuple[int, ...], normed: bool, dropout: float = 0.0):
        super().__init__()
        self.first = nn.Conv2d(channels, widths[0], 4, stride=2, padding=1)
        pairs = list(pairwise(widths))
        self.downs = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1, bias=not normed) for a, b in pairs)
        self.norms = nn.ModuleList(nn.BatchNorm2d(b) if normed else nn.Identity() for _, b in pairs)
        self.dropout = nn.Dropout(dropout)
        self.last = nn.Conv2d(widths[-1], 1, 4)

    def features(self, x: Tensor) -> Tensor:
        x = F.leaky_relu(self.first(x), 0.2)  # (B, widths[0], size / 2, size / 2)
        for down, norm in zip(self.downs, self.norms, strict=True):
            x = self.dropout(F.leaky_relu(norm(down(x)), 0.2))  # half the side each
        return x  # (B, widths[-1], 4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.features(x)).flatten()  # (B,)


def start(network: nn.Module) -> None:
    """Small random weights: Radford et al., sec. 4. Gains of the norms about 1."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
