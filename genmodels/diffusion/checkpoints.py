"""The checkpoints of this family: what each picker offers. One table per class."""

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
FLOWS = (_bundled("flow-fashion", "Flow matching, garments", "Flow matching, prendas", GARMENTS),)
