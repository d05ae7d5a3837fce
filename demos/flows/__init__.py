"""Flows on the plane: RealNVP, splines and FFJORD on three densities, seen from outside and from inside.

One module per view: `layers` is a film of what each layer does, `coupling` one layer opened, `density` the
exact density at any point, `train` a training before your eyes, `spline` a curve and its knots, `continuous`
a flow without layers, `compare` all nine. The flows are `genmodels.flow.plane`; `models` is what the views
share.
"""

from demos import kit
from demos.flows import compare, continuous, coupling, density, layers, spline, train
from genmodels.flow.checkpoints import FLOW_PLANE

TITLE = ("Flows on the plane", "Flujos en el plano")
CARD = (
    "Noise bent into moons and back, layer by layer: RealNVP, splines and FFJORD, with exact densities.",
    "Ruido doblado hasta ser medialunas, y de vuelta, capa por capa: RealNVP, splines y FFJORD.",
)
MEASURE = ("flow-plane-spline-moons", "nll")


def build() -> kit.Tab:
    with kit.Tab(__name__, FLOW_PLANE) as tab:
        for view in (layers, coupling, density, train, spline, continuous, compare):
            view.layout(tab)
    return tab
