"""A network that jumps: its boundary, a Gaussian whose jump is known, several jumps, its training."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from genmodels.diffusion import samplers
from genmodels.diffusion.denoiser import Denoiser, bound, spread, told
from genmodels.diffusion.schedules import karras
from genmodels.diffusion.unet import UNet
from genmodels.runtime import generators
from training import consistency, loop
from training.diffusion import unet

STD = 0.2  # of the Gaussian that pictures are drawn from here
TINY = replace(unet(8, 2, (8, 8), 3, 1), attention_head_dim=8)


def mean(x, sigma, labels=None):
    """What lies under x on average, if pictures are N(0, STD^2)."""
    return x * STD**2 / (STD**2 + spread(x, sigma).square())


def end(x, sigma, labels=None):
    """Where x's path ends: it keeps its place among its like."""
    return x * STD * (STD**2 + spread(x, sigma).square()).rsqrt()


def network(belief, prediction):
    """A network in whose terms the answer is this belief."""
    config = SimpleNamespace(
        in_channels=1, sample_size=4, num_class_embeds=3, prediction=prediction, schedule="cosine"
    )

    class Exact:
        def __init__(self):
            self.config, self.device = config, torch.device("cpu")

        def __call__(self, seen, t, labels):
            from genmodels.diffusion.schedules import sigma_at

            sigma = spread(seen, sigma_at("cosine", t).to(seen))
            x = seen * (1 + sigma.square()).sqrt()
            return told("v_prediction", x, belief(x, sigma), sigma)

    return Exact()


def paths(count: int = 40):
    teacher = Denoiser.of(network(mean, "v_prediction"))
    return consistency.walked(teacher, np.random.default_rng(0), torch.arange(count) % 3)


# ---- the function ------------------------------------------------------------------------------------------


def test_without_noise_it_answers_with_what_it_sees():
    torch.manual_seed(0)
    model = UNet(replace(TINY, prediction="consistency_v")).eval()
    x = torch.rand(2, 1, 8, 8) * 2 - 1
    with torch.no_grad():
        assert (Denoiser.of(model)(x, 1e-6) - x).abs().max() < 1e-4
        assert (Denoiser.of(model)(x, 1.0) - x).abs().max() > 0.1


def test_it_begins_as_its_teacher():
    torch.manual_seed(0)
    teacher = UNet(TINY).eval()
    model = UNet(replace(TINY, prediction="consistency_v")).eval()
    model.load_state_dict(teacher.state_dict())
    x = torch.randn(3, 1, 8, 8) * 5
    sigma = torch.tensor([0.1, 2.0, 40.0])
    with torch.no_grad():
        assert torch.equal(Denoiser.of(model)(x, sigma), Denoiser.of(teacher)(x, sigma))
    assert Denoiser.of(model).jumps and not Denoiser.of(teacher).jumps


# ---- a Gaussian, whose jump is known -----------------------------------------------------------------------


def test_the_teachers_paths_end_where_the_jump_says():
    x, sigma, _ = paths()
    for place, level in zip(x[:-1], sigma[:-1], strict=True):
        assert (end(place, level) - x[-1]).abs().max() < 0.05 * STD * 3


def test_the_jump_is_the_zero_of_the_loss_and_the_mean_is_not(monkeypatch):
    found = {}
    for levels in (consistency.LEVELS, 80):  # what is left is the error of the teacher's solver
        monkeypatch.setattr(consistency, "LEVELS", levels)
        batch = consistency.picked([paths()], np.random.default_rng(0), 200)
        found[levels] = [
            consistency.loss(network(belief, "consistency_v"), batch, torch.Generator())["loss"].item() / STD
            for belief in (end, mean)
        ]
    assert found[consistency.LEVELS][0] < 0.005
    assert [jump < 0.05 for jump, _ in found.values()] == [True, True]
    assert [average > 0.2 for _, average in found.values()] == [True, True]


@pytest.mark.parametrize("jumps", [1, 2, 4])
def test_every_number_of_jumps_draws_from_the_gaussian(jumps):
    model = network(end, "consistency_v")
    model.config.sample_size = 16
    x = consistency.drawn(model, torch.zeros(64, dtype=torch.long), 0, jumps)
    assert x.std().item() == pytest.approx(STD, rel=0.03)


