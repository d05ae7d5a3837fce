"""The tab of the PixelCNNs: what its views draw against what models say, what visitors bring, numbers."""

import json
import math
import re

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from demos.kit import pixels
from demos.kit.tab import TEXTS
from demos.pixelcnn import complete, likelihood, mixture, models, pictures, sample, sees, timer
from demos.pixelcnn.models import ANY, EACH, GATED, MIXTURE, MNIST, MODELS
from genmodels import hub
from genmodels.data import digits as painter

PLAIN, RNN = "pixelcnn-fashion", "pixelcnn-fashion-rnn"
ALL = [c.name for c in MODELS]


def last(steps):
    *_, end = steps
    return end


@pytest.fixture
def at_once(monkeypatch):
    """Drawings are not held back to be watched."""
    monkeypatch.setattr(pixels.time, "sleep", lambda seconds: None)


# ---------------------------------------------------------------------------- pictures and clicks


@pytest.mark.parametrize("count", [1, 2, 5, 16, 50, 64])
@pytest.mark.parametrize("side", [16, 28])
def test_a_click_finds_the_pixel_that_was_painted(count, side):
    """One pixel is lit, looked for on the sheet, and clicked."""
    rng = np.random.default_rng(count)
    k, i, j = int(rng.integers(count)), *(int(v) for v in rng.integers(side, size=2))
    x = torch.full((count, 3, side, side), -1.0)
    x[k, :, i, j] = 1
    rows, columns = np.nonzero(np.asarray(pixels.sheet(x).convert("L")) == 255)
    seen = np.asarray(pixels.sheet(x))[..., 3] == 255
    assert seen[rows, columns].all()
    for y, xx in ((rows.min(), columns.min()), (rows.max(), columns.max())):
        assert pixels.place((xx, y), count, side) == (k, i, j)


def test_a_click_between_pictures_finds_one_all_the_same():
    for at in ((10_000, 10_000), (0, 0), (639, 3), (641.7, 641.2)):
        k, i, j = pixels.place(at, 5, 16)
        assert 0 <= k < 5 and 0 <= i < 16 and 0 <= j < 16


def test_what_is_not_drawn_yet_is_blank_unless_it_is_kept():
    x, keep = torch.zeros(1, 1, 4, 4, dtype=torch.long), torch.zeros(4, 4, dtype=torch.bool)
    keep[3] = True
    shown = pictures.seen(x, 4, 6, keep)
    blank = (shown[0] - torch.tensor(pixels.BLANK)[:, None, None]).abs().sum(0) < 1e-6
    assert blank.flatten().tolist() == [False] * 6 + [True] * 6 + [False] * 4
    assert (shown[0, :, ~blank] == -1).all()


def test_a_drawing_takes_its_time_and_no_more(monkeypatch):
    slept = []
    monkeypatch.setattr(pixels.time, "sleep", slept.append)
    held, free = pixels.Pace(100, 10.0), pixels.Pace(100, 0.0)
    held.due(50), free.due(50)
    assert len(slept) == 1 and 4.5 < slept[0] <= 5.0
    assert free.due(100, last=True)


# ---------------------------------------------------------------------------- drawing


@pytest.mark.parametrize("name", ALL)
def test_any_model_draws_and_says_its_bits(name, at_once):
    """The map that grows with the drawing is the likelihood of the finished pictures."""
    *_, found = last(sample.sample(name, 3, 2, 1.0, ANY, 0, "en"))
    x = last(sample.drawn(name, 3, 2, 1.0, ANY))
    with models.use(name) as model, torch.no_grad():
        bits = -model.log_prob(x.to(model.device)).float().mean().item() / math.log(2)
    assert found["bits_per_dim_drawn"] == pytest.approx(bits, rel=2e-3)
    assert found["bits_per_dim"] == models.measured(name) and found["made"] == 2


