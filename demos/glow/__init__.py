"""Flows of pictures: every picture has one code of its own size, every code one picture, and each a price.

One module per view; each has its function, the lines of Python that do the same, and its layout. `models` is
the one interface to the four checkpoints, `pictures` the real pictures they are shown, `reading` what another
network says of an edited face.
"""

from demos import kit
from demos.glow import attributes, between, code, compare, layers, models, repair, sample, score

TITLE = ("Flows of pictures", "Flujos de imágenes")
CARD = (
    "A picture goes to its code and back without losing a pixel, and says to the bit how likely it is.",
    "Una imagen va a su código y vuelve sin perder un píxel, y dice hasta el bit qué tan probable es.",
)
MEASURE = (models.GLOW, "bits_per_dim")


def build() -> kit.Tab:
    with kit.Tab(__name__, models.FLOWS) as tab:
        for view in (sample, layers, code, attributes, between, score, repair, compare):
            view.layout(tab)
    return tab
