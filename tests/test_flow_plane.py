"""Flows of the plane: undone exactly, with the volume that autograd finds, and a density that sums to one."""

import json
import math

import pytest
import torch
from safetensors.torch import load_file

from genmodels.data import points
from genmodels.flow.checkpoints import FLOW_PLANE
from genmodels.flow.plane.ffjord import ContinuousConfig, ContinuousFlow
from genmodels.flow.plane.flow import Coupling
from genmodels.flow.plane.ode import RK4, DormandPrince, Midpoint
from genmodels.flow.plane.realnvp import AffineConfig, AffineFlow
from genmodels.flow.plane.spline import SplineConfig, SplineFlow
from genmodels.hub import WEIGHTS
from genmodels.lab.field import Field
from training import flow_plane as recipe

KINDS = {"realnvp": AffineFlow, "spline": SplineFlow, "ffjord": ContinuousFlow}
NICE = AffineConfig(layers=4, width=16, stretch=False, ends=True)
SMALL = {
    "realnvp": (AffineFlow, AffineConfig(layers=5, width=16)),
    "nice": (AffineFlow, NICE),
    "spline": (SplineFlow, SplineConfig(layers=3, width=16, bins=5)),
    "ffjord": (ContinuousFlow, ContinuousConfig(width=16, waves=4, steps=48)),
}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def flow(name, strength=0.15):
    """With random last layers, as strong as that: as built, all are the identity."""
    kind, config = SMALL[name]
    model = kind(config, generator(1))
    if name == "ffjord":
        torch.nn.init.normal_(model.field.layers[-1].weight, std=2 * strength, generator=generator(2))
    else:
        for k, coupling in enumerate(model.couplings):
            torch.nn.init.normal_(coupling.layers[-1].weight, std=strength, generator=generator(3 + k))
    if name == "nice":
        torch.nn.init.normal_(model.ends, generator=generator(9))
    return model.requires_grad_(False)


def some(n=200, seed=5):
    return points.sample("spirals", n, generator(seed))


# ---- what a flow promises


@pytest.mark.parametrize("name", SMALL)
def test_inverse_after_forward_is_the_identity(name):
    model, x = flow(name, 0.05), some()
    z, there = model(x)
    back, again = model.inverse(z)
    assert (z - x / 2).abs().max() > 0.1  # something was done
    assert torch.allclose(back, x, atol=1e-5, rtol=0)
    assert torch.allclose(again, -there, atol=1e-4)
    ahead, _ = model(model.inverse(x)[0])
    assert torch.allclose(ahead, x, atol=2e-5, rtol=0)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("way", ["forward", "inverse"])
def test_log_determinants_are_autograds(name, way):
    model, x = flow(name).double(), some(12).double()
    run = getattr(model, way)
    _, log_det = run(x)
    for one, known in zip(x, log_det, strict=True):
        jacobian = torch.autograd.functional.jacobian(lambda p: run(p[None])[0][0], one)
        assert torch.linalg.slogdet(jacobian).logabsdet.item() == pytest.approx(known.item(), abs=1e-5)


@pytest.mark.parametrize("name", SMALL)
def test_a_density_sums_to_one(name):
    line = 10 * ((2 * torch.arange(200) + 1) / 200 - 1)
    log_p = flow(name, 0.08).log_prob(torch.cartesian_prod(line, line)).double()
    assert log_p.exp().sum().item() * 0.1**2 == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("name", SMALL)
def test_samples_are_those_of_the_density(name):
    """The mean of any function under samples is its integral under the density."""
    model = flow(name, 0.08)
    line = 10 * ((2 * torch.arange(200) + 1) / 200 - 1)
    grid = torch.cartesian_prod(line, line)
    p = model.log_prob(grid).double().exp() * 0.1**2
    x = model.sample(20_000, generator(4))
    for moment in (lambda a: a[:, 0], lambda a: a[:, 1], lambda a: a.norm(dim=1), lambda a: a.prod(1)):
        values = moment(x).double()
        within = 5 * values.std().item() / len(x) ** 0.5 + 0.02
        assert values.mean().item() == pytest.approx((p * moment(grid)).sum().item(), abs=within)


