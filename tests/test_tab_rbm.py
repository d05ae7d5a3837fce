"""The tab of Boltzmann machines: what its views show is what the machines do."""

import math

import numpy as np
import pytest
import torch
from PIL import Image

from demos.kit import digits as kit_digits
from demos.kit import pixels
from demos.rbm import clamp, dbn, filters, gibbs, learn, lessons, machine, models, numbers, shown, small
from genmodels.energy import rbm


@pytest.fixture(autouse=True)
def nobody_watches(monkeypatch):
    """No chain is held back to be seen."""
    monkeypatch.setattr(pixels.time, "sleep", lambda seconds: None)


def last(steps):
    *_, end = steps
    return end


def bytes_of(page):
    return page.tobytes() if isinstance(page, Image.Image) else page


# ------------------------------------------------------------------------------------------ the small machine

SET = [v for part in machine.PRESETS["alternate"] for v in part]


@pytest.mark.parametrize("preset", list(machine.PRESETS))
def test_presets_are_what_their_names_say(preset):
    made = small.built(*machine.PRESETS[preset])
    order = made.chances().argsort(descending=True).tolist()
    best = {machine.name(k) for k in order[:2]}
    chances = made.chances()
    if preset == "agree":
        assert best == {"0000", "1111"}
    if preset == "alternate":
        assert best == {"1010", "0101"} and chances[order[0]] > 3 * chances[order[2]]
    if preset == "valleys":
        assert chances[order[0]] + chances[order[1]] > 0.8 and best == {"1100", "0011"}
    if preset == "frustrated":  # three can't all differ: six ways are equally good
        assert chances[order[5]] > 0.9 * chances[order[0]] and chances[order[6]] < 0.3 * chances[order[5]]
    if preset == "alone":
        marginal = chances @ made.states()
        assert torch.allclose(marginal, torch.sigmoid(made.bias), atol=1e-5)


def test_frequencies_come_near_the_exact_ones():
    few, many = (last(small.small("own", *SET, 1.0, n, 3, "en"))[-1]["away"] for n in (30, 12_000))
    assert many < 0.12 < few


def test_a_machine_by_the_seed_is_the_same_each_time_and_presets_fill_the_sliders():
    assert small.values("random", 5) == small.values("random", 5) != small.values("random", 6)
    assert small.values("alternate", 1) == SET and len(small.values("own", 1)) == 10
    assert all(machine.LEAST <= v <= machine.MOST for k in range(300) for v in small.values("random", k))


def test_whole_numbers_from_an_address_are_as_good():
    steps = list(small.small("own", *[int(v) for v in SET], 1, 30, 1, "en"))
    assert steps[-1][-1]["step"] == 30


def test_the_drawing_shows_the_state_and_only_ties_that_are_there():
    svg = machine.graph((2.0, 0.0, 0.0, -1.0, 0.0, 0.0), (0.0,) * 4, [1, 0, 1, 0], 2, 0.75, "es")
    assert svg.count("<line") == 2 and "p = 0,75" in svg and "−1" in svg
    assert svg.count("#ffe9b0") == 2  # two units shine
    assert machine.name(0b0101) == "1010"


# ------------------------------------------------------------------------------------------ chains


def test_moments_begin_one_by_one_and_end_at_the_end():
    assert shown.moments(600)[:10] == list(range(1, 11)) and shown.moments(600)[-1] == 600
    assert shown.moments(5) == [1, 2, 3, 4, 5] and len(shown.moments(2000)) <= shown.FRAMES + 1


def test_runs_and_when_a_chain_became_another_digit():
    labels = [3] * 20 + [5] * 3 + [3] * 10 + [8] * 15
    assert shown.runs(labels) == [(0, 20), (20, 23), (23, 33), (33, 48)]
    assert shown.stayed(labels) == 33 and shown.stayed([3] * 40) is None and shown.stayed([1, 2, 1]) is None


@pytest.mark.parametrize("begin", ["noise", "digit"])
def test_a_chain_falls_to_where_digits_are(begin):
    steps = list(gibbs.gibbs(models.LARGE, begin, None, 3, 3, 2, 80, 1.0, 1, "en"))
    page, svg, figures = steps[-1]
    assert len(steps) > 20 and figures["step"] == 80 and 5 < figures["hidden_on"] < 95
    assert svg.count("<svg") == 2 and "nan" not in svg and page.width > 800
    again = last(gibbs.gibbs(models.LARGE, begin, None, 3, 3, 2, 80, 1.0, 1, "en"))
    assert bytes_of(page) == bytes_of(again[0])


