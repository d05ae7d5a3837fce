"""TAESD: a tiny stand-in for Stable Diffusion's autoencoder, for previews and for machines without a GPU.

Distilled from the big one (see autoencoder_kl.py): an encoder learnt to give the same latents, a decoder to
give the same images, with 2.4 million parameters instead of 84. No norm and no attention, only 3x3
convolutions and ReLU, so each output pixel sees a small patch and memory grows with the image alone. It is
deterministic: no variance. Its latents are those of Stable Diffusion already multiplied by the scaling
factor, so a diffusion model's output goes straight in.

Bohan: Tiny AutoEncoder for Stable Diffusion, github.com/madebyollin/taesd. Names of layers are diffusers'.
"""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genmodels.foreign import plain_config
from genmodels.model import Model


@dataclass(frozen=True)
class AutoencoderTinyConfig:
    in_channels: int = 3  # of the image
    out_channels: int = 3
    latent_channels: int = 4
    encoder_block_out_channels: tuple[int, ...] = (64, 64, 64, 64)  # one resolution each, fine to coarse
    decoder_block_out_channels: tuple[int, ...] = (64, 64, 64, 64)  # coarse to fine
    num_encoder_blocks: tuple[int, ...] = (1, 3, 3, 3)  # residual blocks per resolution
    num_decoder_blocks: tuple[int, ...] = (3, 3, 3, 1)
    latent_magnitude: float = 3  # latents lie in (-3, 3) ...
    latent_shift: float = 0.5  # ... and z / 6 + 0.5 shows them as colours
    scaling_factor: float = 1.0  # the latents have unit variance already


class Block(nn.Module):
    """Three convolutions added to the input."""

    def __init__(self, c: int):
        super().__init__()
        convs = [nn.Conv2d(c, c, 3, padding=1) for _ in range(3)]
        self.conv = nn.Sequential(convs[0], nn.ReLU(True), convs[1], nn.ReLU(True), convs[2])

    def forward(self, x: Tensor) -> Tensor:
        return F.relu_(self.conv(x).add_(x))


class Encoder(nn.Module):
    def __init__(self, c_in: int, c_out: int, widths: tuple[int, ...], blocks: tuple[int, ...]):
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(c_in, widths[0], 3, padding=1)]
        for level, (width, n) in enumerate(zip(widths, blocks, strict=True)):
            if level:
                layers.append(nn.Conv2d(width, width, 3, padding=1, stride=2, bias=False))
            layers.extend(Block(width) for _ in range(n))
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], c_out, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x / 2 + 0.5)  # TAESD's own images are in [0,1]


class Decoder(nn.Module):
    def __init__(self, c_in: int, c_out: int, widths: tuple[int, ...], blocks: tuple[int, ...]):
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(c_in, widths[0], 3, padding=1), nn.ReLU(True)]
        for level, (width, n) in enumerate(zip(widths, blocks, strict=True)):
            if level:
                layers += [nn.Upsample(scale_factor=2), nn.Conv2d(width, width, 3, padding=1, bias=False)]
            layers.extend(Block(width) for _ in range(n))
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], c_out, 3, padding=1))

    def forward(self, z: Tensor) -> Tensor:
        z = torch.tanh(z / 3) * 3  # a soft limit: diffusion may leave the range, the distillation never did
        return self.layers(z) * 2 - 1


class AutoencoderTiny(Model):
    """Images in [-1,1] <-> latents `factor` times smaller on each side, of about unit variance."""

    Config = AutoencoderTinyConfig

    def __init__(self, config: AutoencoderTinyConfig):
        super().__init__(config)
        c = config
        for widths in (c.encoder_block_out_channels, c.decoder_block_out_channels):
            if len(set(widths)) != 1:
                raise ValueError(f"TAESD has one width for all its levels, not {widths}")
        self.encoder = Encoder(
            c.in_channels, c.latent_channels, c.encoder_block_out_channels, c.num_encoder_blocks
        )
        self.decoder = Decoder(
            c.latent_channels, c.out_channels, c.decoder_block_out_channels, c.num_decoder_blocks
        )
        self.factor = 2 ** (len(c.num_encoder_blocks) - 1)

    def encode(self, x: Tensor) -> Tensor:
        if x.shape[-2] % self.factor or x.shape[-1] % self.factor:
            raise ValueError(f"height and width of {tuple(x.shape)} must be multiples of {self.factor}")
        return self.encoder(x)

    def decode(self, z: Tensor) -> Tensor:
        """The images of latents z. Close to [-1,1], not clamped to it."""
        return self.decoder(z)

    @classmethod
    def read_config(cls, raw: dict[str, Any]) -> AutoencoderTinyConfig:
        """Ours or diffusers'."""
        ignored = ("_diffusers_version", "_name_or_path", "force_upcast", "block_out_channels")
        fixed = {
            "act_fn": "relu",
            "upsample_fn": "nearest",
            "upsampling_scaling_factor": 2,
            "shift_factor": 0.0,
        }
        return super().read_config(plain_config(raw, ignored, fixed))
