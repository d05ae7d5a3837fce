"""Asked against read, over many pictures drawn now: who obeys, and what is taken for what."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from demos import kit
from demos.cgan import labels, models
from demos.cgan.labels import Label
from demos.cgan.pictures import judged
from demos.cgan.same import every_code
from demos.cgan.sample import figures, truncation_slider
from demos.kit import plates, plots, say, t

if TYPE_CHECKING:
    from torch import Tensor

PART = 4  # z between two signs, each under every label
CAUGHT = 12  # pictures shown that the reader reads otherwise


def table(checkpoint: str, seed: int, each: int, truncation: float, lang: str) -> Iterator[tuple]:
    """Draw so many pictures under each label and count what a reader takes them for; show the disobedient."""
    every = labels.every(checkpoint)
    asked: list[Label] = []
    found: list[Label] = []
    caught: list[tuple[Tensor, Label, Label]] = []
    with models.use(checkpoint) as model:
        z, y = models.noise(model, seed, each, truncation), models.one_hot(model, every)
        for part in z.split(PART):
            x = models.draw(model, part.repeat_interleave(len(y), 0), y.repeat(len(part), 1))
            told, read = every * len(part), models.read(checkpoint, x)
            caught += [c for c in zip(x, told, read, strict=True) if c[1] != c[2]][: CAUGHT - len(caught)]
            asked, found = asked + told, found + read
            yield (
                gallery(checkpoint, caught or list(zip(x, told, read, strict=True))[:4], lang),
                tables(checkpoint, asked, found, lang),
                figures(checkpoint, asked, found),
            )


def gallery(checkpoint: str, caught: list[tuple[Tensor, Label, Label]], lang: str) -> Image.Image:
    """Those that the reader reads otherwise: asked ≠ read. Where all obey, a few of them."""
    import torch

    x, told, read = zip(*caught, strict=True)
    return judged(checkpoint, torch.stack(x), list(told), list(read), 4, lang)


def confusion(asked: list[int], found: list[int], classes: int) -> np.ndarray:
    """(asked, read) counts."""
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (asked, found), 1)
    return counts


def tables(checkpoint: str, asked: list[Label], found: list[Label], lang: str) -> str:
    """One table per attribute."""
    made = []
    for g, (name, group) in enumerate(labels.GROUPS[checkpoint].items()):
        counts = confusion([a[g] for a in asked], [f[g] for f in found], len(group))
        title = say(lang, *labels.ATTRIBUTES[name])
        about = say(
            lang,
            "Down: what was asked for. Across: what is read.",
            "Hacia abajo: lo pedido. A lo ancho: lo leído.",
        )
        share = 100 * counts.trace() / counts.sum()
        words = [say(lang, *pair) for pair in group.values()]
        made.append(f"<h4>{title}: {plots.number(share, lang)} %</h4><p>{about}</p>{grid(words, counts)}")
    return "".join(made)


def grid(words: list[str], counts: np.ndarray) -> str:
    """Counts in cells as strongly coloured as their share of the row: the diagonal, and the rest."""
    head = "".join(f"<th scope='col'><span>{html.escape(w)}</span></th>" for w in words)
    body = ""
    for i, (name, row) in enumerate(zip(words, counts, strict=True)):
        cells = "".join(cell(int(n), n / max(1, row.sum()), i == j) for j, n in enumerate(row))
        body += f"<tr><th scope='row'>{html.escape(name)}</th>{cells}</tr>"
    return f"<div class='heat'><table><thead><tr><td></td>{head}</tr></thead>{body}</table></div>"


def cell(n: int, share: float, right: bool) -> str:
    hue, strong = "mark" if right else "warm", " class='strong'" if share > 0.6 else ""
    return f"<td{strong} style='--share:{100 * share:.0f}%;--hue:var(--{hue})'>{n or ''}</td>"


def table_code(checkpoint: str, seed: int, each: int, truncation: float) -> str:
    faces = checkpoint == labels.FACES
    net, name = ("AttributesNet", "attributes-faces") if faces else ("FashionNet", "features-fashion")
    read = (
        'hair = [reader.config.attributes.index(f"hair_{c}") for c in model.config.classes[:6]]\n'
        "read = reader.outputs(x)[:, hair].argmax(1)\n"
        if faces
        else "read = reader.logits(x[..., 2:30, 2:30]).argmax(1)\n"
    )
    return (
        "import torch\n\nfrom genmodels.gan.cgan import CGAN\nfrom genmodels.gan.latent import truncated\n"
        f"from genmodels.metrics.features import {net}\n\n"
        f'model, reader = CGAN.from_pretrained("{checkpoint}"), {net}.from_pretrained("{name}")\n'
        f"labels = {every_code(checkpoint)} * {each}\n"
        f"z = truncated({seed}, {each}, model.config.latent, {truncation:g})\n"
        f"z = z.repeat_interleave(len(labels) // {each}, 0)\n"
        f"x = model.generator(z, torch.stack([model.label(*label) for label in labels]))\n{read}"
        "print((read == torch.tensor([label[0] for label in labels])).float().mean())\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("table", "Asked and read", "Pedido y leído") as view:
        with view.controls():
            seed = kit.seed(1)
            each = kit.slider(4, 100, 12, t("Pictures under each label", "Imágenes por etiqueta"), step=1)
            truncation = truncation_slider()
        with view.result():
            counts = kit.html()
            picture = plates.view()
        inputs = [tab.checkpoint, seed, each, truncation]
        view.run(table, inputs, [picture, counts], ("Draw and read", "Dibujar y leer"), table_code)
