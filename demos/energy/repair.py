"""Repair by descent: a damaged picture walks down the energy, what is known held fast or left free."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demos import kit
from demos.energy import models
from demos.energy.shown import energy_plot
from demos.kit import plates, say, t
from demos.kit.lang import Pair
from demos.kit.pixels import CELLS, Pace, factor, kept_cells, kept_pixels, outline, pictures, sheet
from genmodels.data.digits import digit

if TYPE_CHECKING:
    from torch import Tensor

COUNT, SECONDS = 6, 4.0  # repairs, each with its own luck; seconds that they take at least
DAMAGES: dict[str, Pair] = {
    "bottom": ("the lower half erased", "borrada la mitad de abajo"),
    "right": ("the right half erased", "borrada la mitad derecha"),
    "middle": ("the middle erased", "borrado el centro"),
    "painted": ("all but what I paint below", "todo menos lo que pinto abajo"),
    "noise": ("noise all over", "ruido en todas partes"),
    "specks": ("one pixel in five lost", "un píxel de cada cinco perdido"),
}
KEEPS = {"bottom": "top", "right": "left", "middle": "frame", "painted": "painted"}
FILLS: dict[str, Pair] = {"even": ("noise", "ruido"), "black": ("black", "negro")}
GRAIN = 0.6  # standard deviation of the noise all over


def repair(
    checkpoint: str, drawing: Image.Image | None, board: tuple | None, which: int, variant: int, damage: str,
    fill: str, hold: bool, steps: int, stride: float, noise: float, clip: float, seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Damage a picture (yours or ours), walk down the energy six times, and see what comes of it."""
    from genmodels.energy.langevin import langevin

    x, note = models.picture_of(checkpoint, drawing, which, variant, lang)
    keep = kept(damage, board, seed)
    luck = models.luck(seed, COUNT)
    damaged = damage_of(x, damage, keep, fill, luck)
    held = keep if hold and keep is not None else None
    yield before(x, damaged[:1], lang), gr.skip(), gr.skip(), note, {}
    with models.use(checkpoint) as model:
        pace, at, energies = Pace(steps + 1, SECONDS), [], []
        walk, here = models.walk(stride, noise, clip), None if held is None else held.to(model.device)
        with closing(langevin(model.energy, damaged.to(model.device), steps, walk, luck, here)) as walking:
            for step in walking:
                if step.i:
                    at.append(step.i - 1)
                    energies.append(step.energy.cpu().tolist())
                if step.i and pace.due(step.i, last=step.i == steps):
                    page = after(step.x, held)
                    yield (
                        before(x, damaged[:1], lang),
                        page,
                        plot(checkpoint, at, energies, steps, lang),
                        note,
                        numbers(x, damaged, step.x.cpu(), keep),
                    )


def kept(damage: str, board: tuple | None, seed: int) -> Tensor | None:
    """(28, 28) bool: what the damage leaves; None where nothing is known for sure."""
    import torch

    if damage == "noise":
        return None
    if damage == "specks":
        return torch.rand(28, 28, generator=torch.Generator().manual_seed(seed)) > 0.2
    return kept_pixels(kept_cells(KEEPS[damage], board), models.SIDE)


def damage_of(x: Tensor, damage: str, keep: Tensor | None, fill: str, luck: list[Any]) -> Tensor:
    """(COUNT, 1, 28, 28): what is erased is black or noise, each repair's its own."""
    import torch

    from genmodels.energy.langevin import normal, uniform

    x = x.expand(COUNT, -1, -1, -1)
    if keep is None:
        return (x + GRAIN * normal(x, luck)).clamp(-1, 1)
    filled = uniform((1, 28, 28), luck)
    return torch.where(keep, x, filled if fill == "even" else torch.full_like(filled, -1.0))


def before(x: Tensor, damaged: Tensor, lang: str) -> Image.Image:
    words = (say(lang, "the picture", "la imagen"), say(lang, "damaged", "dañada"))
    return plates.beside(
        *(sheet(models.wide(v), w, 1, 308) for v, w in zip((x, damaged), words, strict=True))
    )


def after(x: Tensor, held: Tensor | None) -> Image.Image:
    """The repairs; a line around what was held."""
    shown = sheet(models.wide(x), "", 3, 640)
    return (
        shown
        if held is None or not held.any()
        else outline(shown, factor(3, 28, 640), held.numpy(), 3, COUNT)
    )


