"""Hold a part of a digit still and let the rest settle: several completions by Gibbs sampling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demos import kit
from demos.kit import plates, say, t
from demos.kit.digits import ours_controls
from demos.kit.pixels import BLANK, CELLS, Pace, factor, kept_cells, kept_pixels, outline, pictures
from demos.rbm import models
from demos.rbm.shown import curve, digits, moments, sheet
from genmodels.data.digits import digit

if TYPE_CHECKING:
    from torch import Tensor

COUNT, COLUMNS, WIDE = 8, 4, 800
SECONDS = 7


def clamp(
    checkpoint: str, drawing: Image.Image | None, board: tuple | None, which: int, variant: int, keep: str,
    steps: int, hot: float, seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Keep a part of a digit (yours or ours) and have the rest settle, eight times."""
    import torch

    from genmodels import runtime
    from genmodels.energy.rbm import cooling, gibbs

    v, note = models.picture(drawing, which, variant, lang)
    kept = kept_pixels(kept_cells(keep, board), models.SIDE)
    held, luck = kept.flatten(), runtime.generators(seed, COUNT)
    first = given(v, kept, lang)
    noise = models.static(seed, COUNT)
    energies: list[list[float]] = [[] for _ in range(COUNT)]
    due = set(moments(steps))
    pace, shown = Pace(len(due), SECONDS), 0
    with models.use(checkpoint) as model, torch.no_grad():
        held, x = held.to(model.device), torch.where(held, v, noise).to(model.a)
        for step in gibbs(model, x, steps, luck, held, cooling(steps, hot)):
            for track, value in zip(energies, model.free_energy(step.v).tolist(), strict=True):
                track.append(value)
            if step.i in due:
                shown += 1
                pace.due(shown, last=True)
                altered = int((step.v.cpu() != v)[:, kept.flatten()].sum())
                drawn = curve(energies, models.typical(checkpoint), words(lang), steps, lang)
                page = made(step.chances, kept, say(lang, f"sweep {step.i}", f"barrido {step.i}"))
                yield first, page, drawn + note, {"step": step.i, "made": COUNT, "altered": altered}


def words(lang: str) -> str:
    return say(lang, "test digits, mean", "dígitos de prueba, media")


def given(v: Tensor, kept: Tensor, lang: str) -> Image.Image:
    """The digit, and what the machine is given of it."""
    import torch

    whole = sheet(digits(v), say(lang, "the digit", "el dígito"), WIDE // 3)
    part = torch.where(kept, digits(v), torch.tensor(BLANK)[:, None, None])
    return plates.beside(whole, sheet(part, say(lang, "what is held", "lo que se fija"), WIDE // 3))


def made(chances: Tensor, kept: Tensor, caption: str) -> Image.Image:
    """Completions, with a line around what was held."""
    n = factor(COLUMNS, models.SIDE, WIDE)
    page = outline(sheet(digits(chances), "", WIDE, COLUMNS), n, kept.numpy(), COLUMNS, COUNT)
    return plates.plate(sheet(digits(chances), caption, WIDE, COLUMNS).crop((0, 0, page.width, 38)), page)


def clamp_code(
    checkpoint: str, drawing: Image.Image | None, board: tuple | None, which: int, variant: int, keep: str,
    steps: int, hot: float, seed: int,
) -> str:  # fmt: skip
    region = {"top": "[:14]", "left": "[:, :14]", "frame": "[:]", "painted": "[:14]  # or yours"}[keep]
    left, _, more = region.partition("  #")
    hole = "keep[9:21, 7:21] = False\n" if keep == "frame" else ""
    return models.loading(
        checkpoint,
        *models.PICTURE,
        "from genmodels.runtime import generators",
        names="RBM, cooling, gibbs, last",
    ) + (
        models.picture_code(which, variant) + "keep = torch.zeros(28, 28, dtype=torch.bool)\n"
        f"keep{left} = True{'  #' + more if more else ''}\n{hole}"
        f"luck, held = generators({seed}, {COUNT}), keep.flatten()\n"
        f"start = torch.where(held, v, torch.rand({COUNT}, 784, generator=luck[0]).round())\n"
        f"x = last(gibbs(rbm, start, {steps}, luck, held, cooling({steps}, {hot:g}))).v\n"
        "assert (x == v)[:, held].all()\n"
    )


def under(drawing: Image.Image | None, board: tuple | None, which: int, variant: int, keep: str) -> Any:
    """What the board shows: the digit as the machine has it, under the cells that are held."""
    try:
        v, _ = models.picture(drawing, which, variant, "en")
    except gr.Error:  # hardly anything is drawn yet
        return gr.skip()
    return kit.to_pil(digits(v)[0]), kept_cells(keep, board)


def preset(*values: Any) -> Any:
    """The same when another way of keeping is chosen; what is being painted stays as it is."""
    return gr.skip() if values[-1] == "painted" else under(*values)


def layout(tab: kit.Tab) -> None:
    quiet = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    with tab.view("clamp", "Hold and complete", "Fijar y completar") as view:
        with view.controls():
            which, variant = ours_controls(8, 2)
            drawing = models.board()
            choices = [
                (t("the top half", "la mitad de arriba"), "top"),
                (t("the left half", "la mitad izquierda"), "left"),
                (t("all but the middle", "todo menos el centro"), "frame"),
                (t("what I paint below", "lo que pinto abajo"), "painted"),
            ]
            keep = kit.choice(choices, t("Hold", "Fijar"))
            start = digit(which.value, variant.value).convert("RGBA"), kept_cells("top")
            board = kit.mask(CELLS, CELLS, ("Paint what to hold", "Pinta lo que se fija"), start)
            with gr.Accordion(t("Sweeps, heat, seed", "Barridos, calor, semilla"), open=False):
                steps = kit.slider(10, 1_000, 300, t("Sweeps", "Barridos"), step=10)
                hot = kit.slider(1, 4, 2, t("Temperature at first", "Temperatura al principio"), step=0.1)
                seed = kit.seed()
        with view.result():
            six = pictures()
            first = plates.view()
            drawn = kit.html()
        inputs = [tab.checkpoint, drawing, board, which, variant, keep, steps, hot, seed]
        view.run(clamp, inputs, [first, six, drawn], ("Complete", "Completar"), clamp_code)
        shown = [drawing, board, which, variant, keep]
        gr.on(
            [drawing.change, which.change, variant.change],
            under,
            shown,
            board,
            trigger_mode="always_last",
            **quiet,
        )
        keep.change(preset, shown, board, trigger_mode="always_last", **quiet)
        board.input(lambda: "painted", None, keep, **quiet)
        view.on([which.input, variant.release, keep.input], clamp)
