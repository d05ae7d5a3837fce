"""Write: a text one token after another, by chance and by taste, and what else it could have said.

One module per view; each has its function, the lines of Python that do the same, and its layout. `steps` is
what they share, `tree` the branches of the first.
"""

from demos import kit
from demos.kit import texts
from demos.write import beam, choice, heat, several, surprise, write

TITLE = ("Write", "Escribir")
CARD = (
    "One token at a time, by lot: see how likely each was, choose another, and watch a different text grow.",
    "Un token por vez, por sorteo: mira qué probable era cada uno, elige otro y crece un texto distinto.",
)
MEASURE = ("gpt-quijote", "bits_per_char")


def build() -> kit.Tab:
    with kit.Tab(__name__, texts.writers()) as tab:
        for view in (write, choice, several, heat, beam, surprise):
            view.layout(tab)
    return tab
