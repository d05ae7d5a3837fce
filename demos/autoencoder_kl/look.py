"""Encode a picture, look at its code, decode it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
from PIL import Image

from demos import kit
from demos.autoencoder_kl.source import (
    END,
    chosen,
    gpu_seconds,
    jpeg,
    likeness,
    loaded,
    opened,
    saved,
    sheet,
    sizes,
    start_code,
)
from demos.kit import t


def look(checkpoint: str, picture: str, own: Image.Image | None, size: int, lang: str) -> Iterator[tuple]:
    """Encode a picture, show its code channel by channel, decode it, and compare."""
    from genmodels.autoencoders import codes

    with loaded(checkpoint) as model:
        x = chosen(picture, own, size, model.factor, lang)
        z = codes.encode(model, x)
        inside, found = sheet(x, z), sizes(x, z)
        yield gr.skip(), gr.skip(), inside, found
        y = codes.decode(model, z)
    same = opened(jpeg(x, found["bytes_code"]))
    found = {
        "psnr": likeness(x, y),
        **found,
        "bytes_png": len(saved(x, "PNG")),
        "psnr_jpeg": likeness(x, same),
    }
    yield (kit.to_pil(x[0]), kit.to_pil(y[0])), kit.to_pil((y - x)[0] * 4), inside, found


def look_code(checkpoint: str, picture: str, own: Any, size: int) -> str:
    return start_code(checkpoint, picture, size) + END


def layout(tab: kit.Tab, source: list[Any]) -> None:
    with tab.view("look", "Look", "Mirar") as view:
        en = "A picture goes in, its **code** comes out, and the decoder turns the code back into a picture. "
        es = "Entra una imagen, sale su **código**, y el decodificador lo convierte otra vez en imagen. "
        with view.controls():
            gr.Markdown(t(en + "Drag the line between the two.", es + "Arrastra la línea entre las dos."))
        with view.result():
            with gr.Row():
                words = t("The picture | decoded", "La imagen | decodificada")
                looks = {"height": 400, "min_width": 260, "buttons": ["download", "fullscreen"]}
                pair = gr.ImageSlider(label=words, format="png", interactive=False, **looks)
                lost = kit.picture(t("What got lost, × 4", "Lo que se perdió, × 4"), **looks)
            words = (
                "The code, and its channels",
                "El código y sus canales",
            )
            inside = kit.picture(t(*words), height=220, elem_classes="pixels")
        outputs, label = [pair, lost, inside], ("Encode and decode", "Codificar y decodificar")
        view.run(look, source, outputs, label, look_code, gpu_seconds=gpu_seconds)
