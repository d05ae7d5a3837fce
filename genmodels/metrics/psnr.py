"""Peak signal-to-noise ratio, in decibels: how close a reconstruction is, pixel by pixel."""

import math

from torch import Tensor


def psnr(x: Tensor, y: Tensor, peak: float = 2.0) -> Tensor:
    """Of each image of a batch, 10 log10(peak^2 / mean squared error): (B, ...) -> (B,). [-1, 1] has peak 2.

    Equal images would be infinite; they are reported as 100 dB.
    """
    mse = ((x.float() - y.float()) ** 2).flatten(1).mean(1)
    return (20 * math.log10(peak) - 10 * mse.clamp_min(1e-30).log10()).clamp_max(100.0)
