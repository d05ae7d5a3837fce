"""PixelVAE: what a pixel may know, the bound against closed forms, two ways of drawing, what ships."""

from math import log, pi
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from genmodels.autoregressive import sampling
from genmodels.autoregressive.checkpoints import PIXELVAE
from genmodels.autoregressive.pixelvae import PixelVAE, PixelVAEConfig
from genmodels.runtime import noise

WEIGHTS = Path(__file__).resolve().parent.parent / "weights"
SIZE, LATENT = (8, 8), 3


def tiny(*, sees: bool = True, seed: int = 0) -> PixelVAE:
    torch.manual_seed(seed)
    model = PixelVAE(PixelVAEConfig(SIZE, latent=LATENT, features=(6, 8), channels=6, reach=1, sees=sees))
    for p in model.parameters():  # blocks start as identities: stir, so that everything counts
        torch.nn.init.normal_(p, std=0.3)
    return model.eval().requires_grad_(False)


def pictures(count: int = 4) -> torch.Tensor:
    return torch.randint(4, (count, 1, *SIZE), generator=torch.Generator().manual_seed(0))


def test_stored_and_read_is_the_same(tmp_path):
    model = tiny(sees=False)
    model.save_pretrained(tmp_path, torch.float32)
    again = PixelVAE.from_pretrained(tmp_path)
    assert again.config == model.config and not again.sees
    z = noise(0, 4, (LATENT,))
    assert torch.equal(again.log_prob(pictures(), z), model.log_prob(pictures(), z))


def test_shapes_and_a_picture_does_not_depend_on_its_batch():
    model, x = tiny(), pictures(5)
    code = model.encode(x)
    assert code.mean.shape == code.log_var.shape == (5, LATENT)
    assert model.logits(x, code.mean).shape == (5, *SIZE, 4)
    assert torch.allclose(model.encode(x[3:4]).mean, code.mean[3:4], atol=1e-5)
    one = model.log_prob(x[3:4], code.mean[3:4])
    assert torch.allclose(one, model.log_prob(x, code.mean)[3:4], atol=1e-5)


@pytest.mark.parametrize("place", [(0, 0), (3, 4), (7, 7)])
def test_a_pixel_knows_those_before_it_and_all_of_z(place):
    model, x, z = tiny(), pictures(1), noise(0, 1, (LATENT,))
    before = model.logits(x, z)
    x[0, 0, *place] = 3 - x[0, 0, *place]
    moved = (model.logits(x, z) != before).any(-1)[0]
    order = torch.arange(64).view(SIZE)
    assert not moved[order <= order[place]].any()
    if place == (3, 4):
        assert moved[3, 5] and moved[4, 3:6].all()
        assert not moved[7].any()  # short-sighted: what is far below is none of its business
    assert (model.logits(x, z + 1) != model.logits(x, z)).any(-1).float().mean() > 0.9  # but for shut ReLUs


def test_with_its_eyes_shut_only_z_counts():
    model, z = tiny(sees=False), noise(0, 4, (LATENT,))
    x = pictures()
    assert torch.equal(model.logits(x, z), model.logits(3 - x, z))
    assert (model.logits(x, z + 1) != model.logits(x, z)).any(-1).float().mean() > 0.9  # but for shut ReLUs


def test_the_terms_of_the_bound_are_the_closed_forms():
    model, x, e = tiny(), pictures(), noise(5, 4, (LATENT,))
    log_prob, kl = model.bound(x, e)
    mean, log_var = model.encode(x)
    q = torch.distributions.Normal(mean, (0.5 * log_var).exp())
    p = torch.distributions.Normal(0.0, 1.0)
    assert torch.allclose(kl, torch.distributions.kl_divergence(q, p), atol=1e-5)
    z = q.mean + q.stddev * e
    each = model.logits(x, z).log_softmax(-1)
    one_hot = torch.nn.functional.one_hot(x[:, 0], 4)
    assert torch.allclose(log_prob, (each * one_hot).sum((1, 2, 3)), atol=1e-4)


def test_probabilities_of_all_pictures_given_z_add_up_to_one():
    """4 x 4 pixels in two greys: 65,536 pictures, all of them."""
    torch.manual_seed(0)
    config = PixelVAEConfig((4, 4), levels=2, latent=2, features=(4, 4), channels=4, reach=1)
    model = PixelVAE(config).eval().requires_grad_(False)
    for p in model.parameters():
        torch.nn.init.normal_(p, std=0.5)
    numbers = torch.arange(2**16)
    x = (numbers[:, None] >> torch.arange(16) & 1).view(-1, 1, 4, 4)
    z = noise(0, 1, (2,))
    nats = torch.cat([model.log_prob(part, z).sum((1, 2)) for part in x.split(4096)])
    assert nats.double().exp().sum().item() == pytest.approx(1, abs=1e-4)


