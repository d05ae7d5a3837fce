"""The tab that writes: what it shows against what the model says, trees that an address holds, odd texts."""

import html
import math
import re
from urllib.parse import parse_qs, urlsplit

import gradio as gr
import pytest
import torch

from demos.kit import texts
from demos.kit.texts import Ink
from demos.write import beam, choice, heat, several, steps, surprise, tree, write
from demos.write.tree import Branch

QUIJOTE, PLAYS, RECIPES, NAMES = "gpt-quijote", "gpt-shakespeare", "gpt-recipes", "gpt-names"
PLAIN = (0.8, 0, 1.0, 0.0, 1.0)  # temperature, top-k, top-p, min-p, repetition
ODD = "\x00\x07 🙂👩‍👩‍👧 שלום عربي <script>alert(1)</script> '\"&amp; \ufffd\n\n\t日本"


def last(steps):
    *_, end = steps
    return end


def shown(page):
    """The words of a passage."""
    return html.unescape(re.sub(r"<s>.</s>|<[^>]*>", "", page))


def press(*at):
    return gr.SelectData(None, {"index": list(at), "value": ""})


# ---------------------------------------------------------------------------- a tree in an address


def test_an_address_holds_a_tree_and_nothing_else():
    branches = [Branch(0, 12, 318), Branch(1, 40, 77), Branch(0, 3, 5)]
    words = tree.written("1a2b3c", branches)
    assert tree.read(words, "1a2b3c") == branches and tree.read(words, "ffffff") == []
    assert tree.read("", "1a2b3c") == [] and tree.written("1a2b3c", []) == ""
    for wrong in (
        "1a2b3c~1.2.3",
        "1a2b3c~0.1",
        "1a2b3c~0.-1.3",
        "1a2b3c~a.b.c",
        "1a2b3c~0.99999.1",
        "~",
        "🙂",
    ):
        assert tree.read(wrong, "1a2b3c") == []
    assert len(tree.read(tree.written("1a2b3c", branches * 9), "1a2b3c")) == tree.MOST


def test_pruning_a_branch_takes_what_grew_on_it():
    words = tree.written(
        "x", [Branch(0, 1, 1), Branch(1, 2, 2), Branch(0, 3, 3), Branch(2, 4, 4), Branch(3, 5, 5)]
    )
    assert tree.read(tree.pruned(words, "x", 1), "x") == [Branch(0, 3, 3), Branch(1, 5, 5)]
    assert tree.pruned(tree.written("x", [Branch(0, 1, 1)]), "x", 1) == ""


def test_what_is_pressed_becomes_a_branch_and_a_thirteenth_is_refused():
    settings = (PLAYS, "ROMEO:\n", 1, *PLAIN, 40, "end")
    words, clicks = write.press(press(0, 5, 300), "", 0, *settings)
    words, clicks = write.press(press(1, 2, 12), words, clicks, *settings)
    mark = words.split("~")[0]
    assert tree.read(words, mark) == [Branch(0, 5, 300), Branch(1, 7, 12)] and clicks == 2
    assert write.press(press(1, -1), words, clicks, *settings) == ("", 3)
    full = tree.written(mark, [Branch(0, 1, 1)] * tree.MOST)
    with pytest.raises(gr.Error, match=str(tree.MOST)):
        write.press(press(0, 5, 300), full, 0, *settings)
    assert tree.read(words, tree.print_of("other settings")) == []


