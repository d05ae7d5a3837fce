"""The visitor's own garment through the bottleneck of two numbers, and the blob the encoder makes of it."""

from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from demos import kit
from demos.kit import fashion, t
from demos.kit.plane import INK, Plane, Plot
from demos.vae_plane.codes import SIDE, codes, kind, pair, plot, titled, use, window


def reconstruct(
    checkpoint: str, drawing: Image.Image | None, garment: int, variant: int, seed: int, draws: int, lang: str
) -> Iterator[tuple]:
    """Encode a picture (yours, or one of our drawings), decode it, and draw again from its posterior."""
    import torch

    from genmodels.metrics.psnr import psnr
    from genmodels.runtime import noise

    page, note = picture_of(drawing, garment, variant, lang)
    x = kit.to_tensor(page, (28, 28), grey=True)
    with use(checkpoint) as model:
        device = next(model.parameters()).device
        mean, log_var = model.encode(x.to(device))
        again = model.decode(mean).float().cpu().clamp(-1, 1)
        spread = torch.zeros(2) if log_var is None else (0.5 * log_var[0]).exp().float().cpu()
        z = mean.float().cpu() + spread * noise(seed, draws if log_var is not None else 1, (2,))
        many = model.decode(z.to(device)).float()
        found = {"psnr": psnr(x, again).item()} | terms(model, x, mean, log_var, many)
    centre, radii, z = (v.double().cpu().numpy() for v in (mean[0], spread, z))
    three = kit.grid(torch.cat([x, again, (again - x).abs() - 1]), 3, scale=10, ground=0)
    draws_shown = kit.grid(many.cpu().clamp(-1, 1), 8, scale=4, ground=0)
    words = note + code_of(centre, radii, lang)
    yield three, gr.skip(), gr.skip(), draws_shown, words, found
    wide = plot(checkpoint, window(checkpoint)).mark(centre).image
    yield three, wide, close(checkpoint, centre, radii, z), draws_shown, words, found


def picture_of(drawing: Image.Image | None, garment: int, variant: int, lang: str) -> tuple[Image.Image, str]:
    """The visitor's picture as 28 x 28, or one of our drawings; and a line about what was done to it."""
    if drawing is not None:
        page, done = fashion.like_fashion(drawing, lang)
        return page, fashion.listed(done, lang)
    from genmodels.data.garments import garment as paint

    return paint(garment, variant), ""


def terms(model: Any, x: Any, mean: Any, log_var: Any, drawn: Any) -> dict[str, float]:
    """The bound of this picture, averaged over the draws; nothing for a model that has no bound."""
    from genmodels.metrics.likelihood import bits_per_dim, gaussian_log_prob, kl_standard_normal

    if log_var is None:
        return {}
    kl = kl_standard_normal(mean.float(), log_var.float()).sum()
    elbo = gaussian_log_prob(x.to(drawn.device), drawn, model.log_sigma).mean() - kl
    return {"kl": kl.item(), "elbo": elbo.item(), "elbo_bits": bits_per_dim(elbo, x[0].numel()).item()}


def close(checkpoint: str, centre: np.ndarray, radii: np.ndarray, z: np.ndarray) -> Image.Image:
    """The code from near, where its posterior can be seen: ellipses of one and two sigmas, and draws."""
    width = max(12 * radii.max(), window(checkpoint).width / 60)
    at, label = codes(checkpoint)
    near = Plot(Plane(*(centre - width / 2), width), SIDE).points(at, fashion.COLOURS[label], 7, 0.6)
    if not radii.any():
        return near.mark(centre).axes(30).image
    near.dots(z, INK, 7)
    for k in (1, 2):
        near.ellipse(centre, k * radii, INK, 6 - 2 * k)
    return near.axes(30).image


def code_of(centre: np.ndarray, radii: np.ndarray, lang: str) -> str:
    if radii.any():
        return f"<p>μ = <b>{pair(centre, lang)}</b> &ensp; σ = <b>{pair(radii, lang)}</b></p>"
    en = "This model's code is a point: it has no posterior to draw from, no KL and no bound."
    es = "El código de este modelo es un punto: no tiene posterior del que muestrear, ni KL, ni cota."
    return f"<p>z = <b>{pair(centre, lang)}</b>. {kit.say(lang, en, es)}</p>"


def reconstruct_code(
    checkpoint: str, drawing: Image.Image | None, garment: int, variant: int, seed: int, draws: int
) -> str:
    cls = kind(checkpoint)
    z = (
        "code.mean"
        if cls != "VAE"
        else f"code.mean + (0.5 * code.log_var).exp() * noise({seed}, {draws}, (2,))"
    )
    return (
        f"import numpy as np\nimport torch\nfrom genmodels.autoencoders.vae_plane import {cls}\n"
        "from genmodels.data.garments import garment\nfrom genmodels.runtime import noise\n\n"
        f"picture = garment({garment}, {variant})  # or yours: 28 x 28, white on black\n"
        "x = torch.tensor(np.array(picture)).view(1, 1, 28, 28) / 127.5 - 1\n"
        f'model = {cls}.from_pretrained("{checkpoint}")\n'
        f"code = model.encode(x)\nagain = model.decode({z})\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("reconstruct", "Reconstruct", "Reconstruir") as view:
        with view.controls():
            drawing = kit.drawing(
                t("Draw a garment, or drop a picture", "Dibuja una prenda o suelta una imagen")
            )
            ours = t("With the board empty: our drawing of", "Con el tablero vacío: nuestro dibujo de")
            garment = kit.choice([(t(*words), k) for k, words in enumerate(fashion.CLASSES)], ours, 9)
            variant = kit.slider(0, 20, 3, t("Variant", "Variante"), step=1)
            seed = kit.seed()
            draws = kit.slider(8, 32, 16, t("Draws from the posterior", "Muestras del posterior"), step=8)
        with view.result():
            words = ("Original, reconstruction, difference", "Original, reconstrucción, diferencia")
            three = titled(*words, elem_classes="pixels")
            about = kit.html()
            with gr.Row():
                with gr.Column(min_width=240):
                    wide = titled("Its code on the plane", "Su código en el plano")
                with gr.Column(min_width=240):
                    near = titled("From near: 1 σ, 2 σ and the draws", "De cerca: 1 σ, 2 σ y las muestras")
            many = titled("The draws, decoded", "Las muestras, decodificadas")
        inputs = [tab.checkpoint, drawing, garment, variant, seed, draws]
        outputs = [three, wide, near, many, about]
        view.run(reconstruct, inputs, outputs, ("Reconstruct", "Reconstruir"), reconstruct_code)
        view.on([garment.input, variant.release], reconstruct)
