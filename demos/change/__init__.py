"""Change of variables: what a map does to a density, and the determinant that keeps its integral at 1.

One module per view: `toy` is a rectangle that becomes a square, `determinant` a matrix and its area, `line` a
curve that stretches, `bend` a smooth map of a drawn density, `fold` a map that is not one-to-one, `chain` two
maps, `cost` what a determinant costs. The maps are `genmodels.flow.change` and `genmodels.flow.curves`;
`ground` is what the views share.
"""

from demos import kit
from demos.change import bend, chain, cost, determinant, fold, line, toy

TITLE = ("Change of variables", "Cambio de variables")
CARD = (
    "Squeeze a rectangle, bend a drawing, fold a sheet: the determinant says what happens to a density.",
    "Aprieta un rectángulo, dobla un dibujo, pliega una hoja: el determinante dice qué pasa con la densidad.",
)


def build() -> kit.Tab:
    with kit.Tab(__name__) as tab:
        for view in (toy, determinant, line, bend, fold, chain, cost):
            view.layout(tab)
    return tab
