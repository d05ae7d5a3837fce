"""The discrete autoencoders: known answers of the quantiser and of the relaxation, storage, what ships."""

import json
import math
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from genmodels.adapter import rank_of
from genmodels.autoencoders import neighbours
from genmodels.autoencoders.checkpoints import DVAES, RATE_VAES, VQVAES
from genmodels.autoencoders.dvae import DVAE, DVAEConfig, gumbel, kl_uniform, relax, usage_kl
from genmodels.autoencoders.rate_vae import RateVAE, RateVAEConfig
from genmodels.autoencoders.vqvae import (
    VQVAE,
    VQVAEConfig,
    distances,
    from_rgba,
    nearest_code,
    straight_through,
    to_rgba,
)
from training.dvae import dvae_loss, rate_loss, temperature
from training.vqvae import Clock, Dictionary, begin, halve, made_thin, moved, revive, usage, vq_loss

WEIGHTS = Path(__file__).resolve().parent.parent / "weights"
SMALL = {"size": 16, "hidden": 8, "blocks": 1}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(count: int = 4, size: int = 16, channels: int = 3) -> torch.Tensor:
    return torch.rand(count, channels, size, size, generator=generator()) * 2 - 1


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = VQVAE(VQVAEConfig(**SMALL, codes=12, dim=4)).eval().requires_grad_(False)
    model.codebook.normal_(generator=generator())
    return model


@pytest.fixture
def dvae():
    torch.manual_seed(0)
    return DVAE(DVAEConfig(**SMALL, codes=12, dim=4)).eval().requires_grad_(False)


class Still:
    """A clock that stands at a share of the run."""

    def __init__(self, done: float):
        self.done = done

    def tick(self) -> float:
        return self.done


# ---- shapes and storage ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["model", "dvae"])
def test_both_are_used_alike(kind, request, tmp_path):
    model = request.getfixturevalue(kind)
    x = images()
    codes = model.codes(x)
    assert codes.shape == (4, model.side, model.side) == (4, 4, 4) and codes.dtype == torch.int64
    assert codes.min() >= 0 and codes.max() < 12
    assert model.lookup(codes).shape == (4, 4, 4, 4)
    drawn = model.draw(codes)
    assert drawn.shape == x.shape and drawn.abs().max() <= 1
    assert torch.equal(drawn, model.decode(model.lookup(codes)))
    model.save_pretrained(tmp_path, torch.float32)
    again = type(model).from_pretrained(tmp_path)
    assert again.config == model.config
    assert torch.equal(again.codes(x), codes) and torch.equal(again.draw(codes), drawn)


@pytest.mark.parametrize("kind", ["model", "dvae"])
def test_an_image_does_not_depend_on_its_batch(kind, request):
    model = request.getfixturevalue(kind)
    codes = model.codes(images())
    assert torch.equal(model.codes(images()[2:3]), codes[2:3])
    assert torch.allclose(model.draw(codes[2:3]), model.draw(codes)[2:3], atol=1e-5)


def test_only_the_vectors_ship(model):
    rest = [k for k in model.state_dict() if not k.startswith(("encoder.", "decoder."))]
    assert rest == ["codebook"]


def test_begins_at_outputs_of_the_encoder(model):
    begin(model, images())
    assert len(nearest_code(model.encode(images()), model.codebook).unique()) > 6


def test_a_finer_grid():
    fine = VQVAE(VQVAEConfig(**SMALL, codes=12, dim=4, halvings=1)).eval()
    codes = fine.codes(images())
    assert codes.shape == (4, fine.side, fine.side) == (4, 8, 8)
    assert fine.draw(codes).shape == (4, 3, 16, 16)


def test_a_grid_of_any_side(model):
    x = images(1, 24)
    assert model.draw(model.codes(x)).shape == x.shape


def test_sizes():
    for model in (VQVAE(VQVAEConfig(dim=16)), DVAE(), RateVAE()):
        assert 4.5e5 < sum(p.numel() for p in model.parameters()) < 6e5


def test_sprites_keep_what_is_clear():
    pixels = np.random.default_rng(0).integers(0, 256, (3, 24, 24, 4), dtype=np.uint8)
    pixels[..., 3] = np.where(pixels[..., 3] > 99, 255, 0)
    pixels[pixels[..., 3] == 0] = 0
    x = from_rgba(pixels)
    assert x.shape == (3, 4, 24, 24) and x.min() == -1 and x.max() == 1
    assert np.array_equal(to_rgba(x), pixels)
    hidden = pixels.copy()
    hidden[..., :3][hidden[..., 3] == 0] = 200  # the colour of what is clear
    assert torch.equal(from_rgba(hidden), x)


# ---- the quantiser -----------------------------------------------------------------------------------------


