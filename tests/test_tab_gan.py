"""The tab of the image GANs with what ships in weights/, and its measures on pictures made for them."""

from contextlib import closing
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from demos.gan import between, checkerboard, compare, film, judge, models, nearest, reel, sample, shown, walk
from demos.kit import card, plots
from genmodels import hub
from genmodels.gan.checkpoints import DCGANS, WGANS
from genmodels.gan.latent import truncated
from genmodels.metrics import prints, spectrum
from genmodels.nn.paths import arc, line

GP, PLAIN = models.PENALISED, models.TRANSPOSED
NAMES = [c.name for c in models.GANS]


def last(steps):
    with closing(steps) as made:
        *_, end = made
    return end


def pixels(picture: Image.Image) -> bytes:
    return picture.tobytes()


def drawn(name: str, seed: int, count: int, threshold: float = float("inf")) -> torch.Tensor:
    with models.use(name) as model:
        return models.draw(model, models.noise(model, seed, count, threshold))


# ------------------------------------------------------------------------------------------ the interface


def test_the_picker_offers_every_gan_of_faces_and_each_has_its_class():
    assert sorted(NAMES) == sorted(c.name for c in (*DCGANS, *WGANS)) == sorted(models.SHORT)
    for name in NAMES:
        kind = models.kind(name)
        assert kind.__name__ in models.loading(name)
        with models.use(name) as model:
            assert type(model) is kind
            x = models.draw(model, models.noise(model, 0, 2))
            own = model.discriminator if kind.__name__ == "DCGAN" else model.critic
            assert torch.equal(models.score(model, x), own(x))
            assert getattr(model, models.judging(name).removeprefix("gan.")) is own


@pytest.mark.parametrize("name", [n for n in NAMES if n != models.CLIPPED])
def test_judges_that_learnt_score_real_faces_above_generated_ones(name):
    with models.use(name) as model:
        made = models.score(model, models.draw(model, models.noise(model, 3, 16)))
        real = models.score(model, models.painted(models.held_out(3, 16)))
    assert judge.figures([made[:1], real, made])["told_apart"] > 0.6


def test_held_out_seeds_were_never_trained_on():
    for seed in (0, 1, 3_999, 2**31 - 1):
        seeds = models.held_out(seed, 96)
        assert len(seeds) == 96 and seeds.start >= 36_000 and seeds.stop <= 40_000


# ------------------------------------------------------------------------------------------ sample


def test_a_face_depends_on_its_own_seed_alone():
    assert torch.allclose(drawn(GP, 5, 6)[3:4], drawn(GP, 8, 1), atol=1e-5)
    assert not torch.allclose(drawn(GP, 5, 1), drawn(GP, 6, 1), atol=0.05)


def test_truncation_to_nothing_is_one_face_and_four_is_no_truncation():
    one = drawn(PLAIN, 1, 3, 0.0)
    assert torch.allclose(one, one[:1].expand(3, -1, -1, -1), atol=1e-6)
    assert sample.cut(sample.FREE) == float("inf") and sample.cut(3.9) == 3.9


def test_the_best_come_first_and_the_best_quarter_is_better():
    scores = torch.tensor([0.5, -1.0, 3.0, 2.0])
    assert sample.chosen(scores, "best", 4).tolist() == [2, 3, 0, 1]
    assert sample.chosen(scores, "seed", 4).tolist() == [0, 1, 2, 3]
    assert sample.chosen(scores, "quarter", 1).tolist() == [2]
    plain = last(sample.sample(PLAIN, 1, 4, 4.0, "seed", True, "en"))
    best = last(sample.sample(PLAIN, 1, 4, 4.0, "quarter", True, "en"))
    assert best[1]["mean_score"] > plain[1]["mean_score"] and best[1]["made"] == 4 * plain[1]["made"]


@pytest.mark.parametrize("scores", [True, False])
def test_a_seed_is_a_picture(scores):
    first = last(sample.sample(GP, 7, 3, 2.0, "seed", scores, "es"))[0]
    assert pixels(first) == pixels(last(sample.sample(GP, 7, 3, 2.0, "seed", scores, "es"))[0])


