"""Checkpoints of low rank: what is stored of them, what comes back, and what is refused."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from genmodels import adapter, hub
from genmodels.autoencoders.vae_plane import VAE, VAEConfig
from genmodels.autoregressive.code_prior import CodePrior, CodePriorConfig
from genmodels.autoregressive.pixelcnn import PixelCNN, PixelCNNConfig
from genmodels.errors import Problem
from training import low_rank, thinning

CONFIG = VAEConfig(channels=(8, 12), hidden=48)
RANK = 3


def network(seed: int) -> VAE:
    torch.manual_seed(seed)
    return VAE(CONFIG)


@pytest.fixture
def base(tmp_path, monkeypatch) -> VAE:
    monkeypatch.setattr(hub, "WEIGHTS", tmp_path)
    network(0).save_pretrained(tmp_path / "base")
    return VAE.from_pretrained("base")


@pytest.fixture
def changed(base, tmp_path) -> Path:
    """A folder that differs from the base by a change of that rank."""
    model = low_rank.wear(VAE.from_pretrained("base"), "base", RANK)
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
    low_rank.plain(model).save_pretrained(tmp_path / "changed", torch.float32, base="base", rank=RANK)
    return tmp_path / "changed"


@torch.no_grad()
def test_a_change_of_low_rank_comes_back_from_a_smaller_file(base, changed, tmp_path):
    model = VAE.from_pretrained("changed")
    stored = load_file(changed / "model.safetensors")
    thin = [k for k in stored if k.endswith(adapter.A)]
    assert len(thin) > 5 and all(len(stored[k]) == RANK for k in thin)
    assert json.loads((changed / "config.json").read_text())[adapter.BASE] == "base"
    model.save_pretrained(tmp_path / "whole", torch.float32)
    sizes = [(folder / "model.safetensors").stat().st_size for folder in (changed, tmp_path / "whole")]
    assert sizes[0] < 0.5 * sizes[1]
    for key, value in VAE.from_pretrained(tmp_path / "whole").state_dict().items():
        assert torch.equal(value, model.state_dict()[key])
    away = model.decoder.head[2].weight - base.decoder.head[2].weight
    assert torch.linalg.matrix_rank(away, rtol=1e-3) == RANK


@pytest.mark.parametrize("shape", [(12, 8, 3, 3), (40, 50), (9, 20, 5)])
def test_factors_are_the_nearest_of_their_rank(shape):
    weight = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    a, b = adapter.factors(weight, RANK)
    assert a.shape == (RANK, *shape[1:]) and b.shape[:2] == (shape[0], RANK) and b.ndim == len(shape)
    lost = torch.linalg.svdvals(weight.flatten(1))[RANK:].square().sum()
    assert torch.allclose((weight - adapter.product(a, b)).square().sum(), lost, rtol=1e-4)


def test_training_begins_where_it_was_and_moves_only_what_is_kept(base):
    x = torch.rand(4, 1, 28, 28)
    model = low_rank.wear(VAE.from_pretrained("base"), "base", RANK).requires_grad_(True)
    assert torch.allclose(model.decode(model.encode(x).mean), base.decode(base.encode(x).mean), atol=1e-4)
    model = low_rank.wear(network(1), "base", RANK).train()
    optimiser = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 0.1)
    model.decode(model.encode(x).mean).square().mean().backward()
    optimiser.step()
    away = low_rank.plain(model).decoder.head[2].weight - base.decoder.head[2].weight
    assert torch.linalg.matrix_rank(away, rtol=1e-3) == RANK
    assert not any(p.requires_grad for p in model.parameters())


@pytest.mark.parametrize("name", ["nowhere", "a/b", "..", 7])
def test_a_base_that_is_not_bundled_is_refused(changed, name):
    raw = json.loads((changed / "config.json").read_text()) | {adapter.BASE: name}
    (changed / "config.json").write_text(json.dumps(raw))
    with pytest.raises(Problem) as caught:
        VAE.from_pretrained("changed")
    assert caught.value.cause == "config" and repr(name) in str(caught.value)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda s, a, b: s.pop(a), "missing"),
        (lambda s, a, b: s.pop(b), "missing"),
        (lambda s, a, b: s.update({a: s[a][:1]}), "shape"),
        (lambda s, a, b: s.update({b: s[b][:-1]}), "shape"),
        (lambda s, a, b: s.update({a: s[a].flatten()}), "shape"),
        (lambda s, a, b: s.update({a: s[a] * torch.nan}), "nan"),
        (lambda s, a, b: s.update({"x.lora_A.weight": s[a], "x.lora_B.weight": s[b]}), "missing"),
    ],
)
def test_factors_that_do_not_fit_are_refused(changed, change, cause):
    file = changed / "model.safetensors"
    stored = load_file(file)
    path = "decoder.head.2"
    change(stored, path + adapter.A, path + adapter.B)
    save_file({k: v.clone().contiguous() for k, v in stored.items()}, file)
    with pytest.raises(Problem) as caught:
        VAE.from_pretrained("changed")
    assert caught.value.cause == cause


@torch.no_grad()
def test_a_network_is_made_thin_where_its_answers_do_not_reach(tmp_path):
    """Its first layer says only what three numbers say; so cut to that, nothing is lost."""
    model = network(2)
    layer: nn.Linear = model.decoder.head[2]
    layer.weight.copy_(torch.randn(48, RANK) @ torch.randn(RANK, 48) / 10)
    z = torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
    thin = thinning.thinned(model, lambda m: m.decode(z), 0.8)
    assert torch.linalg.matrix_rank(thin.decoder.head[2].weight, rtol=1e-4) <= RANK
    assert torch.allclose(thin.decoder.head[:3](z), model.decoder.head[:3](z), atol=1e-4)
    thin.save_pretrained(tmp_path / "thin", torch.float32, rank=48)
    again = VAE.from_pretrained(tmp_path / "thin")
    assert any(k.endswith(adapter.A) for k in load_file(tmp_path / "thin" / "model.safetensors"))
    assert torch.allclose(again.decode(z), thin.decode(z), atol=1e-3)


@torch.no_grad()
def test_what_no_output_depends_on_goes_first_however_large(tmp_path):
    """A wide layer of which the next one reads two directions, and those the small ones."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(20, 30), nn.Linear(30, 40), nn.Linear(40, 2))
    loud, read = torch.randn(40, 30), torch.randn(2, 40)
    model[2].weight.copy_(read)
    across = torch.linalg.qr(read.T).Q
    model[1].weight.copy_(3 * (loud - across @ across.T @ loud) + 0.3 * across @ across.T @ loud)
    x = torch.randn(400, 20)
    thin = thinning.thinned(model, lambda network: network(x), 0.6)
    assert torch.linalg.matrix_rank(thin[1].weight, rtol=1e-4) < 15
    size = (model(x) - model(x).mean(0)).square().mean()
    assert (thin(x) - model(x)).square().mean() < 0.01 * size


