"""PixelRNN, its row LSTM: a recurrent network reads the picture row by row and predicts each pixel.

A state of every column goes down the rows. That of row i takes up the states of row i - 1 by a convolution
over three columns ("state to state"), and what row i shows so far by a masked one over its own column and the
left ("input to state"); a masked convolution of 7 x 7 feeds the first layer. So the past of a pixel is a
triangle that opens by a column per row, all the way to the top, where that of a PixelCNN ends after so many
rows. Outside of it the network is blind, however deep. The past of x with two layers, and its three steps:

    . . . # # # # # # # # # # # # # # # # . .      the 7 x 7 mask A       from layer to layer
    . . . . # # # # # # # # # # # # # # . . .        1 1 1 1 1 1 1
    . . . . . # # # # # # # # # # # # . . . .        1 1 1 1 1 1 1        h h h     states, row i - 1
    . . . . . . # # # # # # # # # # . . . . .        1 1 1 1 1 1 1         \\|/
    . . . . . . . # # # # # x . . . . . . . .        1 1 1 x 0 0 0        f f-h     inputs, row i

Van den Oord, Kalchbrenner, Kavukcuoglu: Pixel Recurrent Neural Networks, arXiv:1601.06759, sections 3.1 (with
eq. 3), 3.3 and 3.4. Changed: a learned map says where in the picture we are, as in the other models here,
and the convolutions have only the taps that the masks leave. In training too the rows wait for one another,
which is why it was the PixelCNN of the same paper that was built upon.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genmodels.autoregressive.heads import Levels
from genmodels.autoregressive.stacks import matrix
from genmodels.model import Model

REACH = 3  # of the first convolution: to the left, to the right and up


@dataclass(frozen=True)
class PixelRNNConfig:
    size: tuple[int, int] = (16, 16)  # rows, columns
    levels: int = 4  # grey values of a pixel
    channels: int = 96  # between the layers
    hidden: int = 64  # of a column's state
    layers: int = 2


class RowLSTM(nn.Module):
    """Features (B, H, W, C) plus what an LSTM over the rows makes of them."""

    def __init__(self, channels: int, hidden: int):
        super().__init__()
        self.hidden = hidden
        self.inputs = nn.Linear(2 * channels, 4 * hidden)  # columns j - 1 and j
        self.states = nn.Linear(3 * hidden, 4 * hidden, bias=False)  # columns j - 1, j and j + 1
        self.out = nn.Linear(hidden, channels)
        nn.init.ones_(self.inputs.bias[hidden : 2 * hidden])  # remember, to begin with

    def forward(self, f: Tensor) -> Tensor:
        told = self.inputs(torch.cat([F.pad(f, (0, 0, 1, 0))[:, :, :-1], f], -1))  # B, H, W, 4h
        h = c = told.new_zeros(len(f), f.shape[2], self.hidden)
        rows = []
        for row in told.unbind(1):
            h, c = step(row + self.states(beside(h)), c)  # B, W, h
            rows.append(h)
        return f + self.out(torch.stack(rows, 1))


def beside(h: Tensor) -> Tensor:
    """(B, W, h) -> (B, W, 3h): with the neighbours at both sides."""
    wide = F.pad(h, (0, 0, 1, 1))
    return torch.cat([wide[:, :-2], h, wide[:, 2:]], -1)


def step(gates: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Eq. 3: gates before their nonlinearities (..., 4h), and cells -> states, and cells."""
    hidden = c.shape[-1]
    output, forget, write = gates[..., : 3 * hidden].sigmoid().chunk(3, -1)
    c = forget * c + write * gates[..., 3 * hidden :].tanh()
    return output * c.tanh(), c


