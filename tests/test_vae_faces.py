"""The VAE of faces and its mixture prior: shapes, storage, known answers, and what ships."""

import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from genmodels.autoencoders.checkpoints import VAE_FACES, VAE_FACES_MIXTURE
from genmodels.autoencoders.mixture import Mixture, MixtureConfig, fit
from genmodels.autoencoders.vae_faces import VAEFaces, VAEFacesConfig
from genmodels.data.faces import ATTRIBUTES
from genmodels.metrics.features import AttributesNet
from training.attributes import tiled
from training.vae_faces import directions, leak, loss, scale

WEIGHTS = Path(__file__).resolve().parent.parent / "weights"


@pytest.fixture
def model():
    torch.manual_seed(0)
    config = VAEFacesConfig(size=32, latent=6, encoder=(4, 8), decoder=(8, 4), blocks=(1, 1))
    return VAEFaces(config).eval().requires_grad_(False)


def images(count: int = 4, size: int = 32) -> torch.Tensor:
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_shapes_storage_and_batch(model, tmp_path):
    x = images()
    mean, log_var = model.encode(x)
    assert mean.shape == log_var.shape == (4, 6)
    drawn = model.decode(mean)
    assert drawn.shape == x.shape
    assert drawn.abs().max() <= 1
    assert torch.allclose(model.decode(mean[2:3]), drawn[2:3], atol=1e-5)
    model.save_pretrained(tmp_path, torch.float32)
    again = VAEFaces.from_pretrained(tmp_path)
    assert again.config == model.config
    assert torch.equal(again.decode(mean), drawn)


def test_published_shape():
    model = VAEFaces()
    assert model.decode(torch.zeros(1, 128)).shape == (1, 3, 64, 64)
    assert 6e5 < sum(p.numel() for p in model.parameters()) < 8e5  # 1.2 to 1.6 MB in halves


def test_beta_weighs_the_kl(model):
    def total(beta: float) -> dict:
        other = VAEFaces(VAEFacesConfig(**{**model.config.__dict__, "beta": beta}))
        other.load_state_dict(model.state_dict())
        return loss(other, (images(),), torch.Generator().manual_seed(0))

    one, many = total(1.0), total(1001.0)
    per_value = 1000 * one["kl"] / (3 * 32 * 32)
    assert (many["loss"] - one["loss"]).item() == pytest.approx(per_value.item(), rel=1e-4)


# ---- mixture -----------------------------------------------------------------------------------------------


def mixture(k: int = 3, d: int = 4) -> Mixture:
    generator = torch.Generator().manual_seed(0)
    model = Mixture(MixtureConfig(k, d)).requires_grad_(False)
    for p, size in (
        (model.means, 2.0),
        (model.log_diagonal, 0.3),
        (model.below, 0.4),
        (model.log_weights, 0.5),
    ):
        p.copy_(size * torch.randn(p.shape, generator=generator))
    return model


def test_log_prob_is_the_sum_over_components():
    model = mixture()
    z = torch.randn(7, 4, generator=torch.Generator().manual_seed(1)).double()
    weights = model.log_weights.double().softmax(0)
    total = torch.zeros(7).double()
    for k, factor in enumerate(model.factors().double()):
        covariance = factor @ factor.T
        away = z - model.means[k].double()
        square = (away @ torch.linalg.inv(covariance) * away).sum(1)
        total += (
            weights[k] * (-0.5 * square).exp() / ((2 * math.pi) ** 4 * torch.linalg.det(covariance)).sqrt()
        )
    assert torch.allclose(model.log_prob(z.float()).double(), total.log(), atol=1e-4)


def test_samples_have_the_moments_of_the_mixture():
    model = mixture()
    z = model.sample(0, 6000)
    weights = model.log_weights.softmax(0)
    mean = weights @ model.means
    away = model.means - mean
    factors = model.factors()
    covariance = torch.einsum("k,kij,klj->il", weights, factors, factors)
    covariance += torch.einsum("k,ki,kj->ij", weights, away, away)
    assert torch.allclose(z.mean(0), mean, atol=0.1)
    assert torch.allclose(torch.cov(z.T), covariance, atol=0.25)


def test_a_sample_is_its_seed():
    model = mixture()
    together = model.sample(5, 4)
    assert torch.allclose(model.sample(7), together[2:3], atol=1e-6)
    assert not torch.equal(model.sample(8), together[2:3])
    cold = model.sample(5, 4, temperature=0.0)
    assert all(any(torch.equal(z, m) for m in model.means) for z in cold)


