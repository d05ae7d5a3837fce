"""The autoencoder in front of latent diffusion: Stable Diffusion's "VAE".

A convolutional encoder halves the image three times and ends in a Gaussian over four channels per 8x8
patch; the decoder turns a sample of it back into the image. The weight of the Kullback-Leibler term is
about 1e-6, so the Gaussian is narrow: this is a compressor that keeps its code smooth and near zero, not a
model of images to sample from. The four channels mean nothing by name. In Stable Diffusion's they behave
like a small picture of the scene: roughly one carries lightness and the others differences of colour, with
texture spread over all of them, 48 times fewer numbers than the pixels. Diffusion then works on that
picture, times `scaling_factor` to have unit variance.

Rombach, Blattmann, Lorenz, Esser, Ommer: High-Resolution Image Synthesis with Latent Diffusion Models,
arXiv:2112.10752, section 3.1 and appendix G. Names of layers are those of diffusers, so its checkpoints
load as they are. Different from it: an upsampling and the convolution after it are one transposed
convolution (`Upsample`).
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from genmodels.foreign import modern_attention, plain_config
from genmodels.model import Model
from genmodels.nn.conv import Conv3x3, Upsample


@dataclass(frozen=True)
class AutoencoderKLConfig:
    in_channels: int = 3  # of the image
    out_channels: int = 3
    block_out_channels: tuple[int, ...] = (128, 256, 512, 512)  # one resolution each, from fine to coarse
    layers_per_block: int = 2  # residual blocks per resolution; the decoder has one more
    latent_channels: int = 4
    norm_num_groups: int = 32
    scaling_factor: float = 0.18215  # 1 / standard deviation of the latents, for the diffusion that follows


def norm_silu(norm: nn.GroupNorm, x: Tensor) -> Tensor:
    return F.silu(norm(x), inplace=True)


class Residual(nn.Module):
    """Twice norm, SiLU, 3x3 convolution; added to the input."""

    def __init__(self, c_in: int, c_out: int, groups: int):
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, c_in, eps=1e-6)
        self.conv1 = Conv3x3(c_in, c_out)
        self.norm2 = nn.GroupNorm(groups, c_out, eps=1e-6)
        self.conv2 = Conv3x3(c_out, c_out)
        self.conv_shortcut = nn.Conv2d(c_in, c_out, 1) if c_in != c_out else None

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(norm_silu(self.norm1, x))
        h = self.conv2(norm_silu(self.norm2, h))
        return h.add_(x if self.conv_shortcut is None else self.conv_shortcut(x))


class Attention(nn.Module):
    """Every position looks at every other, with one head; added to the input."""

    def __init__(self, channels: int, groups: int):
        super().__init__()
        self.group_norm = nn.GroupNorm(groups, channels, eps=1e-6)
        self.to_q = nn.Linear(channels, channels)
        self.to_k = nn.Linear(channels, channels)
        self.to_v = nn.Linear(channels, channels)
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x: Tensor) -> Tensor:
        h = self.group_norm(x).flatten(2).transpose(1, 2)  # B, HW, C
        q, k, v = (layer(h)[:, None] for layer in (self.to_q, self.to_k, self.to_v))  # B, 1, HW, C
        h = self.to_out[0](F.scaled_dot_product_attention(q, k, v)[:, 0])  # B, HW, C
        return x + h.transpose(1, 2).unflatten(2, x.shape[2:])


class Downsample(nn.Module):
    """Half the size. Padded on the right and at the bottom only, as the first latent diffusion did."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Level(nn.Module):
    """The residual blocks of one resolution."""

    def __init__(self, c_in: int, c_out: int, layers: int, groups: int):
        super().__init__()
        self.resnets = nn.ModuleList(
            Residual(c_in if i == 0 else c_out, c_out, groups) for i in range(layers)
        )

    def forward(self, x: Tensor) -> Tensor:
        for block in self.resnets:
            x = block(x)
        return x


class DownLevel(Level):
    def __init__(self, c_in: int, c_out: int, layers: int, groups: int, last: bool):
        super().__init__(c_in, c_out, layers, groups)
        self.downsamplers = nn.Sequential() if last else nn.Sequential(Downsample(c_out))

    def forward(self, x: Tensor) -> Tensor:
        return self.downsamplers(super().forward(x))


class UpLevel(Level):
    def __init__(self, c_in: int, c_out: int, layers: int, groups: int, last: bool):
        super().__init__(c_in, c_out, layers, groups)
        self.upsamplers = nn.Sequential() if last else nn.Sequential(Upsample(c_out))

    def forward(self, x: Tensor) -> Tensor:
        return self.upsamplers(super().forward(x))


