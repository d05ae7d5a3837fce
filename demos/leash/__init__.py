"""The leash: a small writer learns from preferences in three steps, and what it learns when nothing holds it.

One module per view; each has its function, the lines of Python that do the same, and its layout. `desk` is
what they share.
"""

from demos import kit
from demos.leash import best, film, pull, rank, reads, steps
from genmodels.text.checkpoints import STORIES

TITLE = ("Preferences and the leash", "Preferencias y la correa")
CARD = (
    "How a writer learns what people prefer (RLHF), and how it cheats when nothing holds it back.",
    "Cómo un escritor aprende lo que la gente prefiere (RLHF), y cómo hace trampa cuando nada lo retiene.",
)
MEASURE = ("gpt-stories", "bits_per_word")


def build() -> kit.Tab:
    with kit.Tab(__name__, STORIES) as tab:
        for view in (steps, rank, pull, film, best, reads):
            view.layout(tab)
    return tab
