"""The laboratory's core: known answers, failures brought about on purpose, seeds, and the visitors' room."""

import contextlib
import math
import threading
import time
from itertools import islice

import pytest
import torch
from torch import Tensor

from genmodels.data.points import Mixture, density
from genmodels.lab import truth as counting
from genmodels.lab.families import FAMILIES
from genmodels.lab.family import Source, train
from genmodels.lab.gan import GAN, STRETCH, Knobs, View, diagnosis
from genmodels.lab.grid import Grid
from genmodels.lab.mlp import Adam
from genmodels.lab.room import Room
from genmodels.lab.truth import EDGE, FINE, plane
from genmodels.lab.vae import VAE
from genmodels.runtime import Line, Place

RING = density("eight_gaussians")


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def run(model, steps: int, truth=RING, seed: int = 5) -> list[dict[str, float]]:
    return train(model, Source(truth, seed), math.inf, steps)


def play(gan: GAN, steps: int, frames: int = 5) -> list[View]:
    """Frames of a training, evenly."""
    source, reals = Source(RING, 5), RING.sample(400, seeded(6))
    views = []
    for _ in range(frames):
        train(gan, source, math.inf, steps // frames)
        views.append(gan.show(reals, RING))
    return views


# ---- every family


@pytest.mark.parametrize("name", FAMILIES)
def test_a_seed_is_a_trajectory_and_looking_does_not_disturb_it(name):
    one, other, third = (FAMILIES[name](FAMILIES[name].Knobs(), seed) for seed in (3, 3, 4))
    seen = [run(model, 8) for model in (one, third)]
    source = Source(RING, 5)
    for expected in seen[0]:
        assert other.step(source.take(other.needs)) == expected
        other.sample(7, seeded(0))
        other.height(torch.zeros(3, 2))
    assert torch.equal(one.sample(50, seeded(1)), other.sample(50, seeded(1)))
    assert not torch.equal(one.sample(50, seeded(1)), third.sample(50, seeded(1)))
    assert seen[0] != seen[1] or name == "grid"  # its loss begins at that of the uniform density


@pytest.mark.parametrize("name", FAMILIES)
def test_shapes_and_finite_numbers(name):
    model = FAMILIES[name]()
    losses = run(model, 5)
    assert all(math.isfinite(v) for loss in losses for v in loss.values()) and losses[-1]
    x = plane(6).flatten(0, 1)
    log_p, height = model.log_prob(x), model.height(x)
    assert height.shape == (36,) and bool(torch.isfinite(height).all()) and not height.requires_grad
    assert log_p is None or (log_p.shape == (36,) and not log_p.requires_grad)
    sample = model.sample(9, seeded(0))
    assert sample.shape == (9, 2) and bool(torch.isfinite(sample).all()) and not sample.requires_grad


def test_points_drawn_ahead_do_not_depend_on_how_many_are_taken():
    one, other = Source(RING, 1), Source(RING, 1)
    assert torch.equal(torch.cat([one.take(n) for n in (3, 9000, 10)]), other.take(9013))


def test_training_ends_with_its_time_or_its_steps():
    clock = iter(range(100))
    model = Grid()
    assert len(train(model, Source(RING, 0), 3, clock=lambda: next(clock))) == 3
    assert len(train(model, Source(RING, 0), 0)) == 1  # it always moves
    assert len(train(model, Source(RING, 0), 60, 4)) == 4


# ---- GAN: known answers


def against(gan: GAN, fake: Mixture) -> GAN:
    """The discriminator alone, against generated points of a known density."""
    gan.sample, gan.freeze = fake.sample, "generator"
    return gan


def test_the_best_discriminator_is_the_logarithm_of_the_ratio():
    p, q = (Mixture(torch.tensor([[x, 0.0]]), 1.0) for x in (1.0, -1.0))
    gan = against(GAN(Knobs(batch=512, lr_discriminator=3e-3)), q)
    run(gan, 300, p)
    gan.set(Knobs(batch=512, lr_discriminator=3e-4))
    run(gan, 150, p)
    x = torch.cat([p.sample(500, seeded(0)), q.sample(500, seeded(1))])
    wrong = gan.height(x) - (p.log_prob(x) - q.log_prob(x))
    assert wrong.abs().mean() < 0.25 and wrong.mean().abs() < 0.15


def test_the_critic_measures_how_far_the_points_must_be_carried():
    p, q = (Mixture(torch.tensor([[x, 0.0]]), 0.5) for x in (1.5, -1.0))
    weight, far = 10.0, 2.5  # all by the same way, to the right
    gan = against(GAN(Knobs(game="wasserstein", gradient_penalty=weight)), q)
    run(gan, 300, p)
    gan.set(Knobs(game="wasserstein", gradient_penalty=weight, lr_discriminator=2e-4))
    run(gan, 150, p)
    gap = gan.height(p.sample(2000, seeded(0))).mean() - gan.height(q.sample(2000, seeded(1))).mean()
    slope = 1 + far / (2 * weight)  # what the penalty lets it gain: d/ds [far s - weight (s - 1)^2] = 0
    assert gap.item() == pytest.approx(far * slope, rel=0.05)


def test_arrows_point_to_where_a_small_move_fools_more():
    gan = GAN(Knobs(game="hinge"), seed=1)
    run(gan, 50)
    (at, way) = gan.show(RING.sample(200, seeded(0))).arrows.unbind(1)
    before, after = gan.height(at), gan.height(at + 1e-3 * way)
    assert bool((after > before).all())
    expected = way.square().sum(1)  # hinge: the loss is minus the score, its slope the score's
    assert (after - before)[:20] / 1e-3 == pytest.approx(expected[:20].numpy(), rel=0.1, abs=0.02)


def test_the_default_finds_the_eight_modes():
    gan = GAN()
    run(gan, 1500)
    x = gan.sample(2000, seeded(0))
    assert counting.covered(RING, x) == 8 and counting.good(RING, x) > 0.5


def test_clipped_weights_stay_clipped():
    gan = GAN(Knobs(game="wasserstein", clip=0.05))
    run(gan, 3)
    assert max(w.abs().max().item() for w in gan.discriminator.parameters()) <= 0.0501
    assert max(w.abs().max().item() for w in gan.generator.parameters()) > 0.05


def test_spectral_normalisation_bounds_the_slope():
    gan = GAN(Knobs(spectral=True))
    run(gan, 20)
    for k, layer in enumerate(gan.discriminator.layers[::2]):
        stretch = torch.dot(gan.discriminator.outs[k], layer.weight @ gan.discriminator.ins[k]).item()
        assert stretch == pytest.approx(torch.linalg.matrix_norm(layer.weight, 2).item(), rel=0.05)
    a, b = (3 * torch.randn(500, 2, generator=seeded(k)) for k in (0, 1))
    slope = (gan.height(a) - gan.height(b)).abs() / (a - b).norm(dim=1)
    assert 0 < slope.max() <= (1.05 * STRETCH) ** 4
    before = gan.height(a)
    gan.set(Knobs(spectral=False))
    assert not torch.allclose(gan.height(a), before)


@pytest.mark.parametrize(
    "remedy", [{"gradient_penalty": 1.0}, {"r1": 1.0}, {"soft": 0.3}, {"flips": 0.2}, {"noise": "uniform"}]
)
def test_every_remedy_reaches_the_training(remedy):
    plain, other = GAN(Knobs()), GAN(Knobs(**remedy))
    assert run(plain, 2)[-1] != run(other, 2)[-1]


# ---- GAN: turning knobs


@pytest.mark.parametrize(
    "wrong",
    [
        {"game": "chess"},
        {"latent": 3},
        {"noise": "pink"},
        {"lr_generator": math.nan},
        {"lr_discriminator": 1e9},
        {"batch": 10**6},
        {"soft": -0.1},
        {"discriminator_steps": 0},
        {"width_generator": True},
    ],
)
def test_knobs_out_of_range_are_refused_with_the_value(wrong):
    (name, value) = wrong.popitem()
    with pytest.raises(ValueError, match=f"{name} = .*expected"):
        Knobs(**{name: value})


def test_what_can_be_turned_live_is_and_what_cannot_starts_anew():
    gan = GAN(seed=2)
    run(gan, 5)
    before = gan.height(plane(5).flatten(0, 1))
    knobs = Knobs(game="hinge", lr_generator=1e-4, batch=32, discriminator_steps=3, soft=0.1, r1=0.1)
    assert not gan.set(knobs) and gan.needs == 96
    assert torch.equal(gan.height(plane(5).flatten(0, 1)), before)
    assert run(gan, 1)[0] and gan.done == 6 and gan.down_generator.lr == 1e-4
    for changed in ({"latent": 8}, {"width_generator": 8}, {"width_discriminator": 8}, {"noise": "uniform"}):
        other = GAN(seed=2)
        run(other, 1)
        assert other.set(Knobs(**changed)) and other.done == 0
        fresh = GAN(Knobs(**changed), seed=2)
        assert run(other, 2) == run(fresh, 2)


def test_the_wrong_number_of_points_or_side_is_refused():
    with pytest.raises(ValueError, match="3 real points.*128"):
        GAN().step(torch.zeros(3, 2))
    gan = GAN()
    gan.freeze = "both"
    with pytest.raises(ValueError, match="both"):
        gan.step(torch.zeros(128, 2))


def test_a_frozen_side_does_not_learn():
    gan = GAN()
    for frozen, other in (("generator", "discriminator"), ("discriminator", "generator")):
        still, moves = getattr(gan, f"down_{frozen}").flat, getattr(gan, f"down_{other}").flat
        before = still.clone(), moves.clone()
        gan.freeze = frozen
        found = run(gan, 2)
        assert torch.equal(still, before[0]) and not torch.equal(moves, before[1])
        assert set(found[-1]) == {other}


@pytest.mark.parametrize(("latent", "lattice"), [(1, (1, 144, 2)), (2, (12, 12, 2)), (8, (12, 12, 2))])
@pytest.mark.parametrize("noise", ["normal", "uniform"])
def test_a_view_shows_the_same_codes_and_changes_nothing(latent, lattice, noise):
    gan, other = (GAN(Knobs(latent=latent, noise=noise, width_generator=16), seed=1) for _ in range(2))
    reals = RING.sample(300, seeded(0))
    views = [gan.show(reals, RING, side=10) for _ in range(2)]
    assert torch.equal(views[0].fake, views[1].fake) and views[0].warp.shape == lattice
    assert run(gan, 3) == run(other, 3)
    view = gan.show(reals, RING, side=10)
    assert not torch.equal(view.fake, views[0].fake)
    assert view.surface.shape == (10, 10) and view.arrows.shape[1:] == (2, 2) and view.step == 3
    at = plane(10)[2, 7]  # third row from below, eighth column
    assert at.tolist() == pytest.approx([7.5 / 10 * 9 - 4.5, 2.5 / 10 * 9 - 4.5])
    assert view.surface[2, 7].item() == pytest.approx(gan.height(at[None]).item(), rel=1e-5)
    shown = (view.fake, view.surface, view.arrows, view.warp)
    assert all(bool(torch.isfinite(x).all()) and not x.requires_grad for x in shown)


def test_equal_shares_of_codes_lie_between_the_lines_of_the_lattice():
    gan = GAN(Knobs(latent=1))
    seen = []
    gan.generator = lambda z: seen.append(z) or torch.zeros(*z.shape[:-1], 2)
    gan.warp(20)
    z, lines = gan.noise(20000, seeded(0))[:, 0], seen[0][::57, 0]
    counts = torch.histogram(z, lines.sort().values).hist / len(z)
    assert counts.std() < 0.15 * counts.mean()


# ---- GAN: going wrong, on purpose


def test_a_discriminator_trained_too_long_is_certain_and_teaches_nothing():
    reals = RING.sample(400, seeded(6))
    slopes = {}
    for game in ("minimax", "non_saturating"):
        gan = GAN(Knobs(game=game))
        assert len(list(gan.over_train(Source(RING, 5), 250))) == 250 and gan.freeze == ""
        view = gan.show(reals, RING)
        slopes[game] = view.slope
        assert min(view.right_real, view.right_fake) > 0.98
        assert diagnosis([view] * 5) == ("certain" if game == "minimax" else "")
    assert slopes["minimax"] < 0.005 and slopes["non_saturating"] > 1


def test_over_training_can_be_left_in_the_middle():
    gan = GAN()
    assert len(list(islice(gan.over_train(Source(RING, 0), 100), 3))) == 3
    assert gan.freeze == "" and gan.done == 3


def test_a_frozen_discriminator_lets_the_generator_collapse():
    gan = GAN(seed=1)
    before = play(gan, 100)
    gan.freeze = "discriminator"
    play(gan, 300)
    after = play(gan, 50)
    assert diagnosis(after) == "collapsed"
    assert after[-1].covered < 0.5 * before[-1].covered
    assert after[-1].loss.keys() == {"generator"}


@pytest.mark.parametrize(
    "wild",
    [
        {"lr_generator": 1.0, "lr_discriminator": 1.0},
        {"game": "least_squares", "lr_discriminator": 1.0},
        {"game": "wasserstein", "lr_discriminator": 0.5, "gradient_penalty": 100.0},
    ],
)
def test_numbers_that_leave_all_bounds_end_the_training_cleanly(wild):
    gan = GAN(Knobs(**wild))
    reals = RING.sample(100, seeded(0))
    views = []
    for _ in range(8):
        found = run(gan, 40)
        assert all(math.isfinite(v) for one in found for v in one.values())
        views.append(gan.show(reals, RING))
        assert all(
            bool(torch.isfinite(torch.as_tensor(x)).all()) for x in views[-1] if not isinstance(x, dict)
        )
    assert diagnosis(views) == "diverged"


def test_after_a_divergence_nothing_moves_until_a_knob_does():
    gan = GAN(Knobs(game="least_squares", lr_discriminator=1.0), seed=1)
    while not gan.diverged:
        run(gan, 20)
    weights, done = gan.down_generator.flat.clone(), gan.done
    assert run(gan, 3) == [{}] * 3
    assert gan.done == done and torch.equal(gan.down_generator.flat, weights)
    assert not gan.set(gan.knobs) and gan.diverged
    assert gan.set(Knobs()) and not gan.diverged
    assert run(gan, 2) == run(GAN(seed=1), 2)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_adam_refuses_a_step_that_is_not_a_number(bad):
    layer = torch.nn.Linear(2, 1)
    down = Adam(layer, 0.1)
    before = down.flat.clone()
    assert not down.step((bad * layer(torch.ones(1, 2))).sum())
    assert torch.equal(down.flat, before)
    assert layer.weight.data_ptr() == down.flat.data_ptr()


def test_adam_is_torchs():
    torch.manual_seed(0)
    ours, theirs = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    theirs.load_state_dict(ours.state_dict())
    down, peer = (
        Adam(ours, 0.01, (0.5, 0.9), 1e-4),
        torch.optim.Adam(theirs.parameters(), 0.01, (0.5, 0.9), 1e-4),
    )
    for k in range(5):
        x = torch.randn(4, 3, generator=seeded(k))
        assert down.step(ours(x).square().sum())
        peer.zero_grad()
        theirs(x).square().sum().backward()
        peer.step()
    assert torch.allclose(ours.weight, theirs.weight, atol=1e-6)


def view(**changed) -> View:
    x = torch.zeros(4, 2)
    calm = {"right_real": 0.6, "right_fake": 0.6, "slope": 0.3, "covered": 0.95, "modes": None}
    rest = {"arrows": x, "warp": x, "loss": {"generator": 1.0}, "diverged": False}
    return View(**{"step": 900, "moves": 900, "fake": x, "surface": x, "middle": 0.0} | calm | rest | changed)


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({}, "balanced"),
        ({"right_fake": 0.05}, "fooled"),
        ({"covered": 0.2}, "collapsed"),
        ({"covered": 0.2, "moves": 10}, ""),  # it has hardly begun
        ({"right_real": 1.0, "right_fake": 1.0, "slope": 0.001}, "certain"),
        ({"right_real": 1.0, "right_fake": 1.0}, ""),
        ({"loss": {"discriminator": -1e6}}, "diverged"),
        ({"diverged": True, "covered": 0.0}, "diverged"),
    ],
)
def test_what_is_said_of_a_training(changed, key):
    assert diagnosis([view(**changed)] * 5) == key
    assert diagnosis([view()] * 9 + [view(**changed)] * 5) == key
    if key not in ("balanced", "diverged"):
        assert diagnosis([view(**changed)] * 4 + [view(right_real=0.9)]) == ""  # frames must agree
    assert diagnosis([]) == ""


