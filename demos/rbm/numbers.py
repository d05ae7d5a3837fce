"""How likely are digits? log Z by annealed importance sampling, live, and the neighbours' numbers."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

from demos import kit
from demos.kit import plates, plots, say, t
from demos.kit.lang import Pair
from demos.kit.pixels import Pace
from demos.rbm import models
from demos.rbm.shown import digits, sheet

if TYPE_CHECKING:
    from torch import Tensor

FRAMES, SECONDS, TILES, WIDE = 36, 5, 10, 1200
PIXELCNN = "pixelcnn-mnist"
DREAMS = 200  # sweeps of the chains that the base's pixels are counted in


class Row(NamedTuple):
    name: Pair
    kind: Pair  # what sort of number it is
    nats: float
    error: float
    hue: str


def numbers(checkpoint: str, chains: int, temperatures: int, seed: int, lang: str) -> Iterator[tuple]:
    """Estimate log Z from independent pixels to the machine, and with it the nats of a test digit."""
    import torch

    from genmodels.energy.rbm import ais, estimate, gibbs, last

    luck = torch.Generator().manual_seed(seed)
    with models.use(checkpoint) as model, torch.no_grad():
        noise = models.static(seed, chains).to(model.a)
        seen = last(gibbs(model, noise, DREAMS, luck)).chances.mean(0).clamp(0.005, 0.995)
        base, betas = (seen / (1 - seen)).log(), [k / temperatures for k in range(temperatures + 1)]
        due = {round(temperatures * k / FRAMES) for k in range(1, FRAMES + 1)}
        pace, track = Pace(len(due), SECONDS), []
        for step in ais(model, base, betas, chains, luck):
            if step.i in due:
                track.append((step.beta, step.log_weights.cpu()))
                pace.due(len(track), last=True)
                value, error = estimate(step.log_weights)
                yield dreams(step.v, step.beta, lang), climb(track, checkpoint, lang), "", {"log_z": value}
    nats = models.typical(checkpoint) + value
    found = {"log_z": value, "log_z_error": error, "nats": nats}
    words = verdict(checkpoint, value, error, nats, lang)
    yield dreams(step.v, 1.0, lang), climb(track, checkpoint, lang), words + table(checkpoint, lang), found


def dreams(v: Tensor, beta: float, lang: str) -> Image.Image:
    """From independent pixels to the machine's own pictures."""
    share = plots.number(beta, lang, 2)
    words = say(lang, f"ten of the chains, β = {share}", f"diez de las cadenas, β = {share}")
    return sheet(digits(v[:TILES]), words, WIDE, TILES)


def climb(track: list[tuple[float, Tensor]], checkpoint: str, lang: str) -> str:
    """The logarithm of every chain's weight as the machine is mixed in."""
    x, y = [b for b, _ in track], [w for _, w in track]
    goal = models.measured(checkpoint, "log_z")
    low = min(float(w.min()) for w in y)
    high = max(goal, *(float(w.max()) for w in y))
    axes = plots.Axes((0, 1), (low - 20, high + 30), width=620, height=280, left=62)
    some = [plots.line(x, [float(w[k]) for w in y], "soft") for k in range(min(12, len(y[0])))]
    mean = [float(w.double().logsumexp(0)) - math.log(len(w)) for w in y]
    level = plots.rule(
        goal,
        say(lang, "measured with 256 chains, 20,000 steps", "medido con 256 cadenas y 20.000 pasos"),
        "warm",
    )
    title = say(lang, "log of the weights, on the way to log Z", "log de los pesos, camino a log Z")
    return plots.plot(
        axes, *some, plots.line(x, mean, "mark"), level, title=title, across="β", up=True, lang=lang
    )  # fmt: skip


def verdict(checkpoint: str, value: float, error: float, nats: float, lang: str) -> str:
    known, sure = models.measured(checkpoint, "log_z"), models.measured(checkpoint, "log_z_error")
    here, there, found = (plots.number(v, lang, 4) for v in (value, known, nats))
    spread, wide = (plots.number(3 * v, lang, 2) for v in (error, sure))
    return (
        "<p>"
        + say(
            lang,
            f"log Z here: {here} ± {spread} (three standard errors), so {found} nats for a test digit. "
            f"The long run that the table below is from gave {there} ± {wide}. Too few temperatures give "
            "too small a Z, and so flatter the machine.",
            f"log Z aquí: {here} ± {spread} (tres errores estándar), o sea {found} nats por dígito de "
            f"prueba. La corrida larga, de la que sale la tabla de abajo, dio {there} ± {wide}. Con pocas "
            "temperaturas Z sale demasiado chica, y la máquina parece mejor de lo que es.",
        )
        + "</p>"
    )


