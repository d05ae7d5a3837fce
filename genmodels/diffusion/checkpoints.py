"""The checkpoints of this family: what each picker offers. A table per class and kind of answer.

What the Hub's networks answer, and on which schedule, lies in another folder of theirs or is what DDPM did,
so `says` has it where it is not the latter. Hashes, sizes and commits are those that were published where we
could read them. Several of these repos have pickles too, and only the safetensors are asked for.
"""

from genmodels.hub import Checkpoint

FACES = "36,000 painted faces", "36.000 caras pintadas"
GARMENTS = "60,000 garments of Fashion-MNIST", "60.000 prendas de Fashion-MNIST"
SPRITES = "25,500 sprites, most of them painted", "25.500 sprites, casi todos pintados"
EMOJI = "5,525 emoji of Noto and Twemoji", "5.525 emojis de Noto y Twemoji"


def _bundled(name: str, en: str, es: str, data: tuple[str, str], licence: str = "MIT") -> Checkpoint:
    return Checkpoint(name=name, title=en, licence=licence, data=data[0], spanish=(es, data[1]))


UNETS = (
    _bundled("ddpm-faces", "Faces, 64 × 64", "Caras, 64 × 64", FACES),
    _bundled("ddpm-fashion", "Garments, 28 × 28", "Prendas, 28 × 28", GARMENTS),
    _bundled("ddpm-sprites", "Sprites, 24 × 24", "Sprites, 24 × 24", SPRITES),
    _bundled("ddpm-emoji", "Emoji, 32 × 32", "Emojis, 32 × 32", EMOJI),
)
DITS = (_bundled("dit-fashion", "Transformer, garments", "Transformer, prendas", GARMENTS),)
CONSISTENCY = (
    _bundled("consistency-faces", "Faces in one to four jumps", "Caras en uno a cuatro saltos", FACES),
)
FLOWS = (_bundled("flow-fashion", "Flow matching, garments", "Flow matching, prendas", GARMENTS),)

FILE = "diffusion_pytorch_model.safetensors"  # as diffusers names it
HUB = (  # UNet: of pixels, without classes, epsilon
    Checkpoint(
        name="1aurent/ddpm-mnist",
        title="DDPM of digits, 28 × 28",
        licence="MIT",
        data="MNIST",
        spanish=("DDPM de dígitos, 28 × 28", "MNIST"),
        revision="e6ee37a720cd5c9b48fa5be809e5926f49f38246",
        file=FILE,
        about=4_290_000,
        also=("scheduler_config.json",),
    ),
    Checkpoint(
        name="google/ddpm-cifar10-32",
        title="DDPM as published, CIFAR-10, 32 × 32",
        licence="Apache-2.0",
        data="CIFAR-10",
        spanish=("DDPM como se publicó, CIFAR-10, 32 × 32", "CIFAR-10"),
        revision="267b167dc01f0e4e61923ea244e8b988f84deb80",
        file=FILE,
        about=143_000_000,
        sha256="1558dbe3fb093b0857d473e376b711eeda1b186c557be5e85b3a56300cd49f0f",
    ),
    Checkpoint(
        name="Mou11209203/ddpm-celebahq-256",  # google/ddpm-celebahq-256 has a pickle only
        title="DDPM of photographed faces, 256 × 256 (slow without a GPU)",
        licence="Apache-2.0",
        data="CelebA-HQ",
        spanish=("DDPM de caras fotografiadas, 256 × 256 (lento sin GPU)", "CelebA-HQ"),
        file=FILE,
        about=455_000_000,
    ),
)
CONSISTENCY_HUB = (  # UNet: jumps, of 1000 classes, none of which means any
    Checkpoint(
        name="openai/diffusers-cd_imagenet64_l2",
        title="Consistency model, ImageNet, 64 × 64",
        licence="MIT",
        data="ImageNet",
        spanish=("Modelo de consistencia, ImageNet, 64 × 64", "ImageNet"),
        revision="5f462e4403fc37b72ec6004e806c71805db22387",
        subfolder="unet",
        file=FILE,
        about=1_180_000_000,
        says=(("prediction", "consistency"),),
    ),
)
LATENT_HUB = (  # UNet: of what VQ_MODEL's of the same name encodes
    Checkpoint(
        name="CompVis/ldm-celebahq-256",
        title="Latent diffusion, photographed faces, 256 × 256",
        licence="Apache-2.0",
        data="CelebA-HQ",
        spanish=("Difusión latente, caras fotografiadas, 256 × 256", "CelebA-HQ"),
        revision="refs/pr/7",  # main has a pickle only
        subfolder="unet",
        file=FILE,
        about=1_100_000_000,
        says=(("schedule", "scaled_linear"),),
    ),
)
DIT_HUB = (  # DiT: of what Stable Diffusion's autoencoder (ft-EMA) encodes
    Checkpoint(
        name="facebook/DiT-XL-2-256",
        title="DiT-XL/2, ImageNet, 256 × 256",
        licence="CC-BY-NC-4.0",
        data="ImageNet",
        spanish=("DiT-XL/2, ImageNet, 256 × 256", "ImageNet"),
        revision="32d0e3550d47bdf75c5092db378c0f32cd12e100",  # of refs/pr/1; main has a pickle only
        subfolder="transformer",
        file=FILE,
        about=3_000_000_000,
    ),
)
