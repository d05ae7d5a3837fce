"""The tab of PixelVAE: which chance is shared with whom, what is counted, and the numbers of its texts."""

import json
import re

import numpy as np
import pytest
import torch
from PIL import Image

from demos.kit import card
from demos.kit.tab import TEXTS
from demos.pixelvae import compare, knows, pictures, sample, walk
from genmodels import hub
from genmodels.autoregressive.checkpoints import PIXELVAE
from genmodels.data.garments import garment

NAMES = [c.name for c in PIXELVAE]
OPEN = NAMES[0]


def last(steps):
    *_, end = steps
    return end


def drawn(monkeypatch, module):
    """The levels that a view shows, caught on their way to the picture."""
    caught, show = [], pictures.seen
    monkeypatch.setattr(module, "seen", lambda x, *rows: caught.append(x.clone()) or show(x, *rows))
    return caught


def test_a_row_shares_its_code_and_a_column_its_chance(monkeypatch):
    caught = drawn(monkeypatch, sample)
    last(sample.sample(OPEN, 3, 8, 3, 4, 1.0, "en"))
    whole = caught[-1].unflatten(0, (3, 4))
    last(sample.sample(OPEN, 4, 9, 1, 2, 1.0, "en"))  # the second code, the second and third chance
    assert torch.equal(caught[-1].unflatten(0, (1, 2))[0], whole[1, 1:3])


def test_without_temperature_the_drawings_of_a_row_are_one():
    *_, figures = last(sample.sample(OPEN, 3, 8, 2, 3, 0.0, "es"))
    assert figures["differ_row"] == 0 < figures["differ_column"]


def test_a_drawing_appears_row_by_row():
    steps = list(sample.sample(OPEN, 1, 1, 1, 1, 1.0, "en"))
    assert len(steps) == 16
    assert np.asarray(steps[0][0])[-1, 64, :3].tolist() == np.asarray(steps[3][0])[-1, 64, :3].tolist()
    blank = torch.tensor(pictures.BLANK)
    half = pictures.seen(torch.zeros(1, 1, 16, 16, dtype=torch.long), 8)
    assert torch.allclose(half[0, :, 8], blank[:, None].expand(3, 16)) and (half[0, :, 7] == -1).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_bits_are_the_two_terms_of_the_bound(name):
    page = garment(9, 2)
    x = pictures.levels(page)
    assert x.shape == (1, 1, 16, 16) and x.min() >= 0 and x.max() <= 3
    *_, figures = last(knows.knows(name, None, 9, 2, 5, 8, "en"))
    with pictures.use(name) as model:
        from genmodels.runtime import noise

        found = [model.bound(x, noise(5 + k, 1, (32,))) for k in range(knows.DRAWS)]
    log_prob = sum(a.item() for a, _ in found) / len(found)
    assert figures["kl_bits"] == pytest.approx(found[0][1].sum().item() / np.log(2), rel=1e-4)
    assert figures["pixel_bits"] == pytest.approx(-log_prob / np.log(2), rel=1e-3)
    assert figures["bits_per_dim"] == pytest.approx((figures["kl_bits"] + figures["pixel_bits"]) / 256)


def test_the_bar_of_bits_has_the_width_of_the_picture_without_a_model():
    assert "width:25.00%" in knows.account(128, 64, 256, "en") and "12.50%" in knows.account(
        128, 64, 256, "en"
    )
    over = re.findall(r"width:([\d.]+)%", knows.account(600, 600, 256, "es"))
    assert sum(map(float, over)) == pytest.approx(100)


def test_a_visitor_s_drawing_is_encoded_and_what_was_done_is_said():
    board = Image.new("RGB", (280, 280), "white")
    board.paste("black", (60, 40, 220, 250))
    *_, words, figures = last(knows.knows(OPEN, board, 0, 0, 1, 8, "es"))
    assert "invertida" in words and figures["pixel_bits"] > 0


def test_heat_runs_from_dark_to_bright():
    shown = pictures.heat(torch.tensor([[[0.0, 1.0, 2.0, 9.0]]]), 2.0)
    light = shown.mean(1)[0, 0]
    assert shown.shape == (1, 3, 1, 4) and light[0] < light[1] < light[2] == light[3]


