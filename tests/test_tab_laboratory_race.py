"""The views `race` and `cone` of the laboratory: what they show was measured, and stops when it should."""

import re
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image

from demos.kit.plots import Axes
from demos.laboratory import board, cone, race, slope, verdicts
from demos.laboratory.controls import DRAWN
from genmodels.data import points
from genmodels.lab.critics import Critic, Knobs
from genmodels.lab.families import FAMILIES
from genmodels.lab.room import ROOM
from genmodels.lab.verdict import Verdict

BLANK = (None, np.zeros((board.SIDE, board.SIDE), bool))


def last(steps):
    *_, end = steps
    return end


def words(html):
    return re.sub(r"<[^>]+>", " ", html)


def cells(html):
    """Rows of a table: the first word, then the cells."""
    rows = re.findall(r"<tr>(.*?)</tr>", html)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]


# ---------------------------------------------------------------------------------------- the race


def test_the_race_knows_every_family_of_the_laboratory():
    assert race.FAMILIES.keys() == FAMILIES.keys()
    for name, cls in FAMILIES.items():
        has = cls().log_prob(torch.zeros(1, 2)) is not None
        assert has == (name in race.QUICK or name in race.LATE), name


@pytest.fixture(scope="module")
def raced():
    return list(race.race("realnvp", "gan", "eight_gaussians", BLANK, 0.6, 1, "en", "somebody"))


def test_a_race_is_drawn_as_it_goes_and_ends_in_a_table(raced):
    frames = [picture for picture, *_ in raced if isinstance(picture, Image.Image)]
    assert len(frames) >= 3 and len({f.size for f in frames}) == 1
    assert np.asarray(frames[0]).tobytes() != np.asarray(frames[-1]).tobytes()
    _, table, found = raced[-1]
    assert found == {} and all(isinstance(shown[-1], str) for shown in raced[:-1])
    rows = cells(table)
    assert [len(row) for row in rows] == [4] * len(rows)
    assert rows[0][2:] == ["RealNVP (flow)", "GAN"]
    assert "…" not in table and all(re.search(r"\d", row[2]) for row in rows[1:])
    assert [row[3] for row in rows if row[0].startswith(("log density", "KL"))] == ["none", "none"]
    assert "GAN draws, and can't say how likely a point is." in words(table).replace("&#x27;", "'")


def test_both_train_equally_long():
    truth = points.density("moons")
    lanes = [race.Lane(name, truth, 1) for name in ("grid", "flow_matching")]
    while any(lane.spent < 0.5 for lane in lanes):
        for lane in race.turns(lanes, 0.5):
            lane.train(0.5)
            assert abs(lanes[0].spent - lanes[1].spent) < 0.4
    assert all(0.5 <= lane.spent < 0.9 and lane.steps > 0 for lane in lanes)


def test_who_leaves_frees_the_room():
    before = ROOM.running()
    steps = race.race("vae", "grid", "moons", BLANK, 30, 1, "en", "leaver")
    for _ in range(3):
        next(steps)
    assert ROOM.running() == before + 1
    steps.close()
    assert ROOM.running() == before and not any("leaver" in str(key) for key in ROOM.idle)


def test_the_last_click_counts():
    """Who presses again is not kept waiting by the race before, which ends by itself."""
    old = race.race("grid", "vae", "moons", BLANK, 30, 1, "en", "twice")
    next(old)
    new = race.race("grid", "vae", "moons", BLANK, 0.2, 1, "en", "twice")
    next(new)
    assert len(list(old)) <= 1
    assert "W₂" in last(new)[1]


def test_a_drawing_is_raced_on_and_a_blank_board_is_refused():
    drawing = BLANK[1].copy()
    drawing[3:9, 3:9] = True
    truth = race.truth_of(DRAWN, (None, drawing))
    x = truth.sample(500, torch.Generator().manual_seed(0))
    side = 8 / board.SIDE
    assert (x[:, 0] >= -4 + 3 * side - 1e-5).all() and (x[:, 0] <= -4 + 9 * side + 1e-5).all()
    assert (x[:, 1] <= 4 - 3 * side + 1e-5).all() and (x[:, 1] >= 4 - 9 * side - 1e-5).all()
    with pytest.raises(gr.Error, match="Draw something"):
        next(race.race("grid", "vae", DRAWN, BLANK, 1, 1, "en", "blank"))
    code = race.race_code("grid", "vae", DRAWN, (None, drawing), 5, 1)
    space: dict = {}
    exec(code.split("for name")[0], space)
    assert torch.equal(space["truth"].p, truth.p) and max(map(len, code.splitlines())) <= 110


def judged(name, **known):
    verdict = Verdict(done=True, energy=0.0, draw=0.1, entropy=2.0, **known)
    return SimpleNamespace(name=name, verdict=verdict, title=lambda lang: name, steps=10, spent=2.0)


def test_who_is_nearer_is_said_only_if_chance_would_not_say_it():
    a, b = judged("A", w2=0.50, floor=0.40), judged("B", w2=0.42, floor=0.40)
    assert verdicts.nearer(a, b, "en").startswith("B is nearer to the truth: W₂ 0.42 against 0.5 (A).")
    assert verdicts.nearer(b, a, "es").startswith("B está más cerca: W₂ 0,42 contra 0,5 (A).")
    assert verdicts.nearer(a, judged("B", w2=0.49, floor=0.40), "en").startswith("Equally near")


