"""A digit classified by the model that draws digits, beside a network that only classifies."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import gradio as gr
import numpy as np
from PIL import Image

from demos import kit
from demos.classes.ground import nats, percent
from demos.kit import card, fashion, plates, plots, say, t
from demos.kit.digits import like_mnist, ours_controls
from demos.kit.lang import Pair
from demos.kit.panels import signed
from demos.kit.pixels import heat, sheet
from genmodels.foundations.checkpoints import DIGITS_NET

if TYPE_CHECKING:
    from torch import Tensor

NET, PIXELCNN = DIGITS_NET[0].name, "pixelcnn-mnist"
LABELS, TILE = 10, 300
SPAN, TOP = 1.0, 4.0  # nats and bits of a pixel where its colour is full
SOURCES: dict[str, Pair] = {
    "digit": ("the digit: yours, or ours", "el dígito: el tuyo, o uno nuestro"),
    "upside": ("the same, upside down", "el mismo, cabeza abajo"),
    "garment": ("no digit: a garment", "ningún dígito: una prenda"),
    "noise": ("no digit: black and white by chance", "ningún dígito: blanco y negro al azar"),
    "empty": ("no digit: an empty page", "ningún dígito: una página vacía"),
}


ODD: Pair = (
    "So it is hardly a digit, whatever the bars say. ",
    "Así que difícilmente es un dígito, digan lo que digan las barras. ",
)
WELL: Pair = ("So it may well be a digit. ", "Así que bien puede ser un dígito. ")
PLAIN: Pair = (
    "It is likelier than 99 in 100 digits and need not be one: the likeliest picture is not a typical one. ",
    "Es más probable que 99 de cada 100 dígitos y no por eso es uno: lo más probable no es lo típico. ",
)


class Verdict(NamedTuple):
    """What the generative model says, of the labels asked so far."""

    each: Tensor  # (L, 28, 28) log p of every pixel
    labels: int

    @property
    def nats(self) -> Tensor:
        return self.each.flatten(1).sum(1)


def digits(
    drawing: Image.Image | None, source: str, which: int, variant: int, seed: int, lang: str
) -> Iterator[tuple]:
    """Which digit? By Bayes from ten likelihoods of a PixelCNN, and by a network that only classifies."""
    import torch

    from genmodels.foundations.weighing import evidence, posterior, weigh_each

    x, note = picture_of(drawing, source, which, variant, seed, lang)
    net = read(x)
    first = shown(x, lang)
    yield first, note, gr.skip(), {}
    parts, prior = [], torch.ones(LABELS)
    with models("GatedPixelCNN", PIXELCNN) as model:
        for label in range(LABELS):
            parts.append(weigh_each(model, x, torch.tensor([label])))
            told = Verdict(torch.cat(parts), label + 1)
            if label < LABELS - 1:
                yield first, note, both(told, net, lang), {"asked": label + 1}
    chance = posterior(told.nats, prior).exp()
    order = told.nats.argsort(descending=True)
    margin = (told.nats[order[0]] - told.nats[order[1]]).item()
    price = -evidence(told.nats, prior).item()
    figures = {"nats": price, "margin": margin, "sure_bayes": 100 * chance.max().item()}
    figures["sure_net"] = 100 * net.exp().max().item()
    pages = plates.beside(first, surprise(told, order, lang), difference(told, order, lang))
    words = note + verdict(price, chance, net, lang) + quarrel(order, margin, lang)
    yield pages, words, both(told, net, lang) + record(lang), figures


def models(cls: str, name: str) -> object:
    """The one copy of a network that all tabs share."""
    from genmodels.autoregressive.gated_pixelcnn import GatedPixelCNN
    from genmodels.foundations.digits_net import DigitsNet

    return kit.model({"GatedPixelCNN": GatedPixelCNN, "DigitsNet": DigitsNet}[cls], name)


def picture_of(
    drawing: Image.Image | None, source: str, which: int, variant: int, seed: int, lang: str
) -> tuple[Tensor, str]:
    """(1, 1, 28, 28) of 0 and 1, and what was done to the visitor's picture."""
    import torch

    from genmodels.data.digits import digit
    from genmodels.data.garments import garment

    done: list[str] = []
    if source == "noise":
        return torch.randint(2, (1, 1, 28, 28), generator=torch.Generator().manual_seed(seed)), ""
    if source == "empty":
        return torch.zeros(1, 1, 28, 28, dtype=torch.long), ""
    if source == "garment":
        page = garment(which, variant)
    elif drawing is None:
        page = digit(which, variant)
    else:
        page, done = like_mnist(drawing, lang)
        done.append(say(lang, "then cut to black and white", "y después llevada a blanco y negro"))
    x = torch.from_numpy((np.asarray(page) > 127).astype(np.int64))[None, None]
    return x.flip(2) if source == "upside" else x, fashion.listed(done, lang) if done else ""


