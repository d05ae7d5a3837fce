"""Schedules and grids: the published formulas, diffusers' numbers, and both ways between moment and noise."""

from math import acos, atan, cos, log, pi

import pytest
import torch

from genmodels.diffusion import schedules
from genmodels.diffusion.schedules import SCHEDULES, STEPS, moment, sigma_at, table

LOW, HIGH = 0.02, 80.0


def bar(name: str) -> torch.Tensor:
    return SCHEDULES[name]()


# ------------------------------------------------------------------------------------------ schedules


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("linear", {"beta_schedule": "linear", "beta_start": 1e-4, "beta_end": 0.02}),
        ("scaled_linear", {"beta_schedule": "scaled_linear", "beta_start": 0.0015, "beta_end": 0.0195}),
        ("cosine", {"beta_schedule": "squaredcos_cap_v2"}),
    ],
)
def test_published_schedules_are_those_of_diffusers(name, theirs):
    from diffusers import DDPMScheduler

    found = DDPMScheduler(num_train_timesteps=STEPS, **theirs).alphas_cumprod
    assert torch.allclose(bar(name), found.double(), rtol=2e-4, atol=1e-9)  # theirs are single precision


def test_numbers_of_the_papers():
    assert bar("linear")[0].item() == pytest.approx(1 - 1e-4)
    assert bar("linear")[-1].item() == pytest.approx(4.04e-5, rel=1e-2)
    assert bar("linear")[STEPS // 2].item() == pytest.approx(0.078, rel=2e-2)
    at = [cos((k / STEPS + 0.008) / 1.008 * pi / 2) ** 2 for k in (0, 500, 900)]
    for k, value in zip((500, 900), at[1:], strict=True):
        assert bar("cosine")[k - 1].item() == pytest.approx(value / at[0])
    assert bar("offset_cosine")[[0, -1]].sqrt().tolist() == pytest.approx([0.95, 0.02])
    angles = bar("offset_cosine").sqrt().acos().diff()
    assert torch.allclose(angles, angles[:1].expand(STEPS - 1))


def test_the_sigmoid_is_that_of_its_paper_and_the_flow_a_mixture_of_t_and_1_minus_t():
    """Jabri et al., algorithm 1, at some times: start -3, end 3, tau 1."""
    t = torch.tensor([0.1, 0.5, 0.9], dtype=torch.float64)
    s = lambda v: 1 / (1 + (-v).exp())  # noqa: E731
    ends = s(torch.tensor([-3.0, 3.0], dtype=torch.float64))
    wanted = (ends[1] - s(-3 + 6 * t)) / (ends[1] - ends[0])
    k = (t * (STEPS - 1)).round().long()
    assert torch.allclose(bar("sigmoid")[k], wanted, atol=2e-3)
    t = (torch.arange(STEPS, dtype=torch.float64) + 0.5) / STEPS
    assert torch.allclose(table("flow"), t / (1 - t))


@pytest.mark.parametrize("name", SCHEDULES)
def test_noise_rises_and_never_takes_all_of_the_signal(name):
    sigma = table(name)
    assert sigma.shape == (STEPS,) and sigma.dtype == torch.float64
    assert (sigma.diff() > 0).all() and 0 < sigma[0] < 0.4 and 40 < sigma[-1] < 1e5
    assert torch.isfinite(1 / bar(name).sqrt()).all()  # what a plain cosine does not pass at t = 1


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_moment_is_a_noise_and_back(name):
    t = torch.tensor([0.0, 0.3, 1.0, 17.5, 499.25, 998.0, 998.9, 999.0], dtype=torch.float64)
    sigma = sigma_at(name, t)
    assert torch.allclose(moment(name, sigma), t, atol=1e-6)
    assert torch.allclose(sigma_at(name, torch.arange(STEPS)), table(name))
    between = sigma_at(name, torch.tensor([17.5])).item()
    assert table(name)[17] < between < table(name)[18]
    outside = torch.tensor([1e-9, 1e9])
    assert moment(name, outside).tolist() == [0, STEPS - 1]


def test_moments_are_as_exact_in_single_precision_as_a_network_can_tell():
    t = torch.linspace(0, STEPS - 1, 300)
    for name in SCHEDULES:
        assert (moment(name, sigma_at(name, t).float()) - t).abs().max() < 0.05, name


def test_signal_and_noise_are_cosine_and_sine():
    sigma = torch.tensor([1e-3, 0.5, 1.0, 80.0], dtype=torch.float64)
    signal, noise = schedules.rates(sigma)
    assert torch.allclose(signal**2 + noise**2, torch.ones(4, dtype=torch.float64))
    assert torch.allclose(noise / signal, sigma)
    assert schedules.log_snr(2.0) == pytest.approx(log(1 / 4))


# ------------------------------------------------------------------------------------------ grids


def grids(n: int) -> dict[str, list[float]]:
    return {
        "even": schedules.even("cosine", n),
        "leading": schedules.leading("linear", n),
        "karras": schedules.karras(LOW, HIGH, n),
        "geometric": schedules.geometric(LOW, HIGH, n),
        "straight": schedules.straight(n, HIGH),
        "angle": schedules.angle(n, HIGH),
    }


@pytest.mark.parametrize("n", [1, 2, 7, 50, 250])
def test_every_grid_falls_to_nothing(n):
    for name, sigmas in grids(n).items():
        assert len(sigmas) == n + 1 and sigmas[-1] == 0, name
        assert all(a > b for a, b in zip(sigmas, sigmas[1:], strict=False)), name
    for name in ("karras", "geometric", "straight", "angle"):
        assert grids(n)[name][0] == pytest.approx(HIGH), name
    if n > 1:
        assert [grids(n)[k][-2] for k in ("karras", "geometric")] == pytest.approx([LOW, LOW])


def test_each_grid_is_equal_in_its_own_measure():
    n = 12
    measures = {
        "karras": lambda s: s ** (1 / 7),
        "geometric": lambda s: log(s),
        "straight": lambda s: s / (1 + s),
        "angle": atan,
        "even": lambda s: moment("cosine", torch.tensor([s])).item(),
    }
    for name, measure in measures.items():
        steps = torch.tensor([measure(s) for s in grids(n)[name][:-1]]).diff()
        assert torch.allclose(steps, steps.mean().expand(n - 1), rtol=2e-3), name


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of diffusers' own lines
def test_grids_are_those_of_diffusers():
    from diffusers import DDIMScheduler, EulerDiscreteScheduler, FlowMatchEulerDiscreteScheduler

    theirs = EulerDiscreteScheduler(use_karras_sigmas=True, timestep_spacing="linspace")
    theirs.set_timesteps(10)
    ends = theirs.sigmas[[-2, 0]].tolist()
    assert schedules.karras(*ends, 10) == pytest.approx(theirs.sigmas.tolist(), rel=1e-4)
    ddim = DDIMScheduler(beta_start=1e-4, beta_end=0.02, beta_schedule="linear", timestep_spacing="leading")
    ddim.set_timesteps(20)
    found = [((1 - a) / a) ** 0.5 for a in ddim.alphas_cumprod[ddim.timesteps].tolist()]
    assert schedules.leading("linear", 20)[:-1] == pytest.approx(found, rel=1e-3)
    flow = FlowMatchEulerDiscreteScheduler()
    flow.set_timesteps(sigmas=[1 - i / 8 for i in range(8)])  # they call t sigma, and begin at 1
    times = [s / (1 + s) for s in schedules.straight(8, 1e6)]
    assert times == pytest.approx(flow.sigmas.tolist(), abs=1e-5)


def test_the_angle_of_a_picture_in_noise_alone_is_a_quarter_turn():
    assert atan(schedules.angle(4, 1e9)[0]) == pytest.approx(pi / 2)
    assert schedules.angle(3, 50.0)[1] == pytest.approx(
        (1 / cos(2 / 3 * acos(1 / 2501**0.5)) ** 2 - 1) ** 0.5
    )