def test_a_click_looks_at_the_very_drawing_that_is_shown(at_once):
    """The pixel's value is that of the sheet; its chances sum to one and its bits are its own."""
    key = (GATED, 5, 4, 0.8, EACH)
    last(sample.sample(*key, 0, "en"))
    kept = sample._drawn.pop(key)
    again = last(sample.drawn(*key))
    assert torch.equal(kept.long(), again)
    page, chart, found = last(sample.pixel(*key, 3, 9, 8, "en"))
    assert f"Picked: {again[2, 0, 8, 7].item()}," in chart and "temperature 0.8" in chart
    assert found["bits"] >= 0 and 0 <= found["entropy"] <= 2 and page.width == 352


def test_rows_beyond_a_small_picture_mean_its_last(at_once):
    one = last(sample.pixel(GATED, 5, 2, 1.0, ANY, 64, 28, 28, "es"))
    other = last(sample.pixel(GATED, 5, 2, 1.0, ANY, 2, 16, 16, "es"))
    assert one[1] == other[1] and "Imagen 2, fila 16" in one[1]


def test_only_models_that_know_classes_are_told(at_once):
    assert models.told(PLAIN, 3, 4) == {} and models.told(GATED, ANY, 4) == {}
    assert models.told(GATED, EACH, 12)["labels"].tolist() == [*range(10), 0, 1]
    assert models.told(MNIST, 7, 2)["labels"].tolist() == [7, 7]
    assert "never learnt" in sample.about(RNN, 3, "en") and "warn" not in sample.about(GATED, 3, "en")


def test_drawings_that_clicks_need_are_few():
    for k in range(2 * sample.KEPT):
        sample.remember(("none", k), torch.zeros(1))
    assert len(sample._drawn) <= sample.KEPT
    sample._drawn.clear()


# ---------------------------------------------------------------------------- completing


@pytest.mark.parametrize("name", ALL)
def test_what_is_kept_is_never_altered(name, at_once):
    cells = np.random.default_rng(1).random((16, 16)) < 0.5
    *_, found = last(complete.complete(name, None, (None, cells), 2, 1, "painted", 4, 1.3, 7, "en"))
    assert found == {"made": 6.0, "altered": 0}


@pytest.mark.parametrize("keep", ["top", "left", "frame", "painted"])
@pytest.mark.parametrize("side", [16, 28])
def test_cells_of_the_board_are_pixels_of_the_picture(keep, side):
    board = (None, np.eye(16, dtype=bool))
    cells = pixels.kept_cells(keep, board)
    kept = pixels.kept_pixels(cells, side)
    assert kept.shape == (side, side) and kept.float().mean() == pytest.approx(cells.mean(), abs=0.06)
    if side == 16:
        assert np.array_equal(kept.numpy(), cells)


def test_nothing_and_everything_may_be_kept(at_once):
    for board in (None, (None, np.ones((16, 16), bool))):
        args = (GATED, None, board, 9, 3, "painted", ANY, 1.0, 1, "es")
        first, six, _, found = last(complete.complete(*args))
        assert found["altered"] == 0 and first.width > 100 and six.width > 100


def test_the_board_follows_what_is_chosen_and_leaves_a_painting_alone():
    page, cells = complete.under(MNIST, None, None, 3, 1, "left")
    assert page.size == (28, 28) and cells[:, :8].all() and not cells[:, 8:].any()
    painted = (None, np.eye(16, dtype=bool))
    assert complete.under(GATED, None, painted, 3, 1, "painted")[1].trace() == 16
    assert complete.preset(GATED, None, painted, 3, 1, "painted") == gr.skip()
    assert complete.under(GATED, Image.new("RGB", (99, 99), "white"), None, 3, 1, "top") == gr.skip()


