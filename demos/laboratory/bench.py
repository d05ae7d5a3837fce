"""A visitor's training: what it is now, what it was asked to become, and its frames.

The training belongs to the visitor's place in the room (`genmodels.lab.room`). A control that moves leaves a
new plan in `wanted`; whoever has the bench next, a playing run or the control's own event, carries it out.
"""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING, Any

from demos.laboratory import stage, words
from demos.laboratory.controls import FREEZE, Plan

if TYPE_CHECKING:
    from genmodels.lab.gan import GAN, View

REALS = 600  # points shown
SAID = 10  # frames that the diagnosis looks back on, at most
CURVE = 1600  # moments kept of a training; then every other one goes
PACE = {"fast": 10**6, "five": 5, "one": 1}  # steps of a frame, at most
FRAME = 1 / 20  # seconds from frame to frame, at least; the browser draws what lies between
ENOUGH = 0.75  # of the modes, before a tie is called one
ANEW = ("density", "drawing", "width_generator", "width_discriminator", "noise", "latent", "seed")
LINES = ("discriminator", "generator", "real", "fake", "slope", "covered")


class Bench:
    def __init__(self, plan: Plan):
        self.wanted, self.plan = plan, None
        self.lock, self.playing, self.pace = threading.Lock(), False, FRAME
        self.carry_out()

    def carry_out(self) -> None:
        """Become what is wanted: the same networks with other settings if they can be kept, else new ones."""
        plan, before = self.wanted, self.plan
        if plan is before:
            return
        self.plan = plan
        same = before is not None and all(getattr(plan, name) == getattr(before, name) for name in ANEW)
        if not same or self.gan.set(plan.knobs()):
            self.anew()
        self.gan.freeze = FREEZE[plan.learns]

    def anew(self) -> None:
        import torch

        from genmodels.lab.family import Source
        from genmodels.lab.gan import GAN
        from genmodels.lab.truth import modes

        plan = self.plan
        self.born, self.truth = time.time_ns() // 10**6, plan.truth()
        self.many = len(() if (means := modes(self.truth)) is None else means)
        self.gan: GAN = GAN(plan.knobs(), plan.seed)
        self.gan.freeze = FREEZE[plan.learns]
        self.source = Source(self.truth, plan.seed)
        self.reals = self.truth.sample(REALS, torch.Generator().manual_seed(plan.seed))
        self.views: list[View] = []
        self.key, self.doubt = "", 0
        self.steps: list[int] = []
        self.lines: dict[str, list[float]] = {k: [] for k in LINES}
        self.look([])

    def train(self, most: int) -> int:
        """One frame's worth, and look at the result. How many steps that were, at most so many."""
        from genmodels.lab import room
        from genmodels.lab.family import train

        share = max(0.3, min(1.0, room.LANES / max(1, room.ROOM.running())))  # a crowd: shorter, but as often
        seen = train(self.gan, self.source, share * room.SLICE, min(most, PACE[self.plan.pace]))
        self.look([one for one in seen if one])
        return len(seen)

    def look(self, seen: list[dict[str, float]]) -> None:
        view = self.gan.show(self.reals, self.truth)
        self.views = [*self.views[-SAID:], view]
        self.judge()
        if not seen:
            return
        covered = view.covered if view.modes is None else view.modes
        losses = [mean(seen, name, self.lines[name]) for name in ("discriminator", "generator")]
        now = (*losses, view.right_real, view.right_fake, view.slope, covered)
        self.steps.append(view.step)
        for line, value in zip(self.lines.values(), now, strict=True):
            line.append(value)
        if len(self.steps) > CURVE:
            self.steps = self.steps[::2]
            self.lines = {k: line[::2] for k, line in self.lines.items()}

    def judge(self) -> None:
        """What is going on. A good word is taken back, and a new one said, only after some doubt."""
        from genmodels.lab.gan import diagnosis

        key = diagnosis(self.views)
        if key == "balanced" and self.view.modes is not None and self.view.modes < ENOUGH * self.many:
            key = ""  # near all of them, but not yet on them
        self.doubt = 0 if key == self.key else self.doubt + 1
        if self.doubt > words.DOUBT.get(key, 0):
            self.key = key

    @property
    def view(self) -> View:
        return self.views[-1]

    def frame(self, lang: str) -> dict[str, Any]:
        """This moment, for the stage."""
        return stage.frame(self.gan.knobs.game, self.view, self.reals) | {
            "id": self.born,
            "sent": round(time.monotonic(), 3),
            "curves": self.curves(),
            "across": stage.across(self.steps or [0]),
            "learns": self.plan.learns,
            **words.told(self.plan, self.view, self.key, lang),
        }

    def rest(self) -> float:
        """Seconds from frame to frame, at least: back to the usual, slowly, after it was too much."""
        self.pace = max(FRAME, 0.95 * self.pace)
        return self.pace

    def slow(self, seconds: float) -> None:
        """The browser is so far behind: fewer frames, and no new ones until it has seen some of the old."""
        self.pace = min(0.6, 1.5 * self.pace + seconds / 8)

    def figures(self) -> dict[str, Any]:
        view = self.view
        near = {"near": 100 * view.covered} if view.modes is None else {"modes": view.modes}
        return {"step": view.step} | near

    def curves(self) -> dict[str, Any]:
        if len(self.steps) < 2:
            return {}
        shares = {"limits": (0, 100), "unit": " %"}
        loss = stage.curve({"ink": self.lines["discriminator"], "warm": self.lines["generator"]})
        right = {kind: [100 * v for v in self.lines[n]] for kind, n in (("mark", "real"), ("warm", "fake"))}
        covered = self.lines["covered"]
        found = {
            "loss": loss,
            "right": stage.curve(right, **shares),
            "slope": stage.curve({"ink": self.lines["slope"]}, log=True),
        }
        if self.many:
            return found | {"modes": stage.curve({"mark": covered}, (0, self.many))}
        return found | {"covered": stage.curve({"mark": [100 * v for v in covered]}, **shares)}


def mean(seen: list[dict[str, float]], name: str, before: list[float]) -> float:
    """Of the last steps. A side that is frozen has no loss of its own: its line goes on level."""
    values = [step[name] for step in seen if name in step]
    return sum(values) / len(values) if values else (before or [math.nan])[-1]
