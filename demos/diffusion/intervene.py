"""A way back that is stopped half way, and goes on in several ways: what is settled by then, what is open?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import gradio as gr
from PIL import Image, ImageDraw

from demos import kit
from demos.diffusion import film, pictures
from demos.kit import denoisers, plates, plots, say, t
from demos.kit.denoisers import SOLVERS

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.diffusion.denoiser import Denoiser
    from genmodels.diffusion.samplers import Step

STEPS = 24
TRUNK, LEAF, TILES, FAN = 176, 112, 6, 80  # pixels of the trunk's tiles, of a branch's; how many; of the fork
OTHERS = 3  # branches that go on with other noise
TEAL, GREY = pictures.TEAL, plates.CAPTION


class Branch(NamedTuple):
    """A way to go on."""

    words: str
    solver: str
    label: int
    luck: int  # added to the seed


def intervene(
    checkpoint: str, faces: str, fashion: str, sprites: str, emoji: str, stop: int,
    then_faces: str, then_fashion: str, then_sprites: str, then_emoji: str, solver: str, seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """One way back by DDIM, left at a step of 24; from there on unchanged, or with other noise or class."""
    with denoisers.use(checkpoint) as denoise:
        first = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
        then = denoisers.asked(checkpoint, then_faces, then_fashion, then_sprites, then_emoji)
        x, sigmas, _ = film.begin(denoise, 1, STEPS, seed)
        plan, done = branches(checkpoint, first, then, solver, lang), []
        yield tree(checkpoint, x, None, sigmas[0], 0, plan, done, lang), "", {"step": 0}
        for step in walk(denoise, Branch("", "ddim", first, 0), x, sigmas, seed):
            if step.i == stop:
                break
            if step.i % 6 == 3:
                yield (
                    tree(checkpoint, step.x, step.x0, step.sigma, step.i, plan, done, lang),
                    "",
                    {"step": step.i},
                )
        at = tree(checkpoint, step.x, step.x0, step.sigma, stop, plan, done, lang)
        yield at, "", {"step": stop}
        for branch in plan:
            done.append(list(walk(denoise, branch, step.x, sigmas[stop:], seed)))
            picture = tree(checkpoint, step.x, step.x0, step.sigma, stop, plan, done, lang)
            yield picture, table(plan, done, lang), {"step": stop}


def branches(checkpoint: str, first: int, then: int, solver: str, lang: str) -> list[Branch]:
    same = Branch(say(lang, "goes on as it was", "sigue como iba"), "ddim", first, 0)
    words = say(lang, "new noise on the way (DDPM)", "ruido nuevo en el camino (DDPM)")
    others = [Branch(f"{words}, {k}", "ddpm", first, 1000 * k) for k in range(1, OTHERS + 1)]
    name = denoisers.words(checkpoint, then, lang)
    other = Branch(say(lang, f"class: {name}", f"clase: {name}"), "ddim", then, 0)
    return [same, *others, other, Branch(say(lang, *SOLVERS[solver]), solver, first, 0)]


def walk(denoise: Denoiser, branch: Branch, x: Tensor, sigmas: list[float], seed: int) -> Iterator[Step]:
    from genmodels.diffusion.denoiser import bound
    from genmodels.diffusion.samplers import SOLVERS as WAYS
    from genmodels.runtime import generators

    belief = bound(denoise, denoisers.labels(denoise, branch.label))
    return WAYS[branch.solver](belief, x, sigmas, generators(seed + branch.luck, 1))


def tree(
    checkpoint: str, x: Tensor, x0: Tensor | None, sigma: float, at: int, plan: list[Branch],
    done: list[list[Step]], lang: str,
) -> Image.Image:  # fmt: skip
    """The trunk on the left, where it was left; its branches on the right, each at some steps and its end."""
    import torch

    smooth, made = pictures.smooth(checkpoint), []
    for k, branch in enumerate(plan):
        steps = done[k] if k < len(done) else []
        blank = pictures.empty(x)
        chosen = [
            steps[round(j * (len(steps) - 1) / (TILES - 1))].x0 if steps else blank for j in range(TILES)
        ]
        row = torch.cat([c.cpu().expand(-1, 3, -1, -1) for c in chosen])
        made.append(pictures.block(branch.words, row, LEAF, TILES, smooth=smooth))
    high = len(made) * (made[0].height + 14) - 14
    left = trunk(checkpoint, x, x0, sigma, at, lang)
    sheet = Image.new("RGBA", (left.width + FAN + made[0].width, max(high, left.height)))
    top, start = (high - left.height) // 2, left.width + 6
    sheet.paste(left, (0, top))
    fork = (start, top + left.height - TRUNK // 2)
    for k, row in enumerate(made):
        y = k * (row.height + 14)
        sheet.paste(row, (left.width + FAN, y))
        end = (left.width + FAN - 8, y + row.height - LEAF // 2)
        twig(sheet, fork, end, TEAL if k < len(done) else GREY)
    return sheet


def trunk(checkpoint: str, x: Tensor, x0: Tensor | None, sigma: float, at: int, lang: str) -> Image.Image:
    """What is seen where it was left, and below what is believed there."""
    from genmodels.diffusion.denoiser import seen

    where = say(lang, f"step {at} of {STEPS}", f"paso {at} de {STEPS}")
    believed = pictures.empty(x) if x0 is None else x0
    return plates.plate(
        pictures.block(where, seen(x, sigma), TRUNK, 1),
        pictures.block(
            say(lang, "believed", "lo que cree"), believed, TRUNK, 1, smooth=pictures.smooth(checkpoint)
        ),
    )


def twig(sheet: Image.Image, start: tuple, end: tuple, colour: tuple) -> None:
    """A line that leaves level and arrives level, drawn twice as large on what it crosses."""
    (x0, y0), (x1, y1) = start, end
    top, wide, high = min(y0, y1) - 4, x1 - x0 + 8, abs(y1 - y0) + 8
    shares = [k / 40 for k in range(41)]
    points = [(x0 + (x1 - x0) * s, y0 + (y1 - y0) * (3 * s**2 - 2 * s**3)) for s in shares]
    mask = Image.new("L", (2 * wide, 2 * high))
    ImageDraw.Draw(mask).line([(2 * (x - x0 + 4), 2 * (y - top)) for x, y in points], 255, 7, "curve")
    sheet.paste((*colour, 255), (x0 - 4, top), mask.reduce(2))


def table(plan: list[Branch], done: list[list[Step]], lang: str) -> str:
    """How far each branch ends from the one that was left alone."""
    first = done[0][-1].x
    rows = [
        (
            branch.words,
            plots.number(50 * (steps[-1].x - first).square().mean().item() ** 0.5, lang, 2)
            + say(lang, "%", " %"),
        )
        for branch, steps in zip(plan[1 : len(done)], done[1:], strict=True)
    ]
    if not rows:
        return ""
    head = say(lang, "ends this far from the first", "termina a esta distancia de la primera")
    about = say(
        lang,
        "Root mean square difference of the pixels, in % of the way from black to white.",
        "Diferencia cuadrática media de los píxeles, en % de la distancia del negro al blanco.",
    )
    return plots.table(["", head], rows) + f"<p style='font-size:16px'>{about}</p>"


def intervene_code(
    checkpoint: str, faces: str, fashion: str, sprites: str, emoji: str, stop: int,
    then_faces: str, then_fashion: str, then_sprites: str, then_emoji: str, solver: str, seed: int,
) -> str:  # fmt: skip
    first = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    then = denoisers.asked(checkpoint, then_faces, then_fashion, then_sprites, then_emoji)
    label = "torch.tensor([{}])".format
    imports = (
        "import torch", "from itertools import islice", "from genmodels.diffusion import samplers, schedules",
        "from genmodels.diffusion.denoiser import Denoiser, bound", pictures.NETWORK[1],
        "from genmodels.runtime import generators",
    )  # fmt: skip
    one, two = (f"bound(denoise, {label(k) if k >= 0 else 'None'})" for k in (first, then))
    start = "samplers.start((c.in_channels, c.sample_size, c.sample_size)"
    return pictures.snippet(
        imports,
        pictures.loading(checkpoint)
        + f"c, belief = denoise.network.config, {one}\n"
        + f"sigmas = schedules.karras({denoisers.LOW}, min({denoisers.HIGH}, denoise.ends[1]), {STEPS})\n"
        + f"x = {start}, sigmas[0], generators({seed}, 1))\n"
        + f"*_, left = islice(samplers.ddim(belief, x, sigmas), {stop + 1})  # x and sigma are all there is\n"
        + f"*_, new_class = samplers.ddim({two}, left.x, sigmas[{stop}:])\n"
        + f"luck = generators({seed + 1000}, 1)\n"
        + f'*_, new_noise = samplers.SOLVERS["ddpm"](belief, left.x, sigmas[{stop}:], luck)\n'
        + f'*_, solver = samplers.SOLVERS["{solver}"](belief, left.x, sigmas[{stop}:], luck)\n',
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("intervene", "Intervene", "Intervenir") as view:
        with view.controls():
            stop = kit.slider(
                0, STEPS - 1, 9, t("Leave it at step … of 24", "Dejarla en el paso … de 24"), step=1
            )
            first = denoisers.pickers(0, 7, 0, 0, label=("Class until then", "Clase hasta ahí"))
            then = denoisers.pickers(7, 9, 3, 2, label=("Other class from then on", "Otra clase desde ahí"))
            seed = kit.seed(4)
            with gr.Accordion(t("Other solver", "Otro método"), open=False):
                label = t("Solver of the last branch", "Método de la última rama")
                solver = film.denoisers_choice("dpm2", label)
        with view.result():
            picture = plates.view()
            page = kit.html()
        inputs = [tab.checkpoint, *first, stop, *then, solver, seed]
        view.run(intervene, inputs, [picture, page], ("Branch off", "Ramificar"), intervene_code)
        view.on([stop.release], intervene)
