"""Who stands against whom: of each corpus, from the model that only counts to the largest that is at hand."""

from __future__ import annotations

from collections.abc import Iterator

from demos.kit import texts
from genmodels.hub import Checkpoint, cached

Pair = tuple[str, str]
CORPORA: dict[str, tuple[Pair, str, tuple[str, ...], tuple[str, ...]]] = {
    # words, prompt, those that read it here, those of the Hub that know its language
    "recipes": (
        ("recipes, in English", "recetas, en inglés"),
        "# Chocolate cake\n\n",
        ("ngram-recipes", "rnn-recipes", "lstm-recipes", "gpt-recipes"),
        ("openai-community/gpt2", "HuggingFaceTB/SmolLM2-135M"),
    ),
    "quijote": (
        ("Don Quijote, in Spanish", "Don Quijote, en español"),
        "En un lugar de la Mancha, ",
        ("ngram-quijote", "gpt-quijote"),
        ("datificate/gpt2-small-spanish", "Qwen/Qwen2.5-0.5B"),
    ),
    "shakespeare": (
        ("Shakespeare, in English", "Shakespeare, en inglés"),
        "KING RICHARD III:\nMy kingdom ",
        ("ngram-shakespeare", "gpt-shakespeare"),
        ("openai-community/gpt2", "HuggingFaceTB/SmolLM2-135M"),
    ),
}


def of(corpus: str, hub: bool) -> tuple[Checkpoint, ...]:
    """Those to be asked, the smallest first. From the Hub only what has been fetched already."""
    _, _, ours, others = CORPORA[corpus]
    return tuple(texts.BY_NAME[n] for n in ours) + (tuple(fetched(others)) if hub else ())


def alike(corpus: str) -> tuple[Checkpoint, ...]:
    """Those that cut a text into the same tokens as the GPT, so that a token is the same for all."""
    every = ("rnn", "gru", "stacked", "gpt")
    return tuple(c for kind in every if (c := texts.BY_NAME.get(f"{kind}-{corpus}")))


def fetched(names: tuple[str, ...]) -> Iterator[Checkpoint]:
    for name in names:
        if cached(texts.BY_NAME[name]):
            yield texts.BY_NAME[name]


def absent(corpus: str) -> list[Checkpoint]:
    """The Hub's that are not on this machine."""
    return [texts.BY_NAME[n] for n in CORPORA[corpus][3] if not cached(texts.BY_NAME[n])]
