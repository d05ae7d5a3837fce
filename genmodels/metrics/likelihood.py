"""What a VAE is trained on, term by term, in nats per image.

ELBO = reconstruction - KL (Kingma and Welling 2013, arXiv:1312.6114, eq. 3). log p(x) is at least that.
"""

import math

from torch import Tensor


def kl_standard_normal(mean: Tensor, log_var: Tensor) -> Tensor:
    """KL(N(mean, diag exp(log_var)) || N(0, I)), per latent dimension: (B, D) -> (B, D). The KL of eq. 10."""
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var)


def gaussian_log_prob(x: Tensor, mean: Tensor, log_sigma: Tensor) -> Tensor:
    """log N(x; mean, exp(log_sigma)^2), summed over all but the batch: (B, ...) -> (B,)."""
    each = -0.5 * ((x - mean) * (-log_sigma).exp()) ** 2 - log_sigma - 0.5 * math.log(2 * math.pi)
    return each.flatten(1).sum(1)


def bits_per_dim(log_prob: Tensor, dimensions: int, levels: int = 256) -> Tensor:
    """Density of images in [-1, 1] -> bits per value, as a code for `levels` grey levels 2/(levels-1) apart.

    A level holds about density x width, so this is log_prob in bits, less the width's: 8 is no compression.
    """
    return -(log_prob / (dimensions * math.log(2)) + math.log2(2 / (levels - 1)))