def test_a_network_that_believes_means_loses_spread_with_every_jump():
    luck, sigmas = generators(0, 64), [80.0, 0.3, 0.3, 0.3, 0.0]
    x = samplers.start((1, 16, 16), 80.0, luck)
    spreads = [step.x0.std().item() for step in samplers.consistency(mean, x, sigmas, luck)]
    assert spreads[3] < 0.8 * STD
    jumps = samplers.consistency(end, x, sigmas, luck)
    assert [step.x0.std().item() for step in jumps] == pytest.approx([STD] * 5, rel=0.05)


# ---- training ----------------------------------------------------------------------------------------------


def test_the_grid_begins_at_the_noise_and_moves_its_other_places():
    grids = [consistency.grid(np.random.default_rng(seed)) for seed in (0, 1)]
    for sigmas in grids:
        assert sigmas[0] == consistency.HIGH and sigmas[-1] == 0
        assert len(sigmas) == consistency.LEVELS + 1
        assert sigmas == sorted(sigmas, reverse=True)
        assert consistency.LOW - 1e-9 <= sigmas[-2] < karras(consistency.LOW, 80, consistency.LEVELS)[-3]
    assert grids[0][1] != grids[1][1]


def test_a_place_goes_with_its_own_path():
    x = torch.arange(5)[:, None] * 10.0 + torch.arange(4)  # level, path
    x = x[..., None, None, None].expand(-1, -1, 1, 2, 2).repeat_interleave(3, 0)[: consistency.LEVELS + 1]
    sigma = torch.linspace(80, 0, len(x))
    noisy, level, labels, ends = consistency.picked(
        [(x, sigma, torch.arange(4))], np.random.default_rng(0), 50
    )
    assert torch.equal(noisy[:, 0, 0, 0] % 10, labels.float())
    assert torch.equal(ends[:, 0, 0, 0] % 10, labels.float())
    assert (ends == x[-1, 0, 0, 0, 0] + labels[:, None, None, None]).all()
    assert level.min() > 0 and len(level.unique()) > 5


def test_pseudo_huber_is_a_distance_from_afar_and_a_square_from_near():
    away = torch.full((1, 3, 8, 8), 0.5)
    assert consistency.pseudo_huber(away).item() == pytest.approx(0.5, rel=0.01)
    near = [consistency.pseudo_huber(away * s).item() for s in (1e-5, 2e-5)]
    assert near[1] == pytest.approx(4 * near[0], rel=0.05)


def test_it_learns(tmp_path):
    """A tiny learner comes nearer to the ends of the paths than the teacher's own beliefs are."""
    torch.manual_seed(0)
    teacher = network(mean, "v_prediction")
    teacher.config.sample_size = 8
    model = UNet(replace(TINY, prediction="consistency_v"))
    args = loop.arguments("", 1).parse_args(
        ["--device", "cpu", "--batch", "24", "--runs", str(tmp_path), "--steps", "60"]
    )
    batch = consistency.source(Denoiser.of(teacher), args)
    seen = batch(np.random.default_rng(99))
    own = consistency.loss(network(mean, "consistency_v"), seen, torch.Generator())["loss"]
    recipe = loop.Recipe("tiny", model, batch, consistency.loss, small_sheet, lr=4e-3, average=0.95)
    trained, _ = loop.train(recipe, args)
    with torch.no_grad():
        learnt = consistency.loss(trained, seen, torch.Generator())["loss"]
    assert learnt < 0.8 * own


def small_sheet(model):
    return loop.grid(consistency.drawn(model, torch.zeros(4, dtype=torch.long), 0, 2), 2)


def test_more_jumps_start_like_fewer():
    """The first jump of four is the one jump: same noise, same picture."""
    model = UNet(replace(TINY, prediction="consistency_v")).eval()
    denoise, luck = bound(Denoiser.of(model), torch.zeros(2, dtype=torch.long)), generators(0, 2)
    x = samplers.start((1, 8, 8), 80.0, luck)
    one, four = (next(samplers.consistency(denoise, x, s, luck)) for s in ([80, 0], [80, 4, 1, 0.5, 0]))
    assert torch.equal(one.x0, four.x0)
