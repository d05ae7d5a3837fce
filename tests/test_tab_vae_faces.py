"""The tab of faces, with tiny networks in the place of trained ones."""

import json
from contextlib import closing
from dataclasses import asdict

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from demos import vae_faces
from demos.kit import card, numbers, plates, plots
from demos.vae_faces import compose, reading
from demos.vae_faces.compare import ORDER, compare
from demos.vae_faces.edit import EDITS, edit
from demos.vae_faces.inside import density, inside, ratio_of
from demos.vae_faces.morph import morph
from demos.vae_faces.own import own
from demos.vae_faces.sample import sample
from demos.vae_faces.words import CHOICES, NAMES
from genmodels import hub, runtime
from genmodels.autoencoders.mixture import Mixture, MixtureConfig
from genmodels.autoencoders.vae_faces import VAEFaces, VAEFacesConfig, directions
from genmodels.data import faces
from genmodels.metrics.features import AttributesNet, AttributesNetConfig
from genmodels.nn.paths import arc, line

NAME = "vae-faces"
WEIGHTS = hub.WEIGHTS
NONE = (0.0,) * len(EDITS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The three checkpoints, their mixtures and the reader, narrow and untrained."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights")
    binary = tuple(name not in (*faces.SIGNED, *faces.UNSIGNED) for name in faces.ATTRIBUTES)
    reader = AttributesNetConfig(channels=(8, 8, 8, 8), attributes=faces.ATTRIBUTES, binary=binary)
    AttributesNet(reader).save_pretrained(path / reading.READER)
    for name, beta in zip(ORDER, (150.0, 25.0, 1.0), strict=True):
        narrow = VAEFacesConfig(encoder=(8, 8, 8), decoder=(8, 8, 8, 8), blocks=(1, 1, 1, 1), beta=beta)
        VAEFaces(narrow).save_pretrained(path / name)
        mixture = Mixture(MixtureConfig(components=3))
        mixture.means.data.normal_()
        mixture.save_pretrained(path / f"{name}-mixture")
        save_file({a: torch.randn(128) for a in EDITS}, path / name / "directions.safetensors")
        facts = {
            "measures": {"psnr": 25.0, "frechet_prior": 9.0, "frechet_mixture": 4.0},
            "leak": {"attributes": list(EDITS), "matrix": torch.eye(len(EDITS)).tolist()},
        }
        (path / name / "metrics.json").write_text(json.dumps(facts))
    return path


@pytest.fixture(autouse=True)
def weights(folder, monkeypatch):
    monkeypatch.setattr(hub, "WEIGHTS", folder)
    monkeypatch.setattr(runtime, "pool", runtime.Pool())


def last(steps):
    with closing(steps) as made:
        *_, end = made
    return end


def pixels(picture: Image.Image) -> bytes:
    return picture.tobytes()


def person(seed: int = 5) -> list:
    return compose.person(seed)


# ------------------------------------------------------------------------------------------ each view


@pytest.mark.parametrize("prior", ["both", "normal", "mixture"])
@pytest.mark.parametrize("count", [1, 7])
def test_samples_appear_and_a_seed_is_a_picture(prior, count):
    first = last(sample(NAME, 3, count, 1.0, prior, "en"))
    assert pixels(first[0]) == pixels(last(sample(NAME, 3, count, 1.0, prior, "en"))[0])
    assert pixels(first[0]) != pixels(last(sample(NAME, 4, count, 1.0, prior, "en"))[0])
    assert first[1].pop("made") == count * (2 if prior == "both" else 1)
    assert set(first[1]) == {
        f"frechet_{p}" for p in ("prior", "mixture") if prior in ("both", p, "normal")
    } - ({"frechet_mixture"} if prior == "normal" else set())


def test_a_sample_does_not_depend_on_its_company(monkeypatch):
    seen = []
    monkeypatch.setattr(plates, "block", lambda _, x, **__: seen.append(x) or Image.new("RGBA", (9, 9)))
    last(sample(NAME, 10, 8, 0.7, "both", "en"))
    normal, mixture = seen[-2:]
    last(sample(NAME, 13, 1, 0.7, "both", "en"))
    assert torch.allclose(seen[-2], normal[3:4], atol=1e-5) and torch.allclose(
        seen[-1], mixture[3:4], atol=1e-5
    )


def test_temperature_zero_is_one_face(monkeypatch):
    seen = []
    monkeypatch.setattr(plates, "block", lambda _, x, **__: seen.append(x) or Image.new("RGBA", (9, 9)))
    last(sample(NAME, 1, 4, 0.0, "normal", "en"))
    assert torch.allclose(seen[-1], seen[-1][:1].expand(4, -1, -1, -1), atol=1e-6)


