"""Three losses learn the same score in the same seconds: none of them is ever shown it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from demos import kit
from demos.kit import plates, plots, say, t
from demos.kit.lang import Pair
from demos.score import plane

if TYPE_CHECKING:
    from PIL import Image

    from genmodels.energy.score_matching import Blobs
    from genmodels.lab.matching import Learner

LOSSES: dict[str, tuple[Pair, str]] = {  # name, colour of its curve
    "hyvarinen": (("exact trace", "traza exacta"), "ink"),
    "sliced": (("sliced", "por cortes"), "warm"),
    "denoising": (("denoising", "quitando ruido"), "mark"),
}
FRAME = 0.12  # seconds that each trains between two frames
HELD = 4000
FLOOR, TOP = -3.0, 0.5  # of the plot, powers of ten


def learn(density: str, sigma: float, seconds: int, seed: int, lang: str) -> Iterator[tuple]:
    """Three networks learn the score of one noise level, each by its own loss, in the same time."""
    import torch

    from genmodels.lab.matching import Learner, wrong

    truth = plane.blobs(density)
    noised = truth.noised(sigma)
    held = noised.sample(HELD, torch.Generator().manual_seed(seed))
    exact = noised.score(held)
    learners = {name: Learner(name, sigma, seed) for name in LOSSES}
    spent, curve = 0.0, {name: [] for name in LOSSES}
    while spent < seconds / len(LOSSES):
        for name, learner in learners.items():
            end = time.perf_counter() + FRAME
            while time.perf_counter() < end:
                learner.step(truth)
            curve[name].append((spent + FRAME, wrong(learner.score(held), exact)))
        spent += FRAME
        done = spent >= seconds / len(LOSSES)
        if done or len(curve["sliced"]) % 2:
            found = {f"wrong_{name}": plane.percent(curve[name][-1][1], lang) for name in LOSSES}
            yield panels(learners, truth, sigma, lang), figure(curve, seconds, learners, lang), found


def panels(learners: dict[str, Learner], truth: Blobs, sigma: float, lang: str) -> Image.Image:
    """The arrows that each has learnt, and where they err."""
    steps, blocks = say(lang, "steps", "pasos"), []
    for name, learner in learners.items():
        words = say(lang, *LOSSES[name][0])
        blocks.append(plane.error(learner.score, truth, sigma).block(words, f"{learner.steps} {steps}", 36))
    return plates.beside(*blocks)


def figure(curve: dict[str, list], seconds: int, learners: dict[str, Learner], lang: str) -> str:
    """The error where data is, in powers of ten, against each one's seconds."""
    from math import log10

    axes = plots.Axes((0, seconds / len(LOSSES)), (FLOOR, TOP), width=640, height=280, left=64)
    marks = [plots.rule(0, say(lang, "no arrow at all", "ninguna flecha"))]
    marks += [power(k) for k in (-3, -2, -1)]
    for name, points in curve.items():
        x, y = zip(*points, strict=True)
        marks.append(plots.line(x, [max(FLOOR, min(TOP, log10(max(v, 1e-9)))) for v in y], LOSSES[name][1]))
    title = say(
        lang,
        "Squared error of the arrows where data is, over the arrows' own square",
        "Error cuadrático de las flechas donde hay datos, sobre el cuadrado de las flechas",
    )
    across = say(lang, "seconds of each", "segundos de cada una")
    names = [(kind, say(lang, *words)) for words, kind in LOSSES.values()]
    return plots.plot(axes, *marks, title=title, across=across, lang=lang) + plots.legend(*names)


def power(k: int) -> plots.Mark:
    def draw(axes: plots.Axes) -> str:
        x, y = axes.at(axes.x[0], k)
        words = f"10<tspan dy='-6' font-size='11'>{str(k).replace('-', '−')}</tspan>"
        return f"<text class='tick' x='{x - 6}' y='{y + 5}' text-anchor='end'>{words}</text>"

    return draw


def learn_code(density: str, sigma: float, seconds: int, seed: int) -> str:
    return (
        "import torch\nfrom genmodels.data import points\nfrom genmodels.energy.score_matching import Blobs\n"
        "from genmodels.lab.matching import NAMES, Learner, wrong\n\n"
        + plane.blobs_code(density)
        + f"noised = truth.noised({sigma:g})\n"
        f"x = noised.sample(1000, torch.Generator().manual_seed({seed}))\n"
        "for loss in NAMES:\n"
        f"    learner = Learner(loss, {sigma:g}, seed={seed})\n"
        "    for _ in range(200):\n        learner.step(truth)\n"
        "    print(loss, wrong(learner.score(x), noised.score(x)))\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("learn", "Learn them", "Aprenderlas") as view:
        with view.controls():
            density = plane.choice()
            sigma = kit.slider(0.05, 3, 0.5, t("Noise σ", "Ruido σ"), step=0.05)
            label = t("Seconds in all, shared by the three", "Segundos en total, entre las tres")
            seconds = kit.slider(3, 15, 6, label, step=1)
            seed = kit.seed()
        with view.result():
            picture = plates.view()
            curve = kit.html()
        inputs = [density, sigma, seconds, seed]
        view.run(learn, inputs, [picture, curve], ("Train", "Entrenar"), learn_code)