@pytest.mark.parametrize("name", SMALL)
def test_a_point_does_not_depend_on_its_batch(name):
    model, x = flow(name), some(40)
    together, alone = model.log_prob(x), torch.cat([model.log_prob(one[None]) for one in x])
    assert torch.allclose(together, alone, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", SMALL)
def test_it_starts_as_the_identity_but_for_the_scale(name):
    kind, config = SMALL[name]
    model, x = kind(config, generator()), some()
    z, log_det = model(x)
    assert torch.allclose(z, x / config.scale, atol=1e-5)
    assert torch.allclose(log_det, torch.full_like(log_det, -2 * math.log(config.scale)), atol=1e-5)


@pytest.mark.parametrize("name", SMALL)
def test_a_seed_is_a_network_and_a_folder_is_it_again(name, tmp_path):
    kind, config = SMALL[name]
    one, other = kind(config, generator(1)), kind(config, generator(1))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    model, x = flow(name), some(20)
    model.save_pretrained(tmp_path, torch.float32)
    again = kind.from_pretrained(tmp_path)
    assert torch.equal(again.log_prob(x), model.log_prob(x)) and again.config == config


# ---- couplings


@pytest.mark.parametrize("name", ["realnvp", "nice", "spline"])
def test_the_film_shows_every_layer_and_adds_up(name):
    model, x = flow(name), some(30)
    frames, (z, log_det) = list(model.film(x)), model(x)
    layers = len(model.couplings)
    names = ["start", "scale"] + ["coupling"] * layers + ["scale"] * (name == "nice")
    assert [f.name for f in frames] == names
    assert torch.equal(frames[0].x, x) and torch.equal(frames[-1].x, z)
    assert torch.allclose(sum(f.log_det for f in frames), log_det, atol=1e-5)
    for k, (before, frame) in enumerate(zip(frames[1:], frames[2 : 2 + layers], strict=False)):
        assert frame.keeps == k % 2
        assert torch.equal(frame.x[:, frame.keeps], before.x[:, frame.keeps])  # it stays
        assert not torch.equal(frame.x[:, 1 - frame.keeps], before.x[:, 1 - frame.keeps])
    for there, back in zip(reversed(frames[1:]), list(model.rewind(z))[1:], strict=True):
        assert there.name == back.name and torch.allclose(there.log_det, -back.log_det, atol=1e-4)


def test_an_affine_coupling_is_what_the_frame_says():
    model, x = flow("realnvp"), some(30)
    frames = list(model.film(x))
    for before, frame in zip(frames[1:], frames[2:], strict=False):
        s, t = frame.inside
        moved = (before.x[:, 1 - frame.keeps, None] - t) * torch.exp(-s)
        assert (
            torch.allclose(moved[:, 0], frame.x[:, 1 - frame.keeps]) and s.abs().max() <= model.config.bound
        )
        assert torch.equal(frame.log_det, -s[:, 0])


def test_nice_stretches_all_points_alike():
    """So its log-determinant is one number, that of its scale and its diagonal."""
    model = flow("nice")
    _, log_det = model(some(300))
    expected = model.ends.sum().item() - 2 * math.log(2)
    assert torch.allclose(log_det, torch.full_like(log_det, expected), atol=1e-6)
    assert flow("realnvp")(some(300))[1].std() > 0.1


def test_the_jacobian_of_a_coupling_is_triangular():
    model, one = flow("spline"), some(1)[0] / 2
    coupling = model.couplings[0]

    def bend(x):
        return torch.stack([x[0], coupling.inside(x[None, :1]).forward(x[None, 1:])[0][0, 0]])

    jacobian = torch.autograd.functional.jacobian(bend, one)
    assert jacobian[0].tolist() == [1, 0] and jacobian[1, 0] != 0 and jacobian[1, 1] > 0


def test_waves_let_a_coupling_change_abruptly():
    plain, waving = (Coupling(8, waves, 2, generator()) for waves in (0, 3))
    kept = torch.linspace(-2, 2, 7)[:, None]
    assert plain.layers[0].in_features == 1 and waving.layers[0].in_features == 7
    assert plain.read(kept).abs().max() == waving.read(kept).abs().max() == 0  # at the start


# ---- the spline


def curves(n=50, bins=6):
    model = SplineFlow(SplineConfig(layers=1, width=16, bins=bins), generator())
    coupling = model.couplings[0]
    torch.nn.init.normal_(coupling.layers[-1].weight, std=2.0, generator=generator(1))
    with torch.no_grad():
        return model.double().couplings[0].inside(torch.linspace(-2, 2, n).double()[:, None]), coupling.reach


def test_a_spline_is_monotone_and_passes_its_knots():
    knots, reach = curves()
    line = torch.linspace(-1.2 * reach, 1.2 * reach, 400).double()
    y = torch.cat([knots.forward(at.expand(50, 1))[0] for at in line], 1)
    assert (y.diff(dim=1) > 0).all() and (y - line).abs().max() > 1
    for k in range(7):
        found, log_slope = knots.forward(knots.x[:, k, None] * (1 - 1e-10))
        assert torch.allclose(found, knots.y[:, k, None], atol=1e-5)
        assert torch.allclose(log_slope.exp(), knots.slope[:, k, None], rtol=0.01)


def test_a_spline_is_the_identity_in_its_tails_and_has_no_step_there():
    knots, reach = curves()
    for out in (-3 * reach, -reach, reach, 1.5 * reach):
        x = torch.full((50, 1), out, dtype=torch.float64)
        for way in (knots.forward, knots.inverse):
            y, log_slope = way(x)
            assert torch.equal(y, x) and log_slope.abs().max() == 0
        near, log_slope = knots.forward(x * (1 - 1e-9))
        if abs(out) == reach:
            assert (near - x).abs().max() < 1e-6 and log_slope.abs().max() < 1e-3


def test_a_spline_is_undone_where_it_is_steep_and_flat():
    knots, reach = curves()
    for at in torch.linspace(-reach, reach, 41).double():
        x = at.expand(50, 1)
        y, there = knots.forward(x)
        back, again = knots.inverse(y)
        assert torch.allclose(back, x, atol=1e-7) and torch.allclose(again, -there, atol=1e-4)


# ---- differential equations


def turning(y, t):
    """A turn that gets quicker: known at every time."""
    return 6 * t * torch.stack([-y[:, 1], y[:, 0]], 1)


def turned(y, t):
    c, s = math.cos(3 * t**2), math.sin(3 * t**2)
    return y @ torch.tensor([[c, s], [-s, c]], dtype=y.dtype)


START = torch.tensor([[1.0, 0.0], [0.2, -0.4], [3.0, 2.0]], dtype=torch.float64)


def error(solver, times=(0.0, 1.0)):
    return max(
        (passed.y - turned(START, passed.t)).abs().max().item()
        for passed in solver.follow(turning, START, times)
    )


@pytest.mark.parametrize(("rule", "order"), [(Midpoint, 2), (RK4, 4)])
def test_the_order_of_a_rule(rule, order):
    """Twice the steps, an error 2^order smaller."""
    errors = [error(rule(steps)) for steps in (20, 40, 80)]
    for coarse, fine in zip(errors, errors[1:], strict=False):
        assert math.log2(coarse / fine) == pytest.approx(order, abs=0.4)


@pytest.mark.parametrize("tolerance", [1e-3, 1e-5, 1e-7])
def test_the_adaptive_solver_keeps_its_tolerance_on_the_way_too(tolerance):
    times = torch.linspace(0, 1, 9).tolist()
    assert error(DormandPrince(tolerance)) < 30 * tolerance
    assert error(DormandPrince(tolerance), times) < 100 * tolerance**0.8  # between its steps, a cubic


def test_evaluations_are_counted_and_a_tolerance_costs():
    asked = []

    def f(y, t):
        asked.append(len(y))
        return turning(y, t)

    def counted(solver):
        asked.clear()
        *_, end = solver.follow(f, START, (0.0, 0.5, 1.0))
        assert sum(asked) == end.evaluations.sum().item()
        return end.evaluations

    assert counted(RK4(10)).tolist() == [40] * 3 and counted(Midpoint(10)).tolist() == [20] * 3
    loose, tight = counted(DormandPrince(1e-3)), counted(DormandPrince(1e-6))
    assert (tight > 1.5 * loose).all() and (loose < 60).all()


def test_each_point_takes_its_own_steps():
    solver = DormandPrince(1e-5)
    *_, together = solver.follow(turning, START, (0.0, 1.0))
    for k in range(3):
        *_, alone = solver.follow(turning, START[k : k + 1], (0.0, 1.0))
        assert torch.equal(alone.y[0], together.y[k]) and alone.evaluations[0] == together.evaluations[k]


def test_it_goes_down_in_time_and_ends_however_stiff():
    *_, end = DormandPrince(1e-6).follow(turning, turned(START, 1.0), (1.0, 0.4, 0.0))
    assert torch.allclose(end.y, START, atol=1e-4)
    *_, end = DormandPrince(1e-7).follow(lambda y, t: 300 * (y.sin() - y), START.float(), (0.0, 1.0))
    assert end.y.isfinite().all() and end.evaluations.max() <= 2 * 512 * 6
    for wrong in (0, -1, math.nan, 2):
        with pytest.raises(ValueError, match="tolerance"):
            DormandPrince(wrong)


# ---- the continuous flow


def test_a_field_pushes_directions_as_autograd_does():
    field = Field(16, generator())
    torch.nn.init.normal_(field.layers[-1].weight, generator=generator(1))
    x, t, e = some(9), torch.rand(9, 1, generator=generator(2)), torch.randn(3, 9, 2, generator=generator(3))
    value, change = field.push(x, t, e)
    assert torch.allclose(value, field(x, t), atol=1e-5)
    for along, found in zip(e, change, strict=True):
        _, known = torch.autograd.functional.jvp(lambda at: field(at, t), x, along)
        assert torch.allclose(found, known, atol=1e-4, rtol=1e-4)


def test_hutchinsons_estimate_has_the_trace_for_its_mean():
    model, x = flow("ffjord", 0.5), some(6) / 2
    _, exact = model.spread(x, 0.3)
    signs = torch.randint(2, (4000, 6, 2), generator=generator()).float() * 2 - 1
    _, mean = model.spread(x, 0.3, signs)
    each = torch.stack([model.spread(x, 0.3, one[None])[1] for one in signs[:200]])
    assert each.std(0).max() > 0.1  # one alone is a guess
    assert torch.allclose(mean, exact, atol=5 * each.std(0).max().item() / 4000**0.5)
    all_four = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])[:, None].expand(4, 6, 2)
    assert torch.allclose(model.spread(x, 0.3, all_four)[1], exact, atol=1e-4)  # every sign once: no luck


