"""The tab of diffusion: the way forward by its formula, the way back and its branches, readings, a plane."""

import json
from contextlib import closing
from math import cos, log10, pi, sin

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from demos.diffusion import beliefs, figures, film, intervene, noise, pictures, plane, predictions
from demos.kit import denoisers, plots, reals
from demos.kit.tab import TEXTS
from genmodels import hub
from genmodels.diffusion.checkpoints import FLOWS, HUB, UNETS
from genmodels.diffusion.denoiser import bound, told
from genmodels.runtime import generators
from genmodels.runtime import noise as white

NAMES = [c.name for c in (*UNETS, *FLOWS)]
FACES, GARMENTS = "ddpm-faces", "ddpm-fashion"
ANY = (denoisers.ANY,) * 4


def last(steps):
    with closing(steps) as made:
        *_, end = made
    return end


def doodle() -> Image.Image:
    page = Image.new("RGB", (280, 280), "white")
    ImageDraw.Draw(page).ellipse((60, 60, 220, 220), "black")
    return page


# ------------------------------------------------------------------------------------------ pictures


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_fits_the_model_whether_ours_or_the_visitor_s(name):
    with denoisers.use(name) as denoise:
        shape = denoisers.shape_of(denoise)
    own, note = reals.picture_of(name, None, 36_518, "en")
    theirs, said = reals.picture_of(name, doodle(), 1, "es")
    assert own.shape == theirs.shape == (1, *shape) and note == "" and str(shape[1]) in said
    assert own.abs().max() <= 1 and own.std() > 0.1 and theirs.std() > 0.1
    assert not torch.equal(own, reals.picture_of(name, None, 36_520, "en")[0])


@pytest.mark.parametrize("name", [c.name for c in HUB])
def test_the_hub_s_networks_get_pictures_of_their_size(name):
    side, scope = reals.SIDES[denoisers.kind_of(name)], {}
    for drawing in (None, doodle()):
        x, _ = reals.picture_of(name, drawing, 36_521, "en")
        assert x.shape == (1, 1 if "mnist" in name else 3, side, side) and x.std() > 0.1
    own, (imports, lines) = reals.picture_of(name, None, 7, "en")[0], reals.code(name, 7)
    exec("\n".join(imports) + "\n" + lines, scope)
    assert torch.equal(scope["x0"].float(), own)
    assert denoisers.asked(name, "0", "1", "2", "3") == -1


def test_pixels_of_noise_stay_square_and_labels_keep_their_room():
    x = white(1, 2, (3, 8, 8))
    large = pictures.grain(x, 30)
    assert large.shape == (2, 3, 32, 32) and torch.equal(large[:, :, ::4, ::4], x)
    page = pictures.labelled([("a", x), ("b", x)], ["1", "2"], 30, 100)
    assert page.width == 100 + 2 * 30 + 4 and page.height > 60


# ------------------------------------------------------------------------------------------ forward


@pytest.mark.parametrize("schedule", noise.SCHEDULES)
def test_the_picture_fades_and_the_noise_comes_up(schedule):
    signal, loud = (np.array(v) for v in zip(*noise.way(schedule), strict=True))
    assert len(signal) == noise.STEPS + 1 and (signal[0], loud[0]) == (1, 0)
    assert (np.diff(signal) <= 0).all() and (np.diff(loud) >= 0).all() and signal[-1] < 0.03
    total = signal + loud if schedule == "flow" else signal**2 + loud**2
    assert np.allclose(total, 1, atol=1e-6)