def test_distances_are_those_between_vectors(model):
    z = torch.randn(2, 4, 3, 3, generator=generator(1))
    plain = (z.movedim(1, -1)[..., None, :] - model.codebook).square().sum(-1)
    assert torch.allclose(distances(z, model.codebook), plain, atol=1e-5)
    with torch.autocast("cpu", torch.bfloat16):  # as in training
        assert torch.allclose(distances(z, model.codebook), plain, atol=1e-5)


def test_the_code_of_a_vector_of_the_codebook_is_itself(model):
    codes = torch.arange(12).view(1, 3, 4)
    assert torch.equal(nearest_code(model.lookup(codes), model.codebook), codes)
    near = model.lookup(codes) + 1e-3
    assert torch.equal(nearest_code(near, model.codebook), codes)


def test_the_gradient_goes_straight_through(model):
    z = torch.randn(2, 4, 4, 4, generator=generator(1), requires_grad=True)
    quantised = model.lookup(nearest_code(z, model.codebook)).requires_grad_()
    weight = torch.randn(z.shape, generator=generator(2))
    out = straight_through(z, quantised)
    assert torch.allclose(out, quantised, atol=1e-6)
    (out * weight).sum().backward()
    assert torch.equal(z.grad, weight) and quantised.grad is None


def test_as_in_diffusers(model):
    from diffusers.models.autoencoders.vae import VectorQuantizer

    theirs = VectorQuantizer(12, 4, beta=0.25, legacy=False, sane_index_shape=True)
    theirs.embedding.weight.data.copy_(model.codebook)
    z = torch.randn(3, 4, 5, 5, generator=generator(1), requires_grad=True)
    quantised, loss, (_, _, codes) = theirs(z)
    ours = nearest_code(z, model.codebook)
    assert torch.equal(ours, codes)
    assert torch.equal(theirs.get_codebook_entry(ours, (3, 5, 5, 4)), model.lookup(ours))
    through = straight_through(z, model.lookup(ours))
    assert torch.allclose(through, quantised)
    commitment = (z - model.lookup(ours)).square().mean()
    assert torch.allclose(0.25 * commitment + commitment, loss)  # theirs moves the codebook by gradient too


# ---- the dictionary in training ----------------------------------------------------------------------------


def test_vectors_go_to_the_mean_of_what_chose_them():
    centres = torch.tensor([[5.0, 0.0], [-5.0, 0.0], [0.0, 5.0]])
    codebook = centres + 1.0
    dictionary = Dictionary(3, 2, torch.device("cpu"))
    g = generator()
    for _ in range(600):
        z = centres.repeat(20, 1) + 0.1 * torch.randn(60, 2, generator=g)
        dictionary.follow(codebook, z.T.view(1, 2, 6, 10), None)
    assert torch.allclose(codebook, centres, atol=0.05)
    assert torch.allclose(dictionary.count, torch.full((3,), 20.0), atol=1e-2)


def test_a_dead_vector_is_revived_at_an_output_of_the_encoder():
    z = torch.randn(40, 2, generator=generator())
    count, total = torch.tensor([10.0, 0.01, 10.0, 9.0]), torch.ones(4, 2)
    assert revive(count, total, z, 10.0, generator(1)) == 1
    assert count.tolist() == [10, 10, 10, 9]
    vector = total[1] / count[1]
    assert any(torch.allclose(vector, row) for row in z)
    assert torch.equal(total[[0, 2, 3]], torch.ones(3, 2))


def test_a_dictionary_far_away_comes_to_life():
    codebook = torch.full((8, 2), 100.0) + torch.randn(8, 2, generator=generator(3))
    dictionary, g = Dictionary(8, 2, torch.device("cpu")), generator()
    z = torch.randn(1, 2, 16, 16, generator=g)
    for _ in range(400):
        dictionary.follow(codebook, z, g)
    assert len(nearest_code(z, codebook).unique()) == 8
    quiet = codebook.clone()
    assert dictionary.follow(quiet, z + 100, None) == 0  # without a generator none is revived


def test_the_loss_trains_the_encoder_and_not_the_codebook_by_gradient(model):
    model.requires_grad_(True)
    model.codebook.requires_grad_(False)
    begin(model, images())
    before = model.codebook.clone()
    dictionary = Dictionary(12, 4, torch.device("cpu"))
    values = vq_loss(model, (images(),), generator(), dictionary=dictionary, clock=Still(0.1))
    values["loss"].backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.encoder.parameters())
    assert model.encoder.layers[0].weight.grad.abs().max() > 0
    assert model.codebook.grad is None and not torch.equal(model.codebook, before)


