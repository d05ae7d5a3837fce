"""TarFlow: a flow whose couplings are transformers. RealNVP's idea with the networks of eight years later.

A picture is a sequence of patches. In each block every patch is shifted and stretched by what a causal
transformer makes of the patches before it, so the Jacobian is triangular, and its log-determinant a sum; from
block to block the order is reversed. Towards the code all patches are done at once. Back, one after another:
a patch has to be known before the next can be undone, so drawing is slow where measuring is fast.

    z_i = (x_i - m_i(x_<i)) exp(-s_i(x_<i)),        x_i = m_i(x_<i) + z_i exp(s_i(x_<i))

Zhai et al. 2024, arXiv:2412.06329: eq. 6 and 7 (a block), section 2.4 (training on pictures with Gaussian
noise added, instead of spread levels), eq. 9 (a drawn picture is noisy too: one step along the score, which
the flow itself has, takes the noise off: Tweedie). What we changed: size, and s is held within +-3 by a tanh.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genmodels.flow.glow import Moment, last
from genmodels.flow.pixels import standard_normal
from genmodels.model import Model

BOUND = 3.0  # of a log-stretch


@dataclass(frozen=True)
class TarFlowConfig:
    size: int = 64  # pixels a side
    channels: int = 3  # of a picture
    patch: int = 2  # pixels a side of a patch
    width: int = 768  # of the transformers
    blocks: int = 8  # each in the other direction than the one before
    layers: int = 8  # of each block's transformer
    heads: int = 12
    noise: float = 0.05  # standard deviation of what is added to the pictures, which lie in [-1, 1]


class Layer(nn.Module):
    """Attention to what came before, and a network per place. Pre-norm."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor, memory: list[Tensor] | None = None) -> Tensor:
        """(B, T, D). With a memory, x are the latest places only, and see what is remembered."""
        q, k, v = self.qkv(self.norm1(x)).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        if memory is not None:
            if memory:
                k, v = torch.cat([memory[0], k], 2), torch.cat([memory[1], v], 2)
            memory[:] = k, v
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=q.shape[2] == k.shape[2])
        x = x + self.out(seen.transpose(1, 2).flatten(2))
        return x + self.wide(self.norm2(x))


class Block(nn.Module):
    """One order of the patches: x <-> y, both (B, T, P), with log |det|."""

    def __init__(self, c: TarFlowConfig, tokens: int, size: int):
        super().__init__()
        self.enter = nn.Linear(size, c.width)
        self.place = nn.Parameter(0.02 * torch.randn(tokens, c.width))
        self.layers = nn.ModuleList(Layer(c.width, c.heads) for _ in range(c.layers))
        self.leave = nn.Linear(c.width, 2 * size)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def rule(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """What a place says of the next: log-stretch and middle."""
        raw, middle = self.leave(h).float().chunk(2, -1)
        return BOUND * torch.tanh(raw / BOUND), middle

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.enter(x) + self.place
        for layer in self.layers:
            h = layer(h)
        s, m = self.rule(h[:, :-1])  # of all but the first patch, which stays
        s, m = F.pad(s, (0, 0, 1, 0)), F.pad(m, (0, 0, 1, 0))
        return (x - m) * (-s).exp(), -s.flatten(1).sum(1)

    def inverse(self, y: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Patch after patch: what is known so far (the rest still as it came), and log |det| so far."""
        x, total = y.clone(), y.new_zeros(len(y))
        memories: list[list[Tensor]] = [[] for _ in self.layers]
        for i in range(1, y.shape[1]):
            h = self.enter(x[:, i - 1 : i]) + self.place[i - 1]
            for layer, memory in zip(self.layers, memories, strict=True):
                h = layer(h, memory)
            s, m = self.rule(h[:, 0])
            x[:, i] = m + y[:, i] * s.exp()
            total = total + s.sum(1)
            yield x, total


class TarFlow(Model):
    """`forward(y)`: noisy pictures (`noised`) to codes; `inverse(z)` back. Each with its log |det|, (B,)."""

    Config = TarFlowConfig

    def __init__(self, config: TarFlowConfig = TarFlowConfig()):  # noqa: B008 - frozen
        super().__init__(config)
        tokens, size = (config.size // config.patch) ** 2, config.channels * config.patch**2
        self.blocks = nn.ModuleList(Block(config, tokens, size) for _ in range(config.blocks))

    def noised(self, x: Tensor, generators: list[torch.Generator]) -> Tensor:
        """Pictures in [-1, 1] -> what the flow has a density of."""
        noise = torch.stack([torch.randn(x.shape[1:], generator=g) for g in generators])
        return x + self.config.noise * noise.to(x.device)

    @torch.enable_grad()
    def shown(self, y: Tensor) -> Tensor:
        """Noise taken off: y + noise^2 d log p(y) / dy."""
        y = y.detach().requires_grad_(True)
        (score,) = torch.autograd.grad(self.log_prob(y).sum(), y)
        return (y + self.config.noise**2 * score).detach().clamp(-1, 1)

    def patches(self, x: Tensor) -> Tensor:
        return F.pixel_unshuffle(x, self.config.patch).flatten(2).transpose(1, 2)  # (B, T, P)

    def whole(self, x: Tensor) -> Tensor:
        side = self.config.size // self.config.patch
        return F.pixel_shuffle(x.transpose(1, 2).unflatten(2, (side, side)), self.config.patch)

    def forward(self, y: Tensor) -> tuple[Tensor, Tensor]:
        moment = last(self.film(y))
        return moment.x, moment.log_det

    def film(self, y: Tensor) -> Iterator[Moment]:
        """The way to the code, block by block."""
        x, total = self.patches(y), y.new_zeros(len(y))
        for k, block in enumerate(self.blocks):
            x, log_det = block(x)
            total = total + log_det
            yield Moment(k, 1, self.whole(x.flip(1) if k % 2 else x), total)
            x = x.flip(1)

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        moment = last(self.draw(z))
        return moment.x, moment.log_det

    @torch.no_grad()
    def draw(self, z: Tensor) -> Iterator[Moment]:
        """The way back, patch by patch: what there is so far."""
        last = len(self.blocks) - 1
        x, total = self.patches(z), z.new_zeros(len(z))
        x = x.flip(1) if last % 2 else x
        for k in range(last, -1, -1):
            for i, (now, log_det) in enumerate(self.blocks[k].inverse(x), 1):  # noqa: B007 - the last one
                yield Moment(k, i, self.whole(now.flip(1) if k % 2 else now), total + log_det)
            x, total = now.flip(1), total + log_det

    def log_prob(self, y: Tensor) -> Tensor:
        """Of noisy pictures, in nats: (B, C, H, W) -> (B,)."""
        z, log_det = self(y)
        return log_det + standard_normal(z)
