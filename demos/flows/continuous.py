"""A flow without layers: a velocity at each place and moment, and a solver; flow matching beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np

from demos import kit
from demos.flows.models import brightest, colours, loading, noise, number, of, parts, use
from demos.kit import numbers, plates, plots, say, t
from demos.kit.panels import NOISE, Panel
from demos.kit.plane import Plane

POINTS, TRACKS, SIDE = 500, 60, 420
INSIDE = Plane(-3.0, -3.0, 6.0)
ARROWS, LONGEST = 17, 0.28
CELLS = 48
FRAMES = 8
LEARN = 4.0  # seconds of training of flow matching
PROBED, FINE = 64, 128  # points whose errors are told, and steps of what they are compared with
SLICE = 0.4  # seconds of it between two signs


def continuous(
    ffjord: str, moment: float, solver: str, steps: int, tolerance: int, probes: int, seed: int, lang: str
) -> Iterator[tuple]:
    """Noise carried to data: velocity, tracks and density up to a moment, and what the solver asked."""
    name = parts(ffjord)[1]
    rule = made(solver, steps, tolerance)
    with use(ffjord) as flow:
        ours = tracks(flow, rule, seed, moment)
        for k in range(1, FRAMES + 1):
            page = plates.plate(plates.beside(scene(flow, ours, k, FRAMES, "FFJORD", lang)))
            yield page, "", {"time": ours.times[k]}
        most = brightest(name) * flow.config.scale**2
        shown = Panel(INSIDE, SIDE).heat(density_at(flow, moment), NOISE, most, 0.6).axes(20, ("", ""))
        left = scene(flow, ours, FRAMES, FRAMES, "FFJORD", lang)
        middle = shown.block(
            say(lang, f"density, t = {number(moment, lang, 2)}", f"densidad, t = {number(moment, lang, 2)}")
        )
        about = ""
        for about in spent(flow, rule, seed, probes, lang):
            yield plates.plate(plates.beside(left, middle)), about, {"time": moment}
        for matched in matching(name):
            if matched is None:
                words = say(lang, "Training flow matching…", "Entrenando flow matching…")
                yield gr.skip(), gr.skip(), numbers.progress(0, 0, words)
        theirs = tracks(matched, rule, seed, moment)
        right = scene(matched, theirs, FRAMES, FRAMES, "flow matching", lang)
    found = {"time": moment, "evaluations": ours.asked, "path": ours.path, "path_matching": theirs.path}
    yield plates.plate(plates.beside(left, middle, right)), about, found


def made(solver: str, steps: int, tolerance: int) -> Any:
    from genmodels.flow.plane.ode import RK4, DormandPrince, Midpoint

    return {"rk4": RK4(steps), "midpoint": Midpoint(steps), "adaptive": DormandPrince(10.0**-tolerance)}[
        solver
    ]


class Tracks:
    """Ways from noise: places at equal times up to a moment, and what they cost."""

    def __init__(self, times: list[float], places: np.ndarray, asked: float):
        self.times, self.places, self.asked = times, places, asked
        long = np.linalg.norm(np.diff(places, axis=0), axis=-1).sum(0)
        straight = np.linalg.norm(places[-1] - places[0], axis=-1)
        self.path = float(long.sum() / max(straight.sum(), 1e-9))  # 1: as straight as can be


def tracks(flow: Any, rule: Any, seed: int, moment: float) -> Tracks:
    import torch

    times = np.linspace(0, max(moment, 1e-3), 3 * FRAMES + 1).tolist()
    z = torch.from_numpy(noise(POINTS, seed)).float()
    moments = list(rule.follow(flow.velocity, z, times))
    places = np.stack([m.y.double().numpy() for m in moments])
    only = list(rule.follow(flow.velocity, z, (0.0, times[-1])))  # without stops on the way
    return Tracks(times[::3], places, float(only[-1].evaluations.double().mean()))


def scene(flow: Any, ways: Tracks, k: int, of_: int, name: str, lang: str) -> Any:
    """Velocity arrows at a moment, the ways of some points until then, and all points where they are."""
    import torch

    now = ways.times[k]
    grid = Plane(-3.0, -3.0, 6.0).grid(ARROWS)
    with torch.no_grad():
        velocity = flow.velocity(torch.from_numpy(grid).float(), float(now)).double().numpy()
    long = np.linalg.norm(velocity, axis=1, keepdims=True)
    move = velocity * np.minimum(0.16, LONGEST / np.maximum(long, 1e-9))
    panel = Panel(INSIDE, SIDE).arrows(grid, move, (118, 124, 130), 0.9, 0.8)
    path = ways.places[: 3 * k + 1]
    panel.mesh([path[:, j] for j in range(TRACKS)], (236, 232, 222), 0.8, 0.4)
    panel.points(path[-1], colours(ways.places[0]), 2.6)
    return panel.block(name, f"t = {number(now, lang, 2)}")


def density_at(flow: Any, moment: float) -> np.ndarray:
    """(CELLS, CELLS): p(x, t) in the flow's own units, by following every cell back to its noise, in
    steps that the rule chooses: far out, where the way is steep, equal ones make density out of nothing."""
    import torch

    from genmodels.flow.plane.flow import log_normal
    from genmodels.flow.plane.ode import DormandPrince

    x = torch.from_numpy(INSIDE.grid(CELLS)).float()
    if moment < 1e-3:
        return log_normal(x).double().exp().reshape(CELLS, CELLS).numpy()
    *_, end = flow.trajectory(x * flow.config.scale, (moment, 0.0), DormandPrince(1e-3))
    return (log_normal(end.x) + end.log_det).double().exp().reshape(CELLS, CELLS).numpy()


def spent(flow: Any, rule: Any, seed: int, probes: int, lang: str) -> Iterator[str]:
    """What the solver asked and how wrong it is, with the exact trace and with Hutchinson's estimates."""
    import torch

    from genmodels.flow.plane.ode import RK4

    z, rows = torch.from_numpy(noise(PROBED, seed)).float(), []
    head = (
        say(lang, "from noise to data", "del ruido a los datos"),
        say(lang, "evaluations", "evaluaciones"),
        say(lang, "error of x", "error de x"),
        say(lang, "error of log |det|", "error de log |det|"),
    )
    note = say(
        lang,
        f"Errors: root mean square over {PROBED} points, against Runge–Kutta with {FINE} steps.",
        f"Errores: raíz del error cuadrático medio en {PROBED} puntos, contra Runge–Kutta con {FINE} pasos.",
    )
    *_, best = flow.trajectory(z, (0.0, 1.0), RK4(FINE))
    for count in (0, *sorted({1, probes, 32})):
        *_, found = flow.trajectory(z, (0.0, 1.0), rule, count, torch.Generator().manual_seed(seed))
        name = say(lang, f"Hutchinson, {count} random signs", f"Hutchinson, {count} signos al azar")
        name = name if count else say(lang, "exact trace", "traza exacta")
        rows.append(row(name, found, best, lang))
        yield plots.table(head, rows) + f"<p style='font-size:16px;color:var(--soft)'>{note}</p>"


