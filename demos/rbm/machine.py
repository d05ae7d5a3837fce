"""The small machine, drawn: four units as a graph, and its sixteen states with energies and probabilities."""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import combinations

from demos.kit import plots, say

UNITS = 4
PAIRS = tuple(combinations(range(UNITS), 2))  # (0, 1), (0, 2) ... in the order of the sliders
SPOTS = ((90, 80), (330, 80), (330, 300), (90, 300))  # of the units
LEAST, MOST = -6.0, 6.0

PRESETS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {  # six weights, four biases
    "agree": ((2.0,) * 6, (-3.0,) * 4),
    "alternate": ((-2.0, 1.0, -2.0, -2.0, 1.0, -2.0), (1.5,) * 4),
    "frustrated": ((-4.0, -4.0, 0.0, -4.0, 0.0, 0.0), (4.0, 4.0, 4.0, -2.0)),
    "valleys": ((6.0, -2.5, -2.5, -2.5, -2.5, 6.0), (-1.0, -1.0, 0.0, 0.0)),
    "alone": ((0.0,) * 6, (1.0, 0.0, -1.0, -2.0)),
}


def graph(
    weights: Sequence[float],
    biases: Sequence[float],
    state: Sequence[int],
    unit: int,
    chance: float,
    lang: str,
) -> str:
    """Units shine where they are on, ties are as thick as they are strong; a ring: the unit just drawn."""
    lines = "".join(tie(*SPOTS[a], *SPOTS[b], w, a, b) for (a, b), w in zip(PAIRS, weights, strict=True))
    spots = "".join(spot(k, biases[k], state[k], k == unit, chance, lang) for k in range(UNITS))
    words = say(
        lang,
        "Teal ties want both on, orange ones against; the ring is the unit drawn last",
        "Verde: quieren estar encendidas a la vez; naranja: se oponen; el anillo, la última sorteada",
    )
    return (
        f"<figure class='figure'><figcaption>{html.escape(words)}</figcaption><svg class='plot' "
        f"viewBox='0 0 420 380' role='img' aria-label='{html.escape(words)}'>{lines}{spots}</svg></figure>"
    )


def tie(x0: float, y0: float, x1: float, y1: float, w: float, a: int, b: int) -> str:
    if not w:
        return ""
    hue = "var(--mark)" if w > 0 else "var(--warm)"
    share = 0.5 if b - a != 2 else 0.3  # the diagonals' numbers stand off the crossing
    x, y = x0 + share * (x1 - x0), y0 + share * (y1 - y0)
    line = f"stroke:{hue};stroke-width:{1.5 + 1.6 * abs(w):.1f};stroke-opacity:.75"
    type = "fill:var(--ink);stroke:var(--paper);stroke-width:5px;paint-order:stroke;font-size:17px"
    return (
        f"<line x1='{x0}' y1='{y0}' x2='{x1}' y2='{y1}' style='{line}'/>"
        f"<text x='{x:.0f}' y='{y - 7:.0f}' text-anchor='middle' style='{type}'>{signed(w)}</text>"
    )


def signed(value: float) -> str:
    return f"{value:+g}".replace("-", "−")


def spot(k: int, bias: float, on: int, ring: bool, chance: float, lang: str) -> str:
    x, y = SPOTS[k]
    lit = "fill:#ffe9b0;stroke:#c99a2e" if on else "fill:var(--panel);stroke:var(--soft)"
    ink = "#3a2c05" if on else "var(--ink)"
    below = y + (66 if y > 200 else -46)
    words = f"p = {plots.number(chance, lang, 2)}" if ring else f"b = {signed(bias)}"
    circle = (
        f"<circle cx='{x}' cy='{y}' r='40' fill='none' style='stroke:var(--warm);stroke-width:4'/>"
        if ring
        else ""
    )
    return (
        f"{circle}<circle cx='{x}' cy='{y}' r='32' style='{lit};stroke-width:3'/>"
        f"<text x='{x}' y='{y + 9}' text-anchor='middle' style='fill:{ink};font-size:27px;font-weight:700'>"
        f"{int(on)}</text><text x='{x}' y='{below}' text-anchor='middle' style='font-size:17px'>"
        f"{k + 1}: {words}</text>"
    )


def name(k: int) -> str:
    """A state in units 1 to 4."""
    return "".join(str(k >> i & 1) for i in range(UNITS))


def bars(
    energies: Sequence[float], exact: Sequence[float], seen: Sequence[float], now: int, lang: str
) -> str:
    """Sixteen states: how often they came, filled; how often they must, outlined; below, their energies."""
    wide, high, step, left = 760, 330, 45, 22
    top = max(1e-9, *exact, *seen)
    span = max(1e-9, *(abs(e) for e in energies))
    found = []
    for k in range(len(energies)):
        x, full = left + k * step, 190
        filled, wanted = full * seen[k] / top, full * exact[k] / top
        drop = 36 * energies[k] / span
        hue = "var(--warm)" if energies[k] > 0 else "var(--mark)"
        found.append(
            f"<rect x='{x}' y='{210 - filled:.1f}' width='34' height='{filled:.1f}' "
            f"style='{'fill:#e5b84a' if k == now else 'fill:var(--mark);fill-opacity:.5'}'/>"
            f"<rect x='{x}' y='{210 - wanted:.1f}' width='34' height='{wanted:.1f}' fill='none' "
            "style='stroke:var(--ink);stroke-width:2'/>"
            f"<text x='{x + 17}' y='230' text-anchor='middle' style='font-size:15px;"
            f"{'font-weight:700;fill:var(--ink)' if k == now else ''}'>{name(k)}</text>"
            f"<rect x='{x + 8}' y='{286 - max(drop, 0):.1f}' width='18' height='{abs(drop):.1f}' "
            f"style='fill:{hue};fill-opacity:.7'/>"
        )
    labels = (
        f"<text x='4' y='16'>{html.escape(say(lang, 'probability', 'probabilidad'))}</text>"
        f"<text x='4' y='252'>{html.escape(say(lang, 'energy', 'energía'))}</text>"
        f"<line class='axis' x1='{left}' y1='210' x2='{wide - 12}' y2='210'/>"
        f"<line class='axis' x1='{left}' y1='286' x2='{wide - 12}' y2='286'/>"
    )
    words = say(
        lang,
        "The sixteen states. Outline: exact. Filled: as often as the machine was there",
        "Los dieciséis estados. Contorno: exacto. Relleno: cuánto estuvo ahí la máquina",
    )
    return (
        f"<figure class='figure'><figcaption>{html.escape(words)}</figcaption><svg class='plot wide' "
        f"viewBox='0 0 {wide} {high}' role='img' aria-label='{html.escape(words)}'>{''.join(found)}{labels}"
        "</svg></figure>"
    )
