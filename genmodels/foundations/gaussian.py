"""A Gaussian for every class: learns p(x | y) and p(y), so it can draw points, and classifies by Bayes' rule.

    log p(y | x) = log p(y) + log N(x; mean_y, cov_y) - log p(x),        p(x) = sum over y of p(y) N(x; ...)

Fitted by counting: shares, means and covariances of the points of each class. With one covariance for all
classes the quadratic terms cancel and the boundary is a straight line (Fisher's discriminant, LDA); with a
covariance per class it is a conic (QDA); with zeros off the diagonal this is Gaussian naive Bayes. `floor` is
added to the variances, since a class with one point has none.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

FLOOR = 0.02
KINDS = ("full", "shared", "diagonal")


@dataclass(frozen=True)
class GaussianClasses:
    shares: Tensor  # (K,) p(y)
    means: Tensor  # (K, D)
    covs: Tensor  # (K, D, D)

    @classmethod
    def fit(
        cls, x: Tensor, y: Tensor, kind: str = "full", classes: int = 2, floor: float = FLOOR
    ) -> "GaussianClasses":
        """x (N, D) with labels y (N,): every class needs a point."""
        if kind not in KINDS:
            raise ValueError(f"kind {kind!r}: expected one of {', '.join(KINDS)}")
        counts = torch.bincount(y, minlength=classes).double()
        if len(counts) > classes or not bool((counts > 0).all()):
            raise ValueError(f"points per class {counts.long().tolist()}: each of {classes} needs one")
        x = x.double()
        means = torch.stack([x[y == k].mean(0) for k in range(classes)])
        scatter = torch.stack([(x[y == k] - means[k]).T @ (x[y == k] - means[k]) for k in range(classes)])
        if kind == "shared":
            covs = (scatter.sum(0) / len(x)).expand(classes, -1, -1)
        else:
            covs = scatter / counts[:, None, None]
        if kind == "diagonal":
            covs = torch.diag_embed(covs.diagonal(dim1=1, dim2=2))
        return cls(counts / counts.sum(), means, covs + floor * torch.eye(x.shape[1], dtype=torch.float64))

    def log_prob_given(self, x: Tensor) -> Tensor:
        """(N, D) -> log p(x | y), (N, K)."""
        root = torch.linalg.cholesky(self.covs)
        away = (x.double()[:, None] - self.means).transpose(0, 1)  # (K, N, D)
        white = torch.linalg.solve_triangular(root, away.mT, upper=False)  # (K, D, N)
        half = root.diagonal(dim1=1, dim2=2).log().sum(1)
        norm = half + x.shape[1] / 2 * math.log(2 * math.pi)
        return (-white.square().sum(1) / 2 - norm[:, None]).T

    def log_joint(self, x: Tensor) -> Tensor:
        """log p(x, y), (N, K)."""
        return self.log_prob_given(x) + self.shares.log()

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x), (N,)."""
        return self.log_joint(x).logsumexp(1)

    def log_posterior(self, x: Tensor) -> Tensor:
        """log p(y | x), (N, K)."""
        return self.log_joint(x).log_softmax(1)

    def sample(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """First the label, then the point: x (n, D), y (n,)."""
        y = torch.multinomial(self.shares, n, replacement=True, generator=generator)
        noise = torch.randn(n, self.means.shape[1], generator=generator, dtype=torch.float64)
        return self.means[y] + (torch.linalg.cholesky(self.covs)[y] @ noise[..., None])[..., 0], y


def parameters(kind: str, classes: int, dim: int) -> int:
    """Numbers that are learnt: shares, means and what is free in the covariances."""
    each = {"full": classes * dim * (dim + 1) // 2, "shared": dim * (dim + 1) // 2, "diagonal": classes * dim}
    return classes - 1 + classes * dim + each[kind]
