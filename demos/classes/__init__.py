"""Generative or discriminative: a model that could have made the data, and one that only tells it apart.

One module per view. `points` sets both before the same points of the plane, `curve` measures how fast they
learn, `bayes` is the rule by hand, `box` the smallest generative model on a map of the world, `tin` and
`axes` what a representation is, `digits` a PixelCNN as a classifier beside a network that is one. `ground` is
what the views of the plane share, `world` the map.
"""

from demos import kit
from demos.classes import axes, bayes, box, curve, digits, points, tin

TITLE = ("Generative or discriminative", "Generativo o discriminativo")
CARD = (
    "Two ways to learn the same points, Bayes' rule by hand, and a digit read by the model that draws it.",
    "Dos maneras de aprender los mismos puntos, Bayes a mano, y un dígito leído por quien sabe dibujarlo.",
)


def build() -> kit.Tab:
    with kit.Tab(__name__) as tab:
        for view in (points, curve, bayes, box, tin, axes, digits):
            view.layout(tab)
    return tab
