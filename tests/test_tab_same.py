"""Same seed, every family: turns are fair, cards keep their secret, walks end at the seeds' own pictures."""

import re

import gradio as gr
import pytest
import torch

from demos.same import codes, deck, near, race, rows, sheet, steps, vote, walk
from genmodels import families

ONE_PASS = ("vae-faces", "dcgan-faces", "wgan-gp-faces", "cgan-faces", "glow-faces")


def last(made):
    *_, end = made
    return end


# ------------------------------------------------------------------------------------------ all at once


def test_whoever_had_the_least_time_goes_next(monkeypatch):
    """One that needs a tenth of the time is done while the other has had one step."""
    clock = [0.0]
    monkeypatch.setattr(race.time, "perf_counter", lambda: clock[0])

    def sampler(cost):
        def draw(seed, count):
            for _ in range(3):
                clock[0] += cost
                yield torch.zeros(count, 3, 64, 64)

        return draw

    slow, quick = (families.entry(n) for n in ("ddpm-faces@10", "vae-faces"))
    monkeypatch.setattr(families, "load", lambda e: sampler({slow: 1.0, quick: 0.1}[e]))
    order = [(r.entry, r.done) for r in race.run([slow, quick], 1, 2)]
    assert order[0] == (quick, False) and order[1] == (slow, False)
    assert order.index((quick, True)) == 4 and order[-1] == (slow, True)


def test_a_row_is_what_the_family_gives_alone():
    for runner in race.run([families.entry(n) for n in ONE_PASS[:3]], 5, 2):
        if runner.done:
            alone = families.last(families.load(runner.entry)(5, 2))
            assert torch.equal(runner.x, alone) and runner.seconds > 0


def test_runs_that_are_left_early_are_closed(monkeypatch):
    closed = []

    def draw(seed, count):
        try:
            while True:
                yield torch.zeros(count, 3, 64, 64)
        finally:
            closed.append(seed)

    monkeypatch.setattr(families, "load", lambda e: draw)
    running = race.run([families.entry(n) for n in ONE_PASS], 9, 1)
    next(running)
    running.close()
    assert closed == [9]  # the others had not begun


@pytest.mark.parametrize("which", list(rows.WHICH))
@pytest.mark.parametrize("data", list(rows.DATA))
def test_rows_are_those_asked_for_and_begin_with_the_real_ones(data, which):
    found = rows.chosen(data, which)
    assert found[0].family == "real" and all(e.data == data for e in found) and len(found) > 2
    if which == "one":
        assert {e.passes for e in found[1:]} == {1}
    assert (rows.SLOW & {e.name for e in found} == set()) == (which in ("quick", "one"))


def test_real_garments_are_left_out_where_they_are_not(monkeypatch):
    def missing(*_):
        raise FileNotFoundError
        yield

    entries = [families.entry("real-fashion"), families.entry("cgan-fashion")]
    whole = families.load
    monkeypatch.setattr(families, "load", lambda e: missing if e.family == "real" else whole(e))
    assert {r.entry.family for r in race.run(entries, 1, 1)} == {"gan"}


def test_every_title_has_spanish_words():
    for entry in (*families.ENTRIES, *steps.strips("faces"), *steps.strips("fashion")):
        spanish = sheet.title(entry, "es")
        assert not re.search(r"step|jump|real faces|garment|grey|pixels", spanish, re.I), spanish


# ------------------------------------------------------------------------------------------ the vote


def test_a_deck_is_its_seeds_and_half_real_on_the_whole():
    assert deck.makers(3) == deck.makers(3) != deck.makers(4)
    shares = [sum(n.startswith("real") for n in deck.makers(s)) / deck.CARDS for s in range(200)]
    assert 0.47 < sum(shares) / len(shares) < 0.53
    made = [n for s in range(200) for n in deck.makers(s)]
    blurred = made.count(deck.SMALL) / sum(n.startswith("real") for n in made)
    small = {e.name for e in families.here("faces") if e.small == 32}
    assert blurred == pytest.approx(
        sum(n in small for n in made) / sum(not n.startswith("real") for n in made), abs=0.04
    )


def test_no_person_comes_twice_and_each_card_can_be_drawn_again():
    names = deck.makers(3)
    people = [deck.seed_of(names, k, 3) for k, n in enumerate(names) if n.startswith("real")]
    assert len(set(people)) == len(people)
    deck.drawn.clear()
    assert last(deck.deal(3)) == deck.CARDS
    for k, card in enumerate(deck.drawn[3]):
        assert card.entry.name == names[k]
        if card.entry.passes <= 1:
            again = families.last(families.load(card.entry)(deck.seed_of(names, k, 3), 1))[0]
            assert torch.allclose(card.x, again, atol=1e-4)


def test_few_decks_are_kept(monkeypatch):
    monkeypatch.setattr(deck, "KEPT", 2)
    monkeypatch.setattr(deck, "makers", lambda seed: ["wgan-gp-faces"] * deck.CARDS)
    for seed in (901, 902, 903):
        list(deck.deal(seed))
    assert len(deck.drawn) == 2 and list(deck.deal(903)) == []
    deck.drawn.clear()