def test_dreams_are_nearly_as_plausible_as_test_digits():
    with models.use(models.LARGE) as model:
        end = rbm.last(rbm.gibbs(model, models.static(0, 16), 400, torch.Generator().manual_seed(0)))
        found, level = model.free_energy(end.v).mean().item(), models.typical(models.LARGE)
        noise = model.free_energy(models.static(0, 16)).mean().item()
    assert abs(found - level) < 40 < noise - level


def test_the_network_reads_our_digits():
    v = torch.cat([models.picture(None, k, s, "en")[0] for k in range(10) for s in range(4)])
    with models.network() as network:
        right = network.read(v).argmax(1) == torch.arange(10).repeat_interleave(4)
    assert right.float().mean() > 0.6  # they are drawn by rule, and not MNIST's


def test_a_drawn_digit_is_cut_to_black_and_white():
    board = Image.new("RGB", (280, 280), "white")
    board.paste("black", (120, 40, 150, 240))
    v, note = models.picture(board, 0, 0, "es")
    assert set(v.unique().tolist()) == {0.0, 1.0} and v.shape == (1, 784)
    assert "blanco y negro" in note and models.picture(None, 0, 0, "es")[1] == ""
    x, y = np.argwhere(v.reshape(28, 28).numpy()).mean(0)
    assert abs(x - 13.5) < 1 and abs(y - 13.5) < 1
    assert kit_digits.like_mnist(board, "en")[0].size == (28, 28)


# ------------------------------------------------------------------------------------------ hidden units


def test_units_that_are_usual_say_nothing_and_all_of_them_say_the_digit():
    v, _ = models.picture(None, 8, 2, "en")
    with models.use(models.LARGE) as model:
        found = filters.look(model, v, 20, "strongest", 1)
        whole = model.visible_logits(found.active[None]).sigmoid()
        usual = model.visible_logits(found.usual[None]).sigmoid()
        assert (whole - v).abs().mean() < 0.5 * (usual - v).abs().mean()
        assert len(set(found.off)) == 20 and (found.active - found.usual)[found.off].min() > 0
        idle = filters.look(model, v, 20, "idle", 1)
        assert (idle.active - idle.usual)[idle.off].max() < 0
        others = [set(filters.look(model, v, 20, "random", s).off) for s in (1, 1, 2)]
    assert others[0] == others[1] != others[2] and sorted(found.order) == list(range(256))


def test_switching_units_off_changes_what_follows():
    pages = [last(filters.seen(models.LARGE, None, 8, 2, n, "strongest", 1, "en")) for n in (0, 30)]
    assert bytes_of(pages[0][1]) != bytes_of(pages[1][1]) and pages[1][-1]["units_off"] == 30


def test_weights_have_two_colours():
    x = shown.signed(torch.tensor([[[-1.0, 0.0, 1.0]]]), 1.0)[0, :, 0]
    wanted = [list(map(float, c)) for c in (shown.AGAINST, shown.NOTHING, shown.FOR)]
    assert ((x.T + 1) * 127.5).round().tolist() == wanted


# ------------------------------------------------------------------------------------------ holding still


@pytest.mark.parametrize("keep", ["top", "left", "frame"])
def test_what_is_held_never_moves(keep):
    steps = list(clamp.clamp(models.LARGE, None, None, 8, 2, keep, 40, 2.0, 1, "en"))
    assert all(s[-1]["altered"] == 0 for s in steps) and len(steps) > 10


def test_what_is_painted_is_held():
    cells = np.zeros((16, 16), bool)
    everything = last(clamp.clamp(models.LARGE, None, (None, ~cells), 8, 2, "painted", 10, 1.0, 1, "en"))
    nothing = last(clamp.clamp(models.LARGE, None, (None, cells), 8, 2, "painted", 10, 1.0, 1, "en"))
    assert everything[-1]["altered"] == nothing[-1]["altered"] == 0
    assert bytes_of(everything[1]) != bytes_of(nothing[1])
    page, kept = clamp.under(None, None, 8, 2, "left")
    assert page.size == (28, 28) and kept[:, :8].all() and not kept[:, 8:].any()


# ------------------------------------------------------------------------------------------ learning


def test_patterns_are_all_and_different():
    bars, size = lessons.patterns("bars")
    assert len(bars) == 30 and size == (4, 4) and len(lessons.patterns("digits")[0].unique(dim=0)) == 10
    squares = bars.reshape(-1, 4, 4)
    rows, columns = (
        (squares == squares[:, :, :1]).all(-1).all(-1),
        (squares == squares[:, :1]).all(-1).all(-1),
    )
    assert (rows | columns).all() and lessons.best("bars") == pytest.approx(-math.log(30))


