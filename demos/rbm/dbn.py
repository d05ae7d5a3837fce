"""The deep belief network: the top layers settle, the picture is looked down at; beside it the RBM alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from PIL import Image

from demos import kit
from demos.kit import plates, plots, say, t
from demos.kit.fashion import HEX
from demos.kit.pixels import Pace
from demos.rbm import models
from demos.rbm.shown import digits, layer, moments, sheet, signed

if TYPE_CHECKING:
    from torch import Tensor

COUNT, WIDE, SECONDS = 10, 1200, 7
EACH, ANY = -1, -2  # of labels: one column for each digit; left free
SHOWN = 20  # filters of each layer


def dbn(label: int, steps: int, hot: float, temperature: float, seed: int, lang: str) -> Iterator[tuple]:
    """Ten fantasies through the layers of the deep network, labels held or free, and ten of the RBM alone."""
    import torch

    from genmodels import runtime
    from genmodels.energy.rbm import cooling, gibbs

    with models.network() as network, torch.no_grad():
        device, due = network.bottom.device, moments(steps)
        asked = None if label == ANY else torch.arange(10) if label == EACH else torch.full((COUNT,), label)
        luck = runtime.generators(seed, COUNT)
        start = network.start(COUNT, luck, asked).to(device)
        heat = cooling(steps, hot * temperature, temperature)
        deep = network.sample(start, steps, luck, asked is not None, heat)
        noise = models.static(seed, COUNT).to(network.bottom.a)
        flat = gibbs(network.bottom, noise, steps, runtime.generators(seed, COUNT), temperature=heat)
        below, pace, shown = layers(network, lang), Pace(len(due), SECONDS), 0
        for fantasy, plain in zip(deep, flat, strict=True):
            if fantasy.i in due:
                shown += 1
                pace.due(shown, last=True)
                read = network.read((fantasy.x > 0.5).to(fantasy.x)).argmax(1)
                obeyed = {} if asked is None else {"read_as_asked": 10 * int((read.cpu() == asked).sum())}
                page = plates.plate(*rows(fantasy, plain, lang))
                bars = labels(fantasy, asked is not None, lang)
                yield page, bars, below, {"step": fantasy.i, "made": COUNT} | obeyed


def rows(fantasy: Any, plain: Any, lang: str) -> list[Image.Image]:
    """From the top down: hidden units of the top, features, picture; then the RBM by itself."""
    at = say(lang, f"sweep {fantasy.i}", f"barrido {fantasy.i}")
    names = (
        say(lang, f"top layer h², {at}", f"capa de arriba h², {at}"),
        say(lang, "features h¹, settled with it", "rasgos h¹, asentados con ella"),
        say(lang, "the picture below them", "la imagen debajo de ellos"),
        say(lang, "the RBM alone, as many sweeps", "la RBM sola, los mismos barridos"),
    )
    x = (layer(fantasy.h2), layer(fantasy.h1), digits(fantasy.x), digits(plain.chances))
    return [sheet(part, name, WIDE) for part, name in zip(x, names, strict=True)]


def labels(fantasy: Any, held: bool, lang: str) -> str:
    """The label's units of each column: held, or as likely as the layer finds them."""
    words = (
        say(lang, "Labels: held on", "Etiquetas: fijas en"),
        say(
            lang, "Labels: free, as likely as they are now", "Etiquetas: libres, con la probabilidad de ahora"
        ),
    )[not held]
    columns = []
    for chances in (fantasy.labels if held else fantasy.chances).tolist():
        k = max(range(10), key=chances.__getitem__)
        share = f" <small>{plots.number(100 * chances[k], lang, 2)} %</small>" if not held else ""
        columns.append(
            f"<span style='flex:1;text-align:center;padding:4px 0;border-radius:5px;background:{HEX[k]};"
            f"color:#111;font-weight:700'>{k}{share}</span>"
        )
    return (
        f"<p style='margin:4px 0;font-size:16px'>{words}</p>"
        f"<div style='display:flex;gap:4px'>{''.join(columns)}</div>"
    )


def layers(network: Any, lang: str) -> Image.Image:
    """The strongest units of each layer, as pictures: those above are sums of those below."""
    first = network.bottom.weight.float().cpu()
    second = network.top.weight[: network.top.features].float().cpu()
    words = (
        say(lang, "first layer: strokes", "primera capa: trazos"),
        say(lang, "second layer, seen through the first", "segunda capa, vista a través de la primera"),
    )
    found = (strongest(first), strongest(first @ (second - second.mean(1, keepdim=True))))
    return plates.plate(*(sheet(x, name, WIDE, SHOWN // 2) for x, name in zip(found, words, strict=True)))


def strongest(weight: Tensor) -> Tensor:
    picked = weight[:, weight.norm(dim=0).argsort(descending=True)[:SHOWN]]
    return signed(picked.T.reshape(-1, 28, 28), picked.abs().flatten().quantile(0.99).item())


def dbn_code(label: int, steps: int, hot: float, temperature: float, seed: int) -> str:
    asked = {ANY: "None", EACH: "torch.arange(10)"}.get(label, f"torch.full((10,), {label})")
    return (
        "import torch\nfrom genmodels.energy.dbn import DBN, LabelledRBM\n"
        "from genmodels.energy.rbm import RBM, cooling, last\nfrom genmodels.runtime import generators\n\n"
        f'dbn = DBN(RBM.from_pretrained("{models.LARGE}"), LabelledRBM.from_pretrained("{models.TOP}"))\n'
        f"luck = generators({seed}, 10)\n"
        f"start = dbn.start(10, luck, {asked})\n"
        f"heat = cooling({steps}, {hot * temperature:g}, {temperature:g})\n"
        f"x = last(dbn.sample(start, {steps}, luck, {label != ANY}, heat)).x\n"
        "print(dbn.read((x > 0.5).float()).argmax(1))  # which digits it takes them for\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("dbn", "Deep belief network", "Deep belief network") as view:
        with view.controls():
            choices = [
                (t("a column for each digit", "una columna por dígito"), EACH),
                (t("none: the label is free", "ninguna: la etiqueta queda libre"), ANY),
                *((str(k), k) for k in range(10)),
            ]
            label = kit.choice(choices, t("Label", "Etiqueta"))
            steps = kit.slider(10, 1_000, 300, t("Sweeps", "Barridos"), step=10)
            hot = kit.slider(
                1, 4, 2, t("Hotter at first, times", "Más caliente al principio, veces"), step=0.1
            )
            temperature = kit.slider(0.5, 1.5, 1, t("Temperature", "Temperatura"), step=0.05)
            seed = kit.seed()
        with view.result():
            bars = kit.html()
            page = plates.view()
            below = plates.view()
        inputs, outputs = [label, steps, hot, temperature, seed], [page, bars, below]
        view.run(dbn, inputs, outputs, ("Let it dream", "Que sueñe"), dbn_code)
        view.on([label.input, hot.release, temperature.release], dbn)