def test_a_maker_is_told_after_the_vote_only(monkeypatch):
    """What is sent with k votes knows the makers of the first k cards alone."""
    monkeypatch.setattr(deck, "ABSENT", deck.ABSENT | {"ddpm-faces", "tarflow-faces"})
    votes = "rgvxdq"
    for n in range(len(votes) + 1):
        _, words, _ = last(vote.vote(votes[:n], 4, "en"))
        judged = {sheet.title(c.entry, "en") for c in deck.drawn[4][:n]}
        secret = {sheet.title(c.entry, "en") for c in deck.drawn[4][n:]} - judged
        assert not any(f"{name} drew" in words or f"({name})" in words for name in secret)
        code = vote.vote_code(votes[:n], 4)
        assert n == 0 or deck.makers(4)[n - 1] in code


def test_the_score_counts():
    cards = [deck.Card(families.entry(n), torch.zeros(3, 64, 64)) for n in
             ("real-faces", "real-faces@32", "cgan-faces", "consistency-faces", "vqvae-faces")]  # fmt: skip
    judged = list(zip(cards, "rgxdv", strict=True))
    assert [vote.knew(*j) for j in judged] == [True, False, True, True, True]
    assert [vote.named(*j) for j in judged] == [True, False, False, True, False]
    assert vote.makers(judged)[0].name == "real-faces@32"
    assert "4 of 5 told apart" in vote.words(judged, "en") and "<table" not in vote.words(judged, "en")
    assert "<table" in vote.words(judged * 2, "es")


@pytest.mark.parametrize("votes", ["a", "R", "rr rr", "<b>"])
def test_a_vote_is_a_letter(votes):
    with pytest.raises(gr.Error):
        last(vote.vote(votes, 3, "es"))


# ------------------------------------------------------------------------------------------ z, steps, heart


@pytest.mark.parametrize("name", [*ONE_PASS, "consistency-faces@1"])
def test_a_walk_ends_at_the_pictures_of_its_seeds(name):
    share = torch.linspace(0, 1, 3)
    for way in walk.WAYS:
        *_, x = codes.along(name, 7, 12, way, share)
        first = families.last(families.load(families.entry(name))(7, 1))
        assert x.shape == (3, 3, 64, 64) and torch.allclose(x[:1], first, atol=2e-3)
    if name not in ("cgan-faces", "consistency-faces@1"):  # those keep the class of the first
        other = families.last(families.load(families.entry(name))(12, 1))
        assert torch.allclose(x[2:], other, atol=2e-3)


def test_an_even_walk_has_no_jump():
    even = torch.linspace(0, 1, 5)[:, None, None, None].expand(-1, 3, 4, 4)
    assert walk.jump(even) == pytest.approx(1) and walk.jump(even**4) > 1.5


def test_more_steps_are_another_picture_and_the_entrys_own_number_is_the_same():
    found = {e.name: e for e in steps.strips("faces")}
    assert {f"ddpm-faces@{n}" for n in (4, 10, 20, 50)} <= set(found)
    ours, table = found["ddpm-faces@10"], families.entry("ddpm-faces@10")
    x, y = (families.last(families.load(e)(3, 1)) for e in (ours, table))
    assert torch.equal(x, y)
    few = families.last(families.load(found["ddpm-faces@4"])(3, 1))
    assert (few - x).abs().mean() > 0.01


def test_a_training_face_would_be_found(monkeypatch):
    from genmodels.data.faces import batch

    seen = torch.from_numpy(batch([123])[0]).permute(0, 3, 1, 2).float() / 127.5 - 1
    real_one, copy = families.entry("real-faces"), families.entry("wgan-gp-faces")
    whole = families.load
    monkeypatch.setattr(families, "here", lambda data, real=False: [real_one] if real else [copy])
    monkeypatch.setattr(families, "load", lambda e: (lambda s, n: iter([seen])) if e == copy else whole(e))
    _, words, found = last(near.near(1, 3, "en"))
    assert found["nearest"] == 0 and "Nearer than that: WGAN-GP" in words


# ------------------------------------------------------------------------------------------ the page


@pytest.mark.browser
def test_a_game_is_played_with_the_keyboard_and_undone(app, chromium):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="es-AR")
    page, errors = context.new_page(), []
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(f"{app.url}/?tab=same&view=vote&seed=5")
    page.wait_for_selector("#run-same-vote:visible", timeout=60000)
    shown = page.locator("#tab-same .result:visible")
    page.click("#run-same-vote")
    shown.get_by_text("ningún modelo vio").wait_for(timeout=60000)
    button = page.get_by_role("button", name="VQ-VAE", exact=True).locator("visible=true")
    button.focus()
    for n in (1, 2):
        page.keyboard.press("Enter")
        shown.get_by_text(f"de {n} bien distinguidas").wait_for(timeout=20000)
    page.get_by_role("button", name="Deshacer").locator("visible=true").click()
    shown.get_by_text("de 1 bien distinguidas").wait_for(timeout=20000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert errors == []
    context.close()
