"""The smallest generative model: guess a hidden rule on a map of the world from a few of its points."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demos import kit
from demos.classes import world
from demos.classes.ground import nats, percent
from demos.kit import plates, plots, say, t
from demos.kit.inputs import refuse
from demos.kit.lang import Pair
from demos.kit.pixels import QUIET

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image
    from torch import Tensor

MODELS: dict[str, Pair] = {
    "mine": ("my box, from the sliders", "mi caja, la de los controles"),
    "tightest": ("the tightest box: the likeliest", "la caja más ajustada: la más verosímil"),
    "boxes": ("several boxes", "varias cajas"),
    "gaussians": ("several Gaussians, by EM", "varias gaussianas, por EM"),
}
FRESH, COVERED = 2000, 0.95  # points of the rule to be judged by; share of its mass that a Gaussian "reaches"


class Judged(NamedTuple):
    """A model before the hidden rule."""

    reached: np.ndarray  # cells of the map
    on_land: float  # share of samples
    covered: float  # share of land
    impossible: float  # share of fresh points
    fresh: float  # log p of a fresh point


def box(
    count: int, model: str, parts: int, south: float, north: float, west: float, east: float, lat: float,
    lon: float, drawn: int, reveal: bool, seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Fit a density to points on a map, draw from it, and see what the hidden rule was."""
    import torch

    from genmodels.data import land

    if south >= north or west >= east:
        raise refuse("South must lie below north, and west before east.",
                     "El sur tiene que quedar bajo el norte, y el oeste antes que el este.")  # fmt: skip
    x = land.sample(count, torch.Generator().manual_seed(seed))
    yield world.framed(world.dots(world.ground(None), x, [world.INK] * count, 4)), "", {}
    rounds = fitted(x, model, parts, (south, west), (north, east), seed)
    for step in rounds:
        new = step.model.sample(drawn, torch.Generator().manual_seed(seed + 1)) if drawn else x[:0]
        judged = judge(step.model, seed) if reveal else None
        page = painted(step.model, x, new, judged, (lat, lon), reveal)
        words = told(step, x, new, judged, (lat, lon), lang)
        yield page, words, figures(step, judged, lang)


def fitted(
    x: Tensor, model: str, parts: int, low: tuple[float, float], high: tuple[float, float], seed: int
) -> Iterator[Any]:
    """Rounds of a fit; a box needs one."""
    import torch

    from genmodels.foundations import box as boxes

    luck = torch.Generator().manual_seed(seed + 2)
    if model in ("mine", "tightest"):
        one = boxes.Boxes.one(low, high) if model == "mine" else boxes.Boxes.tightest(x)
        return iter([boxes.Round(0, one, one.log_prob(x).sum().item())])
    fit = boxes.fit_boxes if model == "boxes" else boxes.fit_gaussians
    return fit(x, min(parts, len(x)), luck)


def judge(model: Any, seed: int) -> Judged:
    import torch

    from genmodels.data import land
    from genmodels.foundations.box import level

    lat = land.NORTH - (torch.arange(land.ROWS) + 0.5) * land.CELL
    lon = (torch.arange(land.COLUMNS) + 0.5) * land.CELL - 180
    each = model.log_prob(torch.cartesian_prod(lat, lon)).reshape(land.ROWS, land.COLUMNS)
    luck = torch.Generator().manual_seed(seed + 3)
    rim = level(model, COVERED, luck) if hasattr(model, "covs") else torch.finfo(torch.float64).min
    reached, there = each >= rim, land.mask()
    fresh = model.log_prob(land.sample(FRESH, luck))
    new = land.on_land(model.sample(FRESH, luck)).double().mean().item()
    covered = (reached & there).sum().item() / there.sum().item()
    impossible = torch.isinf(fresh).double().mean().item()
    return Judged(reached.numpy(), new, covered, impossible, fresh.mean().item())


