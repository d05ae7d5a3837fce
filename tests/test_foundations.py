"""The models of the first chapter against known answers: Gaussians, lines, boxes, tins, Bayes."""

import math

import pytest
import torch

from genmodels.data import labelled, land, tins
from genmodels.foundations import box, latent, race
from genmodels.foundations.gaussian import KINDS, GaussianClasses, parameters
from genmodels.foundations.logistic import features, fit, newton
from genmodels.foundations.weighing import evidence, posterior


def luck(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# ------------------------------------------------------------------------------------------ two ways to learn

TRUTH = GaussianClasses(
    torch.tensor([0.3, 0.7], dtype=torch.float64),
    torch.tensor([[-1.0, 0.5], [1.0, 0.0]], dtype=torch.float64),
    torch.tensor([[[1.0, 0.4], [0.4, 0.5]], [[0.6, -0.2], [-0.2, 0.9]]], dtype=torch.float64),
)


def test_gaussians_find_the_gaussians_that_made_the_points():
    x, y = TRUTH.sample(200_000, luck())
    found = GaussianClasses.fit(x, y, floor=0.0)
    for one, other in zip((found.shares, found.means, found.covs),
                          (TRUTH.shares, TRUTH.means, TRUTH.covs), strict=True):  # fmt: skip
        torch.testing.assert_close(one, other, atol=0.02, rtol=0)


def test_a_density_is_torchs_and_bayes_adds_up():
    x, _ = TRUTH.sample(50, luck(1))
    for k in range(2):
        exact = torch.distributions.MultivariateNormal(TRUTH.means[k], TRUTH.covs[k]).log_prob(x)
        torch.testing.assert_close(TRUTH.log_prob_given(x)[:, k], exact)
    after = TRUTH.log_posterior(x).exp()
    torch.testing.assert_close(after.sum(1), torch.ones(50, dtype=torch.float64))
    torch.testing.assert_close(after * TRUTH.log_prob(x).exp()[:, None], TRUTH.log_joint(x).exp())


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_covariance_is_what_it_says(kind):
    x, y = TRUTH.sample(300, luck(2))
    covs = GaussianClasses.fit(x, y, kind).covs
    assert (kind == "shared") == torch.equal(covs[0], covs[1])
    assert (kind == "diagonal") == bool((covs[:, 0, 1] == 0).all())
    assert parameters(kind, 2, 2) == {"full": 11, "shared": 8, "diagonal": 9}[kind]


def test_a_class_of_one_point_has_a_width_and_a_class_of_none_is_refused():
    x = torch.tensor([[0.0, 0.0], [1.0, 1.0], [2.0, 0.0]])
    assert GaussianClasses.fit(x, torch.tensor([0, 1, 1])).log_prob(x).isfinite().all()
    with pytest.raises(ValueError, match="each of 2 needs one"):
        GaussianClasses.fit(x, torch.zeros(3, dtype=torch.long))


def test_newton_goes_down_and_ends_where_the_slope_is_zero():
    x, y = labelled.cloud("tilted", 60, luck(3))
    f = features(x, "quadratic")
    steps = list(newton(f, y, 1e-3))
    losses = [s.loss for s in steps]
    assert losses[0] == pytest.approx(math.log(2)) and losses[-1] < 0.3 and len(steps) < 15
    assert steps[-1].slope < 1e-8
    w = steps[-1].w.clone().requires_grad_(True)
    loss = (
        torch.nn.functional.binary_cross_entropy_with_logits(f @ w, y.double()) + 5e-4 * w[1:].square().sum()
    )
    (slope,) = torch.autograd.grad(loss, w)
    assert slope.abs().max() < 1e-6


def test_with_one_covariance_both_learn_the_same_line():
    shared = GaussianClasses(TRUTH.shares, TRUTH.means, TRUTH.covs[:1].expand(2, -1, -1))
    x, y = shared.sample(100_000, luck(4))
    exact = torch.linalg.solve(shared.covs[0], shared.means[1] - shared.means[0])
    torch.testing.assert_close(fit(features(x), y, 0.0)[1:], exact, atol=0.1, rtol=0.03)


def test_points_that_a_line_parts_keep_finite_weights_by_the_ridge():
    x, y = torch.tensor([[-2.0, 0], [-1, 0], [1, 0], [2, 0]]), torch.tensor([0, 0, 1, 1])
    strong, weak = fit(features(x), y, 1e-1), fit(features(x), y, 1e-4)
    assert weak.isfinite().all() and weak[1] > 2 * strong[1] > 0 and weak[2].abs() < 1e-9


@pytest.mark.parametrize("name", labelled.NAMES)
def test_clouds_have_as_many_points_of_each_class_and_lie_on_the_window(name):
    x, y = labelled.cloud(name, 500, luck())
    assert y.sum() == 500 and (x.abs() < 4.2).double().mean() > 0.98
    cells = torch.zeros(24, 24, dtype=torch.bool)
    cells[0, 0] = cells[23, 12] = True
    top, bottom = labelled.painted(cells, luck())
    assert top[0] < -3.6 and top[1] > 3.6 and 0 <= bottom[0] < 0.34 and bottom[1] < -3.6


# ------------------------------------------------------------------------------------------ the race


def test_the_error_of_a_line_is_what_counting_finds():
    truth = race.Truth(6, 0.4)
    w = torch.tensor([0.2, 1.0, -0.5, 0.3, 0.0, 0.7, 0.1], dtype=torch.float64)
    x, y = truth.sample(400_000, luck(5))
    counted = ((w[0] + x @ w[1:] > 0).long() != y).double().mean().item()
    assert truth.error(w) == pytest.approx(counted, abs=0.003)


def test_no_line_is_better_than_the_best_and_naive_bayes_gets_there_only_if_it_is_right():
    for rho in (0.0, 0.25, 0.5):
        truth = race.Truth(16, rho)
        best = torch.cat([torch.zeros(1).double(), torch.linalg.solve(truth.cov, truth.gap)])
        assert truth.error(best) == pytest.approx(truth.best(), abs=1e-12)
        assert truth.naive() >= truth.best() - 1e-12
        assert (truth.naive() > truth.best() + 0.01) == (rho > 0)
    x, y = truth.sample(200_000, luck(6))
    assert truth.error(race.naive_line(x, y)) == pytest.approx(truth.naive(), abs=0.002)
    assert truth.error(fit(features(x), y, 1e-6)) == pytest.approx(truth.best(), abs=0.002)


def test_the_generative_one_learns_faster_and_the_discriminative_one_ends_better():
    """Ng and Jordan 2001, in small."""
    *_, found = race.curve(race.Truth(16, 0.25), [32, 512], 6, 1, 1e-2)
    few, many = found
    assert few.naive < few.logistic - 0.01 and many.logistic < many.naive - 0.01
    assert race.sizes(64) == [4, 6, 8, 12, 16, 22, 32, 46, 64]


# ------------------------------------------------------------------------------------------ the box


def test_new_york_is_land_and_the_challenger_deep_is_not():
    places = torch.tensor(
        [land.NEW_YORK, land.CHALLENGER_DEEP, (-34.6, -60.0), (-37.0, -72.0), (0, -30), (91, 0)]
    )
    assert land.on_land(places).tolist() == [True, False, True, True, False, False]
    assert 0.25 < land.mask().double().mean() < 0.32
    assert land.on_land(land.sample(3000, luck())).all()


def test_the_tightest_box_is_the_likeliest_and_one_point_outside_costs_everything():
    x = land.sample(30, luck(1))
    best = box.Boxes.tightest(x)
    area = (x.amax(0) - x.amin(0)).prod().item()
    assert best.log_prob(x).sum().item() == pytest.approx(-30 * math.log(area))
    low, high = x.amin(0).tolist(), x.amax(0).tolist()
    wider = box.Boxes.one((low[0] - 1, low[1]), tuple(high))
    tighter = box.Boxes.one((low[0] + 1e-3, low[1]), tuple(high))
    assert wider.log_prob(x).sum() < best.log_prob(x).sum()
    assert tighter.log_prob(x).sum() == -math.inf
    assert best.inside(best.sample(500, luck())).all() and best.parameters == 4
    with pytest.raises(ValueError, match="must be below"):
        box.Boxes.one((1.0, 0.0), (0.0, 1.0))


def test_a_small_box_has_a_density_above_one():
    assert box.Boxes.one((0.0, 0.0), (0.5, 0.5)).log_prob(torch.tensor([[0.1, 0.1]])).exp().item() == 4


@pytest.mark.parametrize("fit_them", [box.fit_boxes, box.fit_gaussians])
def test_a_mixture_integrates_to_one_and_samples_as_it_says(fit_them):
    x = land.sample(80, luck(2))
    *_, end = fit_them(x, 4, luck(3))
    steps = [torch.arange(a, b, 1.0, dtype=torch.float64) + 0.5 for a, b in ((-200, 260), (-400, 400))]
    assert end.model.log_prob(torch.cartesian_prod(*steps)).exp().sum().item() == pytest.approx(1, abs=0.03)
    new = end.model.sample(20_000, luck(4))
    assert end.model.log_prob(new).isfinite().all()
    assert end.model.log_prob(x).isfinite().all()
    assert end.log_likelihood == pytest.approx(end.model.log_prob(x).sum().item())


def test_em_never_goes_down_and_finds_two_clouds():
    both = GaussianClasses(TRUTH.shares, 20 * TRUTH.means, 9 * TRUTH.covs)
    x, _ = both.sample(3000, luck(5))
    rounds = list(box.fit_gaussians(x, 2, luck(1)))
    values = [r.log_likelihood for r in rounds]
    assert all(b >= a - 1e-6 for a, b in zip(values, values[1:], strict=False))
    found = rounds[-1].model
    order = found.means[:, 0].argsort()
    torch.testing.assert_close(found.means[order], both.means, atol=0.6, rtol=0)
    torch.testing.assert_close(found.shares[order], both.shares, atol=0.03, rtol=0)


def test_a_level_holds_the_share_that_it_says():
    model = box.Gaussians(torch.zeros(1, 2).double(), torch.eye(2).double()[None], torch.ones(1).double())
    exact = math.log(0.05) - math.log(2 * math.pi)  # of N(0, I) in two dimensions
    assert box.level(model, 0.95, luck()) == pytest.approx(exact, abs=0.15)


# ------------------------------------------------------------------------------------------ tins


def test_a_taller_tin_is_taller_and_a_wider_one_is_wider():
    x = tins.draw(torch.tensor([[0.3, 0.5], [0.9, 0.5], [0.3, 0.9]]))[:, 0]
    assert x.shape == (3, tins.SIDE, tins.SIDE) and x.abs().max() <= 1
    lit = x > -0.2
    rows, columns = (lit.any(axis).sum(1) for axis in (2, 1))
    assert rows[1] > rows[0] + 5 and columns[2] > columns[0] + 4 and columns[1] == columns[0]


def test_pca_finds_a_plane_and_needs_more_for_tins():
    z = torch.randn(100, 2, generator=luck(), dtype=torch.float64)
    flat = latent.PCA.fit(z @ torch.randn(2, 30, generator=luck(1), dtype=torch.float64) + 3)
    assert flat.needed(0.999999) == 2
    x, truth = tins.sample(150, luck(2))
    found = latent.PCA.fit(x.flatten(1))
    assert found.needed(0.9) > 6
    again = found.decode(found.encode(x.flatten(1), len(found.shares)))
    torch.testing.assert_close(again, x.flatten(1).double(), atol=1e-6, rtol=0)
    lost = (found.decode(found.encode(x.flatten(1), 2)) - x.flatten(1)).square().sum()
    whole = (x.flatten(1) - found.mean).square().sum()
    assert (1 - lost / whole).item() == pytest.approx(found.shares[:2].sum().item(), abs=1e-6)
    assert min(latent.explained(truth, truth)) > 1 - 1e-9


def test_a_bent_sheet_loses_less_than_a_flat_one():
    x, _ = tins.sample(80, luck(3))
    flat = latent.PCA.fit(x.flatten(1))
    found = list(latent.learn(x.flatten(1), 2, 250, luck(4)))
    assert found[-1].left < 0.65 * (1 - flat.shares[:2].sum()) and found[-1].step == 250
    again = list(latent.learn(x.flatten(1), 2, 250, luck(4)))
    assert again[-1].left == found[-1].left


# ------------------------------------------------------------------------------------------ Bayes


def test_the_rule_of_bayes_by_a_known_answer():
    """A test that is right 99 times in 100, of what 1 in 1000 has: a positive means 9 %."""
    told = torch.tensor([[0.99, 0.01]]).log()
    prior = torch.tensor([1.0, 999.0])
    assert posterior(told, prior).exp()[0, 0].item() == pytest.approx(0.0902, abs=1e-4)
    assert evidence(told, prior).exp().item() == pytest.approx(0.01098, abs=1e-5)
