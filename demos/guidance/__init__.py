"""Diffusion to order: a label for every picture, guidance that urges it, and ways from noise to noise.

One module per view; each has its function, the lines of Python that do the same, and its layout. `drawing`
draws, `reading` asks networks of their own whether a picture obeys, `sheets` shows.
"""

from demos import kit
from demos.guidance import between, blend, classes, dit, drawing, plane, same, scale, walk
from demos.kit import denoisers

TITLE = ("Classes, guidance, paths", "Clases, guía y recorridos")
CARD = (
    "Order a picture, urge it until all obey and look alike, and walk from noise to noise.",
    "Pide una imagen, insiste hasta que todas obedezcan y se parezcan, y pasea de ruido en ruido.",
)
MEASURE = ("ddpm-faces", "obedience_guided")


def build() -> kit.Tab:
    with kit.Tab(__name__, drawing.CHECKPOINTS) as tab:
        denoisers.follow(tab)
        for view in (classes, scale, same, between, walk, blend, dit, plane):
            view.layout(tab)
    return tab
