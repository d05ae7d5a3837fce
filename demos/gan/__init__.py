"""GANs: a generator that never sees a face, the judge that teaches it, and what both are worth.

One module per view; each has its function, the lines of Python that do the same, and its layout. `models` is
the one interface to the four checkpoints, `reel` the film of a training, `shown` how scores are shown.
"""

from demos import kit
from demos.gan import between, checkerboard, compare, film, judge, models, nearest, sample, walk

TITLE = ("GAN", "GAN")
CARD = (
    "One network draws, another tells drawn from real, and each teaches the other. Watch them learn.",
    "Una red dibuja, otra distingue lo dibujado de lo real, y cada una enseña a la otra. Míralas aprender.",
)
MEASURE = (models.GANS[0].name, "frechet")


def build() -> kit.Tab:
    with kit.Tab(__name__, models.GANS) as tab:
        for view in (sample, film, walk, judge, nearest, between, checkerboard, compare):
            view.layout(tab)
    return tab
