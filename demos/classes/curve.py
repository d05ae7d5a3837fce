"""Who learns faster, and who ends better: errors over the size of the training set, measured live."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from demos import kit
from demos.classes.ground import percent
from demos.kit import plots, say, t

if TYPE_CHECKING:
    from genmodels.foundations.race import Point, Truth


def curve(dim: int, rho: float, most: int, draws: int, ridge: float, seed: int, lang: str) -> Iterator[tuple]:
    """Naive Bayes against logistic regression, after Ng and Jordan: exact errors, over training-set sizes."""
    from genmodels.foundations import race

    truth = race.Truth(dim, rho)
    for found in race.curve(truth, race.sizes(most), draws, seed, 10.0**ridge):
        crossing = crossed(found)
        numbers = {"draws": found[-1].draws, "best_error": 100 * truth.best()}
        numbers |= {"crossing": crossing} if crossing else {}
        yield drawn(found, truth, lang), told(found, truth, crossing, lang), numbers


def crossed(found: list[Point]) -> int:
    """From which size on logistic regression errs less, and always after; 0 if never, or from the start."""
    ahead = [p.logistic < p.naive for p in found]
    since = len(ahead) - next((k for k, a in enumerate(reversed(ahead)) if not a), len(ahead))
    return found[since].n if 0 < since < len(found) else 0


def drawn(found: list[Point], truth: Truth, lang: str) -> str:
    x = [math.log2(p.n) for p in found]
    high = 1.08 * max(max(p.naive, p.logistic) for p in found)
    axes = plots.Axes((x[0], x[-1]), (0, 100 * high), width=640, height=360, left=46)
    marks = [
        plots.rule(100 * truth.best()),
        plots.line(x, [100 * p.naive for p in found], "mark"),
        plots.line(x, [100 * p.logistic for p in found], "warm"),
        plots.dots(x, [100 * p.naive for p in found], "mark"),
        plots.dots(x, [100 * p.logistic for p in found], "warm"),
    ]
    if truth.naive() > truth.best() + 0.004:
        marks.insert(1, plots.line([x[0], x[-1]], [100 * truth.naive()] * 2, "mark", dashed=True))
    title = say(lang, "Error, %, over points to learn from", "Error, %, según los puntos para aprender")
    across = say(lang, "log₂ of the number of points", "log₂ del número de puntos")
    names = (
        ("mark", say(lang, "naive Bayes (generative); dashed: with all the points there are",
                     "naive Bayes (generativo); punteado: con todos los puntos que haya")),
        ("warm", say(lang, "logistic regression (discriminative)", "regresión logística (discriminativa)")),
        ("soft", say(lang, "dashed: no classifier errs less", "punteado: ningún clasificador yerra menos")),
    )  # fmt: skip
    return plots.plot(axes, *marks, title=title, across=across, up=True, lang=lang) + plots.legend(*names)


def told(found: list[Point], truth: Truth, crossing: int, lang: str) -> str:
    """The curve in words, and as numbers."""
    draws = found[-1].draws
    en = f"Mean of {draws} training sets of each size; the error of a line is a formula, no test set."
    es = f"Media de {draws} conjuntos de cada tamaño; el error de una recta es una fórmula, sin test."
    if crossing:
        en += f" From {crossing} points on logistic regression errs less."
        es += f" Desde {crossing} puntos yerra menos la regresión logística."
    head = [say(lang, "points", "puntos"), "naive Bayes", say(lang, "logistic", "logística")]
    some = found[:: max(1, len(found) // 7)]
    table = [[str(p.n), percent(p.naive, lang), percent(p.logistic, lang)] for p in some]
    table.append(["∞", percent(truth.naive(), lang), percent(truth.best(), lang)])
    return f"<p>{say(lang, en, es)}</p>{plots.table(head, table)}"


def curve_code(dim: int, rho: float, most: int, draws: int, ridge: float, seed: int) -> str:
    return (
        "from genmodels.foundations import race\n\n"
        f"truth = race.Truth(dim={dim}, rho={rho:g})\n"
        f"for found in race.curve(truth, race.sizes({most}), {draws}, {seed}, {10.0**ridge:g}):\n"
        "    pass  # the whole curve, after each draw\n"
        "for p in found:\n    print(p.n, p.naive, p.logistic)\n"
        "print(truth.naive(), truth.best())  # with all the points there are\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("curve", "Who learns faster?", "¿Quién aprende antes?") as view:
        with view.controls():
            dim = kit.slider(2, 40, 16, t("Coordinates of a point", "Coordenadas de un punto"), step=1)
            words = t("Neighbours go together (0: naive Bayes is right)",
                      "Vecinas que van juntas (0: naive Bayes acierta)")  # fmt: skip
            rho = kit.slider(0, 0.6, 0.25, words, step=0.05)
            most = kit.slider(64, 1024, 512, t("Largest training set", "Mayor conjunto"), step=64)
            draws = kit.slider(1, 40, 12, t("Training sets of each size", "Conjuntos de cada tamaño"), step=1)
            ridge = kit.slider(-6, 0, -2, t("Ridge, power of ten", "Ridge, potencia de diez"), step=0.5)
            seed = kit.seed()
        with view.result():
            page, below = kit.html(), kit.html()
        inputs = [dim, rho, most, draws, ridge, seed]
        view.run(curve, inputs, [page, below], ("Measure", "Medir"), curve_code)
        view.on([dim.release, rho.release], curve)
