"""Learnt by heart? Each family's own picture that lies nearest to a training face, beside that face."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PIL import Image

from demos import kit
from demos.kit import plates, plots, say, t
from demos.same import sheet
from demos.same.rows import SLOW

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.families import Entry
    from genmodels.metrics.prints import Near

CANDIDATES = 6  # training faces painted for each picture
TILE, ACROSS = 150, 3  # pairs in a row


def near(count: int, seed: int, lang: str) -> Iterator[tuple]:
    """Of `count` pictures of each family the one nearest to any of the 36,000 training faces."""
    from genmodels import families
    from genmodels.metrics.prints import Prints, nearest

    entries = [*families.here("faces", real=True), *families.here("faces")]
    entries = [e for e in entries if e.name not in SLOW]
    blocks: list[Image.Image] = []
    found: dict[Entry, float] = {}
    with kit.model(Prints, "faces-prints") as prints:
        for entry in entries:
            x = families.last(families.load(entry)(seed, count))
            best: tuple[int, Near] | None = None
            for k, one in enumerate(nearest(prints, x, CANDIDATES)):
                if best is None or one.away < best[1].away:
                    best = k, one
            k, one = best
            found[entry] = one.away
            blocks.append(pair(entry, x[k], one, lang))
            yield page(blocks), "", {"step": len(blocks)}
    yield page(blocks), told(found, count, lang), {"nearest": min(found.values())}


def pair(entry: Entry, x: Tensor, one: Near, lang: str) -> Image.Image:
    """The picture, and the training face nearest to it."""
    import torch

    away = plots.number(one.away, lang, 2)
    words = f"{sheet.title(entry, lang)}: {away}"
    return plates.block(words, torch.stack([x, one.face]), columns=2, tile=TILE, type=26)


def page(blocks: list[Image.Image]) -> Image.Image:
    return plates.plate(*(plates.beside(*blocks[k : k + ACROSS]) for k in range(0, len(blocks), ACROSS)))


def told(found: dict[Entry, float], count: int, lang: str) -> str:
    real = min(away for e, away in found.items() if e.family == "real")
    closer = [sheet.title(e, lang) for e, away in found.items() if away < real]
    en = (
        f"On the left the most suspicious of {count} pictures, on the right the training face nearest to it; "
        "the number is the mean difference of their pixels, of 255 levels. Real faces that no model was "
        f"shown come as near as {plots.number(real, lang, 2)}. "
    )
    es = (
        f"A la izquierda, la más sospechosa de {count} imágenes; a la derecha, la cara de entrenamiento más "
        "cercana; el número es la diferencia media de sus píxeles, sobre 255 niveles. Caras reales que "
        f"ningún modelo vio llegan a {plots.number(real, lang, 2)}. "
    )
    if closer:
        names = ", ".join(closer)
        en += f"Nearer than that: {names}. Before you accuse: what is blurred lies near to everything."
        es += f"Más cerca que eso: {names}. Antes de acusar: lo borroso queda cerca de todo."
    else:
        en += "No family comes nearer than they do."
        es += "Ninguna familia se acerca más que ellas."
    return f"<p>{say(lang, en, es)}</p>"


def near_code(count: int, seed: int) -> str:
    return (
        "from genmodels import families\n"
        "from genmodels.metrics.prints import Prints, nearest\n\n"
        'prints = Prints.from_pretrained("faces-prints")\n'
        'entry = families.entry("wgan-gp-faces")  # or another of families.here("faces")\n'
        f"x = families.last(families.load(entry)({seed}, {count}))\n"
        f"for near in nearest(prints, x, {CANDIDATES}):\n"
        "    print(near.seed, near.away)  # the training face is paint(random_face(near.seed))\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("near", "Learnt by heart?", "¿De memoria?") as view:
        with view.controls():
            count = kit.slider(1, 16, 4, t("Pictures of each", "Imágenes de cada una"), step=1)
            seed = kit.seed(7)
        with view.result():
            picture = plates.view()
            words = kit.html()
        view.run(near, [count, seed], [picture, words], ("Search", "Buscar"), near_code)
