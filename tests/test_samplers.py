"""Solvers, proved where the right answer is known: on a Gaussian and on a mixture of Gaussians.

For those the mean of all points under a noisy one is a formula, so that all error is the solver's.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache, partial
from math import exp, log

import pytest
import torch
from torch import Tensor

from genmodels.diffusion import samplers, schedules
from genmodels.diffusion.samplers import LOOKS, SOLVERS, Step

pytestmark = pytest.mark.filterwarnings(  # of diffusers' own lines
    "ignore:__array__ implementation:DeprecationWarning"
)
HIGH, LOW = 20.0, 0.05
MEANS = torch.tensor([[-1.0, 0.2], [0.8, 0.7], [0.3, -0.9]], dtype=torch.float64)
SHARES, WIDTH = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64), 0.25
CENTRE, SPREAD = torch.tensor([0.4, -0.3]).double(), torch.tensor([0.5, 0.12]).double()
ORDERS = {
    "ddim": (SOLVERS["ddim"], 1),
    "heun": (SOLVERS["heun"], 2),
    "midpoint": (SOLVERS["midpoint"], 2),
    "dpm2": (SOLVERS["dpm2"], 2),
    "dpm2 whole": (partial(samplers.dpm, whole=True), 2),
    "dpm3": (SOLVERS["dpm3"], 2),  # as published; its curvature counts half
    "dpm3 whole": (partial(samplers.dpm, order=3, whole=True), 3),
    "unipc": (SOLVERS["unipc"], 3),  # its corrector adds one to the order of its predictor
}


def gaussian(x: Tensor, sigma: float) -> Tensor:
    """The mean of all points of N(CENTRE, SPREAD^2) that could be under x."""
    return CENTRE + SPREAD**2 / (SPREAD**2 + sigma**2) * (x - CENTRE)


def mixture(x: Tensor, sigma: float) -> Tensor:
    """The same of three round Gaussians: each one's mean, by the chance that x came from it."""
    variance = WIDTH**2 + sigma**2
    square = (x[:, None] - MEANS).square().sum(-1)
    middle = (SHARES.log() - square / (2 * variance)).softmax(1) @ MEANS
    return middle + WIDTH**2 / variance * (x - middle)


def carried(x: Tensor, high: float, low: float) -> Tensor:
    """Where the Gaussian's flow takes x: every point keeps its place in units of the spread."""
    return CENTRE + (x - CENTRE) * ((SPREAD**2 + low**2) / (SPREAD**2 + high**2)).sqrt()


@cache
def followed(steps: int = 1500) -> Tensor:
    """Where the mixture's takes `points()`, by the classical method of order four; nothing of ours in it."""
    x, h, at = points(), log(LOW / HIGH) / steps, log(HIGH)

    def slope(y: Tensor, a: float) -> Tensor:
        return y - mixture(y, exp(a))

    for _ in range(steps):
        a = slope(x, at)
        b = slope(x + h / 2 * a, at + h / 2)
        c = slope(x + h / 2 * b, at + h / 2)
        x = x + h / 6 * (a + 2 * b + 2 * c + slope(x + h * c, at + h))
        at += h
    return x


def points(n: int = 100, sigma: float = HIGH) -> Tensor:
    return sigma * torch.randn(n, 2, generator=torch.Generator().manual_seed(0)).double()


def luck(n: int, seed: int = 0) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed + k) for k in range(n)]


def end(steps: Iterator[Step]) -> Tensor:
    *_, last = steps
    return last.x


def geometric(n: int) -> list[float]:
    return schedules.geometric(LOW, HIGH, n + 1)[:-1]


def uneven(n: int) -> list[float]:
    return schedules.karras(LOW, HIGH, n + 1)[:-1]


def orders(solver: Callable, denoise: Callable, right: Tensor, grid: Callable, counts: list[int]) -> list:
    """By which power of the number of steps the error falls, from each count to the next."""
    errors = [(end(solver(denoise, points(), grid(n))) - right).square().mean().sqrt() for n in counts]
    return [
        log(a / b) / log(n / m) for a, b, m, n in zip(errors, errors[1:], counts, counts[1:], strict=False)
    ]


