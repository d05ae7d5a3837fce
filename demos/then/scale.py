"""What has grown: the language models of a book of 2023 by date, size and reading, and those here."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from math import log10

from demos import kit
from demos.kit import card, plots, say, t, texts
from demos.kit.plots import raised
from demos.then.sizes import BOOK, SMALL, Entry

PER_PARAMETER = 20  # tokens that Chinchilla's authors found best to spend on each
WIDE, HIGH = 640, 460
TALL, LETTER = 16, 8.8  # of a label: its height, and the width of a letter


def scale(axis: str, open_only: bool, lang: str) -> Iterator[tuple]:
    """The chart and its table."""
    entries = sorted([*BOOK, *SMALL], key=lambda e: e.month)
    entries = [e for e in entries if e.weights or not open_only]
    drawn = by_date(entries, lang) if axis == "date" else by_reading(entries, lang)
    yield drawn + sheet(entries, lang), {}


def by_date(entries: Sequence[Entry], lang: str) -> str:
    ours = [v for c in texts.writers() if c.bundled and (v := card.metrics(c.name).get("parameters"))]
    spots = [(year(e.month), log10(e.parameters), e) for e in entries if e.parameters]
    axes = plots.Axes((2016.4, 2026.6), (4, 12.4), width=WIDE, height=HIGH, left=62, bottom=44)
    band = (log10(min(ours)), log10(max(ours))) if ours else (4.0, 6.0)
    words = say(lang, "bundled here", "incluidos aquí")
    marks = [*levels(axes, 4, 12, 2), strip(band, words), *placed(axes, spots)]
    title = say(lang, "Parameters, by date of publication", "Parámetros, por fecha de publicación")
    years = [under(x, str(x)) for x in range(2017, 2027, 3)]
    return plots.plot(axes, *marks, *years, title=title, lang=lang) + key(lang)


def by_reading(entries: Sequence[Entry], lang: str) -> str:
    """What each read against how large it is; on the line, 20 tokens a parameter."""
    spots = [(log10(e.parameters), log10(e.tokens), e) for e in entries if e.parameters and e.tokens]
    axes = plots.Axes((7.4, 12.3), (10.4, 13.6), width=WIDE, height=HIGH, left=62, bottom=44)
    ends = [10.4, 13.6]
    best = plots.line([y - log10(PER_PARAMETER) for y in ends], ends, "soft", dashed=True)
    marks = [*levels(axes, 11, 13, 1), best, *placed(axes, spots)]
    title = say(lang, "Tokens read, by parameters; on the line, 20 for each",
                "Tokens leídos, según los parámetros; sobre la línea, 20 por cada uno")  # fmt: skip
    sizes = [under(x, f"10{raised(x)}") for x in range(8, 13)]
    return plots.plot(axes, *marks, *sizes, title=title, lang=lang) + key(lang)


def year(month: str) -> float:
    return int(month[:4]) + (int(month[5:]) - 0.5) / 12


def levels(axes: plots.Axes, low: int, high: int, step: int) -> list[plots.Mark]:
    """A thin line at each power of ten."""

    def rule(power: int) -> plots.Mark:
        def draw(axes: plots.Axes) -> str:
            (x0, y), (x1, _) = axes.at(axes.x[0], power), axes.at(axes.x[1], power)
            line = f"<line class='soft' x1='{x0}' y1='{y}' x2='{x1}' y2='{y}' style='stroke-width:.5'/>"
            words = f"10{raised(power)}"
            return f"{line}<text class='tick' x='{x0 - 6}' y='{y + 5}' text-anchor='end'>{words}</text>"

        return draw

    return [rule(power) for power in range(low, high + 1, step)]


def under(x: float, words: str) -> plots.Mark:
    def draw(axes: plots.Axes) -> str:
        at, _ = axes.at(x, axes.y[0])
        y = axes.height - axes.bottom + 19
        return f"<text class='tick' x='{at}' y='{y}' text-anchor='middle'>{words}</text>"

    return draw


def strip(band: tuple[float, float], words: str) -> plots.Mark:
    """From side to side, between two heights."""

    def draw(axes: plots.Axes) -> str:
        (x0, top), (x1, low) = axes.at(axes.x[0], band[1]), axes.at(axes.x[1], band[0])
        box = f"<path class='fill mark' style='opacity:.25' d='M{x0} {top}H{x1}V{low}H{x0}Z'/>"
        return f"{box}<text x='{x0 + 8}' y='{top - 6}'>{html.escape(words)}</text>"

    return draw


def placed(axes: plots.Axes, spots: Sequence[tuple[float, float, Entry]]) -> list[plots.Mark]:
    """Dots with their names, each where it covers no other: right, left, above or below of its dot."""
    dots = {k: [s for s in spots if s[2].weights == k] for k in (True, False)}
    marks = [plots.dots(*zip(*[s[:2] for s in found], strict=True), kind, 4.5)
             for k, kind in ((True, "mark"), (False, "warm")) if (found := dots[k])]  # fmt: skip
    taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in (axes.at(a, b) for a, b, _ in spots)]
    for a, b, entry in sorted(spots, key=lambda s: -s[1]):
        x, y = axes.at(a, b)
        wide = LETTER * len(entry.name)
        beside = ((x + side, y + down) for down in (5, -7, 17) for side in (8, -8 - wide))
        for left, low in (*beside, (x - wide / 2, y - 9), (x - wide / 2, y + 20)):
            box = (left, low - TALL + 3, left + wide, low + 3)
            inside = box[0] > axes.left and box[2] < axes.width - 4
            if inside and not any(meet(box, other) for other in taken):
                taken.append(box)
                marks.append(name(left, low, entry.name))
                break
    return marks


def meet(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def name(x: float, y: float, words: str) -> plots.Mark:
    return lambda _: f"<text class='tick' x='{x:.0f}' y='{y:.0f}'>{html.escape(words)}</text>"


def key(lang: str) -> str:
    return plots.legend(
        ("mark", say(lang, "its weights are public", "sus pesos son públicos")),
        ("warm", say(lang, "closed, or on request", "cerrado, o a pedido")),
    )


def sheet(entries: Sequence[Entry], lang: str) -> str:
    head = [say(lang, *pair) for pair in (
        ("model", "modelo"), ("published", "publicado"), ("parameters", "parámetros"),
        ("tokens read", "tokens leídos"), ("tokens per parameter", "tokens por parámetro"),
        ("weights", "pesos"), ("source", "fuente"),
    )]  # fmt: skip
    rows = [
        [
            e.name, e.month, short(e.parameters, lang), short(e.tokens, lang),
            short(e.tokens / e.parameters, lang) if e.tokens and e.parameters else "–",
            say(lang, "public", "públicos") if e.weights else say(lang, "closed", "cerrados"),
            f"arXiv:{e.source}" if e.source[0].isdigit() else e.source,
        ]
        for e in entries
    ]  # fmt: skip
    return plots.table(head, rows)


def short(value: float | None, lang: str) -> str:
    """1.5e9 -> 1.5 × 10⁹; what nobody published is "?"."""
    if value is None:
        return "?"
    if value < 1e4:
        return plots.number(value, lang)
    power = int(log10(value) + 1e-9)
    return f"{plots.number(value / 10**power, lang)}\u00a0×\u00a010{raised(power)}"


def layout(tab: kit.Tab) -> None:
    with tab.view("scale", "How they grew", "Cómo crecieron") as view:
        with view.controls():
            choices = [
                (t("size, by date", "tamaño, por fecha"), "date"),
                (t("reading, by size", "lectura, por tamaño"), "reading"),
            ]
            axis = kit.choice(choices, t("Draw", "Dibujar"))
            open_only = kit.check(t("Only with public weights", "Solo con pesos públicos"))
        with view.result():
            figure = kit.html()
        view.run(scale, [axis, open_only], [figure], ("Draw", "Dibujar"))
        view.on([axis.input, open_only.input], scale)
