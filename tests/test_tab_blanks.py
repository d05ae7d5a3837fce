"""The tab of gaps: what its views show against what the models say; any text; a browser that fills."""

import math

import pytest
import torch

from demos.blanks import each, fill, look, source, write
from demos.blanks.source import GAP, MOST

NAME = "bert-recipes"
TEXT = "Mix the ___ and the sugar, then add ____ eggs."
STRANGE = ["", " ", "___", "_ _", "\x00 ___", "😀 ___ مرحبا", "word " * 300, "___" * 100, "<|end|>"]


def last(steps):
    *_, end = steps
    return end


def test_gaps_are_underscores_with_the_space_before():
    assert GAP.split("a ___ b__ c_d") == ["a", " b", " c_d"]
    with source.use(NAME) as three:
        text = source.gapped(three.tokens, TEXT, 2, "en")
        assert len(text.gaps) == 4 and text.gaps[1] == text.gaps[0] + 1
        kept = [i for k, i in enumerate(text.ids.tolist()) if k not in text.gaps]
        assert three.tokens.decode(kept) == "Mix the and the sugar, then add eggs."
        long = source.gapped(three.tokens, "___ word" * 200, 1, "es")
        assert len(long.ids) == MOST and max(long.gaps) < MOST and str(MOST) in long.note


@torch.no_grad()
def test_who_sees_what():
    """Both ends matter to those who see both; the GPT is blind to the right, and none sees the gap."""
    with source.use(NAME) as three:
        ids = torch.tensor(three.tokens.encode("Mix the flour and the sugar, then add the eggs."))
        gap = 4
        plain = three.around(ids, [gap])
        for place, alike in (
            (1, (False, False, False)),
            (8, (False, False, True)),
            (gap, (True, True, True)),
        ):
            changed = ids.clone()
            changed[place] = (changed[place] + 7) % 1000
            for before, after, same in zip(plain, three.around(changed, [gap]), alike, strict=True):
                assert torch.allclose(before, after, atol=1e-5) is same


@torch.no_grad()
def test_hiding_one_by_one_is_hiding_each():
    page, note, found = last(each.each(NAME, "Mix the flour and the sugar.", "en"))
    with source.use(NAME) as three:
        ids = torch.tensor(three.tokens.encode("Mix the flour and the sugar."))
        bits = torch.zeros(3)
        for place in range(len(ids)):
            for k, logits in enumerate(three.around(ids, [place])):
                bits[k] -= logits[0].log_softmax(-1)[ids[place]] / math.log(2)
    found = [found[k] for k in each.KEYS]
    assert found == pytest.approx((bits / len(ids)).tolist(), abs=1e-3)
    assert page.count("class='inked'") == 3 and note == ""


def test_a_table_for_each_gap():
    page, tables, _, found = last(fill.fill(NAME, TEXT, 1, "es"))
    assert tables.count("<table>") == 2 == found["found_gaps"] and "inked" in page
    *_, note, found = last(fill.fill(NAME, "no gap here", 1, "en"))
    assert found["found_gaps"] == 0 and "___" in note


def test_the_board_starts_at_the_gap():
    board, _, found = last(look.look(NAME, TEXT, "en"))
    assert board["asks"][board["start"]] == source.SIGN and board["asks"] == board["words"]
    assert 0 < found["to_right"] < 100
    assert "to_right" not in last(look.look(NAME, "no gap", "en"))[-1]


@pytest.mark.parametrize("order", [o for o, *_ in write.ORDERS])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_every_order_fills_every_gap_once(order, temperature):
    with source.use(NAME) as three:
        begin = three.tokens.encode("Preheat the oven to")
        steps = list(write.filled(three, begin, order, 6, temperature, 5))
        again = list(write.filled(three, begin, order, 6, temperature, 5))
        blank = three.bert.blank
    assert steps == again
    fresh = [i for _, new in steps for i in new]
    assert sorted(fresh) == list(range(len(begin), len(begin) + 6))
    end, _ = steps[-1]
    assert end[: len(begin)] == begin and len(end) == len(begin) + 6 and blank not in end
    assert len(steps) == (1 if order == "once" else 6)
    if order == "next":
        assert fresh == sorted(fresh)


def test_both_texts_are_judged():
    page, other, _, found = last(write.write(NAME, "Preheat the oven", "sure", 8, 0.0, 1, "en"))
    assert found["bits_bert_text"] > 0 and found["bits_gpt_text"] > 0
    assert page.count("<i") == other.count("<i") and source.SIGN not in page


@pytest.mark.parametrize("words", STRANGE, ids=lambda w: repr(w[:12]))
def test_any_text_is_taken(words):
    last(fill.fill(NAME, words, 4, "en"))
    *_, found = last(look.look(NAME, words, "es"))
    assert found["pieces"] >= 1
    last(each.each(NAME, words, "en"))
    last(write.write(NAME, words, "lot", 48, 1.0, 2, "en"))


@pytest.mark.browser
def test_the_first_click_fills(app, chromium):
    page = chromium.new_context(viewport={"width": 1280, "height": 1200}).new_page()
    errors: list[str] = []
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(f"{app.url}/blanks", timeout=60_000)
    page.wait_for_function("document.querySelectorAll('.heat table').length === 2", timeout=90_000)
    page.goto(f"{app.url}/blanks?view=look", timeout=60_000)
    page.wait_for_selector(".in-words .in-word", timeout=90_000)
    assert errors == []
    page.context.close()
