"""One noise under every class: what stays is the noise's doing, what changes is the label's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from demos import kit
from demos.guidance import drawing, reading, sheets
from demos.kit import denoisers, pixels, plates, plots, readers, say, t
from demos.kit.denoisers import kind_of
from demos.kit.pixels import Pace

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from demos.kit.readers import Reading

ACROSS = 6  # classes beside each other, at most
GLASSES = (("without glasses", "sin anteojos"), ("with glasses", "con anteojos"))


def same(checkpoint: str, seed: int, rows: int, scale: float, steps: int, lang: str) -> Iterator[tuple]:
    """A row is one noise, a column one class; where in the picture each of both decides, and how much."""
    n = drawing.classes(checkpoint)
    told, time = list(range(n)) * rows, Pace(1, 0)
    with denoisers.use(checkpoint) as denoise:
        x, grid = drawing.noise(denoise, seed, rows, steps)
        x = x.repeat_interleave(n, 0)
        for made in drawing.paint(x, grid, drawing.ordered(denoise, told, scale)):
            if time.due(0):
                yield blocks(checkpoint, made, None, lang), None, "", {}
    found = readers.read(checkpoint, made)
    figures = {"obeyed": reading.obeyed(told, found.found())} if found.found() else {}
    words = shares(checkpoint, made, found, n, lang)
    table = made.unflatten(0, (rows, n))
    yield blocks(checkpoint, made, found, lang), maps(table, lang), words, figures | {"made": len(made)}


def groups(checkpoint: str) -> list[list[int]]:
    """The classes of each block of columns: faces without glasses, with; else as they come."""
    n = drawing.classes(checkpoint)
    if kind_of(checkpoint) == "faces":
        return [list(range(0, n, 2)), list(range(1, n, 2))]
    parts = -(-n // ACROSS)
    across = -(-n // parts)
    return [list(range(k, min(n, k + across))) for k in range(0, n, across)]


def blocks(checkpoint: str, x: Tensor, found: Reading | None, lang: str) -> Image.Image:
    """One sheet per group of classes, one above the other."""
    n = drawing.classes(checkpoint)
    table, told = x.unflatten(0, (-1, n)), list(range(n)) * (len(x) // n)
    feet = [("", None)] * len(x) if found is None else sheets.feet(checkpoint, told, found, lang, brief=True)
    made, lines = [], sheets.lines_of(checkpoint)
    for group in groups(checkpoint):
        under = [feet[row * n + k] for row in range(len(table)) for k in group]
        heads, caption = [denoisers.words(checkpoint, k, lang) for k in group], ""
        if kind_of(checkpoint) == "faces":
            heads = [denoisers.words(checkpoint, k - k % 2, lang) for k in group]
            caption = say(lang, *GLASSES[group[0] % 2])
        shown = table[:, group].flatten(0, 1)
        made.append(sheets.sheet(shown, len(group), caption=caption, heads=heads, feet=under, lines=lines))
    return plates.plate(*made)


def maps(x: Tensor, lang: str) -> Image.Image:
    """How much each pixel changes with the class while the noise stays, and the other way round."""
    spread = {d: x.std(d).mean((0, 1)) for d in ((1, 0) if len(x) > 1 else (1,))}
    names = {1: say(lang, "changes with the class", "cambia con la clase"),
             0: say(lang, "with the noise", "con el ruido")}  # fmt: skip
    top = max(m.max().item() for m in spread.values()) + 1e-6
    tiles = (plates.block(names[d], pixels.heat(m[None], top), tile=300, type=27) for d, m in spread.items())
    return plates.beside(*tiles)


def split(x: Tensor) -> tuple[float, float, float]:
    """(Z, L, F) -> shares of the variance between the labels' means, between the noises', and the rest."""
    mean, by_noise, by_label = x.mean((0, 1)), x.mean(1), x.mean(0)
    whole = (x - mean).square().mean((0, 1)).sum().clamp(min=1e-12)
    label, noise = ((m - mean).square().mean(0).sum() / whole for m in (by_label, by_noise))
    return label.item(), noise.item(), max(0.0, 1 - (label + noise).item())


def shares(checkpoint: str, x: Tensor, found: Reading, n: int, lang: str) -> str:
    """Who decides: in pixels, and as the reader sees it."""
    rows = [(say(lang, "in pixels", "en píxeles"), split(x.flatten(1).unflatten(0, (-1, n))))]
    if found.beliefs is not None:
        to_reader = say(lang, "to the reader", "para el lector")
        rows.append((to_reader, split(found.features.unflatten(0, (-1, n)))))
    legend = plots.legend(
        ("mark", say(lang, "goes with the class", "va con la clase")),
        ("soft", say(lang, "with the noise", "con el ruido")),
        ("warm", say(lang, "with neither alone", "con ninguno por sí solo")),
    )
    title = say(lang, "Of the differences between these pictures", "De las diferencias entre estas imágenes")
    bars = "".join(bar(words, parts) for words, parts in rows)
    return f"<h4>{title}</h4>{legend}<div class='bar-rows'>{bars}</div>"


def bar(words: str, parts: tuple[float, float, float]) -> str:
    left, pieces = 0.0, ""
    for kind, share in zip(("mark", "soft", "warm"), parts, strict=True):
        pieces += f"<b class='{kind}' style='left:{100 * left:.1f}%;width:{100 * share:.1f}%'></b>"
        left += share
    label, noise, _ = parts
    widths = "grid-template-columns:minmax(90px,140px) 1fr 96px"
    return (
        f"<div class='bar-row' style='{widths}'><span>{words}</span>"
        f"<i style='background:none'>{pieces}</i><em>{100 * label:.0f} : {100 * noise:.0f}</em></div>"
    )


def same_code(checkpoint: str, seed: int, rows: int, scale: float, steps: int) -> str:
    n = drawing.classes(checkpoint)
    return (
        drawing.start_code(checkpoint, seed, rows, steps, drawing.GUIDED)
        + f"labels = torch.arange({n}).repeat({rows})\n"
        f"x = x.repeat_interleave({n}, 0)  # each noise under each class\n"
        f"*_, last = samplers.dpm(guided(denoise, labels, {scale:g}), x, sigmas)\n"
        f"table = last.x.unflatten(0, ({rows}, {n}))  # noise, class, C, H, W\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("same", "Same noise", "Mismo ruido") as view:
        with view.controls():
            seed = kit.seed(1, t("Seed of the first row", "Semilla de la primera fila"))
            rows = kit.slider(1, 6, 2, t("Rows: one noise each", "Filas: un ruido cada una"), step=1)
            scale, steps = drawing.scale_slider(), drawing.steps_slider()
        with view.result():
            picture = plates.view()
            where = plates.view()
            who = kit.html()
        inputs = [tab.checkpoint, seed, rows, scale, steps]
        view.run(same, inputs, [picture, where, who], ("Draw all", "Dibujar todo"), same_code)
        view.on([rows.release, scale.release, steps.release], same)
