"""The family tree, drawn twice: from left to right where there is room, from top to bottom on a phone.

Every box that has a tab is a link, so a keyboard walks the tree in reading order. Colours are never alone:
what they say stands in each box as words.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from demos import kit
from demos.kit import plots, say, t
from demos.map.kinds import BRANCHES, BY_KEY, FAMILIES, HYBRIDS, WAYS, Family, Hybrid

WIDE, NARROW = 1240, 350
LINE, HEAD, AIR = 23, 56, 14  # of a box: a link's height, what stands above them; between boxes
BRANCH, TALL = 158, 78  # width of a branch's box, height of a hybrid's
STEPS = {"explicit": 22, "implicit": 22, "tractable": 206, "approximate": 206}  # left ends, drawn wide
FAMILY, HYBRID = (392, 300), (892, 340)  # left end and width of their columns


class Box(NamedTuple):
    x: float
    y: float
    wide: float
    high: float

    @property
    def left(self) -> tuple[float, float]:
        return self.x, self.y + self.high / 2

    @property
    def right(self) -> tuple[float, float]:
        return self.x + self.wide, self.y + self.high / 2


def tree(way: str, hybrids: bool, lang: str) -> Iterator[tuple]:
    """The drawing for either width of page, and what its colours mean."""
    what = say(lang, *WAYS[way][0])
    named = say(lang, f"Family tree of generative models, by {what}",
                f"Árbol de familias de los modelos generativos, según {what}")  # fmt: skip
    drawn = sheet(named, "wide", *across(way, hybrids, lang)) + sheet(
        named, "narrow", *down(way, hybrids, lang)
    )
    table = f"<details><summary>{say(lang, 'As a table', 'Como tabla')}</summary>{as_table(lang)}</details>"
    yield f"<div class='map-tree'>{key(way, lang)}{drawn}{table}</div>", {}


def key(way: str, lang: str) -> str:
    names = WAYS[way][1].values()
    kinds = "".join(
        f"<span class='k{i}'>{html.escape(say(lang, *words))}</span>" for i, words in enumerate(names)
    )
    none = say(lang, "dashed: not in this gallery", "con guiones: no está en esta galería")
    return f"<p class='map-key'>{kinds}<span class='away'>{none}</span></p>"


def sheet(name: str, kind: str, parts: Sequence[str], size: tuple[int, int]) -> str:
    """A group and not an image: its links are for everybody."""
    wide, high = size
    return (
        f"<svg class='plot map-{kind}' viewBox='0 0 {wide} {high:.0f}' role='group' "
        f"aria-label='{html.escape(name, quote=True)}'>{''.join(parts)}</svg>"
    )


# -------------------------------------------------------------------------------------- where there is room


def across(way: str, hybrids: bool, lang: str) -> tuple[list[str], tuple[int, int]]:
    """From left to right: branches, families with their tabs, and what lies between families."""
    boxes, y = {}, 4.0
    for family in FAMILIES:
        boxes[family.key] = Box(FAMILY[0], y, FAMILY[1], height(len(family.tabs)))
        y += height(len(family.tabs)) + AIR
    for branch in reversed(BRANCHES[1:]):
        below = [boxes[k] for k in under(branch.key)]
        middle = (below[0].left[1] + below[-1].left[1]) / 2
        boxes[branch.key] = Box(STEPS[branch.key], middle - 27, BRANCH, 54)
    lines = [link(boxes[b.key], boxes[k]) for b in BRANCHES[1:] for k in under(b.key)]
    ends = [boxes[b].left[1] for b in ("explicit", "implicit")]
    trunk = f"<path class='tie' d='M{STEPS['explicit']} {ends[0]:.0f}H10V{ends[1]:.0f}H{STEPS['implicit']}'/>"
    parts = [trunk, *lines]
    if hybrids:
        parts += between(boxes, y - AIR, way, lang)
    parts += [named(boxes[b.key], say(lang, *b.name)) for b in BRANCHES[1:]]
    parts += [family_box(f, boxes[f.key], way, lang) for f in FAMILIES]
    return parts, (WIDE if hybrids else FAMILY[0] + FAMILY[1] + 16, round(y))


def under(branch: str) -> list[str]:
    """What hangs on a branch: further branches, or families."""
    found = [b.key for b in BRANCHES if b.under == branch]
    return found + [f.key for f in FAMILIES if f.branch == branch]


def height(links: int) -> float:
    return HEAD + LINE * links + (8 if links else 0)


def link(a: Box, b: Box) -> str:
    return curve(a.right, b.left, "tie")


def curve(a: tuple[float, float], b: tuple[float, float], kind: str) -> str:
    (x0, y0), (x1, y1), middle = a, b, (a[0] + b[0]) / 2
    way = f"M{x0:.0f} {y0:.0f}C{middle:.0f} {y0:.0f} {middle:.0f} {y1:.0f} {x1:.0f} {y1:.0f}"
    return f"<path class='{kind}' d='{way}'/>"


def between(boxes: dict[str, Box], room: float, way: str, lang: str) -> Iterator[str]:
    """The hybrids, evenly, in the order of their parents' middles, each with its curves."""
    middle = {h.key: sum(boxes[p].right[1] for p in h.parents) / len(h.parents) for h in HYBRIDS}
    ranked = sorted(HYBRIDS, key=lambda h: middle[h.key])
    step = room / len(ranked)
    for k, hybrid in enumerate(ranked):
        box = Box(HYBRID[0], 4 + k * step, HYBRID[1], min(TALL, step - 8))
        ties = "".join(curve(boxes[p].right, box.left, "cross") for p in hybrid.parents)
        yield f"<g class='hybrid'>{ties}{hybrid_box(hybrid, box, way, lang)}</g>"


