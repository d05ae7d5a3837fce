"""Diffusion against flow matching: two networks that learnt apart, the same noise, few steps; bent paths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import gradio as gr

from demos import kit
from demos.kit import denoisers, plates, plots, say, t
from demos.kit.fashion import CLASSES
from demos.kit.pixels import Pace
from demos.samplers import runs, tiles

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

DIFFUSION, FLOW = "ddpm-fashion", "flow-fashion"
COUNTS = (1, 2, 4, 8)
FINE, COUNT = 24, 2  # steps of the fine run, pictures
TILE = 168
PIXELS = 5  # whose ways are drawn
WAYS = {  # name -> checkpoint, solver, grid, words
    "ddim": (DIFFUSION, "ddim", "even", ("diffusion, even in its time", "difusión, pareja en su tiempo")),
    "ddim_straight": (
        DIFFUSION, "ddim", "straight", ("diffusion, in the flow's time", "difusión, en el tiempo del flujo")
    ),
    "flow": (FLOW, "ddim", "straight", ("flow matching, Euler", "flow matching, Euler")),
    "midpoint": (FLOW, "midpoint", "straight", ("flow matching, midpoint", "flow matching, punto medio")),
}  # fmt: skip


class Path(NamedTuple):
    """The way of some pictures in the coordinates of flow matching, y = (1 - t) x0 + t e."""

    t: list[float]
    y: Tensor  # (steps + 1, B, C, H, W)


def straight(garment: str, seed: int, lang: str) -> Iterator[tuple]:
    """The same noises through a diffusion model and a flow, at 1 to 8 steps and at many."""
    label = -1 if garment == denoisers.ANY else int(garment)
    fine: dict[str, Path] = {}
    done: dict[tuple[str, int], Tensor] = {}
    for checkpoint in (DIFFUSION, FLOW):
        with denoisers.use(checkpoint) as denoise:
            for path in path_of(denoise, label, seed):
                fine[checkpoint] = path
                yield page(done, fine, lang), "", {"step": len(path.t)}
            for name, (_, solver, levels, _) in WAYS.items():
                if WAYS[name][0] != checkpoint:
                    continue
                for n in COUNTS:
                    sigmas = denoisers.grid_of(levels, denoise, n)
                    *_, run = runs.follow(denoise, label, solver, sigmas, seed, COUNT)
                    done[name, n] = run.x
                    yield page(done, fine, lang), gr.skip(), {"calls": run.calls}
    yield page(done, fine, lang), told(done, fine, lang), numbers(fine)


def path_of(denoise: object, label: int, seed: int) -> Iterator[Path]:
    """A fine run on the flow's own grid, as it grows."""
    import torch

    sigmas, times, places = denoisers.grid_of("straight", denoise, FINE), [], []
    pace = Pace(FINE, 0)
    for run in runs.follow(denoise, label, "heun", sigmas, seed, COUNT):
        times.append(run.sigma / (1 + run.sigma))
        places.append(run.x / (1 + run.sigma))
        if pace.due(run.step, last=run.step == FINE):
            yield Path(list(times), torch.stack(places))


def bend(path: Path) -> float:
    """How much longer the way is than the straight line, in % (mean of the pictures)."""
    long = (path.y[1:] - path.y[:-1]).flatten(2).norm(dim=2).sum(0)
    line = (path.y[-1] - path.y[0]).flatten(1).norm(dim=1)
    return 100 * (long / line - 1).mean().item()


def numbers(fine: dict[str, Path]) -> dict[str, float]:
    """How bent both are; how near both networks' pictures are, and pictures of different noises."""
    one, other = (fine[name].y[-1] for name in (DIFFUSION, FLOW))
    same = sum(runs.off(a, b) for a, b in zip(one, other, strict=True)) / COUNT
    different = sum(runs.off(a, b) for a, b in zip(one, other.roll(1, 0), strict=True)) / COUNT
    return {
        "bend_diffusion": bend(fine[DIFFUSION]),
        "bend_flow": bend(fine[FLOW]),
        "same_noise": same,
        "other_noise": different,
    }


def page(done: dict[tuple[str, int], Tensor], fine: dict[str, Path], lang: str) -> Image.Image:
    """A row for each way, a column for each number of steps; the first picture of each, and the fine one."""
    made = []
    for name, (checkpoint, _, _, words) in WAYS.items():
        cells = []
        for n in COUNTS:
            x = done.get((name, n))
            above = runs.steps_words(n, lang) if not made else ""
            right = fine[checkpoint].y[-1] if checkpoint in fine else None
            note = f"±{runs.level(runs.off(x[:1], right[:1]), lang)}" if x is not None else " "
            cells.append(tiles.cell(x, above, note, TILE))
        end = fine[checkpoint].y[-1] / max(1 - fine[checkpoint].t[-1], 1e-3) if checkpoint in fine else None
        above = runs.steps_words(FINE, lang) + ", Heun" if not made else ""
        cells.append(tiles.cell(end, above, " ", TILE))
        made.append(tiles.row(cells, say(lang, *words)))
    return tiles.rows(*made)


