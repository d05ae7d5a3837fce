"""Between a real face and a generated one: where the gradient penalty acts, and what each critic's slope is.

All four judges go the way from a generated face of their own, of the same seed, to the same painted one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from demos import kit
from demos.gan import models
from demos.gan.shown import labelled, spread
from demos.kit import plates, plots, say, t

if TYPE_CHECKING:
    from torch import Tensor

STEPS, COLUMNS = 10, 5  # pictures from generated to real, both among them, and those in a row
KINDS = {  # colour and dashes of each judge's lines
    models.PENALISED: ("mark", False),
    models.TRANSPOSED: ("warm", False),
    models.REPEATED: ("warm", True),
    models.CLIPPED: ("ink", False),
}


class Way(NamedTuple):
    x: Tensor  # (STEPS, 3, 64, 64), of the first pair
    scores: list[float]  # along it, mean over the pairs
    norms: list[float]  # of the slope
    far: float  # mean distance between both ends


def between(checkpoint: str, seed: int, other: int, pairs: int, lang: str) -> Iterator[tuple]:
    """A strip from a generated face to a real one with score and slope below, and all judges' curves."""
    real = models.painted(models.held_out(other, pairs))
    ways: dict[str, Way] = {}
    for name in (checkpoint, *(c.name for c in models.GANS if c.name != checkpoint)):
        with models.use(name) as model:
            ways[name] = way(model, real, models.noise(model, seed, pairs))
        mean = sum(ways[checkpoint].norms) / STEPS
        strip = pictures(checkpoint, ways[checkpoint], lang)
        yield strip, curves(ways, lang), table(ways, lang), {"slope_mean": mean}


def way(model: Any, real: Tensor, z: Tensor) -> Way:
    """Each pair in equal steps; the first step is the generated face, the last the real one."""
    import torch

    fake = models.draw(model, z)
    x = torch.stack([torch.lerp(fake, real, k / (STEPS - 1)) for k in range(STEPS)], 1)
    flat = x.flatten(0, 1)
    scores = models.score(model, flat).unflatten(0, x.shape[:2]).mean(0)
    norms = models.slope(model, flat).flatten(1).norm(dim=1).unflatten(0, x.shape[:2]).mean(0)
    return Way(x[0], scores.tolist(), norms.tolist(), (real - fake).flatten(1).norm(dim=1).mean().item())


def pictures(name: str, found: Way, lang: str) -> Any:
    caption = say(
        lang,
        "from generated to real; below, score and slope",
        "de generada a real; abajo, puntaje y pendiente",
    )
    words = [
        f"{models.signed(s, lang)} · {plots.number(n, lang, 2)}"
        for s, n in zip(found.scores, found.norms, strict=True)
    ]
    return labelled(
        f"{models.short(name, lang)}: {caption}", found.x, words, columns=COLUMNS, tile=210, type=34
    )


def curves(ways: dict[str, Way], lang: str) -> str:
    """Slopes of all judges, and how each score climbs from end to end."""
    across = say(lang, "generated → real", "generada → real")
    climbs = {name: climb(w.scores) for name, w in ways.items()}
    second = plots.plot(
        plots.Axes((0, 1), (-0.05, 1.05), height=270, left=52), *lines(climbs),
        title=say(lang, "Score, each in its own range", "Puntaje, cada uno en su propio rango"),
        across=across, up=True, lang=lang,
    )  # fmt: skip
    return legend(ways, lang) + plots.figures(steepness(ways, across, lang), second, least=320)


def steepness(ways: dict[str, Way], across: str, lang: str) -> str:
    """The slopes as they are; as powers of ten where they are too far apart for one scale."""
    values = {name: w.norms for name, w in ways.items()}
    low, high = (f(v for norms in values.values() for v in norms) for f in (min, max))
    title, at, height = say(lang, "Slope ‖∇f‖", "Pendiente ‖∇f‖"), 1.0, (0.0, 1.1 * max(high, 1.2))
    if high > 30 * max(low, 1e-6):
        values = {n: [math.log10(max(v, 1e-6)) for v in norms] for n, norms in values.items()}
        title += say(lang, ", as power of ten", ", como potencia de diez")
        at, height = 0.0, spread(math.log10(max(low, 1e-6)), math.log10(max(high, 2.0)))
    axes = plots.Axes((0, 1), height, height=270, left=52)
    limit = plots.rule(at, say(lang, "slope 1", "pendiente 1"))
    return plots.plot(axes, limit, *lines(values), title=title, across=across, up=True, lang=lang)


def lines(values: dict[str, list[float]]) -> list[plots.Mark]:
    share = [k / (STEPS - 1) for k in range(STEPS)]
    return [plots.line(share, v, *KINDS[name]) for name, v in values.items()]


def legend(ways: dict[str, Way], lang: str) -> str:
    dashes = say(lang, " (dashed)", " (con rayas)")
    return plots.legend(
        *((KINDS[n][0], models.short(n, lang) + (dashes if KINDS[n][1] else "")) for n in ways)
    )


def climb(scores: list[float]) -> list[float]:
    """Within their own range, from 0 to 1: judges have no common scale."""
    low, whole = min(scores), max(scores) - min(scores)
    return [(s - low) / whole if whole else 0.0 for s in scores]


def table(ways: dict[str, Way], lang: str) -> str:
    """What no 1-Lipschitz critic may exceed: the gap over the distance."""
    head = [
        "",
        say(lang, "slope, mean", "pendiente, media"),
        say(lang, "gap: real − generated", "brecha: real − generada"),
        say(lang, "distance", "distancia"),
        say(lang, "gap / distance", "brecha / distancia"),
    ]
    rows = []
    for name, w in ways.items():
        gap = w.scores[-1] - w.scores[0]
        values = (sum(w.norms) / STEPS, gap, w.far, gap / w.far if w.far else 0.0)
        rows.append([models.short(name, lang), *(plots.number(v, lang) for v in values)])
    return plots.table(head, rows)


def between_code(checkpoint: str, seed: int, other: int, pairs: int) -> str:
    first = models.held_out(other, pairs)[0]
    more = (
        "import torch",
        "from genmodels.data.faces import batch",
        "from genmodels.gan.latent import truncated",
        "from genmodels.gan.losses import slopes",
    )
    return models.loading(checkpoint, *more) + (
        f"judge = {models.judging(checkpoint)}\n"
        f"real = torch.from_numpy(batch([{first}])[0]).permute(0, 3, 1, 2) / 127.5 - 1\n"
        f"fake = gan.generator(truncated({seed}, 1, gan.config.latent))\n"
        f"x = fake + torch.linspace(0, 1, {STEPS})[:, None, None, None] * (real - fake)\n"
        "print(judge(x), slopes(judge, x).flatten(1).norm(dim=1))  # the penalty wants the second to be 1\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("between", "Between real and fake", "Entre real y falsa") as view:
        with view.controls():
            seed = kit.seed(1, t("Seed of the generated face", "Semilla de la generada"))
            other = kit.seed(5, t("Seed of the painted face", "Semilla de la pintada"))
            pairs = kit.slider(1, 12, 2, t("Pairs averaged over", "Pares que se promedian"), step=1)
        with view.result():
            strip = plates.view()
            drawn = kit.html()
            numbers = kit.html()
        inputs = [tab.checkpoint, seed, other, pairs]
        label = ("Go from one to the other", "Ir de una a otra")
        view.run(between, inputs, [strip, drawn, numbers], label, between_code)
        view.on([pairs.release], between)
