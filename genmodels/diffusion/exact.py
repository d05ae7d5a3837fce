"""A denoiser that needs no learning: of equal round Gaussians, the mean under any noisy point is a formula.

With x = x0 + sigma e, and Gaussians of means m_k and variance s^2, x has come from the kth with the chance
r_k(x) = softmax_k(-|x - m_k|^2 / 2 (s^2 + sigma^2)), and

    E[x0 | x] = m + s^2 / (s^2 + sigma^2) (x - m),      m = sum_k r_k(x) m_k.

What a solver gets wrong with it is the solver's own.
"""

import torch
from torch import Tensor

from genmodels.data.points import Mixture


class Exact:
    """`exact(x, sigma)`: (B, 2), sigma -> (B, 2). Double precision, or no high order could be seen."""

    def __init__(self, truth: Mixture):
        self.means, self.variance = truth.means, truth.std**2

    def shares(self, x: Tensor, sigma: float) -> Tensor:
        """(B, K): the chance that each Gaussian is under x."""
        square = torch.cdist(x, self.means, compute_mode="donot_use_mm_for_euclid_dist").square()
        return (-square / (2 * (self.variance + sigma**2))).softmax(1)

    def __call__(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        sigma = float(sigma)
        m = self.shares(x, sigma) @ self.means
        return m + self.variance / (self.variance + sigma**2) * (x - m)

    def log_prob(self, x: Tensor, sigma: float) -> Tensor:
        """(B,): of the density with this noise on it, up to a constant."""
        square = torch.cdist(x, self.means).square()
        return (-square / (2 * (self.variance + sigma**2))).logsumexp(1)
