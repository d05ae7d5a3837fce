"""The tab of ImageGPT: what its views show against what the model says; a stand-in for the large one."""

import contextlib
import json
import math
import re
import time

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image

from demos.imagegpt import attention, complete, sample, source, timer
from demos.imagegpt.source import DRAWN, FACE, GREYS
from demos.kit import pixels
from demos.kit.tab import TEXTS
from genmodels import hub
from genmodels.autoregressive.imagegpt import ImageGPT, ImageGPTConfig

LARGE = "openai/imagegpt-small"
PHOTO = Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8))


def last(steps):
    *_, end = steps
    return end


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Drawings are not held back to be watched."""
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


@pytest.fixture
def large(monkeypatch):
    """What has the sizes of the Hub's pictures, 32 x 32 in 512 colours, and hardly any layers."""
    torch.manual_seed(0)
    colours = tuple(map(tuple, (2 * torch.rand(512, 3) - 1).tolist()))
    model = ImageGPT(ImageGPTConfig(n_embd=16, n_layer=2, n_head=8, clusters=colours))
    model = model.eval().requires_grad_(False)
    own = source.use
    both = lambda name: contextlib.nullcontext(model) if name == LARGE else own(name)  # noqa: E731
    for module in (source, sample, timer):
        monkeypatch.setattr(module, "use", both)
    return model


# ---------------------------------------------------------------------------- what a visitor brings


@pytest.mark.parametrize("drawing", [None, PHOTO])
@pytest.mark.parametrize("which", [0, FACE])
def test_any_picture_becomes_a_sentence_of_the_model_s_colours(large, which, drawing):
    for name, side, n in ((GREYS, 16, 4), (LARGE, 32, 512)):
        with source.use(name) as model:
            before, x, note = source.brought(model, name, drawing, which, 2, "en")
        assert x.shape == (1, 1, side, side) and x.dtype == torch.int64 and x.min() >= 0 and x.max() < n
        assert before.shape[-1] >= side and (f"{side} × {side}" in note) is (drawing is not None)


def test_of_512_colours_the_nearest_is_taken(large):
    before, x, _ = source.brought(large, LARGE, PHOTO, 0, 0, "es")
    shown = source.seen(large, x)
    error = (shown - before).square().sum(1)
    for colour in large.clusters:
        assert (error <= (colour[:, None, None] - before[0]).square().sum(0) + 1e-5).all()


def test_an_empty_picture_is_refused_in_the_visitor_s_language():
    with source.use(GREYS) as model, pytest.raises(gr.Error, match="casi no tiene nada"):
        source.brought(model, GREYS, Image.new("RGB", (90, 90), "white"), 0, 0, "es")
    assert complete.under(GREYS, Image.new("RGB", (90, 90), "white"), None, 0, 0, "top") == gr.skip()


# ---------------------------------------------------------------------------- drawing


def test_it_says_the_bits_of_what_it_draws():
    *_, found = last(sample.sample(GREYS, 3, 2, 1.0, 0, "en"))
    from genmodels.autoregressive import sampling

    with source.use(GREYS) as model:
        x = sampling.last(sampling.draw(model, 3, 2))
        bits = -model.log_prob(x).mean().item() / math.log(2)
    assert found["bits_per_dim_drawn"] == pytest.approx(bits, rel=2e-3) and found["tokens"] > 0
    assert found["bits_per_dim"] == facts()["measures"]["bits_per_dim"]


def test_the_large_one_draws_a_few_and_says_so(large):
    page, film, note, found = last(sample.sample(LARGE, 1, 16, 1.0, 0, "es"))
    assert "4 por vez" in note and "bits_per_dim" not in found and film.endswith(".gif")
    assert page.width <= pixels.WIDE + 8


# ---------------------------------------------------------------------------- completing


@pytest.mark.parametrize("name", [GREYS, LARGE])
@pytest.mark.parametrize("drawing", [None, PHOTO])
def test_what_is_kept_is_never_altered(large, name, drawing):
    cells = np.random.default_rng(1).random((16, 16)) < 0.5
    *_, found = last(complete.complete(name, drawing, (None, cells), 2, 1, "painted", 1.3, 7, "en"))
    assert found["altered"] == 0 and found["tokens"] > 0


