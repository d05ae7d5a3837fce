"""A dozen moments of the training, always the same z: when does the generator begin to obey?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from demos import kit
from demos.cgan import labels, models
from demos.cgan.labels import Label
from demos.cgan.pictures import columns_of, judged
from demos.kit import card, numbers, plates, plots, say, t
from genmodels import hub

if TYPE_CHECKING:
    from torch import Tensor

MOMENTS = 12
CURVES = {
    "fits": ("Own label fits real ones better, by", "La propia etiqueta les va mejor a las reales, por"),
    "gap": ("Gap between real and generated", "Distancia entre reales y generadas"),
}
KEYS = ("obedience", "obedience_hair", "obedience_glasses")


def film(checkpoint: str, moment: int, lang: str) -> Iterator[tuple]:
    """One moment of the training with the reader's verdicts, the whole of it as a film, and its curves."""
    facts, x = recorded(checkpoint)
    every, k = labels.every(checkpoint), min(moment, len(x)) - 1
    sheet = judged(checkpoint, x[k], every, read(checkpoint)[k], columns_of(checkpoint), lang)
    at = facts["moments"][k]
    words = caption(at, lang)
    yield sheet, None, words, {}
    curves = words + charts(checkpoint, facts, at["images"], lang) + measured(checkpoint, lang)
    yield (
        sheet,
        running(checkpoint, x, facts, lang),
        curves,
        {"obeyed": models.obeyed(every, read(checkpoint)[k])},
    )


def recorded(checkpoint: str) -> tuple[dict[str, Any], Tensor]:
    """film.json, and film.webp cut up: (moments, labels, C, side, side) in [-1, 1]."""
    import torch

    folder = hub.WEIGHTS / checkpoint
    facts = json.loads((folder / "film.json").read_text())
    side, rows, columns = facts["size"], len(facts["moments"]), facts["columns"]
    with Image.open(folder / "film.webp") as sheet:
        pixels = np.asarray(sheet.convert("RGB" if checkpoint == labels.FACES else "L"), np.float32)
    cut = pixels.reshape(rows, side, columns, side, -1).transpose(0, 2, 4, 1, 3)
    return facts, torch.from_numpy(cut.copy()) / 127.5 - 1


@lru_cache(maxsize=2)
def read(checkpoint: str) -> list[list[Label]]:
    """What the reader says of every picture of the film."""
    _, x = recorded(checkpoint)
    found = models.read(checkpoint, x.flatten(0, 1))
    return [found[k : k + x.shape[1]] for k in range(0, len(found), x.shape[1])]


def caption(at: dict[str, Any], lang: str) -> str:
    spaced = [f"{at[key]:,}".replace(",", "\u202f") for key in ("images", "step")]
    minutes = plots.number(at["minutes"], lang)
    return say(
        lang,
        f"<p>After {spaced[0]} pictures: {spaced[1]} steps, {minutes} minutes.</p>",
        f"<p>Tras {spaced[0]} imágenes: {spaced[1]} pasos, {minutes} minutos.</p>",
    )


def running(checkpoint: str, x: Tensor, facts: dict[str, Any], lang: str) -> str:
    """All moments as a film; the last stays longer."""
    frames = []
    for pictures in x:
        shown = models.seen(checkpoint, pictures)
        frames.append(kit.grid(shown, columns_of(checkpoint), scale=160 // shown.shape[-1]))
    return kit.film([*frames, *[frames[-1]] * 4], fps=3)


def charts(checkpoint: str, facts: dict[str, Any], at: int, lang: str) -> str:
    """Obedience over the film's pictures, and what the critic sees."""
    images = [m["images"] for m in facts["moments"]]
    every = labels.every(checkpoint)
    shares = [models.obeyed(every, found) for found in read(checkpoint)]
    across = say(lang, "pictures seen", "imágenes vistas")
    axes = plots.Axes((0, images[-1] * 1.04), (0, 1.05), left=44)
    here = plots.line([at, at], axes.y, "soft", dashed=True)
    title = say(
        lang, f"Share that obeys, of {len(every)} pictures", f"Parte que obedece, de {len(every)} imágenes"
    )
    first = plots.plot(
        axes, here, plots.line(images, shares, "mark"), plots.dots(images, shares, "mark", 4),
        title=title, across=across, up=True, lang=lang,
    )  # fmt: skip
    return plots.figures(
        first, *(curve(facts, key, at, across, lang) for key in CURVES if key in facts["curves"])
    )


def curve(facts: dict[str, Any], key: str, at: int, across: str, lang: str) -> str:
    """What the critic measured through the training."""
    curves, last = facts["curves"], facts["moments"][-1]
    x, y = [s * last["images"] / last["step"] for s in curves["step"]], curves[key]
    axes = plots.Axes((0, max(x) * 1.04), (min(0.0, *y), 1.08 * max(*y, 1e-3)), left=44)
    here = plots.line([at, at], axes.y, "soft", dashed=True)
    title = say(lang, *CURVES[key])
    return plots.plot(axes, here, plots.line(x, y, "warm"), title=title, across=across, up=True, lang=lang)


def measured(checkpoint: str, lang: str) -> str:
    """Obedience of the finished model, over many pictures."""
    found = card.metrics(checkpoint).get("measures", {})
    said = [
        f"<b>{numbers.text(k, found[k], lang)}</b> {say(lang, *numbers.WORDS[k])}" for k in KEYS if k in found
    ]
    title = say(lang, "In the end, over many pictures", "Al final, en muchas imágenes")
    return f"<h4>{title}</h4><p>{'; '.join(said)}.</p>" if said else ""


def film_code(checkpoint: str, moment: int) -> str:
    return (
        "import json\n\nfrom PIL import Image\n\nfrom genmodels import hub\n\n"
        f'folder = hub.folder("{checkpoint}")\n'
        'facts = json.loads((folder / "film.json").read_text())\n'
        'side, sheet = facts["size"], Image.open(folder / "film.webp")\n'
        f"row = sheet.crop((0, {moment - 1} * side, sheet.width, {moment} * side))\n"
        f'print(facts["moments"][{moment - 1}])\n'
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("film", "Learning to obey", "Aprender a obedecer") as view:
        with view.controls():
            words = t("Moment of the training, 1 to 12", "Momento del entrenamiento, de 1 a 12")
            moment = kit.slider(1, MOMENTS, MOMENTS, words, step=1)
        with view.result():
            sheet = plates.view()
            charts_ = kit.html()
            running_ = kit.picture(height=340)
        view.run(film, [tab.checkpoint, moment], [sheet, running_, charts_], ("Look", "Mirar"), film_code)
        view.on([moment.release], film)
