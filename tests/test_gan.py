"""The image GANs: shapes, storage, parity with the textbook, games with known answers, what ships."""

import json
import math
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from genmodels.gan.cgan import CGAN, CGANConfig
from genmodels.gan.checkpoints import CGANS, DCGANS, WGANS
from genmodels.gan.dcgan import DCGAN, DCGANConfig
from genmodels.gan.latent import truncated
from genmodels.gan.losses import GAMES, clip, gradient_penalty, r1, slopes, targets
from genmodels.gan.networks import Discriminator, Generator
from genmodels.gan.wgan import WGAN, WGANConfig
from genmodels.model import Model

WEIGHTS = Path(__file__).resolve().parent.parent / "weights"
KINDS = {line.name: kind for kind, lines in ((DCGAN, DCGANS), (WGAN, WGANS), (CGAN, CGANS)) for line in lines}
SMALL = {"size": 16, "channels": 3, "latent": 5, "generator": (8, 4)}


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def tiny(kind: type[Model], **changes: object) -> Model:
    torch.manual_seed(0)
    made = {
        DCGAN: lambda: DCGANConfig(**SMALL | {"discriminator": (4, 8)} | changes),
        WGAN: lambda: WGANConfig(**SMALL | {"critic": (4, 8)} | changes),
        CGAN: lambda: CGANConfig(
            **SMALL | {"critic": (4, 8), "classes": tuple("abcde"), "groups": (3, 2)} | changes
        ),
    }
    model = kind(made[kind]())
    for p in model.parameters():
        nn.init.normal_(p, 0.0, 0.3, generator=seeded(p.numel()))  # visible: the first weights are tiny
    return model.eval().requires_grad_(False)


def ask(model: Model, z: Tensor) -> tuple[Tensor, Tensor]:
    """Pictures of z, and their scores."""
    if isinstance(model, CGAN):
        y = torch.stack([model.label(k % 3, k % 2) for k in range(len(z))])
        x = model.generator(z, y)
        return x, model.critic(x, y)
    x = model.generator(z)
    return x, (model.discriminator if isinstance(model, DCGAN) else model.critic)(x)


MODELS = [(DCGAN, {}), (DCGAN, {"repeat": True}), (WGAN, {}), (CGAN, {}), (CGAN, {"channels": 1})]


@pytest.mark.parametrize(("kind", "changes"), MODELS)
def test_shapes_storage_and_batch(kind, changes, tmp_path):
    model = tiny(kind, **changes)
    z = truncated(3, 4, 5)
    x, score = ask(model, z)
    assert x.shape == (4, model.config.channels, 16, 16)
    assert score.shape == (4,)
    assert x.abs().max() <= 1 < 100 * x.std()
    alone = ask(model, truncated(3, 1, 5))
    assert torch.allclose(alone[0], x[:1], atol=1e-5)
    assert torch.allclose(alone[1], score[:1], atol=1e-5)
    model.save_pretrained(tmp_path, torch.float32)
    again = kind.from_pretrained(tmp_path)
    assert again.config == model.config
    assert all(torch.equal(a, b) for a, b in zip(ask(again, z), (x, score), strict=True))


@pytest.mark.parametrize("kind", [DCGAN, WGAN, CGAN])
def test_sizes_that_do_not_fit_are_refused(kind):
    for changes in ({"size": 20}, {"generator": (8, 4, 4)}):
        with pytest.raises(ValueError, match="unequal"):
            tiny(kind, **changes)


# ---- the layout that everybody knows -----------------------------------------------------------------------


def textbook_generator(latent: int, widths: tuple[int, ...], channels: int) -> nn.Sequential:
    layers: list[nn.Module] = [nn.ConvTranspose2d(latent, widths[0], 4, 1, 0, bias=False)]
    for a, b in pairwise(widths):
        layers += [nn.BatchNorm2d(a), nn.ReLU(), nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False)]
    layers += [nn.BatchNorm2d(widths[-1]), nn.ReLU()]
    return nn.Sequential(*layers, nn.ConvTranspose2d(widths[-1], channels, 4, 2, 1, bias=False), nn.Tanh())


def textbook_discriminator(channels: int, widths: tuple[int, ...], normed: bool) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(channels, widths[0], 4, 2, 1, bias=not normed), nn.LeakyReLU(0.2)]
    for a, b in pairwise(widths):
        layers += [nn.Conv2d(a, b, 4, 2, 1, bias=not normed)]
        layers += [nn.BatchNorm2d(b), nn.LeakyReLU(0.2)] if normed else [nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 4, 1, 0, bias=not normed))


