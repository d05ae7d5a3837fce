"""The tab of tokens: what it cuts is the text again, its counts are the tokenizers', its numbers hold."""

import html
import json
import re

import pytest

from demos.kit import texts
from demos.tokens import cost, count, cut, learn, odd, size, source
from genmodels import hub
from genmodels.text.tokens import Tokenizer

PASTE = "a paste — ¡ñandú! 👩‍🚀 " * 4500  # 100,000 characters
STRANGE = [
    "",
    " ",
    "\n\n\t",
    "a\x00b",
    "👩‍🚀🇨🇱",
    "שלום עולם",
    "مرحبا",
    "\ufffd\u202e abc",
    "<b>&amp;</b>",
    "é" * 400,
]
NAMES = [*source.OURS, source.WORDS, source.LETTERS, source.BYTES]


def last(steps):
    for step in steps:
        found = step
    return found


def words_of(page: str) -> str:
    """The text of a passage, without its tags and the dots for parts of characters."""
    shown = re.sub(r"<s>.*?</s>|·", "", page)
    return html.unescape(re.sub(r"<[^>]*>", "", shown))


# ------------------------------------------------------------------------------------------ cutting


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", [source.ENGLISH, source.SPANISH, *STRANGE])
def test_pieces_put_together_are_the_text(name, text):
    row = source.cut(name, text)
    assert "".join(p.text for p in row.pieces) == text
    assert all(0 <= p.start <= p.end <= len(text) for p in row.pieces)


def test_bytes_and_letters_are_counted_as_they_are():
    text = "Café 👩‍🚀"
    assert len(source.cut(source.BYTES, text).pieces) == len(text.encode()) == 17
    assert len(source.cut(source.LETTERS, text).pieces) == len(text) == 8


@pytest.mark.parametrize("lang", ["en", "es"])
@pytest.mark.parametrize("words", STRANGE)
def test_every_view_takes_what_visitors_paste(words, lang):
    last(cut.sentence("gpt-quijote", words, True, lang))
    last(learn.learn(words, 40, 0.0, lang))
    last(cost.cost("gpt-quijote", "own", words, words, lang))
    last(odd.odd("gpt-quijote", words, lang))
    last(count.count("ngram-recipes", words, 3, 40, 1, lang))


def test_nothing_that_is_typed_becomes_a_tag():
    words = "<script>alert(1)</script> <img src=x onerror=alert(1)>"
    pages = [
        *last(cut.sentence("gpt-quijote", words, True, "en"))[:2],
        *last(learn.learn(words, 5, 0.0, "en"))[:3],
    ]
    pages += last(odd.odd("gpt-quijote", words, "en"))[:2]
    pages += last(count.count("ngram-recipes", words, 2, 40, 1, "en"))[:1]
    assert not any("<script" in page or "<img" in page for page in pages)


def test_the_counts_on_the_page_are_those_of_the_tokenizer():
    shown, _, chips = last(cut.sentence("gpt-quijote", source.SPANISH, True, "es"))
    n = len(Tokenizer.of("gpt-quijote").encode(source.SPANISH))
    assert chips["tokens_text"] == n and f"<b>{n}</b> tokens" in shown
    assert words_of(shown).count(source.SPANISH) == 6  # once for each tokenizer


def test_a_word_that_is_not_on_the_list_is_marked_as_lost():
    row = source.cut(source.WORDS, "add the hidalgo and the salt")
    assert row.unknown == 1 and source.passage(row).count("class='lost'") == 1
    assert source.cut("gpt-recipes", "add the hidalgo and the salt").unknown == 0


def test_spanish_pays_less_where_the_tokenizer_read_spanish():
    """What the text says of four sentences, and the rule: the language that was learnt is cheaper."""
    found = {}
    for name in ("gpt-quijote", "gpt-shakespeare"):
        found[name] = [
            sum(len(source.cut(name, pair[k]).pieces) for pair in cost.SAME.values()) for k in (0, 1)
        ]
    assert found == {"gpt-quijote": [193, 115], "gpt-shakespeare": [131, 197]}
    knight = [len(source.cut("gpt-quijote", words).pieces) for words in cost.SAME["knight"]]
    assert knight == [56, 25]
    *_, chips = last(cost.cost("gpt-quijote", "knight", "", "", "en"))
    assert chips["extra_spanish"] == pytest.approx(100 * (25 / 56 - 1))


