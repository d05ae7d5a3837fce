"""The whole of it on the plane: a small network learns to take noise out of points while one watches.

Two networks are looked at: the one that trains, and the mean of its latest weights (EMA), which is the one
that everybody draws with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from math import atan, cos, pi, sin, tan
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from demos import kit
from demos.kit import numbers, plates, plots, say, t
from demos.kit.boards import DRAWN, board, letter, truth_code, truth_of
from demos.kit.lang import Pair
from demos.kit.panels import BLUE, ORANGE, TRUTH, Panel
from demos.kit.plane import INK, Plane
from demos.kit.run import LIVE, queueing

if TYPE_CHECKING:
    from torch import Tensor

KINDS: dict[str, Pair] = {  # families of the laboratory
    "diffusion": ("Diffusion (tells v)", "Difusión (predice v)"),
    "flow_matching": ("Flow matching", "Flow matching"),
}
DENSITIES: dict[str, Pair] = {
    "spirals": ("Spirals", "Espirales"),
    "moons": ("Moons", "Medialunas"),
    "checkerboard": ("Checkerboard", "Tablero"),
    "eight_gaussians": ("Eight Gaussians", "Ocho gaussianas"),
    DRAWN: ("My drawing", "Mi dibujo"),
}
WINDOW = Plane(-4.5, -4.5, 9.0)
LEVELS = (2.0, 0.7, 0.2)  # sigmas, in points of the plane, at which arrows are shown
POINTS, LINES, STEPS = 1200, 48, 30  # drawn; whose way is drawn; steps of their way
SIDE, ARROWS, CELLS = 306, 15, 60  # pixels of a panel; arrows and cells of the ground, a side
FRAME, MOST = 0.5, 150.0
HARDLY = 0.01  # share of real points that lie where p is so low; whatever is drawn there is off


def plane(
    kind: str, density: str, drawing: Any, seconds: int, rate: float, seed: int, lang: str, session: str
) -> Iterator[tuple]:
    """Train a small diffusion on the plane: where its arrows point, and what it draws, averaged and not."""
    from genmodels.lab.family import Source
    from genmodels.lab.family import train as learn
    from genmodels.lab.room import ROOM, SLICE

    truth, losses, off, spent = truth_of(density, drawing), [], [], 0.0
    with ROOM.enter(f"{session} diffusion plane", MOST) as seat:
        for ahead in seat.wait():
            yield gr.skip(), gr.skip(), queueing(ahead, lang)
        with ROOM.turn():
            model, source = made(kind, rate, seed), Source(truth, seed)
            scene = Scene(truth, seed)
            picture = scene.draw(model, lang)
        yield picture, "", {"step": 0}
        while spent < seconds and not seat.over and not model.diverged:
            due = min(spent + FRAME, seconds)
            while spent < due:
                with ROOM.turn():
                    start = time.perf_counter()
                    losses += [s["loss"] for s in learn(model, source, SLICE) if "loss" in s]
                    spent += time.perf_counter() - start
            with ROOM.turn():
                picture = scene.draw(model, lang)
            off.append((len(losses), *scene.off))
            words = f"{plots.number(min(spent, seconds), lang, 2)} / {seconds} s"
            yield picture, curves(losses, off, lang), numbers.progress(spent, seconds, words)
    found = {"step": len(losses), "off_averaged": scene.off[0], "off_raw": scene.off[1]}
    yield picture, curves(losses, off, lang), found


def made(kind: str, rate: float, seed: int) -> Any:
    from genmodels.lab.families import FAMILIES

    return FAMILIES[kind](FAMILIES[kind].Knobs(lr=rate), seed)


def networks(model: Any) -> dict[str, Any]:
    """The mean of the latest weights, and the weights as they are."""
    return {"averaged": model.calm.network, "raw": model.flow if hasattr(model, "flow") else model.field}


def denoiser(network: Any) -> Callable[[Tensor, float], Tensor]:
    """x0 believed of x = x0 + sigma e, whichever family the network is of; in its units, half the plane's."""

    def of_flow(x: Tensor, sigma: float) -> Tensor:
        share = sigma / (1 + sigma)  # of the noise; x0 - e is what the network tells
        return x / (1 + sigma) + share * network.velocity(x / (1 + sigma), 1 - share)

    def of_diffusion(x: Tensor, sigma: float) -> Tensor:
        angle = atan(sigma)
        return cos(angle) * (cos(angle) * x) - sin(angle) * network(cos(angle) * x, angle / (pi / 2))

    return of_flow if hasattr(network, "velocity") else of_diffusion


