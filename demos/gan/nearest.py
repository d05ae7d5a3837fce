"""Is it a copy? New faces over the training face nearest to each, and the same for faces that nobody learnt.

The second row is the control: how near to the training set a face comes that could not be copied from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

from demos import kit
from demos.gan import models
from demos.gan.shown import BOTTOM, labelled, upright
from demos.kit import card, plates, plots, say, t

if TYPE_CHECKING:
    from torch import Tensor

PRINTS, COLUMNS = "faces-prints", 6
DECILES = ("l1_near", "l1_typical", "l1_far")


class Found(NamedTuple):
    faces: list[Tensor]
    seeds: list[int]
    away: list[float]


def nearest(checkpoint: str, seed: int, count: int, lang: str) -> Iterator[tuple]:
    """Generated faces and held-out painted ones, each over its nearest training face, with the distance."""
    from genmodels.metrics import prints

    with models.use(checkpoint) as model:
        made = models.draw(model, models.noise(model, seed, count))
    sets = {"made": made, "real": models.painted(models.held_out(seed, count))}
    found = {kind: Found([], [], []) for kind in sets}
    with kit.model(prints.Prints, PRINTS) as table:
        for kind, x in sets.items():
            for k, near in enumerate(prints.nearest(table, x)):
                for values, value in zip(found[kind], (near.face, near.seed, near.away), strict=True):
                    values.append(value)
                if k % 3 == 2 or k == count - 1:
                    yield page(sets, found, lang), scale(found, lang), figures(found)


def figures(found: dict[str, Found]) -> dict[str, float]:
    values = {f"l1_{kind}": f.away for kind, f in found.items() if f.away}
    return {key: median(away) for key, away in values.items()}


def page(sets: dict[str, Tensor], found: dict[str, Found], lang: str) -> Image.Image:
    captions = {
        "made": say(lang, "generated", "generadas"),
        "real": say(lang, "painted, held out: nobody copied these", "pintadas, apartadas: nadie copió estas"),
    }
    blocks = [pairs(captions[kind], sets[kind], found[kind], lang) for kind in sets]
    return plates.plate(*blocks)


def pairs(caption: str, x: Tensor, near: Found, lang: str) -> Image.Image:
    """Pictures in rows of six, each row over that of their nearest training faces."""
    import torch

    columns = min(COLUMNS, len(x))
    tile, rows = min(200, 1280 // columns), []
    for start in range(0, len(x), columns):
        part = slice(start, start + columns)
        rows.append(plates.block("" if start else caption, x[part], columns=columns, tile=tile))
        faces = near.faces[part] or [torch.full_like(x[0], 0.9)]
        words = [
            f"{plots.number(a, lang)} · {say(lang, 'seed', 'semilla')} {s}"
            for a, s in zip(near.away[part], near.seeds[part], strict=True)
        ] or [""]
        below = say(lang, "the nearest training faces", "las caras de entrenamiento más cercanas")
        block = labelled(
            "" if start else below, torch.stack(faces), words, columns=columns, tile=tile, type=24
        )
        rows.append(block)
    return plates.plate(*rows)


def scale(found: dict[str, Found], lang: str) -> str:
    """Both sets of distances on one line, with what was measured for 500 held-out faces."""
    known = card.metrics(PRINTS).get("measures", {})
    away = [v for f in found.values() for v in f.away]
    top = 1.12 * max(*away, *(known.get(k, 0.0) for k in DECILES), 1.0)
    axes = plots.Axes((0, top), (0, 1), width=760, height=200, bottom=BOTTOM)
    words = ("1/10", "1/2", "9/10")
    marks = [
        upright(known[key], w, "soft", dashed=True, turn=False)
        for key, w in zip(DECILES, words, strict=True)
        if key in known
    ]
    levels = {"made": ("warm", 0.5), "real": ("mark", 0.25)}
    marks += [plots.dots(found[k].away, [y] * len(found[k].away), kind, 6) for k, (kind, y) in levels.items()]
    title = say(
        lang,
        "L1 to the nearest of 36,000 training faces. Dashed: how near 500 held-out faces come",
        "L1 a la más cercana de 36 000 caras de entrenamiento. Rayas: cuánto se acercan 500 apartadas",
    )
    names = (
        ("warm", say(lang, "generated", "generadas")),
        ("mark", say(lang, "painted, held out", "pintadas, apartadas")),
    )
    across = say(lang, "levels of 255", "niveles de 255")
    return plots.legend(*names) + plots.plot(axes, *marks, title=title, across=across, lang=lang)


def nearest_code(checkpoint: str, seed: int, count: int) -> str:
    more = ("from genmodels.gan.latent import truncated", "from genmodels.metrics import prints")
    return models.loading(checkpoint, *more) + (
        f'table = prints.Prints.from_pretrained("{PRINTS}")  # 16 bytes for each training face\n'
        f"x = gan.generator(truncated({seed}, {count}, gan.config.latent))\n"
        "for near in prints.nearest(table, x):\n"
        "    print(near.seed, near.away)  # near.face is that face, painted again\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("nearest", "Is it a copy?", "¿Es una copia?") as view:
        with view.controls():
            seed = kit.seed(1)
            count = kit.slider(1, 24, 6, t("Faces", "Caras"), step=1)
        with view.result():
            picture = plates.view()
            drawn = kit.html()
        label = ("Draw and look up", "Sortear y buscar")
        view.run(nearest, [tab.checkpoint, seed, count], [picture, drawn], label, nearest_code)
        view.on([count.release], nearest)
