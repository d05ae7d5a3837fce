"""The tab of steps and solvers: runs cost what they say, orders are measured, dice decide what they may."""

import json
import re
from contextlib import closing

import numpy as np
import pytest
import torch

from demos.kit import denoisers
from demos.kit.tab import TEXTS
from demos.samplers import charts, exact, grid, grids, luck, runs, solver, straight, teacher, tiles
from genmodels import hub
from genmodels.data import points
from genmodels.diffusion import samplers, schedules
from genmodels.diffusion.checkpoints import UNETS

NAME = "ddpm-fashion"
ANY = ("any",) * 4


def last(steps):
    with closing(steps) as made:
        *_, end = made
    return end


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Short runs: what is tested doesn't depend on how many steps there are."""
    monkeypatch.setattr(runs, "FINE", {"unipc": 12, "ddim": 16})
    monkeypatch.setattr(straight, "FINE", 4)
    monkeypatch.setattr(straight, "COUNTS", (1, 2))
    monkeypatch.setattr(teacher, "COUNT", 2)
    monkeypatch.setattr(luck, "COUNT", 3)


# ------------------------------------------------------------------------------------------ runs


def test_a_run_is_the_solver_s_and_counts_its_questions():
    with denoisers.use(NAME) as denoise:
        sigmas = schedules.angle(4, 80.0)
        for name, calls in (("ddim", 4), ("heun", 7), ("midpoint", 8), ("unipc", 4)):
            *_, run = runs.follow(denoise, 3, name, sigmas, 5)
            assert (run.calls, run.step, run.sigma) == (calls, 4, 0) and run.seconds > 0
        two = [run.x for run in runs.follow(denoise, 3, "ddpm", sigmas, 5, 2)][-1]
        one = [run.x for run in runs.follow(denoise, 3, "ddpm", sigmas, 6)][-1]
        assert torch.allclose(two[1:], one, atol=1e-4) and runs.off(two[:1], two[1:]) > 1


def test_all_solvers_start_from_one_noise():
    with denoisers.use(NAME) as denoise:
        firsts = [
            next(runs.follow(denoise, -1, name, denoisers.grid_of(g, denoise, 3), 2))
            for name in runs.SIX
            for g in ("karras", "angle")
        ]
    assert all(torch.equal(run.x, firsts[0].x) for run in firsts)


def test_a_distance_is_in_levels_of_what_can_be_seen():
    black, white = -torch.ones(1, 1, 4, 4), torch.ones(1, 1, 4, 4)
    assert runs.off(black, white) == 255 and runs.off(white, 3 * white) == 0
    assert runs.off(black, black + 2 / 255) == pytest.approx(1, rel=1e-4)
    assert runs.level(2.345, "es") == "2,3" and runs.level(33.3, "en") == "33"


# ------------------------------------------------------------------------------------------ pictures


def test_the_grid_holds_every_solver_and_the_same_noise_gives_the_same_page():
    page, drawn, found = last(grid.grid(NAME, *ANY, "karras", 8, "unipc", 1, "en"))
    _, again, _ = last(grid.grid(NAME, *ANY, "karras", 8, "unipc", 1, "en"))
    calls = 12 + 12 * 5 + (7 + 15)
    assert found["calls"] == calls and found["off_best"] <= found["off_first"]
    assert drawn == again and drawn.count("<polyline") == 2 * len(runs.SIX)
    assert all(f"{runs.short(name, 'en')}<" in drawn for name in runs.SIX)
    columns = 2
    assert page.width == (columns + 1) * (grid.TILE + 4) + 20


def test_another_fine_way_leads_to_nearly_the_same_picture(monkeypatch):
    monkeypatch.setattr(runs, "FINE", {"unipc": 24, "ddim": 60})
    with denoisers.use(NAME) as denoise:
        found = {}
        for name in ("unipc", "ddim", "ddpm"):
            sigmas = denoisers.grid_of("angle", denoise, runs.FINE.get(name, 24))
            *_, found[name] = runs.follow(denoise, 1, name, sigmas, 1)
    near = runs.off(found["unipc"].x, found["ddim"].x)
    assert near < 0.5 * runs.off(found["unipc"].x, found["ddpm"].x)


