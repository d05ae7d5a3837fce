"""Logistic regression: learns p(y | x) and nothing else, one line or one conic between two classes.

    p(y = 1 | x) = 1 / (1 + exp(-w . f(x)))

The loss is -log p(y | x) of the points and is convex, so Newton's method is down in a few steps; each
is a weighted least squares (IRLS). A ridge on all weights but the constant keeps them finite where a line
parts the classes without a mistake. Steps that would raise the loss are halved.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

STEPS, ENOUGH = 30, 1e-8
FEATURES = {"linear": 3, "quadratic": 6}  # how many, of a point of the plane


class Step(NamedTuple):
    i: int
    w: Tensor  # (F,)
    loss: float  # mean of -log p(y | x), nats
    slope: float  # largest entry of the gradient of what is minimised


def features(x: Tensor, kind: str = "linear") -> Tensor:
    """(N, D) -> (N, F): a one, the coordinates, and for `quadratic` all their products."""
    x = x.double()
    parts = [torch.ones(len(x), 1, dtype=torch.float64), x]
    if kind == "quadratic":
        rows, columns = torch.triu_indices(x.shape[1], x.shape[1])
        parts.append(x[:, rows] * x[:, columns])
    elif kind != "linear":
        raise ValueError(f"features {kind!r}: expected one of {', '.join(FEATURES)}")
    return torch.cat(parts, 1)


def newton(f: Tensor, y: Tensor, ridge: float = 1e-3, steps: int = STEPS) -> Iterator[Step]:
    """Features (N, F) with labels 0 and 1 (N,) -> from all weights zero to the bottom."""
    y, pull = y.double(), torch.full((f.shape[1],), float(ridge), dtype=torch.float64)
    pull[0] = 0.0
    w = torch.zeros(f.shape[1], dtype=torch.float64)

    def cost(w: Tensor) -> float:
        return (losses(f, y, w).mean() + (pull * w * w).sum() / 2).item()

    for i in range(steps + 1):
        p = (f @ w).sigmoid()
        slope = f.T @ (p - y) / len(f) + pull * w
        yield Step(i, w, losses(f, y, w).mean().item(), slope.abs().max().item())
        if slope.abs().max() < ENOUGH:
            return
        bend = (f * (p * (1 - p))[:, None]).T @ f / len(f) + torch.diag(pull + 1e-12)
        move, size, now = torch.linalg.solve(bend, slope), 1.0, cost(w)
        while cost(w - size * move) > now and size > 1e-6:
            size /= 2
        w = w - size * move


def losses(f: Tensor, y: Tensor, w: Tensor) -> Tensor:
    """-log p(y | x) of every point."""
    return F.softplus(f @ w) - y * (f @ w)


def fit(f: Tensor, y: Tensor, ridge: float = 1e-3) -> Tensor:
    """The weights at the bottom."""
    *_, end = newton(f, y, ridge)
    return end.w
