"""Procedural data: the same seed is the same picture for ever, and every stated range and density holds."""

import hashlib
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from genmodels.data import captions, faces, points, sprites, words
from genmodels.data.faces import Face

# ---- faces


def test_the_people_of_the_first_seeds_are_fixed_for_ever():
    _, vectors = faces.batch(range(64), size=8)
    digest = hashlib.sha256((vectors * 1000).round().astype("<i4").tobytes()).hexdigest()
    assert digest.startswith("42c47412fd53ff35"), "checkpoints were trained on the faces of these seeds"


# grey means of a 4 x 4 grid; loose, because another Pillow may round an edge differently
THUMBNAILS = (
    (215, 184, 184, 210, 210, 135, 138, 210, 210, 171, 173, 210, 190, 137, 137, 188),
    (106, 105, 116, 112, 99, 119, 153, 128, 112, 109, 119, 135, 121, 141, 137, 119),
    (213, 204, 202, 213, 213, 175, 166, 213, 213, 172, 166, 213, 180, 135, 131, 180),
    (211, 210, 210, 211, 214, 184, 178, 215, 216, 201, 188, 217, 199, 173, 173, 196),
)


@pytest.mark.parametrize("seed", range(4))
def test_portraits_look_as_they_always_did(seed):
    image = faces.paint(faces.random_face(seed)).astype(float)
    small = image.mean(2).reshape(4, 16, 4, 16).mean((1, 3)).ravel()
    np.testing.assert_allclose(small, THUMBNAILS[seed], atol=3)


def test_painting_is_deterministic_and_batch_agrees_with_paint():
    images, vectors = faces.batch([7, 8])
    assert images.shape == (2, 64, 64, 3) and images.dtype == np.uint8
    assert vectors.shape == (2, len(faces.ATTRIBUTES)) and vectors.dtype == np.float32
    assert np.array_equal(images[1], faces.paint(faces.random_face(8)))
    assert np.array_equal(vectors[1], faces.vector(faces.random_face(8)))


def test_a_portrait_is_the_same_picture_at_any_size():
    face = faces.random_face(5)
    big = faces.paint(face, 256, 2).reshape(64, 4, 64, 4, 3).mean((1, 3))
    assert np.abs(big - faces.paint(face, 64)).mean() < 2.5
    assert faces.paint(face, 32, 1).shape == (32, 32, 3)


def test_random_faces_are_valid_and_cover_every_choice():
    people = [faces.random_face(seed) for seed in range(3000)]
    for face in people:
        faces.validate(face)
    for name, choices in faces.CHOICES.items():
        assert {getattr(face, name) for face in people} == set(choices)
    table = np.stack([faces.vector(face) for face in people])
    assert (table.std(0) > 0).all()
    for name in ("glasses", "hat", "beard", "earrings"):
        assert 0.15 < table[:, faces.ATTRIBUTES.index(name)].mean() < 0.5


def test_attributes_are_nearly_independent():
    table = np.stack([faces.vector(faces.random_face(seed)) for seed in range(4000)])
    names = ("smile", "age", "skin", "glasses", "hat", "turn", "tilt", "light", "presentation")
    columns = [faces.ATTRIBUTES.index(name) for name in names]
    between = np.corrcoef(table[:, columns].T) - np.eye(len(names))
    assert np.abs(between).max() < 0.12


@pytest.mark.parametrize("name", (*faces.SIGNED, *faces.UNSIGNED))
def test_out_of_range_is_an_error_with_the_numbers(name):
    low = -1 if name in faces.SIGNED else 0
    for bad in (math.nan, 1.01, low - 0.01, math.inf):
        with pytest.raises(ValueError, match=rf"{name} = .*\[{low}, 1\]"):
            faces.validate(replace(Face(), **{name: bad}))
    for good in (low, 1):
        faces.paint(replace(Face(), **{name: float(good)}), 16, 1)


@pytest.mark.parametrize("name", faces.CHOICES)
def test_unknown_choice_is_an_error_and_every_choice_paints(name):
    with pytest.raises(ValueError, match=f"{name} = 'purple rain'"):
        faces.paint(replace(Face(), **{name: "purple rain"}))
    for choice in faces.CHOICES[name]:
        faces.paint(replace(Face(), **{name: choice}), 32, 2)


