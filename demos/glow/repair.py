"""Repair: part of a picture is hidden, or it is blurred, and codes are looked for that explain the rest."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demos import kit
from demos.glow import models
from demos.glow.damage import MASKS, SIGMA, SMALLER, Damage, cells, damaged
from demos.glow.pictures import board, picture_of, real_code
from demos.kit import pixels, plates, plots, say, t

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.flow.inverse_problem import Step

TILE, SMALL = 250, 165
EVERY = 0.3  # seconds between two previews
COOL = 0.7  # of the codes that the search starts from
NOISE = 0.02  # s, in the flow's own numbers, of which black to white is 1
FACE = 36_518  # that the page opens with
LATER = 1_000_003  # from the seed of a code to that of its steps


def repair(
    checkpoint: str, drawing: Image.Image | None, mask: tuple | None, seed: int, damage: str, start: int,
    count: int, steps: int, warmth: float, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Several codes whose pictures fit what is left of one: by descent (warmth 0) or Langevin draws (1)."""
    refuse(checkpoint, lang)
    x, name, note = picture_of(checkpoint, drawing, seed, lang)
    with models.use(checkpoint) as model:
        done = damaged(damage, mask, model.config.size)
        y = models.noised(model, x)
        top = given(x, done, name, lang)
        yield top, gr.skip(), note, {"step": 0}
        curve: list[float] = []
        due = 0.0
        for step in search(model, y, done, start, count, steps, warmth):
            curve.append(step.misfit.mean().item())
            if step.i > steps or time.perf_counter() >= due:
                shown = model.shown(step.x).float().cpu()
                due = time.perf_counter() + EVERY
                yield top, tried(shown, lang), gr.skip(), {"step": step.i - 1, "misfit": curve[-1]}
        told = note + figures(step, y, curve, models.values(model), lang)
    page = plates.plate(tried(shown, lang), apart(shown, lang))
    yield top, page, told, {"step": steps, "misfit": curve[-1]}


def search(
    model: Any, y: Tensor, done: Damage, start: int, count: int, steps: int, warmth: float
) -> Iterator[Step]:
    """Codes from seeds, moved until their pictures look like what is left of y."""
    from genmodels import runtime
    from genmodels.flow.inverse_problem import explain

    z = COOL * models.noise(model, start, count).to(model.device, model.dtype)
    seen = done.look(y.expand(count, -1, -1, -1))
    luck = runtime.generators(start + LATER, count)
    options = {"steps": steps, "noise": NOISE, "warmth": warmth}
    yield from explain(lambda z: model.inverse(z)[0], done.look, seen, z, luck, **options)


def refuse(checkpoint: str, lang: str) -> None:
    if checkpoint == models.TARFLOW:
        en = "A TarFlow's way back is patch after patch, too slow for hundreds of steps. Choose another."
        es = "El camino de vuelta de un TarFlow va de a un parche: demasiado lento aquí. Elige otro modelo."
        raise gr.Error(say(lang, en, es), print_exception=False)


def given(x: Tensor, done: Damage, name: str, lang: str) -> Image.Image:
    return plates.beside(
        plates.block(name, x, tile=TILE, type=28),
        plates.block(say(lang, "what is left of it", "lo que queda"), done.shown(x), tile=TILE, type=28),
    )


def tried(shown: Tensor, lang: str) -> Image.Image:
    words = say(lang, "explanations", "explicaciones")
    return plates.block(words, shown, columns=len(shown), tile=SMALL, type=28)


def apart(shown: Tensor, lang: str) -> Image.Image:
    """The mean of the explanations, and where they differ."""
    spread = shown.std(0, correction=0).mean(0)
    mean = plates.block(say(lang, "their mean", "su media"), shown.mean(0, keepdim=True), tile=SMALL, type=28)
    heat = pixels.heat(spread[None], 0.5)
    where = plates.block(say(lang, "where they differ", "dónde difieren"), heat, tile=SMALL, type=28)
    return plates.beside(mean, where)


def figures(step: Step, y: Tensor, curve: list[float], values: int, lang: str) -> str:
    """How far off the explanations were on the way, how long their codes are, how far from the truth."""
    axes = plots.Axes((0, len(curve)), (0, 1.08 * max(curve)), width=620, height=200, left=58)
    title = say(
        lang,
        "How far off what is left (root mean square)",
        "Cuánto le erran a lo que queda (raíz cuadrática media)",
    )
    across = say(lang, "step", "paso")
    marks = [plots.rule(NOISE, "s"), plots.line(list(range(len(curve))), curve, "mark")]
    drawn = plots.plot(axes, *marks, title=title, across=across, up=True, lang=lang)
    norms = step.z.flatten(1).norm(dim=1) / values**0.5
    away = (step.x - y).square().flatten(1).mean(1).sqrt()
    low, high = (plots.number(v, lang, 2) for v in (norms.min().item(), norms.max().item()))
    near, far = (plots.number(v, lang, 2) for v in (away.min().item(), away.max().item()))
    en = f"‖z‖ / √D of these codes: {low} to {high}; at random, 1. Off the whole picture: {near} to {far}."
    es = (
        f"‖z‖ / √D de estos códigos: {low} a {high}; al azar, 1. Le erran a la imagen entera: {near} a {far}."
    )
    return drawn + f"<p style='font-size:17px'>{say(lang, en, es)}</p>"