def test_a_branch_keeps_what_came_before_and_goes_on_as_the_model_would():
    run = (PLAYS, "ROMEO:\nThe night", 1, *PLAIN, 24, "never", 0)
    page, kept, numbers = last(write.write(*run, "", "en"))
    assert (
        kept == ""
        and numbers["tokens_second"] > 0
        and numbers["ppl"] == pytest.approx(2 ** numbers["bits_per_token"])
    )
    assert page.count("data-a=") == 24
    words, _ = write.press(press(0, 10, 7), "", 0, *run[:-1])
    both, kept, numbers = last(write.write(*run, words, "en"))
    assert kept == words and numbers["branches"] == 1 and both.count("data-a=") == 24 + 14
    assert both.startswith(page)  # the trunk is as it was
    with texts.use(PLAYS) as writer:
        key = next(k for k in write._strands if k[1] == PLAYS and k[2] == run[1] and len(k) == 8)
        branch = write._strands[key]
        ids = [*writer.ids(run[1]), *(s.id for s in branch.whole)]
        own = writer.model.logits(torch.tensor([ids]))[0, -25:-1].log_softmax(-1)
    assert branch.said[0].id == 7 and len(branch.whole) == 24
    for t, s in enumerate(branch.whole):
        assert s.chance == pytest.approx(own[t, s.id].exp().item(), rel=2e-3)
    assert "class='forced'" in both and "surprise over" in both


def test_a_frame_begins_with_the_last_and_what_was_stopped_can_be_branched(monkeypatch):
    monkeypatch.setattr(steps, "FRAME", 0)
    run = (PLAYS, "JULIET:\n", 1, *PLAIN, 40, "never", 0)
    made = write.write(*run, "", "en", "me")
    frames = [next(made)[0] for _ in range(9)]
    made.close()
    assert all(b.startswith(a) for a, b in zip(frames, frames[1:], strict=False))
    words, _ = write.press(press(0, 3, 7), "", 0, *run[:-1])
    for session, length in (("me", 9), ("you", 40)):  # whoever stopped it keeps it as it was stopped
        page, _, _ = last(write.write(*run, words, "en", session))
        trunk, branch = page.split("<div class='strand'")
        assert trunk.count("data-a=") == length and branch.count("data-a=") == 37
        assert trunk.startswith(frames[-1].replace("inked live", "inked"))


def test_an_address_with_nonsense_leaves_its_sensible_part():
    run = (NAMES, "An", 1, *PLAIN, 20, "never", 0)
    mark = tree.print_of(NAMES, "An", 1, steps.taste_of(*PLAIN), 20, "never")
    words = tree.written(mark, [Branch(0, 2, 5), Branch(0, 900, 5), Branch(0, 1, 4)])
    page, kept, numbers = last(write.write(*run, words, "es"))
    assert tree.read(kept, mark) == [Branch(0, 2, 5)] and numbers["branches"] == 1
    _, kept, numbers = last(write.write(*run, tree.written(mark, [Branch(0, 2, 999_999)]), "es"))
    assert kept == "" and "branches" not in numbers


def test_the_same_seed_is_the_same_text_and_a_sentence_or_line_can_end_it():
    run = (QUIJOTE, "Pero lo que más", 5, *PLAIN, 60)
    once, again = (last(write.write(*run, "never", 0, "", "es"))[0] for _ in range(2))
    assert once == again and once != last(write.write(*run[:2], 6, *run[3:], "never", 0, "", "es"))[0]
    for until, ends in (("sentence", ".!?…\"'»)\n"), ("line", "\n")):
        page, _, _ = last(write.write(*run[:-1], 200, until, 0, "", "es"))
        found = shown(page)[len(run[1]) :].rstrip(" ")
        if page.count("data-a=") < 200:
            assert found[-1] in ends or "\n" in found[-4:]


