"""A GAN that draws pictures: a generator that has never seen one, taught by a discriminator that has.

The discriminator learns to give real pictures a high score and generated ones a low score; the generator
follows the slope of that score through the discriminator back to its own weights. Nothing else tells it what
a face is. There is no encoder and no likelihood: a picture cannot be asked for its z, nor how probable it is.

Goodfellow et al. 2014, arXiv:1406.2661 (the game), Radford et al. 2015, arXiv:1511.06434 (the networks). We
changed: 64 numbers of noise, a quarter of the published widths, softened labels inside [0, 1].
"""

from dataclasses import dataclass

from torch import Tensor

from genmodels.gan.networks import Discriminator, Generator, start
from genmodels.model import Model


@dataclass(frozen=True)
class DCGANConfig:
    size: int = 64  # pixels a side: 4 doubled once per width of the generator
    channels: int = 3  # of a picture
    latent: int = 100  # numbers of noise
    generator: tuple[int, ...] = (512, 256, 128, 64)  # feature maps at 4, 8, 16 and 32 pixels a side
    discriminator: tuple[int, ...] = (64, 128, 256, 512)  # at 32, 16, 8 and 4
    repeat: bool = False  # grow by repeated pixels and a convolution, instead of transposed convolutions
    dropout: float = 0.3  # in the discriminator, while it learns
    game: str = "non_saturating"  # of genmodels.gan.losses.GAMES


class DCGAN(Model):
    """`generator(z)`: (B, latent) -> (B, C, size, size). `discriminator(x)`: the logit of "real", (B,)."""

    Config = DCGANConfig

    def __init__(self, config: DCGANConfig = DCGANConfig()):  # noqa: B008 - frozen
        super().__init__(config)
        if config.size != 4 * 2 ** len(config.generator) or len(config.generator) != len(
            config.discriminator
        ):
            raise ValueError(
                f"size {config.size}, widths {config.generator}, {config.discriminator}: unequal"
            )
        self.generator = Generator(config.latent, config.generator, config.channels, config.repeat)
        self.discriminator = Discriminator(config.channels, config.discriminator, True, config.dropout)
        start(self)

    def forward(self, z: Tensor) -> Tensor:
        return self.generator(z)
