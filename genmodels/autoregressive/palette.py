"""Palette PixelCNN: pixel art drawn in the colours it is given.

Pixel art uses a dozen colours, so three softmaxes of 256 values per pixel answer a question nobody asked.
Here the palette comes first and a pixel is one of its colours:

    p(picture) = p(palette) p(pixels | palette)      p(palette) is `palette_maker.py`

A colour has no number in this network, it is known by what it looks like: `Inks` turns red, green and blue
into a vector, a pixel that was drawn is seen as the ink it was drawn in, and a new pixel points at one
(Vinyals et al. 2015, arXiv:1506.03134, eq. 3, on colours). A palette is therefore a set: its order changes
nothing, any number of colours will do, and a palette that no picture had can be drawn in. Row 0 is clear,
an ink of its own. Around it stand the stacks of the gated PixelCNN.

`RGBPixelCNN` is its rival: the same stacks, no palette, and red, green and blue one after the other.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genmodels.autoregressive.gated_pixelcnn import Gated
from genmodels.autoregressive.heads import Colours, choose
from genmodels.autoregressive.stacks import Stacks
from genmodels.model import Model


@dataclass(frozen=True)
class PaletteConfig:
    size: tuple[int, int] = (24, 24)  # rows, columns
    kinds: int = 4  # labels: monster, item, creature, character; one more for "not told"
    channels: int = 48  # of each stack
    dilations: tuple[int, ...] = (1, 2, 4, 8, 1, 2, 4, 1)  # a layer each; together they cross the picture
    ink: int = 48  # numbers that describe a colour


class Inks(nn.Module):
    """Colours (B, K, 3) of 0..255 -> vectors (B, K, width); the first of each palette is transparent."""

    def __init__(self, width: int):
        super().__init__()
        self.colour = nn.Sequential(nn.Linear(3, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))
        self.clear = nn.Parameter(torch.randn(width))

    def forward(self, palette: Tensor) -> Tensor:
        inks = self.colour(palette.to(self.clear.dtype) / 127.5 - 1)
        return torch.cat([self.clear.expand(len(inks), 1, -1).to(inks.dtype), inks[:, 1:]], 1)


class PalettePixelCNN(Model):
    """x is (B, 1, H, W), places in the palette. Conditions: palette (B, K, 3) of 0..255, colours (B,) how
    many of its rows are in use, labels (B,) the kind, if it is to be told."""

    Config = PaletteConfig
    draws = 1

    def __init__(self, config: PaletteConfig):
        super().__init__(config)
        c, ink = config.channels, config.ink
        self.inks = Inks(ink)
        self.label = nn.Embedding(config.kinds + 1, c)  # the last: not told
        self.mood = nn.Linear(2 * ink, c)  # of the palette as a whole
        self.stacks = Stacks(ink + 1, c, config.dilations, config.size, condition=c)
        self.wish = nn.Sequential(nn.ReLU(), nn.Linear(c, c), nn.ReLU(), nn.Linear(c, ink))
        self.offer = nn.Linear(ink, ink + 1)  # what an ink answers to a wish; the last is how common it is

    @property
    def shape(self) -> tuple[int, int, int]:
        return (1, *self.config.size)

    def tell(self, palette: Tensor, colours: Tensor, labels: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Inks (B, K, E), absent (B, K) true where a palette has no such row, and the condition (B, C)."""
        inks = self.inks(palette)
        absent = torch.arange(palette.shape[1], device=palette.device) >= colours[:, None]
        mean = inks.masked_fill(absent[..., None], 0).sum(1) / colours[:, None]
        most = inks.masked_fill(absent[..., None], -math.inf).amax(1)
        if labels is None:
            labels = torch.full((len(inks),), self.config.kinds, device=palette.device)
        return inks, absent, self.mood(torch.cat([mean, most], 1)) + self.label(labels)

    def seen(self, x: Tensor, inks: Tensor) -> Tensor:
        """Places (B, ...) and inks (B, K, E) -> (B, ..., E + 1): the ink, and a one that says "inside"."""
        picture = inks.gather(1, x.flatten(1)[..., None].expand(-1, -1, inks.shape[2]))
        return F.pad(picture, (0, 1), value=1.0).unflatten(1, x.shape[1:])

    def point(self, h: Tensor, inks: Tensor, absent: Tensor) -> Tensor:
        """Features (B, ..., C) -> logits (B, ..., K): how well each ink answers the wish."""
        offer, common = self.offer(inks).split([self.config.ink, 1], -1)  # (B, K, E), (B, K, 1)
        wish = self.wish(h).flatten(1, -2) / math.sqrt(self.config.ink)  # (B, N, E)
        scores = torch.baddbmm(common.transpose(1, 2), wish, offer.transpose(1, 2))
        scores = scores.masked_fill(absent[:, None], -math.inf)
        return scores.unflatten(1, h.shape[1:-1]) if h.ndim > 2 else scores[:, 0]

    def logits(self, x: Tensor, palette: Tensor, colours: Tensor, labels: Tensor | None = None) -> Tensor:
        """Places (B, 1, H, W) -> (B, H, W, K), each from the pixels before it."""
        inks, absent, condition = self.tell(palette, colours, labels)
        seen = self.seen(x[:, 0], inks).permute(0, 3, 1, 2)  # (B, E + 1, H, W)
        return self.point(self.stacks(seen, condition).permute(0, 2, 3, 1), inks, absent)

    def log_prob(self, x: Tensor, palette: Tensor, colours: Tensor, labels: Tensor | None = None) -> Tensor:
        """Nats of every pixel, the palette being known, (B, H, W)."""
        logits = self.logits(x, palette, colours, labels).float()
        return logits.log_softmax(-1).gather(-1, x[:, 0, :, :, None]).squeeze(-1)

    def chances(self, params: Tensor) -> Tensor:
        return params.float().softmax(-1)

    def pick(self, params: Tensor, u: Tensor, temperature: float = 1.0) -> Tensor:
        return choose(params.float().log_softmax(-1), u[..., 0], temperature)[..., None]

    def pen(self, batch: int, palette: Tensor, colours: Tensor, labels: Tensor | None = None) -> "PalettePen":
        return PalettePen(self, batch, *self.tell(palette, colours, labels))


