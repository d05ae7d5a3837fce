"""The plane itself: 10,000 codes by class, and the garment at any point of it."""

import html
from collections.abc import Iterator

import gradio as gr
import numpy as np

from demos import kit
from demos.kit import fashion, t
from demos.vae_plane.codes import (
    QUIET,
    TILES,
    clicked,
    codes,
    decode,
    distances,
    in_hole,
    loading,
    pair,
    plot,
    position,
    titled,
    window,
)

NEAR = 50  # test images that say of what class a place is


def plane(
    checkpoint: str, across: float, up: float, only: int, tiles: bool, cdf: bool, lang: str
) -> Iterator[tuple]:
    """The codes of the 10,000 test images by class, and the garment at a point of the plane."""
    flat = window(checkpoint, cdf)
    z = flat.code((across, up))
    garment = kit.grid(decode(checkpoint, z[None]), scale=10)
    words = around(checkpoint, z, lang)
    if not tiles:
        yield plot(checkpoint, flat, 0, only).mark(z).image, garment, words, {}
        return
    yield gr.skip(), garment, words, {}
    yield plot(checkpoint, flat, TILES, only).mark(z).image, garment, words, {}


def around(checkpoint: str, z: np.ndarray, lang: str) -> str:
    """The point's numbers, and which classes the nearest test images are of."""
    nearest = distances(checkpoint, z[None])[0].argsort()[:NEAR]
    classes, counts = np.unique(codes(checkpoint)[1][nearest], return_counts=True)
    rows = sorted(zip(counts, classes, strict=True), reverse=True)[:4]
    bars = "".join(
        f"<div style='display:flex;align-items:center;gap:8px;font-size:16px'><i style='height:14px;"
        f"flex:none;width:{45 * n / NEAR:.0f}%;background:{fashion.HEX[k]}'></i>"
        f"<span>{html.escape(kit.say(lang, *fashion.CLASSES[k]))} {100 * n // NEAR} %</span></div>"
        for n, k in rows
    )
    hole = ""
    if in_hole(checkpoint, z[None])[0]:
        en = "A hole: no code of the 10,000 is near. Nobody taught the decoder this point."
        es = (
            "Un hueco: ninguno de los 10.000 códigos está cerca. Nadie le enseñó este punto al decodificador."
        )
        hole = f"<p class='warn'>{kit.say(lang, en, es)}</p>"
    words = kit.say(lang, "The 50 nearest test images:", "Las 50 imágenes de prueba más cercanas:")
    return (
        f"<p style='font-size:20px;margin:0 0 4px'>z = <b>{pair(z, lang)}</b></p>{hole}"
        f"<p style='margin:6px 0;font-size:16px'>{words}</p>{bars}"
    )


def plane_code(checkpoint: str, across: float, up: float, only: int, tiles: bool, cdf: bool) -> str:
    z = window(checkpoint, cdf).code((across, up))
    return loading(checkpoint, z) + "garment = model.decode(z)  # (1, 1, 28, 28) in [-1, 1]\n"


def layout(tab: kit.Tab) -> None:
    with tab.view("plane", "Plane", "Plano") as view:
        with view.controls():
            across = position(0.45, "Left to right", "De izquierda a derecha")
            up = position(0.6, "Bottom to top", "De abajo arriba")
            classes = [(t(*words), k) for k, words in enumerate(fashion.CLASSES)]
            every = (t("all classes", "todas las clases"), -1)
            only = kit.choice([every, *classes], t("Colour", "Colorear"))
            tiles = kit.check(t("Show what each place decodes to", "Mostrar qué decodifica cada lugar"))
            cdf = kit.check(t("Axes: Φ(z), the normal's CDF", "Ejes: Φ(z), la acumulada de la normal"))
        with view.result():
            with gr.Row():
                with gr.Column(scale=5, min_width=300):
                    flat = titled("Click anywhere on the plane", "Haz clic en cualquier lugar del plano")
                with gr.Column(scale=2, min_width=190):
                    garment = titled("What is there", "Qué hay ahí", elem_classes="pixels")
                    about = kit.html()
            kit.html(fashion.legend())
        inputs, outputs = [tab.checkpoint, across, up, only, tiles, cdf], [flat, garment, about]
        view.run(plane, inputs, outputs, ("Show", "Mostrar"), plane_code)
        clicks = gr.State(0)
        flat.select(clicked, clicks, [across, up, clicks], **QUIET)
        moves = [across.release, up.release, only.input, tiles.input, cdf.input, clicks.change]
        view.on(moves, plane)