@pytest.mark.parametrize("order", ["seed", "quarter"])
def test_the_code_of_a_sample_makes_the_sample(order, monkeypatch):
    space: dict = {}
    exec(sample.sample_code(GP, 2, 3, 1.5, order, False), space)
    seen = []
    monkeypatch.setattr(sample, "grid", lambda x, *_: seen.append(x))
    last(sample.sample(GP, 2, 3, 1.5, order, False, "en"))
    assert torch.allclose(space["x"], seen[-1], atol=1e-5)


# ------------------------------------------------------------------------------------------ film


@pytest.mark.parametrize("name", NAMES)
def test_a_film_has_a_dozen_moments_and_curves_of_one_length(name):
    found = reel.reel(name)
    assert found.pixels.shape == (reel.MOMENTS, reel.COLUMNS, 64, 64, 3) and len(found.moments) == 12
    steps = [m["step"] for m in found.moments]
    assert steps == sorted(steps) and len({len(v) for v in found.curves.values()}) == 1
    wanted = {"right_real", "right_fake"} if name in (models.TRANSPOSED, models.REPEATED) else {"gap"}
    assert wanted <= found.curves.keys() and ("penalty" in found.curves) == (name == GP)


def test_the_scrubber_picks_its_row_and_its_column():
    with Image.open(hub.WEIGHTS / PLAIN / "film.webp") as sheet:
        whole = np.asarray(sheet.convert("RGB"))
    found = reel.reel(PLAIN)
    at = (found.at(3)[5] + 1) * 127.5
    assert np.array_equal(at.permute(1, 2, 0).round().byte().numpy(), whole[128:192, 320:384])
    assert torch.equal(found.of(5)[2], found.at(3)[5])


def test_the_last_moment_is_what_the_shipped_model_draws():
    away = (reel.reel(PLAIN).at(12) - drawn(PLAIN, 0, 12)).abs().mean()
    other = (reel.reel(PLAIN).at(12) - drawn(PLAIN, 12, 12)).abs().mean()
    assert away < 0.1 < other  # what is left is the film's compression


def test_each_moment_is_another_picture_with_its_own_line():
    first, later = (last(film.film(PLAIN, m, 0, "en")) for m in (2, 9))
    assert pixels(first[0]) != pixels(later[0]) and pixels(first[1]) != pixels(later[1])
    assert first[2] != later[2] and first[2].count("<svg") == 2
    assert last(film.film(GP, 9, 0, "es"))[2].count("<svg") == 3
    assert "nan" not in first[2]


def test_the_training_as_a_film():
    path, _ = last(film.play(models.CLIPPED, "en"))
    with Image.open(path) as picture:
        assert picture.format == "GIF" and picture.n_frames > 20


# ------------------------------------------------------------------------------------------ walk


def test_walks_start_and_end_where_they_should():
    a, b = truncated(4, 2, 64)
    for way in (line, arc):
        assert torch.allclose(way(a, b, torch.tensor([0.0, 1.0])), torch.stack([a, b]), atol=1e-4)
    half = torch.tensor([0.5])
    assert line(a, b, half).norm() < 0.9 * arc(a, b, half).norm()
    assert abs(arc(a, b, half).norm() - (a.norm() + b.norm()) / 2) < 1e-3


def test_a_walk_is_a_film_two_strips_and_two_plots():
    path, strips, svg, _ = last(walk.walk(GP, 3, 7, 4.0, "arc", "es"))
    with Image.open(path) as picture:
        assert picture.format == "GIF" and picture.n_frames == 2 * walk.FRAMES - 2
    assert strips.width > 1000 and svg.count("<svg") == 2 and "nan" not in svg


# ------------------------------------------------------------------------------------------ judge


def test_told_apart_is_a_chance():
    real, made = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([-1.0, 0.0])
    chance = [
        judge.figures([real, a, b])["told_apart"] for a, b in ((real, made), (made, real), (real, real))
    ]
    assert chance == [1.0, 0.0, 0.5]


def test_a_histogram_holds_every_value_once():
    edges = [0.0, 0.5, 1.0]
    assert judge.histogram([0.1, 0.2, 0.9, 1.0], edges) == [0.5, 0.5]


@pytest.mark.parametrize("stranger", list(judge.STRANGERS))
def test_whatever_is_shown_gets_a_score(stranger):
    picture, svg, figures = last(judge.judge(PLAIN, None, stranger, 1, 8, "en"))
    assert picture.width > 600 and judge.STRANGERS[stranger][0] in svg and 0 <= figures["told_apart"] <= 1


