"""What transformers of pictures and of text share: a product, attention to the past, positions that turn."""

import torch
from torch import Tensor, nn


class Affine(nn.Module):
    """x W + b of rows x, times `scale`. W is (in, out), as GPT-2 has it."""

    def __init__(self, c_in: int, c_out: int, std: float = 0.02):
        super().__init__()
        self.weight = nn.Parameter(nn.init.normal_(torch.empty(c_in, c_out), std=std))
        self.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, x: Tensor, scale: float = 1.0) -> Tensor:
        return torch.addmm(self.bias, x, self.weight, beta=scale, alpha=scale)


def causal(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attention to what came before, as training wants it: twice as fast as torch's on a CPU, and back.

    The queries come in two halves, because the first has nothing to seek in the second.

        1 . . .   | 1 .      |
        1 1 . .   | 1 1      |
        1 1 1 .   |          | 1 1 1 .
        1 1 1 1   |          | 1 1 1 1
    """
    batch, n = q.shape[0], q.shape[2]
    q, k, v = (x.flatten(0, 1) for x in (q, k, v))  # B heads, n, d
    hidden = torch.full((n, n), -torch.inf, dtype=q.dtype, device=q.device).triu(1)
    parts = []
    for start, end in ((0, n // 2), (n // 2, n)):
        keys, scale = k[:, :end].mT, q.shape[-1] ** -0.5
        scores = torch.baddbmm(hidden[start:end, :end], q[:, start:end], keys, alpha=scale)
        parts.append(scores.softmax(-1) @ v[:, :end])
    return torch.cat(parts, 1).unflatten(0, (batch, -1))


def turns(positions: int, width: int, base: float = 10000.0) -> Tensor:
    """Cosines and sines of the angle by which a position turns each number of a head, (2, positions, width).

    Su and others 2021, RoFormer, eq. 34: pair i turns by base^(-2i / width) per position; a pair is the
    numbers i and i + width / 2.
    """
    speeds = base ** -(torch.arange(0, width, 2).float() / width)
    angles = torch.arange(positions).float()[:, None] * speeds  # positions, width / 2
    angles = torch.cat((angles, angles), 1)
    return torch.stack((angles.cos(), angles.sin()))


def turn(x: Tensor, angles: Tensor) -> Tensor:
    """Queries or keys (..., n, d) turned by the angles (2, n, d) of their positions."""
    a, b = x.chunk(2, -1)
    return x * angles[0] + torch.cat((-b, a), -1) * angles[1]
