"""Editing with exact denoisers: of Gaussians and mixtures every answer is known beforehand."""

from itertools import pairwise
from math import sqrt

import pytest
import torch
from torch import Tensor

from genmodels.diffusion import edit, schedules
from genmodels.diffusion.samplers import ddim, noise, start
from genmodels.runtime import generators

TOGETHER = torch.tensor([[1.0, 0.9], [0.9, 1.0]])  # covariance of two numbers that belong together
GIVEN = 1.2  # the first of them
MEAN, DEVIATION = 0.9 * GIVEN, sqrt(1 - 0.9**2)  # of the second, then
POINTS = 8000


def pair(x: Tensor, sigma: float) -> Tensor:
    """The mean of what is under x, where data are N(0, TOGETHER)."""
    return x @ (TOGETHER @ torch.linalg.inv(TOGETHER + sigma**2 * torch.eye(2)))


def alone(c: float):
    """The same for independent numbers of deviation c."""
    return lambda x, sigma: x * c**2 / (c**2 + sigma**2)


def heaps(x: Tensor, sigma: float) -> Tensor:
    """For numbers that are 1 or -1 with a deviation of 0.3."""
    s2 = 0.3**2 + sigma**2
    which = torch.tanh(x / s2)  # of the two means, as likely as they are
    return which + 0.3**2 / s2 * (x - which)


def last(steps):
    *_, end = steps
    return end


def repaired(levels: int, again: int, jump: int = 1) -> Tensor:
    known = torch.tensor([GIVEN, 0.0]).expand(1, POINTS, 2)
    sigmas = schedules.karras(0.02, 10, levels)
    end = last(edit.inpaint(pair, known, torch.tensor([True, False]), sigmas, generators(3, 1), again, jump))
    assert torch.equal(end.x[..., 0], known[..., 0])
    return end.x[0, :, 1]


# ------------------------------------------------------------------------------------------ grids and visits


def test_a_grid_goes_on_from_a_level():
    sigmas = [8.0, 4.0, 2.0, 1.0, 0.5, 0.0]
    assert edit.below(sigmas, 2.1) == [2.1, 1.0, 0.5, 0.0]  # from 2.1 to 2 would be hardly a step
    assert edit.below(sigmas, 20.0) == [20.0, *sigmas]
    assert edit.below(sigmas, 0.1) == [0.1, 0.0]


def test_visits_go_back_and_never_from_the_picture():
    assert edit.visits(4) == [0, 1, 2, 3, 4]
    assert edit.visits(3, again=2) == [0, 1, 0, 1, 2, 1, 2, 3]
    assert edit.visits(5, again=2, jump=2) == [0, 1, 2, 0, 1, 2, 3, 4, 2, 3, 4, 5]
    assert edit.visits(1, again=9) == [0, 1]


@pytest.mark.parametrize(("levels", "again", "jump"), [(10, 1, 1), (10, 4, 1), (9, 3, 4), (30, 2, 30)])
def test_every_level_is_reached_step_by_step(levels, again, jump):
    way = edit.visits(levels, again, jump)
    down = [(a, b) for a, b in pairwise(way) if b > a]
    assert all(b == a + 1 for a, b in down) and way[-1] == levels and way.count(levels) == 1
    assert len(down) == (levels - 1) * again + 1


# ------------------------------------------------------------------------------------------ repair


def test_resampling_draws_from_what_is_possible_given_the_rest():
    found = repaired(40, 30)
    assert found.mean().item() == pytest.approx(MEAN, abs=0.025)
    assert found.std().item() == pytest.approx(DEVIATION, abs=0.05)


def test_once_through_does_not_and_smaller_steps_do_not_help():
    """The rest was drawn while nobody knew what the noise hid: it is too near to its own mean, 0."""
    for levels in (20, 80):
        assert repaired(levels, 1).mean() < 0.75 * MEAN
    off = [abs(repaired(20, again).mean().item() - MEAN) for again in (1, 2, 4, 8)]
    assert all(b < 0.75 * a for a, b in pairwise(off))


def test_longer_jumps_are_resampling_too():
    assert repaired(40, 8, 8).mean().item() == pytest.approx(MEAN, abs=0.06)


def test_what_is_independent_needs_no_resampling():
    sigmas = schedules.karras(0.02, 10, 200)
    known, keep = torch.full((1, POINTS, 2), 0.4), torch.tensor([True, False])
    end = last(edit.inpaint(alone(0.5), known, keep, sigmas, generators(1, 1)))
    assert end.x[..., 1].mean().abs() < 0.02 and end.x[..., 1].std().item() == pytest.approx(0.5, abs=0.02)


