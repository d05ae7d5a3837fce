"""A transformer as the network of diffusion: DiT.

The noisy picture is cut into squares, each becomes a vector, and a transformer's blocks follow, as for words.
No resolution is coarser than another and nothing is known of neighbours but by their positions, sines and
cosines of column and row; what a U-Net has built in, this learns, and more compute makes it steadily better.
The moment and the class are told to each block as the scale, the shift and the gate of its two halves
("adaLN-Zero"): gates begin at zero, so that in the beginning every block does nothing.

Peebles, Xie 2022, arXiv:2212.09748, section 3. Names of layers are those of diffusers' DiTTransformer2DModel,
but for the embedders of moment and class: the paper has one of each, diffusers a copy in each of the blocks.
They are read once, after a look that the copies are equal. A second half of the answer, variances that the
published models learnt too (Nichol, Dhariwal 2021, eq. 15), is computed and left out: no solver here asks it.
"""

import re
from dataclasses import dataclass
from math import log
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genmodels.diffusion.meaning import SCHEDULER, meaning, must_know, problem
from genmodels.diffusion.moment import Moment, waves
from genmodels.foreign import plain_config
from genmodels.model import Model

WAVES = 256  # numbers that tell the moment before any layer


@dataclass(frozen=True)
class DiTConfig:
    sample_size: int = 32  # pixels (or latents) a side that it learnt on
    in_channels: int = 4
    out_channels: int = 8  # in_channels, or twice as many: variances too
    patch_size: int = 2  # pixels a side of a square
    num_layers: int = 28
    num_attention_heads: int = 16
    attention_head_dim: int = 72  # channels of each; heads times this is the width
    norm_eps: float = 1e-5  # in a block's second half; elsewhere 1e-6
    num_class_embeds: int = 1001  # classes, and the last one for any
    prediction: str = "epsilon"  # what the answer is, one of denoiser.PREDICTIONS
    schedule: str = "linear"  # what the moments mean, one of schedules.SCHEDULES

    any_class: ClassVar[bool] = True


