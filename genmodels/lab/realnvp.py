"""RealNVP: a bend of the plane that can be undone, so that every point has an exact density.

One coordinate stays and says by how much the other is stretched and shifted; the next layer swaps their
roles. Undoing it is arithmetic, and the determinant of the Jacobian, triangular, is the product of the
stretches:

    z2 = (x2 - t(x1)) exp(-s(x1)),      log |det dz/dx| = -s(x1),      z1 = x1

Dinh et al. 2017, arXiv:1605.08803, eq. 4 to 8. Trained on the mean of -log p(x) = -log N(z; 0, I) - sum of
the log-determinants. Without `stretch` s = 0: NICE (Dinh et al. 2015, arXiv:1410.8516) less its last
scaling; areas stay, so no density can exceed that of N(0, I), 1 / 2 pi. The last layer of each network
starts at 0, and the whole at the identity; s is held within +-BOUND by a tanh. What is shown are the
averaged weights.
"""

from dataclasses import dataclass
from math import log, pi

import torch
from torch import Tensor, nn

from genmodels.lab.average import Average
from genmodels.lab.family import bounded
from genmodels.lab.mlp import Adam, mlp

BOUND = 1.5  # with 2, eight layers learn restlessly; with 1, they stretch too little for thin curves


@dataclass(frozen=True)
class Knobs:
    layers: int = 8  # couplings, 2 to 16; neighbours swap the coordinates' roles
    width: int = 64  # of the two hidden layers of each, 8 to 128
    stretch: bool = True  # without it: NICE
    lr: float = 6e-3  # 1e-5 to 1e-1
    batch: int = 256  # 16 to 1024

    def __post_init__(self) -> None:
        bounded(self, {"layers": (2, 16), "width": (8, 128), "lr": (1e-5, 0.1), "batch": (16, 1024)})


class Coupling(nn.Module):
    """What one coordinate (B, 1) does to the other: log-stretch s and shift t, each (B, 1)."""

    def __init__(self, width: int, stretch: bool, generator: torch.Generator):
        super().__init__()
        self.stretch = stretch
        self.layers = mlp((1, width, width, 2 if stretch else 1), generator, nn.SiLU)
        nn.init.zeros_(self.layers[-1].weight)

    def forward(self, kept: Tensor) -> tuple[Tensor, Tensor]:
        if not self.stretch:
            return torch.zeros_like(kept), self.layers(kept)
        s, t = self.layers(kept).split(1, 1)
        return BOUND * torch.tanh(s), t


class Flow(nn.Module):
    """x <-> z, both (B, 2), each with log |det| of its own direction, (B,)."""

    def __init__(self, knobs: Knobs, generator: torch.Generator):
        super().__init__()
        self.couplings = nn.ModuleList(
            Coupling(knobs.width, knobs.stretch, generator) for _ in range(knobs.layers)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Data to noise."""
        kept, moved = x.split(1, 1)
        log_det = torch.zeros_like(kept)
        for coupling in self.couplings:
            s, t = coupling(kept)
            moved, kept = kept, (moved - t) * torch.exp(-s)
            log_det = log_det - s
        return torch.cat([kept, moved], 1), log_det[:, 0]

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Noise to data."""
        kept, moved = z.split(1, 1)
        log_det = torch.zeros_like(kept)
        for coupling in reversed(self.couplings):
            kept, moved = moved, kept
            s, t = coupling(kept)
            moved = moved * torch.exp(s) + t
            log_det = log_det + s
        return torch.cat([kept, moved], 1), log_det[:, 0]

    def log_prob(self, x: Tensor) -> Tensor:
        z, log_det = self(x)
        return log_det - z.square().sum(1) / 2 - log(2 * pi)


class RealNVP:
    Knobs = Knobs

    def __init__(self, knobs: Knobs = Knobs(), seed: int = 0):  # noqa: B008 - frozen
        random = torch.Generator().manual_seed(seed)
        self.knobs, self.flow, self.diverged = knobs, Flow(knobs, random), False
        self.down = Adam(self.flow, knobs.lr)
        self.calm = Average(self.flow, self.down)

    @property
    def needs(self) -> int:
        return self.knobs.batch

    def step(self, x: Tensor) -> dict[str, float]:
        """What a point costs to store, in nats."""
        if self.diverged:
            return {}
        loss = -self.flow.log_prob(x).mean()
        self.diverged = not self.down.step(loss)
        self.calm.follow()
        return {} if self.diverged else {"loss": loss.item()}

    @torch.no_grad()
    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        return self.calm.network.inverse(torch.randn(n, 2, generator=generator))[0]

    @torch.no_grad()
    def log_prob(self, x: Tensor) -> Tensor:
        return self.calm.network.log_prob(x)

    def height(self, x: Tensor) -> Tensor:
        return self.log_prob(x)
