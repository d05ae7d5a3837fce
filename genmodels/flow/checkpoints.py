"""The checkpoints of this family: what each picker offers.

The flows that people know (RealNVP, Glow, TarFlow) lie on the Hub as pickles or not at all; all of these were
trained by the recipes in training/.
"""

from genmodels.hub import Checkpoint

FACES, CARAS = "36,000 painted faces, 32 px", "36.000 caras pintadas, 32 px"
GARMENTS, PRENDAS = "60,000 garments of Fashion-MNIST", "60.000 prendas de Fashion-MNIST"


def _bundled(name: str, en: str, es: str, data: str, datos: str) -> Checkpoint:
    return Checkpoint(name=name, title=en, licence="MIT", data=data, spanish=(es, datos))


FLOW_FACES = (
    _bundled("glow-faces", "Glow, faces", "Glow, caras", FACES, CARAS),
    _bundled("tarflow-faces", "Transformer flow, faces", "Flujo de transformers, caras", FACES, CARAS),
)
FLOW_FASHION = (
    _bundled("glow-fashion", "Glow, garments", "Glow, prendas", GARMENTS, PRENDAS),
    _bundled("realnvp-fashion", "RealNVP, garments", "RealNVP, prendas", GARMENTS, PRENDAS),
)

PLANE = (  # title, Spanish title, and the name's beginning
    ("RealNVP", "RealNVP", "realnvp"),
    ("Spline flow", "Flujo de splines", "spline"),
    ("FFJORD", "FFJORD", "ffjord"),
)
DENSITIES = (
    ("moons", "medialunas", "moons"),
    ("checkerboard", "tablero", "checkerboard"),
    ("spirals", "espirales", "spirals"),
)
FLOW_PLANE = tuple(
    _bundled(
        f"flow-plane-{kind}-{density}", f"{en}, {where}", f"{es}, {donde}",
        "points, drawn afresh", "puntos, siempre nuevos",
    )
    for en, es, kind in PLANE
    for where, donde, density in DENSITIES
)  # fmt: skip
