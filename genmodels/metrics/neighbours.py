"""Are the samples good, and do they reach everything? Two questions that one distance mixes up.

Each real point owns a ball that reaches to its k-th nearest real neighbour. Precision: the share of samples
inside some ball. Recall: the same with the roles exchanged (Kynkaanniemi et al. 2019, arXiv:1904.06991, eq.
1 and 2). One outlier with a huge ball spoils them, so Naeem et al. 2020 (arXiv:2002.09797, eq. 3 and 4)
count instead. Density: how many balls a sample lies in, over k (it may exceed 1). Coverage: the share of
real balls with a sample.
"""

from typing import NamedTuple

import torch
from torch import Tensor


class Neighbours(NamedTuple):
    precision: float
    recall: float
    density: float
    coverage: float


def radii(x: Tensor, k: int) -> Tensor:
    """Distance of each point to its k-th nearest other: (N, D) -> (N,)."""
    return torch.cdist(x, x).kthvalue(k + 1, dim=1).values  # the nearest is the point itself


def neighbours(real: Tensor, fake: Tensor, k: int = 5) -> Neighbours:
    """All four, on features (N, D) and (M, D). Memory is N x M: a few thousand of each."""
    real, fake = real.double(), fake.double()
    distance = torch.cdist(real, fake)  # (N, M)
    in_real = distance <= radii(real, k)[:, None]
    in_fake = distance <= radii(fake, k)[None, :]
    return Neighbours(
        precision=in_real.any(0).double().mean().item(),
        recall=in_fake.any(1).double().mean().item(),
        density=in_real.double().sum(0).mean().item() / k,
        coverage=in_real.any(1).double().mean().item(),
    )
