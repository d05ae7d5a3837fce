"""Back: step by step what the network sees, and what it believes is under it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from demos import kit
from demos.diffusion import pictures
from demos.kit import denoisers, pixels, plates, plots, say, t
from demos.kit.denoisers import SOLVERS

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from genmodels.diffusion.denoiser import Denoiser
    from genmodels.diffusion.samplers import Step

TILES, COLUMNS = 10, 6  # of the strip; pictures in a row of a block
WIDE, SIDE, SMALL = 964, 250, 82  # pixels of a block, and of its tiles at most; of the strip's
HELD = 12  # frames for which the film shows its end
BLOCKS = 8  # a side: what is coarse


def film(
    checkpoint: str, faces: str, fashion: str, sprites: str, emoji: str, count: int, steps: int, solver: str,
    seed: int, seconds: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Pictures out of noise; every frame has what the network sees and what it believes."""
    from genmodels.diffusion.samplers import SOLVERS as WAYS

    seen: list[Step] = []
    with denoisers.use(checkpoint) as denoise:
        label = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
        x, sigmas, luck = begin(denoise, count, steps, seed)
        yield both(checkpoint, x, None, sigmas[0], f"0/{steps}", lang), gr.skip(), "", None, {"calls": 0}
        belief, calls = counted(denoise, [label] * count)
        pace = pixels.Pace(steps, seconds)
        for step in WAYS[solver](belief, x, sigmas, luck):
            seen.append(step)
            if pace.due(step.i, last=step.i == steps):
                frame = both(checkpoint, step.x, step.x0, step.sigma, f"{step.i}/{steps}", lang)
                yield frame, strip(checkpoint, seen, steps, lang), "", None, {"calls": len(calls)}
    half = {f"half_{k}": 1 + sum(v > 0.5 for v in still) for k, still in open_(seen).items()}
    page = curves(seen, lang)
    yield (
        frame,
        strip(checkpoint, seen, steps, lang),
        page,
        reel(checkpoint, seen),
        {"calls": len(calls)} | half,
    )


def begin(denoise: Denoiser, count: int, steps: int, seed: int) -> tuple[Tensor, list[float], list]:
    """Noise at the top of a grid, the grid, and what more noise would come from."""
    from genmodels.diffusion import samplers
    from genmodels.runtime import generators

    sigmas, luck = denoisers.grid_of("karras", denoise, steps), generators(seed, count)
    return samplers.start(denoisers.shape_of(denoise), sigmas[0], luck, denoise.network.device), sigmas, luck


def counted(denoise: Denoiser, classes: list[int]) -> tuple[Callable, list[float]]:
    """The network's belief, and the levels at which it was asked."""
    from genmodels.diffusion.denoiser import bound

    belief, calls = bound(denoise, denoisers.labels(denoise, *classes)), []

    def asked(x: Tensor, sigma: Any) -> Tensor:
        calls.append(float(sigma))
        return belief(x, sigma)

    return asked, calls