def back(network: Any, seed: int, count: int = POINTS) -> list[Tensor]:
    """Where the points are, from noise to data, on the plane and as a network sees them."""
    import torch

    from genmodels.diffusion import samplers, schedules
    from genmodels.lab.field import SCALE

    grid = schedules.angle(STEPS, tan(0.49 * pi))
    x = (1 + grid[0] ** 2) ** 0.5 * torch.randn(count, 2, generator=torch.Generator().manual_seed(seed))
    steps = samplers.dpm(denoiser(network), x, grid)
    return [SCALE * step.x / (1 + step.sigma**2) ** 0.5 for step in steps]


class Scene:
    """Two rows of three: noise on its way back, and where it ends; arrows to what is believed."""

    def __init__(self, truth: Any, seed: int):
        import torch

        self.truth, self.seed = truth, seed
        at = torch.from_numpy(WINDOW.grid(CELLS)).float()
        p = truth.log_prob(at).exp().reshape(CELLS, CELLS).numpy()
        self.ground = Panel(WINDOW, SIDE).heat(0.75 * p, TRUTH, float(np.quantile(p, 0.995)), 0.6).image
        self.ground = np.asarray(self.ground)
        self.data = truth.sample(700, torch.Generator().manual_seed(seed + 1))
        real = truth.sample(4000, torch.Generator().manual_seed(seed + 3))
        self.least = torch.quantile(truth.log_prob(real), HARDLY)
        self.off = (100.0, 100.0)  # per cent, averaged and raw, of what was drawn last
        self.noise = torch.randn(700, 2, generator=torch.Generator().manual_seed(seed + 2))

    def draw(self, model: Any, lang: str) -> Any:
        nets = networks(model)
        calm, raw = (back(network, self.seed) for network in nets.values())
        self.off = self.share_off(calm[-1]), self.share_off(raw[-1])
        top = (
            (self.ways(calm), say(lang, "noise, and its ways back", "ruido, y su vuelta")),
            (self.ends(calm[-1]), say(lang, "drawn, averaged weights", "muestras, pesos promediados")),
            (self.ends(raw[-1]), say(lang, "drawn, raw weights", "muestras, pesos sin promediar")),
        )
        rows = [plates.beside(*(p.block(words, type=24) for p, words in top))]
        belief = denoiser(nets["averaged"])
        below = [
            self.arrows(belief, s).block(
                say(lang, "arrows at", "flechas con") + f" σ = {plots.number(s, lang)}", type=24
            )
            for s in LEVELS
        ]
        return plates.plate(*rows, plates.beside(*below))

    def panel(self) -> Panel:
        return Panel(WINDOW, SIDE).paint(self.ground)

    def ways(self, path: list[Tensor]) -> Panel:
        lines = [np.stack([x[k].numpy() for x in path]) for k in range(LINES)]
        drawn = Panel(WINDOW, SIDE).cloud(path[0].numpy(), BLUE, 1.6, 0.5).mesh(lines, INK, 1.2, 0.75)
        return drawn.cloud(np.stack([line[-1] for line in lines]), ORANGE, 3.6)

    def ends(self, x: Tensor) -> Panel:
        return self.panel().cloud(x.numpy(), ORANGE, 1.9)

    def arrows(self, belief: Callable, sigma: float) -> Panel:
        """Noisy points, and from a lattice which way what is believed lies."""
        import torch

        from genmodels.lab.field import SCALE

        at = torch.from_numpy(WINDOW.grid(ARROWS)).float()
        with torch.no_grad():
            move = SCALE * belief(at / SCALE, sigma / SCALE) - at
        long = move.norm(dim=1, keepdim=True)
        short = (move * (0.95 * 9.0 / ARROWS) / (long + sigma)).numpy()
        noisy = (self.data + sigma * self.noise).numpy()
        return (
            Panel(WINDOW, SIDE)
            .cloud(noisy, ORANGE, 1.5, 0.45)
            .arrows(at.numpy() - short / 2, short, INK, 1.2, 0.9)
        )

    def share_off(self, x: Tensor) -> float:
        """Per cent of the points that lie where hardly any real one does."""
        return 100 * float((self.truth.log_prob(x.nan_to_num(99)) < self.least).double().mean())


