"""Is a sample a copy? New sprites over the training tile that is nearest to each."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image, ImageDraw

from demos import kit
from demos.kit import card, plates, plots, say, t
from demos.kit.plane import font
from demos.vqvae import source, words
from demos.vqvae.prior import condition, kind_choice
from demos.vqvae.source import SPRITES, loaded, shown

if TYPE_CHECKING:
    from torch import Tensor

COLUMNS, WIDE, AIR = 4, 168, 18  # sprites in a row, pixels of one, and between two
COPY = (255, 92, 70)


@lru_cache(1)
def known() -> Any:
    """The words of every training tile."""
    from genmodels.autoencoders import neighbours

    return neighbours.table(SPRITES)


def nearest(seed: int, count: int, temperature: float, kind: int, lang: str) -> Iterator[tuple]:
    """New sprites from the learnt prior, each over the training tile nearest to it, the nearest first."""
    from genmodels.autoencoders import neighbours
    from genmodels.autoregressive import sampling

    facts = card.metrics(SPRITES)["neighbours"]
    with source.prior(SPRITES, lang) as model, loaded(SPRITES) as coder:
        told = condition(SPRITES, model, kind, count)
        for step in sampling.draw(model, seed, count, temperature=temperature, **told):
            if step.j == 0:
                yield gr.skip(), gr.skip(), {"step": f"{step.i + 1} / {model.config.size[0]}"}
        new, table = step.x[:, 0], known()
        x = coder.draw(new)
        at, away, turned = neighbours.either_way(coder, new, x, table.codes)
        tiles, samples = shown(coder.draw(table.codes[at].to(new.device))), shown(x)
    tiles[turned] = tiles[turned].flip(-1)
    order = away.argsort().tolist()
    names = [table.names[at[k]].rsplit("/", 1)[-1] for k in order]
    far = [away[k].item() for k in order]
    page = pairs(samples[order], tiles[order], far, names, facts["near"], lang)
    copies = sum(d < facts["near"] for d in far)
    found = {"copies": copies, "nearest": min(far), "typical": facts["typical"], "made": count}
    yield page, scale(far, facts, lang), found


def pairs(
    samples: Tensor, tiles: Tensor, far: list[float], names: list[str], near: float, lang: str
) -> Image.Image:
    """Each sample over its neighbour; framed: nearer than nine in ten held-out tiles are to theirs."""
    type, line = font(26), 30
    columns, high = min(COLUMNS, len(far)), 2 * WIDE + 4 + 2 * line + AIR
    page = Image.new("RGBA", (columns * (WIDE + AIR) - AIR, -(-len(far) // columns) * high))
    pen, ink = ImageDraw.Draw(page), (*plates.CAPTION, 255)
    for k, (sample, tile, away, name) in enumerate(zip(samples, tiles, far, names, strict=True)):
        left, top = k % columns * (WIDE + AIR), k // columns * high
        for n, image in enumerate((sample, tile)):
            page.paste(words.tile(image, WIDE), (left, top + n * (WIDE + 4)))
        if away < near:
            box = (left - 1, top - 1, left + WIDE, top + 2 * WIDE + 4)
            pen.rounded_rectangle(box, 16, outline=(*COPY, 255), width=5)
        under = top + 2 * WIDE + 8
        pen.text((left + WIDE / 2, under), plots.number(away, lang, 2), ink, type, "mt")
        pen.text((left + WIDE / 2, under + line), name, ink, plates.fit(name, WIDE, 23), "mt")
    return page


def scale(far: list[float], facts: dict[str, float], lang: str) -> str:
    """Where the distances lie on the scale of the held-out tiles."""
    top = 1.15 * max(facts["far"], *far)
    axes = plots.Axes((0, top), (0, 1), width=760, height=150)
    marks = [
        lambda axes: edge(axes, facts["near"], say(lang, "1 in 10 held out", "1 de 10 apartadas")),
        lambda axes: edge(axes, facts["typical"], say(lang, "half", "la mitad")),
        lambda axes: edge(axes, facts["far"], "9/10"),
        plots.dots(far, [0.25] * len(far), "warm", 6),
    ]
    title = say(
        lang,
        "Distance to the nearest training tile: the samples, and how near held-out tiles come",
        "Distancia a la baldosa de entrenamiento más cercana: las muestras, y cuánto se acercan las "
        "apartadas",
    )
    return plots.plot(axes, *marks, title=title, across=say(lang, "distance", "distancia"), lang=lang)


def edge(axes: plots.Axes, x: float, label: str) -> str:
    (at, top), (_, floor) = axes.at(x, 0.86), axes.at(x, 0)
    return (
        f"<line class='soft dashed' x1='{at}' y1='{top}' x2='{at}' y2='{floor}'/>"
        f"<text class='soft' x='{at}' y='{top - 5}' text-anchor='middle'>{label}</text>"
    )


def nearest_code(seed: int, count: int, temperature: float, kind: int) -> str:
    told = f", labels=torch.full(({count},), {kind})" if kind >= 0 else ""
    return (
        "import torch\nfrom genmodels.autoencoders import neighbours\n"
        "from genmodels.autoencoders.vqvae import VQVAE\n"
        "from genmodels.autoregressive.code_prior import CodePrior\n"
        "from genmodels.autoregressive.sampling import draw, last\n\n"
        f'model, known = VQVAE.from_pretrained("{SPRITES}"), neighbours.table("{SPRITES}")\n'
        f'prior = CodePrior.from_pretrained("{SPRITES}-prior")\n'
        f"codes = last(draw(prior, {seed}, {count}, temperature={temperature:g}{told}))[:, 0]\n"
        "at, away, turned = neighbours.either_way(model, codes, model.draw(codes), known.codes)\n"
        "for k, far in zip(at, away):\n    print(known.names[k], far.item())\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("nearest", "Is it a copy?", "¿Es una copia?") as view:
        with view.controls():
            en = (
                "New **sprites** over the training tile nearest to each, whatever model is chosen above. For "
                "faces there is nothing to look up: they are painted from seeds, as many as one likes."
            )
            es = (
                "**Sprites** nuevos sobre la baldosa de entrenamiento más cercana, sea cual sea el modelo "
                "de arriba. Con las caras no hay qué buscar: se pintan a partir de semillas, tantas como "
                "se quiera."
            )
            gr.Markdown(t(en, es))
            seed = kit.seed(1)
            count = kit.slider(1, 36, 12, t("New sprites", "Sprites nuevos"), step=1)
            temperature = kit.slider(0, 1.5, 1, t("Temperature", "Temperatura"), step=0.05)
            kind = kind_choice()
        with view.result():
            page = kit.picture(height=None, elem_classes="plate pixels")
            plot = kit.html()
        label = ("Draw and look up", "Sortear y buscar")
        view.run(nearest, [seed, count, temperature, kind], [page, plot], label, nearest_code)
        view.on([temperature.release, count.release, kind.input], nearest)
