"""The stage: a training at one moment, as the browser draws it (`demos/art/stage.js`).

A frame is a dictionary of short texts: places, scores and pulls as bytes in base64, five to eight kilobytes
in all. Each is complete, so that a page that missed some draws the next; Gradio sends only what changed.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from demos.kit.lang import Pair, both

if TYPE_CHECKING:
    from genmodels.lab.gan import View

SCRIPT = Path(__file__).parent.parent / "art" / "stage.js"
HALF = 4.5  # of the window's side; `genmodels.lab.truth.plane` has the same
FAR = 12.0  # places beyond are drawn there, which is outside of the window
POINTS = 120  # of a curve
MISSING = 65535  # a moment of a curve without a value
LAYERS: tuple[tuple[str, Pair, bool], ...] = (
    ("reals", ("Real", "Reales"), True),
    ("fake", ("Generated", "Generados"), True),
    ("surface", ("What D says", "Qué dice D"), True),
    ("pull", ("Where G is pulled", "Hacia dónde va G"), True),
    ("warp", ("Grid of z, bent by G", "Grilla de z, doblada por G"), False),
)
CURVES: tuple[tuple[str, Pair, tuple[tuple[str, Pair], ...]], ...] = (
    ("loss", ("Loss", "Pérdida"), (("ink", ("D", "D")), ("warm", ("G", "G")))),
    (
        "right",
        ("D is right on", "D acierta en"),
        (("mark", ("real", "reales")), ("warm", ("generated", "generados"))),
    ),
    ("slope", ("Gradient that G gets", "Gradiente que recibe G"), (("ink", ("", "")),)),
    ("modes", ("Modes covered", "Modas cubiertas"), (("mark", ("", "")),)),
    ("covered", ("Real points with one near", "Reales con uno cerca"), (("mark", ("", "")),)),
)


class Stage(gr.HTML):
    is_template = True

    def postprocess(self, value: dict[str, Any] | None) -> dict[str, Any] | None:
        return value

    def api_info(self) -> dict[str, Any]:
        return {"type": "object", "description": "One moment of the training; bytes in base64."}

    def example_payload(self) -> dict[str, Any]:
        return {}

    example_value = example_payload


def stage(behind: Callable[[Any], None]) -> Stage:
    """`behind` is called with [a frame's id, seconds] when the browser doesn't keep up."""
    return Stage(
        None,
        html_template=template(),
        js_on_load=SCRIPT.read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_classes="stage",
        server_functions=[behind],
    )


def template() -> str:
    layers = "".join(
        f"<label class='layer {name}'><input type='checkbox' data-layer='{name}'{' checked' * on}>"
        f"<i></i>{both(*words)}</label>"
        for name, words, on in LAYERS
    )
    save = both("Save the picture", "Guardar la imagen")
    scale = (
        f"<p class='stage-scale'><span>{both('generated', 'generado')} <b class='stage-low'>0</b></span>"
        f"<i></i><span><b class='stage-high'>1</b> {both('real', 'real')}</span></p>"
    )
    return (
        "<div class='stage-say' role='status'><p class='stage-what'></p><p class='stage-hint'></p></div>"
        "<div class='stage-body'><div class='stage-plane'>"
        f"<p class='stage-clock'>{both('step', 'paso')} <b class='stage-step'>0</b> "
        "<span class='stage-pause'></span></p>"
        "<canvas role='img' aria-label='GAN'></canvas><output class='stage-tip' hidden></output>"
        f"{scale}</div><div class='stage-curves'>{''.join(map(curve_box, CURVES))}</div></div>"
        f"<div class='stage-layers'>{layers}<button type='button' class='stage-save'>{save}</button></div>"
    )


def curve_box(curve: tuple) -> str:
    name, words, lines = curve
    keys = "".join(f"<span class='{kind}'>{both(*label)} <b></b></span>" for kind, label in lines)
    return (
        f"<figure data-curve='{name}' hidden><figcaption>{both(*words)}{keys}</figcaption>"
        "<canvas></canvas></figure>"
    )


# ------------------------------------------------------------------------------------------ a frame


def frame(game: str, view: View, reals: Any) -> dict[str, Any]:
    """What is drawn on the plane."""
    u, scale = opinion(game, view)
    return {
        "step": view.step,
        "half": HALF,
        "reals": places(reals),
        "fake": places(view.fake),
        "pull": pulls(view.arrows[:, 1]),
        "warp": places(view.warp),
        "rows": len(view.warp),
        "surface": shares(u),
        "scale": scale,
    }


def opinion(game: str, view: View) -> tuple[np.ndarray, list[float] | None]:
    """The scores as numbers from 0, generated, to 1, real, with 1/2 in the middle; which scores 0 and 1 are.

    None: the number is what D itself means by it, the chance that a point is real.
    """
    score = view.surface.double().numpy()
    if game in ("minimax", "non_saturating"):
        return 0.5 + 0.5 * np.tanh(score / 2), None
    reach = max(float(np.abs(score - view.middle).max()), 1e-9)
    return 0.5 + 0.5 * (score - view.middle) / reach, [view.middle - reach, view.middle + reach]


# ------------------------------------------------------------------------------------------ bytes


def text(numbers: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(numbers).tobytes()).decode()


def places(x: Any) -> str:
    """(..., 2) on the plane, as 16 bits each."""
    share = (np.asarray(x, np.float64) / FAR).clip(-1, 1) / 2 + 0.5
    return text((65535 * share).round().astype("<u2"))


def shares(u: Any) -> str:
    """Numbers in [0, 1] as 8 bits."""
    return text((255 * np.asarray(u, np.float64).clip(0, 1)).round().astype("u1"))


def pulls(slope: Any) -> str:
    """(m, 2) arrows: the direction as it is, the length |g| / (|g| + 1/2), which is 0 for 0 and never 1."""
    g = np.asarray(slope, np.float64)
    size = np.linalg.norm(g, axis=-1, keepdims=True)
    return text((g / (size + 0.5) * 127).round().astype("i1"))


def thinned(line: Sequence[float]) -> list[float]:
    """About POINTS of them, and the last. Which ones stay changes seldom, so that a curve doesn't shiver."""
    stride = 2 ** max(0, math.ceil(math.log2(len(line) / POINTS)))
    return [*line[:-1:stride], line[-1]]


def across(steps: Sequence[int]) -> str:
    """Where the moments of a curve lie between the start and now."""
    return text((65535 * np.array(thinned(steps)) / max(1, steps[-1])).round().astype("<u2"))


def curve(
    lines: dict[str, Sequence[float]],
    limits: tuple[float, float] | None = None,
    log: bool = False,
    unit: str = "",
) -> dict[str, Any]:
    """Lines by their kind, over the same moments."""
    y = np.array([thinned(line) for line in lines.values()], np.float64)
    y = np.log10(np.maximum(y, 1e-5)) if log else y
    low, high = limits or spread(y, log)
    level = np.where(np.isnan(y), MISSING, ((y - low) / (high - low)).clip(0, 1) * (MISSING - 1))
    return {
        "lines": [[kind, text(one.round().astype("<u2"))] for kind, one in zip(lines, level, strict=True)],
        "now": [round(float(v[-1]), 4) if math.isfinite(v[-1]) else None for v in lines.values()],
        "range": [low, high],
        "log": log,
        "unit": unit,
    }


def spread(y: np.ndarray, log: bool) -> tuple[float, float]:
    """Limits of an axis: round, nearly all of the curve inside; single spikes may leave it."""
    good = y[np.isfinite(y)]
    low, high = np.percentile(good, [1, 99]) if good.size else (0.0, 1.0)
    if log:
        return float(math.floor(low)), float(max(math.ceil(high), math.floor(low) + 1))
    low, high = min(low, 0.0), max(high, low + 0.1)
    step = 10 ** math.floor(math.log10(high - low)) / 2
    return math.floor(low / step) * step, math.ceil(high / step) * step