def copied(ours: nn.Module, order: list[nn.Module], theirs: nn.Sequential) -> None:
    """Weights of the textbook's layers into ours, in the order of use; a bias it lacks becomes 0."""
    layers = [layer for layer in theirs if list(layer.parameters())]
    for mine, layer in zip(order, layers, strict=True):
        bias = {"bias": torch.zeros_like(mine.bias)} if mine.bias is not None else {}
        mine.load_state_dict(bias | layer.state_dict())


@pytest.mark.parametrize("training", [True, False])
def test_generator_is_the_textbooks(training):
    torch.manual_seed(0)
    ours, theirs = Generator(7, (16, 8, 4), 3), textbook_generator(7, (16, 8, 4), 3)
    between = [m for up, norm in zip(ours.ups, ours.norms[1:], strict=True) for m in (up.conv, norm)]
    copied(ours, [ours.first, ours.norms[0], *between, ours.last.conv], theirs)
    z = torch.randn(6, 7, generator=seeded())
    for network in (ours, theirs):
        network.train(training)
    assert torch.allclose(ours(z), theirs(z[:, :, None, None]), atol=1e-6)
    assert ours(z).shape == (6, 3, 32, 32)


@pytest.mark.parametrize("normed", [True, False])
def test_discriminator_and_critic_are_the_textbooks(normed):
    torch.manual_seed(0)
    ours, theirs = Discriminator(3, (4, 8, 16), normed, 0.0), textbook_discriminator(3, (4, 8, 16), normed)
    pairs = zip(ours.downs, ours.norms, strict=True)
    between = [m for pair in pairs for m in pair if not isinstance(m, nn.Identity)]
    copied(ours, [ours.first, *between, ours.last], theirs)
    x = torch.randn(6, 3, 32, 32, generator=seeded())
    for training in (True, False):
        scores = ours.train(training)(x)
        assert torch.allclose(scores, theirs.train(training)(x).flatten(), atol=1e-5)


def count(network: nn.Module, running: bool = False) -> int:
    """Numbers that are trained; with those of the norms that are counted along, as Keras does."""
    kept = (b for name, b in network.named_buffers() if "running" in name)
    return sum(p.numel() for p in network.parameters()) + running * sum(b.numel() for b in kept)


def test_published_numbers_of_parameters():
    dcgan = DCGAN(DCGANConfig(channels=1))
    assert count(dcgan.generator, running=True) == 3_576_576 + 1  # our last layer has a bias
    assert count(dcgan.generator) == 3_574_656 + 1
    assert count(dcgan.discriminator) == 2_763_520 + 64 + 1  # our first and last layers have one
    wgan = WGAN()
    assert count(wgan.generator, running=True) == 3_808_003
    assert count(wgan.critic) == 2_764_737
    cgan = CGAN(CGANConfig(classes=("no", "yes"), groups=(2,)))
    assert count(cgan.network, running=True) == 729_859
    two_channels = 2 * 64 * 16  # of labels that the book lays beside the picture; ours projects them instead
    assert count(cgan.judge) + count(cgan.look) == 662_977 - two_channels + 2 * 128


def test_first_weights_are_small_and_centred():
    torch.manual_seed(0)
    model = WGAN(WGANConfig(**SMALL | {"generator": (64, 32), "critic": (32, 64)}))
    weights = torch.cat([m.weight.flatten() for m in model.modules() if isinstance(m, nn.Conv2d)])
    assert weights.std().item() == pytest.approx(0.02, rel=0.05)
    assert weights.mean().abs() < 1e-3


# ---- the games ---------------------------------------------------------------------------------------------


def test_games_against_torchs_own_losses():
    score = 3 * torch.randn(50, generator=seeded(1))
    ones, zeros = torch.ones(50), torch.zeros(50)
    soft = targets(50, True, seeded(2), soft=0.3)
    for name in ("minimax", "non_saturating"):
        judge = GAMES[name].judge
        assert torch.allclose(judge(score, soft), F.binary_cross_entropy(score.sigmoid(), soft), atol=1e-5)
    assert torch.allclose(GAMES["minimax"].fool(score), (1 - score.sigmoid()).log().mean(), atol=1e-5)
    fooled = F.binary_cross_entropy_with_logits(score, ones)
    assert torch.allclose(GAMES["non_saturating"].fool(score), fooled)
    assert torch.allclose(GAMES["least_squares"].judge(score, soft), F.mse_loss(score, soft))
    assert torch.allclose(GAMES["least_squares"].fool(score), F.mse_loss(score, ones))
    for label, side in ((ones, 1.0), (zeros, -1.0)):
        hinge = F.margin_ranking_loss(score, zeros, torch.full((50,), side), margin=1.0)
        assert torch.allclose(GAMES["hinge"].judge(score, label), hinge)
        assert torch.allclose(GAMES["wasserstein"].judge(score, label), -side * score.mean())
    for name in ("hinge", "wasserstein"):
        assert torch.equal(GAMES[name].fool(score), -score.mean())


