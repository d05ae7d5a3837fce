"""Why training hides the future: two small GPTs learn to foresee throws of a die, one without the mask.

Nobody can say more of a fair die than that each face has one chance in six, log2 6 = 2.585 bits a throw. The
model whose attention may look at the throws after finds the answer there and pays nothing. Yet a text
is written where nothing comes after: asked for the next of HALF throws it is surer than one that
never cheated, and wrong. Vaswani and others: Attention Is All You Need, 2017, section 3.2.3.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from genmodels.text.gpt import GPT, GPTConfig

FACES, THROWS, HALF, ROWS = (
    6,
    16,
    8,
    32,
)  # faces, throws of a row, throws of one being written, rows of a batch
FAIR = math.log2(FACES)


class Step(NamedTuple):
    i: int
    bits: Tensor  # (2,): of the throws of a row, with the mask and without
    writing: Tensor  # (2,): of the throw that follows HALF of them, when nothing comes after


def small(seed: int) -> GPT:
    """A GPT of two layers whose weights come from a generator of its own."""
    model = GPT(GPTConfig(vocab_size=FACES, n_positions=THROWS, n_embd=32, n_layer=2, n_head=2))
    luck = torch.Generator().manual_seed(seed)
    for p in model.parameters():
        if p.dim() > 1:
            torch.nn.init.normal_(p, std=0.08, generator=luck)
    return model


def guess(model: GPT, x: Tensor, masked: bool) -> Tensor:
    """(B, n) -> logits (B, n, V) of the next of each."""
    every = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool)
    h, at = model.embed(x), model.place(x, 0, every.tril() if masked else every)
    for block in model.h:
        h = block(h, at)
    return model.read(h).unflatten(0, x.shape)


def dice(seed: int, steps: int, pace: float = 4e-3) -> Iterator[Step]:
    """Train both on the same throws, always new ones, so that what is measured was never seen."""
    models = [small(seed), small(seed)]
    optimisers = [torch.optim.Adam(m.parameters(), pace) for m in models]
    luck = torch.Generator().manual_seed(seed)
    for i in range(1, steps + 1):
        throws = torch.randint(FACES, (ROWS, THROWS + 1), generator=luck)
        found, alone = [], []
        for model, optimiser, masked in zip(models, optimisers, (True, False), strict=True):
            alone.append(ahead(model, throws, masked))
            with torch.enable_grad():
                logits = guess(model, throws[:, :-1], masked)[:, :-1]  # nobody sees what follows the last one
                loss = F.cross_entropy(logits.transpose(1, 2), throws[:, 1:-1])
                optimiser.zero_grad()
                loss.backward()
            optimiser.step()
            found.append(loss.detach() / math.log(2))
        yield Step(i, torch.stack(found), torch.stack(alone))


@torch.no_grad()
def ahead(model: GPT, throws: Tensor, masked: bool) -> Tensor:
    """Bits of the throw that comes after HALF."""
    logits = guess(model, throws[:, :HALF], masked)[:, -1]
    return F.cross_entropy(logits, throws[:, HALF]) / math.log(2)
