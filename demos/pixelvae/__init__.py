"""PixelVAE: what the code knows, what the pixels find out among themselves, and what each costs in bits.

One module per view; each has its function, the lines of Python that do the same, and its layout. `pictures`
is what they share: garments in four greys, and how a drawing in progress looks.
"""

from demos import kit
from demos.pixelvae import compare, knows, sample, walk
from genmodels.autoregressive.checkpoints import PIXELVAE

TITLE = ("PixelVAE", "PixelVAE")
CARD = (
    "32 numbers say which garment; the pixels settle the details among themselves. Who pays how many bits?",
    "32 números dicen qué prenda es; los píxeles acuerdan los detalles. ¿Cuántos bits paga cada uno?",
)
MEASURE = ("pixelvae-fashion", "bits_per_dim")


def build() -> kit.Tab:
    with kit.Tab(__name__, PIXELVAE) as tab:
        for view in (sample, knows, walk, compare):
            view.layout(tab)
    return tab
