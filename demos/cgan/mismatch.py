"""A picture under wrong labels: the critic's score for each, in two terms, and how good a judge that makes.

In training the critic sees real pictures under their own labels, generated ones under those that were asked
for, and a real picture under another's label, which must fit worse, up to a margin.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PIL import Image

from demos import kit
from demos.cgan import labels, models, subjects
from demos.cgan.labels import Label
from demos.kit import plates, plots, say, t

if TYPE_CHECKING:
    from torch import Tensor

PART = 16  # pictures between two signs
STRIDE = 3  # seeds from one picture to the next, at least: the painter passes over who shows no hair
PENCILS = ("#2b2622", "#8a5a3c", "#f2c39b", "#d9a441", "#b8431c", "#aed3ea", "#ffffff")


def mismatch(
    checkpoint: str, drawing: Image.Image | None, source: str, seed: int, hair: str, glasses: str,
    garment: str, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Ask the critic about one picture under every label: generated, held out, or the visitor's own."""
    label = labels.asked(checkpoint, hair, glasses, garment)
    with models.use(checkpoint) as model:
        if drawing is None:
            x, [true] = subjects.ours(checkpoint, model, source, seed, 1, label)
            caption = subjects.named(checkpoint, source, lang)
        else:
            x, true, caption = (
                subjects.brought(checkpoint, drawing, lang),
                None,
                say(lang, "yours", "la tuya"),
            )
        picture = plates.block(caption, models.seen(checkpoint, x), tile=256, type=27)
        yield picture, "", {}
        score = models.score(model, x)
    (read,) = models.read(checkpoint, x)
    bars = chart(checkpoint, score, true, lang) + verdict(checkpoint, score, true, read, lang)
    yield picture, bars, {}


# ------------------------------------------------------------------------------------------ one picture


def parts(checkpoint: str, fits: Tensor) -> list[Tensor]:
    """(B, classes) -> for each attribute (B, its classes)."""
    return list(fits.split([len(group) for group in labels.GROUPS[checkpoint].values()], 1))


def best(checkpoint: str, fits: Tensor) -> list[Label]:
    """The label that the critic likes most for each picture."""
    return list(zip(*(part.argmax(1).tolist() for part in parts(checkpoint, fits)), strict=True))


def chart(checkpoint: str, score: models.Score, true: Label | None, lang: str) -> str:
    """Both terms: one bar that every label shares, and one for each class."""
    real, span = score.real.item(), max(1e-3, score.real.abs().item(), score.fits.abs().max().item())
    words = say(lang, "any label", "cualquiera")
    found = heading(say(lang, "Is it real? f(h)", "¿Es real? f(h)"))
    found += plots.signed_bars([(words, real, "ink")], span, lang)
    (liked,) = best(checkpoint, score.fits)
    groups = labels.GROUPS[checkpoint].items()
    for g, ((name, group), part) in enumerate(zip(groups, parts(checkpoint, score.fits), strict=True)):
        what, rows = say(lang, *labels.ATTRIBUTES[name]).lower(), []
        for c, (words, value) in enumerate(zip(group.values(), part[0].tolist(), strict=True)):
            flag = "● " if true and c == true[g] else ""
            rows.append((flag + say(lang, *words), value, "mark" if c == liked[g] else "soft"))
        title = say(lang, f"Does it fit? ⟨V y, h⟩, {what}", f"¿Corresponde? ⟨V y, h⟩, {what}")
        found += heading(title) + plots.signed_bars(rows, span, lang)
    return found


def heading(words: str) -> str:
    return f"<h4>{words}</h4>"


def verdict(checkpoint: str, score: models.Score, true: Label | None, read: Label, lang: str) -> str:
    """In words: what it likes best, what the reader reads, and what it is."""
    names = {
        say(lang, "The critic likes best", "El crítico prefiere"): best(checkpoint, score.fits)[0],
        say(lang, "the reader says", "el lector dice"): read,
    }
    if true:
        names[say(lang, "it is (●)", "es (●)")] = true
    words = "; ".join(f"{k}: <b>{full(checkpoint, v, lang)}</b>" for k, v in names.items())
    return f"<p>{words}.</p>"


def full(checkpoint: str, label: Label, lang: str) -> str:
    """A label with what it lacks said, too."""
    groups = labels.GROUPS[checkpoint].values()
    return ", ".join(say(lang, *list(group.values())[c]) for group, c in zip(groups, label, strict=True))


# ------------------------------------------------------------------------------------------ many pictures


