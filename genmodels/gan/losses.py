"""The games that generator and discriminator play, and what keeps the discriminator smooth.

A discriminator gives each point a score, any number. A game says what it wants of the scores: `judge` is its
loss for scores whose target is 1 (real), 0 (generated) or between (a softened label); `fool` is the
generator's loss for the scores of what it made. Both are means over the batch.

| game | what the score is | from |
|---|---|---|
| minimax, non-saturating | the logit of "real" | Goodfellow et al. 2014, arXiv:1406.2661, eq. 1 and sec. 3 |
| least squares | a number that should be the target | Mao et al. 2017, arXiv:1611.04076, eq. 2 |
| wasserstein | a height: real up, generated down | Arjovsky et al. 2017, arXiv:1701.07875, eq. 2 |
| hinge | a height, of no interest beyond 1 and -1 | Lim and Ye 2017, arXiv:1705.02894, eq. 4 |

Minimax and non-saturating differ in the generator alone: where the discriminator is sure, the first one's
slope is 0. Wasserstein needs a critic whose slope is bounded: clipped weights, or the penalty.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Game(NamedTuple):
    judge: Callable[[Tensor, Tensor], Tensor]  # (scores, targets in [0, 1]) -> the discriminator's loss
    fool: Callable[[Tensor], Tensor]  # scores of generated points -> the generator's loss


def _likely(score: Tensor, target: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(score, target)


def _sided(target: Tensor) -> Tensor:
    """1 for real, -1 for generated."""
    return 2 * target - 1


GAMES: dict[str, Game] = {
    "minimax": Game(_likely, lambda score: -F.softplus(score).mean()),  # log(1 - D)
    "non_saturating": Game(_likely, lambda score: F.softplus(-score).mean()),  # -log D
    "least_squares": Game(
        lambda score, target: (score - target).square().mean(), lambda score: (score - 1).square().mean()
    ),
    "wasserstein": Game(
        lambda score, target: -(_sided(target) * score).mean(), lambda score: -score.mean()
    ),
    "hinge": Game(
        lambda score, target: F.relu(1 - _sided(target) * score).mean(), lambda score: -score.mean()
    ),
}  # fmt: skip


def targets(
    count: int, real: bool, generator: torch.Generator, soft: float = 0.0, flips: float = 0.0
) -> Tensor:
    """(count,) labels: 1 or 0, moved up to `soft` towards the other, and a share `flips` of them swapped.

    Inside [0, 1] on purpose: labels beyond it, as some texts have them, pull the logit to infinity.
    """
    label = soft * torch.rand(count, generator=generator)
    label = 1 - label if real else label
    return torch.where(torch.rand(count, generator=generator) < flips, 1 - label, label)


def slopes(critic: Callable[[Tensor], Tensor], x: Tensor, *, create_graph: bool = False) -> Tensor:
    """Gradient of the score by its point: the shape of x."""
    x = x.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=create_graph)
    return slope


def gradient_penalty(
    critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, generator: torch.Generator
) -> Tensor:
    """How far the slope is from 1 between real and generated: Gulrajani et al. 2017, arXiv:1704.00028, eq. 3.

    The share of the way is uniform on [0, 1], one per pair.
    """
    share = torch.rand(len(real), *[1] * (real.ndim - 1), generator=generator).to(real)
    between = real + share * (fake.detach() - real)
    norm = slopes(critic, between, create_graph=True).flatten(1).norm(dim=1)
    return (norm - 1).square().mean()


def r1(critic: Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
    """Half the squared slope at real points: Mescheder et al. 2018, arXiv:1801.04406, eq. 9, gamma = 1."""
    return 0.5 * slopes(critic, real, create_graph=True).flatten(1).square().sum(1).mean()


@torch.no_grad()
def clip(critic: nn.Module, limit: float) -> None:
    """Every weight back into [-limit, limit]: Arjovsky et al., algorithm 1, line 7."""
    for weight in critic.parameters():
        weight.clamp_(-limit, limit)