def test_your_own_picture_is_what_is_judged():
    noise = Image.effect_noise((300, 200), 80).convert("RGB")
    mine, blank = (last(judge.judge(GP, board, "grey", 1, 8, "es")) for board in (noise, None))
    assert pixels(mine[0]) != pixels(blank[0]) and "la tuya" in mine[1] and "gris liso" in blank[1]


def test_the_judge_looks_where_its_slope_is():
    slope = torch.zeros(1, 3, 64, 64)
    slope[0, 1, 40:44, 20:24] = 2.0
    seen = shown.look(slope)[0].mean(0)
    place = seen.argmax().item()
    assert 39 <= place // 64 <= 44 and 19 <= place % 64 <= 24 and seen[0, 0] == seen.min()


# ------------------------------------------------------------------------------------------ nearest


@pytest.fixture(scope="module")
def table():
    return prints.Prints.from_pretrained(nearest.PRINTS)


def test_a_training_face_is_its_own_nearest(table):
    seeds = [17, 35_999]
    found = list(prints.nearest(table, models.painted(seeds)))
    assert [f.seed for f in found] == seeds and all(f.away < 1e-3 for f in found)


def test_a_copy_with_noise_is_still_found(table):
    x = models.painted([1234])
    noisy = x + 0.1 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    (found,) = prints.nearest(table, noisy)
    assert found.seed == 1234 and found.away == pytest.approx(127.5 * 0.1 * (2 / np.pi) ** 0.5, rel=0.05)


def test_prints_of_few_faces_order_them_by_likeness():
    x = models.painted(range(40))
    small = prints.Prints.fit(iter(x.split(15)), prints.PrintsConfig(count=40, side=8, numbers=12))
    assert small.candidates(x, 1)[:, 0].tolist() == list(range(40))
    assert torch.allclose(small.basis @ small.basis.T, torch.eye(12), atol=1e-4)


def test_the_table_that_ships_is_golden_and_says_how_good_it_is(table):
    from safetensors.torch import load_file

    golden = load_file(hub.WEIGHTS / nearest.PRINTS / "golden.safetensors")
    assert torch.allclose(table.of(golden["x"]), golden["print"], atol=2e-3)
    known = card.metrics(nearest.PRINTS)["measures"]
    assert known["found"] > 0.8 and known["l1_near"] < known["l1_typical"] < known["l1_far"]


def test_held_out_faces_are_looked_up_beside_the_generated(table):
    steps = list(nearest.nearest(PLAIN, 1, 2, "en"))
    page, svg, figures = steps[-1]
    assert len(steps) == 2 and set(figures) == {"l1_made", "l1_real"} and min(figures.values()) > 1
    assert page.height > 700 and svg.count("<svg") == 1


# ------------------------------------------------------------------------------------------ between


class Ramp:
    """A model whose judge is a plane of known slope, and whose generator paints grey."""

    device, dtype, config = torch.device("cpu"), torch.float32, SimpleNamespace(latent=4)

    def generator(self, z):
        return torch.zeros(len(z), 3, 8, 8)

    def critic(self, x):
        return 0.5 * x.flatten(1).sum(1)


def test_the_way_ends_at_the_generated_and_at_the_real_one():
    real = torch.ones(2, 3, 8, 8)
    found = between.way(Ramp(), real, torch.zeros(2, 4))
    assert torch.equal(found.x[0], torch.zeros(3, 8, 8)) and torch.equal(found.x[-1], real[0])
    assert found.norms == pytest.approx([0.5 * 192**0.5] * between.STEPS)  # the plane's slope, everywhere
    assert found.scores == pytest.approx([96.0 * k / 9 for k in range(10)]) and found.far == pytest.approx(
        192**0.5
    )
    assert between.climb(found.scores) == pytest.approx([k / 9 for k in range(10)])
    assert between.climb([2.0, 2.0]) == [0.0, 0.0]


def test_the_penalty_keeps_the_slope_nearer_to_one_than_clipping_or_nothing():
    real, away = models.painted(models.held_out(5, 2)), {}
    for name in (GP, PLAIN, models.CLIPPED):
        with models.use(name) as model:
            norms = between.way(model, real, models.noise(model, 1, 2)).norms
        away[name] = max(abs(np.log(n)) for n in norms)
    assert away[GP] < min(away[PLAIN], away[models.CLIPPED]) and away[GP] < np.log(2)


