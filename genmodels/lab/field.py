"""A network that gives each point of the plane a vector at each moment: for diffusion and flow matching."""

from math import pi

import torch
from torch import Tensor, nn

from genmodels.lab.mlp import mlp

SCALE = 2.0  # the plane within [-4, 4], divided by it, varies about as much as N(0, I)
DEPTH = 3  # hidden layers
FINE = 3.0  # standard deviation of the waves' numbers: the finest are a third of a unit of the plane long


class Field(nn.Module):
    """(B, 2), moment t in [0, 1] as (B, 1) or one number -> (B, 2). It starts at 0 everywhere.

    The moment enters with its first sines and cosines, the place with sines and cosines across the plane: a
    network of plain coordinates learns fine structure late (Tancik et al. 2020, arXiv:2006.10739).
    """

    def __init__(self, width: int, generator: torch.Generator | None, waves: int = 16, turns: int = 3):
        super().__init__()
        waving = FINE * torch.randn(2, waves, generator=generator)
        self.register_buffer("waves", waving.half().float())  # which is how it is stored
        self.register_buffer("turns", torch.arange(1, turns + 1) * pi, persistent=False)
        inputs = 2 + 2 * waves + 1 + 2 * turns
        self.layers = mlp((inputs, *[width] * DEPTH, 2), generator, nn.SiLU)
        nn.init.zeros_(self.layers[-1].weight)

    def forward(self, x: Tensor, t: Tensor | float) -> Tensor:
        t = torch.as_tensor(t, dtype=x.dtype).expand(len(x), 1)
        wave, turn = x @ self.waves, t * self.turns
        return self.layers(torch.cat([x, wave.sin(), wave.cos(), t, turn.sin(), turn.cos()], 1))

    def push(self, x: Tensor, t: Tensor | float, directions: Tensor) -> tuple[Tensor, Tensor]:
        """The vector, and how it changes along `directions` (K, B, 2): (B, 2) and (K, B, 2).

        The chain rule carried along, layer by layer: a third of the time that asking autograd for it takes.
        """
        t = torch.as_tensor(t, dtype=x.dtype).expand(len(x), 1)
        wave, turn = x @ self.waves, t * self.turns
        sin, cos, along = wave.sin(), wave.cos(), directions @ self.waves
        still = torch.zeros(*directions.shape[:2], 1 + 2 * len(self.turns), dtype=x.dtype, device=x.device)
        h = torch.cat([x, sin, cos, t, turn.sin(), turn.cos()], 1)
        change = torch.cat([directions, cos * along, -sin * along, still], 2)
        for layer in self.layers:
            if isinstance(layer, nn.Linear):
                h, change = layer(h), change @ layer.weight.T
            else:  # SiLU: h sigmoid(h)
                gate = h.sigmoid()
                h, change = h * gate, change * gate * (1 + h * (1 - gate))
        return h, change


def moments(n: int, generator: torch.Generator) -> Tensor:
    """(n, 1) in [0, 1], more of them near 0, where the data is and where there is much to learn.

    One in each n-th of the shares, instead of n by chance: less noise in the gradient.
    """
    return (((torch.arange(n) + torch.rand(n, generator=generator)) / n) ** 1.5)[:, None]
