"""Three critics of two sets of points on a line: what each makes of how far apart they are.

All are the same small network, and all want high scores for real points and low ones for generated points.

- `sigmoid`: a discriminator; its score is a logit, and what it says is sigmoid(score), from 0 to 1.
- `clipped`: a Wasserstein critic whose weights are clipped after each step.
- `penalised`: one whose slope is pulled towards 1 between real and generated.

Among all functions whose slope never exceeds 1, the largest gap between the mean score of the real and that
of the generated points is the 1-Wasserstein distance (Kantorovich and Rubinstein; Arjovsky et al. 2017,
arXiv:1701.07875, eq. 2). Hence, for any function whatever, gap / largest slope is at most that distance.
The penalty is soft: between two heaps d apart the best slope is 1 + d / (2 weight), not 1.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from genmodels.gan.losses import GAMES, clip, gradient_penalty, slopes
from genmodels.lab.family import bounded
from genmodels.lab.mlp import Adam, mlp

KINDS = ("sigmoid", "clipped", "penalised")
BETAS = (0.5, 0.9)
REACH = 6.0  # of the line, to either side: where the network has its bends at the start


@dataclass(frozen=True)
class Knobs:
    kind: str = "penalised"  # one of KINDS
    limit: float = 0.02  # of a clipped critic's weights
    weight: float = 10.0  # of the penalty
    width: int = 64  # of the two hidden layers
    lr: float = 2e-3

    def __post_init__(self) -> None:
        bounds = {"limit": (1e-3, 1), "weight": (0.1, 1000), "width": (2, 256), "lr": (1e-5, 0.1)}
        bounded(self, bounds, {"kind": KINDS})


class Curve(NamedTuple):
    """What a critic says along the line, (N,) each, and what it says of the two sets."""

    says: Tensor  # the score; of a discriminator its sigmoid
    slope: Tensor  # of what it says
    pull: Tensor  # where the generator's loss wants a point to go; minimax for a discriminator
    urged: Tensor  # the same for the non-saturating loss; of the others, `pull` again
    gap: float  # mean over the real less mean over the generated points
    steepest: float  # the largest slope from the first to the last point of both sets


class Critic:
    """Points are (n,); everything is on the line."""

    def __init__(self, knobs: Knobs = Knobs(), seed: int = 0):  # noqa: B008 - frozen
        self.knobs, self.random = knobs, torch.Generator().manual_seed(seed)
        self.layers = mlp((1, knobs.width, knobs.width, 1), self.random, lambda: nn.LeakyReLU(0.2))
        with torch.no_grad():
            first, *_, last = self.layers
            first.bias.uniform_(-REACH, REACH, generator=self.random).mul_(
                first.weight[:, 0]
            )  # bends everywhere
            last.weight.zero_()  # flat: the penalty asks for a slope of 1, and not which way
        self.down = Adam(self.layers, knobs.lr, BETAS)
        self.game = GAMES["minimax" if knobs.kind == "sigmoid" else "wasserstein"]

    def score(self, x: Tensor) -> Tensor:
        return self.layers(x.reshape(-1, 1))[:, 0]

    def step(self, real: Tensor, fake: Tensor) -> float:
        """One update on both sets, as they are: the loss."""
        score = self.score(torch.cat([real, fake]))
        loss = self.game.judge(score[: len(real)], torch.ones(len(real)))
        loss = loss + self.game.judge(score[len(real) :], torch.zeros(len(fake)))
        if self.knobs.kind == "penalised":
            slope = gradient_penalty(self.layers, real[:, None], fake[:, None], self.random)
            loss = loss + self.knobs.weight * slope
        self.down.step(loss)
        if self.knobs.kind == "clipped":
            clip(self.layers, self.knobs.limit)
        return loss.item()

    def says(self, x: Tensor) -> Tensor:
        return self.score(x).sigmoid() if self.knobs.kind == "sigmoid" else self.score(x)

    def look(self, x: Tensor, real: Tensor, fake: Tensor) -> Curve:
        with torch.no_grad():
            said, gap = self.says(x), (self.says(real).mean() - self.says(fake).mean()).item()
        slope = slopes(self.says, x)
        pull = -slopes(lambda at: len(at) * self.game.fool(self.score(at)), x)
        urged = pull
        if self.knobs.kind == "sigmoid":
            urged = -slopes(lambda at: len(at) * GAMES["non_saturating"].fool(self.score(at)), x)
        between = torch.linspace(*torch.cat([real, fake]).aminmax(), 2000, dtype=x.dtype)
        return Curve(said, slope, pull, urged, gap, slopes(self.says, between).abs().max().item())
