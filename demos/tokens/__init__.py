"""Tokens: how a text is cut before any model reads it, and what the cut costs.

One module per view: `cut` the same words by several tokenizers, `learn` byte pairs found step by step, `cost`
one meaning in two languages, `size` how large a vocabulary should be, `odd` small changes that cut anew,
`count` what counting alone can write. `source` is what they share.
"""

from demos import kit
from demos.kit import texts
from demos.tokens import cost, count, cut, learn, odd, size

TITLE = ("Tokens", "Tokens")
CARD = (
    "Bytes, letters, words or pieces: how a text is cut before a model reads it, and who pays for the cut.",
    "Bytes, letras, palabras o trozos: cómo se corta un texto antes de que un modelo lo lea, y quién lo "
    "paga.",
)
MEASURE = ("gpt-quijote", "chars_per_token")


def build() -> kit.Tab:
    with kit.Tab(__name__, texts.writers(*texts.FIRST, "gpt-recipes", *HUB)) as tab:
        texts.in_spanish(tab, {tab.checkpoint: "gpt-quijote"})
        for view in (cut, learn, cost, size, odd, count):
            view.layout(tab)
    return tab


HUB = (
    "openai-community/gpt2",
    "datificate/gpt2-small-spanish",
    "HuggingFaceTB/SmolLM2-135M",
    "Qwen/Qwen2.5-0.5B",
)
