"""What a metric can't see: faces are spoilt as it says, and measures react as the texts promise."""

import re

import pytest
import torch

from demos.blind import fool, gauge, heart, one, pair, pictures, samples, shown, spoil
from genmodels.data.faces import random_face
from genmodels.draws import HELD_OUT

COUNT, SEED = 160, 1


def last(made):
    *_, end = made
    return end


@pytest.fixture(scope="module")
def bench():
    list(gauge.prepare("reader", COUNT, SEED))
    return gauge.known["reader", COUNT, SEED]


def found(bench, way, strength):
    """Deviations of every measure."""
    seeds = spoil.painted(way, strength, pictures.clean(COUNT, SEED), SEED)
    now = gauge.measure(bench.real, gauge.look("reader", one.bad(way, strength, seeds, SEED)))
    return gauge.reactions(bench.values, now, bench.spread)


# ------------------------------------------------------------------------------------------ what is spoilt


@pytest.mark.parametrize("way", list(spoil.WAYS))
def test_no_strength_is_no_change_and_more_is_more(way, bench):
    seeds = pictures.clean(24, SEED)
    x = pictures.tensor(seeds)

    def off(strength):
        others = spoil.painted(way, strength, seeds, SEED)
        y = one.bad(way, strength, others, SEED)
        assert y.shape == x.shape and y.abs().max() <= 1 + 1e-5
        return (y - x).abs().mean().item()

    little, much = off(0.3), off(1.0)
    assert off(0.0) == 0 and 0 <= little <= much and much > 0.01


def test_pictures_were_in_no_training_but_those_that_are_said_to_be():
    assert min(pictures.reference(400)) >= HELD_OUT
    for seed in (0, 1, 2**31 - 1):
        mine = pictures.clean(384, seed)
        assert min(mine) > max(pictures.reference(400)) and len(set(mine)) == 384
    assert max(pictures.training(384, 3)) < HELD_OUT
    assert torch.equal(pictures.tensor([40_000]), pictures.tensor([40_000]))


def test_who_is_left_out_is_gone_and_the_others_stay():
    seeds = pictures.clean(60, 5)
    kept = spoil.painted("bare", 1.0, seeds, 5)
    assert all(spoil.bare(random_face(s)) for s in kept) and len(set(kept)) == 60
    assert [s for s in seeds if spoil.bare(random_face(s))] == [
        b for a, b in zip(seeds, kept, strict=True) if a == b
    ]
    half = spoil.painted("bare", 0.5, seeds, 5)
    gone = sum(not spoil.bare(random_face(s)) for s in seeds)
    assert sum(not spoil.bare(random_face(s)) for s in half) == gone - round(gone / 2)


def test_a_blur_keeps_the_mean_and_a_shift_keeps_the_picture():
    x = pictures.tensor(pictures.clean(4, 1))
    flat = torch.full((1, 3, 64, 64), 0.3)
    assert torch.allclose(spoil.blur(flat, 1.0, 1), flat, atol=1e-5)
    moved = spoil.shift(x, 0.5, 1)
    assert torch.equal(moved[..., 10:], x[..., :-10])
    assert torch.equal(spoil.quarters(spoil.quarters(x)), x)


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_so_many_different_ones_as_is_said(strength):
    seeds = pictures.clean(64, 1)
    assert (
        len(set(spoil.repeated(seeds, strength, 1))) == spoil.distinct(strength, 64) == 64 ** (1 - strength)
    )


# ------------------------------------------------------------------------------------------ who notices


def test_luck_is_what_other_clean_sets_show(bench):
    """Another clean set lies within a few of the deviations that halves of the first one give."""
    for seed in (2, 3):
        now = gauge.measure(bench.real, gauge.look("reader", pictures.tensor(pictures.clean(COUNT, seed))))
        moved = gauge.reactions(bench.values, now, bench.spread)
        assert max(map(abs, moved.values())) < 5, moved
        assert sorted(map(abs, moved.values()))[4] < 3, moved


def test_blur_is_noticed_by_nearly_all(bench):
    moved = found(bench, "blur", 0.5)
    assert all(moved[k] < -3 for k in ("frechet", "kernel", "precision", "recall", "coverage", "sharp"))


