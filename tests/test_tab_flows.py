"""The tab of the flows on the plane: what it shows is what the flows do, whichever view one looks through."""

import re

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image

from demos.flows import compare, continuous, coupling, density, layers, models, spline, train
from demos.kit import boards
from genmodels.flow.checkpoints import FLOW_PLANE
from genmodels.lab.room import ROOM

NAMES = [c.name for c in FLOW_PLANE]
MOONS = {kind: f"flow-plane-{kind}-moons" for kind in models.KINDS}
BLANK = (None, np.zeros((boards.SIDE, boards.SIDE), bool))


def last(steps):
    *_, end = steps
    return end


def words(html):
    return re.sub(r"<[^>]+>", " ", html)


# ------------------------------------------------------------------------------------------ films


@pytest.mark.parametrize("name", NAMES)
def test_a_film_ends_where_the_flow_does_and_its_layers_add_up(name):
    with models.use(name) as flow:
        assert type(flow).__name__ == models.KINDS[models.parts(name)[0]]
        x = models.truth(name).sample(200, torch.Generator().manual_seed(0))
        with torch.no_grad():
            z, log_det = flow(x)
            again, log_back = flow.inverse(z)
        for forward, start, end, total in ((True, x, z, log_det), (False, z, again, log_back)):
            steps = models.film(flow, start.numpy(), forward)
            assert steps[0].name == "start" and np.allclose(steps[0].x, start, atol=1e-5)
            assert np.abs(steps[-1].x - end.numpy()).max() < 1e-3
            assert np.abs(sum(s.log_det for s in steps) - total.numpy()).max() < 1e-3
        assert len(steps) == models.steps_of(name) + 1


def test_layers_alternate_and_each_moves_one_coordinate():
    with models.use(MOONS["realnvp"]) as flow:
        steps = models.film(flow, models.noise(50, 1), False)
    couplings = [(a, b) for a, b in zip(steps, steps[1:], strict=False) if b.name == "coupling"]
    assert len(couplings) >= 8
    for before, after in couplings:
        stays = int(after.note)
        assert np.array_equal(before.x[:, stays], after.x[:, stays])
        assert not np.allclose(before.x[:, 1 - stays], after.x[:, 1 - stays], atol=1e-3)
    turns = [int(after.note) for _, after in couplings]
    assert all(a != b for a, b in zip(turns, turns[1:], strict=False))


@pytest.mark.parametrize("way", ["up", "down"])
@pytest.mark.parametrize("kind", ["spline", "ffjord"])
def test_the_film_is_shown_up_to_a_layer(kind, way):
    frames = list(layers.layers(MOONS[kind], way, 3, 1, "en"))
    assert [f[-1].get("step") for f in frames] == [None, None, 0, 1, 2, 3, 3]
    page, film, bars, _ = frames[-1]
    assert isinstance(page, Image.Image) and film.endswith(".gif")
    assert bars.count("class='fill mark'") == 3
    assert bars.count("class='fill") == models.steps_of(MOONS[kind])
    with Image.open(film) as gif:
        assert gif.n_frames > 8


def test_a_colour_is_a_direction():
    found = models.colours(np.array([(2.0, 0.0), (4.0, 0.0), (-2.0, 0.0), (0.0, 2.0)]))
    assert np.allclose(found[0], found[1]) and np.abs(found[0] - found[2]).max() > 100
    assert found.shape == (4, 3) and found.min() >= 0 and found.max() <= 255


# ------------------------------------------------------------------------------------------ inside a coupling


@pytest.mark.parametrize("nice", [False, True])
def test_the_jacobian_of_a_coupling_is_the_predicted_triangle(nice):
    with models.use(MOONS["realnvp"]) as flow:
        for k in (0, 3):
            at = torch.tensor([[0.6, -0.4]], dtype=torch.float64)
            found, guess = (f(flow, k, at, nice) for f in (coupling.auto, coupling.predicted))
            free = np.isnan(guess)
            assert free.sum() == 1 and np.allclose(found[~free], guess[~free], atol=1e-9)
            assert np.linalg.det(found) == pytest.approx(np.nanmin([guess[0, 0] * guess[1, 1]]))
            if nice:
                assert np.linalg.det(found) == pytest.approx(1)


