"""The laboratory's duel: a training that belongs to its visitor, its frames, its sentences, its page."""

import base64
import json
import threading
import time
from contextlib import closing
from types import SimpleNamespace
from uuid import uuid4

import gradio as gr
import httpx
import numpy as np
import pytest
import torch

from demos.kit.inputs import Seed
from demos.laboratory import board, controls, duel, stage, words
from demos.laboratory.bench import Bench
from demos.laboratory.controls import D_ALONE, DRAWN, G_ALONE, Plan
from genmodels.data import points
from genmodels.lab import gan, room

BLANK = (None, np.zeros((board.SIDE, board.SIDE), bool))
USUAL = {
    "density": "eight_gaussians", "drawing": BLANK, "game": "non_saturating", "learns": "both",
    "lr_generator": 0.001, "lr_discriminator": 0.001, "discriminator_steps": 1, "generator_steps": 1, "r1": 0,
    "spectral": False, "penalty": 1, "clip": 0.1, "soft": 0, "flips": 0, "batch": 64, "width_generator": 32,
    "width_discriminator": 32, "noise": "normal", "latent": 2, "pace": "fast", "steps": 100, "seed": 1,
}  # fmt: skip


def values(**changes: object) -> list:
    return list((USUAL | changes).values())


def paced(**changes: object) -> list:
    """Five steps a frame."""
    return values(pace="five", **changes)


def plan(**changes: object) -> Plan:
    return Plan.of(*values(**changes))


def visitor() -> str:
    return uuid4().hex


def request(session: str) -> SimpleNamespace:
    return SimpleNamespace(session_hash=session, query_params={"lang": "en"}, cookies={}, headers={})


def floats(text: str, kind: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind).astype(float)


@pytest.fixture(autouse=True)
def whole_slices(monkeypatch):
    """Frames of as many steps as their pace says, on a machine of any speed."""
    monkeypatch.setattr(room, "SLICE", 60.0)


@pytest.fixture
def trained(whole_slices) -> Bench:
    bench = Bench(plan())
    for _ in range(5):
        bench.train(10)
    return bench


# ---------------------------------------------------------------------------- frames


def test_a_frame_says_what_the_training_is(trained):
    frame = json.loads(json.dumps(trained.frame("en")))
    view = trained.view
    place = floats(frame["fake"], "<u2").reshape(-1, 2) / 65535 * 2 * stage.FAR - stage.FAR
    assert np.abs(place - view.fake.numpy().clip(-stage.FAR, stage.FAR)).max() < 3e-4
    assert len(floats(frame["reals"], "<u2")) == 2 * 600 and frame["step"] == 50
    pull = floats(frame["pull"], "i1").reshape(-1, 2) / 127
    ways = view.arrows[:, 1].numpy()
    assert len(pull) == len(ways) and (np.hypot(*pull.T) <= 1.01).all()
    assert ((pull * ways).sum(1) >= 0).all()  # the direction stays
    u = floats(frame["surface"], "u1").reshape(view.surface.shape) / 255
    assert np.abs(u - view.surface.sigmoid().numpy()).max() < 0.003 and frame["scale"] is None
    assert len(floats(frame["warp"], "<u2")) == 2 * frame["rows"] ** 2
    assert len(json.dumps(frame)) < 12_000


def test_a_critic_has_a_scale_and_its_middle_is_where_it_can_not_tell():
    view = SimpleNamespace(surface=torch.tensor([[-3.0, 1.0], [2.0, 5.0]]), middle=2.0)
    for game in ("wasserstein", "hinge", "least_squares"):
        u, scale = stage.opinion(game, view)
        assert scale == [-3, 7] and np.allclose(u, [[0, 0.4], [0.5, 0.8]])
    assert stage.opinion("minimax", view)[1] is None


def test_curves_are_thinned_and_keep_their_last():
    line = list(range(1000))
    thin = stage.thinned(line)
    assert stage.POINTS / 2 <= len(thin) <= stage.POINTS + 1 and thin[-1] == 999 and thin[0] == 0
    drawn = stage.curve({"ink": [0.0, 2.0, float("nan")], "warm": [1.0, 1.0, 1.0]})
    assert drawn["now"] == [None, 1.0] and drawn["range"][1] >= 2
    level = [floats(text, "<u2") for _, text in drawn["lines"]]
    assert level[0][0] == 0 and level[0][2] == stage.MISSING and 0 < level[1][0] < stage.MISSING
    assert json.loads(json.dumps(drawn, allow_nan=False))
    assert stage.curve({"ink": [1e-9, 0.1]}, log=True)["range"] == [-5, -1]


# ---------------------------------------------------------------------------- the bench