# ------------------------------------------------------------------------------------------ orders


@pytest.mark.parametrize("grid", [geometric, uneven])
@pytest.mark.parametrize("name", ORDERS)
def test_errors_fall_as_the_order_says_on_a_gaussian(name, grid):
    solver, order = ORDERS[name]
    if name == "midpoint":
        order = 3  # here alone: in its coordinates the square of a path is a parabola
    found = orders(solver, gaussian, carried(points(), HIGH, LOW), grid, [160, 320])
    assert found[0] == pytest.approx(order, abs=0.25)


@pytest.mark.parametrize("name", ORDERS)
def test_errors_fall_as_the_order_says_on_a_mixture(name):
    """Where paths part, so that the belief is no straight line of anything."""
    solver, order = ORDERS[name]
    found = orders(solver, mixture, followed(), geometric, [60, 120, 240])
    assert found[-1] == pytest.approx(order, abs=0.25)
    assert abs(found[-1] - order) <= abs(found[0] - order) + 0.1  # and nearer, the more steps


def test_a_higher_order_of_unipc_is_higher():
    right = followed()
    found = [
        orders(partial(samplers.unipc, order=p), mixture, right, geometric, [120, 240])[0] for p in (1, 2)
    ]
    assert found == pytest.approx([2, 3], abs=0.3)


def test_with_few_questions_memory_beats_a_second_look():
    """The point of multistep solvers: 24 questions of each."""
    right = followed()
    error = {
        name: (end(SOLVERS[name](mixture, points(), geometric(n))) - right).square().mean().sqrt().item()
        for name, n in (("ddim", 24), ("heun", 12), ("dpm2", 24), ("unipc", 24))
    }
    assert error["unipc"] < error["dpm2"] < error["heun"] < error["ddim"]


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_step_of_dpm_is_exact_for_polynomials_if_it_counts_them_whole(order, whole):
    """Beliefs that are powers of log sigma; the right step is an integral, here by many small ones."""
    sigmas, x = [4.0, 2.5, 1.4, 0.9], torch.zeros(1, 1).double()
    a = torch.linspace(log(sigmas[2]), log(sigmas[3]), 40_001).double()
    for power in range(3):
        past = [(-log(s), torch.full_like(x, log(s) ** power)) for s in sigmas[:3]][-order:]
        s, t = sigmas[2:]
        found = (1 - t / s) * past[-1][1] + samplers.bend(past, -log(t), whole)
        right = -t * torch.trapezoid(a**power * (-a).exp(), a)
        exact = power < order if whole else power < (2 if order == 3 else 1)
        assert (abs(found.item() - right.item()) < 1e-8) == exact


@pytest.mark.parametrize("name", ORDERS)
def test_a_belief_that_never_changes_is_reached_by_any_step(name):
    """Data that is one point: the path is straight, and one step is all it takes."""
    point = torch.tensor([[0.3, -0.7]]).double()
    for sigmas in ([HIGH, 0.0], [HIGH, 3.0, 0.0], [HIGH, 0.4]):
        found = end(ORDERS[name][0](lambda x, s: point.expand_as(x), points(), sigmas))
        assert torch.allclose(found, point + sigmas[-1] / HIGH * (points() - point))


# --------------------------------------------------------------------------- with noise on the way


