"""Text becomes numbers and comes back, by any tokenizer in the Hub's form: one file, `tokenizer.json`.

Words, characters, pairs of bytes merged (BPE), the likeliest pieces (Unigram): the library `tokenizers` runs
them all from that file. It is imported when the first is opened. What a visitor writes is text and nothing
else: "<|end|>" in it is seven characters, not the token that ends a text.
"""

import json
import re
from collections.abc import Iterable
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from genmodels import hub
from genmodels.errors import Problem

if TYPE_CHECKING:
    import tokenizers

FILE = "tokenizer.json"
OLD = ("vocab.json", "merges.txt")
ENDS = ("<|end|>", "<|endoftext|>", "<|im_end|>", "</s>")  # ours, and others' where no config says which
SIGNS = {" ": "␣", "\n": "⏎", "\t": "⇥", "\x7f": "␡", "\xa0": "⍽"}
LONE = re.compile("[\ud800-\udfff]")  # half of a pair, from a broken paste: no text, and no UTF-8


class Piece(NamedTuple):
    """One token of a text. Pieces' texts, one after another, are the text."""

    id: int
    text: str
    start: int  # where it lies in the text, in characters
    end: int
    split: bool = False  # it is some bytes of a character; the first such piece has its text, the others ""


class Tokenizer:
    def __init__(self, library: "tokenizers.Tokenizer", bytewise: bool, end: int | None = None):
        self.library, self.bytewise = library, bytewise
        self._end = end

    @classmethod
    def of(cls, name: str | Path | hub.Checkpoint) -> "Tokenizer":
        """That of a checkpoint: a folder, a name in weights/, or a line of a table, its files in `also`."""
        here = hub.local(name)
        return cls.from_file((here or hub.folder(name)) / FILE)

    @classmethod
    def from_file(cls, path: str | Path) -> "Tokenizer":
        """The tokenizer of a file, read once. config.json beside it may say which token ends a text.

        Repos of 2020 have no such file, but the two of GPT-2 from which it can be made.
        """
        path = Path(path)
        files = [path] if path.is_file() else [path.with_name(name) for name in OLD]
        for file in files:
            if not file.is_file():
                raise Problem("config", file=str(path), found="the file is missing")
        return opened(path.absolute(), *(file.stat().st_mtime_ns for file in files))

    # Text to numbers

    def encode(self, text: str) -> list[int]:
        return self.library.encode(whole(text), add_special_tokens=False).ids

    def pieces(self, text: str) -> list[Piece]:
        """The tokens with what they stand for. What a tokenizer drops, spaces mostly, goes with the next."""
        text = whole(text)
        found = self.library.encode(text, add_special_tokens=False)
        pieces, done = [], 0
        for id, (a, b) in zip(found.ids, found.offsets, strict=True):
            b = max(b, done)
            split = self.bytewise and bool(pieces) and (a, b) == pieces[-1][2:4] and b > a
            if split:
                if not pieces[-1].split:
                    pieces[-1] = pieces[-1]._replace(split=True)
                pieces.append(Piece(id, "", a, b, True))
            else:
                pieces.append(Piece(id, text[done:b], done, b))
            done = b
        if pieces and done < len(text):
            pieces[-1] = pieces[-1]._replace(text=pieces[-1].text + text[done:], end=len(text))
        return pieces

    # Numbers to text

    def decode(self, ids: Iterable[int]) -> str:
        """The text of some tokens. Bytes that are no character (yet) are U+FFFD."""
        return self.library.decode([int(id) for id in ids], skip_special_tokens=False)

    def word(self, id: int) -> str:
        """One token as it is shown: ␣ for a space, ⏎ for a new line, hexadecimal for part of a character."""
        raw = self.library.id_to_token(int(id))
        if raw is None:
            return f"⟨{int(id)}⟩"
        if self.bytewise and int(id) not in self.added:
            data = bytes(unseen()[c] for c in raw if c in unseen())
            try:
                raw = data.decode()
            except UnicodeDecodeError:
                return f"⟨{data.hex(' ').upper()}⟩"
        return "".join(
            SIGNS.get(c) or (chr(0x2400 + ord(c)) if c < " " else c) for c in raw.replace("▁", " ")
        )

    # What it has

    @property
    def size(self) -> int:
        return self.library.get_vocab_size(with_added_tokens=True)

    @cached_property
    def added(self) -> frozenset[int]:
        """Tokens beside the vocabulary: those that end a text, hide a word, begin a turn."""
        return frozenset(self.library.get_added_tokens_decoder())

    def id(self, word: str) -> int | None:
        """The number of a token by its name in the file, such as "<|im_start|>"."""
        return self.library.token_to_id(word)

    @cached_property
    def end(self) -> int | None:
        """The token that stands between texts; None where there is none."""
        named = (self.id(word) for word in ENDS)
        return next((id for id in (self._end, *named) if id is not None), None)


def whole(text: str) -> str:
    """Text without halves of characters, as long as before."""
    return LONE.sub("\ufffd", text)


@lru_cache(maxsize=16)
def opened(path: Path, *changed: int) -> Tokenizer:
    """`changed` are the times of the last change: a file that was written anew is read anew."""
    config, end = path.with_name("config.json"), None
    try:
        library = read(path)
        raw = json.loads(library.to_str())
        if config.is_file():
            end = json.loads(config.read_text(encoding="utf-8")).get("eos_token_id")
    except Exception as e:  # the library raises plain Exception for whatever a file does wrong
        raise Problem("config", file=path.name, found=f"no tokenizer ({e})") from e
    library.encode_special_tokens = True
    library.no_truncation()
    library.no_padding()
    end = end[0] if isinstance(end, list) and end else end
    return Tokenizer(library, bytewise(raw["decoder"]), end if isinstance(end, int) else None)


def read(path: Path) -> "tokenizers.Tokenizer":
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    if path.is_file():
        return Tokenizer.from_file(str(path))
    library = Tokenizer(models.BPE.from_file(*(str(path.with_name(name)) for name in OLD)))
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    library.decoder = decoders.ByteLevel()
    library.add_special_tokens(
        [AddedToken(w, special=True) for w in ENDS if library.token_to_id(w) is not None]
    )
    return library


def bytewise(decoder: Any) -> bool:
    """Whether the file's tokens are bytes written as letters."""
    if not isinstance(decoder, dict):
        return False
    return decoder.get("type") == "ByteLevel" or any(map(bytewise, decoder.get("decoders", ())))


@cache
def unseen() -> dict[str, int]:
    """The letter that stands for each byte in a byte-level tokenizer -> the byte.

    Printed bytes stand for themselves, the others for letters from U+0100 on, so that a token has no spaces.
    """
    printed = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in printed]
    return {chr(b): b for b in printed} | {chr(0x100 + i): b for i, b in enumerate(others)}
