"""A film of a walk that comes back: from noise to noise on great circles, maybe from class to class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PIL import Image

from demos import kit
from demos.guidance import drawing, sheets
from demos.kit import denoisers, plates, plots, say, t
from demos.kit.pixels import Pace

if TYPE_CHECKING:
    from torch import Tensor

    from demos.guidance.drawing import Ask
    from genmodels.diffusion.denoiser import Denoise, Denoiser

FPS, SIDE = 12, 336
ACROSS = 8  # frames of a row of the sheet, at most


def walk(
    checkpoint: str, seed: int, stops: int, frames: int, travel: bool, scale: float, steps: int, faces: str,
    fashion: str, sprites: str, emoji: str, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """A film through the noises of some seeds and back to the first; with `travel` each has its own class."""
    label = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    told, time = itinerary(checkpoint, label, stops, travel), Pace(1, 0)
    with denoisers.use(checkpoint) as denoise:
        z, grid = drawing.noise(denoise, seed, stops, steps)
        x, (a, b, share) = way(z, frames), legs(told, frames)
        for made in drawing.paint(x, grid, mixed(denoise, a, b, share, scale)):
            if time.due(0):
                yield None, sheet(checkpoint, made, told, frames, lang), "", {}
    film = kit.film([large(one) for one in made], fps=FPS)
    moves = changes(made)
    jump = max(moves) / (sum(moves) / len(moves))
    drawn = curve(moves, frames, lang)
    yield film, sheet(checkpoint, made, told, frames, lang), drawn, {"jump": jump, "made": len(made)}


def itinerary(checkpoint: str, label: int, stops: int, travel: bool) -> list[int]:
    """The class at each stop."""
    n = drawing.classes(checkpoint)
    return [(max(label, 0) + k) % n if travel else label for k in range(stops)]


def way(z: Tensor, frames: int) -> Tensor:
    """(stops, C, H, W) -> (stops * frames, C, H, W), the last frame one step before the first."""
    import torch

    from genmodels.nn.paths import arc

    share = torch.arange(frames, device=z.device) / frames
    flat = z.flatten(1)
    parts = [arc(a, b, share) for a, b in zip(flat, flat.roll(-1, 0), strict=True)]
    return torch.cat(parts).unflatten(1, z.shape[1:])


def legs(told: list[int], frames: int) -> tuple[list[int], list[int], list[float]]:
    """For each frame the class behind, the class ahead, and how much of the latter."""
    ahead = [*told[1:], told[0]]
    a, b = ([c for c in side for _ in range(frames)] for side in (told, ahead))
    return a, b, [k / frames if one != two else 0.0 for one, two in zip(told, ahead, strict=True)
                  for k in range(frames)]  # fmt: skip


def mixed(denoise: Denoiser, a: list[int], b: list[int], share: list[float], scale: float) -> Ask:
    """Guided towards both classes, each with its share."""
    import torch

    from genmodels.diffusion.guidance import combined

    none = [-1] * len(a)
    labels = torch.stack([denoisers.labels(denoise, *who) for who in (none, a, b)])
    part_b = torch.tensor(share)
    weights = torch.stack([torch.full_like(part_b, 1 - scale), scale * (1 - part_b), scale * part_b])

    def ask(part: slice) -> Denoise:
        return combined(denoise, labels[:, part], weights[:, part])

    return ask


def sheet(checkpoint: str, x: Tensor, told: list[int], frames: int, lang: str) -> Image.Image:
    """A row from each stop to the next."""
    rows = x.unflatten(0, (len(told), frames))[:, :: -(-frames // ACROSS)]
    words = [denoisers.words(checkpoint, k, lang) for k in told]
    return plates.plate(
        *(
            sheets.sheet(row, rows.shape[1], caption=one if one == two else f"{one} → {two}")
            for row, one, two in zip(rows, words, [*words[1:], words[0]], strict=True)
        )
    )


def large(x: Tensor) -> Image.Image:
    smooth = x.shape[-1] != sheets.SQUARES
    how = Image.Resampling.LANCZOS if smooth else Image.Resampling.NEAREST
    return kit.to_pil(x).resize((SIDE, SIDE), how)


def changes(x: Tensor) -> list[float]:
    """How far each frame is from the next, the last from the first: root of the mean square."""
    return (x.roll(-1, 0) - x).flatten(1).square().mean(1).sqrt().tolist()


def curve(moves: list[float], frames: int, lang: str) -> str:
    axes = plots.Axes((0, len(moves)), (0, 1.15 * max(moves)), width=760, height=240, left=52)
    stops = [plots.line([k, k], axes.y, "soft", dashed=True) for k in range(0, len(moves), frames)]
    title = say(lang, "Change from each frame to the next", "Cambio de cada cuadro al siguiente")
    line = plots.line([k + 0.5 for k in range(len(moves))], moves, "mark")
    across = say(lang, "frame (dashed: stops)", "cuadro (a trazos: paradas)")
    return plots.figures(
        plots.plot(axes, *stops, line, title=title, across=across, up=True, lang=lang), least=320
    )


def walk_code(
    checkpoint: str, seed: int, stops: int, frames: int, travel: bool, scale: float, steps: int, faces: str,
    fashion: str, sprites: str, emoji: str,
) -> str:  # fmt: skip
    label = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    told, any_ = itinerary(checkpoint, label, stops, travel), drawing.classes(checkpoint)
    told = [any_ if k < 0 else k for k in told]
    more = ("from genmodels.diffusion.guidance import combined", "from genmodels.nn.paths import arc")
    return (
        drawing.start_code(checkpoint, seed, stops, steps, *more)
        + f"stops, share, told = x.flatten(1), torch.arange({frames}) / {frames}, torch.tensor({told})\n"
        "way = torch.cat([arc(a, b, share) for a, b in zip(stops, stops.roll(-1, 0))])"
        ".unflatten(1, x.shape[1:])\n"
        f"labels = torch.stack([told * 0 + {any_}, told, told.roll(-1)]).repeat_interleave({frames}, 1)\n"
        f"share = share.repeat({stops})\n"
        f"weights = torch.stack([share * 0 + {1 - scale:g}, {scale:g} * (1 - share), {scale:g} * share])\n"
        "*_, last = samplers.dpm(combined(denoise, labels, weights), way, sigmas)  # last.x: the frames\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("walk", "Walk", "Recorrido") as view:
        with view.controls():
            seed = kit.seed(1, t("Seed of the first stop", "Semilla de la primera parada"))
            stops = kit.slider(2, 6, 3, t("Stops", "Paradas"), step=1)
            frames = kit.slider(4, 16, 8, t("Frames from stop to stop", "Cuadros entre paradas"), step=1)
            travel = kit.check(t("The next class at every stop", "En cada parada, la clase siguiente"), True)
            told = denoisers.pickers(6, 7, 0, 0, label=("First class", "Primera clase"))
            scale, steps = drawing.scale_slider(1.0), drawing.steps_slider()
        with view.result():
            film = kit.picture(height=340)
            strip = plates.view()
            drawn = kit.html()
        inputs = [tab.checkpoint, seed, stops, frames, travel, scale, steps, *told]
        label = ("Make the film", "Hacer la película")
        view.run(walk, inputs, [film, strip, drawn], label, walk_code)
        view.on([travel.input, *(p.input for p in told)], walk)
