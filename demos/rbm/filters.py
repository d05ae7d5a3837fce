"""Hidden units as pictures: which of them a digit switches on, and what is lost without them.

Half of all units are on for any digit, so what speaks for this one is how far a unit is from its usual self.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr
from PIL import Image, ImageDraw

from demos import kit
from demos.kit import plates, say, t
from demos.kit.digits import ours_controls
from demos.kit.pixels import ALARM, TEAL, WIDE, across, factor
from demos.rbm import models
from demos.rbm.shown import digits, filters, sheet

if TYPE_CHECKING:
    from torch import Tensor

ADDED = (0, 4, 8, 16, 32, 64, 128)  # units that a picture is put together from, strongest first
TILE, SETTLE = 200, 60
DREAMS = 64  # chains, from which it is known how active units usually are


class Found(NamedTuple):
    v: Tensor  # (1, 784)
    active: Tensor  # (hidden,) chances
    usual: Tensor  # (hidden,) the same for any digit
    order: list[int]  # units by how strongly they speak for this digit
    off: list[int]  # those that are switched off


def seen(
    checkpoint: str, drawing: Image.Image | None, which: int, variant: int, count: int, choose: str,
    seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Hidden units, those that a digit switches on first; the digit made from them, and without some."""
    import torch

    v, note = models.picture(drawing, which, variant, lang)
    with models.use(checkpoint) as model, torch.no_grad():
        found = look(model, v.to(model.a), count, choose, seed)
        page = mosaic(model, found, lang)
        yield page, None, note, {}
        yield page, build(model, found, lang), note, {}
        built = build(model, found, lang)
        for sweep, without in settle(model, found, seed, lang):
            figures = {
                "step": sweep,
                "hidden_on": 100 * found.active.mean().item(),
                "units_off": len(found.off),
            }
            yield page, plates.plate(built, without), note, figures


def look(model: Any, v: Tensor, count: int, choose: str, seed: int) -> Found:
    """Who speaks for this digit: how much more than usual a unit is on, times the size of its weights."""
    import torch

    active, usual = model.hidden_logits(v)[0].sigmoid(), habits(model)
    order = ((active - usual) * model.weight.norm(dim=0)).argsort(descending=True).tolist()
    if choose == "random":
        shuffled = torch.randperm(len(order), generator=torch.Generator().manual_seed(seed)).tolist()
        return Found(v, active, usual, order, shuffled[:count])
    return Found(v, active, usual, order, (order if choose == "strongest" else order[::-1])[:count])


def habits(model: Any) -> Tensor:
    """How active each unit is in the machine's own pictures."""
    import torch

    from genmodels.energy.rbm import gibbs, last

    luck, noise = torch.Generator().manual_seed(0), models.static(0, DREAMS).to(model.a)
    return last(gibbs(model, noise, 150, luck)).active.mean(0)


