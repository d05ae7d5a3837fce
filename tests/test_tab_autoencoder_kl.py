"""The tab of the latent space, with tiny networks in the place of trained ones; and what it computes with."""

from contextlib import closing
from dataclasses import replace

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image

from demos.autoencoder_kl import race as racing
from demos.autoencoder_kl import source
from demos.autoencoder_kl.look import look
from demos.autoencoder_kl.mix import mix
from demos.autoencoder_kl.prior import prior
from demos.autoencoder_kl.race import race
from demos.autoencoder_kl.tamper import bits, tamper
from genmodels import hub, runtime
from genmodels.autoencoders import codes
from genmodels.autoencoders.autoencoder_kl import AutoencoderKL, AutoencoderKLConfig
from genmodels.autoencoders.autoencoder_tiny import AutoencoderTiny, AutoencoderTinyConfig
from genmodels.data import pictures

SMALL, TINY = "autoencoder-kl-small", "madebyollin/taesd"
ON = (True,) * 4


@pytest.fixture(autouse=True)
def weights(tmp_path, monkeypatch):
    """The bundled checkpoint with three narrow levels, TAESD as narrow; Stable Diffusion's is not here."""
    torch.manual_seed(0)
    widths = AutoencoderKLConfig(block_out_channels=(8, 8, 8), layers_per_block=1, norm_num_groups=4)
    AutoencoderKL(widths).save_pretrained(tmp_path / SMALL)
    blocks = {"num_encoder_blocks": (1, 1, 1, 1), "num_decoder_blocks": (1, 1, 1, 1)}
    narrow = {f"{part}_block_out_channels": (8, 8, 8, 8) for part in ("encoder", "decoder")}
    tiny = AutoencoderTiny(AutoencoderTinyConfig(**blocks, **narrow))
    with torch.no_grad():
        for weight in tiny.parameters():
            weight.mul_(2)  # as they are drawn, the code drowns on its way through so many layers
    tiny.save_pretrained(tmp_path / TINY)
    monkeypatch.setattr(hub, "WEIGHTS", tmp_path)
    monkeypatch.setattr(runtime, "pool", runtime.Pool())
    unchecked = tuple(replace(c, revision="", file="", size=0, sha256="") for c in source.TABLE)
    monkeypatch.setattr(source, "TABLE", unchecked)
    monkeypatch.setattr(racing, "TABLE", unchecked)


def last(steps):
    with closing(steps) as made:
        *_, end = made
    return end


def test_the_class_is_chosen_by_name():
    assert [source.autoencoder(c.name) for c in source.TABLE] == [
        AutoencoderKL,
        AutoencoderKL,
        AutoencoderTiny,
    ]