@pytest.mark.parametrize("size, oversample", [(4, 4), (4096, 1), (64, 0), (64, 50)])
def test_sizes_are_bounded(size, oversample):
    with pytest.raises(ValueError, match=f"size = {size}, oversample = {oversample}"):
        faces.paint(Face(), size, oversample)


@pytest.mark.parametrize("name", (*faces.SIGNED, *faces.UNSIGNED, "freckles"))
def test_every_attribute_can_be_seen(name):
    base = Face(hair_style="side_part", hair_colour="brown")
    low, high = (False, True) if name == "freckles" else (-1.0 if name in faces.SIGNED else 0.0, 1.0)
    a, b = (faces.paint(replace(base, **{name: value}), 128).astype(int) for value in (low, high))
    assert np.abs(a - b).max() > 20


def test_extremes_together_do_not_break_the_painter():
    rng = np.random.default_rng(0)
    for _ in range(150):
        values = {name: float(rng.choice((-1, 0, 1))) for name in faces.SIGNED}
        values |= {name: float(rng.choice((0, 0.5, 1))) for name in faces.UNSIGNED}
        values |= {name: str(rng.choice(choices)) for name, choices in faces.CHOICES.items()}
        assert faces.paint(Face(**values), 32, 2).std() > 5


# ---- captions

SENTENCES = [faces.random_face(seed) for seed in range(500)]


@pytest.mark.parametrize("lang", ("en", "es"))
def test_captions_are_whole_sentences(lang):
    said = [captions.caption(face, lang) for face in SENTENCES]
    said += [captions.sprite_caption(sprites.random_sprite(seed), lang) for seed in range(500)]
    said += [captions.points_caption(name, lang) for name in (*points.NAMES, "drawn")]
    for text in said:
        assert text == text.strip() and "  " not in text and " ," not in text, text
        assert not any(mark in text for mark in ("None", "{", "}", "(", "none", "_")), text
    assert len({captions.caption(face, lang) for face in SENTENCES}) > 480


def test_captions_name_what_is_there():
    face = Face(
        presentation=0.1,
        age=0.8,
        smile=0.5,
        hair_style="long_wavy",
        hair_colour="red",
        glasses="round",
        hat="cap",
    )
    english, spanish = captions.caption(face), captions.caption(face, "es")
    assert "old woman" in english and "long wavy red hair" in english and "round glasses" in english
    assert "anciana" in spanish and "pelo rojo largo y ondulado" in spanish and "anteojos redondos" in spanish
    assert "a cream cap" in english and "gorra crema" in spanish
    assert captions.caption(face) == english


def test_spanish_agrees_with_its_noun():
    for face in SENTENCES:
        text = captions.caption(face, "es")
        feminine = text.startswith("una ")
        for masculine, its_feminine in (("serio", "seria"), ("risueño", "risueña"), ("vestido", "vestida")):
            assert (masculine if feminine else its_feminine) not in text.split(), text


def test_every_word_list_is_complete():
    for lang in ("EN", "ES"):
        assert set(faces.HAIR_STYLES) <= set(getattr(words, f"{lang}_HAIR"))
        assert set(faces.CLOTH_COLOURS) == set(getattr(words, f"{lang}_CLOTH"))
        assert set(faces.CLOTHES) == set(getattr(words, f"{lang}_CLOTHES"))
        assert set(faces.BACKGROUNDS) == set(getattr(words, f"{lang}_GROUND"))
        assert set(sprites.COLOURS) == set(getattr(words, f"{lang}_RAMP"))
        assert set(sprites.KINDS) == set(getattr(words, f"{lang}_ACCENT"))
    assert set(words.POINTS) == {*points.NAMES, "drawn"}
    with pytest.raises(ValueError, match="language 'fr'"):
        captions.caption(Face(), "fr")


# ---- sprites


def test_sprites_are_symmetric_indexed_and_fixed_for_ever():
    indices, palettes = sprites.batch(range(64))
    assert indices.shape == (64, 24, 24) and palettes.shape == (64, 12, 3) and indices.dtype == np.uint8
    assert np.array_equal(indices, indices[:, :, ::-1])
    assert indices.max() < palettes.shape[1]
    digest = hashlib.sha256(indices.tobytes() + palettes.tobytes()).hexdigest()
    assert digest.startswith("52b989c0c5418348"), "checkpoints were trained on the sprites of these seeds"