def test_the_tighter_bound_with_one_code_is_a_draw_of_the_bound():
    model, x, e = tiny(), pictures(), noise(5, 4, (LATENT,))
    mean, log_var = model.encode(x)
    z = mean + (0.5 * log_var).exp() * e
    log_q = (-0.5 * e**2 - 0.5 * log_var - 0.5 * log(2 * pi)).sum(1)
    log_p = (-0.5 * z**2 - 0.5 * log(2 * pi)).sum(1)
    expected = model.log_prob(x, z).sum((1, 2)) + log_p - log_q
    assert torch.allclose(model.tight(x, e[None]), expected, atol=1e-3)


def test_the_tighter_bound_rises_to_the_truth():
    """Against the integral over a z of one dimension, on a grid."""
    torch.manual_seed(0)
    model = PixelVAE(PixelVAEConfig(SIZE, latent=1, features=(6, 8), channels=6, reach=1))
    for p in model.parameters():
        torch.nn.init.normal_(p, std=0.2)
    model, x = model.eval().requires_grad_(False), pictures(1)
    grid = torch.linspace(-8, 8, 4001)[:, None]
    each = model.log_prob(x.expand(len(grid), -1, -1, -1), grid).sum((1, 2)).double()
    prior = torch.distributions.Normal(0.0, 1.0).log_prob(grid[:, 0])
    truth = ((each + prior).logsumexp(0) + log(16 / 4000)).item()
    generator = torch.Generator().manual_seed(0)
    found = {
        k: torch.stack([model.tight(x, torch.randn(k, 1, 1, generator=generator)) for _ in range(40)])
        for k in (1, 64)
    }
    log_prob, kl = model.bound(x.expand(400, -1, -1, -1), torch.randn(400, 1, generator=generator))
    bound = (log_prob - kl.sum(1)).mean().item()
    assert bound <= truth + 0.05
    assert found[1].mean() <= found[64].mean() + 0.01
    assert found[64].mean().item() == pytest.approx(truth, abs=0.1)


@pytest.mark.parametrize("sees", [True, False])
def test_both_ways_of_drawing_give_the_same_pictures(sees):
    model, z = tiny(sees=sees), noise(0, 3, (LATENT,))
    quick = list(sampling.draw(model, 7, 3, z=z))
    slow = sampling.last(sampling.draw(model, 7, 3, naive=True, z=z))
    assert len(quick) == 64 and torch.equal(quick[-1].x, slow)
    again = model.logits(slow, z)
    assert all(torch.allclose(s.params, again[:, s.i, s.j], atol=1e-4) for s in quick)


def test_the_same_seed_is_the_same_picture_alone_or_in_company():
    model, z = tiny(), noise(0, 4, (LATENT,))
    four = sampling.last(sampling.draw(model, 7, 4, z=z))
    assert torch.equal(four, sampling.last(sampling.draw(model, 7, 4, z=z)))
    assert torch.equal(four[2:3], sampling.last(sampling.draw(model, 9, 1, z=z[2:3])))
    assert not torch.equal(four, sampling.last(sampling.draw(model, 8, 4, z=z)))


def test_several_seeds_may_be_given_one_by_one():
    """What the tab does: the same chances for different codes."""
    model, z = tiny(), noise(0, 1, (LATENT,)).expand(3, -1)
    x = sampling.last(sampling.draw(model, [7, 7, 8], 3, z=z))
    assert torch.equal(x[0], x[1]) and not torch.equal(x[0], x[2])
    assert torch.equal(x[1:], sampling.last(sampling.draw(model, 7, 2, z=z[:1])))


def test_chances_are_those_that_picking_follows():
    model = tiny()
    params = model.logits(pictures(1), noise(0, 1, (LATENT,)))[:, 2, 2]
    u = (torch.arange(4000) + 0.5)[:, None] / 4000
    counts = model.pick(params.expand(4000, -1), u).flatten().bincount(minlength=4)
    assert torch.allclose(counts / 4000, model.chances(params)[0], atol=1e-3)
    assert model.pick(params, u[:1], temperature=0).item() == model.chances(params).argmax().item()


@pytest.mark.parametrize("line", PIXELVAE, ids=lambda c: c.name)
def test_what_ships(line):
    folder = WEIGHTS / line.name
    model = PixelVAE.from_pretrained(line)
    golden = load_file(folder / "golden.safetensors")
    mean, log_var = model.encode(golden["x"].long())
    assert torch.allclose(mean, golden["mean"], atol=1e-3)
    assert torch.allclose(log_var, golden["log_var"], atol=1e-3)
    assert torch.allclose(model.log_prob(golden["x"].long(), mean), golden["log_prob"], atol=1e-2)
    assert model.sees == (line.name == "pixelvae-fashion")
    assert (folder / "README.md").read_text().startswith("---\nlicense: mit")
