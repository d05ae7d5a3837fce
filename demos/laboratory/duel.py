"""Break a GAN: generator and discriminator train while the visitor turns their knobs."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterator
from typing import Any
from weakref import WeakValueDictionary

import gradio as gr

from demos import kit
from demos.kit import say, t
from demos.kit.lang import language
from demos.kit.run import LIVE, STEP, queueing, visitor
from demos.laboratory import controls
from demos.laboratory.bench import FRAME, Bench
from demos.laboratory.controls import BOTH, D_ALONE, DRAWN, G_ALONE, Plan
from demos.laboratory.stage import stage

PLAY = 60.0  # seconds that one press of Train lasts at most
TELL = 0.5  # seconds between the figures under the stage
BENCHES: WeakValueDictionary[str, Bench] = WeakValueDictionary()  # the room owns them; here they are found
QUIET = {"concurrency_limit": None, "api_visibility": "private", "show_progress": "hidden"}
HIDDEN = {"api_visibility": "private", "show_progress": "hidden"}
# a side that is frozen, or let go, is seen at once: if nothing trains, train
TOGGLE = "now => now === '{0}' ? 'both' : '{0}'"
START = """() => {
    if (!document.querySelector(".stage[data-live]")) document.getElementById("run-laboratory-break").click();
}"""


def train(
    density: str, drawing: Any, game: str, learns: str, lr_generator: float, lr_discriminator: float,
    discriminator_steps: int, generator_steps: int, r1: float, spectral: bool, penalty: float, clip: float,
    soft: float, flips: float, batch: int, width_generator: int, width_discriminator: int, noise: str,
    latent: int, pace: str, steps: int, seed: int, lang: str, session: str,
) -> Iterator[tuple]:  # fmt: skip
    """Train a GAN on points of the plane, a frame at a time: from the start, or on from where it was left."""
    plan = Plan.of(
        density, drawing, game, learns, lr_generator, lr_discriminator, discriminator_steps, generator_steps,
        r1, spectral, penalty, clip, soft, flips, batch, width_generator, width_discriminator, noise, latent,
        pace, steps, seed,
    )  # fmt: skip
    with room().enter(key(session), PLAY) as seat:
        for ahead in seat.wait(STEP):
            yield gr.skip(), queueing(ahead, lang)
        if not seat.over:  # else the visitor has pressed something else meanwhile
            yield from play(seated(seat, plan), seat, lang)


def room() -> Any:
    from genmodels.lab.room import ROOM

    return ROOM


def key(session: str) -> str:
    return f"{session} duel"


def seated(seat: Any, plan: Plan, anew: bool = False) -> Bench:
    """The visitor's bench, with this plan."""
    if anew or seat.kept is None:
        seat.kept = BENCHES[seat.key] = Bench(plan)
    seat.kept.wanted = plan
    return seat.kept


def play(bench: Bench, seat: Any, lang: str) -> Iterator[tuple]:
    """Frames until the steps are done, or the time of the seat is over."""
    most, done, begun, bench.playing = bench.wanted.steps, 0, time.monotonic(), True
    told = 0.0
    try:
        while done < most and not seat.over:
            now = time.monotonic()
            with room().turn(), bench.lock:
                bench.carry_out()
                done += bench.train(most - done)
                frame = bench.frame(lang)
            more = done < most and seat.left > FRAME and not bench.view.diverged
            due = now - told > TELL or not more
            told = now if due else told
            figures = bench.figures() | {"steps_second": done / (time.monotonic() - begun)} if due else None
            yield frame | {"live": more, "pause": "" if more else paused(seat, lang)}, figures
            if not more:
                return
            time.sleep(max(0.0, bench.rest() - (time.monotonic() - now)))
    finally:
        bench.playing = False


def paused(seat: Any, lang: str) -> str:
    if seat.left <= FRAME:
        return say(lang, "· a minute is over: Train goes on", "· pasó un minuto: Entrenar continúa")
    return say(lang, "· Train goes on from here", "· Entrenar sigue desde aquí")


def step(request: gr.Request, *values: Any) -> Iterator[dict[str, Any]]:
    """One update of each side. If it was playing, that stops."""
    yield from once(request, Plan.of(*values), anew=False)


def reset(request: gr.Request, *values: Any) -> Iterator[dict[str, Any]]:
    """The first moment again."""
    yield from once(request, Plan.of(*values), anew=True)


def once(request: gr.Request, plan: Plan, anew: bool) -> Iterator[dict[str, Any]]:
    with room().enter(key(visitor(request))) as seat:
        for _ in seat.wait(STEP):
            yield gr.skip()
        if seat.over:
            return
        bench = seated(seat, plan, anew)
        with room().turn(), bench.lock:
            bench.carry_out()
            if not anew:
                bench.train(1)
            frame = bench.frame(language(request))
        yield frame | {"live": False}


