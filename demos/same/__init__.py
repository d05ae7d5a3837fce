"""Same seed, every family: their pictures side by side, and a blind vote on who drew what.

One module per view; `sheet` draws rows of pictures with their names and times, `race` lets families take
turns, `deck` deals the cards of the vote.
"""

from demos import kit
from demos.same import near, rows, steps, vote, walk

TITLE = ("Same seed, every family", "La misma semilla, todas las familias")
CARD = (
    "All families draw at once from the same seeds. Which picture is real, and who drew the others?",
    "Todas dibujan a la vez con las mismas semillas. ¿Cuál imagen es real, y quién hizo las otras?",
)


def build() -> kit.Tab:
    with kit.Tab(__name__) as tab:
        for view in (rows, vote, walk, steps, near):
            view.layout(tab)
    return tab