def test_frames_come_ten_times_a_second(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(steps.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(steps.time, "sleep", lambda s: now.__setitem__(0, now[0] + s))
    clock, frames = steps.Clock(100, 5.0), []
    for _ in clock.run(iter(range(100))):
        if clock.due():
            frames.append(now[0])
    gaps = [b - a for a, b in zip(frames, frames[1:], strict=False)]
    assert now[0] == pytest.approx(105) and max(gaps) <= 0.1 + 1e-6 and min(gaps) >= steps.FRAME - 1e-6


# ---------------------------------------------------------------------------- the other views


def test_several_are_those_that_one_alone_would_be():
    found = {}
    for count in (2, 5):
        page, numbers = last(several.several(NAMES, "Ma", 3, *PLAIN, 10, "end", count, "en"))
        found[count] = {shown(p.split("</p><p")[-1]) for p in page.split("class='strand'")[1:]}
        assert len(page.split("class='strand'")) == count + 1
        assert 0 < numbers["distinct"] <= 100 and 1 <= numbers["beginnings"] <= count
    alone = shown(last(write.write(NAMES, "Ma", 4, *PLAIN, 10, "end", 0, "", "en"))[0])[2:]
    assert any(alone in one for one in found[5])


def test_sorted_continuations_pale_what_they_share():
    said = [[steps.Said(i, 0.5, 0.5, 1, ()) for i in ids] for ids in ([3, 4, 5], [1, 2], [3, 4, 9])]
    with texts.use(NAMES) as writer:
        page = several.passages(writer, "", [0], said, True, "en")
    parts = page.split("class='strand'")[1:]
    assert [p.count("class='given'") for p in parts] == [0, 0, 2] and "(2)" in parts[2]


def test_bars_are_the_model_s_chances_and_cuts_are_struck_out():
    page, drawn, numbers = last(choice.choice(RECIPES, "# Roasted", 1.0, 0.2, 3, 1.0, 0.0, 1.0, "en"))
    assert page.count("<button") == choice.ROWS and page.count("class='cut'") == choice.ROWS - 3
    assert (
        numbers["tokens_left"] == 3
        and numbers["entropy_taste"] <= min(numbers["entropy"], math.log2(3)) + 1e-6
    )
    with texts.use(RECIPES) as writer:
        own = writer.model.logits(torch.tensor([writer.ids("# Roasted")]))[0, -1].softmax(-1)
    tokens = [int(k) for k in re.findall(r"data-pick='\[0,(\d+)\]'", page)]
    assert tokens == own.topk(choice.ROWS).indices.tolist()
    assert choice.number(100 * own.max().item(), "en") + " %" in page and drawn.count("<polyline") == 3


def test_a_bar_that_is_pressed_joins_the_prompt():
    tokens = texts.tokenizer(RECIPES)
    token = tokens.encode(" the")[0]
    assert choice.press(RECIPES, "In", 4, press(0, token)) == ("In" + tokens.decode([token]), 5)
    for wrong in (-1, tokens.size, tokens.end, tokens.encode("🙂")[0]):  # the last is part of a character
        assert choice.press(RECIPES, "In", 4, press(0, wrong))[1] == 4


def test_what_a_beam_says_is_what_reading_its_text_costs():
    page, drawn, _ = last(beam.beam(PLAYS, "ROMEO:\n", "I am not here.", 4, 0.0, 12, 1, "en"))
    assert page.count("class='strand'") == 4 and drawn.count("<polyline") == 4
    first = float(re.search(r"<b>1</b><span>([\d.]+) bits", page)[1])
    rows = re.findall(r"<tr><th scope='row'>(.*?)</th><td>([\d.]+)</td>", drawn)
    assert [name for name, _ in rows][-1] == "a person" and float(rows[0][1]) == pytest.approx(
        first, rel=0.02
    )
    _, drawn, _ = last(beam.beam(PLAYS, "ROMEO:\n", "", 2, 1.0, 12, 1, "es"))
    assert drawn.count("<polyline") == 3 and "una persona" not in drawn


def test_heat_makes_surprise_and_cold_repeats():
    rows = []
    clock = steps.Clock(1)
    with texts.use(PLAYS) as writer:
        ids = writer.ids("ROMEO:\n")
        for h in (0.0, 1.5):
            rows.append(heat.Row(h, [[], []]))
            for _ in heat.fill(writer, ids, rows[-1], 1, 60, clock):
                pass
    assert rows[0].bits < rows[1].bits and rows[0].again > rows[1].again
    page, drawn, numbers = last(heat.heat(PLAYS, "ROMEO:\n", "I am not here.", 1, 20, "es"))
    assert page.count("class='strand'") == len(heat.HEATS) and numbers["bits_person"] > 0
    assert (
        drawn.count("una persona") == 2
        and last(heat.heat(PLAYS, "", "", 1, 20, "en"))[1].count("person") == 0
    )


def test_repetition_counts_what_was_said_before():
    assert steps.repeated([1, 2, 3, 4, 5]) == 0 and steps.repeated([]) == 0
    assert steps.repeated([1, 2, 3, 4] * 3) == pytest.approx(5 / 9)


# ---------------------------------------------------------------------------- reading any text


@pytest.mark.parametrize("name", [PLAYS, NAMES, "lstm-recipes"])
@pytest.mark.parametrize("text", [ODD, "a", "To be, or not to be. That is it!\n\nAnd so on"])
def test_bits_of_a_text_are_those_of_the_model(name, text):
    from genmodels.text.writing import surprise as nats

    page, _, numbers = last(surprise.surprise(name, text, "bits", "en"))
    with texts.use(name) as writer:
        ids = writer.tokens.encode(text)
        bits = nats(writer.model, ids, writer.tokens.end or 0).sum().item() / math.log(2)
    assert numbers["bits_per_token"] == pytest.approx(bits / len(ids), rel=1e-4)
    assert numbers["bits_per_character"] == pytest.approx(bits / len(text), rel=1e-4)
    assert "<script" not in page
    plain = "".join(c if c >= " " or c in "\t\n" else chr(0x2400 + ord(c)) for c in text)
    assert shown(page) == plain


def test_an_empty_text_surprises_nobody():
    page, below, numbers = last(surprise.surprise(PLAYS, "", "rank", "es"))
    assert numbers == {} and "nadie" in below and shown(page) == ""


def test_a_hundred_thousand_characters_are_read_to_the_end():
    text = texts.prompt("", kind=texts.Page).preprocess(("All the king's horses. " * 4348)[:100_000])
    frames = list(surprise.surprise(RECIPES, text, "rank", "en"))
    page, below, numbers = frames[-1]
    assert len(frames) > 5 and len(page) < 600_000 and page.count("<i") <= surprise.SHOWN + 1
    assert 0 < numbers["bits_per_character"] < 20 and below.count("<tr>") == surprise.ROWS + 1


def test_sentences_are_all_of_the_text_and_their_bits_are_its_bits():
    text = "One. Two two! Three: and\n\nfour… “Five?” Six"
    found = [text[a:b] for a, b in surprise.sentences(text)]
    assert found[:2] == ["One.", "Two two!"] and found[-1] == "Six"
    assert re.sub(r"\s|[”“]", "", "".join(found)) == re.sub(r"\s|[”“]", "", text)
    assert surprise.sentences("") == [] and surprise.sentences("\n \n") == []


def test_a_large_model_reads_the_beginning_and_says_so():
    text, note = surprise.within("openai-community/gpt2", "x" * 7000, "es")
    assert len(text) == surprise.LARGE and "6000" in note
    assert surprise.within(PLAYS, "x" * 7000, "es") == ("x" * 7000, "")


# ---------------------------------------------------------------------------- what the text tabs share


def test_a_prompt_too_long_is_refused_with_both_numbers():
    box = texts.prompt("", kind=texts.Prompt)
    assert box.preprocess("a\r\nb\x00 🙂") == "a\nb\x00 🙂" and box.preprocess("\ud83d") == "?"
    assert box.preprocess("x" * texts.LONGEST) and texts.prompt("", kind=texts.Page).preprocess(
        "x" * texts.PAGE
    )
    with pytest.raises(gr.Error, match=r"100,000 characters.* 2,000"):
        box.preprocess("x" * 100_000)
    with pytest.raises(gr.Error, match=r"400000|100,000"):
        texts.prompt("", kind=texts.Page).preprocess("x" * 400_000)


@pytest.mark.parametrize("name", [PLAYS, NAMES, "lstm-recipes"])
def test_tokens_are_spelled_as_the_text_is(name):
    tokens = texts.tokenizer(name)
    for text in ("Hello there, my old friend", "naïve — 🙂🙂 ok", "x"):
        ids = tokens.encode(text)
        for cut in (0, len(ids) // 2):
            whole = tokens.decode(ids)
            words = texts.spelled(tokens, ids[cut:], ids[:cut])
            assert len(words) == len(ids) - cut
            if cut == 0:
                assert "".join(words).replace(texts.PART, "") == whole.replace(texts.PART, "")


def test_ink_escapes_what_a_visitor_typed():
    page = texts.ink([Ink("<b>'&\x00\n", 0.5, "\"'><i onload=x>", "given", {"a": "'><script>&#39;"})])
    assert "<b>" not in page and "<script" not in page and "onload=x>" not in page.replace("&gt;", "")
    assert "␀" in page and "↵" in page and page.count("<i ") == 1 and "--s:50%" in page


def test_bundled_writers_come_first_and_each_has_a_class():
    found = texts.writers()
    bundled = [c.bundled for c in found]
    assert [c.name for c in found[:2]] == list(texts.FIRST) and bundled == sorted(bundled, reverse=True)
    assert {c.name for c in found} >= {"openai-community/gpt2", "HuggingFaceTB/SmolLM2-135M-Instruct"}
    for c in found:
        assert texts.class_of(c.name).__name__ in ("GPT", "RNN", "Llama", "NGram")


@pytest.mark.parametrize("name", [c.name for c in texts.writers() if c.bundled])
def test_every_bundled_writer_writes_from_any_prompt(name):
    for prompt in ("", ODD, "The "):
        page, _, numbers = last(write.write(name, prompt, 1, *PLAIN, 6, "never", 0, "", "es"))
        assert page.count("data-a=") == 6 and numbers["bits_per_token"] > 0 and "<script" not in page


class Chat:
    """A tokenizer of letters with the marks of a conversation."""

    end = 2

    def id(self, word):
        return {"<|im_start|>": 1, "<|im_end|>": 2}[word]

    def encode(self, text):
        return [100 + ord(c) for c in text]


def test_only_the_template_switches_turns():
    writer = texts.Writer("HuggingFaceTB/SmolLM2-135M-Instruct", None, Chat())
    ids = writer.ids("Hi<|im_end|>")
    assert ids.count(1) == 3 and ids.count(2) == 2
    words = "".join({1: "<|im_start|>", 2: "<|im_end|>"}.get(i) or chr(i - 100) for i in ids)
    assert words == (
        f"<|im_start|>system\n{texts.SYSTEM}<|im_end|>\n<|im_start|>user\nHi<|im_end|><|im_end|>\n"
        "<|im_start|>assistant\n"
    )


# ---------------------------------------------------------------------------- in the browser


@pytest.mark.browser
def test_a_rival_that_is_pressed_grows_a_branch_which_the_link_holds(app, chromium):
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="es-AR")
    page, errors = context.new_page(), []
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(f"{app.url}/write")
    page.wait_for_selector("#tab-write .passages .inked:not(.live) i[data-a]", timeout=60000)
    assert page.locator("#tab-write .passages i.given").first.inner_text() == steps.BEGIN["es"]
    page.locator("#tab-write .passages i[data-a]").nth(12).click()
    rivals = page.locator("#tab-write .fold button:not(.own)")
    rivals.first.wait_for(timeout=60000)
    assert "puesto" in page.locator("#tab-write .fold p").inner_text()
    rivals.first.click()
    page.wait_for_selector("#tab-write .strand .inked:not(.live) i[data-a]", timeout=60000)
    branch = page.locator("#tab-write .strand .inked").inner_text()
    page.locator("#tab-write .actions .link").locator("visible=true").first.click()
    page.wait_for_function("() => location.search.includes('branches=')", timeout=60000)
    held = parse_qs(urlsplit(page.url).query)
    assert held["checkpoint"] == [QUIJOTE] and "~0.12." in held["branches"][0]
    page.goto(page.url)
    page.wait_for_selector("#tab-write .strand .inked:not(.live) i[data-a]", timeout=60000)
    assert page.locator("#tab-write .strand .inked").inner_text() == branch
    assert errors == []
    context.close()
