"""The tab of words, with tiny networks in the place of trained ones; and the numbers of its texts."""

import json
import math
import re
from contextlib import closing
from dataclasses import replace as changed
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from safetensors.torch import save_file

from demos.kit import card, numbers
from demos.kit.tab import TEXTS
from demos.vqvae import atlas, codes, complete, nearest, prior, reconstruct, relax, source, words
from genmodels import hub, runtime
from genmodels.autoencoders import neighbours
from genmodels.autoencoders.dvae import DVAE, DVAEConfig
from genmodels.autoencoders.rate_vae import RateVAE, RateVAEConfig
from genmodels.autoencoders.vq_model import VQModel, VQModelConfig
from genmodels.autoencoders.vqvae import USAGE, VQVAE, VQVAEConfig
from genmodels.autoregressive import sampling
from genmodels.autoregressive.checkpoints import CODE_PRIOR
from genmodels.autoregressive.code_prior import CodePrior, CodePriorConfig

FACES, SPRITES, DISCRETE, HUB = "vqvae-faces", "vqvae-sprites", "dvae-faces", "amused/amused-256"
K = 20  # words
MINE = ("auto", 7, None, None)  # picture, seed, own, drawing
SHIPPED = hub.WEIGHTS


@pytest.fixture(autouse=True)
def weights(tmp_path, monkeypatch):
    """Every checkpoint of the tab, narrow; of the Hub's one, the other is not here."""
    torch.manual_seed(0)
    small = {"hidden": 8, "blocks": 1, "codes": K}
    put = {
        FACES: VQVAE(VQVAEConfig(dim=4, **small)),
        SPRITES: VQVAE(VQVAEConfig(size=24, channels=4, dim=4, halvings=1, **small)),
        DISCRETE: DVAE(DVAEConfig(dim=4, **small)),
        "vqvae-faces-vae": RateVAE(RateVAEConfig(hidden=8, blocks=1, latent=2)),
        HUB: VQModel(VQModelConfig(block_out_channels=(8, 8), layers_per_block=1, norm_num_groups=4,
                                   num_vq_embeddings=40)),
        f"{FACES}-prior": CodePrior(CodePriorConfig(codes=K, channels=8, embed=4)),
        f"{DISCRETE}-prior": CodePrior(CodePriorConfig(codes=K, channels=8, embed=4)),
        f"{SPRITES}-prior": CodePrior(CodePriorConfig((12, 12), K, 4, channels=8, embed=4)),
    }  # fmt: skip
    for name, model in put.items():
        with torch.no_grad():
            for key, weight in model.named_parameters():
                if "codebook" in key or "embedding" in key:
                    weight.normal_()
                elif weight.ndim > 1:
                    weight.mul_(2)  # as they are drawn, pictures drown on the way
        model.save_pretrained(tmp_path / name)
        (tmp_path / name / "metrics.json").write_text("{}")
        if isinstance(model, VQVAE | DVAE):
            counts = torch.arange(K).int()  # word 0 is dead
            save_file({"counts": counts}, tmp_path / name / USAGE)
    grids = torch.randint(K, (30, 12, 12))
    table = neighbours.packed(grids) | {"kind": torch.zeros(30, dtype=torch.uint8)}
    text = {"names": json.dumps([f"mon/thing{k}" for k in range(30)])}
    save_file(table, tmp_path / SPRITES / neighbours.FILE, metadata=text)
    facts = {"neighbours": {"tiles": 30, "near": 0.5, "typical": 1.0, "far": 2.0}}
    (tmp_path / SPRITES / "metrics.json").write_text(json.dumps(facts))
    monkeypatch.setattr(hub, "WEIGHTS", tmp_path)
    monkeypatch.setattr(runtime, "pool", runtime.Pool())
    local = {"revision": "", "file": "model.safetensors", "subfolder": ""}
    monkeypatch.setattr(source, "TABLE", tuple(changed(c, **local) for c in source.TABLE))
    forget()
    yield
    forget()


def forget():
    for held in (words.dictionary, words.usage, nearest.known):
        held.cache_clear()


def last(steps):
    with closing(steps) as made:
        *_, end = made
    return end


def same(a: Image.Image, b: Image.Image) -> bool:
    return a.size == b.size and np.array_equal(np.asarray(a), np.asarray(b))


# ---- the picture -------------------------------------------------------------------------------------------


def test_the_class_is_chosen_by_name():
    kinds = [source.family(c.name) for c in source.TABLE]
    assert kinds == [VQVAE, VQVAE, DVAE, VQModel, VQModel]
    assert [source.side(c.name) for c in source.TABLE] == [8, 12, 8, 16, 32]


