"""The tab of the energy models with what ships in weights/: chains, landscape, energies, repair, buffer."""

from contextlib import closing

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from demos.energy import buffer, chain, compare, ground, landscape, models, repair, score, shown, training
from demos.kit import pixels

NAMES = [c.name for c in models.EBM]
DIGITS, GARMENTS = NAMES
BARE = {"stride": models.STRIDE, "noise": models.NOISE, "clip": models.CLIP}


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    """Walks as fast as they go, and five seconds of learning in half a one."""
    monkeypatch.setattr(pixels.Pace, "hold", lambda *_: None)
    monkeypatch.setattr(landscape, "LEARN", 0.4)


def every(steps):
    with closing(steps) as made:
        return list(made)


def last(steps):
    return every(steps)[-1]


def chained(name=DIGITS, start="noise", count=4, steps=60, calm=False, seed=1, lang="en", **how):
    how = BARE | how
    return chain.chain(name, start, count, steps, *how.values(), calm, seed, lang)


def walked(name, x, steps, seed, **how):
    """The same by hand, without the page."""
    from genmodels.energy import langevin as module

    luck = models.luck(seed, len(x))
    module.uniform((1, 28, 28), luck)  # what the start has drawn
    with models.use(name) as model:
        return module.last(module.langevin(model.energy, x, steps, models.walk(**(BARE | how)), luck))


def seven() -> Image.Image:
    board = Image.new("RGB", (280, 280), "white")
    ImageDraw.Draw(board).line([(80, 60), (200, 60), (130, 230)], "black", 24)
    return board


# ------------------------------------------------------------------------------------------ a chain


def test_a_chain_is_seen_on_its_way_and_ends_where_the_sampler_does(monkeypatch):
    seen = []
    real = chain.sheet
    monkeypatch.setattr(chain, "sheet", lambda x, *a: seen.append(x) or real(x, *a))
    steps = every(chained(count=3, seed=5))
    x, _ = models.start(DIGITS, "noise", 5, 3)
    assert torch.allclose(seen[-1][:, :1], walked(DIGITS, x, 60, 5).clamp(-1, 1), atol=1e-5)
    assert len(steps) >= 2 and steps[-1][3]["made"] == 3


def test_the_energy_of_a_chain_falls_from_that_of_noise():
    *_, (_, _, drawn, figures) = every(chained(steps=120))
    noise, real = (models.quantile(DIGITS, kind, 0.5) for kind in ("noise", "test"))
    assert figures["energy_now"] < noise - 0.5 * (noise - real) and "nan" not in drawn


def test_steps_too_small_leave_noise_and_too_much_noise_holds_it_up(monkeypatch):
    """However low the energy of the first: what tells is the black that pictures are mostly made of."""
    seen, real = [], chain.sheet
    monkeypatch.setattr(chain, "sheet", lambda x, *a: seen.append(x) or real(x, *a))
    light = {}
    for name, how in (("good", {}), ("small", {"stride": 0.5})):
        last(chained(steps=120, **how))
        light[name] = (seen[-1] < -0.8).float().mean().item()
    assert light["good"] > 0.6 and light["small"] < 0.5
    good, loud = (last(chained(steps=120, noise=noise))[3]["energy_now"] for noise in (0.01, 0.3))
    assert loud > good + 0.1


def test_beside_it_the_same_walk_without_noise():
    end = last(chained(calm=True, noise=0.2))
    assert end[3]["energy_calm"] < end[3]["energy_now"] and end[3]["made"] == 8
    assert end[0].width > 1.5 * last(chained())[0].width


def test_frames_are_dense_at_first_and_end_with_the_last_step():
    assert shown.moments(250)[0] == 0 and shown.moments(250)[-1] == 250
    gaps = np.diff(shown.moments(250))
    assert len(gaps) == 8 and gaps[0] < 5 < gaps[-1] and (np.diff(gaps) >= 0).all()
    seen = chain.Chains(100)
    assert seen.wanted == set(shown.moments(100))


@pytest.mark.parametrize("start", list(models.STARTS))
@pytest.mark.parametrize("name", NAMES)
def test_every_start_is_a_picture_and_its_code_makes_the_chain(name, start):
    x, luck = models.start(name, start, 62, 4)
    assert x.shape == (4, 1, 28, 28) and x.abs().max() <= 1 and len(luck) == 4
    space: dict = {}
    exec(chain.chain_code(name, start, 4, 10, *BARE.values(), False, 62), space)
    assert torch.allclose(space["start"], x, atol=1e-6)
    assert torch.allclose(space["x"], walked(name, x, 10, 62), atol=1e-4)


# ------------------------------------------------------------------------------------------ the landscape


def settled(rule, ground_name="ripples", begin="everywhere", stride=0.02, steps=200, **how):
    how = {"noise": 0.05, "clip": 3.0} | how
    return last(
        landscape.landscape(ground_name, False, rule, begin, stride, *how.values(), 400, steps, 1, "en")
    )


