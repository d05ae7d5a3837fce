"""The same noises, urged ever more towards one class: obedience rises, variety falls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from demos import kit
from demos.guidance import drawing, reading, sheets
from demos.kit import denoisers, plates, plots, readers, say, t
from demos.kit.pixels import Pace

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from demos.kit.readers import Reading

SCALES = (0.0, 1.0, 2.0, 4.0, 8.0)
ROWS = 4  # of the noises that are shown; the numbers are of all


class Column(NamedTuple):
    """What one strength of guidance made of all noises."""

    x: Tensor
    found: Reading
    obeys: float | None  # share of pictures; None without a reader
    belief: float | None  # in the class, mean of the pictures
    varied: float
    light: float  # standard deviation of the values of a picture, mean of the pictures


def scale(
    checkpoint: str, seed: int, count: int, steps: int, when: str, faces: str, fashion: str, sprites: str,
    emoji: str, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """One noise a row, one strength of guidance a column; and how many obey, and how different they are."""
    label = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    done: list[Column] = []
    time = Pace(1, 0)
    with denoisers.use(checkpoint) as denoise:
        x, grid = drawing.noise(denoise, seed, count, steps)
        for s in SCALES:
            for made in drawing.paint(x, grid, drawing.ordered(denoise, [label] * count, s, when)):
                if time.due(0):
                    yield strip(checkpoint, done, made, label, lang), "", {}
            done.append(column(checkpoint, made, label))
    yield strip(checkpoint, done, None, label, lang), measured(done, lang), {"made": count * len(SCALES)}


def column(checkpoint: str, x: Tensor, label: int) -> Column:
    found = readers.read(checkpoint, x)
    obeys = belief = None
    if found.beliefs is not None:
        obeys = reading.obeyed([label] * len(x), found.found())
        belief = found.beliefs[:, label].mean().item()
    light = x.flatten(1).std(1).mean().item()
    return Column(x, found, obeys, belief, reading.variety(found.features), light)


def strip(checkpoint: str, done: list[Column], now: Tensor | None, label: int, lang: str) -> Image.Image:
    """What is done, what comes out just `now`, and room for the rest."""
    import torch

    columns = [c.x for c in done] + ([] if now is None else [now])
    blank = torch.full_like(columns[0], drawing.EMPTY)
    columns += [blank] * (len(SCALES) - len(columns))
    x = torch.stack([c[:ROWS] for c in columns], 1)  # rows, columns, C, H, W
    feet = [sheets.feet(checkpoint, [label] * len(c.x), c.found, lang, brief=True) for c in done]
    feet = [f[:ROWS] for f in feet] + [[("", None)] * len(x)] * (len(SCALES) - len(feet))
    heads = [f"s = {s:g}" for s in SCALES]
    caption = denoisers.words(checkpoint, label, lang)
    rows = [f[k] for k in range(len(x)) for f in feet]
    return sheets.sheet(
        x.flatten(0, 1),
        len(SCALES),
        caption=caption,
        heads=heads,
        feet=rows,
        lines=sheets.lines_of(checkpoint),
    )


def measured(done: list[Column], lang: str) -> str:
    """Two curves over the strength, and the numbers in a table."""
    return curves(done, lang) + table(done, lang)


def curves(done: list[Column], lang: str) -> str:
    axes = plots.Axes((0, SCALES[-1] * 1.03), (0, 1.25), width=760, height=280, left=48)
    varied = [c.varied / done[1].varied for c in done]  # 1 is what it is without guidance
    marks = [plots.line(SCALES, [min(v, 1.25) for v in varied], "warm")]
    names = [("warm", say(lang, "variety (s = 1: 1)", "variedad (s = 1: 1)"))]
    if done[0].obeys is not None:
        marks += [
            plots.line(SCALES, [c.obeys for c in done], "mark"),
            plots.line(SCALES, [c.belief for c in done], "mark", dashed=True),
        ]
        names = [
            ("mark", say(lang, "share that obeys (dashed: mean belief in the class)",
                         "parte que obedece (a trazos: creencia media en la clase)")),
            *names,
        ]  # fmt: skip
    drawn = plots.plot(axes, *marks, across=say(lang, "guidance s", "guía s"), up=True, lang=lang)
    return plots.legend(*names) + plots.figures(drawn, least=320)


def table(done: list[Column], lang: str) -> str:
    head = [
        "s",
        say(lang, "obeys", "obedece"),
        say(lang, "variety", "variedad"),
        say(lang, "contrast", "contraste"),
    ]
    rows = [
        (
            plots.number(s, lang),
            "–" if c.obeys is None else say(lang, f"{100 * c.obeys:.0f}%", f"{100 * c.obeys:.0f} %"),
            plots.number(c.varied / done[1].varied, lang, 2),
            plots.number(c.light / done[1].light, lang, 3),
        )
        for s, c in zip(SCALES, done, strict=True)
    ]
    about = say(
        lang,
        "Variety is the mean distance between two of these pictures, contrast the spread of a picture's "
        "values; both are 1 where the network is only told the class.",
        "La variedad es la distancia media entre dos de estas imágenes; el contraste, la dispersión de los "
        "valores de una. Ambos son 1 donde a la red solo se le dice la clase.",
    )
    return f"{plots.table(head, rows)}<p class='hint'>{about}</p>"


def scale_code(
    checkpoint: str, seed: int, count: int, steps: int, when: str, faces: str, fashion: str, sprites: str,
    emoji: str,
) -> str:  # fmt: skip
    label = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    low, high = drawing.WHEN[when]
    limits = (
        "" if when == "always" else f', {low:g}, float("inf")' if when == "early" else f", {low:g}, {high:g}"
    )
    return (
        drawing.start_code(
            checkpoint, seed, count, steps, "from genmodels.diffusion.guidance import combined, guidance"
        )
        + f"labels = torch.tensor([[{label}], [{drawing.classes(checkpoint)}]]).expand(2, {count})\n"
        "strip = []\n"
        f"for scale in {SCALES}:\n"
        f"    belief = combined(denoise, labels, guidance(scale, {count}{limits}))\n"
        "    *_, last = samplers.dpm(belief, x, sigmas)\n"
        "    strip.append(last.x)\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("scale", "How strongly", "Con cuánta fuerza") as view:
        with view.controls():
            told = denoisers.pickers(7, 6, 0, 0, any_=False)
            seed = kit.seed(1)
            count = kit.slider(2, 32, 6, t("Noises", "Ruidos"), step=1)
            when, steps = drawing.when_choice(), drawing.steps_slider()
        with view.result():
            picture = plates.view()
            numbers = kit.html()
        inputs = [tab.checkpoint, seed, count, steps, when, *told]
        view.run(scale, inputs, [picture, numbers], ("Draw the strip", "Dibujar la tira"), scale_code)
        view.on([*(p.input for p in told), when.input, count.release, steps.release], scale)