def test_log_densities_by_hutchinson_scatter_about_the_exact_one():
    model, x = flow("ffjord", 0.5), some(5)
    *_, exact = model.trajectory(x, (1.0, 0.0))
    guesses = []
    for seed in range(60):
        *_, end = model.trajectory(x, (1.0, 0.0), RK4(8), 1, generator(seed))
        assert torch.allclose(end.x, exact.x, atol=1e-2)  # the way is the same
        guesses.append(end.log_det)
    spread = torch.stack(guesses).std(0)
    assert (torch.stack(guesses).mean(0) - exact.log_det).abs().max() < 5 * spread.max() / 60**0.5 + 0.01
    again = list(model.trajectory(x, (1.0, 0.0), RK4(8), 1, generator(3)))[-1]
    assert torch.equal(again.log_det, guesses[3])


def test_stepped_knows_the_volume_of_the_steps_themselves():
    """However few: the trace knows that of the true way, and two steps don't follow it."""
    model, x = flow("ffjord", 0.5).double(), some(10).double()
    for solver in (RK4(2), Midpoint(3)):
        z, log_det = model.stepped(x, solver)
        assert torch.equal(z, model(x, solver)[0])
        for one, known in zip(x, log_det, strict=True):
            jacobian = torch.autograd.functional.jacobian(lambda p: model(p[None], solver)[0][0], one)  # noqa: B023
            assert torch.linalg.slogdet(jacobian).logabsdet.item() == pytest.approx(known.item(), abs=1e-6)
        assert (model(x, solver)[1] - log_det).abs().max() > 1e-3
    assert torch.allclose(model.stepped(x, RK4(60))[1], model(x, RK4(60))[1], atol=1e-4)


