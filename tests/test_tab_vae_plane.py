"""The tab of the plane: its geometry against known answers, its views, what visitors bring, its numbers."""

import json
import re

import gradio as gr
import numpy as np
import pytest
from PIL import Image, ImageDraw

from demos.kit import fashion
from demos.kit.plane import GROUND, Plane, Plot, below
from demos.kit.tab import TEXTS
from demos.vae_plane import codes, compare, denoise, path, plane, reconstruct, sample
from genmodels import hub
from genmodels.autoencoders.checkpoints import VAE_PLANE
from genmodels.data.garments import PAINTERS, garment

VAE, AE = "vae-plane-vae", "vae-plane-ae"
FLAT = [c.name for c in codes.FLAT]


def last(steps):
    *_, end = steps
    return end


# ---------------------------------------------------------------------------- the picture of a plane


@pytest.mark.parametrize("flat", [Plane(-3, -3, 6), Plane(-60.5, 12.25, 80), Plane(0, 0, 1, cdf=True)])
def test_pixels_and_codes_are_each_other_s_inverse(flat):
    parts = np.random.default_rng(0).uniform(0.01, 0.99, (200, 2))
    z = flat.code(parts)
    assert np.allclose(flat.fraction(z), parts, atol=1e-9)
    for code, (x, y) in zip(z, flat.pixel(z, 800), strict=True):
        assert np.allclose(flat.from_pixel(x, y, 800), code, atol=1e-7)


def test_up_is_up_and_right_is_right():
    flat = Plane(-1, -1, 2)
    assert flat.pixel(np.array([-1.0, 1.0]), 100).tolist() == [0, 0]
    assert flat.pixel(np.array([1.0, -1.0]), 100).tolist() == [100, 100]
    corner, *_, other = flat.grid(4)
    assert corner.tolist() == [-0.75, 0.75] and other.tolist() == [0.75, -0.75]


def test_the_cdf_of_a_normal_cloud_fills_the_square_evenly():
    z = np.random.default_rng(0).normal(size=(20000, 2))
    found, _, _ = np.histogram2d(*below(z).T, bins=4, range=[[0, 1], [0, 1]])
    assert abs(found / 20000 - 1 / 16).max() < 0.006
    assert np.isfinite(Plane(0, 0, 1, cdf=True).code([(0, 0), (1, 1)])).all()


def test_a_window_holds_its_codes_and_the_middle():
    z = np.array([[5.0, 1.0], [9.0, 2.0]])
    part = Plane.around(z, least=3).fraction(np.vstack([z, [[-3, -3], [3, 3]]]))
    assert ((part > 0) & (part < 1)).all()


def test_a_disc_is_where_its_code_is_and_nowhere_else():
    flat = Plane(0, 0, 10)
    image = np.asarray(Plot(flat, 100).points(np.array([[2.55, 7.45]]), np.array([[255.0, 0, 0]]), 2).image)
    lit = np.argwhere((image != GROUND).any(-1))
    assert np.allclose(lit.mean(0), [25, 25], atol=0.6) and 9 <= len(lit) <= 30
    outside = Plot(flat, 100).points(np.array([[-5.0, 20.0]]), np.array([[255.0, 0, 0]]), 2).image
    assert outside.getextrema() == tuple((c, c) for c in GROUND)


# ---------------------------------------------------------------------------- the codes and their views


@pytest.mark.parametrize("name", FLAT)
def test_the_codes_of_the_test_images_ship(name):
    at, label = codes.codes(name)
    assert at.shape == (10000, 2) and np.isfinite(at).all()
    assert np.bincount(label).tolist() == [1000] * 10


@pytest.mark.parametrize("name", FLAT)
@pytest.mark.parametrize("cdf", [False, True])
def test_any_point_of_any_plane_decodes(name, cdf):
    for across, up in ((0, 0), (0.3, 0.7), (1, 1)):
        shown, made, words, _ = last(plane.plane(name, across, up, -1, False, cdf, "en"))
        assert shown.size == (codes.SIDE,) * 2 and made.size == (280, 280) and "nan" not in words


