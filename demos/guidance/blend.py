"""Two classes at once: beliefs mixed, one pushed away from the other, one after the other, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from demos import kit
from demos.guidance import drawing, sheets
from demos.kit import denoisers, plates, plots, readers, say, t
from demos.kit.pixels import Pace

if TYPE_CHECKING:
    from torch import Tensor

    from demos.guidance.drawing import Ask
    from demos.kit.readers import Reading
    from genmodels.diffusion.denoiser import Denoise, Denoiser
    from genmodels.diffusion.guidance import Weigh

STRIP, ROWS = 7, 2
AWAY = 4.0  # how strongly pushed, at most
HOW = {
    "mix": ("beliefs mixed", "creencias mezcladas"),
    "away": ("the first, pushed away from the second", "la primera, lejos de la segunda"),
    "switch": ("one until σ, then the other", "una hasta σ, después la otra"),
    "halves": ("side by side", "una al lado de la otra"),
}


class Terms(NamedTuple):
    """What the weights of (any, first class, second class) in each picture follow from."""

    share: Tensor  # (B,) of the second class, 0 to 1
    scale: float
    grid: list[float]


def blend(
    checkpoint: str, seed: int, how: str, scale: float, steps: int, faces: str, fashion: str, sprites: str,
    emoji: str, to_faces: str, to_fashion: str, to_sprites: str, to_emoji: str, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """From a class to another in seven pictures, of two noises, and what the reader takes them for."""
    import torch

    ends = [
        denoisers.asked(checkpoint, *words)
        for words in ((faces, fashion, sprites, emoji), (to_faces, to_fashion, to_sprites, to_emoji))
    ]
    time = Pace(1, 0)
    with denoisers.use(checkpoint) as denoise:
        x, grid = drawing.noise(denoise, seed, ROWS, steps)
        terms = Terms(torch.linspace(0, 1, STRIP).repeat(ROWS), scale, grid)
        x = x.repeat_interleave(STRIP, 0)
        for made in drawing.paint(x, grid, ordered(denoise, ends, how, terms)):
            if time.due(0):
                yield strip(checkpoint, made, None, ends, how, grid, lang), "", {}
    found = readers.read(checkpoint, made)
    drawn = opinion(checkpoint, found, ends, lang)
    yield strip(checkpoint, made, found, ends, how, grid, lang), drawn, {"made": len(made)}


def ordered(denoise: Denoiser, ends: list[int], how: str, terms: Terms) -> Ask:
    from genmodels.diffusion.guidance import combined

    labels = denoisers.labels(denoise, -1, *ends)[:, None]

    def ask(part: slice) -> Denoise:
        mine = terms._replace(share=terms.share[part])
        some = labels.expand(3, len(mine.share))
        return combined(denoise, some, WEIGHTS[how](mine, denoisers.shape_of(denoise)[2]))

    return ask


def mix(terms: Terms, _: int) -> Tensor:
    return stacked(terms.scale, terms.share)


def away(terms: Terms, _: int) -> Tensor:
    """The first class and more of it, less what the second would have: no guidance else."""
    import torch

    push = AWAY * terms.share
    return torch.stack([0 * push, 1 + push, -push])


def switch(terms: Terms, _: int) -> Weigh:
    """The first class for 1 - share of the steps."""
    n = len(terms.grid) - 1
    until = ((1 - terms.share) * n).round()  # steps of the first class

    def weigh(sigma: float) -> Tensor:
        return stacked(terms.scale, (until <= terms.grid.index(sigma)).float())

    return weigh


def halves(terms: Terms, width: int) -> Tensor:
    """The second class from the right, over `share` of the width."""
    import torch

    place = (torch.arange(width) + 0.5) / width
    second = (place > 1 - terms.share[:, None]).float()  # B, W
    return stacked(terms.scale, second)[:, :, None, None, :]


def stacked(scale: float, second: Tensor) -> Tensor:
    """Weights of (any, first, second), guided."""
    import torch

    return torch.stack([torch.full_like(second, 1 - scale), scale * (1 - second), scale * second])


WEIGHTS = {"mix": mix, "away": away, "switch": switch, "halves": halves}

# ---- on the page -------------------------------------------------------------------------------------------


def strip(
    checkpoint: str, x: Tensor, found: Reading | None, ends: list[int], how: str, grid: list[float], lang: str
) -> object:
    told = [-1] * len(x)
    feet = () if found is None else sheets.feet(checkpoint, told, found, lang)
    a, b = (denoisers.words(checkpoint, k, lang) for k in ends)
    joint = {"mix": "→", "away": "−", "switch": "→", "halves": "|"}[how]
    above, lines = heads(how, grid, lang), sheets.lines_of(checkpoint)
    return sheets.sheet(x, STRIP, caption=f"{a} {joint} {b}", heads=above, feet=feet, lines=lines)


def heads(how: str, grid: list[float], lang: str) -> list[str]:
    """What stands above each column: the second class's share, how far pushed, or until which level."""
    share, n = [k / (STRIP - 1) for k in range(STRIP)], len(grid) - 1
    if how == "away":
        return [f"+{plots.number(AWAY * v, lang, 2)}" for v in share]
    if how == "switch":
        levels = [grid[min(n - 1, round((1 - v) * n))] for v in share]
        middle = [f"σ ≤ {plots.number(level, lang, 2)}" for level in levels[1:-1]]
        return [say(lang, "never", "nunca"), *middle, say(lang, "always", "siempre")]
    return [f"{100 * v:.0f}{say(lang, '%', ' %')}" for v in share]