def test_one_solver_is_shown_with_its_way():
    end = last(solver.solver(NAME, *ANY, "dpm2", "angle", 3, "unipc", 1, "es"))
    page, film, chart, found = end
    assert found["calls"] == 3 and found["off"] > 0 and chart.count("<polyline") == 4
    assert page.height > 3 * solver.TILE and film.width > 4 * solver.SMALL
    one = last(solver.solver(NAME, *ANY, "ddim", "angle", 1, "unipc", 1, "en"))
    assert one[-1]["calls"] == 1


def test_a_difference_is_grey_where_two_agree():
    x = torch.rand(2, 1, 4, 4) * 2 - 1
    assert (solver.different(x, x) == 0).all() and solver.different(x, None) is None
    assert solver.different(x + 0.1, x)[x < 0.8].mean() != 0


def test_grids_show_where_they_look():
    chart, page, found = last(grids.grids(NAME, *ANY, "dpm2", 3, "unipc", 1, "en"))
    assert found["calls"] == 12 + 5 * 3 and page.width > 3 * grids.TILE
    for words, _ in denoisers.GRIDS.values():
        assert words in chart
    spots = re.findall(r"class='dots warm'[^>]* d='([^']*)'", chart)
    assert [len(s.split("M")) - 1 for s in spots] == [3] * 5


def test_the_hill_is_how_far_the_belief_moves_while_sigma_halves():
    def run(sigma, value):
        x = torch.full((1, 1, 2, 2), value)
        return runs.Run(x, x, sigma, 0, 0, 0.0)

    ((at, speed),) = grids.speed([run(4.0, 0.0), run(1.0, 0.2), run(0.0, 0.2)])
    assert at == 2 and speed == pytest.approx(0.1 * 127.5)


@pytest.mark.parametrize("kind", ["eta", "churn"])
def test_without_noise_on_the_way_all_dice_give_one_picture(kind, monkeypatch):
    monkeypatch.setitem(luck.AMOUNTS, kind, (0.0, luck.AMOUNTS[kind][-1]))
    _, table, found = last(luck.luck(NAME, *ANY, kind, "karras", 4, 3, "en"))
    assert found["apart_dice"] > 1
    with denoisers.use(NAME) as denoise:
        sigmas = schedules.karras(0.02, 80.0, 4)
        *_, still = luck.thrown(denoise, 1, kind, 0.0, sigmas, 3)
        *_, moved = luck.thrown(denoise, 1, kind, luck.AMOUNTS[kind][-1], sigmas, 3)
    assert luck.spread(still.x) < 0.01 < luck.spread(moved.x)
    assert "<td>0</td>" in table


def test_diffusion_and_flow_are_drawn_side_by_side():
    page, words, found = last(straight.straight("5", 2, "es"))
    assert set(found) == {"bend_diffusion", "bend_flow", "same_noise", "other_noise"}
    assert found["bend_flow"] >= 0 and page.height > 4 * straight.TILE
    assert words.count("<polyline") == 2 * 2 * straight.PIXELS and "nan" not in words


def test_a_straight_way_has_no_bend_and_a_corner_has_one():
    a, b = torch.zeros(1, 1, 1, 2), torch.tensor([3.0, 4.0]).reshape(1, 1, 1, 2)
    line = straight.Path([1.0, 0.5, 0.0], torch.stack([a, b / 2, b]))
    corner = straight.Path([1.0, 0.5, 0.0], torch.stack([a, torch.tensor([3.0, 0.0]).reshape(1, 1, 1, 2), b]))
    assert straight.bend(line) == pytest.approx(0, abs=1e-4)
    assert straight.bend(corner) == pytest.approx(40, rel=1e-4)


def test_student_and_teacher_stand_beside_each_other(monkeypatch):
    monkeypatch.setattr(teacher, "SHORT", (1,))
    steps = list(teacher.teacher("3", 3, 5, 1, "es"))
    page, words, found = steps[-1]
    assert found["student_seconds"] > 0 and page.height > 5 * teacher.TILE
    assert words.index("alumno, 1 salto") < words.index("alumno, 2 saltos") < words.index("alumno, 3 saltos")