def test_a_walk_begins_and_ends_at_its_garments(monkeypatch):
    caught = drawn(monkeypatch, walk)
    *_, film, strip, figures = last(walk.walk(OPEN, 1, 3, 9, 2, 1, 9, True, "en"))
    with Image.open(film) as gif:
        assert gif.format == "GIF" and gif.n_frames >= 9
    frames = next(x for x in reversed(caught) if len(x) == 9)
    with pictures.use(OPEN) as model:
        from genmodels.autoregressive.sampling import draw
        from genmodels.autoregressive.sampling import last as end

        for k, which in ((0, (1, 3)), (-1, (9, 2))):
            alone = end(draw(model, 1, 1, z=pictures.code(model, *which)))
            assert (alone[0] != frames[k]).float().mean() < 0.02  # a batch rounds a little differently
    *_, free = last(walk.walk(OPEN, 1, 3, 9, 2, 1, 9, False, "en"))
    assert figures["changed"] < free["changed"]


def test_the_comparison_shows_what_was_measured():
    *_, table, _ = last(compare.compare(pictures.RANDOM, 4, 1, "en"))
    for name in NAMES:
        assert f"{card.metrics(name)['measures']['bits_per_dim']:.3g}" in table


# ---------------------------------------------------------------------------- the numbers of the texts


def line(checkpoint: hub.Checkpoint, lang: str) -> str:
    """A model's line in the text, from what its commands wrote."""
    found = card.metrics(checkpoint.name)
    m = found["measures"]
    bits = ("bits per dimension", "bits por dimensión")[lang == "es"]
    parts = ("z: {:.0f} bits; pixels: {:.0f} bits", "z: {:.0f} bits; píxeles: {:.0f} bits")[lang == "es"]
    with_more = ("with 64 codes", "con 64 códigos")[lang == "es"]
    whole = (
        f"- **{card.title(checkpoint, lang)}**: {found['minutes']:g} min; {m['bits_per_dim']:.3f} {bits} "
        f"({m['bits_per_dim_tight']:.3f} {with_more}); {parts.format(m['kl_bits'], m['pixel_bits'])}"
    )
    return re.sub(r"(\d)\.(\d)", r"\1,\2", whole) if lang == "es" else whole


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_numbers_of_the_text_are_those_that_were_measured(lang):
    words = (TEXTS / f"pixelvae.{lang}.md").read_text(encoding="utf-8")
    assert re.findall(r"^- \*\*.* min; .*$", words, re.M) == [line(c, lang) for c in PIXELVAE]
    hardware = {json.loads((hub.WEIGHTS / n / "metrics.json").read_text())["hardware"] for n in NAMES}
    assert len(hardware) == 1 and "AMD EPYC" in hardware.pop() and "AMD EPYC" in words


def test_what_the_text_claims_was_measured():
    """The pixels' help pays, z is not ignored, without help z says more than twice as much for nothing; and
    the PixelCNN without z that the text compares with has the numbers that it says."""
    seen, shut = (card.metrics(name)["measures"] for name in NAMES)
    assert seen["bits_per_dim"] < shut["bits_per_dim"] and seen["kl_bits"] > 8
    assert shut["kl_bits"] > 2 * seen["kl_bits"] and shut["pixel_bits"] > 0.98 * seen["pixel_bits"]
    assert seen["bits_per_dim_tight"] < seen["bits_per_dim"]
    other = card.metrics(compare.PIXELCNN)["measures"]
    numbers = [other["bits_per_dim"], other["bits_per_dim_told"], seen["bits_per_dim"]]
    for lang in ("en", "es"):
        words = (TEXTS / f"pixelvae.{lang}.md").read_text(encoding="utf-8").replace(",", ".")
        (claim,) = re.findall(r"^- \*\*(?:Hundredths|Unas centésimas).*$", words, re.M)
        assert re.findall(r"0\.\d{3}", claim) == [f"{n:.3f}" for n in numbers]