def spreads(solver: Callable, denoise: Callable, sigmas: list[float], monkeypatch) -> Tensor:
    """(2,): the variance of what comes out, exactly.

    For a Gaussian everything is linear: what comes out is a sum of every noise that went in, each times a
    number, and the variance is the sum of those numbers' squares. Picture k gets the kth noise as 1 and
    none else, so that it ends as its number.
    """
    asked, size = [0], 2 * len(sigmas) + 2

    def one(shape: tuple, luck_: object) -> Tensor:
        asked[0] += 1
        drawn = torch.zeros(size, *shape).double()
        drawn[asked[0] if asked[0] < size - 1 else 0] = 1
        return drawn

    monkeypatch.setattr(samplers, "noise", one)
    x = CENTRE.expand(size, 2).clone()
    x[0] += (SPREAD**2 + sigmas[0] ** 2).sqrt()  # as the data with noise on it really is
    found = end(solver(denoise, x, sigmas, ())) - CENTRE
    assert torch.allclose(found[-1], torch.zeros(2).double(), atol=1e-9)  # the mean came out right
    monkeypatch.undo()
    return found.square().sum(0)


@pytest.mark.parametrize(("name", "order"), [("ddpm", 1), ("churn", 2)])
def test_noise_on_the_way_leaves_the_right_variance_in_the_limit(name, order, monkeypatch):
    right, errors = SPREAD**2 + LOW**2, []
    for n in (160, 320, 640):
        errors.append((spreads(SOLVERS[name], gaussian, geometric(n), monkeypatch) / right - 1).abs().max())
    assert errors[-1] < 0.02
    found = [log(a / b) / log(2) for a, b in zip(errors, errors[1:], strict=False)]
    assert found[-1] == pytest.approx(order, abs=0.25)


def test_few_steps_of_ddpm_make_too_little_variance_and_the_large_choice_too_much(monkeypatch):
    """A Gaussian's true step lies between DDPM's two (its section 3.2): one suits a point, one N(0, I)."""
    right, few = SPREAD**2 + LOW**2, geometric(20)
    small = spreads(SOLVERS["ddpm"], gaussian, few, monkeypatch)
    large = spreads(partial(samplers.ddim, eta=1.0, large=True), gaussian, few, monkeypatch)
    assert (small < right).all() and (right < large).all()
    unit = spreads(
        partial(samplers.ddim, eta=1.0, large=True), lambda x, s: CENTRE + (x - CENTRE) / (1 + s**2), few,
        monkeypatch,
    )  # fmt: skip
    began = (SPREAD**2 + HIGH**2) / (1 + HIGH**2)  # what went in, for data of variance 1
    assert torch.allclose(unit, (1 + LOW**2) * torch.ones(2).double(), rtol=2 * (1 - began).max().item())


@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_right_jump_keeps_the_variance_at_any_number_of_jumps(n, monkeypatch):
    """What a consistency model should learn, known for a Gaussian."""
    least = 0.002
    sigmas = [*schedules.geometric(0.5, HIGH, n)[:-1], 0.0]

    def jump(x: Tensor, sigma: float) -> Tensor:
        return carried(x, sigma, least)

    found = spreads(samplers.consistency, jump, sigmas, monkeypatch)
    assert torch.allclose(found, SPREAD**2 + least**2)
    mean = spreads(samplers.consistency, gaussian, sigmas, monkeypatch)
    assert (mean < 0.9 * SPREAD**2).all()  # whoever believes means jumps to their mean


def test_noise_on_the_way_finds_the_mixture():
    """Shares, mean and covariance of 1500 points, within what chance allows."""
    n = 1500
    x, sigmas = points(n), geometric(50)
    for name in ("ddpm", "churn"):
        found = end(SOLVERS[name](mixture, x, sigmas, luck(n)))
        share = torch.cdist(found, MEANS).argmin(1).bincount(minlength=3) / n
        assert (share - SHARES).abs().max() < 0.04
        middle = SHARES @ MEANS
        apart = MEANS - middle
        covariance = (apart.T * SHARES) @ apart + (WIDTH**2 + LOW**2) * torch.eye(2)
        assert (found.mean(0) - middle).abs().max() < 0.06
        assert (found.T.cov() - covariance).abs().max() < 0.06


# --------------------------------------------------------------------------- many names of the same


