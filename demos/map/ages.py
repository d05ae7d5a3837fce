"""The timeline: each paper where its month and its family put it, and all of them as a list."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from itertools import groupby

from demos import kit
from demos.kit import say, t
from demos.map.history import BEFORE, ENTRIES, LANES, SINCE, Entry
from demos.map.tree import WIDE, address, text, title

FIRST, LAST = SINCE[0].year, SINCE[-1].year
LEFT, TOP, STEP = 158, 30, 20  # room for the lanes' names, for the years; height of a row in a lane
BEFORE_WIDE = 74  # of the strip for all that came before
LETTER = 7.6  # width of a name's letter


def ages(lane: str, here: bool, until: int, lang: str) -> Iterator[tuple]:
    """The drawing, where there is room for it, and the list."""
    found = [e for e in ENTRIES if lane in ("all", e.lane) and (e.tab or not here) and e.year <= until]
    words = say(lang, "of these are shown in this gallery", "de estos se muestran en esta galería")
    count = f"<p class='map-count'><b>{sum(bool(e.tab) for e in found)}</b> / {len(found)} {words}</p>"
    yield f"<div class='map-ages'>{drawing(found, lang)}{count}{listed(found, lang)}</div>", {}


# ------------------------------------------------------------------------------------------- the drawing


def drawing(found: Sequence[Entry], lang: str) -> str:
    """Lanes of families from left to right. A full dot has a tab and leads there; a hollow one has none."""
    parts, y = [], float(TOP)
    for lane in LANES:
        if not (entries := [e for e in found if e.lane == lane]):
            continue
        places = placed(entries)
        parts.append(f"<line class='soft' x1='0' y1='{y:.0f}' x2='{WIDE}' y2='{y:.0f}'/>")
        inside = "".join(
            spot(e, x, y + 17 + STEP * row, lang) for e, (x, row) in zip(entries, places, strict=True)
        )
        parts.append(f"<g class='k{colour(lane)}'>{label(lane, y, lang)}{inside}</g>")
        y += 16 + STEP * max(2, 1 + max(row for _, row in places))
    named = say(lang, "Timeline by family; the list below says the same",
                "Línea de tiempo por familia; la lista de abajo dice lo mismo")  # fmt: skip
    frame = f"viewBox='0 0 {WIDE} {y:.0f}' role='group' aria-label='{named}'"
    return f"<svg class='plot map-wide' {frame}>{grid(y)}{''.join(parts)}</svg>"


def grid(high: float) -> str:
    years = [text(across(year) + 2, 18, str(year), kind="tick") for year in range(FIRST, LAST + 1)]
    rules = [
        f"<line class='year' x1='{across(y):.0f}' y1='4' x2='{across(y):.0f}' y2='{high}'/>"
        for y in range(FIRST, LAST + 2)
    ]
    return "".join([*rules, text(LEFT, 18, f"< {FIRST}", kind="tick"), *years])


def across(year: float) -> float:
    """Where a moment is. 2013 has only its last month, so time begins in 2013.5."""
    begin = FIRST + 0.5
    return LEFT + BEFORE_WIDE + (max(year, begin) - begin) / (LAST + 1 - begin) * (WIDE - LEFT - BEFORE_WIDE)


def moment(e: Entry) -> float:
    return e.year + (int(e.month[5:]) - 0.5) / 12


def label(lane: str, y: float, lang: str) -> str:
    """A lane's name, on two lines where it is long."""
    first, _, rest = say(lang, *LANES[lane]).partition(", ")
    more = text(0, y + 44, rest, kind="name") if rest else ""
    return text(0, y + 24, first + ("," if rest else ""), kind="name") + more


