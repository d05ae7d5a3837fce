"""A label is a row of numbers, and nothing makes them 0 or 1: halves, doubles, none, all at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from demos import kit
from demos.cgan import labels, models
from demos.cgan.labels import FACES, FASHION
from demos.cgan.pictures import captioned, under
from demos.kit import plates, plots, say, t

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

COUNT = 4  # noises, one a column
FIRST = {"black": 0.5, "red": 0.5, "bare": 1.0, "shirt": 0.5, "trousers": 0.5}  # what the page opens with


def mix(
    checkpoint: str, seed: int, black: float, brown: float, blond: float, red: float, grey: float,
    dyed: float, bare: float, glasses: float, tshirt: float, trousers: float, pullover: float, dress: float,
    coat: float, sandal: float, shirt: float, sneaker: float, bag: float, boot: float, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Pictures under any numbers for a label, beside its double, none and all at once, with both verdicts."""
    import torch

    faces = (black, brown, blond, red, grey, dyed, bare, glasses)
    garments = (tshirt, trousers, pullover, dress, coat, sandal, shirt, sneaker, bag, boot)
    own = torch.tensor(faces if checkpoint == FACES else garments)
    rows, blocks = [], []
    with models.use(checkpoint) as model:
        z = models.noise(model, seed, COUNT, 3)
        for words, y in chosen(own, lang).items():
            x = models.draw(model, z, y.expand(COUNT, -1))
            found = models.read(checkpoint, x)
            blocks.append(row(checkpoint, words, x, found, lang))
            score = models.score(model, x)
            rows.append([words, *said(checkpoint, score.real, score.fits @ y, found, lang)])
            yield plates.plate(*blocks), table(rows, lang), {"made": COUNT * len(rows)}


def chosen(own: Tensor, lang: str) -> dict[str, Tensor]:
    return {
        say(lang, "your label", "tu etiqueta"): own,
        say(lang, "its double", "el doble"): 2 * own,
        say(lang, "all zeros", "todo ceros"): 0 * own,
        say(lang, "all ones", "todo unos"): 0 * own + 1,
    }


def row(checkpoint: str, words: str, x: Tensor, found: list[labels.Label], lang: str) -> Image.Image:
    """Tiles under a caption, and under each what the reader takes it for."""
    read = [labels.words(checkpoint, label, lang) for label in found]
    body = captioned(models.seen(checkpoint, x), read, [plates.CAPTION] * len(read), COUNT)
    return under(words, body)


def said(checkpoint: str, real: Tensor, fits: Tensor, found: list[labels.Label], lang: str) -> list[str]:
    """The critic's two terms, averaged, and what the reader says most often."""
    ((label, times),) = Counter(found).most_common(1)
    read = f"{labels.words(checkpoint, label, lang)} ({times}/{COUNT})"
    return [plots.number(round(v.mean().item(), 1), lang) for v in (real, fits)] + [read]


def table(rows: list[list[str]], lang: str) -> str:
    return plots.table(["", "f(h)", "⟨V y, h⟩", say(lang, "read as", "leída como")], rows)


def mix_code(checkpoint: str, seed: int, *values: float) -> str:
    own = values[:8] if checkpoint == FACES else values[8:]
    return (
        "import torch\n\nfrom genmodels.gan.cgan import CGAN\nfrom genmodels.gan.latent import truncated\n\n"
        f'model = CGAN.from_pretrained("{checkpoint}")\nprint(model.config.classes)\n'
        f"y = torch.tensor([{', '.join(f'{v:.3g}' for v in own)}]).float()\n"
        f"z = truncated({seed}, {COUNT}, model.config.latent, 3)\n"
        f"x = model.generator(z, y.expand({COUNT}, -1))\n"
        f"score = model.critic(x, y.expand({COUNT}, -1))\n"
    )


def sliders(checkpoint: str) -> list[Any]:
    """One slider per number of the label, two in a row."""
    words = {k: pair for group in labels.GROUPS[checkpoint].values() for k, pair in group.items()}
    keys, made = list(words), []
    with labels.only(checkpoint):
        for k in range(0, len(keys), 2):
            with gr.Row():
                made += [slider(key, words[key]) for key in keys[k : k + 2]]
    return made


def slider(key: str, words: labels.Pair) -> Any:
    label = t(*(w[0].upper() + w[1:] for w in words))
    return kit.slider(-1, 2, FIRST.get(key, 0), label, step=0.1, min_width=130)


def layout(tab: kit.Tab) -> None:
    with tab.view("mix", "Invented labels", "Etiquetas inventadas") as view:
        with view.controls():
            seed = kit.seed(1)
            made = [*sliders(FACES), *sliders(FASHION)]
        with view.result():
            picture = plates.view()
            words = kit.html()
        view.run(mix, [tab.checkpoint, seed, *made], [picture, words], ("Draw", "Dibujar"), mix_code)
        view.on([s.release for s in made], mix)
