"""The network of pixel diffusion: a U-Net that gets a noisy picture and a moment, and tells what is in it.

Down a path of ever smaller and wider layers and up again, with a bridge from each layer to its counterpart,
so that the small picture decides what is there and the large one keeps where. Every residual block is told
the moment (how much noise there is) as a vector of sines and cosines put through two layers; where there are
classes, the class's vector is added to it. At the coarse resolutions every place looks at every other.

Ho, Jain, Abbeel 2020, arXiv:2006.11239, appendix B; scale and shift by the moment, and resampling inside
residual blocks: Dhariwal and Nichol 2021, arXiv:2105.05233, section 3. Names of layers and fields are those
of diffusers' UNet2DModel, so that its checkpoints load as they are. Added: `patch`, squares of pixels that
enter and leave as channels, which quarters the work of a doubled picture; and what the answer means
(`prediction`, `schedule`: see denoiser.py). diffusers has that in its scheduler's file: where it lies beside
config.json it is read, else the table of checkpoints says it, else it is as in DDPM.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genmodels.diffusion.meaning import SCHEDULER, meaning, must_know, problem
from genmodels.diffusion.moment import Moment, waves
from genmodels.foreign import modern_attention, plain_config
from genmodels.model import Model
from genmodels.nn.conv import Conv3x3, Upsample


@dataclass(frozen=True)
class UNetConfig:
    sample_size: int = 32  # pixels a side that it learnt on
    in_channels: int = 3  # of a picture
    out_channels: int = 3
    patch: int = 1  # pixels a side that become channels of one place
    block_out_channels: tuple[int, ...] = (128, 256, 256, 256)  # one resolution each, from fine to coarse
    down_block_types: tuple[str, ...] = ("DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D")
    up_block_types: tuple[str, ...] = ("UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D")
    layers_per_block: int = 2  # residual blocks per resolution; on the way up one more
    attention_head_dim: int | None = None  # channels of a head; None: one head of all channels
    norm_num_groups: int = 32
    norm_eps: float = 1e-6
    attn_norm_num_groups: int | None = None  # in the middle, if not norm_num_groups
    downsample_padding: int = 0  # 0: on the right and at the bottom only
    downsample_type: str = "conv"  # or resnet: a residual block that halves
    upsample_type: str = "conv"
    resnet_time_scale_shift: str = "default"  # the moment is added; scale_shift: it also scales
    flip_sin_to_cos: bool = False  # cosines first
    freq_shift: int = 1  # 1: the slowest wave is 10000 times the fastest; 0: not quite
    time_embedding_dim: int | None = None  # of the vector that tells the moment, if not 4 times the finest
    num_class_embeds: int | None = None  # classes
    any_class: bool = True  # the last of them says nothing, for guidance
    prediction: str = "epsilon"  # what the answer is, one of denoiser.PREDICTIONS
    schedule: str = "linear"  # what the moments mean, one of schedules.SCHEDULES


class Residual(nn.Module):
    """Norm, SiLU, convolution, the moment, and again; added to the input. `size`: -1 halves, 1 doubles."""

    def __init__(self, c_in: int, c_out: int, told: int, c: UNetConfig, size: int = 0):
        super().__init__()
        self.scaled, self.size = c.resnet_time_scale_shift == "scale_shift", size
        self.norm1 = nn.GroupNorm(c.norm_num_groups, c_in, c.norm_eps)
        self.conv1 = Conv3x3(c_in, c_out)
        self.time_emb_proj = nn.Linear(told, 2 * c_out if self.scaled else c_out)
        self.norm2 = nn.GroupNorm(c.norm_num_groups, c_out, c.norm_eps)
        self.conv2 = Conv3x3(c_out, c_out)
        self.conv_shortcut = nn.Conv2d(c_in, c_out, 1) if c_in != c_out else None

    def resized(self, x: Tensor) -> Tensor:
        if self.size < 0:
            return F.avg_pool2d(x, 2)
        return F.interpolate(x, scale_factor=2.0, mode="nearest") if self.size else x

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        h = self.conv1(self.resized(F.silu(self.norm1(x), inplace=True)))
        x, told = self.resized(x), self.time_emb_proj(told)[:, :, None, None]
        if self.scaled:
            scale, shift = told.chunk(2, 1)
            h = self.norm2(h) * (1 + scale) + shift
        else:
            h = self.norm2(h + told)
        h = self.conv2(F.silu(h, inplace=True))
        return h + (x if self.conv_shortcut is None else self.conv_shortcut(x))


class Attention(nn.Module):
    """Every place looks at every other, with several heads; added to the input."""

    def __init__(self, channels: int, head: int | None, groups: int, eps: float):
        super().__init__()
        self.heads = channels // (head or channels)
        self.group_norm = nn.GroupNorm(groups, channels, eps)
        self.to_q, self.to_k, self.to_v = (nn.Linear(channels, channels) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x: Tensor) -> Tensor:
        h = self.group_norm(x).flatten(2).transpose(1, 2)  # B, HW, C
        q, k, v = (
            f(h).unflatten(2, (self.heads, -1)).transpose(1, 2) for f in (self.to_q, self.to_k, self.to_v)
        )
        h = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)  # B, HW, C
        return x + self.to_out[0](h).transpose(1, 2).unflatten(2, x.shape[2:])


class Halve(nn.Module):
    def __init__(self, channels: int, padding: int):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2, padding=padding)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        return self.conv(x if self.conv.padding[0] else F.pad(x, (0, 1, 0, 1)))


class Double(Upsample):
    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        return super().forward(x)


class Level(nn.Module):
    """The residual blocks of one resolution, each with its attention where there is some."""

    def __init__(self, widths: list[tuple[int, int]], told: int, c: UNetConfig, attention: bool):
        super().__init__()
        looks = [(b, c.attention_head_dim, c.norm_num_groups, c.norm_eps) for _, b in widths if attention]
        self.attentions = nn.ModuleList([Attention(*look) for look in looks])
        self.resnets = nn.ModuleList([Residual(a, b, told, c) for a, b in widths])

    def step(self, i: int, x: Tensor, told: Tensor) -> Tensor:
        x = self.resnets[i](x, told)
        return self.attentions[i](x) if self.attentions else x


class Down(Level):
    def __init__(self, kind: str, c_in: int, c_out: int, told: int, c: UNetConfig, last: bool):
        widths = [(c_in if i == 0 else c_out, c_out) for i in range(c.layers_per_block)]
        super().__init__(widths, told, c, kind.startswith("Attn"))
        resnet = kind.startswith("Resnet") or ("Attn" in kind and c.downsample_type == "resnet")
        half = Residual(c_out, c_out, told, c, -1) if resnet else Halve(c_out, c.downsample_padding)
        self.downsamplers = nn.ModuleList([] if last else [half])

    def forward(self, x: Tensor, told: Tensor, bridges: list[Tensor]) -> Tensor:
        for i in range(len(self.resnets)):
            bridges.append(x := self.step(i, x, told))
        for half in self.downsamplers:
            bridges.append(x := half(x, told))
        return x


class Up(Level):
    def __init__(self, kind: str, before: int, c_in: int, c_out: int, told: int, c: UNetConfig, last: bool):
        n = c.layers_per_block + 1
        widths = [((before if i == 0 else c_out) + (c_in if i == n - 1 else c_out), c_out) for i in range(n)]
        super().__init__(widths, told, c, kind.startswith("Attn"))
        resnet = kind.startswith("Resnet") or ("Attn" in kind and c.upsample_type == "resnet")
        double = Residual(c_out, c_out, told, c, 1) if resnet else Double(c_out)
        self.upsamplers = nn.ModuleList([] if last else [double])

    def forward(self, x: Tensor, told: Tensor, bridges: list[Tensor]) -> Tensor:
        for i in range(len(self.resnets)):
            x = self.step(i, torch.cat([x, bridges.pop()], 1), told)
        for double in self.upsamplers:
            x = double(x, told)
        return x


class Middle(nn.Module):
    """At the coarsest resolution."""

    def __init__(self, width: int, told: int, c: UNetConfig):
        super().__init__()
        groups = c.attn_norm_num_groups or c.norm_num_groups
        self.attentions = nn.ModuleList([Attention(width, c.attention_head_dim, groups, c.norm_eps)])
        self.resnets = nn.ModuleList([Residual(width, width, told, c) for _ in range(2)])

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        return self.resnets[1](self.attentions[0](self.resnets[0](x, told)), told)


class UNet(Model):
    """`unet(x, t)`, `unet(x, t, labels)`: pictures (B, C, H, W), moments (B,), classes (B,) -> like x."""

    Config = UNetConfig
    beside = (SCHEDULER,)

    def __init__(self, config: UNetConfig = UNetConfig()):  # noqa: B008 - frozen
        super().__init__(config)
        c, widths = config, config.block_out_channels
        told, last = c.time_embedding_dim or 4 * widths[0], len(widths) - 1
        self.conv_in = nn.Conv2d(c.in_channels * c.patch**2, widths[0], 3, padding=1)
        self.time_embedding = Moment(widths[0], told)
        self.class_embedding = nn.Embedding(c.num_class_embeds, told) if c.num_class_embeds else None
        self.down_blocks = nn.ModuleList(
            Down(kind, widths[max(i - 1, 0)], widths[i], told, c, i == last)
            for i, kind in enumerate(c.down_block_types)
        )
        self.mid_block = Middle(widths[-1], told, c)
        up = widths[::-1]
        self.up_blocks = nn.ModuleList(
            Up(kind, up[max(i - 1, 0)], up[min(i + 1, last)], up[i], told, c, i == last)
            for i, kind in enumerate(c.up_block_types)
        )
        self.conv_norm_out = nn.GroupNorm(c.norm_num_groups, widths[0], c.norm_eps)
        self.conv_out = nn.Conv2d(widths[0], c.out_channels * c.patch**2, 3, padding=1)
        self.factor = c.patch * 2**last

    def forward(self, x: Tensor, t: Tensor, labels: Tensor | None = None) -> Tensor:
        c = self.config
        if x.shape[2] % self.factor or x.shape[3] % self.factor:
            raise ValueError(f"height and width of {tuple(x.shape)} must be multiples of {self.factor}")
        x = x.to(self.dtype)
        h = waves(t, c.block_out_channels[0], c.flip_sin_to_cos, c.freq_shift).to(x.dtype)
        told = self.time_embedding(h)
        if self.class_embedding is not None:
            told = told + self.class_embedding(self.any(x) if labels is None else labels)
        told = F.silu(told)  # as every block would, once
        x = self.conv_in(F.pixel_unshuffle(x, c.patch))
        bridges = [x]
        for down in self.down_blocks:
            x = down(x, told, bridges)
        x = self.mid_block(x, told)
        for up in self.up_blocks:
            x = up(x, told, bridges)
        x = self.conv_out(F.silu(self.conv_norm_out(x), inplace=True))
        return F.pixel_shuffle(x, c.patch)

    def any(self, x: Tensor) -> Tensor:
        """The label that says nothing, for each of a batch."""
        if not (self.config.num_class_embeds and self.config.any_class):
            raise ValueError("this network has no class for any")
        return torch.full((len(x),), self.config.num_class_embeds - 1, device=x.device)

    @classmethod
    def read_config(cls, raw: dict[str, Any]) -> UNetConfig:
        """Ours or diffusers'."""
        if raw.get("_class_name") == "UNet2DModel":
            raw = DIFFUSERS | meaning(raw.get(SCHEDULER)) | raw | {"_class_name": cls.__name__}
        ignored = ("_diffusers_version", "_name_or_path", "dropout", "num_train_timesteps", SCHEDULER)
        return checked(super().read_config(plain_config(raw, ignored, FIXED)))

    @classmethod
    def read_state(cls, state: dict[str, Tensor], config: UNetConfig) -> dict[str, Tensor]:
        return modern_attention(state)


