"""An energy model: low where data is, high elsewhere, and p(x) = exp(-E(x)) / Z without knowing Z.

    E(x) = f(x) + |x|^2 / (2 S^2)

f is a network, the rest keeps Z finite. The likelihood's gradient lowers E at data and raises it where the
model itself puts points (Hinton 2002; Du and Mordatch 2019, arXiv:1903.08689, sec. 3). Those come from
chains that never stop (persistent contrastive divergence, Tieleman 2008): at each step of training every
chain goes on by a few steps of Langevin dynamics, whose noise belongs to its stride, so that it draws from
exp(-E) in the limit:

    x' = x - stride^2 / 2 dE/dx + stride noise                        (Welling and Teh 2011, eq. 3)

Langevin alone can't find a well behind a hill. Du and Mordatch start one chain in twenty afresh; here each
chain is offered a fresh point of N(0, S^2), and takes it by Metropolis' rule, which leaves exp(-E) as it
is. On the plane that is enough for all wells to be found; among pictures hardly any offer would be taken.

In the plane, and only there, Z can be summed on a grid: `log_prob` does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import log

import torch
from torch import Tensor, nn

from genmodels.gan.losses import slopes
from genmodels.lab.average import Average
from genmodels.lab.family import bounded
from genmodels.lab.mlp import Adam, mlp
from genmodels.lab.truth import EDGE, plane

SPREAD = 2.5  # S
STEEP = 30.0  # slopes beyond are cut, so that no step is a leap
ROUNDS = 30  # offers, each with a step of Langevin, that make a sample from nothing
CELLS = 144  # a side, of the grid that Z is summed on; it reaches twice as far as the picture


@dataclass(frozen=True)
class Knobs:
    width: int = 128  # of the two hidden layers, 8 to 256
    walk: int = 5  # Langevin steps of every chain per step of training, 1 to 100
    stride: float = 0.12  # 0.001 to 1
    chains: int = 256  # 16 to 4096
    offers: bool = True  # fresh points, by Metropolis' rule
    lr: float = 3e-3  # 1e-5 to 1e-1
    batch: int = 256  # 16 to 1024

    def __post_init__(self) -> None:
        bounds = {"width": (8, 256), "walk": (1, 100), "stride": (1e-3, 1), "chains": (16, 4096)}
        bounded(self, bounds | {"lr": (1e-5, 0.1), "batch": (16, 1024)})


def langevin(
    energy: Callable[[Tensor], Tensor], x: Tensor, steps: int, stride: float, generator: torch.Generator
) -> Tensor:
    """So many steps of every point (B, 2)."""
    for _ in range(steps):
        downhill = -slopes(energy, x).clamp(-STEEP, STEEP)
        x = x + stride**2 / 2 * downhill + stride * torch.randn(x.shape, generator=generator)
    return x


class Energy:
    Knobs = Knobs

    def __init__(self, knobs: Knobs = Knobs(), seed: int = 0):  # noqa: B008 - frozen
        self.knobs, self.random, self.diverged = knobs, torch.Generator().manual_seed(seed), False
        self.network = mlp((2, knobs.width, knobs.width, 1), self.random, nn.SiLU)
        nn.init.zeros_(self.network[-1].weight)  # exp(-E) is N(0, S^2), and the chains are drawn from it
        self.down = Adam(self.network, knobs.lr, (0.9, 0.99))
        self.calm = Average(self.network, self.down)
        self.chains = SPREAD * torch.randn(knobs.chains, 2, generator=self.random)

    @property
    def needs(self) -> int:
        return self.knobs.batch

    def step(self, x: Tensor) -> dict[str, float]:
        """How much lower data lies than where the chains are: around 0 when they can't be told apart."""
        if self.diverged:
            return {}
        self.chains = self.go_on(self.network, self.chains, self.knobs.walk, self.random)
        data, model = self.energy(x).mean(), self.energy(self.chains).mean()
        self.diverged = not self.down.step(data - model)
        self.calm.follow()
        return (
            {}
            if self.diverged
            else {"loss": (data - model).item(), "data": data.item(), "model": model.item()}
        )

    def energy(self, x: Tensor, network: nn.Module | None = None) -> Tensor:
        """(B, 2) -> (B,)"""
        return (network or self.network)(x)[:, 0] + x.square().sum(1) / (2 * SPREAD**2)

    def go_on(self, network: nn.Module, x: Tensor, walk: int, generator: torch.Generator) -> Tensor:
        """Every chain gets its offer, and walks."""
        if self.knobs.offers:
            x = self.offer(network, x, generator)
        return langevin(lambda at: self.energy(at, network), x, walk, self.knobs.stride, generator)

    @torch.no_grad()
    def offer(self, network: nn.Module, x: Tensor, generator: torch.Generator) -> Tensor:
        """Of N(0, S^2), so that of the energies only the networks' parts are to be compared."""
        fresh = SPREAD * torch.randn(x.shape, generator=generator)
        luck = torch.rand(len(x), generator=generator).log()
        return torch.where((luck < (network(x) - network(fresh))[:, 0])[:, None], fresh, x)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Chains of their own, from N(0, S^2)."""
        x = SPREAD * torch.randn(n, 2, generator=generator)
        for _ in range(ROUNDS):
            x = self.go_on(self.calm.network, x, 1, generator)
        return x

    @torch.no_grad()
    def log_prob(self, x: Tensor) -> Tensor:
        return self.height(x) - self.log_z()

    def log_z(self) -> Tensor:
        cells = 2 * plane(CELLS).flatten(0, 1)
        return torch.logsumexp(self.height(cells), 0) + 2 * log(4 * EDGE / CELLS)

    @torch.no_grad()
    def height(self, x: Tensor) -> Tensor:
        """Minus the energy."""
        return -self.energy(x, self.calm.network)
