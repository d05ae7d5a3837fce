"""Layer by layer: a real picture on its way to its code, and what each step adds to the log-determinant."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demos import kit
from demos.glow import models
from demos.glow.pictures import board, picture_of, real_code
from demos.kit import pixels, plates, plots, say

if TYPE_CHECKING:
    from torch import Tensor

WIDE = 1120
COLUMNS = 6
LOUD = 2.5  # standard deviations that are shown as black and white
BINS = 48
EVERY = 0.3  # seconds between two previews


def layers(checkpoint: str, drawing: Image.Image | None, seed: int, lang: str) -> Iterator[tuple]:
    """Every moment on the way from a real picture to its code, as a film that goes there and back."""
    x, name, note = picture_of(checkpoint, drawing, seed, lang)
    with models.use(checkpoint) as model:
        y = models.noised(model, x)
        tiles, words, so_far, due = [x], [name], [0.0], 0.0
        for moment in model.film(y):
            tiles.append(seen(moment.x.float().cpu()))
            so_far.append(moment.log_det.item())
            words.append(caption(moment, so_far[-1], lang))
            if time.perf_counter() >= due:
                yield frame(tiles[-1]), page(tiles, words), gr.skip(), {"log_det": so_far[-1]}
                due = time.perf_counter() + EVERY
        z = moment.x
        back = model.inverse(z)[0]
        away = (back - y).abs().max().item()
        log_prob = so_far[-1] + normal(z.float().cpu())
    size = z.numel() ** 0.5
    found = {"log_det": so_far[-1], "norm": z.norm().item(), "root_d": size, "round_trip": f"{away:.0e}"}
    drawn = note + sums(so_far, y, z.float().cpu(), log_prob, lang)
    frames = [frame(x) for x in tiles]
    film = kit.film([*[frames[0]] * 6, *frames, *[frames[-1]] * 6], fps=8, bounce=True)
    yield film, page(tiles, words), drawn, found


def seen(x: Tensor) -> Tensor:
    """Numbers that are no grey levels any more: their own mean as middle grey."""
    return (x - x.mean()) / (LOUD * x.std()).clamp_min(1e-6)


def frame(x: Tensor) -> Image.Image:
    return kit.to_pil(x[0]).resize((384, 384), Image.Resampling.NEAREST)


def caption(moment: Any, log_det: float, lang: str) -> str:
    return f"{moment.level + 1}.{moment.step} · {plots.number(round(log_det), lang, 4)}"


def page(tiles: list[Tensor], words: list[str]) -> Image.Image:
    """Moments in rows, each under its level, its step and the log-determinant so far."""
    side = (WIDE + plates.AIR) // COLUMNS - plates.AIR
    blocks = [plates.block(w, x, columns=1, tile=side, type=24) for x, w in zip(tiles, words, strict=True)]
    rows = [plates.beside(*blocks[k : k + COLUMNS]) for k in range(0, len(blocks), COLUMNS)]
    return plates.plate(*rows)


def normal(z: Tensor) -> float:
    from genmodels.flow.pixels import standard_normal

    return standard_normal(z).item()


def sums(so_far: list[float], y: Tensor, z: Tensor, log_prob: float, lang: str) -> str:
    """The log-determinant along the way, the numbers before and after, and the sum that is the density."""
    low, high = min(so_far), max(so_far)
    air = 0.06 * (high - low) or 1.0
    steps = list(range(len(so_far)))
    axes = plots.Axes((0, max(1, steps[-1])), (low - air, high + air), height=240, left=64)
    title = say(lang, "log |det| so far, nats", "log |det| hasta ahí, nats")
    across = say(lang, "moment", "momento")
    way = plots.plot(
        axes, plots.rule(0.0), plots.line(steps, so_far, "mark"), plots.dots(steps, so_far),
        title=title, across=across, up=True, lang=lang,
    )  # fmt: skip
    return plots.figures(way, values(z, lang), least=320) + total(so_far[-1], z, log_prob, lang)


def values(z: Tensor, lang: str) -> str:
    """The numbers of the code as a histogram, and the bell they should follow."""
    import torch

    edges = torch.linspace(-4, 4, BINS + 1)
    heights = torch.histogram(z.flatten().clamp(-4, 4), edges, density=True).hist.tolist()
    bell = torch.exp(-edges.square() / 2) / (2 * torch.pi) ** 0.5
    axes = plots.Axes((-4, 4), (0, 1.15 * max(0.4, *heights)), height=240)
    title = say(lang, "The numbers of its code, and N(0, 1)", "Los números de su código, y N(0, 1)")
    marks = [plots.area(edges.tolist(), heights), plots.line(edges.tolist(), bell.tolist(), "warm")]
    return plots.plot(axes, *marks, title=title, across="z", lang=lang)


def total(log_det: float, z: Tensor, log_prob: float, lang: str) -> str:
    """log p(x) = log N(z) + log |det|, with this picture's numbers."""
    a, b, c = (plots.number(v, lang, 4) for v in (log_prob, log_prob - log_det, log_det))
    norm, size = (plots.number(v, lang, 4) for v in (z.norm().item(), z.numel() ** 0.5))
    en = f"log p(x) = log N(z; 0, I) + log |det| = {b} + {c} = {a} nats.  ‖z‖ = {norm}, and √D = {size}."
    es = f"log p(x) = log N(z; 0, I) + log |det| = {b} + {c} = {a} nats.  ‖z‖ = {norm}, y √D = {size}."
    return f"<p style='font-size:17px;margin:8px 0'>{say(lang, en, es)}</p>"


def layers_code(checkpoint: str, drawing: Any, seed: int) -> str:
    imports, lines = real_code(checkpoint, seed)
    return (
        models.loading(checkpoint, *imports)
        + lines
        + (
            "for moment in flow.film(y):\n"
            "    print(moment.level, moment.step, moment.log_det.item())\n"
            "print(moment.x.norm(), moment.x.numel() ** 0.5)  # of the code, and as usual under N(0, I)\n"
        )
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("layers", "Layer by layer", "Capa por capa") as view:
        with view.controls():
            seed, drawing = board()
        with view.result():
            film = kit.picture(height=400)
            pixels.heading(
                "Level . step · log |det| so far, in nats. What a level has put aside stays where it is.",
                "Nivel . paso · log |det| hasta ahí, en nats. Lo que un nivel apartó queda donde está.",
            )
            strip = plates.view()
            drawn = kit.html()
        inputs, outputs = [tab.checkpoint, drawing, seed], [film, strip, drawn]
        view.run(layers, inputs, outputs, ("To its code and back", "A su código y de vuelta"), layers_code)