# ----------------------------------------------------------------------------------------------- on a phone


def down(way: str, hybrids: bool, lang: str) -> tuple[list[str], tuple[int, int]]:
    """From top to bottom: the branches as headings, what is under them further to the right."""
    parts, y = [], 4.0
    for branch, depth in (("explicit", 0), ("tractable", 1), ("approximate", 1), ("implicit", 0)):
        words = next(b.name for b in BRANCHES if b.key == branch)
        parts.append(named(Box(8 + 16 * depth, y, 180, 34), say(lang, *words)))
        y += 34
        top = y
        for family in (f for f in FAMILIES if f.branch == branch):
            box = Box(32 + 16 * depth, y + AIR, NARROW - 40 - 16 * depth, height(len(family.tabs)))
            parts.append(f"<path class='tie' d='M{box.x - 14} {top:.0f}V{box.left[1]:.0f}H{box.x}'/>")
            parts.append(family_box(family, box, way, lang))
            y += box.high + AIR
        y += AIR
    if hybrids:
        parts.append(named(Box(8, y, 180, 34), say(lang, "Between families", "Entre familias")))
        y += 34 + AIR
        for hybrid in HYBRIDS:
            parts.append(hybrid_box(hybrid, Box(32, y, NARROW - 40, TALL + 22), way, lang, parents=True))
            y += TALL + 22 + AIR
    return parts, (NARROW, round(y))


# ---------------------------------------------------------------------------------------------------- boxes


def named(box: Box, words: str) -> str:
    x, y = box.x + box.wide / 2, box.left[1] + 6
    return rectangle(box, "branch") + text(x, y, words, "middle", "name")


def family_box(family: Family, box: Box, way: str, lang: str) -> str:
    """Its name and what colours it, and its tabs, each a link."""
    value = getattr(family, way)
    head = text(box.x + 14, box.y + 25, say(lang, *family.name), kind="name")
    head += text(box.x + 14, box.y + 46, say(lang, *WAYS[way][1][value]))
    about = f"<title>{html.escape(say(lang, *family.how))}</title>"
    rows = [row(stem, box, HEAD + LINE * k, lang) for k, stem in enumerate(family.tabs)]
    return f"<g class='k{order(way, value)}'>{about}{rectangle(box, 'kin')}{head}{''.join(rows)}</g>"


