"""Heads: probabilities that sum to one, values picked as often as they should be, no NaN at the extremes."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from genmodels.autoregressive.heads import Colours, Levels, Logistics, choose


def features(scale: float = 1.0) -> Tensor:
    return torch.randn(1, 8, generator=torch.Generator().manual_seed(0)) * scale


def logistics(weights: list, means: list, log_scales: list) -> Tensor:
    return torch.tensor([*weights, *means, *log_scales], dtype=torch.float32)[None]


# choose


def test_choose_inverts_the_cumulative_distribution():
    chances = torch.tensor([0.1, 0.2, 0.0, 0.4, 0.3]).log()
    u = torch.tensor([0.0, 0.05, 0.0999, 0.1001, 0.2999, 0.3001, 0.6999, 0.7001, 0.9999])
    assert choose(chances.expand(9, 5), u).tolist() == [0, 0, 0, 1, 1, 3, 3, 4, 4]


def test_choose_never_takes_what_cannot_be():
    """With the smallest and the largest number that a generator gives, whatever the sum rounds to."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2000, 16, generator=generator) * 3
    logits[:, 11:] = -torch.inf  # as of a palette of 11 colours
    logits[:, 0] = -torch.inf
    for u in (0.0, 1 - 2**-24):
        values = choose(logits.log_softmax(-1), torch.full((2000,), u))
        assert values.min() >= 1 and values.max() <= 10


def test_choose_by_temperature():
    chances = torch.tensor([0.2, 0.5, 0.3]).log().expand(20_000, 3)
    u = torch.rand(20_000, generator=torch.Generator().manual_seed(0))
    for temperature in (0.5, 1.0, 2.0):
        expected = (chances[0] / temperature).softmax(-1)
        found = choose(chances, u, temperature).bincount(minlength=3) / len(u)
        torch.testing.assert_close(found, expected, atol=0.01, rtol=0)
    assert (choose(chances, u, 0) == 1).all() and (choose(chances, u, 1e-4) == 1).all()


def test_the_same_luck_and_a_slightly_other_model_change_few_values():
    generator = torch.Generator().manual_seed(0)
    logits, u = torch.randn(5000, 16, generator=generator), torch.rand(5000, generator=generator)
    other = logits + 0.01 * torch.randn(5000, 16, generator=generator)
    same = choose(logits.log_softmax(-1), u) == choose(other.log_softmax(-1), u)
    assert 0.9 < same.float().mean() < 1


# Levels


def test_levels_pick_what_log_prob_says():
    torch.manual_seed(0)
    head, n = Levels(8, 5), 50_000
    p = head(features(3))
    every = head.log_prob(p.expand(5, 5), torch.arange(5)[:, None]).exp()
    torch.testing.assert_close(every, head.log_chances(p)[0].exp())
    u = torch.rand(n, 1, generator=torch.Generator().manual_seed(0))
    found = head.pick(p.expand(n, -1), u).flatten().bincount(minlength=5) / n
    torch.testing.assert_close(found, every, atol=0.01, rtol=0)


# Logistics


def closed_form(p: Tensor, levels: int) -> Tensor:
    """(N, levels): PixelCNN++ eq. 2 with differences of sigmoids, in float64."""
    weights, means, log_scales = p.double().chunk(3, -1)
    edge = (torch.arange(levels + 1, dtype=torch.float64) * 2 - 1) / (levels - 1) - 1
    edge[0], edge[-1] = -torch.inf, torch.inf
    below = torch.sigmoid((edge[:, None] - means[:, None]) / log_scales.clamp(-7, 7).exp()[:, None])
    return ((below[:, 1:] - below[:, :-1]) * weights.softmax(-1)[:, None]).sum(-1)


@pytest.mark.parametrize("levels", [2, 4, 16, 256])
@pytest.mark.parametrize("scale", [0.3, 3.0])
def test_logistics_are_the_closed_form_and_sum_to_one(levels, scale):
    torch.manual_seed(0)
    head = Logistics(8, levels, 5)
    p = torch.randn(40, 15, generator=torch.Generator().manual_seed(0)) * scale
    expected = closed_form(p, levels)
    x = torch.arange(levels)[:, None].expand(levels, 40)[..., None]
    log_prob = head.log_prob(p.expand(levels, 40, 15), x).T  # (40, levels)
    torch.testing.assert_close(log_prob.exp().double(), expected, atol=1e-6, rtol=1e-3)
    torch.testing.assert_close(log_prob.exp().sum(-1), torch.ones(40), atol=1e-5, rtol=0)
    torch.testing.assert_close(head.log_chances(p).exp(), log_prob.exp(), atol=1e-6, rtol=1e-3)