def test_the_clock_of_a_resumed_run_goes_on(tmp_path):
    args = Namespace(runs=tmp_path, resume=False, steps=10, minutes=1.0)
    clock = Clock("x", args)
    assert [clock.tick() for _ in range(11)] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1]
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "state.json").write_text('{"step": 4, "seconds": 30.0}')
    args.resume = True
    assert Clock("x", args).tick() == 0.5
    args.steps = 0
    assert Clock("x", args).tick() == pytest.approx(0.5, abs=0.01)


def test_usage():
    found = usage(torch.tensor([[[0, 1], [2, 3]]]).repeat(5, 1, 1), 8)
    assert found["codes_used"] == found["codes_dead"] == 4
    assert found["usage_bits"] == pytest.approx(2) and found["perplexity"] == pytest.approx(4)
    assert found["code_bits"] == 12


def test_a_thinner_decoder_leaves_the_words_as_they_are():
    torch.manual_seed(0)
    model = VQVAE(VQVAEConfig(size=16, hidden=24, blocks=1, codes=12, dim=4)).eval().requires_grad_(False)
    for p in model.decoder.parameters():  # blocks begin as nothing
        if not p.any():
            p.normal_(std=0.1, generator=generator())
    train = np.random.default_rng(0).integers(256, size=(40, 16, 16, 3), dtype=np.uint8)
    x, before = images(), {k: v.clone() for k, v in model.state_dict().items()}
    words, drawn = model.codes(x), model.draw(model.codes(x))
    thin = made_thin(model, train, 0.7)
    assert all(v.equal(before[k]) for k, v in thin.state_dict().items() if not k.startswith("decoder"))
    cut = [
        k
        for k, v in thin.decoder.named_parameters()
        if v.ndim > 1 and rank_of(v) < rank_of(before[f"decoder.{k}"])
    ]
    assert cut and thin.codes(x).equal(words)
    assert (thin.draw(words) - drawn).square().mean() < 0.05 * drawn.var()


def test_pictures_are_halved_and_moved():
    pixels = np.arange(16, dtype=np.uint8).reshape(1, 4, 4, 1)
    assert halve(pixels)[0, ..., 0].tolist() == [[3, 5], [11, 13]]  # 2.5, 4.5, 10.5, 12.5, rounded up
    one = np.zeros((6, 6, 4), np.uint8)
    one[2, 3] = 255
    assert (np.argwhere(moved(one, -1, 2)[..., 0]) == [1, 5]).all()


# ---- the relaxation ----------------------------------------------------------------------------------------


def test_at_a_low_temperature_the_word_drawn(dvae):
    logits = dvae.encode(images())
    noise = gumbel(logits.shape, generator())
    hard = (logits + noise).argmax(1)
    weights = relax(logits, 1e-4, noise)
    assert torch.allclose(weights.sum(1), torch.ones(4, 4, 4))
    assert torch.allclose(dvae.mix(weights), dvae.lookup(hard), atol=1e-3)
    assert torch.allclose(dvae.mix(relax(logits, 1e-4)), dvae.lookup(dvae.codes(images())), atol=1e-3)
    assert torch.allclose(relax(logits, 1e6), torch.full_like(logits, 1 / 12), atol=1e-4)


def test_gumbel_draws_from_the_softmax():
    logits = torch.tensor([0.0, 1.0, 2.0]).view(1, 3, 1, 1).expand(1, 3, 200, 200)
    drawn = (logits + gumbel(logits.shape, generator())).argmax(1)
    share = torch.bincount(drawn.flatten()) / drawn.numel()
    assert torch.allclose(share, torch.tensor([0.0, 1.0, 2.0]).softmax(0), atol=0.01)


def test_kl_to_uniform():
    p = torch.tensor([0.7, 0.2, 0.1])
    logits = (p.log() + 3.0).view(1, 3, 1, 1)
    expected = sum(q * math.log(q * 3) for q in p.tolist())
    assert kl_uniform(logits).item() == pytest.approx(expected, abs=1e-6)
    assert kl_uniform(torch.zeros(1, 8, 2, 2)).abs().max() < 1e-6
    sure = torch.zeros(1, 8, 1, 1)
    sure[0, 3] = 50.0
    assert kl_uniform(sure).item() == pytest.approx(math.log(8), abs=1e-5)


def test_the_kl_of_the_mean_is_the_lesser(dvae):
    logits = 5 * torch.randn(3, 12, 4, 4, generator=generator())
    assert 0 < usage_kl(logits) < kl_uniform(logits).mean()
    each = 50 * torch.eye(12).view(1, 12, 3, 4)  # sure of a word at each place, every word once
    assert usage_kl(each).item() == pytest.approx(0, abs=1e-5)
    assert usage_kl(each[..., :1, :1]).item() == pytest.approx(math.log(12), abs=1e-5)


