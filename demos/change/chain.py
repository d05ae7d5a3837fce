"""One map after another: their log-determinants add, at every point."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from demos import kit
from demos.change import ground
from demos.change.ground import MAPS, choose
from demos.kit import plates, plots, say, t
from demos.kit.panels import Panel, quads, signed

LOW, HIGH, CELLS, SPAN = np.full(2, -4.0), np.full(2, 4.0), 24, 1.6


def chain(
    first: str, much: float, second: str, more: float, x1: float, x2: float, swap: bool, lang: str
) -> Iterator[tuple]:
    """Two maps, one after the other: the log-determinant of both is the sum, and autograd agrees."""
    import torch

    from genmodels.flow import change

    maps = ordered(first, much, second, more, swap)
    made = [change.MAPS[name](amount) for name, amount in maps]
    rims, row = torch.from_numpy(quads(LOW, HIGH, CELLS)), []
    middle, at = rims.mean(1), torch.tensor([[x1, x2]], dtype=torch.float64)
    so_far, logs = torch.zeros(len(middle), dtype=torch.float64), []
    plane, names = ground.window(6.4), captions(maps, lang)
    for k in range(3):
        if k:
            rims = made[k - 1].forward(rims)[0]
            middle, each = made[k - 1].forward(middle)
            at, here = made[k - 1].forward(at)
            so_far, logs = so_far + each, [*logs, here.item()]
        panel = Panel(plane, 400).cells(rims.numpy(), signed(so_far.numpy(), SPAN), (86, 92, 98))
        row.append(panel.mark(at[0].numpy()).block(names[k], added(logs, lang)))
        yield plates.plate(plates.beside(*row, *[Panel(plane, 400).block(n) for n in names[k + 1 :]])), "", {}
    whole = change.jacobian(change.Chain(tuple(made)), torch.tensor([[x1, x2]], dtype=torch.float64))
    auto = whole.det().abs().log().item()
    yield plates.plate(plates.beside(*row)), table(maps, logs, auto, lang), {"log_det": sum(logs)}


def ordered(first: str, much: float, second: str, more: float, swap: bool) -> list[tuple[str, float]]:
    maps = [(first, much), (second, more)]
    return maps[::-1] if swap else maps


def short(name: str, lang: str) -> str:
    return say(lang, *MAPS[name]).partition(":")[0].lower()


def captions(maps: list[tuple[str, float]], lang: str) -> tuple[str, str, str]:
    words = [short(name, lang) for name, _ in maps]
    return say(lang, "start", "inicio"), words[0], f"… {words[1]}"


def added(logs: list[float], lang: str) -> str:
    """+0.4 − 0.61 = −0.21"""
    words = " ".join(signed_text(v, lang).replace("−", "− ").replace("+", "+ ") for v in logs)
    return f"{words} = {signed_text(sum(logs), lang)}" if len(logs) > 1 else words


def signed_text(value: float, lang: str) -> str:
    value = round(value, 2) + 0.0
    return ("+" if value > 0 else "") + plots.number(value, lang)


def table(maps: list[tuple[str, float]], logs: list[float], auto: float, lang: str) -> str:
    """The two terms, their sum, what autograd finds for the whole, and the factor for areas."""
    rows: list[tuple[str, ...]] = []
    for (name, _), value in zip(maps, logs, strict=True):
        rows.append((short(name, lang), f"{value:+.6f}", f"{np.exp(value):.6f}"))
    total = sum(logs)
    both = say(lang, "both: sum of logs, product of factors", "los dos: suma de logs, producto de factores")
    rows.append((both, f"{total:+.6f}", f"{np.exp(total):.6f}"))
    rows.append(
        (say(lang, "autograd, of the whole", "autograd, del conjunto"), f"{auto:+.6f}", f"{np.exp(auto):.6f}")
    )
    head = ("", "log |det J|", say(lang, "areas grow by", "las áreas crecen"))
    rows = [
        (a, *(v.replace("-", "−").replace(".", "," if lang == "es" else ".") for v in rest))
        for a, *rest in rows
    ]
    return plots.table(head, rows)


def chain_code(first: str, much: float, second: str, more: float, x1: float, x2: float, swap: bool) -> str:
    made = ", ".join(f'MAPS["{name}"]({amount})' for name, amount in ordered(first, much, second, more, swap))
    return f"""import torch
from genmodels.flow.change import MAPS, Chain, jacobian

both = Chain(({made}))
x = torch.tensor([[{x1}, {x2}]], dtype=torch.float64)
z, log_det = both.forward(x)
print(log_det, jacobian(both, x).det().abs().log())  # the sum of two, and autograd's
"""


def layout(tab: kit.Tab) -> None:
    with tab.view("chain", "One after another", "Uno tras otro") as view:
        with view.controls():
            first = choose(MAPS, "First map", "Primer mapa", "coupling")
            much = kit.slider(0, 1, 0.7, t("How much", "Cuánto"), step=0.05)
            second = choose(MAPS, "Second map", "Segundo mapa", "lens")
            more = kit.slider(0, 1, 0.8, t("How much", "Cuánto"), step=0.05)
            x1 = kit.slider(-4, 4, 0.8, t("A point, x₁", "Un punto, x₁"), step=0.1)
            x2 = kit.slider(-4, 4, 1.2, t("A point, x₂", "Un punto, x₂"), step=0.1)
            swap = kit.check(t("Swap their order", "Cambiar el orden"))
        with view.result():
            page, below = plates.view(), kit.html()
        inputs: list[Any] = [first, much, second, more, x1, x2, swap]
        view.run(chain, inputs, [page, below], ("Compose", "Componer"), chain_code)
        view.on([first.input, second.input, *(k.release for k in (much, more, x1, x2)), swap.input], chain)
