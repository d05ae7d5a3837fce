"""Three numbers that say how a flow sees a picture: what it costs, how rough it is, how long its code is.

A flow's density is a poor judge of what belongs to its training set: Nalisnick et al. 2019, arXiv:1810.09136.
Density counts volume, and smooth pictures have little of it to share. What draws of N(0, I) have in common is
their length, sqrt(D): Nalisnick et al. 2019, arXiv:1906.02994, sec. 3, on typical sets.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from genmodels.flow.pixels import bits_per_dim, standard_normal


class Scores(NamedTuple):
    bits: Tensor  # (B,) per value, as the flow has the grey levels
    rough: Tensor  # (B,) mean step between neighbouring pixels, of the way from black to white
    norm: Tensor  # (B,) |z| / sqrt(D): 1 is usual


def scores(model: Any, x: Tensor, seed: int = 0) -> Scores:
    """Of pictures in [-1, 1]; the spread of grey levels from seeds, picture k's from seed + k."""
    luck = [torch.Generator().manual_seed(seed + k) for k in range(len(x))]
    y = model.noised(x.to(model.device), luck)
    z, log_det = model(y)
    bits = bits_per_dim(log_det + standard_normal(z), x[0].numel(), model.config.bits)
    norm = z.flatten(1).square().mean(1).sqrt()
    return Scores(bits.float().cpu(), roughness(x), norm.float().cpu())


def roughness(x: Tensor) -> Tensor:
    """(B, C, H, W) in [-1, 1] -> (B,)."""
    across, down = ((x.diff(dim=d).abs() / 2).flatten(1).mean(1) for d in (3, 2))
    return ((across + down) / 2).cpu()
