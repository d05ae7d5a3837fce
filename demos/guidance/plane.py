"""Guidance without a network: three kinds of points whose beliefs are known exactly."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from demos import kit
from demos.guidance import drawing, reading
from demos.kit import plates, plots, say, t
from demos.kit.panels import BLUE, ORANGE, TRUTH, Panel
from demos.kit.pixels import Pace
from demos.kit.plane import Plane

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from genmodels.diffusion.guidance import Kinds

EDGE, CELLS, SIDE = 4.5, 120, 420
PLANE = Plane(-EDGE, -EDGE, 2 * EDGE)
STD = 0.4
MEANS = {  # of each kind: two heaps of its own, and one in the middle, beside those of the others
    "a": ((-2.6, 1.2), (-1.2, 2.8), (-0.5, 0.35)),
    "b": ((2.6, 1.2), (1.2, 2.8), (0.5, 0.35)),
    "c": ((-1.3, -2.5), (1.3, -2.5), (0.0, -0.5)),
}
NAMES = {"a": ("upper left", "arriba a la izquierda"), "b": ("upper right", "arriba a la derecha"),
         "c": ("below", "abajo")}  # fmt: skip
POINTS, STEPS, SECONDS = 600, 40, 2
HIGH, LOW, SPREAD = 40.0, 0.01, 2.0  # where the way begins and ends; how far the data reach, about


class Cloud(NamedTuple):
    x: Tensor  # (B, 2)
    obeys: float  # mean chance of a point to be of the kind asked for
    varied: float  # mean distance between two
    middle: float  # share of the points that are nearest to the heap in the middle


def plane(kind: str, scale: float, when: str, seed: int, lang: str) -> Iterator[tuple]:
    """600 points, just told their kind and guided towards it, beside what guidance promises."""
    label, kinds, time = list(MEANS).index(kind), truth(), Pace(STEPS, SECONDS)
    promised = sharpened(kinds, label, scale, seed)
    runs = flow(kinds, label, 1.0, "always", seed), flow(kinds, label, scale, when, seed)
    for k, (plain, guided) in enumerate(zip(*runs, strict=True)):
        if time.due(k, last=k == STEPS):
            clouds = [cloud(kinds, label, x) for x in (plain, guided, promised)]
            yield panels(kinds, label, scale, clouds, lang), table(clouds, scale, lang), {}


@cache
def truth() -> Kinds:
    import torch

    from genmodels.diffusion.guidance import Kinds
    from genmodels.energy.score_matching import Blobs

    return Kinds(tuple(Blobs(torch.tensor(means), STD) for means in MEANS.values()))


def flow(kinds: Kinds, label: int, scale: float, when: str, seed: int) -> Iterator[Tensor]:
    """The points at every level, drawn together so that they stay in sight; the last are the result."""
    import torch

    from genmodels.diffusion import samplers, schedules
    from genmodels.diffusion.denoiser import seen
    from genmodels.diffusion.guidance import combined, guidance

    grid = schedules.karras(LOW, HIGH, STEPS)
    x = grid[0] * torch.randn(POINTS, 2, generator=torch.Generator().manual_seed(seed))
    labels = torch.tensor([[label], [len(MEANS)]]).expand(2, POINTS)
    weights = guidance(scale, POINTS, *drawing.WHEN[when])
    for step in samplers.dpm(combined(kinds, labels, weights, clamp=False), x, grid):
        yield seen(step.x, step.sigma / SPREAD)


def at() -> Tensor:
    """(CELLS^2, 2): the middles of the cells, the top row first."""
    import torch

    return torch.from_numpy(PLANE.grid(CELLS)).float()


def sharpened(kinds: Kinds, label: int, scale: float, seed: int) -> Tensor:
    """Points of p(x | label)^scale p(x)^(1 - scale): cells by their chance, and anywhere in a cell."""
    import torch

    g, cell = torch.Generator().manual_seed(seed), 2 * EDGE / CELLS
    chance = kinds.sharpened(at(), label, scale).softmax(0)
    chosen = torch.multinomial(chance, POINTS, replacement=True, generator=g)
    return at()[chosen] + cell * (torch.rand(POINTS, 2, generator=g) - 0.5)


def cloud(kinds: Kinds, label: int, x: Tensor) -> Cloud:
    import torch

    near = torch.cdist(x, kinds.of(label).means).argmin(1)
    obeys = kinds.belongs(x)[:, label].mean().item()
    return Cloud(x, obeys, reading.variety(x), (near == 2).float().mean().item())


# ---- on the page -------------------------------------------------------------------------------------------


def titles(scale: float, lang: str) -> list[str]:
    return [
        say(lang, "told its kind", "solo la etiqueta"),
        say(lang, f"guided, s = {scale:g}", f"con guía, s = {scale:g}".replace(".", ",")),
        say(lang, "what guidance promises", "lo que la guía promete"),
    ]


def panels(kinds: Kinds, label: int, scale: float, clouds: list[Cloud], lang: str) -> Image.Image:
    """The three clouds over all kinds in grey; what is promised in blue."""
    ground = kinds.whole().log_prob(at()).exp().reshape(CELLS, CELLS).numpy()
    colours = (ORANGE, ORANGE, BLUE)
    return plates.beside(
        *(
            Panel(PLANE, SIDE)
            .heat(ground, TRUTH, ground.max() * 1.6, 0.5)
            .cloud(c.x.numpy(), colour)
            .block(name)
            for c, colour, name in zip(clouds, colours, titles(scale, lang), strict=True)
        )
    )


def table(clouds: list[Cloud], scale: float, lang: str) -> str:
    head = [
        "",
        say(lang, "chance of being of the kind", "probabilidad de ser de la clase"),
        say(lang, "mean distance of two", "distancia media entre dos"),
        say(lang, "in the middle heap", "en el montón del medio"),
    ]
    percent = say(lang, "%", " %")
    rows = [
        (
            name,
            plots.number(100 * c.obeys, lang) + percent,
            plots.number(c.varied, lang),
            f"{100 * c.middle:.0f}{percent}",
        )
        for name, c in zip(titles(scale, lang), clouds, strict=True)
    ]
    return plots.table(head, rows)


def plane_code(kind: str, scale: float, when: str, seed: int) -> str:
    label, (low, high) = list(MEANS).index(kind), drawing.WHEN[when]
    limits = f', {low:g}, float("{high}")'
    means = ",\n".join(f"    {m}" for m in MEANS.values())
    return (
        "import torch\n\nfrom genmodels.diffusion import samplers, schedules\n"
        "from genmodels.diffusion.guidance import Kinds, combined, guidance\n"
        "from genmodels.energy.score_matching import Blobs\n\n"
        f"means = torch.tensor([\n{means}\n])\n"
        f"kinds = Kinds(tuple(Blobs(m, {STD}) for m in means))\n"
        f"sigmas = schedules.karras({LOW}, {HIGH}, {STEPS})\n"
        f"x = sigmas[0] * torch.randn({POINTS}, 2, generator=torch.Generator().manual_seed({seed}))\n"
        f"labels = torch.tensor([[{label}], [3]]).expand(2, {POINTS})  # the kind, and any\n"
        f"belief = combined(kinds, labels, guidance({scale:g}, {POINTS}{limits}), clamp=False)\n"
        "*_, last = samplers.dpm(belief, x, sigmas)\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("plane", "Without a network", "Sin red") as view:
        with view.controls():
            names = [(t(*words), key) for key, words in NAMES.items()]
            kind = kit.choice(names, t("Kind of points", "Clase de puntos"), "a")
            scale, when = drawing.scale_slider(4.0), drawing.when_choice()
            seed = kit.seed(1)
        with view.result():
            picture = plates.view()
            numbers = kit.html()
        inputs = [kind, scale, when, seed]
        view.run(plane, inputs, [picture, numbers], ("Let them go", "Soltarlos"), plane_code)
        view.on([kind.input, scale.release, when.input], plane)