def weights(network) -> np.ndarray:
    return np.concatenate([p.detach().numpy().ravel() for p in network.parameters()])


def moved(bench: Bench) -> tuple[bool, bool]:
    """Whether (G, D) changed by a frame of training."""
    sides = (bench.gan.generator, bench.gan.discriminator)
    before = [weights(side) for side in sides]
    bench.train(10)
    return tuple(bool((weights(side) != old).any()) for side, old in zip(sides, before, strict=True))


def test_a_plan_is_carried_out_in_the_middle_or_anew():
    bench = Bench(plan())
    bench.train(10)
    born, network = bench.born, bench.gan
    bench.wanted = plan(game="hinge", lr_generator=0.01, r1=1, batch=16, spectral=True, discriminator_steps=3)
    bench.carry_out()
    assert bench.gan is network and bench.view.step == 10 and network.knobs.game == "hinge"
    assert bench.born == born and network.needs == 48
    bench.train(10)
    assert bench.view.step == 20
    for change in (
        {"width_generator": 16},
        {"latent": 1},
        {"noise": "uniform"},
        {"density": "moons"},
        {"seed": 2},
    ):
        bench.wanted = plan(**change)
        bench.carry_out()
        assert bench.gan is not network and bench.view.step == 0 and not bench.steps, change
        network = bench.gan


def test_who_is_frozen_stays_as_it_was():
    assert moved(Bench(plan(learns=G_ALONE))) == (True, False)
    assert moved(Bench(plan(learns=D_ALONE))) == (False, True)
    bench = Bench(plan())
    assert moved(bench) == (True, True)
    bench.wanted = plan(learns=G_ALONE)
    bench.carry_out()
    assert moved(bench) == (True, False) and len(bench.lines["discriminator"]) == 2


def test_the_same_seed_is_the_same_training_however_it_is_cut():
    one, other = Bench(plan()), Bench(plan(pace="one"))
    one.train(10)
    for _ in range(10):
        other.train(1)
    assert (weights(one.gan.generator) == weights(other.gan.generator)).all()


def test_an_over_trained_discriminator_is_certain_and_the_page_says_so():
    bench = Bench(plan(game="minimax", learns=D_ALONE, lr_discriminator=0.002, width_discriminator=64))
    for _ in range(60):
        bench.train(10)
        if bench.key == "certain":
            break
    frame = bench.frame("en")
    assert bench.view.slope < 0.05 and frame["tone"] == words.BAD
    assert "certain everywhere" in frame["what"] and "Only D learns" in frame["hint"]
    assert "seguro en todas partes" in bench.frame("es")["what"]


def test_every_diagnosis_has_its_sentence():
    view = SimpleNamespace(step=9, right_real=0.5, right_fake=1, slope=0.0003, modes=None, covered=0.25)
    assert words.SAID.keys() == {"", "diverged", *gan.diagnosis.__globals__["SIGNS"]}
    for key in words.SAID:
        en, es = (words.told(plan(), view, key, lang)["what"] for lang in ("en", "es"))
        assert "{" not in en + es and en != es
    assert "25% of real points" in words.told(plan(), view, "collapsed", "en")["what"]
    assert "0,0003" in words.told(plan(), view, "certain", "es")["what"]


def test_what_blew_up_says_so_and_stops():
    bench = Bench(plan(game="wasserstein_gp", penalty=0, r1=0, lr_generator=0.05, lr_discriminator=0.05))
    bench.gan.set(gan.Knobs(game="wasserstein", lr_generator=1.0, lr_discriminator=1.0, batch=64))
    for _ in range(100):
        bench.train(10)
        if bench.view.diverged:
            break
    assert bench.key == "diverged" and np.isfinite(bench.view.fake.numpy()).all()


def test_a_tie_needs_the_modes():
    bench = Bench(plan(density="grid_gaussians"))
    assert bench.many == 25 and Bench(plan(density="moons")).many == 0
    for view, expected in ((bench.view._replace(modes=24), "balanced"), (bench.view._replace(modes=3), "")):
        bench.views = [
            view._replace(step=500, moves=500, right_real=0.5, right_fake=0.5, covered=0.99, slope=1.0)
        ] * 9
        bench.key, bench.doubt = "x", 99
        bench.judge()
        assert bench.key == expected


def test_a_browser_that_falls_behind_gets_fewer_frames_for_a_while():
    bench = Bench(plan())
    duel.BENCHES["someone"] = bench
    usual = bench.rest()
    for nonsense in (
        None,
        3,
        [],
        ["x", 1],
        [bench.born, -1],
        [bench.born, float("nan")],
        [bench.born, 1e9],
        [0, 2],
    ):
        duel.behind(nonsense)
    assert bench.rest() == usual
    duel.behind([bench.born, 2.0])
    assert 0.3 < bench.rest() <= 0.6
    for _ in range(300):
        bench.rest()
    assert bench.rest() == usual


