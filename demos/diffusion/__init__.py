"""Diffusion at first sight: a picture drowns in noise, and a network that guesses what is under it goes back.

One module per view. `pictures` has a real picture for each kind of model, or the visitor's, and how tensors
become tiles; `figures` the axes of the curves.
"""

from demos import kit
from demos.diffusion import beliefs, film, intervene, noise, plane, predictions
from demos.kit import denoisers
from genmodels.diffusion.checkpoints import FLOWS, HUB, UNETS

TITLE = ("Diffusion, forward and back", "Difusión, ida y vuelta")
CARD = (
    "A picture drowns in noise by a formula. A network that guesses what is under it walks back.",
    "Una fórmula hunde una imagen en el ruido. Una red que adivina lo que hay debajo hace la vuelta.",
)
MEASURE = ("ddpm-faces", "frechet")


def build() -> kit.Tab:
    with kit.Tab(__name__, (*UNETS, *FLOWS, *HUB)) as tab:
        denoisers.follow(tab)
        for view in (noise, film, intervene, beliefs, predictions, plane):
            view.layout(tab)
    return tab
