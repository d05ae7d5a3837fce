"""Byte pair encoding by the library `tokenizers`, learnt once and then cut short to any size.

Merges are learnt in an order that does not depend on how many are wanted, so a vocabulary of 500 tokens is
the beginning of that of 8000.
"""

import json

from genmodels.text.tokens import Tokenizer


def learn(text: str, size: int) -> Tokenizer:
    """256 bytes and then the pairs of a text, up to `size` tokens in all."""
    from tokenizers import Tokenizer as Library
    from tokenizers import decoders, models, pre_tokenizers, trainers

    made = Library(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
    made.train_from_iterator([text], trainer)
    return Tokenizer(made, True)


def first(tokens: Tokenizer, size: int) -> Tokenizer:
    """The tokenizer of the first `size` tokens of one that was learnt."""
    from tokenizers import Tokenizer as Library

    raw = json.loads(tokens.library.to_str())
    model = raw["model"]
    alone = len(model["vocab"]) - len(model["merges"])  # bytes, and what ends a text
    known = {word: i for word, i in model["vocab"].items() if i < size}
    short = model | {"vocab": known, "merges": model["merges"][: max(0, len(known) - alone)]}
    return Tokenizer(Library.from_str(json.dumps(raw | {"model": short})), True)
