"""Fill: part of a picture is given: pasted over at the end, put back at every level, or that repeatedly."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr
from PIL import Image

from demos import kit
from demos.kit import denoisers, plates, plots, reals, say, t
from demos.kit.lang import Pair
from demos.kit.pixels import CELLS, factor, kept_cells, kept_pixels, outline
from demos.repair import given, ways

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.diffusion.denoiser import Denoise
    from genmodels.diffusion.samplers import Step

COUNT = 4
TILE = 230
WAYS: dict[str, Pair] = {
    "pasted": ("drawn freely, pasted over at the end", "dibujado libremente y pegado al final"),
    "once": ("put back at every level", "repuesto en cada nivel"),
    "again": ("put back, and every level anew", "repuesto, y cada nivel de nuevo"),
}
QUIET = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


class Found(NamedTuple):
    x: Tensor
    calls: int
    seconds: float
    seam: float


def fill(
    checkpoint: str, drawing: Image.Image | None, board: tuple | None, number: int, keep: str, again: int,
    jump: int, faces: str, fashion: str, sprites: str, emoji: str, steps: int, seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Part of a picture (yours or ours) is kept, and the rest filled in three ways, three times each."""
    label = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    with denoisers.use(checkpoint) as denoise:
        x, note = ways.real(checkpoint, denoise, drawing, number, lang)
        kept = kept_pixels(given.cells_of(keep, board), x.shape[-1]).to(x.device)
        top = shown(x, kept, lang)
        yield top, gr.skip(), note, {}
        ask, found = ways.told(denoise, label, COUNT), {}
        rows = {way: lined(way, "", ways.blank(x, COUNT), kept, lang) for way in WAYS}
        for way in WAYS:
            begun, made = time.perf_counter(), None
            grid, looks = planned(denoise, way, steps, again, jump)
            for made in ways.paced(run(way, ask, x, kept, grid, again, jump, seed)):
                rows[way] = lined(way, "…", made.x0, kept, lang)
                yield top, plates.plate(*rows.values()), note, {}
            end = pasted(made.x, x, kept)
            found[way] = Found(end, looks, time.perf_counter() - begun, seam(end, kept))
            rows[way] = lined(way, "", end, kept, lang)
    page = plates.plate(*rows.values())
    altered = sum(int((f.x != x)[..., kept].sum()) for f in found.values())
    figures = {"made": COUNT * len(WAYS), "calls": found["again"].calls, "altered": altered}
    yield top, page, note + table(found, seam(x, kept), lang), figures


def planned(denoise: Any, way: str, steps: int, again: int, jump: int) -> tuple[list[float], int]:
    """A grid, and how often the network is asked. Putting back once may ask as often as going back does."""
    looks = ways.looks(steps, again, jump)
    if way == "once":
        return ways.grid(denoise, looks), looks
    return ways.grid(denoise, steps), looks if way == "again" else steps


def run(
    way: str, ask: Denoise, x: Tensor, kept: Tensor, grid: list[float], again: int, jump: int, seed: int
) -> Iterator[Step]:
    from genmodels.diffusion import edit
    from genmodels.runtime import generators

    luck, known = generators(seed, COUNT), x.expand(COUNT, -1, -1, -1)
    if way == "pasted":
        return edit.inpaint(ask, known, kept & False, grid, luck)
    return edit.inpaint(ask, known, kept, grid, luck, *((again, jump) if way == "again" else ()))


def pasted(made: Tensor, x: Tensor, kept: Tensor) -> Tensor:
    import torch

    return torch.where(kept, x, made)


def seam(x: Tensor, kept: Tensor) -> float:
    """Mean difference of neighbours on either side of the line between what is given and what is not."""
    down, across = (kept[1:] != kept[:-1]), (kept[:, 1:] != kept[:, :-1])
    steps = [
        (x[..., 1:, :] - x[..., :-1, :]).abs()[..., down].flatten(),
        (x[..., 1:] - x[..., :-1]).abs()[..., across].flatten(),
    ]
    total, count = sum(s.sum().item() for s in steps), sum(s.numel() for s in steps)
    return total / max(1, count)


# ---- what is shown -----------------------------------------------------------------------------------------


def shown(x: Tensor, kept: Tensor, lang: str) -> Image.Image:
    return plates.beside(
        ways.block(say(lang, "the picture", "la imagen"), x, TILE),
        ways.block(say(lang, "what is given", "lo que se da"), ways.without(x, kept), TILE),
    )


