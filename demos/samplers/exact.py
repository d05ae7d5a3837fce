"""Solvers where the right answer is known: Gaussians, their exact denoiser, error against effort."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from math import log
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from demos import kit
from demos.kit import denoisers, panels, plates, plots, say, t
from demos.kit.plane import Plane
from demos.samplers import charts, runs

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.diffusion.exact import Exact

HIGH, LOW = 20.0, 0.02
COUNTS = (4, 8, 16, 32, 64, 128, 256)
POINTS, TRACKS, CELLS, SIDE = 200, 110, 100, 460
LONG = 64  # steps from which each solver takes a while
FINE = 800  # steps of the right answer
INSIDE = Plane(-4.6, -4.6, 9.2)
DENSITIES = {
    "eight_gaussians": ("Eight Gaussians", "Ocho gaussianas"),
    "moons": ("Moons", "Medialunas"),
    "spirals": ("Spirals", "Espirales"),
}
WHOLE = "dpm3 whole"
SOLVERS = ("ddim", "heun", "midpoint", "dpm2", "dpm3", WHOLE, "unipc")
GRIDS = ("geometric", "karras", "straight", "angle")


def exact(density: str, solver: str, grid: str, steps: int, seed: int, lang: str) -> Iterator[tuple]:
    """The paths of points under one solver beside the right ones; every solver's error against its calls."""
    belief = denoiser(density)
    x = noise(seed)
    few = ways(belief, solver, grid, steps, x)
    left = scene(belief, few, named(solver, lang), runs.steps_words(steps, lang))
    yield left.block(*left.words), "", {"calls": calls(solver, steps)}
    fine = ways(belief, "unipc", "geometric", FINE, x)
    right = scene(belief, fine, say(lang, "the right paths", "los caminos correctos"), "")
    page = plates.beside(left.block(*left.words), right.block(*right.words))
    error = {"error_points": rms(few[-1], fine[-1]), "calls": calls(solver, steps)}
    found: dict[str, list[float]] = {name: [] for name in SOLVERS}
    for n in COUNTS:
        for name in SOLVERS:
            found[name].append(rms(ways(belief, name, grid, n, x)[-1], fine[-1]))
            if n >= LONG:
                yield gr.skip(), gr.skip(), error
        yield page, drawn(found, lang), error
    yield page, drawn(found, lang) + about(lang), error


def denoiser(density: str) -> Exact:
    from genmodels.data import points
    from genmodels.diffusion.exact import Exact

    return Exact(points.density(density))


def noise(seed: int) -> Tensor:
    import torch

    random = torch.Generator().manual_seed(seed)
    return HIGH * torch.randn(POINTS, 2, generator=random, dtype=torch.float64)


def solver_of(name: str) -> Callable:
    from genmodels.diffusion import samplers

    return partial(samplers.dpm, order=3, whole=True) if name == WHOLE else samplers.SOLVERS[name]


def levels(grid: str, steps: int) -> list[float]:
    """A grid that ends at LOW, where every solver can still be compared: the last step of all is the same."""
    from genmodels.diffusion import schedules

    if grid in ("geometric", "karras"):
        return getattr(schedules, grid)(LOW, HIGH, steps + 1)[:-1]
    least = LOW / (1 + LOW) if grid == "straight" else np.arctan(LOW)
    most = HIGH / (1 + HIGH) if grid == "straight" else np.arctan(HIGH)
    at = np.linspace(most, least, steps + 1)
    return (at / (1 - at) if grid == "straight" else np.tan(at)).tolist()


def ways(belief: Exact, solver: str, grid: str, steps: int, x: Tensor) -> list[Tensor]:
    """Where the points are at every level, as flow matching draws them: (1 - t) x0 + t e."""
    return [s.x / (1 + s.sigma) for s in solver_of(solver)(belief, x, levels(grid, steps))]


def rms(x: Tensor, y: Tensor) -> float:
    return (x - y).square().sum(1).mean().sqrt().item()


def calls(solver: str, steps: int) -> int:
    from genmodels.diffusion.samplers import LOOKS

    return steps * LOOKS.get(solver, 1)


def named(solver: str, lang: str) -> str:
    if solver == WHOLE:
        return say(lang, "3M, whole", "3M, entera")
    return runs.short(solver, lang)


# ------------------------------------------------------------------------------------------ what is shown


class Scene(panels.Panel):
    words: tuple[str, str] = ("", "")


def scene(belief: Exact, places: list[Tensor], caption: str, note: str) -> Scene:
    """Paths over the density, and the points where they have come."""
    import torch

    made = Scene(INSIDE, SIDE)
    made.words = caption, note
    cells = torch.from_numpy(INSIDE.grid(CELLS))
    p = belief.log_prob(cells, 0.15).exp().reshape(CELLS, CELLS).numpy()
    made.heat(p, panels.TRUTH, float(p.max()) * 1.6, 0.7)
    path = torch.stack(places).numpy()
    made.mesh([path[:, k] for k in range(TRACKS)], panels.BLUE, 0.8, 0.55)
    return made.cloud(path[-1], panels.ORANGE, 2.3)