def theirs_step(scheduler: object, denoise: Callable, x: Tensor, signal: Callable, **kwargs) -> Tensor:
    """A scheduler of diffusers led down its own moments by a belief, from x = x0 + sigma e."""
    sigmas = scheduler.sigmas.double()
    y = x * signal(sigmas[0])
    for i, t in enumerate(scheduler.timesteps):
        belief = denoise(y / signal(sigmas[i]), sigmas[i].item())
        y = scheduler.step(belief, t, y, **kwargs).prev_sample
    return y


def shrunk(sigma: Tensor) -> Tensor:
    return (1 + sigma**2).rsqrt()


COMMON = {"beta_schedule": "linear", "beta_start": 1e-4, "beta_end": 0.02, "prediction_type": "sample"}


@pytest.mark.parametrize("steps", [6, 20])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_dpm_is_that_of_diffusers(order, steps):
    from diffusers import DPMSolverMultistepScheduler

    theirs = DPMSolverMultistepScheduler(
        **COMMON, solver_order=order, use_karras_sigmas=True, lower_order_final=False
    )
    theirs.set_timesteps(steps)
    sigmas, x = theirs.sigmas.tolist(), points(20, theirs.sigmas[0].item())
    ours = end(samplers.dpm(mixture, x, sigmas, order=order))
    assert torch.allclose(ours, theirs_step(theirs, mixture, x, shrunk).double(), atol=2e-4)
    whole = end(samplers.dpm(mixture, x, sigmas, order=order, whole=True))
    assert order == 1 or (ours - whole).abs().max() > 1e-3


@pytest.mark.parametrize("steps", [6, 20])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_unipc_is_that_of_diffusers(order, steps):
    from diffusers import UniPCMultistepScheduler

    theirs = UniPCMultistepScheduler(
        **COMMON, solver_order=order, use_karras_sigmas=True, lower_order_final=False,
        final_sigmas_type="sigma_min",
    )  # fmt: skip
    theirs.set_timesteps(steps)
    sigmas = theirs.sigmas.tolist()[:-1]  # to the last level that isn't repeated
    x, seen = points(20, sigmas[0]), []
    signal = shrunk(theirs.sigmas.double())
    y = x * signal[0]
    for i, t in enumerate(theirs.timesteps[:-1]):
        y = theirs.step(mixture(y / signal[i], sigmas[i]), t, y).prev_sample
        seen.append(y / signal[i + 1])
    ours = end(samplers.unipc(mixture, x, sigmas, order=order))
    assert torch.allclose(ours, seen[-1].double(), atol=5e-4)


def test_heun_is_that_of_diffusers():
    from diffusers import HeunDiscreteScheduler

    theirs = HeunDiscreteScheduler(**COMMON, use_karras_sigmas=True)
    theirs.set_timesteps(10)
    x = points(20, theirs.sigmas[0].item())
    sigmas = list(dict.fromkeys(theirs.sigmas.tolist()))
    right = theirs_step(theirs, mixture, x, lambda s: 1.0)
    assert torch.allclose(end(samplers.heun(mixture, x, sigmas)), right.double(), atol=1e-4)


def test_ddim_is_euler_and_is_the_euler_of_flow_matching():
    from diffusers import DDIMScheduler, EulerDiscreteScheduler, FlowMatchEulerDiscreteScheduler

    euler = EulerDiscreteScheduler(**COMMON, use_karras_sigmas=True)
    euler.set_timesteps(12)
    sigmas, x = euler.sigmas.tolist(), points(20, euler.sigmas[0].item())
    ours = end(samplers.ddim(mixture, x, sigmas))
    assert torch.allclose(ours, theirs_step(euler, mixture, x, lambda s: 1.0).double(), atol=1e-4)

    flow = FlowMatchEulerDiscreteScheduler()  # what they call sigma is our t
    flow.set_timesteps(sigmas=[s / (1 + s) for s in sigmas[:-1]])
    y = x / (1 + sigmas[0])
    for s, t in zip(sigmas, flow.timesteps, strict=False):
        at = y * (1 + s)
        belief = mixture(at, s)
        y = flow.step((at - belief) / s - belief, t, y).prev_sample  # e - x0
    assert torch.allclose(ours, y.double(), atol=1e-4)

    ddim = DDIMScheduler(**COMMON, clip_sample=False, timestep_spacing="leading")
    ddim.set_timesteps(12)
    sigmas = schedules.leading("linear", 12)
    y = x / (1 + sigmas[0] ** 2) ** 0.5
    for s, t in zip(sigmas, ddim.timesteps, strict=False):
        y = ddim.step(mixture(y * (1 + s**2) ** 0.5, s), t, y).prev_sample
    assert torch.allclose(end(samplers.ddim(mixture, x, sigmas)), y.double(), atol=1e-4)


