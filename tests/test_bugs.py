"""Mistakes of diffusion: without one it is the sampler, and each does what is said of it."""

import math

import pytest
import torch

from genmodels.diffusion import bugs, samplers, schedules
from genmodels.diffusion.denoiser import Denoiser, bound, guided
from genmodels.diffusion.unet import UNet, UNetConfig
from genmodels.runtime import generators, noise

SPREAD = 0.3  # of the data whose denoiser is known


def tiny(prediction: str = "v_prediction", schedule: str = "cosine") -> Denoiser:
    torch.manual_seed(0)
    config = UNetConfig(
        sample_size=8, block_out_channels=(8, 8), down_block_types=("DownBlock2D",) * 2,
        up_block_types=("UpBlock2D",) * 2, layers_per_block=1, norm_num_groups=4, num_class_embeds=4,
        prediction=prediction, schedule=schedule,
    )  # fmt: skip
    return Denoiser.of(UNet(config).eval().requires_grad_(False))


def normal() -> Denoiser:
    """Exact for pictures whose values are all N(0, SPREAD^2), and answers with the picture."""

    def network(seen: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
        sigma = schedules.sigma_at("cosine", t).view(-1, 1, 1, 1).float()
        return SPREAD**2 / (SPREAD**2 + sigma**2) * seen * (1 + sigma**2).sqrt()

    return Denoiser(network, "sample", "cosine")


def run(denoise: Denoiser, *wrong: str, eta: float = 1.0, steps: int = 40, **more) -> list[bugs.Look]:
    names = frozenset(wrong)
    e = noise(3, 1, (3, 64, 64))
    return list(
        bugs.draw(
            denoise, e, bugs.levels("cosine", steps, names), None, generators(9, 1), names, eta=eta, **more
        )
    )


# ------------------------------------------------------------------------------------------ right


@pytest.mark.parametrize("eta", [0.0, 1.0])
@pytest.mark.parametrize("scale", [1.0, 2.5])
@pytest.mark.parametrize("prediction", ["v_prediction", "epsilon", "sample"])
def test_without_a_mistake_it_is_the_sampler(prediction, scale, eta):
    denoise, labels = tiny(prediction, "offset_cosine"), torch.tensor([0, 2])
    e, way = noise(1, 2, (3, 8, 8)), bugs.levels("offset_cosine", 7)
    *_, ours = bugs.draw(denoise, e, way, labels, generators(5, 2), eta=eta, scale=scale)
    grid = [a.noise / a.signal for a in way]
    belief = guided(denoise, labels, scale) if scale != 1 else bound(denoise, labels)
    x = (1 + grid[0] ** 2) ** 0.5 * e
    *_, theirs = samplers.ddim(belief, x, grid, generators(5, 2) if eta else (), eta=eta)
    assert torch.allclose(ours.x, theirs.x, atol=2e-4)


def test_data_whose_denoiser_is_known_comes_out_as_wide_as_it_is():
    for eta in (0.0, 1.0):
        assert run(normal(), eta=eta, steps=200)[-1].x.std() == pytest.approx(SPREAD, rel=0.06)


@pytest.mark.parametrize("name", [*bugs.FIRST, *bugs.SCHEDULE, *bugs.REVERSE, *bugs.NETWORK])
def test_every_mistake_changes_the_pictures(name):
    denoise, labels = tiny(), torch.tensor([0, 1])
    made = []
    for wrong in (bugs.RIGHT, frozenset([name])):
        way = bugs.levels("linear", 5, wrong)
        *_, last = bugs.draw(denoise, noise(1, 2, (3, 8, 8)), way, labels, generators(5, 2), wrong, scale=4.0)
        made.append(last.x)
    assert not torch.allclose(*made, atol=1e-3), name


def test_what_is_no_mistake_of_ours_is_refused():
    with pytest.raises(ValueError, match="typo"):
        list(bugs.draw(tiny(), noise(1, 1, (3, 8, 8)), bugs.levels("cosine", 2), wrong=frozenset(["typo"])))


# ------------------------------------------------------------------------------------------ forward


def drowned(*wrong: str) -> tuple[torch.Tensor, torch.Tensor]:
    """A picture of variance 1 after a thousand steps, and nothing under the same noise."""
    x0 = noise(0, 1, (1, 96, 96))
    both = torch.cat([x0, torch.zeros_like(x0)])
    *_, end = bugs.chain(both, generators(1, 1) + generators(1, 1), frozenset(wrong))
    return end, x0


def test_the_variance_stays_one_with_the_root_and_falls_to_0_019_without():
    assert drowned()[0][0].var() == pytest.approx(1.0, rel=0.04)
    assert round(bugs.quiet(), 3) == 0.019
    assert drowned("root")[0][0].var() == pytest.approx(bugs.quiet(), rel=0.04)


def test_a_picture_that_is_not_shrunk_stays_under_a_variance_of_eleven():
    (x, other), x0 = drowned("shrink")[0].split(1), drowned("shrink")[1]
    assert 1 + bugs.betas().sum().item() == pytest.approx(11.05)
    assert x.var() == pytest.approx(11.05, rel=0.06)
    assert bugs.left(x, other, x0) == pytest.approx(1.0, rel=1e-3)


def test_how_much_of_the_picture_is_left_is_the_root_of_alpha_bar():
    end, x0 = drowned()
    assert bugs.left(*end.split(1), x0) == pytest.approx(schedules.linear()[-1].item() ** 0.5, rel=0.01)
    end, x0 = drowned("product")
    assert bugs.left(*end.split(1), x0) == pytest.approx(0.98**0.5, rel=1e-4)


def test_equal_noise_adds_up_and_clipped_noise_does_not():
    assert drowned("same")[0][0].var() > 150
    end = drowned("clip")[0]
    assert end.abs().max() <= 1 and end[0].var() < 0.4


# ------------------------------------------------------------------------------------------ schedules


def test_rates_that_are_variances_lose_half_of_it():
    for wrong, least in ((frozenset(["rates"]), 0.5), (bugs.RIGHT, 1.0)):
        way = bugs.levels("linear", 50, wrong)
        assert min(a.signal**2 + a.noise**2 for a in way) == pytest.approx(least, abs=0.01)


def test_a_plain_cosine_divides_by_next_to_nothing():
    first = bugs.levels("offset_cosine", 10, frozenset(["plain"]))[0]
    assert first.signal == pytest.approx(-4.37e-8, rel=0.01) and first.noise == 1
    assert bugs.levels("offset_cosine", 10)[0].signal == pytest.approx(0.02, rel=1e-3)
    denoise, e = tiny(schedule="offset_cosine"), noise(1, 1, (3, 8, 8))
    largest = []
    for wrong in (bugs.RIGHT, frozenset(["plain"])):
        way, luck = bugs.levels("offset_cosine", 10, wrong), generators(2, 1)
        looks = list(bugs.draw(denoise, e, way, None, luck, frozenset(["clamp"]), eta=0.0, error=0.01))
        largest.append(looks[0].x0.abs().max().item())
    assert largest[0] < 100 and largest[1] > 1e5


def test_a_product_over_the_times_asked_for_hardly_has_noise_and_has_it_late():
    way = bugs.levels("linear", 20, frozenset(["passed"]))
    assert max(a.noise for a in way) < 0.5 and way[0].noise < way[-2].noise
    assert bugs.levels("linear", 20)[0].noise > 0.9999


def test_a_moment_of_another_table_is_another_level():
    wrong = bugs.levels("linear", 2, frozenset(["other"]))[1]
    right = bugs.levels("linear", 2)[1]
    shares = [s / math.hypot(1, s) for s in (wrong.told, right.told)]
    assert wrong[:2] == right[:2] and shares == pytest.approx([0.71, 0.96], abs=0.01)


def test_counting_from_nothing_leaves_out_the_end():
    for steps, least in ((4, 0.3), (20, 0.06)):
        wrong = bugs.levels("offset_cosine", steps, frozenset(["leading"]))
        assert wrong[0].signal > least > bugs.levels("offset_cosine", steps)[0].signal


# ------------------------------------------------------------------------------------------ the way back


def test_one_look_at_noise_sees_the_mean():
    looks = run(normal(), "once")
    assert len(looks) == 2 and looks[-1].x.std() < 0.01


def test_all_the_noise_or_the_last_step_s_taken_away_leaves_nothing():
    assert run(normal())[1].x.var() == pytest.approx(1, rel=0.05)
    for name in ("subtract", "last"):
        assert run(normal(), name)[1].x.var() < 0.05


def test_noise_is_left_by_the_last_x_and_by_noise_after_the_last_step():
    part = bugs.levels("cosine", 40)[-2].noise
    right = run(normal())
    assert torch.allclose(right[-1].x, right[-2].x0, atol=1e-6)
    late = run(normal(), "late")
    assert (late[-1].x - late[-2].x0).std() == pytest.approx(part, rel=0.05)
    early = run(normal(), "xt")
    assert torch.equal(early[-1].x, early[-2].x) and torch.equal(early[-1].x, right[-2].x)


def test_too_little_noise_on_the_way_or_too_much():
    right, half = run(normal()), 20
    for name, low, high in (("sigma", 0, 0.8), ("direction", 1.5, 9), ("again", 1.5, 99)):
        share = run(normal(), name)[half].x.var() / right[half].x.var()
        assert low < share < high, name


def test_a_bar_left_out_leaves_noise_in_the_belief():
    assert run(normal(), "alpha")[20].x0.std() > 2 * run(normal())[20].x0.std()


def test_times_backwards_begin_where_the_network_sees_no_noise():
    looks = run(normal(), "order")
    assert looks[0].level.noise < 0.1 < 0.99 < looks[-2].level.noise


# ------------------------------------------------------------------------------------------ the network


def shares(looks: list[bugs.Look]) -> list[float]:
    return [look.told / math.hypot(1, look.told) for look in looks[:-1]]


def test_what_the_network_is_told_is_what_is_there_or_as_the_mistake_has_it():
    right, looks = shares(run(normal())), run(normal())
    assert right == pytest.approx([look.level.noise for look in looks[:-1]], abs=1e-4)
    rooted = [n**0.5 for n in right[5:]]
    assert shares(run(normal(), "variance"))[5:] == pytest.approx(rooted, abs=1e-3)
    assert max(shares(run(normal(), "unit"))) < 0.01
    assert shares(run(normal(), "ahead"))[:-1] == pytest.approx(right[1:], abs=1e-4)
    assert run(normal(), "scale")[0].given > 1000 > 2 > looks[0].given


def test_pictures_keep_to_their_bounds_or_not():
    assert run(normal(), "positive")[-1].x.min() >= 0 > -0.5 > run(normal())[-1].x.min()
    assert torch.allclose(run(normal(), "dark")[-1].x, 2 * run(normal())[-1].x - 1)
    denoise, way, labels = tiny(), bugs.levels("cosine", 8), torch.tensor([0])
    e = noise(1, 1, (3, 8, 8))
    for wrong in (bugs.RIGHT, frozenset(["clamp"])):
        *_, last = bugs.draw(denoise, e, way, labels, wrong=wrong, eta=0.0, scale=8.0)
        assert (last.x.abs().max() > 1.0001) == bool(wrong)


def test_labels_and_guidance_are_turned_round():
    denoise, way, e = tiny(), bugs.levels("cosine", 3), noise(1, 2, (3, 8, 8))

    def made(labels: list[int], scale: float, *wrong: str) -> torch.Tensor:
        told = torch.tensor(labels)
        *_, last = bugs.draw(denoise, e, way, told, wrong=frozenset(wrong), eta=0.0, scale=scale)
        return last.x

    assert torch.equal(made([0, 1], 1, "label"), made([1, 2], 1))
    assert torch.allclose(made([0, 1], 3, "swap"), made([0, 1], -2), atol=1e-4)
    assert not torch.allclose(made([0, 1], 3, "swap"), made([0, 1], 3), atol=1e-3)


# ------------------------------------------------------------------------------------------ first noise


def test_a_straight_mix_of_noises_has_half_the_variance():
    a, b = noise(1, 1, (3, 64, 64)), noise(2, 1, (3, 64, 64))
    assert bugs.mixed(a, b, 0.5, True).var() == pytest.approx(0.5, rel=0.05)
    assert bugs.mixed(a, b, 0.5).var() == pytest.approx(1.0, rel=0.05)
    for straight in (True, False):
        assert torch.allclose(bugs.mixed(a, b, 0.0, straight), a)
        assert torch.allclose(bugs.mixed(a, b, 1.0, straight), b, atol=1e-6)


def test_first_noises_are_what_they_are_called():
    e = noise(1, 2, (3, 64, 64))
    found = {name: bugs.first(e, frozenset([name])) for name in bugs.FIRST}
    assert found["quiet"].var() == pytest.approx(0.019, rel=0.05)
    assert found["rand"].mean() == pytest.approx(0.5, abs=0.01)
    assert found["rand"].var() == pytest.approx(1 / 12, rel=0.05)
    assert found["clipped"].var() == pytest.approx(0.516, rel=0.03)
    assert torch.equal(found["one"][0], found["one"][1])