@pytest.mark.parametrize("layer", [nn.Conv2d(6, 8, 3, padding=1), nn.ConvTranspose2d(6, 8, 4, 2, 1)])
@torch.no_grad()
def test_a_convolution_that_is_thin_already_stays_as_it_is(layer):
    layer.weight.copy_(
        (torch.randn(len(layer.weight), 2) @ torch.randn(2, layer.weight[0].numel())).view_as(layer.weight)
    )
    model = nn.Sequential(layer, nn.Conv2d(8, 16, 8))
    x = torch.randn(30, 6, 8, 8)
    thin = thinning.thinned(model, lambda network: network[0](x).tanh(), 0.99)
    assert torch.allclose(thin[0](x), layer(x), atol=1e-2)


@torch.no_grad()
def test_what_a_mask_hides_takes_no_part(tmp_path):
    """The file holds the taps that work, thin too, and nothing else decides about them."""
    torch.manual_seed(0)
    model = PixelCNN(PixelCNNConfig((6, 6), channels=32, blocks=2)).eval()
    x = torch.randint(4, (60, 1, 6, 6))
    hidden = model.blocks[0].look.weight * (1 - model.blocks[0].look.mask)
    before = thinning.thinned(model, lambda m: m.log_prob(x), 0.7)
    model.blocks[0].look.weight += 100 * hidden.sign()
    thin = thinning.thinned(model, lambda m: m.log_prob(x), 0.7)
    assert torch.equal(thin.log_prob(x), before.log_prob(x))
    thin.save_pretrained(tmp_path, torch.float32, rank=32)
    stored = load_file(tmp_path / "model.safetensors")
    assert any(k.startswith("blocks.0.look.lora") for k in stored)
    assert stored["first.weight"].shape == (32, 1, 24) and sum(v.numel() for v in stored.values()) < 9000
    again = PixelCNN.from_pretrained(tmp_path)
    assert not (again.blocks[0].look.weight * (1 - again.blocks[0].look.mask)).any()
    assert torch.allclose(again.log_prob(x), thin.log_prob(x), atol=1e-4)


@torch.no_grad()
def test_labels_need_no_more_rank_than_there_are_of_them(tmp_path):
    torch.manual_seed(0)
    model = CodePrior(
        CodePriorConfig((4, 4), codes=8, classes=2, channels=16, embed=8, dilations=(1, 2))
    ).eval()
    x = torch.randint(8, (3, 1, 4, 4))
    before = [model.log_prob(x, torch.full((3,), k)) for k in range(3)]
    assert thinning.told(model) == 3
    model.save_pretrained(tmp_path / "prior", torch.float32, rank=3)
    stored = load_file(tmp_path / "prior" / "model.safetensors")
    assert len(stored["stacks.layers.1.shift" + adapter.A]) == 3
    again = CodePrior.from_pretrained(tmp_path / "prior")
    for k in range(3):
        assert torch.allclose(again.log_prob(x, torch.full((3,), k)), before[k], atol=1e-4)
    assert thinning.told(CodePrior(CodePriorConfig((4, 4), codes=8, channels=16, dilations=(1,)))) == 0