@pytest.mark.parametrize("name", [SMALL, TINY])
def test_look_shows_the_code_first_and_then_the_rest(name):
    first, end = look(name, "face", None, 128, "en")
    assert first[2].size == end[2].size and set(first[3]) < set(end[3])
    (picture, decoded), lost, inside, found = end
    assert picture.size == decoded.size == lost.size == (128, 128)
    factor = 4 if name == SMALL else 8
    assert found["bytes_image"] == 3 * 128**2 and found["bytes_code"] == 2 * 4 * (128 // factor) ** 2
    assert inside.width > inside.height * 4  # the colours and four channels in a row
    error = np.mean((np.asarray(picture, float) - np.asarray(decoded, float)) ** 2)
    assert found["psnr"] == pytest.approx(10 * np.log10(255**2 / error), abs=0.05)


def test_an_untouched_code_decodes_as_in_look():
    looked = last(look(SMALL, "face", None, 128, "en"))
    same = last(tamper(SMALL, "face", None, 128, 16, 1.0, 0.0, 1, *ON, "lake", "nothing", "en"))
    assert np.array_equal(np.asarray(same[1]), np.asarray(looked[0][1]))
    assert same[3]["psnr"] == looked[3]["psnr"]


@pytest.mark.parametrize(
    "change",
    [{"depth": 1}, {"scale": 0.0}, {"noise": 0.5}, {"keep": (True, False, True, True)}]
    + [{"part": part} for part in ("half", "mean", "4")],
)
@pytest.mark.parametrize("name", [SMALL, TINY])
def test_tampering_changes_the_picture(name, change):
    def decoded(depth=16, scale=1.0, noise=0.0, keep=ON, part="nothing"):
        values = (name, "face", None, 128, depth, scale, noise, 1, *keep, "lake", part, "en")
        return np.asarray(last(tamper(*values))[1])

    assert not np.array_equal(decoded(**change), decoded())


def test_the_seed_decides_the_noise():
    def decoded(seed):
        return np.asarray(
            last(tamper(SMALL, "face", None, 128, 16, 1.0, 1.0, seed, *ON, "lake", "nothing", "en"))[1]
        )

    assert np.array_equal(decoded(3), decoded(3)) and not np.array_equal(decoded(3), decoded(4))


def test_bits_mix_and_prior_run_to_their_end():
    assert len(list(bits(SMALL, "card", None, 128, "es"))) == 9
    *frames, (film, found) = mix(SMALL, "face", None, 128, "wall", 5, "en")
    assert len(frames) == 5 and film.endswith(".gif") and "psnr_paths" in found
    with Image.open(film) as gif:
        assert gif.n_frames == 8  # there and back again
    end = last(prior(TINY, "lake", None, 128, 1, 4, "en"))
    assert len(end) == 5 and all(p.size == (264, 128) for p in end[:4])


def test_the_race_has_those_who_are_here_and_says_who_is_not():
    poster, table, _ = last(race("lake", None, 128, "en"))
    assert poster.width == 3 * racing.SIDE + 2 * 20 and poster.height > 2 * racing.SIDE
    assert table.count("not here") == 1 and table.count("<tr>") == 1 + 5


def test_the_race_goes_on_without_those_who_do_not_fit(monkeypatch):
    monkeypatch.setattr(runtime.settings, "memory", 1000)  # bytes of models
    poster, table, _ = last(race("lake", None, 128, "es"))
    assert table.count("necesita") == 2 and poster.height < 2 * racing.SIDE and "JPEG" in table


@pytest.mark.parametrize(
    ("shape", "size", "expected"),
    [
        ((768, 512), 256, (256, 168)),
        ((100, 768), 128, (16, 128)),
        ((768, 1), 128, (128, 8)),
        ((30, 30), 200, (200, 200)),
    ],
)
def test_ones_own_picture_keeps_its_shape_in_multiples_of_the_factor(shape, size, expected):
    x = source.chosen("own", Image.new("RGB", shape), size, 8, "en")
    assert (x.shape[3], x.shape[2]) == expected


@pytest.mark.parametrize("shape", [(1, 768), (768, 1)])
def test_a_thread_of_a_picture_goes_through_every_view(shape):
    own = Image.new("RGB", shape, "teal")
    for name in (SMALL, TINY):
        last(look(name, "own", own, 128, "en"))
        last(tamper(name, "own", own, 128, 2, 1.0, 0.2, 1, *ON, "lake", "half", "en"))
        last(bits(name, "own", own, 128, "en"))
        last(mix(name, "own", own, 128, "face", 5, "en"))
        last(prior(name, "own", own, 128, 1, 16, "en"))
    last(race("own", own, 128, "en"))


def test_what_is_transparent_is_paper():
    x = source.chosen("own", Image.new("RGBA", (64, 64), (255, 0, 0, 0)), 64, 8, "en")
    assert x.min() == 1


def test_ones_own_picture_must_be_there():
    with pytest.raises(gr.Error, match="trae una imagen"):
        last(look(SMALL, "own", None, 128, "es"))


def test_a_jpeg_keeps_to_its_budget():
    x = source.chosen("lake", None, 128, 8, "en")
    sizes = [len(source.jpeg(x, budget)) for budget in (1, 2500, 5000, 10**6)]
    assert sizes == sorted(sizes) and sizes[1] <= 2500 < sizes[2] <= 5000


# ------------------------------------------------------------------------------------------ genmodels


def test_rounding_leaves_so_many_values_within_half_a_step():
    z = torch.randn(1, 4, 16, 16)
    for depth in (1, 3, 8, 16):
        q = codes.quantise(z, depth)
        step = (z.amax((2, 3)) - z.amin((2, 3))) / 2**depth
        assert all(len(q[0, c].unique()) <= 2**depth for c in range(4))
        assert ((q - z).abs().amax((2, 3)) <= step / 2 + 1e-5).all()
    assert torch.equal(
        codes.quantise(torch.zeros(1, 1, 4, 4), 4).isfinite(), torch.ones(1, 1, 4, 4, dtype=torch.bool)
    )


def test_shuffling_moves_whole_squares_and_loses_nothing():
    z = torch.arange(2 * 10 * 13.0).reshape(1, 2, 10, 13)
    for side in (1, 3, 8, 16):
        s = codes.shuffle(z, side, 1)
        assert torch.equal(s.flatten().sort()[0], z.flatten().sort()[0])
    moved = codes.shuffle(z, 3, 1)
    assert torch.equal(moved[..., 9:, :], z[..., 9:, :]) and torch.equal(moved[..., 12:], z[..., 12:])
    assert torch.equal(moved[:, :, :3, :3].diff(dim=3), z[:, :, :3, :3].diff(dim=3))
    assert not torch.equal(moved, z) and torch.equal(moved, codes.shuffle(z, 3, 1))


def test_diffusion_keeps_the_variance_and_ends_in_noise():
    z, noise = torch.randn(2, 1, 4, 64, 64)
    assert torch.equal(codes.diffuse(z, noise, 0.0), z) and torch.equal(codes.diffuse(z, noise, 1.0), noise)
    assert codes.diffuse(z, noise, 0.3).var().item() == pytest.approx(1, abs=0.05)


def test_neighbours_go_together_in_waves_and_not_in_noise():
    wave = torch.sin(torch.arange(64) / 4).expand(1, 2, 64, 64)
    assert codes.correlation(wave) > 0.9 and abs(codes.correlation(torch.randn(1, 4, 64, 64))) < 0.05
    assert codes.correlation(torch.zeros(1, 2, 8, 8)) == 0


def test_the_colours_are_found_again():
    x = torch.rand(1, 3, 32, 32) * 2 - 1
    small = torch.nn.functional.avg_pool2d(x, 4)
    z = torch.einsum("dc,bchw->bdhw", torch.randn(4, 3), small) + 0.5
    assert torch.allclose(codes.preview(z, codes.palette(z, x)), small, atol=1e-2)


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_pictures_are_drawn_again_the_same(name):
    for size in (64, 200):
        a, b = pictures.draw(name, size), pictures.draw(name, size)
        assert a.shape == (size, size, 3) and a.dtype == np.uint8 and np.array_equal(a, b)
        assert a.std() > 20


@pytest.mark.parametrize("size", [0, 15, 4000])
def test_a_picture_of_an_impossible_size_is_refused(size):
    with pytest.raises(ValueError, match=f"size = {size}"):
        pictures.draw("lake", size)