# ---- the densities


def test_the_grid_sums_to_one_and_samples_what_it_says():
    model = Grid(seed=1)
    run(model, 60)
    assert counting.mass(model) == pytest.approx(1, abs=1e-5)
    x = model.sample(40000, seeded(0))
    assert bool((x.abs() <= EDGE).all())
    cells = torch.bincount(model.cell(x), minlength=48**2) / len(x)
    expected = model.network().flatten().detach().exp()
    assert (cells - expected).abs().sum() < 0.25  # total variation of so many samples of so many cells
    assert cells.view(48, 48).sum(1).numpy() == pytest.approx(expected.view(48, 48).sum(1).numpy(), abs=0.01)
    outside = model.log_prob(torch.tensor([[4.6, 0.0], [0.0, -9.0]]))
    assert bool((outside == -math.inf).all())


def test_the_grid_learns_the_truth():
    model = Grid()
    before = counting.kl(RING, model)
    run(model, 500)
    assert counting.kl(RING, model) < 0.12 < 1 < before


def test_a_vae_without_a_code_is_the_gaussian_it_should_be():
    model = VAE()
    for network in (model.networks.encoder, model.networks.decoder):
        network[-1].weight.data.zero_()
    normal = Mixture(torch.zeros(1, 2), 1.0)
    x = plane(8).flatten(0, 1)
    assert torch.allclose(model.log_prob(x), normal.log_prob(x), atol=1e-5)
    assert counting.kl(normal, model) == pytest.approx(0, abs=1e-4)