def mosaic(model: Any, found: Found, lang: str) -> Image.Image:
    """Every unit once: framed where the digit switches it on, crossed out where we switched it off."""
    x, columns = filters(model.weight.cpu(), found.order), across(len(found.order))
    n = max(2, factor(columns, models.SIDE, 3 * WIDE // 2))
    words = say(
        lang,
        "all hidden units by their weights; framed: on for this digit; crossed: switched off",
        "todas las unidades ocultas por sus pesos; con marco: encendidas; tachadas: apagadas",
    )
    page = sheet(x, "", columns * (n * models.SIDE), columns)
    pen, step = ImageDraw.Draw(page), n * models.SIDE + plates.GAP
    for k, unit in enumerate(found.order):
        top, left = (step * i for i in divmod(k, columns))
        box = (left, top, left + step - plates.GAP - 1, top + step - plates.GAP - 1)
        if unit in found.off:
            pen.line(box, ALARM, 3)
            pen.line((box[0], box[3], box[2], box[1]), ALARM, 3)
        elif found.active[unit] > 0.5:
            pen.rectangle(box, outline=TEAL, width=2)
    return captioned(page, words)


def captioned(page: Image.Image, words: str) -> Image.Image:
    size = plates.largest(page.width)
    framed = Image.new("RGBA", (page.width, page.height + round(1.4 * size)))
    type = plates.fit(words, page.width, size)
    ImageDraw.Draw(framed).text((1, 0), words, (*plates.CAPTION, 255), type)
    framed.paste(page, (0, round(1.4 * size)))
    return framed


def build(model: Any, found: Found, lang: str) -> Image.Image:
    """Any digit, all units as active as usual; then four, eight ... set as this digit has them, then all."""
    import torch

    told = ((found.active - found.usual).abs() * model.weight.norm(dim=0)).argsort(descending=True)
    parts = []
    for n in (*ADDED, len(told)):
        some = found.usual.clone()
        some[told[:n]] = found.active[told[:n]]
        parts.append(some)
    x = torch.cat([found.v, model.visible_logits(torch.stack(parts)).sigmoid()])
    steps = ", ".join(map(str, ADDED[1:]))
    words = say(
        lang,
        f"the digit; units as usual; {steps} of them as this digit has them; all",
        f"el dígito; unidades como siempre; {steps} como las pone este dígito; todas",
    )
    return sheet(digits(x), words, 5 * TILE + 4 * plates.GAP, len(x))


def settle(model: Any, found: Found, seed: int, lang: str) -> Iterator[tuple[int, Image.Image]]:
    """One sweep from the digit and some more, with all units and without those switched off."""
    import torch

    from genmodels import runtime
    from genmodels.energy.rbm import gibbs

    off = torch.zeros(len(found.active), dtype=torch.bool, device=found.v.device)
    off[found.off] = True
    same = [runtime.generators(seed, 4) for _ in range(2)]
    both = (
        gibbs(model, found.v.expand(4, -1), SETTLE, luck, off=o)
        for luck, o in zip(same, (None, off), strict=True)
    )
    for whole, less in zip(*both, strict=True):
        if whole.i in (1, 2, 5, 10, 20, 40, SETTLE):
            names = (
                say(lang, f"all units, sweep {whole.i}", f"con todas, barrido {whole.i}"),
                say(lang, f"without {len(found.off)}", f"sin {len(found.off)}"),
            )
            pair = zip((whole, less), names, strict=True)
            sheets = [sheet(digits(s.chances), name, 2 * TILE + 100, 4) for s, name in pair]
            yield whole.i, plates.beside(*sheets)


def filters_code(
    checkpoint: str, drawing: Image.Image | None, which: int, variant: int, count: int, choose: str, seed: int
) -> str:
    return models.loading(checkpoint, *models.PICTURE, names="RBM, gibbs, last") + (
        models.picture_code(which, variant) + "active = rbm.hidden_logits(v)[0].sigmoid()\n"
        "order = (active * rbm.weight.norm(dim=0)).argsort(descending=True)\n"
        f"off = torch.zeros(rbm.config.hidden, dtype=torch.bool)\noff[order[:{count}]] = True\n"
        f"luck = torch.Generator().manual_seed({seed})\n"
        f"x = last(gibbs(rbm, v, {SETTLE}, luck, off=off)).chances.reshape(28, 28)\n"
        "print(active.sum(), x.sum())\n"
    )


def key() -> str:
    """What the two colours of a filter mean."""
    left, right = (
        kit.both("here rather black", "aquí más bien negro"),
        kit.both("rather white", "más bien blanco"),
    )
    scale = "linear-gradient(90deg,rgb(236,128,62),rgb(16,19,22),rgb(92,214,205))"
    return (
        "<p style='display:flex;gap:8px;align-items:center;font-size:16px;flex-wrap:wrap;margin:4px 0'>"
        f"{left}<i style='width:120px;height:14px;border-radius:4px;background:{scale}'></i>{right}</p>"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("filters", "Hidden units", "Unidades ocultas") as view:
        with view.controls():
            which, variant = ours_controls(8, 2)
            drawing = models.board()
            count = kit.slider(0, 64, 20, t("Switch off so many units", "Apagar tantas unidades"), step=1)
            choices = [
                (t("the strongest for this digit", "las más fuertes para este dígito"), "strongest"),
                (t("any, by the seed", "cualesquiera, según la semilla"), "random"),
                (t("those that it doesn't use", "las que no usa"), "idle"),
            ]
            choose = kit.choice(choices, t("Which", "Cuáles"))
            with gr.Accordion(t("Seed", "Semilla"), open=False):
                seed = kit.seed()
            kit.html(key())
        with view.result():
            without = plates.view()
            page = plates.view()
            note = kit.html()
        inputs = [tab.checkpoint, drawing, which, variant, count, choose, seed]
        view.run(seen, inputs, [page, without, note], ("Look inside", "Mirar adentro"), filters_code)
        view.on([which.input, variant.release, count.release, choose.input], seen)
