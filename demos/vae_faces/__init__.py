"""Faces: sample them, compose them, edit them by arithmetic, morph them, and look into their space.

One module per view; each has its function, the lines of Python that do the same, and its layout.
"""

from demos import kit
from demos.vae_faces import compare, compose, edit, inside, morph, own, sample
from genmodels.autoencoders.checkpoints import VAE_FACES

TITLE = ("Faces", "Caras")
CARD = (
    "A face is 128 numbers. Draw them at random, walk from one to another, add a smile like a number.",
    "Una cara son 128 números. Sortéalos, camina de una a otra, suma una sonrisa como un número más.",
)
MEASURE = ("vae-faces", "psnr")


def build() -> kit.Tab:
    with kit.Tab(__name__, VAE_FACES) as tab:
        for view in (sample, compose, own, edit, morph, inside, compare):
            view.layout(tab)
    return tab