def test_a_vae_learns_and_its_estimate_is_a_density_above_the_bound():
    model = VAE()
    losses = run(model, 600)
    assert losses[-1]["loss"] < losses[0]["loss"] - 0.3 and 0 < losses[-1]["sigma"] < 1
    x = RING.sample(2000, seeded(0))
    bound = sum(loss["loss"] for loss in losses[-50:]) / 50
    assert -model.log_prob(x).mean() < bound
    assert counting.mass(model, 72) == pytest.approx(1, abs=0.03)
    assert torch.equal(model.log_prob(x), model.log_prob(x))
    assert (model.height(x) - model.log_prob(x)).abs().mean() < 0.2


# ---- the truth


@pytest.mark.parametrize("name", ["eight_gaussians", "moons", "checkerboard"])
def test_the_truth_is_no_distance_from_itself(name):
    assert counting.kl(density(name), density(name)) == pytest.approx(0, abs=1e-3)
    assert counting.mass(density(name)) == pytest.approx(1, abs=1e-3)


def test_the_divergence_of_two_gaussians():
    p, q, far = (Mixture(torch.tensor([[x, 0.0]]), 0.5) for x in (0.0, 0.5, -0.7))
    assert counting.kl(p, q) == pytest.approx(0.5, abs=1e-3)  # d^2 / (2 s^2)
    assert counting.kl(p, far) == pytest.approx(0.98, abs=1e-3)
    assert counting.kl(p, density("checkerboard")) == math.inf  # which denies its white squares
    assert counting.kl(p, GAN()) is None and counting.mass(GAN()) is None