def test_a_picture_is_repaired_alike_alone_and_in_a_batch():
    sigmas = schedules.karras(0.05, 8, 6)
    known, keep = torch.zeros(1, 3, 4, 4), torch.arange(4) < 2

    def made(seed: int, count: int) -> Tensor:
        return last(
            edit.inpaint(heaps, known.expand(count, -1, -1, -1), keep, sigmas, generators(seed, count), 3)
        ).x

    assert torch.allclose(made(5, 4)[2], made(7, 1)[0], atol=1e-6)
    assert not torch.allclose(made(5, 1), made(6, 1))


def test_steps_are_numbered_by_visits():
    sigmas = schedules.karras(0.05, 8, 4)
    steps = list(
        edit.inpaint(heaps, torch.zeros(1, 2), torch.tensor([True, False]), sigmas, generators(0, 1), 2)
    )
    assert [s.i for s in steps] == [0, 2, 3, 5, 6, 8, 9, 10]
    assert steps[-1].i == len(edit.visits(4, 2)) - 1 and steps[-1].sigma == 0
    assert [s.sigma for s in steps[:4]] == [sigmas[0], sigmas[0], sigmas[1], sigmas[1]]


# ------------------------------------------------------------------------------------------ drawn anew


@pytest.mark.parametrize("eta", [0.0, 1.0])
@pytest.mark.parametrize("sigma", [0.2, 1.0, 4.0])
def test_drawn_anew_keeps_as_much_as_the_level_says(sigma, eta):
    """Of N(0, c^2): the plain way down shrinks all by c / s, one with luck draws what may be under it."""
    c, guide = 0.5, torch.full((1, POINTS), 0.8)
    s = sqrt(c**2 + sigma**2)
    sigmas = schedules.geometric(0.001, sigma, 200)
    solver = lambda *args: ddim(*args, eta=eta)  # noqa: E731
    x = last(edit.redrawn(alone(c), guide, sigmas, generators(2, 1), solver)).x
    mean, deviation = (
        (c**2 / s**2, c * sqrt(sigma**2 * c**2 / s**4 + sigma**2 / s**2)) if eta else (c / s, c * sigma / s)
    )
    assert x.mean().item() == pytest.approx(0.8 * mean, abs=0.02)
    assert x.std().item() == pytest.approx(deviation, rel=0.04)


# ------------------------------------------------------------------------------------------ wide canvases


@pytest.mark.parametrize(("wide", "stride"), [(8, 8), (20, 4), (21, 5), (9, 8)])
def test_windows_reach_everywhere_and_agree_where_there_is_nothing_to_agree_on(wide, stride):
    x = noise((1, 2, wide), generators(4, 3))
    whole, parts = alone(0.5), edit.windows(alone(0.5), 8, stride)
    assert torch.allclose(parts(x, 0.7), whole(x, 0.7), atol=1e-6)
    covered = {k for left in edit.places(wide, 8, stride) for k in range(left, left + 8)}
    assert covered == set(range(wide))


def test_windows_mix_what_they_believe():
    """A window that believes in its own mean: in the overlap a mix, elsewhere one of them."""
    x = torch.cat([torch.zeros(1, 1, 1, 6), torch.ones(1, 1, 1, 6)], 3)
    found = edit.windows(lambda x, sigma: x.mean(3, keepdim=True).expand_as(x), 8, 4)(x, 1.0).flatten()
    assert torch.allclose(found[:4], torch.full((4,), 0.25)) and torch.allclose(
        found[-4:], torch.full((4,), 0.75)
    )
    assert (found[4:8].diff() > 0).all() and found[3] < found[4] and found[7] < found[8]


def test_the_window_moves_until_both_edges():
    middle, left = torch.zeros(60, dtype=torch.bool), torch.arange(60) < 24
    middle[18:42] = True
    assert edit.outwards(middle, 24, 12) == [30, 36, 6, 0]
    assert edit.outwards(left, 24, 20) == [20, 36]
    assert edit.outwards(torch.arange(60) < 30, 24, 20) == [26, 36]
    assert edit.outwards(torch.ones(24, dtype=torch.bool), 24, 12) == []


def test_what_is_drawn_beyond_the_edge_belongs_to_what_is_given():
    """Rows of numbers of which neighbours have a correlation of 0.9, four known, windows of four."""
    away = torch.arange(4)
    c = 0.9 ** (away[:, None] - away).abs()
    exact = lambda x, sigma: x @ (c @ torch.linalg.inv(c + sigma**2 * torch.eye(4)))  # noqa: E731
    given = noise((POINTS, 4), generators(8, 1)) @ torch.linalg.cholesky(c).T
    known, keep = torch.zeros(1, POINTS, 8), torch.zeros(POINTS, 8, dtype=torch.bool)
    known[..., 2:6], keep[:, 2:6] = given, True
    sigmas = schedules.karras(0.02, 10, 20)
    steps = edit.outpaint(exact, known, keep, 4, 1, sigmas, generators(9, 1), again=12)
    x = last(steps).x
    assert torch.equal(x[..., 2:6], given)
    found = torch.corrcoef(x[0].T)
    beyond = [found[k, k + 1].item() for k in (0, 1, 5, 6)]
    assert beyond == pytest.approx([0.9] * 4, abs=0.04)
    assert found[0, 7].item() == pytest.approx(0.9**7, abs=0.1)
    assert x.std((0, 1)).tolist() == pytest.approx([1.0] * 8, abs=0.12)


