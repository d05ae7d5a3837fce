"""Glow: a flow of pictures. Every picture has exactly one code of its own size, and every code one picture.

A step is three maps that can be undone: channels standardised (actnorm), channels mixed by a matrix (the
invertible 1 x 1 convolution), and a coupling, in which one half of the channels says how the other is
stretched and shifted. After some steps half of the channels are put aside as done, 2 x 2 cells become
channels, and the other half goes on at half the side: coarse things are settled last. All that was put aside
is the code, z, of N(0, I); log p(x) = log N(z; 0, I) + log |det dz/dx|, exactly.

Kingma and Dhariwal 2018, arXiv:1807.03039: table 1 (the three maps), eq. 10 (LU form), appendix B (what is
put aside is standardised by what goes on). What we changed: log-stretches are held within +-2 by a tanh
instead of a sigmoid, so that a code and its picture stay each other's inverse in single precision; SiLU;
narrow nets.

A code is kept in the shape of its picture: each number where its cell of pixels was (`depth`). Of one channel
and three levels, a corner:

    2 1 2 1      0: put aside after the first level, the fine grain; half of all numbers
    0 0 0 0      1: after the second, a quarter
    2 1 2 1      2: what the last level left, the layout
    0 0 0 0
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from genmodels.flow.couplings import ActNorm, ChannelCoupling, Mix, Split
from genmodels.flow.pixels import bits_per_dim, settled, spread, squeeze, standard_normal, unsqueeze
from genmodels.model import Model


@dataclass(frozen=True)
class GlowConfig:
    size: int = 32  # pixels a side
    channels: int = 3  # of a picture
    bits: int = 8  # grey levels, as a power of two
    steps: tuple[int, ...] = (32, 32, 32)  # of each level, the finest first
    widths: tuple[int, ...] = (512, 512, 512)  # of the couplings' nets


class Moment(NamedTuple):
    """A picture on its way to its code. Channels that are cells have been put back in their place."""

    level: int
    step: int  # of this level; 0: as it came
    x: Tensor  # (B, C, H, W)
    log_det: Tensor  # (B,), so far


class Step(nn.Module):
    """Standardise, mix, couple."""

    def __init__(self, channels: int, width: int):
        super().__init__()
        self.maps = nn.ModuleList([ActNorm(channels), Mix(channels), ChannelCoupling(channels, width)])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        total = x.new_zeros(len(x))
        for each in self.maps:
            x, log_det = each(x)
            total = total + log_det
        return x, total

    def inverse(self, y: Tensor) -> tuple[Tensor, Tensor]:
        total = y.new_zeros(len(y))
        for each in reversed(self.maps):
            y, log_det = each.inverse(y)
            total = total + log_det
        return y, total


class Level(nn.Module):
    """Cells become channels; steps; then half is put aside, unless this is the last."""

    def __init__(self, channels: int, steps: int, width: int, last: bool):
        super().__init__()
        self.steps = nn.ModuleList(Step(4 * channels, width) for _ in range(steps))
        self.split = None if last else Split(4 * channels)


class LevelFlow(Model):
    """A flow of spread pictures that puts half of its numbers aside after every level but the last.

    `film(y)` is each class's own; what stands here follows from it.
    """

    film: Callable[[Tensor], Iterator[Moment]]  # the way to the code

    def noised(self, x: Tensor, generators: list[torch.Generator]) -> Tensor:
        """Pictures in [-1, 1] -> what the flow has a density of."""
        return spread(x, self.config.bits, generators)

    def shown(self, y: Tensor) -> Tensor:
        return settled(y, self.config.bits)

    def forward(self, y: Tensor) -> tuple[Tensor, Tensor]:
        moment = last(self.film(y))
        return moment.x, moment.log_det

    def log_prob(self, y: Tensor) -> Tensor:
        """Of spread pictures, in nats: (B, C, H, W) -> (B,)."""
        z, log_det = self(y)
        return log_det + standard_normal(z)

    def bits(self, x: Tensor, generators: list[torch.Generator]) -> Tensor:
        """What a picture in [-1, 1] costs, in bits per value; an upper bound, by one draw of the spread."""
        return bits_per_dim(self.log_prob(self.noised(x, generators)), x[0].numel(), self.config.bits)


class Glow(LevelFlow):
    """`forward(y)`: spread pictures (`noised`) to codes; `inverse(z)` back. Each with its log |det|, (B,)."""

    Config = GlowConfig

    def __init__(self, config: GlowConfig = GlowConfig()):  # noqa: B008 - frozen
        super().__init__(config)
        c, last = config, len(config.steps) - 1
        self.levels = nn.ModuleList(
            Level(c.channels * 2**k, c.steps[k], c.widths[k], k == last) for k in range(last + 1)
        )

    def film(self, y: Tensor) -> Iterator[Moment]:
        """The way to the code, step by step."""
        done: list[Tensor] = []  # what each level put aside
        x, total = y, y.new_zeros(len(y))
        for k, level in enumerate(self.levels):
            x = squeeze(x)
            for i, step in enumerate(level.steps, 1):
                x, log_det = step(x)
                total = total + log_det
                if i < len(level.steps) or level.split is None:
                    yield Moment(k, i, together(x, done), total)
            if level.split is not None:
                x, log_det = level.split(x)
                total = total + log_det
                yield Moment(k, len(level.steps), together(x, done), total)
                x, aside = x.chunk(2, 1)
                done.append(aside)

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        x, done = apart(self.levels, z)
        total = z.new_zeros(len(z))
        for level in reversed(self.levels):
            if level.split is not None:
                x, log_det = level.split.inverse(torch.cat([x, done.pop()], 1))
                total = total + log_det
            for step in reversed(level.steps):
                x, log_det = step.inverse(x)
                total = total + log_det
            x = unsqueeze(x)
        return x, total

    def depth(self) -> Tensor:
        """(C, H, W): which level put that number of a code aside."""
        return depths(self.config.channels, self.config.size, len(self.config.steps))


def last(moments: Iterator[Moment]) -> Moment:
    for moment in moments:
        found = moment
    return found


def apart(levels: nn.ModuleList, z: Tensor) -> tuple[Tensor, list[Tensor]]:
    """A code -> what the last level left, and what each before it put aside."""
    done, x = [], z
    for level in levels:
        x = squeeze(x)
        if level.split is not None:
            x, aside = x.chunk(2, 1)
            done.append(aside)
    return x, done


def together(x: Tensor, done: list[Tensor]) -> Tensor:
    """Channels and what was put aside, back in the places of the picture."""
    x = unsqueeze(x)
    for aside in reversed(done):
        x = unsqueeze(torch.cat([x, aside], 1))
    return x


def depths(channels: int, size: int, levels: int) -> Tensor:
    """(C, H, W): which of the levels put that number of a code aside; the last keeps all that is left."""
    parts = [torch.full((1, channels * 2**k * 2, *[size >> k + 1] * 2), k) for k in range(levels)]
    x = torch.cat([parts[-1], parts[-1]], 1)
    for k in range(levels - 1, 0, -1):
        x = torch.cat([unsqueeze(x), parts[k - 1]], 1)
    return unsqueeze(x.float())[0].long()


@torch.no_grad()
def settle(model: Model, y: Tensor) -> None:
    """Let every actnorm standardise what it gets of this batch: once, before training."""
    todo = [m for m in model.modules() if isinstance(m, ActNorm)]
    hooks = [m.register_forward_pre_hook(lambda m, x: m.settle(x[0])) for m in todo]
    model(y)
    for hook in hooks:
        hook.remove()