def test_the_table_says_what_is_missing():
    a = judged("A", w2=0.5, floor=0.4, kl=0.05, nats=-2.05, modes=6, of=8)
    b = judged("B", w2=0.5, floor=0.4, modes=8, of=8)
    rows = {row[0]: row[1:] for row in cells(verdicts.table([a, b], "en"))}
    assert rows["modes covered"] == ["8 / 8", "6 / 8", "8 / 8"]
    assert rows["log density of real points, nats"] == ["−2", "−2.05", "none"]
    assert rows["steps per second"][1:] == ["5", "5"]
    said = verdicts.words([a, b], "en")
    assert (
        "A misses 2 of 8 modes." in said
        and "B misses" not in said
        and "the difference is its KL, 0.05" in said
    )


# ---------------------------------------------------------------------------------------- the cone


def seen(distance, spread=0.1, steps=300, **knobs):
    """Kind -> (its curve along the line, at the generated points), and the exact distance."""
    setup = cone.Setup(distance, spread, knobs.get("limit", 0.02), knobs.get("weight", 10.0), steps, 1)
    line = cone.Line(setup)
    while line.done < steps:
        line.train()
    return {k: (found[0], found[2]) for k, found in line.look(0.0).items()}, line.w1


@pytest.fixture(scope="module")
def near_and_far():
    return seen(1.0), seen(6.0)


def test_the_exact_distance_is_that_of_the_sets(near_and_far):
    assert [w1 for _, w1 in near_and_far] == pytest.approx([1.0, 6.0], abs=0.1)


def test_the_sigmoid_saturates_once_the_sets_are_apart(near_and_far):
    """While they overlap its pull is felt; a distance of ten spreads is enough for it to be nothing."""
    overlapping, _ = seen(0.5, spread=0.5, steps=100)
    assert overlapping["sigmoid"][1].pull.abs().mean() > 0.05
    for found, _ in near_and_far:
        curve, there = found["sigmoid"]
        assert there.pull.abs().mean() < 1e-4
        assert there.urged.abs().mean() > 0.5  # the non-saturating loss still pulls
        assert curve.gap == pytest.approx(1, abs=0.02)  # it says 1 and 0, however far


def test_the_clipped_critic_is_weak(near_and_far):
    for found, w1 in near_and_far:
        curve, _ = found["clipped"]
        assert 0 < curve.steepest < 0.1 and 0 < curve.gap < 0.1 * w1


def test_the_penalised_critic_measures_the_distance(near_and_far):
    """Its best slope is 1 + W1 / (2 weight), and its gap the distance times that, as its docstring says."""
    for found, w1 in near_and_far:
        curve, there = found["penalised"]
        slope_ = 1 + w1 / 20
        assert curve.gap == pytest.approx(slope_ * w1, rel=0.08)
        assert there.pull.mean().item() == pytest.approx(-slope_, rel=0.15)  # to the left, where the real are


def test_no_gap_exceeds_slope_times_distance(near_and_far):
    """Kantorovich and Rubinstein, for any function."""
    for found, w1 in near_and_far:
        for kind, (curve, _) in found.items():
            assert curve.gap <= 1.02 * curve.steepest * w1, kind


def test_slopes_are_those_of_what_is_said():
    critic = Critic(Knobs(kind="sigmoid"), 1)
    real, fake = torch.randn(2, 32, generator=torch.Generator().manual_seed(0))
    for _ in range(20):
        critic.step(real - 1, fake + 1)
    x, h = torch.linspace(-3, 3, 13).double(), 1e-4
    critic.layers.double()
    curve = critic.look(x, real.double(), fake.double())
    difference = (critic.says(x + h) - critic.says(x - h)) / (2 * h)
    assert torch.allclose(curve.slope, difference, atol=1e-3)


def test_a_training_is_kept_for_the_same_sets_and_only_for_them():
    ask = (4.0, 0.3, 0.0, 0.02, 10, 60, 1, "en", "keeper")
    first = list(cone.cone(*ask))
    assert first[-1][-1]["step"] == 60 and first[-1][-1]["w1"] == pytest.approx(4, abs=0.2)
    moved = list(cone.cone(*ask[:2], 1.5, *ask[3:]))
    assert len(moved) == 1 and moved[0][0] != first[-1][0]  # another place of the cone: nothing to train
    assert len(list(cone.cone(5.0, *ask[1:]))) > 1
    cone.leave(SimpleNamespace(session_hash="keeper"))
    assert not any("keeper" in str(key) for key in ROOM.idle)


def test_same_seed_same_picture():
    ask = (2.0, 0.3, 0.5, 0.02, 10, 50, 3, "es")
    assert last(cone.cone(*ask, "one"))[:2] == last(cone.cone(*ask, "two"))[:2]


def test_the_cone_holds_what_slope_one_can_not_reach():
    axes = Axes((-2, 2), (-2, 2), width=458, height=452, left=46)  # 100 pixels a unit
    up = [
        tuple(map(float, p.split(",")))
        for p in re.search("points='([^']*)'", slope.cone(0.5, 0.0, 1)(axes))[1].split()
    ]
    tip = axes.at(0.5, 0.0)
    assert max(y for _, y in up) == pytest.approx(tip[1], abs=1.5)  # the tip is its lowest point
    assert all(tip[1] - y >= abs(x - tip[0]) - 1.5 for x, y in up)


def test_parts_are_the_stretches_that_are_kept():
    x = [0.0, 1, 2, 3, 4, 5, 6]
    kept = slope.parts(x, x, [True, True, False, True, False, True, True])
    assert kept == [([0.0, 1], [0.0, 1]), ([5, 6], [5, 6])]  # a single place is no line


@pytest.mark.parametrize(("value", "told"), [(0.5, "0.5"), (-1.2345, "−1.23"), (3e-9, "3 · 10⁻⁹"), (0, "0")])
def test_small_numbers_are_told_by_their_power(value, told):
    assert slope.small(value, "en") == told