def test_a_canvas_narrower_than_its_window_is_refused():
    with pytest.raises(ValueError, match="6 wide has no room for a window of 8"):
        edit.windows(alone(1.0), 8, 4)(torch.zeros(1, 1, 1, 6), 1.0)


# ------------------------------------------------------------------------------------------ there and back


def there_and_back(steps: int, rounds: int = 0) -> float:
    x = torch.linspace(-1.6, 1.6, 41)[None]
    sigmas = schedules.karras(0.02, 10, steps)
    code = last(edit.invert(heaps, x, sigmas, rounds)).x
    return (last(ddim(heaps, code, sigmas)).x - x).abs().max().item()


def test_the_code_of_a_gaussian_is_its_numbers_stretched():
    c, x = 0.5, torch.linspace(-1, 1, 9)[None]
    off = []
    for n in (40, 80, 160):
        code = last(edit.invert(alone(c), x, schedules.karras(0.01, 10, n))).x
        off.append((code - x * sqrt(c**2 + 10**2) / c).abs().max().item() / 20)
    assert off[-1] < 0.02 and all(0.4 < b / a < 0.6 for a, b in pairwise(off))  # of order 1


def test_down_again_is_the_picture_as_steps_grow_small():
    off = [there_and_back(n) for n in (50, 100, 200, 400)]
    assert off[-1] < 0.02 and all(0.4 < b / a < 0.65 for a, b in pairwise(off[1:]))


def test_looking_again_undoes_the_very_steps_that_are_taken():
    """However few they are."""
    off = [there_and_back(20, rounds) for rounds in (0, 1, 3, 9, 27)]
    assert off == sorted(off, reverse=True) and off[-1] < 0.02 * off[0]


def test_codes_of_pictures_are_like_noise():
    """What came from noise goes back to noise of the same variance."""
    sigmas = schedules.karras(0.01, 20, 200)
    x = last(ddim(heaps, start((POINTS,), 20, generators(0, 1)), sigmas)).x
    code = last(edit.invert(heaps, x, sigmas)).x / sqrt(1 + 20**2)
    assert code.mean().abs() < 0.04 and code.std().item() == pytest.approx(1, abs=0.04)


# ------------------------------------------------------------------------------------------ edits


def path_of(x: Tensor) -> list:
    return list(edit.invert(alone(0.5), x, schedules.karras(0.05, 8, 12)))


def test_outside_of_its_mask_an_edit_leaves_everything():
    x = noise((3, 4, 4), generators(6, 1))
    path, keep = path_of(x), torch.arange(4) < 2
    up = lambda x, sigma: alone(0.5)(x, sigma) + 0.3  # noqa: E731
    end = last(edit.within(up, path, keep)).x
    assert torch.equal(end[..., :2], x[..., :2]) and (end[..., 2:] - x[..., 2:] > 0.1).all()
    assert torch.equal(last(edit.within(up, path, torch.tensor(True))).x, x)


def test_without_a_mask_an_edit_is_another_way_down():
    x = noise((3, 4, 4), generators(6, 1))
    path = path_of(x)
    steps = list(edit.within(heaps, path, torch.tensor(False)))
    assert torch.allclose(steps[-1].x, last(ddim(heaps, path[-1].x, [s.sigma for s in path[::-1]])).x)
    assert [s.i for s in steps] == list(range(len(path))) and steps[-1].sigma == 0


def test_changes_are_found_where_two_beliefs_differ():
    spot = torch.zeros(8, 8)
    spot[2:4, 5:7] = 1
    one = alone(0.5)
    found = edit.changes(
        one, lambda x, s: one(x, s) + 0.2 * spot, torch.zeros(1, 3, 8, 8), 1.0, generators(0, 4)
    )
    assert found.shape == (8, 8) and found.max() == 1 and (found[2:4, 5:7] == 1).all()
    assert found[:, :3].max() == 0 and found[6:].max() == 0
    assert edit.changes(one, one, torch.zeros(1, 3, 8, 8), 1.0, generators(0, 2)).max() == 0


def test_beliefs_are_compared_under_noise():
    shown = []

    def one(x: Tensor, sigma: float) -> Tensor:
        shown.append(x.std().item())
        return x

    edit.changes(one, heaps, torch.zeros(1, 3, 16, 16), 0.7, generators(0, 6))
    assert shown == pytest.approx([0.7], rel=0.05)
