"""The checkpoints of this family: what each picker offers.

The GANs that people know (DCGAN, FastGAN, BigGAN, StyleGAN) lie on the Hub as pickles, which are never opened
here; all of these were trained by the recipes in training/.
"""

from genmodels.hub import Checkpoint

FACES = "36,000 painted faces"
CARAS = "36.000 caras pintadas"


def _bundled(name: str, en: str, es: str, data: str = FACES, datos: str = CARAS) -> Checkpoint:
    return Checkpoint(name=name, title=en, licence="MIT", data=data, spanish=(es, datos))


DCGANS = (
    _bundled("dcgan-faces", "DCGAN, transposed convolutions", "DCGAN, convoluciones transpuestas"),
    _bundled("dcgan-faces-repeat", "DCGAN, repeated pixels", "DCGAN, píxeles repetidos"),
)
WGANS = (
    _bundled("wgan-gp-faces", "WGAN with gradient penalty", "WGAN con penalización del gradiente"),
    _bundled("wgan-faces", "WGAN with clipped weights", "WGAN con pesos recortados"),
)
CGANS = (
    _bundled(
        "cgan-faces", "Faces by hair and glasses", "Caras según pelo y anteojos",
        "painted faces with hair to be seen", "caras pintadas con pelo a la vista",
    ),
    _bundled(
        "cgan-fashion", "Garments by kind", "Prendas según su clase",
        "60,000 garments of Fashion-MNIST", "60.000 prendas de Fashion-MNIST",
    ),
)  # fmt: skip
