"""Each measure against a case whose answer is known."""

import math

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from genmodels.metrics.features import AttributesNet, AttributesNetConfig, FashionNet, FashionNetConfig
from genmodels.metrics.frechet import frechet_distance, moments
from genmodels.metrics.kernel import kernel_distance, polynomial
from genmodels.metrics.likelihood import bits_per_dim, gaussian_log_prob, kl_standard_normal
from genmodels.metrics.neighbours import neighbours, radii
from genmodels.metrics.psnr import psnr


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_psnr_of_a_known_error():
    x = torch.zeros(2, 3, 4, 4)
    y = x.clone()
    y[1] += 0.2  # mse 0.04, peak 2: 10 log10(4 / 0.04) = 20 dB
    assert psnr(x, y).tolist() == pytest.approx([100.0, 20.0], abs=1e-4)
    assert psnr(x, y, peak=1.0)[1].item() == pytest.approx(10 * math.log10(1 / 0.04), abs=1e-4)


def test_frechet_between_diagonal_gaussians_is_the_closed_form():
    m1, m2 = torch.tensor([0.0, 1.0]).double(), torch.tensor([2.0, -1.0]).double()
    s1, s2 = torch.tensor([1.0, 3.0]).double(), torch.tensor([2.0, 0.5]).double()
    expected = (m1 - m2).square().sum() + (s1 - s2).square().sum()
    assert frechet_distance(m1, s1.square().diag(), m2, s2.square().diag()).item() == pytest.approx(
        expected.item()
    )


def test_frechet_of_covariances_that_do_not_commute():
    a, b = (torch.randn(6, 6, generator=generator(i)).double() for i in (0, 1))
    c1, c2 = a @ a.T, b @ b.T
    zero = torch.zeros(6).double()
    roots = torch.linalg.eigvals(c1 @ c2).real.clamp_min(0).sqrt().sum()  # trace of (C1 C2)^1/2
    expected = c1.trace() + c2.trace() - 2 * roots
    assert frechet_distance(zero, c1, zero, c2).item() == pytest.approx(expected.item(), rel=1e-9)
    assert frechet_distance(zero, c2, zero, c1).item() == pytest.approx(expected.item(), rel=1e-9)
    assert frechet_distance(zero, c1, zero, c1).item() == pytest.approx(0, abs=1e-9)


def test_frechet_is_what_the_published_implementation_says_of_the_same_features():
    """As the authors' code and pytorch-fid compute it, by scipy's root of a product that is not symmetric."""
    x = 2 * torch.rand(400, 1, 28, 28, generator=generator()) - 1
    net = FashionNet.from_pretrained("features-fashion")
    with torch.no_grad():
        one, other = (net.features(part).double().numpy() for part in (x[:200], x[200:].roll(3, 2) * 0.8))
    m1, m2 = one.mean(0), other.mean(0)
    c1, c2 = np.cov(one, rowvar=False), np.cov(other, rowvar=False)
    expected = ((m1 - m2) ** 2).sum() + np.trace(c1 + c2 - 2 * sqrtm(c1 @ c2).real)
    found = frechet_distance(*moments(torch.from_numpy(one)), *moments(torch.from_numpy(other)))
    assert expected > 0.01 and found.item() == pytest.approx(expected, rel=1e-6)


def test_frechet_survives_fewer_samples_than_dimensions():
    x = torch.randn(5, 20, generator=generator())
    d = frechet_distance(*moments(x), *moments(x + 1))
    assert d.item() == pytest.approx(20, rel=1e-6)  # only the mean moved, by 1 in each of 20


def test_moments_of_samples():
    x = torch.randn(50_000, 3, generator=generator()) * torch.tensor([1.0, 2.0, 0.5]) + 4
    mean, cov = moments(x)
    assert mean.dtype == torch.float64
    assert torch.allclose(mean, torch.full((3,), 4.0).double(), atol=0.05)
    assert torch.allclose(cov.diagonal(), torch.tensor([1.0, 4.0, 0.25]).double(), rtol=0.03)


def test_kernel_distance_is_unbiased_and_sees_a_shift():
    values = []
    for i in range(40):
        x, y = (torch.randn(50, 4, generator=generator(2 * i + j)) for j in (0, 1))
        values.append(kernel_distance(x, y).item())
    assert abs(sum(values) / 40) < 3 * torch.tensor(values).std().item() / math.sqrt(40)
    assert min(values) < 0  # unbiased, so sometimes below
    assert kernel_distance(x, y + 2).item() > 1


