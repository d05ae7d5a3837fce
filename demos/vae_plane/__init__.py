"""Fashion-MNIST in a plane: PCA, autoencoders and VAEs whose code is two numbers, so that all is seen.

One module per view; each has its function, the lines of Python that do the same, and its layout. `codes` is
what they share: the models, their planes, and the codes of the 10,000 test images, which ship without them.
"""

from demos import kit
from demos.vae_plane import compare, denoise, path, plane, reconstruct, sample
from demos.vae_plane.codes import FLAT

TITLE = ("The latent plane", "El plano latente")
CARD = (
    "Clothes squeezed into two numbers by PCA, autoencoders and VAEs. Click on the plane: what is there?",
    "Ropa resumida en dos números por PCA, autocodificadores y VAE. Haz clic en el plano: ¿qué hay ahí?",
)
MEASURE = ("vae-plane-vae", "psnr")


def build() -> kit.Tab:
    with kit.Tab(__name__, FLAT) as tab:
        for view in (plane, compare, path, sample, reconstruct, denoise):
            view.layout(tab)
    return tab
