"""What held-out text costs every model, and who only counts: `python -m training.text_scores`.

Bits per character compare whatever the tokens are: all nats of a text, its end included, over its characters.
A token for what is not known says nothing, so its letters are paid on top. Writes docs/text.md and, with
`--model NAME`, metrics.json and the card of that folder. gzip and xz pack the training text and the held-out
one together, and pay the difference: they may look back as the models could learn.
"""

import gzip
import json
import lzma
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genmodels.text.gpt import GPT
from genmodels.text.language import LanguageModel
from genmodels.text.ngram import NGram
from genmodels.text.rnn import RNN
from genmodels.text.tokens import Tokenizer
from genmodels.text.writing import surprise
from training import card, loop, text_data, text_tokens

BITS = 1 / math.log(2)  # of a nat
CHARACTER = math.log(0x110000)  # nats of a character of which nothing is known: any of Unicode alike


@dataclass
class Cost:
    """Of some documents under a model."""

    nats: float = 0.0
    characters: int = 0
    tokens: int = 0
    words: int = 0
    documents: int = 0
    unknown: int = 0  # tokens that stand for what the tokenizer doesn't know

    def measures(self) -> dict[str, float]:
        found = {
            "bits_per_char": round(self.nats * BITS / self.characters, 4),
            "perplexity_token": round(math.exp(self.nats / self.tokens), 2),
            "chars_per_token": round(self.characters / self.tokens, 3),
        }
        if self.words > 2 * self.documents:  # of names every document is a word
            found["perplexity_word"] = round(math.exp(min(self.nats / self.words, 700)), 1)
        return found | (
            {"unknown_percent": round(100 * self.unknown / self.tokens, 2)} if self.unknown else {}
        )


def cost(
    model: LanguageModel,
    made: Tokenizer,
    documents: Sequence[str],
    spell: Callable[[str], float] | None = None,
) -> Cost:
    """Every document from its beginning to its end-token. `spell`: nats of a word's letters."""
    found, unknown = Cost(), made.id(text_tokens.UNKNOWN)
    spell = spell or (lambda word: CHARACTER * len(word))
    for document in documents:
        pieces = made.pieces(document)
        found.nats += nats(model, [*(p.id for p in pieces), made.end])
        lost = [p.text for p in pieces if p.id == unknown]
        found.nats += sum(map(spell, lost))
        found.unknown += len(lost)
        found.tokens += len(pieces) + 1
        found.characters += len(document)
        found.documents += 1
        found.words += len(text_tokens.spelled(document))
    return found


def nats(model: LanguageModel, tokens: Sequence[int]) -> float:
    """Of a document that ends with the end-token."""
    if isinstance(model, NGram):  # it remembers four characters, so nothing is lost, and this is quicker
        return -float(np.log(model.chances(model.histories(np.array(tokens[:-1])), np.array(tokens))).sum())
    return surprise(model, tokens, tokens[-1]).double().sum().item()


def speller(made: Tokenizer, documents: Sequence[str]) -> Callable[[str], float]:
    """Nats of the letters of a word that a tokenizer of words doesn't know: trigrams of such words."""
    unknown = made.id(text_tokens.UNKNOWN)
    rare = {p.text for text in documents for p in made.pieces(text) if p.id == unknown}
    letters = NGram.of(sorted(rare) or [" "], order=3)
    return lambda word: float(letters.nats(word).sum()) + CHARACTER * int((letters.tokens(word) == 1).sum())


def held_out(model: LanguageModel, made: Tokenizer, split: text_data.Split) -> dict[str, float]:
    """Measures of the test part, and bits per character of as much text that it was trained on."""
    spell = None
    if made.id(text_tokens.UNKNOWN) is not None and len(made.word(made.size - 1)) > 1:
        spell = speller(made, split.train)
    found = cost(model, made, split.test, spell)
    again = cost(model, made, part(split.train, found.characters), spell)
    return found.measures() | {"bits_per_char_train": again.measures()["bits_per_char"]}