def test_all_judges_stand_in_the_table():
    strip, curves, rows, figures = last(between.between(GP, 1, 5, 1, "en"))
    assert strip.width > 1000 and curves.count("<svg") == 2 and rows.count("<tr>") == 5
    assert all(models.short(name, "en") in rows for name in NAMES) and figures["slope_mean"] > 0


# ------------------------------------------------------------------------------------------ checkerboards


def board(period: int = 2) -> torch.Tensor:
    sign = (torch.arange(64) % period < period // 2).float() * 2 - 1
    return sign[:, None] * sign


def test_a_checkerboard_peaks_at_the_finest_wave_and_noise_does_not():
    noise = 0.1 * torch.randn(6, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert abs(spectrum.peak(spectrum.power(noise))) < 1.5
    assert spectrum.peak(spectrum.power(noise + 0.3 * board())) > 15
    assert spectrum.peak(spectrum.power(noise + 0.3 * board()[:1])) > 15  # stripes, too
    assert abs(spectrum.peak(spectrum.power(noise + 0.3 * board(8)))) < 3


def test_a_wave_stands_at_its_own_place():
    wave = torch.cos(2 * torch.pi * 12 / 64 * torch.arange(64.0))
    power = spectrum.power(wave.expand(1, 1, 64, 64))
    assert divmod(int(power.argmax()), 64) in ((32, 20), (32, 44))  # 12 to either side of the middle
    assert int(spectrum.rows(power)[4:].argmax()) + 4 == 12


def test_stamps_are_even_where_the_kernel_is_a_multiple_of_the_stride():
    for kernel in range(2, 7):
        for stride in (1, 2, 3):
            laid = spectrum.stamps(kernel, stride, 16)[kernel + 3 : -kernel - 3, kernel + 3 : -kernel - 3]
            uneven = laid.min() < laid.max()
            assert uneven == (kernel % stride > 0) and laid.mean() == pytest.approx(
                (kernel / stride) ** 2, rel=0.2
            )
            words = checkerboard.stamps(kernel, stride, "en")
            assert ("more stamps than others" in words) == uneven


def test_transposed_convolutions_leave_what_repeated_pixels_do_not():
    *_, figures = last(checkerboard.checkerboard(0, 4, 3, 2, "en"))
    assert figures["peak_transposed"] > figures["peak_repeated"] + 3


# ------------------------------------------------------------------------------------------ side by side


def test_all_models_draw_and_what_was_not_measured_is_a_dash(monkeypatch):
    monkeypatch.setattr(card, "metrics", lambda name: {"measures": {"frechet": 12.5}})
    picture, rows, figures = last(compare.compare(1, "en"))
    assert picture.height > 600 and figures["made"] == 4 * compare.COLUMNS
    assert rows.count("12.5") == 3 and rows.count("—") == 3 * 4 + 5
    assert rows.count("0.46 M") == 3  # three ways to train one generator


# ------------------------------------------------------------------------------------------ the page


def test_words_in_plots_stay_inside():
    axes = plots.Axes((0, 1), (0, 1))
    assert "text-anchor='end'" in shown.upright(0.9, "yours")(axes)
    assert "text-anchor='start'" in shown.upright(0.1, "yours")(axes)
    assert shown.spread(2.0, 2.0)[0] < 2.0 < shown.spread(2.0, 2.0)[1]


@pytest.mark.browser
def test_the_scrubber_changes_the_picture(app, chromium):
    page = chromium.new_context(viewport={"width": 1280, "height": 1000}).new_page()
    errors: list[str] = []
    page.on("console", lambda m: m.type == "error" and errors.append(m.text))
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(f"{app.url}/gan?view=film&checkpoint={PLAIN}&moment=12")
    image = page.locator("#view-gan-film img:visible, #tab-gan .result img:visible").first
    image.wait_for(timeout=60_000)
    before = image.get_attribute("src")
    slider = page.locator("#tab-gan input[type=range]:visible").first
    slider.focus()
    page.keyboard.press("ArrowLeft")
    visible = "[...document.querySelectorAll('#tab-gan .result img')].find(i => i.offsetParent)"
    changed = f"([old]) => {visible}?.src != old"
    page.wait_for_function(changed, arg=[before], timeout=30_000)
    assert slider.input_value() == "11" and errors == []
    page.context.close()
