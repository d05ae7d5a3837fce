"""PixelCNN with masked convolutions, the plain one: what most books draw first.

One stack of convolutions whose kernels are cut off at the pixel being predicted, so that it depends on the
pixels before it only (van den Oord et al. 2016, arXiv:1601.06759, sections 3.3 and 3.4):

    mask A, 7 x 7, the first layer     1 1 1 1 1 1 1     mask B, 3 x 3, all others     1 1 1
                                       1 1 1 1 1 1 1                                   1 x 0
                                       1 1 1 1 1 1 1                                   0 0 0
                                       1 1 1 x 0 0 0
                                       0 0 0 0 0 0 0 ...    x = 0: not itself          x = 1: its own features

Pixels above and far to the right stay unseen however deep the network is: each layer can go one column to the
right only by going one row up. `gated_pixelcnn.py` repairs this blind spot. The sizes are those of Foster's
*Generative Deep Learning* (2nd edition, chapter 5): 5 residual blocks, a softmax over 4 levels.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genmodels.autoregressive.heads import choose
from genmodels.model import Model


@dataclass(frozen=True)
class PixelCNNConfig:
    size: tuple[int, int] = (16, 16)  # rows, columns
    levels: int = 4  # grey values of a pixel
    channels: int = 128
    blocks: int = 5


def mask(kind: str, size: int) -> Tensor:
    """(size, size): ones before the centre in reading order, and at the centre for kind B."""
    before = torch.arange(size * size) < size * size // 2 + (kind == "B")
    return before.float().reshape(size, size)


class MaskedConv2d(nn.Conv2d):
    """A convolution that multiplies its kernel by mask A or B. Files hold what the mask lets through."""

    def __init__(self, kind: str, inputs: int, outputs: int, size: int):
        super().__init__(inputs, outputs, size, padding=size // 2)
        self.register_buffer("mask", mask(kind, size), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight * self.mask, self.bias, padding=self.padding)

    def _save_to_state_dict(self, state: dict[str, Tensor], prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(state, prefix, keep_vars)
        state[prefix + "weight"] = state[prefix + "weight"][:, :, self.mask > 0]  # (out, in, taps)

    def _load_from_state_dict(self, state: dict[str, Tensor], prefix: str, *more: Any) -> None:
        held = state[prefix + "weight"]
        weight = held.new_zeros(*held.shape[:2], *self.mask.shape)
        weight[:, :, self.mask > 0] = held
        super()._load_from_state_dict(state | {prefix + "weight": weight}, prefix, *more)


class Block(nn.Module):
    """Residual: half the channels, look around, all the channels."""

    def __init__(self, channels: int):
        super().__init__()
        self.narrow = nn.Conv2d(channels, channels // 2, 1)
        self.look = MaskedConv2d("B", channels // 2, channels // 2, 3)
        self.widen = nn.Conv2d(channels // 2, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.widen(self.look(self.narrow(x).relu()).relu()).relu()


class PixelCNN(Model):
    Config = PixelCNNConfig
    draws = 1

    def __init__(self, config: PixelCNNConfig):
        super().__init__(config)
        c = config
        self.first = MaskedConv2d("A", 1, c.channels, 7)
        self.blocks = nn.ModuleList(Block(c.channels) for _ in range(c.blocks))
        self.last = nn.Sequential(  # 1 x 1 kernels: mask B lets them through whole
            nn.Conv2d(c.channels, c.channels, 1),
            nn.ReLU(),
            nn.Conv2d(c.channels, c.channels, 1),
            nn.ReLU(),
            nn.Conv2d(c.channels, c.levels, 1),
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        return (1, *self.config.size)

    def seen(self, x: Tensor) -> Tensor:
        """Levels -> [0, 1), as the book has them."""
        return x.to(self.dtype) / self.config.levels

    def logits(self, x: Tensor) -> Tensor:
        """Levels (B, 1, H, W) -> (B, H, W, levels), each from the pixels before it."""
        h = self.first(self.seen(x)).relu()  # (B, C, H, W)
        for block in self.blocks:
            h = block(h)
        return self.last(h).permute(0, 2, 3, 1)

    def log_prob(self, x: Tensor) -> Tensor:
        """Nats of every pixel, (B, H, W)."""
        return self.logits(x).float().log_softmax(-1).gather(-1, x.permute(0, 2, 3, 1)).squeeze(-1)

    def chances(self, params: Tensor) -> Tensor:
        return params.float().softmax(-1)

    def pick(self, params: Tensor, u: Tensor, temperature: float = 1.0) -> Tensor:
        """Parameters (B, levels), uniforms (B, 1) -> levels (B, 1)."""
        return choose(params.float().log_softmax(-1), u[..., 0], temperature)[..., None]

    def pen(self, batch: int) -> "PixelPen":
        return PixelPen(self, batch)


class Seen:
    """Features (B, H, W, C) filled in reading order, and the taps of a masked kernel around a position."""

    def __init__(self, conv: MaskedConv2d, batch: int, size: tuple[int, int]):
        k = conv.kernel_size[0]
        taps = conv.mask.flatten().nonzero().flatten()
        self.weight = conv.weight.flatten(2)[:, :, taps].permute(2, 1, 0).flatten(0, 1)  # (taps x in, out)
        self.bias = conv.bias
        self.centre = k // 2
        self.map = conv.weight.new_zeros(batch, size[0] + k, size[1] + k, conv.in_channels)
        flat = torch.arange(len(self.map[0].flatten(0, 1))).reshape(self.map.shape[1:3])[:k, :k].flatten()
        self.taps = flat[taps.cpu()].to(conv.weight.device)  # of position (0, 0), in the padded map
        self.flat, self.stride = self.map.flatten(1, 2), self.map.shape[2]

    def put(self, i: int, j: int, x: Tensor) -> None:
        self.map[:, i + self.centre, j + self.centre] = x

    def at(self, i: int, j: int) -> Tensor:
        """The convolution at (i, j): (B, out)."""
        around = self.flat.index_select(1, self.taps + (i * self.stride + j)).flatten(1)
        return torch.addmm(self.bias, around, self.weight)


def product(conv: nn.Conv2d, x: Tensor) -> Tensor:
    """A 1 x 1 convolution of one position."""
    return F.linear(x, conv.weight[:, :, 0, 0], conv.bias)


class PixelPen:
    """A drawing in progress. A new pixel changes the features at its own position only, layer by layer, as
    all the positions before are final; so each layer keeps a map of them and computes one more."""

    catches_up = False  # the features of every position are what the next ones look at

    def __init__(self, model: PixelCNN, batch: int):
        size = model.config.size
        self.model = model
        self.first = Seen(model.first, batch, size)
        self.looks = [Seen(block.look, batch, size) for block in model.blocks]

    def __call__(self, i: int, j: int) -> Tensor:
        h = self.first.at(i, j).relu()  # (B, C)
        for block, look in zip(self.model.blocks, self.looks, strict=True):
            look.put(i, j, product(block.narrow, h).relu())
            h = h + product(block.widen, look.at(i, j).relu()).relu()
        for layer in self.model.last:
            h = product(layer, h) if isinstance(layer, nn.Conv2d) else layer(h)
        return h

    def put(self, i: int, j: int, values: Tensor) -> None:
        self.first.put(i, j, self.model.seen(values))
