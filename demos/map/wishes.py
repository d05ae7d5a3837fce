"""The score-card: three wishes for a model of p(x), and how far each family grants them, measured here.

Accuracy, easy generation, a useful representation. One row per family: of its bundled models on the same
pictures the one with the smallest Fréchet distance. What was measured stands in `genmodels.metrics.MEASURED`;
the tab of the trilemma shows all models.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

from demos import kit
from demos.kit import plots, say, t
from demos.map.kinds import FAMILIES, HYBRIDS, WAYS, Family, Hybrid
from demos.map.tree import address
from genmodels import families
from genmodels.metrics import MEASURED

KINDS: dict[str, Family | Hybrid] = {  # as `genmodels.families` calls them -> as the tree does
    **{f.key: f for f in FAMILIES},
    **{h.key: h for h in HYBRIDS if h.key in ("vqvae", "consistency")},
}
OF = {"dit": "diffusion"}  # other names of the table of models


class Row(NamedTuple):
    kind: Family | Hybrid
    entry: families.Entry | None  # its best model on these pictures
    found: dict[str, Any]  # what was measured of it


def rows(data: str) -> list[Row]:
    """One per family, with its best model; families without one on this data have an empty row."""
    measured = measures()
    best: dict[str, Row] = {key: Row(kind, None, {}) for key, kind in KINDS.items()}
    for entry in families.here(data):
        key, found = OF.get(entry.family, entry.family), measured.get(entry.name, {})
        if key in best and (best[key].entry is None or far(found) < far(best[key].found)):
            best[key] = Row(KINDS[key], entry, found)
    return list(best.values())


def far(found: dict[str, Any]) -> float:
    return found.get("frechet", float("inf"))


@cache
def measures() -> dict[str, dict[str, Any]]:
    return json.loads(MEASURED.read_text(encoding="utf-8"))["entries"]


def wishes(data: str, order: str, lang: str) -> Iterator[tuple]:
    """The table, the best of the chosen wish on top."""
    key = ORDERS[order][1]
    ranked = sorted(rows(data), key=lambda r: key(r) if r.entry else float("inf"))
    yield table(ranked, data, lang) + notes(lang), {}


def passes(r: Row) -> float:
    return r.entry.passes if r.entry else float("inf")


def latent(r: Row) -> float:
    """From a small code to none."""
    return ("small", "codes", "same", "units", "no").index(r.kind.latent)


ORDERS: dict[str, tuple[tuple[str, str], Callable[[Row], float]]] = {
    "frechet": (("accuracy: Fréchet distance", "exactitud: distancia de Fréchet"),
                lambda r: far(r.found)),
    "coverage": (("accuracy: coverage", "exactitud: cobertura"), lambda r: -r.found.get("coverage", -1.0)),
    "seconds": (("generation: time for one", "generación: tiempo por imagen"),
                lambda r: r.found.get("seconds_one", float("inf"))),
    "passes": (("generation: passes", "generación: pasadas"), passes),
    "latent": (("representation: size of the code", "representación: tamaño del código"), latent),
}  # fmt: skip


def table(ranked: list[Row], data: str, lang: str) -> str:
    heads = (("accuracy", "exactitud", 2), ("easy generation", "generar fácil", 2),
             ("useful representation", "representación útil", 1), ("p(x)", "p(x)", 1))  # fmt: skip
    top = "".join(f"<th scope='colgroup' colspan='{n}'>{say(lang, en, es)}</th>" for en, es, n in heads)
    names = [say(lang, *pair) for pair in (
        ("Fréchet", "Fréchet"), ("coverage", "cobertura"), ("one picture", "una imagen"),
        ("passes", "pasadas"),
        ("latent space", "espacio latente"), ("density", "densidad"),
    )]  # fmt: skip
    second = "".join(f"<th scope='col'>{name}</th>" for name in names)
    most = max((r.found.get("frechet", 0.0) for r in ranked), default=1.0) or 1.0
    slow = max((r.found.get("seconds_one", 0.0) for r in ranked), default=1.0) or 1.0
    body = "".join(line(r, most, slow, lang) for r in ranked)
    head = f"<thead><tr><td></td>{top}</tr><tr><td></td>{second}</tr></thead>"
    return f"<div class='heat plain map-wishes'><table>{head}<tbody>{body}</tbody></table></div>"


def line(r: Row, most: float, slow: float, lang: str) -> str:
    name = say(lang, *r.kind.name) if isinstance(r.kind, Family) else r.kind.name
    stem = r.entry.tab if r.entry else r.kind.tabs[0] if isinstance(r.kind, Family) else r.kind.tab
    model = r.entry.title if r.entry else say(lang, "none on these pictures", "ninguno con estas imágenes")
    first = f"<a href='{address(stem)}'>{html.escape(name)}</a><br><small>{html.escape(model)}</small>"
    frechet, coverage, seconds = (r.found.get(k) for k in ("frechet", "coverage", "seconds_one"))
    cells = [
        bar(frechet, most, plots.number(frechet, lang) if frechet is not None else "–"),
        bar(coverage, 1.0, plots.number(coverage, lang, 2) if coverage is not None else "–"),
        bar(seconds, slow, lasting(seconds, lang) if seconds is not None else "–"),
        str(r.entry.passes) if r.entry else say(lang, *WAYS["passes"][1][r.kind.passes]),
        html.escape(say(lang, *WAYS["latent"][1][r.kind.latent])),
        html.escape(say(lang, *WAYS["density"][1][r.kind.density])),
    ]
    return f"<tr><th scope='row'>{first}</th>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def bar(value: float | None, most: float, words: str) -> str:
    share = 0.0 if value is None else 100 * max(0.0, min(1.0, value / most))
    return f"<span class='map-bar' style='--share:{share:.0f}%'>{words}</span>"


def lasting(seconds: float, lang: str) -> str:
    if seconds < 1:
        return f"{plots.number(1000 * seconds, lang, 2 if seconds < 0.1 else 3)} ms"
    return f"{plots.number(seconds, lang, 2)} s"


def notes(lang: str) -> str:
    en = (
        "Measured on samples of the models in this gallery, by one network of our own: these distances are "
        "not the FID of papers. A short distance with little coverage means that something was left out. "
        "How pictures of 16 or 32 pixels a side were enlarged, and all other models, stand in the trilemma."
    )
    es = (
        "Medido en muestras de los modelos de esta galería, con una red propia: estas distancias no son el "
        "FID de los artículos. Una distancia corta con poca cobertura dice que algo quedó afuera. Cómo se "
        "agrandaron las imágenes de 16 o 32 píxeles de lado, y los demás modelos, están en el trilema."
    )
    more = f"<a href='{address('trilemma')}'>{say(lang, 'The trilemma', 'El trilema')} →</a>"
    return f"<p class='map-note'>{html.escape(say(lang, en, es))} {more}</p>"


def wishes_code(data: str, order: str) -> str:
    return f"""import json
from genmodels import families
from genmodels.metrics import MEASURED

found = json.loads(MEASURED.read_text())["entries"]  # python -m genmodels.metrics --all
for entry in families.here({data!r}):
    row = found.get(entry.name, {{}})
    print(entry.title, entry.passes, *map(row.get, ("frechet", "coverage", "seconds_one")))
"""


def layout(tab: kit.Tab) -> None:
    with tab.view("wishes", "Score-card", "Tablero de deseos") as view:
        with view.controls():
            sets = [(t("faces", "caras"), "faces"), (t("garments", "prendas"), "fashion")]
            data = kit.choice(sets, t("Pictures", "Imágenes"))
            orders = [(t(*name), key) for key, (name, _) in ORDERS.items()]
            order = kit.choice(orders, t("Best on top by", "Primero el mejor en"))
        with view.result():
            page = kit.html(elem_classes="map-room")
        view.run(wishes, [data, order], [page], ("Show", "Mostrar"), wishes_code)
        view.on([data.input, order.input], wishes)
