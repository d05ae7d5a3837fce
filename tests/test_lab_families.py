"""Flows, energy model, diffusion and flow matching of the laboratory, against what is known exactly."""

import math

import pytest
import torch

from genmodels.data import points
from genmodels.lab.diffusion import Diffusion
from genmodels.lab.energy import SPREAD, Energy, langevin
from genmodels.lab.families import FAMILIES
from genmodels.lab.family import Source
from genmodels.lab.ffjord import FFJORD
from genmodels.lab.field import SCALE
from genmodels.lab.flow_matching import FlowMatching
from genmodels.lab.realnvp import RealNVP
from genmodels.lab.spline import Spline
from genmodels.lab.verdict import entropy, verdict
from genmodels.metrics.transport import energy_distance

CLASSES = {
    "realnvp": RealNVP,
    "spline": Spline,
    "ffjord": FFJORD,
    "energy": Energy,
    "diffusion": Diffusion,
    "flow_matching": FlowMatching,
}
SMALL = {
    "realnvp": {"layers": 4, "width": 24, "batch": 64},
    "spline": {"layers": 2, "bins": 6, "width": 24, "batch": 64},
    "ffjord": {"width": 24, "batch": 64, "steps": 4},
    "energy": {"width": 24, "chains": 64, "batch": 64},
    "diffusion": {"width": 32, "batch": 64, "steps": 12},
    "flow_matching": {"width": 32, "batch": 64, "steps": 16},
}
MEAN, STD = torch.tensor([0.6, -0.3]), 0.4  # of a Gaussian, in the units of the networks


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def trained(name, count, truth="moons", seed=0, **knobs):
    cls = CLASSES[name]
    model, source = cls(cls.Knobs(**knobs), seed), Source(points.density(truth), seed)
    found = [model.step(source.take(model.needs)) for _ in range(count)]
    return model, found


# ---------------------------------------------------------------------------------------- every family


@pytest.mark.parametrize("name", CLASSES)
def test_it_stands_in_the_table_and_keeps_the_protocol(name):
    assert FAMILIES[name] is CLASSES[name]
    model, found = trained(name, 3, **SMALL[name])
    assert model.needs == 64 and all(math.isfinite(v) for step in found for v in step.values())
    assert "loss" in found[-1]
    x = model.sample(7, generator())
    assert x.shape == (7, 2) and not x.requires_grad and x.isfinite().all()
    height, log_p = model.height(x), model.log_prob(x)
    assert height.shape == (7,) and not height.requires_grad and height.isfinite().all()
    assert (log_p is None) == (name == "diffusion")
    assert log_p is None or (log_p.shape == (7,) and not log_p.requires_grad and log_p.isfinite().all())


@pytest.mark.parametrize("name", CLASSES)
def test_a_seed_is_a_trajectory(name):
    a, b, c = (trained(name, 6, seed=seed, **SMALL[name]) for seed in (1, 1, 2))
    assert a[1] == b[1] and a[1] != c[1]
    assert torch.equal(a[0].sample(9, generator(3)), b[0].sample(9, generator(3)))
    torch.manual_seed(5)  # nobody else's luck is touched, or used
    luck = torch.rand(1)
    torch.manual_seed(5)
    d = trained(name, 6, seed=1, **SMALL[name])
    assert d[1] == a[1] and torch.equal(torch.rand(1), luck)


@pytest.mark.parametrize("name", CLASSES)
def test_knobs_refuse_what_no_slider_sends(name):
    knobs = CLASSES[name].Knobs
    for wrong in ({"lr": float("nan")}, {"lr": 1.0}, {"batch": 10**9}, {"width": 0}, {"batch": True}):
        with pytest.raises(ValueError, match="expected"):
            knobs(**wrong)


@pytest.mark.parametrize("name", CLASSES)
def test_a_step_out_of_all_bounds_ends_it_quietly(name):
    model, _ = trained(name, 2, **SMALL[name])
    assert model.step(torch.full((64, 2), float("nan"))) == {}
    assert model.step(torch.zeros(64, 2)) == {} and model.diverged
    assert model.sample(5, generator()).isfinite().all()


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("realnvp", 250),
        ("spline", 150),
        ("ffjord", 70),
        ("energy", 200),
        ("diffusion", 250),
        ("flow_matching", 250),
    ],
)
def test_it_learns_the_moons_in_a_second_or_two(name, steps):
    real = points.sample("moons", 1000, generator(9)).numpy()
    before, after = (
        energy_distance(real, trained(name, n, seed=1)[0].sample(1000, generator(5)).numpy())
        for n in (1, steps)
    )
    assert after < 0.15 * before, (before, after)


# ---------------------------------------------------------------------------------------- densities


def mass(model, reach=7.0, side=100):
    line = reach * ((2 * torch.arange(side) + 1) / side - 1)
    x = torch.cartesian_prod(line, line)
    return model.log_prob(x).double().exp().sum().item() * (2 * reach / side) ** 2


