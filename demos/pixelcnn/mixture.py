"""A mixture: a few bumps instead of 256 separate chances, to play with, and as a model uses it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from demos import kit
from demos.kit import plots, say, t
from demos.kit.pixels import QUIET, factor, heading, mark, pictures, sheet
from demos.pixelcnn import models
from demos.pixelcnn.pictures import distribution, seen
from demos.pixelcnn.sample import drawn

if TYPE_CHECKING:
    from torch import Tensor

LEVELS = 256
DRAWS = 2000
BUMPS = ((0.5, 40, 6.0), (0.3, 120, 14.0), (0.2, 215, 4.0), (0.0, 170, 8.0), (0.0, 250, 3.0))  # to begin with
LEAST = 0.01  # of the weight: bumps with less are not listed


def mixture(
    w1: float, m1: float, s1: float, w2: float, m2: float, s2: float, w3: float, m3: float, s3: float,
    w4: float, m4: float, s4: float, w5: float, m5: float, s5: float, seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """The chances of 256 greys from one to five logistic bumps, and 2000 draws of them."""
    import torch

    from genmodels.autoregressive.heads import choose
    from genmodels.autoregressive.sampling import uniforms

    bumps = chosen((w1, m1, s1, w2, m2, s2, w3, m3, s3, w4, m4, s4, w5, m5, s5), lang)
    params = parameters(bumps)
    chances, parts = mixed(params)
    u = uniforms(seed, 1, (DRAWS,))[0]
    values = choose(chances.log().expand(DRAWS, -1), u)
    counts = torch.bincount(values, minlength=LEVELS) / DRAWS
    title = say(lang, "The chance of every grey", "La probabilidad de cada gris")
    curve = distribution(chances.numpy(), None, -1, lang, list(parts.numpy()), title)
    title = say(lang, f"{DRAWS} draws from it", f"{DRAWS} sorteos de ella")
    yield (
        curve + histogram(counts.numpy(), chances.numpy(), title, lang),
        price(len(bumps), lang),
        {
            "mean": (chances * torch.arange(LEVELS)).sum().item(),
            "entropy": -(chances * chances.clamp(min=1e-12).log2()).sum().item(),
        },
    )


def chosen(values: tuple[float, ...], lang: str) -> list[tuple[float, ...]]:
    """The bumps that have a weight, their weights made to sum to one."""
    bumps = [values[k : k + 3] for k in range(0, len(values), 3) if values[k] > 0]
    if not bumps:
        en, es = (
            "Every weight is zero: nothing to draw from.",
            "Todos los pesos son cero: no hay de qué sortear.",
        )
        raise gr.Error(say(lang, en, es), print_exception=False)
    total = sum(w for w, _, _ in bumps)
    return [(w / total, m, s) for w, m, s in bumps]


def parameters(bumps: list[tuple[float, ...]]) -> Tensor:
    """(weight, mean, scale) in greys -> what the head takes: log-weights; means and log-scales in [-1, 1]."""
    import torch

    w, m, s = torch.tensor(bumps, dtype=torch.float32).T
    return torch.cat([w.log(), m * 2 / (LEVELS - 1) - 1, (s * 2 / (LEVELS - 1)).log()])


def mixed(params: Tensor) -> tuple[Tensor, Tensor]:
    """Parameters (3M,) -> the chances of all greys (256,), and each bump's part of them (M, 256)."""
    import torch

    from genmodels.autoregressive.heads import Logistics

    m = len(params) // 3
    head, alone = Logistics(1, LEVELS, m), Logistics(1, LEVELS, 1)
    weights, means, scales = params.float().chunk(3)
    single = torch.stack([torch.zeros(m), means, scales], 1)
    parts = weights.softmax(0)[:, None] * alone.log_chances(single).exp()
    return head.log_chances(params).exp(), parts


def histogram(counts: Any, chances: Any, title: str, lang: str) -> str:
    """Draws in bars, with the chances as a line."""
    high = 1.08 * max(counts.max(), chances.max())
    axes = plots.Axes((0, LEVELS), (0, high), width=620, height=220, left=56)
    marks = [
        plots.area(list(range(LEVELS + 1)), counts.tolist(), "soft"),
        plots.line((np.arange(LEVELS) + 0.5).tolist(), chances.tolist(), "mark"),
    ]
    across = say(lang, "grey, from black to white", "gris, de negro a blanco")
    return plots.plot(axes, *marks, title=title, across=across, up=True, lang=lang)


def price(m: int, lang: str) -> str:
    """What it takes to say."""
    return say(
        lang,
        f"<p><b>{3 * m} numbers</b> say it ({3 * m - 1} free ones, as the weights sum to 1), against "
        "<b>255</b> of a softmax. And the mixture knows that 200 is next to 201.</p>",
        f"<p>Lo dicen <b>{3 * m} números</b> ({3 * m - 1} libres, porque los pesos suman 1), contra "
        "<b>255</b> de una softmax. Y la mezcla sabe que el 200 está al lado del 201.</p>",
    )


