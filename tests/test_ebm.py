"""The deep energy model and its sampler: known densities, known gradients, luck that belongs to a picture."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from genmodels import hub
from genmodels.energy.checkpoints import EBM as TABLE
from genmodels.energy.ebm import EBM, EBMConfig
from genmodels.energy.langevin import Walk, langevin, last, normal, sloped, uniform
from genmodels.runtime import generators
from training import ebm as recipe

TINY = EBMConfig(channels=(4, 8), hidden=(8,))
PLAIN = EBMConfig(channels=(), hidden=(16,))
NAMES = [c.name for c in TABLE]
COVARIANCE = torch.tensor([[1.5, 0.6], [0.6, 0.5]], dtype=torch.float64)
MEAN = torch.tensor([0.7, -1.2], dtype=torch.float64)


def gaussian(x: torch.Tensor) -> torch.Tensor:
    away = x - MEAN
    return 0.5 * (away @ COVARIANCE.inverse() * away).sum(1)


def settled(stride: float, chains: int = 4000, burn: float = 8.0) -> torch.Tensor:
    """Where chains from the origin are after a while of Langevin's time."""
    start = torch.zeros(chains, 2, dtype=torch.float64)
    luck = torch.Generator().manual_seed(0)
    *_, step = langevin(gaussian, start, round(burn / stride), Walk.exact(stride), luck)
    return step.at


# ------------------------------------------------------------------------------------------ the walk


def test_with_step_to_zero_the_walk_is_the_gaussian():
    """Its mean and its covariance, to what 4000 points can tell."""
    x = settled(0.01)
    assert (x.mean(0) - MEAN).abs().max() < 0.07
    assert (x.T.cov() - COVARIANCE).abs().max() < 0.11


def test_with_a_large_step_the_walk_is_off_by_what_theory_says():
    """Euler's steps settle at the covariance C (1 - stride C^-1 / 2)^-1: wider, and beyond chance."""
    stride = 0.2
    wide = COVARIANCE @ (torch.eye(2, dtype=torch.float64) - stride / 2 * COVARIANCE.inverse()).inverse()
    x = settled(stride, chains=20_000)
    assert (x.T.cov() - wide).abs().max() < 0.06
    assert (wide - COVARIANCE).abs().max() > 0.13


def test_without_noise_it_is_gradient_descent():
    x = torch.tensor([[3.0, 3.0]], dtype=torch.float64)
    steps = list(
        langevin(gaussian, x, 400, Walk(0.05, 0.0, torch.inf, -torch.inf, torch.inf), generators(0, 1))
    )
    energies = [step.energy.item() for step in steps]
    assert all(b <= a for a, b in zip(energies, energies[1:], strict=False))
    assert torch.allclose(steps[-1].x[0], MEAN, atol=1e-3)
    by_hand = x - 0.05 * (COVARIANCE.inverse() @ (x[0] - MEAN))
    assert torch.allclose(steps[1].x, by_hand)


def test_no_number_moves_further_than_the_cut_allows_and_none_leaves_the_range():
    walk = Walk(stride=10.0, noise=0.0, clip=0.03)
    model, x = EBM(TINY), uniform((1, 28, 28), generators(3, 2))

    def steep(x: torch.Tensor) -> torch.Tensor:
        return 50 * model.energy(x)

    seen = list(langevin(steep, x, 3, walk, generators(3, 2)))
    for a, b in zip(seen, seen[1:], strict=False):
        assert 0 < (b.x - a.x).abs().max() <= 0.3 + 1e-6
        assert b.x.abs().max() <= 1
    assert seen[1].slope.abs().max() > 0.03  # there was something to cut


def test_what_is_kept_stays_to_the_bit():
    keep = torch.arange(28)[:, None].expand(28, 28) < 14
    x = uniform((1, 28, 28), generators(0, 2))
    end = last(langevin(EBM(TINY).energy, x, 5, Walk(noise=0.3), generators(9, 2), keep))
    assert torch.equal(end[:, :, keep], x[:, :, keep])
    assert not torch.equal(end[:, :, ~keep], x[:, :, ~keep])


def test_a_chain_depends_on_its_own_seed_alone():
    model = EBM(PLAIN).eval()

    def ended(seed: int, count: int) -> torch.Tensor:
        luck = generators(seed, count)
        return last(langevin(model.energy, uniform((1, 28, 28), luck), 6, Walk(noise=0.1), luck))

    assert torch.allclose(ended(5, 4)[2:3], ended(7, 1), atol=1e-6)
    assert not torch.allclose(ended(5, 1), ended(6, 1), atol=0.1)


def test_the_first_item_is_the_start_and_nothing_remembers_gradients():
    x = uniform((1, 28, 28), generators(1, 2))
    model = EBM(TINY)
    seen = list(langevin(model.energy, x, 2, Walk(), generators(1, 2)))
    assert [step.i for step in seen] == [0, 1, 2] and torch.equal(seen[0].x, x)
    assert torch.allclose(seen[0].energy, model.energy(x)) and not seen[-1].x.requires_grad
    assert all(p.grad is None for p in model.parameters())


def test_one_generator_for_the_batch_or_one_for_each():
    x = torch.zeros(3, 2)
    assert torch.equal(normal(x, generators(4, 3))[1], normal(x[:1], generators(5, 1))[0])
    assert normal(x, torch.Generator().manual_seed(0)).shape == x.shape


# ------------------------------------------------------------------------------------------ the model


