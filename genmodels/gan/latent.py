"""Noise for a generator, cut off where pictures get strange.

Far from 0 the generator has seen few z. Numbers kept inside [-threshold, threshold] give safer pictures and
fewer kinds of them: the truncation trick, Brock et al. 2018, arXiv:1809.11096, sec. 3.1. They draw again what
lies outside; here the inverse of the normal's distribution does the same from one uniform number, so that a
picture changes smoothly as the threshold moves.
"""

import torch
from torch import Tensor

NORMAL = torch.distributions.Normal(torch.tensor(0.0, dtype=torch.float64), 1.0)


def truncated(seed: int, n: int, latent: int, threshold: float = float("inf")) -> Tensor:
    """(n, latent) numbers of N(0, 1) inside [-threshold, threshold]. Row k is that of seed + k alone."""
    uniform = torch.stack(
        [
            torch.rand(latent, generator=torch.Generator().manual_seed(seed + k), dtype=torch.float64)
            for k in range(n)
        ]
    )
    if threshold <= 0:
        return torch.zeros(n, latent)
    low = NORMAL.cdf(torch.tensor(-threshold, dtype=torch.float64))
    inside = (low + uniform * (1 - 2 * low)).clamp(1e-12, 1 - 1e-12)
    return NORMAL.icdf(inside).float()