def count(checkpoint: str, source: str, seed: int, many: int, lang: str) -> Iterator[tuple]:
    """How often the critic likes the right label best, over many pictures, beside the reader and chance."""
    anyone = (-1,) * len(labels.GROUPS[checkpoint])
    true: list[Label] = []
    liked: list[Label] = []
    read: list[Label] = []
    with models.use(checkpoint) as model:
        while len(true) < many:
            start, n = seed + STRIDE * len(true), min(PART, many - len(true))
            x, told = subjects.ours(checkpoint, model, source, start, n, anyone)
            true += told
            liked += best(checkpoint, models.score(model, x).fits)
            read += models.read(checkpoint, x)
            right = {"critic_right": models.obeyed(true, liked)}
            yield tally(checkpoint, source, true, liked, read, lang), right


def tally(
    checkpoint: str, source: str, true: list[Label], liked: list[Label], read: list[Label], lang: str
) -> str:
    """How often each is right, attribute by attribute."""
    groups = labels.GROUPS[checkpoint]
    head = [f"{subjects.named(checkpoint, source, lang)}, {len(true)}"]
    head += [say(lang, *labels.ATTRIBUTES[name]) for name in groups]
    rows = [
        [
            say(lang, "critic: likes the right label best", "crítico: prefiere la correcta"),
            *shares(true, liked),
        ],
        [say(lang, "reader, trained for it", "lector, entrenado para eso"), *shares(true, read)],
        [say(lang, "chance", "azar"), *(f"{100 / len(group):.0f} %" for group in groups.values())],
    ]
    return plots.table(head, rows)


def shares(true: list[Label], said: list[Label]) -> list[str]:
    pairs = list(zip(true, said, strict=True))
    return [f"{100 * sum(a[g] == b[g] for a, b in pairs) / len(pairs):.0f} %" for g in range(len(true[0]))]


def mismatch_code(
    checkpoint: str,
    drawing: Image.Image | None,
    source: str,
    seed: int,
    hair: str,
    glasses: str,
    garment: str,
) -> str:
    label = ", ".join(map(str, labels.asked(checkpoint, hair, glasses, garment)))
    return (
        "import torch\n\nfrom genmodels.gan.cgan import CGAN\nfrom genmodels.gan.latent import truncated\n\n"
        f'model = CGAN.from_pretrained("{checkpoint}")\n'
        f"z = truncated({seed}, 1, model.config.latent, 3)\n"
        f"x = model.generator(z, model.label({label})[None])  # or a picture of yours, in [-1, 1]\n"
        "h = model.judge.features(x)\n"
        'print("real?", model.judge.last(h).item())\n'
        "for name, fit in zip(model.config.classes, (h.sum((2, 3)) @ model.look.weight)[0].tolist()):\n"
        "    print(name, fit)\n"
    )


def count_code(checkpoint: str, source: str, seed: int, many: int) -> str:
    return (
        "import torch\n\nfrom genmodels.gan.cgan import CGAN\nfrom genmodels.gan.latent import truncated\n\n"
        f'model = CGAN.from_pretrained("{checkpoint}")\nfirst = model.config.groups[0]\n'
        f"k = torch.arange({many}) % first\n"
        "y = torch.stack([model.label(*[c, 0][: len(model.config.groups)]) for c in k.tolist()])\n"
        f"x = model.generator(truncated({seed}, {many}, model.config.latent, 3), y)\n"
        "fits = model.judge.features(x).sum((2, 3)) @ model.look.weight\n"
        "print((fits[:, :first].argmax(1) == k).float().mean())\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("mismatch", "Wrong labels", "Etiquetas equivocadas") as view:
        with view.controls():
            sources = [
                (t("generated, as asked below", "generada, según lo pedido abajo"), "generated"),
                (
                    t(
                        "held out: painted faces, drawn garments",
                        "apartada: caras pintadas, prendas dibujadas",
                    ),
                    "held-out",
                ),
            ]
            source = kit.choice(sources, t("Picture", "Imagen"), "held-out")
            seed = kit.seed(1)
            told = labels.pickers("red", "glasses", "boot")
            words = t("Or draw one, or drop a picture", "O dibuja una, o suelta una imagen")
            drawing = kit.drawing(words, brush=12, colours=PENCILS)
        with view.result():
            picture = plates.view()
            bars = kit.html()
            table = kit.html()
        inputs = [tab.checkpoint, drawing, source, seed, *told]
        view.run(mismatch, inputs, [picture, bars], ("Ask the critic", "Preguntar al crítico"), mismatch_code)
        view.on([source.input, *(p.input for p in told)], mismatch)
        with view.controls():
            many = kit.slider(
                16, 512, 96, t("Pictures to ask about", "Imágenes por las que preguntar"), step=16
            )
        view.run(
            count, [tab.checkpoint, source, seed, many], [table], ("Ask about many", "Preguntar por muchas"),
            count_code, name="count",
        )  # fmt: skip
