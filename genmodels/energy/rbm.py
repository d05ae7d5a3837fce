"""Restricted Boltzmann machine: visible and hidden units, every pair of unlike ones tied by a weight.

Two layers of units that are 0 or 1, and an energy that is low where they agree:

    E(v, h) = -a.v - b.h - v W h                p(v, h) = exp(-E(v, h)) / Z

No unit is tied to one of its own layer, so that given one layer the units of the other are independent and
can be drawn all at once: Gibbs sampling by blocks. The hidden layer can even be summed away, which leaves the
free energy F(v) = -log sum_h exp(-E(v, h)), and p(v) = exp(-F(v)) / Z. Z itself, a sum over 2^784 pictures,
is what nobody can compute; `log_z` does for small machines, `ais` estimates it for large ones.

The machine is Smolensky's (1986); learning by contrastive divergence is Hinton's (2002, "Training products of
experts by minimizing contrastive divergence"), its persistent form Tieleman's (2008), annealed importance
sampling for it from Salakhutdinov and Murray (2008, "On the quantitative analysis of deep belief networks"),
the centred gradient from Montavon and Mueller (2012). Pictures here are (B, visible) of 0 and 1.
"""

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from genmodels.model import Model

COOLED = 0.6  # of a chain that starts hot, until it is at its last temperature
MOST = 20  # units that are still enumerated: a million states
Luck = Generator | Sequence[Generator]  # one for all rows, or one for each


@dataclass(frozen=True)
class RBMConfig:
    visible: int = 784  # pixels
    hidden: int = 500  # units that explain them


class RBM(Model):
    """`energy(v, h)`, `free_energy(v)`, and both conditionals. Low energy is plausible."""

    Config = RBMConfig

    def __init__(self, config: RBMConfig = RBMConfig()):  # noqa: B008 - frozen
        super().__init__(config)
        self.weight = nn.Parameter(0.01 * torch.randn(config.visible, config.hidden))  # W
        self.a = nn.Parameter(torch.zeros(config.visible))
        self.b = nn.Parameter(torch.zeros(config.hidden))

    def energy(self, v: Tensor, h: Tensor) -> Tensor:
        return -(v @ self.a) - h @ self.b - ((v @ self.weight) * h).sum(-1)

    def free_energy(self, v: Tensor) -> Tensor:
        """-log of the sum over h of exp(-E): each hidden unit adds its own softplus."""
        return -(v @ self.a) - F.softplus(self.hidden_logits(v)).sum(-1)

    def hidden_logits(self, v: Tensor) -> Tensor:
        return self.b + v @ self.weight  # (B, hidden)

    def visible_logits(self, h: Tensor) -> Tensor:
        return self.a + h @ self.weight.T  # (B, visible)

    def visible_chances(self, logits: Tensor) -> Tensor:
        return logits.sigmoid()

    def draw_visible(self, logits: Tensor, luck: Luck) -> Tensor:
        return (uniform(logits.shape, luck).to(logits) < logits.sigmoid()).to(logits)

    def visible_log_z(self, logits: Tensor) -> Tensor:
        """log of the sum over all v of exp(logits.v)."""
        return F.softplus(logits).sum(-1)


def uniform(shape: Sequence[int], luck: Luck) -> Tensor:
    """(B, n) uniform numbers, of one generator or of one for each row."""
    if isinstance(luck, Generator):
        return torch.rand(tuple(shape), generator=luck)
    return torch.stack([torch.rand(shape[1], generator=g) for g in luck])


def draw_hidden(logits: Tensor, luck: Luck) -> Tensor:
    return (uniform(logits.shape, luck).to(logits) < logits.sigmoid()).to(logits)


# ------------------------------------------------------------------------------ sampling


class Step(NamedTuple):
    i: int  # sweeps done
    v: Tensor  # (B, visible) of 0 and 1
    chances: Tensor  # (B, visible): what v was drawn from; 0 or 1 where clamped
    h: Tensor  # (B, hidden) that these chances follow from
    active: Tensor  # (B, hidden): what h was drawn from


@torch.no_grad()
def gibbs(
    rbm: RBM,
    v: Tensor,
    steps: int,
    luck: Luck,
    keep: Tensor | None = None,
    temperature: float | Sequence[float] = 1.0,
    off: Tensor | None = None,
) -> Iterator[Step]:
    """v -> h -> v -> h ... : each sweep draws the hidden layer given the visible one, then the other way.

    `keep`, (visible,) bool: units that stay as they are, so that the rest settles given them.
    `off`, (hidden,) bool: units that are held at 0. A temperature T draws from p^(1/T); there may be one for
    each sweep, as `cooling` gives them.
    """
    given, heat = v, [temperature] * steps if isinstance(temperature, float | int) else temperature
    for i in range(1, steps + 1):
        logits = rbm.hidden_logits(v) / heat[i - 1]
        h = draw_hidden(logits, luck)
        h = h if off is None else h.masked_fill(off, 0.0)
        back = rbm.visible_logits(h) / heat[i - 1]
        v, chances = rbm.draw_visible(back, luck), rbm.visible_chances(back)
        if keep is not None:
            v, chances = torch.where(keep, given, v), torch.where(keep, given, chances)
        yield Step(i, v, chances, h, logits.sigmoid())


def cooling(steps: int, hot: float, end: float = 1.0) -> list[float]:
    """Temperatures of a chain that starts hot, not to freeze in the first valley it meets."""
    return [end + (hot - end) * max(0.0, 1 - i / (COOLED * steps)) for i in range(1, steps + 1)]


def last(steps: Iterator[Any]) -> Any:
    """The end of a chain."""
    return deque(steps, maxlen=1)[0]


# ------------------------------------------------------------------------------ learning


