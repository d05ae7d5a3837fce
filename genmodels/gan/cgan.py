"""A GAN that is told what to draw: the label goes to both networks, the noise keeps everything else.

The label is a row of numbers y, one per class of each attribute (a one of n for hair, a one of two for
glasses), so a label can also be half one class and half another, which no picture ever was. The generator
gets [z, y]. The critic asks two questions at once, is it real and does it fit, and adds the answers:

    critic(x, y) = f(h(x)) + <V y, sum over places of h(x)>

h are its features of the picture, and V y is where the label looks: Miyato and Koyama 2018, arXiv:1802.05637,
eq. 3. Mirza and Osindero 2014, arXiv:1411.1784, fig. 1, hand the label to the critic as further channels of
the picture; projecting it obeys sooner. The game is the WGAN's with its penalty on the slope by x, and the
critic also learns that a real picture under another's label is wrong (Reed et al. 2016, arXiv:1605.05396,
section 4.2), up to a margin.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genmodels.gan.networks import Discriminator, Generator, start
from genmodels.model import Model


@dataclass(frozen=True)
class CGANConfig:
    size: int = 64  # pixels a side: 4 doubled once per width of the generator
    channels: int = 3  # of a picture
    latent: int = 32  # numbers of noise
    generator: tuple[int, ...] = (128, 128, 128, 64)  # feature maps at 4, 8, 16 and 32 pixels a side
    critic: tuple[int, ...] = (64, 128, 128, 128)  # at 32, 16, 8 and 4
    classes: tuple[str, ...] = ()  # names, in the order of the label's numbers
    groups: tuple[int, ...] = ()  # how many of them in a row exclude each other: an attribute each
    penalty: float = 10.0  # on the critic's slope
    critic_steps: int = 3  # for each one of the generator
    strength: tuple[float, ...] = ()  # of each group, once trained: how far past its label it is asked for


class CGAN(Model):
    """`generator(z, y)`: (B, latent), (B, classes) -> pictures. `critic(x, y)`: a height, (B,)."""

    Config = CGANConfig

    def __init__(self, config: CGANConfig = CGANConfig()):  # noqa: B008 - frozen
        super().__init__(config)
        if sum(config.groups) != len(config.classes):
            raise ValueError(f"groups {config.groups} of {len(config.classes)} classes: unequal")
        if config.size != 4 * 2 ** len(config.generator) or len(config.generator) != len(config.critic):
            raise ValueError(f"size {config.size}, widths {config.generator}, {config.critic}: unequal")
        self.network = Generator(config.latent + len(config.classes), config.generator, config.channels)
        self.judge = Discriminator(config.channels, config.critic, normed=False)
        self.look = nn.Linear(len(config.classes), config.critic[-1], bias=False)  # V
        start(self)

    def generator(self, z: Tensor, y: Tensor) -> Tensor:
        return self.network(torch.cat([z, self.asked(y)], 1))

    def asked(self, y: Tensor) -> Tensor:
        """The label as the generator gets it: each group away from its middle, by its strength."""
        strengths = self.config.strength or (1.0,) * len(self.config.groups)
        parts = zip(y.split(self.config.groups, dim=1), strengths, strict=True)
        return torch.cat([torch.lerp(p.mean(1, keepdim=True).expand_as(p), p, s) for p, s in parts], 1)

    def critic(self, x: Tensor, y: Tensor) -> Tensor:
        h = self.judge.features(x)  # (B, widths[-1], 4, 4)
        return self.judge.last(h).flatten() + self.fit(h, y)

    def fit(self, h: Tensor, y: Tensor) -> Tensor:
        """How well the label fits the features: <V y, sum of h>, (B,)."""
        return (self.look(y) * h.sum((2, 3))).sum(1)

    def label(self, *chosen: int) -> Tensor:
        """(classes,): a one for the chosen class of each group."""
        sizes = self.config.groups
        if len(chosen) != len(sizes) or any(not 0 <= c < n for c, n in zip(chosen, sizes, strict=True)):
            raise ValueError(f"label {chosen}: expected one number per group of {sizes}")
        return torch.cat([torch.eye(n)[c] for c, n in zip(chosen, sizes, strict=True)])
