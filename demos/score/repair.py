"""Half a digit is given: at every level it is put back, as noisy as belongs there, and the rest follows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demos import kit
from demos.kit import plates, say, t
from demos.kit.digits import ours_controls
from demos.kit.pixels import CELLS, Pace, factor, kept_cells, kept_pixels, outline, pictures, sheet
from demos.score import models
from genmodels.data.digits import digit

if TYPE_CHECKING:
    from torch import Tensor

COUNT, COLUMNS, WIDE = 6, 3, 640
VOID = (-0.62, -0.55, -0.45)  # a pixel that is not given
QUIET = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


def repair(
    checkpoint: str, drawing: Image.Image | None, board: tuple | None, which: int, variant: int, keep: str,
    levels: int, steps: int, seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Keep part of a digit (yours or ours) and let annealed Langevin fill in the rest, six times."""
    from genmodels.energy.annealed import anneal, fresh
    from genmodels.runtime import generators

    known, note = models.digit_of(drawing, which, variant, lang)
    kept = kept_pixels(kept_cells(keep, board), models.SIDE)
    first = given(known, kept, lang)
    yield first, gr.skip(), note, {}
    with models.use(checkpoint) as model:
        sigmas, luck, end = model.sigmas(levels), generators(seed, COUNT), levels * steps + 1
        known, time = known.expand(COUNT, -1, -1, -1), Pace(end, models.SECONDS)
        start, eta = sigmas[0] * fresh(known, luck), models.eta_of(0, sigmas, steps)
        way = anneal(models.scored(model), start, sigmas, steps, eta, luck, known, kept)
        for k, step in enumerate(way, start=1):
            if time.due(k, last=k == end):
                shown = models.dimmed(step.x, step.sigma if k < end else 0.0, model.config)
                found = {} if k < end else {"made": COUNT, "altered": altered(step.x, known, kept)}
                yield first, made(shown, kept), note, found


def altered(x: Tensor, known: Tensor, kept: Tensor) -> int:
    return int((x != known)[:, :, kept].sum())


def given(x: Tensor, kept: Tensor, lang: str) -> Image.Image:
    """The digit, and what is given of it."""
    import torch

    part = torch.where(kept, models.rgb(x), torch.tensor(VOID)[:, None, None])
    return plates.beside(
        models.shown(x, say(lang, "the digit", "el dígito"), 1, WIDE // 2),
        models.shown(part, say(lang, "what is given", "lo que se da"), 1, WIDE // 2),
    )


def made(x: Tensor, kept: Tensor) -> Image.Image:
    """Completions, with a line around what was given."""
    n = factor(COLUMNS, x.shape[-1], WIDE)
    return outline(sheet(models.rgb(x), "", COLUMNS, WIDE), n, kept.numpy(), COLUMNS, len(x))


def repair_code(
    checkpoint: str, drawing: Image.Image | None, board: tuple | None, which: int, variant: int, keep: str,
    levels: int, steps: int, seed: int,
) -> str:  # fmt: skip
    imports = (
        "import numpy as np",
        "from genmodels.data.digits import digit",
        "from genmodels.energy.annealed import anneal, fresh, stride",
        "from genmodels.runtime import generators",
    )
    part = {"left": "[:, :14]", "top": "[:14]", "frame": "[:]", "painted": "[:14]  # or yours"}[keep]
    hole = "keep[9:21, 7:21] = False\n" if keep == "frame" else ""
    place, _, words = part.partition("  #")
    lines = (
        "keep = torch.zeros(28, 28, dtype=torch.bool)\n"
        f"keep{place} = True{'  #' + words if words else ''}\n{hole}"
        f"known, sigmas = x.expand({COUNT}, -1, -1, -1), model.sigmas({levels})\n"
        f"luck = generators({seed}, {COUNT})\n"
        f"start, eta = sigmas[0] * fresh(known, luck), stride(sigmas[0] / sigmas[1], {steps})\n"
        f"*_, last = anneal(model.score, start, sigmas, {steps}, eta, luck, known, keep)\n"
    )  # fmt: skip
    return models.loading(checkpoint, *imports) + models.digit_code(which, variant) + lines


def under(drawing: Image.Image | None, board: tuple | None, which: int, variant: int, keep: str) -> Any:
    """What the board shows: the digit as the model has it, under the cells that are given."""
    try:
        x, _ = models.digit_of(drawing, which, variant, "en")
    except gr.Error:  # hardly anything is drawn yet
        return gr.skip()
    return kit.to_pil(x[0].expand(3, -1, -1)), kept_cells(keep, board)


def preset(*values: Any) -> Any:
    """The same when another way of keeping is chosen; what is being painted stays as it is."""
    return gr.skip() if values[-1] == "painted" else under(*values)


def layout(tab: kit.Tab) -> None:
    with tab.view("repair", "Repair", "Reparar") as view:
        with view.controls():
            which, variant = ours_controls(4, 2)
            with gr.Accordion(t("Or draw one", "O dibuja uno"), open=False):
                drawing = models.board()
            choices = [
                (t("the left half", "la mitad izquierda"), "left"),
                (t("the top half", "la mitad de arriba"), "top"),
                (t("all but the middle", "todo menos el centro"), "frame"),
                (t("what I paint below", "lo que pinto abajo"), "painted"),
            ]
            keep = kit.choice(choices, t("Given", "Se da"))
            start = digit(which.value, variant.value).convert("RGBA"), kept_cells("left")
            board = kit.mask(CELLS, CELLS, ("Paint what is given", "Pinta lo que se da"), start)
            with gr.Accordion(t("Ladder and seed", "Escalera y semilla"), open=False):
                levels, steps = models.ladder_controls()
                seed = kit.seed()
        with view.result():
            first = plates.view()
            six = pictures()
            note = kit.html()
        inputs = [tab.checkpoint, drawing, board, which, variant, keep, levels, steps, seed]
        view.run(repair, inputs, [first, six, note], ("Repair", "Reparar"), repair_code)
        shown, changes = (
            [drawing, board, which, variant, keep],
            [drawing.change, which.change, variant.change],
        )
        gr.on(changes, under, shown, board, trigger_mode="always_last", **QUIET)
        keep.change(preset, shown, board, trigger_mode="always_last", **QUIET)
        board.input(lambda: "painted", None, keep, **QUIET)
        view.on([which.input, variant.release, keep.input], repair)
