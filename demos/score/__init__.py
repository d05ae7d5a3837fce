"""Scores: in which direction does a point become more plausible? Learnt on the plane, and on digits (NCSN).

One module per view. `plane` has the densities whose score is known, and their panels; `models` the network of
digits, a visitor's digit and how pictures full of noise are shown.
"""

from demos import kit
from demos.score import anneal, arrows, bridge, denoise, digits, learn, repair
from genmodels.energy.checkpoints import NCSN

TITLE = ("Scores", "La puntuación (score)")
CARD = (
    "Arrows that point to where data is, at every level of noise: follow them from pure noise to a digit.",
    "Flechas que apuntan a los datos, en cada nivel de ruido: síguelas desde puro ruido hasta un dígito.",
)
MEASURE = ("ncsn-mnist", "coverage")


def build() -> kit.Tab:
    with kit.Tab(__name__, NCSN) as tab:
        for view in (arrows, learn, anneal, digits, repair, denoise, bridge):
            view.layout(tab)
    return tab
