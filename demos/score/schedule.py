"""A level of noise in the words of a score model and of diffusion, and both ladders as one plot."""

from __future__ import annotations

import html
from dataclasses import dataclass
from math import atan, log10, pi, sqrt
from typing import Any

import numpy as np

from demos.kit import plots, say
from demos.kit.plots import number

BETA = 1e-4, 0.02, 1000  # of the linear schedule of Ho et al. 2020: first, last, steps
LOW, HIGH = -2.2, 2.4  # of the plot, powers of ten


@dataclass(frozen=True)
class Place:
    """A level. Diffusion takes data to have mean 0 and variance 1, so it gets y = (x - mean) / std."""

    sigma: float
    mean: float
    std: float

    @property
    def alpha(self) -> float:
        """alpha-bar: the data's share of the variance."""
        return 1 / (1 + (self.sigma / self.std) ** 2)

    @property
    def cosine(self) -> float:
        """The moment of the cosine schedule, in [0, 1]."""
        return atan(self.sigma / self.std) / (pi / 2)

    @property
    def linear(self) -> int:
        """The step of the linear schedule of a thousand whose alpha-bar is nearest."""
        return int(np.abs(np.log(linear()) - np.log(self.alpha)).argmin()) + 1

    def shrunk(self, x: Any) -> Any:
        """x = x0 + sigma e as diffusion has it: sqrt(alpha-bar) y0 + sqrt(1 - alpha-bar) e."""
        return sqrt(self.alpha) * (x - self.mean) / self.std

    def clean(self, shrunk: Any, noise: Any) -> Any:
        """The estimate as diffusion reckons it (Ho et al. 2020, eq. 15), back among the pixels."""
        y = (shrunk - sqrt(1 - self.alpha) * noise) / sqrt(self.alpha)
        return self.mean + self.std * y


def linear() -> np.ndarray:
    """alpha-bar of the steps 1 to 1000."""
    return np.cumprod(1 - np.linspace(*BETA))


def said(place: Place, x: float, told: float, true: float, lang: str) -> str:
    """The translation, line by line, with the numbers of this level and of one pixel."""
    sigma = place.sigma
    xs, said_, was = number(x, lang), number(-told / sigma, lang), number(-true / sigma, lang)
    root, rest = number(sqrt(place.alpha), lang), number(sqrt(1 - place.alpha), lang)
    alpha, shrunk = number(place.alpha, lang), number(place.shrunk(x), lang)
    moment = f"t = {number(place.cosine, lang)} (cos), {place.linear} / 1000 (lin)"
    rows = (
        (("level", "nivel"), f"σ = {number(sigma, lang)}", f"ᾱ = 1 / (1 + σ²/s²) = {alpha}"),
        (("moment", "momento"), say(lang, "a rung of the ladder", "un peldaño de la escalera"), moment),
        (("noisy picture", "imagen con ruido"), "x = x₀ + σ ε", f"y = {root} y₀ + {rest} ε"),
        (("middle pixel", "píxel central"), f"x = {xs}", f"y = {root} (x − m) / s = {shrunk}"),
        (("the network says", "la red dice"), f"score = {said_}", f"ε = −σ · score = {number(told, lang)}"),
        (("and it was", "y era"), f"−ε / σ = {was}", f"ε = {number(true, lang)}"),
        (
            ("so clean it is", "entonces, limpio es"),
            f"x + σ² score = {number(x - sigma * told, lang)}",
            f"m + s (y − {rest} ε) / {root} = {number(place.clean(place.shrunk(x), told), lang)}",
        ),
    )  # fmt: skip
    head = (say(lang, "score model", "modelo de score"), say(lang, "diffusion", "difusión"))
    m, s = number(place.mean, lang), number(place.std, lang)
    where = say(
        lang,
        f"m = {m} and s = {s}: mean and standard deviation of a pixel; y₀ = (x₀ − m) / s.",
        f"m = {m} y s = {s}: media y desviación estándar de un píxel; y₀ = (x₀ − m) / s.",
    )
    table = plots.table(["", *head], [(say(lang, *words), *cells) for words, *cells in rows])
    return table + f"<p>{html.escape(where)}</p>"


def ladders(sigmas: list[float], place: Place, lang: str) -> str:
    """sigma on the way down: of the ladder, and of two schedules of diffusion read as ladders."""
    share = np.linspace(0.004, 0.996, 200)
    alpha = linear()[(BETA[2] * (1 - share)).astype(int)]
    curves = (
        (np.linspace(0, 1, len(sigmas)), sigmas, "mark", say(lang, "NCSN's ladder", "escalera de NCSN")),
        (share, np.tan(pi / 2 * (1 - share)) * place.std, "warm", say(lang, "cosine", "coseno")),
        (share, np.sqrt(1 / alpha - 1) * place.std, "ink", say(lang, "linear", "lineal")),
    )
    axes = plots.Axes((0, 1), (LOW, HIGH), width=640, height=300, left=58)
    marks = [tick(k, lang) for k in (-2, -1, 0, 1, 2)]
    marks.append(plots.rule(log10(place.sigma), f"σ = {number(place.sigma, lang)}"))
    for x, y, kind, _ in curves:
        inside = [(a, log10(b)) for a, b in zip(x, y, strict=True) if LOW < log10(b) < HIGH]
        marks.append(plots.line(*zip(*inside, strict=True), kind))
    title = say(lang, "σ on the way from noise to digit", "σ en el camino del ruido al dígito")
    across = say(lang, "share of the way", "parte del camino")
    drawn = plots.plot(axes, *marks, title=title, across=across, lang=lang)
    return drawn + plots.legend(*((kind, words) for *_, kind, words in curves))


def tick(k: int, lang: str) -> plots.Mark:
    """The number of a power of ten, left of the plot."""

    def draw(axes: plots.Axes) -> str:
        x, y = axes.at(axes.x[0], k)
        return f"<text class='tick' x='{x - 6}' y='{y + 5}' text-anchor='end'>{number(10.0**k, lang)}</text>"

    return draw
