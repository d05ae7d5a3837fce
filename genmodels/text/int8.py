"""A transformer whose weights are whole numbers from -127 to 127: a quarter of the bytes, for a little loss.

What it saves is memory: a model fits where it didn't. At the size of GPT-2 it is as fast as with whole
weights (`python -m benchmarks gpt2`): a quarter of the bytes comes from memory sooner, but every product
takes more steps. Each output of a layer has a scale of its own, and what was between two whole numbers is
lost: `loss` says what that costs. What the layers work on keeps 15 bits: a vector goes through as two rows of
bytes, the coarse part and what that left over, so nothing but the rounding of weights counts. The rows are
multiplied in whole numbers, exactly.

Weight-only rounding per output channel, as in Dettmers and others: LLM.int8(), arXiv:2208.07339, section 2.1,
without its exceptions for outliers, which small models don't have.
"""

import copy
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from genmodels.nn.attention import Affine
from genmodels.text import gpt
from genmodels.text.language import LanguageModel
from genmodels.text.writing import surprise

Net = TypeVar("Net", bound=nn.Module)
TOP = 127
NEAR = 2**22  # bytes that stay near the processor between two products


def rounded(weight: Tensor) -> tuple[Tensor, Tensor]:
    """(out, in) -> whole numbers (out, in) and a scale (out, 1)."""
    weight = weight.float()
    scale = (weight.abs().amax(1, keepdim=True) / TOP).clamp(min=1e-12)
    return (weight / scale).round().to(torch.int8), scale


@cache
def exact(device: torch.device) -> bool:
    """Whether this device multiplies bytes without overflow: older processors add two in 16 bits."""
    if device.type != "cpu":
        return False
    x, w = (torch.full(shape, TOP, dtype=torch.int8) for shape in ((2, 64), (64, 16)))
    return bool(
        (torch._int_mm(x, w) == 64 * TOP * TOP).all() and (torch._int_mm(-x, w) == -64 * TOP * TOP).all()
    )


def product(x: Tensor, whole: Tensor, scale: Tensor) -> Tensor:
    """Rows (n, in) times the weights -> (n, out)."""
    if not exact(x.device):
        return x @ whole.T.to(x.dtype) * scale[:, 0]
    coarse = (x.abs().amax(1, keepdim=True) / TOP).clamp(min=1e-12)
    steps = x / coarse
    first = steps.round()
    rest = ((steps - first) * (2 * TOP)).round()
    first, rest = multiply(first.to(torch.int8), rest.to(torch.int8), whole)
    return torch.add(first, rest, alpha=0.5 / TOP) * (coarse * scale[:, 0])


def multiply(first: Tensor, rest: Tensor, whole: Tensor) -> tuple[Tensor, Tensor]:
    """Two sets of rows (n, in) times the weights -> (n, out) each.

    Two single rows are two products, the second with weights that have just come from memory: that is faster
    than one product of two rows, which torch does in another way.
    """
    if len(first) > 1:
        return torch._int_mm(torch.cat((first, rest)), whole.T).float().chunk(2)
    parts = [
        (torch._int_mm(first, w.T), torch._int_mm(rest, w.T)) for w in whole.split(NEAR // whole.shape[1])
    ]
    return tuple(torch.cat(part, 1).float() for part in zip(*parts, strict=True))


class Product(nn.Module):
    """x W + b, of rows or of anything whose last dimension they are."""

    def __init__(self, weight: Tensor, bias: Tensor | None):
        super().__init__()
        whole, scale = rounded(weight)
        self.register_buffer("whole", whole)
        self.register_buffer("scale", scale)
        self.register_buffer("bias", bias)

    def forward(self, x: Tensor) -> Tensor:
        y = product(x.reshape(-1, x.shape[-1]), self.whole, self.scale).unflatten(0, x.shape[:-1])
        return y if self.bias is None else y + self.bias


class Table(nn.Module):
    """A vector per token, by which it is looked up and by which it is recognised."""

    def __init__(self, weight: Tensor):
        super().__init__()
        whole, scale = rounded(weight)
        self.register_buffer("whole", whole)
        self.register_buffer("scale", scale)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.whole[tokens] * self.scale[tokens]

    def likeness(self, x: Tensor) -> Tensor:
        return product(x.reshape(-1, x.shape[-1]), self.whole, self.scale).unflatten(0, x.shape[:-1])


def int8(model: Net) -> Net:
    """The same model with its products and its table of tokens in whole numbers. Shares all the rest."""
    if isinstance(model, Affine):
        return Product(model.weight.T, model.bias)
    if isinstance(model, nn.Linear):
        return Product(model.weight, model.bias)
    if type(model) is gpt.Table:
        return Table(model.weight)
    new = copy.copy(model)
    new._modules = {name: child and int8(child) for name, child in model._modules.items()}
    return new


class Loss(NamedTuple):
    perplexity: float
    rounded: float  # of the model in whole numbers


def loss(model: LanguageModel, tokens: Sequence[int], end: int = 0) -> Loss:
    """What rounding costs on a text: the perplexity before and after."""
    return Loss(*(float(surprise(m, tokens, end).mean().exp()) for m in (model, int8(model))))
