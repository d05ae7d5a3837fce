"""The trilemma, measured: quality, speed and coverage of every family on the same pictures.

One module per view; `shown` reads what `python -m genmodels.metrics --all` wrote, `picture` draws the
triangles.
"""

from demos import kit
from demos.trilemma import modes, obey, ranking, scatter, speed, triangle

TITLE = ("The trilemma, measured", "El trilema, medido")
CARD = (
    "Good, fast, or everything? Each family on the same pictures, by one ruler, with what it lost.",
    "¿Buenas, rápidas o todas? Cada familia con las mismas imágenes y una sola regla, y lo que perdió.",
)


def build() -> kit.Tab:
    with kit.Tab(__name__) as tab:
        for view in (triangle, scatter, ranking, modes, obey, speed):
            view.layout(tab)
    return tab
