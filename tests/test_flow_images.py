"""Flows of pictures: each is its own inverse's inverse, and knows by how much it stretches."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from genmodels import hub
from genmodels.data.digits import digit
from genmodels.data.garments import garment
from genmodels.flow import pixels
from genmodels.flow.checkpoints import FLOW_FACES, FLOW_FASHION
from genmodels.flow.couplings import ActNorm, ChannelCoupling, CheckerboardCoupling, Mix, Split
from genmodels.flow.glow import Glow, GlowConfig, settle
from genmodels.flow.realnvp_images import RealNVPImages, RealNVPImagesConfig
from genmodels.flow.tarflow import TarFlow, TarFlowConfig
from training.flow_images import MODELS, golden

TINY = {
    "glow": lambda: Glow(GlowConfig(8, 1, 8, steps=(2, 2, 2), widths=(8, 8, 8))),
    "realnvp": lambda: RealNVPImages(
        RealNVPImagesConfig(8, 1, 8, boards=(2, 2), halves=(2, 2), widths=(8, 8))
    ),
    "tarflow": lambda: TarFlow(TarFlowConfig(8, 1, patch=2, width=16, blocks=3, layers=2, heads=2)),
}
LAYERS = {
    "actnorm": lambda: ActNorm(4),
    "mix": lambda: Mix(4),
    "halves": lambda: ChannelCoupling(4, 8),
    "board": lambda: CheckerboardCoupling(4, 4, 8, True),
    "split": lambda: Split(4),
}


def shaken(make) -> torch.nn.Module:
    """As training might leave it: nothing is zero any more."""
    torch.manual_seed(0)
    model = make()
    with torch.no_grad():
        for p in model.parameters():
            p += 0.1 * torch.randn_like(p)
    return model.eval().requires_grad_(False)


def draws(n: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(k) for k in range(n)]


def noise(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def autograd(model: torch.nn.Module, x: Tensor) -> Tensor:
    jacobian = torch.autograd.functional.jacobian(lambda v: model(v.view(x.shape))[0].flatten(), x.flatten())
    return torch.linalg.slogdet(jacobian)[1]


# ---- every layer, every flow -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_undone_and_its_log_determinant_is_autograds(name):
    layer, x = shaken(LAYERS[name]), noise(3, 4, 4, 4)
    y, log_det = layer(x)
    back, other = layer.inverse(y)
    assert (back - x).abs().max() < 1e-5 and (log_det + other).abs().max() < 1e-5
    assert (y - x).abs().max() > 0.01 and log_det.shape == (3,)
    assert torch.allclose(log_det[1], autograd(layer, x[1:2]), atol=1e-4)


@pytest.mark.parametrize("name", TINY)
def test_a_flow_is_undone_and_its_log_determinant_is_autograds(name):
    model, x = shaken(TINY[name]), 0.3 * noise(3, 1, 8, 8)
    z, log_det = model(x)
    back, other = model.inverse(z)
    assert z.shape == x.shape and (z - x).abs().max() > 0.1
    assert (back - x).abs().max() < 1e-5 and (log_det + other).abs().max() < 1e-4
    assert torch.allclose(log_det[0], autograd(model, x[:1]), atol=1e-3)


@pytest.mark.parametrize("name", TINY)
def test_a_density_is_that_of_its_samples_noise(name):
    """log p of a drawn picture: log N of its code, less what the way back stretched."""
    model, z = shaken(TINY[name]), noise(4, 1, 8, 8)
    y, stretched = model.inverse(z)
    normal = torch.distributions.Normal(0, 1).log_prob(z).flatten(1).sum(1)
    assert torch.allclose(model.log_prob(y), normal - stretched, atol=1e-3)


@pytest.mark.parametrize("name", TINY)
def test_a_picture_does_not_depend_on_its_neighbours(name):
    model, z = shaken(TINY[name]), noise(4, 1, 8, 8)
    together, alone = model.inverse(0.3 * z)[0], model.inverse(0.3 * z[2:3])[0]
    assert torch.allclose(together[2:3], alone, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", TINY)
def test_a_film_ends_at_the_code_and_adds_up(name):
    model, x = shaken(TINY[name]), 0.3 * noise(2, 1, 8, 8)
    moments = list(model.film(x))
    z, log_det = model(x)
    assert torch.equal(moments[-1].x, z) and torch.equal(moments[-1].log_det, log_det)
    places = [(m.level, m.step) for m in moments]
    assert places == sorted(set(places)) and len(places) > 2
    assert all((a.x - b.x).abs().max() > 1e-4 for a, b in pairwise(moments))


# ---- pixels ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [1, 5, 8])
def test_spread_levels_settle_where_they_were(bits):
    x = torch.arange(256).view(1, 1, 16, 16) / 127.5 - 1
    y = pixels.spread(x, bits, draws(1))
    assert y.min() >= -0.5 and y.max() < 0.5
    kept = pixels.settled(y, bits)
    assert len(kept.unique()) == 2**bits and (kept - x).abs().max() <= 2.0**-bits + 1 / 127
    assert torch.equal(pixels.levels(kept, bits), pixels.levels(x, bits))


def test_a_flow_that_does_nothing_costs_what_a_normal_density_does():
    """Bits of the identity: by hand, from log N of the spread values and the width of a level."""
    model = Glow(GlowConfig(8, 1, 8, steps=(1,), widths=(4,))).eval()
    with torch.no_grad():
        for m in model.modules():
            if isinstance(m, Mix):
                m.lower.zero_(), m.upper.zero_(), m.log_s.zero_()
    x = 0.2 * noise(2, 1, 8, 8)
    y = pixels.spread(x, 8, draws(2))
    nats = 0.5 * y.square() + 0.5 * math.log(2 * math.pi) + math.log(256)
    assert torch.allclose(model.bits(x, draws(2)), nats.flatten(1).mean(1) / math.log(2), atol=1e-4)


def test_bits_without_a_model_are_the_bits_of_a_level():
    assert pixels.bits_per_dim(torch.zeros(1), 100, 5).item() == 5


# ---- the pieces --------------------------------------------------------------------------------------------


def test_actnorm_standardises_its_first_batch():
    norm, x = ActNorm(3), 5 * noise(8, 3, 4, 4) + 2
    norm.settle(x)
    y = norm(x)[0]
    assert y.mean((0, 2, 3)).abs().max() < 1e-5 and (y.std((0, 2, 3)) - 1).abs().max() < 1e-4


def test_settle_reaches_every_actnorm_of_a_glow():
    model = TINY["glow"]()
    settle(model, 0.3 * noise(64, 1, 8, 8))
    assert all(m.log_scale.abs().min() > 0 for m in model.modules() if isinstance(m, ActNorm))
    z = model(0.3 * noise(64, 1, 8, 8))[0]
    assert 0.7 < z.std() < 1.4


def test_the_mixing_matrix_is_inverted_once_and_again_when_it_changes():
    mix, x = shaken(lambda: Mix(6)), noise(1, 6, 2, 2)
    y = mix(x)[0]
    first = mix.both()
    assert mix.both()[1] is first[1]
    w, inverse = first
    assert torch.allclose(w @ inverse, torch.eye(6), atol=1e-5)
    assert torch.allclose(torch.linalg.slogdet(w)[1], mix.log_s.sum(), atol=1e-5)
    with torch.no_grad():
        mix.log_s += 0.5
    assert mix.both()[1] is not first[1] and not torch.allclose(mix(x)[0], y)
    assert torch.allclose(mix.inverse(mix(x)[0])[0], x, atol=1e-5)


def test_a_learning_mix_is_told_its_slope():
    mix = Mix(4)
    mix.both()
    mix(noise(1, 4, 2, 2))[0].sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in (mix.lower, mix.upper, mix.log_s))


def test_a_board_keeps_its_black_squares_and_asks_nobody_else():
    board, x = shaken(LAYERS["board"]), noise(1, 4, 4, 4)
    y = board(x)[0]
    black = board.keep.bool()
    assert torch.equal(y[..., black], x[..., black]) and not torch.isclose(y, x)[..., ~black].any()
    other = torch.where(black, x, x + 1)  # white squares say nothing of how they are moved
    s = (board(other)[0] - y)[..., ~black]
    assert torch.allclose(s.log(), board.read(x * board.keep)[0][..., ~black], atol=1e-4)


def test_depth_is_where_each_level_put_its_half():
    model = shaken(TINY["glow"])
    depth = model.depth()
    counts = [(depth == k).sum().item() for k in range(3)]
    assert counts == [32, 16, 16]
    x = 0.3 * noise(1, 1, 8, 8)
    *_, end = (m for m in model.film(x) if m.level == 0)
    assert torch.equal(end.x[0][depth == 0], model(x)[0][0][depth == 0])  # put aside: it changes no more


def test_a_patch_of_a_transformer_flow_sees_only_what_came_before():
    model = shaken(TINY["tarflow"])
    block, x = model.blocks[0], noise(1, 16, 4)
    y = block(x)[0]
    changed = x.clone()
    changed[0, 9] += 1
    moved = (block(changed)[0] - y).abs().amax(2)[0] > 1e-6
    assert moved.tolist() == [False] * 9 + [True] * 7


def test_drawing_patch_by_patch_is_the_inverse_of_all_at_once():
    model, z = shaken(TINY["tarflow"]), noise(2, 1, 8, 8)
    steps = list(model.draw(z))
    assert len(steps) == 3 * 15 and torch.allclose(model(steps[-1].x)[0], z, atol=1e-4)
    assert [s.level for s in steps] == sorted((s.level for s in steps), reverse=True)


def test_noise_is_taken_off_along_the_score():
    """A transformer flow that does nothing believes in N(0, I): the score at y is -y."""
    model = TINY["tarflow"]().eval().requires_grad_(False)
    y = 0.5 * noise(2, 1, 8, 8)
    expected = y * (1 - model.config.noise**2)
    assert torch.allclose(model.shown(y), expected.clamp(-1, 1), atol=1e-5)


# ---- what ships --------------------------------------------------------------------------------------------


def test_every_recipe_is_offered_and_nothing_else():
    assert {c.name for c in (*FLOW_FACES, *FLOW_FASHION)} == {*MODELS}


@pytest.mark.parametrize("name", MODELS)
def test_what_ships_is_its_own_inverse(name):
    kind, config = MODELS[name]
    model = kind.from_pretrained(name)
    assert model.config == config
    z = 0.7 * noise(2, config.channels, config.size, config.size)
    y, stretched = model.inverse(z)
    again, squeezed = model(y)
    assert (again - z).abs().max() < 1e-3
    assert (stretched + squeezed).abs().max() < 1e-2 * z[0].numel() ** 0.5
    assert (model.inverse(again)[0] - y).abs().max() < 1e-4


@pytest.mark.parametrize("name", MODELS)
@torch.no_grad()
def test_what_ships_is_as_golden(name):
    kept = load_file(hub.WEIGHTS / name / "golden.safetensors")
    found = golden(MODELS[name][0].from_pretrained(name))
    assert found.keys() == kept.keys()
    for key, value in kept.items():
        torch.testing.assert_close(found[key], value, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("name", [c.name for c in FLOW_FASHION])
def test_digits_cost_less_than_the_garments_a_flow_has_learnt(name):
    """The paradox of Nalisnick et al. 2019, on pictures painted by the project."""
    model = RealNVPImages.from_pretrained(name) if name.startswith("real") else Glow.from_pretrained(name)
    cost = []
    for paint in (digit, garment):
        pages = np.stack([np.asarray(paint(k % 10, k)) for k in range(50)])
        x = torch.from_numpy(pages).float()[:, None] / 127.5 - 1
        cost.append(model.bits(x, draws(50)).mean().item())
    assert cost[0] < cost[1] < 8
