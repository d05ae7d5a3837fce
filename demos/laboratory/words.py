"""What is going on, in a sentence, and what would help: for each diagnosis of `genmodels.lab.gan`.

The sentences name the numbers they were drawn from. The remedies are the ones of the textbooks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demos.kit.lang import Pair, say
from demos.kit.plots import number
from demos.laboratory.controls import D_ALONE, G_ALONE, Plan

if TYPE_CHECKING:
    from genmodels.lab.gan import View

GOOD, BAD, PLAIN = "good", "bad", "plain"  # the colour of what is said
START: tuple[Pair, Pair] = (
    (
        "Nobody has learnt anything yet: D can't tell the points apart, and G puts its own anywhere.",
        "Todavía nadie aprendió nada: D no distingue los puntos y G pone los suyos en cualquier parte.",
    ),
    ("", ""),
)
SAID: dict[str, tuple[str, Pair, Pair]] = {  # diagnosis -> tone, what is going on, what to do
    "certain": (
        BAD,
        (
            "The discriminator is certain everywhere: it is right on {real} of the real and {fake} of the "
            "generated points, and the gradient that G gets is {slope}. Nothing says where to go.",
            "El discriminador está seguro en todas partes: acierta en el {real} de los reales y el {fake} de "
            "los generados, y a G le llega un gradiente de {slope}. Nada dice hacia dónde ir.",
        ),
        (
            "What helps: the non-saturating game; a lower rate or fewer units for D; label noise, flips, R1.",
            "Qué ayuda: el juego no saturante; menos tasa o menos unidades para D; ruido o inversión de "
            "etiquetas, R1.",
        ),
    ),
    "collapsed": (
        BAD,
        (
            "Mode collapse: whatever z is, G serves a part of the real points only ({covered}). When D has "
            "learnt that place by heart, the cloud jumps to another.",
            "Colapso de modas: sea cual sea z, G atiende solo a una parte de los reales ({covered}). Cuando "
            "D se aprende ese lugar de memoria, la nube salta a otro.",
        ),
        (
            "What helps: a stronger D (more steps, a higher rate, more units), lower rates for both, a "
            "larger batch, R1 or a gradient penalty.",
            "Qué ayuda: un D más fuerte (más pasos, más tasa, más unidades), tasas menores para los dos, un "
            "lote más grande, R1 o una penalización del gradiente.",
        ),
    ),
    "diverged": (
        BAD,
        (
            "It blew up: points or losses left all bounds.",
            "Explotó: los puntos o las pérdidas se salieron de todo límite.",
        ),
        (
            "Lower the learning rates, or bound the slope of D (R1, spectral norm). Then reset.",
            "Baja las tasas o acota la pendiente de D (R1, norma espectral). Después, reinicia.",
        ),
    ),
    "fooled": (
        PLAIN,
        (
            "D is fooled: it takes nearly all generated points for real ones. G is ahead, and D has to catch "
            "up.",
            "D cayó en la trampa: toma por reales casi todos los generados. G va adelante y D tiene que "
            "alcanzarlo.",
        ),
        ("If it stays so: more steps or a higher rate for D.", "Si sigue así: más pasos o más tasa para D."),
    ),
    "balanced": (
        GOOD,
        (
            "A tie, as it should be: D hardly tells real from generated, and G's points lie where real ones "
            "do ({covered}).",
            "Empate, como debe ser: D apenas distingue reales de generados, y los puntos de G están donde "
            "están los reales ({covered}).",
        ),
        ("", ""),
    ),
    "": (
        PLAIN,
        (
            "Both are learning: D redraws its map of where real points are, and G's points climb it "
            "({covered}).",
            "Los dos aprenden: D redibuja su mapa de dónde están los reales y los puntos de G lo escalan "
            "({covered}).",
        ),
        ("", ""),
    ),
}
DOUBT = {"": 25, "fooled": 12}  # frames that must say so before it is said
ALONE: dict[str, Pair] = {
    G_ALONE: (
        "D is frozen: its map doesn't answer any more, and G's points all run to its highest places.",
        "D está congelado: su mapa ya no responde, y los puntos de G corren todos a sus partes más altas.",
    ),
    D_ALONE: (
        "Only D learns: its map becomes all or nothing. Look what that does to the arrows.",
        "Solo aprende D: su mapa se vuelve todo o nada. Mira qué les pasa a las flechas.",
    ),
}


def told(plan: Plan, view: View, key: str, lang: str) -> dict[str, Any]:
    """The part of a frame that is said."""
    tone, what, hint = SAID[key] if view.step else (PLAIN, *START)
    if (alone := ALONE.get(plan.learns)) and tone == BAD:
        hint = alone
    elif alone:
        tone, what, hint = PLAIN, alone, ("", "")
    facts = {
        "real": percent(view.right_real, lang),
        "fake": percent(view.right_fake, lang),
        "slope": number(view.slope, lang, 2),
        "covered": covered(view, lang),
    }
    return {"tone": tone, "what": say(lang, *what).format(**facts), "hint": say(lang, *hint)}


def percent(share: float, lang: str) -> str:
    return f"{100 * share:.0f}" + say(lang, "%", " %")


def covered(view: View, lang: str) -> str:
    if view.modes is None:
        near = percent(view.covered, lang)
        return say(lang, f"{near} of real points have one near", f"{near} de los reales tienen uno cerca")
    return say(lang, f"modes covered: {view.modes}", f"modas cubiertas: {view.modes}")
