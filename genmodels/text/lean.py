"""One token of one text through a GPT, in numpy.

A step of a small model is a hundred operations on vectors of a few hundred numbers. Each takes a microsecond,
and torch takes as long again or longer to start one, so half the time nothing is computed. numpy starts them
faster; its products of a matrix and a vector are as fast as torch's. It works on the model's own weights and
on the same keys and values, without a copy, so the two can take turns in one text.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from genmodels.nn.attention import Affine

if TYPE_CHECKING:
    from genmodels.text.gpt import GPT, Block

TANH = (2 / np.pi) ** 0.5  # gelu(x) is nearly x (1 + tanh(TANH (x + 0.044715 x^3))) / 2
CUBE = TANH * 0.044715


class Weights(NamedTuple):
    """A block's weights, and its keys and values (heads, length, d)."""

    ln_1: tuple[np.ndarray, np.ndarray]
    c_attn: tuple[np.ndarray, np.ndarray]
    c_proj: tuple[np.ndarray, np.ndarray]
    ln_2: tuple[np.ndarray, np.ndarray]
    c_fc: tuple[np.ndarray, np.ndarray]
    out: tuple[np.ndarray, np.ndarray]
    k: np.ndarray
    v: np.ndarray


def pair(layer: torch.nn.Module) -> tuple[np.ndarray, np.ndarray]:
    return layer.weight.detach().numpy(), layer.bias.detach().numpy()


def weights(block: "Block", kept: Tensor) -> Weights:
    a, m = block.attn, block.mlp
    layers = (block.ln_1, a.c_attn, a.c_proj, block.ln_2, m.c_fc, m.c_proj)
    return Weights(*map(pair, layers), *kept[:, 0].numpy())


def norm(x: np.ndarray, gain: np.ndarray, bias: np.ndarray, eps: float) -> np.ndarray:
    d = x - np.add.reduce(x) / len(x)
    d *= gain * (d.dot(d) / len(x) + eps) ** -0.5
    d += bias
    return d


def gelu(x: np.ndarray) -> np.ndarray:
    y = x * x
    y *= CUBE
    y += TANH
    y *= x
    np.tanh(y, y)
    y += 1
    y *= x
    y *= 0.5
    return y


class Lean:
    """Feeds one token at a time into the keys and values of a text, (layers, 2, 1, heads, length, d)."""

    def __init__(self, model: "GPT", kept: Tensor):
        c = model.config
        self.heads, self.eps = c.n_head, c.layer_norm_epsilon
        self.scale = np.float32((c.n_embd // c.n_head) ** -0.5)
        self.wte = model.wte.weight.detach().numpy()
        self.wpe = None if model.wpe is None else model.wpe.weight.detach().numpy()
        if model.angles is not None:  # as two halves that change places, one with its sign turned
            self.cos, self.sin = model.angles.numpy().reshape(2, model.context, 2, -1)
            self.sin = self.sin * np.float32([[-1], [1]])
        self.blocks = [weights(block, kept[i]) for i, block in enumerate(model.h)]
        self.ln_f = pair(model.ln_f)

    @staticmethod
    def can(model: "GPT") -> bool:
        """Whether it applies: plain layers, plain numbers, a CPU, and nobody wants gradients or dropout."""
        products = (p for b in model.h for p in (b.attn.c_attn, b.attn.c_proj, b.mlp.c_fc, b.mlp.c_proj))
        if not (all(type(p) is Affine for p in products) and hasattr(model.wte, "weight")):
            return False
        w = model.wte.weight
        learning = model.training or (torch.is_grad_enabled() and w.requires_grad)
        return w.device.type == "cpu" and w.dtype == torch.float32 and not learning

    def __call__(self, token: int, position: int) -> Tensor:
        """Logits (1, 1, V) of what comes after it."""
        x = self.wte[token]
        if self.wpe is not None:
            x = x + self.wpe[position]
        for block in self.blocks:
            x = x + self.attend(norm(x, *block.ln_1, self.eps), block, position)
            h = norm(x, *block.ln_2, self.eps) @ block.c_fc[0]
            h += block.c_fc[1]
            x += gelu(h) @ block.out[0]
            x += block.out[1]
        return torch.from_numpy(self.wte @ norm(x, *self.ln_f, self.eps))[None, None]

    def attend(self, x: np.ndarray, block: Weights, position: int) -> np.ndarray:
        qkv = x @ block.c_attn[0]
        qkv += block.c_attn[1]
        q, k, v = qkv.reshape(3, self.heads, -1)
        if self.wpe is None:
            q, k = self.turn(qkv[: 2 * len(x)].reshape(2, self.heads, -1), position)
        block.k[:, position], block.v[:, position] = k, v
        end = position + 1
        p = np.matmul(block.k[:, :end], q[:, :, None] * self.scale)  # heads, end, 1
        p -= np.maximum.reduce(p, 1, keepdims=True)
        np.exp(p, p)
        y = np.matmul(p.transpose(0, 2, 1), block.v[:, :end])[:, 0]  # heads, d
        y /= np.add.reduce(p, 1)
        y = y.reshape(-1) @ block.c_proj[0]
        y += block.c_proj[1]
        return y

    def turn(self, x: np.ndarray, position: int) -> np.ndarray:
        """Queries and keys (2, heads, d), as `nn.attention.turn` does it."""
        halves = x.reshape(2, self.heads, 2, -1)
        y = halves * self.cos[position]
        y += halves[:, :, ::-1] * self.sin[position]
        return y.reshape(x.shape)