def test_a_hole_is_said_and_a_crowd_is_not():
    crowd = codes.codes(VAE)[0][:50]
    assert not codes.in_hole(VAE, crowd).any()
    assert codes.in_hole(VAE, crowd + 1000).all()
    assert "hole" in plane.around(VAE, np.array([1000.0, 1000.0]), "en")
    assert "Un hueco" in plane.around(VAE, np.array([1000.0, 1000.0]), "es")


def test_marks_do_not_stay_on_the_shared_picture():
    flat = codes.window(VAE)
    before = codes.ground(VAE, flat, codes.SIDE).tobytes()
    last(plane.plane(VAE, 0.5, 0.5, -1, False, False, "en"))
    last(path.path(VAE, 0.1, 0.1, 0.9, 0.9, 8, "en"))
    assert codes.ground(VAE, flat, codes.SIDE).tobytes() == before


def test_all_models_stand_side_by_side_in_the_order_of_reading():
    models = sorted(codes.FLAT, key=compare.order)
    assert [c.name.removeprefix("vae-plane-") for c in models[:3]] == ["pca", "ae", "dae"]
    betas = [compare.order(c) for c in models[3:]]
    assert betas == sorted(betas) and 1.0 in betas and len(betas) >= 4
    steps = list(compare.compare("codes", True, "es"))
    assert len(steps) == len(models) + 1


def test_a_path_begins_and_ends_where_it_was_told():
    z = path.way(AE, 0.2, 0.3, 0.8, 0.9, 24)
    assert np.allclose(codes.window(AE).fraction(z[[0, -1]]), [(0.2, 0.3), (0.8, 0.9)])
    steps = list(path.path(AE, 0.5, 0.7, 0.92, 0.75, 24, "en"))
    with Image.open(steps[-1][1]) as film:
        assert film.format == "GIF" and film.n_frames == 46  # there and back


def test_clicks_set_the_start_and_the_end_in_turn():
    click = gr.SelectData(None, {"index": [200, 200], "value": None})
    assert path.clicked_end(0, click)[:2] == (0.25, 0.75) and path.clicked_end(0, click)[4] == 1
    assert path.clicked_end(1, click)[2:] == (0.25, 0.75, 2)


def test_a_sample_depends_on_its_own_seed_only():
    few, many = sample.drawn(VAE, 7, 4), sample.drawn(VAE, 5, 8)
    for a, b in zip(few, many, strict=True):
        assert np.array_equal(a, b[2:6])
    low, high = codes.box(VAE)
    assert ((few[0] >= low) & (few[0] <= high)).all()


# ---------------------------------------------------------------------------- what a visitor brings


def ink(*, light_on_dark: bool) -> Image.Image:
    ground, pen = ((0, 0, 0), (255, 255, 255)) if light_on_dark else ((255, 255, 255), (0, 0, 0))
    page = Image.new("RGB", (280, 280), ground)
    ImageDraw.Draw(page).rectangle((100, 40, 180, 200), outline=pen, width=8)
    return page


@pytest.mark.parametrize("light_on_dark", [True, False])
def test_a_drawing_becomes_like_the_data_whatever_its_ground(light_on_dark):
    page, done = fashion.like_fashion(ink(light_on_dark=light_on_dark), "en")
    pixels = np.asarray(page)
    assert page.size == (28, 28) and len(done) == (2 if light_on_dark else 3)
    assert pixels[:, 0].max() == 0 and pixels[14, 14] > 150  # black around, filled inside
    assert (pixels.max(1) > 100).all()  # the longer side fills the frame


def test_an_empty_picture_is_refused_in_the_visitor_s_language():
    with pytest.raises(gr.Error, match="casi no tiene nada"):
        fashion.like_fashion(Image.new("RGB", (300, 200), "white"), "es")


def test_grey_photographs_keep_their_inside():
    page = Image.new("L", (200, 200), 0)
    ImageDraw.Draw(page).rectangle((20, 20, 180, 180), fill=120, outline=160, width=6)
    found, done = fashion.like_fashion(page.convert("RGB"), "en")
    assert np.asarray(found)[14, 14] == 120 and len(done) == 1