ESTIMATE = ("estimated by AIS", "estimada por AIS")
BOUND = ("at most (a bound)", "como mucho (una cota)")
EXACT = ("exact", "exacta")
PUBLISHED: tuple[Row, ...] = (
    Row(("RBM, 500 hidden, CD-25 (2008)", "RBM, 500 ocultas, CD-25 (2008)"), ESTIMATE, 86.34, 0.0, "soft"),
    Row(
        ("VAE, 50 latent (Burda et al. 2016)", "VAE, 50 latentes (Burda et al. 2016)"),
        BOUND,
        86.76,
        0.0,
        "soft",
    ),
    Row(
        ("PixelRNN (van den Oord et al. 2016)", "PixelRNN (van den Oord et al. 2016)"),
        EXACT,
        79.20,
        0.0,
        "soft",
    ),
)


def ours(checkpoint: str) -> list[Row]:
    """What was measured here, on the same test digits."""
    names = {
        models.SMALL: ("RBM, 64 hidden, CD-1", "RBM, 64 ocultas, CD-1"),
        models.LARGE: ("RBM, 256 hidden, PCD", "RBM, 256 ocultas, PCD"),
        models.TOP: ("deep belief network", "deep belief network"),
        PIXELCNN: ("PixelCNN", "PixelCNN"),
    }
    kinds = {models.TOP: BOUND, PIXELCNN: EXACT}
    plain = models.measured(models.LARGE, "nats_independent")
    rows = [Row(("independent pixels", "píxeles independientes"), EXACT, plain, 0.0, "warm")]
    for name, words in names.items():
        nats, error = models.measured(name, "nats"), models.measured(name, "nats_error")
        rows.append(
            Row(words, kinds.get(name, ESTIMATE), nats, error, "ink" if name == checkpoint else "mark")
        )
    return rows


def table(checkpoint: str, lang: str) -> str:
    """Bars of nats: shorter is better. Whiskers are three standard errors."""
    rows = [*ours(checkpoint), *PUBLISHED]
    most = 1.02 * max(r.nats for r in rows)
    title = say(
        lang,
        "Nats for a test digit, fewer is better; grey: published, larger or longer trained",
        "Nats por dígito de prueba, menos es mejor; en gris: publicados, más grandes o con más entrenamiento",
    )
    bars = "".join(bar(r, most, lang) for r in rows)
    return f"<h4>{html.escape(title)}</h4><div class='bar-rows'>{bars}</div>"


def bar(row: Row, most: float, lang: str) -> str:
    wide, spread = 100 * row.nats / most, 100 * 3 * row.error / most
    value = plots.number(row.nats, lang, 4)
    error = f" ± {plots.number(3 * row.error, lang, 2)}" if row.error else ""
    whisker = (
        f"<b style='left:{wide - spread:.2f}%;width:{max(0.4, 2 * spread):.2f}%;top:7px;bottom:7px;"
        "background:var(--ink)'></b>" if row.error else ""
    )  # fmt: skip
    name, kind = (html.escape(say(lang, *words)) for words in (row.name, row.kind))
    filled = f"<b style='left:0;width:{wide:.2f}%;opacity:.6'></b>"
    return (
        f"<div class='bar-row {row.hue}' style='grid-template-columns:minmax(120px,38%) 1fr 112px'>"
        f"<span>{name} <small style='color:var(--soft)'>{kind}</small></span>"
        f"<i style='background:none'>{filled}{whisker}</i>"
        f"<em style='white-space:nowrap'>{value}{error}</em></div>"
    )


def numbers_code(checkpoint: str, chains: int, temperatures: int, seed: int) -> str:
    return models.loading(checkpoint, "import torch", names="RBM, ais, estimate, gibbs, last") + (
        f"luck = torch.Generator().manual_seed({seed})\n"
        f"betas = torch.linspace(0, 1, {temperatures + 1}).tolist()\n"
        f"noise = torch.rand({chains}, 784, generator=luck).round()\n"
        f"seen = last(gibbs(rbm, noise, {DREAMS}, luck)).chances.mean(0).clamp(0.005, 0.995)\n"
        f"end = last(ais(rbm, seen.logit(), betas, {chains}, luck))\n"
        "print(estimate(end.log_weights))  # log Z and its standard error; log p(v) = -F(v) - log Z\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("numbers", "How likely?", "¿Qué tan probable?") as view:
        with view.controls():
            chains = kit.slider(16, 128, 48, t("Chains", "Cadenas"), step=8)
            temperatures = kit.slider(
                50, 4_000, 1_000, t("Temperatures on the way", "Temperaturas en el camino"), step=50
            )
            seed = kit.seed()
        with view.result():
            page = plates.view()
            drawn = kit.html()
            words = kit.html()
        inputs, outputs = [tab.checkpoint, chains, temperatures, seed], [page, drawn, words]
        view.run(numbers, inputs, outputs, ("Estimate log Z", "Estimar log Z"), numbers_code)
        view.on([temperatures.release], numbers)
