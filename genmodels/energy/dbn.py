"""Deep belief network: a restricted Boltzmann machine on top of another, learnt one after the other.

The first machine turns a picture into features, its hidden units. The second takes those features for its own
pictures and learns which of them go together; with it comes the digit's label, as ten more visible units of
which one is on. Together they are one model: the two upper layers are a Boltzmann machine, from there on
everything goes down, once:

    p(v, h1, h2, y) = p(h1, h2, y) p(v | h1)

So to draw is to let the top settle and to look down. Upwards p(h1 | v) of the first machine serves as
posterior, approximately, which gives a bound on log p(v):

    log p(v) >= E_q(h1|v) [log p(h1) + log p(v|h1)] + entropy of q

Hinton, Osindero and Teh (2006, "A fast learning algorithm for deep belief nets", section 6 has the labels);
the bound as Salakhutdinov and Murray (2008, section 5). We leave out the fine tuning of all layers together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from genmodels.energy.rbm import RBM, Luck, RBMConfig, draw_hidden, gibbs, uniform


@dataclass(frozen=True)
class LabelledConfig(RBMConfig):
    visible: int = 510  # features, then labels
    hidden: int = 2000
    labels: int = 10  # the last units of the visible layer: one of them is on


class LabelledRBM(RBM):
    """An RBM whose last visible units are one choice: exactly one of them is on."""

    Config = LabelledConfig

    def __init__(self, config: LabelledConfig = LabelledConfig()):  # noqa: B008 - frozen
        super().__init__(config)

    @property
    def features(self) -> int:
        return self.config.visible - self.config.labels

    def visible_chances(self, logits: Tensor) -> Tensor:
        units, choice = logits[..., : self.features], logits[..., self.features :]
        return torch.cat([units.sigmoid(), choice.softmax(-1)], -1)

    def draw_visible(self, logits: Tensor, luck: Luck) -> Tensor:
        u = uniform((len(logits), self.features + 1), luck).to(logits)
        chances = self.visible_chances(logits)
        units = (u[:, :-1] < chances[:, : self.features]).to(logits)
        passed = chances[:, self.features :].cumsum(1)[:, :-1] < u[:, -1:]  # by inverse CDF
        return torch.cat([units, F.one_hot(passed.sum(1), self.config.labels).to(logits)], 1)

    def visible_log_z(self, logits: Tensor) -> Tensor:
        units, choice = logits[..., : self.features], logits[..., self.features :]
        return F.softplus(units).sum(-1) + choice.logsumexp(-1)

    def label_energies(self, features: Tensor) -> Tensor:
        """F(features, y) for every label y: (B, labels). What labels share is computed once."""
        split = self.features
        shared = self.b + features @ self.weight[:split]  # (B, hidden)
        inputs = shared[:, None] + self.weight[split:]  # (B, labels, hidden)
        return -(features @ self.a[:split])[:, None] - self.a[split:] - F.softplus(inputs).sum(-1)


class Fantasy(NamedTuple):
    i: int  # sweeps of the top done
    x: Tensor  # (B, pixels) chances of the pixels, looking down from h1
    h1: Tensor  # (B, features) of 0 and 1
    h2: Tensor  # (B, hidden of the top)
    labels: Tensor  # (B, labels) one of them 1
    chances: Tensor  # (B, labels): what they were drawn from


class DBN:
    """Two machines, one on the other. Holds no weights of its own."""

    def __init__(self, bottom: RBM, top: LabelledRBM):
        if bottom.config.hidden != top.features:
            raise ValueError(f"{bottom.config.hidden} hidden units below, {top.features} features above")
        self.bottom, self.top = bottom, top

    def up(self, v: Tensor) -> Tensor:
        """Pictures -> chances of the features, (B, features)."""
        return self.bottom.hidden_logits(v).sigmoid()

    def read(self, v: Tensor) -> Tensor:
        """p(label | features) of pictures, (B, labels): from free energies, no classifier."""
        return (-self.top.label_energies(self.up(v))).softmax(-1)

    def start(self, count: int, luck: Luck, labels: Tensor | None = None) -> Tensor:
        """A top layer to begin at: features from noise through the first machine, labels given or drawn."""
        noise = (uniform((count, self.bottom.config.visible), luck) < 0.5).to(self.bottom.a)
        features = draw_hidden(self.bottom.hidden_logits(noise), luck)
        if labels is None:
            labels = (uniform((count, 1), luck)[:, 0] * self.top.config.labels).long()
        return torch.cat([features, F.one_hot(labels.cpu(), self.top.config.labels).to(features)], 1)

    @torch.no_grad()
    def sample(
        self,
        start: Tensor,
        steps: int,
        luck: Luck,
        clamp: bool = True,
        temperature: float | Sequence[float] = 1.0,
    ) -> Iterator[Fantasy]:
        """Gibbs sampling in the top, and the picture below at each sweep. `clamp` holds the labels."""
        split = self.top.features
        keep = torch.arange(self.top.config.visible, device=start.device) >= split if clamp else None
        for step in gibbs(self.top, start, steps, luck, keep, temperature):
            h1 = step.v[:, :split]
            x = self.bottom.visible_chances(self.bottom.visible_logits(h1))
            yield Fantasy(step.i, x, h1, step.h, step.v[:, split:], step.chances[:, split:])

    @torch.no_grad()
    def log_bound(self, v: Tensor, log_z: float, luck: Luck, draws: int = 1) -> Tensor:
        """A lower bound on log p(v), nats, (B,), estimated with `draws` of h1. `log_z` is the top's."""
        logits, found = self.bottom.hidden_logits(v), 0.0
        for _ in range(draws):
            h1 = draw_hidden(logits, luck)
            prior = torch.logsumexp(-self.top.label_energies(h1), 1) - log_z
            pixels = -F.binary_cross_entropy_with_logits(self.bottom.visible_logits(h1), v, reduction="none")
            posterior = -F.binary_cross_entropy_with_logits(logits, h1, reduction="none")
            found = found + (prior + pixels.sum(1) - posterior.sum(1)) / draws
        return found
