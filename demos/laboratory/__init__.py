"""The laboratory: small generative models of the plane that train while the visitor turns their knobs.

One module per view: `duel` trains a GAN, `race` any two families, `cone` looks at what a slope allows. What
the duel is made of: `controls` and their `board`, the `bench` where a visitor's training stands, `words` that
say what is going on, and the `stage` that the browser draws.
"""

from demos import kit
from demos.laboratory import cone, duel, race

TITLE = ("Laboratory", "Laboratorio")
CARD = (
    "Small models that train before your eyes: break a GAN, race two families, bound a slope.",
    "Modelos pequeños que entrenan a la vista: rompe una GAN, enfrenta dos familias, acota una pendiente.",
)


def build() -> kit.Tab:
    with kit.Tab(__name__) as tab:
        for view in (duel, race, cone):
            view.layout(tab)
    return tab
