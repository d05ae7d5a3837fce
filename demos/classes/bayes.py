"""Bayes' rule on a line: three classes with a share each, a measurement, and the sum step by step."""

from __future__ import annotations

import math
from collections.abc import Iterator

from demos import kit
from demos.classes.ground import percent
from demos.kit import plots, say, t

MEANS = (-2.0, 0.5, 3.0)
KINDS = ("mark", "warm", "ink")  # of the classes, as plots have them
NAMES = ("A", "B", "C")
LOW, HIGH, STEPS = -6.0, 7.0, 260


def density(x: float, mean: float, spread: float) -> float:
    """N(x; mean, spread^2)."""
    return math.exp(-(((x - mean) / spread) ** 2) / 2) / (spread * math.sqrt(2 * math.pi))


def ruled(
    x: float, priors: list[float], spreads: list[float]
) -> tuple[list[float], list[float], list[float]]:
    """p(x | y), p(y) p(x | y) and p(y | x) of the three classes; the priors need not add up to 1."""
    shares = [p / sum(priors) for p in priors]
    given = [density(x, m, s) for m, s in zip(MEANS, spreads, strict=True)]
    joint = [p * g for p, g in zip(shares, given, strict=True)]
    return given, joint, [j / sum(joint) for j in joint]


def bayes(
    a: float, b: float, c: float, x: float, spread: float, wide: float, seed: int, lang: str
) -> Iterator[tuple]:
    """Bayes' rule with your own priors: what each class says of a measurement, and which class it then is."""
    priors, spreads = [a, b, c], [spread, wide, spread]
    given, joint, after = ruled(x, priors, spreads)
    best = max(range(3), key=after.__getitem__)
    found = {"evidence_here": sum(joint), "posterior_best": 100 * after[best]}
    drawn = figure(x, priors, spreads, lang)
    yield drawn, "", found
    counted = simulated(x, priors, spreads, seed)
    yield drawn, steps(x, priors, given, joint, after, counted, lang), found


def figure(x: float, priors: list[float], spreads: list[float], lang: str) -> str:
    """Above: each class's density times its share, and their sum. Below: which class a place belongs to."""
    at = [LOW + (HIGH - LOW) * k / STEPS for k in range(STEPS + 1)]
    every = [ruled(v, priors, spreads) for v in at]
    top = 1.08 * max(sum(joint) for _, joint, _ in every)
    above = plots.Axes((LOW, HIGH), (0, top), width=640, height=230)
    marks = [plots.line(at, [sum(j) for _, j, _ in every], "soft", dashed=True)]
    marks += [plots.line(at, [j[k] for _, j, _ in every], KINDS[k]) for k in range(3)]
    marks.append(plots.line([x, x], [0, top], "soft"))
    below = plots.Axes((LOW, HIGH), (0, 1.05), width=640, height=190)
    shares = [plots.line(at, [p[k] for _, _, p in every], KINDS[k]) for k in range(3)]
    shares.append(plots.line([x, x], [0, 1.05], "soft"))
    names = [(kind, f"{say(lang, 'class', 'clase')} {name}") for kind, name in zip(KINDS, NAMES, strict=True)]
    names.append(("soft", say(lang, "dashed: their sum p(x); upright: your x",
                              "punteada: la suma p(x); vertical: tu x")))  # fmt: skip
    one = say(lang, "p(y) p(x | y): the share of a class times its density",
              "p(y) p(x | y): la parte de una clase por su densidad")  # fmt: skip
    two = say(lang, "p(y | x): the same, divided by their sum", "p(y | x): lo mismo, dividido por la suma")
    return (
        plots.plot(above, *marks, title=one, across="x", lang=lang)
        + plots.plot(below, *shares, title=two, across="x", lang=lang)
        + plots.legend(*names)
    )


def simulated(x: float, priors: list[float], spreads: list[float], seed: int) -> tuple[list[int], float]:
    """Draw class, then measurement, many times, and count the classes of those that came near x."""
    import numpy as np

    rng, near = np.random.default_rng(seed), 0.1
    y = rng.choice(3, 200_000, p=[p / sum(priors) for p in priors])
    drawn = np.array(MEANS)[y] + np.array(spreads)[y] * rng.standard_normal(len(y))
    return np.bincount(y[abs(drawn - x) < near], minlength=3).tolist(), near


def steps(
    x: float, priors: list[float], given: list[float], joint: list[float], after: list[float],
    counted: tuple[list[int], float], lang: str,
) -> str:  # fmt: skip
    """The rule as a table, a column a step; last, the same by counting."""
    (counts, near), total = counted, sum(priors)
    head = ["", "p(y)", "p(x | y)", "p(y) p(x | y)", "p(y | x)", say(lang, "counted", "contado")]

    def n(v: float) -> str:
        return plots.number(v, lang)

    table = [
        [name, n(priors[k] / total), n(given[k]), n(joint[k]), percent(after[k], lang), f"{counts[k]:,}"]
        for k, name in enumerate(NAMES)
    ]
    table.append([say(lang, "sum", "suma"), "1", "", n(sum(joint)), percent(1, lang, 0), f"{sum(counts):,}"])
    if lang == "es":
        table = [[v.replace(",", "\u202f") if k == 5 else v for k, v in enumerate(row)] for row in table]
    words = say(
        lang,
        f"At x = {n(x)}. The last column forgets the rule: of 200,000 pairs drawn, class first and then "
        f"measurement, it counts those within {n(near)} of x.",
        f"En x = {n(x)}. La última columna olvida la regla: de 200\u202f000 pares sorteados, primero la "
        f"clase y luego la medida, cuenta los que cayeron a menos de {n(near)} de x.",
    )
    return f"{plots.table(head, table)}<p>{words}</p>"


def bayes_code(a: float, b: float, c: float, x: float, spread: float, wide: float, seed: int) -> str:
    return (
        "import torch\nfrom genmodels.foundations.weighing import posterior\n\n"
        f"means = torch.tensor({list(MEANS)})\n"
        f"spreads = torch.tensor([{spread:g}, {wide:g}, {spread:g}])\n"
        f"told = torch.distributions.Normal(means, spreads).log_prob(torch.tensor({x:g}))  # log p(x | y)\n"
        f"prior = torch.tensor([{a:g}, {b:g}, {c:g}])\n"
        "print(posterior(told, prior).exp())  # p(y | x)\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("bayes", "Bayes' rule", "La regla de Bayes") as view:
        with view.controls():
            labels = [t(f"Prior of {k}, parts", f"Prior de {k}, partes") for k in NAMES]
            a, b, c = (kit.slider(0.1, 10, v, w, step=0.1) for v, w in zip((5, 1, 2), labels, strict=True))
            x = kit.slider(-5, 6, -0.4, t("The measurement x", "La medida x"), step=0.1)
            spread = kit.slider(0.4, 2, 0.9, t("Spread of A and C", "Dispersión de A y C"), step=0.1)
            wide = kit.slider(0.4, 3, 1.2, t("Spread of B", "Dispersión de B"), step=0.1)
            seed = kit.seed()
        with view.result():
            page, below = kit.html(), kit.html()
        inputs = [a, b, c, x, spread, wide, seed]
        view.run(bayes, inputs, [page, below], ("Work it out", "Calcularlo"), bayes_code)
        view.on([s.release for s in (a, b, c, x, spread, wide)], bayes)
