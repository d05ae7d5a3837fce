"""Mistakes in drowning a picture: a thousand steps of noise, and what a network finds on the way back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from PIL import Image, ImageDraw

from demos import kit
from demos.bugs import shown
from demos.bugs.cards import Bug, card
from demos.kit import denoisers, plates, plots, say, t

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.diffusion.denoiser import Denoiser

MOMENTS = (1, 50, 150, 300, 450, 600, 800, 1000)  # of the strip
DRAWN, BACK = 12, 16  # steps that make the picture; steps of the way back
EVERY, STRIP = 10, 960  # moments between points of the curve; pixels


class Chain(NamedTuple):
    x: dict[int, Tensor]  # moment -> the picture then
    variance: dict[int, float]
    left: dict[int, float]  # of the picture

    @property
    def end(self) -> float:
        return self.variance[max(self.variance)]


def left(chain: Chain) -> float:
    return 100 * chain.left[max(chain.left)]


END = "variance of x_t at the moment chosen", "varianza de x_t en el momento elegido"
BUGS = {
    "root": Bug(
        ("The noise without its root", "El ruido sin su raíz"),
        "x_t = √(1−β) x_{t−1} + β ε",
        "x_t = √(1−β) x_{t−1} + √β ε",
        (
            "β is a variance, ε is multiplied by a standard deviation. With β for √β the noise is 7 to "
            "100 times too small; the signal shrinks all the same, so in the end there is neither.",
            "β es una varianza y a ε lo multiplica una desviación estándar. Con β en vez de √β el ruido "
            "es de 7 a 100 veces más débil; la señal se encoge igual, así que al final no queda ni una ni "
            "otro.",
        ),
        END,
        lambda chain: chain.end,
    ),
    "shrink": Bug(
        ("Noise added, the picture not shrunk", "Se agrega ruido y no se encoge la imagen"),
        "x_t = x_{t−1} + √β ε",
        "x_t = √(1−β) x_{t−1} + √β ε",
        (
            "Each step adds β to the variance and takes nothing away: 1 + Σβ = 11 at the end, and the "
            "picture is still under it at full strength. Some models do this on purpose, and say so to "
            "the network.",
            "Cada paso suma β a la varianza y no quita nada: al final 1 + Σβ = 11, y la imagen sigue "
            "debajo con toda su fuerza. Algunos modelos lo hacen a propósito, y se lo dicen a la red.",
        ),
        END,
        lambda chain: chain.end,
    ),
    "product": Bug(
        ("One step's α for all steps' ᾱ", "La α de un paso por la ᾱ de todos"),
        "x_t = √α_t x₀ + √(1−α_t) ε",
        "x_t = √ᾱ_t x₀ + √(1−ᾱ_t) ε,   ᾱ_t = α₁ α₂ … α_t",
        (
            "The jump to moment t needs the product of all α so far. With the last factor alone, the "
            "picture never drowns. For data of variance 1 the variance stays 1, so that test passes.",
            "El salto al momento t necesita el producto de todas las α hasta ahí. Con el último factor "
            "solo, la imagen nunca se hunde. Con datos de varianza 1 la varianza sigue en 1, así que esa "
            "prueba pasa.",
        ),
        ("% of the picture left at the moment chosen", "% de la imagen que queda en el momento elegido"),
        left,
    ),
    "same": Bug(
        ("The same ε in each step", "La misma ε en cada paso"),
        "ε = randn();   for t in …:  x = √(1−β) x + √β ε",
        "for t in …:  ε = randn();   x = √(1−β) x + √β ε",
        (
            "Variances add only if noises are independent. A thousand times the same one adds up like a "
            "walk in one direction.",
            "Las varianzas se suman solo si los ruidos son independientes. Mil veces el mismo se suma "
            "como una caminata en una sola dirección.",
        ),
        END,
        lambda chain: chain.end,
    ),
    "clip": Bug(
        ("Clipped like a picture, in each step", "Recortada como una imagen, en cada paso"),
        "x_t = (√(1−β) x_{t−1} + √β ε).clip(−1, 1)",
        "x_t = √(1−β) x_{t−1} + √β ε",
        (
            "Stored as bytes, say. Noise has no bounds: cut off at black and white it is no longer "
            "normal, and its variance is not the one that the network is told.",
            "Por guardarla en bytes, por ejemplo. El ruido no tiene límites: cortado en blanco y negro ya "
            "no es normal, y su varianza no es la que se le dice a la red.",
        ),
        END,
        lambda chain: chain.end,
    ),
}


def forward(
    checkpoint: str, mistake: str, moment: int, picture: int, seed: int, lang: str
) -> Iterator[tuple]:
    """A picture of the model's own, drowned rightly and wrongly up to a moment, and back from there."""
    import torch

    from genmodels.diffusion import bugs

    with denoisers.use(checkpoint) as denoise:
        x0 = painted(denoise, picture)
        chains = Chain({}, {}, {}), Chain({}, {}, {})
        both = torch.cat([x0, torch.zeros_like(x0)])  # and nothing, under the same noise
        walks = [
            bugs.chain(both, shown.luck(seed, 1) + shown.luck(seed, 1), w)
            for w in (bugs.RIGHT, frozenset([mistake]))
        ]
        for k, pair in enumerate(zip(*walks, strict=True), start=1):
            for chain, x in zip(chains, pair, strict=True):
                kept(chain, k, x, x0, moment)
            if k == moment:
                break
            if k % 100 == 0:
                yield strip(chains, lang), None, "", {}
        yield strip(chains, lang), None, "", numbers(chains)
        ends = [back(denoise, chain.x[moment], moment, picture) for chain in chains]
    page = card(BUGS[mistake], chains, lang) + curves(chains, lang)
    yield strip(chains, lang), returned(chains, ends, moment, lang), page, numbers(chains)