def test_the_temperature_falls_and_beta_rises(dvae):
    assert temperature(0) == 1 and temperature(0.7) == temperature(1) == pytest.approx(1 / 16)
    falling = [temperature(d / 10) for d in range(8)]
    assert falling == sorted(falling, reverse=True)
    cold, warm = (dvae_loss(dvae, (images(),), generator(), clock=Still(done)) for done in (0.0, 1.0))
    assert cold["tau"] == 1 and warm["tau"] == pytest.approx(1 / 16)
    assert cold["kl"] == warm["kl"]


# ---- the rate ----------------------------------------------------------------------------------------------


def test_the_rate_is_held(tmp_path):
    torch.manual_seed(0)
    model = RateVAE(RateVAEConfig(**SMALL, latent=2, bits=10.0, gamma=50.0))
    model.save_pretrained(tmp_path, torch.float32)
    again = RateVAE.from_pretrained(tmp_path)
    mean, log_var = again.encode(images())
    assert mean.shape == log_var.shape == (4, 2, 4, 4)
    assert again.decode(mean).shape == (4, 3, 16, 16)
    assert model.nats == pytest.approx(10 * math.log(2))
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    g = generator()
    for _ in range(150):
        values = rate_loss(model, (images(),), g)
        optimiser.zero_grad()
        values["loss"].backward()
        optimiser.step()
    assert values["bits"].item() == pytest.approx(10, abs=3)


# ---- neighbours --------------------------------------------------------------------------------------------


def test_the_nearest_is_found(model):
    known = torch.randint(12, (30, 4, 4), generator=generator(5))
    index, away = neighbours.nearest(known, known, model.codebook)
    assert torch.equal(index, torch.arange(30)) and away.max() < 1e-2
    other = known[7:8].clone()
    other[0, 0, 0] = (other[0, 0, 0] + 1) % 12
    index, away = neighbours.nearest(other, known, model.codebook)
    step = (model.codebook[other[0, 0, 0]] - model.codebook[known[7, 0, 0]]).norm()
    assert index.item() == 7 and away.item() == pytest.approx(step.item() / 4, abs=1e-3)


# ---- what ships --------------------------------------------------------------------------------------------

FACTS = {"psnr", "image_bits"}


def shipped(line) -> tuple[dict, dict]:
    folder = WEIGHTS / line.name
    facts = json.loads((folder / "metrics.json").read_text())
    assert facts["measures"].keys() >= FACTS
    return load_file(folder / "golden.safetensors"), facts["measures"]


@pytest.mark.parametrize(("kind", "line"), [(VQVAE, c) for c in VQVAES] + [(DVAE, c) for c in DVAES])
def test_words_ship(kind, line):
    model = kind.from_pretrained(line)
    golden, facts = shipped(line)
    image = model.draw(golden["codes"].long())
    assert torch.allclose(image[..., ::4, ::4], golden["image"], atol=1e-4)
    assert torch.allclose(model.encode(image)[:, :16, ::4, ::4], golden["z"], atol=1e-3)
    assert model.config.codes == facts["codebook"] == 512
    assert facts["codes_used"] > 400 and facts["psnr"] > 15


@pytest.mark.parametrize("line", RATE_VAES)
def test_the_rival_ships(line):
    model = RateVAE.from_pretrained(line)
    golden, facts = shipped(line)
    image = model.decode(golden["z"])
    assert torch.allclose(image[..., ::4, ::4], golden["image"], atol=1e-4)
    assert torch.allclose(model.encode(image).mean[..., ::4, ::4], golden["mean"], atol=1e-3)
    assert facts["kl_bits"] == pytest.approx(model.config.bits, rel=0.05)


def test_nine_bits_hold_a_code():
    codes = torch.randint(512, (7, 3, 5), generator=torch.Generator().manual_seed(0))
    stored = neighbours.packed(codes)
    assert sum(x.numel() for x in stored.values()) == codes.numel() + -(-codes.numel() // 8)
    assert torch.equal(neighbours.unpacked(**stored), codes)
    with pytest.raises(ValueError, match="512"):
        neighbours.packed(torch.tensor([512]))


def test_neighbours_ship():
    known = neighbours.table("vqvae-sprites")
    assert len(known.codes) == len(known.kind) == len(known.names) > 1000
    assert known.codes.shape[1:] == (12, 12) and known.codes.dtype == torch.int64
    model = VQVAE.from_pretrained("vqvae-sprites")
    assert model.draw(known.codes[:2]).shape == (2, 4, 24, 24)
    index, away = neighbours.nearest(known.codes[:5], known.codes, model.codebook)
    assert away.max() < 1e-2
    facts = json.loads((WEIGHTS / "vqvae-sprites" / "metrics.json").read_text())["neighbours"]
    assert 0 < facts["near"] < facts["typical"] < facts["far"]