# ------------------------------------------------------------------------------------------ the ways


def told(done: dict[tuple[str, int], Tensor], fine: dict[str, Path], lang: str) -> str:
    names = ((DIFFUSION, ("diffusion", "difusión")), (FLOW, ("flow matching", "flow matching")))
    drawn = [curves(fine[name], say(lang, *words), lang) for name, words in names]
    rows = []
    for name, (checkpoint, _, _, words) in WAYS.items():
        right = fine[checkpoint].y[-1]
        found = (runs.off(done[name, n], right) for n in COUNTS)
        rows.append([say(lang, *words), *(runs.level(v, lang) for v in found)])
    head = [say(lang, "levels off its own fine result", "niveles respecto de su propio resultado fino")]
    table = plots.table([*head, *(runs.steps_words(n, lang) for n in COUNTS)], rows)
    en = (
        "Lines: the ways of five pixels from noise (left) to picture. A straight one needs one step. Both "
        "networks learnt the same field by different lessons, so the same noise ends in garments that "
        "are alike; neither was told to make its paths straight. What flow matching brings is a time "
        "in which they are less bent, and diffusion can be asked in it too. Midpoint asks twice a step."
    )
    es = (
        "Líneas: el camino de cinco píxeles del ruido (izquierda) a la imagen. A uno recto le basta un paso. "
        "Las dos redes aprendieron el mismo campo con lecciones distintas, y por eso el mismo ruido termina "
        "en prendas parecidas; a ninguna se le pidió que sus caminos fueran rectos. Lo que trae flow "
        "matching es un tiempo en el que se curvan menos, y a la difusión también se le puede preguntar en "
        "ese tiempo. El punto medio pregunta dos veces por paso."
    )
    return plots.figures(*drawn, least=300) + table + f"<p>{say(lang, en, es)}</p>"


def curves(path: Path, title: str, lang: str) -> str:
    """The values of some pixels on the way, of those that move most; dashed: the straight line."""
    y = path.y[:, 0].flatten(1)
    most = (y[-1] - y[0]).abs().argsort(descending=True)
    chosen = most[:: max(1, len(most) // 2 // PIXELS)][:PIXELS]
    marks, kinds = [], ("mark", "warm", "ink", "soft", "mark")
    across = [1 - t for t in path.t]
    for k, kind in zip(chosen.tolist(), kinds, strict=True):
        marks.append(plots.line([across[0], across[-1]], [y[0, k].item(), y[-1, k].item()], "soft", True))
        marks.append(plots.line(across, y[:, k].tolist(), kind))
    high = 1.05 * y[:, chosen].abs().max().item()
    axes = plots.Axes((0, 1), (-high, high), height=250, left=40)
    return plots.plot(axes, *marks, title=title, across="1 − t", up=True, lang=lang)


def straight_code(garment: str, seed: int) -> str:
    label = -1 if garment == denoisers.ANY else int(garment)
    draw = (
        "denoise = bound(Denoiser.of(unet), labels)\n"
        "ways = [s.x / (1 + s.sigma) for s in samplers.heun(denoise, x, sigmas)]\n"
        "long = sum((b - a).norm() for a, b in zip(ways, ways[1:]))\n"
        "print((long / (ways[-1] - ways[0]).norm()).item())  # 1 is straight\n"
        "ways[-1]  # (1, 1, 28, 28) in [-1, 1]\n"
    )
    return runs.code(FLOW, label, "straight", FINE, seed, 1, draw)


def layout(tab: kit.Tab) -> None:
    with tab.view("straight", "Straight?", "¿Rectos?") as view:
        with view.controls():
            choices = [(t("any", "cualquiera"), denoisers.ANY)]
            choices += [(t(*words), str(k)) for k, words in enumerate(CLASSES)]
            garment = kit.choice(choices, t("Garment", "Prenda"), "5")
            seed = kit.seed(2)
        with view.result():
            picture = plates.view()
            drawn = kit.html()
        view.run(straight, [garment, seed], [picture, drawn], ("Compare", "Comparar"), straight_code)
        view.on([garment.input], straight)
