"""RealNVP on the plane: every coupling stretches and shifts, so that every point has an exact density.

One coordinate stays and says by how much the other is stretched and shifted:

    z2 = (x2 - t(x1)) exp(-s(x1)),      log |det dz/dx| = -s(x1),      z1 = x1

Dinh et al. 2017, arXiv:1605.08803, eq. 4 to 8; there the stretch multiplies on the way to noise, here on the
way to data, which changes the sign of s and nothing else. s is held within +-bound by a tanh, as unbounded
stretches make the training restless. Without `stretch` s = 0: NICE (Dinh et al. 2015, arXiv:1410.8516),
whose couplings only shift and so keep areas; its last layer, `ends`, stretches each axis by one number for
all points (sec. 3.3 there). The last layer of each network starts at 0, and the whole at the identity.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from genmodels.flow.plane.flow import Coupling, CouplingFlow


@dataclass(frozen=True)
class AffineConfig:
    layers: int = 16  # couplings; neighbours swap the coordinates' roles
    width: int = 64  # of the two hidden layers of each
    waves: int = 4  # sines of the coordinate that stays, of length 6, 6/2, 6/3, ...
    stretch: bool = True  # without it: NICE
    ends: bool = False  # a last stretch of each axis, NICE's diagonal
    bound: float = 1.0  # of |s|
    scale: float = 2.0  # points are divided by it first: those of our densities then vary about as N(0, I)


class Affine(NamedTuple):
    """A straight line for each point: x = s' z + t with s' = exp(s)."""

    s: Tensor  # (B, 1) logarithm of the stretch
    t: Tensor  # (B, 1) shift

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return (x - self.t) * torch.exp(-self.s), -self.s

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        return z * torch.exp(self.s) + self.t, self.s


class AffineCoupling(Coupling):
    def __init__(self, config: AffineConfig, generator: torch.Generator | None):
        super().__init__(config.width, config.waves, 2 if config.stretch else 1, generator)
        self.stretch, self.bound = config.stretch, config.bound

    def inside(self, kept: Tensor) -> Affine:
        if not self.stretch:
            return Affine(torch.zeros_like(kept), self.read(kept))
        s, t = self.read(kept).split(1, 1)
        return Affine(self.bound * torch.tanh(s), t)


class AffineFlow(CouplingFlow):
    Config = AffineConfig

    def __init__(self, config: AffineConfig, generator: torch.Generator | None = None):
        super().__init__(config)
        self.couplings = nn.ModuleList(AffineCoupling(config, generator) for _ in range(config.layers))
        self.ends = nn.Parameter(torch.zeros(2)) if config.ends else None