def test_a_composed_face_is_painted_as_asked():
    values = person()
    picture, figures = last(compose.compose(NAME, 5, *values, "en"))
    assert set(figures) == {"psnr", "kl"} and figures["kl"] > 0
    values[compose.NAMES.index("hat")] = "beret"
    assert pixels(last(compose.compose(NAME, 5, *values, "en"))[0]) != pixels(picture)


def test_the_controls_of_a_person_are_that_person():
    face = asdict(faces.random_face(77))
    found = dict(zip(compose.NAMES, compose.person(77), strict=True))
    assert all(abs(found[n] - face[n]) <= 0.005 for n in compose.SLIDERS)
    assert all(found[n] == face[n] for n in compose.KINDS)


def test_every_kind_of_the_painter_has_words():
    assert {c for name in compose.KINDS for c in faces.CHOICES[name]} == set(CHOICES)
    assert set(NAMES) <= set(faces.ATTRIBUTES) and set(EDITS) <= set(NAMES)


def test_own_pictures_and_a_blank_board():
    blank, figures = last(own(NAME, None, "en"))
    assert figures["psnr"] > 0
    drawn = Image.effect_noise((300, 200), 80).convert("RGB")
    assert pixels(last(own(NAME, drawn, "es"))[0]) != pixels(blank)


def test_alpha_zero_changes_nothing():
    seen = {}
    for name, alphas in (("none", NONE), ("some", (1.0, *NONE[1:]))):
        picture, words, _, figures = last(edit(NAME, 23, "painted", "glasses", *alphas, "en"))
        tile = 300
        before, after = (
            picture.crop((x, 60, x + tile, 300)) for x in (tile + plates.AIR, 2 * (tile + plates.AIR))
        )
        seen[name] = pixels(before) == pixels(after)
        assert ("bar-row" in words) == (name == "some") and (name == "some" or figures == {})
    assert seen == {"none": True, "some": False}


@pytest.mark.parametrize("start", ["painted", "mixture", "normal"])
@pytest.mark.parametrize("lang", ["en", "es"])
def test_edits_from_every_start(start, lang):
    alphas = [0.5] * len(EDITS)
    steps = list(edit(NAME, 23, start, "smile", *alphas, lang))
    assert len(steps) == 2 and "<table>" in steps[0][2]
    assert pixels(steps[-1][0]) == pixels(last(edit(NAME, 23, start, "smile", *alphas, lang))[0])


def test_directions_add_up():
    v = directions(NAME)
    assert set(v) == set(EDITS) and all(x.dtype == torch.float32 for x in v.values())


def test_morphs_start_and_end_where_they_should():
    a, b = torch.randn(2, 128, generator=torch.Generator().manual_seed(0))
    ends = torch.tensor([0.0, 1.0])
    for way in (line, arc):
        assert torch.allclose(way(a, b, ends), torch.stack([a, b]), atol=1e-4)
    half = torch.tensor([0.5])
    assert torch.allclose(line(a, b, half)[0], (a + b) / 2)
    assert abs(arc(a, b, half).norm() - (a.norm() + b.norm()) / 2) < 1e-3


@pytest.mark.parametrize("path", ["line", "arc"])
def test_a_morph_is_a_film_and_two_strips(path):
    film, strips, svg, _ = last(morph(NAME, 1, 2, "painted", path, "es"))
    with Image.open(film) as picture:
        assert picture.format == "GIF" and picture.n_frames > 10
    assert strips.width > 1000 and "<svg" in svg


def test_a_morph_from_a_face_to_itself():
    film, _, svg, _ = last(morph(NAME, 4, 4, "normal", "arc", "en"))
    assert film.endswith(".gif") and "nan" not in svg


@pytest.mark.parametrize("what", ["z", "mean"])
def test_inside_encodes_and_shows(what):
    steps = list(inside(NAME, 100_000, 64, what, "en"))
    panels, units, gap, figures = steps[-1]
    assert len(steps) == 5 and panels.count("<svg") == 48 and units.count("<svg") == 1
    assert gap.count("<svg") == 4 and set(figures) == {"kl", "active", "gap"}
    assert "nan" not in panels + units + gap


def test_the_gap_of_a_gaussian_is_its_divergence():
    """A single blob of known mean and width: the mean log ratio is KL(q || p) in closed form."""
    mixture = Mixture(MixtureConfig(components=1, latent=4)).requires_grad_(False)
    mixture.means.copy_(torch.tensor([[1.0, 0.0, -0.5, 0.0]]))
    mixture.log_diagonal.copy_(torch.tensor([[-1.0, -0.5, 0.0, 0.3]]))
    variance = (2 * mixture.log_diagonal[0]).exp()
    exact = 0.5 * (mixture.means[0] ** 2 + variance - 1 - variance.log()).sum()
    z = mixture.means[0] + variance.sqrt() * torch.randn(
        40_000, 4, generator=torch.Generator().manual_seed(0)
    )
    assert abs(np.mean(ratio_of(mixture, z)) - exact) < 0.03