class PixelRNN(Model):
    Config = PixelRNNConfig
    draws = 1  # uniforms that a pixel takes

    def __init__(self, config: PixelRNNConfig):
        super().__init__(config)
        c = config
        self.above = nn.Conv2d(2, c.channels, (REACH, 2 * REACH + 1))  # of mask A the rows above,
        self.left = nn.Conv2d(2, c.channels, (1, REACH), bias=False)  # and its own
        self.where = nn.Parameter(torch.zeros(*c.size, c.channels))
        self.layers = nn.ModuleList(RowLSTM(c.channels, c.hidden) for _ in range(c.layers))
        self.head = Levels(c.channels, c.levels)

    @property
    def shape(self) -> tuple[int, int, int]:
        return (1, *self.config.size)

    def seen(self, x: Tensor) -> Tensor:
        """Levels (B, 1, ...) -> (B, 2, ...): the value, and a one that says "inside"."""
        value = x.to(self.dtype) * (2 / (self.config.levels - 1)) - 1
        return torch.cat([value, torch.ones_like(value)], 1)

    def logits(self, x: Tensor) -> Tensor:
        """Levels (B, 1, H, W) -> the head's parameters (B, H, W, P), each from the pixels before it."""
        x = self.seen(x)
        above = self.above(F.pad(x, (REACH, REACH, REACH, 0))[:, :, :-1])
        left = self.left(F.pad(x, (REACH, 0))[..., :-1])
        f = (above + left).permute(0, 2, 3, 1) + self.where  # B, H, W, C
        for layer in self.layers:
            f = layer(f)
        return self.head(f)

    def log_prob(self, x: Tensor) -> Tensor:
        """Nats of every pixel, (B, H, W)."""
        return self.head.log_prob(self.logits(x), x.permute(0, 2, 3, 1))

    def chances(self, params: Tensor) -> Tensor:
        """Parameters (..., P) -> probabilities (..., levels)."""
        return self.head.log_chances(params).exp()

    def pick(self, params: Tensor, u: Tensor, temperature: float = 1.0) -> Tensor:
        return self.head.pick(params, u, temperature)

    def pen(self, batch: int) -> "RowPen":
        return RowPen(self, batch)


class LayerPen:
    """A layer with the states of one row, and the cell that a row hands to the next. Columns come first."""

    def __init__(self, layer: RowLSTM, batch: int, columns: int):
        like = layer.out.weight
        self.layer = layer
        self.h, self.c = like.new_zeros(2, columns, batch, layer.hidden)
        self.f = like.new_zeros(columns + 1, batch, layer.out.out_features)  # an empty column before

    def row(self) -> None:
        """What the row above says to every column of the one that begins."""
        told = self.layer.states(beside(self.h.transpose(0, 1))) + self.layer.inputs.bias
        self.told = told.transpose(0, 1).contiguous()  # W, B, 4h

    def pixel(self, j: int, f: Tensor) -> Tensor:
        """Features of column j (B, C) -> those of the next layer."""
        self.f[j + 1] = f
        gates = torch.addmm(self.told[j], torch.cat([self.f[j], f], 1), self.layer.inputs.weight.T)
        self.h[j], self.c[j] = step(gates, self.c[j])
        return f + self.layer.out(self.h[j])


class RowPen:
    """A drawing in progress: what the rows above say is computed when a row begins, then pixel by pixel."""

    catches_up = False  # the features of every position are what the next ones look at

    def __init__(self, model: PixelRNN, batch: int):
        rows, columns = model.config.size
        self.model, self.columns = model, columns
        self.w_above, self.w_left = matrix(model.above), matrix(model.left)
        self.x = model.where.new_zeros(batch, rows + REACH, columns + 2 * REACH, 2)  # empty around
        self.layers = [LayerPen(layer, batch, columns) for layer in model.layers]

    def row(self, i: int) -> None:
        taps = [self.x[:, i + y, x : x + self.columns] for y in range(REACH) for x in range(2 * REACH + 1)]
        above = torch.cat(taps, -1) @ self.w_above + self.model.above.bias + self.model.where[i]
        self.above = above.transpose(0, 1).contiguous()  # W, B, C
        for layer in self.layers:
            layer.row()

    def __call__(self, i: int, j: int) -> Tensor:
        if j == 0:
            self.row(i)
        f = torch.addmm(self.above[j], self.x[:, i + REACH, j : j + REACH].flatten(1), self.w_left)
        for layer in self.layers:
            f = layer.pixel(j, f)
        return self.model.head(f)

    def put(self, i: int, j: int, values: Tensor) -> None:
        """values (B, 1) stand at (i, j)."""
        self.x[:, i + REACH, j + REACH] = self.model.seen(values)
