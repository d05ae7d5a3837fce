"""Scores, score matching and annealed Langevin against what is known exactly; the network of digits."""

import math

import pytest
import torch

from genmodels.data import points
from genmodels.energy.annealed import anneal, draw, fresh, ladder, overlap, stride, variance
from genmodels.energy.ncsn import NCSN, NCSNConfig
from genmodels.energy.score_matching import Blobs, denoising, hyvarinen, sliced
from genmodels.lab.families import FAMILIES
from genmodels.lab.family import Source
from genmodels.lab.score import SCALE, Score
from genmodels.metrics.transport import energy_distance
from genmodels.runtime import generators
from training.ncsn import levels, loss

MEANS = torch.tensor([[-2.0, 0.5], [2.0, 0.0], [0.5, 2.5]])
BLOBS = Blobs(MEANS, 0.4, torch.tensor([5.0, 3.0, 2.0]))
SMALL = NCSNConfig(size=8, wide=8, deep=16, told=16, levels=6)
LOSSES = {"hyvarinen": hyvarinen, "sliced": sliced}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def small(seed=0):
    """A network whose every weight does something, as if trained."""
    torch.manual_seed(seed)
    model = NCSN(SMALL).eval().requires_grad_(False)
    for weight in model.parameters():
        weight.add_(0.1 * torch.randn(weight.shape))
    return model


# ---------------------------------------------------------------------------------------- exact scores