@pytest.mark.parametrize("name", ["realnvp", "spline", "ffjord", "energy", "flow_matching"])
def test_a_density_sums_to_one(name):
    model, _ = trained(name, 60, **SMALL[name])
    assert mass(model) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("stretch", [True, False])
def test_a_flow_can_be_undone_and_knows_its_volume(stretch):
    model, _ = trained("realnvp", 30, layers=6, width=24, batch=64, stretch=stretch)
    flow, x = model.flow, points.sample("spirals", 50, generator())
    with torch.no_grad():
        z, log_det = flow(x)
        back, undone = flow.inverse(z)
    assert torch.allclose(back, x, atol=1e-5) and torch.allclose(undone, -log_det, atol=1e-5)
    assert not torch.allclose(z, x, atol=0.1)
    for one, known in zip(x[:12], log_det, strict=False):
        jacobian = torch.autograd.functional.jacobian(lambda p: flow(p[None])[0][0], one)
        assert torch.linalg.slogdet(jacobian).logabsdet.item() == pytest.approx(known.item(), abs=1e-4)


def test_nice_keeps_areas():
    """So nothing can be denser than the middle of N(0, I)."""
    model, _ = trained("realnvp", 40, layers=4, width=24, batch=64, stretch=False)
    x = points.sample("moons", 500, generator())
    assert model.flow(x)[1].abs().max() == 0
    assert model.log_prob(x).max() <= -math.log(2 * math.pi) + 1e-6


def test_a_flow_starts_as_the_identity():
    x = points.sample("moons", 20, generator())
    flow = RealNVP().flow
    assert torch.equal(flow(x)[0], x) and flow(x)[1].abs().max() == 0


# ---------------------------------------------------------------------------------------- exact fields


class OfGaussian(torch.nn.Module):
    """What a perfectly trained network would say if the data were N(MEAN, STD^2 I)."""

    def __init__(self, kind):
        super().__init__()
        self.kind, self.unused = kind, torch.nn.Parameter(torch.zeros(1))

    def forward(self, x, t):
        if self.kind == "velocity":
            return MEAN + (t * STD**2 - (1 - t)) / ((1 - t) ** 2 + t**2 * STD**2) * (x - t * MEAN)
        cos, sin = math.cos(t * math.pi / 2), math.sin(t * math.pi / 2)
        return cos * sin * (1 - STD**2) / (cos**2 * STD**2 + sin**2) * (x - cos * MEAN) - sin * MEAN

    def push(self, x, t, directions):
        along = [torch.autograd.functional.jvp(lambda at: self(at, t), x, e)[1] for e in directions]
        return self(x, t), torch.stack(along)


def right_moments(x, std):
    """Mean and covariance of 20000 samples, within four standard errors and half a percent."""
    n = len(x)
    assert torch.allclose(x.mean(0), SCALE * MEAN, atol=4 * std / n**0.5 + 0.01)
    assert torch.allclose(torch.cov(x.T), std**2 * torch.eye(2), atol=(6 / n**0.5 + 0.005) * std**2)


def test_flow_matching_carries_noise_to_a_known_gaussian_and_knows_its_density():
    model = FlowMatching(FlowMatching.Knobs(steps=50))
    model.calm.network.field = OfGaussian("velocity")
    right_moments(model.sample(20_000, generator()), SCALE * STD)
    x = SCALE * (MEAN + STD * torch.randn(200, 2, generator=generator(1)))
    exact = torch.distributions.Normal(SCALE * MEAN, SCALE * STD).log_prob(x).sum(1)
    assert torch.allclose(model.log_prob(x), exact, atol=0.01)


def test_the_rule_of_the_middle_is_of_second_order():
    """Twice the steps, a quarter of the error."""
    x = SCALE * (MEAN + STD * torch.randn(500, 2, generator=generator(1)))
    exact = torch.distributions.Normal(SCALE * MEAN, SCALE * STD).log_prob(x).sum(1)
    errors = []
    for steps in (10, 20, 40):
        model = FlowMatching(FlowMatching.Knobs(steps=steps))
        model.calm.network.field = OfGaussian("velocity")
        errors.append((model.log_prob(x) - exact).abs().mean().item())
    assert 3 < errors[0] / errors[1] < 5 and 3 < errors[1] / errors[2] < 5


def test_diffusion_turns_noise_into_a_known_gaussian():
    model = Diffusion()
    model.calm.network = OfGaussian("v")
    right_moments(model.sample(20_000, generator()), SCALE * STD)


