"""One solver on one grid in detail: what is seen and believed at each step, and what is still wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import gradio as gr

from demos import kit
from demos.kit import denoisers, plates, plots, say, t
from demos.kit.pixels import Pace, heading
from demos.samplers import charts, runs, tiles
from demos.samplers.grid import fine_choice, grid_choice, paced
from demos.samplers.runs import Run

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

COUNT, TILE, SMALL, MOST = 4, 210, 122, 7  # pictures, their pixels, pixels of the strip's, its columns
LOUD = 4.0  # times a difference is enlarged


def solver(
    checkpoint: str, faces: str, fashion: str, sprites: str, emoji: str, solver: str, grid: str, steps: int,
    fine: str, seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Four pictures by one solver on one grid, beside the fine results; and the first one's way."""
    label = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    way: list[Run] = []
    with denoisers.use(checkpoint) as denoise:
        sigmas = denoisers.grid_of(grid, denoise, steps)
        pace = Pace(steps, 0)
        for run in runs.follow(denoise, label, solver, sigmas, seed, COUNT):
            way.append(run)
            if pace.due(run.step, last=run.step == steps):
                yield page(run.x0, None, lang), strip(way, lang), "", {"step": run.step, "calls": run.calls}
        best = None
        levels = denoisers.grid_of(grid, denoise, runs.FINE[fine])
        for best in paced(runs.follow(denoise, label, fine, levels, seed, COUNT), runs.FINE[fine]):
            yield page(run.x, best.x0, lang), gr.skip(), gr.skip(), {"calls": run.calls}
    found = {"calls": run.calls, "off": runs.off(run.x, best.x), "call_ms": 1000 * run.seconds / run.calls}
    yield page(run.x, best.x, lang), strip(way, lang), chart(way, best.x, lang), found


def page(x: Tensor, right: Tensor | None, lang: str) -> Image.Image:
    """The pictures, the fine ones, and their difference made louder."""
    ours = [tiles.cell(x[k : k + 1], "", "", TILE) for k in range(COUNT)]
    made = [tiles.row(ours, say(lang, "this solver", "este método"))]
    for words, other in (
        (say(lang, "the fine result", "el resultado fino"), right),
        (say(lang, "their difference, × 4", "su diferencia, × 4"), different(x, right)),
    ):
        cells = [tiles.cell(None if other is None else other[k : k + 1], "", "", TILE) for k in range(COUNT)]
        made.append(tiles.row(cells, words))
    return tiles.rows(*made)


def different(x: Tensor, right: Tensor | None) -> Tensor | None:
    return None if right is None else LOUD * plates.difference(right, x.clamp(-1, 1))


def strip(way: list[Run], lang: str) -> Image.Image:
    """At some levels: above what the network is shown, below what it believes is under it."""
    n = len(way)
    chosen = sorted({round(k * (n - 1) / (min(n, MOST) - 1 or 1)) for k in range(min(n, MOST))})
    columns = []
    for k in chosen:
        run = way[k]
        shown = run.x[:1] / (1 + run.sigma**2) ** 0.5
        words = f"σ {plots.number(run.sigma, lang, 2)}"
        columns.append(tiles.rows(tiles.cell(shown, words, "", SMALL), tiles.cell(run.x0[:1], "", "", SMALL)))
    while len(columns) < MOST:
        columns.append(tiles.rows(tiles.cell(None, " ", "", SMALL), tiles.cell(None, "", "", SMALL)))
    return tiles.row(columns)


def chart(way: list[Run], right: Tensor, lang: str) -> str:
    """How far the belief still is from where this run ends, and from the fine result."""
    end = way[-1].x
    inner = [run for run in way if run.sigma]
    calls = [run.calls for run in inner]
    lines = [
        charts.Line(say(lang, "its own end", "su propio final"), "ink", False, calls[:-1],
                    [runs.off(run.x0, end) for run in inner[:-1]]),  # the last belief is the end
        charts.Line(say(lang, "the fine result", "el resultado fino"), "mark", False, calls,
                    [runs.off(run.x0, right) for run in inner]),
    ]  # fmt: skip
    title = say(lang, "How far the belief still is from …, in levels of 255",
                "A cuánto está todavía la creencia de …, en niveles de 255")  # fmt: skip
    ticks = [n for n in (1, 2, 4, 8, 16, 32, 64, 128) if n <= max(calls)]
    return charts.against(lines, ticks, title, say(lang, "calls", "llamadas"), lang, 0.05)


def solver_code(
    checkpoint: str, faces: str, fashion: str, sprites: str, emoji: str, solver: str, grid: str, steps: int,
    fine: str, seed: int,
) -> str:  # fmt: skip
    label = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    draw = (
        "denoise = bound(Denoiser.of(unet), labels)\n"
        f'for step in samplers.SOLVERS["{solver}"](denoise, x, sigmas, luck):\n'
        "    print(step.i, step.sigma)  # step.x: what is seen; step.x0: what is believed\n"
        f"step.x  # ({COUNT}, C, H, W) in [-1, 1]\n"
    )
    return runs.code(checkpoint, label, grid, steps, seed, COUNT, draw)


def layout(tab: kit.Tab) -> None:
    with tab.view("solver", "One in detail", "Uno en detalle") as view:
        with view.controls():
            classes = denoisers.pickers()
            choices = [(t(*words), name) for name, words in denoisers.SOLVERS.items()]
            which = kit.choice(choices, t("Solver", "Método"), "dpm2")
            grid = grid_choice()
            steps = kit.slider(1, 100, 10, t("Steps", "Pasos"), step=1)
            fine = fine_choice()
            seed = kit.seed()
        with view.result():
            picture = plates.view()
            heading(
                "On the way, the first picture: above what the network is shown, below what it believes.",
                "En el camino, la primera imagen: arriba lo que se le muestra a la red, abajo lo que cree.",
            )
            film = plates.view()
            drawn = kit.html()
        inputs = [tab.checkpoint, *classes, which, grid, steps, fine, seed]
        label = ("Draw four", "Dibujar cuatro")
        view.run(solver, inputs, [picture, film, drawn], label, solver_code)
        view.on([which.input, steps.release], solver)
