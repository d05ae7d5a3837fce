"""ImageGPT: a transformer that writes pictures as sentences of colours, finishes yours, and can be watched.

One module per view; each has its function, the lines of Python that do the same, and its layout. `source` is
what they share.
"""

from demos import kit
from demos.imagegpt import attention, complete, sample, timer
from genmodels.autoregressive.checkpoints import IMAGEGPT

TITLE = ("ImageGPT", "ImageGPT")
CARD = (
    "A picture as a sentence whose words are colours: a transformer reads half and writes the rest.",
    "Una imagen como una oración cuyas palabras son colores: un transformer lee la mitad y escribe el resto.",
)
MEASURE = ("imagegpt-fashion", "bits_per_dim")


def build() -> kit.Tab:
    with kit.Tab(__name__, IMAGEGPT) as tab:
        for view in (sample, complete, attention, timer):
            view.layout(tab)
    return tab
