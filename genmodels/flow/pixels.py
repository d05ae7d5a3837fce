"""Between grey levels, which a density can't be put on, and numbers, which a flow needs; and what that costs.

A density on pixels that are whole numbers can grow without bound: the flow learns 256 spikes. So each level
is spread evenly over its own width (uniform dequantisation; Theis et al. 2016, arXiv:1511.01844, sec. 3.1),
and the flow's log-density of the spread picture is a lower bound of the log-probability of the levels.
"""

from math import log, pi

import torch
from torch import Tensor
from torch.nn import functional as F


def levels(x: Tensor, bits: int) -> Tensor:
    """Pictures in [-1, 1] -> whole numbers 0 to 2^bits - 1, as floats."""
    eight = ((x.float() + 1) * 127.5).round().clamp(0, 255)
    return (eight / 2 ** (8 - bits)).floor()


def spread(x: Tensor, bits: int, generators: list[torch.Generator]) -> Tensor:
    """Pictures in [-1, 1] -> numbers in [-1/2, 1/2), each level over its width; a generator per picture."""
    luck = torch.stack([torch.rand(x.shape[1:], generator=g) for g in generators])
    return (levels(x, bits) + luck.to(x.device)) / 2**bits - 0.5


def settled(y: Tensor, bits: int) -> Tensor:
    """Back: numbers -> pictures in [-1, 1], each at the middle of its level."""
    return ((y + 0.5) * 2**bits).floor().clamp(0, 2**bits - 1).add(0.5).div(2 ** (bits - 1)).sub(1)


def bits_per_dim(log_prob: Tensor, dimensions: int, bits: int) -> Tensor:
    """Log-density in nats of spread pictures -> bits per value. Without a model: `bits`."""
    return bits - log_prob / (dimensions * log(2))


def standard_normal(z: Tensor) -> Tensor:
    """log N(z; 0, I) of codes of any shape: (B, ...) -> (B,)."""
    return -z.square().flatten(1).sum(1) / 2 - log(2 * pi) * z[0].numel() / 2


def squeeze(x: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, 4C, H/2, W/2): the four pixels of a 2 x 2 cell become channels."""
    return F.pixel_unshuffle(x, 2)


def unsqueeze(x: Tensor) -> Tensor:
    return F.pixel_shuffle(x, 2)