def painted(
    model: Any, x: Tensor, new: Tensor, judged: Judged | None, mine: tuple[float, float], reveal: bool
) -> Image.Image:
    from genmodels.data import land

    page = world.ground(judged.reached if judged else None)
    if not judged:
        page = world.density(page, model)
    good = land.on_land(new).tolist() if judged else None
    page = world.samples(world.outline(page, model), new, good)
    page = world.dots(page, x, [world.INK] * len(x), 4)
    page = world.guess(page, *mine)
    for name, spot in lettered(model, new, judged).items():
        page = world.letter(page, spot, name)
    return world.framed(page)


def lettered(model: Any, new: Tensor, judged: Judged | None) -> dict[str, tuple[float, float]]:
    """The three cases: A drawn into the sea, B land out of reach, C right under both."""
    from genmodels.data import land

    found: dict[str, tuple[float, float]] = {}
    if judged is None:
        return found
    good = land.on_land(new)
    for name, some in (("A", new[~good]), ("C", new[good])):
        if len(some):
            found[name] = tuple(some[0].tolist())
    missed = (land.mask() & ~_torch(judged.reached)).nonzero()
    if len(missed):
        row, column = missed[len(missed) // 2].tolist()
        found["B"] = (land.NORTH - (row + 0.5) * land.CELL, (column + 0.5) * land.CELL - 180)
    return found


def _torch(cells: np.ndarray) -> Tensor:
    import torch

    return torch.from_numpy(cells)


def figures(step: Any, judged: Judged | None, lang: str) -> dict[str, Any]:
    found: dict[str, Any] = {"log_likelihood": nats(step.log_likelihood, lang)}
    found["numbers_learnt"] = step.model.parameters
    if judged:
        found |= {"on_land": 100 * judged.on_land, "land_covered": 100 * judged.covered}
    return found


def small(p: float, lang: str) -> str:
    """A density: 4.2 × 10⁻⁵."""
    if not p:
        return "0"
    power = math.floor(math.log10(p))
    return f"{plots.number(p / 10**power, lang)} × 10{plots.raised(power)}"


def told(
    step: Any, x: Tensor, new: Tensor, judged: Judged | None, mine: tuple[float, float], lang: str
) -> str:
    """The likelihood, the visitor's point, and what the rule says of both."""
    import torch

    from genmodels.data import land

    each = step.model.log_prob(x)
    out = int(torch.isinf(each).sum())
    at = torch.tensor([mine], dtype=torch.float64)
    p = step.model.log_prob(at).exp().item()
    table = [
        [say(lang, "log-likelihood of the white points", "log-verosimilitud de los puntos blancos"),
         nats(step.log_likelihood, lang)],
        [say(lang, "of them impossible under the model", "de ellos, imposibles según el modelo"), str(out)],
        [say(lang, "p at your cross, per square degree", "p en tu cruz, por grado cuadrado"),
         small(p, lang)],
    ]  # fmt: skip
    if judged is None:
        hint = say(
            lang,
            "What is the rule? Click a place that you believe it could make, then reveal it.",
            "¿Cuál es la regla? Haz clic en un lugar que crees que podría salir, y después revélala.",
        )
        return plots.table(("", ""), table) + f"<p>{hint}</p>"
    dry = bool(land.on_land(at).item())
    yes, no = say(lang, "land: it could", "tierra: podría salir"), say(lang, "sea: never", "mar: nunca")
    table += [
        [say(lang, "your cross, under the rule", "tu cruz, según la regla"), yes if dry else no],
        [say(lang, "samples that fall on land", "muestras que caen en tierra"),
         percent(judged.on_land, lang)],
        [say(lang, "land within the model's reach", "tierra al alcance del modelo"),
         percent(judged.covered, lang)],
        [say(lang, "log p of a fresh point of the rule", "log p de un punto nuevo de la regla"),
         nats(judged.fresh, lang)],
        [say(lang, "fresh points that it calls impossible", "puntos nuevos que cree imposibles"),
         percent(judged.impossible, lang)],
    ]  # fmt: skip
    key = say(
        lang,
        "The rule: land, never sea. A: the model draws it, the rule never would. B, brown: land that the "
        "model doesn't reach. C: right under both.",
        "La regla: tierra, nunca mar. A: el modelo lo produce, la regla jamás. B, marrón: tierra que el "
        "modelo no alcanza. C: bien según los dos.",
    )
    return plots.table(("", ""), table) + f"<p>{key}</p>"


def box_code(
    count: int, model: str, parts: int, south: float, north: float, west: float, east: float, lat: float,
    lon: float, drawn: int, reveal: bool, seed: int,
) -> str:  # fmt: skip
    fit = {
        "mine": f"model = Boxes.one(({south:g}, {west:g}), ({north:g}, {east:g}))",
        "tightest": "model = Boxes.tightest(x)",
        "boxes": f"*_, end = fit_boxes(x, {min(parts, count)}, luck)\nmodel = end.model",
        "gaussians": f"*_, end = fit_gaussians(x, {min(parts, count)}, luck)\nmodel = end.model",
    }[model]
    name = {"boxes": "fit_boxes", "gaussians": "fit_gaussians"}.get(model, "Boxes")
    return (
        f"import torch\nfrom genmodels.data import land\nfrom genmodels.foundations.box import {name}\n\n"
        f"x = land.sample({count}, torch.Generator().manual_seed({seed}))  # latitude, longitude\n"
        f"luck = torch.Generator().manual_seed({seed + 2})\n{fit}\n"
        "print(model.log_prob(x).sum())  # the log-likelihood\n"
        f"new = model.sample({max(drawn, 1)}, luck)\n"
        "print(land.on_land(new).double().mean())\n"
    )


def clicked(clicks: int, at: gr.SelectData) -> tuple[float, float, int]:
    return (*world.place(*at.index), clicks + 1)


def moved(clicks: int) -> tuple[str, int]:
    """Who moves an edge wants to see that box."""
    return "mine", clicks + 1


def layout(tab: kit.Tab) -> None:
    with tab.view("box", "The box on the map", "La caja en el mapa") as view:
        with view.controls():
            count = kit.slider(1, 200, 12, t("Points that the rule made", "Puntos que hizo la regla"), step=1)
            models = [(t(*pair), name) for name, pair in MODELS.items()]
            model = kit.choice(models, t("Model", "Modelo"), "tightest")
            parts = kit.slider(1, 12, 5, t("How many, if several", "Cuántas, si son varias"), step=1)
            with gr.Accordion(t("My box and my cross", "Mi caja y mi cruz"), open=False):
                south = kit.slider(-60, 90, -40, t("Box: south", "Caja: sur"), step=1)
                north = kit.slider(-60, 90, 60, t("Box: north", "Caja: norte"), step=1)
                west = kit.slider(-180, 180, -110, t("Box: west", "Caja: oeste"), step=1)
                east = kit.slider(-180, 180, 130, t("Box: east", "Caja: este"), step=1)
                lat = kit.slider(-60, 90, 40.7, t("Cross: latitude", "Cruz: latitud"), step=0.1)
                lon = kit.slider(-180, 180, -73.9, t("Cross: longitude", "Cruz: longitud"), step=0.1)
            drawn = kit.slider(0, 500, 150, t("Samples", "Muestras"), step=10)
            reveal = kit.check(t("Reveal the hidden rule", "Revelar la regla oculta"))
            seed = kit.seed()
        with view.result():
            page = plates.view()
            below = kit.html()
        inputs = [count, model, parts, south, north, west, east, lat, lon, drawn, reveal, seed]
        view.run(box, inputs, [page, below], ("Fit and draw", "Ajustar y muestrear"), box_code)
        clicks = gr.State(0)
        page.select(clicked, clicks, [lat, lon, clicks], **QUIET)
        for edge in (south, north, west, east):
            edge.release(moved, clicks, [model, clicks], **QUIET)
        changes = [reveal.input, model.input, count.release, parts.release, drawn.release]
        view.on([*changes, lat.release, lon.release, clicks.change], box)
