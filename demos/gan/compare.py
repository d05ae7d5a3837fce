"""Side by side: the three ways to train the same generator, and a VAE that learnt from the same faces."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from demos import kit
from demos.gan import models
from demos.gan.models import CLIPPED, PENALISED, TRANSPOSED
from demos.kit import card, numbers, plates, plots, say

if TYPE_CHECKING:
    from torch import Tensor

VAE = "vae-faces"
ORDER = (TRANSPOSED, CLIPPED, PENALISED, VAE)
KEYS = ("frechet", "precision", "recall", "density", "coverage")
COLUMNS = 8


class Drawn(NamedTuple):
    x: Tensor
    seconds: float
    drawing: int  # parameters that it takes to draw
    training: int  # and those that learnt along


def compare(seed: int, lang: str) -> Iterator[tuple]:
    """Eight faces of each model from the same seeds, what each weighs and takes, and what was measured."""
    found: dict[str, Drawn] = {}
    for name in ORDER:
        found[name] = vae(seed) if name == VAE else gan(name, seed)
        rows = [plates.block(words(n, lang), d.x, columns=COLUMNS, tile=150) for n, d in found.items()]
        yield plates.plate(*rows), table(found, lang), {"made": COLUMNS * len(found)}


def gan(name: str, seed: int) -> Drawn:
    with models.use(name) as model:
        z = models.noise(model, seed, COLUMNS)
        x, seconds = timed(lambda: models.draw(model, z))
        return Drawn(x, seconds, size(model.generator), size(model))


def vae(seed: int) -> Drawn:
    """Codes come from the mixture fitted to its codes, which is where it draws best."""
    from genmodels.autoencoders.mixture import Mixture
    from genmodels.autoencoders.vae_faces import VAEFaces

    with kit.model(Mixture, f"{VAE}-mixture") as mixture, kit.model(VAEFaces, VAE) as model:
        z = mixture.sample(seed, COLUMNS).to(model.device, model.dtype)
        x, seconds = timed(lambda: model.decode(z).float().cpu())
        return Drawn(x, seconds, size(model.decoder), size(model))


def timed(draw: Callable[[], Tensor]) -> tuple[Tensor, float]:
    """Drawn twice: the first time pays for what is set up once."""
    draw()
    began = time.perf_counter()
    return draw(), time.perf_counter() - began


def size(module: Any) -> int:
    return sum(p.numel() for p in module.parameters())


def words(name: str, lang: str) -> str:
    if name == VAE:
        return say(lang, "VAE, from its mixture", "VAE, de su mezcla")
    return models.short(name, lang)


def table(found: dict[str, Drawn], lang: str) -> str:
    """What each weighs, what a face takes, and what the measuring command found."""
    rows = [
        [say(lang, "parameters that draw", "parámetros que dibujan")]
        + [numbers.text("parameters", d.drawing, lang) for d in found.values()],
        [say(lang, "with those that judge or encode", "con los que juzgan o codifican")]
        + [numbers.text("parameters", d.training, lang) for d in found.values()],
        [say(lang, "a face, in this batch", "una cara, en este lote")]
        + [f"{plots.number(1000 * d.seconds / COLUMNS, lang, 2)} ms" for d in found.values()],
    ]
    for key in KEYS:
        rows.append([say(lang, *numbers.WORDS[key]), *(measured(name, key, lang) for name in found)])
    return plots.table(["", *(words(name, lang) for name in found)], rows)


def measured(name: str, key: str, lang: str) -> str:
    """The VAE's are those of its samples from the mixture."""
    found = card.metrics(name).get("measures", {})
    value = found.get(f"{key}_mixture" if name == VAE else key)
    return "—" if value is None else numbers.text(key, value, lang)


def compare_code(seed: int) -> str:
    return (
        "from genmodels.autoencoders.mixture import Mixture\n"
        "from genmodels.autoencoders.vae_faces import VAEFaces\nfrom genmodels.gan.dcgan import DCGAN\n"
        "from genmodels.gan.latent import truncated\nfrom genmodels.gan.wgan import WGAN\n\n"
        f'z = Mixture.from_pretrained("{VAE}-mixture").sample({seed}, {COLUMNS})\n'
        f'rows = [VAEFaces.from_pretrained("{VAE}").decode(z)]\n'
        f'for cls, name in ((DCGAN, "{TRANSPOSED}"), (WGAN, "{CLIPPED}"), (WGAN, "{PENALISED}")):\n'
        "    gan = cls.from_pretrained(name)\n"
        f"    rows.append(gan.generator(truncated({seed}, {COLUMNS}, gan.config.latent)))\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("compare", "Side by side", "Lado a lado") as view:
        with view.controls():
            seed = kit.seed(1)
        with view.result():
            picture = plates.view()
            drawn = kit.html()
        view.run(compare, [seed], [picture, drawn], ("Draw with all", "Dibujar con todos"), compare_code)
