"""The tab of translation: what its views show against what the models say; any text; a browser."""

import math
import random
import unicodedata

import numpy as np
import pytest
import torch

from demos.translate import attention, cover, exam, several, source, tasks
from demos.translate.source import PREFIX, SEQ2SEQ
from genmodels.data import numerals
from genmodels.text import encdec

T5_SMALL = "google-t5/t5-small"
WORDS = "twenty-one thousand five hundred one"
STRANGE = ["", " ", "\x00", "😀" * 30, "مرحبا 12", "1,234,567.89", "-", "x" * 300, "<unk></s>", "veintidos y"]


def last(steps):
    *_, end = steps
    return end


# ---------------------------------------------------------------------------- what is asked


@pytest.mark.parametrize("words", ["21,105", "21.105", "21 105", "21'105", " 21105 "])
def test_digits_in_groups_are_one_number(words):
    assert source.question(SEQ2SEQ, "spanish", words) == "21105"
    assert source.question(PREFIX, "english", words) == "english: 21105"


def test_a_prefix_is_the_model_s_own():
    assert source.question(T5_SMALL, "german", "two") == "translate English to German: two"
    assert source.question(PREFIX, "german", "two") == "german: two"
    assert source.question(SEQ2SEQ, "german", "two") == source.question(PREFIX, "none", "two") == "two"


def test_what_is_shown_is_what_was_read():
    with source.use(PREFIX) as reader:
        ids = reader.ids("english: veintiún mil 42")
        assert reader.words(ids[0].tolist()) == ["english", ":", "veintiún", "mil", "4", "2", "■"]
        assert reader.text(ids[0].tolist()) == "english: veintiún mil42"  # digits stand alone
        assert reader.unknown("english: ñandú mil") == ["ñandú"]
        accent = unicodedata.normalize("NFD", "veintiún")  # the accent as a character of its own
        assert reader.tokens.encode(accent) == reader.tokens.encode("veintiún")


# ---------------------------------------------------------------------------- views


@pytest.mark.parametrize("name", [SEQ2SEQ, PREFIX])
def test_the_answer_is_the_likeliest_word_after_word(name):
    answer, board, note, found = last(attention.attention(name, "spanish", WORDS, "en"))
    with source.use(name) as reader:
        ids = reader.ids(source.question(name, "spanish", WORDS))
        written = encdec.greedy(reader.model, ids, source.LENGTH)[0].tolist()
        assert board["asks"] == reader.words(written) and board["words"] == reader.words(ids[0].tolist())
        start = torch.tensor([[reader.model.config.start, *written[:-1]]])
        chances = encdec.logits(reader.model, ids, start)[0].softmax(-1)
        whole = chances.gather(1, torch.tensor(written)[:, None]).prod().item()
    assert found["chance_whole"] == pytest.approx(100 * whole, rel=1e-3)
    assert note == "" and "inked" in answer
    assert all(row[0][0] == word for row, word in zip(board["expect"], board["asks"], strict=True))


def test_the_board_holds_the_model_s_weights():
    import base64

    *_, board, _, _ = last(attention.attention(SEQ2SEQ, "spanish", WORDS, "es"))
    m, n = len(board["asks"]), len(board["words"])
    sent = np.frombuffer(base64.b64decode(board["weights"]), np.uint8).reshape(2, 4, m, n) / 255
    assert np.abs(sent.sum(-1) - 1).max() < 0.05  # each row is a distribution, a byte each
    with source.use(SEQ2SEQ) as reader:
        ids = reader.ids(WORDS)
        written = encdec.greedy(reader.model, ids, source.LENGTH)
        start = torch.tensor([[reader.model.config.start]])
        seen = encdec.look(reader.model, ids, torch.cat([start, written[:, :-1]], 1))
    assert np.abs(torch.stack(seen.cross).numpy() - sent).max() < 0.01


def test_covering_a_word_of_a_number_costs_most_where_it_is_said():
    """The digit under its word: covering 7 in 742 hurts setecientos more than any other word."""
    with source.use(SEQ2SEQ) as reader:
        ids = reader.ids("seven hundred forty-two")
        target = torch.tensor([reader.tokens.encode("setecientos cuarenta y dos") + [1]])
        before = torch.cat([torch.tensor([[3]]), target[:, :-1]], 1)
        plain = cover.bits(reader, ids, before, target)
        covered = ids.clone()
        covered[0, 0] = 0
        lost = cover.bits(reader, covered, before, target) - plain
    assert lost.argmax().item() == 0 and lost[0] > 0.5


def test_beams_are_sorted_and_draws_have_their_own_chance():
    best, drawn, _, found = last(several.several(SEQ2SEQ, "spanish", WORDS, 4, 1.0, 3, "en"))
    assert best.count("<tr>") == 5 and drawn.count("<tr>") == 1 + several.DRAWS
    assert 0 < found["beams_hold"] <= 100.01 and 1 <= found["different"] <= several.DRAWS
    with source.use(SEQ2SEQ) as reader:
        given = encdec.Given(reader.model, reader.ids(WORDS))
        rows = last(several.beams(reader, given, 4))
        logs = [p for _, p in rows]
        assert logs == sorted(logs, reverse=True)
        for words, log_prob in rows[:2]:
            target = [*reader.tokens.encode(words), 1]
            logits = given.logits(torch.tensor([[3, *target[:-1]]]))[0].log_softmax(-1)
            own = logits.gather(1, torch.tensor(target)[:, None]).sum().item()
            assert log_prob == pytest.approx(own, abs=1e-3)
        cold = last(several.draws(reader, given, 0.0, 1))
        assert len({words for words, _ in cold}) == 1