def row(words: str, found: Any, best: Any, lang: str) -> tuple[str, ...]:
    asked = found.evaluations.double().mean().item()
    place = (found.x - best.x).square().sum(1).mean().sqrt().item()
    log_det = (found.log_det - best.log_det).square().mean().sqrt().item()
    return words, number(asked, lang, 1), small(place, lang), small(log_det, lang)


def small(value: float, lang: str) -> str:
    """Two digits, or a power of ten."""
    if value >= 1e-3 or value == 0:
        return number(value, lang, 3)
    head, power = f"{value:.1e}".split("e")
    digits = "".join("⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".index(c)] for c in str(int(power)))
    return f"{head.replace('.', ',' if lang == 'es' else '.')} · 10{digits}"


matched_flows: dict[str, Any] = {}  # density -> flow, trained here once for all visitors


def matching(density: str) -> Iterator[Any]:
    """Flow matching on the same density, after a few seconds of training: nothing until then."""
    import torch

    from genmodels.data import points
    from genmodels.lab.family import Source, train
    from genmodels.lab.flow_matching import FlowMatching

    if density not in matched_flows:
        model, source = FlowMatching(seed=0), Source(points.density(density), 0)
        for _ in range(round(LEARN / SLICE)):
            with torch.enable_grad():
                train(model, source, SLICE)
            yield None
        matched_flows[density] = model.calm.network.eval()
    yield matched_flows[density]


def continuous_code(
    ffjord: str, moment: float, solver: str, steps: int, tolerance: int, probes: int, seed: int
) -> str:
    rule = {
        "rk4": f"RK4({steps})",
        "midpoint": f"Midpoint({steps})",
        "adaptive": f"DormandPrince(1e-{tolerance})",
    }
    head, model = loading(ffjord).split("\n\n")
    return f"""{head}
from genmodels.flow.plane.ode import RK4, DormandPrince, Midpoint
from genmodels.runtime import noise

{model}solver, z = {rule[solver]}, noise({seed}, {POINTS}, (2,))
for probes in {(0, probes)}:  # 0: the exact trace; Hutchinson's estimate
    signs = torch.Generator().manual_seed({seed})
    for m in flow.trajectory(z, (0.0, {max(moment, 0.001)}), solver, probes, signs):
        print(m.t, m.evaluations.float().mean(), m.log_det.mean())
x = flow.inverse(z, solver)[0]  # all the way, in the plane's units
"""


def layout(tab: kit.Tab) -> None:
    with tab.view("continuous", "Without layers", "Sin capas") as view:
        with view.controls():
            ffjord = tab.picker(of("ffjord"), t("FFJORD", "FFJORD"))
            moment = kit.slider(
                0, 1, 1, t("Time (0: noise, 1: data)", "Tiempo (0: ruido, 1: datos)"), step=0.05
            )
            kinds = [
                (t("Runge–Kutta, order 4", "Runge–Kutta, orden 4"), "rk4"),
                (t("Midpoint, order 2", "Punto medio, orden 2"), "midpoint"),
                (t("Adaptive: Dormand–Prince", "Adaptativo: Dormand–Prince"), "adaptive"),
            ]
            solver = kit.choice(kinds, t("Solver", "Método"))
            steps = kit.slider(1, 64, 16, t("Steps (fixed rules)", "Pasos (reglas fijas)"), step=1)
            tolerance = kit.slider(
                1, 6, 4, t("Tolerance 10⁻ᵏ (adaptive), k", "Tolerancia 10⁻ᵏ (adaptativo), k"), step=1
            )
            probes = kit.slider(
                1, 32, 4, t("Hutchinson's random signs", "Signos al azar de Hutchinson"), step=1
            )
            seed = kit.seed()
        with view.result():
            page, below = plates.view(), kit.html()
        inputs = [ffjord, moment, solver, steps, tolerance, probes, seed]
        view.run(continuous, inputs, [page, below], ("Carry", "Llevar"), continuous_code)
        view.on([moment.release, solver.input, steps.release, tolerance.release, ffjord.input], continuous)