def test_our_drawings_are_ten_kinds_and_the_seed_is_all_that_changes_them():
    pages = [np.asarray(garment(kind, 1)) for kind in range(len(PAINTERS))]
    assert len(pages) == 10 and all(p.shape == (28, 28) and p.max() > 100 and p[0, 0] == 0 for p in pages)
    assert len({p.tobytes() for p in pages}) == 10
    assert np.array_equal(pages[3], np.asarray(garment(3, 1)))


@pytest.mark.parametrize("name", FLAT)
def test_any_model_reconstructs_a_drawing(name):
    *pictures, words, found = last(reconstruct.reconstruct(name, ink(light_on_dark=False), 0, 0, 1, 8, "en"))
    assert len(pictures) == 4 and "inverted" in words
    assert (
        {"kl", "elbo", "elbo_bits"} <= found.keys() if codes.kind(name) == "VAE" else set(found) == {"psnr"}
    )


def test_the_bound_is_the_sum_of_its_terms():
    """Against the formula written out, for one draw."""
    import torch

    from demos import kit
    from genmodels.runtime import noise

    *_, found = last(reconstruct.reconstruct(VAE, None, 9, 3, 5, 8, "en"))
    x = kit.to_tensor(garment(9, 3), (28, 28), grey=True)
    with codes.use(VAE) as vae:
        mean, log_var = vae.encode(x)
        var, s2 = log_var.exp(), (2 * vae.log_sigma).exp()
        kl = 0.5 * (mean**2 + var - 1 - log_var).sum()
        drawn = vae.decode(mean + var.sqrt() * noise(5, 8, (2,)))
        error = ((x - drawn) ** 2).sum((1, 2, 3)).mean()
    elbo = -0.5 * error / s2 - 392 * torch.log(2 * torch.pi * s2) - kl
    assert found["kl"] == pytest.approx(kl.item(), rel=1e-4)
    assert found["elbo"] == pytest.approx(elbo.item(), rel=1e-3, abs=0.5)


@pytest.mark.parametrize("name", [c.name for c in denoise.DENOISERS])
def test_cleaning_strong_noise_pays(name):
    *_, figure, found = last(denoise.denoise(name, 0.8, 1, "en"))
    assert figure.startswith("<figure") and found["psnr_cleaned"] > found["psnr_noisy"] + 3


# ---------------------------------------------------------------------------- the numbers of the texts

MODELS = [*sorted(codes.FLAT, key=compare.order), *(c for c in VAE_PLANE if c not in codes.FLAT)]


def metrics(checkpoint: hub.Checkpoint) -> dict:
    return json.loads((hub.WEIGHTS / checkpoint.name / "metrics.json").read_text())


def line(checkpoint: hub.Checkpoint, lang: str) -> str:
    """A model's line in the text, from what its commands wrote."""
    found = metrics(checkpoint)
    values = {"minutes": found["minutes"]} | found["measures"]
    words = {
        "minutes": "{:.3g} min", "psnr": "PSNR {:.2f} dB", "kl": "KL {:.2f}", "elbo": "ELBO {:.0f}",
        "frechet_prior": "Fréchet {:.1f}",
    }  # fmt: skip
    said = [form.format(values[key]).replace("-", "−") for key, form in words.items() if key in values]
    if "psnr_cleaned" in values:
        said.append(f"{values['psnr_noisy']:.2f} → {values['psnr_cleaned']:.2f} dB")
    name = codes.name(checkpoint, lang)
    if checkpoint not in codes.FLAT:
        name = ("Denoising autoencoder, 64 numbers", "Autocodificador que limpia, 64 números")[lang == "es"]
    whole = f"- **{name}**: {'; '.join(said)}"
    return re.sub(r"(\d)\.(\d)", r"\1,\2", whole) if lang == "es" else whole


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_numbers_of_the_text_are_those_that_were_measured(lang):
    words = (TEXTS / f"vae_plane.{lang}.md").read_text(encoding="utf-8")
    assert words[words.index("- **PCA**: ") :].split("\n\n")[0].splitlines() == [
        line(c, lang) for c in MODELS
    ]
    assert all("AMD EPYC" in metrics(c)["hardware"] for c in MODELS) and "AMD EPYC" in words