def read(x: Tensor) -> Tensor:
    """log p(y | x) by the discriminative network, (10,)."""
    import torch

    with models("DigitsNet", NET) as net, torch.no_grad():
        return net.log_probs((2.0 * x - 1).to(net.device, net.dtype))[0].cpu()


# ------------------------------------------------------------------------------ what is shown


def shown(x: Tensor, lang: str) -> Image.Image:
    grey = (2.0 * x - 1).expand(-1, 3, -1, -1)
    return sheet(grey, say(lang, "what both see", "lo que ven los dos"), 1, TILE)


def surprise(told: Verdict, order: Tensor, lang: str) -> Image.Image:
    """What each pixel costs under the best label."""
    bits = -told.each[order[:1]] / math.log(2)
    caption = say(lang, f"bits of each pixel, as {order[0]}", f"bits por píxel, como {order[0]}")
    return sheet(heat(bits, TOP), caption, 1, TILE)


def difference(told: Verdict, order: Tensor, lang: str) -> Image.Image:
    """Where the best label does better than the second, and where worse."""
    import torch

    best, second = order[:2].tolist()
    gap = (told.each[best] - told.each[second]).numpy()
    pixels = torch.from_numpy(signed(gap, SPAN).astype(np.float32)).permute(2, 0, 1)[None] / 127.5 - 1
    return sheet(pixels, say(lang, f"for {best} against {second}", f"por {best} contra {second}"), 1, TILE)


def both(told: Verdict, net: Tensor, lang: str) -> str:
    """Ten bars from the generative model, ten from the other."""
    import torch

    from genmodels.foundations.weighing import posterior

    chance = posterior(told.nats, torch.ones(told.labels)).exp().tolist()
    prices = [f"{nats(v, lang)} nats" for v in told.nats.tolist()]
    rest = LABELS - told.labels
    left = bars(chance + [0.0] * rest, prices + ["…"] * rest, lang)
    right = bars(net.exp().tolist(), [""] * LABELS, lang)
    names = (
        say(lang, "PixelCNN: log p(x | y), then Bayes", "PixelCNN: log p(x | y), y después Bayes"),
        say(lang, "network: p(y | x) at once", "red: p(y | x) directamente"),
    )
    found = (f"<div><h4>{html.escape(n)}</h4>{b}</div>" for n, b in zip(names, (left, right), strict=True))
    return plots.figures(*found, least=280)


def bars(parts: list[float], notes: list[str], lang: str) -> str:
    best, rows = max(range(len(parts)), key=parts.__getitem__), []
    for label, (part, note) in enumerate(zip(parts, notes, strict=True)):
        hue = "warm" if label == best else "mark"
        rows.append(
            f"<div class='bar-row {hue}' style='grid-template-columns:minmax(30px,34%) 1fr 68px'>"
            f"<span>{label} <small style='color:var(--soft);white-space:nowrap'>{note}</small></span>"
            f"<i style='background:none'><b style='left:0;width:{100 * part:.1f}%'></b></i>"
            f"<em style='white-space:nowrap'>{percent(part, lang)}</em></div>"
        )
    return f"<div class='bar-rows'>{''.join(rows)}</div>"


def measured(key: str) -> float:
    return card.metrics(NET)["measures"][key]