def test_fit_finds_two_clusters():
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(2000, 2, generator=generator) * torch.tensor([1.0, 0.3])
    z[:500] += torch.tensor([20.0, 0.0])
    model = fit(z, 2, generator, rounds=10)
    order = model.means[:, 0].argsort()
    weights = model.log_weights.exp()[order]
    assert torch.allclose(weights, torch.tensor([0.75, 0.25]), atol=1e-3)
    assert torch.allclose(model.means[order][:, 0], torch.tensor([0.0, 20.0]), atol=0.15)
    covariance = model.factors()[order[0]] @ model.factors()[order[0]].T
    assert torch.allclose(covariance, torch.tensor([[1.0, 0.0], [0.0, 0.09]]), atol=0.08)


def test_fit_never_makes_the_data_less_likely():
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(400, 3, generator=generator).cumsum(0) / 5
    likelihoods = [
        fit(z, 4, torch.Generator().manual_seed(1), rounds, ridge=1e-6).log_prob(z).mean()
        for rounds in (1, 3, 9)
    ]
    assert likelihoods == sorted(likelihoods)


def test_mixture_survives_halves(tmp_path):
    model = mixture(3, 16)
    model.save_pretrained(tmp_path)
    again = Mixture.from_pretrained(tmp_path)
    z = model.sample(0, 50)
    assert torch.allclose(again.log_prob(z), model.log_prob(z), atol=0.2)
    assert (again.factors().diagonal(dim1=1, dim2=2) > 0).all()


# ---- directions --------------------------------------------------------------------------------------------


def test_directions_are_differences_of_means():
    generator = torch.Generator().manual_seed(0)
    attributes = torch.rand(3000, len(ATTRIBUTES), generator=generator)
    hat, smile = ATTRIBUTES.index("hat"), ATTRIBUTES.index("smile")
    for i, name in enumerate(ATTRIBUTES):
        if name not in ("smile", "age", "skin"):
            attributes[:, i] = (attributes[:, i] > 0.5).float()
    mean = 0.1 * torch.randn(3000, 4, generator=generator)
    mean[:, 0] += 2 * attributes[:, hat]
    mean[:, 1] += 3 * attributes[:, smile]
    scaled, binary = scale(attributes)
    found = directions(mean, scaled, binary)
    assert torch.allclose(found["hat"], torch.tensor([2.0, 0, 0, 0]), atol=0.1)
    assert torch.allclose(found["smile"], torch.tensor([0, 2.0, 0, 0]), atol=0.15)  # thirds are 2/3 apart


def test_leak_has_ones_on_its_diagonal():
    torch.manual_seed(0)
    model = VAEFaces(VAEFacesConfig(latent=6, encoder=(4, 4, 4), decoder=(8, 4, 4, 4))).eval()
    from genmodels.metrics.features import AttributesNetConfig

    names = ("smile", "hat", "age")
    reader = AttributesNet(AttributesNetConfig((4, 4, 4, 4), 8, names, (False, True, False))).eval()
    with torch.no_grad():
        found = leak(model, reader, torch.randn(20, 6), {"hat": torch.randn(6), "age": torch.randn(6)})
    assert found["attributes"] == ["hat", "age"]
    assert [row[i] for i, row in enumerate(found["matrix"])] == [1, 1]


# ---- what ships --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", VAE_FACES, ids=lambda c: c.name)
def test_faces_ship(line):
    model = VAEFaces.from_pretrained(line)
    golden = load_file(WEIGHTS / line.name / "golden.safetensors")
    image = model.decode(golden["z"])
    assert torch.allclose(image[..., ::4, ::4], golden["image"], atol=1e-4)
    assert torch.allclose(model.encode(image).mean, golden["mean"], atol=1e-3)
    found = load_file(WEIGHTS / line.name / "directions.safetensors")
    facts = json.loads((WEIGHTS / line.name / "metrics.json").read_text())
    assert set(found) == set(facts["leak"]["attributes"]) <= set(ATTRIBUTES)
    assert all(v.shape == (model.config.latent,) for v in found.values())


@pytest.mark.parametrize("line", VAE_FACES_MIXTURE, ids=lambda c: c.name)
def test_mixtures_ship(line):
    model = Mixture.from_pretrained(line)
    golden = load_file(WEIGHTS / line.name / "golden.safetensors")
    assert torch.allclose(model.log_prob(golden["z"]), golden["log_prob"], rtol=1e-4, atol=1e-2)


def test_the_attribute_reader_ships():
    net = AttributesNet.from_pretrained("attributes-faces")
    golden = load_file(WEIGHTS / "attributes-faces" / "golden.safetensors")
    assert net.config.attributes == ATTRIBUTES
    x = tiled(golden["tile"], 64)
    assert torch.allclose(net.features(x), golden["features"], atol=1e-4)
    assert torch.allclose(net.outputs(x), golden["out"], atol=1e-4)
