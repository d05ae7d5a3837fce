"""All nine flows on one sheet, and what a point costs each, above what it must."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr
import numpy as np
from PIL import Image

from demos import kit
from demos.flows.models import WINDOW, brightest, density_map, film, noise, number, parts, true_map, use
from demos.kit import card, numbers, plates, plots, say, t
from demos.kit.panels import DATA, TRUTH, Panel, signed
from demos.kit.panels import GREY as DIM
from genmodels.flow.checkpoints import FLOW_PLANE
from genmodels.hub import Checkpoint

SIDE, CELLS, FAINT = 300, 60, 0.6
ROWS = ("moons", "checkerboard", "spirals")
COLUMNS = ("realnvp", "spline", "ffjord")
TITLES = {"realnvp": "RealNVP", "spline": "spline", "ffjord": "FFJORD"}


def compare(show: str, seed: int, lang: str) -> Iterator[tuple]:
    """Every flow's density, its error or its samples, and the table of what a point costs."""
    blocks = {}
    table = costs(lang)
    for name in ROWS:
        true = panel("", name, show, None, seed)
        blocks[name, ""] = true.block(say(lang, "the truth", "la verdad"), type=26)
        for kind in COLUMNS:
            wanted = density_map(checkpoint(kind, name).name, CELLS) if show != "samples" else ()
            q = None
            for q in wanted:
                if q is None:
                    yield gr.skip(), gr.skip(), None
            shown = panel(kind, name, show, q, seed)
            blocks[name, kind] = shown.block(TITLES[kind], gap(kind, name, lang), 26)
            yield sheet(blocks), table, {}
    yield sheet(blocks), table, {}


def sheet(blocks: dict[tuple[str, str], Image.Image]) -> Image.Image:
    """As much as is there, each in its place."""
    empty = Panel(WINDOW, SIDE).block(" ", type=26)
    rows = [plates.beside(*(blocks.get((name, kind), empty) for kind in ("", *COLUMNS))) for name in ROWS]
    return plates.plate(*rows)


def checkpoint(kind: str, name: str) -> Checkpoint:
    return next(c for c in FLOW_PLANE if parts(c.name) == (kind, name))


def panel(kind: str, name: str, show: str, q: np.ndarray | None, seed: int) -> Panel:
    most, p = brightest(name), np.exp(true_map(name, CELLS))
    drawn = Panel(WINDOW, SIDE)
    if show == "samples":
        return drawn.cloud(samples(kind, name, seed), DIM if not kind else (255, 188, 104), 1.6)
    if q is None:
        return drawn.heat(p, TRUTH, most, FAINT)
    return drawn.paint(signed(q - p, 0.4 * most)) if show == "error" else drawn.heat(q, DATA, most, FAINT)


def samples(kind: str, name: str, seed: int, count: int = 1500) -> np.ndarray:
    import torch

    from genmodels.data import points

    if not kind:
        return points.sample(name, count, torch.Generator().manual_seed(seed)).double().numpy()
    with use(checkpoint(kind, name).name) as flow:
        return film(flow, noise(count, seed), False)[-1].x


def measures(kind: str, name: str) -> tuple[float | None, float | None]:
    """The truth's entropy, and what the flow costs above it."""
    found = card.metrics(checkpoint(kind, name).name).get("measures", {})
    return found.get("entropy_nats"), found.get("above_entropy")


def gap(kind: str, name: str, lang: str) -> str:
    above = measures(kind, name)[1]
    return "" if above is None else f"+{number(above, lang)} nats"


def costs(lang: str) -> str:
    """What a fresh point costs each flow, less the entropy: measured by the command in the card."""
    head = (
        "",
        say(lang, "entropy, nats", "entropía, nats"),
        *(say(lang, f"{TITLES[k]}: above it", f"{TITLES[k]}: por encima") for k in COLUMNS),
    )
    rows = []
    for c in (checkpoint("realnvp", name) for name in ROWS):
        name = parts(c.name)[1]
        values = [measures(kind, name) for kind in COLUMNS]
        entropy = next((e for e, _ in values if e is not None), None)
        cells = ["—" if above is None else number(above, lang) for _, above in values]
        words = card.title(c, lang).partition(", ")[2]
        rows.append((words, "—" if entropy is None else number(entropy, lang), *cells))
    sizes = [card.metrics(checkpoint(kind, "moons").name).get("parameters") for kind in COLUMNS]
    told = ["—" if n is None else numbers.text("parameters", n, lang).replace(" M", " M") for n in sizes]
    rows.append((say(lang, "parameters", "parámetros"), "", *told))
    return plots.table(head, rows)


def compare_code(show: str, seed: int) -> str:
    return f"""import torch
from genmodels.data import points
from genmodels.flow.plane.ffjord import ContinuousFlow
from genmodels.flow.plane.realnvp import AffineFlow
from genmodels.flow.plane.spline import SplineFlow

truth = points.density("moons")
x = truth.sample(2000, torch.Generator().manual_seed({seed}))
for cls, kind in ((AffineFlow, "realnvp"), (SplineFlow, "spline"), (ContinuousFlow, "ffjord")):
    flow = cls.from_pretrained(f"flow-plane-{{kind}}-moons")
    with torch.no_grad():
        print(kind, (truth.log_prob(x) - flow.log_prob(x)).mean())  # nats above the entropy
"""


def layout(tab: kit.Tab) -> None:
    with tab.view("compare", "Side by side", "Lado a lado") as view:
        with view.controls():
            shows = [
                (t("densities", "densidades"), "density"),
                (t("flow minus truth", "flujo menos verdad"), "error"),
                (t("samples", "muestras"), "samples"),
            ]
            show = kit.choice(shows, t("Show", "Mostrar"))
            seed = kit.seed()
        with view.result():
            page, table = plates.view(), kit.html()
        view.run(compare, [show, seed], [page, table], ("Compare", "Comparar"), compare_code)
        view.on([show.input], compare)
