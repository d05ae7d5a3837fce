"""Repair and variations: what a network that only takes noise out does to pictures that exist.

One module per view. `ways` has what they share: how far up to go, which grid down, whom to ask, and how what
is going on is shown. The maths is genmodels.diffusion.edit.
"""

from demos import kit
from demos.kit import denoisers
from demos.repair import beyond, edit, encode, fill, paint, variations, ways

TITLE = ("Repair and variations", "Reparar y variar")
CARD = (
    "A scribble turns portrait, a hole is filled, a real face gets glasses. Nobody taught it that.",
    "Un garabato pasa a retrato, un hueco se rellena, una cara real recibe anteojos. Nadie se lo enseñó.",
)
MEASURE = (ways.FACES, "frechet")


def build() -> kit.Tab:
    with kit.Tab(__name__, ways.CHECKPOINTS) as tab:
        denoisers.follow(tab)
        for view in (paint, fill, beyond, variations, encode, edit):
            view.layout(tab)
    return tab
