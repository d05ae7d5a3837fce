"""The same picture through words and through numbers, at the same length of code."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr
from PIL import Image

from demos import kit
from demos.kit import numbers, plates, plots, say, t
from demos.vqvae.source import FACES, block, chosen, likeness, loaded, shown
from genmodels.autoencoders.checkpoints import DVAES, RATE_VAES

if TYPE_CHECKING:
    from torch import Tensor

TILE = 220
DVAE_NAME, VAE_NAME = DVAES[0].name, RATE_VAES[0].name


class Through(NamedTuple):
    """What becomes of pictures in one model, and what that takes."""

    name: str
    y: Tensor  # (B, 3, 32, 32)
    bits: float  # of the words as they are; 0 for no words
    least: float  # of the words under the prior that was learnt; 0 for no words
    kl: float  # to the prior of its training, which bits-back coding sends; mean of the pictures, as all


def reconstruct(
    picture: str, seed: int, own: Image.Image | None, drawing: Image.Image | None, count: int, lang: str
) -> Iterator[tuple]:
    """Pictures through the VQ-VAE, the discrete VAE and a VAE of as many bits: PSNR and bits of each."""
    import torch

    with loaded(FACES) as model:
        seeds = range(seed, seed + (count if picture in ("auto", "face", "creature") else 1))
        x = torch.cat([chosen(model, picture, s, own, drawing, lang) for s in seeds])
    found: list[Through] = []
    for name, send in (
        ("VQ-VAE", by_words),
        (say(lang, "discrete VAE", "VAE discreto"), by_dvae),
        ("VAE", by_vae),
    ):
        found.append(Through(name, *send(x, seed)))
        yield poster(x, found, lang), table(x, found, lang), {}
    values = {"psnr": " · ".join(numbers.text("psnr", mean_psnr(x, f.y), lang) for f in found)}
    yield poster(x, found, lang), table(x, found, lang), values


def by_words(x: Tensor, seed: int) -> tuple[Tensor, float, float, float]:
    """Words: so many, of so many bits each. Under the prior that was learnt they take fewer."""
    with loaded(FACES) as model:
        codes = model.codes(x)
        bits = codes[0].numel() * math.log2(len(model.codebook))
        return model.draw(codes), bits, under_prior(FACES, codes), bits


def by_dvae(x: Tensor, seed: int) -> tuple[Tensor, float, float, float]:
    from genmodels.autoencoders.dvae import kl_uniform

    with loaded(DVAE_NAME) as model:
        logits = model.encode(x)
        codes, kl = logits.argmax(1), kl_uniform(logits).sum((1, 2)).mean().item() / math.log(2)
        bits = codes[0].numel() * math.log2(len(model.codebook))
        return model.draw(codes), bits, under_prior(DVAE_NAME, codes), kl


def under_prior(name: str, codes: Tensor) -> float:
    from genmodels.autoregressive.code_prior import CodePrior

    with kit.model(CodePrior, f"{name}-prior") as prior:
        return -prior.log_prob(codes[:, None]).flatten(1).sum(1).mean().item() / math.log(2)


def by_vae(x: Tensor, seed: int) -> tuple[Tensor, float, float, float]:
    """A draw of q(z|x), which bits-back coding sends in KL bits."""
    from genmodels.autoencoders.rate_vae import RateVAE
    from genmodels.metrics.likelihood import kl_standard_normal
    from genmodels.runtime import noise

    with kit.model(RateVAE, VAE_NAME) as model:
        mean, log_var = model.encode(x)
        z = mean + (0.5 * log_var).exp() * noise(seed, len(x), mean.shape[1:]).to(mean)
        kl = kl_standard_normal(mean, log_var).flatten(1).sum(1).mean().item()
        return model.decode(z), 0.0, 0.0, kl / math.log(2)


def mean_psnr(x: Tensor, y: Tensor) -> float:
    return sum(likeness(a[None], b[None]) for a, b in zip(x, y, strict=True)) / len(x)


def poster(x: Tensor, found: list[Through], lang: str) -> Image.Image:
    """A row each: the pictures, then every model."""
    rows = [(say(lang, "the picture", "la imagen"), x)]
    rows += [(f"{f.name}: {numbers.text('psnr', mean_psnr(x, f.y), lang)}", f.y) for f in found]
    if len(x) == 1:
        made = [block(name, shown(y), 1, 2 * TILE) for name, y in rows]
        return plates.plate(*(plates.beside(*made[k : k + 2]) for k in range(0, len(made), 2)))
    return plates.plate(*(block(name, shown(y), len(x), TILE) for name, y in rows))


def table(x: Tensor, found: list[Through], lang: str) -> str:
    def bits(value: float) -> str:
        return plots.number(round(value), lang) if value else "—"

    head = (
        ("", "PSNR", "bits of its words", "under the learnt prior", "KL in bits"),
        ("", "PSNR", "bits de sus palabras", "con el prior aprendido", "KL en bits"),
    )[lang == "es"]
    rows = [
        (f.name, numbers.text("psnr", mean_psnr(x, f.y), lang), bits(f.bits), bits(f.least), bits(f.kl))
        for f in found
    ]
    return plots.table(head, rows)


def reconstruct_code(picture: str, seed: int, own: Any, drawing: Any, count: int) -> str:
    return (
        "import math\nimport torch\nfrom genmodels.autoencoders.rate_vae import RateVAE\n"
        "from genmodels.autoencoders.vqvae import VQVAE\nfrom genmodels.data.faces import batch\n"
        "from genmodels.metrics.likelihood import kl_standard_normal\n"
        "from genmodels.metrics.psnr import psnr\n\n"
        f"x = torch.from_numpy(batch(range({seed}, {seed + count}), 64)[0]).permute(0, 3, 1, 2) / 127.5 - 1\n"
        "x = torch.nn.functional.avg_pool2d(x, 2)  # or your pictures: (B, 3, 32, 32) in [-1, 1]\n"
        f'vq, vae = VQVAE.from_pretrained("{FACES}"), RateVAE.from_pretrained("{VAE_NAME}")\n'
        "mean, log_var = vae.encode(x)\n"
        "z = mean + (log_var / 2).exp() * torch.randn(mean.shape)\n"
        "print(psnr(x, vq.draw(vq.codes(x))).mean(), 64 * math.log2(512))\n"
        "kl = kl_standard_normal(mean, log_var).flatten(1).sum(1).mean() / math.log(2)\n"
        "print(psnr(x, vae.decode(z)).mean(), kl)\n"
    )


def layout(tab: kit.Tab, source: list[Any]) -> None:
    with tab.view("reconstruct", "Reconstruct", "Reconstruir") as view:
        with view.controls():
            en = (
                "Three models of faces at **576 bits**, whatever is chosen above: 64 words of 512, words "
                "drawn from distributions, and a VAE whose KL was held at that number."
            )
            es = (
                "Tres modelos de caras a **576 bits**, sea cual sea el elegido arriba: 64 palabras de 512, "
                "palabras sorteadas de distribuciones y un VAE cuya KL se sujetó a ese número."
            )
            gr.Markdown(t(en, es))
            count = kit.slider(
                1, 6, 4, t("Pictures, from that seed on", "Imágenes, desde esa semilla"), step=1
            )
        with view.result():
            picture = plates.view()
            figures = kit.html()
        label = ("Reconstruct", "Reconstruir")
        view.run(reconstruct, [*source, count], [picture, figures], label, reconstruct_code)
        view.on([count.release], reconstruct)
