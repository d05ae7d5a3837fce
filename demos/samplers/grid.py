"""The same noise under six solvers and ever more steps: the time of each, and how far it is off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image, ImageDraw

from demos import kit
from demos.kit import denoisers, plates, say, t
from demos.kit.pixels import Pace
from demos.samplers import charts, runs
from demos.samplers.runs import SIX, Run

if TYPE_CHECKING:
    from torch import Tensor

COLUMNS = (4, 8, 16, 32, 64)
TILE, LINE, TYPE, HEAD = 176, 34, 25, 46  # pixels of a tile, of the line under it, of type, of a row's name


def grid(
    checkpoint: str, faces: str, fashion: str, sprites: str, emoji: str, grid: str, most: int, fine: str,
    seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """One picture for each of six solvers and 4 to 64 steps, from the same noise on the same grid."""
    label = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    columns = [n for n in COLUMNS if n <= most]
    sheet, found = Sheet(columns, lang), {}
    with denoisers.use(checkpoint) as denoise:
        best: Run | None = None
        way = runs.follow(denoise, label, fine, denoisers.grid_of(grid, denoise, runs.FINE[fine]), seed)
        for best in paced(way, runs.FINE[fine]):
            yield sheet.page(best.x0, None), "", {"calls": best.calls}
        calls = best.calls
        for column, n in enumerate(columns):
            sigmas = denoisers.grid_of(grid, denoise, n)
            for row, solver in enumerate(SIX):
                for run in paced(runs.follow(denoise, label, solver, sigmas, seed), n):
                    shown = run.x if run.step == n else run.x0
                    yield sheet.page(best.x, (row, column, shown)), gr.skip(), {"calls": calls + run.calls}
                calls += run.calls
                found[solver, n] = run
                sheet.add(row, column, run, best.x)
            yield sheet.page(best.x, None), chart(found, best.x, lang), {"calls": calls}
    yield sheet.page(best.x, None), chart(found, best.x, lang) + told(lang, fine), {
        "calls": calls, "off_first": runs.off(found["ddim", columns[-1]].x, best.x),
        "off_best": min(runs.off(run.x, best.x) for (_, n), run in found.items() if n == columns[-1]),
    }  # fmt: skip


def paced(way: Iterator[Run], end: int) -> Iterator[Run]:
    """What is worth showing of a run: some steps, and the last."""
    pace = Pace(end, 0)
    for run in way:
        if pace.due(run.step, last=run.step == end):
            yield run


class Sheet:
    """The page as it fills: a row for each solver, a column for each number of steps."""

    def __init__(self, columns: list[int], lang: str):
        self.columns, self.lang = columns, lang
        wide = (len(columns) + 1) * (TILE + plates.GAP) + plates.AIR
        self.row = HEAD + TILE + LINE
        self.page_ = Image.new("RGBA", (wide, HEAD + len(SIX) * self.row))
        for column, n in enumerate(columns):
            self.write((self.x(column), 0), runs.steps_words(n, lang))
        self.write((self.x(len(columns)), 0), say(lang, "the fine result", "el resultado fino"))
        for row, solver in enumerate(SIX):
            self.write((0, HEAD + row * self.row + 6), say(lang, *denoisers.SOLVERS[solver]), 29)

    def x(self, column: int) -> int:
        return column * (TILE + plates.GAP) + plates.AIR * (column == len(self.columns))

    def write(self, at: tuple[int, int], words: str, size: int = TYPE) -> None:
        ImageDraw.Draw(self.page_).text(
            at, words, (*plates.CAPTION, 255), plates.fit(words, 3 * TILE if size > TYPE else TILE, size)
        )

    def place(self, page: Image.Image, row: int, column: int, x: Tensor) -> None:
        page.paste(plates.tiles(x, TILE)[0], (self.x(column), HEAD + row * self.row + HEAD))

    def add(self, row: int, column: int, run: Run, right: Tensor) -> None:
        """A finished picture, and what it cost."""
        self.place(self.page_, row, column, run.x)
        words = f"{runs.seconds(run.seconds, self.lang)} · ±{runs.level(runs.off(run.x, right), self.lang)}"
        self.write((self.x(column), HEAD + row * self.row + HEAD + TILE + 2), words)

    def page(self, right: Tensor, now: tuple[int, int, Tensor] | None) -> Image.Image:
        """With the picture that is being drawn, and the fine one beside the first row."""
        page = self.page_.copy()
        self.place(page, 0, len(self.columns), right)
        if now:
            self.place(page, *now)
        return page


def chart(found: dict[tuple[str, int], Run], right: Tensor, lang: str) -> str:
    lines = []
    for solver in SIX:
        mine = [run for (name, _), run in found.items() if name == solver]
        kind, dashed = runs.KINDS[solver]
        away = [runs.off(run.x, right) for run in mine]
        lines.append(charts.Line(runs.short(solver, lang), kind, dashed, [r.calls for r in mine], away))
    ticks = sorted({n for _, n in found})
    title = say(
        lang,
        "Levels of 255 off the fine result, against calls of the network",
        "Niveles de 255 de diferencia con el resultado fino, según las llamadas a la red",
    )
    return charts.against(lines, ticks, title, say(lang, "calls", "llamadas"), lang, 0.05)


def told(lang: str, fine: str) -> str:
    n, name = runs.FINE[fine], runs.short(fine, lang)
    words = say(
        lang,
        f"Under each picture: seconds, and its distance to the fine result ({name}, {n} steps): root mean "
        "square over all pixels, in levels of 255. DDPM throws its own dice on the way and so never gets to "
        "that picture; its distance says nothing about how good its own is. Heun asks twice a step.",
        f"Bajo cada imagen: los segundos y su distancia al resultado fino ({name}, {n} pasos): raíz del "
        "error cuadrático medio de los píxeles, en niveles de 255. DDPM tira sus propios dados en el camino "
        "y por eso nunca llega a esa imagen; su distancia no dice nada de cuán buena es la suya. Heun "
        "pregunta dos veces por paso.",
    )
    return f"<p>{words}</p>"


def grid_code(
    checkpoint: str, faces: str, fashion: str, sprites: str, emoji: str, grid: str, most: int, fine: str,
    seed: int,
) -> str:  # fmt: skip
    label = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    draw = (
        "denoise = bound(Denoiser.of(unet), labels)\n"
        f"for name in {list(SIX)}:\n"
        f"    *_, last = samplers.SOLVERS[name](denoise, x, sigmas, generators({seed + 1}, 1))\n"
        "    print(name, last.x.shape)  # (1, C, H, W) in [-1, 1]\n"
    )
    return runs.code(checkpoint, label, grid, 8, seed, 1, draw)


def grid_choice(first: str = "karras") -> Any:
    """A picker of grids."""
    names = sorted(denoisers.GRIDS, key=lambda name: name != first)
    return kit.choice([(t(*denoisers.GRIDS[n]), n) for n in names], t("Grid of noise", "Grilla de ruido"))


def fine_choice() -> Any:
    fast, slow = (f"{runs.short(name, 'en')}, {n}" for name, n in runs.FINE.items())
    choices = [(t(fast, fast), "unipc"), (t(f"{slow} (slow)", f"{slow} (lento)"), "ddim")]
    return kit.choice(choices, t("The fine result", "El resultado fino"))


def layout(tab: kit.Tab) -> None:
    with tab.view("grid", "Steps × solvers", "Pasos × métodos") as view:
        with view.controls():
            classes = denoisers.pickers()
            levels = grid_choice()
            choices = [(t(f"up to {n}", f"hasta {n}"), n) for n in (32, 16, 64, 8)]
            most = kit.choice(choices, t("Steps", "Pasos"))
            fine = fine_choice()
            seed = kit.seed()
        with view.result():
            picture = plates.view()
            drawn = kit.html()
        inputs = [tab.checkpoint, *classes, levels, most, fine, seed]
        view.run(grid, inputs, [picture, drawn], ("Draw them all", "Dibujarlas todas"), grid_code)
