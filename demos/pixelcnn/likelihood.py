"""How likely is it? The exact probability of a picture, pixel by pixel, and its class, which follows."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import gradio as gr
from PIL import Image

from demos import kit
from demos.kit import card, fashion, plates, plots, say, t
from demos.kit.lang import both
from demos.kit.pixels import heat, heat_legend, sheet
from demos.pixelcnn import models
from demos.pixelcnn.pictures import TOP, levels_code, ours_controls, picture_of, seen, shares

if TYPE_CHECKING:
    from torch import Tensor

HELD_OUT = 10_000  # test pictures that the measures were taken on
TILE = 400


def likelihood(
    checkpoint: str, drawing: Image.Image | None, which: int, variant: int, foreign: bool, lang: str
) -> Iterator[tuple]:
    """The exact log-likelihood of a picture (yours or ours), every pixel's bits, and the class by Bayes."""
    import torch

    x, note = picture_of(checkpoint, drawing, which, variant, lang, foreign)
    greys = models.levels(checkpoint)
    first = sheet(seen(x, greys), say(lang, "as the model has it", "como la tiene el modelo"), 1, TILE)
    yield first, note, gr.skip(), gr.skip(), {}
    with models.use(checkpoint) as model, torch.no_grad():
        bits = -model.log_prob(x.to(model.device)).float().cpu() / math.log(2)
    total, values = bits.sum().item(), x.numel()
    found = {"nats": total * math.log(2), "bits": total, "bits_per_dim": total / values}
    map_of = sheet(heat(bits, TOP[greys]), say(lang, "bits of each pixel", "bits por píxel"), 1, TILE)
    page = plates.beside(first, map_of)
    scale = heat_legend(TOP[greys], say(lang, "Bits:", "Bits:"), lang)
    words = note + scale + standing(checkpoint, total / values, lang) + coder(x, total, greys, lang)
    yield page, words, gr.skip(), gr.skip(), found
    for rows in compared(checkpoint, x, total):
        yield page, words, table(checkpoint, rows, values, lang), gr.skip(), found
    yield page, words, table(checkpoint, rows, values, lang), by_class(checkpoint, x, lang), found


def standing(checkpoint: str, bits: float, lang: str) -> str:
    """Where the picture stands among the held-out ones, of which the mean and the spread are known."""
    mean = models.measured(checkpoint)
    values = models.side(checkpoint) ** 2
    spread = models.measured(checkpoint, "nats_error") * HELD_OUT**0.5 / math.log(2) / values
    high = 1.15 * max(bits, mean + 3 * spread)
    steps = [high * k / 120 for k in range(121)]
    normal = [math.exp(-0.5 * (((a + b) / 2 - mean) / spread) ** 2) for a, b in pairwise(steps)]
    axes = plots.Axes((0, high), (0, 1.12), width=620, height=150)
    marks = [
        plots.area(steps, normal, "soft"),
        plots.line([mean, mean], [0, 1.05], "soft", dashed=True),
        plots.line([bits, bits], [0, 1.12], "warm"),
    ]
    names = (
        (
            "soft",
            say(
                lang,
                "held-out pictures, as a bell of their mean and spread",
                "imágenes de prueba, como campana con su media y dispersión",
            ),
        ),
        ("warm", say(lang, "this one", "esta")),
    )
    title = say(lang, "Bits per dimension: fewer is likelier", "Bits por dimensión: menos es más probable")
    across = say(lang, "bits per dimension", "bits por dimensión")
    return plots.plot(axes, *marks, title=title, across=across, lang=lang) + plots.legend(*names)