def test_one_step_is_enough_where_the_network_does_not_change_its_mind():
    """If point and noise are known, x_a and v only turn: any number of steps ends at the point."""
    clean = torch.tensor([[0.7, -1.1]])
    for steps in (1, 2, 24):
        model = Diffusion(Diffusion.Knobs(steps=steps))
        noise = torch.randn(1, 2, generator=generator(3))
        model.calm.network = lambda x, t, noise=noise: (
            math.cos(t * math.pi / 2) * noise - math.sin(t * math.pi / 2) * clean
        )
        assert torch.allclose(model.sample(1, generator(3)), SCALE * clean, atol=1e-5)


@pytest.mark.parametrize("name", ["diffusion", "flow_matching", "energy"])
def test_a_single_gaussian_is_learnt(name):
    """Round, off the middle, by 300 steps of training."""
    cls, random = CLASSES[name], generator(3)
    model = cls(cls.Knobs(**SMALL[name] | {"batch": 256}), 1)
    for _ in range(300):
        model.step(SCALE * (MEAN + STD * torch.randn(256, 2, generator=random)))
    x = model.sample(4000, generator(4))
    assert torch.allclose(x.mean(0), SCALE * MEAN, atol=0.12)
    assert torch.allclose(torch.cov(x.T), (SCALE * STD) ** 2 * torch.eye(2), atol=0.16)


# ---------------------------------------------------------------------------------------- energies


@pytest.mark.parametrize("stride", [0.3, 0.1])
def test_langevin_draws_from_a_known_gaussian(stride):
    """With the variance that its stride leads to exactly, which is the Gaussian's own in the limit."""
    std, centre = 0.5, torch.tensor([1.0, -2.0])
    x = langevin(
        lambda at: (at - centre).square().sum(1) / (2 * std**2),
        torch.zeros(20_000, 2),
        400,
        stride,
        generator(),
    )
    shrinks = 1 - stride**2 / (2 * std**2)
    exact = stride**2 / (1 - shrinks**2)
    assert torch.allclose(x.mean(0), centre, atol=0.02)
    assert torch.allclose(x.var(0), torch.full((2,), exact), rtol=0.04)
    if stride == 0.1:
        assert exact == pytest.approx(std**2, rel=0.02)


class Bowl(torch.nn.Module):
    """With N(0, SPREAD^2) it makes N(0, std^2)."""

    def __init__(self, std):
        super().__init__()
        self.k = 1 / (2 * std**2) - 1 / (2 * SPREAD**2)

    def forward(self, x):
        return self.k * x.square().sum(1, keepdim=True)


def test_offers_leave_the_density_as_it_is_and_lead_to_it():
    model, bowl, random = Energy(), Bowl(0.7), generator()
    right = 0.7 * torch.randn(20_000, 2, generator=random)
    wrong = torch.full((20_000, 2), 6.0)
    for _ in range(60):
        right, wrong = (model.offer(bowl, x, random) for x in (right, wrong))
    for x in (right, wrong):
        assert torch.allclose(x.var(0), torch.full((2,), 0.49), rtol=0.05)


def test_z_is_summed_on_the_plane():
    model = Energy()
    model.calm.network = Bowl(0.7)
    x = torch.randn(50, 2, generator=generator())
    exact = torch.distributions.Normal(0.0, 0.7).log_prob(x).sum(1)
    assert torch.allclose(model.log_prob(x), exact, atol=1e-3)


def test_chains_never_start_afresh():
    model = Energy(Energy.Knobs(width=16, chains=32, batch=32, offers=False, stride=1e-3))
    before = model.chains.clone()
    model.step(torch.zeros(32, 2))
    moved = (model.chains - before).norm(dim=1)
    assert 0 < moved.max() < 20 * model.knobs.stride * model.knobs.walk**0.5


# ---------------------------------------------------------------------------------------- the verdict


class Perfect:
    """A family that is the truth."""

    def __init__(self, truth):
        self.truth = truth

    def sample(self, n, generator):
        return self.truth.sample(n, generator)

    def log_prob(self, x):
        return self.truth.log_prob(x)


@pytest.mark.parametrize("name", ["moons", "checkerboard", "eight_gaussians"])
def test_the_truth_is_judged_perfect(name):
    truth = points.density(name)
    *_, found = verdict(Perfect(truth), truth, 1)
    assert found.done and abs(found.kl) < 1e-3 and abs(found.energy) < 0.02
    assert found.w2 == pytest.approx(found.floor, rel=0.3) and found.of == found.modes
    assert found.nats == pytest.approx(-found.entropy, abs=1e-3)
    held = truth.log_prob(truth.sample(20_000, generator())).mean().item()
    assert found.entropy == pytest.approx(-held, abs=0.03)


def test_entropy_against_closed_forms():
    assert entropy(points.density("checkerboard")) == pytest.approx(math.log(32), abs=1e-6)  # half of 8 x 8
    eight = math.log(8) + 1 + math.log(2 * math.pi * 0.25**2)  # they hardly overlap
    assert entropy(points.density("eight_gaussians")) == pytest.approx(eight, abs=1e-3)
