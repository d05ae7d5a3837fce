"""Distances between sets of points against brute force, the line, and shifts."""

from itertools import permutations

import numpy as np
import pytest

from genmodels.metrics.transport import assignment, energy_distance, wasserstein, wasserstein_line

RANDOM = np.random.default_rng


def brute(cost):
    rows = range(len(cost))
    return min(sum(cost[i, p[i]] for i in rows) for p in permutations(rows))


@pytest.mark.parametrize("seed", range(12))
def test_the_cheapest_pairs_are_those_of_trying_all(seed):
    """7 points, all 5040 ways; every other time with many equal costs, and some below 0."""
    cost = RANDOM(seed).normal(size=(7, 7))
    cost = np.round(2 * cost) if seed % 2 else cost
    column = assignment(cost)
    assert sorted(column) == list(range(7))
    assert cost[range(7), column].sum() == pytest.approx(brute(cost), abs=1e-12)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_small_squares(n):
    cost = RANDOM(n).random((n, n))
    assert cost[range(n), assignment(cost)].sum() == pytest.approx(brute(cost))


def test_the_pairs_are_proved_cheapest_by_prices():
    """300 points, no brute force: any swap of two pairs and any longer cycle must cost as much or more."""
    random = RANDOM(0)
    x, y = random.normal(size=(300, 2)), random.normal(size=(300, 2)) @ [[2, 1], [0, 0.5]] + [1, 0]
    cost = ((x[:, None] - y[None]) ** 2).sum(-1)
    column = assignment(cost)
    c = cost[:, column]  # c[i, j]: row i takes the column of row j
    gain = c - np.diag(c)[:, None]
    assert (gain + gain.T).min() > -1e-9
    # no cycle of gains is negative: shortest ways from everywhere settle (Bellman and Ford)
    way = np.zeros(300)
    for _ in range(300):
        shorter = np.minimum(way, (way[:, None] + gain).min(0))
        if np.allclose(shorter, way, atol=1e-12):
            break
        way = shorter
    else:
        pytest.fail("a cycle of swaps would be cheaper")


def test_a_line_pairs_in_order():
    random = RANDOM(1)
    a, b = random.normal(size=200), random.exponential(size=200) * 3
    for p in (1, 2, 3):
        assert wasserstein(a[:, None], b[:, None], p) == pytest.approx(wasserstein_line(a, b, p), abs=1e-9)
    assert wasserstein_line(np.zeros(4), np.array([1.0, 2, 3, 4])) == 2.5


@pytest.mark.parametrize("p", [1, 2])
def test_a_shift_is_as_long_as_its_vector(p):
    x = RANDOM(2).normal(size=(150, 2))
    shuffled = RANDOM(3).permutation(x)
    assert wasserstein(x, shuffled, p) == pytest.approx(0, abs=1e-12)
    assert wasserstein(x, shuffled + [3, -4], p) == pytest.approx(5)
    # the distance is a metric: a detour is never shorter
    y = RANDOM(4).normal(size=(150, 2)) * 2
    assert wasserstein(x, y, p) == pytest.approx(wasserstein(y, x, p))
    assert wasserstein(x, x + [3, -4], p) <= wasserstein(x, y, p) + wasserstein(y, x + [3, -4], p)


def test_gaussians_come_near_the_closed_form():
    """N(m, a^2 I) and N(0, I) in the plane: sqrt(|m|^2 + 2 (a - 1)^2); few points are further apart."""
    x, y = RANDOM(5).normal(size=(2, 500, 2))
    exact = np.sqrt(4 + 2 * (3 - 1) ** 2)
    assert exact - 0.2 < wasserstein(3 * x + [2, 0], y) < exact + 0.4


def test_what_cannot_be_paired_is_refused():
    x = np.zeros((4, 2))
    with pytest.raises(ValueError, match="4 points against 5"):
        wasserstein(x, np.zeros((5, 2)))
    with pytest.raises(ValueError, match="finite"):
        wasserstein(x, np.full((4, 2), np.nan))
    with pytest.raises(ValueError, match=r"\(4, 3\)"):
        wasserstein(x, np.zeros((4, 3)))
    with pytest.raises(ValueError, match="square"):
        assignment(np.zeros((2, 3)))


def test_energy_distance_of_four_points():
    """Without bias the means within a set are over its pairs of distinct points."""
    x, y = np.array([[0.0], [1.0]]), np.array([[5.0], [7.0]])
    # 2 E|X-Y| = 2 * (5 + 7 + 4 + 6) / 4, E|X-X'| = 1, E|Y-Y'| = 2 over distinct pairs
    assert energy_distance(x, y) == pytest.approx(11 - 1 - 2)


def test_energy_distance_has_no_bias():
    """300 times 20 points of one density against 20 of the same: about 0 on average, on both sides of it."""
    random = RANDOM(6)
    found = np.array([energy_distance(*random.normal(size=(2, 20, 2))) for _ in range(300)])
    assert abs(found.mean()) < 4 * found.std() / np.sqrt(len(found))
    assert (found < 0).mean() > 0.3
    shifted = energy_distance(random.normal(size=(400, 2)), random.normal(size=(500, 2)) + 1)
    assert shifted > 20 * found.std() / 20