@pytest.mark.parametrize("solver", [RK4(48), DormandPrince(1e-6)])
def test_a_trajectory_ends_where_the_map_does_and_can_be_cut(solver):
    model, z = flow("ffjord"), torch.randn(30, 2, generator=generator())
    moments = list(model.trajectory(z, (0.0, 0.25, 0.5, 1.0), solver))
    assert [m.t for m in moments] == [0.0, 0.25, 0.5, 1.0]
    assert torch.equal(moments[0].x, z) and moments[0].evaluations.max() == 0
    x, log_det = model.inverse(z)
    assert torch.allclose(2 * moments[-1].x, x, atol=1e-4)
    assert torch.allclose(moments[-1].log_det + 2 * math.log(2), log_det, atol=1e-4)
    *_, half = model.trajectory(z, (0.0, 0.5), solver)
    assert torch.allclose(half.x, moments[2].x, atol=2e-3)
    assert all((b.evaluations > a.evaluations).all() for a, b in zip(moments, moments[1:], strict=False))


# ---- what ships


BUNDLED = [c.name for c in FLOW_PLANE]


def test_points_keep_their_signs_where_an_adaptive_solver_sets_them_down_one_by_one():
    flow = ContinuousFlow(ContinuousConfig(width=16, waves=4), torch.Generator().manual_seed(3))
    torch.nn.init.normal_(flow.field.layers[-1].weight, std=0.3, generator=generator(1))
    z, ends = torch.randn(9, 2, generator=torch.Generator().manual_seed(0)), []
    for solver in (DormandPrince(1e-6), RK4(64)):
        *_, end = flow.trajectory(z, (0.0, 1.0), solver, 3, torch.Generator().manual_seed(1))
        ends.append(end.log_det)
    assert ends[0].std() > 1e-4  # the signs count
    assert torch.allclose(*ends, atol=1e-3 * ends[0].abs().max().item())


