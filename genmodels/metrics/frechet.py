"""Frechet distance between two sets of features, each seen as one Gaussian.

    d^2 = |m1 - m2|^2 + tr(C1 + C2 - 2 (C1^1/2 C2 C1^1/2)^1/2)

Dowson and Landau 1982; Heusel et al. 2017, arXiv:1706.08500, eq. 6. The usual (C1 C2)^1/2 is the root of a
matrix that is not symmetric and comes out complex for few samples; the form above has the same trace, is
symmetric and positive, and two eigendecompositions in float64 do it. Biased upwards for few samples:
compare equal numbers.
"""

import torch
from torch import Tensor


def moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """(N, D) -> mean (D,), covariance (D, D), in float64."""
    x = features.double()
    return x.mean(0), torch.cov(x.T)


def square_root(c: Tensor) -> Tensor:
    """Of a symmetric positive matrix."""
    values, vectors = torch.linalg.eigh(c)
    return (vectors * values.clamp_min(0).sqrt()) @ vectors.T


def frechet_distance(mean1: Tensor, cov1: Tensor, mean2: Tensor, cov2: Tensor) -> Tensor:
    root = square_root(cov1)
    cross = torch.linalg.eigvalsh(root @ cov2 @ root).clamp_min(0).sqrt().sum()
    return (mean1 - mean2).square().sum() + cov1.trace() + cov2.trace() - 2 * cross
