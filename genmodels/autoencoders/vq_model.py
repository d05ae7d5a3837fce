"""Pictures as words: the vector-quantised autoencoder with an adversarial loss, VQGAN.

The encoder's vector at each place is replaced by the nearest of 8192 learnt ones, and the decoder sees only
which one it was. So a picture is a small grid of integers, and whatever models sequences of words can model
pictures: aMUSEd fills in 16x16 of them at once, as BERT fills in words. Latent diffusion uses the same
autoencoder otherwise: it diffuses the vectors before they are rounded, and rounding comes at the end, as
part of the decoder (`draw(nearest(z))`). Squared error alone would blur: a perceptual and an adversarial
loss, gone after training, have the decoder invent the texture that so few integers can't hold.

Esser, Rombach, Ommer: Taming Transformers for High-Resolution Image Synthesis, arXiv:2012.09841, eq. 2 and
section 3.1. The networks are those of autoencoder_kl.py without the Gaussian. Names of layers are those of
diffusers, so its checkpoints load as they are. Different from it: images are in [-1,1] for every checkpoint,
also where the network was trained on [0,1], and `decode` does not round, `draw` starts from integers.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from genmodels.autoencoders.autoencoder_kl import Decoder, Encoder
from genmodels.foreign import modern_attention, plain_config
from genmodels.model import Model

ROWS = 1024  # vectors compared with the codebook at a time: 32 MB of distances at 8192 codes


@dataclass(frozen=True)
class VQModelConfig:
    in_channels: int = 3  # of the image
    out_channels: int = 3
    block_out_channels: tuple[int, ...] = (128, 256, 512)  # one resolution each, from fine to coarse
    layers_per_block: int = 2  # residual blocks per resolution; the decoder has one more
    latent_channels: int = 3  # between networks and codebook
    num_vq_embeddings: int = 8192  # how many codes there are
    vq_embed_dim: int | None = None  # numbers of a code's vector, if not latent_channels
    norm_num_groups: int = 32
    mid_block_add_attention: bool = True
    lookup_from_codebook: bool = False  # made for codes (aMUSEd), not for diffusion; its pixels are [0,1]
    scaling_factor: float = 1.0  # of the vectors, for a diffusion that follows


class Quantiser(nn.Module):
    """The codebook."""

    def __init__(self, codes: int, width: int):
        super().__init__()
        self.embedding = nn.Embedding(codes, width)
        nn.init.uniform_(self.embedding.weight, -1 / codes, 1 / codes)

    def nearest(self, z: Tensor) -> Tensor:
        """z (B, D, h, w) -> the code nearest to each vector, (B, h, w)."""
        book = self.embedding.weight.float()
        half = book.square().sum(1) / 2  # |z - e|^2 = |z|^2 + 2 (|e|^2 / 2 - z e), of which |z|^2 is all one
        rows = z.float().permute(0, 2, 3, 1).flatten(0, 2)  # Bhw, D
        found = torch.cat([torch.addmm(half, part, book.T, alpha=-1).argmin(1) for part in rows.split(ROWS)])
        return found.view(len(z), *z.shape[2:])

    def forward(self, codes: Tensor) -> Tensor:
        """(B, h, w) -> (B, D, h, w)."""
        return self.embedding(codes).permute(0, 3, 1, 2)


class VQModel(Model):
    """Images in [-1,1] <-> a grid of integers `factor` times smaller on each side."""

    Config = VQModelConfig

    def __init__(self, config: VQModelConfig):
        super().__init__(config)
        c = config
        width = c.vq_embed_dim or c.latent_channels
        blocks = {
            "widths": c.block_out_channels,
            "groups": c.norm_num_groups,
            "attention": c.mid_block_add_attention,
        }
        self.encoder = Encoder(c.in_channels, c.latent_channels, layers=c.layers_per_block, **blocks)
        self.decoder = Decoder(c.latent_channels, c.out_channels, layers=c.layers_per_block + 1, **blocks)
        self.quantize = Quantiser(c.num_vq_embeddings, width)
        self.quant_conv = nn.Conv2d(c.latent_channels, width, 1)
        self.post_quant_conv = nn.Conv2d(width, c.latent_channels, 1)
        self.factor = 2 ** (len(c.block_out_channels) - 1)

    @property
    def codebook(self) -> Tensor:
        """(codes, D)."""
        return self.quantize.embedding.weight

    def encode(self, x: Tensor) -> Tensor:
        """The vectors of images x, not rounded to codes."""
        if x.shape[-2] % self.factor or x.shape[-1] % self.factor:
            raise ValueError(f"height and width of {tuple(x.shape)} must be multiples of {self.factor}")
        if self.config.lookup_from_codebook:
            x = x / 2 + 0.5
        return self.quant_conv(self.encoder(x))  # B, D, H / factor, W / factor

    def nearest(self, z: Tensor) -> Tensor:
        """The codes (B, h, w) of vectors z."""
        return self.quantize.nearest(z)

    def codes(self, x: Tensor) -> Tensor:
        """The codes (B, h, w) of images x."""
        return self.nearest(self.encode(x))

    def lookup(self, codes: Tensor) -> Tensor:
        """The vectors (B, D, h, w) of codes."""
        return self.quantize(codes)

    def decode(self, z: Tensor) -> Tensor:
        """The images of vectors z as they are, rounded or not. Close to [-1,1], not clamped to it."""
        x = self.decoder(self.post_quant_conv(z))
        return x * 2 - 1 if self.config.lookup_from_codebook else x

    def draw(self, codes: Tensor) -> Tensor:
        """The images of codes."""
        return self.decode(self.lookup(codes))

    @classmethod
    def read_config(cls, raw: dict[str, Any]) -> VQModelConfig:
        """Ours or diffusers'."""
        ignored = ("_diffusers_version", "_name_or_path", "sample_size", "force_upcast")
        fixed = {
            "act_fn": "silu",
            "down_block_types": "DownEncoderBlock2D",
            "up_block_types": "UpDecoderBlock2D",
            "norm_type": "group",
        }
        return super().read_config(plain_config(raw, ignored, fixed))

    @classmethod
    def read_state(cls, state: dict[str, Tensor], config: VQModelConfig) -> dict[str, Tensor]:
        return modern_attention(state)