# ---------------------------------------------------------------------------- likelihood


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("foreign", [False, True])
def test_the_bits_of_a_picture_are_the_sum_of_its_pixels(name, foreign):
    page, words, rows, classes, found = last(likelihood.likelihood(name, None, 1, 2, foreign, "en"))
    x, _ = pictures.picture_of(name, None, 1, 2, "en", foreign)
    with models.use(name) as model, torch.no_grad():
        nats = -model.log_prob(x.to(model.device)).double().sum().item()
    assert found["nats"] == pytest.approx(nats, rel=1e-4)
    assert found["bits"] / x.numel() == pytest.approx(found["bits_per_dim"])
    assert "this one" in words and "bytes from an arithmetic coder" in words
    assert ("never learnt classes" in classes) is not models.knows_classes(name)
    assert rows.count("<tr>") == 1 + (3 if name in (PLAIN, RNN, GATED) else 2 if name == MIXTURE else 1)


def test_the_class_is_bayes_rule():
    x, _ = pictures.picture_of(GATED, None, 9, 3, "en")
    with models.use(GATED) as model, torch.no_grad():
        told = [model.log_prob(x, torch.tensor([k])).double().sum().item() for k in range(10)]
    chances = np.exp(np.array(told) - max(told))
    chances /= chances.sum()
    shown = re.findall(r"<em[^>]*>(?:&lt; )?([\d.]+) %</em>", likelihood.by_class(GATED, x, "en"))
    assert [float(v) / 100 for v in shown] == pytest.approx(chances.tolist(), abs=1.1e-3)


def test_our_boot_is_a_boot():
    x, _ = pictures.picture_of(GATED, None, 9, 3, "en")
    winner = likelihood.by_class(GATED, x, "en").split("bar-row warm")[1].split("</span>")[0]
    assert "ankle boot" in winner


# ---------------------------------------------------------------------------- what a pixel sees


@pytest.mark.parametrize("kernel", [3, 5, 7, 9])
def test_masks_are_those_of_the_model(kernel):
    from genmodels.autoregressive import pixelcnn

    for kind in "AB":
        assert np.array_equal(sees.mask(kind, kernel), pixelcnn.mask(kind, kernel).bool().numpy())
        assert f"Mask {kind}: {sees.mask(kind, kernel).sum()} of {kernel**2}" in sees.masks(kernel, "en")


def test_a_stack_sees_what_its_convolutions_see():
    """Against masked convolutions of ones, and the blind wedge by hand: one column right for one row up."""
    from torch.nn.functional import conv2d

    from genmodels.autoregressive.pixelcnn import mask

    i, j, depth = 10, 5, 4
    x = torch.zeros(1, 1, 16, 16, requires_grad=True)
    y = x
    for kind in ("A", *["B"] * depth):
        y = conv2d(y, mask(kind, 3)[None, None], padding=1)
    (slope,) = torch.autograd.grad(y[0, 0, i, j], x)
    field = sees.stacked(3, depth, i, j)
    assert np.array_equal(field, (slope[0, 0] > 0).numpy())
    deep = sees.stacked(3, 30, i, j)
    assert all(deep[i - up, j + right] == (right <= up) for up in range(1, 8) for right in range(1, 8))


def test_no_network_sees_the_future_and_the_gated_one_sees_all_the_past():
    for name in (PLAIN, GATED, RNN):
        for i, j in ((0, 0), (0, 5), (8, 7), (15, 15)):
            found = sees.looked_at(name, i, j) > 0
            earlier = sees.before(i, j)
            assert not (found & ~earlier).any(), (name, i, j)
            if name == GATED:
                assert found[earlier].all(), (i, j)
    assert (sees.before(8, 7) & ~(sees.looked_at(PLAIN, 8, 7) > 0)).sum() >= 10


def test_a_click_on_a_field_asks_from_there():
    page = sees.marked(pixels.sheet(torch.zeros(1, 3, 16, 16), "x", 1, sees.WIDE), 3, 12)
    red = np.asarray(page.convert("RGB")).astype(int)
    rows, columns = np.nonzero(np.abs(red - pixels.ALARM).sum(-1) == 0)
    middle = [(columns.min() + columns.max()) / 2, (rows.min() + rows.max()) / 2]
    second = [middle[0] + sees.WIDE + sees.plates.AIR, middle[1]]
    for at in (middle, second):
        assert sees.clicked(4, gr.SelectData(None, {"index": at, "value": None})) == (4, 13, 5)


