"""Two ways from one latent point to another.

Of D normal numbers nearly all are close to sqrt(D) long together. Halfway along a straight line between two
of them the point is shorter than any that was ever drawn; the great circle keeps to the usual length: White
2016, arXiv:1609.04468, sec. 2.1, after Shoemake 1985.
"""

from collections.abc import Callable

import torch
from torch import Tensor


def line(a: Tensor, b: Tensor, share: Tensor) -> Tensor:
    """(1 - t) a + t b, for each t: (T, D)."""
    return a + share[:, None] * (b - a)


def arc(a: Tensor, b: Tensor, share: Tensor) -> Tensor:
    """Along the great circle, lengths interpolated: (T, D)."""
    angle = torch.arccos(torch.cosine_similarity(a, b, dim=0).clamp(-1 + 1e-6, 1 - 1e-6))
    na, nb = a.norm(), b.norm()
    left, right = torch.sin((1 - share) * angle), torch.sin(share * angle)
    unit = (left[:, None] * a / na + right[:, None] * b / nb) / torch.sin(angle)
    return unit * (na + share * (nb - na))[:, None]


PATHS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {"line": line, "arc": arc}