@pytest.mark.parametrize("variance", ["fixed_small", "fixed_large"])
def test_ddpm_is_ddim_with_all_its_noise(variance):
    from diffusers import DDPMScheduler

    theirs = DDPMScheduler(**COMMON, clip_sample=False, variance_type=variance, timestep_spacing="leading")
    theirs.set_timesteps(25)
    sigmas, large = schedules.leading("linear", 25), variance == "fixed_large"
    x = points(1, sigmas[0]).float()
    y, random = x / (1 + sigmas[0] ** 2) ** 0.5, luck(1)[0]
    for s, t in zip(sigmas, theirs.timesteps, strict=False):
        belief = mixture(y.double() * (1 + s**2) ** 0.5, s).float()
        y = theirs.step(belief, t, y, generator=random).prev_sample
    ours = end(samplers.ddim(lambda v, s: mixture(v.double(), s).float(), x, sigmas, luck(1), 1.0, large))
    assert torch.allclose(ours, y, atol=5e-4)


def test_ddpm_is_what_others_call_euler_ancestral():
    from diffusers import EulerAncestralDiscreteScheduler

    theirs = EulerAncestralDiscreteScheduler(**COMMON | {"prediction_type": "epsilon"})
    theirs.set_timesteps(15)
    sigmas = theirs.sigmas.tolist()
    x, random = points(1, sigmas[0]).float(), luck(1)[0]
    y = x
    for i, t in enumerate(theirs.timesteps):
        belief = mixture(y.double(), sigmas[i]).float()
        scaled = theirs.scale_model_input(y, t)  # it wants to be asked, and says nothing we need
        assert scaled.shape == y.shape
        y = theirs.step((y - belief) / sigmas[i], t, y, generator=random).prev_sample
    ours = end(SOLVERS["ddpm"](lambda v, s: mixture(v.double(), s).float(), x, sigmas, luck(1)))
    assert torch.allclose(ours, y, atol=5e-4)


# --------------------------------------------------------------------------- what every solver keeps

EVERY = [*SOLVERS, "consistency"]


def solver_of(name: str) -> Callable[..., Iterator[Step]]:
    return SOLVERS.get(name, samplers.consistency)


@pytest.mark.parametrize("name", EVERY)
def test_a_step_at_every_level_and_the_last_is_the_picture(name):
    asked: list[float] = []

    def denoise(x: Tensor, sigma: float) -> Tensor:
        asked.append(sigma)
        return mixture(x, sigma)

    sigmas = schedules.karras(LOW, HIGH, 9)
    steps = list(solver_of(name)(denoise, points(4), sigmas, luck(4)))
    assert [s.i for s in steps] == list(range(10))
    assert all(s.x.shape == s.x0.shape == (4, 2) for s in steps)
    assert steps[-1].sigma == 0 and torch.equal(steps[-1].x, steps[-1].x0)
    if name != "churn":  # it stands where its own noise has put it
        assert [s.sigma for s in steps] == sigmas
    once = name in ("heun", "churn")  # nothing to see a second time at sigma 0
    assert len(asked) == 9 * LOOKS.get(name, 1) - once
    assert all(torch.isfinite(s.x).all() for s in steps)