def test_modes_are_counted_by_half_of_their_share():
    means = RING.means.float()
    fair = [100] * 8
    assert counted(means, fair) == (8, 1.0)
    assert counted(means, [800] + [0] * 7) == (1, 1.0)
    assert counted(means, [106] * 7 + [58]) == (8, 1.0)  # 58 of 800: more than 50
    assert counted(means, [108] * 7 + [44]) == (7, 1.0)
    assert counted(means + 3.5 * RING.std / 2**0.5, fair) == (0, 1.0)  # good, yet not near
    assert counted(means * 0.0, fair) == (0, 0.0)
    assert counting.covered(density("moons"), means) is None and counting.good(None, means) is None


def test_an_even_cloud_covers_nothing():
    grid = density("grid_gaussians")
    cloud = plane(100).flatten(0, 1)
    for spread in (1.0, 0.8):  # the whole square, or as far as the modes reach
        assert counting.covered(RING, spread * cloud) == counting.covered(grid, spread * cloud) == 0
    assert counting.good(grid, cloud) == pytest.approx(25 * math.pi * 0.64**2 / 81, abs=0.01)


def counted(at: Tensor, counts: list[int]) -> tuple[int, float]:
    x = at.repeat_interleave(torch.tensor(counts), 0)
    return counting.covered(RING, x), counting.good(RING, x)