def turned(request: gr.Request, *values: Any) -> Iterator[dict[str, Any]]:
    """A control moved: what plays takes it up by itself, what stands still shows what came of it."""
    bench = BENCHES.get(key(visitor(request)))
    if bench is not None:
        bench.wanted = Plan.of(*values)
        if not bench.playing:
            with room().turn(), bench.lock:
                bench.carry_out()
                frame = bench.frame(language(request))
            yield frame | {"live": False}
            return
    yield gr.skip()


def behind(data: Any) -> None:
    """The browser can't keep up: it is so many seconds behind with this training's frames."""
    match data:
        case [int(born), int() | float() as seconds] if 0 < seconds < 3600:
            for bench in [b for b in BENCHES.values() if b.born == born]:
                bench.slow(seconds)


def train_code(*values: Any) -> str:
    plan = Plan.of(*values)
    knobs = plan.knobs()
    told = [f"{k}={v!r}" for k, v in vars(knobs).items() if v != getattr(type(knobs), k)]
    return "".join(
        line + "\n"
        for line in (
            "import torch",
            *(["import numpy as np"] if plan.density == DRAWN else []),
            "from genmodels.data import points",
            "from genmodels.lab.family import Source",
            "from genmodels.lab.gan import GAN, Knobs",
            "",
            *truth_code(plan),
            *knobs_code(told),
            f"gan, source = GAN(knobs, seed={plan.seed}), Source(truth, seed={plan.seed})",
            *([f"gan.freeze = {controls.FREEZE[plan.learns]!r}"] if plan.learns != BOTH else []),
            f"for step in range({plan.steps}):",
            "    losses = gan.step(source.take(gan.needs))",
            f"generator = torch.Generator().manual_seed({plan.seed})",
            "view = gan.show(truth.sample(600, generator), truth)",
            "print(losses, view.modes, view.covered)",
            "x = gan.sample(1000, generator)  # (1000, 2)",
        )
    )


def truth_code(plan: Plan) -> list[str]:
    if plan.density != DRAWN:
        return [f"truth = points.density({plan.density!r})"]
    rows = [f"{int(''.join(map(str, row)), 2):x}" for row in plan.cells().astype(int)]
    half = len(rows) // 2
    return [
        f"rows = '{' '.join(rows[:half])} '",
        f"rows += '{' '.join(rows[half:])}'  # a row of the board each",
        f"cells = [[int(c) for c in f'{{int(row, 16):0{len(rows)}b}}'] for row in rows.split()]",
        "truth = points.drawn(np.array(cells))",
    ]


def knobs_code(told: list[str]) -> list[str]:
    """`knobs = Knobs(...)`, on lines that fit."""
    return textwrap.wrap(
        f"knobs = Knobs({', '.join(told)})", 100, subsequent_indent=" " * 4, break_long_words=False
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("break", "Break a GAN", "Romper una GAN") as view:
        with view.controls():
            inputs = controls.controls()
        with view.result():
            bar = gr.Column(elem_classes="transport")
            shown = stage(behind)
        view.run(train, inputs, [shown], ("Train", "Entrenar"), train_code, lane=LIVE, place=bar)
        with bar:
            breakers(inputs, shown)
    density, drawing, *rest = inputs
    gr.on([c.change for c in (density, *rest)], turned, inputs, shown, trigger_mode="always_last", **QUIET)
    drawing.input(lambda: DRAWN, None, density, queue=False, **HIDDEN).then(turned, inputs, shown, **QUIET)


def breakers(inputs: list[Any], shown: Any) -> None:
    """Step, freeze, over-train, reset."""
    learns = inputs[3]
    with gr.Row(elem_classes="breakers"):
        one = gr.Button(t("Step", "Un paso"), min_width=80)
        freeze = gr.Button(t("Freeze D", "Congelar D"), min_width=110, elem_id="lab-freeze")
        over = gr.Button(t("Over-train D", "Sobreentrenar D"), min_width=130, elem_id="lab-over")
        back = gr.Button(t("Reset", "Reiniciar"), min_width=80)
    one.click(step, inputs, shown, **QUIET)
    back.click(reset, inputs, shown, **QUIET)
    for button, side in ((freeze, G_ALONE), (over, D_ALONE)):
        pressed = button.click(None, learns, learns, js=TOGGLE.format(side), queue=False, **HIDDEN)
        pressed.then(None, None, None, js=START, queue=False, **HIDDEN)