P, Q = torch.tensor([8, 6, 3, 2, 1]), torch.tensor([1, 2, 2, 5, 10])  # of 20 each


def test_the_best_discriminator_measures_jensen_and_shannon():
    p, q = P / 20, Q / 20
    score = (p / q).log().requires_grad_(True)
    judge = GAMES["minimax"].judge
    real, fake = score.repeat_interleave(P), score.repeat_interleave(Q)
    loss = judge(real, torch.ones(20)) + judge(fake, torch.zeros(20))
    middle = (p + q) / 2
    js = 0.5 * ((p * (p / middle).log()).sum() + (q * (q / middle).log()).sum())
    assert -loss.item() == pytest.approx(-2 * math.log(2) + 2 * js.item(), abs=1e-6)
    (slope,) = torch.autograd.grad(loss, score)
    assert slope.abs().max() < 1e-6  # and nothing is better
    value = real.sigmoid().log().mean() + GAMES["minimax"].fool(fake)
    assert value.item() == pytest.approx(-loss.item(), abs=1e-6)


def test_the_best_least_squares_score_is_the_share_of_real():
    score = (P / (P + Q)).requires_grad_(True)
    judge = GAMES["least_squares"].judge
    real, fake = score.repeat_interleave(P), score.repeat_interleave(Q)
    loss = judge(real, torch.ones(20)) + judge(fake, torch.zeros(20))
    (slope,) = torch.autograd.grad(loss, score)
    assert slope.abs().max() < 1e-6


def test_only_minimax_has_no_slope_where_the_discriminator_is_sure():
    for name, game in GAMES.items():
        score = torch.tensor([-20.0], requires_grad=True)
        (slope,) = torch.autograd.grad(game.fool(score), score)
        assert slope < 0  # up, in every game
        assert (slope.abs() < 1e-6).item() == (name == "minimax"), name


def test_labels_stay_between_0_and_1():
    real, fake = (targets(5000, side, seeded(), soft=0.1) for side in (True, False))
    assert 0.9 <= real.min() < 0.901 < 0.999 < real.max() <= 1
    assert 0 <= fake.min() < 0.001 < 0.099 < fake.max() <= 0.1
    assert torch.equal(targets(9, True, seeded()), torch.ones(9))
    flipped = targets(5000, True, seeded(), flips=0.2)
    assert set(flipped.tolist()) == {0.0, 1.0}
    assert (flipped == 0).float().mean().item() == pytest.approx(0.2, abs=0.02)
    assert torch.equal(targets(9, True, seeded(7), 0.3, 0.3), targets(9, True, seeded(7), 0.3, 0.3))


def settle(outside: bool, steps: int = 400) -> tuple[float, float]:
    """One logit that is always shown real: where it ends, and its loss."""
    score, generator = torch.zeros(64, requires_grad=True), seeded()
    for _ in range(steps):
        soft = targets(64, True, generator, soft=0.1)
        label = 2 - soft if outside else soft  # 1 + 0.1 u, as it is printed, or 1 - 0.1 u
        loss = GAMES["non_saturating"].judge(score, label)
        (slope,) = torch.autograd.grad(loss, score)
        score = (score - 200 * slope).detach().requires_grad_(True)
    return score.mean().item(), loss.item()


def test_labels_beyond_1_pull_the_logit_to_infinity():
    logit, loss = settle(outside=False)
    assert torch.tensor(logit).sigmoid().item() == pytest.approx(0.95, abs=0.01)
    assert loss > 0
    ends = [settle(outside=True, steps=n) for n in (100, 200, 400)]
    assert ends[2][0] - ends[1][0] == pytest.approx(2 * (ends[1][0] - ends[0][0]), rel=0.1)  # no end of it
    assert 0 > ends[0][1] > ends[1][1] > ends[2][1]


# ---- what bounds the slope ---------------------------------------------------------------------------------