@pytest.mark.parametrize("name", EVERY)
def test_a_seed_is_a_picture_alone_or_among_others(name):
    sigmas = schedules.karras(LOW, HIGH, 6)
    run = solver_of(name)

    def draw(seeds: range) -> Tensor:
        random = [torch.Generator().manual_seed(k) for k in seeds]
        return end(run(mixture, samplers.start((2,), HIGH, random).double(), sigmas, random))

    together = draw(range(5))
    alone = torch.cat([draw(range(k, k + 1)) for k in range(5)])
    assert torch.allclose(together, alone, atol=1e-9) and (together[0] - together[1]).abs().max() > 1e-3


@pytest.mark.parametrize("name", ["ddim", "ddpm", "heun", "midpoint", "consistency"])
@pytest.mark.parametrize("stop", [1, 4])
def test_whoever_stops_can_go_on_as_if_nothing_had_been(name, stop):
    sigmas, random = schedules.karras(LOW, HIGH, 8), luck(3)
    whole = end(solver_of(name)(mixture, points(3), sigmas, luck(3)))
    with closing(solver_of(name)(mixture, points(3), sigmas, random)) as steps:
        held = next(step for step in steps if step.i == stop)
    rest = end(solver_of(name)(mixture, held.x, sigmas[stop:], random))
    assert held.sigma == sigmas[stop] and torch.equal(rest, whole)


@pytest.mark.parametrize("name", ["dpm2", "dpm3", "unipc"])
def test_solvers_with_a_memory_forget_it_when_stopped_and_still_arrive(name):
    sigmas = [*geometric(60), 0.0]
    whole = end(SOLVERS[name](mixture, points(), sigmas))
    with closing(SOLVERS[name](mixture, points(), sigmas)) as steps:
        held = next(step for step in steps if step.i == 30)
    rest = end(SOLVERS[name](mixture, held.x, sigmas[30:]))
    assert 0 < (rest - whole).abs().max() < 0.05


def test_solvers_can_take_over_from_each_other():
    """Half the way with one, half with another: an order above 1 still is one."""
    sigmas, right = geometric(200), followed()
    for first, second in (("heun", "dpm2"), ("unipc", "midpoint"), ("dpm3", "heun")):
        *_, held = SOLVERS[first](mixture, points(), sigmas[:100])
        found = end(SOLVERS[second](mixture, held.x, sigmas[99:]))
        assert (found - right).square().mean().sqrt() < 2e-3


def test_closing_stops_the_questions_and_gradients_are_neither_kept_nor_left_off():
    asked = [0]
    weight = torch.ones(1, requires_grad=True)

    def denoise(x: Tensor, sigma: float) -> Tensor:
        asked[0] += 1
        return mixture(x, sigma) * weight

    steps = SOLVERS["dpm2"](denoise, points(2), geometric(50))
    step = next(steps)
    assert not step.x0.requires_grad and torch.is_grad_enabled()
    next(steps)
    steps.close()
    assert asked[0] == 2 and torch.is_grad_enabled()


def test_the_start_is_as_wide_as_data_in_noise():
    random = luck(4000)
    x = samplers.start((3,), 2.0, random)
    assert x.shape == (4000, 3) and x.std().item() == pytest.approx(5**0.5, rel=0.03)
    assert torch.equal(samplers.start((3,), 2.0, luck(1)), x[:1])


def test_noise_of_its_own_needs_luck_and_the_others_do_not():
    sigmas = geometric(3)
    for name in ("ddpm", "churn"):
        one, other = (end(SOLVERS[name](mixture, points(2), sigmas, luck(2, s))) for s in (0, 7))
        assert (one - other).abs().max() > 1e-3
    for name in ("ddim", "heun", "midpoint", "dpm2", "dpm3", "unipc"):
        assert torch.equal(
            end(SOLVERS[name](mixture, points(2), sigmas, luck(2, 7))),
            end(SOLVERS[name](mixture, points(2), sigmas)),
        )