def test_an_exact_walk_settles_at_the_mean_energy_and_without_noise_points_are_stuck_or_too_deep():
    exact, still = (settled(rule)[2] for rule in ("exact", "still"))
    deep = settled("still", "moons")[2]
    assert exact["energy_now"] == pytest.approx(exact["energy_fair"], abs=0.3)
    assert still["energy_now"] > exact["energy_fair"] + 0.5  # in the hollows of the slope
    assert deep["energy_now"] < deep["energy_fair"] - 0.4  # on the valley's floor


def test_without_noise_points_stay_in_their_hollows():
    """Plain descent on the bowl: nearly all end where the slope is nothing, most of them high up."""
    from genmodels.energy.langevin import langevin, sloped

    x = landscape.where("everywhere", 300, torch.Generator().manual_seed(0))
    *_, end = langevin(ground.ripples, x, 400, landscape.how("still", 0.05, 0.3, 3.0), torch.Generator())
    energy, slope = sloped(ground.ripples, end.x)
    assert (slope.norm(dim=1) < 0.01).float().mean() > 0.95
    assert (energy > ground.ripples(torch.zeros(1, 2)) + 0.2).float().mean() > 0.6


def test_a_step_too_large_runs_away_and_the_page_stays():
    picture, drawn, figures = settled("exact", "eight_gaussians", stride=0.6, steps=40)
    assert (
        picture.size == (ground.SIDE, ground.SIDE)
        and "nan" not in drawn
        and np.isfinite(figures["energy_now"])
    )


def test_the_mean_on_the_map_is_the_entropy_where_the_energy_is_a_density():
    """E[-log p] by summing cells against the mean of exact samples."""
    from genmodels.data.points import density

    truth = density("moons")
    x = truth.sample(20_000, torch.Generator().manual_seed(0))
    assert ground.Ground(ground.energy_of("moons")).mean() == pytest.approx(
        -truth.log_prob(x).mean().item(), abs=0.05
    )


