"""What z knows: a garment goes through its code, is drawn again several times, and the bits are counted."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from PIL import Image

from demos import kit
from demos.kit import fashion, plates, plots, say, t
from demos.pixelvae.pictures import block, by_rows, heat, levels, seen, use

if TYPE_CHECKING:
    from torch import Tensor

DRAWS = 16  # codes of q(z|x) that the bits are averaged over
TOP = 2.0  # bits where the map of bits is brightest: a pixel of four greys, unpredicted


def knows(
    checkpoint: str, drawing: Image.Image | None, garment: int, variant: int, seed: int, draws: int, lang: str
) -> Iterator[tuple]:
    """Encode a garment (yours or one of our drawings), draw it again from the same z, and count the bits."""
    from genmodels.autoregressive import sampling

    page, note = picture_of(drawing, garment, variant, lang)
    x = levels(page)
    with use(checkpoint) as model:
        x = x.to(model.device)
        mean, _ = model.encode(x)
        z = mean.to(model.dtype)
        code_bits, pixel_bits = bits(model, x, seed)
        figures = {"kl_bits": code_bits, "pixel_bits": pixel_bits.sum().item()}
        figures["bits_per_dim"] = sum(figures.values()) / x.numel()
        words = note + account(figures["kl_bits"], figures["pixel_bits"], x.numel(), lang)
        first = [
            block(say(lang, "in four greys", "en cuatro grises"), seen(x.cpu()), 1, 288, type=27),
            block(
                say(lang, "bits of each pixel", "bits por píxel"),
                heat(pixel_bits[None], TOP),
                1,
                288,
                type=27,
            ),
        ]
        caption = say(lang, "drawn again, always the same z", "dibujada de nuevo, siempre el mismo z")
        for made, done in by_rows(sampling.draw(model, seed, draws, z=z)):
            rest = block(caption, seen(made, done), 8)
            third = block(
                say(lang, "their mean", "su media"), seen(made, done).mean(0, keepdim=True), 1, 288, type=27
            )
            yield plates.beside(*first, third), rest, words, figures | {"made": draws}


def picture_of(drawing: Image.Image | None, garment: int, variant: int, lang: str) -> tuple[Image.Image, str]:
    """The visitor's picture as 28 x 28, or one of our drawings; and a line about what was done to it."""
    if drawing is not None:
        page, done = fashion.like_fashion(drawing, lang)
        return page, fashion.listed(done, lang)
    from genmodels.data.garments import garment as paint

    return paint(garment, variant), ""


def bits(model: Any, x: Tensor, seed: int) -> tuple[float, Tensor]:
    """What the code costs, and each pixel given the code, (16, 16): the two terms of the bound, in bits."""
    import math

    from genmodels.metrics.likelihood import kl_standard_normal
    from genmodels.runtime import noise

    mean, log_var = model.encode(x)
    e = noise(seed, DRAWS, (model.config.latent,)).to(mean)
    z = (mean + (0.5 * log_var).exp() * e).to(model.dtype)
    nats = -model.log_prob(x.expand(DRAWS, -1, -1, -1), z).float().mean(0).cpu()
    return kl_standard_normal(mean, log_var).sum().item() / math.log(2), nats / math.log(2)


def account(code: float, pixels: float, values: int, lang: str) -> str:
    """Who pays: a bar of two parts, as long as the picture would be uncompressed."""
    whole = max(2.0 * values, code + pixels)
    parts = [
        ("mark", code, say(lang, "for z", "por z")),
        ("warm", pixels, say(lang, "for the pixels, given z", "por los píxeles, dado z")),
    ]
    bar = "".join(
        f"<i style='display:block;height:100%;width:{100 * v / whole:.2f}%;background:var(--{kind})'></i>"
        for kind, v, _ in parts
    )
    shares = "; ".join(f"{plots.number(round(v), lang)} bits {html.escape(w)}" for _, v, w in parts)
    raw = plots.number(2 * values, lang)
    plain = say(
        lang,
        f"{raw} bits without any model: the whole width.",
        f"{raw} bits sin ningún modelo: el ancho completo.",
    )
    return (
        "<div style='display:flex;height:22px;border-radius:5px;overflow:hidden;background:var(--line);"
        f"margin:6px 0'>{bar}</div>"
        f"<p style='font-size:17px;margin:0'><b>{shares}</b>. {html.escape(plain)}</p>"
    )


def knows_code(
    checkpoint: str, drawing: Image.Image | None, garment: int, variant: int, seed: int, draws: int
) -> str:
    return (
        "import numpy as np\nimport torch\nfrom genmodels.autoregressive.pixelvae import PixelVAE\n"
        "from genmodels.autoregressive.sampling import draw, last\n"
        "from genmodels.data.garments import garment\nfrom genmodels.data.greys import small\n"
        "from genmodels.runtime import noise\n\n"
        f"picture = np.array(garment({garment}, {variant}))  # or yours: 28 x 28, white on black\n"
        "x = torch.from_numpy(small(picture[None])).long()[None]  # (1, 1, 16, 16): 0 to 3\n"
        f'model = PixelVAE.from_pretrained("{checkpoint}")\n'
        f"again = last(draw(model, {seed}, {draws}, z=model.encode(x).mean))\n"
        f"log_prob, kl = model.bound(x, noise({seed}, 1, (32,)))\n"
        "print(kl.sum() / np.log(2), -log_prob / np.log(2))  # bits for z, bits for the pixels\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("knows", "What z knows", "Qué sabe z") as view:
        with view.controls():
            drawing = kit.drawing(
                t("Draw a garment, or drop a picture", "Dibuja una prenda o suelta una imagen")
            )
            ours = t("With the board empty: our drawing of", "Con el tablero vacío: nuestro dibujo de")
            garment = kit.choice([(t(*words), k) for k, words in enumerate(fashion.CLASSES)], ours, 0)
            variant = kit.slider(0, 20, 3, t("Variant", "Variante"), step=1)
            seed = kit.seed()
            draws = kit.slider(8, 32, 16, t("Drawings from the same z", "Dibujos del mismo z"), step=8)
        with view.result():
            first = plates.view()
            about = kit.html()
            rest = plates.view()
        inputs = [tab.checkpoint, drawing, garment, variant, seed, draws]
        view.run(knows, inputs, [first, rest, about], ("Encode and draw", "Codificar y dibujar"), knows_code)
        view.on([garment.input, variant.release], knows)