def plot(checkpoint: str, at: list[int], energies: list[list[float]], steps: int, lang: str) -> str:
    every = max(1, len(at) // 150)
    lines = [(at[::every], [row[k] for row in energies[::every]], "soft", False) for k in range(COUNT)]
    mean = [sum(row) / len(row) for row in energies[::every]]
    return energy_plot(checkpoint, [*lines, (at[::every], mean, "mark", False)], steps, lang)


def numbers(x: Tensor, damaged: Tensor, made: Tensor, keep: Tensor | None) -> dict[str, float]:
    """How near the repairs are to the picture, and how far what was known has moved."""
    from genmodels.metrics.psnr import psnr

    found = {"psnr_damaged": psnr(x.expand_as(damaged), damaged).mean().item()}
    found["psnr_repaired"] = psnr(x.expand_as(made), made).mean().item()
    if keep is not None and keep.any():
        moved = (made - x).abs()[:, :, keep] > 0.02
        found["altered"] = float(moved.sum()) / COUNT
    return found


def repair_code(
    checkpoint: str, drawing: Any, board: tuple | None, which: int, variant: int, damage: str, fill: str,
    hold: bool, steps: int, stride: float, noise: float, clip: float, seed: int,
) -> str:  # fmt: skip
    module = "digits import digit" if checkpoint == models.DIGITS else "garments import garment"
    draw = module.split()[-1]
    more = [
        "import numpy as np", "import torch", f"from genmodels.data.{module}",
        "from genmodels.energy.langevin import Walk, langevin, last, normal, uniform",
        "from genmodels.runtime import generators",
    ]  # fmt: skip
    region = {"bottom": "[:14]", "right": "[:, :14]", "middle": "[:]", "painted": "[:8]  # or yours"}
    lines = (
        f"page = np.float32({draw}({which}, {variant}))  # or yours\n"
        "x = torch.from_numpy(page)[None, None].expand(6, -1, -1, -1) / 127.5 - 1\n"
        f"luck = generators({seed}, 6)\n"
    )
    if damage == "noise":
        lines += f"x, keep = (x + {GRAIN} * normal(x, luck)).clamp(-1, 1), None\n"
    else:
        if damage == "specks":
            lines += f"keep = torch.rand(28, 28, generator=torch.Generator().manual_seed({seed})) > 0.2\n"
        else:
            part, _, words = region[damage].partition("  #")
            lines += "keep = torch.zeros(28, 28, dtype=torch.bool)\n"
            lines += f"keep{part} = True{'  #' + words if words else ''}\n"
            lines += "keep[9:21, 7:21] = False\n" if damage == "middle" else ""
        filled = "uniform((1, 28, 28), luck)" if fill == "even" else "-torch.ones_like(x)"
        lines += f"x = torch.where(keep, x, {filled})\n"
    end = ", keep" if hold and damage != "noise" else ""
    walk = models.walk_code(stride, noise, clip)
    return (
        models.loading(checkpoint, *more)
        + lines
        + f"x = last(langevin(ebm.energy, x, {steps}, {walk}, luck{end}))\n"
    )


def under(
    checkpoint: str, drawing: Image.Image | None, board: tuple | None, which: int, variant: int, damage: str
) -> Any:
    """What the board shows: the picture under the cells that are kept."""
    try:
        x, _ = models.picture_of(checkpoint, drawing, which, variant, "en")
    except gr.Error:  # hardly anything is drawn yet
        return gr.skip()
    return kit.to_pil(models.wide(x)[0]), kept_cells(KEEPS.get(damage, "top"), board)


def preset(*values: Any) -> Any:
    """The same when another damage is chosen; what is being painted stays as it is."""
    return gr.skip() if values[-1] == "painted" else under(*values)


def layout(tab: kit.Tab) -> None:
    quiet = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    with tab.view("repair", "Repair", "Reparar") as view:
        with view.controls():
            which, variant = models.which_controls(("Ours: digit · garment", "El nuestro: dígito · prenda"))
            with gr.Accordion(t("Or draw, or drop a picture", "O dibuja, o suelta una imagen"), open=False):
                drawing = kit.drawing(t("A digit or a garment", "Un dígito o una prenda"), brush=22)
            damage = kit.choice([(t(*words), name) for name, words in DAMAGES.items()], t("Damage", "Daño"))
            fill = kit.choice(
                [(t(*words), name) for name, words in FILLS.items()],
                t("What is erased becomes", "Lo borrado queda en"),
            )
            hold = kit.check(t("Hold what is known", "Mantener fijo lo conocido"), True)
            start = digit(which.value, variant.value).convert("RGBA"), kept_cells("top")
            with gr.Accordion(t("Paint what is left", "Pintar lo que queda"), open=False):
                board = kit.mask(CELLS, CELLS, ("Paint what is left", "Pinta lo que queda"), start)
            with gr.Accordion(t("How it walks", "Cómo camina"), open=False):
                steps, stride, noise, clip = models.walk_controls(200, 1000)
            seed = kit.seed()
        with view.result():
            first, made = plates.view(), pictures()
            drawn, note = kit.html(), kit.html()
        inputs = [
            tab.checkpoint,
            drawing,
            board,
            which,
            variant,
            damage,
            fill,
            hold,
            steps,
            stride,
            noise,
            clip,
            seed,
        ]
        view.run(repair, inputs, [first, made, drawn, note], ("Repair", "Reparar"), repair_code)
        shown = [tab.checkpoint, drawing, board, which, variant, damage]
        changes = [tab.checkpoint.change, drawing.change, which.change, variant.change]
        gr.on(changes, under, shown, board, trigger_mode="always_last", **quiet)
        damage.change(preset, shown, board, trigger_mode="always_last", **quiet)
        board.input(lambda: "painted", None, damage, **quiet)
        view.on([damage.input, which.input, hold.input], repair)
