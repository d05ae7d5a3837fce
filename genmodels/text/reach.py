"""How far back a model reaches: the gradient of what it says about the next token, at every token before.

The logarithm of the chance of a token depends on the vectors that all tokens before it were looked up as. The
length of its derivative by each says how much a small change there would change the answer. In a recurrent
network that derivative is a product of as many matrices as there are tokens between, so it shrinks (or grows)
by a factor for each: the vanishing gradient (Bengio, Simard and Frasconi, 1994; Pascanu, Mikolov and Bengio,
arXiv:1211.5063, equation 5). It is measured here, by autograd, and holds for any model that looks tokens up.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from genmodels.text.language import LanguageModel


def slopes(model: LanguageModel, table: nn.Embedding, tokens: Tensor, ends: Sequence[int]) -> list[Tensor]:
    """For each of `ends`, where a token of (1, n) is foretold from those before: (end,) lengths of the
    derivatives of its log-chance by the vectors of those, the nearest first. `table` is where `model` looks
    tokens up."""
    looked: list[Tensor] = []

    def keep(_: nn.Module, __: tuple[Tensor, ...], found: Tensor) -> Tensor:
        looked.append(found.detach().requires_grad_())
        return looked[-1]

    hook = table.register_forward_hook(keep)
    try:
        with torch.enable_grad():
            log_probs = model.logits(tokens)[0].float().log_softmax(-1)
            chances = [log_probs[end - 1, tokens[0, end]] for end in ends]
            grads = [torch.autograd.grad(c, looked[0], retain_graph=True)[0] for c in chances]
    finally:
        hook.remove()
    return [
        g.reshape(tokens.shape[1], -1)[:end].norm(dim=1).flip(0) for g, end in zip(grads, ends, strict=True)
    ]


def reach(
    model: LanguageModel, table: nn.Embedding, tokens: Tensor, back: int, ends: Sequence[int]
) -> Tensor:
    """(back,): the root mean square of the slopes over `ends`, as a share of that at the nearest token."""
    rows = torch.stack([row[:back] for row in slopes(model, table, tokens, ends)])
    size = rows.square().mean(0).sqrt()
    return size / size[0]
