"""The compressed space that latent diffusion works in: look at a picture's code, damage it, mix it, weigh it.

Two classes share the tab: AutoencoderKL (Stable Diffusion's, and our small stand-in for it) and TAESD, its
distilled miniature. Here a code is always scaled to unit variance, as diffusion sees it. One module per view;
`source` has what they share.
"""

from demos import kit
from demos.autoencoder_kl import look, mix, prior, race, tamper
from demos.autoencoder_kl.source import TABLE, controls

TITLE = ("Latent space of Stable Diffusion", "El espacio latente de Stable Diffusion")
CARD = (
    "A picture becomes four small channels and comes back: the space in which latent diffusion paints.",
    "Una imagen se vuelve cuatro canales pequeños y regresa: el espacio donde pinta la difusión latente.",
)
MEASURE = ("autoencoder-kl-small", "psnr_photos")


def build() -> kit.Tab:
    with kit.Tab(__name__, TABLE) as tab:
        source = controls(tab)
        for view in (look, tamper, mix, prior, race):
            view.layout(tab, source)
    return tab