def row(stem: str, box: Box, y: float, lang: str) -> str:
    """A tab as a line of its family's box."""
    ground = rectangle(Box(box.x + 5, box.y + y - 4, box.wide - 10, LINE), "row")
    words = text(box.x + 26, box.y + y + 13, say(lang, *title(stem)), kind="to")
    return f"<a href='{address(stem)}'>{ground}{dot(box.x + 16, box.y + y + 8)}{words}</a>"


def hybrid_box(hybrid: Hybrid, box: Box, way: str, lang: str, parents: bool = False) -> str:
    """Its name, what colours it, its tab; and on a phone, where no curves lead to them, its parents."""
    value = getattr(hybrid, way)
    where = say(lang, *title(hybrid.tab)) if hybrid.tab else say(lang, "not here", "no está aquí")
    lines = [say(lang, *WAYS[way][1][value]), *([of(hybrid, lang)] if parents else []), where]
    body = f"<title>{html.escape(say(lang, *hybrid.how))}</title>"
    body += rectangle(box, "kin" if hybrid.tab else "kin away") + text(
        box.x + 14, box.y + 24, hybrid.name, kind="name"
    )
    for k, words in enumerate(lines):
        last = k == len(lines) - 1 and hybrid.tab
        body += text(box.x + (26 if last else 14), box.y + 46 + 22 * k, words, kind="to" if last else "")
    if not hybrid.tab:
        return f"<g class='k{order(way, value)}'>{body}</g>"
    body += dot(box.x + 16, box.y + 41 + 22 * (len(lines) - 1))
    return f"<a class='k{order(way, value)}' href='{address(hybrid.tab, hybrid.view)}'>{body}</a>"


def of(hybrid: Hybrid, lang: str) -> str:
    return " + ".join(say(lang, *BY_KEY[p].short) for p in hybrid.parents)


def order(way: str, value: str) -> int:
    """The number of a colour."""
    return list(WAYS[way][1]).index(value)


def address(stem: str, view: str = "") -> str:
    return f"?tab={stem}" + (f"&amp;view={view}" if view else "")


@cache
def title(stem: str) -> tuple[str, str]:
    """A tab's own name. Asked for by handlers only: tabs don't import each other."""
    from demos.kit.page import modules

    return modules()[stem].TITLE


def rectangle(box: Box, kind: str) -> str:
    size = f"width='{box.wide:.0f}' height='{box.high:.0f}'"
    return f"<rect class='{kind}' x='{box.x:.0f}' y='{box.y:.0f}' {size} rx='8'/>"


def dot(x: float, y: float) -> str:
    return f"<path class='dot' d='M{x:.0f} {y:.0f}h0'/>"


def text(x: float, y: float, words: str, anchor: str = "start", kind: str = "") -> str:
    place = "" if anchor == "start" else f" text-anchor='{anchor}'"
    return f"<text class='{kind}' x='{x:.0f}' y='{y:.0f}'{place}>{html.escape(words)}</text>"


def as_table(lang: str) -> str:
    """The same as a table, for whoever can't see the drawing, or would copy it."""
    head = [say(lang, *p) for p in (("family", "familia"), *(name for name, _ in WAYS.values()))]
    rows: Iterable[list[str]] = (
        [say(lang, *e.name) if isinstance(e, Family) else f"{e.name} ({of(e, lang)})",
         *(say(lang, *values[getattr(e, way)]) for way, (_, values) in WAYS.items())]
        for e in (*FAMILIES, *HYBRIDS)
    )  # fmt: skip
    return plots.table(head, rows)


def layout(tab: kit.Tab) -> None:
    with tab.view("tree", "Family tree", "Árbol de familias") as view:
        with view.controls():
            ways = [(t(*name), way) for way, (name, _) in WAYS.items()]
            way = kit.choice(ways, t("Colour by", "Colorear según"))
            hybrids = kit.check(t("With what lies between families", "Con lo que hay entre familias"), True)
        with view.result():
            drawing = kit.html(elem_classes="map-room")
        view.run(tree, [way, hybrids], [drawing], ("Draw", "Dibujar"))
        view.on([way.input, hybrids.input], tree)
