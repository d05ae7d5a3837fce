"""Pictures as words: a dictionary of small patches, the prior that writes with it, and two rivals.

Five checkpoints share the tab: our VQ-VAEs, our discrete VAE, and two VQGANs from the Hub. One module per
view; `source` has the picture they work on, `words` what a word and a grid of words look like.
"""

from demos import kit
from demos.vqvae import atlas, codes, complete, nearest, prior, reconstruct, relax
from demos.vqvae.source import TABLE, controls

TITLE = ("VQ-VAE", "VQ-VAE")
CARD = (
    "A picture becomes a few words of a dictionary. Exchange one, fill gaps, have new ones written.",
    "Una imagen se vuelve unas pocas palabras de un diccionario. Cambia una, completa, pide otras.",
)
MEASURE = ("vqvae-faces", "psnr")


def build() -> kit.Tab:
    with kit.Tab(__name__, TABLE) as tab:
        picture = controls(tab)
        for view in (codes, atlas, reconstruct):
            view.layout(tab, picture)
        prior.layout(tab)
        complete.layout(tab, picture)
        nearest.layout(tab)
        relax.layout(tab, picture)
    return tab