def checked(c: UNetConfig) -> UNetConfig:
    """Words and numbers that this class knows what to do with, or a Problem that names the field."""
    must_know(c, WORDS)
    kinds, widths = (*c.down_block_types, *c.up_block_types), c.block_out_channels
    if not len(c.down_block_types) == len(c.up_block_types) == len(widths):
        raise problem(f"{len(kinds)} blocks down and up for {len(widths)} widths")
    looking = {
        widths[-1],
        *(w for kind, w in zip(kinds, widths + widths[::-1], strict=True) if "Attn" in kind),
    }
    for name, divides in (
        ("norm_num_groups", widths), ("attention_head_dim", looking), ("attn_norm_num_groups", widths[-1:])
    ):  # fmt: skip
        n = getattr(c, name)
        if n is not None and (type(n) is not int or n < 1 or any(width % n for width in divides)):
            raise problem(f"{name} is {n!r}, which does not divide {', '.join(map(str, divides))}")
    return c


DIFFUSERS: dict[str, Any] = {  # what a field that diffusers left out means there
    "block_out_channels": [224, 448, 672, 896],
    "down_block_types": ["DownBlock2D", *["AttnDownBlock2D"] * 3],
    "up_block_types": [*["AttnUpBlock2D"] * 3, "UpBlock2D"],
    "attention_head_dim": 8,
    "norm_eps": 1e-5,
    "downsample_padding": 1,
    "flip_sin_to_cos": True,
    "freq_shift": 0,
    "any_class": False,
}
WORDS = {
    "down_block_types": ("DownBlock2D", "AttnDownBlock2D", "ResnetDownsampleBlock2D"),
    "up_block_types": ("UpBlock2D", "AttnUpBlock2D", "ResnetUpsampleBlock2D"),
    "downsample_type": ("conv", "resnet"),
    "upsample_type": ("conv", "resnet"),
    "resnet_time_scale_shift": ("default", "scale_shift"),
}
FIXED: dict[str, Any] = {  # fields of diffusers that may only say what this class does anyway
    "act_fn": "silu",
    "add_attention": True,
    "center_input_sample": False,
    "class_embed_type": None,
    "mid_block_scale_factor": 1,
    "mid_block_type": "UNetMidBlock2D",
    "time_embedding_type": "positional",
}