def placed(entries: Sequence[Entry]) -> list[tuple[float, int]]:
    """(x, row) of each dot, in the first row where its name covers no other. The oldest stand in a strip."""
    ends: list[float] = []  # of each row's last name
    found = []
    for k, e in enumerate(entries):
        old, wide = e in BEFORE, 12 + LETTER * len(e.name)
        x = LEFT + 8 + 22 * (k % 3) if old else across(moment(e))
        first = x - wide - 6 if turned(e, x) else x - 9
        row = k // 3 if old else next((r for r, end in enumerate(ends) if end <= first), len(ends))
        ends += [0.0] * (row + 1 - len(ends))
        ends[row] = x + 12 if old or turned(e, x) else x + 4 + wide
        found.append((x, row))
    return found


def turned(e: Entry, x: float) -> bool:
    """Whether its name stands to the left of the dot, because the page ends."""
    return x + 10 + LETTER * len(e.name) > WIDE


def spot(e: Entry, x: float, y: float, lang: str) -> str:
    about = f"<title>{html.escape(f'{e.name}, {when(e, lang)}: {say(lang, e.en, e.es)}')}</title>"
    place, anchor = (x - 10, "end") if turned(e, x) else (x + 10, "start")
    name = "" if e in BEFORE else text(place, y + 5, e.name, anchor, "to" if e.tab else "")
    body = f"{about}<circle class='{'here' if e.tab else 'gone'}' cx='{x:.0f}' cy='{y:.0f}' r='5.5'/>{name}"
    if not e.tab:
        return f"<g>{body}</g>"
    return f"<a href='{address(e.tab)}' aria-label='{html.escape(e.name)}'>{body}</a>"


def colour(lane: str) -> int:
    return list(LANES).index(lane)


# ---------------------------------------------------------------------------------------------- the list


def listed(found: Sequence[Entry], lang: str) -> str:
    parts = []
    for year, entries in groupby(found, key=lambda e: e.year if e.year >= FIRST else 0):
        head = str(year) if year else say(lang, f"Before {FIRST}", f"Antes de {FIRST}")
        parts.append(f"<h4>{head}</h4><ul>{''.join(item(e, lang) for e in entries)}</ul>")
    return f"<div class='map-list'>{''.join(parts)}</div>"


def item(e: Entry, lang: str) -> str:
    """A line: when, what, whose; what it brought; the paper, and the tab."""
    shown = (
        f"arXiv:{e.paper}" if "arxiv" in e.address else e.paper.split("/")[0] if "/" in e.paper else e.paper
    )
    shown = "DOI" if e.paper.startswith("10.") else shown
    paper = f"<a href='{html.escape(e.address)}' target='_blank' rel='noopener'>{html.escape(shown)}</a>"
    here = (
        f"<a class='to' href='{address(e.tab)}'>{html.escape(say(lang, *title(e.tab)))} →</a>"
        if e.tab
        else f"<span class='none'>{say(lang, 'not here', 'no está aquí')}</span>"
    )
    lane = f"<i class='k{colour(e.lane)}'>{html.escape(say(lang, *LANES[e.lane]))}</i>"
    head = f"<b>{html.escape(e.name)}</b> {lane} <small>{when(e, lang)} · {paper}</small>"
    return f"<li class='{'' if e.tab else 'gone'}'>{head}<br>{html.escape(say(lang, e.en, e.es))} {here}</li>"


MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "es": ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"),
}


def when(e: Entry, lang: str) -> str:
    return f"{MONTHS[lang][int(e.month[5:]) - 1]} {e.year}"


def layout(tab: kit.Tab) -> None:
    with tab.view("ages", "Timeline", "Línea de tiempo") as view:
        with view.controls():
            lanes = [(t("all", "todas"), "all"), *((t(*name), key) for key, name in LANES.items())]
            lane = kit.choice(lanes, t("Family", "Familia"))
            until = kit.slider(FIRST, LAST, LAST, t("Up to the year", "Hasta el año"), step=1)
            here = kit.check(t("Only what this gallery shows", "Solo lo que muestra esta galería"))
        with view.result():
            line = kit.html(elem_classes="map-room")
        view.run(ages, [lane, here, until], [line], ("Draw", "Dibujar"))
        view.on([lane.input, here.input, until.release], ages)
