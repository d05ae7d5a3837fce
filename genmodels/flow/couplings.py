"""What the flows of pictures are built from: each layer can be undone and knows its log-determinant.

forward(x) -> (y, log |det dy/dx|),      inverse(y) -> (x, log |det dx/dy|),      both (B,)
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BOUND = 2.0  # of a log-stretch: one layer can't blow rounding errors up by more than e^2


class ActNorm(nn.Module):
    """A stretch and a shift per channel, set by the first batch so that what comes out is standardised."""

    def __init__(self, channels: int):
        super().__init__()
        self.log_scale = nn.Parameter(torch.zeros(channels, 1, 1))
        self.shift = nn.Parameter(torch.zeros(channels, 1, 1))

    @torch.no_grad()
    def settle(self, x: Tensor) -> None:
        std, mean = torch.std_mean(x, (0, 2, 3), keepdim=True)
        self.log_scale.copy_(-(std[0] + 1e-6).log())
        self.shift.copy_(-mean[0] / (std[0] + 1e-6))

    def log_det(self, x: Tensor) -> Tensor:
        return (self.log_scale.sum() * x[0, 0].numel()).expand(len(x))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x * self.log_scale.exp() + self.shift, self.log_det(x)

    def inverse(self, y: Tensor) -> tuple[Tensor, Tensor]:
        return (y - self.shift) * (-self.log_scale).exp(), -self.log_det(y)


class Mix(nn.Module):
    """An invertible 1 x 1 convolution: at every place the channels are mixed by one matrix.

    W = P L (U + diag(sign exp(log_s))) with P a fixed permutation, L and U triangular (Glow, eq. 10): the
    log-determinant is a sum, and W can't become singular. It's put together, and inverted, once.
    """

    def __init__(self, channels: int):
        super().__init__()
        turn = torch.linalg.qr(torch.randn(channels, channels))[0]
        p, lower, upper = torch.linalg.lu(turn)
        s = upper.diagonal()
        self.register_buffer("order", p.argmax(1))  # P as the row that each output takes
        self.register_buffer("sign", s.sign())
        self.lower = nn.Parameter(lower.tril(-1))
        self.upper = nn.Parameter(upper.triu(1))
        self.log_s = nn.Parameter(s.abs().log())
        self.kept: tuple[tuple, Tensor, Tensor] | None = None

    def weight(self) -> Tensor:
        eye = torch.eye(len(self.sign), device=self.lower.device)
        lower = self.lower.float().tril(-1) + eye
        upper = self.upper.float().triu(1) + (self.sign * self.log_s.exp()).float().diag()
        return (lower @ upper)[self.order]

    @torch.no_grad()
    def both(self) -> tuple[Tensor, Tensor]:
        """W and its inverse, as they were last time unless a weight has changed since."""
        mine = (self.lower, self.upper, self.log_s)
        now = tuple((w.data_ptr(), w._version) for w in mine)
        if self.kept is None or self.kept[0] != now:
            w = self.weight()
            self.kept = now, w, torch.linalg.inv(w.double()).float()
        return self.kept[1:]

    def log_det(self, x: Tensor) -> Tensor:
        return (self.log_s.sum() * x[0, 0].numel()).expand(len(x))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        with torch.autocast(x.device.type, enabled=False):
            w = self.weight() if torch.is_grad_enabled() and self.lower.requires_grad else self.both()[0]
            return F.conv2d(x, w[:, :, None, None].to(x.dtype)), self.log_det(x)

    def inverse(self, y: Tensor) -> tuple[Tensor, Tensor]:
        return F.conv2d(y, self.both()[1][:, :, None, None].to(y.dtype)), -self.log_det(y)


class Net(nn.Sequential):
    """What a coupling reads from the part it keeps. It starts at 0, so that the coupling does nothing."""

    def __init__(self, inputs: int, width: int, outputs: int):
        super().__init__(
            nn.Conv2d(inputs, width, 3, padding=1), nn.SiLU(),
            nn.Conv2d(width, width, 1), nn.SiLU(),
            nn.Conv2d(width, outputs, 3, padding=1),
        )  # fmt: skip
        nn.init.zeros_(self[-1].weight)
        nn.init.zeros_(self[-1].bias)


def stretch_and_shift(net: Net, kept: Tensor) -> tuple[Tensor, Tensor]:
    raw, shift = net(kept).float().chunk(2, 1)
    return BOUND * torch.tanh(raw / BOUND), shift


class ChannelCoupling(nn.Module):
    """The first half of the channels stays, and says how the second is stretched and shifted."""

    def __init__(self, channels: int, width: int):
        super().__init__()
        self.net = Net(channels // 2, width, channels)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        kept, moved = x.chunk(2, 1)
        s, t = stretch_and_shift(self.net, kept)
        return torch.cat([kept, moved * s.exp() + t], 1), s.flatten(1).sum(1)

    def inverse(self, y: Tensor) -> tuple[Tensor, Tensor]:
        kept, moved = y.chunk(2, 1)
        s, t = stretch_and_shift(self.net, kept)
        return torch.cat([kept, (moved - t) * (-s).exp()], 1), -s.flatten(1).sum(1)


class CheckerboardCoupling(nn.Module):
    """The black squares of a chessboard stay, and say how the white ones are stretched and shifted."""

    def __init__(self, channels: int, size: int, width: int, flip: bool):
        super().__init__()
        line = torch.arange(size)
        board = ((line[:, None] + line + flip) % 2).float()
        self.register_buffer("keep", board, persistent=False)  # (H, W), 1: stays
        self.net = Net(channels, width, 2 * channels)

    def read(self, kept: Tensor) -> tuple[Tensor, Tensor]:
        s, t = stretch_and_shift(self.net, kept)
        return s * (1 - self.keep), t * (1 - self.keep)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        s, t = self.read(x * self.keep)
        return x * s.exp() + t, s.flatten(1).sum(1)

    def inverse(self, y: Tensor) -> tuple[Tensor, Tensor]:
        s, t = self.read(y * self.keep)
        return (y - t) * (-s).exp(), -s.flatten(1).sum(1)


class Split(nn.Module):
    """Half of the channels is done: the other half says what was to be expected of it (Glow, appendix B).

    What stays of it is the surprise, N(0, 1) where the flow is right.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.net = nn.Conv2d(channels // 2, channels, 3, padding=1)
        nn.init.zeros_(self.net.weight)
        nn.init.zeros_(self.net.bias)

    def expect(self, kept: Tensor) -> tuple[Tensor, Tensor]:
        raw, mean = self.net(kept).float().chunk(2, 1)
        return BOUND * torch.tanh(raw / BOUND), mean

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        kept, done = x.chunk(2, 1)
        log_std, mean = self.expect(kept)
        return torch.cat([kept, (done - mean) * (-log_std).exp()], 1), -log_std.flatten(1).sum(1)

    def inverse(self, y: Tensor) -> tuple[Tensor, Tensor]:
        kept, done = y.chunk(2, 1)
        log_std, mean = self.expect(kept)
        return torch.cat([kept, done * log_std.exp() + mean], 1), log_std.flatten(1).sum(1)
