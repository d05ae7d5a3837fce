"""The conditional GAN: say what to draw, keep the noise, and see what else changed.

One module per view; each has its function, the lines of Python that do the same, and its layout. `labels` is
what may be asked of each checkpoint, `models` draws and reads, `pictures` shows.
"""

from demos import kit
from demos.cgan import blend, film, labels, mismatch, mix, same, sample, table
from genmodels.gan.checkpoints import CGANS

TITLE = ("Conditional GAN", "GAN condicional")
CARD = (
    "One face in six colours of hair, with and without glasses: the label decides, noise keeps the rest.",
    "Una cara con seis colores de pelo, con y sin anteojos: decide la etiqueta; el ruido guarda el resto.",
)
MEASURE = ("cgan-faces", "obedience")


def build() -> kit.Tab:
    with kit.Tab(__name__, CGANS) as tab:
        labels.follow(tab)
        for view in (sample, same, blend, mix, mismatch, film, table):
            view.layout(tab)
    return tab
