"""A network that knows, for every level of noise, in which direction a noisy picture becomes more plausible.

That direction is the score, the gradient of log p. Unlike p it needs no normalising constant, and a network
can learn it without ever being shown it: add noise of a known size to data and have the network point back
(denoising score matching, Vincent 2011). In the mean over all that could have been there before, pointing
back is the score of the noisy density:

    score(x, sigma) = (E[clean | x] - x) / sigma^2        (Tweedie's formula; Song and Ermon 2019, eq. 5)

With one small sigma the network never sees anything but data, so far from data it points anywhere. Hence a
ladder of levels, from noise that drowns everything to noise that hardly shows (Song and Ermon 2019,
arXiv:1907.05600, sec. 3.2). From their second paper (2020, arXiv:2006.09011) come the widest level, the
largest distance between two pictures (technique 1), score = -noise / sigma with a network that tells the
noise (technique 3), and averaged weights (technique 5).

What we changed: sigma is any number, told to the blocks as their gain and shift, where the first paper has a
list of levels and the second says nothing. The network gets its picture scaled to variance 1 and adds to what
would be right if pixels were independent Gaussians (as Karras et al. 2022, arXiv:2206.00364, eq. 7), so that
at no level its errors are blown up. It is a small U-Net on patches of 2 by 2 pixels.
"""

from dataclasses import dataclass
from math import log, pi

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genmodels.energy.annealed import ladder
from genmodels.model import Model

GROUPS = 8  # of channels that are normalised together
DILATIONS = 1, 2, 1  # of the blocks at half resolution: the second sees across the whole picture
WAVES = 16  # sines and cosines that tell the level


@dataclass(frozen=True)
class NCSNConfig:
    size: int = 28  # pixels a side, a multiple of 4
    channels: int = 1  # of a picture
    wide: int = 32  # channels of the blocks on patches of 2 by 2 pixels
    deep: int = 80  # channels of the blocks at half of that resolution
    told: int = 64  # numbers that the level becomes
    sigma_max: float = 32.0  # widest level
    sigma_min: float = 0.04  # narrowest
    levels: int = 80  # of the ladder between them, in equal ratios
    mean: float = -0.74  # of a pixel of the data
    std: float = 0.62  # of a pixel of the data


class Level(nn.Module):
    """sigma (B,) -> (B, told)"""

    def __init__(self, low: float, high: float, told: int):
        super().__init__()
        self.low, self.span = log(low), log(high) - log(low)
        self.layers = nn.Sequential(nn.Linear(2 * WAVES, told), nn.SiLU(), nn.Linear(told, told), nn.SiLU())

    def forward(self, sigma: Tensor) -> Tensor:
        at = (sigma.log() - self.low) / self.span
        turns = at[:, None] * pi * torch.arange(1, WAVES + 1, device=sigma.device) / 2
        return self.layers(torch.cat([turns.sin(), turns.cos()], 1).to(self.layers[0].weight.dtype))


class Block(nn.Module):
    """Two convolutions beside a way around them. The level sets the gain and shift of the second's input."""

    def __init__(self, c_in: int, c: int, told: int, dilation: int = 1):
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(GROUPS, c_in), nn.GroupNorm(GROUPS, c)
        self.conv1 = nn.Conv2d(c_in, c, 3, padding=dilation, dilation=dilation)
        self.conv2 = nn.Conv2d(c, c, 3, padding=dilation, dilation=dilation)
        self.level = nn.Linear(told, 2 * c)
        self.around = nn.Conv2d(c_in, c, 1) if c_in != c else nn.Identity()
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        gain, shift = self.level(told)[:, :, None, None].chunk(2, 1)
        h = self.conv1(F.silu(self.norm1(x)))
        return self.around(x) + self.conv2(F.silu(self.norm2(h) * (1 + gain) + shift))


class NCSN(Model):
    """`score(x, sigma)`, `noise(x, sigma)` and `denoise(x, sigma)`: three ways to say the same, each like x.

    sigma is a number or (B,).
    """

    Config = NCSNConfig

    def __init__(self, config: NCSNConfig = NCSNConfig()):  # noqa: B008 - frozen
        super().__init__(config)
        if config.size % 4:
            raise ValueError(f"size {config.size}: expected a multiple of 4")
        c, d, told = config.wide, config.deep, config.told
        self.level = Level(config.sigma_min, config.sigma_max, told)
        self.enter = nn.Conv2d(4 * config.channels, c, 3, padding=1)
        self.down = Block(c, c, told)
        self.narrow = nn.Conv2d(c, d, 1)
        self.middle = nn.ModuleList([Block(d, d, told, dilation) for dilation in DILATIONS])
        self.widen = nn.Conv2d(d, c, 1)
        self.up = Block(2 * c, c, told)
        self.norm = nn.GroupNorm(GROUPS, c)
        self.leave = nn.Conv2d(c, 4 * config.channels, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def sigmas(self, levels: int = 0) -> list[float]:
        """The ladder, or one of another number of levels between the same ends."""
        return ladder(self.config.sigma_max, self.config.sigma_min, levels or self.config.levels)

    def score(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        """The gradient of the log-density that data has with noise of this sigma on it."""
        return -self.noise(x, sigma) / spread(x, sigma)

    def denoise(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        """The mean of all clean pictures that could be under x."""
        return x - spread(x, sigma) * self.noise(x, sigma)

    def noise(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        """What was added to the data, in units of sigma."""
        sigma, std = spread(x, sigma), self.config.std
        total = (sigma.square() + std**2).sqrt()
        away = (x - self.config.mean) / total
        return (sigma * away - std * self.correct(away, sigma)) / total

    def correct(self, away: Tensor, sigma: Tensor) -> Tensor:
        """What the Gaussian guess misses: (B, C, H, W) of variance about 1 -> the same shape."""
        told = self.level(sigma.flatten())
        x = self.down(self.enter(F.pixel_unshuffle(away, 2)), told)  #  B, wide, H/2, W/2
        h = self.narrow(F.avg_pool2d(x, 2))  #                      B, deep, H/4, W/4
        for block in self.middle:
            h = block(h, told)
        h = F.interpolate(self.widen(h), scale_factor=2.0, mode="nearest")
        x = self.up(torch.cat([x, h], 1), told)  #                      B, wide, H/2, W/2
        return F.pixel_shuffle(self.leave(F.silu(self.norm(x))), 2)


def spread(x: Tensor, sigma: Tensor | float) -> Tensor:
    """A level for each of a batch, ready to multiply with it: (B, 1, ...)."""
    sigma = torch.as_tensor(sigma, dtype=x.dtype, device=x.device).expand(len(x))
    return sigma.reshape(-1, *[1] * (x.ndim - 1))
