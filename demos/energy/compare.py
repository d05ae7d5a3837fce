"""Beside its neighbours: the same garments by a VAE and a GAN, what each takes, and how far each is off."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

from demos import kit
from demos.energy import models
from demos.kit import card, numbers, plates, plots, say, t
from demos.kit.pixels import sheet

if TYPE_CHECKING:
    from torch import Tensor

COUNT, EVERY = 12, 0.4
VAE, GAN = "vae-plane-vae", "cgan-fashion"
KEYS = {models.GARMENTS: "frechet", VAE: "frechet_vae", GAN: "frechet_gan"}


class Drawn(NamedTuple):
    x: Tensor
    seconds: float
    passes: int  # through the network, each with its way back in a chain
    parameters: int


def compare(steps: int, seed: int, lang: str) -> Iterator[tuple]:
    """Twelve garments of each: chains of the energy model, one pass of a VAE, one of a GAN."""
    found: dict[str, Drawn] = {}
    for name, made in ((models.GARMENTS, chains(steps, seed)), (VAE, vae(seed)), (GAN, gan(seed))):
        for found[name] in made:
            yield page(found, lang), f"{table(found, lang)}<p>{why(lang)}</p>", {}


def chains(steps: int, seed: int) -> Iterator[Drawn]:
    """As they walk, a few times a second."""
    from genmodels.energy.langevin import langevin

    x, luck = models.start(models.GARMENTS, "noise", seed, COUNT)
    with models.use(models.GARMENTS) as model:
        walk, weight = models.walk(models.STRIDE, models.NOISE, models.CLIP), size(model)
        began = shown = time.perf_counter()
        with closing(langevin(model.energy, x.to(model.device), steps, walk, luck)) as walking:
            for step in walking:
                now = time.perf_counter()
                if now - shown > EVERY or step.i == steps:
                    yield Drawn(step.x.cpu(), now - began, step.i, weight)
                    shown = now


def vae(seed: int) -> Iterator[Drawn]:
    from genmodels.autoencoders.vae_plane import VAE as Class
    from genmodels.runtime import noise

    with kit.model(Class, VAE) as model:
        z = noise(seed, COUNT, (model.config.latent,), model.device)
        began = time.perf_counter()
        x = model.decode(z).float().cpu()
        yield Drawn(x, time.perf_counter() - began, 1, size(model))


def gan(seed: int) -> Iterator[Drawn]:
    import torch

    from genmodels.gan.cgan import CGAN
    from genmodels.gan.latent import truncated

    with kit.model(CGAN, GAN) as model:
        z = truncated(seed, COUNT, model.config.latent).to(model.device)
        y = torch.stack([model.label(k % 10) for k in range(COUNT)]).to(model.device)
        began = time.perf_counter()
        x = model.generator(z, y).float().cpu()[..., 2:-2, 2:-2]  # drawn in a frame of black
        yield Drawn(x, time.perf_counter() - began, 1, size(model))


def size(model: Any) -> int:
    return sum(p.numel() for p in model.parameters())


def words(name: str, lang: str) -> str:
    return {
        models.GARMENTS: say(lang, "energy model", "modelo de energía"),
        VAE: say(lang, "VAE, two numbers", "VAE, dos números"),
        GAN: say(lang, "conditional GAN", "GAN condicional"),
    }[name]


def page(found: dict[str, Drawn], lang: str) -> Any:
    return plates.plate(
        *(sheet(models.wide(d.x), words(name, lang), COUNT, 960) for name, d in found.items())
    )


def table(found: dict[str, Drawn], lang: str) -> str:
    """What each weighs and took here, and what the measuring command found."""
    measures = card.metrics(models.GARMENTS).get("measures", {})
    far = [plots.number(measures[KEYS[n]], lang) if KEYS[n] in measures else "—" for n in found]
    rows = [
        [
            say(lang, "parameters", "parámetros"),
            *(numbers.text("parameters", d.parameters, lang) for d in found.values()),
        ],
        [
            say(lang, "passes through the network", "pasadas por la red"),
            *(plots.number(d.passes, lang, 4) for d in found.values()),
        ],
        [
            say(lang, "time for these", "tiempo para estas"),
            *(numbers.text("ms", 1000 * d.seconds, lang) for d in found.values()),
        ],
        [say(lang, "Fréchet distance, measured on 2,500", "distancia de Fréchet, medida con 2.500"), *far],
    ]
    return plots.table(["", *(words(name, lang) for name in found)], rows)


def why(lang: str) -> str:
    return say(
        lang,
        "Why the chains' garments are so grainy: the network never sees a garment being made, only which "
        "of two is the better; its own walks, its only teachers, are 20 steps long where an honest one has "
        "no end; and dense layers treat neighbouring pixels as strangers. What it has instead: no pass "
        "through a decoder is ever needed, any picture can be judged, and any picture can be the start.",
        "Por qué las prendas de las cadenas salen tan granuladas: la red nunca ve cómo se hace una prenda, "
        "solo cuál de dos es mejor; sus propias caminatas, que son sus únicas maestras, tienen 20 pasos "
        "donde una honesta no tiene fin; y las capas densas tratan a píxeles vecinos como extraños. Lo que "
        "tiene a cambio: no hace falta ningún decodificador, cualquier imagen se puede juzgar y cualquiera "
        "puede ser el punto de partida.",
    )


def compare_code(steps: int, seed: int) -> str:
    imports, lines = models.starting(models.GARMENTS, "noise", seed, COUNT)
    more = (
        "from genmodels.autoencoders.vae_plane import VAE",
        "from genmodels.gan.cgan import CGAN",
        "from genmodels.gan.latent import truncated",
        "import torch",
    )
    walk = models.walk_code(models.STRIDE, models.NOISE, models.CLIP)
    imports[1] += ", noise"
    return (
        models.loading(models.GARMENTS, *imports, *more)
        + lines
        + (
            f"rows = [last(langevin(ebm.energy, x, {steps}, {walk}, luck))]\n"
            f'rows.append(VAE.from_pretrained("{VAE}").decode(noise({seed}, {COUNT}, (2,))))\n'
            f'gan = CGAN.from_pretrained("{GAN}")\n'
            f"y = torch.stack([gan.label(k % 10) for k in range({COUNT})])\n"
            f"z = truncated({seed}, {COUNT}, gan.config.latent)\n"
            "rows.append(gan.generator(z, y)[..., 2:-2, 2:-2])\n"
        )
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("compare", "Beside its neighbours", "Junto a sus vecinos") as view:
        with view.controls():
            steps = kit.slider(10, 2000, 250, t("Steps of the chains", "Pasos de las cadenas"), step=10)
            seed = kit.seed()
        with view.result():
            picture, drawn = plates.view(), kit.html()
        view.run(
            compare, [steps, seed], [picture, drawn], ("Draw with all", "Dibujar con todos"), compare_code
        )
