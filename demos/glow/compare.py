"""Side by side: two ways to mix, two kinds of coupling, and the neighbours; how fast each goes both ways."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from demos import kit
from demos.glow import models
from demos.glow.pictures import ours
from demos.kit import card, numbers, plates, plots, say, t

if TYPE_CHECKING:
    from torch import Tensor

VAE, GAN = "vae-faces", "wgan-gp-faces"
ORDER = (models.REALNVP, models.GARMENTS, models.GLOW, models.TARFLOW, VAE, GAN)
KEYS = ("frechet", "precision", "recall", "coverage")
COLUMNS, TILE = 8, 130
TRIES = 5  # of which the fastest counts


class Ways(NamedTuple):
    there: Callable[[], Any] | None  # from eight pictures to codes; a GAN has no such way
    back: Callable[[], Tensor]  # from eight codes to pictures, as the model has them
    shown: Callable[[Tensor], Tensor]  # those, in [-1, 1]


class Drawn(NamedTuple):
    x: Tensor
    parameters: int
    there: float | None = None  # seconds, once it was measured
    back: float | None = None


def compare(seed: int, temperature: float, lang: str) -> Iterator[tuple]:
    """Eight samples of each from the same seeds, and the milliseconds of both directions, measured here."""
    found: dict[str, Drawn] = {}
    for name in ORDER:
        for latest in drawn(name, seed, temperature):
            found[name] = latest
            yield sheet(found, lang), tables(found, lang), {"made": COLUMNS * len(found)}


def drawn(name: str, seed: int, temperature: float) -> Iterator[Drawn]:
    """A model's pictures; then how long both ways took it."""
    with use(name) as model:
        ways = both_ways(name, model, seed, temperature)
        began = time.perf_counter()
        y = ways.back()
        first = time.perf_counter() - began
        x = ways.shown(y).float().cpu()
        size = sum(p.numel() for p in model.parameters())
        yield Drawn(x, size)
        there, back = quickest(ways)
        yield Drawn(x, size, there, min(first, back))


def quickest(ways: Ways) -> tuple[float | None, float]:
    """Seconds there and back, the fastest of TRIES: the others were disturbed."""
    there, back = [], []
    for _ in range(TRIES):
        if ways.there:
            there.append(timed(ways.there))
        back.append(timed(ways.back))
    return min(there, default=None), min(back)


def timed(way: Callable[[], Any]) -> float:
    began = time.perf_counter()
    way()
    return time.perf_counter() - began


def use(name: str) -> Any:
    from genmodels.autoencoders.vae_faces import VAEFaces
    from genmodels.gan.wgan import WGAN

    if name in models.CLASSES:
        return models.use(name)
    return kit.model(VAEFaces if name == VAE else WGAN, name)


def both_ways(name: str, model: Any, seed: int, temperature: float) -> Ways:
    """How a model goes from pictures to codes and back."""
    from genmodels import runtime

    def sent(v: Tensor) -> Tensor:
        return v.to(model.device, model.dtype)

    if name == GAN:
        z = sent(runtime.noise(seed, COLUMNS, (model.config.latent,)))
        return Ways(None, lambda: model.generator(z), lambda y: y)
    if name == VAE:
        x, z = sent(large()), sent(mixture(seed))
        return Ways(lambda: model.encode(x), lambda: model.decode(z), lambda y: y)
    y, z = (
        models.noised(model, ours(name, range(COLUMNS))),
        sent(temperature * models.noise(model, seed, COLUMNS)),
    )
    return Ways(lambda: model(y), lambda: model.inverse(z)[0], model.shown)


def large() -> Tensor:
    """Painted faces of 64 pixels."""
    import torch

    from genmodels.data.faces import batch

    return torch.from_numpy(batch(range(COLUMNS))[0]).permute(0, 3, 1, 2) / 127.5 - 1


def mixture(seed: int) -> Tensor:
    """Codes of the VAE from the mixture fitted to them, which is where it draws best."""
    from genmodels.autoencoders.mixture import Mixture

    with kit.model(Mixture, f"{VAE}-mixture") as fitted:
        return fitted.sample(seed, COLUMNS)