@pytest.mark.parametrize("config", [TINY, PLAIN, EBMConfig(activation="relu")])
def test_an_energy_is_one_number_and_its_slope_is_right(config, tmp_path):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = EBM(config).double()
    x = uniform((1, 28, 28), generators(0, 3)).double()
    energy, slope = sloped(model.energy, x)
    assert energy.shape == (3,) and slope.shape == x.shape
    by = torch.randn(x.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    # a step so short that no unit of the relu network crosses its kink
    change = (model.energy(x + 1e-9 * by) - model.energy(x - 1e-9 * by)) / 2e-9
    assert torch.allclose(change, (slope * by).flatten(1).sum(1), rtol=1e-4, atol=1e-6)


def test_the_default_is_the_published_network():
    """Foster's example 7-3, on 28 pixels: 28, 14, 7, 4, 2 a side."""
    assert sum(p.numel() for p in EBM().parameters()) == 76_993


def test_swish_and_relu_differ_where_it_matters():
    """The second difference of the energy along a line: swish bends all the way, ReLU in single places."""
    share = torch.linspace(0, 1, 400)[:, None, None, None].double()
    ends = uniform((1, 28, 28), generators(0, 2)).double()
    way = ends[:1] + share * (ends[1:] - ends[:1])
    flat = {}
    for name in ("swish", "relu"):
        torch.manual_seed(0)
        height = EBM(replace(PLAIN, activation=name)).double().energy(way).detach()
        bends = height.diff(n=2).abs()
        flat[name] = (bends < 1e-3 * bends.max()).double().mean().item()
    assert flat["relu"] > 0.5 > 0.2 > flat["swish"]


# ------------------------------------------------------------------------------------------ the training


def test_the_loss_falls_where_data_goes_down_and_chains_go_up():
    """Its gradient at the energies themselves: +1/B for real, -1/B for chains, and the penalty's."""
    model = EBM(PLAIN)
    real, fake = uniform((1, 28, 28), generators(0, 4)).chunk(2)
    values = recipe.divergence(model, real, real, fake, 0.1, torch.Generator().manual_seed(0))
    values["loss"].backward()
    bias = model.layers[-1].bias.grad.item()  # moves all energies alike: only the penalty minds
    assert bias == pytest.approx(2 * 0.1 * (values["real"] + values["fake"]).item(), rel=1e-4)
    gap = values["real"] - values["fake"]
    assert values["loss"].item() == pytest.approx((gap + 0.1 * values["size"]).item(), rel=1e-5)


def test_the_buffer_goes_on_and_begins_again(monkeypatch):
    monkeypatch.setattr(recipe, "CHAINS", 64)
    buffer, luck = recipe.Buffer(), torch.Generator().manual_seed(0)
    model = EBM(PLAIN)
    for _ in range(40):
        buffer.go_on(model, 32, 2, luck)
    young = (buffer.age < 20).float().mean().item()
    assert buffer.age.max() > 40 and 0.05 < young < 0.6
    assert set(buffer.age.long().tolist()) <= set(range(0, 82, 2)) and buffer.x.abs().max() <= 1


def test_told_apart_by_their_energies():
    a, b = torch.arange(10.0), torch.arange(10.0) + 100
    assert recipe.lower(a, b) == 1 and recipe.lower(b, a) == pytest.approx(0)
    luck = torch.Generator().manual_seed(0)
    assert recipe.lower(
        torch.randn(3000, generator=luck), torch.randn(2000, generator=luck)
    ) == pytest.approx(0.5, abs=0.03)


# ------------------------------------------------------------------------------------------ the weights


@pytest.mark.parametrize("name", NAMES)
def test_the_golden_outputs_come_again(name):
    model, golden = EBM.from_pretrained(name), load_file(hub.WEIGHTS / name / "golden.safetensors")
    energy, slope = sloped(model.energy, golden["x"])
    assert torch.allclose(energy, golden["energy"], atol=1e-4)
    assert torch.allclose(slope, golden["slope"], atol=1e-5)
    assert (hub.WEIGHTS / name / "model.safetensors").stat().st_size <= 400_000


@pytest.mark.parametrize("name", NAMES)
def test_chains_from_noise_come_to_where_real_pictures_lie(name):
    """From the energy of noise to below the highest of the real ones', and they don't stop at one picture."""
    model, luck = EBM.from_pretrained(name), generators(0, 16)
    found = json.loads((hub.WEIGHTS / name / "story.json").read_text())["energies"]
    x = uniform((1, 28, 28), luck)
    before = model.energy(x).mean()
    end = last(langevin(model.energy, x, 250, recipe.WALK, luck))
    after = model.energy(end)
    assert before > found["noise"][0] and (after < found["test"][-1]).float().mean() > 0.8
    apart = torch.pdist(end.flatten(1))
    assert apart.median() > 5


@pytest.mark.parametrize("name", NAMES)
def test_what_lies_beside_the_weights(name):
    folder = hub.WEIGHTS / name
    kept = load_file(folder / "buffer.safetensors")
    assert kept["x"].shape == (64, 1, 28, 28) and kept["x"].dtype == torch.uint8 and kept["age"].min() > 0
    assert (folder / "buffer.safetensors").stat().st_size <= 60_000
    story = json.loads((folder / "story.json").read_text())
    assert len({len(v) for v in story["curves"].values()}) == 1
    for kind, values in story["energies"].items():
        assert values == sorted(values), kind
    real, noise = (story["energies"][kind] for kind in ("test", "noise"))
    assert real[180] < noise[20]
