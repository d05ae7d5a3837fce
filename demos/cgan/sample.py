"""Pictures to order: what was asked for stands under each, and whether a reader agrees."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from demos import kit
from demos.cgan import labels, models
from demos.cgan.pictures import judged
from demos.kit import card, plates, t

PART = 12  # pictures drawn between two sheets


def sample(
    checkpoint: str,
    seed: int,
    count: int,
    truncation: float,
    hair: str,
    glasses: str,
    garment: str,
    lang: str,
) -> Iterator[tuple]:
    """Pictures under a label (any: drawn by lot for each), with a reader's verdict on each."""
    import torch

    asked = labels.by_lot(checkpoint, labels.asked(checkpoint, hair, glasses, garment), seed, count)
    columns, made, found = max(1, round((1.5 * count) ** 0.5)), [], []
    with models.use(checkpoint) as model:
        z, y = models.noise(model, seed, count, truncation), models.one_hot(model, asked)
        for noise, label in zip(z.split(PART), y.split(PART), strict=True):
            made.append(models.draw(model, noise, label))
            found += models.read(checkpoint, made[-1])
            told = asked[: len(found)]
            sheet = judged(checkpoint, torch.cat(made), told, found, columns, lang, places=count)
            yield sheet, figures(checkpoint, told, found)


def figures(checkpoint: str, asked: list[labels.Label], found: list[labels.Label]) -> dict[str, float]:
    """The share that obeys, of these and of the many that were measured."""
    known = card.metrics(checkpoint).get("measures", {})
    many = {"obedience": known["obedience"]} if "obedience" in known else {}
    return {"obeyed": models.obeyed(asked, found)} | many | {"made": len(found)}


def sample_code(
    checkpoint: str, seed: int, count: int, truncation: float, hair: str, glasses: str, garment: str
) -> str:
    return (
        "import torch\n\nfrom genmodels.gan.cgan import CGAN\nfrom genmodels.gan.latent import truncated\n\n"
        f'model = CGAN.from_pretrained("{checkpoint}")\n'
        + told_code(checkpoint, seed, count, labels.asked(checkpoint, hair, glasses, garment))
        + f"z = truncated({seed}, {count}, model.config.latent, {truncation:g})\n"
        "x = model.generator(z, y)  # pictures in [-1, 1]\n"
    )


def told_code(checkpoint: str, seed: int, count: int, label: labels.Label) -> str:
    """The lines that make y."""
    if -1 not in label:
        return f"y = model.label{label}.expand({count}, -1)\n".replace(",)", ")")
    lot = "int(np.random.default_rng((seed, {})).integers({}))"
    sizes = [len(group) for group in labels.GROUPS[checkpoint].values()]
    each = [lot.format(g, n) if c < 0 else str(c) for g, (c, n) in enumerate(zip(label, sizes, strict=True))]
    chosen = ",\n        ".join(each)
    return (
        "import numpy as np\n\n"
        f"y = torch.stack([\n    model.label(\n        {chosen},\n    )\n"
        f"    for seed in range({seed}, {seed + count})\n])\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("sample", "To order", "A pedido") as view:
        with view.controls():
            told = labels.pickers("red", labels.ANY, labels.ANY, any_=True)
            seed = kit.seed(1)
            count = kit.slider(1, 48, 12, t("Pictures", "Imágenes"), step=1)
            truncation = truncation_slider()
        with view.result():
            picture = plates.view()
        inputs = [tab.checkpoint, seed, count, truncation, *told]
        view.run(sample, inputs, [picture], ("Draw", "Dibujar"), sample_code)
        view.on([*(p.input for p in told), count.release, truncation.release], sample)


def truncation_slider() -> Any:
    words = t("z is kept inside ±… (3: hardly cut)", "z se mantiene dentro de ±… (3: casi sin corte)")
    return kit.slider(0, 3, 3, words, step=0.1)
