"""Before and after training: data to noise and noise to data, while a flow learns for a few seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from demos import kit
from demos.flows.models import WINDOW, colours, noise, number
from demos.kit import numbers, plates, plots, say, t
from demos.kit.boards import DRAWN, board, letter, truth_code, truth_of
from demos.kit.lang import Pair
from demos.kit.panels import Panel
from demos.kit.run import LIVE, queueing

if TYPE_CHECKING:
    from genmodels.lab.family import Family

FLOWS: dict[str, Pair] = {  # family of the laboratory, and NICE
    "realnvp": ("RealNVP", "RealNVP"),
    "nice": ("NICE: RealNVP with s = 0", "NICE: RealNVP con s = 0"),
    "spline": ("Spline flow", "Flujo de splines"),
    "ffjord": ("FFJORD", "FFJORD"),
    "flow_matching": ("Flow matching", "Flow matching"),
}
DENSITIES: dict[str, Pair] = {
    "moons": ("Moons", "Medialunas"),
    "checkerboard": ("Checkerboard", "Tablero"),
    "spirals": ("Spirals", "Espirales"),
    "eight_gaussians": ("Eight Gaussians", "Ocho gaussianas"),
    "rings": ("Rings", "Anillos"),
    DRAWN: ("My drawing", "Mi dibujo"),
}
LIKELY = (
    "realnvp",
    "nice",
    "spline",
    "ffjord",
)  # trained on what a point costs, which is what the curve shows
POINTS, SIDE, FRAME, MOST = 900, 320, 0.3, 150.0
GREY = (176, 184, 190)


def train(
    flow: str, density: str, drawing: Any, seconds: int, seed: int, lang: str, session: str
) -> Iterator[tuple]:
    """Train a flow for some seconds: data and its noise, noise and its data, before training and now."""
    import torch

    from genmodels.lab.family import Source
    from genmodels.lab.family import train as learn
    from genmodels.lab.room import ROOM, SLICE

    truth = truth_of(density, drawing)
    with ROOM.enter(f"{session} flows train", MOST) as seat:
        for ahead in seat.wait():
            yield gr.skip(), gr.skip(), queueing(ahead, lang)
        with ROOM.turn():
            model, source = made(flow, seed), Source(truth, seed)
            x = truth.sample(POINTS, torch.Generator().manual_seed(seed))
            entropy = -float(
                truth.log_prob(truth.sample(4000, torch.Generator().manual_seed(seed + 1))).mean()
            )
            scene = Scene(x.double().numpy(), noise(POINTS, seed), model)
            picture = scene.draw(model, lang)
        losses: list[float] = []
        yield picture, "", {"step": 0}
        spent = 0.0
        while spent < seconds and not seat.over:
            due = spent + FRAME
            while spent < min(due, seconds):
                with ROOM.turn():
                    start = time.perf_counter()
                    losses += [s["loss"] for s in learn(model, source, SLICE) if "loss" in s]
                    spent += time.perf_counter() - start
            with ROOM.turn():
                picture = scene.draw(model, lang)
            words = f"{number(min(spent, seconds), lang, 1)} / {seconds} s"
            yield picture, curve(losses, entropy, flow, lang), numbers.progress(spent, seconds, words)
        with ROOM.turn():
            found = {"step": len(losses), "steps_second": len(losses) / max(spent, 1e-9)} | measured(
                model, truth, entropy, seed
            )
    yield picture, curve(losses, entropy, flow, lang), found


def made(flow: str, seed: int) -> Family:
    from genmodels.lab.families import FAMILIES
    from genmodels.lab.realnvp import RealNVP

    if flow == "nice":
        return RealNVP(RealNVP.Knobs(stretch=False), seed)
    return FAMILIES[flow](seed=seed)


def measured(model: Family, truth: Any, entropy: float, seed: int) -> dict[str, float]:
    """What fresh points cost, and how much more than they must."""
    import torch

    held = truth.sample(1000, torch.Generator().manual_seed(seed + 2))
    nll = -float(model.log_prob(held).mean())  # type: ignore[union-attr]
    return {"nll": nll, "entropy_nats": entropy, "above_entropy": nll - entropy}


class Scene:
    """Two rows of three: what goes in, what came out before training, and what comes out now."""

    def __init__(self, x: np.ndarray, z: np.ndarray, model: Family):
        self.x, self.z = x, z
        self.hues = colours(z)
        self.before = self.through(model)

    def through(self, model: Any) -> tuple[np.ndarray, np.ndarray]:
        """Data to noise, and noise to data."""
        import torch

        flow = model.calm.network
        x, z = (torch.from_numpy(v).float() for v in (self.x, self.z))
        with torch.no_grad():
            if hasattr(flow, "couplings"):
                ends = flow(x)[0], flow.inverse(z)[0]
            else:  # without the determinant, which takes twice as long as the way
                scale = flow.config.scale
                *_, down = flow.solver.follow(flow.velocity, x / scale, (1.0, 0.0))
                *_, up = flow.solver.follow(flow.velocity, z, (0.0, 1.0))
                ends = down.y, up.y * scale
        return ends[0].double().numpy(), ends[1].double().numpy()

    def draw(self, model: Any, lang: str) -> Any:
        now = self.through(model)
        names = (
            (
                ("data", "datos"),
                ("as noise, before", "como ruido, antes"),
                ("as noise, now", "como ruido, ahora"),
            ),
            (
                ("noise", "ruido"),
                ("as data, before", "como datos, antes"),
                ("as data, now", "como datos, ahora"),
            ),
        )
        rows = []
        for k, words in enumerate(names):
            clouds = ((self.x, self.before[0], now[0]), (self.z, self.before[1], now[1]))[k]
            row = [self.panel(c, k).block(say(lang, *w), type=27) for c, w in zip(clouds, words, strict=True)]
            rows.append(plates.beside(*row))
        return plates.plate(*rows)

    def panel(self, cloud: np.ndarray, row: int) -> Panel:
        good = np.isfinite(cloud).all(1)
        if row:
            return Panel(WINDOW, SIDE).points(cloud[good], self.hues[good], 2.0)  # type: ignore[return-value]
        return Panel(WINDOW, SIDE).ring(2, (90, 94, 98)).cloud(cloud, GREY, 1.8)  # type: ignore[attr-defined]


def curve(losses: list[float], entropy: float, flow: str, lang: str) -> str:
    """What a point costs as the training goes on; below the truth's entropy nobody can get."""
    if len(losses) < 4:
        return ""
    width = max(1, len(losses) // 160)
    means = [float(np.mean(losses[k : k + width])) for k in range(0, len(losses) - width + 1, width)]
    steps = [width * (k + 0.5) for k in range(len(means))]
    likely = flow in LIKELY
    low = min([*means, entropy] if likely else [*means, 0.0])
    high = max(means[min(2, len(means) - 1) :])
    axes = plots.Axes(
        (0, len(losses)), (low - 0.12, max(high, low + 0.3) + 0.05), width=640, height=240, left=48
    )
    shown = [min(v, axes.y[1]) for v in means]
    marks = [plots.line(steps, shown, "mark")]
    if likely:
        marks.insert(
            0, plots.rule(entropy, say(lang, "entropy of the truth", "entropía de la verdad"), "warm")
        )
    title = (
        say(lang, "−log p(x), nats per point", "−log p(x), nats por punto")
        if likely
        else say(lang, "squared error of the velocity", "error cuadrático de la velocidad")
    )
    return plots.plot(axes, *marks, title=title, across=say(lang, "step", "paso"), up=True, lang=lang)


def train_code(flow: str, density: str, drawing: Any, seconds: int, seed: int) -> str:
    name = "realnvp" if flow == "nice" else flow
    knobs = "FAMILIES[name].Knobs(stretch=False)" if flow == "nice" else "FAMILIES[name].Knobs()"
    numpy = "import numpy as np\n" if density == DRAWN else ""
    return f"""{numpy}import torch
from genmodels.data import points
from genmodels.lab.families import FAMILIES
from genmodels.lab.family import Source, train

{truth_code(density, drawing)}name = "{name}"
model = FAMILIES[name]({knobs}, seed={seed})
losses = train(model, Source(truth, {seed}), seconds={seconds})
z, log_det = model.calm.network(truth.sample(900, torch.Generator().manual_seed({seed})))  # data to noise
x = model.sample(900, torch.Generator().manual_seed({seed}))  # noise to data
"""


def layout(tab: kit.Tab) -> None:
    with tab.view("train", "Before and after", "Antes y después") as view:
        with view.controls():
            flow = kit.choice([(t(*w), k) for k, w in FLOWS.items()], t("Flow", "Flujo"))
            density = kit.choice(
                [(t(*w), k) for k, w in DENSITIES.items()], t("Real points", "Puntos reales")
            )
            with gr.Accordion(t("Draw my own", "Dibujar los míos"), open=False):
                drawing = board(
                    letter(), ("Paint where real points are to lie", "Pinta dónde estarán los puntos reales")
                )
            seconds = kit.slider(2, 20, 5, t("Seconds of training", "Segundos de entrenamiento"), step=1)
            seed = kit.seed()
        with view.result():
            page, below = plates.view(), kit.html()
        inputs = [flow, density, drawing, seconds, seed]
        view.run(train, inputs, [page, below], ("Train", "Entrenar"), train_code, lane=LIVE)
    drawing.input(lambda: DRAWN, None, density, queue=False, api_visibility="private", show_progress="hidden")