# ---------------------------------------------------------------------------- the mixture

BUMPS = [v for bump in mixture.BUMPS for v in bump]


def test_the_mixture_is_the_formula():
    """Differences of logistic distribution functions, with open ends."""
    bumps = [(0.5, 40.0, 6.0), (0.3, 120.0, 14.0), (0.2, 250.0, 30.0)]
    chances, parts = mixture.mixed(mixture.parameters(bumps))
    edges = np.array([-np.inf, *np.arange(0.5, 255), np.inf])
    want = np.zeros(256)
    for w, m, s in bumps:
        with np.errstate(over="ignore"):
            want += w * np.diff(1 / (1 + np.exp(-(edges - m) / s)))
    assert np.allclose(chances.numpy(), want, atol=2e-6) and chances.sum().item() == pytest.approx(
        1, abs=1e-5
    )
    assert np.allclose(parts.sum(0).numpy(), want, atol=2e-6)


def test_weights_are_shares_and_all_at_zero_is_refused():
    assert mixture.chosen((2.0, 10, 3, 0, 1, 1, 6.0, 20, 4), "en") == [(0.25, 10, 3), (0.75, 20, 4)]
    with pytest.raises(gr.Error, match="Todos los pesos"):
        mixture.chosen((0, 10, 3), "es")
    *_, words, found = last(mixture.mixture(*BUMPS, 1, "en"))
    assert "<b>9 numbers</b>" in words and found["mean"] == pytest.approx(0.5 * 40 + 36 + 43, abs=2)


def test_the_prediction_at_a_pixel_is_the_model_s(at_once):
    """The mixture as drawn here against the head's own log-probability of the value."""
    page, shown, found = last(mixture.predicted(4, 12, 14, "en"))
    x = last(sample.drawn(MIXTURE, 4, 1, 1.0, ANY))
    with models.use(MIXTURE) as model, torch.no_grad():
        nats = -model.log_prob(x.to(model.device))[0, 11, 13].item()
    assert found["bits"] == pytest.approx(nats / math.log(2), rel=1e-2, abs=1e-2)
    assert f"Picked: {x[0, 0, 11, 13].item()}" in shown and page.size == (420, 420)


# ---------------------------------------------------------------------------- the price


def test_the_race_ends_with_the_same_pictures(monkeypatch):
    *_, bars, found = last(timer.timer(RNN, 1, 2, "en"))
    assert "256 of 256 pixels are equal" in bars and found["faster"] > 2 and found["slower"] > 1


def test_the_plain_way_is_stopped_in_time(monkeypatch):
    monkeypatch.setattr(timer, "LIMIT", 0.3)
    *_, bars, found = last(timer.timer(MIXTURE, 1, 2, "es"))
    assert "se la detuvo" in bars and found["faster"] > 1


# ---------------------------------------------------------------------------- what a visitor brings


def ink(*, light_on_dark: bool) -> Image.Image:
    ground, pen = ("black", "white") if light_on_dark else ("white", "black")
    page = Image.new("RGB", (280, 280), ground)
    ImageDraw.Draw(page).line((120, 60, 150, 40, 150, 230), fill=pen, width=20)
    return page


@pytest.mark.parametrize("light_on_dark", [True, False])
def test_a_digit_becomes_like_mnist_whatever_its_ground(light_on_dark):
    page, done = pictures.like_mnist(ink(light_on_dark=light_on_dark), "en")
    pixels = np.asarray(page)
    assert page.size == (28, 28) and len(done) == (1 if light_on_dark else 2)
    lit = np.argwhere(pixels > 127)
    assert 18 <= np.ptp(lit[:, 0]) + 1 <= 20 and np.abs(lit.mean(0) - 13.5).max() < 1.5


@pytest.mark.parametrize("name", ALL)
def test_any_model_takes_a_drawing(name):
    x, note = pictures.picture_of(name, ink(light_on_dark=False), 0, 0, "en")
    assert x.shape == (1, 1, *models.config(name)["size"]) and x.max() < models.levels(name)
    assert x.max() > 0 and note.startswith("<p>Your picture was inverted")