def test_repetition_is_no_trouble_to_precision_and_is_to_recall(bench):
    moved = found(bench, "repeat", 0.5)
    assert moved["precision"] > -3 and moved["recall"] < -3 and moved["frechet"] < -3


def test_people_who_are_missing_are_missed_by_recall_alone_of_the_pair(bench):
    moved = found(bench, "bare", 1.0)
    assert moved["recall"] < -3 and moved["precision"] > -3 and abs(moved["sharp"]) < 3


def test_copies_are_told_by_nearness_alone(bench):
    moved = found(bench, "train", 1.0)
    assert moved["nearer"] < -10
    assert all(v > -3 for k, v in moved.items() if k != "nearer")


def test_copies_of_the_test_pictures_please_and_alarm_nobody(bench):
    moved = found(bench, "test", 1.0)
    assert moved["frechet"] > 3 and all(v > -3 for v in moved.values())


def test_half_of_the_copies_is_found_as_half(bench):
    _, words, figures = last(heart.heart("train", 0.5, 0.0, COUNT, SEED, "en"))
    assert 45 < figures["copied"] < 60
    _, _, none = last(heart.heart("train", 0.0, 0.0, COUNT, SEED, "es"))
    assert none["copied"] < 5 and "training face" in words


def test_static_is_pushed_until_the_network_takes_it_for_faces(bench):
    real = bench.clean.features[:12]
    start = 0.4 * torch.randn(12, 3, 64, 64, generator=torch.Generator().manual_seed(3))
    (_, _, before), *_, (_, x, after) = fool.pushed(start.clamp(-1, 1), real, 24)
    assert before > 50 and after < 5
    assert (x - bench.x[:12]).abs().mean() > 0.4 and x.abs().max() <= 1


def test_few_samples_are_too_far_by_frechet_and_not_by_kernel():
    _, figures = last(samples.samples("blur", 0.25, 96, 2, "en"))
    assert figures["ratio"] > 2
    assert samples.sizes(384)[0] == samples.LEAST and samples.sizes(384)[-1] == 384


def test_votes_go_to_the_better_one(bench):
    page = last(pair.pair("quarters", 0.5, "repeat", 0.5, "reader", COUNT, SEED, "en"))[1]
    for_cut, for_few = re.search(
        r"For “quarters exchanged” vote: (.*?)\. For “a few, repeated” vote: (.*?)\.", page
    ).groups()
    assert "recall" in for_cut and "precision" in for_few and "recall" not in for_few


def test_bars_grow_with_what_they_count():
    assert shown.length(0) == 0 < shown.length(3) < shown.length(-30) < shown.length(1e9) == 100


def test_benches_are_kept_for_a_while_only(monkeypatch):
    monkeypatch.setattr(gauge, "KEPT", 1)
    kept = dict(gauge.known)
    for seed in (7, 8):
        list(gauge.prepare("prints", 64, seed))
    assert list(gauge.known) == [("prints", 64, 8)] and list(gauge.prepare("prints", 64, 8)) == []
    gauge.known.clear()
    gauge.known.update(kept)


# ------------------------------------------------------------------------------------------ the page


@pytest.mark.browser
def test_a_slider_is_answered_and_nothing_is_wider_than_a_phone(app, chromium):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="es-CL")
    page, errors = context.new_page(), []
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(f"{app.url}/?tab=blind&view=one&way=train&strength=1&count=64")
    page.wait_for_selector("#run-blind-one:visible", timeout=60000)
    page.click("#run-blind-one")
    shown_ = page.locator("#tab-blind .result:visible")
    shown_.get_by_text("cercanía al entrenamiento").first.wait_for(timeout=60000)
    assert "En alarma: cercanía al entrenamiento" in shown_.inner_text()
    page.get_by_label("Las caras están").locator("visible=true").click()
    page.get_by_role("option", name="pálidas").click()
    shown_.get_by_text("En alarma: distancia de Fréchet").wait_for(timeout=30000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert errors == []
    context.close()
