"""A test of memory that takes seconds: say at the end which symbol stood at the beginning.

    b  6 4 7 7 5 6 4 7 ... 5  ?  ->  b          four symbols to remember, four that only fill the time

After Hochreiter and Schmidhuber, 1997, experiment 2 (and after the temporal order of Bengio et al., 1994):
nothing between helps, so what is said can only come from the state, and what is learnt only from a gradient
that reached back all the way.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from genmodels.text.reach import slopes
from genmodels.text.rnn import RNN, GRUCell, LSTMCell, RNNConfig

SYMBOLS = 4  # to remember; as many fill the time
ASK = 2 * SYMBOLS  # the token after which it answers
BATCH = 32


class Recall:
    """A network of one layer that learns this task with `gap` tokens between."""

    def __init__(self, cell: str, gap: int, hidden: int, keep: float, seed: int):
        self.gap, self.generator = gap, torch.Generator().manual_seed(seed)
        self.model = RNN(RNNConfig(ASK + 1, 16, hidden, 1, cell))
        self.begin(keep)
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=0.01)
        self.steps, self.right = 0, 1 / SYMBOLS  # the share that is right, averaged over the last steps

    @torch.no_grad()
    def begin(self, keep: float) -> None:
        """Weights of this seed. `keep` is the bias of the gate that decides what stays, to begin with."""
        layer = self.model.layers[0]
        for name, p in self.model.named_parameters():
            size = 1.0 if name == "embed.weight" else layer.hidden**-0.5
            p.copy_(size * (2 * torch.rand(p.shape, generator=self.generator) - 1) * (p.ndim > 1))
        gate = {LSTMCell: keep, GRUCell: -keep}.get(type(layer))
        if gate is not None:  # the second block of either: forget, update
            layer.bias[layer.hidden : 2 * layer.hidden] = gate

    def texts(self, count: int, gap: int, generator: torch.Generator) -> Tensor:
        """(count, gap + 2)"""
        first = torch.randint(SYMBOLS, (count, 1), generator=generator)
        filling = torch.randint(SYMBOLS, ASK, (count, gap), generator=generator)
        return torch.cat([first, filling, torch.full((count, 1), ASK)], 1)

    def learn(self) -> None:
        """One step."""
        x = self.texts(BATCH, self.gap, self.generator)
        said = self.model.logits(x)[:, -1, :SYMBOLS]
        self.optimiser.zero_grad()
        F.cross_entropy(said, x[:, 0]).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.steps += 1
        self.right += 0.1 * ((said.argmax(1) == x[:, 0]).float().mean().item() - self.right)

    @torch.no_grad()
    def tested(self, gap: int, count: int = 400) -> float:
        """The share that is right of fresh texts with another gap."""
        x = self.texts(count, gap, torch.Generator().manual_seed(0))
        said = self.model.logits(x)[:, -1, :SYMBOLS]
        return (said.argmax(1) == x[:, 0]).float().mean().item()

    def arrives(self) -> float:
        """Of the gradient at the token that asks, the share that arrives at the symbol to remember."""
        x = self.texts(1, self.gap, torch.Generator().manual_seed(0))
        x = torch.cat([x, x[:, :1]], 1)
        (row,) = slopes(self.model, self.model.embed, x, [x.shape[1] - 1])
        return (row[-1] / row[0]).item()
