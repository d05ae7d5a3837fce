"""A variational autoencoder of the plane: two numbers in, two numbers of code, two numbers out.

The maths is that of `genmodels.autoencoders.vae_plane`: a bound on log p(x), Kingma and Welling 2013,
arXiv:1312.6114, eq. 3 and 10, with one learnt standard deviation of the observation. A Gaussian cloud of
codes is bent to cover the data, and blurred: between two modes it can't tear, so a thin bridge is left.
"""

from dataclasses import dataclass
from math import log, pi

import torch
from torch import Tensor, nn

from genmodels.lab.family import bounded
from genmodels.lab.mlp import Adam, mlp

BOUNDS = {"lr": (1e-6, 1), "width": (2, 256), "beta": (0, 10), "batch": (4, 1024)}
DRAWS = 64  # of an estimate
LATTICE = 20  # codes a side, each for the same share of N(0, I)
_CHUNK = 1024  # points at once: bounds its memory


@dataclass(frozen=True)
class Knobs:
    lr: float = 2e-3
    width: int = 64  # of the two hidden layers of encoder and decoder
    beta: float = 1.0  # weight of the KL term; 1 is the true bound
    batch: int = 128

    def __post_init__(self) -> None:
        bounded(self, BOUNDS)


def log_normal(x: Tensor, mean: Tensor | float, log_std: Tensor | float) -> Tensor:
    """(..., D) -> (...), independent Gaussians."""
    log_std = torch.as_tensor(log_std)
    return (-((x - mean) / log_std.exp()).square() / 2 - log_std - 0.5 * log(2 * pi)).sum(-1)


class Networks(nn.Module):
    def __init__(self, width: int, generator: torch.Generator):
        super().__init__()
        self.encoder = mlp((2, width, width, 4), generator, nn.SiLU)  # mean, log std of the code
        self.decoder = mlp((2, width, width, 2), generator, nn.SiLU)
        self.log_sigma = nn.Parameter(torch.zeros(()))  # of the observation


class VAE:
    Knobs = Knobs

    def __init__(self, knobs: Knobs = Knobs(), seed: int = 0):  # noqa: B008 - frozen
        self.knobs, self.diverged = knobs, False
        self.random = torch.Generator().manual_seed(seed)
        self.networks = Networks(knobs.width, self.random)
        self.down = Adam(self.networks, knobs.lr)

    @property
    def needs(self) -> int:
        return self.knobs.batch

    def step(self, x: Tensor) -> dict[str, float]:
        """Minus the bound, per point: what it costs to store where x is, in nats, and of that the code."""
        if self.diverged:
            return {}
        mean, log_std = self.networks.encoder(x).chunk(2, 1)
        z = mean + log_std.exp() * torch.randn(mean.shape, generator=self.random)
        kl = ((mean.square() + (2 * log_std).exp() - 1) / 2 - log_std).sum(1).mean()
        loss = self.knobs.beta * kl - self.of_code(x, z).mean()
        self.diverged = not self.down.step(loss)
        if self.diverged:
            return {}
        return {"loss": loss.item(), "kl": kl.item(), "sigma": self.networks.log_sigma.exp().item()}

    def of_code(self, x: Tensor, z: Tensor) -> Tensor:
        """log p(x | z)"""
        return log_normal(x, self.networks.decoder(z), self.networks.log_sigma)

    @torch.no_grad()
    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        mean = self.networks.decoder(torch.randn(n, 2, generator=generator))
        return mean + self.networks.log_sigma.exp() * torch.randn(n, 2, generator=generator)

    @torch.no_grad()
    def log_prob(self, x: Tensor) -> Tensor:
        """An estimate, from below on average: codes are drawn and weighted (Burda et al. 2015,
        arXiv:1509.00519, eq. 8), half of them where the encoder looks, half from N(0, I): so no weight is
        huge where the encoder looks in the wrong place. The same points give the same estimate."""
        generator = torch.Generator().manual_seed(0)
        found = []
        for part in x.split(_CHUNK):
            mean, log_std = self.networks.encoder(part).chunk(2, 1)
            log_std = log_std.clamp(-9, 9)
            z = torch.randn(DRAWS, len(part), 2, generator=generator)
            z[::2] = mean + log_std.exp() * z[::2]
            prior = log_normal(z, 0.0, 0.0)
            drawn = torch.logaddexp(prior, log_normal(z, mean, log_std)) - log(2)
            weight = self.of_code(part, z) + prior - drawn
            found.append(weight.logsumexp(0) - log(DRAWS))
        return torch.cat(found)

    @torch.no_grad()
    def height(self, x: Tensor) -> Tensor:
        """The log density, roughly, but smooth and within a frame: as if these codes were all there are."""
        line = (torch.arange(LATTICE) + 0.5) / LATTICE
        means = self.networks.decoder(torch.cartesian_prod(line, line).mul(2).sub(1).erfinv().mul(2**0.5))
        log_sigma = self.networks.log_sigma
        square = torch.cdist(x, means).square()
        return (-square / (2 * (2 * log_sigma).exp()) - 2 * log_sigma).logsumexp(1) - log(2 * pi * len(means))