def test_layers_that_keep_one_coordinate_never_change_it():
    with models.use(MOONS["realnvp"]) as flow:
        x = models.truth(MOONS["realnvp"]).sample(100, torch.Generator().manual_seed(0))
        for keeps in (0, 1):
            after = coupling.only(flow, x, keeps)
            assert np.allclose(after[:, keeps], x[:, keeps] / flow.config.scale, atol=1e-6)
            assert np.abs(after[:, 1 - keeps] - x[:, 1 - keeps].numpy() / flow.config.scale).max() > 0.1
        frames = coupling.walk(flow, x, False)
        assert np.allclose(frames[-1], flow(x)[0], atol=1e-5) or flow.ends is not None


def test_a_coupling_says_what_it_asks_for():
    page, curves, told, found = last(coupling.coupling(MOONS["realnvp"], 3, 0.6, -0.4, False, 1, "en"))
    assert isinstance(page, Image.Image) and curves.count("<polyline") == 3
    assert found["round_trip"] < 1e-3 and curves.count("var(--mark)") == 16
    autograd, slope = re.search(r"autograd ([\d.]+), exp\(−s\) = ([\d.]+)", told).groups()
    assert autograd == slope
    assert "keeps areas" in last(coupling.coupling(MOONS["realnvp"], 3, 0.6, -0.4, True, 1, "en"))[2]


# ------------------------------------------------------------------------------------------ density


def test_the_density_of_a_point_is_the_sum_that_is_told():
    name = MOONS["spline"]
    flat, page, told, found = last(density.density(name, 1.1, -1.6, 1, "en"))
    assert flat.size == (density.SIDE, density.SIDE) and isinstance(page, Image.Image)
    rows = re.findall(r"<th scope='row'>(.*?)</th><td>(.*?)</td>", told)
    values = [float(v.replace("−", "-")) for k, v in rows if "log" in k]
    prior, log_det, flow, truth = values
    assert prior + log_det == pytest.approx(flow, abs=2e-3)
    with models.use(name) as model:
        assert models.log_prob(model, np.array([[1.1, -1.6]]))[0] == pytest.approx(flow, abs=2e-3)
    exact = models.truth(name).log_prob(torch.tensor([[1.1, -1.6]])).item()
    assert exact == pytest.approx(truth, abs=2e-3) and abs(flow - truth) < 0.3
    assert found["mass"] == pytest.approx(1, abs=0.02) and found["round_trip"] < 1e-3
    assert -0.02 < found["above_entropy"] < 0.2


def test_where_the_truth_is_nothing_it_is_said_so():
    told = last(density.density("flow-plane-spline-checkerboard", -3.0, 3.0, 1, "es"))[2]
    assert "−∞" in told and "la verdad" in told


def test_a_click_is_a_point():
    event = type("Event", (), {"index": (density.SIDE, 0)})()
    assert density.clicked(4, event) == (4.0, 4.0, 5)
    event.index = (density.SIDE / 2, density.SIDE / 2)
    assert density.clicked(0, event)[:2] == pytest.approx((0, 0), abs=0.02)


# ------------------------------------------------------------------------------------------ training


@pytest.mark.parametrize("flow", train.FLOWS)
def test_every_flow_starts_as_the_identity_and_learns(flow):
    frames = list(train.train(flow, "moons", BLANK, 1.0, 1, "en", f"learner {flow}"))
    pages = [p for p, *_ in frames if isinstance(p, Image.Image)]
    assert len(pages) >= 3 and len({p.size for p in pages}) == 1
    found = frames[-1][-1]
    assert found["step"] > 0 and found["above_entropy"] == pytest.approx(found["nll"] - found["entropy_nats"])
    assert np.asarray(pages[0]).tobytes() != np.asarray(pages[-1]).tobytes()
    assert not any("learner" in str(key) for key in ROOM.idle)


