"""The models that stand side by side: each draws, at one size, and a seed is a picture in any company."""

import subprocess
import sys

import pytest
import torch

import demos
from genmodels import draws, families, hub
from genmodels.families import ENTRIES, Entry

SLOW = {
    "ddpm-faces",
    "ddpm-fashion",
    "pixelcnn-fashion-mixture",
}  # whose other number of steps, or kin, is tried
STEMS = {stem for _, stems in demos.CHAPTERS for stem in stems}


def drawable(entry: Entry) -> bool:
    if entry.name == "real-fashion" or entry.name == "real-fashion@16":
        try:
            draws.test_garments()
        except FileNotFoundError:
            return False
    return families.exists(entry)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_a_seed_is_a_picture_alone_or_in_company(entry):
    if not drawable(entry):
        pytest.skip(f"{entry.name}: its folder is not here")
    sampler, shape = families.load(entry), families.shape(entry.data)
    two = families.last(sampler(3, 2))
    assert two.shape == (2, *shape) and two.dtype == torch.float32 and not two.requires_grad
    assert two.min() >= -1 and two.max() <= 1 and two.isfinite().all()
    assert (two[0] - two[1]).abs().mean() > 0.01  # two seeds are two pictures
    if entry.name in SLOW:
        return
    alone = families.last(sampler(4, 1))
    assert torch.allclose(alone[0], two[1], atol=1e-4)


@pytest.mark.parametrize(
    "name", ["vqvae-faces", "tarflow-faces", "pixelcnn-fashion", "ebm-fashion", "ddpm-faces@10"]
)
def test_what_takes_time_shows_itself_on_the_way(name):
    parts = list(families.load(families.entry(name))(1, 1))
    assert len(parts) >= 8 and len({p.shape for p in parts}) == 1
    away = [(p - parts[-1]).abs().mean().item() for p in parts]
    assert away[0] > away[-2] > 0 == away[-1] or away[-2] == 0 < away[0]


def test_the_table_is_in_order():
    names = [e.name for e in ENTRIES]
    assert len(set(names)) == len(names)
    for entry in ENTRIES:
        assert entry.density in ("exact", "bound", "none", "unnormalised") and entry.title
        if entry.family == "real":
            assert not entry.checkpoint and not entry.tab
        else:
            assert entry.passes >= 1 and entry.tab in STEMS, entry.name
        assert not entry.steps or entry.passes == entry.steps
    here = families.here()
    assert {e.checkpoint for e in here} <= {f.name for f in hub.WEIGHTS.iterdir()} and len(here) >= 20
    assert {e.data for e in families.here("faces")} == {"faces"}
    assert [e.name for e in families.here("faces", real=True)] == ["real-faces", "real-faces@32"]


def test_another_name_is_told_all_of_them():
    with pytest.raises(ValueError, match="wgan-gp-faces"):
        families.entry("stylegan")


def test_names_are_known_before_torch_is():
    code = "import sys; from genmodels.families import here; here(); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=hub.WEIGHTS.parent)


def test_faces_are_told_what_the_real_face_of_their_seed_shows():
    from genmodels.data.faces import random_face

    cgan, ddpm = families.entry("cgan-faces"), families.entry("ddpm-faces@10")
    classes, told = draws.by_lot(cgan, 10, 200), draws.by_lot(ddpm, 10, 200)
    for k, (c, d) in enumerate(zip(classes, told, strict=True)):
        face = random_face(draws.HELD_OUT + 10 + k)
        assert divmod(c, 2) == (draws.HAIR.index(face.hair_colour), face.glasses != "none")
        assert d in (c, draws.ANY_FACE)
        assert d == draws.ANY_FACE or (face.hat == "none" and face.hair_style not in draws.HIDES)
    assert draws.by_lot(ddpm, 15, 5) == told[5:10]


def test_a_class_that_is_asked_for_is_drawn():
    cgan = families.entry("cgan-fashion")
    trousers, bag = (families.last(cgan.draw(cgan, 0, 4, classes=[c] * 4)) for c in (1, 8))
    assert (trousers - bag).abs().mean() > 0.2


def test_real_pictures_lose_what_the_models_lost():
    whole, small = (
        families.last(families.load(families.entry(n))(0, 2)) for n in ("real-faces", "real-faces@32")
    )
    assert 0.005 < (whole - small).abs().mean() < 0.1
    again = torch.nn.functional.avg_pool2d(whole, 2)
    assert torch.allclose(again.mean((1, 2, 3)), small.mean((1, 2, 3)), atol=0.01)


def test_four_greys_of_sixteen_pixels_stand_where_they_did():
    entry = families.entry("real-fashion@16")
    x = torch.full((1, 1, 28, 28), -1.0)
    x[..., 6:20, 8:18] = 1.0
    seen = draws.whole(entry, draws.lost(entry, x))
    assert seen.shape == x.shape
    assert seen[..., 8:18, 10:16].min() == 1 and seen[..., :4, :].max() == -1
    rows = torch.arange(28.0)
    middle = lambda y: ((y[0, 0] + 1).sum(1) * rows).sum() / (y[0, 0] + 1).sum()  # noqa: E731
    assert middle(seen) == pytest.approx(middle(x).item(), abs=0.6)
