"""What came out of a race, as a table and in words. Every number was measured a moment ago."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import TYPE_CHECKING

from demos.kit import plots, say
from demos.kit.lang import Pair
from demos.kit.plots import number

if TYPE_CHECKING:
    from demos.laboratory.race import Lane
    from genmodels.lab.verdict import Verdict

Cell = Callable[["Verdict", str], str]
NONE: Pair = ("none", "no tiene")
CHANCE = 0.1  # of the floor: distances that differ by less are told as equal


def figure(value: float | None, lang: str, digits: int = 3, unit: str = "") -> str:
    return "…" if value is None else number(value, lang, digits) + unit


def density(name: str) -> Cell:
    """Of a family that has a density; "none" where everything else has been measured and this has not."""
    return lambda v, lang: say(lang, *NONE) if v.done and v.kl is None else figure(getattr(v, name), lang)


# words, of a family, of the truth itself
ROWS: tuple[tuple[Pair, Cell, Cell], ...] = (
    (
        (
            "distance W₂ of 400 samples from 400 real points",
            "distancia W₂ de 400 muestras a 400 puntos reales",
        ),
        lambda v, lang: figure(v.w2, lang),
        lambda v, lang: figure(v.floor, lang),
    ),
    (
        ("energy distance, without bias", "distancia de energía, sin sesgo"),
        lambda v, lang: figure(v.energy and round(v.energy, 4), lang),
        lambda v, lang: "0",
    ),
    (
        ("log density of real points, nats", "log-densidad de los puntos reales, nats"),
        density("nats"),
        lambda v, lang: figure(v.entropy and -v.entropy, lang),
    ),
    (
        ("KL divergence from the truth, nats", "divergencia KL desde la verdad, nats"),
        density("kl"),
        lambda v, lang: "0",
    ),
    (
        ("modes covered", "modas cubiertas"),
        lambda v, lang: "–" if v.of is None else f"{v.modes} / {v.of}",
        lambda v, lang: "–" if v.of is None else f"{v.of} / {v.of}",
    ),
    (
        ("time to draw 1000 samples", "tiempo para sortear 1000 muestras"),
        lambda v, lang: figure(v.draw and round(1000 * v.draw, 1 if v.draw < 0.01 else None), lang, 3, " ms"),
        lambda v, lang: "",
    ),
)


def table(lanes: list[Lane], lang: str) -> str:
    """Columns: the truth with itself, what no model can be expected to beat, and the two."""
    known = [lane for lane in lanes if lane.verdict]
    best = max((lane.verdict for lane in known), key=lambda v: v.floor is not None)
    rows = [
        (
            say(lang, "steps per second", "pasos por segundo"),
            "",
            *(figure(lane.steps / lane.spent, lang) for lane in lanes),
        )
    ]
    for words, cell, truth in ROWS:
        cells = (cell(lane.verdict, lang) if lane.verdict else "…" for lane in lanes)
        rows.append((say(lang, *words), truth(best, lang), *cells))
    head = (
        "",
        say(lang, "the truth with itself", "la verdad consigo misma"),
        *(lane.title(lang) for lane in lanes),
    )
    return plots.table(head, rows)


def words(lanes: list[Lane], lang: str) -> str:
    """What the table comes to."""
    found = [
        nearer(*lanes, lang),
        *(of_density(lane, lang) for lane in lanes),
        *(of_modes(lane, lang) for lane in lanes),
    ]
    return "".join(f"<p>{html.escape(one)}</p>" for one in found if one)


def nearer(a: Lane, b: Lane, lang: str) -> str:
    """Who is nearer by W2, if the difference is more than what chance makes of it."""
    if b.verdict.w2 < a.verdict.w2:
        a, b = b, a
    floor = a.verdict.floor
    told = {"a": a.title(lang), "b": b.title(lang), "floor": figure(floor, lang)}
    told |= {"wa": figure(a.verdict.w2, lang), "wb": figure(b.verdict.w2, lang)}
    if b.verdict.w2 - a.verdict.w2 < CHANCE * floor:
        en = "Equally near to the truth, as far as 400 points can tell: W₂ {wa} ({a}) and {wb} ({b})."
        es = "Igual de cerca de la verdad, hasta donde 400 puntos permiten ver: W₂ {wa} ({a}) y {wb} ({b})."
    else:
        en, es = (
            "{a} is nearer to the truth: W₂ {wa} against {wb} ({b}).",
            "{a} está más cerca: W₂ {wa} contra {wb} ({b}).",
        )
    end = say(
        lang,
        " Two sets of real points are {floor} apart.",
        " Dos conjuntos de puntos reales están a {floor}.",
    )
    return (say(lang, en, es) + end).format(**told)


def of_density(lane: Lane, lang: str) -> str:
    v = lane.verdict
    told = {
        "name": lane.title(lang),
        "kl": figure(v.kl, lang),
        "most": figure(v.entropy and -v.entropy, lang),
    }
    if v.kl is None:
        return say(
            lang,
            "{name} draws, and can't say how likely a point is.",
            "{name} sortea, y no puede decir cuán probable es un punto.",
        ).format(**told)
    told["nats"] = figure(v.nats, lang)
    en = "{name} gives real points {nats} nats on average, the truth {most}: the difference is its KL, {kl}."
    es = "{name} les da {nats} nats a los puntos reales, la verdad {most}: la diferencia es su KL, {kl}."
    return say(lang, en, es).format(**told)


def of_modes(lane: Lane, lang: str) -> str:
    v = lane.verdict
    if v.of is None or v.modes == v.of:
        return ""
    en, es = "{name} misses {n} of {of} modes.", "A {name} le faltan {n} de {of} modas."
    return say(lang, en, es).format(name=lane.title(lang), n=v.of - v.modes, of=v.of)