def test_nice_keeps_areas():
    model = train.made("nice", 1)
    x = torch.randn(50, 2, generator=torch.Generator().manual_seed(0))
    for _ in range(5):
        model.step(torch.randn(model.needs, 2) * 0.5)
    z, log_det = model.calm.network(x)
    assert log_det.abs().max() < 1e-6 and not torch.allclose(z, x, atol=1e-4)


def test_a_blank_board_is_refused_and_who_leaves_frees_the_room():
    with pytest.raises(gr.Error, match="Draw something"):
        next(train.train("realnvp", boards.DRAWN, BLANK, 2, 1, "en", "blank"))
    before = ROOM.running()
    steps = train.train("realnvp", boards.DRAWN, (None, boards.letter()), 20, 1, "en", "leaver")
    for _ in range(2):
        next(steps)
    assert ROOM.running() == before + 1
    steps.close()
    assert ROOM.running() == before


def test_the_curve_ends_at_the_entropy_only_where_that_means_something():
    losses = np.linspace(4, 2.5, 200).tolist()
    assert "entropy of the truth" in train.curve(losses, 2.26, "realnvp", "en")
    assert "entrop" not in train.curve(losses, 2.26, "flow_matching", "en")
    assert train.curve(losses[:2], 2.26, "realnvp", "en") == ""


# ------------------------------------------------------------------------------------------ splines


def test_a_curve_rises_and_goes_through_its_knots():
    name = "flow-plane-spline-checkerboard"
    with models.use(name) as flow:
        for value in (-1.5, 0.0, 0.7):
            shown = spline.bend(flow.couplings[0], value)
            assert (np.diff(shown.y) > 0).all() and (shown.slope > 0).all()
            inside = np.abs(shown.knots[0]) < spline.EDGE
            at = np.interp(shown.knots[0][inside], shown.x, shown.y)
            assert np.abs(at - shown.knots[1][inside]).max() < 0.05
            slope = np.gradient(shown.y, shown.x)
            assert np.median(np.abs(slope - shown.slope) / shown.slope) < 0.05
        moved = [np.abs(spline.bend(c, -0.5).y - spline.bend(c, 0.5).y).max() for c in flow.couplings]
        assert max(moved) > 0.3  # the other coordinate chooses


def test_the_curve_moves_to_the_value_asked_for():
    steps = list(spline.spline("flow-plane-spline-checkerboard", 1, 0.5, 1, "en"))
    kept = [s[-1]["kept"] for s in steps]
    assert len(steps) == spline.FRAMES + 1 and kept[-1] == 0.5 and kept == sorted(kept)
    assert steps[0][1] != steps[-1][1] and "x₁ = 0.5" in words(steps[-1][1])


# ------------------------------------------------------------------------------------------ without layers


def test_solvers_count_what_they_ask_and_ways_are_at_least_straight():
    with models.use(MOONS["ffjord"]) as flow:
        few, many, own = (
            continuous.tracks(flow, continuous.made(kind, steps, 3), 1, 1.0)
            for kind, steps in (("rk4", 2), ("rk4", 16), ("adaptive", 1))
        )
    assert (few.asked, many.asked) == (8, 64) and own.asked > 12
    assert all(w.path >= 1 for w in (few, many, own))
    assert np.abs(own.places[-1] - many.places[-1]).mean() < 0.02


def test_the_density_at_every_moment_integrates_to_one_and_starts_as_the_bell():
    with models.use(MOONS["ffjord"]) as flow:
        for moment in (0.0, 0.5, 1.0):
            p = continuous.density_at(flow, moment)
            assert p.mean() * continuous.INSIDE.width**2 == pytest.approx(1, abs=0.08)
    assert continuous.density_at(flow, 0.0).max() == pytest.approx(1 / (2 * np.pi), rel=0.02)