def part(documents: Sequence[str], characters: int) -> list[str]:
    """Documents from all over, about so many characters in all."""
    if len(documents) == 1:
        return [documents[0][:characters]]
    whole = sum(map(len, documents))
    step = max(1, whole // characters)
    return list(documents[::step])


# ------------------------------------------------------------------------------------------ who only counts


def counted(split: text_data.Split, order: int = 5) -> float:
    """Bits per character of an n-gram of characters."""
    model = NGram.of(split.train, order)
    nats = sum(float(model.nats(x).sum()) + CHARACTER * int((model.tokens(x) == 1).sum()) for x in split.test)
    return nats * BITS / sum(map(len, split.test))


def packed(split: text_data.Split, pack: Callable[[bytes], bytes]) -> float:
    """Bits per character of the test part, packed after the training part."""
    learnt, told = ("\0".join(x).encode() for x in (split.train, split.test))
    return 8 * (len(pack(learnt + b"\0" + told)) - len(pack(learnt))) / sum(map(len, split.test))


def anchors(split: text_data.Split) -> dict[str, float]:
    return {
        "gzip": packed(split, lambda x: gzip.compress(x, 9, mtime=0)),
        "xz": packed(split, lambda x: lzma.compress(x, preset=9 | lzma.PRESET_EXTREME)),
        **{f"{n}-gram": counted(split, n) for n in (1, 3, 5, 7)},
    }


# ------------------------------------------------------------------------------------------ the table

CLASSES = {"gpt": GPT, "ngram": NGram, "lstm": RNN, "rnn": RNN, "gru": RNN, "stacked": RNN}
FILE = loop.ROOT / "docs" / "text.md"
HEAD = """# What held-out text costs

Bits per character of text that no model had seen, its ends included: all nats of a text over its characters,
so that characters, words and pairs of bytes compare. The less, the better it was foretold. Written by
`python -m training.text_scores`; how each text is split stands in `training/text_data.py`.

- **n-grams** of characters have modified Kneser-Ney smoothing and counted all of the training text; those
  that ship (`ngram-...`) keep a third of the two longer texts.
- **gzip** and **xz** pack the held-out text after the training text, and pay the difference. gzip looks back
  on 32 kB only.
- **learnt** is the same measure on as much text that the model was trained on: what is lower there was learnt
  by heart.
- A word that a tokenizer of words does not know is paid letter by letter, by trigrams of rare words.
"""


def shipped(text: str, weights: Path) -> list[str]:
    """The folders of models of a text that write from left to right."""
    return sorted(f.name for f in weights.glob(f"*-{text}") if f.name.split("-")[0] in CLASSES)


def rows(text: str, weights: Path, known: dict[str, float]) -> list[tuple[str, dict[str, float], int]]:
    """(name, measures, parameters) of what is shipped, and of the anchors, the cheapest text first."""
    found = []
    for name in shipped(text, weights):
        facts = json.loads((weights / name / "metrics.json").read_text())
        found.append((f"`{name}`", facts["measures"], facts["parameters"]))
    found += [(name, {"bits_per_char": value}, 0) for name, value in known.items()]
    return sorted(found, key=lambda row: row[1].get("bits_per_char", math.inf))


def table(text: str, weights: Path, known: dict[str, float]) -> str:
    lines = ["| | bits per character | learnt | perplexity per token | characters per token | parameters |"]
    lines.append("|---|---|---|---|---|---|")
    keys = ("bits_per_char", "bits_per_char_train", "perplexity_token", "chars_per_token")
    for name, measures, parameters in rows(text, weights, known):
        cells = [str(measures.get(key, "")) for key in keys]
        lines.append(" | ".join(["| " + name, *cells, f"{parameters:,}" if parameters else ""]) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=0)
    parser.add_argument("--model", help="measure this one of weights/ again; without: write the table")
    args = parser.parse_args()
    if args.model:
        kind, _, text = args.model.partition("-")
        folder, split = args.out / args.model, text_data.TEXTS[text](args.data)
        values = held_out(CLASSES[kind].from_pretrained(folder), Tokenizer.of(folder), split)
        card.record(folder, measures=values)
        print(args.model, values)
        return
    parts = [HEAD]
    for text, read in text_data.TEXTS.items():
        known = {k: round(v, 4) for k, v in anchors(read(args.data)).items()}
        if (args.out / f"ngram-{text}").is_dir():  # the page shows them
            card.record(args.out / f"ngram-{text}", anchors=known)
        parts.append(f"## {text.capitalize()}\n\n{table(text, args.out, known)}\n")
    FILE.write_text("\n".join(parts))


if __name__ == "__main__":
    main()
