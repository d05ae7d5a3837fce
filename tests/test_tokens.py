"""Tokenizers of any kind: text goes in and comes back, pieces cover it, whatever a visitor pastes."""

import json
import subprocess
import sys

import pytest

from genmodels.errors import Problem
from genmodels.text.checkpoints import GPT
from genmodels.text.tokens import FILE, Tokenizer

TEXT = (
    "In a place of La Mancha, whose name I do not care to recall,\nthere lived a gentleman. En un lugar de\n"
)
AWKWARD = [
    "",
    " ",
    "\n\n",
    "nul \0 inside",
    "tab\tand\x7f",
    "👩‍👩‍👧 🏳️‍🌈 👍🏽",
    "שלום עולם",
    "مرحبا بالعالم",
    "日本語のテキスト",
    "a\u0301 e\u0301",
    "<|end|> <|endoftext|> </s>",
    "\ufffd\ufeff\u202e",
    "x" * 1000,
]


def byte_pairs(library, trainers, models, pre, decoders):
    made = library(models.BPE())
    made.pre_tokenizer, made.decoder = pre.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    alphabet = pre.ByteLevel.alphabet()
    return made, trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<|end|>"], initial_alphabet=alphabet, show_progress=False
    )


def words(library, trainers, models, pre, decoders):
    made = library(models.WordLevel(unk_token="<unk>"))
    made.pre_tokenizer = pre.Whitespace()
    return made, trainers.WordLevelTrainer(special_tokens=["<|end|>", "<unk>"], show_progress=False)


def letters(library, trainers, models, pre, decoders):
    made = library(models.WordLevel(unk_token="<unk>"))
    made.pre_tokenizer, made.decoder = pre.Split("", "isolated"), decoders.Fuse()
    return made, trainers.WordLevelTrainer(special_tokens=["<|end|>", "<unk>"], show_progress=False)


def likeliest(library, trainers, models, pre, decoders):
    made = library(models.Unigram())
    made.pre_tokenizer, made.decoder = pre.Metaspace(), decoders.Metaspace()
    return made, trainers.UnigramTrainer(
        vocab_size=60, special_tokens=["</s>", "<unk>"], unk_token="<unk>", show_progress=False
    )


KINDS = [byte_pairs, words, letters, likeliest]


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.__name__)
def tokenizer(request, tmp_path_factory) -> Tokenizer:
    return make(request.param, tmp_path_factory.mktemp("tokens"))


def make(kind, folder) -> Tokenizer:
    from tokenizers import Tokenizer as Library
    from tokenizers import decoders, models, pre_tokenizers, trainers

    made, trainer = kind(Library, trainers, models, pre_tokenizers, decoders)
    made.train_from_iterator([TEXT], trainer)
    made.save(str(folder / FILE))
    return Tokenizer.of(folder)


@pytest.mark.parametrize("text", [TEXT, *AWKWARD], ids=ascii)
def test_pieces_are_the_tokens_and_cover_the_text(tokenizer, text):
    ids, pieces = tokenizer.encode(text), tokenizer.pieces(text)
    assert [piece.id for piece in pieces] == ids and all(0 <= id < tokenizer.size for id in ids)
    if pieces:
        assert "".join(piece.text for piece in pieces) == text
    for piece in pieces:
        assert piece.text == (text[piece.start : piece.end] if piece.text else "")
        assert not piece.split or piece.end - piece.start >= 1
    assert [a.end <= b.end for a, b in zip(pieces, pieces[1:], strict=False)] == [True] * (len(pieces[1:]))
    assert all(isinstance(tokenizer.word(id), str) and tokenizer.word(id) for id in ids)
    assert isinstance(tokenizer.decode(ids), str)


@pytest.mark.parametrize("text", [TEXT, *AWKWARD], ids=ascii)
def test_bytes_lose_nothing(tmp_path, text):
    tokenizer = make(byte_pairs, tmp_path)
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.end == 0 and tokenizer.end not in tokenizer.encode(text)