def curves(losses: list[float], off: list[tuple[int, float, float]], lang: str) -> str:
    """The squared error as the training goes on, and how much of what is drawn is off, by both networks."""
    if len(losses) < 4:
        return ""
    width = max(1, len(losses) // 120)
    means = [float(np.mean(losses[k : k + width])) for k in range(0, len(losses) - width + 1, width)]
    axes = plots.Axes((0, len(losses)), (0.9 * min(means), 1.02 * max(means)), height=230, left=52)
    line = plots.line([width * (k + 0.5) for k in range(len(means))], means, "ink")
    title, steps = (
        say(lang, "Squared error of what it tells", "Error cuadrático de lo que dice"),
        say(lang, "step", "paso"),
    )
    error = plots.plot(axes, line, title=title, across=steps, up=True, lang=lang)
    at, calm, raw = zip(*off, strict=True)
    axes = plots.Axes((0, len(losses)), (0, 1.1 * max(*calm, *raw, 2)), height=230, left=44)
    lines = (
        plots.line(at, raw, "warm"),
        plots.line(at, calm, "mark"),
        plots.dots(at[-1:], calm[-1:], "mark", 4),
    )
    title = say(lang, "% of what is drawn falls off the data", "% de las muestras cae fuera de los datos")
    names = ("mark", say(lang, "averaged", "promediados")), ("warm", say(lang, "raw", "sin promediar"))
    share = plots.plot(axes, *lines, title=title, across=steps, up=True, lang=lang) + plots.legend(*names)
    about = say(
        lang,
        "Off the data: where the true density is so low that only one real point in a hundred lies there.",
        "Fuera de los datos: donde la densidad es tan baja que solo cae ahí uno de cada cien puntos reales.",
    )
    return plots.figures(error, f"<div>{share}</div>", least=320) + f"<p style='font-size:16px'>{about}</p>"


def plane_code(kind: str, density: str, drawing: Any, seconds: int, rate: float, seed: int) -> str:
    numpy = "import numpy as np\n" if density == DRAWN else ""
    return f"""{numpy}import torch
from genmodels.data import points
from genmodels.lab.families import FAMILIES
from genmodels.lab.family import Source, train

{truth_code(density, drawing)}family = FAMILIES["{kind}"]
model = family(family.Knobs(lr={rate:g}), seed={seed})
losses = train(model, Source(truth, {seed}), seconds={seconds})
x = model.sample({POINTS}, torch.Generator().manual_seed({seed}))  # by the averaged weights
"""


def layout(tab: kit.Tab) -> None:
    with tab.view("plane", "On the plane", "En el plano") as view:
        with view.controls():
            kind = kit.choice([(t(*w), k) for k, w in KINDS.items()], t("What learns", "Qué aprende"))
            density = kit.choice(
                [(t(*w), k) for k, w in DENSITIES.items()], t("Real points", "Puntos reales")
            )
            with gr.Accordion(t("Draw my own", "Dibujar los míos"), open=False):
                words = "Paint where real points are to lie", "Pinta dónde estarán los puntos reales"
                drawing = board(letter(), words)
            seconds = kit.slider(2, 30, 8, t("Seconds of training", "Segundos de entrenamiento"), step=1)
            rate = kit.slider(0.001, 0.02, 0.01, t("Learning rate", "Tasa de aprendizaje"), step=0.001)
            seed = kit.seed()
        with view.result():
            page, below = plates.view(), kit.html()
        inputs = [kind, density, drawing, seconds, rate, seed]
        view.run(plane, inputs, [page, below], ("Train", "Entrenar"), plane_code, lane=LIVE)
    drawing.input(lambda: DRAWN, None, density, queue=False, api_visibility="private", show_progress="hidden")
