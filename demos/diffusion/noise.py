"""Forward: a picture and noise in shares that a schedule sets, and how five schedules drown it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import log10
from typing import TYPE_CHECKING

import gradio as gr
from PIL import Image, ImageDraw

from demos import kit
from demos.diffusion import figures, pictures
from demos.kit import pixels, plates, plots, reals, say, t
from demos.kit.lang import Pair

if TYPE_CHECKING:
    from torch import Tensor

SCHEDULES: dict[str, tuple[Pair, str, bool]] = {  # name, colour of its curve, dashed
    "linear": (("linear", "lineal"), "warm", False),
    "cosine": (("cosine", "coseno"), "mark", False),
    "offset_cosine": (("offset cosine", "coseno desplazado"), "mark", True),
    "sigmoid": (("sigmoid", "sigmoide"), "ink", False),
    "flow": (("flow matching", "flow matching"), "ink", True),
}
STEPS = 1000
TILE, SIGN, SMALL, LEFT = 286, 44, 122, 196  # pixels: of the equation's tiles, its signs; of the rows' tiles
COLUMNS = 6
FLOOR, TOP = -2.0, 2.0  # of the ratio's plot, powers of ten


def noise(
    checkpoint: str,
    drawing: Image.Image | None,
    number: int,
    schedule: str,
    moment: int,
    seed: int,
    lang: str,
) -> Iterator[tuple]:
    """A picture with as much noise as a schedule has put on it by a moment, 0 to 1000; five schedules."""
    from genmodels import runtime

    x, note = reals.picture_of(checkpoint, drawing, number, lang)
    e = runtime.noise(seed, 1, tuple(x.shape[1:]))
    signal, loud = rates(schedule, moment)
    top = equation(x, e, signal, loud, lang)
    found = {
        "signal_rate": signal,
        "noise_rate": loud,
        "signal_share": 100 * signal**2 / (signal**2 + loud**2),
    }
    yield top, gr.skip(), charts(schedule, moment, lang) + note, found
    yield top, rows(x, e, schedule, lang), charts(schedule, moment, lang) + note, found


@cache
def way(schedule: str) -> list[tuple[float, float]]:
    """What the picture and the noise are multiplied by, at the moments 0 to 1000; at 0 there is no noise."""
    from genmodels.diffusion.schedules import SCHEDULES as TABLES

    bar = TABLES[schedule]()
    signal, loud = bar.sqrt(), (1 - bar).sqrt()
    if schedule == "flow":  # whose shares add up to 1, not their squares
        signal, loud = signal / (signal + loud), loud / (signal + loud)
    return [(1.0, 0.0), *zip(signal.tolist(), loud.tolist(), strict=True)]


def rates(schedule: str, moment: int) -> tuple[float, float]:
    return way(schedule)[moment]


def equation(x: Tensor, e: Tensor, signal: float, loud: float, lang: str) -> Image.Image:
    """Both parts as they are in the sum, and the sum: the picture fades to grey while the noise comes up."""
    a, b = (plots.number(round(v, 3) + 0.0, lang, 3) for v in (signal, loud))
    parts = (
        (f"{a} · " + say(lang, "picture", "imagen"), signal * x),
        (f"{b} · " + say(lang, "noise", "ruido"), loud * e),
        (say(lang, "what the network sees", "lo que ve la red"), signal * x + loud * e),
    )
    made = [pictures.block(words, part, TILE) for words, part in parts]
    sheet = Image.new("RGBA", (3 * TILE + 2 * SIGN, made[0].height))
    pen, type = ImageDraw.Draw(sheet), plates.font(40)
    for k, tile in enumerate(made):
        sheet.paste(tile, (k * (TILE + SIGN), 0))
        if k:
            at = k * (TILE + SIGN) - SIGN / 2, made[0].height - TILE / 2
            pen.text(at, "+="[k - 1], (*plates.CAPTION, 255), type, "mm")
    return sheet


def rows(x: Tensor, e: Tensor, chosen: str, lang: str) -> Image.Image:
    """The same picture and noise at six moments under every schedule."""
    import torch

    moments = [round(k * STEPS / (COLUMNS - 1)) for k in range(COLUMNS)]
    made = []
    for name, (words, *_) in SCHEDULES.items():
        shares = [rates(name, m) for m in moments]
        made.append((say(lang, *words), torch.cat([a * x + b * e for a, b in shares])))
    heads = [f"t = {m}" if m == 0 else f"{m}" for m in moments]
    return pictures.labelled(made, heads, SMALL, LEFT, say(lang, *SCHEDULES[chosen][0]))


def charts(schedule: str, moment: int, lang: str) -> str:
    """Signal and noise of the chosen schedule; the ratio of both for all, on a logarithmic axis."""
    title = say(lang, "Shares under the chosen schedule", "Proporciones con el calendario elegido")
    words = ("mark", say(lang, "picture", "imagen")), ("warm", say(lang, "noise", "ruido"))
    axes = plots.Axes((0, 1.04 * STEPS), (0, 1.04), height=250, left=44)
    at = range(0, STEPS + 1, 10)
    marks = [figures.upright(moment, f"t = {moment}")]
    for k, (kind, _) in enumerate(words):
        marks.append(plots.line(at, [rates(schedule, m)[k] for m in at], kind))
        marks.append(plots.dots([moment], [rates(schedule, moment)[k]], kind, 6))
    one = plots.plot(axes, *marks, title=title, across="t", up=True, lang=lang) + plots.legend(*words)
    title = say(lang, "Picture over noise, all five", "Imagen sobre ruido, los cinco")
    return plots.figures(
        f"<div>{one}</div>", f"<div>{ratios(schedule, moment, title, lang)}</div>", least=320
    )


def ratios(schedule: str, moment: int, title: str, lang: str) -> str:
    axes = plots.Axes((0, 1.04 * STEPS), (FLOOR, TOP), height=250, left=50)
    marks = [figures.up([0.01, 0.1, 1, 10, 100], lang), plots.rule(0, say(lang, "equal", "iguales"))]
    at = range(1, STEPS + 1, 9)
    for name, (_, kind, dashed) in SCHEDULES.items():
        marks.append(plots.line(at, [ratio(name, m) for m in at], kind, dashed))
    marks.append(plots.dots([moment], [ratio(schedule, moment)], SCHEDULES[schedule][1], 6))
    drawn = plots.plot(axes, *marks, title=title, across="t", lang=lang)
    broken = say(lang, " (dashed)", " (cortada)")
    names = [(kind, say(lang, *words) + broken * dashed) for words, kind, dashed in SCHEDULES.values()]
    return drawn + plots.legend(*names)


def ratio(schedule: str, moment: int) -> float:
    """Its power of ten, kept on the plot."""
    signal, loud = rates(schedule, moment)
    return min(TOP, max(FLOOR, log10(max(signal, 1e-9) / max(loud, 1e-9))))


def noise_code(
    checkpoint: str, drawing: Image.Image | None, number: int, schedule: str, moment: int, seed: int
) -> str:
    imports, lines = reals.code(checkpoint, number)
    left = f'schedules.SCHEDULES["{schedule}"]()[{max(moment - 1, 0)}].float()'
    mix = "x_t = bar.sqrt() * x0 + (1 - bar).sqrt() * e  # in one jump: no need to pass the moments before\n"
    if schedule == "flow":
        mix = "t = (1 - bar).sqrt() / (bar.sqrt() + (1 - bar).sqrt())\nx_t = (1 - t) * x0 + t * e\n"
    return pictures.snippet(
        [*imports, "from genmodels.diffusion import schedules", "from genmodels.runtime import noise"],
        lines
        + f"e = noise({seed}, 1, x0.shape[1:])\n"
        + f"bar = {left}  # of the variance, what is x0's\n"
        + mix,
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("noise", "Forward: noise", "Ida: el ruido") as view:
        with view.controls():
            label = t("Moment t: how far into the noise", "Momento t: cuánto ruido")
            moment = kit.slider(0, STEPS, 350, label, step=1)
            choices = [(t(*words), name) for name, (words, *_) in SCHEDULES.items()]
            schedule = kit.choice(choices, t("Schedule", "Calendario de ruido"), "cosine")
            number, drawing = reals.board(36_521)
            seed = kit.seed(1, t("Seed of the noise", "Semilla del ruido"))
        with view.result():
            sum_ = plates.view()
            pixels.heading(
                "The same picture and the same noise under every schedule",
                "La misma imagen y el mismo ruido con cada calendario",
            )
            table = plates.view()
            about = kit.html()
        inputs, outputs = [tab.checkpoint, drawing, number, schedule, moment, seed], [sum_, table, about]
        view.run(noise, inputs, outputs, ("Add noise", "Agregar ruido"), noise_code)
        view.on([moment.input, schedule.input], noise)
