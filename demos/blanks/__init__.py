"""Blanks: words that are hidden, found by who sees both sides and by who sees one; and why the first can't
write.

One module per view; each has its function, the lines of Python that do the same, and its layout. `source` is
what they share.
"""

from demos import kit
from demos.blanks import each, fill, look, write
from genmodels.text.checkpoints import BERT

TITLE = ("Blanks", "Huecos")
CARD = (
    "Hide a word of a recipe: BERT looks to both sides of the gap, a writer only to the left. Who finds it?",
    "Esconde una palabra de una receta: BERT mira a ambos lados del hueco, quien escribe solo a la "
    "izquierda. ¿Quién la halla?",
)
MEASURE = ("bert-recipes", "gap_found")


def build() -> kit.Tab:
    with kit.Tab(__name__, BERT) as tab:
        for view in (fill, each, look, write):
            view.layout(tab)
    return tab