def repair_code(
    checkpoint: str, drawing: Any, mask: Any, seed: int, damage: str, start: int, count: int, steps: int,
    warmth: float,
) -> str:  # fmt: skip
    imports, lines = real_code(checkpoint, seed)
    imports += [
        "from genmodels.flow.inverse_problem import explain",
        "from genmodels.runtime import generators, noise",
    ]
    if damage == "blurred":
        imports.append("from genmodels.flow.inverse_problem import blur")
    size = 32 if models.of_faces(checkpoint) else 28
    look = {
        "top": "look = lambda y: y[:, :, : y.shape[2] // 2]",
        "left": "look = lambda y: y[..., : y.shape[3] // 2]",
        "small": f"look = lambda y: torch.nn.functional.avg_pool2d(y, {SMALLER})",
        "blurred": f"look = lambda y: blur(y, {SIGMA:g})",
    }.get(damage, hole(size))
    return (
        models.loading(checkpoint, *imports)
        + lines
        + (
            f"{look}\n"
            f"z = {COOL:g} * noise({start}, {count}, tuple(y.shape[1:]))\n"
            "*_, end = explain(lambda z: flow.inverse(z)[0], look, look(y), z,\n"
            f"                  generators({start + LATER}, {count}), steps={steps}, noise={NOISE:g}, "
            f"warmth={warmth:g})\n"
            "x = flow.shown(end.x)  # and end.misfit says how well each fits\n"
        )
    )


def hole(size: int) -> str:
    """The same middle that the board hides."""
    top, low, left, right = (round(k * size / pixels.CELLS) for k in (5, 12, 4, 12))
    return (
        f"kept = torch.ones({size}, {size}, dtype=torch.bool)  # or as you paint it\n"
        f"kept[{top}:{low}, {left}:{right}] = False\nlook = lambda y: y[..., kept]"
    )


def under(checkpoint: str, drawing: Image.Image | None, mask: tuple | None, seed: int, damage: str) -> Any:
    """What the board shows: the picture, under the cells that are left."""
    try:
        x, _, _ = picture_of(checkpoint, drawing, seed, "en")
    except gr.Error:  # hardly anything is drawn yet
        return gr.skip()
    return kit.to_pil(x[0]), cells(damage, mask) if damage in MASKS else None


def first_face(seed: int) -> Image.Image:
    """What the board opens with, painted without waking torch."""
    from genmodels.data.faces import batch

    return Image.fromarray(batch([seed])[0][0]).resize((32, 32), Image.Resampling.BOX)


def preset(*values: Any) -> Any:
    """The same when another damage is chosen; what is being painted stays as it is."""
    return gr.skip() if values[-1] == "painted" else under(*values)


def layout(tab: kit.Tab) -> None:
    quiet = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    with tab.view("repair", "Repair", "Reparar") as view:
        with view.controls():
            seed, drawing = board(FACE)
            choices = [
                (t("Hidden: the middle", "Tapado: el centro"), "frame"),
                (t("Hidden: the lower half", "Tapada: la mitad de abajo"), "top"),
                (t("Hidden: the right half", "Tapada: la mitad derecha"), "left"),
                (t("Hidden: what I paint below", "Tapado: lo que pinto abajo"), "painted"),
                (t("Blurred", "Desenfocada"), "blurred"),
                (t("Reduced to a quarter of the side", "Reducida a un cuarto del lado"), "small"),
            ]
            damage = kit.choice(choices, t("Damage", "Daño"))
            start = first_face(FACE), pixels.kept_cells("frame")
            mask = kit.mask(pixels.CELLS, pixels.CELLS, ("Paint what is left", "Pinta lo que queda"), start)
            heat = t("Warmth (0: the likeliest; 1: draws)", "Calor (0: lo más probable; 1: sorteos)")
            warmth = kit.slider(0, 1, 1, heat, step=0.1)
            with gr.Accordion(t("Explanations, steps, seed", "Explicaciones, pasos, semilla"), open=False):
                count = kit.slider(2, 4, 3, t("Explanations", "Explicaciones"), step=1)
                steps = kit.slider(60, 200, 120, t("Steps", "Pasos"), step=20)
                luck = kit.seed(1, t("Seed of the explanations", "Semilla de las explicaciones"))
        with view.result():
            top = plates.view()
            picture = plates.view()
            told = kit.html()
        inputs = [tab.checkpoint, drawing, mask, seed, damage, luck, count, steps, warmth]
        label = ("Look for explanations", "Buscar explicaciones")
        view.run(repair, inputs, [top, picture, told], label, repair_code)
        shown = [tab.checkpoint, drawing, mask, seed, damage]
        changes = [tab.checkpoint.change, drawing.change, seed.change]
        gr.on(changes, under, shown, mask, trigger_mode="always_last", **quiet)
        damage.change(preset, shown, mask, trigger_mode="always_last", **quiet)
        mask.input(lambda: "painted", None, damage, **quiet)