@pytest.mark.parametrize("sigma", [0.0, 0.3, 3.0])
def test_the_score_of_a_noised_mixture_is_autograd_s(sigma):
    blobs = BLOBS.noised(sigma)
    x = (4 * torch.randn(200, 2, generator=generator())).requires_grad_(True)
    (slope,) = torch.autograd.grad(blobs.log_prob(x).sum(), x)
    assert torch.allclose(blobs.score(x), slope, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("sigma", [0.2, 1.0])
def test_noise_on_points_is_a_wider_mixture(sigma):
    """Its density sums to 1 and is the mean of the clean one over the noise."""
    line = 12 * ((2 * torch.arange(300) + 1) / 300 - 1)
    cells = torch.cartesian_prod(line, line)
    assert BLOBS.noised(sigma).log_prob(cells).exp().sum() * (24 / 300) ** 2 == pytest.approx(1, abs=1e-3)
    at, noise = torch.tensor([[0.3, 0.8]]), torch.randn(200_000, 2, generator=generator())
    mean = BLOBS.log_prob(at + sigma * noise).exp().mean()
    assert BLOBS.noised(sigma).log_prob(at).exp().item() == pytest.approx(mean.item(), rel=0.05)


def test_blobs_of_a_known_density_have_its_log_prob():
    truth = points.density("spirals")
    x = truth.sample(300, generator())
    assert torch.allclose(Blobs.of(truth).log_prob(x), truth.log_prob(x), atol=1e-3)


def test_tweedie_is_the_mean_of_what_could_have_been_there():
    """x + sigma^2 score against a sum over clean points, weighted by how likely they made x."""
    sigma, x = 0.8, torch.tensor([[0.2, 1.0]])
    clean = BLOBS.sample(400_000, generator())
    weight = (-(clean - x).square().sum(1) / (2 * sigma**2)).softmax(0)
    exact = x + sigma**2 * BLOBS.noised(sigma).score(x)
    assert torch.allclose(exact, weight @ clean, atol=0.02)


# ---------------------------------------------------------------------------------------- score matching


def fitted(value, sigma, count=120_000):
    """Minimum over the slope a of s(x) = a x on N(0, 1.5^2 I) with noise: each loss is a parabola in a."""
    clean = 1.5 * torch.randn(count, 2, generator=generator(1))
    found = [value(lambda x, a=a: a * x, clean, sigma, generator(2)).item() for a in (-1.0, 0.0, 1.0)]
    left, middle, right = found
    return (left - right) / (2 * (left + right - 2 * middle))


@pytest.mark.parametrize("sigma", [0.3, 1.0])
@pytest.mark.parametrize("name", ["hyvarinen", "sliced", "denoising"])
def test_every_loss_is_least_at_the_score_of_the_noisy_gaussian(name, sigma):
    """-1 / (1.5^2 + sigma^2), in closed form."""

    def value(score, clean, sigma, random):
        if name == "denoising":
            return denoising(score, clean, sigma, random)
        noisy = clean + sigma * torch.randn(clean.shape, generator=random)
        return sliced(score, noisy, random) if name == "sliced" else hyvarinen(score, noisy)

    assert fitted(value, sigma) == pytest.approx(-1 / (1.5**2 + sigma**2), rel=0.02)


def test_the_trace_is_exact_and_its_slices_are_it_in_the_mean():
    matrix = torch.tensor([[1.0, 2.0], [-3.0, 0.5]])
    x = torch.randn(4000, 2, generator=generator())
    exact = 1.5 + ((x @ matrix.T).square().sum(1) / 2).mean()
    assert hyvarinen(lambda at: at @ matrix.T, x).item() == pytest.approx(exact.item(), abs=1e-4)
    found = [sliced(lambda at: at @ matrix.T, x, generator(k)).item() for k in range(20)]
    assert sum(found) / 20 == pytest.approx(exact.item(), abs=0.02) and max(found) - min(found) > 1e-3


# ---------------------------------------------------------------------------------------- Langevin


def shares_after(steps):
    *_, last = steps
    return BLOBS.nearest(last.x)


def test_annealed_langevin_finds_the_shares_of_the_modes_and_plain_langevin_does_not():
    exact = lambda x, sigma: BLOBS.noised(sigma).score(x)  # noqa: E731
    sigmas = ladder(8.0, 0.05, 24)
    eta = stride(sigmas[0] / sigmas[1], 4)
    annealed = shares_after(draw(exact, (3000, 2), sigmas, 4, eta, [generator()]))
    assert torch.allclose(annealed, BLOBS.shares, atol=0.05)
    start = 4 * torch.rand(3000, 2, generator=generator(1)) - 2
    plain = shares_after(anneal(exact, start, [0.2], 96, 0.1, [generator()]))
    assert (plain - BLOBS.shares).abs().max() > 0.1


def test_points_of_one_level_are_those_of_its_gaussian():
    """With the variance that the stride leads to exactly: 2 / (2 - eta) of sigma^2 around one point."""
    point, eta = torch.tensor([1.0, -1.0]), 0.2
    *_, last = anneal(
        lambda x, sigma: (point - x) / sigma**2,
        torch.zeros(20_000, 2), [0.5], 60, eta, [generator()], last=False,
    )  # fmt: skip
    assert torch.allclose(last.x.mean(0), point, atol=0.02)
    assert torch.allclose(last.x.var(0), torch.full((2,), 0.25 * 2 / (2 - eta)), rtol=0.04)


def test_the_variance_down_a_step_of_the_ladder_is_as_said():
    ratio, steps, eta = 1.3, 4, 0.15
    x = ratio * 0.5 * torch.randn(40_000, 2, generator=generator())
    *_, end = anneal(lambda x, sigma: -x / sigma**2, x, [0.5], steps, eta, [generator(1)], last=False)
    assert end.x.var().item() / 0.25 == pytest.approx(variance(ratio, steps, eta), rel=0.02)
    others = [abs(variance(ratio, steps, other) - 1) for other in (0.05, 0.1, 0.2, 0.4, 0.8)]
    assert abs(variance(ratio, steps, stride(ratio, steps)) - 1) <= min(others)


def test_a_ladder_has_equal_ratios_and_its_default_overlaps_as_it_should():
    found = ladder(10.0, 0.1, 5)
    assert found[0] == 10 and found[-1] == pytest.approx(0.1) and len(found) == 5
    assert all(a / b == pytest.approx(10**0.5) for a, b in zip(found, found[1:], strict=False))
    config = NCSNConfig()
    sigmas = ladder(config.sigma_max, config.sigma_min, config.levels)
    assert overlap(sigmas[0] / sigmas[1], config.size**2) == pytest.approx(0.5, abs=0.1)
    assert overlap(1.0, 784) == pytest.approx(0.9973, abs=1e-4) and overlap(2.0, 784) < 1e-6
    for wrong in ((1.0, 2.0, 5), (1.0, 0.0, 5), (1.0, 0.5, 0)):
        with pytest.raises(ValueError, match="levels"):
            ladder(*wrong)


def test_a_sample_depends_on_its_own_seed_alone():
    model, sigmas = small(), SMALL_SIGMAS
    shape = SMALL.channels, SMALL.size, SMALL.size
    together = [s.x for s in draw(model.score, (3, *shape), sigmas, 2, 0.1, generators(5, 3))]
    alone = [s.x for s in draw(model.score, (1, *shape), sigmas, 2, 0.1, generators(6, 1))]
    assert len(together) == len(alone) == 2 * len(sigmas) + 1
    for many, one in zip(together, alone, strict=True):
        assert torch.allclose(many[1:2], one, atol=1e-4) and not torch.allclose(many[:1], one, atol=1e-2)


SMALL_SIGMAS = ladder(4.0, 0.1, 4)


def test_noise_of_a_cloud_is_one_generator_s_and_of_pictures_each_one_s_own():
    cloud = fresh(torch.empty(9, 2), [generator(3)])
    assert torch.equal(cloud, torch.randn(9, 2, generator=generator(3)))
    pictures = fresh(torch.empty(3, 1, 4, 4), generators(7, 3))
    assert torch.equal(pictures[2], torch.randn(1, 4, 4, generator=generator(9)))


def test_what_is_kept_stays_and_is_as_noisy_as_its_level():
    model, known = small(), torch.full((64, 1, 8, 8), 0.7)
    keep = torch.zeros(8, 8, dtype=torch.bool)
    keep[:4] = True
    steps = list(anneal(model.score, known, SMALL_SIGMAS, 2, 0.1, generators(0, 64), known, keep))
    assert torch.equal(steps[-1].x[:, :, keep], known[:, :, keep])
    assert not torch.allclose(steps[-1].x[:, :, ~keep], known[:, :, ~keep], atol=0.05)
    for step in steps[:-1]:
        assert (step.x - known)[:, :, keep].std().item() == pytest.approx(step.sigma, rel=0.06)


def test_samplers_leave_no_gradient_behind_and_touch_nobody_s_luck():
    torch.manual_seed(5)
    luck = torch.rand(1)
    torch.manual_seed(5)
    model = lambda x, sigma: -x / sigma**2  # noqa: E731
    for step in draw(model, (2, 3), SMALL_SIGMAS, 1, 0.1, [generator()]):
        assert not step.x.requires_grad and torch.is_grad_enabled()
    assert torch.equal(torch.rand(1), luck)


# ---------------------------------------------------------------------------------------- the network


def test_score_noise_and_denoise_say_the_same():
    model, x = small(), torch.randn(3, 1, 8, 8, generator=generator())
    sigma = torch.tensor([0.1, 1.0, 5.0])
    wide = sigma[:, None, None, None]
    assert torch.allclose(model.score(x, sigma), -model.noise(x, sigma) / wide)
    assert torch.allclose(model.denoise(x, sigma), x + wide**2 * model.score(x, sigma), atol=1e-4)
    one = model.score(x[1:2], 1.0)
    assert torch.allclose(model.score(x, sigma)[1:2], one, atol=1e-5)


def test_untrained_it_is_right_about_independent_gaussian_pixels():
    model, sigma = NCSN(SMALL), 0.7
    x = torch.randn(2, 1, 8, 8, generator=generator())
    config = model.config
    exact = -(x - config.mean) / (config.std**2 + sigma**2)
    assert torch.allclose(model.score(x, sigma), exact, atol=1e-6)


def test_every_pixel_of_a_digit_is_told_by_every_other():
    model = NCSN(NCSNConfig(wide=8, deep=16, told=16)).eval()
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.2, generator=generator(2))
    x = torch.zeros(1, 1, 28, 28, requires_grad=True)
    model.noise(x, 1.0)[0, 0, 0, 0].backward()
    assert (x.grad[0, 0] != 0).float().mean() > 0.95


