"""How the image GANs are trained and measured: the duel, its film, its resumption, and each measure."""

import argparse
import json
from collections.abc import Callable
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from genmodels.gan.cgan import CGAN, CGANConfig
from genmodels.gan.checkpoints import CGANS, DCGANS, WGANS
from genmodels.gan.dcgan import DCGAN, DCGANConfig
from genmodels.gan.wgan import WGAN, WGANConfig
from training import duel, gan, gan_measures, loop
from training.gan_cards import CARDS

STEPS = 20
SIZE = {"size": 16, "channels": 3, "latent": 5, "generator": (8, 4)}
KINDS = {
    "dcgan": lambda: DCGAN(DCGANConfig(**SIZE, discriminator=(4, 8))),
    "clipped": lambda: WGAN(WGANConfig(**SIZE, critic=(4, 8), clip=0.02, penalty=0.0, critic_steps=2)),
    "penalised": lambda: WGAN(WGANConfig(**SIZE, critic=(4, 8), critic_steps=2)),
    "conditional": lambda: CGAN(
        CGANConfig(**SIZE, critic=(4, 8), classes=tuple("abcde"), groups=(3, 2), critic_steps=2)
    ),
}


class Killed(Exception):
    pass


def killed_after(play: Callable, times: int) -> Callable:
    turns = count()

    def turn(*given: object) -> dict[str, Tensor]:
        if next(turns) == times:
            raise Killed
        return play(*given)

    return turn


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Every step takes a second: moments fall where they fall, on any machine."""
    monkeypatch.setattr(duel, "time", SimpleNamespace(monotonic=count().__next__))


def arguments(tmp_path, **changes) -> argparse.Namespace:
    args = loop.arguments("", 1).parse_args(["--device", "cpu", "--batch", "8", "--runs", str(tmp_path)])
    for name, value in (
        {"lr": 1e-3, "push": 1.0, "judge": 1.0, "minutes": STEPS / 60, "sheet_minutes": 0.1} | changes
    ).items():
        setattr(args, name, value)
    return args


def recipe(kind: str, monkeypatch, args: argparse.Namespace) -> duel.Duel:
    """As `training.gan` makes it, on blots whose label is their colour."""
    torch.manual_seed(0)
    model = KINDS[kind]()

    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        which = torch.from_numpy(rng.integers(3, size=8))
        x = torch.eye(3)[which][:, :, None, None].expand(-1, -1, 16, 16) * 1.6 - 0.8
        labels = torch.cat([torch.eye(3)[which], torch.eye(2)[which % 2]], 1)
        return (x, labels) if kind == "conditional" else (x,)

    monkeypatch.setattr(gan, "source", lambda name, args: batch)
    return gan.recipe(kind, model, args)


def numbers(model: nn.Module) -> list[Tensor]:
    return [v.clone() for v in model.state_dict().values()]


def same(a: list[Tensor], b: list[Tensor]) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_a_duel_ends_with_its_film_and_its_curves(kind, tmp_path, monkeypatch):
    args = arguments(tmp_path)
    model, state = duel.train(recipe(kind, monkeypatch, args), args)
    assert state.step == STEPS
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())
    columns = 6 if kind == "conditional" else 12
    duel.write_film(state, tmp_path, 16, columns)
    facts, sheet = json.loads((tmp_path / "film.json").read_text()), tmp_path / "film.webp"
    with Image.open(sheet) as picture:
        assert picture.size == (16 * columns, 16 * 12)
    steps = [m["step"] for m in facts["moments"]]
    assert len(steps) == 12
    assert steps == sorted(set(steps))
    assert steps[-1] == STEPS
    assert facts["moments"][-1] == {"step": STEPS, "minutes": round(STEPS / 60, 2), "images": 8 * STEPS}
    kept = {
        "dcgan": {"right_real", "right_fake"},
        "clipped": {"gap"},
        "penalised": {"gap", "penalty"},
        "conditional": {"gap", "fits", "penalty"},
    }
    assert facts["curves"].keys() == {"step", "generator", "discriminator"} | kept[kind]
    assert {len(v) for v in facts["curves"].values()} == {STEPS}
    assert np.isfinite([list(v) for v in facts["curves"].values()]).all()
    with torch.no_grad():
        last = loop.to_uint8(torch.cat(tuple(gan.draw(model)), dim=2))
    assert np.array_equal(state.rows[-1], last)  # the film's last row is what ships
    if kind == "clipped":
        assert max(p.abs().max().item() for p in model.critic.parameters()) <= 0.0201


@pytest.mark.parametrize("kind", ["dcgan", "penalised"])
def test_a_resumed_duel_is_the_uninterrupted_one(kind, tmp_path, monkeypatch):
    args = arguments(tmp_path)
    whole, film = duel.train(recipe(kind, monkeypatch, args), args)
    args, half = arguments(tmp_path / "halves"), recipe(kind, monkeypatch, args)
    half.discriminate = killed_after(half.discriminate, 9 * half.steps)
    with pytest.raises(Killed):  # last saved after 7 steps, and the film has grown since
        duel.train(half, args)
    torch.manual_seed(99)  # nothing may depend on the global generator
    args.resume = True
    again, resumed = duel.train(recipe(kind, monkeypatch, args), args)
    assert same(numbers(again), numbers(whole))
    assert resumed.film == film.film
    assert np.array_equal(resumed.rows, film.rows)


def test_a_finished_duel_goes_on_with_twelve_moments(tmp_path, monkeypatch):
    args = arguments(tmp_path)
    _, film = duel.train(recipe("dcgan", monkeypatch, args), args)
    args = arguments(tmp_path, resume=True, minutes=2 * STEPS / 60)
    _, longer = duel.train(recipe("dcgan", monkeypatch, args), args)
    assert longer.step == 2 * STEPS
    assert len(longer.film) == len(longer.rows) == 12
    assert longer.film[:11] == film.film[:11]
    assert longer.film[-1]["step"] == 2 * STEPS


@pytest.mark.parametrize("kind", KINDS)
def test_each_side_learns_in_its_own_turn(kind, tmp_path, monkeypatch):
    args = arguments(tmp_path)
    it = recipe(kind, monkeypatch, args)
    it.model.train()
    state = duel.State(average=KINDS[kind]())
    drawer = it.model.get_submodule(it.drawer)
    judges = [p for n, p in it.model.named_parameters() if not n.startswith(f"{it.drawer}.")]
    turns = []

    def watched(play, mine, others):
        def turn(*given):
            turns.append(([p.clone() for p in mine], [p.clone() for p in others]))
            return play(*given)

        return turn

    drawing = list(drawer.parameters())
    it.discriminate = watched(it.discriminate, judges, drawing)
    it.generate = watched(it.generate, drawing, judges)
    duel.one_step(it, state, args)
    turns.append(([p.clone() for p in drawing], [p.clone() for p in judges]))
    assert len(turns) == it.steps + 2
    for k in range(it.steps):  # before and after each of the discriminator's
        (judge, draw), after = turns[k], turns[k + 1]
        judge_after, draw_after = after if k + 1 < it.steps else after[::-1]
        assert same(draw, draw_after)
        assert not same(judge, judge_after)
    (draw, judge), (draw_after, judge_after) = turns[-2:]
    assert same(judge, judge_after)
    assert not same(draw, draw_after)


def test_finished_norms_are_those_of_the_averaged_generator(tmp_path, monkeypatch):
    args = arguments(tmp_path)
    it = recipe("dcgan", monkeypatch, args)
    _, state = duel.train(it, args)
    before = numbers(it.model)
    model, again = (duel.finished(it, state, args) for _ in range(2))
    assert same(numbers(model), numbers(again))
    assert same(numbers(it.model), before)
    assert same(list(model.generator.parameters()), list(state.average.generator.parameters()))
    assert same(numbers(model.discriminator), numbers(it.model.discriminator))
    firsts = []
    model.generator.first.register_forward_hook(lambda *given: firsts.append(given[-1]))
    model(torch.randn(4000, 5, generator=torch.Generator().manual_seed(0)))
    mean = firsts[0].mean((0, 2, 3))
    norm = model.generator.norms[0]
    assert torch.allclose(norm.running_mean, mean, atol=0.2 * firsts[0].std().item())
    assert norm.momentum == 0.1
    assert (norm.running_var / firsts[0].var((0, 2, 3)) - 1).abs().max() < 0.3


# ---- measures ----------------------------------------------------------------------------------------------


def test_every_checkpoint_has_a_recipe_and_a_card():
    assert CARDS.keys() == gan.MODELS.keys() == {line.name for line in (*DCGANS, *WGANS, *CGANS)}


def test_obedience_counts_every_label_alike():
    asked = torch.tensor([[0, 0]] * 90 + [[1, 1]] * 10)
    read = asked.clone()
    read[90:, 0] = 0  # the rare label's first group is never right
    found = gan_measures.obeyed(read, asked, ("hair", "glasses"), "obedience")
    assert found == pytest.approx({"obedience": 0.5, "obedience_hair": 0.5, "obedience_glasses": 1.0})
    labels = torch.tensor([[0.0, 1, 0, 1, 0], [1, 0, 0, 0, 1]])
    assert gan_measures.told(labels, (3, 2)).tolist() == [[1, 0], [0, 1]]


def test_above_is_the_chance_of_a_higher_score():
    a, b = torch.tensor([3.0, 1.0]), torch.tensor([2.0, 0.0, -1.0])
    assert gan_measures.above(a, b) == pytest.approx(5 / 6)
    assert gan_measures.above(b, a) == pytest.approx(1 / 6)


def test_stripes_are_found_and_smooth_pictures_have_none():
    row = torch.arange(64)
    smooth = (row / 10).sin().expand(2, 3, 64, 64)
    striped = smooth + 0.1 * (-1.0) ** row
    assert gan_measures.checkerboard(striped) > 50 * gan_measures.checkerboard(smooth)
    assert gan_measures.checkerboard(striped.mT) == pytest.approx(gan_measures.checkerboard(striped))


def test_limit_and_slope_of_known_critics():
    model = KINDS["clipped"]()
    for p in model.critic.parameters():
        nn.init.constant_(p, 0.001)
    assert gan_measures.at_limit(model) == 0
    nn.init.constant_(model.critic.last.weight, -0.02)
    share = model.critic.last.weight.numel() / sum(p.numel() for p in model.critic.parameters())
    assert gan_measures.at_limit(model) == pytest.approx(share)
    x = torch.rand(30, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    flat = SimpleNamespace(critic=lambda at: 2 * at[:, 0, 3, 5])
    assert gan_measures.steepness(flat, (x,), (1 - x,)) == pytest.approx(2)


def test_the_label_that_the_critic_likes_best():
    torch.manual_seed(0)
    model = KINDS["conditional"]().eval().requires_grad_(False)
    every = torch.stack(gan.film_labels(model))
    x = torch.randn(5, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    scores = torch.stack([model.critic(x, y.expand(5, -1)) for y in every])
    best = every[scores.argmax(0)]
    assert gan_measures.liked(model, x, best) == 1
    other = best.clone()
    other[0] = every[scores[:, 0].argmin()]
    assert gan_measures.liked(model, x, other) == pytest.approx(0.8)