def test_logistics_where_nothing_is_likely():
    """Far out in a tail, where a difference of sigmoids would be zero, nats are still exact."""
    head = Logistics(8, 256, 1)
    p = logistics([0], [1.0], [-5.0])  # a narrow bump at white, asked for black and for dark grey
    s, half = torch.tensor(-5.0).double().exp(), 1 / 255
    black = head.log_prob(p, torch.tensor([[0]]))
    torch.testing.assert_close(black[0].double(), (-1 + half - 1) / s, atol=0, rtol=1e-5)
    grey = head.log_prob(p, torch.tensor([[64]]))
    y = 2 * 64 / 255 - 1
    expected = (y + half - 1) / s + torch.log(-torch.expm1(-2 * half / s))
    torch.testing.assert_close(grey[0].double(), expected, atol=0, rtol=1e-5)


def test_logistics_have_open_tails():
    head = Logistics(8, 256, 1)
    outside = logistics([0], [-3.0], [-3.0]), logistics([0], [3.0], [-3.0])
    assert head.log_prob(outside[0], torch.tensor([[0]])) > -1e-6
    assert head.log_prob(outside[1], torch.tensor([[255]])) > -1e-6
    assert head.log_chances(outside[0]).argmax() == 0 and head.log_chances(outside[1]).argmax() == 255


@pytest.mark.parametrize("levels", [2, 256])
@pytest.mark.parametrize("mean", [-1e4, -1.0, 0.0, 0.3, 1.0, 1e4])
@pytest.mark.parametrize("log_scale", [-1e4, -30.0, -7.0, 0.0, 7.0, 30.0, 90.0, 1e4])
def test_logistics_at_the_extremes(levels, mean, log_scale):
    """Finite values and gradients for every value of the pixel, whatever the network says."""
    head = Logistics(8, levels, 2)
    p = logistics([0.0, 2.0], [mean, 0.1], [log_scale, log_scale]).requires_grad_(True)
    x = torch.arange(levels)[:, None]
    log_prob = head.log_prob(p.expand(levels, -1), x)
    assert log_prob.isfinite().all() and (log_prob < 1e-5).all()
    log_prob.mean().backward()
    assert p.grad.isfinite().all()
    chances = head.log_chances(p.detach())
    assert chances.isfinite().all()
    torch.testing.assert_close(chances.exp().sum(), torch.tensor(1.0), atol=1e-4, rtol=0)


def test_logistics_know_that_neighbours_are_alike():
    """What it learns of one value it learns of the next: that is its point, beside a softmax."""
    head, x = Logistics(8, 256, 1), torch.tensor([[140], [141]])
    p = logistics([0.0], [0.0], [-3.0]).requires_grad_(True)
    head.log_prob(p, x[:1]).backward()
    moved = (p + 1e-4 * p.grad).detach()
    assert (head.log_prob(moved.expand(2, -1), x) > head.log_prob(p.expand(2, -1), x)).all()


def test_logistics_begin_spread_over_all_values():
    torch.manual_seed(0)
    head = Logistics(8, 256, 8)
    chances = head.log_chances(head(torch.zeros(1, 8)))[0].exp()
    assert chances.min() > 0.1 / 256
    assert chances[1:-1].max() < 2 / 256 and chances.max() < 0.2  # the ends have the open tails


# Colours


def test_the_chain_of_colours_sums_to_one_and_is_picked_from():
    torch.manual_seed(0)
    head, n = Colours(8, 4), 40_000
    for embedding in head.told:
        embedding.weight.data.mul_(3)
    p = head(features(3))
    every = torch.cartesian_prod(*[torch.arange(4)] * 3)
    chances = head.log_prob(p.expand(64, -1), every).exp()
    torch.testing.assert_close(chances.sum(), torch.tensor(1.0))
    red = chances.view(4, 16).sum(1)
    torch.testing.assert_close(red, head.log_chances(p)[0].exp())
    u = torch.rand(n, 3, generator=torch.Generator().manual_seed(0))
    picked = head.pick(p.expand(n, -1), u)
    found = (picked * torch.tensor([16, 4, 1])).sum(1).bincount(minlength=64)
    likely = chances * n > 5
    squares = (found - chances * n)[likely] ** 2 / (chances * n)[likely]
    assert squares.sum() < 103.5  # chi-squared, at most 63 degrees of freedom: once in a thousand


def test_each_colour_waits_for_those_before_it():
    torch.manual_seed(0)
    head = Colours(8, 4)
    p = head(features())
    red, green = torch.tensor([1]), torch.tensor([2])
    logits = [head.chain(p), head.chain(p, red), head.chain(p, red, green)]
    assert all(x.shape == (1, 4) for x in logits)
    assert not torch.equal(head.chain(p, red), head.chain(p, (red + 1) % 4))
    assert not torch.equal(logits[2], head.chain(p, red, (green + 1) % 4))
    assert not torch.equal(logits[2], head.chain(p, (red + 1) % 4, green))
    nats = sum(F.cross_entropy(a, b) for a, b in zip(logits, (red, green, torch.tensor([3])), strict=True))
    torch.testing.assert_close(head.log_prob(p, torch.tensor([[1, 2, 3]]))[0], -nats)