def test_it_is_stored_and_read_alike(tmp_path):
    model, x = small(), torch.randn(2, 1, 8, 8, generator=generator())
    model.save_pretrained(tmp_path, dtype=torch.float32)
    read = NCSN.from_pretrained(tmp_path)
    assert torch.equal(read.noise(x, 0.5), model.noise(x, 0.5)) and len(read.sigmas()) == 6
    with pytest.raises(ValueError, match="multiple of 4"):
        NCSN(NCSNConfig(size=30))


def test_the_recipe_s_loss_falls_where_the_noise_is_known():
    """All data in one picture: x + sigma noise tells the noise, and the network has to learn to."""
    torch.manual_seed(0)
    model, clean = NCSN(SMALL), torch.full((32, 1, 8, 8), 0.9)
    down, random = torch.optim.Adam(model.parameters(), 1e-2), generator()
    found = []
    for _ in range(60):
        value = loss(model, (clean,), random)["loss"]
        down.zero_grad()
        value.backward()
        down.step()
        found.append(value.item())
    assert sum(found[-5:]) < 0.25 * sum(found[:5])


def test_levels_of_training_cover_the_ladder():
    sigma = levels(4000, NCSNConfig(), generator())
    low, high = NCSNConfig().sigma_min, NCSNConfig().sigma_max
    assert sigma.min() >= 0.999 * low and sigma.max() <= 1.001 * high
    assert sigma.min() < 1.1 * low and sigma.max() > 0.9 * high


