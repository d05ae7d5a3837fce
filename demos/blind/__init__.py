"""What a metric can't see: samples are spoilt in known ways, and each measure reacts or doesn't.

One module per view; `pictures` paints and keeps faces, `spoil` knows the ways to spoil them, `gauge` measures
and says how much of a change is luck, `shown` draws the reactions.
"""

from demos import kit
from demos.blind import fool, heart, one, pair, samples

TITLE = ("What a metric can't see", "Lo que una métrica no ve")
CARD = (
    "Blur, shift, forget some people, copy the training set: which measure notices, and which is pleased?",
    "Desenfocar, correr, olvidar gente, copiar: ¿qué medida se da cuenta y cuál queda contenta?",
)


def build() -> kit.Tab:
    with kit.Tab(__name__) as tab:
        for view in (one, pair, samples, heart, fool):
            view.layout(tab)
    return tab
