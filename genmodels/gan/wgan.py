"""A GAN whose discriminator is a critic: it does not say how likely real is, it says how far apart they are.

Among functions whose slope is nowhere above 1, the one that separates real from generated the most has a gap

    W = E[f(real)] - E[f(generated)]

that is the Wasserstein distance: the least work that moves one heap of pictures onto the other. It does not
saturate, so the critic may be trained well ahead, and its gap says how training goes. What keeps the slope
down: the weights clipped to [-clip, clip] (Arjovsky et al. 2017, arXiv:1701.07875, who call it clearly
terrible), or a penalty on the slope (Gulrajani et al. 2017, arXiv:1704.00028, eq. 3).

The generator is the DCGAN's. The critic has no batch normalisation: the penalty is on one picture's slope.
"""

from dataclasses import dataclass

from torch import Tensor

from genmodels.gan.networks import Discriminator, Generator, start
from genmodels.model import Model


@dataclass(frozen=True)
class WGANConfig:
    size: int = 64  # pixels a side: 4 doubled once per width of the generator
    channels: int = 3  # of a picture
    latent: int = 128  # numbers of noise
    generator: tuple[int, ...] = (512, 256, 128, 64)  # feature maps at 4, 8, 16 and 32 pixels a side
    critic: tuple[int, ...] = (64, 128, 256, 512)  # at 32, 16, 8 and 4
    clip: float = 0.0  # of the critic's weights; 0 for none
    penalty: float = 10.0  # on the critic's slope; 0 for none
    critic_steps: int = 5  # for each one of the generator


class WGAN(Model):
    """`generator(z)`: (B, latent) -> (B, C, size, size). `critic(x)`: a height, any number, (B,)."""

    Config = WGANConfig

    def __init__(self, config: WGANConfig = WGANConfig()):  # noqa: B008 - frozen
        super().__init__(config)
        if config.size != 4 * 2 ** len(config.generator) or len(config.generator) != len(config.critic):
            raise ValueError(f"size {config.size}, widths {config.generator}, {config.critic}: unequal")
        self.generator = Generator(config.latent, config.generator, config.channels)
        self.critic = Discriminator(config.channels, config.critic, normed=False)
        start(self)

    def forward(self, z: Tensor) -> Tensor:
        return self.generator(z)