def test_the_cosine_schedule_is_an_angle_and_the_text_s_numbers_are_right():
    signal, loud = noise.rates("cosine", 500)
    angle = pi / 2 * (0.5 + 0.008) / 1.008
    assert signal == pytest.approx(cos(angle), abs=0.002) and loud == pytest.approx(sin(angle), abs=0.002)
    assert round(100 * signal**2) == 49 and round(100 * noise.rates("linear", 500)[0] ** 2) == 8
    drowned = {s: sum(a**2 < 0.01 for a, _ in noise.way(s)) for s in ("linear", "cosine")}
    assert drowned == {"linear": 327, "cosine": 65}


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_sum_that_is_shown_is_the_sum(lang, monkeypatch):
    shown: list[torch.Tensor] = []
    block = pictures.block
    monkeypatch.setattr(
        pictures, "block", lambda words, x, *rest, **more: shown.append(x) or block(words, x, *rest, **more)
    )
    steps = list(noise.noise(FACES, doodle(), 1, "linear", 200, 3, lang))
    a, b, seen = shown[:3]
    assert torch.equal(a + b, seen) and len(steps) == 2
    assert a.std() == pytest.approx(
        noise.rates("linear", 200)[0] * reals.picture_of(FACES, doodle(), 1, lang)[0].std()
    )
    page, found = steps[-1][2], steps[-1][3]
    assert page.count("<polyline") == 2 + len(noise.SCHEDULES) and "nan" not in page
    assert found["signal_share"] == pytest.approx(100 * found["signal_rate"] ** 2)


# ------------------------------------------------------------------------------------------ back


@pytest.mark.parametrize("name", NAMES)
def test_noise_is_shown_at_once_then_every_step_and_the_end_is_the_solver_s(name):
    from genmodels.diffusion import samplers

    steps = list(film.film(name, *ANY, 2, 4, "ddim", 5, 0, "es"))
    assert steps[0][-1] == {"calls": 0} and steps[-1][-1]["calls"] == 4
    now, row, page, reel, found = steps[-1]
    assert now.width > 500 and row.width > 900 and page.count("<polyline") == 2
    assert 1 <= found["half_coarse"] <= 5 and 1 <= found["half_fine"] <= 5
    with Image.open(reel) as made:
        assert made.format == "GIF" and made.n_frames > 4
    with denoisers.use(name) as denoise:
        x, sigmas, _ = film.begin(denoise, 2, 4, 5)
        belief, calls = film.counted(denoise, [-1, -1])
        seen = list(samplers.ddim(belief, x, sigmas))
        alone, _, _ = film.begin(denoise, 1, 4, 6)
    assert calls == pytest.approx(sigmas[:-1]) and torch.equal(alone[0], x[1])
    assert film.open_(seen)["coarse"][-1] == 0 and film.open_(seen)["fine"][0] == pytest.approx(1)


def test_a_solver_that_looks_twice_asks_twice():
    assert last(film.film(GARMENTS, *ANY, 1, 4, "heun", 1, 0, "en"))[-1]["calls"] == 7  # once at the end


def test_an_untouched_branch_is_the_way_that_was_never_left():
    from genmodels.diffusion import samplers

    with denoisers.use(GARMENTS) as denoise:
        x, sigmas, _ = film.begin(denoise, 1, 6, 3)
        whole = list(samplers.ddim(bound(denoise, denoisers.labels(denoise, 8)), x, sigmas))
        plan = intervene.branches(GARMENTS, 8, 4, "dpm2", "en")
        ends = [list(intervene.walk(denoise, b, whole[2].x, sigmas[2:], 3))[-1].x for b in plan]
    assert [b.solver for b in plan] == ["ddim", "ddpm", "ddpm", "ddpm", "ddim", "dpm2"]
    assert "coat" in plan[4].words and torch.equal(ends[0], whole[-1].x)
    for k in range(1, len(ends)):
        assert not torch.equal(ends[0], ends[k]), plan[k].words
    assert len({end.sum().item() for end in ends}) == len(ends)  # fresh noise is another each time


def test_the_later_it_is_left_the_less_is_open(monkeypatch):
    """Guaranteed by what is left of the noise: at the last level new noise cannot move much."""
    monkeypatch.setattr(intervene, "STEPS", 8)
    classes = ("0", "8", "0", "0")
    apart = []
    for stop in (0, 7):
        picture, table, found = last(intervene.intervene(GARMENTS, *classes, stop, *ANY, "dpm2", 4, "es"))
        assert found == {"step": stop} and picture.width > 900 and table.count("<tr>") == 6
        words = table.split("<td>")[1].split("<")[0]
        apart.append(float(words.replace("%", "").replace(",", ".")))
    assert apart[1] < 0.5 * apart[0]