def test_the_truth_covers_its_modes():
    for name, modes in (("eight_gaussians", 8), ("grid_gaussians", 25)):
        x = density(name).sample(2500, seeded(0))
        assert counting.covered(density(name), x) == modes and counting.good(density(name), x) > 0.998


def test_the_plane_is_cut_into_cells():
    x = plane(FINE)
    assert x.shape == (FINE, FINE, 2) and x.mean().abs() < 1e-5
    assert x[0, -1].tolist() == pytest.approx([EDGE - EDGE / FINE, -EDGE + EDGE / FINE])


# ---- the room


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def admit(stack: contextlib.ExitStack, room: Room, key: str, seconds: float = 60):
    seat = stack.enter_context(room.enter(key, seconds))
    assert list(seat.wait()) == []
    return seat


def test_what_is_left_in_the_room_is_there_the_next_time():
    room = Room(capacity=2)
    with contextlib.ExitStack() as stack:
        seat = admit(stack, room, "ana")
        assert seat.kept is None and not seat.over
        seat.kept = "training"
    with contextlib.ExitStack() as stack:
        assert admit(stack, room, "eva").kept is None
        assert admit(stack, room, "ana").kept == "training"
        assert room.running() == 2 and not room.idle
    assert room.running() == 0


def test_more_than_the_capacity_are_told_how_many_are_before_them():
    room = Room(capacity=2)
    with contextlib.ExitStack() as first, contextlib.ExitStack() as stack:
        admit(first, room, "a")
        admit(stack, room, "b")
        c, d = (stack.enter_context(room.enter(key)) for key in "cd")
        waiting = {seat.key: seat.wait(0.001) for seat in (c, d)}
        assert [next(waiting["c"]), next(waiting["d"]), next(waiting["d"])] == [1, 2, 2]
        assert c.over and c.left == 0  # not begun
        first.close()
        assert list(waiting["c"]) == [] and not c.over
        assert next(waiting["d"]) == 1


