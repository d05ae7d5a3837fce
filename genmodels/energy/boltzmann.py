"""Boltzmann machine: units that are 0 or 1, each pair tied by a weight, few enough to count every state.

    E(s) = -1/2 s W s - b.s        W symmetric, zero on its diagonal        p(s) = exp(-E(s) / T) / Z

A positive weight wants both of its units on. The half is there because s W s counts each pair twice. With
visible and hidden units apart, the term v W h counts each pair once and takes no half; Foster's *Generative
Deep Learning* prints the half before all three terms, which is the same machine with W twice as large.

Learning raises the correlations that the data have and lowers those that the machine has by itself (Ackley,
Hinton and Sejnowski 1985, "A learning algorithm for Boltzmann machines"). Here both are exact sums; with more
than some twenty units both need Gibbs sampling, one unit at a time, which is why nobody uses large ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from genmodels.energy.rbm import states


class Hop(NamedTuple):
    i: int  # updates done
    unit: int  # that was updated
    chance: float  # that it had to be on
    state: Tensor  # (n,) of 0 and 1, after


@dataclass(frozen=True)
class BoltzmannMachine:
    """`energy(s)`, and by enumeration everything there is to know."""

    weight: Tensor  # (n, n), symmetric, 0 on the diagonal
    bias: Tensor  # (n,)

    def __post_init__(self) -> None:
        if not torch.equal(self.weight, self.weight.T) or self.weight.diagonal().any():
            raise ValueError("the weights must be symmetric, with zeros on the diagonal")

    @property
    def units(self) -> int:
        return len(self.bias)

    def energy(self, s: Tensor) -> Tensor:
        return -0.5 * ((s @ self.weight) * s).sum(-1) - s @ self.bias

    def states(self) -> Tensor:
        return states(self.units).to(self.bias)

    def chances(self, temperature: float = 1.0) -> Tensor:
        """p of every state, (2^n,), in the order of `states`."""
        return (-self.energy(self.states()) / temperature).softmax(0)

    def log_z(self, temperature: float = 1.0) -> float:
        return torch.logsumexp(-self.energy(self.states()) / temperature, 0).item()

    def chance(self, s: Tensor, unit: int, temperature: float = 1.0) -> float:
        """That a unit is on given all others: what they push it with, through a sigmoid."""
        return torch.sigmoid((self.weight[unit] @ s + self.bias[unit]) / temperature).item()

    def log_likelihood(self, v: Tensor) -> Tensor:
        """log p of the first units being v, (B,); further units are hidden and summed away."""
        hidden = states(self.units - v.shape[1]).to(v)
        both = torch.cat([v.repeat_interleave(len(hidden), 0), hidden.repeat(len(v), 1)], 1)
        return torch.logsumexp(-self.energy(both).reshape(len(v), -1), 1) - self.log_z()

    def gradient(self, v: Tensor) -> tuple[Tensor, Tensor]:
        """Of the mean log-likelihood of data (B, visible), exactly: (by weights, by biases)."""
        hidden = states(self.units - v.shape[1]).to(v)
        both = torch.cat([v.repeat_interleave(len(hidden), 0), hidden.repeat(len(v), 1)], 1)
        told = (-self.energy(both)).reshape(len(v), -1).softmax(1).flatten() / len(v)
        free, alone = self.states(), self.chances()
        correlations = (both.T * told) @ both - (free.T * alone) @ free
        return correlations.fill_diagonal_(0), told @ both - alone @ free


def hebb(patterns: Tensor, strength: float = 1.0) -> BoltzmannMachine:
    """A machine that remembers patterns (B, n): weights where units agree, against where they differ."""
    sign = 2 * patterns - 1
    weight = 4 * strength * (sign.T @ sign) / len(patterns)  # in units of -1 and 1 it would be without the 4
    weight = weight.fill_diagonal_(0)
    return BoltzmannMachine(weight, -weight.sum(1) / 2)  # no side preferred


@torch.no_grad()
def hops(
    machine: BoltzmannMachine, s: Tensor, steps: int, generator: Generator, temperature: float = 1.0
) -> Iterator[Hop]:
    """Gibbs sampling one unit at a time: pick one, draw it given all others."""
    s = s.clone()
    for i in range(1, steps + 1):
        unit = int(torch.randint(machine.units, (), generator=generator))
        chance = machine.chance(s, unit, temperature)
        s[unit] = float(torch.rand((), generator=generator) < chance)
        yield Hop(i, unit, chance, s.clone())