def test_a_histogram_has_area_one():
    assert sum(density([0.1, 0.2, 0.9, 0.95], [0, 0.5, 1])) * 0.5 == pytest.approx(1)


@pytest.mark.parametrize("prior", ["normal", "mixture"])
def test_three_weights_side_by_side(prior):
    steps = list(compare(7, prior, "en"))
    rebuilt, sampled, table, _ = steps[-1]
    assert len(steps) == 4 and rebuilt.height > sampled.height
    assert all(f"β = {beta}" in table for beta in (150, 25, 1)) and "25.0 dB" in table


# ------------------------------------------------------------------------------------------ the reader


def test_what_is_asked_for_is_not_leak():
    changes = {"hair_blond": 2.0, "hair_black": -1.5, "age": 0.5, "hair_volume": 0.1}
    wanted, leaked = reading.split(changes, {"hair_blond": 1.0, "age": 0.0})
    assert wanted == ["hair_blond", "hair_black"] and leaked == ["age", "hair_volume"]
    leak = reading.leak_of(changes, {"hair_blond": 1.0})["leak"]
    assert leak == pytest.approx(((0.5**2 + 0.1**2) / (2**2 + 1.5**2)) ** 0.5)


def test_only_what_the_reader_reads_well_is_shown(folder):
    facts = {"measures": {"of smile": 0.9, "of freckles": 0.5}}
    (folder / reading.READER / "metrics.json").write_text(json.dumps(facts))
    x = torch.zeros(1, 3, 64, 64)
    found = reading.moved(x, x + 0.1)
    assert "smile" in found and "freckles" not in found
    assert all(v == 0 for v in reading.moved(x, x).values())


# ------------------------------------------------------------------------------------------ taken home


@pytest.fixture
def tab():
    with gr.Blocks():
        return vae_faces.build()


def test_every_view_has_code_that_runs(tab):
    for fn, components, code in tab.examples.values():
        values = [c.value for c in components]
        space: dict = {}
        exec(code(*values), space)
        assert fn.__doc__ and any(isinstance(v, torch.Tensor) and v.ndim > 0 for v in space.values())


@pytest.mark.parametrize("start", ["painted", "mixture", "normal"])
def test_the_code_of_an_edit_makes_the_edit(tab, start, monkeypatch):
    _, _, code = tab.examples["vae_faces_edit"]
    alphas = [0.5, 0, 0, -1.0, 0, 0, 0, 2.0, 0, 0]
    space: dict = {}
    exec(code(NAME, 9, start, "smile", *alphas), space)
    seen = []
    monkeypatch.setattr(plates, "block", lambda _, x, **__: seen.append(x) or Image.new("RGBA", (900, 9)))
    last(edit(NAME, 9, start, "smile", *alphas, "en"))
    assert torch.allclose(space["edited"], seen[-2], atol=1e-4)


# ------------------------------------------------------------------------------------------ plots


def test_numbers_of_a_plot_are_round_and_in_the_language():
    assert plots.nice(-4, 4, 5) == [-4, -2, 0, 2, 4] and plots.nice(0, 1, 5) == pytest.approx(
        [0, 0.2, 0.4, 0.6, 0.8, 1]
    )
    assert plots.number(-1.5, "es") == "−1,5" and plots.number(-1.5, "en") == "−1.5"


def test_words_in_plots_are_escaped():
    hostile = "<script>alert(1)</script>"
    axes = plots.Axes((0, 1), (0, 1))
    drawn = plots.plot(axes, plots.rule(0.5, hostile), title=hostile, across=hostile)
    drawn += plots.signed_bars([(hostile, -1.0, "mark")], 2, "en") + plots.legend(("mark", hostile))
    drawn += plots.heat([hostile], [hostile], [[0.5]], "en") + plots.table([hostile], [[hostile, hostile]])
    assert "<script" not in drawn


# ------------------------------------------------------------------------------------------ the text


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_text_quotes_what_was_measured(lang, monkeypatch):
    monkeypatch.setattr(hub, "WEIGHTS", WEIGHTS)
    found = {name: card.metrics(name).get("measures", {}) for name in ORDER}
    if not all(found.values()):
        pytest.skip("the checkpoints are not in weights/")
    words = (card.ART.parent / "texts" / f"vae_faces.{lang}.md").read_text(encoding="utf-8")
    for key, digits in (("psnr", 1), ("kl", 1), ("frechet_prior", 1), ("frechet_mixture", 1)):
        row = " | ".join(f"{found[name][key]:.{digits}f}" for name in ORDER)
        assert (row.replace(".", ",") if lang == "es" else row) in words, (key, row)
        assert key in numbers.WORDS
