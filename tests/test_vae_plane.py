"""PCA, autoencoder, VAE of the plane: shapes, storage, known answers, and what ships."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from genmodels.autoencoders.checkpoints import VAE_PLANE
from genmodels.autoencoders.vae_plane import (
    PCA,
    VAE,
    Autoencoder,
    AutoencoderConfig,
    PCAConfig,
    VAEConfig,
)
from genmodels.metrics.features import FashionNet
from genmodels.metrics.likelihood import kl_standard_normal
from training.attributes import tiled
from training.vae_plane import CLASSES, MODELS, autoencoder_loss, fit_pca, vae_loss

WEIGHTS = Path(__file__).resolve().parent.parent / "weights"
TINY = {"channels": (4, 4, 8), "hidden": 8}


def tiny(kind):
    torch.manual_seed(0)
    model = {
        PCA: lambda: PCA(PCAConfig(3)),
        Autoencoder: lambda: Autoencoder(AutoencoderConfig(latent=3, **TINY)),
        VAE: lambda: VAE(VAEConfig(latent=3, **TINY)),
    }[kind]()
    return model.eval().requires_grad_(False)


@pytest.fixture(params=[PCA, Autoencoder, VAE])
def model(request):
    return tiny(request.param)


def images(count: int = 5) -> torch.Tensor:
    return torch.rand(count, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_shapes(model):
    code = model.encode(images())
    assert code.mean.shape == (5, 3)
    assert (code.log_var is None) == (not isinstance(model, VAE))
    assert model.decode(code.mean).shape == (5, 1, 28, 28)


def test_stored_and_read_is_the_same(model, tmp_path):
    model.save_pretrained(tmp_path, torch.float32)
    again = type(model).from_pretrained(tmp_path)
    assert again.config == model.config
    assert torch.equal(again.encode(images()).mean, model.encode(images()).mean)


def test_an_image_does_not_depend_on_its_batch(model):
    x = images()
    alone, together = model.encode(x[3:4]).mean, model.encode(x).mean[3:4]
    assert torch.allclose(alone, together, atol=1e-5)
    assert torch.allclose(model.decode(alone), model.decode(together), atol=1e-5)


def test_pca_finds_a_plane_and_projects_on_it():
    generator = torch.Generator().manual_seed(0)
    axes = torch.linalg.qr(torch.randn(784, 2, generator=generator)).Q.T  # an exact plane
    x = (torch.randn(300, 2, generator=generator) * torch.tensor([3.0, 1.0])) @ axes + 0.1
    model = fit_pca(x.unflatten(1, (1, 28, 28)), 2)
    assert torch.allclose(model.basis @ model.basis.T, torch.eye(2), atol=1e-5)
    code = model.encode(x.unflatten(1, (1, 28, 28))).mean
    assert torch.allclose(model.decode(code).flatten(1), x, atol=1e-4)
    assert code.var(0)[0] > code.var(0)[1]  # the widest axis first
    assert torch.allclose(code.mean(0), torch.zeros(2), atol=1e-4)


def test_loss_of_the_vae_is_the_negative_bound_per_pixel():
    model = tiny(VAE)
    x = images()
    values = vae_loss(model, (x,), torch.Generator().manual_seed(1))
    mean, log_var = model.encode(x)
    z = mean + (0.5 * log_var).exp() * torch.randn(mean.shape, generator=torch.Generator().manual_seed(1))
    log_prob = torch.distributions.Normal(model.decode(z), model.log_sigma.exp()).log_prob(x).sum() / len(x)
    kl = kl_standard_normal(mean, log_var).sum() / len(x)
    assert values["loss"].item() == pytest.approx(((kl - log_prob) / 784).item(), rel=1e-5)


def test_denoising_draws_the_clean_image():
    """With a decoder that ignores its code, noise on the input must not change the loss."""
    x = images()
    clean = Autoencoder(AutoencoderConfig(latent=2, **TINY)).eval()
    noisy = Autoencoder(AutoencoderConfig(latent=2, noise=1.0, **TINY)).eval()
    noisy.load_state_dict(clean.state_dict())
    for m in (clean, noisy):
        m.decoder.head[0].weight.data.zero_()
    losses = [autoencoder_loss(m, (x,), torch.Generator().manual_seed(0))["loss"] for m in (clean, noisy)]
    assert torch.equal(*losses)


@pytest.mark.parametrize("line", VAE_PLANE, ids=lambda c: c.name)
def test_what_ships(line):
    folder = WEIGHTS / line.name
    kind = CLASSES[type(MODELS[line.name.removeprefix("vae-plane-")])]
    model = kind.from_pretrained(line)
    golden = load_file(folder / "golden.safetensors")
    image = model.decode(golden["z"])
    assert torch.allclose(image[..., ::4, ::4], golden["image"], atol=1e-4)
    assert torch.allclose(model.encode(image).mean, golden["mean"], atol=1e-3)
    assert (folder / "README.md").read_text().startswith("---\nlicense: mit")
    if model.config.latent == 2:
        plane = load_file(folder / "plane.safetensors")
        assert plane["mean"].shape == (10_000, 2)
        assert plane["label"].bincount().tolist() == [1000] * 10


def test_the_garment_reader_ships():
    net = FashionNet.from_pretrained("features-fashion")
    golden = load_file(WEIGHTS / "features-fashion" / "golden.safetensors")
    x = tiled(golden["tile"], 28)
    assert torch.allclose(net.features(x), golden["features"], atol=1e-4)
    assert torch.allclose(net.logits(x), golden["out"], atol=1e-4)