def test_the_true_gradient_learns_best_and_cd1_leaves_its_direction():
    late = list(lessons.school("bars", 8, 0.3, 700, 1, set(range(250, 701, 50))))[1:]
    end, mean = late[-1], {way: sum(m.angle[way] for m in late) / len(late) for way in lessons.WAYS}
    assert end.likelihood["exact"] == max(end.likelihood.values()) < lessons.best("bars")
    assert mean["exact"] == pytest.approx(1) and mean["cd1"] + 0.1 < mean["cd10"] < 0.95
    assert end.likelihood["exact"] > lessons_start() + 2


def lessons_start() -> float:
    return next(iter(lessons.school("bars", 8, 0.3, 1, 1, set()))).likelihood["exact"]


def test_all_four_start_from_the_same_machine_and_measuring_does_not_disturb():
    first = next(iter(lessons.school("digits", 6, 0.3, 10, 4, set())))
    assert len({round(v, 6) for v in first.likelihood.values()}) == 1
    often, once = (list(lessons.school("digits", 6, 0.3, 12, 4, due))[-1] for due in ({3, 6, 9, 12}, {12}))
    assert often.likelihood == once.likelihood and often.angle == once.angle


def test_the_table_and_the_plots_show_four_ways(monkeypatch):
    monkeypatch.setattr(learn, "FRAMES", 5)
    page, svg, rows, figures = last(learn.learn("digits", 4, 0.3, 100, 1, "es"))
    assert svg.count("<svg") == 2 and "nan" not in svg and rows.count("<tr>") == 5
    assert page.height > 300 and figures["step"] == 100


# ------------------------------------------------------------------------------------------ the deep network


def test_fantasies_are_read_as_the_labels_asked_for():
    page, bars, below, figures = last(dbn.dbn(dbn.EACH, 200, 2.0, 1.0, 3, "en"))
    assert figures["read_as_asked"] >= 60 and bars.count("<span") == 10 and below.height > 300
    free = last(dbn.dbn(dbn.ANY, 20, 1.0, 1.0, 3, "es"))
    assert "read_as_asked" not in free[-1] and "libres" in free[1] and page.width > 1000


# ------------------------------------------------------------------------------------------ how likely


def test_the_live_estimate_agrees_with_the_long_run():
    end = last(numbers.numbers(models.LARGE, 48, 1000, 1, "en"))
    known = models.measured(models.LARGE, "log_z")
    assert abs(end[-1]["log_z"] - known) < 3 and 0 < end[-1]["log_z_error"] < 2
    assert end[-1]["nats"] == pytest.approx(models.measured(models.LARGE, "nats"), abs=3)


def test_all_models_stand_in_the_table_and_the_small_one_is_worse():
    rows = numbers.table(models.LARGE, "es")
    assert rows.count("bar-row ") == 8 and "86,34" in rows and "PixelCNN" in rows
    assert models.measured(models.LARGE, "nats") < models.measured(models.SMALL, "nats")
    assert models.measured(models.SMALL, "nats") < models.measured(models.LARGE, "nats_independent")


# ----------------------------------------------------------------------------------------- code, and the page


def test_the_code_of_a_chain_makes_the_chain():
    space: dict = {}
    exec(gibbs.gibbs_code(models.LARGE, "noise", None, 3, 3, 2, 30, 1.0, 5), space)
    with models.use(models.LARGE) as model:
        luck = [torch.Generator().manual_seed(s) for s in (5, 6)]
        end = rbm.last(rbm.gibbs(model, models.static(5, 2), 30, luck))
    assert torch.allclose(space["x"], end.chances)


@pytest.mark.browser
def test_a_preset_sets_the_sliders_and_the_machine_hops(app, chromium):
    page = chromium.new_context(viewport={"width": 1280, "height": 1000}).new_page()
    errors: list[str] = []
    page.on("console", lambda m: m.type == "error" and errors.append(m.text))
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(f"{app.url}/rbm?view=small&steps=40&w12=5")
    page.locator("#run-rbm-small").wait_for(timeout=60_000)
    page.wait_for_function(
        "document.querySelector('#tab-rbm input[type=number]').value == '5'", timeout=30_000
    )
    page.locator("#run-rbm-small").click()
    page.wait_for_function("document.querySelector('#tab-rbm .result svg circle')", timeout=60_000)
    before = page.locator("#tab-rbm .result svg").first.inner_html()
    old = "old => document.querySelector('#tab-rbm .result svg').innerHTML != old"
    page.wait_for_function(old, arg=before, timeout=30_000)
    assert errors == []
    page.context.close()
