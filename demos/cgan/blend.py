"""From one label to another while z stays: labels that no picture had, and what both networks say of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PIL import Image

from demos import kit
from demos.cgan import labels, models
from demos.cgan.labels import Label
from demos.kit import plates, plots, say, t

if TYPE_CHECKING:
    from torch import Tensor

ROWS, STRIP, BETWEEN = 3, 9, 2  # noises; labels in a row of the strip; frames from one of them to the next
LINES = (("warm", False), ("mark", False), ("warm", True), ("mark", True))


def blend(
    checkpoint: str, seed: int, hair: str, glasses: str, garment: str, to_hair: str, to_glasses: str,
    to_garment: str, beyond: float, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """A film and strips from one label to another and beyond, with what the reader and the critic say."""
    ends = [
        labels.asked(checkpoint, *keys)
        for keys in ((hair, glasses, garment), (to_hair, to_glasses, to_garment))
    ]
    with models.use(checkpoint) as model:
        share, y = between(*models.one_hot(model, ends), (STRIP - 1) * BETWEEN + 1, beyond)
        z = models.noise(model, seed, ROWS, 3)
        strips: list[Tensor] = []
        for row in z:
            strips.append(models.draw(model, row.expand(len(y), -1), y))
            frame, strip = large(checkpoint, strips[0][-1:]), sheet(checkpoint, strips, ends, lang)
            yield frame, strip, "", {}
        scores = [models.score(model, x) for x in strips]
    belief = sum(models.beliefs(checkpoint, x) for x in strips) / ROWS
    real = sum(s.real for s in scores) / ROWS
    fits = sum((s.fits * y).sum(1) for s in scores) / ROWS
    film = kit.film([large(checkpoint, x[None]) for x in strips[0]], fps=10, bounce=True)
    curves = plots.figures(
        opinion(checkpoint, share.tolist(), belief, ends, lang), heights(share.tolist(), real, fits, lang)
    )
    yield film, strip, curves, {"made": ROWS * len(y)}


def between(a: Tensor, b: Tensor, steps: int, beyond: float) -> tuple[Tensor, Tensor]:
    """Shares of the way, from -beyond to 1 + beyond, and the labels there: (steps,), (steps, classes)."""
    import torch

    share = torch.linspace(-beyond, 1 + beyond, steps)
    return share, a + share[:, None] * (b - a)


def large(checkpoint: str, x: Tensor) -> Image.Image:
    return kit.to_pil(models.seen(checkpoint, x)[0]).resize((384, 384), Image.Resampling.LANCZOS)


def sheet(checkpoint: str, strips: list[Tensor], ends: list[Label], lang: str) -> Image.Image:
    """A row per z, every second frame."""
    import torch

    x = models.seen(checkpoint, torch.cat([strip[::BETWEEN] for strip in strips]))
    a, b = (labels.words(checkpoint, label, lang) for label in ends)
    return plates.block(f"{a} → {b}", x, columns=STRIP, tile=128, places=ROWS * STRIP)


def opinion(checkpoint: str, share: list[float], belief: Tensor, ends: list[Label], lang: str) -> str:
    """The reader's belief in both ends of each attribute that changes, and in its favourite third."""
    axes = plots.Axes((share[0], share[-1]), (0, 1.05), left=44)
    marks, names, lines, first = edges(axes), [], iter(LINES), 0
    groups = labels.GROUPS[checkpoint]
    for (name, group), a, b in zip(groups.items(), *ends, strict=True):
        part, words = belief[:, first : first + len(group)], list(group.values())
        first += len(group)
        if a == b and (name != next(iter(groups)) or ends[0] != ends[1]):
            continue
        for c in dict.fromkeys((a, b)):
            kind, dashed = next(lines)
            marks.append(plots.line(share, part[:, c].tolist(), kind, dashed))
            names.append(
                (kind, say(lang, *words[c]) + (f" ({say(lang, 'dashed', 'a trazos')})" if dashed else ""))
            )
        if len(group) > 2:
            rest = [c for c in range(len(group)) if c not in (a, b)]
            third = rest[int(part[:, rest].amax(0).argmax())]
            marks.append(plots.line(share, part[:, third].tolist(), "soft"))
            names.append(("soft", say(lang, *words[third])))
    title = say(lang, "What the reader sees, from 0 to 1", "Lo que ve el lector, de 0 a 1")
    drawn = plots.plot(axes, *marks, title=title, across="t", up=True, lang=lang)
    return f"<div>{drawn}{plots.legend(*names)}</div>"


def heights(share: list[float], real: Tensor, fits: Tensor, lang: str) -> str:
    """The critic's two terms along the way, with the label of each place."""
    lowest, highest = (f(real.tolist() + fits.tolist()) for f in (min, max))
    air = 0.08 * (highest - lowest) + 1e-3
    axes = plots.Axes((share[0], share[-1]), (lowest - air, highest + air), left=52)
    marks = [plots.line(share, real.tolist(), "ink"), plots.line(share, fits.tolist(), "mark")]
    title = say(lang, "What the critic says, in two terms", "Lo que dice el crítico, en dos términos")
    names = (
        ("ink", say(lang, "is it real? f(h)", "¿es real? f(h)")),
        ("mark", say(lang, "does it fit? ⟨V y, h⟩", "¿corresponde? ⟨V y, h⟩")),
    )
    drawn = plots.plot(axes, *edges(axes), *marks, title=title, across="t", up=True, lang=lang)
    return f"<div>{drawn}{plots.legend(*names)}</div>"


def edges(axes: plots.Axes) -> list[plots.Mark]:
    """Where the labels are true ones: upright lines at 0 and 1, if the way goes beyond them."""
    if axes.x[0] >= 0:
        return []
    return [plots.line([at, at], axes.y, "soft", dashed=True) for at in (0, 1)]


def blend_code(
    checkpoint: str, seed: int, hair: str, glasses: str, garment: str, to_hair: str, to_glasses: str,
    to_garment: str, beyond: float,
) -> str:  # fmt: skip
    a, b = (
        ", ".join(map(str, labels.asked(checkpoint, *keys)))
        for keys in ((hair, glasses, garment), (to_hair, to_glasses, to_garment))
    )
    steps = (STRIP - 1) * BETWEEN + 1
    return (
        "import torch\n\nfrom genmodels.gan.cgan import CGAN\nfrom genmodels.gan.latent import truncated\n\n"
        f'model = CGAN.from_pretrained("{checkpoint}")\na, b = model.label({a}), model.label({b})\n'
        f"t = torch.linspace({-beyond:g}, {1 + beyond:g}, {steps})[:, None]\n"
        "y = a + t * (b - a)\n"
        f"z = truncated({seed}, 1, model.config.latent, 3)\n"
        f"film = model.generator(z.expand({steps}, -1), y)\n"
        "score = model.critic(film, y)\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("blend", "Between labels", "Entre etiquetas") as view:
        with view.controls():
            start = labels.pickers("black", "bare", "shirt")
            end = labels.pickers("red", "glasses", "trousers", to=True)
            seed = kit.seed(1)
            beyond = kit.slider(
                0, 1, 0, t("How far beyond both ends", "Cuánto más allá de las puntas"), step=0.25
            )
        with view.result():
            film = kit.picture(height=340)
            strip = plates.view()
            curves = kit.html()
        inputs = [tab.checkpoint, seed, *start, *end, beyond]
        view.run(blend, inputs, [film, strip, curves], ("Blend", "Mezclar"), blend_code)
        view.on([*(p.input for p in (*start, *end)), beyond.release], blend)