def test_the_grid_of_the_hubs_models_is_as_large_as_promised():
    for config, side in ((VQModelConfig((8,) * 5), 16), (VQModelConfig(block_out_channels=(8, 8, 8)), 32)):
        model = SimpleNamespace(config=config, factor=2 ** (len(config.block_out_channels) - 1))
        if side == 32:
            assert source.size(model) // model.factor == side
    assert source.size(SimpleNamespace(config=VQModelConfig(), factor=16)) == 256
    assert source.size(SimpleNamespace(config=VQModelConfig(), factor=4)) == 128


@pytest.mark.parametrize("picture", ["auto", "face", "creature"])
@pytest.mark.parametrize(
    ("name", "shape"), [(FACES, (3, 32, 32)), (SPRITES, (4, 24, 24)), (HUB, (3, 64, 64))]
)
def test_every_model_gets_the_picture_in_its_own_shape(name, shape, picture):
    with source.loaded(name) as model:
        x = source.chosen(model, picture, 3, None, None, "en")
        again = source.chosen(model, picture, 3, None, None, "en")
        other = source.chosen(model, picture, 4, None, None, "en")
    assert x.shape[1:] == shape and x.abs().max() <= 1
    assert torch.equal(x, again) and not torch.equal(x, other)


@pytest.mark.parametrize(("picture", "found"), [("own", "trae una imagen"), ("drawn", "tablero está vacío")])
def test_ones_own_picture_must_be_there(picture, found):
    with pytest.raises(gr.Error, match=found):
        last(codes.codes(FACES, picture, 1, None, None, 1, 1, "es"))


def monster(ground: tuple[int, ...], size: int = 200) -> Image.Image:
    made = Image.new("RGBA" if len(ground) == 4 else "RGB", (size, size), ground)
    ImageDraw.Draw(made).ellipse((size * 0.2, size * 0.2, size * 0.8, size * 0.8), fill=(30, 140, 60))
    return made


@pytest.mark.parametrize("ground", [(255, 255, 255), (250, 10, 200), (0, 0, 0, 0)])
def test_the_ground_of_a_sprite_is_cut_away(ground):
    x = source.sprite(monster(ground), "en")[0]
    assert x.shape == (4, 24, 24)
    assert x[3, 0, 0] == -1 and x[3, 12, 12] == 1 and x[1, 12, 12] > x[0, 12, 12]


def test_a_small_sprite_keeps_its_pixels():
    small = source.creature(5)
    x = source.sprite(small, "en")[0]
    assert sorted(np.asarray(small)[..., 3].flatten() > 0) == sorted((x[3] > 0).flatten().tolist())
    large = source.on_ground(small, 256)
    assert large.size == (256, 256) and len(large.getcolors()) <= len(small.getcolors()) + 1


def test_an_empty_picture_is_refused_for_sprites():
    with pytest.raises(gr.Error, match="almost nothing"):
        source.sprite(Image.new("RGB", (3, 3), "teal"), "en")