def verdict(price: float, chance: Tensor, net: Tensor, lang: str) -> str:
    """Is it a digit at all? Only one of the two can say."""
    usual, rare = card.metrics(PIXELCNN)["measures"]["nats"], measured("nats_rare")
    cost, mean, high = (plots.number(v, lang, 3) for v in (price, usual, rare))
    label, sure = int(net.argmax()), percent(net.exp().max().item(), lang)
    mine, own = int(chance.argmax()), percent(chance.max().item(), lang)
    odd, plain = price > rare, price < measured("nats_plain")
    en = (
        f"<b>Generative:</b> {mine} ({own}). The picture costs {cost} nats; a test digit costs {mean} on "
        f"average, and 99 in 100 cost less than {high}. "
    )
    es = (
        f"<b>Generativo:</b> {mine} ({own}). La imagen cuesta {cost} nats; un dígito de prueba cuesta {mean} "
        f"en promedio, y 99 de cada 100 cuestan menos de {high}. "
    )
    said = PLAIN if plain else ODD if odd else WELL
    en, es = en + said[0], es + said[1]
    en += f"<b>Discriminative:</b> {label}, {sure} sure. It has no way to say that this is no digit."
    es += f"<b>Discriminativo:</b> {label}, con {sure} de seguridad. No tiene cómo decir que no es un dígito."
    return f"<p>{say(lang, en, es)}</p>"


def quarrel(order: Tensor, margin: float, lang: str) -> str:
    best, second = order[:2].tolist()
    wide, odds = plots.number(margin, lang), plots.number(math.exp(min(margin, 60.0)), lang)
    words = say(
        lang,
        f"{best} beats {second} by {wide} nats: {odds} times as likely. In the map, pixels in petrol speak "
        f"for {best}, those in orange for {second}.",
        f"{best} le gana a {second} por {wide} nats: {odds} veces más probable. En el mapa, los píxeles en "
        f"petróleo hablan por {best}; los naranjas, por {second}.",
    )
    return f"<p>{words}</p>"


def record(lang: str) -> str:
    """How often each is right, as its command measured."""
    net, some, bayes = (percent(measured(k), lang) for k in ("accuracy", "accuracy_some", "accuracy_bayes"))
    words = say(
        lang,
        f"On test digits: the network is right in {net} of 10,000; of the first 500, the network in {some} "
        f"and the PixelCNN in {bayes}. It learnt to draw, and reads as a sideline.",
        f"Con dígitos de prueba: la red acierta el {net} de 10\u202f000; de los primeros 500, la red el "
        f"{some} y la PixelCNN el {bayes}. Aprendió a dibujar, y lee de paso.",
    )
    return f"<p>{words}</p>"


def digits_code(drawing: Image.Image | None, source: str, which: int, variant: int, seed: int) -> str:
    kind = "garment" if source == "garment" else "digit"
    x = {
        "noise": f"x = torch.randint(2, (1, 1, 28, 28), generator=torch.Generator().manual_seed({seed}))",
        "empty": "x = torch.zeros(1, 1, 28, 28, dtype=torch.long)",
    }.get(
        source,
        f"page = np.array({kind}({which}, {variant}))  # or yours: 28 x 28, white on black\n"
        f"x = torch.from_numpy(page > 127).long()[None, None]{'.flip(2)' if source == 'upside' else ''}",
    )
    return (
        "import numpy as np\nimport torch\n"
        "from genmodels.autoregressive.gated_pixelcnn import GatedPixelCNN\n"
        f"from genmodels.data.{kind}s import {kind}\n"
        "from genmodels.foundations.digits_net import DigitsNet\n"
        "from genmodels.foundations.weighing import posterior, weigh\n\n"
        f"{x}\n"
        f'nats = weigh(GatedPixelCNN.from_pretrained("{PIXELCNN}"), x)[0]  # log p(x | y)\n'
        "print(posterior(nats, torch.ones(10)).exp())\n"
        f'print(DigitsNet.from_pretrained("{NET}").log_probs(2.0 * x - 1).exp())\n'
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("digits", "A drawing model reads", "Leer con quien dibuja") as view:
        with view.controls():
            with gr.Accordion(t("Draw a digit, or drop a picture", "Dibuja un dígito, o suelta una imagen")):
                drawing = kit.drawing(t("A digit", "Un dígito"))
            sources = [(t(*pair), name) for name, pair in SOURCES.items()]
            source = kit.choice(sources, t("Picture", "Imagen"))
            which, variant = ours_controls(4, 2)
            seed = kit.seed(1, t("Seed of the noise", "Semilla del ruido"))
        with view.result():
            page = plates.view()
            words, below = kit.html(), kit.html()
        inputs = [drawing, source, which, variant, seed]
        view.run(digits, inputs, [page, words, below], ("Which digit?", "¿Qué dígito?"), digits_code)
        view.on([source.input, which.input, variant.release], digits)