@pytest.fixture(scope="module", params=BUNDLED)
def shipped(request):
    folder = WEIGHTS / request.param
    if not (folder / "golden.safetensors").is_file():
        pytest.skip(f"no weights/{request.param}")
    return KINDS[request.param.split("-")[2]].from_pretrained(request.param), folder


def test_a_bundled_flow_is_as_golden_and_small(shipped):
    model, folder = shipped
    golden = load_file(folder / "golden.safetensors")
    z, log_det = model(golden["x"])
    assert torch.allclose(z, golden["z"], atol=1e-3)
    assert torch.allclose(log_det, golden["log_det"], atol=5e-3)
    assert (folder / "model.safetensors").stat().st_size <= 200_000


def test_a_bundled_flow_can_be_undone(shipped):
    """The worst points lie where a flow is steepest, and single precision has no more to give there."""
    model, folder = shipped
    x = points.sample(folder.name.split("-")[3], 1000, generator())
    z, there = model(x)
    back, again = model.inverse(z)
    error = (back - x).abs().amax(1)
    assert error.median() < 1e-5 and error.quantile(0.99) < 1e-3
    assert (there + again).abs().median() < 1e-4


def test_a_bundled_flow_is_near_the_truth_and_its_card_says_how_near(shipped):
    model, folder = shipped
    truth = points.density(folder.name.split("-")[3])
    x = truth.sample(2000, generator(1))
    gap = (truth.log_prob(x) - model.log_prob(x)).mean().item()
    measured = json.loads((folder / "metrics.json").read_text())["measures"]
    assert gap == pytest.approx(measured["above_entropy"], abs=0.03)
    assert measured["integral"] == pytest.approx(1, abs=0.01)