@pytest.mark.parametrize("side", [16, 32])
@pytest.mark.parametrize("keep", ["top", "left", "frame", "painted"])
def test_cells_of_the_board_are_pixels_of_the_picture(keep, side):
    cells = pixels.kept_cells(keep, (None, np.eye(16, dtype=bool)))
    kept = pixels.kept_pixels(cells, side).numpy()
    assert np.array_equal(kept, cells.repeat(side // 16, 0).repeat(side // 16, 1))


def test_nothing_and_everything_may_be_kept():
    for board in (None, (None, np.ones((16, 16), bool))):
        *_, found = last(complete.complete(GREYS, None, board, 9, 3, "painted", 1.0, 1, "es"))
        assert found["altered"] == 0


def test_the_board_follows_what_is_chosen_and_leaves_a_painting_alone():
    for name, size in ((GREYS, 16), (LARGE, 32)):
        page, cells = complete.under(name, None, None, FACE, 1, "left")
        assert page.size == (size, size) and cells[:, :8].all() and not cells[:, 8:].any()
    assert complete.preset(GREYS, None, None, 3, 1, "painted") == gr.skip()


# ---------------------------------------------------------------------------- where it looks


@pytest.mark.parametrize("at", [(1, 1), (1, 2), (8, 1), (16, 16), (32, 32)])
@pytest.mark.parametrize("name", [GREYS, LARGE])
def test_every_pixel_can_ask_and_every_layer_be_seen(large, name, at):
    asked, heads, table, every, found = last(attention.attention(name, 9, 3, *at, 24, "en"))
    with source.use(name) as model:
        assert table.count("<tr>") == 1 + model.config.n_head
        assert f"layer {model.config.n_layer} of {model.config.n_layer}" in table
        assert every.height > 90 * model.config.n_layer
    assert 0 <= found["start"] <= 100 and found["bits"] > 0
    if at == (1, 1):  # nothing before it but the start
        assert found["start"] == pytest.approx(100) and found["above"] == found["left"] == 0


def test_shares_and_maps_are_the_model_s_weights():
    """One weight on the pixel above, the rest on the start; it is brightest, the future grey."""
    i, j, side = 5, 7, 16
    weights = torch.zeros(i * side + j + 1)
    weights[0], weights[1 + (i - 1) * side + j] = 0.25, 0.75
    assert attention.shares(weights, i, j, side) == {"start": 0.25, "left": 0, "above": 0.75, "far": 0}
    field = attention.maps(weights[None, None], side)[0, 0]
    assert field[i - 1, j] == 1 and field.clamp(min=0).sum() == 1
    assert torch.equal(field < 0, torch.arange(256).view(16, 16) >= i * side + j)


def test_a_click_finds_what_it_was_made_on(large):
    for name, i, j in ((GREYS, 3, 12), (LARGE, 30, 5)):
        with source.use(name) as model:
            x = torch.zeros(1, *model.shape, dtype=torch.long)
            page = np.asarray(attention.asking(model, x, i, j).convert("RGB")).astype(int)
            rows, columns = np.nonzero(np.abs(page - pixels.ALARM).sum(-1) == 0)
            at = (columns.min() + columns.max()) / 2, (rows.min() + rows.max()) / 2
            event = gr.SelectData(None, {"index": at, "value": None})
            assert attention.clicked(4, name, event) == (i + 1, j + 1, 5)
            fields = torch.zeros(3, model.config.n_head, *model.config.size)
            every = attention.overview(fields, i, j)
        for layer in range(3):
            event = gr.SelectData(None, {"index": (9, (layer + 0.5) * every.height / 3), "value": None})
            assert attention.picked(0, name, event) == (layer + 1, 1)


def test_a_drawing_of_its_own_is_remembered_and_few_are(monkeypatch):
    source._drawn.clear()
    first = last(attention.attention(GREYS, DRAWN, 5, 8, 8, 1, "en"))[-1]
    kept = source._drawn[GREYS, 5]
    assert last(attention.attention(GREYS, DRAWN, 5, 8, 8, 1, "en"))[-1] == first
    assert torch.equal(last(source.drawn(GREYS, 5)), kept)
    monkeypatch.setattr(source, "KEPT", 1)
    last(source.drawn(GREYS, 6))
    assert list(source._drawn) == [(GREYS, 6)]


# ---------------------------------------------------------------------------- the price


def test_the_race_ends_with_the_same_picture():
    page, bars, note, found = last(timer.timer(GREYS, 1, 2, "en"))
    assert "256 of 256 pixels are equal" in bars and found["faster"] > 1.5 and note == ""
    assert found["cache"] == 2 * 4 * 256 * 96 * 4


def test_the_slow_way_is_stopped_in_time(monkeypatch, large):
    monkeypatch.setattr(timer, "LIMIT", 0.3)
    _, bars, note, found = last(timer.timer(LARGE, 8, 2, "es"))
    assert "tuvo 0 s" in bars and "1 por vez" in note and found["faster"] > 1


# ---------------------------------------------------------------------------- the numbers of the texts


def facts(name: str = GREYS) -> dict:
    return json.loads((hub.WEIGHTS / name / "metrics.json").read_text())


def looks() -> np.ndarray:
    """Per cent, (layers, heads, 4), over pixels of our ten garments: start, left, above, far."""
    found = []
    with source.use(GREYS) as model:
        for which in range(10):
            x = source.brought(model, GREYS, None, which, 3, "en").x
            for i, j in ((i, j) for i in (4, 7, 10, 13) for j in (4, 7, 10, 13)):
                rows = [[attention.shares(h, i, j, 16) for h in layer] for layer in model.attention(x, i, j)]
                found.append([[list(head.values()) for head in layer] for layer in rows])
    return 100 * np.mean(found, 0)


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_numbers_of_the_text_are_those_that_were_measured(lang):
    words = (TEXTS / f"imagegpt.{lang}.md").read_text(encoding="utf-8")
    own, m = facts(), facts()["measures"]
    rnn = facts("pixelcnn-fashion-rnn")["measures"]
    images = f"{own['training']['images']:,}"
    said = [
        f"{own['parameters'] / 1e6:.2f} M", f"{own['minutes']:.0f} min", f"{m['nats']:.2f} nats",
        f"{m['nats_error']:.2f})", f"**{m['bits_per_dim']:.4f} ", f"{rnn['bits_per_dim']:.4f}:",
        f"{m['seconds_one']:.2f} ", f"{m['seconds_each_of_16']:.3f} ",
    ]  # fmt: skip
    if lang == "es":
        said = [re.sub(r"(\d)\.(\d)", r"\1,\2", s) for s in said]
    said += [images.replace(",", ".") if lang == "es" else images, "AMD EPYC"]
    assert [s for s in said if s not in words] == []
    assert own["hardware"] == "1 core of AMD EPYC"
    # "no difference that these test pictures could tell"
    assert abs(m["nats"] - rnn["nats"]) < m["nats_error"] + rnn["nats_error"]


def test_where_the_text_says_it_looks_is_where_it_looks():
    words = (TEXTS / "imagegpt.en.md").read_text(encoding="utf-8")
    found = looks()
    assert f"head 2 looks straight up: {found[0, 1, 2]:.0f} % of its attention" in words
    assert f"gets {found[0, 1, 1]:.0f} % from it" in words and 8 < found[..., 1].max() < 9
    assert f"{found[3, :, 3].mean():.0f} % goes farther than three pixels" in words


def test_what_keys_and_values_cost_is_said_rightly():
    small, published = ImageGPTConfig(**{"n_embd": 96, "n_layer": 4, "size": (16, 16)}), ImageGPTConfig()
    for config, words in ((small, "768 KiB"), (published, "96 MiB")):
        number = 2 * config.n_layer * config.size[0] * config.size[1] * config.n_embd * 4
        assert number == {"KiB": 2**10, "MiB": 2**20}[words[-3:]] * int(words[:-4])
        assert all(
            words in (TEXTS / f"imagegpt.{lang}.md").read_text(encoding="utf-8") for lang in ("en", "es")
        )