# ------------------------------------------------------------------------------------------ learning


def test_learning_shows_the_text_at_every_step_and_stops_when_nothing_repeats():
    steps = list(learn.learn(learn.ENGLISH, 500, 0.0, "en"))
    assert all(words_of(page) == learn.ENGLISH for page, *_ in steps)
    chips = [step[-1] for step in steps]
    assert chips[0]["tokens_text"] == len(learn.ENGLISH.encode())
    assert [c["tokens_text"] for c in chips] == sorted((c["tokens_text"] for c in chips), reverse=True)
    assert chips[-1]["merges"] < 500 and chips[-1]["vocabulary"] == 256 + chips[-1]["merges"]


def test_a_long_paste_is_learnt_and_only_its_beginning_shown():
    assert len(PASTE) <= texts.PAGE
    page, *_, chips = last(learn.learn(PASTE, 60, 0.0, "en"))
    assert len(page) < 60_000 and chips["characters"] == len(PASTE)
    assert PASTE.startswith(words_of(page).rstrip("…"))


def test_more_tokens_are_longer_and_mostly_in_their_own_language():
    steps = list(size.size("gpt-quijote", size.ENGLISH, size.SPANISH, 128, "en"))
    whole = Tokenizer.of("gpt-quijote")
    assert steps[-1][-1] == {
        "vocabulary": whole.size,
        "chars_per_token": round(len(size.ENGLISH) / len(whole.encode(size.ENGLISH)), 2),
    }
    lengths = [step[-1]["chars_per_token"] for step in steps if step[-1]]
    assert lengths == sorted(lengths) and lengths[0] == pytest.approx(1, abs=0.01)
    spanish = len(size.SPANISH) / len(whole.encode(size.SPANISH))
    assert spanish > 1.5 * lengths[-1]
    page, rows, _ = last(size.size("gpt-recipes", "", "ñ", 128, "es"))
    assert "nan" not in page + rows and "–" in rows


def test_changes_that_look_alike_are_other_tokens():
    plain = Tokenizer.of("gpt-quijote").encode("Café")
    for key in ("apart", "alike", "space"):
        assert Tokenizer.of("gpt-quijote").encode(odd.CHANGES[key][1]("Café")) != plain
    *_, chips = last(odd.odd("gpt-quijote", "Café", "en"))
    assert chips["alike"] == 2 and chips["tokens_text"] == len(plain)
    assert odd.bare("¿Qué año?") == "¿Que ano?"


# ------------------------------------------------------------------------------------------ counting


def test_each_order_writes_and_the_same_seed_writes_the_same():
    one, two = (last(count.count("ngram-quijote", "Don ", 3, 60, 7, "es")) for _ in range(2))
    assert one[0] == two[0] and all(f"<b>{n}-grama</b>" in one[0] for n in (1, 2, 3))
    assert words_of(one[0]).count("Don ") >= 3
    assert one[0] != last(count.count("ngram-quijote", "Don ", 3, 60, 8, "es"))[0]


def test_the_bars_are_what_was_measured():
    facts = json.loads((hub.WEIGHTS / "ngram-quijote" / "metrics.json").read_text())
    page = count.chart("ngram-quijote", "en")
    for name, value in facts["anchors"].items():
        assert f"{value:.2f}" in page or f"{value:.3g}" in page, name


# ------------------------------------------------------------------------------------------ the page


@pytest.mark.browser
def test_a_link_opens_and_learns_to_its_end(app, chromium):
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="es-AR")
    page, errors = context.new_page(), []
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(f"{app.url}/?tab=tokens&view=learn&words=aaabdaaabac&merges=10&pace=0", timeout=60_000)
    page.wait_for_selector("#tab-tokens .cuts i:visible", timeout=60_000)
    page.wait_for_function("() => /[0-9] *fusiones/.test(document.body.innerText)", timeout=60_000)
    told = "() => [...document.querySelectorAll('#tab-tokens .cuts')].some(e => /aaab/.test(e.innerText))"
    page.wait_for_function(told, timeout=60_000)
    assert errors == []
    context.close()
