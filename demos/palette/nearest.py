"""Is it a copy? Beside each sprite the training tile nearest to it, found by words and drawn from words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from demos import kit
from demos.kit import card, plates, say, t
from demos.palette import art, colours
from demos.palette.against import captioned
from demos.palette.art import PIXELS, SIDE
from demos.palette.draw import drawn, kinds_code
from genmodels.data import tiles

VQVAE = "vqvae-sprites"
COLUMNS = 6


def nearest(
    checkpoint: str, kind: int, count: int, temperature: float, seed: int, lang: str
) -> Iterator[tuple]:
    """Each sprite over the training tile nearest to it, with the distance between them."""
    kinds, told = art.kinds_of(kind, seed, count)
    inks = colours.proposed(kinds, seed)
    empty = np.zeros((count, SIDE, SIDE, 4), np.uint8)
    yield poster(empty, 0, None, lang), "", {}
    for x, done, _ in drawn(checkpoint, inks, told, temperature, seed, 0.04):
        pixels = tiles.rgba(x, inks.rows)
        if done < PIXELS:
            yield poster(pixels, done, None, lang), "", {"made": count * done / PIXELS}
    found = looked_up(pixels)
    near = sum(f[1] < typical()["near"] for f in found[2])
    facts = {"copies": float(near), "nearest": min(f[1] for f in found[2]), "typical": typical()["typical"]}
    yield poster(pixels, PIXELS, found, lang), note(kind, lang), {"made": count} | facts


def looked_up(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[tuple[str, float]]]:
    """Sprites as the VQ-VAE sees them, the tiles nearest to them as it draws them, and (name, distance)."""
    import torch

    from genmodels.autoencoders import neighbours
    from genmodels.autoencoders.vqvae import VQVAE as Model
    from genmodels.autoencoders.vqvae import from_rgba, to_rgba

    known = neighbours.table(VQVAE)
    with kit.model(Model, VQVAE) as model, torch.no_grad():
        x = from_rgba(pixels).to(model.device, model.dtype)
        codes = model.codes(x)
        places, away, turned = neighbours.either_way(model, codes, x, known.codes)
        close = model.draw(known.codes[places].to(model.device)).cpu()
        close = torch.where(turned[:, None, None, None], close.flip(3), close)
        seen = to_rgba(model.draw(codes))
    found = [(known.names[i], d) for i, d in zip(places.tolist(), away.tolist(), strict=True)]
    return seen, to_rgba(close), found


def typical() -> dict[str, float]:
    """How far held-out tiles are from their nearest: the nearest tenth, the middle, the farthest tenth."""
    return card.metrics(VQVAE)["neighbours"]


def poster(pixels: np.ndarray, done: int, found: tuple | None, lang: str) -> Image.Image:
    count = len(pixels)
    columns = min(COLUMNS, count)
    size = {"columns": columns, "zoom": art.zoom_of(columns)}
    words = say(lang, "drawn", "dibujados")
    blocks = [captioned(words, art.pictures(pixels, drawn=done, **size))]
    seen, close, facts = found or (np.zeros_like(pixels),) * 2 + ([("", 0.0)] * count,)
    drawn_now = PIXELS if found else 0
    words = say(lang, "the same in 36 words", "los mismos en 36 palabras")
    blocks.append(captioned(words, art.pictures(seen, drawn=drawn_now, **size)))
    words = say(
        lang, "the nearest training tile, from its 36 words", "la baldosa más cercana, desde sus 36 palabras"
    )
    captions = [f"{art.decimal(d, 2, lang)} {short(name)}" if found else "" for name, d in facts]
    blocks.append(captioned(words, art.pictures(close, captions, drawn=drawn_now, **size)))
    return plates.plate(*blocks)


def short(name: str) -> str:
    """mon/undead/skeletal_warrior_new -> skeletal warrior"""
    words = name.split("/")[-1].split("_")
    return " ".join(w for w in words if w not in ("new", "old")) or name


def note(kind: int, lang: str) -> str:
    facts = typical()
    near, middle, far = (art.decimal(facts[k], 2, lang) for k in ("near", "typical", "far"))
    many = f"{facts['tiles']:,.0f}"
    en = (
        "The distance is between words of the VQ-VAE, and the mirror image is looked for too. A held-out "
        f"tile, which nobody could copy, is {middle} from the nearest training tile (one in ten is nearer "
        f"than {near}, one in ten farther than {far}). Much less than that is a copy."
    )
    es = (
        "La distancia es entre palabras del VQ-VAE, y también se busca la imagen en espejo. Una baldosa "
        f"apartada, que nadie pudo copiar, está a {middle} de la de entrenamiento más cercana (una de cada "
        f"diez, a menos de {near}; una de cada diez, a más de {far}). Mucho menos que eso es una copia."
    )
    if kind in (2, 3):
        en += (
            " Creatures and characters are made by rules, as many as one likes: there is no list of them to "
            f"copy from, and they are compared with the {many} tiles all the same."
        )
        es += (
            " Las criaturas y los personajes se hacen con reglas, tantos como se quiera: no hay una lista de "
            f"donde copiarlos, y se comparan igual con las {many.replace(',', '.')} baldosas."
        )
    return f"<p>{say(lang, en, es)}</p>"


def nearest_code(checkpoint: str, kind: int, count: int, temperature: float, seed: int) -> str:
    kinds, told = art.kinds_of(kind, seed, count)
    more = (
        "from genmodels.autoencoders import neighbours, vqvae",
        "from genmodels.autoregressive.sampling import draw, last",
        "from genmodels.data.tiles import rgba",
    )
    labels = "kinds" if kinds == told else f"torch.full(({count},), {art.UNTOLD})"
    return art.loading(checkpoint, *more, maker=True) + (
        f"vq = vqvae.VQVAE.from_pretrained('{VQVAE}')\n"
        f"kinds = {kinds_code(kind, seed, count)}\n"
        f"palette, colours = palette_maker.make(maker, kinds, seed={seed})\n"
        f"told = {{'palette': palette, 'colours': colours, 'labels': {labels}}}\n"
        f"x = last(draw(model, {seed}, {count}, temperature={temperature:g}, **told))[:, 0].numpy()\n"
        "codes = vq.codes(vqvae.from_rgba(rgba(x, palette.numpy().astype('uint8'))))\n"
        f"known = neighbours.table('{VQVAE}')\n"
        "which, distance = neighbours.nearest(codes, known.codes, vq.codebook)\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("nearest", "Is it a copy?", "¿Es una copia?") as view:
        with view.controls():
            kind = art.kind_choice(0, mixed=False)
            count = kit.slider(1, 12, 6, t("How many", "Cuántos"), step=1)
            temperature = kit.slider(0, 1.5, 1, t("Temperature", "Temperatura"), step=0.05)
            seed = kit.seed(1)
        with view.result():
            shown = plates.view()
            words = kit.html()
        inputs = [tab.checkpoint, kind, count, temperature, seed]
        view.run(nearest, inputs, [shown, words], ("Draw and compare", "Dibujar y comparar"), nearest_code)