# ---------------------------------------------------------------------------- the run


def test_a_run_goes_on_from_where_it_was_left_and_belongs_to_its_visitor():
    mine, yours = visitor(), visitor()
    frames = [step[0] for step in duel.train(*paced(steps=25), "en", mine)]
    assert [f["step"] for f in frames] == [5, 10, 15, 20, 25]
    assert [f["live"] for f in frames] == [True] * 4 + [False] and frames[-1]["pause"]
    more = list(duel.train(*paced(steps=23), "en", mine))
    assert [s[0]["step"] for s in more] == [30, 35, 40, 45, 48] and more[-1][-1]["step"] == 48
    assert next(duel.train(*paced(), "en", yours))[0]["step"] == 5


def test_controls_reach_a_run_while_it_plays():
    session = visitor()
    with closing(duel.train(*paced(steps=1000), "en", session)) as run:
        first = next(run)[0]
        list(duel.turned(request(session), *paced(steps=1000, learns=G_ALONE, lr_generator=0.01)))
        second = next(run)[0]
        assert second["learns"] == G_ALONE and second["id"] == first["id"] and second["step"] == 10
        list(duel.turned(request(session), *paced(steps=1000, width_generator=64)))
        third = next(run)[0]
        assert third["id"] != first["id"] and third["step"] == 5


def test_controls_show_on_a_stage_that_stands_still():
    session = visitor()
    list(duel.train(*paced(steps=20), "en", session))
    (frame,) = duel.turned(request(session), *paced(density="moons"))
    assert frame["step"] == 0 and not frame["live"]
    (frame,) = duel.turned(request(visitor()), *paced())
    assert "fake" not in frame  # nobody has trained anything there


def test_step_and_reset():
    session = visitor()
    with closing(duel.train(*paced(steps=1000), "en", session)) as run:
        next(run)
        over = []
        stopper = threading.Thread(target=lambda: over.extend(duel.step(request(session), *paced())))
        stopper.start()  # it waits until the run has ended
        ended = [step[0]["step"] for step in run]
        stopper.join(10)
    assert len(ended) <= 1 and over[-1]["step"] == 5 * (1 + len(ended)) + 1 and not over[-1]["live"]
    (frame,) = duel.reset(request(session), *paced())
    assert frame["step"] == 0 and frame["curves"] == {}


def test_a_press_ends_with_its_time(monkeypatch):
    monkeypatch.setattr(duel, "PLAY", 0.3)
    steps = list(duel.train(*paced(steps=20000), "es", visitor()))
    assert "un minuto" in steps[-1][0]["pause"] and not steps[-1][0]["live"]


def test_a_full_room_says_how_many_are_before(monkeypatch):
    small = room.Room(capacity=1)
    monkeypatch.setattr(room, "ROOM", small)
    with (
        closing(duel.train(*paced(), "en", visitor())) as first,
        closing(duel.train(*paced(), "en", visitor())) as second,
    ):
        next(first)
        assert "1 before you" in next(second)[1]
        first.close()
        assert next(s for s in second if not isinstance(s[1], str))[0]["step"] == 5


# ---------------------------------------------------------------------------- plans, drawings, code


def test_games_and_penalties_become_knobs():
    assert plan(game="wasserstein").knobs().clip == 0.1
    penalised = plan(game="wasserstein_gp", penalty=5).knobs()
    assert (penalised.game, penalised.gradient_penalty, penalised.clip) == ("wasserstein", 5, 0)
    assert plan(r1=2, spectral=True).knobs() == gan.Knobs(
        r1=2,
        spectral=True,
        lr_generator=0.001,
        lr_discriminator=0.001,
        batch=64,
        width_generator=32,
        width_discriminator=32,
    )
    for _, game in controls.GAMES:
        Bench(plan(game=game)).train(1)


def test_a_drawing_is_the_density():
    drawing = (None, board.start())
    bench = Bench(plan(density=DRAWN, drawing=drawing))
    bench.train(10)
    where = bench.reals.numpy()
    row, column = (
        ((4 - where[:, 1]) * board.SIDE / 8).astype(int),
        ((where[:, 0] + 4) * board.SIDE / 8).astype(int),
    )
    assert board.start()[row.clip(0, 23), column.clip(0, 23)].mean() > 0.99
    with pytest.raises(gr.Error, match="Draw something"):
        plan(density=DRAWN)
    code = duel.train_code(*values(density=DRAWN, drawing=drawing, steps=2))
    told = {}
    exec(code, told)
    assert (told["truth"].p > 0).numpy().tolist() == board.start().tolist()