def test_half_a_character_is_no_text(tokenizer):
    pieces = tokenizer.pieces("a\ud83db")
    assert not pieces or "".join(piece.text for piece in pieces) == "a\ufffdb"
    assert tokenizer.encode("a\ud83db") == tokenizer.encode("a\ufffdb")


def test_a_character_of_several_tokens_is_marked(tmp_path):
    tokenizer = make(byte_pairs, tmp_path)
    pieces = tokenizer.pieces("a👍b")
    assert [piece.text for piece in pieces] == ["a", "👍", "", "", "", "b"]
    assert [piece.split for piece in pieces] == [False, True, True, True, True, False]
    assert [tokenizer.word(piece.id) for piece in pieces] == ["a", "⟨F0⟩", "⟨9F⟩", "⟨91⟩", "⟨8D⟩", "b"]


def test_words_as_they_are_shown(tmp_path):
    tokenizer = make(byte_pairs, tmp_path)
    assert [tokenizer.word(id) for id in tokenizer.encode("\n\t\0\x7f")] == ["⏎", "⇥", "␀", "␡"]
    assert "".join(tokenizer.word(id) for id in tokenizer.encode("La Mancha,")) == "La␣Mancha,"
    assert tokenizer.word(0) == "<|end|>" and tokenizer.word(10**6) == "⟨1000000⟩"


def test_a_long_paste_is_no_matter(tokenizer):
    for text in ("In a place " * 9091, "x" * 100_000, "👍" * 20_000):
        assert len(tokenizer.pieces(text)) == len(tokenizer.encode(text))


def test_a_config_says_which_token_ends_a_text(tmp_path):
    from tokenizers import Tokenizer as Library

    def tokenizer(**config: object) -> Tokenizer:
        (tmp_path / "config.json").write_text(json.dumps(config))
        opened = Library.from_file(str(tmp_path / FILE))
        opened.save(str(tmp_path / FILE), pretty=not config)  # written anew, so read anew
        return Tokenizer.of(tmp_path)

    make(byte_pairs, tmp_path)
    assert tokenizer(eos_token_id=7).end == 7 and tokenizer(eos_token_id=[8, 9]).end == 8
    assert tokenizer(eos_token_id=None).end == 0 and tokenizer().end == 0


def test_the_two_files_of_gpt2_are_as_good(tmp_path):
    tokenizer = make(byte_pairs, tmp_path)
    raw = json.loads((tmp_path / FILE).read_text())["model"]
    old = tmp_path / "old"
    old.mkdir()
    vocabulary = {word.replace("<|end|>", "<|endoftext|>"): id for word, id in raw["vocab"].items()}
    (old / "vocab.json").write_text(json.dumps(vocabulary))
    (old / "merges.txt").write_text("#version: 0.2\n" + "\n".join(map(" ".join, raw["merges"])) + "\n")
    again = Tokenizer.of(old)
    for text in (TEXT, *AWKWARD):
        assert again.encode(text) == tokenizer.encode(text)
    assert again.word(again.end) == "<|endoftext|>" and again.decode(again.encode(TEXT)) == TEXT


@pytest.mark.parametrize("content", ["", "{}", "not json", '{"model": 5}', "[]"])
def test_what_is_no_tokenizer_is_a_problem(tmp_path, content):
    (tmp_path / FILE).write_text(content)
    with pytest.raises(Problem) as problem:
        Tokenizer.of(tmp_path)
    assert problem.value.cause == "config"


def test_torch_is_not_needed():
    code = "import sys, genmodels.text.tokens, genmodels.text.checkpoints; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_without_a_file_it_is_a_problem(tmp_path):
    with pytest.raises(Problem, match="missing"):
        Tokenizer.of(tmp_path)


@pytest.mark.parametrize("checkpoint", [c for c in GPT if c.bundled], ids=lambda c: c.name)
def test_the_bundled_ones_know_their_end(checkpoint):
    tokenizer = Tokenizer.of(checkpoint)
    assert tokenizer.word(tokenizer.end) == "<|end|>"
    assert tokenizer.end not in tokenizer.encode("<|end|>")