# ------------------------------------------------------------------------------------------ beliefs


def test_beliefs_are_all_asked_in_one_look_and_going_on_ends_without_noise():
    x, _ = reals.picture_of(GARMENTS, None, 7, "en")
    e = white(1, 1, (1, 28, 28))
    with denoisers.use(GARMENTS) as denoise:
        noisy = torch.cat([x + s * e for s in beliefs.LEVELS])
        many = beliefs.asked(denoise, noisy, list(beliefs.LEVELS), 7)
        one = beliefs.asked(denoise, noisy[3:4], [beliefs.LEVELS[3]], 7)
        assert torch.allclose(many[3], one[0], atol=1e-4) and many.abs().max() <= 1
        end = beliefs.onwards(denoise, noisy[:1], 0.1, 7)
        assert end.shape == x.shape and (end - x).square().mean() < 0.1
    assert beliefs.psnr(x, x + 0.2) == pytest.approx(20)


def test_the_view_of_beliefs_fills_row_by_row():
    steps = list(beliefs.beliefs(GARMENTS, doodle(), 1, *ANY, 2, "es"))
    assert len(steps) == 3 + len(beliefs.LEVELS) and steps[0][-1] == {}
    picture, about, found = steps[-1]
    assert picture.size == steps[0][0].size and about.count("<polyline") == 2 and "28 × 28" in about
    assert np.isfinite(found["psnr_estimate"])


# ------------------------------------------------------------------------------------------ readings


@pytest.mark.parametrize("sigma", [0.1, 1.0, 12.0])
def test_an_error_of_the_answer_moves_the_picture_as_the_curves_say(sigma):
    x = reals.picture_of(FACES, None, 36_518, "en")[0]
    e, more = (white(k, 1, (3, 64, 64)) for k in (1, 2))
    right = {k: told(k, x + sigma * e, x, sigma) for k in predictions.READINGS}
    bad = predictions.spoilt(x + sigma * e, right, sigma, more, 0.01)
    for name, y in bad.items():
        moved = predictions.size(y - x)
        assert moved == pytest.approx(0.01 * predictions.gain(name, sigma, predictions.size(x)), rel=0.08), (
            name
        )


def test_under_much_noise_v_forgives_and_epsilon_does_not():
    gains = {k: predictions.gain(k, 20.0, 0.5) for k in predictions.READINGS}
    assert gains["epsilon"] > 10 * gains["flow"] and gains["v_prediction"] == pytest.approx(0.5, rel=0.02)
    quiet = {k: predictions.gain(k, 0.05, 0.5) for k in predictions.READINGS}
    assert quiet["sample"] > 5 * quiet["epsilon"]


@pytest.mark.parametrize("name", [FACES, "flow-fashion"])
def test_four_readings_of_one_answer(name):
    picture, about, found = last(predictions.predictions(name, None, 36_518, 900, 5, 1, "es"))
    assert picture.height > 500 and about.count("<polyline") == 8 and about.count("<tr>") == 5
    assert found["sigma_level"] == pytest.approx(6.36, abs=0.01) and "nan" not in about


def test_curves_stay_on_their_axes():
    axes = plots.Axes((-1, 1), (log10(0.1), log10(10)))
    drawn = figures.curve((0.1, 1, 10), (1e-9, 1, 1e9), axes, "mark")(axes)
    y = [float(p.split(",")[1]) for p in drawn.split("points='")[1].split("'")[0].split()]
    assert min(y) >= 0 and max(y) <= axes.height
    assert "text-anchor='end'" in figures.upright(0.9, "here")(axes)


# ------------------------------------------------------------------------------------------ the plane


