"""Texts as they are learnt: cleaned, split, cut into windows; and what a text costs, however it is cut."""

import math

import numpy as np
import pytest
import torch

from genmodels.text.gpt import GPT, GPTConfig
from genmodels.text.ngram import NGram
from genmodels.text.tokens import Tokenizer
from training import text, text_data, text_scores, text_tokens

VERSE = "Ya que quieres, cruel, que se publique,\nde lengua en lengua y de una en otra gente,"
PROSE = (
    "En un lugar de la Mancha, de cuyo nombre no quiero acordarme, no ha mucho\ntiempo que vivía un hidalgo."
)
DOCUMENTS = [f"# Dish {k}\n\nAdd {k} eggs and stir. Bake it.\n\nServe the {k} cakes.\n" for k in range(12)]


def test_lines_of_prose_are_joined_and_verse_is_left():
    assert text_data.prose(f"{PROSE}\n\n{VERSE}") == PROSE.replace("\n", " ") + f"\n\n{VERSE}\n"
    assert text_data.prose("— Señor —dijo Sancho—.") == "—Señor —dijo Sancho—.\n"


def test_a_recipe_is_plain_markdown():
    raw = (
        "Good.\r\n\r\n- ⏲️ Prep time: 5 min\n- 🍽️  Servings: 2\n\n## Directions\n\n1. Stir\n   well.\n2. Eat.\n"
    )
    wanted = (
        "# Soup\n\nGood.\n\n- Prep time: 5 min\n- Servings: 2\n\n## Directions\n\n1. Stir well.\n2. Eat.\n"
    )
    assert text_data.recipe(" Soup", raw) == wanted


def test_no_document_is_in_two_parts():
    parts = text_data.every_tenth([str(k) for k in range(200)])
    assert [len(p) for p in parts] == [170, 10, 20]
    assert sorted(map(int, sum(parts, ()))) == list(range(200))


@pytest.mark.parametrize(
    "make", [text_tokens.characters, lambda x: text_tokens.words(x, 90), lambda x: text_tokens.pairs(x, 300)]
)
def test_every_tokenizer_gives_back_what_it_learnt_from(make, tmp_path):
    text_tokens.save(make(DOCUMENTS), tmp_path)
    made = Tokenizer.of(tmp_path)
    assert made.end == 0 and all(made.decode(made.encode(x)) == x for x in DOCUMENTS)


def test_windows_are_cuts_of_the_stream_and_some_begin_where_a_text_does():
    made = text_tokens.pairs(DOCUMENTS, 280)
    stream = text.stream(made, DOCUMENTS, "\n\n")
    words = [made.decode([int(t)], skip_special_tokens=False) for t in stream.tokens]
    assert "".join(words) == "<|end|>" + "<|end|>".join(DOCUMENTS) + "<|end|>"
    assert len(stream.starts) == 3 * len(DOCUMENTS)
    begun = {"".join(words[k : k + 3])[:3] for k in stream.starts}
    assert begun == {"# D", "Add", "Ser"}
    cuts = text.windows(stream, 64, 16, np.random.default_rng(0), 1.0)
    assert cuts.shape == (64, 17) and (cuts[:, 0] == 0).all()
    row = stream.tokens.tolist()
    anywhere = text.windows(stream, 8, 16, np.random.default_rng(0), 0.0).tolist()
    assert all(any(row[k : k + 17] == cut for k in range(len(row))) for cut in anywhere)


def test_a_short_document_is_learnt_with_both_its_ends_and_nothing_of_the_next():
    made = text_tokens.characters(["ana", "bo"])
    stream = text.stream(made, ["ana", "bo", "ana"], "")
    for row in text.alone(stream, 20, 8, np.random.default_rng(1)).tolist():
        kept = [t for t in row if t != text.IGNORE]
        assert kept[0] == kept[-1] == 0 and made.decode(kept[1:-1]) in ("ana", "bo")
        assert row[len(kept) :] == [text.IGNORE] * (9 - len(kept))


def test_a_model_that_knows_nothing_pays_for_every_token_alike(tmp_path):
    """Bits per character from the definition: tokens and an end, each log2 V bits, over the characters."""
    text_tokens.save(text_tokens.pairs(DOCUMENTS, 280), tmp_path)
    made = Tokenizer.of(tmp_path)
    model = GPT(GPTConfig(made.size, 64, 8, 1, 1)).eval().requires_grad_(False)
    model.wte.weight.zero_()  # the last layer too
    found = text_scores.cost(model, made, DOCUMENTS).measures()
    tokens = sum(len(made.encode(x)) + 1 for x in DOCUMENTS)
    characters = sum(map(len, DOCUMENTS))
    assert found["bits_per_char"] == pytest.approx(tokens * math.log2(made.size) / characters, abs=1e-4)
    assert found["perplexity_token"] == pytest.approx(made.size, abs=0.01)
    assert found["chars_per_token"] == pytest.approx(characters / tokens, abs=1e-3)


def test_what_is_not_known_is_paid_by_the_letter(tmp_path):
    text_tokens.save(text_tokens.words(DOCUMENTS, 12), tmp_path)
    made = Tokenizer.of(tmp_path)
    model = GPT(GPTConfig(made.size, 64, 8, 1, 1)).eval().requires_grad_(False)
    plain = text_scores.cost(model, made, DOCUMENTS, lambda word: 0.0)
    dear = text_scores.cost(model, made, DOCUMENTS, text_scores.speller(made, DOCUMENTS))
    assert dear.unknown == plain.unknown > 0 and dear.nats > plain.nats + dear.unknown


def test_packers_and_counts_pay_less_for_what_they_have_seen():
    same = text_data.Split(tuple(DOCUMENTS), (), tuple(DOCUMENTS))
    other = text_data.Split(tuple(DOCUMENTS), (), ("zqx jvw kyp " * 40,))
    for measure in (text_scores.counted, lambda s: text_scores.anchors(s)["xz"]):
        assert measure(same) < measure(other)
    assert text_scores.nats(NGram.of(["ab"], 2), [2, 3, 0]) == pytest.approx(
        NGram.of(["ab"], 2).nats("ab").sum()
    )


def test_the_best_look_is_kept():
    made = text_tokens.characters(["abc"])
    model = GPT(GPTConfig(made.get_vocab_size(), 32, 8, 1, 1)).eval().requires_grad_(False)
    watch = text.Watch([torch.tensor([[0, 2, 3, 4, 0]])], None, ())
    watch(model)
    first, best = watch.least, watch.best["ln_f.bias"].clone()
    model.ln_f.bias.add_(5.0)
    watch(model)
    assert watch.seen == 2 and (watch.least < first or torch.equal(watch.best["ln_f.bias"], best))