def test_the_student_takes_as_many_jumps_as_it_is_asked_for(monkeypatch):
    monkeypatch.setattr(teacher, "SHORT", (1,))
    page, words, found = last(teacher.teacher("3", 3, 5, 1, "en"))
    assert found["student_seconds"] > 0 and "student, 3 jumps" in words and page.width
    with denoisers.use(teacher.STUDENT) as denoise:
        assert denoise.jumps
        assert [teacher.jumped(denoise, 0, n, 1).calls for n in (1, 4)] == [1, 4]


# ------------------------------------------------------------------------------------------ exactly


def test_the_exact_denoiser_is_the_mean_of_what_could_be():
    """Against a mean over many points of the density, each by the chance that its noise led here."""
    truth = points.density("eight_gaussians")
    belief = exact.denoiser("eight_gaussians")
    x0 = truth.sample(200_000, torch.Generator().manual_seed(0)).double()
    x = torch.tensor([[0.5, 1.0], [2.0, -0.3]]).double()
    for sigma in (0.8, 3.0):
        weight = (-(x[:, None] - x0).square().sum(-1) / (2 * sigma**2)).softmax(1)
        assert torch.allclose(belief(x, sigma), weight @ x0, atol=0.05)
    assert torch.allclose(belief.shares(x, 1.0).sum(1), torch.ones(2).double())


def test_beliefs_and_density_fit_together():
    """Tweedie: the score of the noisy density is (belief - x) / sigma^2."""
    belief = exact.denoiser("moons")
    x = torch.randn(20, 2, generator=torch.Generator().manual_seed(1)).double().requires_grad_(True)
    for sigma in (0.3, 2.0):
        (score,) = torch.autograd.grad(belief.log_prob(x, sigma).sum(), x)
        assert torch.allclose(score, (belief(x, sigma) - x) / sigma**2, atol=1e-6)


def test_orders_are_measured_before_the_visitor_s_eyes():
    found = {name: [] for name in exact.SOLVERS}
    belief, x = exact.denoiser("eight_gaussians"), exact.noise(1)
    right = exact.ways(belief, "unipc", "geometric", exact.FINE, x)[-1]
    for n in (128, 256):
        for name in exact.SOLVERS:
            found[name].append(exact.rms(exact.ways(belief, name, "geometric", n, x)[-1], right))
    fell = {name: exact.order(errors, 1) for name, errors in found.items()}
    wanted = {"ddim": 1, "heun": 2, "midpoint": 2, "dpm2": 2, "dpm3": 2, exact.WHOLE: 3, "unipc": 3}
    assert fell == pytest.approx(wanted, abs=0.3)
    assert fell[exact.WHOLE] > fell["dpm3"] + 0.5


@pytest.mark.parametrize("name", exact.GRIDS)
def test_every_grid_ends_where_solvers_are_compared(name):
    levels = exact.levels(name, 7)
    assert len(levels) == 8 and levels[0] == pytest.approx(exact.HIGH)
    assert levels[-1] == pytest.approx(exact.LOW) and sorted(levels, reverse=True) == levels


def test_paths_and_chart_of_the_exact_view(monkeypatch):
    monkeypatch.setattr(exact, "FINE", 200)
    monkeypatch.setattr(exact, "COUNTS", (8, 16, 32))
    steps = list(exact.exact("eight_gaussians", "heun", "karras", 3, 1, "es"))
    page, words, found = steps[-1]
    assert found["calls"] == 6 and 0 < found["error_points"] < 3 and len(steps) >= 4
    assert page.width > 2 * exact.SIDE and words.count("<tr>") == 1 + len(exact.SOLVERS)
    assert last(exact.exact("eight_gaussians", "heun", "karras", 3, 1, "es"))[1] == words


# ------------------------------------------------------------------------------------------ charts


def test_names_at_the_ends_of_lines_do_not_lie_on_each_other():
    lines = [charts.Line(f"line {k}", "ink", k % 2 == 1, [1, 10], [1, 1 + k / 1e3]) for k in range(7)]
    drawn = charts.against(lines, (1, 10), "title", "calls", "en")
    at = sorted(float(y) for y in re.findall(r"<text class='ink' x='[\d.]+' y='([\d.]+)'", drawn))
    assert len(at) == 7 and min(np.diff(at)) >= charts.APART - 0.01 and at[-1] < 430 - 40