def painted(denoise: Denoiser, picture: int) -> Tensor:
    """A picture that the model knows: one of its own, its class the number's."""
    from genmodels.diffusion import bugs

    e, _ = shown.start(denoise, 1, picture)
    labels = denoisers.labels(denoise, class_of(denoise, picture))
    *_, last = bugs.draw(denoise, e, bugs.levels("cosine", DRAWN), labels, eta=0.0)
    return last.x


def class_of(denoise: Denoiser, picture: int) -> int:
    return picture % max(1, (denoise.network.config.num_class_embeds or 1) - 1)


def kept(chain: Chain, k: int, x: Tensor, x0: Tensor, moment: int) -> None:
    from genmodels.diffusion import bugs

    if k in MOMENTS or k == moment:
        chain.x[k] = x[:1]
    if k % EVERY == 0 or k in (1, moment):
        chain.variance[k], chain.left[k] = x[0].var().item(), bugs.left(*x.split(1), x0)


def back(denoise: Denoiser, x: Tensor, moment: int, picture: int) -> Tensor:
    """As if x were what the forward process makes of a picture at that moment."""
    from genmodels.diffusion import samplers, schedules
    from genmodels.diffusion.denoiser import bound

    sigma = schedules.table("linear")[moment - 1].item()
    grid = schedules.karras(min(denoisers.LOW, sigma / 2), sigma, BACK)
    belief = bound(denoise, denoisers.labels(denoise, class_of(denoise, picture)))
    *_, last = samplers.dpm(belief, x * (1 + sigma**2) ** 0.5, grid)
    return last.x


def strip(chains: tuple[Chain, Chain], lang: str) -> Image.Image:
    """The moments of both, as far as they have come."""
    import torch

    rows = [heads()]
    for words, chain in zip((("right", "bien"), ("wrong", "mal")), chains, strict=True):
        found = [chain.x[k] for k in MOMENTS if k in chain.x] or [next(iter(chain.x.values()))]
        empty = torch.full_like(found[0], 0.0).expand(len(MOMENTS) - len(found), -1, -1, -1)
        rows.append(shown.block(say(lang, *words), torch.cat([*found, empty]), len(MOMENTS), STRIP))
    return plates.plate(*rows)