def both(checkpoint: str, x: Tensor, x0: Tensor | None, sigma: float, where: str, lang: str) -> Image.Image:
    """What is seen of every picture, and under it what is believed."""
    from genmodels.diffusion.denoiser import seen

    columns = min(COLUMNS, len(x))
    side = min(SIDE, (WIDE + plates.GAP) // columns - plates.GAP)
    level = f"{where}, σ = {plots.number(sigma, lang, 2)}"
    shown = pictures.empty(x) if x0 is None else x0
    return plates.plate(
        pictures.block(f"{say(lang, 'what it sees', 'lo que ve')}  {level}", seen(x, sigma), side, columns),
        pictures.block(
            say(lang, "what it believes", "lo que cree"),
            shown,
            side,
            columns,
            smooth=pictures.smooth(checkpoint),
        ),
    )


def strip(checkpoint: str, steps: list[Step], total: int, lang: str) -> Image.Image:
    """The first picture at ten moments of the way, seen and believed; those to come are empty."""
    import torch

    from genmodels.diffusion.denoiser import seen

    found = {step.i: step for step in steps}
    wanted = [round(k * total / (TILES - 1)) for k in range(TILES)]
    blank = pictures.empty(steps[0].x[:1])
    rows = []
    for words, look in (
        (say(lang, "it sees", "ve"), lambda s: seen(s.x, s.sigma)[:1]),
        (say(lang, "it believes", "cree"), lambda s: s.x0[:1]),
    ):
        tiles = [look(found[i]).cpu().expand(-1, 3, -1, -1) if i in found else blank for i in wanted]
        rows.append((words, torch.cat(tiles)))
    heads = [plots.number(found[i].sigma, lang, 2) if i in found else "" for i in wanted]
    heads[0] = f"σ = {heads[0]}"
    return pictures.labelled(rows, heads, SMALL, 108, smooth=pictures.smooth(checkpoint))


def open_(steps: list[Step]) -> dict[str, list[float]]:
    """How far the belief still is from the end, of the way it was at the start; its blocks and the rest."""
    from torch.nn import functional as F

    def parts(x: Tensor) -> dict[str, Tensor]:
        cells = max(1, round(x.shape[-1] / BLOCKS))
        coarse = F.interpolate(F.avg_pool2d(x, cells, ceil_mode=True), x.shape[2:], mode="bilinear")
        return {"coarse": coarse, "fine": x - coarse}

    end = parts(steps[-1].x)
    far = {
        name: [(parts(s.x0)[name] - end[name]).square().mean().item() ** 0.5 for s in steps] for name in end
    }
    return {name: [v / max(values[0], 1e-9) for v in values] for name, values in far.items()}


def curves(steps: list[Step], lang: str) -> str:
    """What is still open of the end, step by step: the coarse is settled before the fine."""
    words = {"coarse": ("warm", say(lang, "blocks of an eighth", "bloques de un octavo")),
             "fine": ("mark", say(lang, "details", "detalles"))}  # fmt: skip
    still = open_(steps)
    most = 100 * max(1.0, *still["coarse"], *still["fine"])
    axes = plots.Axes((0, len(steps) - 1), (0, 1.04 * most), width=640, height=240, left=48)
    at = range(len(steps))
    marks = [plots.line(at, [100 * v for v in still[k]], kind) for k, (kind, _) in words.items()]
    title = say(
        lang,
        "How far the belief still is from the final picture, in % of the first belief's distance",
        "Cuánto le falta a lo que cree para ser la imagen final, en % de la distancia inicial",
    )
    drawn = plots.plot(axes, *marks, title=title, across=say(lang, "step", "paso"), up=True, lang=lang)
    return drawn + plots.legend(*words.values())


def reel(checkpoint: str, steps: list[Step]) -> str:
    """The first picture, seen and believed, as a film."""
    import torch

    from genmodels.diffusion.denoiser import seen

    frames = []
    for step in steps:
        pair = torch.cat([seen(step.x, step.sigma)[:1].clamp(-1, 1), step.x0[:1]])
        frames.append(kit.grid(pair, 2, scale=max(1, round(224 / pair.shape[-1]))))
    return kit.film(frames + frames[-1:] * HELD, fps=8)


def film_code(
    checkpoint: str, faces: str, fashion: str, sprites: str, emoji: str, count: int, steps: int, solver: str,
    seed: int, seconds: int,
) -> str:  # fmt: skip
    label = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    imports = (
        "import torch", "from genmodels.diffusion import samplers, schedules",
        "from genmodels.diffusion.denoiser import Denoiser, bound", pictures.NETWORK[1],
        "from genmodels.runtime import generators",
    )  # fmt: skip
    given = f"torch.full(({count},), {label})" if label >= 0 else "None"
    return pictures.snippet(
        imports,
        pictures.loading(checkpoint)
        + "c = denoise.network.config\n"
        + f"sigmas = schedules.karras({denoisers.LOW}, min({denoisers.HIGH}, denoise.ends[1]), {steps})\n"
        + f"luck = generators({seed}, {count})\n"
        + "x = samplers.start((c.in_channels, c.sample_size, c.sample_size), sigmas[0], luck)\n"
        + f'for step in samplers.SOLVERS["{solver}"](bound(denoise, {given}), x, sigmas, luck):\n'
        + "    print(step.i, step.sigma, step.x0.std().item())  # step.x is seen, step.x0 believed\n"
        + f"pictures = step.x  # ({count}, C, H, W) in [-1, 1]\n",
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("film", "Back: the film", "Vuelta: la película") as view:
        with view.controls():
            classes = denoisers.pickers()
            count = kit.slider(1, 12, 4, t("Pictures", "Imágenes"), step=1)
            steps = kit.slider(4, 60, 20, t("Steps", "Pasos"), step=1)
            seed = kit.seed(1)
            with gr.Accordion(t("Solver and pace", "Método y ritmo"), open=False):
                solver = denoisers_choice()
                seconds = pixels.pace_slider(4)
        with view.result():
            now = plates.view()
            pixels.heading(
                "The first picture from noise (left) to the end (right)",
                "La primera imagen, del ruido (izquierda) al final (derecha)",
            )
            row = plates.view()
            page = kit.html()
            film_ = kit.picture(t("Film of the first", "Película de la primera"), height=260)
        inputs = [tab.checkpoint, *classes, count, steps, solver, seed, seconds]
        view.run(film, inputs, [now, row, page, film_], ("Go back", "Volver"), film_code)


def denoisers_choice(value: str = "ddim", label: Any = None) -> Any:
    """How to step; DDIM is the plain one."""
    choices = [(t(*words), name) for name, words in SOLVERS.items()]
    return kit.choice(choices, label or t("Solver", "Método"), value)