@pytest.mark.parametrize(
    "change", [{"game": "wasserstein_gp", "learns": G_ALONE}, {"latent": 8, "noise": "uniform"}]
)
def test_the_code_makes_the_same_points(change):
    told = {}
    exec(duel.train_code(*values(steps=20, **change)), told)
    bench = Bench(plan(**change))
    for _ in range(2):
        bench.train(10)
    assert np.allclose(weights(told["gan"].generator), weights(bench.gan.generator))


def test_every_control_is_within_what_the_gan_takes():
    with gr.Blocks(analytics_enabled=False):
        inputs = dict(zip(Plan.__dataclass_fields__, controls.controls(), strict=True))
    assert isinstance(inputs["seed"], Seed)
    assert {v for _, v in controls.DENSITIES} == {*points.NAMES, DRAWN}
    for name, (low, high) in gan.BOUNDS.items():
        control = inputs.get(name)
        if hasattr(control, "minimum"):
            assert low <= control.minimum and control.maximum <= high, name
        elif control is not None:
            assert all(low <= value <= high for _, value in control.choices), name


# ---------------------------------------------------------------------------- the page


PLAYING = "document.querySelector('.stage[data-live]')"
STAGE = "document.querySelector('.stage[data-step]')"
MOVED = f"""() => {{
    const now = [...{STAGE}.querySelector("canvas").points];
    return now.reduce((sum, v, i) => sum + Math.abs(v - start[1][i]), 0) / now.length > 0.05;
}}"""
ADDRESS = "/laboratory?tab=laboratory&view=break&pace=fast&steps=20000&batch=64"


def test_fifty_steps_are_seen_and_stop_stops(app, chromium):
    context = chromium.new_context(viewport={"width": 1000, "height": 900}, locale="en-US")
    with closing(context):
        page, errors = context.new_page(), []
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.goto(app.url + ADDRESS)
        page.wait_for_function(f"{STAGE} && {STAGE}.querySelector('canvas').points", timeout=120000)
        page.evaluate(f"window.start = [+{STAGE}.dataset.step, [...{STAGE}.querySelector('canvas').points]]")
        page.wait_for_function(f"+{STAGE}.dataset.step >= start[0] + 50", timeout=60000)
        page.wait_for_function(MOVED, timeout=60000)
        page.evaluate(
            "[...document.querySelectorAll('.transport button')].find(b => /Stop/.test(b.innerText)).click()"
        )
        page.wait_for_function(f"!{PLAYING}", timeout=30000)
        stopped = page.evaluate(f"{STAGE}.dataset.step")
        time.sleep(1)
        assert page.evaluate(f"{STAGE}.dataset.step") == stopped
        page.evaluate("document.querySelector('#lab-freeze').click()")  # plays again, D frozen
        page.wait_for_selector("#lab-freeze[aria-pressed=true]", timeout=30000)
        page.wait_for_function(f"{PLAYING}", timeout=30000)
        assert errors == []


VISITORS, FRAMES, PATIENCE = 10, 6, 60.0  # each gets so many frames within so many seconds


def listen(url: str, number: int, data: list, found: list) -> None:
    """A visitor who trains, without a browser."""
    session, frames, end = visitor(), 0, time.monotonic() + PATIENCE
    ask = {"data": data, "fn_index": number, "session_hash": session}
    with httpx.Client(base_url=f"{url}/gradio_api", trust_env=False, timeout=PATIENCE) as web:
        web.post("/queue/join", json=ask).raise_for_status()
        with web.stream("GET", "/queue/data", params={"session_hash": session}) as lines:
            for line in lines.iter_lines():
                frames += '"process_generating"' in line and '"surface"' in line
                if frames >= FRAMES or time.monotonic() > end:
                    break
    found.append(frames)


def test_ten_visitors_train_at_once_and_the_server_answers(app):
    data, found, waits = values(drawing=None, steps=20000, pace="fast"), [], []
    with httpx.Client(base_url=app.url, trust_env=False, timeout=PATIENCE) as web:
        events = web.get("/config").json()["dependencies"]
        (number,) = [e["id"] for e in events if e["api_name"] == "laboratory_break"]
        crowd = [
            threading.Thread(target=listen, args=(app.url, number, data, found)) for _ in range(VISITORS)
        ]
        for one in crowd:
            one.start()
        while any(one.is_alive() for one in crowd):
            start = time.monotonic()
            web.get("/gradio_api/startup-events").raise_for_status()
            waits.append(time.monotonic() - start)
            time.sleep(0.1)
    assert found == [FRAMES] * VISITORS
    assert sorted(waits)[len(waits) // 2] < 0.5, waits