class Middle(nn.Module):
    """At the coarsest resolution, where looking everywhere is affordable."""

    def __init__(self, channels: int, groups: int, attention: bool = True):
        super().__init__()
        self.attentions = nn.Sequential(Attention(channels, groups)) if attention else nn.Sequential()
        self.resnets = nn.ModuleList(
            [Residual(channels, channels, groups), Residual(channels, channels, groups)]
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.resnets[1](self.attentions(self.resnets[0](x)))


class Encoder(nn.Module):
    def __init__(
        self,
        c_in: int,
        c_out: int,
        widths: tuple[int, ...],
        layers: int,
        groups: int,
        attention: bool = True,
    ):
        super().__init__()
        self.conv_in = nn.Conv2d(c_in, widths[0], 3, padding=1)
        pairs = pairwise((widths[0], *widths))
        last = len(widths) - 1
        self.down_blocks = nn.Sequential(
            *(DownLevel(a, b, layers, groups, i == last) for i, (a, b) in enumerate(pairs))
        )
        self.mid_block = Middle(widths[-1], groups, attention)
        self.conv_norm_out = nn.GroupNorm(groups, widths[-1], eps=1e-6)
        self.conv_out = nn.Conv2d(widths[-1], c_out, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.mid_block(self.down_blocks(self.conv_in(x)))
        return self.conv_out(norm_silu(self.conv_norm_out, h))


class Decoder(nn.Module):
    def __init__(
        self,
        c_in: int,
        c_out: int,
        widths: tuple[int, ...],
        layers: int,
        groups: int,
        attention: bool = True,
    ):
        super().__init__()
        widths = widths[::-1]  # from coarse to fine
        self.conv_in = nn.Conv2d(c_in, widths[0], 3, padding=1)
        self.mid_block = Middle(widths[0], groups, attention)
        pairs = pairwise((widths[0], *widths))
        last = len(widths) - 1
        self.up_blocks = nn.Sequential(
            *(UpLevel(a, b, layers, groups, i == last) for i, (a, b) in enumerate(pairs))
        )
        self.conv_norm_out = nn.GroupNorm(groups, widths[-1], eps=1e-6)
        self.conv_out = nn.Conv2d(widths[-1], c_out, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        h = self.up_blocks(self.mid_block(self.conv_in(z)))
        return self.conv_out(norm_silu(self.conv_norm_out, h))


class AutoencoderKL(Model):
    """Images in [-1,1] <-> latents `factor` times smaller on each side."""

    Config = AutoencoderKLConfig

    def __init__(self, config: AutoencoderKLConfig):
        super().__init__(config)
        c = config
        blocks = {"widths": c.block_out_channels, "groups": c.norm_num_groups}
        self.encoder = Encoder(c.in_channels, 2 * c.latent_channels, layers=c.layers_per_block, **blocks)
        self.decoder = Decoder(c.latent_channels, c.out_channels, layers=c.layers_per_block + 1, **blocks)
        self.quant_conv = nn.Conv2d(2 * c.latent_channels, 2 * c.latent_channels, 1)
        self.post_quant_conv = nn.Conv2d(c.latent_channels, c.latent_channels, 1)
        self.factor = 2 ** (len(c.block_out_channels) - 1)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of the latents of images x, not scaled."""
        if x.shape[-2] % self.factor or x.shape[-1] % self.factor:
            raise ValueError(f"height and width of {tuple(x.shape)} must be multiples of {self.factor}")
        moments = self.quant_conv(self.encoder(x))  # B, 2 * latent_channels, H / factor, W / factor
        mean, log_var = moments.chunk(2, dim=1)
        return mean, log_var.clamp(-30, 20)

    def decode(self, z: Tensor) -> Tensor:
        """The images of latents z. Close to [-1,1], not clamped to it."""
        return self.decoder(self.post_quant_conv(z))

    @classmethod
    def read_config(cls, raw: dict[str, Any]) -> AutoencoderKLConfig:
        """Ours or diffusers'."""
        ignored = ("_diffusers_version", "_name_or_path", "sample_size", "force_upcast")
        fixed = {
            "act_fn": "silu",
            "down_block_types": "DownEncoderBlock2D",
            "up_block_types": "UpDecoderBlock2D",
            "use_quant_conv": True,
            "use_post_quant_conv": True,
            "mid_block_add_attention": True,
            "shift_factor": None,
            "latents_mean": None,
            "latents_std": None,
        }
        return super().read_config(plain_config(raw, ignored, fixed))

    @classmethod
    def read_state(cls, state: dict[str, Tensor], config: AutoencoderKLConfig) -> dict[str, Tensor]:
        return modern_attention(state)