def lined(way: str, mark: str, x: Tensor, kept: Tensor, lang: str) -> Image.Image:
    """A row of tiles with a line around what was given."""
    row = ways.block(say(lang, *WAYS[way]) + mark, x, TILE)
    n = factor(1, x.shape[-1], 1024)
    rim = Image.new("RGBA", (n * x.shape[-1],) * 2)
    rim = outline(rim, n, kept.cpu().numpy(), 1, 1).resize((TILE, TILE), Image.Resampling.BOX)
    for k in range(len(x)):
        row.alpha_composite(rim, (k * (TILE + plates.GAP), row.height - TILE))
    return row


def table(found: dict[str, Found], true: float, lang: str) -> str:
    head = (
        "",
        say(lang, "calls of the network", "llamadas a la red"),
        "s",
        say(lang, "step across the line", "salto al cruzar la línea"),
    )
    rows = [
        (say(lang, *WAYS[w]), str(f.calls), plots.number(f.seconds, lang, 2), plots.number(f.seam, lang, 2))
        for w, f in found.items()
    ]
    rows.append((say(lang, "the picture itself", "la imagen misma"), "", "", plots.number(true, lang, 2)))
    return plots.table(head, rows)


def fill_code(
    checkpoint: str, drawing: Any, board: tuple | None, number: int, keep: str, again: int, jump: int,
    faces: str, fashion: str, sprites: str, emoji: str, steps: int, seed: int,
) -> str:  # fmt: skip
    labels = ways.labels_code(checkpoint, (faces, fashion, sprites, emoji), COUNT)
    part = {"left": "[:, : n // 2]", "frame": "[:]", "middle": f"{given.MIDDLE}"}.get(keep, "[: n // 2]")
    hole = f"keep{given.MIDDLE} = False\n" if keep == "frame" else ""
    return (
        ways.code(
            checkpoint,
            number,
            "from genmodels.diffusion import edit, schedules",
            "from genmodels.runtime import generators",
        )  # fmt: skip
        + "n, keep = x0.shape[-1], torch.zeros(x0.shape[2:], dtype=torch.bool)\n"
        f"keep{part} = True  # or as you paint it\n"
        f"{hole}known, luck = x0.expand({COUNT}, -1, -1, -1), generators({seed}, {COUNT})\n"
        f"*_, end = edit.inpaint(bound(denoise{labels}), known, keep, schedules.karras(0.02, 80, {steps}),\n"
        f"                       luck, again={again}, jump={jump})\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("fill", "Fill", "Rellenar") as view:
        with view.controls():
            number, drawing = reals.board()
            choices = [
                (t("the top half", "la mitad de arriba"), "top"),
                (t("the left half", "la mitad izquierda"), "left"),
                (t("all but the middle", "todo menos el centro"), "frame"),
                (t("only the middle", "solo el centro"), "middle"),
                (t("what I paint below", "lo que pinto abajo"), "painted"),
            ]
            keep = kit.choice(choices, t("Given", "Se da"), "frame")
            start = reals.ours("faces", reals.FACE), kept_cells("frame")
            board = kit.mask(CELLS, CELLS, ("Paint what is given", "Pinta lo que se da"), start)
            again = kit.slider(
                1, 10, 5, t("Every level so many times", "Veces que se repite cada nivel"), step=1
            )
            classes = denoisers.pickers()
            with gr.Accordion(t("Steps, jumps, seed", "Pasos, saltos, semilla"), open=False):
                jump = kit.slider(
                    1, 10, 1, t("Levels gone back at a time", "Niveles que se retrocede"), step=1
                )
                steps = ways.steps_slider(12, 40)
                seed = kit.seed()
        with view.result():
            top, page = plates.view(), plates.view()
        said = kit.html(render=False)
        inputs = [tab.checkpoint, drawing, board, number, keep, again, jump, *classes, steps, seed]
        view.run(fill, inputs, [top, page, said], ("Fill", "Rellenar"), fill_code)
        with view.result():
            said.render()
        shows = [tab.checkpoint, drawing, board, number, keep]
        changes = [tab.checkpoint.change, drawing.change, number.change]
        gr.on(changes, given.under, shows, board, trigger_mode="always_last", **QUIET)
        keep.change(given.preset, shows, board, trigger_mode="always_last", **QUIET)
        board.input(lambda: "painted", None, keep, **QUIET)