# ---------------------------------------------------------------------------------------- of the laboratory


def trained(count, truth="moons", seed=1, **knobs):
    model, source = Score(Score.Knobs(**knobs), seed), Source(points.density(truth), seed)
    return model, [model.step(source.take(model.needs)) for _ in range(count)]


def test_the_family_keeps_the_protocol_of_the_laboratory():
    assert FAMILIES["score"] is Score
    model, found = trained(3, width=32, batch=64)
    assert model.needs == 64 and all(math.isfinite(v) for step in found for v in step.values())
    x = model.sample(7, generator())
    assert x.shape == (7, 2) and not x.requires_grad and x.isfinite().all()
    assert model.log_prob(x) is None and model.height(x).shape == (7,)
    for wrong in ({"lr": float("nan")}, {"levels": 1}, {"batch": 10**9}, {"walk": 0}, {"width": True}):
        with pytest.raises(ValueError, match="expected"):
            Score.Knobs(**wrong)


def test_its_seed_is_a_trajectory_and_a_bad_step_ends_it_quietly():
    one, other, third = (trained(5, seed=seed, width=32, batch=64) for seed in (1, 1, 2))
    assert one[1] == other[1] != third[1]
    assert torch.equal(one[0].sample(9, generator(3)), other[0].sample(9, generator(3)))
    model = one[0]
    assert model.step(torch.full((64, 2), float("nan"))) == {} and model.diverged
    assert model.sample(5, generator()).isfinite().all()


def test_it_learns_the_moons_in_a_second_or_two():
    real = points.sample("moons", 1000, generator(9)).numpy()
    before, after = (
        energy_distance(real, trained(n)[0].sample(1000, generator(5)).numpy()) for n in (1, 250)
    )
    assert after < 0.15 * before, (before, after)


def test_its_sampler_draws_a_gaussian_whose_score_it_knows_in_the_limit_of_many_steps():
    """With few the walk lags behind the ladder, and the cloud is too wide."""
    mean, std, wider = torch.tensor([0.6, -0.3]), 0.4, []
    for rungs, walk in ((16, 3), (60, 6), (200, 12)):
        model = Score(Score.Knobs(levels=rungs, walk=walk))
        model.score = lambda x, sigma: (mean - x) / (std**2 + sigma**2)
        x = model.sample(6000, generator()) / SCALE
        assert torch.allclose(x.mean(0), mean, atol=0.03)
        wider.append(x.var(0).mean().item() / std**2)
    assert wider[0] > wider[1] + 0.1 > wider[2] + 0.1 and wider[2] == pytest.approx(1, abs=0.07)