def opinion(checkpoint: str, found: Reading, ends: list[int], lang: str) -> str:
    """What the reader believes of both classes and of its favourite third, mean over the noises."""
    if found.beliefs is None or min(ends) < 0:
        return ""
    share = [k / (STRIP - 1) for k in range(STRIP)]
    belief = found.beliefs.unflatten(0, (ROWS, STRIP)).mean(0)  # STRIP, classes
    rest = [k for k in range(belief.shape[1]) if k not in ends]
    third = rest[int(belief[:, rest].amax(0).argmax())]
    names = list(zip((*ends, third), ("warm", "mark", "soft"), strict=True))
    axes = plots.Axes((0, 1), (0, 1.05), width=760, height=260, left=44)
    marks = [plots.line(share, belief[:, k].tolist(), kind) for k, kind in names]
    title = say(lang, "What the reader believes", "Lo que cree el lector")
    drawn = plots.plot(axes, *marks, title=title, across=say(lang, "column", "columna"), up=True, lang=lang)
    legend = plots.legend(*((kind, denoisers.words(checkpoint, k, lang)) for k, kind in names))
    return legend + plots.figures(drawn, least=320)


def weights_code(how: str, scale: float, steps: int, width: int) -> str:
    """The lines that make `weights` of (any, first, second)."""
    if how == "away":
        return f"weights = torch.stack([0 * share, 1 + {AWAY:g} * share, -{AWAY:g} * share])\n"
    lines = {
        "mix": "second = share\n",
        "halves": f"second = ((torch.arange({width}) + 0.5) / {width} > 1 - share[:, None]).float()\n",
        "switch": "",
    }[how]
    both = f"torch.stack([0 * second + {1 - scale:g}, {scale:g} * (1 - second), {scale:g} * second])"
    if how == "switch":
        first = f"second = (((1 - share) * {steps}).round() <= sigmas.index(sigma)).float()"
        return f"def weights(sigma):\n    {first}\n    return {both}\n"
    return lines + f"weights = {both}" + ("[:, :, None, None]\n" if how == "halves" else "\n")


def blend_code(
    checkpoint: str, seed: int, how: str, scale: float, steps: int, faces: str, fashion: str, sprites: str,
    emoji: str, to_faces: str, to_fashion: str, to_sprites: str, to_emoji: str,
) -> str:  # fmt: skip
    first = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    second = denoisers.asked(checkpoint, to_faces, to_fashion, to_sprites, to_emoji)
    any_, width = drawing.classes(checkpoint), drawing.SHAPES[denoisers.kind_of(checkpoint)][2]
    told = [any_ if k < 0 else k for k in (-1, first, second)]
    more = "from genmodels.diffusion.guidance import combined"
    return (
        drawing.start_code(checkpoint, seed, ROWS, steps, more)
        + f"share = torch.linspace(0, 1, {STRIP}).repeat({ROWS})\n"
        + weights_code(how, scale, steps, width)
        + f"labels = torch.tensor({told})[:, None].expand(3, {ROWS * STRIP})  # any and both classes\n"
        "belief = combined(denoise, labels, weights)\n"
        f"*_, last = samplers.dpm(belief, x.repeat_interleave({STRIP}, 0), sigmas)\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("blend", "Two classes", "Dos clases") as view:
        with view.controls():
            told = denoisers.pickers(0, 7, 0, 0, label=("First class", "Primera clase"), any_=False)
            second = denoisers.pickers(7, 9, 3, 2, label=("Second class", "Segunda clase"), any_=False)
            how = kit.choice([(t(*words), key) for key, words in HOW.items()], t("How", "Cómo"), "mix")
            seed = kit.seed(1)
            scale, steps = drawing.scale_slider(), drawing.steps_slider()
        with view.result():
            picture = plates.view()
            drawn = kit.html()
        inputs = [tab.checkpoint, seed, how, scale, steps, *told, *second]
        view.run(blend, inputs, [picture, drawn], ("Blend", "Mezclar"), blend_code)
        view.on([*(p.input for p in (*told, *second)), how.input, scale.release, steps.release], blend)
