"""How a network is told the moment: as waves of many lengths, through two layers.

Ho, Jain, Abbeel 2020, arXiv:2006.11239, appendix B, after Vaswani et al. 2017, arXiv:1706.03762, section 3.5.
"""

from math import log

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def waves(t: Tensor, width: int, flip: bool, shift: int) -> Tensor:
    """The moments t (B,) as sines and cosines of `width` / 2 frequencies, from 1 down to 1 / 10000."""
    half = width // 2
    turns = torch.exp(-log(10000) / (half - shift) * torch.arange(half, device=t.device)) * t.float()[:, None]
    parts = (turns.cos(), turns.sin()) if flip else (turns.sin(), turns.cos())
    return torch.cat(parts, 1)  # B, width


class Moment(nn.Module):
    """Two layers over the waves."""

    def __init__(self, c_in: int, c_out: int):
        super().__init__()
        self.linear_1, self.linear_2 = nn.Linear(c_in, c_out), nn.Linear(c_out, c_out)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear_2(F.silu(self.linear_1(x)))