def test_the_longest_idle_makes_room_and_the_busy_never():
    room = Room(capacity=2)
    with contextlib.ExitStack() as stack:
        busy = admit(stack, room, "busy")
        for key in ("old", "new"):
            with contextlib.ExitStack() as brief:
                admit(brief, room, key).kept = key
        assert list(room.idle) == ["new"]
        busy.kept = "still here"
        admit(stack, room, "third")
        assert not room.idle and not busy.over
    assert room.idle["busy"].what == "still here"


def test_idle_trainings_are_dropped_after_a_while():
    room = Room(capacity=3, idle_seconds=100, clock=(clock := Clock()))
    for key in "ab":
        with contextlib.ExitStack() as stack:
            admit(stack, room, key).kept = key
        clock.now += 60
    assert list(room.idle) == ["a", "b"]
    clock.now += 1
    room.sweep()
    assert list(room.idle) == ["b"]


def test_a_press_of_play_ends():
    room = Room(clock=(clock := Clock()))
    with room.enter("a", seconds=10) as seat:
        assert seat.over  # before it is admitted
        assert list(seat.wait()) == [] and seat.left == 10
        clock.now = 9.5
        assert not seat.over and seat.left == 0.5
        clock.now = 10
        assert seat.over


def test_the_last_click_counts_and_inherits_the_training():
    room = Room(capacity=3)
    with contextlib.ExitStack() as first, contextlib.ExitStack() as second, contextlib.ExitStack() as third:
        one = admit(first, room, "ana")
        one.kept = "training"
        two = second.enter_context(room.enter("ana"))
        waiting = two.wait(0.001)
        assert one.over and next(waiting) == 1  # until the first has put it down
        three = third.enter_context(room.enter("ana"))
        assert list(waiting) == [] and two.over and two.kept is None
        two.kept = "something it should not have made"
        second.close()
        first.close()
        assert list(three.wait()) == [] and three.kept == "training" and not three.over