@pytest.mark.parametrize(
    "prefix, words, answer, mark",
    [
        ("spanish:", "31500", "treinta y un mil quinientos", "✓"),
        ("spanish: ", "31,500", "treinta y uno mil quinientos", "✗"),
        ("digits:", "Thirty-One", "31", "✓"),
        ("check:", "treinta uno", "no", "✓"),
        ("check:", "treinta uno", "yes", "✗"),
        ("english:", "what?", "one", ""),
        ("french:", "31", "one", ""),
    ],
)
def test_answers_are_marked_where_they_can_be(prefix, words, answer, mark):
    assert tasks.marked(PREFIX, prefix, words, answer) == mark
    assert tasks.marked(T5_SMALL, prefix, words, answer) == ""


def test_each_prefix_is_asked():
    page, note, found = last(tasks.tasks(PREFIX, "treinta y un mil quinientos", "french:", "es"))
    assert page.count("<tr>") == 6 and found["asked"] == 4 and "«french»" in note


def test_the_large_one_gets_its_own_prefixes(monkeypatch):
    """With a stand-in: the published T5 knows other tasks, answers at more length, and is not marked."""
    from contextlib import contextmanager

    from genmodels.text.t5 import T5, T5Config
    from genmodels.text.tokens import Tokenizer

    torch.manual_seed(0)
    sizes = {"d_model": 16, "d_kv": 4, "d_ff": 16, "num_layers": 1, "num_decoder_layers": 1, "num_heads": 2}
    tokens = Tokenizer.of(PREFIX)
    model = T5(T5Config(vocab_size=tokens.size + 5, **sizes)).eval().requires_grad_(False)  # spare tokens

    @contextmanager
    def use(checkpoint):
        yield source.Reader(checkpoint, model, tokens)

    monkeypatch.setattr(source, "use", use)
    page, _, found = last(tasks.tasks(T5_SMALL, "The house is wonderful.", "", "en"))
    assert page.count("<tr>") == 1 + len(tasks.THEIRS) and "summarize:" in page and found == {}
    *_, found = last(attention.attention(T5_SMALL, "german", "The house is wonderful.", "es"))
    assert 1 <= found["pieces"] <= source.LONG
    assert "checkpoints.T5[1]" in attention.attention_code(T5_SMALL, "german", "The house is wonderful.")


def test_the_examination_counts():
    asked = [
        exam.Asked(3, "100", "cien", "cien"),
        exam.Asked(3, "101", "ciento uno", "cien uno"),
        exam.Asked(7, "1234567", "", "ciento veintitrés"),
    ]
    assert exam.figures(asked) == {"asked": 3, "right_share": 50}
    assert "(it said 123)" in exam.mistakes(asked, "en") and "ciento uno" in exam.mistakes(asked, "en")
    page, _, found = last(exam.exam(SEQ2SEQ, "digits", "spanish", 25, True, 1, "en"))
    assert page.count("<tr>") == 7 and found["asked"] == 150
    _, _, same = last(exam.exam(SEQ2SEQ, "digits", "spanish", 25, True, 1, "es"))
    assert found == same
    assert exam.forms(SEQ2SEQ, "spanish", "digits") == ("english", "spanish")


def test_held_out_means_held_out():
    rng = np.random.default_rng(0)
    assert all(numerals.held_out(exam.number(d, True, rng)) for d in (3, 4, 5, 6) for _ in range(20))
    assert not any(numerals.held_out(exam.number(d, False, rng)) for d in (3, 4, 5, 6) for _ in range(20))


@pytest.mark.parametrize("words", STRANGE, ids=repr)
def test_any_text_is_answered(words):
    for name in (SEQ2SEQ, PREFIX):
        *_, found = last(attention.attention(name, random.choice(["spanish", "none"]), words, "en"))
        assert math.isfinite(found["chance_whole"])
    last(cover.cover(SEQ2SEQ, "spanish", words, "es"))
    last(several.several(PREFIX, "check", words, 2, 3.0, 1, "en"))
    last(tasks.tasks(PREFIX, words, words[:60], "en"))


# ---------------------------------------------------------------------------- in a browser


@pytest.mark.browser
def test_pointing_at_a_word_shows_where_it_looked(app, chromium):
    page = chromium.new_context(viewport={"width": 1280, "height": 1200}).new_page()
    errors: list[str] = []
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(f"{app.url}/translate", timeout=60_000)
    page.wait_for_selector(".in-words .in-word", timeout=90_000)
    rows = "document.querySelectorAll('.in-words')"
    page.wait_for_function(f"{rows}.length === 2 && {rows}[1].innerText.includes('%')", timeout=60_000)
    before = page.evaluate(f"{rows}[1].innerText")
    page.hover(".in-words >> nth=0 >> .in-word >> nth=2")
    page.wait_for_function(f"b => {rows}[1].innerText !== b", arg=before, timeout=20_000)
    page.hover(".in-words >> nth=1 >> .in-word >> nth=0")  # and back: who looks at this word
    page.wait_for_function(f"{rows}[0].innerText.includes('%')", timeout=20_000)
    assert errors == []
    page.context.close()
