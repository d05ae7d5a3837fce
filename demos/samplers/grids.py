"""Where each grid spends its steps: on the axis of log sigma, under the speed at which the belief changes."""

from __future__ import annotations

import html
from collections.abc import Iterator
from math import log, log10
from typing import TYPE_CHECKING

from PIL import Image

from demos import kit
from demos.kit import denoisers, plates, plots, say, t
from demos.samplers import runs, tiles
from demos.samplers.grid import fine_choice, paced
from demos.samplers.runs import Run

if TYPE_CHECKING:
    from torch import Tensor

TILE, ROW = 240, 50  # pixels of a picture, and of a grid's row in the chart
FROM, TO = 100.0, 0.008  # sigma at the ends of the axis


def grids(
    checkpoint: str, faces: str, fashion: str, sprites: str, emoji: str, solver: str, steps: int, fine: str,
    seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """The same noise and number of steps on five grids, and where each of them looks."""
    label = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    done: dict[str, Run] = {}
    with denoisers.use(checkpoint) as denoise:
        places = {name: denoisers.grid_of(name, denoise, steps) for name in denoisers.GRIDS}
        way, best = [], None
        for best in runs.follow(
            denoise, label, fine, denoisers.grid_of("geometric", denoise, runs.FINE[fine]), seed
        ):
            way.append(best)
            if best.step % 20 == 0:
                yield axis(places, [], lang), page({}, best.x0, lang), {"calls": best.calls}
        change, calls = speed(way), best.calls
        for name, sigmas in places.items():
            for run in paced(runs.follow(denoise, label, solver, sigmas, seed), steps):
                shown = run if run.step == steps else run._replace(x=run.x0)
                sheet = page(done | {name: shown}, best.x, lang)
                yield axis(places, change, lang), sheet, {"calls": calls + run.calls}
            calls += run.calls
            done[name] = run
    nearest = min(done, key=lambda name: runs.off(done[name].x, best.x))
    found = {"calls": calls, "off": runs.off(done[nearest].x, best.x)}
    yield axis(places, change, lang) + told(nearest, lang), page(done, best.x, lang), found


def speed(way: list[Run]) -> list[tuple[float, float]]:
    """(sigma, how many levels the belief moves while sigma falls to a half), along a fine run."""
    return [
        ((a.sigma * b.sigma) ** 0.5, runs.off(a.x0, b.x0) * log(2) / log(a.sigma / b.sigma))
        for a, b in zip(way, way[1:], strict=False)
        if b.sigma
    ]


def page(done: dict[str, Run], right: Tensor, lang: str) -> Image.Image:
    """Two rows of three: the grids, and what all of them are after."""
    cells = []
    for name in denoisers.GRIDS:
        run, words = done.get(name), say(lang, *denoisers.GRIDS[name])
        below = f"±{runs.level(runs.off(run.x, right), lang)}" if run else " "
        cells.append(tiles.cell(run.x if run else None, words, below, TILE))
    cells.append(tiles.cell(right, say(lang, "the fine result", "el resultado fino"), " ", TILE))
    return tiles.rows(tiles.row(cells[:3]), tiles.row(cells[3:]))


# ------------------------------------------------------------------------------------------ the axis


def axis(places: dict[str, list[float]], change: list[tuple[float, float]], lang: str) -> str:
    """Rows of dots, one for each grid; over them what the belief does there. Noise on the left."""
    top, rows = 150, len(places)
    axes = plots.Axes((-log10(FROM), -log10(TO)), (0, 1), width=640, height=top + rows * ROW + 58, left=12)
    marks: list[plots.Mark] = [hill(change, top), caption(lang)] if change else []
    marks += [
        row(say(lang, *denoisers.GRIDS[name]), sigmas, top + k * ROW)
        for k, (name, sigmas) in enumerate(places.items())
    ]
    marks += [under(s, lang) for s in (100, 10, 1, 0.1, 0.01)]
    title = say(
        lang,
        "Where the steps are: noise σ, from much to little",
        "Dónde están los pasos: ruido σ, de mucho a poco",
    )
    return plots.plot(axes, *marks, title=title, lang=lang)


def hill(change: list[tuple[float, float]], height: int) -> plots.Mark:
    most = max(v for _, v in change) or 1.0

    def draw(axes: plots.Axes) -> str:
        spots = [(axes.at(-log10(s), 0)[0], height - 14 - v / most * (height - 48)) for s, v in change]
        inside = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
        floor = height - 14
        return (
            f"<polygon class='fill mark' points='{spots[0][0]},{floor} {inside} {spots[-1][0]},{floor}'/>"
            f"<polyline class='mark' points='{inside}'/>"
        )

    return draw


def caption(lang: str) -> plots.Mark:
    words = say(lang, "how fast the belief changes", "qué tan rápido cambia la creencia")
    return lambda axes: (
        f"<text class='mark' x='12' y='20' style='fill:var(--kind)'>{html.escape(words)}</text>"
    )


def row(words: str, sigmas: list[float], y: int) -> plots.Mark:
    """The levels of a grid as dots on a thread, its name below at the left."""

    def draw(axes: plots.Axes) -> str:
        ends = axes.at(axes.x[0], 0)[0], axes.at(axes.x[1], 0)[0]
        at = [max(axes.at(-log10(s), 0)[0], ends[0] + 5) for s in sigmas if s]  # one may begin far out
        spots = "".join(f"M{x:g} {y}h0" for x in at)
        return (
            f"<line class='soft' x1='{ends[0]}' y1='{y}' x2='{ends[1]}' y2='{y}' style='stroke-width:.6'/>"
            f"<path class='dots warm' stroke-width='9' style='stroke-opacity:.75' d='{spots}'/>"
            f"<text x='{ends[0]}' y='{y + 26}'>{html.escape(words)}</text>"
        )

    return draw


def under(sigma: float, lang: str) -> plots.Mark:
    def draw(axes: plots.Axes) -> str:
        x, y = axes.at(-log10(sigma), 0)[0], axes.height - axes.bottom + 19
        x = min(max(x, 22.0), axes.width - 30.0)
        return f"<text class='tick' x='{x}' y='{y}' text-anchor='middle'>{plots.number(sigma, lang)}</text>"

    return draw


def told(nearest: str, lang: str) -> str:
    name = say(lang, *denoisers.GRIDS[nearest])
    words = say(
        lang,
        "Every grid ends with a jump from its last dot to no noise. The hill: how many levels the belief "
        f"moves while σ halves, along the fine run. Nearest to the fine result this time: {name}.",
        "Todas las grillas terminan con un salto desde su último punto hasta nada de ruido. El cerro: "
        "cuántos niveles se mueve la creencia mientras σ baja a la mitad, a lo largo del recorrido fino. La "
        f"más cercana al resultado fino esta vez: {name}.",
    )
    return f"<p>{words}</p>"


def grids_code(
    checkpoint: str, faces: str, fashion: str, sprites: str, emoji: str, solver: str, steps: int, fine: str,
    seed: int,
) -> str:  # fmt: skip
    label = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    draw = (
        f'*_, last = samplers.SOLVERS["{solver}"](bound(Denoiser.of(unet), labels), x, sigmas, luck)\n'
        "print([round(s, 3) for s in sigmas])\n"
        "last.x  # (1, C, H, W) in [-1, 1]; try schedules.even, geometric, angle, straight\n"
    )
    return runs.code(checkpoint, label, "karras", steps, seed, 1, draw)


def layout(tab: kit.Tab) -> None:
    with tab.view("grids", "Grids", "Grillas") as view:
        with view.controls():
            classes = denoisers.pickers()
            names = ("ddim", "dpm2", "heun", "unipc")
            choices = [(t(*denoisers.SOLVERS[n]), n) for n in names]
            solver = kit.choice(choices, t("Solver", "Método"))
            steps = kit.slider(2, 40, 8, t("Steps", "Pasos"), step=1)
            fine = fine_choice()
            seed = kit.seed()
        with view.result():
            chart = kit.html()
            picture = plates.view()
        inputs = [tab.checkpoint, *classes, solver, steps, fine, seed]
        label = ("Compare grids", "Comparar grillas")
        view.run(grids, inputs, [chart, picture], label, grids_code)
        view.on([solver.input, steps.release], grids)
