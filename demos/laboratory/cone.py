"""The Lipschitz condition, on a line: three critics of two sets of points, and the cone of slope 1."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import gradio as gr
from gradio.context import get_blocks_context

from demos import kit
from demos.kit import plots, say, t
from demos.kit.lang import Pair
from demos.kit.run import LIVE, queueing, visitor
from demos.laboratory import slope

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.lab.critics import Critic, Curve

POINTS = 64  # of each set
EDGE = 7.0  # of the line that is drawn
ACROSS = 281  # places on it
FRAME = 0.2  # seconds of training between two frames
FEW = 10  # steps of a turn
NAMES: dict[str, Pair] = {
    "sigmoid": ("Discriminator: what it says is a sigmoid", "Discriminador: lo que dice es una sigmoide"),
    "clipped": ("Wasserstein critic, weights clipped", "Crítico de Wasserstein, pesos recortados"),
    "penalised": ("Wasserstein critic, gradient penalty", "Crítico de Wasserstein, con penalización"),
}


@dataclass(frozen=True)
class Setup:
    """What the critics learn from: with another one they start anew."""

    distance: float
    spread: float
    limit: float
    weight: float
    steps: int
    seed: int

    def sets(self) -> tuple[Tensor, Tensor]:
        """Real on the left, generated on the right, (POINTS,) each."""
        import torch

        real, fake = self.spread * torch.randn(2, POINTS, generator=torch.Generator().manual_seed(self.seed))
        return real - self.distance / 2, fake + self.distance / 2


class Line:
    """The two sets and their critics."""

    def __init__(self, setup: Setup):
        from genmodels.lab.critics import KINDS, Critic, Knobs
        from genmodels.metrics.transport import wasserstein_line

        self.setup, (self.real, self.fake) = setup, setup.sets()
        knobs = {"limit": setup.limit, "weight": setup.weight}
        self.critics: dict[str, Critic] = {k: Critic(Knobs(kind=k, **knobs), setup.seed) for k in KINDS}
        self.done = 0
        self.w1 = wasserstein_line(self.real.numpy(), self.fake.numpy())

    def train(self) -> None:
        """All three, a few steps."""
        count = min(FEW, self.setup.steps - self.done)
        for critic in self.critics.values():
            for _ in range(count):
                critic.step(self.real, self.fake)
        self.done += count

    def look(self, at: float) -> dict[str, tuple[Curve, Curve, Curve]]:
        """Of each critic: along the line, at the place of the cone, at the generated points."""
        import torch

        x = torch.linspace(-EDGE, EDGE, ACROSS), torch.tensor([float(at)]), self.fake
        return {k: tuple(c.look(one, self.real, self.fake) for one in x) for k, c in self.critics.items()}


def cone(
    distance: float, spread: float, at: float, limit: float, weight: float, steps: int, seed: int,
    lang: str, session: str,
) -> Iterator[tuple]:  # fmt: skip
    """Train three critics on two sets of points on a line, and hold the cone of slope 1 against each."""
    from genmodels.lab.room import ROOM

    setup = Setup(distance, spread, limit, weight, steps, seed)
    with ROOM.enter(key(session)) as seat:
        for ahead in seat.wait():
            yield gr.skip(), gr.skip(), queueing(ahead, lang)
        if seat.kept is None or seat.kept.setup != setup:
            seat.kept = Line(setup)
        line = seat.kept
        while line.done < steps and not seat.over:
            due = time.perf_counter() + FRAME
            while line.done < steps and time.perf_counter() < due:
                with ROOM.turn():
                    line.train()
            yield *drawn(line, at, lang), {"step": line.done}
    yield *drawn(line, at, lang), {"step": line.done, "w1": line.w1}


def key(session: str) -> str:
    return f"{session} cone"


def leave(request: gr.Request) -> None:
    import sys

    if "genmodels.lab.room" in sys.modules:
        sys.modules["genmodels.lab.room"].ROOM.leave(key(visitor(request)))


def drawn(line: Line, at: float, lang: str) -> tuple[str, str]:
    """Three panels, and the table."""
    seen = line.look(at)
    panels = [slope.panel(say(lang, *NAMES[k]), k, line, at, seen[k], lang) for k in seen]
    return plots.figures(*panels, least=280) + slope.legend(lang), slope.table(line, at, seen, lang)


def cone_code(
    distance: float, spread: float, at: float, limit: float, weight: float, steps: int, seed: int
) -> str:
    return f"""import torch
from genmodels.lab.critics import KINDS, Critic, Knobs
from genmodels.metrics.transport import wasserstein_line

real, fake = {spread} * torch.randn(2, {POINTS}, generator=torch.Generator().manual_seed({seed}))
real, fake = real - {distance / 2}, fake + {distance / 2}
print("W1", wasserstein_line(real.numpy(), fake.numpy()))
for kind in KINDS:
    critic = Critic(Knobs(kind=kind, limit={limit}, weight={weight}), seed={seed})
    for step in range({steps}):
        critic.step(real, fake)
    seen = critic.look(torch.tensor([{float(at)}]), real, fake)
    print(kind, "gap", seen.gap, "slope at {at}", seen.slope.item(), "steepest", seen.steepest)
"""


def layout(tab: kit.Tab) -> None:
    with tab.view("cone", "Slope", "Pendiente") as view:
        with view.controls():
            distance = kit.slider(
                0, 8, 4, t("Distance between the sets", "Distancia entre los conjuntos"), step=0.25
            )
            spread = kit.slider(0.05, 1, 0.3, t("Spread of each", "Dispersión de cada uno"), step=0.05)
            at = kit.slider(-6, 6, 0, t("Tip of the cone, x₀", "Punta del cono, x₀"), step=0.25)
            limit = kit.slider(0.01, 0.1, 0.02, t("Clip weights at", "Recortar los pesos en"), step=0.01)
            weight = kit.slider(
                1, 200, 200, t("Weight of the gradient penalty", "Peso de la penalización"), step=1
            )
            steps = kit.slider(50, 2000, 500, t("Training steps", "Pasos de entrenamiento"), step=50)
            seed = kit.seed()
        with view.result():
            panels, table = kit.html(), kit.html()
        inputs, outputs = [distance, spread, at, limit, weight, steps, seed], [panels, table]
        view.run(cone, inputs, outputs, ("Train", "Entrenar"), cone_code, lane=LIVE)
        view.on([distance.release, spread.release, at.release, limit.release, weight.release], cone)
    get_blocks_context().root_block.unload(leave)
