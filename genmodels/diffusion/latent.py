"""Diffusion of what an autoencoder makes of pictures: sixteen times fewer numbers, so cheaper steps.

Nothing changes for network, schedule and solvers, for which a latent is a picture of odd colours; but it may
go beyond [-1, 1], so beliefs are not clamped. Here the autoencoder is the VQGAN of
genmodels/autoencoders/vq_model.py: the network learnt its vectors before they are rounded to codes, and
rounding comes at the end, as part of the decoder.

Rombach, Blattmann, Lorenz, Esser, Ommer 2022, arXiv:2112.10752, section 3.2 and appendix G. To draw:

    unet = UNet.from_pretrained(checkpoints.LATENT_HUB[0])
    vq = VQModel.from_pretrained(VQ_MODEL[1])
    sigmas = schedules.leading("scaled_linear", 50)
    *_, last = samplers.ddim(Denoiser.of(unet), samplers.start((3, 64, 64), sigmas[0], luck), sigmas)
    x = latent.decode(vq, last.x)
"""

from torch import Tensor

from genmodels.autoencoders.vq_model import VQModel


def encode(autoencoder: VQModel, x: Tensor) -> Tensor:
    """Pictures in [-1, 1] -> latents of about unit variance, as the network learnt them."""
    return autoencoder.encode(x) * autoencoder.config.scaling_factor


def decode(autoencoder: VQModel, z: Tensor) -> Tensor:
    """Latents -> pictures, each vector replaced by the nearest code."""
    return autoencoder.draw(autoencoder.nearest(z / autoencoder.config.scaling_factor)).clamp(-1, 1)