class PalettePen:
    """A drawing in progress, and the inks on the table."""

    catches_up = False  # the features of every position are what the next ones look at

    def __init__(self, model: PalettePixelCNN, batch: int, inks: Tensor, absent: Tensor, condition: Tensor):
        self.model, self.inks, self.absent = model, inks, absent
        self.brush = model.stacks.brush(batch, condition)

    def __call__(self, i: int, j: int) -> Tensor:
        return self.model.point(self.brush.at(i, j)[:, None], self.inks, self.absent)[:, 0]

    def put(self, i: int, j: int, values: Tensor) -> None:
        self.brush.put(i, j, self.model.seen(values, self.inks)[:, 0])


@dataclass(frozen=True)
class RGBConfig:
    size: tuple[int, int] = (24, 24)
    kinds: int = 4
    channels: int = 48
    dilations: tuple[int, ...] = (1, 2, 4, 8, 1, 2, 4, 1)
    backdrop: tuple[int, int, int] = (36, 32, 58)  # stands for transparent: this colour to the last bit


class RGBPixelCNN(Gated):
    """x is (B, 3, H, W), values 0..255. Condition: labels (B,), as above."""

    Config = RGBConfig
    values = 3

    def __init__(self, config: RGBConfig):
        super().__init__(config)
        c = config.channels
        self.label = nn.Embedding(config.kinds + 1, c)
        self.stacks = Stacks(4, c, config.dilations, config.size, condition=c)
        self.head = Colours(c)

    def seen(self, x: Tensor) -> Tensor:
        """Values (B, 3, ...) -> (B, 4, ...): scaled, and a one that says "inside"."""
        colour = x.to(self.dtype) / 127.5 - 1
        return torch.cat([colour, torch.ones_like(colour[:, :1])], 1)