def predicted(garment: int, row: int, column: int, lang: str) -> Iterator[tuple]:
    """The mixture that the model of 256 greys predicts at one pixel of a garment it drew."""
    import torch

    for x in drawn(models.MIXTURE, garment, 1, 1.0, models.ANY):
        if x is None:
            yield gr.skip(), gr.skip(), {}
    side, (i, j) = models.side(models.MIXTURE), (row - 1, column - 1)
    with models.use(models.MIXTURE) as model, torch.no_grad():
        params = model.logits(x.to(model.device))[0, i, j].float().cpu()
    chances, parts = mixed(params)
    value = x[0, 0, i, j].item()
    page = mark(sheet(seen(x, LEVELS), width=420), factor(1, side, 420), i, j)
    title = say(
        lang,
        f"Row {row}, column {column}: given all above and to the left. Picked: {value}",
        f"Fila {row}, columna {column}: dado todo lo de arriba y lo de la izquierda. Salió: {value}",
    )
    curve = distribution(chances.numpy(), None, value, lang, list(parts.numpy()), title)
    yield (
        page,
        curve + listed(params, lang),
        {
            "bits": -chances[value].log2().item(),
            "entropy": -(chances * chances.log2()).sum().item(),
        },
    )


def listed(params: Tensor, lang: str) -> str:
    """The bumps that matter, the heaviest first, in greys."""
    w, m, s = params.chunk(3)
    w, m, s = w.softmax(0), (m + 1) * (LEVELS - 1) / 2, s.clamp(-7, 7).exp() * (LEVELS - 1) / 2
    head = [say(lang, *pair) for pair in (("weight", "peso"), ("mean", "media"), ("scale", "escala"))]
    rows = [
        [f"{k + 1}", *(plots.number(v, lang) for v in (w[k].item(), m[k].item(), s[k].item()))]
        for k in w.argsort(descending=True).tolist()
        if w[k] >= LEAST
    ]
    return plots.table([say(lang, "bump", "bulto"), *head], rows)


def mixture_code(*values: float) -> str:
    *values, seed = values
    bumps = [tuple(values[k : k + 3]) for k in range(0, len(values), 3) if values[k] > 0]
    return (
        "import torch\nfrom genmodels.autoregressive.heads import Logistics, choose\n"
        "from genmodels.autoregressive.sampling import uniforms\n\n"
        f"weight, mean, scale = torch.tensor({[list(map(float, b)) for b in bumps]}).T\n"
        "params = torch.cat([weight.log(), mean / 127.5 - 1, (scale / 127.5).log()])\n"
        f"log_chances = Logistics(1, 256, {len(bumps)}).log_chances(params)  # (256,)\n"
        f"draws = choose(log_chances.expand({DRAWS}, -1), uniforms({seed}, 1, ({DRAWS},))[0])\n"
    )


def predicted_code(garment: int, row: int, column: int) -> str:
    return models.loading(models.MIXTURE, "from genmodels.autoregressive.sampling import draw, last") + (
        f"x = last(draw(model, {garment}, 1))  # (1, 1, 28, 28): 0 to 255\n"
        f"params = model.logits(x)[0, {row - 1}, {column - 1}]\n"
        "log_weights, means, inverse_scales = model.head.bumps(params)  # means in [-1, 1]\n"
        "print(log_weights.exp(), (means + 1) * 127.5, 127.5 / inverse_scales)\n"
    )


def clicked(clicks: int, event: gr.SelectData) -> tuple[int, ...]:
    side = models.side(models.MIXTURE)
    n = factor(1, side, 420)
    x, y = (min(side, int(v) // n + 1) for v in event.index)
    return y, x, clicks + 1


def bump(k: int) -> list[Any]:
    """The three sliders of a bump."""
    w, m, s = BUMPS[k]
    weight = kit.slider(0, 1, w, t(f"Bump {k + 1}: weight", f"Bulto {k + 1}: peso"), step=0.05)
    with gr.Row():
        mean = kit.slider(0, 255, m, t("Mean", "Media"), step=1, min_width=120)
        scale = kit.slider(0.5, 60, s, t("Scale", "Escala"), step=0.5, min_width=120)
    return [weight, mean, scale]


def layout(tab: kit.Tab) -> None:
    with tab.view("mixture", "A mixture", "Una mezcla") as view:
        with view.controls():
            made = [slider for k in range(3) for slider in bump(k)]
            with gr.Accordion(t("Two more bumps", "Dos bultos más"), open=False):
                made += [slider for k in (3, 4) for slider in bump(k)]
            seed = kit.seed()
        with view.result():
            price_of = kit.html()
            curve = kit.html()
            with gr.Row():
                with gr.Column(scale=2, min_width=240):
                    heading(
                        "Drawn by the model of 256 greys: click a pixel",
                        "Dibujada por el modelo de 256 grises: haz clic",
                    )
                    page = pictures()
                with gr.Column(scale=3, min_width=260):
                    real = kit.html()
        view.run(
            mixture, [*made, seed], [curve, price_of], ("Mix and draw", "Mezclar y sortear"), mixture_code
        )
        view.on([s.release for s in made], mixture)
        with view.controls():
            heading("The model of 256 greys", "El modelo de 256 grises")
            garment = kit.seed(4, t("Seed of the garment", "Semilla de la prenda"))
            with gr.Row():
                row = kit.slider(1, 28, 12, t("Row", "Fila"), step=1, min_width=120)
                column = kit.slider(1, 28, 14, t("Column", "Columna"), step=1, min_width=120)
        words = ("See what it predicts", "Ver lo que predice")
        view.run(predicted, [garment, row, column], [page, real], words, predicted_code, name="predicted")
        clicks = gr.State(0)
        page.select(clicked, clicks, [row, column, clicks], **QUIET)
        view.on([clicks.change, row.release, column.release], predicted)