def test_all_nine_have_a_name_and_a_title_in_two_languages():
    assert len(set(BUNDLED)) == 9 and all(len(c.spanish) == 2 for c in FLOW_PLANE)


# ---- the recipe


@pytest.mark.parametrize("name", KINDS)
def test_the_recipe_makes_a_folder_that_says_how_near_the_truth_it_is(name, tmp_path, monkeypatch):
    monkeypatch.setattr(recipe, "MODELS", {k: (*SMALL[k], 1e-3) for k in KINDS})
    for key, value in (("CELLS", 40), ("HELD_OUT", 200), ("FEW", 16), ("CHUNK", 400)):
        monkeypatch.setattr(recipe, key, value)
    monkeypatch.setattr(recipe, "sheet", lambda model, density: torch.zeros(1, 2, 2))
    where = ["--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "out"), "--device", "cpu"]
    how = ["--model", name, "--density", "checkerboard", "--steps", "4", "--batch", "16"]
    monkeypatch.setattr("sys.argv", ["training/flow_plane.py", *how, *where])
    recipe.main()
    folder = tmp_path / "out" / f"flow-plane-{name}-checkerboard"
    measured = json.loads((folder / "metrics.json").read_text())["measures"]
    assert measured["entropy_nats"] == pytest.approx(math.log(32), abs=1e-3)
    assert measured["nll"] == pytest.approx(measured["entropy_nats"] + measured["above_entropy"], abs=0.02)
    assert measured["above_entropy"] > 0.2 and ("evaluations" in measured) == (name == "ffjord")
    assert "KL(truth || flow)" in (folder / "README.md").read_text()


def test_what_costs_too_much_pulls_less():
    model = flow("realnvp").requires_grad_(True)
    near, far = some(8), some(8) * 30
    (slope,) = torch.autograd.grad(
        recipe.likelihood(model, (near,), None)["loss"], model.couplings[0].layers[-1].bias
    )
    (plain,) = torch.autograd.grad(-model.log_prob(near).mean(), model.couplings[0].layers[-1].bias)
    assert torch.allclose(slope, plain)
    found = recipe.likelihood(model, (far,), None)
    assert found["loss"] < 40 < found["cost"] and found["loss"] > 20


def test_the_table_says_what_the_cards_say():
    if not recipe.TABLE.is_file():
        pytest.skip("no docs/densities.md")
    assert recipe.TABLE.read_text() == recipe.table()


@pytest.mark.parametrize("density", ["moons", "checkerboard", "spirals"])
def test_a_bundled_continuous_flow_is_undone_as_its_steps_get_shorter(density):
    """The map of 32 steps is only nearly undone by 32 steps back; the way itself is, to rounding."""
    flow = ContinuousFlow.from_pretrained(f"flow-plane-ffjord-{density}")
    x = points.sample(density, 200, generator(1)).float()
    with torch.no_grad():
        errors = [(flow.inverse(flow(x, s)[0], s)[0] - x).abs().max() for s in (RK4(32), RK4(128))]
    assert errors[1] < 1e-5 and errors[1] < errors[0] / 10