def test_penalty_of_a_linear_critic_and_its_gradient():
    w = torch.tensor([2.0, -1.0, 2.0, 4.0], requires_grad=True)  # of length 5
    real, fake = torch.randn(6, 4, generator=seeded()), torch.randn(6, 4, generator=seeded(1))
    penalty = gradient_penalty(lambda x: x @ w, real, fake, seeded())
    assert penalty.item() == pytest.approx(16.0, rel=1e-5)
    (slope,) = torch.autograd.grad(penalty, w)
    assert torch.allclose(slope, 2 * (5 - 1) * w.detach() / 5, rtol=1e-4)


def test_penalty_is_taken_between_the_pairs():
    real, fake = torch.zeros(500, 1, 2, 2), torch.tensor([1.0, 2.0, -1.0, 4.0]).view(1, 1, 2, 2)
    seen = []

    def critic(x: Tensor) -> Tensor:
        seen.append(x.detach())
        return x.flatten(1).sum(1)

    gradient_penalty(critic, real, fake.expand_as(real), seeded())
    share = seen[0] / fake  # one number for each pair, the same for all its pixels
    assert torch.allclose(share, share[:, :, :1, :1].expand_as(share), atol=1e-6)
    assert 0 <= share.min() < 0.02 < 0.98 < share.max() <= 1
    assert share.mean().item() == pytest.approx(0.5, abs=0.05)
    assert share.std().item() == pytest.approx(1 / 12**0.5, abs=0.02)  # uniform, not normal


def test_penalty_leaves_the_generator_alone():
    w = torch.ones(2, requires_grad=True)
    drawn = torch.randn(4, 2, generator=seeded()).requires_grad_(True)
    penalty = gradient_penalty(lambda x: (x * x) @ w, torch.randn(4, 2), drawn, seeded())
    penalty.backward()
    assert drawn.grad is None
    assert w.grad.abs().max() > 0


def test_r1_of_known_critics():
    w = torch.tensor([3.0, 4.0], requires_grad=True)
    x = torch.randn(7, 2, generator=seeded())
    value = r1(lambda at: at @ w, x)
    assert value.item() == pytest.approx(12.5)
    (slope,) = torch.autograd.grad(value, w)
    assert torch.allclose(slope, w.detach())
    bowl = r1(lambda at: 0.5 * at.square().sum(1), x)  # its slope is the point itself
    assert torch.allclose(bowl, 0.5 * x.square().sum(1).mean())


def test_slope_is_that_of_finite_differences():
    critic = tiny(WGAN).critic.double()
    x = torch.randn(2, 3, 16, 16, generator=seeded(), dtype=torch.float64)
    way = torch.randn(2, 3, 16, 16, generator=seeded(1), dtype=torch.float64)
    numeric = (critic(x + 1e-5 * way) - critic(x - 1e-5 * way)) / 2e-5
    assert torch.allclose((slopes(critic, x) * way).sum((1, 2, 3)), numeric, rtol=1e-4)


def test_clip():
    model = tiny(WGAN)
    before = [p.clone() for p in model.generator.parameters()]
    clip(model.critic, 0.01)
    assert max(p.abs().max().item() for p in model.critic.parameters()) == pytest.approx(0.01)
    assert all(torch.equal(a, b) for a, b in zip(before, model.generator.parameters(), strict=True))


def test_a_normalised_critic_looks_at_the_neighbours_and_ours_does_not():
    x = torch.randn(4, 3, 16, 16, generator=seeded())
    crowd = torch.cat([x[:1], 3 * x[1:]])
    for normed in (True, False):
        torch.manual_seed(0)
        critic = Discriminator(3, (4, 8), normed).train()
        moved = (critic(x)[0] - critic(crowd)[0]).abs()
        assert (moved > 1e-3) if normed else (moved < 1e-6)


# ---- labels ------------------------------------------------------------------------------------------------


def test_the_critic_adds_its_two_questions():
    model = tiny(CGAN)
    x = torch.randn(4, 3, 16, 16, generator=seeded())
    a, b = (model.label(*chosen).expand(4, -1) for chosen in ((0, 1), (2, 0)))
    for share in (0.0, 0.3, 1.0, 1.7):
        blend = model.critic(x, a + share * (b - a))
        assert torch.allclose(blend, torch.lerp(model.critic(x, a), model.critic(x, b), share), atol=1e-4)
    plain = model.critic(x, torch.zeros(4, 5))
    assert torch.allclose(plain, model.judge(x), atol=1e-5)
    h = model.judge.features(x).sum((2, 3))
    looked = model.look.weight[:, 0] + model.look.weight[:, 4]  # where the label (0, 1) looks
    assert torch.allclose(model.critic(x, a) - plain, h @ looked, atol=1e-4)


