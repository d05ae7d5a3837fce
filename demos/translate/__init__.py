"""Translate: a reader and a writer, and what passes between them, on sentences with one right answer.

One module per view; each has its function, the lines of Python that do the same, and its layout. `source` is
what they share.
"""

from demos import kit
from demos.translate import attention, cover, exam, several, source, tasks

TITLE = ("Translate", "Traducir")
CARD = (
    "An encoder reads a number in words, a decoder writes it in Spanish: see which word each word "
    "comes from.",
    "Un codificador lee un número en palabras, un decodificador lo escribe en español: mira de "
    "dónde sale cada palabra.",
)
MEASURE = ("transformer-numbers", "exact_english_spanish")


def build() -> kit.Tab:
    with kit.Tab(__name__, source.CHECKPOINTS) as tab:
        for view in (attention, cover, several, tasks, exam):
            view.layout(tab)
    return tab
