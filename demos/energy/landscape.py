"""Points walk on an energy of the plane: exact steps, steps as with pictures, steps without noise."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from math import inf
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from PIL import Image

from demos import kit
from demos.energy.ground import GROUNDS, RIPPLES, Ground, energy_of
from demos.energy.shown import signed
from demos.kit import plates, plots, say, t
from demos.kit.lang import Pair
from demos.kit.pixels import Pace

if TYPE_CHECKING:
    from torch import Tensor

LEARN = 5.0  # seconds that the laboratory's energy model trains for
SLICE = 0.3  # of them, between two frames
FOLLOWED = 4  # points whose way is drawn
SECONDS = 6.0  # that a walk takes at least
POINT, WAY = (255, 214, 150), (255, 120, 84)
RULES: dict[str, Pair] = {
    "exact": ("exact: noise = √(2 · step)", "exacta: ruido = √(2 · paso)"),
    "cut": (
        "as with pictures: noise of its own, gradient cut",
        "como con imágenes: ruido aparte, gradiente recortado",
    ),
    "still": ("no noise: plain descent", "sin ruido: puro descenso"),
}
BEGIN: dict[str, Pair] = {
    "everywhere": ("everywhere", "en todas partes"),
    "corner": ("in one corner", "en una esquina"),
}
HEAT = 2.0  # nats above the settled mean that the plot's axis leaves room for, at least


def landscape(
    ground: str, learnt: bool, rule: str, begin: str, stride: float, noise: float, clip: float, count: int,
    steps: int, seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Points move on an energy's ground, its slope as arrows, and their mean energy against the step."""
    import torch

    from genmodels.energy.langevin import langevin
    from genmodels.runtime import generators

    energy = energy_of(ground)
    if learnt and ground != RIPPLES:  # the bowl has no points to learn from
        energy = yield from learning(ground, seed)
    walk, cut = how(rule, stride, noise, clip), clip if rule == "cut" else inf
    below = Ground(energy, cut)
    luck = generators(seed, 1)[0]
    x, pace, at, mean = where(begin, count, luck), Pace(steps + 1, SECONDS), [], []
    ways: list[np.ndarray] = []
    with closing(langevin(energy, x, steps, walk, luck)) as walking:
        for step in walking:
            x = step.at if rule == "exact" else step.x
            x = x.nan_to_num(9.0, 9.0, -9.0).clamp(-9, 9) if not torch.isfinite(x).all() else x
            ways.append(x[:FOLLOWED].numpy())
            at.append(step.i)
            mean.append(step.energy.nan_to_num(1e3).clamp(-1e3, 1e3).mean().item())
            if pace.due(step.i, last=step.i == steps):
                drawn = curve(at, mean, below.mean(), steps, lang)
                yield points(below, x, ways), drawn, {"energy_now": mean[-1], "energy_fair": below.mean()}


def how(rule: str, stride: float, noise: float, clip: float) -> Any:
    from genmodels.energy.langevin import Walk

    if rule == "exact":
        return Walk.exact(stride)
    return Walk(stride, 0.0 if rule == "still" else noise, clip if rule == "cut" else inf, -inf, inf)


def where(begin: str, count: int, luck: Any) -> Tensor:
    """(count, 2): anywhere on the square, or within half a unit of a corner."""
    import torch

    spot = torch.rand(count, 2, generator=luck)
    return 3.2 + 0.8 * spot if begin == "corner" else 8.4 * spot - 4.2


def learning(ground: str, seed: int) -> Generator[tuple, None, Callable[[Tensor], Tensor]]:
    """The laboratory's energy model learns the density; its ground as it is, and in the end its energy."""
    from genmodels.data.points import density
    from genmodels.lab.energy import Energy
    from genmodels.lab.family import Source, train

    model, steps, spent = Energy(seed=seed), 0, 0.0
    source = Source(density(ground), seed)

    def energy(x: Tensor) -> Tensor:
        return model.energy(x, model.calm.network)

    while spent < LEARN:
        began = time.perf_counter()
        steps += len(train(model, source, min(SLICE, LEARN - spent)))
        spent += time.perf_counter() - began
        yield points(Ground(energy), model.chains, []), "", {"step": steps}
    return energy


def points(below: Ground, x: Tensor, ways: list[np.ndarray]) -> Image.Image:
    plot = below.plot()
    if ways:
        for k in range(min(FOLLOWED, len(x))):
            way = np.array([w[k] for w in ways[-150:]])
            plot.line(way, WAY, 2) if len(way) > 1 else None
    x = x.numpy()
    plot.points(x, np.tile(np.array(POINT, float), (len(x), 1)), 3.0)
    if ways:
        plot.dots(ways[-1], WAY, 5)
    return plot.axes(names=("x₁", "x₂")).image