def coder(x: Tensor, bits: float, greys: int, lang: str) -> str:
    """The same number as a file size: what an arithmetic coder with this model would write."""
    import numpy as np

    raw, out = math.log2(greys) * x.numel() / 8, io.BytesIO()
    pixels = (x[0, 0].numpy() * (255 // (greys - 1))).astype(np.uint8)
    page = Image.fromarray(pixels)
    page = page if greys == 256 else page.quantize(greys) if greys > 2 else page.convert("1")
    page.save(out, "PNG", optimize=True)
    ours, raw, png = (plots.number(math.ceil(v), lang, 4) for v in (bits / 8, raw, len(out.getvalue())))
    words = say(
        lang,
        f"As a file: {ours} bytes from an arithmetic coder that asks this model; {raw} plain; {png} as PNG.",
        f"Como archivo: {ours} bytes con un codificador aritmético que consulta a este modelo; {raw} sin "
        f"comprimir; {png} en PNG.",
    )
    return f"<p style='font-size:16px'>{words}</p>"


def rivals(checkpoint: str) -> list[str]:
    """The checkpoints of the same pictures."""
    small = [c.name for c in models.SMALL]
    return small if checkpoint in small else [checkpoint]


def compared(checkpoint: str, x: Tensor, total: float) -> Iterator[dict[str, float]]:
    """Bits of the same picture under each model of such pictures, one more at each step."""
    import torch

    rows = {checkpoint: total}
    yield dict(rows)
    for name in rivals(checkpoint):
        if name not in rows:
            with models.use(name) as model, torch.no_grad():
                rows[name] = -model.log_prob(x.to(model.device)).sum().item() / math.log(2)
            yield dict(rows)


def table(checkpoint: str, rows: dict[str, float], values: int, lang: str) -> str:
    head = ["", "bits", *(say(lang, en, es) for en, es in (
        ("bits per dimension", "bits por dimensión"), ("of held-out pictures", "de las imágenes de prueba"),
    ))]  # fmt: skip
    body = [
        [models.title(name, lang), *(plots.number(v, lang) for v in (rows[name], rows[name] / values)),
         plots.number(models.measured(name), lang)]
        for name in rivals(checkpoint) if name in rows
    ]  # fmt: skip
    if checkpoint == models.MIXTURE:
        digits = card.metrics(checkpoint)["measures"].get("bits_per_dim_digits")
        if digits is not None:
            words = say(lang, "the digits of MNIST, never seen", "los dígitos de MNIST, que nunca vio")
            body.append([words, "", "", plots.number(digits, lang)])
    return plots.table(head, body)


def by_class(checkpoint: str, x: Tensor, lang: str) -> str:
    """p(y|x) = p(x|y) / sum over y of p(x|y): ten likelihoods and no classifier."""
    import torch

    title = say(
        lang, "Which class? By Bayes, from ten likelihoods", "¿Qué clase? Por Bayes, con diez verosimilitudes"
    )
    if not models.knows_classes(checkpoint):
        en = "This model never learnt classes. Choose the gated one or the digits."
        es = "Este modelo no aprendió clases. Elige el de compuertas o el de los dígitos."
        return f"<h4>{title}</h4><p>{say(lang, en, es)}</p>"
    with models.use(checkpoint) as model, torch.no_grad():
        labels = torch.arange(10).to(model.device)
        nats = (
            model.log_prob(x.to(model.device).expand(10, -1, -1, -1), labels).float().flatten(1).sum(1).cpu()
        )
    posterior, bits = nats.softmax(0).tolist(), (-nats / math.log(2)).tolist()
    best, rows = max(range(10), key=posterior.__getitem__), []
    for k, (part, price) in enumerate(zip(posterior, bits, strict=True)):
        name = str(k) if checkpoint == models.MNIST else both(*fashion.CLASSES[k])
        words = f"{name} <small style='color:var(--soft)'>{plots.number(price, lang, 4)} bits</small>"
        rows.append((words, part, "warm" if k == best else "mark"))
    about = say(
        lang,
        "Each class is told to the model in turn; the fewer bits the picture then costs, the likelier the "
        "class. A bit less is twice as likely.",
        "Se le dice cada clase por turno; cuantos menos bits cuesta entonces la imagen, más probable es "
        "la clase. Un bit menos es el doble de probable.",
    )
    return f"<h4>{title}</h4><p>{about}</p>{shares(rows, lang)}"


def likelihood_code(
    checkpoint: str, drawing: Image.Image | None, which: int, variant: int, foreign: bool
) -> str:
    imports, lines = levels_code(checkpoint, which, variant, foreign)
    posterior = (
        "told = model.log_prob(x.expand(10, -1, -1, -1), torch.arange(10))\n"
        "print(told.flatten(1).sum(1).softmax(0))  # the class, by Bayes\n"
    )
    return (
        models.loading(checkpoint, *imports)
        + lines
        + (
            "bits = -model.log_prob(x)[0] / np.log(2)  # of each pixel\n"
            "print(bits.sum(), bits.mean())  # of the picture, and per dimension\n"
            f"{posterior if models.knows_classes(checkpoint) else ''}"
        )
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("likelihood", "How likely is it?", "¿Qué tan probable es?") as view:
        with view.controls():
            words = t(
                "Draw a garment or a digit, or drop a picture",
                "Dibuja una prenda o un dígito, o suelta una imagen",
            )
            drawing = kit.drawing(words)
            which, variant = ours_controls()
            foreign = kit.check(
                t("Of the other kind: a digit for the clothes, clothes for the digits",
                  "De la otra clase: un dígito para la ropa, ropa para los dígitos")
            )  # fmt: skip
        with view.result():
            page = plates.view()
            about = kit.html()
            rows = kit.html()
            classes = kit.html()
        inputs, outputs = [tab.checkpoint, drawing, which, variant, foreign], [page, about, rows, classes]
        view.run(likelihood, inputs, outputs, ("Weigh it", "Medirla"), likelihood_code)
        view.on([which.input, variant.release, foreign.input], likelihood)
