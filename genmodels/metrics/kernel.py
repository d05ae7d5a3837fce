"""Kernel distance: squared maximum mean discrepancy with a cubic kernel, unbiased however few the samples.

Binkowski et al. 2018, arXiv:1801.01401, sec. 3 (the "KID"); the estimator is eq. 3 of Gretton et al. 2012
(JMLR).
"""

from torch import Tensor


def polynomial(x: Tensor, y: Tensor) -> Tensor:
    """k(a, b) = (a.b / D + 1)^3 for all pairs: (N, D), (M, D) -> (N, M)."""
    return (x @ y.T / x.shape[1] + 1) ** 3


def kernel_distance(x: Tensor, y: Tensor) -> Tensor:
    """Unbiased MMD^2 between features (N, D) and (M, D). It may be a little below 0 when the two agree."""
    x, y = x.double(), y.double()
    within_x, within_y = (_mean_of_distinct(polynomial(s, s)) for s in (x, y))
    return within_x + within_y - 2 * polynomial(x, y).mean()


def _mean_of_distinct(k: Tensor) -> Tensor:
    n = len(k)
    return (k.sum() - k.trace()) / (n * (n - 1))
