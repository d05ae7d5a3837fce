"""All the models on one sheet."""

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw

from demos import kit
from demos.kit import card, fashion, plots, t
from demos.kit.plane import INK, SOFT, Plane, font
from demos.vae_plane.codes import FLAT, ground, name, window
from genmodels.hub import Checkpoint

PANEL, HEAD, GAP, COLUMNS = 400, 70, 10, 3  # pixels of a plane, of what is said above it, between planes
TILES = 12
ALIKE = Plane(-4, -4, 8)  # the same axes for all
PAGE = (30, 34, 38)


def compare(show: str, same: bool, lang: str) -> Iterator[tuple]:
    """Every model's plane on one sheet: test codes by class, what a grid decodes to, or both."""
    models = sorted(FLAT, key=order)
    rows = -(-(len(models) + 1) // COLUMNS)
    size = COLUMNS * (PANEL + GAP) + GAP, rows * (PANEL + HEAD) + GAP
    page = Image.new("RGB", size, PAGE)
    for k, checkpoint in enumerate(models):
        x, y = place(k)
        plane = ALIKE if same else window(checkpoint.name)
        tiles = 0 if show == "codes" else TILES
        page.paste(ground(checkpoint.name, plane, PANEL, tiles, show != "grid"), (x, y + HEAD))
        draw = ImageDraw.Draw(page)
        draw.text((x, y + 10), name(checkpoint, lang), INK, font(24))
        draw.text((x, y + 41), measured(checkpoint, lang), SOFT, font(18))
        yield page, {}
    key(page, *place(len(models)), lang)
    yield page, {}


def order(checkpoint: Checkpoint) -> float:
    """The order of reading: PCA, plain, denoising, then by beta."""
    tail = checkpoint.name.removeprefix("vae-plane-")
    return {"pca": -3.0, "ae": -2.0, "dae": -1.0, "vae": 1.0}.get(tail) or float(tail.removeprefix("beta-"))


def place(k: int) -> tuple[int, int]:
    return GAP + k % COLUMNS * (PANEL + GAP), k // COLUMNS * (PANEL + HEAD)


def measured(checkpoint: Checkpoint, lang: str) -> str:
    """What the measuring command found on the test images."""
    values = card.metrics(checkpoint.name).get("measures", {})
    words = (("psnr", "PSNR", " dB"), ("kl", "KL", ""), ("elbo", "ELBO", ""))
    found = [f"{word} {plots.number(values[k], lang)}{unit}" for k, word, unit in words if k in values]
    return "   ".join(found)


def key(page: Image.Image, x: int, y: int, lang: str) -> None:
    """The legend, in the sheet's last place."""
    draw = ImageDraw.Draw(page)
    for k, (colour, words) in enumerate(zip(fashion.COLOURS, fashion.CLASSES, strict=True)):
        at = y + HEAD + 8 + 31 * k
        draw.ellipse((x + 4, at, x + 22, at + 18), tuple(int(c) for c in colour))
        draw.text((x + 34, at - 4), kit.say(lang, *words), INK, font(21))
    en = "White circle: radius 2.\n86 % of N(0, I) is inside."
    es = "Círculo blanco: radio 2.\nAdentro está el 86 % de N(0, I)."
    draw.multiline_text((x + 4, y + HEAD + 334), kit.say(lang, en, es), INK, font(19), spacing=6)


def compare_code(show: str, same: bool) -> str:
    steps = (np.arange(TILES) + 0.5) / TILES * ALIKE.width + ALIKE.left
    return (
        "import torch\nfrom genmodels.autoencoders.vae_plane import PCA, VAE, Autoencoder\n\n"
        f"steps = torch.linspace({steps[0]:.3f}, {steps[-1]:.3f}, {TILES})\n"
        "z = torch.cartesian_prod(steps, steps)\n"
        'models = [(PCA, "vae-plane-pca"), (Autoencoder, "vae-plane-ae"), (VAE, "vae-plane-vae")]\n'
        f"grids = [cls.from_pretrained(name).decode(z) for cls, name in models]  # each {TILES**2} garments\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("compare", "Side by side", "Lado a lado") as view:
        with view.controls():
            shows = [
                (t("codes of the test images", "códigos de las imágenes de prueba"), "codes"),
                (t("what each place decodes to", "qué decodifica cada lugar"), "grid"),
                (t("both", "ambas cosas"), "both"),
            ]
            show = kit.choice(shows, t("Show", "Mostrar"))
            same = kit.check(t("The same axes for all: −4 to 4", "Los mismos ejes para todos: de −4 a 4"))
        with view.result():
            page = kit.picture(height=None)
        view.run(compare, [show, same], [page], ("Compare", "Comparar"), compare_code)
        view.on([show.input, same.input], compare)
