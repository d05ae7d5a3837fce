"""What the decoder makes of shuffled codes and of noise: what is left for diffusion to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demos import kit
from demos.autoencoder_kl.source import END, chosen, gpu_seconds, loaded, start_code
from demos.kit import t

if TYPE_CHECKING:
    from torch import Tensor


def prior(
    checkpoint: str, picture: str, own: Image.Image | None, size: int, seed: int, square: int, lang: str
) -> Iterator[tuple]:
    """Decode a picture's code, the same numbers shuffled, and noise: what is left for diffusion to do."""
    from genmodels import runtime
    from genmodels.autoencoders import codes

    with loaded(checkpoint) as model:
        x = chosen(picture, own, size, model.factor, lang)
        z = codes.encode(model, x)
        four = (
            z,
            codes.shuffle(z, square, seed),
            codes.shuffle(z, 1, seed),
            runtime.noise(seed, 1, z.shape[1:], z.device),
        )
        palette, shown, near = codes.palette(z, x), [gr.skip()] * 4, []
        for k, code in enumerate(four):
            shown[k] = beside(codes.preview(code, palette), codes.decode(model, code))
            near.append(f"{codes.correlation(code):.2f}")
            yield *shown, {"correlation": " · ".join(near)}


def beside(small: Tensor, large: Tensor) -> Image.Image:
    """A code as a picture, each number a square, and what it decodes to."""
    size = large.shape[3], large.shape[2]
    both = Image.new("RGB", (2 * size[0] + 8, size[1]), "white")
    both.paste(kit.to_pil(small[0]).resize(size, Image.Resampling.NEAREST))
    both.paste(kit.to_pil(large[0]), (size[0] + 8, 0))
    return both


def prior_code(checkpoint: str, picture: str, own: Any, size: int, seed: int, square: int) -> str:
    line = f"z = codes.shuffle(z, {square}, {seed})  # or genmodels.runtime.noise({seed}, 1, z.shape[1:])\n"
    return start_code(checkpoint, picture, size) + line + END


def layout(tab: kit.Tab, source: list[Any]) -> None:
    with tab.view("prior", "From noise", "Desde el ruido") as view:
        en = "On the left a code in colours, on the right what it decodes to."
        es = "A la izquierda un código en colores; a la derecha, lo que se decodifica."
        words = (
            ("The picture's code", "El código de la imagen"),
            ("Its squares, shuffled", "Sus cuadrados, barajados"),
            ("Its numbers, shuffled", "Sus números, barajados"),
            ("Only noise, N(0, 1)", "Solo ruido, N(0, 1)"),
        )
        with view.controls():
            gr.Markdown(t(en, es))
            square = kit.slider(2, 16, 8, t("Side of the squares", "Lado de los cuadrados"), step=1)
            seed = kit.seed()
        shown = []
        for two in (words[:2], words[2:]):
            with view.result(), gr.Row():
                shown += [kit.picture(t(*w), height=220, min_width=280) for w in two]
        label = ("Shuffle and decode", "Barajar y decodificar")
        view.run(prior, [*source, seed, square], shown, label, prior_code, gpu_seconds=gpu_seconds)