def test_leaving_frees_everything():
    room = Room(capacity=2)
    with contextlib.ExitStack() as stack:
        admit(stack, room, "gone").kept = "training"
    room.leave("gone")
    assert not room.idle
    with contextlib.ExitStack() as stack:
        seat = admit(stack, room, "gone")
        seat.kept = "again"
        room.leave("gone")
        assert seat.over
    assert not room.idle and room.running() == 0
    room.leave("never here")


def test_a_seat_may_be_left_by_another_thread():
    room = Room(capacity=1)
    seat = room.enter("a")
    work = [lambda: seat.__enter__(), lambda: list(seat.wait()), lambda: seat.__exit__(None, None, None)]
    for do in work:
        thread = threading.Thread(target=do)
        thread.start()
        thread.join(5)
    assert room.running() == 0


def test_ten_visitors_share_two_lanes_in_turn():
    room, slices, inside, most = Room(capacity=10, lanes=2), [0] * 10, [], []
    end = time.monotonic() + 1.0

    def visitor(k: int) -> None:
        with room.enter(k) as seat:
            assert list(seat.wait()) == []
            while time.monotonic() < end:
                with room.turn():
                    inside.append(k)
                    most.append(len(inside))
                    time.sleep(0.01)
                    inside.remove(k)
                slices[k] += 1

    threads = [threading.Thread(target=visitor, args=(k,)) for k in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert max(most) == 2
    assert min(slices) >= 3 and max(slices) - min(slices) <= 2 + max(slices) // 4


def test_a_line_may_be_wide():
    line = Line(width=2)
    with contextlib.ExitStack() as stack:
        a, b, c, d = (stack.enter_context(Place(line)) for _ in range(4))
        assert list(a.wait()) == list(b.wait()) == []
        waiting = d.wait(0.001)
        assert next(waiting) == 2
        b.__exit__()
        assert list(c.wait()) == [] and next(waiting) == 1
        line.places.append(b)  # for the stack
