"""The tab of preferences: that its numbers are those of the models, and that its labellers are understood."""

import re
import time

import gradio as gr
import pytest
import torch

from demos.leash import best, desk, film, pull, rank, reads, steps
from demos.leash.desk import LEASHES, NAME, Tale
from genmodels.data import stories
from genmodels.text.preference import kl_best_of


def last(made):
    *_, end = made
    return end


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Films are not held back to be watched."""
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


# ------------------------------------------------------------------------------------------ the desk


def test_what_is_written_begins_as_asked_and_is_judged_as_it_stands():
    prompts = desk.openings("en", 3, 2) + desk.openings("es", 3, 2)
    with desk.use(NAME) as mine:
        *_, batch = mine.write(mine.writer(), prompts, 5)
        *_, alone = mine.write(mine.writer(), prompts[2:3], 7)
        tale = batch.tales[2]
        assert alone.tales[0].text == tale.text
        assert alone.tales[0].reward == pytest.approx(tale.reward, abs=1e-4)
        ids = [mine.tokens.end, *mine.tokens.encode(tale.text), *[mine.tokens.end] * tale.finished]
        again = mine.judge.reward(torch.tensor([ids]), torch.tensor([len(ids)]))
        assert again.item() == pytest.approx(tale.reward, abs=1e-4)
    assert all(t.text.startswith(p) for t, p in zip(batch.tales, prompts, strict=True))
    assert tale.true == stories.score(tale.text, tale.finished)


def test_the_base_in_the_pool_is_left_as_it_was():
    with desk.use(NAME) as mine:
        before = {k: v.clone() for k, v in mine.base.state_dict().items()}
        mine.writer("0", 1.5)
        assert mine.judge.transformer.wte.weight.data_ptr() == mine.base.wte.weight.data_ptr()
        assert all(torch.equal(v, before[k]) for k, v in mine.base.state_dict().items())


def test_strength_leads_from_the_tuned_model_to_the_policy():
    with desk.use(NAME) as mine:
        w = [
            m.h[0].attn.c_attn.weight
            for m in (mine.writer(), mine.writer("0", 0.0), mine.writer("0", 0.5), mine.writer("0", 1.0))
        ]
    assert torch.allclose(w[0], w[1], atol=1e-6) and not torch.allclose(w[0], w[3], atol=1e-3)
    assert torch.allclose(w[2], (w[0] + w[3]) / 2, atol=1e-5)


def test_what_a_visitor_writes_is_escaped():
    shown = desk.strand(Tale("<script>alert(1)</script> & more."), "en", "<b>head</b>")
    assert "<script" not in shown and "<b>head" not in shown and "&lt;script" in shown


def test_kinds_are_coloured():
    text = "Leo was a small cat who lived on a hill. It was cold cold. Leo cried all night. "
    text += "Everyone danced and sang!"
    shown = desk.passage(Tale(text), "en")
    assert re.findall(r"title='([^']*)'", shown) == [
        "opening", desk.KINDS["?"][0], "sad ending", "cheerful ending",
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------ the views


def test_the_steps_show_what_was_kept_of_each():
    page, figures = last(steps.steps(NAME, "es", 0, 1, "es"))
    assert {"reward_base", "reward_tuned", "reward_policy"} <= figures.keys()
    assert all(f"{k} ·" in page for k in range(4))
    assert desk.record("tuned")["demonstrations"][1].split(".")[0] in page


def test_a_labeller_is_understood():
    """Twenty-five pairs of someone who loves sad endings: its two largest weights say so."""
    for who, name in (("gloom", "sad"), ("long", "words")):
        _, page, figures = last(rank.rank(NAME, "en", 1, who, "", 25, "en"))
        rows = re.findall(r"<span>([^<]*)</span>.*?<em>([^<]*)</em>", page)
        weights = {words: float(value.replace("−", "-").replace("+", "")) for words, value in rows}
        assert weights[rank.NAMES[name][0]] > 0.3 and figures["choices"] == 25
        if who == "gloom":
            assert weights["a cheerful ending"] < -0.3 and 0 <= figures["foretold"] <= 100


def test_each_choice_moves_the_weights_and_the_pair():
    pages = [last(rank.rank(NAME, "en", 1, "me", choices, 20, "en")) for choices in ("", "A", "B")]
    assert "Pair 1 of 30" in pages[0][0] and "Pair 2 of 30" in pages[1][0]
    assert "nothing yet" in pages[0][1] and pages[1][1] != pages[2][1]
    assert [p[2]["choices"] for p in pages] == [0, 1, 1]
    assert "last pair" in last(rank.rank(NAME, "en", 1, "me", "AB" * 15, 20, "en"))[0]


@pytest.mark.parametrize("choices", ["C", "ab", "A B", "<b>"])
def test_choices_are_letters(choices):
    with pytest.raises(gr.Error):
        last(rank.rank(NAME, "en", 1, "me", choices, 20, "en"))


def test_a_choice_is_foretold_from_those_before_it_only():
    same = torch.tensor([[1.0, 0.0]] * 5)
    assert rank.foretold(same)["foretold"] == 100
    assert rank.foretold(same * torch.tensor([[1.0], [-1.0], [1.0], [-1.0], [1.0]]))["foretold"] < 60
    assert rank.foretold(same[:1]) == {}


def test_nothing_of_a_policy_is_the_tuned_model():
    _, _, figures = last(pull.pull(NAME, "en", 0, 0.0, 1, "en"))
    _, _, whole = last(pull.pull(NAME, "en", 0, 1.0, 1, "en"))
    assert figures["kl_here"] < 1e-3 < 0.1 < whole["kl_here"]
    assert whole["reward_here"] > figures["reward_here"]


def test_the_film_ends_where_the_training_did():
    frames = list(film.film(NAME, "es", 0, 100, 3, "es"))
    story = desk.record("leash-0")["story"]
    assert len(frames) == len(story) and frames[-1][2]["step"] == story[-1]["step"]
    assert frames[-1][2]["true_here"] == story[-1]["true"]
    half = list(film.film(NAME, "es", 0, 50, 3, "es"))
    assert len(half) == round(0.5 * (len(story) - 1)) + 1
    assert all(len(row["told"]) == 4 for row in story)


def test_the_best_of_one_is_the_mean_and_more_is_more():
    rewards = torch.randn(3, 64)
    rows = [best.row(rewards, -rewards, n) for n in (1, 4, 64)]
    assert rows[0]["reward"] == pytest.approx(rewards.mean().item(), abs=1e-5)
    assert rows[2]["reward"] == pytest.approx(rewards.max(1).values.mean().item(), abs=1e-5)
    assert rows[1]["true"] == pytest.approx(-rows[1]["reward"], abs=1e-5) and rows[1]["kl"] == kl_best_of(4)
    _, _, figures = last(best.best(NAME, "en", 6, 0, 1, "en"))
    assert figures["made"] == 320 and figures["kl_here"] == pytest.approx(kl_best_of(64))


def test_what_a_word_carries_is_what_is_lost_without_it():
    text = reads.SAMPLES["good"]
    with desk.use(NAME) as mine:
        pieces = mine.tokens.pieces(text)
        whole, so_far, without = reads.worth(mine, pieces)
        ids = [p.id for p in pieces]
        for k in (3, len(ids) - 2):
            row = [mine.tokens.end, *ids[:k], *ids[k + 1 :], mine.tokens.end]
            reward = mine.judge.reward(torch.tensor([row]), torch.tensor([len(row)])).item()
            assert without[k] == pytest.approx(whole - reward, abs=1e-4)
    assert len(so_far) == len(without) == len(pieces) and so_far[-1] == pytest.approx(whole, abs=1e-4)


@pytest.mark.parametrize(
    "words", ["Hola!", "\x00", "<script>alert(1)</script>", "😀 " * 100, "مرحبا.", "x" * 600, "a b " * 150]
)
def test_any_words_can_be_read(words):
    page, bill, figures = last(reads.reads(NAME, "own", words, 1, "en"))
    assert "<script" not in page + bill and figures["unknown_words"] >= 0


@pytest.mark.parametrize("words", ["", "   "])
def test_nothing_can_not(words):
    with pytest.raises(gr.Error):
        last(reads.reads(NAME, "own", words, 1, "es"))


@pytest.mark.parametrize("key", list(reads.SAMPLES))
def test_the_samples_are_what_they_are_called(key):
    reading = stories.read(reads.SAMPLES[key])
    assert "?" not in reading.kinds
    wanted = {"good": "C", "bueno": "C", "sad": "S"}
    assert reading.kinds.endswith(wanted.get(key, "C")) and (reading.kinds.count("C") > 1) == (
        key == "stacked"
    )


@pytest.mark.parametrize("leash", range(len(LEASHES)))
def test_every_leash_writes(leash):
    for view in (steps.steps(NAME, "en", leash, 2, "en"), film.film(NAME, "en", leash, 100, 0, "en")):
        assert last(view)[0]


# ---------------------------------------------------------------------------------- what the text promises


def test_without_a_leash_the_rule_rises_and_then_falls_while_the_reward_stays():
    story = desk.record("leash-0")["story"]
    best_moment = max(story, key=lambda row: row["true"])
    _, _, stopped = last(film.film(NAME, "en", 0, 40, 0, "en"))
    assert stopped["step"] == best_moment["step"] and best_moment["true"] > story[0]["true"] + 1
    assert story[-1]["true"] < story[0]["true"] - 4 and story[-1]["reward"] > best_moment["reward"]
    told = [row["told"][0] for row in (best_moment, story[-1])]
    assert stories.score(told[0]) > 2 and "Everyone danced for sang estaba sang!" in told[1]


def test_on_a_short_leash_nothing_of_that_happens():
    ends = {name: desk.record(f"leash-{name}")["measures"] for name in LEASHES}
    assert ends["0"]["reward"] > ends["0.03"]["reward"] > ends["1"]["reward"]
    assert ends["0.03"]["true"] > ends["1"]["true"] > 0 > ends["0"]["true"]


def test_paid_by_the_word_is_taken_for_a_taste_for_trouble():
    _, page, _ = last(rank.rank(NAME, "en", 1, "long", "", 20, "en"))
    rows = dict(re.findall(r"<span>([^<]*)</span>.*?<em>([^<]*)</em>", page))
    assert float(rows["a trouble"]) > float(rows["ten words more"]) > 0 and "nothing yet" in page


def test_a_cheat_is_worth_more_than_a_good_story_and_stacked_endings_nearly_as_much():
    found = {s: last(reads.reads(NAME, s, "", 1, "en"))[-1] for s in ("cheat", "good", "stacked")}
    assert (
        found["cheat"]["reward_here"] > found["good"]["reward_here"] > found["stacked"]["reward_here"] > 0.5
    )
    assert found["good"]["true_here"] > 2 and all(found[s]["true_here"] < -2 for s in ("cheat", "stacked"))


# ------------------------------------------------------------------------------------------ in a browser


@pytest.mark.browser
def test_a_visitor_ranks_a_pair_and_is_asked_the_next(app, chromium):
    page = chromium.new_context(viewport={"width": 1280, "height": 1100}).new_page()
    errors: list[str] = []
    page.on("console", lambda m: m.type == "error" and errors.append(m.text))
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(f"{app.url}/leash?view=rank&tongue=en&who=me&choices=&seed=1&count=20", timeout=60_000)
    text = "document.querySelector('main, body').innerText"
    page.wait_for_function(f"() => {text}.includes('Pair 1 of 30')", timeout=60_000)
    page.get_by_role("button", name="A is better").click()
    page.wait_for_function(f"() => {text}.includes('Pair 2 of 30')", timeout=60_000)
    page.get_by_role("button", name="B is better").click()
    page.wait_for_function(f"() => {text}.includes('Pair 3 of 30')", timeout=60_000)
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function(f"() => {text}.includes('Pair 2 of 30')", timeout=60_000)
    assert errors == []
    page.context.close()