class Gradient(NamedTuple):
    """Of the mean log-likelihood: what learning adds, times a rate."""

    weight: Tensor  # (visible, hidden)
    a: Tensor
    b: Tensor


@torch.no_grad()
def moments(rbm: RBM, v: Tensor, weights: Tensor | None = None) -> Gradient:
    """<v h>, <v>, <h> with v given, h averaged over. `weights` of the rows sum to 1; equal if not given."""
    active = rbm.hidden_logits(v).sigmoid()
    scaled = v / len(v) if weights is None else v * weights[:, None]
    share = active / len(v) if weights is None else active * weights[:, None]
    return Gradient(scaled.T @ active, scaled.sum(0), share.sum(0))


def between(positive: Gradient, negative: Gradient) -> Gradient:
    """Raise what the data do, lower what the model does by itself."""
    return Gradient(*(p - n for p, n in zip(positive, negative, strict=True)))


def contrastive_divergence(rbm: RBM, v: Tensor, k: int, luck: Luck) -> tuple[Gradient, Tensor]:
    """CD-k: the model's own side is taken after k sweeps that start at the data. Biased, as k is finite."""
    found = last(gibbs(rbm, v, k, luck)).v
    return between(moments(rbm, v), moments(rbm, found)), found


def persistent(rbm: RBM, v: Tensor, chains: Tensor, k: int, luck: Luck) -> tuple[Gradient, Tensor]:
    """The same with chains that go on from where the last step left them, and so forget where they began."""
    found = last(gibbs(rbm, chains, k, luck)).v
    return between(moments(rbm, v), moments(rbm, found)), found


@torch.no_grad()
def exact(rbm: RBM, v: Tensor) -> Gradient:
    """The gradient itself, by enumeration: for machines small enough."""
    return between(moments(rbm, v), model_moments(rbm))


@torch.no_grad()
def model_moments(rbm: RBM) -> Gradient:
    """<v h>, <v>, <h> under the model, over all states of the smaller layer."""
    if rbm.config.visible <= rbm.config.hidden:
        v = states(rbm.config.visible).to(rbm.a)
        return moments(rbm, v, (-rbm.free_energy(v)).softmax(0))
    h = states(rbm.config.hidden).to(rbm.b)
    logits = rbm.visible_logits(h)
    p = (h @ rbm.b + F.softplus(logits).sum(-1)).softmax(0)[:, None]
    seen = logits.sigmoid()
    return Gradient(seen.T @ (p * h), (p * seen).sum(0), (p * h).sum(0))


def centred(gradient: Gradient, mean_v: Tensor, mean_h: Tensor) -> Gradient:
    """The same ascent as if units were counted from their means: it no longer depends on what is called 1."""
    weight = gradient.weight - gradient.a[:, None] * mean_h - mean_v[:, None] * gradient.b
    return Gradient(weight, gradient.a - weight @ mean_h, gradient.b - mean_v @ weight)


# ------------------------------------------------------------------------------ how likely is it


def states(n: int) -> Tensor:
    """All states of n units, (2^n, n); the first unit changes fastest."""
    if n > MOST:
        raise ValueError(f"{n} units have 2^{n} states; at most {MOST} units are enumerated")
    return (torch.arange(2**n)[:, None] >> torch.arange(n) & 1).float()


@torch.no_grad()
def log_z(rbm: RBM) -> float:
    """log of the partition function, exactly, over all states of the smaller layer."""
    if rbm.config.visible <= rbm.config.hidden:
        return torch.logsumexp(-rbm.free_energy(states(rbm.config.visible).to(rbm.a)), 0).item()
    h = states(rbm.config.hidden).to(rbm.b)
    return torch.logsumexp(h @ rbm.b + rbm.visible_log_z(rbm.visible_logits(h)), 0).item()


class Annealed(NamedTuple):
    i: int  # temperatures passed
    beta: float  # from 0, the base, to 1, the machine
    v: Tensor  # (chains, visible)
    log_weights: Tensor  # (chains,): each alone is an estimate of log Z, on average too low


@torch.no_grad()
def ais(rbm: RBM, base: Tensor, betas: Sequence[float], chains: int, luck: Luck) -> Iterator[Annealed]:
    """Annealed importance sampling: from independent pixels with logits `base`, whose Z is known, to the RBM.

    Each step mixes a little more of the machine in, weighs what the chains gain by it, and sweeps once.
    """
    logits = base.expand(chains, -1)
    v = rbm.draw_visible(logits, luck)
    found = torch.full((chains,), (rbm.visible_log_z(base) + rbm.config.hidden * math.log(2)).item())
    found, before = found.to(base), float(betas[0])
    for i, beta in enumerate(betas[1:], 1):
        beta, inputs = float(beta), rbm.hidden_logits(v)
        gain = F.softplus(beta * inputs).sum(1) - F.softplus(before * inputs).sum(1)
        found = found + gain + (beta - before) * (v @ (rbm.a - base))
        h = draw_hidden(beta * inputs, luck)
        v = rbm.draw_visible((1 - beta) * base + beta * rbm.visible_logits(h), luck)
        before = beta
        yield Annealed(i, beta, v, found)


def estimate(log_weights: Tensor) -> tuple[float, float]:
    """log Z from the weights of the chains, and its standard error (that of their mean, over the mean)."""
    n = len(log_weights)
    mean = torch.logsumexp(log_weights.double(), 0) - math.log(n)
    spread = (log_weights.double() - mean).exp().std() / math.sqrt(n)
    return mean.item(), spread.item()


def log_likelihood(rbm: RBM, v: Tensor, log_z: float) -> Tensor:
    """log p of each picture, nats: (B,)."""
    return -rbm.free_energy(v) - log_z
