"""Noise has no place in a code, so what comes back is clean. How much noise pays for the detail lost?"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from demos import kit
from demos.kit import plots, t
from demos.kit.plane import INK, font
from demos.vae_plane.codes import titled, use
from genmodels.autoencoders.checkpoints import VAE_PLANE

DENOISERS = tuple(c for key in ("dae64", "dae") for c in VAE_PLANE if c.name == f"vae-plane-{key}")
COUNT = 8
LEVELS = np.linspace(0.05, 1, 20)


def denoise(denoiser: str, strength: float, seed: int, lang: str) -> Iterator[tuple]:
    """Noise on eight of our drawings, and what a denoising autoencoder makes of it, with the PSNR of both."""
    import torch

    from genmodels.metrics.psnr import psnr
    from genmodels.runtime import noise

    x, each = drawings(seed), noise(seed, COUNT, (1, 28, 28))
    noisy = x + strength * each
    clean = cleaned(denoiser, noisy)
    before, after = psnr(x, noisy), psnr(x, clean)
    found = {"psnr_noisy": before.mean().item(), "psnr_cleaned": after.mean().item()}
    page = captioned(kit.grid(torch.cat([x, noisy, clean]), COUNT, scale=4, gap=3, ground=0), before, after)
    yield page, "", found
    curve = []
    for level in LEVELS:
        noisy = x + float(level) * each
        pair = (psnr(x, picture).mean().item() for picture in (noisy, cleaned(denoiser, noisy)))
        curve.append((level, *pair))
    yield page, figure(np.array(curve), strength, lang), found


def drawings(seed: int) -> Any:
    """(COUNT, 1, 28, 28) of different classes."""
    import torch

    from genmodels.data.garments import garment

    kinds = np.random.default_rng(seed).permutation(10)[:COUNT]
    return torch.cat(
        [kit.to_tensor(garment(int(k), seed + i), (28, 28), grey=True) for i, k in enumerate(kinds)]
    )


def cleaned(denoiser: str, noisy: Any) -> Any:
    with use(denoiser) as model:
        noisy = noisy.to(next(model.parameters()).device)
        return model.decode(model.encode(noisy).mean).float().cpu().clamp(-1, 1)


def captioned(page: Image.Image, before: Any, after: Any) -> Image.Image:
    """The decibels in the corner of each noisy and each cleaned garment."""
    draw = ImageDraw.Draw(page)
    for row, values in ((1, before), (2, after)):
        for k, value in enumerate(values.tolist()):
            at = (k * 31 * 4 + 4, row * 31 * 4 + 108)
            draw.text(at, f"{value:.1f}", INK, font(20), "ls", stroke_width=3, stroke_fill=(0, 0, 0))
    return page


def figure(curve: np.ndarray, strength: float, lang: str) -> str:
    """PSNR against noise, before and after; the dashed line is where the slider is."""
    level, noisy, clean = curve.T.tolist()
    axes = plots.Axes((0, 1.02), (0, 36), width=640, height=280, left=40)
    marks = [
        plots.line([strength, strength], [0, 36], "soft", dashed=True),
        plots.line(level, noisy, "warm"),
        plots.line(level, clean, "mark"),
    ]
    across = kit.say(lang, "standard deviation of the noise", "desviación estándar del ruido")
    names = (("warm", kit.say(lang, "noisy", "con ruido")), ("mark", kit.say(lang, "cleaned", "limpiada")))
    drawn = plots.plot(axes, *marks, title="PSNR (dB)", across=across, up=True, lang=lang)
    return drawn + plots.legend(*names)


def denoise_code(denoiser: str, strength: float, seed: int) -> str:
    return (
        "import numpy as np\nimport torch\nfrom genmodels.autoencoders.vae_plane import Autoencoder\n"
        "from genmodels.data.garments import garment\nfrom genmodels.runtime import noise\n\n"
        f'model = Autoencoder.from_pretrained("{denoiser}")\n'
        f"x = torch.tensor(np.array(garment(9, {seed}))).view(1, 1, 28, 28) / 127.5 - 1\n"
        f"noisy = x + {strength:g} * noise({seed}, 1, (1, 28, 28))\n"
        "clean = model.decode(model.encode(noisy).mean)\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("denoise", "Denoise", "Quitar ruido") as view:
        with view.controls():
            denoiser = tab.picker(DENOISERS, t("Denoiser", "Modelo que limpia"))
            strength = kit.slider(0, 1, 0.5, t("Noise", "Ruido"), step=0.05)
            seed = kit.seed()
        with view.result():
            page = titled("Original, noisy, cleaned; PSNR in dB", "Original, con ruido, limpiada; PSNR en dB")
            curve = kit.html()
        inputs, outputs = [denoiser, strength, seed], [page, curve]
        view.run(denoise, inputs, outputs, ("Clean", "Limpiar"), denoise_code)
        view.on([strength.release, denoiser.input], denoise)
