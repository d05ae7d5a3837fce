"""Looking for codes that explain an observation: a flow that is a matrix, where the posterior is known."""

from functools import cache

import pytest
import torch
from torch import Tensor

from genmodels.flow.inverse_problem import Step, blur, explain
from genmodels.runtime import generators, noise

D, SEEN, S = 5, 3, 0.3  # numbers of a code, of what is seen of its picture, and its noise
CHAINS = 400


@cache
def problem() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """x = W z + b, looked at through A; what was seen of one x."""
    luck = torch.Generator().manual_seed(3)
    w = torch.linalg.qr(torch.randn(D, D, generator=luck))[0] * torch.tensor([0.4, 0.7, 1.0, 1.5, 2.0])
    b, a = torch.randn(D, generator=luck), torch.randn(SEEN, D, generator=luck) / 2
    x = w @ torch.randn(D, generator=luck) + b
    return w, b, a, a @ x + S * torch.randn(SEEN, generator=luck)


def posterior() -> tuple[Tensor, Tensor]:
    """Mean and covariance of z given what was seen, by completing the square in (1)."""
    w, b, a, seen = problem()
    covariance = torch.linalg.inv(torch.eye(D) + (a @ w).T @ (a @ w) / S**2)
    return covariance @ ((a @ w).T @ (seen - a @ b)) / S**2, covariance


def run(count: int, seed: int = 0, **options: float) -> list[Step]:
    w, b, a, seen = problem()
    z = noise(seed, count, (D,))
    return list(
        explain(lambda z: z @ w.T + b, lambda x: x @ a.T, seen.expand(count, -1), z,
                generators(seed + 10_000, count), noise=S, **options)
    )  # fmt: skip


def test_descent_finds_the_mean_of_the_posterior_which_is_its_mode():
    mean, _ = posterior()
    end = run(2, steps=600, rate=0.05, warmth=0.0)[-1]
    assert (end.z - mean).abs().max() < 0.05 * noise(0, 1, (D,)).std()


def test_langevin_draws_from_the_posterior():
    mean, covariance = posterior()
    z = torch.cat([step.z for step in run(CHAINS, steps=500, rate=0.1)[420::20]])
    spread = covariance.diagonal().sqrt()
    assert ((z.mean(0) - mean) / spread).abs().max() < 0.25
    assert (z.std(0) / spread - 1).abs().max() < 0.25
    assert (
        spread.min() < 0.5 < 0.6 < spread.max()
    )  # what was seen says much of some numbers, little of others


def test_colder_is_closer_to_the_mode():
    mean, _ = posterior()
    away = [
        (run(60, steps=200, rate=0.05, warmth=t)[-1].z - mean).norm(dim=1).mean() for t in (0.0, 0.3, 1.0)
    ]
    assert away[0] < 0.2 * away[2] and away[0] < away[1] < 0.8 * away[2]


def test_the_energy_is_that_of_the_last_code():
    w, b, a, seen = problem()
    end = run(3, steps=40)[-1]
    off = (end.z @ w.T + b) @ a.T - seen
    assert torch.allclose(end.loss, end.z.square().sum(1) / 2 + off.square().sum(1) / (2 * S**2), rtol=1e-5)
    assert torch.allclose(end.misfit, off.square().mean(1).sqrt(), rtol=1e-5)
    assert end.misfit.mean() < 0.5 * run(3, steps=40)[0].misfit.mean()


def test_an_explanation_does_not_depend_on_its_neighbours():
    alone, company = run(1, 7, steps=50)[-1], run(4, 5, steps=50)[-1]
    assert torch.allclose(alone.z[0], company.z[2], atol=1e-5)


def test_steps_are_counted_and_weights_get_no_slope():
    weight = torch.nn.Parameter(torch.eye(D))
    steps = list(
        explain(
            lambda z: z @ weight, lambda x: x, torch.zeros(2, D), noise(0, 2, (D,)), generators(0, 2), steps=5
        )
    )
    assert [s.i for s in steps] == [1, 2, 3, 4, 5, 6] and weight.grad is None
    assert not any(v.requires_grad for step in steps for v in step[1:])


@pytest.mark.parametrize("sigma", [0.8, 2.0])
def test_a_blur_keeps_the_mean_and_has_its_width(sigma):
    x = torch.zeros(1, 3, 33, 33)
    x[:, :, 16, 16] = 1
    y = blur(x, sigma)
    at = torch.arange(33.0) - 16
    assert torch.allclose(y.sum((2, 3)), torch.ones(1, 3), atol=1e-5)
    assert (y[0, 0].sum(0) * at.square()).sum().sqrt().item() == pytest.approx(sigma, rel=0.03)
    assert torch.allclose(blur(torch.ones(1, 1, 20, 20), sigma), torch.ones(1, 1, 20, 20), atol=1e-5)
