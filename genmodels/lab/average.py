"""The mean of a network's latest weights: it trains as restlessly as ever and is looked at calmly."""

from copy import deepcopy

from torch import nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from genmodels.lab.mlp import Adam

KEEP = 0.995  # of the mean stays at each step; less at first, when there is little to keep


class Average:
    """A second copy of what `adam` trains. At each `follow` its weights move a little towards the first's."""

    def __init__(self, network: nn.Module, adam: Adam, keep: float = KEEP):
        self.network, self.adam, self.keep, self.done = deepcopy(network), adam, keep, 0
        self.flat = parameters_to_vector(self.network.parameters()).detach()
        vector_to_parameters(self.flat, self.network.parameters())  # which become windows on the vector
        self.network.requires_grad_(False)

    def follow(self) -> None:
        self.done += 1
        self.flat.lerp_(self.adam.flat, 1 - min(self.keep, (1 + self.done) / (10 + self.done)))
