"""A mixture of Gaussians over codes: the prior that a VAE actually has.

A VAE promises that its codes follow N(0, I), and keeps the promise only on average: the blobs of the
training faces leave holes, and a z drawn there decodes to a ghost. Look at where the codes really are
instead, and draw from that:

    p(z) = sum_k w_k N(z; m_k, L_k L_k^T)

fitted by expectation-maximisation (Dempster, Laird and Rubin 1977; Bishop 2006, eq. 9.22-9.26). Fitting a
second, better prior after training is Ghosh et al. 2020 (arXiv:1903.12436, sec. 4). What we changed: a
ridge on every covariance, and the Cholesky factor is stored packed, its diagonal as logarithms, so that
halves cannot make it lose its sign.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genmodels.model import Model


@dataclass(frozen=True)
class MixtureConfig:
    components: int = 40  # K
    latent: int = 128  # D


class Mixture(Model):
    Config = MixtureConfig

    def __init__(self, config: MixtureConfig = MixtureConfig()):  # noqa: B008 - frozen
        super().__init__(config)
        k, d = config.components, config.latent
        self.log_weights = nn.Parameter(torch.full((k,), -math.log(k)))
        self.means = nn.Parameter(torch.zeros(k, d))
        self.log_diagonal = nn.Parameter(torch.zeros(k, d))  # of L
        self.below = nn.Parameter(torch.zeros(k, d * (d - 1) // 2))  # of L, row after row

    def factors(self) -> Tensor:
        """The lower triangular L_k: (K, D, D)."""
        d = self.config.latent
        factors = torch.diag_embed(self.log_diagonal.exp())
        rows, columns = torch.tril_indices(d, d, offset=-1, device=self.device)
        factors[:, rows, columns] = self.below
        return factors

    def log_prob(self, z: Tensor) -> Tensor:
        """(B, D) -> (B,), in nats."""
        return torch.logsumexp(self.joint(z), dim=1)

    def joint(self, z: Tensor) -> Tensor:
        """log w_k N(z; m_k, L_k L_k^T) for each k: (B, D) -> (B, K). The softmax says whose z is."""
        eye = torch.eye(self.config.latent, dtype=z.dtype, device=z.device)
        inverses = torch.linalg.solve_triangular(self.factors(), eye, upper=False)  # (K, D, D)
        away = z - self.means[:, None]  # (K, B, D)
        squares = (away @ inverses.mT).square().sum(2).T  # (B, K)
        constant = 0.5 * self.config.latent * math.log(2 * math.pi)
        return self.log_weights.log_softmax(0) - 0.5 * squares - self.log_diagonal.sum(1) - constant

    @torch.no_grad()
    def sample(self, seed: int, count: int = 1, temperature: float = 1.0) -> Tensor:
        """(count, D). Sample i depends on seed + i only: one CPU generator each, moved afterwards.

        `temperature` scales the distance from a component's mean; 0 gives the mean itself.
        """
        weights = self.log_weights.softmax(0).cpu()
        chosen, noise = [], []
        for i in range(count):
            generator = torch.Generator().manual_seed(seed + i)
            chosen.append(torch.multinomial(weights, 1, generator=generator))
            noise.append(torch.randn(self.config.latent, generator=generator))
        k = torch.cat(chosen).to(self.device)  # (count,)
        away = torch.stack(noise).to(self.device, self.dtype)[:, :, None]  # (count, D, 1)
        return self.means[k] + temperature * (self.factors()[k] @ away).squeeze(2)


@torch.no_grad()
def fit(
    z: Tensor, components: int, generator: torch.Generator, rounds: int = 20, ridge: float = 1e-3
) -> Mixture:
    """EM on codes (N, D) from k-means. A minute or two for 36,000 codes of 128 numbers."""
    model = Mixture(MixtureConfig(components, z.shape[1])).requires_grad_(False)
    shares = nn.functional.one_hot(kmeans(z, components, generator), components).to(z.dtype)  # (N, K)
    for _ in range(rounds):
        maximise(model, z, shares, ridge)
        shares = torch.cat([model.joint(part).softmax(1) for part in z.split(2000)])
    return model.eval()


def maximise(model: Mixture, z: Tensor, shares: Tensor, ridge: float) -> None:
    """The M step: weights, means and covariances of the points as they are shared out."""
    counts = shares.sum(0) + 1e-6  # (K,)
    model.log_weights.copy_((counts / counts.sum()).log())
    model.means.copy_(shares.T @ z / counts[:, None])
    d = z.shape[1]
    rows, columns = torch.tril_indices(d, d, offset=-1)
    for k in range(len(counts)):
        away = z - model.means[k]
        covariance = ((away * shares[:, k : k + 1]).T @ away / counts[k]).double()
        factor = torch.linalg.cholesky(covariance + ridge * torch.eye(d, dtype=torch.float64))
        model.log_diagonal[k] = factor.diagonal().log()
        model.below[k] = factor[rows, columns]


def kmeans(z: Tensor, components: int, generator: torch.Generator, rounds: int = 10) -> Tensor:
    """The nearest centre of each point: (N, D) -> (N,)."""
    centres = z[torch.randperm(len(z), generator=generator)[:components]]
    for _ in range(rounds):
        nearest = torch.cdist(z, centres).argmin(1)
        sums = torch.zeros_like(centres).index_add_(0, nearest, z)
        counts = torch.bincount(nearest, minlength=components)[:, None]
        centres = torch.where(counts > 0, sums / counts.clamp_min(1), centres)
    return nearest
