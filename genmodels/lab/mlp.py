"""A small network and a quick Adam: in so small a one, calling an operation costs more than doing it."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

HUGE = 100.0  # a weight beyond it is on its way to infinity


def mlp(
    sizes: Sequence[int], generator: torch.Generator, activation: Callable[[], nn.Module] = nn.ReLU
) -> nn.Sequential:
    """Linear layers of these sizes, an activation between them. He et al. 2015: the signal keeps its size."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        linear = nn.utils.skip_init(nn.Linear, inputs, outputs)
        nn.init.kaiming_normal_(linear.weight, nonlinearity="relu", generator=generator)
        nn.init.zeros_(linear.bias)
        layers += [linear, activation()]
    return nn.Sequential(*layers[:-1])


class Adam:
    """Kingma and Ba 2014, arXiv:1412.6980, algorithm 1, on all weights of a network as one long vector.

    The network's parameters become windows on that vector. A step that would leave every bound is not made:
    `step` says so, and the weights stay as they were.
    """

    def __init__(
        self, network: nn.Module, lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8
    ):
        self.lr, self.betas, self.eps, self.t = lr, betas, eps, 0
        self.weights = list(network.parameters())
        self.flat = torch.cat([w.detach().flatten() for w in self.weights])
        for weight, window in zip(
            self.weights, self.flat.split([w.numel() for w in self.weights]), strict=True
        ):
            weight.data = window.view_as(weight)
        self.mean, self.square = torch.zeros_like(self.flat), torch.zeros_like(self.flat)

    @torch.no_grad()
    def step(self, loss: Tensor) -> bool:
        """Down the slope of the loss; False where that leads out of all bounds."""
        slope = torch.cat([s.flatten() for s in torch.autograd.grad(loss, self.weights)])
        self.t += 1
        a, b = self.betas
        self.mean.lerp_(slope, 1 - a)
        self.square.lerp_(slope.square(), 1 - b)
        spread = (self.square / (1 - b**self.t)).sqrt_().add_(self.eps)
        new = self.flat.addcdiv(self.mean, spread, value=-self.lr / (1 - a**self.t))
        if not new.abs().max().item() < HUGE:  # also where it is not a number
            return False
        self.flat.copy_(new)
        return True
