"""Cells: what an LSTM, a GRU and a plain RNN keep of a sentence, gate by gate, and how far back they learn.

`gates` shows every unit over a sentence, `step` one step of one unit in numbers, `unit` looks for units that
stand for something, `reach` measures the gradient that comes back, `hold` nails gates down, `memory` trains
three networks to remember, `both` reads from both ends. `source` is what the views share, `strips` draws.
"""

from demos import kit
from demos.cell import both, gates, hold, memory, reach, step, unit
from demos.cell.source import TABLE

TITLE = ("Inside a cell", "Dentro de una celda")
CARD = (
    "An LSTM reads a recipe: watch what its gates keep, follow one unit, nail a gate down.",
    "Una LSTM lee una receta: mira qué guardan sus compuertas, sigue una unidad, traba una compuerta.",
)
MEASURE = ("lstm-recipes", "bits_per_char")


def build() -> kit.Tab:
    with kit.Tab(__name__, TABLE) as tab:
        for view in (gates, step, unit, hold, reach, memory, both):
            view.layout(tab)
    return tab