def test_a_chart_multiplies_on_both_axes():
    line = charts.Line("slope", "mark", False, [1, 10, 100], [1, 0.1, 0.01])
    drawn = charts.against([line], (1, 10, 100), "t", "x", "es")
    path = re.search(r"<polyline class='mark' points='([^']+)'", drawn)[1]
    x, y = np.array([p.split(",") for p in path.split()], float).T
    assert np.diff(x, 2) == pytest.approx(0, abs=0.3) and np.diff(y, 2) == pytest.approx(0, abs=0.3)
    assert "0,01" in drawn and charts.raised(-12) == "⁻¹²" and charts.against([], (1,), "", "", "en") == ""
    zero = charts.Line("none", "mark", False, [1, 2], [0.0, 0.0])
    assert "nan" not in charts.against([zero], (1, 2), "t", "x", "en")


def test_cells_keep_their_place_without_a_picture():
    x = torch.zeros(1, 1, 8, 8)
    assert tiles.cell(x, "a", "b", 60).size == tiles.cell(None, "a", "b", 60).size == (60, 132)
    assert tiles.row([tiles.cell(x, "", "", 60)] * 3, "name").width == 3 * 60 + 8


# ------------------------------------------------------------------------------------------ text and code


def test_the_tab_offers_every_solver_and_grid_there_is():
    assert set(denoisers.SOLVERS) == set(samplers.SOLVERS) == set(runs.SHORT) == set(runs.KINDS)
    assert set(runs.SIX) <= set(samplers.SOLVERS)
    for name in denoisers.GRIDS:
        scope: dict = {}
        code = runs.code(UNETS[1].name, -1, name, 5, 1, 1, "")
        exec(code, scope)
        with denoisers.use(UNETS[1].name) as denoise:
            wanted = denoisers.grid_of(name, denoise, 5)
        assert scope["sigmas"] == pytest.approx(wanted), name


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_text_says_what_was_measured(lang):
    words = (TEXTS / f"samplers.{lang}.md").read_text(encoding="utf-8")
    for name in ("ddpm-faces", NAME):
        found = json.loads((hub.WEIGHTS / name / "metrics.json").read_text())
        for value in (found["parameters"], found["minutes"]):
            said = f"{value:,}" if lang == "en" else f"{value:,}".replace(",", ".")
            assert said in words or f"{value:g}".replace(".", "," if lang == "es" else ".") in words


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_errors_that_the_text_names_are_those_of_its_link(lang):
    """Deterministic: an exact denoiser and a seed."""
    words = (TEXTS / f"samplers.{lang}.md").read_text(encoding="utf-8")
    belief, x = exact.denoiser("eight_gaussians"), exact.noise(1)
    right = exact.ways(belief, "unipc", "geometric", exact.FINE, x)[-1]
    for name, value in (("dpm3", 0.73), ("ddim", 0.42)):
        found = exact.rms(exact.ways(belief, name, "geometric", 4, x)[-1], right)
        assert found == pytest.approx(value, abs=0.005)
        assert (f"{value}" if lang == "en" else f"{value}".replace(".", ",")) in words


# ------------------------------------------------------------------------------------------ in a browser


@pytest.mark.browser
def test_orders_appear_in_the_browser_and_another_solver_follows(app, chromium):
    page = chromium.new_context(viewport={"width": 1280, "height": 1000}).new_page()
    errors: list[str] = []
    page.on("console", lambda m: m.type == "error" and errors.append(m.text))
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(f"{app.url}/samplers?view=exact&density=moons&solver=heun&grid=karras&steps=5&seed=2")
    page.locator("#run-samplers-exact").wait_for(timeout=60_000)
    shown = "[...document.querySelectorAll('#tab-samplers .result')].find(i => i.offsetParent)"
    curves = f"{shown}.querySelectorAll('svg.plot polyline').length == 14"  # drawn anew with every result
    done = f"() => {shown} && {shown}.innerText.includes('256') && {shown}.querySelector('img') && {curves}"
    page.wait_for_function(
        "() => [...document.querySelectorAll('input[type=range]')].some(i => i.value == '5')", timeout=60_000
    )
    page.locator("#run-samplers-exact").click()
    page.wait_for_function(done, timeout=60_000)
    assert errors == []
    page.context.close()