def test_estimates_of_the_trace_get_better_with_more_signs(monkeypatch):
    monkeypatch.setattr(continuous, "matched_flows", {})
    monkeypatch.setattr(continuous, "LEARN", 0.4)
    steps = list(continuous.continuous(MOONS["ffjord"], 1.0, "rk4", 16, 4, 4, 1, "en"))
    page, table, found = steps[-1]
    assert isinstance(page, Image.Image) and found["evaluations"] == 64
    rows = re.findall(r"<th scope='row'>(.*?)</th>(.*?)</tr>", table)
    errors = [float(re.findall(r"<td>(.*?)</td>", cells)[-1].split(" ")[0]) for _, cells in rows[1:]]
    assert errors[0] > errors[1] > errors[2] > 0.02  # 1, 4 and 32 signs
    assert "exact trace" in rows[0][0] and found["path_matching"] >= 1
    assert list(continuous.matching("moons"))[0] is continuous.matched_flows["moons"]  # not trained twice


def test_the_adaptive_rule_carries_exact_traces_and_estimates_alike():
    with models.use(MOONS["ffjord"]) as flow:
        *_, table = continuous.spent(flow, continuous.made("adaptive", 8, 3), 1, 2, "en")
    asked = [float(v) for v in re.findall(r"</th><td>([\d.]+)</td>", table)]
    assert len(asked) == 4 and len(set(asked)) > 1  # what is carried decides about the steps
    code = continuous.continuous_code(MOONS["ffjord"], 0.5, "adaptive", 8, 3, 4, 1)
    exec(code, {})


@pytest.mark.parametrize(("value", "told"), [(0.5, "0,5"), (9.2e-5, "9,2 · 10⁻⁵"), (0.0, "0")])
def test_small_errors_are_told_by_their_power(value, told):
    assert continuous.small(value, "es") == told


# ------------------------------------------------------------------------------------------ side by side


def test_the_table_is_that_of_the_cards(monkeypatch):
    told = {"entropy_nats": 2.5, "above_entropy": 0.0123}
    monkeypatch.setattr(compare.card, "metrics", lambda name: {"parameters": 50_000, "measures": told})
    table = compare.costs("en")
    assert table.count("0.012") == 9 and table.count("2.5<") == 3
    assert compare.gap("spline", "moons", "es") == "+0,012 nats"
    monkeypatch.setattr(compare.card, "metrics", lambda name: {})
    assert "—" in compare.costs("en") and compare.gap("spline", "moons", "en") == ""


def test_all_nine_are_on_the_sheet(monkeypatch):
    monkeypatch.setattr(compare, "CELLS", 16)
    for show in ("density", "error", "samples"):
        *_, (page, table, _) = compare.compare(show, 1, "en")
        assert page.width > 4 * compare.SIDE and table.count("<tr>") >= 4


def test_a_fresh_point_costs_what_it_must_and_little_more():
    for name in NAMES:
        with models.use(name) as flow:
            x = models.truth(name).sample(1000, torch.Generator().manual_seed(5))
            above = float(models.truth(name).log_prob(x).mean()) - models.log_prob(flow, x.numpy()).mean()
        assert -0.01 < above < 0.15, (name, above)


@pytest.mark.browser
def test_a_visitor_opens_a_layer_and_reads_its_determinant(app, chromium):
    page = chromium.new_context(locale="en-US").new_page()
    errors: list[str] = []
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(f"{app.url}/flows?view=coupling&layer=2&x1=0.5")  # which runs it
    told = "() => [...document.querySelectorAll('.result p')].some(e => e.offsetParent && {})"
    page.wait_for_function(told.format("e.textContent.includes('det: autograd')"), timeout=60_000)
    page.locator("input[type=checkbox]:visible").first.click()
    page.wait_for_function(told.format("e.textContent.includes('keeps areas')"), timeout=30_000)
    assert errors == []
    page.context.close()
