"""What pictures cost, as charts: histograms of cost and of the code's length, cost against roughness."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from demos.glow import models
from demos.kit import plots, say

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.flow.scores import Scores

KINDS = {"own": "mark", "digits": "warm", "other": "ink", "blank": "soft"}  # others are only in the table
SPAN = {"bits": (0.0, 6.0), "rough": (0.0, 0.5), "norm": (0.5, 2.0)}  # as in training.flow_scores
BINS = 60


class Row(NamedTuple):
    """Pictures of one sort, and what the flow makes of them."""

    words: str
    kind: str
    x: Tensor
    found: Scores


@lru_cache(maxsize=4)
def real(checkpoint: str) -> dict[str, Any]:
    """Histograms of real held-out pictures, as `training.flow_scores` measured them."""
    from genmodels import hub

    file = hub.WEIGHTS / checkpoint / "scores.json"
    return json.loads(file.read_text()) if file.exists() else {}


def charts(checkpoint: str, rows: list[Row], mine: Scores, lang: str) -> str:
    """Two histograms and a scatter of all sorts that have a colour."""
    rows = [row for row in rows if row.kind in KINDS]
    titles = {
        "bits": say(lang, "Bits per value: fewer is denser", "Bits por valor: menos es más denso"),
        "norm": say(lang, "Length of the code, ‖z‖ / √D", "Largo del código, ‖z‖ / √D"),
    }
    drawn = [histogram(checkpoint, key, title, rows, mine, lang) for key, title in titles.items()]
    names = [(KINDS[row.kind], row.words) for row in rows]
    dashed = say(lang, "Dashed line, large dot: the picture asked about.",
                 "Línea cortada, punto grande: la imagen por la que se pregunta.")  # fmt: skip
    about = f"<p style='font-size:16px'>{reals(checkpoint, lang)} {dashed}</p>"
    return plots.legend(*names) + plots.figures(*drawn, rough(rows, mine, lang), least=320) + about


def histogram(checkpoint: str, key: str, title: str, rows: list[Row], mine: Scores, lang: str) -> str:
    """Real ones as areas where they were measured, ours as lines; heights as shares of the highest bin."""
    import torch

    low, high = SPAN[key]
    edges = torch.linspace(low, high, BINS + 1)
    found = real(checkpoint).get("sets", {})
    marks = [plots.area(edges.tolist(), shares(kind[key]), KINDS[sort]) for sort, kind in found.items()]
    middles = ((edges[1:] + edges[:-1]) / 2).tolist()
    for row in rows:
        counts = torch.histc(getattr(row.found, key).clamp(low, high), BINS, low, high)
        marks.append(plots.line(middles, shares(counts.tolist()), KINDS[row.kind]))
    at = min(max(getattr(mine, key).item(), low), high)
    marks.append(plots.line([at, at], [0, 1.1], "ink", dashed=True))
    across = say(lang, "bits per value", "bits por valor") if key == "bits" else "‖z‖ / √D"
    return plots.plot(
        plots.Axes((low, high), (0, 1.12), height=240), *marks, title=title, across=across, lang=lang
    )


def shares(counts: list[float]) -> list[float]:
    return [n / max(counts) for n in counts]


def rough(rows: list[Row], mine: Scores, lang: str) -> str:
    """Cost against roughness, a dot for each picture."""
    high = 1.08 * max(row.found.rough.max().item() for row in rows)
    most = min(SPAN["bits"][1], 1.1 * max(row.found.bits.max().item() for row in rows))
    axes = plots.Axes((0, high), (0, most), height=240, left=44)
    dots = [(row.found, KINDS[row.kind], 2.6) for row in rows] + [(mine, "ink", 6.0)]
    marks = [
        plots.dots(f.rough.clamp(0, high).tolist(), f.bits.clamp(0, most).tolist(), kind, size)
        for f, kind, size in dots
    ]
    title = say(lang, "Bits per value against roughness", "Bits por valor según la aspereza")
    across = say(lang, "mean step between neighbours", "salto medio entre vecinos")
    return plots.plot(axes, *marks, title=title, across=across, up=True, lang=lang)


def reals(checkpoint: str, lang: str) -> str:
    """What the filled areas are."""
    sets = real(checkpoint).get("sets", {})
    if not sets:
        return ""
    n = sets["own"]["count"]
    if "digits" in sets:
        en = f"Filled: {n} real test garments and {n} real digits of MNIST, measured beforehand."
        es = f"Rellenos: {n} prendas reales de prueba y {n} dígitos reales de MNIST, medidos antes."
    else:
        en = f"Filled: {n} held-out faces, measured beforehand."
        es = f"Relleno: {n} caras apartadas, medidas antes."
    en, es = en + " Lines: what was drawn here.", es + " Líneas: lo dibujado aquí."
    return say(lang, en, es)


def table(checkpoint: str, rows: list[Row], lang: str) -> str:
    head = ["", *(say(lang, *w) for w in (
        ("bits per value", "bits por valor"), ("roughness", "aspereza"), ("‖z‖ / √D", "‖z‖ / √D"),
    ))]  # fmt: skip
    body = [[row.words, *(amount(v.mean().item(), lang) for v in row.found)] for row in rows]
    for sort, found in real(checkpoint).get("sets", {}).items():
        words = {
            "digits": ("real digits (MNIST)", "dígitos reales (MNIST)"),
            "own": ("held-out faces, all", "caras apartadas, todas")
            if models.of_faces(checkpoint)
            else ("real garments (Fashion-MNIST, test)", "prendas reales (Fashion-MNIST, prueba)"),
        }[sort]
        body.append([say(lang, *words), *(plots.number(found[f"mean_{k}"], lang) for k in SPAN)])
    return plots.table(head, body)


def amount(value: float, lang: str) -> str:
    """A mean, or that it is beyond all measure: far from what it learnt a flow may go anywhere."""
    return plots.number(value, lang) if value < 1000 else "> 1000"
