"""A race: any two families on the same points for the same seconds, side by side."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from demos import kit
from demos.kit import numbers, plates, say, t
from demos.kit.inputs import refuse
from demos.kit.lang import Pair
from demos.kit.run import LIVE, queueing
from demos.laboratory import board, verdicts
from demos.laboratory.controls import DENSITIES, DRAWN, listed
from demos.laboratory.duel import truth_code
from demos.laboratory.scene import Scene

if TYPE_CHECKING:
    from genmodels.data.points import Density
    from genmodels.lab.verdict import Verdict

FAMILIES: dict[str, Pair] = {  # genmodels.lab.families has the same names
    "gan": ("GAN", "GAN"),
    "vae": ("VAE", "VAE"),
    "grid": ("Autoregressive, on a grid", "Autorregresivo, en una grilla"),
    "realnvp": ("RealNVP (flow)", "RealNVP (flujo)"),
    "spline": ("Spline flow", "Flujo de splines"),
    "ffjord": ("FFJORD (continuous flow)", "FFJORD (flujo continuo)"),
    "energy": ("Energy model", "Modelo de energía"),
    "score": ("Score, annealed Langevin", "Score, Langevin con recocido"),
    "diffusion": ("Diffusion", "Difusión"),
    "flow_matching": ("Flow matching", "Flow matching"),
}
QUICK = ("vae", "grid", "realnvp", "spline", "energy")  # `height` is a log density, and takes little
LATE = ("ffjord", "flow_matching")  # the density takes long: only at the end
FRAME = 0.2  # seconds of training between two frames
MOST = 240.0  # seconds that a race may take, with others in the room


class Lane:
    """One of the two: its model, and what it has done."""

    def __init__(self, name: str, truth: Density, seed: int):
        from genmodels.lab.families import FAMILIES as CLASSES
        from genmodels.lab.family import Source

        self.name, self.model, self.source = name, CLASSES[name](seed=seed), Source(truth, seed)
        self.steps, self.spent = 0, 0.0
        self.verdict: Verdict | None = None
        self.quick, self.late = name in QUICK, name in LATE

    def train(self, until: float) -> None:
        """A slice of time, or what is left of its own."""
        from genmodels.lab.family import train
        from genmodels.lab.room import SLICE

        start = time.perf_counter()
        self.steps += len(train(self.model, self.source, min(SLICE, until - self.spent)))
        self.spent += time.perf_counter() - start

    def title(self, lang: str) -> str:
        return say(lang, *FAMILIES[self.name])


def race(
    first: str, second: str, density: str, drawing: Any, seconds: int, seed: int, lang: str, session: str
) -> Iterator[tuple]:
    """Train two families on the same points for the same time, in turns, then measure both."""
    from genmodels.lab.room import ROOM
    from genmodels.lab.verdict import verdict

    truth = truth_of(density, drawing)
    with ROOM.enter(f"{session} race", MOST) as seat:
        for ahead in seat.wait():
            yield gr.skip(), gr.skip(), queueing(ahead, lang)
        with ROOM.turn():
            lanes, scene = [Lane(name, truth, seed) for name in (first, second)], Scene(truth, seed, lang)
            picture = scene.draw(lanes)
        yield picture, "", told(lanes, seconds, lang)
        while not seat.over and any(lane.spent < seconds for lane in lanes):
            for lane in turns(lanes, seconds):
                with ROOM.turn():
                    lane.train(seconds)
            with ROOM.turn():
                picture = scene.draw(lanes)
            yield picture, "", told(lanes, seconds, lang)
        for lane in lanes:
            judging = verdict(lane.model, truth, seed)
            while not seat.sent_away and (found := turn(judging)) is not None:
                lane.verdict = found
                yield gr.skip(), verdicts.table(lanes, lang), told(lanes, seconds, lang)
        if seat.sent_away:  # the same visitor has started another, which draws from now on
            return
        with ROOM.turn():
            picture = scene.draw(lanes, final=True)
    yield picture, verdicts.table(lanes, lang) + verdicts.words(lanes, lang), {}


def turns(lanes: list[Lane], seconds: float) -> Iterator[Lane]:
    """Who trains next, until a frame is due: the one that has had less time."""
    until = sum(lane.spent for lane in lanes) + FRAME
    while (now := min(lanes, key=lambda lane: lane.spent)).spent < seconds:
        if sum(lane.spent for lane in lanes) >= until:
            return
        yield now


def turn(steps: Iterator[Verdict]) -> Verdict | None:
    """The next one, in a turn of the room's; None where there is no more."""
    from genmodels.lab.room import ROOM

    with ROOM.turn():
        return next(steps, None)


def told(lanes: list[Lane], seconds: float, lang: str) -> str:
    done = sum(lane.spent for lane in lanes)
    if done >= len(lanes) * seconds:
        words = say(lang, "Measuring…", "Midiendo…")
    else:
        words = ", ".join(f"{plain(lane.spent, lang)} s {lane.title(lang)}" for lane in lanes)
    return numbers.progress(done, len(lanes) * seconds, words)


def plain(value: float, lang: str) -> str:
    return say(lang, f"{value:.1f}", f"{value:.1f}".replace(".", ","))


def truth_of(density: str, drawing: Any) -> Density:
    from genmodels.data import points

    if density != DRAWN:
        return points.density(density)
    cells = board.cells(drawing)
    if not cells.any():
        raise refuse("Draw something on the board first.", "Primero dibuja algo en la pizarra.")
    return points.drawn(cells.astype(np.float64))


def race_code(first: str, second: str, density: str, drawing: Any, seconds: int, seed: int) -> str:
    ground = SimpleNamespace(density=density, cells=lambda: board.cells(drawing))
    return f"""import numpy as np
import torch
from genmodels.data import points
from genmodels.lab.families import FAMILIES
from genmodels.lab.family import Source, train
from genmodels.lab.verdict import verdict

{chr(10).join(truth_code(ground))}
for name in ({first!r}, {second!r}):
    model = FAMILIES[name](seed={seed})
    steps = train(model, Source(truth, seed={seed}), seconds={seconds})
    x = model.sample(1000, torch.Generator().manual_seed({seed}))  # (1000, 2)
    *_, found = verdict(model, truth, seed={seed})
    print(name, len(steps), found)
"""


def layout(tab: kit.Tab) -> None:
    families = [(t(*words), name) for name, words in FAMILIES.items()]
    with tab.view("race", "Race", "Carrera") as view:
        with view.controls():
            with gr.Row(elem_classes="pair"):
                first = kit.choice(families, t("One family", "Una familia"), "realnvp", min_width=130)
                second = kit.choice(families, t("Another", "Otra"), "diffusion", min_width=130)
            density = kit.choice(listed(DENSITIES), t("Real points", "Puntos reales"), "moons")
            with gr.Accordion(t("Draw my own", "Dibujar los míos"), open=False):
                drawing = board.board()
            seconds = kit.slider(
                5,
                30,
                10,
                t("Seconds of training for each", "Segundos de entrenamiento para cada una"),
                step=1,
            )
            seed = kit.seed()
        with view.result():
            scene, table = plates.view(), kit.html()
        inputs, outputs = [first, second, density, drawing, seconds, seed], [scene, table]
        view.run(race, inputs, outputs, ("Race", "Correr"), race_code, lane=LIVE)
    drawing.input(lambda: DRAWN, None, density, queue=False, api_visibility="private", show_progress="hidden")
