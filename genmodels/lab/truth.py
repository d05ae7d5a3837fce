"""How near a model of the plane is to the truth: by density where it has one, by its samples anyway.

A mode of a mixture of a few Gaussians counts as covered when half of its fair share of the samples, or more,
lie within 3 standard deviations of its mean: an even cloud over the square covers none. A sample is good when
it lies within 4 of any.
"""

from typing import Protocol

import torch
from torch import Tensor

from genmodels.data.points import Density, Mixture

EDGE = 4.5  # the square on which everything is drawn and summed: [-4.5, 4.5] on both axes
FEW = 32  # modes; beyond that the Gaussians are a curve
ENOUGH = 0.5
FINE = 144  # cells a side: 1/16 each, a third of the narrowest standard deviation


class Likely(Protocol):
    def log_prob(self, x: Tensor) -> Tensor | None: ...  # (B, 2) -> (B,) nats


def plane(side: int) -> Tensor:
    """(side, side, 2): the middles of the square's cells; row 0 has the lowest y, column 0 the lowest x."""
    line = EDGE * ((2 * torch.arange(side) + 1) / side - 1)
    return torch.stack(torch.meshgrid(line, line, indexing="xy"), -1)


def modes(truth: Density | None) -> Tensor | None:
    """(K, 2), or None where the truth isn't a few Gaussians."""
    return truth.means.float() if isinstance(truth, Mixture) and len(truth.means) <= FEW else None


def shares(truth: Density | None, x: Tensor) -> Tensor | None:
    """(K,): of the points (N, 2), how many lie within 3 standard deviations of each mode."""
    if (means := modes(truth)) is None:
        return None
    return (torch.cdist(means, x) < 3 * truth.std).float().mean(1)


def covered(truth: Density | None, x: Tensor) -> int | None:
    """Modes that the points (N, 2) cover."""
    if (found := shares(truth, x)) is None:
        return None
    return int((found >= ENOUGH / len(found)).sum())


def good(truth: Density | None, x: Tensor) -> float | None:
    """Share of the points (N, 2) that lie where the truth has a mode."""
    if (means := modes(truth)) is None:
        return None
    return (torch.cdist(x, means).amin(1) < 4 * truth.std).float().mean().item()


def mass(model: Likely, side: int = FINE) -> float | None:
    """Of a density, what lies on the square: 1 where it has learnt that there is nothing outside."""
    log_q = model.log_prob(plane(side).flatten(0, 1))
    return None if log_q is None else log_q.double().exp().sum().item() * (2 * EDGE / side) ** 2


def kl(truth: Density, model: Likely, side: int = FINE) -> float | None:
    """KL(truth || model) in nats, summed over the cells of the square: what the model's code of a point costs
    beyond the truth's own. Infinite where the model denies what happens."""
    x = plane(side).flatten(0, 1)
    log_p = truth.log_prob(x).double()
    log_p -= log_p.logsumexp(0)  # probabilities of the cells
    happens = log_p > -25
    x, log_p = x[happens], log_p[happens]
    if (log_q := model.log_prob(x)) is None:
        return None
    log_q = log_q.double() + 2 * torch.tensor(2 * EDGE / side).double().log()
    return (log_p.exp() * (log_p - log_q)).sum().item()
