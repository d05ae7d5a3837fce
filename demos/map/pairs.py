"""Two families beside each other: what they share, what parts them, what was made of both."""

from __future__ import annotations

import html
from collections.abc import Iterator
from itertools import product

from demos import kit
from demos.kit import say, t
from demos.map.kinds import BY_KEY, FAMILIES, HYBRIDS, WAYS, Family
from demos.map.relations import RELATIONS, Relation
from demos.map.tree import address, title

BETWEEN = {frozenset((r.first, r.second)): r for r in RELATIONS}


def pairs(first: str, second: str, lang: str) -> Iterator[tuple]:
    """The two families' facts, their relation, and the table of all of them."""
    a, b = BY_KEY[first], BY_KEY[second]
    told = "" if a is b else relation(BETWEEN[frozenset((first, second))], lang)
    yield f"<div class='map-pairs'>{facts(a, b, lang)}{told}{matrix(first, second, lang)}</div>", {}


def facts(a: Family, b: Family, lang: str) -> str:
    """What each one knows, side by side; what is equal in both is marked."""
    head = "".join(f"<th scope='col'>{html.escape(say(lang, *f.short))}</th>" for f in (a, b))
    rows = [f"<tr><td></td>{head}</tr>"]
    for way, (name, values) in WAYS.items():
        cells = [html.escape(say(lang, *values[getattr(f, way)])) for f in (a, b)]
        kind = " class='alike'" if cells[0] == cells[1] else ""
        body = "".join(f"<td>{cell}</td>" for cell in cells)
        rows.append(f"<tr{kind}><th scope='row'>{html.escape(say(lang, *name))}</th>{body}</tr>")
    how = "".join(f"<td>{html.escape(say(lang, *f.how))}</td>" for f in (a, b))
    rows.append(f"<tr><th scope='row'>{say(lang, 'how', 'cómo')}</th>{how}</tr>")
    return f"<div class='heat plain map-facts'><table>{''.join(rows)}</table></div>"


def relation(r: Relation, lang: str) -> str:
    places = " ".join(see(stem, view, lang) for stem, view in r.see)
    both = [h for h in HYBRIDS if {r.first, r.second} <= set(h.parents)]
    made = "".join(
        f"<li><b>{html.escape(h.name)}</b>: {html.escape(say(lang, *h.how))} "
        f"{see(h.tab, h.view, lang) if h.tab else say(lang, '<i>not here</i>', '<i>no está aquí</i>')}</li>"
        for h in both
    )
    head = say(lang, "Made of both", "Hechos de ambos")
    offspring = f"<p>{head}:</p><ul>{made}</ul>" if made else ""
    return f"<p class='map-told'>{html.escape(say(lang, r.en, r.es))} {places}</p>{offspring}"


def see(stem: str, view: str, lang: str) -> str:
    return f"<a href='{address(stem, view)}'>{html.escape(say(lang, *title(stem)))} →</a>"


def matrix(first: str, second: str, lang: str) -> str:
    """All pairs: a link each, which sets the controls."""
    head = "".join(f"<th scope='col'>{html.escape(say(lang, *f.short))}</th>" for f in FAMILIES)
    rows = [f"<thead><tr><td></td>{head}</tr></thead>"]
    for a in FAMILIES:
        cells = "".join(cell(a, b, {first, second}, lang) for b in FAMILIES)
        rows.append(f"<tr><th scope='row'>{html.escape(say(lang, *a.short))}</th>{cells}</tr>")
    caption = say(lang, "What each two share", "Qué comparten de a dos")
    return f"<h4>{caption}</h4><div class='heat plain map-matrix'><table>{''.join(rows)}</table></div>"


def cell(a: Family, b: Family, chosen: set[str], lang: str) -> str:
    if a is b:
        return "<td class='self'></td>"
    words = html.escape(say(lang, *BETWEEN[frozenset((a.key, b.key))].brief))
    kind = " class='chosen'" if {a.key, b.key} == chosen else ""
    where = f"?tab=map&amp;view=pairs&amp;first={a.key}&amp;second={b.key}"
    return f"<td{kind}><a href='{where}'>{words}</a></td>"


def missing() -> list[tuple[str, str]]:
    """Pairs that the table lacks: a test wants none."""
    keys = [f.key for f in FAMILIES]
    return [(a, b) for a, b in product(keys, keys) if a < b and frozenset((a, b)) not in BETWEEN]


def layout(tab: kit.Tab) -> None:
    families = [(t(*f.name), f.key) for f in FAMILIES]
    with tab.view("pairs", "Who shares what", "Quién comparte qué") as view:
        with view.controls():
            first = kit.choice(families, t("One family", "Una familia"), "vae")
            second = kit.choice(families, t("Another", "Otra"), "gan")
        with view.result():
            page = kit.html(elem_classes="map-room")
        view.run(pairs, [first, second], [page], ("Compare", "Comparar"))
        view.on([first.input, second.input], pairs)