def test_an_empty_picture_is_refused_in_the_visitor_s_language():
    for name in (GATED, MNIST):
        with pytest.raises(gr.Error, match="casi no tiene nada"):
            pictures.picture_of(name, Image.new("RGB", (90, 90), "white"), 0, 0, "es")


def test_our_digits_are_ten_kinds_and_the_seed_is_all_that_changes_them():
    pages = [np.asarray(painter.digit(kind, 1)) for kind in range(10)]
    assert all(p.shape == (28, 28) and p.max() > 200 and p[0].max() == 0 for p in pages)
    assert len({p.tobytes() for p in pages}) == 10
    assert np.array_equal(pages[4], np.asarray(painter.digit(4, 1)))
    assert not np.array_equal(pages[4], np.asarray(painter.digit(4, 2)))
    for p in pages:
        centre = (np.indices(p.shape) * p).sum((1, 2)) / p.sum()
        assert np.abs(centre - 13.5).max() < 0.2


# ---------------------------------------------------------------------------- the numbers of the texts


def facts(name: str) -> dict:
    return json.loads((hub.WEIGHTS / name / "metrics.json").read_text())


def spoken(words: str, lang: str) -> str:
    return re.sub(r"(\d)\.(\d)", r"\1,\2", words) if lang == "es" else words


def line(checkpoint: hub.Checkpoint, lang: str) -> str:
    """A model's line in the text, from what its commands wrote."""
    found, es = facts(checkpoint.name), lang == "es"
    m = found["measures"]
    said = [
        f"{found['parameters'] / 1e6:.2f} M {'de parámetros' if es else 'parameters'}",
        f"{found['minutes']:.3g} min",
        f"{m['nats']:.1f} nats",
        f"**{m['bits_per_dim']:.3f}** {'bits por dimensión' if es else 'bits per dimension'}",
    ]
    if "bits_per_dim_told" in m:
        said.append(f"{m['bits_per_dim_told']:.3f} {'con la clase' if es else 'told the class'}")
    title = checkpoint.spanish[0] if es else checkpoint.title
    return spoken(f"- **{title}**: {'; '.join(said)}", lang)


def digits(lang: str) -> str:
    """What the model of 256 greys says of digits, which are likelier to it than clothes or are not."""
    m = facts(MIXTURE)["measures"]
    ours, theirs = m["bits_per_dim"], m["bits_per_dim_digits"]
    en = f"Real digits cost it {theirs:.2f} bits per dimension, its own test clothes {ours:.2f}: "
    es = f"Los dígitos reales le cuestan {theirs:.2f} bits por dimensión; su ropa de prueba, {ours:.2f}: "
    if theirs < ours:
        en += "a stranger, and likelier. Most of a digit is black ground, which is cheap."
        es += "algo ajeno, y más probable. La mayor parte de un dígito es fondo negro, que es barato."
    else:
        en += "strangers are dearer on average, and yet a simple one can be cheaper than most clothes."
        es += "en promedio lo ajeno es más caro, y aun así algo simple puede costar menos que la ropa."
    return spoken(en if lang == "en" else es, lang)


def mnist(lang: str) -> str:
    return spoken(f"{facts(MNIST)['measures']['nats']:.2f}", lang)


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_numbers_of_the_text_are_those_that_were_measured(lang):
    words = (TEXTS / f"pixelcnn.{lang}.md").read_text(encoding="utf-8")
    said = [w for w in words.splitlines() if re.match(r"- \*\*.*\*\*: \d", w)]
    assert said == [line(c, lang) for c in MODELS]
    assert digits(lang) in words
    assert f"{'la nuestra tiene' if lang == 'es' else 'ours has'} {mnist(lang)}." in words
    assert {facts(c.name)["hardware"] for c in MODELS} == {"1 core of AMD EPYC"} and "AMD EPYC" in words
