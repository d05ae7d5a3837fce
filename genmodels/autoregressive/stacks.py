"""The two stacks of the gated PixelCNN: everything above, and everything to the left, without a blind spot.

A stack of masked 3 x 3 convolutions never sees some pixels above and to the right, however deep it is (van
den Oord et al. 2016, arXiv:1606.05328, figure 1). So the work is split in two:

    v v v v v       v sees the rows above, all of them to both sides;
    v v v v v       h sees the pixels to the left in its own row,
    h h x . .       and is told at every layer what v found.

A layer of each stack passes its convolution through a gate (eq. 2); a label shifts both halves of the gate
(eq. 4). Changed: v has a residual connection too; dilation reaches across the picture in few layers; a
learned map says where in the picture we are, which a convolution can't know.

`Stacks.forward` is what training needs, all positions at once. `Brush` is the same network for drawing: when
a row begins it computes the vertical stack of that row alone, and each pixel costs one vector times a matrix
per layer, because all that a new pixel changes lies at its own column.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def gate(x: Tensor, dim: int) -> Tensor:
    a, b = x.chunk(2, dim)
    return a.tanh() * b.sigmoid()


class Layer(nn.Module):
    """One layer of both stacks. `dilation` is the distance between the taps of its convolutions."""

    def __init__(self, channels: int, dilation: int, condition: int):
        super().__init__()
        self.dilation = dilation
        self.down = nn.Conv2d(channels, 2 * channels, (2, 3), dilation=dilation)
        self.right = nn.Conv2d(channels, 2 * channels, (1, 2), dilation=dilation)
        self.link = nn.Conv2d(2 * channels, 2 * channels, 1, bias=False)
        self.out = nn.Conv2d(channels, channels, 1)
        self.shift = nn.Linear(condition, 4 * channels, bias=False) if condition else None
        nn.init.zeros_(self.out.weight)

    def forward(self, v: Tensor, h: Tensor, condition: Tensor | None) -> tuple[Tensor, Tensor]:
        d = self.dilation
        down = self.down(F.pad(v, (d, d, d, 0)))  # (B, 2C, H, W): rows i - d and i
        right = self.right(F.pad(h, (d, 0, 0, 0))) + self.link(down)  # columns j - d and j
        if self.shift is not None:
            shift_v, shift_h = self.shift(condition)[:, :, None, None].chunk(2, 1)
            down, right = down + shift_v, right + shift_h
        return v + gate(down, 1), h + self.out(gate(right, 1))


class Stacks(nn.Module):
    """(B, inputs, H, W) -> (B, channels, H, W): position (i, j) has seen the positions before it only."""

    def __init__(
        self,
        inputs: int,
        channels: int,
        dilations: tuple[int, ...],
        size: tuple[int, int],
        condition: int = 0,
        reach: int = 3,
    ):
        super().__init__()
        self.channels, self.reach, self.size = channels, reach, size
        self.down = nn.Conv2d(inputs, channels, (reach, 2 * reach + 1))
        self.right = nn.Conv2d(inputs, channels, (1, reach))
        self.link = nn.Conv2d(channels, channels, 1, bias=False)
        self.where = nn.Parameter(torch.zeros(2 * channels, *size))
        self.layers = nn.ModuleList(Layer(channels, d, condition) for d in dilations)

    def forward(self, x: Tensor, condition: Tensor | None = None, ground: Tensor | None = None) -> Tensor:
        """`condition` (B, D) shifts every gate; `ground` (B, 2C, H, W) is known of every place beforehand."""
        r = self.reach
        ground_v, ground_h = (self.where if ground is None else self.where + ground).chunk(2, -3)
        v = self.down(F.pad(x, (r, r, r, 0))[:, :, :-1]) + ground_v  # rows i - r to i - 1
        h = self.right(F.pad(x, (r, 0, 0, 0))[..., :-1]) + ground_h  # columns j - r to j - 1
        h = h + self.link(v)
        for layer in self.layers:
            v, h = layer(v, h, condition)
        return h

    def brush(self, batch: int, condition: Tensor | None = None, ground: Tensor | None = None) -> "Brush":
        return Brush(self, batch, condition, ground)


def matrix(conv: nn.Conv2d) -> Tensor:
    """The weights of a convolution as (taps x inputs, outputs), taps in reading order."""
    return conv.weight.permute(2, 3, 1, 0).flatten(0, 2).contiguous()


class LayerBrush:
    """A layer, with the rows of v and the row of h that are needed again. Columns, batch, channels: so that a
    column is one piece of memory."""

    def __init__(self, layer: Layer, batch: int, size: tuple[int, int], condition: Tensor | None):
        d, c, (rows, columns) = layer.dilation, layer.out.in_channels, size
        self.d, self.columns = d, columns
        self.w_down, self.b_down = matrix(layer.down), layer.down.bias
        self.w_right, self.w_link, self.b_right = matrix(layer.right), matrix(layer.link), layer.right.bias
        self.w_out, self.b_out = matrix(layer.out), layer.out.bias
        self.shift_v = self.b_down.new_zeros(1)
        if layer.shift is not None:
            self.shift_v, shift_h = layer.shift(condition).chunk(2, -1)  # (B, 2C)
            self.b_right = self.b_right + shift_h
        # d empty rows above, d empty columns beside
        self.v = self.b_down.new_zeros(rows + d, columns + 2 * d, batch, c)
        self.empty = [self.b_down.new_zeros(batch, c)] * d

    def row(self, i: int, v: Tensor) -> Tensor:
        """v of row i (W, B, C) -> v of the next layer; keeps what h will be told."""
        d, w = self.d, self.columns
        self.v[i + d, d : d + w] = v
        taps = [self.v[i + y, x : x + w] for y in (0, d) for x in (0, d, 2 * d)]
        down = torch.cat(taps, -1) @ self.w_down + self.b_down  # (W, B, 2C)
        self.told = (down @ self.w_link + self.b_right).unbind()
        self.h = self.empty.copy()  # h of this row, column by column
        return v + gate(down + self.shift_v, -1)

    def pixel(self, j: int, h: Tensor) -> Tensor:
        """h of column j (B, C) -> h of the next layer."""
        self.h.append(h)
        right = torch.addmm(self.told[j], torch.cat((self.h[j], h), 1), self.w_right)
        return torch.addmm(h + self.b_out, gate(right, 1), self.w_out)


class Brush:
    """The stacks at work on one picture (or a batch): the row that begins, then pixel by pixel.

    `at(i, j)` gives the features of a position, all before it being known; `put(i, j, x)` makes one known.
    """

    def __init__(self, stacks: Stacks, batch: int, condition: Tensor | None, ground: Tensor | None):
        r, (rows, columns) = stacks.reach, stacks.size
        self.stacks = stacks
        self.w_down, self.w_right, self.w_link = map(matrix, (stacks.down, stacks.right, stacks.link))
        inputs = stacks.down.in_channels
        self.x = stacks.where.new_zeros(rows + r, columns + 2 * r, batch, inputs)  # r empty around
        where = stacks.where if ground is None else stacks.where + ground
        self.ground = where.expand(batch, -1, -1, -1).permute(2, 3, 0, 1)  # (H, W, B, 2C)
        self.layers = [LayerBrush(layer, batch, stacks.size, condition) for layer in stacks.layers]

    def put(self, i: int, j: int, x: Tensor) -> None:
        """x (B, inputs) is what stands at (i, j)."""
        r = self.stacks.reach
        self.x[i + r, j + r] = x

    def row(self, i: int) -> None:
        """Everything about row i that the rows above decide."""
        r, columns = self.stacks.reach, self.stacks.size[1]
        taps = [self.x[i + y, x : x + columns] for y in range(r) for x in range(2 * r + 1)]
        ground_v, ground_h = self.ground[i].chunk(2, -1)
        v = torch.cat(taps, -1) @ self.w_down + self.stacks.down.bias + ground_v  # (W, B, C)
        self.told = (v @ self.w_link + self.stacks.right.bias + ground_h).unbind()
        for layer in self.layers:
            v = layer.row(i, v)

    def at(self, i: int, j: int) -> Tensor:
        """Features (B, C) of position (i, j). Rows from the top, columns from the left, none left out."""
        if j == 0:
            self.row(i)
        r = self.stacks.reach
        left = torch.cat(self.x[i + r, j : j + r].unbind(), 1)
        h = torch.addmm(self.told[j], left, self.w_right)
        for layer in self.layers:
            h = layer.pixel(j, h)
        return h
