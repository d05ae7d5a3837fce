"""Inside a transformer: attention, one head by hand, layers, the mask, positions and words of any GPT.

One module per view; each has its function, the lines of Python that do the same, and its layout. `source` is
the sentence that all of them look at, `board` what answers to the pointer without asking the server.
"""

from demos import kit
from demos.inside import copies, head, lens, look, mask, positions, source, words

TITLE = ("Inside", "Por dentro")
CARD = (
    "A sentence inside a transformer: where every head looks, its sums, and what each layer would say.",
    "Una oración dentro de un transformer: dónde mira cada cabeza, sus cuentas y qué diría cada capa.",
)
MEASURE = ("gpt-shakespeare", "bits_per_char")


def build() -> kit.Tab:
    with kit.Tab(__name__, source.CHECKPOINTS) as tab:
        sentence = source.sentence_box(tab)
        for view in (look, head, lens, mask, positions, words, copies):
            view.layout(tab, sentence)
    return tab