@pytest.mark.parametrize("kind", plane.KINDS)
def test_both_families_believe_alike_where_there_is_no_noise_and_their_ways_end_at_data(kind):
    from genmodels.data import points
    from genmodels.lab.family import Source, train

    truth = points.density("eight_gaussians")
    model = plane.made(kind, 0.01, 1)
    x = torch.randn(50, 2, generator=torch.Generator().manual_seed(0))
    for network in plane.networks(model).values():
        with torch.no_grad():
            assert torch.allclose(plane.denoiser(network)(x, 1e-4), x, atol=1e-3)
    before = plane.Scene(truth, 1)
    before.draw(model, "en")
    train(model, Source(truth, 1), 999, steps=150)
    after = plane.Scene(truth, 1)
    after.draw(model, "en")
    assert after.off[0] < 0.7 * before.off[0] and 0 <= after.off[1] <= 100
    again = plane.back(model.calm.network, 1)
    assert len(again) == plane.STEPS + 1 and torch.equal(again[-1], plane.back(model.calm.network, 1)[-1])


def test_a_training_on_the_plane_reports_both_networks():
    steps = list(plane.plane("diffusion", "moons", None, 2, 0.01, 1, "es", "someone"))
    picture, page, found = steps[-1]
    assert len(steps) >= 3 and picture.width > 900 and page.count("<polyline") == 3
    assert found.keys() == {"step", "off_averaged", "off_raw"} and found["step"] > 0


# ------------------------------------------------------------------------------------------ code, browser


@pytest.mark.parametrize("name", NAMES)
def test_the_code_makes_what_the_page_made(name):
    scope: dict = {}
    exec(film.film_code(name, *ANY, 2, 3, "ddim", 5, 0), scope)
    with denoisers.use(name) as denoise:
        x, sigmas, _ = film.begin(denoise, 2, 3, 5)
        *_, end = denoisers_walk(denoise, x, sigmas)
    assert torch.allclose(scope["pictures"], end.x, atol=1e-4)
    exec(noise.noise_code(name, None, 3, "flow", 400, 1), scope)
    assert scope["x_t"].shape == scope["x0"].shape == (1, *denoisers.shape_of(denoise))


def denoisers_walk(denoise, x, sigmas):
    from genmodels.diffusion import samplers

    yield from samplers.ddim(bound(denoise), x, sigmas, generators(0, len(x)))


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_text_says_what_was_measured(lang):
    words = (TEXTS / f"diffusion.{lang}.md").read_text(encoding="utf-8")
    for name in NAMES:
        found = json.loads((hub.WEIGHTS / name / "metrics.json").read_text())["measures"]
        value = found.get("frechet")
        said = f"{100 * found['precision']:.1f}" if value is None else f"{value:.{1 + (value < 10)}f}"
        assert (said if lang == "en" else said.replace(".", ",")) in words, name


def test_every_checkpoint_of_the_tab_ships():
    assert all((hub.WEIGHTS / name / "model.safetensors").exists() for name in NAMES)


@pytest.mark.browser
def test_an_address_drowns_a_picture_and_the_film_runs(app, chromium):
    page = chromium.new_context(viewport={"width": 1280, "height": 1000}).new_page()
    errors: list[str] = []
    page.on("console", lambda m: m.type == "error" and errors.append(m.text))
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(f"{app.url}/diffusion?view=film&count=2&steps=5&seed=3", timeout=60_000)
    run = page.locator("#run-diffusion-film")
    run.wait_for(timeout=60_000)
    ranges = "[...document.querySelectorAll('input[type=range]')]"
    page.wait_for_function(f"() => {ranges}.some(i => i.value == '5' && i.max == '60')", timeout=60_000)
    run.click()
    images = page.locator("#tab-diffusion .result img:visible")
    images.nth(1).wait_for(timeout=60_000)
    page.locator("#tab-diffusion .result figure:visible").first.wait_for(timeout=60_000)
    assert errors == []
    page.context.close()
