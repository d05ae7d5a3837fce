"""Steps and solvers: one network, many ways from noise to picture, and what each of them costs.

One module per view. `runs` follows a solver down a grid and counts what it asks; `charts` draws error
against effort on axes that multiply; `tiles` lays out pictures with words above and numbers below.
"""

from demos import kit
from demos.kit import denoisers
from demos.samplers import exact, grid, grids, luck, solver, straight, teacher
from genmodels.diffusion.checkpoints import HUB, UNETS

TITLE = ("Steps and solvers", "Pasos y métodos")
CARD = (
    "The same noise under 4 to 64 steps of six solvers: which picture comes out, and how long it took.",
    "El mismo ruido con 4 a 64 pasos de seis métodos: qué imagen sale y cuánto tardó.",
)
MEASURE = ("ddpm-faces", "frechet")


def build() -> kit.Tab:
    with kit.Tab(__name__, (*UNETS, *HUB)) as tab:
        denoisers.follow(tab)
        for view in (grid, solver, grids, exact, straight, teacher, luck):
            view.layout(tab)
    return tab