def test_the_ground_is_brightest_where_the_energy_is_lowest():
    page = np.asarray(ground.Ground(ground.ripples).image).astype(int)
    middle, corner = page[ground.SIDE // 2, ground.SIDE // 2], page[8, 8]
    assert middle[1] > corner[1] + 60
    assert np.asarray(ground.Ground(ground.ripples, 3.0).image).astype(int).sum() > page.sum()  # arrows


def test_it_learns_before_it_walks():
    steps = every(landscape.landscape("moons", True, "exact", "everywhere", 0.02, 0.05, 3.0, 50, 20, 1, "es"))
    assert steps[0][2]["step"] > 0 and "energy_fair" in steps[-1][2]


# ------------------------------------------------------------------------------------------ energies


@pytest.mark.parametrize("name", NAMES)
def test_real_lies_below_noise_and_negatives_far_above(name):
    found = {
        s: last(score.score(name, None, 1, 2, s, 1, "en"))[3]["energy_one"]
        for s in ("ours", "negative", "noise")
    }
    assert found["ours"] < found["noise"] and found["ours"] < found["negative"]


def test_a_visitors_drawing_is_asked_instead_and_said_what_was_done_to_it():
    page, drawn, note, figures = last(score.score(DIGITS, seven(), 3, 3, "black", 1, "en"))
    assert "20 × 20" in note and "yours" in drawn and page.width > 700
    assert figures["energy_one"] < models.quantile(DIGITS, "noise", 0.5)
    with pytest.raises(gr.Error):
        every(score.score(DIGITS, Image.new("RGB", (280, 280), "white"), 3, 3, "ours", 1, "en"))


def test_share_below_counts_held_out_pictures():
    assert score.below(DIGITS, 1e9) == 1 and score.below(DIGITS, -1e9) == 0
    assert score.below(DIGITS, models.quantile(DIGITS, "test", 0.5)) == pytest.approx(0.5, abs=0.03)


def test_a_histogram_holds_everything_once():
    edges = [0.0, 1.0, 2.0, 3.0]
    heights = score.histogram([0.5, 1.5, 1.6, 9.0], edges)
    assert sum(h**2 for h in heights) == pytest.approx(1) and heights[1] ** 2 == pytest.approx(0.5)


# ------------------------------------------------------------------------------------------ repair


def repaired(damage="bottom", hold=True, fill="even", steps=60, drawing=None, board=None, name=DIGITS):
    how = (steps, *BARE.values(), 1, "en")
    return last(repair.repair(name, drawing, board, 3, 3, damage, fill, hold, *how))


@pytest.mark.parametrize("damage", [d for d in repair.DAMAGES if d not in ("noise", "painted")])
def test_what_is_known_is_held_to_the_bit_or_let_go(damage):
    assert repaired(damage)[4]["altered"] == 0
    assert repaired(damage, hold=False)[4]["altered"] > 20


def test_noise_is_taken_out():
    figures = repaired("noise", steps=20)[4]
    assert figures["psnr_repaired"] > figures["psnr_damaged"] + 1


def test_repairs_of_noise_differ_and_of_black_begin_alike():
    luck = models.luck(1, repair.COUNT)
    x, _ = models.picture_of(DIGITS, None, 3, 3, "en")
    keep = repair.kept("bottom", None, 1)
    even, black = (repair.damage_of(x, "bottom", keep, fill, luck) for fill in ("even", "black"))
    assert torch.equal(black[0], black[5]) and not torch.equal(even[0], even[5])
    assert torch.equal(even[3, :, keep], x[0, :, keep]) and (black[0, :, ~keep] == -1).all()


def test_what_is_painted_is_what_stays():
    cells = np.zeros((16, 16), bool)
    cells[:, :4] = True
    assert torch.equal(repair.kept("painted", (None, cells), 1), torch.arange(28)[None].expand(28, 28) < 7)
    assert repaired("painted", board=(None, cells))[4]["altered"] == 0


def test_the_code_of_a_repair_makes_it(monkeypatch):
    seen = []
    monkeypatch.setattr(repair, "after", lambda x, held: seen.append(x) or Image.new("RGBA", (8, 8)))
    for damage in ("bottom", "middle", "specks", "noise"):
        repaired(damage, steps=10)
        space: dict = {}
        exec(repair.repair_code(DIGITS, None, None, 3, 3, damage, "even", True, 10, *BARE.values(), 1), space)
        assert torch.allclose(space["x"], seen[-1], atol=1e-4), damage


# ------------------------------------------------------------------------------------------ buffer, training


@pytest.mark.parametrize("name", NAMES)
def test_a_chain_of_the_buffer_goes_on_from_where_it_was(name):
    page, row, drawn, figures = last(buffer.buffer(name, 9, 40, *BARE.values(), 1, "en"))
    kept, ages = models.buffer(name)
    assert figures["age"] == ages[8] + 40 and ages == sorted(ages, reverse=True)
    assert kept.shape == (64, 1, 28, 28) and page.width > row.height and "svg" in drawn


def test_a_click_names_the_chain_that_was_clicked():
    kept, ages = models.buffer(DIGITS)
    page = buffer.all_of(kept, ages, 1, "en")

    def at(x: float, y: float) -> int:
        return buffer.clicked(0, gr.SelectData(None, {"index": [x, y], "value": None}))[0]

    assert at(5, 60) == 1 and at(page.width - 5, 60) == buffer.COLUMNS
    assert at(page.width - 5, page.height - 30) == 64 and at(page.width - 5, page.height + 99) == 64


@pytest.mark.parametrize("name", NAMES)
def test_the_film_and_the_curves_are_of_one_training(name):
    story, film = models.story(name), models.film(name)
    assert len(film) == len(story["moments"]) and film.shape[1:] == (6, 28, 28)
    first, later = (last(training.training(name, m, "en")) for m in (1, len(film)))
    assert first[0].tobytes() != later[0].tobytes() and later[1].count("<svg") == 3 and "nan" not in later[1]


def test_relu_leaps_where_swish_bends():
    figures = last(training.bend(DIGITS, 1, "en"))[1]
    assert figures["kinks_relu"] > 2 * figures["kinks_swish"]


def test_three_models_draw_the_same_number_and_the_chain_takes_most():
    steps = every(compare.compare(50, 1, "es"))
    assert len(steps) >= 3 and "modelo de energía" in steps[-1][1]
    drawn = last(compare.chains(50, 1)), last(compare.vae(1)), last(compare.gan(1))
    assert all(d.x.shape == (compare.COUNT, 1, 28, 28) for d in drawn)
    assert [d.passes for d in drawn] == [50, 1, 1]


# ------------------------------------------------------------------------------------------ in a browser


@pytest.mark.browser
def test_a_chain_moves_on_the_page(app, chromium):
    page = chromium.new_context(viewport={"width": 1280, "height": 1000}).new_page()
    errors: list[str] = []
    page.on("console", lambda m: m.type == "error" and errors.append(m.text))
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(f"{app.url}/energy?view=chain&steps=60&count=4")  # which runs it
    image = page.locator("#tab-energy .result img:visible").first
    image.wait_for(timeout=60_000)
    before = image.get_attribute("src")
    visible = "[...document.querySelectorAll('#tab-energy .result img')].find(i => i.offsetParent)"
    page.wait_for_function(f"([old]) => {visible}?.src != old", arg=[before], timeout=60_000)
    page.wait_for_function("document.querySelector('#tab-energy .result svg polyline')", timeout=60_000)
    assert errors == []
    page.context.close()
