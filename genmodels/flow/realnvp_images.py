"""RealNVP on pictures: the flow before Glow. Who moves is fixed by a pattern, not learnt.

At each scale some couplings keep the black squares of a chessboard and move the white ones, then the other
way round; then 2 x 2 cells become channels, and couplings keep one half of the channels and move the other,
the order of channels reversed in between. Half of the channels is then put aside as done, and the rest goes
on at half the side.

Dinh, Sohl-Dickstein and Bengio 2017, arXiv:1605.08803: figure 3 (the two patterns), section 3.6 (scales).
What we changed, so that only the mixing differs from our Glow: its nets, its actnorm instead of batch
normalisation, what is put aside is standardised by what goes on, and no logit before the first layer.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genmodels.flow.couplings import ActNorm, ChannelCoupling, CheckerboardCoupling, Split
from genmodels.flow.glow import LevelFlow, Moment, apart, depths, together
from genmodels.flow.pixels import squeeze, unsqueeze


@dataclass(frozen=True)
class RealNVPImagesConfig:
    size: int = 32  # pixels a side
    channels: int = 3  # of a picture
    bits: int = 8  # grey levels, as a power of two
    boards: tuple[int, ...] = (3, 3, 4)  # couplings by chessboard, of each scale, the finest first
    halves: tuple[int, ...] = (3, 3, 0)  # couplings by channels, after cells have become channels
    widths: tuple[int, ...] = (64, 64, 64)  # of the couplings' nets


class Reverse(nn.Module):
    """The order of channels, back to front. Volumes stay."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x.flip(1), x.new_zeros(len(x))

    inverse = forward


class Scale(nn.Module):
    """Couplings by chessboard, cells become channels, couplings by channels, half is put aside."""

    def __init__(self, channels: int, size: int, boards: int, halves: int, width: int, last: bool):
        super().__init__()
        by_board = [CheckerboardCoupling(channels, size, width, bool(i % 2)) for i in range(boards)]
        self.fine = nn.ModuleList(part for c in by_board for part in (ActNorm(channels), c))
        wide = 4 * channels
        by_half = [(ActNorm(wide), ChannelCoupling(wide, width), Reverse()) for _ in range(halves)]
        self.coarse = nn.ModuleList(part for three in by_half for part in three)
        self.split = None if last else Split(wide)


class RealNVPImages(LevelFlow):
    """`forward(y)`: spread pictures (`noised`) to codes; `inverse(z)` back. Each with its log |det|, (B,)."""

    Config = RealNVPImagesConfig

    def __init__(self, config: RealNVPImagesConfig = RealNVPImagesConfig()):  # noqa: B008 - frozen
        super().__init__(config)
        c, last = config, len(config.boards) - 1
        self.scales = nn.ModuleList(
            Scale(c.channels * 2**k, c.size >> k, c.boards[k], c.halves[k], c.widths[k], k == last)
            for k in range(last + 1)
        )

    def film(self, y: Tensor) -> Iterator[Moment]:
        """The way to the code: a moment after the chessboards and one after the halves of each scale."""
        done: list[Tensor] = []
        x, total = y, y.new_zeros(len(y))
        for k, scale in enumerate(self.scales):
            x, log_det = through(scale.fine, x)
            total = total + log_det
            x = squeeze(x)
            yield Moment(k, 0, together(x, done), total)
            x, log_det = through(scale.coarse, x)
            total = total + log_det
            if scale.split is not None:
                x, log_det = scale.split(x)
                total = total + log_det
            yield Moment(k, 1, together(x, done), total)
            if scale.split is not None:
                x, aside = x.chunk(2, 1)
                done.append(aside)

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        x, done = apart(self.scales, z)
        total = z.new_zeros(len(z))
        for scale in reversed(self.scales):
            if scale.split is not None:
                x, log_det = scale.split.inverse(torch.cat([x, done.pop()], 1))
                total = total + log_det
            x, log_det = back(scale.coarse, x)
            total = total + log_det
            x, log_det = back(scale.fine, unsqueeze(x))
            total = total + log_det
        return x, total

    def depth(self) -> Tensor:
        """(C, H, W): which scale put that number of a code aside."""
        return depths(self.config.channels, self.config.size, len(self.config.boards))


def through(maps: nn.ModuleList, x: Tensor) -> tuple[Tensor, Tensor]:
    total = x.new_zeros(len(x))
    for each in maps:
        x, log_det = each(x)
        total = total + log_det
    return x, total


def back(maps: nn.ModuleList, y: Tensor) -> tuple[Tensor, Tensor]:
    total = y.new_zeros(len(y))
    for each in reversed(maps):
        y, log_det = each.inverse(y)
        total = total + log_det
    return y, total
