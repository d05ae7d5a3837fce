"""Deep energy models: one number says how plausible a picture is, and walking down it draws one.

One module per view; each has its function, the lines of Python that do the same, and its layout. `models` has
the two checkpoints and what training left beside them, `ground` the landscape of the plane, `shown` how
chains are shown.
"""

from demos import kit
from demos.energy import buffer, chain, compare, landscape, models, repair, score, training

TITLE = ("Energy", "Energía")
CARD = (
    "One number says how plausible a picture is. Follow its slope down from noise, and a digit appears.",
    "Un número dice qué tan plausible es una imagen. Baja desde el ruido por su pendiente y sale un dígito.",
)
MEASURE = (models.GARMENTS, "frechet")


def build() -> kit.Tab:
    with kit.Tab(__name__, models.EBM) as tab:
        for view in (chain, landscape, score, repair, buffer, training, compare):
            view.layout(tab)
    return tab