def drawn(found: dict[str, list[float]], lang: str) -> str:
    """The chart, and under it the power of the steps by which each error falls."""
    lines = []
    for name, errors in found.items():
        kind, dashed = ("warm", True) if name == WHOLE else runs.KINDS[name]
        asked = [calls(name, n) for n in COUNTS[: len(errors)]]
        lines.append(charts.Line(named(name, lang), kind, dashed, asked, errors))
    title = say(
        lang, "Error of the points against calls of the denoiser", "Error de los puntos según las llamadas"
    )
    ticks = (*COUNTS, 2 * COUNTS[-1])
    chart = charts.against(lines, ticks[::2], title, say(lang, "calls", "llamadas"), lang)
    return chart + orders(found, lang)


def orders(found: dict[str, list[float]], lang: str) -> str:
    done = len(next(iter(found.values())))
    columns = [n for n in COUNTS[1:done] if n >= 32]
    if not columns:
        return ""
    rows = []
    for name, errors in found.items():
        fell = [order(errors, COUNTS.index(n)) for n in columns]
        rows.append([named(name, lang), *(hundredths(v, lang) for v in fell)])
    head = [say(lang, "order, up to …", "orden, hasta …"), *map(str, columns)]
    en, es = "By which power of the steps the error falls", "Con qué potencia de los pasos cae el error"
    title = say(lang, en, es)
    return f"<div><h4>{title}</h4>{plots.table(head, rows)}</div>"


def hundredths(value: float, lang: str) -> str:
    return say(lang, f"{value:.2f}", f"{value:.2f}".replace(".", ",")).replace("-", "−")


def order(errors: list[float], k: int) -> float:
    """From half as many steps to these."""
    return log(max(errors[k - 1], 1e-15) / max(errors[k], 1e-15)) / log(2)


def about(lang: str) -> str:
    en = (
        "Order 1: twice the steps, half the error; order 2: a quarter; order 3: an eighth. The denoiser is "
        "exact, so that all of it is the solver's. DPM++ 3M as published counts the curvature of its three "
        "beliefs half, and has order 2; counted whole, it has 3. UniPC corrects each step by what it finds "
        "there, which raises its order from 2 to 3 at no further call."
    )
    es = (
        "Orden 1: el doble de pasos, la mitad del error; orden 2: un cuarto; orden 3: un octavo. El "
        "denoiser es exacto, así que todo el error es del método. DPM++ 3M, como se publicó, cuenta a medias "
        "la curvatura de sus tres creencias, y es de orden 2; contada entera, es de orden 3. UniPC corrige "
        "cada paso con lo que encuentra al llegar, y eso sube su orden de 2 a 3 sin otra llamada."
    )
    return f"<p>{say(lang, en, es)}</p>"


def exact_code(density: str, solver: str, grid: str, steps: int, seed: int) -> str:
    name = "dpm3" if solver == WHOLE else solver
    more = ", whole=True" if solver == WHOLE else ""
    return (
        "import torch\nfrom genmodels.data import points\n"
        "from genmodels.diffusion import samplers, schedules\n"
        "from genmodels.diffusion.exact import Exact\n\n"
        f'exact = Exact(points.density("{density}"))\n'
        f"random = torch.Generator().manual_seed({seed})\n"
        f"x = {HIGH:g} * torch.randn({POINTS}, 2, generator=random, dtype=torch.float64)\n"
        f"for steps in ({FINE}, {steps}, {2 * steps}):\n"
        f"    sigmas = schedules.geometric({LOW}, {HIGH:g}, steps + 1)[:-1]\n"
        f'    *_, last = samplers.SOLVERS["{name}"](exact, x, sigmas{more})\n'
        f"    right = last.x if steps == {FINE} else right\n"
        "    print(steps, (last.x - right).square().sum(1).mean().sqrt().item())\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("exact", "Exactly", "Con exactitud") as view:
        with view.controls():
            choices: list[Any] = [(t(*words), name) for name, words in DENSITIES.items()]
            density = kit.choice(choices, t("Density", "Densidad"))
            names = [(t(*(denoisers.SOLVERS[n])), n) for n in SOLVERS if n != WHOLE]
            names.append((t("DPM-Solver++ 3M, curvature whole", "DPM-Solver++ 3M, curvatura entera"), WHOLE))
            solver = kit.choice(names, t("Solver of the paths", "Método de los caminos"))
            grids = [(t(*denoisers.GRIDS[n]), n) for n in GRIDS]
            grid = kit.choice(grids, t("Grid of noise", "Grilla de ruido"))
            steps = kit.slider(1, 64, 6, t("Steps of the paths", "Pasos de los caminos"), step=1)
            seed = kit.seed()
        with view.result():
            picture = plates.view()
            chart = kit.html()
        inputs = [density, solver, grid, steps, seed]
        view.run(exact, inputs, [picture, chart], ("Solve", "Resolver"), exact_code)
        view.on([density.input, solver.input, grid.input, steps.release], exact)
