"""Tokenizers as recipes make them: characters, words, and byte pairs, each a standard tokenizer.json.

Made of the training part of a text alone. Token 0 is the end of a document in each. Words and characters have
a token 1 for what they don't know; byte pairs know every byte, so they need none.
"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from training.text_data import END

UNKNOWN = "<|unknown|>"
WORD = r" ?[\p{L}\p{M}']+| ?\p{N}| ?[^\s\p{L}\p{N}]|\s"  # a word takes the space before it along


def characters(texts: Sequence[str]) -> Tokenizer:
    """One token a character, in the order of Unicode."""
    return fixed(r"[\s\S]", sorted(set("".join(texts))))


def words(texts: Sequence[str], size: int) -> Tokenizer:
    """The commonest words, digits, signs and single spaces; put together they are the text again."""
    cut = pre_tokenizers.Split(Regex(WORD), "isolated")
    found = Counter(word for text in texts for word, _ in cut.pre_tokenize_str(text))
    return fixed(WORD, [word for word, _ in sorted(found.items(), key=lambda x: (-x[1], x[0]))][: size - 2])


def fixed(pattern: str, known: Sequence[str]) -> Tokenizer:
    """Cut by a pattern, look up, and don't know the rest."""
    vocabulary = {word: i for i, word in enumerate([END, UNKNOWN, *known])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    made.pre_tokenizer = pre_tokenizers.Split(Regex(pattern), "isolated")
    made.decoder = decoders.Fuse()
    made.add_special_tokens([END, UNKNOWN])
    return made


def pairs(texts: Sequence[str], size: int) -> Tokenizer:
    """Byte pair encoding as in GPT-2: 256 bytes, then the pairs that are merged, `size` tokens in all."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=[END], initial_alphabet=alphabet, show_progress=False
    )
    made.train_from_iterator(texts, trainer)
    return made


def save(made: Tokenizer, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    made.save(str(folder / "tokenizer.json"), pretty=False)


def spelled(text: str) -> list[str]:
    """The words of a text as people count them: for perplexity per word and tokens per word."""
    return re.findall(r"\w+", text)
