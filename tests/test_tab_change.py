"""Change of variables: the maps against autograd and against samples, and the views that show them."""

import re
from itertools import pairwise

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image

from demos.change import bend, chain, cost, determinant, fold, ground, line, toy
from demos.kit import boards, panels
from demos.kit.plane import Plane
from genmodels.data import points
from genmodels.flow import change, curves

BOARD = (None, boards.letter())
BLANK = (None, np.zeros((boards.SIDE, boards.SIDE), bool))


def some(n=400, seed=0):
    return 1.6 * torch.randn(n, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def last(steps):
    *_, end = steps
    return end


def words(html):
    return re.sub(r"<[^>]+>", " ", html)


MAPS = {name: make(0.9) for name, make in change.MAPS.items()}
MAPS |= {"affine": change.Affine(((0.5, -1.2), (0.3, -0.4)), (1.0, -2.0))}
MAPS |= {"chain": change.Chain((MAPS["lens"], MAPS["coupling"], MAPS["twist"], MAPS["fold"]))}


# ------------------------------------------------------------------------------------------ maps of the plane


@pytest.mark.parametrize("name", MAPS)
def test_a_map_can_be_undone_and_its_log_det_is_autograds(name):
    x, by = some(), MAPS[name]
    z, log_det = by.forward(x)
    back, log_back = by.inverse(z)
    assert torch.allclose(back, x, atol=1e-9) and torch.allclose(log_det, -log_back, atol=1e-9)
    assert torch.allclose(change.jacobian(by, x).det().abs().log(), log_det, atol=1e-9)
    assert (z - x).abs().max() > 0.3


@pytest.mark.parametrize("name", change.MAPS)
def test_at_zero_nothing_moves(name):
    x = some()
    z, log_det = change.MAPS[name](0.0).forward(x)
    assert torch.allclose(z, x, atol=1e-12) and log_det.abs().max() < 1e-12


@pytest.mark.parametrize("name", change.MAPS)
def test_only_the_corrected_density_integrates_to_one(name):
    by, truth = change.MAPS[name](0.9), points.density("eight_gaussians")
    plane = Plane(-8, -8, 16)
    at = torch.from_numpy(plane.grid(320))
    corrected, naive = (
        float(p(truth.log_prob, by)(at).exp().mean()) * 16**2 for p in (change.pushed, change.uncorrected)
    )
    assert corrected == pytest.approx(1, abs=0.01)
    keeps = name in ("twist", "wave")
    assert (abs(naive - 1) < 0.01) == keeps


def test_the_rectangle_of_the_book():
    by = change.Affine(((1 / 3, 0.0), (0.0, 0.5)), (-1 / 3, 0.0))
    z = torch.rand(1000, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert by.det == pytest.approx(1 / 6)
    assert torch.allclose(change.uncorrected(change.toy, by)(z).exp(), 2 * z.prod(1) / 3)
    assert torch.allclose(change.pushed(change.toy, by)(z).exp(), 4 * z.prod(1))


def test_a_sheet_that_lies_over_itself_needs_all_its_preimages():
    by, x = change.Fold(2.5), some(300)
    z, _ = by.forward(x)
    every, log_det, there = by.preimages(z)
    again = by.forward(every.flatten(0, 1))[0].reshape(every.shape)
    assert (again - z[:, None]).abs()[there].max() < 1e-9
    assert set(there.sum(1).tolist()) == {1, 3}
    assert ((every - x[:, None]).norm(dim=-1).where(there, torch.inf).amin(1) < 1e-6).all()
    assert torch.allclose(log_det[there], -by.det(every).abs().log()[there])
    home = (by.inverse(z)[0] - x).norm(dim=1) < 1e-6
    assert 0.2 < home.double().mean() < 0.9
    one = change.Fold(0.9)
    log_prob = points.density("moons").log_prob
    assert torch.allclose(change.folded(log_prob, one)(z), change.pushed(log_prob, one)(z), atol=1e-6)


def test_folded_agrees_with_a_histogram_where_one_inverse_does_not():
    by, truth = change.Fold(2.5), points.density("eight_gaussians")
    x = truth.sample(200_000, torch.Generator().manual_seed(0)).double()
    counts = fold.histogram(by.forward(x)[0].numpy(), 26)
    plane = ground.window(fold.EDGE)
    every, one = (
        ground.map_of(p(truth.log_prob, by), plane, 208).reshape(26, 8, 26, 8).mean((1, 3))
        for p in (change.folded, change.pushed)
    )
    assert np.abs(every - counts).mean() < 0.12 * counts.mean()
    assert np.abs(one - counts).mean() > 0.3 * counts.mean()


# -------------------------------------------------------------------------------------- curves of the line


@pytest.mark.parametrize("name", curves.CURVES)
@pytest.mark.parametrize("kind", ["two", "ramp"])
def test_a_pushed_line_keeps_its_mass_and_fits_its_samples(name, kind):
    density = line.line_of(kind, BLANK)
    by = curves.CURVES[name](0.9)
    assert (by.z.diff() > 0).all()
    samples = density.sample(50_000, torch.Generator().manual_seed(0)).clamp(-4, 4)
    push = line.pushed(density, by, samples, 0.5)
    assert push.mass == pytest.approx(1, abs=0.02)
    formula = np.concatenate([[0], np.cumsum((push.formula[1:] + push.formula[:-1]) / 2 * np.diff(push.z))])
    counted = np.cumsum(push.share * np.diff(push.edges))
    assert np.abs(np.interp(push.edges[1:], push.z, formula) - counted).max() < 0.012
    back, log_slope = by.inverse(by.forward(samples)[0])
    assert torch.allclose(back, samples, atol=1e-6)


@pytest.mark.parametrize("kind", ["two", "bump", "box", "ramp", "drawn"])
def test_its_own_curve_makes_any_density_uniform_and_then_gaussian(kind):
    density = line.line_of(kind, (None, line.start()))
    samples = density.sample(40_000, torch.Generator().manual_seed(0)).clamp(-4, 4)
    even = curves.distribution(density).forward(samples)[0]
    assert even.min() >= 0 and even.max() <= 1 + 1e-5
    assert torch.allclose(even.sort().values, torch.linspace(0, 1, 40_000).double(), atol=0.015)
    z = curves.gaussian(density).forward(samples)[0]
    assert abs(z.mean()) < 0.02 and abs(z.std() - 1) < 0.03


def test_steps_refuse_what_is_no_density():
    for bad in ([0, 0, 0], [1], [[1, 2]], [1, -1]):
        with pytest.raises(ValueError, match="expected 2 to 512"):
            curves.Steps(np.array(bad, float))


# ------------------------------------------------------------------------------------------ the views

BOOK = (1, 3, 0, 2, 0.0, False, False)


def test_the_toy_shows_a_sixth_and_then_one():
    page, below, chips = last(toy.toy(*BOOK, "en"))
    assert isinstance(page, Image.Image) and "0.167" in words(below)
    assert chips["integral_before"] == pytest.approx(1, abs=1e-4)
    assert chips["integral_naive"] == pytest.approx(1 / 6, abs=1e-4)
    assert chips["integral_corrected"] == pytest.approx(1, abs=1e-4)
    assert chips["det"] == pytest.approx(1 / 6)


def test_a_mirror_changes_the_sign_and_nothing_else():
    _, below, chips = last(toy.toy(1, 3, 0, 2, 0.7, True, False, "es"))
    assert chips["det"] == pytest.approx(-1 / 6) and "negativo" in below
    assert chips["integral_naive"] == pytest.approx(1 / 6, rel=0.02)
    assert chips["integral_corrected"] == pytest.approx(1, rel=0.02)
    assert "negativo" not in last(toy.toy(1, 3, 0, 2, 0.7, True, True, "es"))[1]


@pytest.mark.parametrize(
    ("entries", "told"), [((1, 0, 0, 1), "1"), ((0, 1, 1, 0), "mirrored"), ((1, 2, 0.5, 1), "line")]
)
def test_the_determinant_says_what_its_sign_means(entries, told):
    page, below, chips = last(determinant.determinant(*entries, "en"))
    assert chips["det"] == pytest.approx(entries[0] * entries[3] - entries[1] * entries[2])
    assert told in words(below)
    assert np.asarray(page).std() > 5


def test_the_line_is_drawn_and_the_drawing_counts():
    shown, below, chips = last(line.line("drawn", (None, line.start()), "gaussian", 0.5, 1.0, 1, "en"))
    assert shown.count("<polygon") > 10 and chips["integral_corrected"] == pytest.approx(1, abs=0.02)
    outline = np.zeros((boards.SIDE, boards.SIDE), bool)
    outline[5, 3:9] = True
    assert line.heights((None, outline)).tolist() == [0] * 3 + [boards.SIDE - 5] * 6 + [0] * 15
    with pytest.raises(gr.Error, match="Draw something"):
        next(line.line("drawn", BLANK, "bend", 0.5, 1.0, 1, "en"))


@pytest.mark.parametrize("name", change.MAPS)
def test_every_map_bends_a_drawing_and_only_some_change_areas(name):
    frames = list(bend.bend("drawn", BOARD, name, 0.8, 12, True, 1, "en"))
    page, below, chips = frames[-1]
    assert len(frames) >= 2 and frames[0][0].size == page.size
    assert chips["integral_corrected"] == pytest.approx(1, abs=0.03)
    assert ("keeps its area" in below) == (name in ("twist", "wave"))


def test_cells_have_the_areas_that_the_determinant_says():
    """The shoelace of a bent little cell against |det J| at its middle."""
    rims = panels.quads(np.full(2, -3.0), np.full(2, 3.0), 60)
    small = (6 / 60) ** 2
    for name in change.MAPS:
        by = change.MAPS[name](0.8)
        x, y = by.forward(torch.from_numpy(rims))[0].numpy().transpose(2, 0, 1)
        areas = abs((x * np.roll(y, -1, 1) - y * np.roll(x, -1, 1)).sum(1)) / 2
        expected = by.forward(torch.from_numpy(rims.mean(1)))[1].exp().numpy() * small
        assert np.allclose(areas, expected, rtol=0.05), name


def test_a_fold_loses_points_and_a_gentle_one_does_not():
    lost, kept = (last(fold.fold("rings", BOARD, amount, 0.3, 1, "en")) for amount in (2.6, 0.9))
    assert lost[2]["back"] < 60 and kept[2]["back"] > 99.5
    assert "100 % are among the preimages" in words(lost[1])
    assert "3 points come" in lost[1] and "1 point comes" in kept[1]


def test_log_dets_add_in_either_order_and_the_order_matters():
    ask = ("coupling", 0.7, "lens", 0.8, 0.8, 1.2)
    one, other = (last(chain.chain(*ask, swap, "en")) for swap in (False, True))
    for _, table, chips in (one, other):
        found = [float(v.replace("−", "-")) for v in re.findall(r"<td>([+−][\d.]+)</td>", table)]
        assert found[0] + found[1] == pytest.approx(found[2], abs=2e-6) and found[2] == found[3]
        assert found[2] == pytest.approx(chips["log_det"], abs=1e-6)
    assert one[2]["log_det"] != pytest.approx(other[2]["log_det"], abs=0.05)


def test_a_triangle_is_cheap():
    steps = list(cost.cost(512, 1, "en"))
    assert len(steps) == sum(n <= 512 for n in cost.SIZES)
    full, quick = (float(steps[-1][2][k].split()[0]) for k in ("full_ms", "triangle_ms"))
    assert full > 5 * quick
    assert cost.span(7200, "es") == "2 horas" and cost.span(2e-6, "en") == "2 µs"


def test_a_drawing_travels_in_the_code():
    code = bend.bend_code("drawn", BOARD, "lens", 0.8, 20, False, 1)
    space: dict = {}
    exec(code.split("by = ")[0], space)
    assert torch.equal(space["truth"].p, boards.truth_of("drawn", BOARD).p)
    assert max(map(len, code.splitlines())) <= 110


# ------------------------------------------------------------------------------------------ panels


def test_a_heat_map_stands_where_the_plane_says():
    plane = Plane(0, 0, 4)
    at = plane.grid(40)
    bright = np.exp(-8 * ((at - (3, 1)) ** 2).sum(1)).reshape(40, 40)
    picture = np.asarray(panels.Panel(plane, 200).heat(bright, panels.NOISE, 1.0).image).sum(-1)
    row, column = np.unravel_index(picture.argmax(), picture.shape)
    assert abs(column - 150) < 6 and abs(row - 150) < 6


def test_a_ramp_rises_and_a_signed_one_has_its_ground_in_the_middle():
    for colours in (panels.DATA, panels.NOISE, panels.TRUTH):
        light = panels.ramp(np.linspace(0, 1, 30), colours).sum(1).tolist()
        assert all(a <= b for a, b in pairwise(light))
    assert tuple(panels.signed(np.zeros(1), 1.0)[0]) == panels.GROUND


@pytest.mark.browser
def test_a_visitor_moves_the_square_and_sees_the_numbers_move(app, chromium):
    page = chromium.new_context(locale="en-US").new_page()
    errors: list[str] = []
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(f"{app.url}/change?view=toy&wide=6")  # opening the address runs its view
    told = "() => [...document.querySelectorAll('.numbers')].some(e => e.offsetParent && {})"
    page.wait_for_function(told.format("e.textContent.includes('0.0833')"), timeout=60_000)
    page.locator("input[type=checkbox]:visible").first.click()
    page.wait_for_function(told.format("e.textContent.includes('-0.0833')"), timeout=30_000)
    assert errors == []
    page.context.close()
