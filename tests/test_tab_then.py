"""Then and now: the table of sizes, who stands against whom, and bits that compare."""

import math
import re

import pytest
import torch

from demos.kit import card, plots, texts
from demos.kit.tab import TEXTS
from demos.then import price, reach, rivals, same, scale, sizes


def last(steps):
    *_, found = steps
    return found


MONTHS = [e.month for e in sizes.BOOK]


def test_the_table_is_in_order_and_says_where_it_is_from():
    assert sorted(MONTHS) == MONTHS
    for e in (*sizes.BOOK, *sizes.SMALL):
        year, month = map(int, e.month.split("-"))
        assert 2017 <= year <= 2025 and 1 <= month <= 12 and e.source
        if e.source[0].isdigit():  # arXiv's number begins with the month: published then or later revised
            stamp = 100 * int(e.source[:2]) + int(e.source[2:4])
            assert abs((2000 + stamp // 100) * 12 + stamp % 100 - year * 12 - month) <= 12, e.name
    assert {e.name: e.parameters for e in sizes.BOOK}["GPT-3"] == 175e9
    assert [e.name for e in sizes.BOOK if e.parameters is None] == ["GPT-3.5", "GPT-4"]


def test_what_is_small_is_what_the_pickers_offer():
    here = {e.here for e in sizes.SMALL}
    offered = set(texts.BY_NAME) | {"google-t5/t5-small"}
    assert here <= offered
    for _, _, ours, others in rivals.CORPORA.values():
        assert set(ours) | set(others) <= set(texts.BY_NAME)


@pytest.mark.parametrize("axis", ["date", "reading"])
@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_chart_names_nobody_over_another(axis, lang):
    drawn = scale.by_date if axis == "date" else scale.by_reading
    page = drawn([*sizes.BOOK, *sizes.SMALL], lang)
    assert "GPT-3" in page and "nan" not in page
    axes = plots.Axes((2016.8, 2026.2), (4, 12.4), width=scale.WIDE, height=scale.HIGH, left=62)
    spots = [(scale.year(e.month), math.log10(e.parameters), e) for e in sizes.BOOK if e.parameters]
    named = [mark(axes) for mark in scale.placed(axes, spots)[2:]]
    assert len(named) >= 0.6 * len(spots)


def test_a_closed_model_is_not_among_the_open_ones():
    (page, _) = last(scale.scale("date", True, "en"))
    assert "BLOOM" in page and "PaLM" not in page


def test_numbers_are_short():
    assert scale.short(175e9, "es") == "1,75\u00a0×\u00a010¹¹" and scale.short(None, "en") == "?"
    assert scale.short(20.0, "en") == "20"


def test_everybody_goes_on_from_the_same_words():
    page, figures = last(same.same("recipes", "Preheat ", 0.7, 60, 3, False, "es"))
    assert page.count("class='given'") == len(rivals.of("recipes", False)) and figures["characters"] <= 60 * 4
    again, _ = last(same.same("recipes", "Preheat ", 0.7, 60, 3, False, "es"))
    strip = lambda words: [p.split("<p")[1] for p in words.split("<h4>")[1:]]  # noqa: E731 - without speeds
    assert strip(page) == strip(again)


def test_bits_of_a_text_are_those_of_its_tokens():
    words = "Preheat the oven to 350 degrees."
    found = price.spent(texts.BY_NAME["gpt-recipes"], words)
    with texts.use("gpt-recipes") as writer:
        ids = [writer.tokens.end, *writer.tokens.encode(words)]
        logits = writer.model.logits(torch.tensor([ids]))[0].log_softmax(-1)
        nats = -sum(logits[i, token].item() for i, token in enumerate(ids[1:]))
    assert found == pytest.approx(nats / math.log(2) / len(words), rel=1e-4)
    assert 0.5 < found < 8
    assert {name: bits for name, bits, _ in price.packed("a" * 80)}["UTF-8"] == 8


def test_a_longer_sight_is_no_worse_and_ends_at_the_model_itself():
    found = list(reach.foretold(texts.BY_NAME["gpt-recipes"], reach.LONG["recipes"]))
    assert len(found) == len(reach.SEEN) and found[-1] < found[0]
    assert all(math.isfinite(v) for v in found)
    assert found[-1] <= min(found) + 0.1  # the same tokens each time, so nothing comes back up


@pytest.mark.parametrize("words", [reach.LONG["recipes"][:150], reach.LONG["recipes"]])
def test_sight_by_its_definition(words):
    found = list(reach.foretold(texts.BY_NAME["gru-recipes"], words))
    with texts.use("gru-recipes") as writer, torch.no_grad():
        ids = torch.tensor([writer.tokens.end or 0, *writer.tokens.encode(words)])
        last = range(max(1, len(ids) - reach.PLACES), len(ids))
        for seen, value in zip(reach.SEEN[: len(found)], found, strict=True):
            told = [writer.model.logits(ids[None, max(0, k - seen) : k])[0, -1] for k in last]
            nats = torch.nn.functional.cross_entropy(torch.stack(told), ids[list(last)])
            assert math.isclose(value, nats.item() / math.log(2), rel_tol=1e-4)


def test_every_corpus_brings_a_text_of_its_kind():
    assert reach.LONG.keys() == rivals.CORPORA.keys()
    for corpus, words in reach.LONG.items():
        found = list(reach.foretold(rivals.alike(corpus)[-1], words))
        assert len(found) == len(reach.SEEN) and found[-1] < found[0] - 0.5


def test_those_compared_by_token_cut_alike():
    for corpus in rivals.CORPORA:
        cuts = {tuple(texts.tokenizer(c.name).encode("Mix it, señor.")) for c in rivals.alike(corpus)}
        assert len(cuts) == 1


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_table_of_the_text_is_what_was_measured(lang):
    rows = re.findall(r"^\| ([^|]+) \| ([\d.,]+) \|$", (TEXTS / f"then.{lang}.md").read_text(), re.M)
    kinds = {"GPT": "gpt", "LSTM": "lstm", "RNN": "rnn"}
    of = {"recipes": "recipes", "recetas": "recipes", "Don Quijote": "quijote", "Shakespeare": "shakespeare"}
    assert len(rows) == 5
    for words, value in rows:
        kind, what = words.split(", ")
        bits = card.metrics(f"{kinds[kind]}-{of[what]}")["measures"]["bits_per_char"]
        assert value == plots.number(bits, lang), words