# ------------------------------------------------------------------------------------------ what is shown


def words(name: str, lang: str) -> str:
    if name == VAE:
        return say(lang, "VAE, faces, 64 px", "VAE, caras, 64 px")
    if name == GAN:
        return say(lang, "WGAN-GP, faces, 64 px", "WGAN-GP, caras, 64 px")
    side = 32 if models.of_faces(name) else 28
    return f"{models.short(name, lang)}, {side} px"


def sheet(found: dict[str, Drawn], lang: str) -> Any:
    rows = [plates.block(words(n, lang), d.x, columns=COLUMNS, tile=TILE, type=28) for n, d in found.items()]
    return plates.plate(*rows)


def tables(found: dict[str, Drawn], lang: str) -> str:
    """Speed, measured now; quality, as the measuring commands found it."""
    head = ["", *(say(lang, *w) for w in (
        ("picture → code, ms", "imagen → código, ms"), ("code → picture, ms", "código → imagen, ms"),
        ("back / there", "vuelta / ida"), ("parameters", "parámetros"),
    ))]  # fmt: skip
    rows = [
        [words(n, lang), *speed(d, lang), numbers.text("parameters", d.parameters, lang)]
        for n, d in found.items()
    ]
    quality = [[words(n, lang), *(measured(n, key, lang) for key in ("bits_per_dim", *KEYS))] for n in found]
    names = ["", *(say(lang, *numbers.WORDS[key]) for key in ("bits_per_dim", *KEYS))]
    title = say(lang, "How fast, on this machine, just now", "Qué tan rápido, en esta máquina, recién")
    other = say(lang, "How good, as measured beforehand (samples at temperature 1)",
                "Qué tan bueno, medido antes (muestras a temperatura 1)")  # fmt: skip
    return f"<h4>{title}</h4>{plots.table(head, rows)}<h4>{other}</h4>{plots.table(names, quality)}"


def speed(d: Drawn, lang: str) -> list[str]:
    """Milliseconds of one picture there and back, and their ratio."""
    if d.back is None:
        return ["…", "…", ""]
    each = [None if s is None else 1000 * s / COLUMNS for s in (d.there, d.back)]
    ratio = "" if d.there is None else plots.number(d.back / d.there, lang, 2)
    return ["—" if s is None else plots.number(s, lang, 2 if s < 100 else 3) for s in each] + [ratio]


def measured(name: str, key: str, lang: str) -> str:
    """The VAE's are those of its samples from the mixture."""
    found = card.metrics(name).get("measures", {})
    value = found.get(f"{key}_mixture" if name == VAE else key)
    return "—" if value is None else numbers.text(key, value, lang)


def compare_code(seed: int, temperature: float) -> str:
    return (
        "from time import perf_counter\n\n"
        "from genmodels.flow.glow import Glow\nfrom genmodels.flow.realnvp_images import RealNVPImages\n"
        "from genmodels.flow.tarflow import TarFlow\nfrom genmodels.runtime import noise\n\n"
        f'flows = {{"{models.REALNVP}": RealNVPImages, "{models.GLOW}": Glow, "{models.TARFLOW}": TarFlow}}\n'
        "for name, cls in flows.items():\n    flow = cls.from_pretrained(name)\n"
        "    c = flow.config\n"
        f"    z = {temperature:g} * noise({seed}, {COLUMNS}, (c.channels, c.size, c.size))\n"
        "    start = perf_counter()\n"
        "    y = flow.inverse(z)[0]\n"
        "    middle = perf_counter()\n"
        "    flow(y)\n"
        "    print(name, middle - start, perf_counter() - middle)  # back, there\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("compare", "Side by side", "Lado a lado") as view:
        with view.controls():
            seed = kit.seed(1)
            words_ = t("Temperature of the flows", "Temperatura de los flujos")
            temperature = kit.slider(0, 1.2, 0.9, words_, step=0.05)
        with view.result():
            picture = plates.view()
            drawn_ = kit.html()
        view.run(
            compare,
            [seed, temperature],
            [picture, drawn_],
            ("Draw with all", "Dibujar con todos"),
            compare_code,
        )