@pytest.mark.parametrize("shape", [(1, 700), (700, 1), (30, 30)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_odd_pictures_go_through(shape, mode):
    own = Image.new(mode, shape, "teal")
    for name in (FACES, DISCRETE, HUB):
        last(codes.codes(name, "own", 1, own, None, 1, 1, "en"))
    last(reconstruct.reconstruct("own", 1, own, None, 3, "en"))
    if shape == (30, 30):
        last(codes.codes(SPRITES, "own", 1, own, None, 1, 1, "en"))


# ---- words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [FACES, SPRITES, DISCRETE, HUB])
def test_a_picture_is_read_and_its_bits_are_counted(name):
    steps = list(codes.codes(name, *MINE, 2, 3, "en"))
    seen, panel, near, about, alike, found = steps[-1]
    with source.loaded(name) as model:
        x = source.chosen(model, *MINE, "en")
        grid = model.codes(x)
    assert len(steps) == 2 and alike[0] == grid[0, 1, 2] and len(set(alike)) == 12
    assert f"word {alike[0]}" in about and f"of {len(model.codebook)}" in about
    assert found["code_bits"] == pytest.approx(grid.numel() * math.log2(len(model.codebook)))
    assert found["image_bits"] == 8 * x.numel()
    assert ("prior_bits" in found) == (name != HUB) and numbers.line(found, "es")
    assert seen.width == seen.height and panel.width > 2 * panel.height and near.width > near.height


def test_the_bits_under_the_prior_are_those_of_the_model():
    found = last(codes.codes(FACES, *MINE, 1, 1, "en"))[-1]
    with source.loaded(FACES) as model:
        grid = model.codes(source.chosen(model, *MINE, "en"))
    nats = -CodePrior.from_pretrained(f"{FACES}-prior").log_prob(grid[:, None]).sum().item()
    assert found["prior_bits"] == pytest.approx(nats / math.log(2), rel=1e-4)


@pytest.mark.parametrize("name", [FACES, SPRITES, HUB])
def test_exchanging_a_word_changes_what_is_around_it(name):
    with source.loaded(name) as model:
        old = model.codes(source.chosen(model, *MINE, "en"))[0, 1, 1].item()
    plate, none = last(codes.replace(name, *MINE, 2, 2, old, "en"))
    assert none["touched"] == 0
    other, some = last(codes.replace(name, *MINE, 2, 2, (old + 7) % K, "en"))
    assert 0 < some["touched"] <= 100 and 0 < some["own_share"] <= 100 and not same(plate, other)


def test_a_word_that_is_not_in_the_dictionary_is_refused():
    with pytest.raises(gr.Error, match=f"0 to {K - 1}"):
        last(codes.replace(FACES, *MINE, 1, 1, K, "en"))


def test_past_the_end_of_a_small_grid_is_its_end():
    a, b = (last(codes.codes(SPRITES, *MINE, k, k, "en")) for k in (12, 32))
    assert same(a[0], b[0]) and a[4] == b[4]


@pytest.mark.parametrize("n", [8, 12, 16, 32])
def test_a_click_is_the_word_below_it(n):
    for i, j in ((0, 0), (n - 1, 2), (3, n - 1)):
        x, y = (round((k + 0.5) * words.MAP / n) for k in (j, i))
        assert words.pressed(n, 4, SimpleNamespace(index=[x, y])) == (i + 1, j + 1, 5)
    assert words.pressed(n, 0, SimpleNamespace(index=[words.MAP, words.MAP])) == (n, n, 1)


def test_a_click_on_the_words_that_are_alike():
    near = list(range(100, 112))
    plate = words.lined(torch.zeros(12, 3, 4, 4), [str(k) for k in near])
    step = plate.width / words.COLUMNS, plate.height / 2
    for k, word in enumerate(near):
        at = [(k % words.COLUMNS + 0.4) * step[0], (k // words.COLUMNS + 0.4) * step[1]]
        assert codes.picked(near, 0, SimpleNamespace(index=at)) == (word, 1)


def test_a_word_alone_is_the_middle_of_many_of_it():
    with source.loaded(FACES) as model:
        patch = words.patches(model, torch.tensor([3]))
        whole = model.draw(torch.full((1, 3, 3), 3))
    torch.testing.assert_close(patch, whole[..., 4:8, 4:8])
    torch.testing.assert_close(words.dictionary(FACES)[3:4], patch, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("order", ["alike", "use", "number"])
def test_the_dictionary_has_every_word_once(order):
    for name in (FACES, SPRITES, DISCRETE):
        page, plot, found = last(atlas.atlas(name, *MINE, order, "en"))
        assert found["codebook"] == K and found["codes_dead"] == 1 and "svg" in plot and page.width > 0
        share = words.usage(name) / words.usage(name).sum()
        rank = atlas.ranked(order, share, None, words.dictionary(name))
        assert sorted(rank) == list(range(K))
    share = np.array([0.5, 0.25, 0.25, 0])
    assert atlas.bits(share) == pytest.approx(1.5)


def test_of_a_dictionary_from_the_hub_the_words_in_use_are_shown():
    page, note, found = last(atlas.atlas(HUB, *MINE, "use", "es"))
    assert found == {"codebook": 40} and "de 40" in note and page.width > 100


# ---- through the models ------------------------------------------------------------------------------------


def test_three_models_and_what_they_spend():
    steps = list(reconstruct.reconstruct("face", 3, None, None, 2, "en"))
    page, table, found = steps[-1]
    assert len(steps) == 4 and found["psnr"].count("dB") == 3 and table.count("<tr>") == 4
    x = source.face(3, 32)
    _, bits, least, kl = reconstruct.by_words(x, 3)
    assert bits == kl == pytest.approx(64 * math.log2(K)) and 0 < least < 10 * bits
    assert 0 <= reconstruct.by_dvae(x, 3)[3] <= bits and reconstruct.by_vae(x, 3)[3] >= 0


def test_the_learnt_prior_draws_what_the_model_draws_and_the_other_by_the_same_numbers():
    model, coder = CodePrior.from_pretrained(f"{SPRITES}-prior"), VQVAE.from_pretrained(SPRITES)
    kind = torch.full((3,), 2)
    grid = sampling.last(sampling.draw(model, 5, 3, labels=kind))[:, 0]
    uniform = prior.equal(5, 3, (12, 12), K)
    assert torch.equal(uniform, (sampling.uniforms(5, 3, (12, 12, 1))[..., 0] * K).long())
    assert torch.equal(prior.equal(6, 1, (12, 12), K)[0], uniform[1])
    page = last(prior.new(SPRITES, 5, 3, 1.0, 2, "en"))[0]
    made = prior.part(coder, uniform, 144), prior.part(coder, grid, 144)
    assert same(page, prior.two(made, "en"))


def test_words_that_are_not_written_yet_are_blank():
    coder = VQVAE.from_pretrained(FACES)
    grid = torch.randint(K, (2, 8, 8))
    half = prior.part(coder, grid, 20)  # two rows and a half
    blank = torch.tensor(prior.BLANK)
    assert (half[:, :, 12:] == blank[:, None, None]).all() and (
        half[:, :, 8:, 16:] == blank[:, None, None]
    ).all()
    assert (half[:, :, :8] != blank[:, None, None]).any()
    torch.testing.assert_close(prior.part(coder, grid, 64), coder.draw(grid).clamp(-1, 1))


def test_a_word_is_explained_by_what_it_was_drawn_from():
    model = CodePrior.from_pretrained(f"{FACES}-prior")
    steps = list(sampling.draw(model, 4, 1))
    *_, bars, note, found = last(prior.chances(FACES, 4, 1.0, -1, 3, 2, "en"))
    step = steps[2 * 8 + 1]
    p = model.chances(step.params[0])
    assert f"word {step.x[0, 0, 2, 1]}" in note
    assert found["entropy"] == pytest.approx(-(p * p.log2()).sum().item(), rel=1e-4)
    assert 0 < found["entropy"] <= math.log2(K) and bars.height > bars.width / 2
    last(prior.chances(FACES, 4, 0.0, -1, 8, 8, "es"))


@pytest.mark.parametrize("name", [HUB])
def test_without_a_prior_the_view_says_so(name):
    for made in (
        prior.new(name, 1, 1, 1.0, -1, "es"),
        prior.chances(name, 1, 1.0, -1, 1, 1, "es"),
        complete.complete(name, *MINE, "top", None, 1, 1, 1.0, -1, "es"),
    ):
        with pytest.raises(gr.Error, match="necesita un prior"):
            last(made)


# ---- completion --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [FACES, SPRITES, DISCRETE])
@pytest.mark.parametrize("keep", ["top", "bottom", "left", "right", "middle", "border", "painted"])
def test_no_kept_word_is_ever_altered(name, keep, monkeypatch):
    caught = []
    watch = sampling.draw
    monkeypatch.setattr(sampling, "draw", lambda *a, **k: (caught.append(s) or s for s in watch(*a, **k)))
    cells = np.zeros((24, 24), bool)
    cells[3:14, 5:20] = True
    end = last(complete.complete(name, *MINE, keep, (None, cells), 9, 4, 1.0, -1, "en"))
    with source.loaded(name) as model:
        grid = model.codes(source.chosen(model, *MINE, "en"))
    mask = torch.from_numpy(complete.kept(keep, (None, cells), grid.shape[1:]))
    made = caught[-1].x[:, 0]
    assert 0 < mask.sum() < mask.numel()
    assert (made[:, mask] == grid[0, mask]).all() and len({tuple(g.flatten().tolist()) for g in made}) == 4
    (_, board), found = end[0], end[-1]
    assert found["kept_same"] == 100 and found["kept_words"] == f"{mask.sum()} / {mask.numel()}"
    assert board.shape == (24, 24) and np.array_equal(complete.painted(board, mask.shape), mask.numpy())


@pytest.mark.parametrize("board", [None, (None, np.zeros((24, 24), bool)), (None, np.ones((24, 24), bool))])
def test_nothing_or_everything_can_be_kept(board):
    *_, found = last(complete.complete(FACES, *MINE, "painted", board, 9, 2, 1.0, -1, "en"))
    assert found["kept_words"] == ("64 / 64" if board and board[1].all() else "0 / 64")
    assert numbers.line({k: v for k, v in found.items() if k != "made"}, "en")


def test_a_word_stays_if_half_of_its_cells_do():
    board = np.zeros((24, 24), bool)
    board[:3, :2] = True  # 6 of the 9 of a word of 8 x 8; 6 of the 4 and 4 of two of 12 x 12
    assert complete.painted(board, (8, 8)).sum() == 1 and complete.painted(board, (12, 12)).sum() == 2


# ---- copies ------------------------------------------------------------------------------------------------


def test_a_training_tile_and_its_mirror_image_are_found():
    model, table = VQVAE.from_pretrained(SPRITES), neighbours.table(SPRITES)
    some = table.codes[[4, 9]]
    at, away, mirrored = neighbours.either_way(model, some, model.draw(some), table.codes)
    assert at.tolist() == [4, 9] and away.max() < 1e-3 and not mirrored.any()
    x = model.draw(table.codes[:1])
    at, away, mirrored = neighbours.either_way(model, table.codes[:1], x, model.codes(x.flip(-1)))
    assert away.item() < 1e-3 and mirrored.item()


def test_samples_are_shown_with_the_nearest_first():
    page, plot, found = last(nearest.nearest(3, 7, 1.0, 1, "es"))
    assert found["made"] == 7 and found["typical"] == 1.0 and "svg" in plot
    assert page.width == 4 * (nearest.WIDE + nearest.AIR) - nearest.AIR  # four in a row
    page, _, found = last(nearest.nearest(3, 1, 0.0, -1, "en"))
    assert found["copies"] in (0, 1)


# ---- relaxed -----------------------------------------------------------------------------------------------


def test_a_mixture_sharpens_to_one_word():
    logits = torch.randn(1, K, 8, 8, generator=torch.Generator().manual_seed(0))
    noise = torch.zeros_like(logits)
    spread = [relax.bits(relax.weights(logits, tau, noise)).mean().item() for tau in relax.STEPS]
    assert spread == sorted(spread, reverse=True) and spread[-1] == 0
    assert torch.equal(relax.weights(logits, 0.0, noise).argmax(1), logits.argmax(1))
    assert relax.bits(torch.full((1, K, 1, 1), 1 / K)).item() == pytest.approx(math.log2(K))


def test_the_relaxation_is_shown():
    steps = list(relax.relax(*MINE, 1.0, 1, 4, 4, "es"))
    seen, page, bars, note, found = steps[-1]
    assert len(steps) == 2 and 1 <= found["mixed"] <= K and 0 <= found["entropy"] <= math.log2(K)
    assert "τ = 1" in note and page.height > 0 and bars.width > 0 and seen.width == words.MAP // 8 * 8
    cold = last(relax.relax(*MINE, 0.0, 1, 4, 4, "en"))[-1]
    assert cold["mixed"] == pytest.approx(1)
    assert cold["kl_words"] == pytest.approx(64 * (math.log2(K) - cold["entropy"]), rel=1e-3)


# ---- texts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_numbers_of_the_texts_are_those_measured(lang, monkeypatch):
    monkeypatch.setattr(hub, "WEIGHTS", SHIPPED)
    text = (TEXTS / f"vqvae.{lang}.md").read_text()
    rows = [line.strip("|").split("|")[1:] for line in text.splitlines() if re.match(r"\|.*\d+ min \|", line)]
    found = [[float(re.search(r"[\d.,]+", c)[0].replace(",", ".")) for c in row] for row in rows]
    models = (FACES, SPRITES, DISCRETE, "vqvae-faces-vae")
    for name, (psnr, bits, minutes) in zip(models, found[:4], strict=True):
        measured = card.metrics(name)["measures"]
        assert minutes == round(card.metrics(name)["minutes"]), name
        assert psnr == round(measured["psnr"], 1), name
        assert bits == round(measured.get("code_bits", measured.get("kl_bits"))), name
    for c, (bits, uniform, minutes) in zip(CODE_PRIOR, found[4:], strict=True):
        measured = card.metrics(c.name)["measures"]
        assert minutes == round(card.metrics(c.name)["minutes"]), c.name
        assert bits == round(measured["bits_per_image"]), c.name
        assert uniform == measured["bits_per_image_uniform"], c.name


@pytest.mark.parametrize("name", [FACES, SPRITES, DISCRETE])
def test_the_usage_that_ships_is_the_one_measured(name, monkeypatch):
    monkeypatch.setattr(hub, "WEIGHTS", SHIPPED)
    counts, measured = words.usage(name), card.metrics(name)["measures"]
    assert (counts == 0).sum() == measured["codes_dead"] and len(counts) == measured["codebook"]
    assert 2 ** atlas.bits(counts / counts.sum()) == pytest.approx(measured["perplexity"], rel=1e-4)