def curve(at: list[int], mean: list[float], fair: float, steps: int, lang: str) -> str:
    """The points' mean energy, against that of exp(-E) itself."""
    top = min(max(*mean, fair), fair + max(HEAT, 3 * abs(mean[-1] - fair), 6.0))
    low = min(*mean, fair)
    air = 0.1 * (top - low) or 0.5
    axes = plots.Axes((0, steps), (low - air, top + air), width=360, height=300, left=52)
    seen = [min(v, top + air) for v in mean]
    title = say(
        lang,
        f"Mean energy of the points; dashed, that of exp(−E) itself: {signed(fair, lang)}",
        f"Energía media de los puntos; a rayas, la de exp(−E) misma: {signed(fair, lang)}",
    )
    return plots.plot(
        axes, plots.rule(fair, "", "ink"), plots.line(at, seen, "mark"), title=title,
        across=say(lang, "step", "paso"), up=True, lang=lang,
    )  # fmt: skip


def landscape_code(
    ground: str, learnt: bool, rule: str, begin: str, stride: float, noise: float, clip: float, count: int,
    steps: int, seed: int,
) -> str:  # fmt: skip
    spot = "3.2 + 0.8 * spot" if begin == "corner" else "8.4 * spot - 4.2"
    walk = {
        "exact": f"Walk.exact({stride:g})",
        "cut": f"Walk({stride:g}, {noise:g}, {clip:g}, -inf, inf)",
        "still": f"Walk({stride:g}, 0.0, inf, -inf, inf)",
    }[rule]
    lines = ["from genmodels.energy.langevin import Walk, langevin, last"]
    if ground == RIPPLES:
        truth = "energy = lambda x: 0.28 * x.square().sum(1) + 1.6 * (\n"
        truth += "    1 - (2.6 * x[:, 0]).cos() * (2.6 * x[:, 1]).cos()\n)\n"
    else:
        lines.append("from genmodels.data import points")
        truth = f'truth = points.density("{ground}")\nenergy = lambda x: -truth.log_prob(x)\n'
        if learnt:
            lines += [
                "from genmodels.lab.energy import Energy",
                "from genmodels.lab.family import Source, train",
            ]
            truth += (
                f"model = Energy(seed={seed})\ntrain(model, Source(truth, {seed}), {LEARN:g})  # seconds\n"
            )
            truth += "energy = model.energy\n"
    top = "from math import inf\n\nimport torch\n\n" if rule != "exact" else "import torch\n\n"
    return (
        top + "\n".join(sorted(lines)) + f"\n\n{truth}luck = torch.Generator().manual_seed({seed})\n"
        f"spot = torch.rand({count}, 2, generator=luck)\n"
        f"x = last(langevin(energy, {spot}, {steps}, {walk}, luck))\nprint(x.mean(0), energy(x).mean())\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("landscape", "The landscape", "El paisaje") as view:
        with view.controls():
            ground = kit.choice(
                [(t(*words), name) for name, words in GROUNDS.items()], t("Ground", "Terreno")
            )
            learnt = kit.check(
                t(
                    "Learn it from points first, in five seconds (not the bowl)",
                    "Aprenderlo antes de puntos, en cinco segundos (el tazón no)",
                )
            )
            rule = kit.choice([(t(*words), name) for name, words in RULES.items()], t("Steps", "Pasos"))
            begin = kit.choice(
                [(t(*words), name) for name, words in BEGIN.items()], t("Points begin", "Los puntos empiezan")
            )
            stride = kit.slider(0.001, 0.6, 0.02, t("Step size", "Tamaño del paso"), step=0.001)
            with gr.Accordion(t("Noise, cut, points", "Ruido, recorte, puntos"), open=False):
                noise = kit.slider(
                    0, 1, 0.05, t("Noise, where it is separate", "Ruido, donde va aparte"), step=0.01
                )
                clip = kit.slider(
                    0.1,
                    30,
                    3,
                    t("Gradient cut at, where it is cut", "Gradiente recortado en, donde se recorta"),
                    step=0.1,
                )
                count = kit.slider(10, 1000, 300, t("Points", "Puntos"), step=10)
                steps = kit.slider(10, 1000, 300, t("How many steps", "Cuántos pasos"), step=10)
            seed = kit.seed()
        with view.result(), gr.Row():
            with gr.Column(scale=5, min_width=300):
                page = plates.view()
            with gr.Column(scale=3, min_width=240):
                drawn = kit.html()
        inputs = [ground, learnt, rule, begin, stride, noise, clip, count, steps, seed]
        view.run(landscape, inputs, [page, drawn], ("Let them walk", "Que caminen"), landscape_code)
