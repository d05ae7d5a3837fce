"""The dictionary: what each of its words draws, and how often held-out pictures use it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from demos import kit
from demos.kit import plots, say, t
from demos.kit.plane import font
from demos.kit.plates import CAPTION
from demos.vqvae import words
from demos.vqvae.source import SPRITES, chosen, family, gpu_seconds, loaded, start_code

CELL, GAP = 36, 4  # pixels
ACROSS = 32  # words in a row of the atlas
LARGE = 48  # words shown of a dictionary from the Hub


def atlas(
    checkpoint: str, picture: str, seed: int, own: Any, drawing: Any, order: str, lang: str
) -> Iterator[tuple]:
    """All words of the dictionary as what each draws alone, and how often held-out pictures use them."""
    yield from (of_picture if "/" in checkpoint else whole)(
        checkpoint, picture, seed, own, drawing, order, lang
    )


def whole(
    checkpoint: str, picture: str, seed: int, own: Any, drawing: Any, order: str, lang: str
) -> Iterator[tuple]:
    counts = words.usage(checkpoint)
    share = counts / counts.sum()
    with loaded(checkpoint) as model:
        book = model.codebook.float().cpu().numpy()
        mine = model.codes(chosen(model, picture, seed, own, drawing, lang)).flatten().tolist()
    images = words.dictionary(checkpoint)
    rank = ranked(order, share, book, images)
    dead, entropy = int((counts == 0).sum()), bits(share)
    found = {"codebook": len(counts), "codes_dead": dead, "perplexity": 2**entropy, "usage_bits": entropy}
    yield sheet(images, rank, counts, set(), lang), "", found
    yield sheet(images, rank, counts, set(mine), lang), histogram(share, mine, lang), found


def of_picture(
    checkpoint: str, picture: str, seed: int, own: Any, drawing: Any, order: str, lang: str
) -> Iterator[tuple]:
    """The words that one picture uses most: a dictionary of thousands takes too long to draw."""
    with loaded(checkpoint) as model:
        codes = model.codes(chosen(model, picture, seed, own, drawing, lang))
        some, counts = codes.unique(return_counts=True)
        first = counts.argsort(descending=True)[:LARGE]
        total, names = len(model.codebook), some[first].tolist()
        yield None, "", {"codebook": total}
        images = words.drawn(checkpoint, model, names)
    en = f"The {len(names)} words that this picture uses most, of the {len(some)} it uses, of {total}"
    es = f"Las {len(names)} palabras que esta imagen más usa, de las {len(some)} que usa, de {total}"
    note = words.told(say(lang, en, es))
    yield words.lined(images, [str(k) for k in names], columns=8, patch=120), note, {"codebook": total}


def ranked(order: str, share: np.ndarray, book: np.ndarray, images: Any) -> np.ndarray:
    """The words in an order: by number, by use, or so that neighbours draw alike."""
    if order == "use":
        return share.argsort(kind="stable")[::-1]
    if order == "number":
        return np.arange(len(share))
    flat = images.flatten(1).numpy()
    at, left = int(flat.sum(1).argmin()), set(range(len(flat)))
    path = []
    while left:  # a walk that always goes to the most similar word not yet visited, from the darkest
        left.remove(at)
        path.append(at)
        rest = np.fromiter(left, int, len(left))
        at = int(rest[((flat[rest] - flat[at]) ** 2).sum(1).argmin()]) if len(rest) else at
    return np.array(path)


def sheet(images: Any, rank: np.ndarray, counts: np.ndarray, mine: set[int], lang: str) -> Image.Image:
    """All words in rows; crossed out: in no held-out picture; ringed: in this one."""
    rows, line = -(-len(rank) // ACROSS), 44
    step = CELL + GAP
    page = Image.new("RGBA", (ACROSS * step, rows * step + line))
    pen = ImageDraw.Draw(page)
    caption = say(
        lang,
        f"{len(rank)} words; ringed, those of your picture" if mine else f"{len(rank)} words",
        f"{len(rank)} palabras; con marco, las de tu imagen" if mine else f"{len(rank)} palabras",
    )
    pen.text((0, 0), caption, (*CAPTION, 255), font(32))
    for n, k in enumerate(rank.tolist()):
        left, top = n % ACROSS * step + 2, n // ACROSS * step + line
        page.paste(words.tile(images[k], CELL), (left, top))
        if k in mine:
            box = (left - 2, top - 2, left + CELL + 1, top + CELL + 1)
            pen.rounded_rectangle(box, 6, outline=(*words.RING, 255), width=3)
        if not counts[k]:
            pen.line((left, top, left + CELL, top + CELL), (255, 92, 70, 255), 3)
            pen.line((left, top + CELL, left + CELL, top), (255, 92, 70, 255), 3)
    return page


def bits(share: np.ndarray) -> float:
    some = share[share > 0]
    return float(-(some * np.log2(some)).sum())


def histogram(share: np.ndarray, mine: list[int], lang: str) -> str:
    """Share of the places that each word takes, from the most used to the least, and an equal share."""
    equal = 1 / len(share)
    order = share.argsort()[::-1]
    axes = plots.Axes((0, len(share)), (0, 110 * share.max()), width=760, height=250, left=52)
    here = np.isin(order, mine)
    heights = 100 * share[order]
    marks = [
        plots.bars(np.where(here, 0, heights).tolist()),
        plots.bars(np.where(here, heights, 0).tolist(), "warm"),
        plots.rule(100 * equal, say(lang, "an equal share", "una parte igual")),
    ]
    title = say(
        lang,
        "How often each word is used on held-out pictures, per cent of the places",
        "Cuánto se usa cada palabra en imágenes apartadas, en % de los lugares",
    )
    across = say(lang, "word, from the most used", "palabra, desde la más usada")
    legend = plots.legend(
        ("mark", say(lang, "a word", "una palabra")),
        ("warm", say(lang, "a word of your picture", "una palabra de tu imagen")),
    )
    return plots.plot(axes, *marks, title=title, across=across, up=True, lang=lang) + legend


def atlas_code(checkpoint: str, picture: str, seed: int, own: Any, drawing: Any, order: str) -> str:
    if "/" in checkpoint:
        return start_code(checkpoint, picture, seed) + "print(codes.unique(return_counts=True))\n"
    cls, f = family(checkpoint), 2 if checkpoint == SPRITES else 4
    return (
        f"import torch\nfrom {cls.__module__} import {cls.__name__}\n"
        "from genmodels.autoencoders.vqvae import usage\n\n"
        f'model = {cls.__name__}.from_pretrained("{checkpoint}")\n'
        "words = torch.arange(len(model.codebook))[:, None, None].expand(-1, 3, 3)\n"
        f"drawn = model.draw(words)[:, :, {f}:{2 * f}, {f}:{2 * f}]  # each among its likes\n"
        f'p = usage("{checkpoint}") / usage("{checkpoint}").sum()\n'
        "print(torch.special.entr(p).sum().exp())  # words used, as if all were equally common\n"
    )


def layout(tab: kit.Tab, source: list[Any]) -> None:
    with tab.view("atlas", "Dictionary", "Diccionario") as view:
        with view.controls():
            choices = [
                (t("so that neighbours look alike", "para que las vecinas se parezcan"), "alike"),
                (t("from the most used", "desde la más usada"), "use"),
                (t("by number", "por número"), "number"),
            ]
            order = kit.choice(choices, t("Order of the words", "Orden de las palabras"))
        with view.result():
            page = kit.picture(height=None, elem_classes="plate pixels")
            plot = kit.html()
        label = ("Open the dictionary", "Abrir el diccionario")
        inputs = [tab.checkpoint, *source, order]
        view.run(atlas, inputs, [page, plot], label, atlas_code, gpu_seconds=gpu_seconds)
        view.on([order.input], atlas)