def test_sprites_are_drawn_and_varied():
    made = [sprites.random_sprite(seed) for seed in range(1500)]
    assert {one.kind for one in made} == set(sprites.KINDS)
    assert {one.traits.colour for one in made} == set(sprites.COLOURS)
    assert len({one.indices.tobytes() for one in made}) > 1450
    for one in made:
        assert 60 < (one.indices > 0).sum() < 470
        assert len(np.unique(one.indices)) >= 5


def test_sprite_alpha_is_the_index_zero():
    one = sprites.random_sprite(3)
    picture = sprites.rgba(one)
    assert picture.shape == (24, 24, 4)
    assert np.array_equal(picture[..., 3] > 0, one.indices > 0)
    assert np.array_equal(picture[one.indices > 0][:, :3], one.palette[one.indices[one.indices > 0]])


# ---- densities

DRAWING = np.zeros((40, 20))
DRAWING[5:20, 8:12], DRAWING[25:35, 4:18] = 200, 90


def _density(name: str) -> points.Density:
    return points.drawn(DRAWING) if name == "drawn" else points.density(name)


def _grid(n: int = 320, reach: float = 6.4) -> tuple[torch.Tensor, float]:
    side = (torch.arange(n, dtype=torch.float64) + 0.5) / n * 2 * reach - reach
    return torch.cartesian_prod(side, side), (2 * reach / n) ** 2


@pytest.mark.parametrize("name", (*points.NAMES, "drawn"))
def test_densities_integrate_to_one_and_samples_follow_them(name):
    density = _density(name)
    at, area = _grid()
    log_p = density.log_prob(at)
    p = log_p.exp()
    assert float(p.sum()) * area == pytest.approx(1, abs=0.01)
    entropy = -float(torch.where(p > 0, p * log_p, 0.0).sum()) * area
    x = density.sample(20_000, torch.Generator().manual_seed(0))
    assert x.shape == (20_000, 2) and x.dtype == torch.float32
    assert float(x.abs().max()) < 6
    assert -float(density.log_prob(x).mean()) == pytest.approx(entropy, abs=0.03)
    mean = (p[:, None] * at).sum(0) * area
    torch.testing.assert_close(x.double().mean(0), mean, atol=0.06, rtol=0)


@pytest.mark.parametrize("name", points.NAMES)
def test_samples_repeat_with_the_seed(name):
    a, b, c = (points.sample(name, 50, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(a, b) and not torch.equal(a, c)
    assert points.log_prob(name, a.reshape(5, 10, 2)).shape == (5, 10)


def test_a_curve_of_gaussians_has_no_beads():
    """The Gaussians of the spirals lie closer than their width, so the density along the arm is smooth."""
    means = points.density("spirals").means[:160]
    middle = points.log_prob("spirals", (means[40:-20] + means[41:-19]) / 2)
    assert float((middle - points.log_prob("spirals", means[40:-20])).abs().max()) < 0.02


@pytest.mark.parametrize(
    "image, message",
    [
        (np.zeros((8, 8)), "nothing is drawn"),
        (np.full((8, 8), np.nan), "finite"),
        (np.full((8, 8), -1.0), "0 or more"),
        (np.ones((8, 8, 3)), r"shape \(8, 8, 3\)"),
        (np.ones((8, 6000)), r"\(8, 6000\)"),
    ],
)
def test_a_bad_drawing_is_an_error(image, message):
    with pytest.raises(ValueError, match=message):
        points.drawn(image)


def test_a_drawing_has_its_top_row_at_the_top():
    image = np.zeros((4, 4), np.uint8)
    image[0, 3] = 255
    density = points.drawn(image)
    x = density.sample(100, torch.Generator().manual_seed(0))
    assert bool((x >= 2).all()) and bool((x <= 4).all())
    assert float(density.log_prob(torch.tensor([3.0, 3.0]))) == pytest.approx(-math.log(4))
    assert float(density.log_prob(torch.tensor([3.0, -3.0]))) == -math.inf


def test_unknown_density_is_an_error():
    with pytest.raises(ValueError, match="'torus'.*moons"):
        points.sample("torus", 3, torch.Generator())