def heads() -> Image.Image:
    """The moments, each over its column."""
    sheet, pitch = Image.new("RGBA", (STRIP, 30)), (STRIP + plates.GAP) / len(MOMENTS)
    pen = ImageDraw.Draw(sheet)
    for k, moment in enumerate(MOMENTS):
        words = f"t = {moment}" if k == 0 else str(moment)
        pen.text(((k + 0.5) * pitch, 26), words, (*plates.CAPTION, 255), plates.font(24), "ms")
    return sheet


def returned(chains: tuple[Chain, Chain], ends: list[Tensor], moment: int, lang: str) -> Image.Image:
    import torch

    words = say(lang, "back from there", "y de vuelta")
    blocks = []
    for name, chain, end in zip((("right", "bien"), ("wrong", "mal")), chains, ends, strict=True):
        caption = f"{say(lang, *name)}: t = {moment}, {words}"
        blocks.append(shown.block(caption, torch.cat([chain.x[moment], end]), 2))
    return plates.beside(*blocks)


def numbers(chains: tuple[Chain, Chain]) -> dict[str, Any]:
    (right, wrong) = chains
    k = max(right.variance)
    return {
        "variance_right": right.variance[k], "variance_wrong": wrong.variance[k],
        "left_right": share(right.left[k]), "left_wrong": share(wrong.left[k]),
    }  # fmt: skip


def share(value: float) -> str:
    return f"{100 * value:.0f}%".replace("-0%", "0%")


def curves(chains: tuple[Chain, Chain], lang: str) -> str:
    """Variance of the values, and how much of the picture is in them, over the moments."""
    figures = []
    for title, series in (
        (say(lang, "variance of x_t", "varianza de x_t"), [c.variance for c in chains]),
        (say(lang, "part of the picture left", "parte de la imagen que queda"), [c.left for c in chains]),
    ):
        top = min(3.0, max(1.1, *(v for s in series for v in s.values())))
        axes = plots.Axes((0, 1000), (0, 1.05 * top), width=460, height=240, left=44)
        marks = [
            plots.line(list(s), [min(max(v, 0.0), 1.05 * top) for v in s.values()], kind)
            for s, kind in zip(series, ("mark", "warm"), strict=True)
        ]
        figures.append(plots.plot(axes, *marks, title=title, across="t", up=True, lang=lang))
    names = ("mark", say(lang, "right", "bien")), ("warm", say(lang, "wrong", "mal"))
    return plots.figures(*figures) + plots.legend(*names)


def forward_code(checkpoint: str, mistake: str, moment: int, picture: int, seed: int) -> str:
    return shown.loading(checkpoint, 1, picture) + (
        f'*_, drawn = bugs.draw(denoise, e, bugs.levels("cosine", {DRAWN}), labels, eta=0.0)\n'
        f'for wrong in (bugs.RIGHT, frozenset(["{mistake}"])):\n'
        f"    walk = bugs.chain(drawn.x, generators({seed + 1_000_003}, 1), wrong)\n"
        f"    x = [x for x, _ in zip(walk, range({moment}))][-1]\n"
        "    print(sorted(wrong), x.var())\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("forward", "Noising", "Poner ruido") as view:
        with view.controls():
            choices = [(t(*bug.title), name) for name, bug in BUGS.items()]
            mistake = kit.choice(choices, t("The mistake", "El error"))
            moment = kit.slider(1, 1000, 1000, t("Moment t", "Momento t"), step=1)
            picture = kit.seed(3, t("Picture number", "Imagen número"))
            seed = kit.seed(1, t("Seed of the noise", "Semilla del ruido"))
        with view.result():
            rows = plates.view()
            ends = plates.view()
            page = kit.html()
        inputs = [tab.checkpoint, mistake, moment, picture, seed]
        view.run(forward, inputs, [rows, ends, page], ("Drown it", "Hundirla"), forward_code)
        view.on([mistake.input, moment.release], forward)
