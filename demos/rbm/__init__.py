"""Boltzmann machines: one small enough to count its states, one of digits, one that stands on another.

One module per view; each has its function, the lines of Python that do the same, and its layout. `models`
is where the checkpoints are, `shown` how layers, filters and chains are shown, `machine` the small one's
drawing, `lessons` the four ways of learning side by side.
"""

from demos import kit
from demos.rbm import clamp, dbn, filters, gibbs, learn, models, numbers, small

TITLE = ("Boltzmann machines", "Máquinas de Boltzmann")
CARD = (
    "Units that pull each other on and off until they settle. Hold some still and the rest completes them.",
    "Unidades que se encienden y apagan entre sí hasta asentarse. Fija unas y las demás las completan.",
)
MEASURE = (models.LARGE, "nats")


def build() -> kit.Tab:
    with kit.Tab(__name__, models.MODELS) as tab:
        for view in (small, gibbs, filters, clamp, learn, dbn, numbers):
            view.layout(tab)
    return tab