def test_label_and_noise_both_change_the_picture():
    model = tiny(CGAN)
    z, y = truncated(0, 2, 5), torch.stack([model.label(0, 0), model.label(0, 1)])
    assert not torch.allclose(model.generator(z[:1], y[:1]), model.generator(z[:1], y[1:]), atol=1e-3)
    assert not torch.allclose(model.generator(z[:1], y[:1]), model.generator(z[1:], y[:1]), atol=1e-3)


def test_labels_that_do_not_exist_are_refused():
    model = tiny(CGAN)
    assert model.label(2, 0).tolist() == [0, 0, 1, 1, 0]
    for wrong in ((3, 0), (0, -1), (0,), (0, 0, 0)):
        with pytest.raises(ValueError, match="label"):
            model.label(*wrong)
    with pytest.raises(ValueError, match="unequal"):
        tiny(CGAN, groups=(3, 3))


# ---- noise -------------------------------------------------------------------------------------------------


def test_noise_is_its_seed_and_normal():
    z = truncated(10, 300, 64)
    assert z.shape == (300, 64)
    assert z.dtype == torch.float32
    assert torch.equal(truncated(17, 1, 64), z[7:8])
    assert z.mean().item() == pytest.approx(0, abs=0.03)
    assert z.var().item() == pytest.approx(1, abs=0.03)
    assert z.pow(4).mean().item() == pytest.approx(3, abs=0.2)  # tails too
    assert z.isfinite().all()


def test_truncation_is_the_truncated_normals():
    near = truncated(10, 300, 64, threshold=1.0)
    assert near.abs().max() <= 1
    inside = math.erf(1 / 2**0.5)
    variance = 1 - 2 * math.exp(-0.5) / (2 * math.pi) ** 0.5 / inside
    assert near.var().item() == pytest.approx(variance, abs=0.01)
    assert torch.equal(truncated(17, 1, 64, 1.0), near[7:8])
    assert torch.equal(truncated(10, 2, 64, 0.0), torch.zeros(2, 64))
    whole = truncated(10, 300, 64)
    assert (whole.sign() == near.sign()).all()  # each number moves in towards 0
    assert (whole.abs() >= near.abs() - 1e-6).all()


def test_truncation_is_continuous():
    steps = [truncated(0, 4, 64, t) for t in (0.0, 1e-4, 0.5, 0.5001, 2.0, 2.0001, 50.0, float("inf"))]
    for i in (0, 2, 4, 6):
        assert (steps[i] - steps[i + 1]).abs().max() < 2e-4


# ---- what ships --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
def test_what_ships(name):
    folder = WEIGHTS / name
    if not (folder / "golden.safetensors").is_file():
        pytest.skip(f"{name} is not trained yet")
    model, golden = KINDS[name].from_pretrained(name), load_file(folder / "golden.safetensors")
    given = [golden[k] for k in ("y",) if k in golden]
    image = model.generator(golden["z"], *given)
    assert torch.allclose(image[..., ::4, ::4], golden["image"], atol=1e-4)
    judge = model.discriminator if isinstance(model, DCGAN) else model.critic
    assert torch.allclose(judge(image, *given), golden["score"], rtol=1e-3, atol=1e-3)
    assert (folder / "README.md").read_text().startswith("---\nlicense: mit")
    facts = json.loads((folder / "metrics.json").read_text())
    assert facts["parameters"] == count(model)
    assert {"frechet", "frechet_real", "precision", "recall", "coverage"} <= facts["measures"].keys()


@pytest.mark.parametrize("name", KINDS)
def test_the_film_ships(name):
    folder = WEIGHTS / name
    if not (folder / "film.json").is_file():
        pytest.skip(f"{name} is not trained yet")
    facts = json.loads((folder / "film.json").read_text())
    with Image.open(folder / "film.webp") as picture:
        shape = picture.size
    moments, steps = facts["moments"], [m["step"] for m in facts["moments"]]
    assert 2 <= len(moments) <= 12
    assert steps == sorted(set(steps))
    assert shape == (facts["columns"] * facts["size"], len(moments) * facts["size"])
    assert facts["size"] == KINDS[name].from_pretrained(name).config.size
    assert {len(v) for v in facts["curves"].values()} == {len(facts["curves"]["step"])}
    assert len(facts["curves"]["step"]) <= 200
    assert len(facts.get("labels", [])) in (0, facts["columns"])