def test_kernel_distance_by_hand():
    x, y = torch.tensor([[0.0], [1.0]]), torch.tensor([[1.0], [2.0]])
    k = lambda a, b: (a * b + 1) ** 3  # noqa: E731
    expected = k(0, 1) + k(1, 2) - 2 * (k(0, 1) + k(0, 2) + k(1, 1) + k(1, 2)) / 4
    assert kernel_distance(x, y).item() == pytest.approx(expected)
    assert polynomial(x, y).tolist() == [[1, 1], [8, 27]]


def test_radii_on_a_line():
    x = torch.tensor([[0.0], [1.0], [3.0], [7.0]])
    assert radii(x, 1).tolist() == [1, 1, 2, 4]
    assert radii(x, 2).tolist() == [3, 2, 3, 6]


def test_neighbours_of_copies_of_one_mode():
    """Two far clusters; the samples sit on one: all look real, half of the real ones are reached."""
    real = torch.randn(200, 2, generator=generator())
    real[100:] += 100
    same = neighbours(real, real)
    assert same.precision == same.recall == same.coverage == 1
    one = neighbours(real, real[:100])
    assert one.precision == 1
    assert one.recall == pytest.approx(0.5)
    assert one.coverage == pytest.approx(0.5)


def test_neighbours_of_nonsense():
    real = torch.randn(100, 2, generator=generator())
    far = neighbours(real, real + 1000)
    assert far == (0, 0, 0, 0)
    half = neighbours(real, torch.cat([real[:50], real[:50] + 1000]))
    assert half.precision == pytest.approx(0.5)


def test_density_is_one_for_the_same_distribution():
    real, fake = (torch.randn(1500, 3, generator=generator(i)) for i in (0, 1))
    found = neighbours(real, fake)
    assert found.density == pytest.approx(1, abs=0.08)
    assert found.coverage == pytest.approx(1 - 0.5**5, abs=0.03)  # Naeem et al. 2020, sec. 3.3: 1 - 1/2^k


def test_kl_is_the_closed_form_and_the_monte_carlo_mean():
    mean, log_var = torch.tensor([[0.0, 1.0, -0.5]]), torch.tensor([[0.0, -2.0, 0.7]])
    kl = kl_standard_normal(mean, log_var)
    q = torch.distributions.Normal(mean, (0.5 * log_var).exp())
    p = torch.distributions.Normal(torch.zeros(3), torch.ones(3))
    assert torch.allclose(kl, torch.distributions.kl_divergence(q, p), atol=1e-6)
    z = mean + (0.5 * log_var).exp() * torch.randn(200_000, 3, generator=generator())
    assert torch.allclose((q.log_prob(z) - p.log_prob(z)).mean(0), kl[0], atol=0.02)
    assert kl[0, 0] == 0


def test_gaussian_log_prob_is_the_density():
    x, mean = (torch.randn(3, 2, 4, 4, generator=generator(i)) for i in (0, 1))
    log_sigma = torch.tensor(-0.7)
    expected = torch.distributions.Normal(mean, log_sigma.exp()).log_prob(x).flatten(1).sum(1)
    assert torch.allclose(gaussian_log_prob(x, mean, log_sigma), expected, rtol=1e-5)


def test_uniform_noise_costs_eight_bits():
    density = torch.tensor(-math.log(2.0)) * 12  # uniform on [-1, 1], twelve values
    assert bits_per_dim(density, 12).item() == pytest.approx(math.log2(255), abs=1e-5)
    assert bits_per_dim(density + 12 * math.log(2), 12).item() == pytest.approx(math.log2(255) - 1, abs=1e-5)


@pytest.mark.parametrize("kind", ["fashion", "faces"])
def test_readers_store_and_do_not_mind_the_batch(tmp_path, kind):
    torch.manual_seed(0)
    if kind == "fashion":
        model, x = FashionNet(FashionNetConfig(channels=(4, 8), features=6)), torch.randn(5, 1, 28, 28)
    else:
        config = AttributesNetConfig((4, 4, 8, 8), 6, ("smile", "hat"), (False, True))
        model, x = AttributesNet(config), torch.randn(5, 3, 64, 64)
    model.eval().requires_grad_(False)
    model.save_pretrained(tmp_path, torch.float32)
    again = type(model).from_pretrained(tmp_path)
    assert again.config == model.config
    assert torch.equal(again.features(x), model.features(x))
    assert again.features(x).shape == (5, 6)
    out = again.logits if kind == "fashion" else again.outputs
    assert torch.allclose(out(x)[3:4], out(x[3:4]), atol=1e-5)