def positions(height: int, width: int, base: int, dim: int, device: torch.device) -> Tensor:
    """Where a square is: (height * width, dim), first columns, then rows. A side is always `base` long."""
    rates = torch.exp(-log(10000) * 4 / dim * torch.arange(dim // 4, device=device))
    x, y = (torch.arange(n, device=device) * (base / n) for n in (width, height))
    grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1).flatten(0, 1)  # hw, 2
    turns = grid[:, :, None] * rates  # hw, 2, dim / 4
    return torch.cat([turns.sin(), turns.cos()], 2).flatten(1)


class Squares(nn.Module):
    """A picture as vectors, one for each square, with its position added."""

    def __init__(self, channels: int, side: int, dim: int, base: int):
        super().__init__()
        self.proj, self.base = nn.Conv2d(channels, dim, side, stride=side), base
        nn.init.xavier_uniform_(self.proj.weight.view(dim, -1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.proj(x)  # B, dim, h, w
        where = positions(*x.shape[2:], self.base, x.shape[1], x.device)
        return x.flatten(2).transpose(1, 2) + where.to(x.dtype)  # B, hw, dim


class Told(nn.Module):
    """What every block is told: the moment plus the class."""

    def __init__(self, classes: int, dim: int):
        super().__init__()
        self.timestep_embedder = Moment(WAVES, dim)
        self.class_embedder = nn.ModuleDict({"embedding_table": nn.Embedding(classes, dim)})
        for weight in (*self.timestep_embedder.parameters(), *self.class_embedder.parameters()):
            if weight.ndim > 1:
                nn.init.normal_(weight, std=0.02)

    def forward(self, t: Tensor, labels: Tensor) -> Tensor:
        table = self.class_embedder["embedding_table"]
        return self.timestep_embedder(waves(t, WAVES, True, 1).to(table.weight.dtype)) + table(labels)


class Attention(nn.Module):
    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.heads = heads
        self.to_q, self.to_k, self.to_v = (nn.Linear(dim, dim) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(dim, dim)])

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (
            f(x).unflatten(2, (self.heads, -1)).transpose(1, 2) for f in (self.to_q, self.to_k, self.to_v)
        )
        return self.to_out[0](F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class Gelu(nn.Module):
    def __init__(self, c_in: int, c_out: int):
        super().__init__()
        self.proj = nn.Linear(c_in, c_out)

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(self.proj(x), approximate="tanh")


class Block(nn.Module):
    """Attention, then two layers for each square; both scaled, shifted and gated as told."""

    def __init__(self, dim: int, heads: int, eps: float):
        super().__init__()
        self.eps = eps
        self.norm1 = nn.ModuleDict({"linear": zero(nn.Linear(dim, 6 * dim))})
        self.attn1 = Attention(dim, heads)
        layers = [Gelu(dim, 4 * dim), nn.Identity(), nn.Linear(4 * dim, dim)]
        self.ff = nn.ModuleDict({"net": nn.Sequential(*layers)})

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        a, b, gate, a2, b2, gate2 = self.norm1["linear"](told)[:, None].chunk(6, 2)
        x = x + gate * self.attn1(normal(x, 1e-6) * (1 + b) + a)
        return x + gate2 * self.ff["net"](normal(x, self.eps) * (1 + b2) + a2)


def normal(x: Tensor, eps: float) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], eps=eps)


def zero(layer: nn.Linear) -> nn.Linear:
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class DiT(Model):
    """`dit(x, t, labels)`: pictures (B, C, H, W), moments (B,), classes (B,) -> like x."""

    Config = DiTConfig
    beside = (SCHEDULER,)

    def __init__(self, config: DiTConfig = DiTConfig()):  # noqa: B008 - frozen
        super().__init__(config)
        c, dim = config, config.num_attention_heads * config.attention_head_dim
        self.pos_embed = Squares(c.in_channels, c.patch_size, dim, c.sample_size // c.patch_size)
        self.emb = Told(c.num_class_embeds, dim)
        self.transformer_blocks = nn.ModuleList(
            Block(dim, c.num_attention_heads, c.norm_eps) for _ in range(c.num_layers)
        )
        self.proj_out_1 = zero(nn.Linear(dim, 2 * dim))
        self.proj_out_2 = zero(nn.Linear(dim, c.patch_size**2 * c.out_channels))
        self.factor = c.patch_size

    def forward(self, x: Tensor, t: Tensor, labels: Tensor | None = None) -> Tensor:
        p, (h, w) = self.factor, x.shape[2:]
        if h % p or w % p:
            raise ValueError(f"height and width of {tuple(x.shape)} must be multiples of {p}")
        told = F.silu(self.emb(t, self.any(x) if labels is None else labels))
        y = self.pos_embed(x.to(self.dtype))  # B, hw / pp, dim
        for block in self.transformer_blocks:
            y = block(y, told)
        shift, scale = self.proj_out_1(told)[:, None].chunk(2, 2)
        y = self.proj_out_2(normal(y, 1e-6) * (1 + scale) + shift)  # B, hw / pp, ppC
        y = y.view(len(x), h // p, w // p, p, p, self.config.out_channels)
        return y.permute(0, 5, 1, 3, 2, 4).reshape(len(x), -1, h, w)[:, : self.config.in_channels]

    def any(self, x: Tensor) -> Tensor:
        """The label that says nothing, for each of a batch."""
        return torch.full((len(x),), self.config.num_class_embeds - 1, device=x.device)

    @classmethod
    def read_config(cls, raw: dict[str, Any]) -> DiTConfig:
        """Ours or diffusers', which counts the classes without any."""
        if raw.get("_class_name") == "DiTTransformer2DModel":
            classes = raw.pop("num_embeds_ada_norm", 1000)
            channels = raw.get("out_channels") or raw.get("in_channels", 4)
            more = {"_class_name": cls.__name__, "num_class_embeds": classes + 1, "out_channels": channels}
            raw = meaning(raw.get(SCHEDULER)) | raw | more
        return checked(super().read_config(plain_config(raw, IGNORED, FIXED)))

    @classmethod
    def read_state(cls, state: dict[str, Tensor], config: DiTConfig) -> dict[str, Tensor]:
        """One embedder instead of as many as there are blocks. A copy that differs stays, and is refused."""
        first = "transformer_blocks.0.norm1.emb."
        kept = {}
        for key, value in state.items():
            layer = re.sub(r"^transformer_blocks\.\d+\.norm1\.emb\.", first, key)
            if layer == key or not torch.equal(value, state.get(layer, value[:0])):
                kept[key.replace(first, "emb.")] = value
        return kept


def checked(c: DiTConfig) -> DiTConfig:
    must_know(c, {"out_channels": (c.in_channels, 2 * c.in_channels)})
    if c.sample_size % c.patch_size or c.num_attention_heads * c.attention_head_dim % 4:
        raise problem(f"sample_size {c.sample_size}, patch_size {c.patch_size}, widths not in fours")
    return c


IGNORED = ("_diffusers_version", "_name_or_path", "dropout", "norm_num_groups", "upcast_attention", SCHEDULER)
FIXED: dict[str, Any] = {  # fields of diffusers that may only say what this class does anyway
    "activation_fn": "gelu-approximate",
    "attention_bias": True,
    "norm_elementwise_affine": False,
    "norm_type": "ada_norm_zero",
}
