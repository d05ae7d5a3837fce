"""Then and now: from a table of counts to a language model of today, on the same words.

One module per view; `rivals` says who stands against whom, `sizes` is the table of what was published.
"""

from demos import kit
from demos.then import price, reach, same, scale

TITLE = ("Then and now", "Antes y ahora")
CARD = (
    "One beginning through a table of counts, a recurrent network, a GPT, a large one: what size bought.",
    "Un comienzo por una tabla de conteos, una red recurrente, un GPT, uno grande: qué compró el tamaño.",
)


def build() -> kit.Tab:
    with kit.Tab(__name__) as tab:
        for view in (same, price, reach, scale):
            view.layout(tab)
    return tab
