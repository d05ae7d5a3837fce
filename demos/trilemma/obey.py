"""Do they do as they are told? Obedience to a class, and what else changes when one thing is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from demos import kit
from demos.kit import plots, say, t
from demos.kit.faces import name as attribute
from demos.trilemma import shown
from genmodels import families

EDITS = {
    "glasses": ("put on glasses", "poner anteojos"),
    "hair_blond": ("make the hair blond", "aclarar el pelo"),
}
SHOWN = (  # of the attributes that were watched
    "smile", "age", "skin", "presentation", "glasses", "beard", "hat", "earrings", "hair_blond", "hair_black",
    "hair_red", "hair_grey", "hair_volume", "eye_size", "turn", "light",
)  # fmt: skip


def obey(data: str, edit: str, lang: str) -> Iterator[tuple]:
    """Share of samples that a reader takes for what was asked; what an edit brings along."""
    chart = obedience(data, lang)
    yield chart + shown.note(lang), {}
    yield chart + leak(edit, lang) + shown.note(lang), {}


def obedience(data: str, lang: str) -> str:
    rows = []
    for entry, found in [*shown.rows(data), *shown.rows(data, real=True)]:
        values = [
            (found[key], kind) for key, kind in (("obedience", "mark"), ("guided", "warm")) if key in found
        ]
        if values:
            words = " · ".join(plots.number(100 * v, lang) for v, _ in values)
            rows.append((shown.title(entry, lang), values, f"{words} %"))
    title = say(lang, "Read as what was asked for", "Leídas como lo pedido")
    key = plots.legend(
        ("mark", say(lang, "told the class", "con la clase dicha")),
        ("warm", say(lang, "and guided to it, by 2", "y guiadas hacia ella, con 2")),
    )
    faces = (
        "Asked are the hair's colour and whether there are glasses, both must be right; real faces show how "
        "often the reader itself agrees with the painter.",
        "Se piden el color de pelo y si hay anteojos, y las dos cosas tienen que estar; las caras reales "
        "muestran cuán a menudo el propio lector coincide con el pintor.",
    )
    garments = (
        "Asked is one of ten garments. The reader errs on real ones, too, as their bar says.",
        "Se pide una de diez prendas. El lector también yerra con las reales, como dice su barra.",
    )
    told = say(lang, *(faces if data == "faces" else garments))
    return shown.bars(rows, 1.0, title) + key + f"<p>{told}</p>"


def leak(edit: str, lang: str) -> str:
    """For as much of what was asked, how much of everything else: a row for each way to edit."""
    found = shown.file().get("leak", {})
    if edit not in found:
        return ""
    places = [found["attributes"].index(name) for name in SHOWN]
    rows = {families.entry(name): [values[k] for k in places] for name, values in found[edit].items()}
    mean = {e: sum(abs(v) for v in values) - 1 for e, values in rows.items()}
    names = [f"{shown.title(e, lang)} · {plots.number(mean[e] / (len(SHOWN) - 1), lang, 2)}" for e in rows]
    heat = plots.heat(names, [attribute(a, lang) for a in SHOWN], list(rows.values()), lang)
    title = say(lang, "What comes along", "Qué viene de paso") + f": {say(lang, *EDITS[edit])}"
    en = (
        "Of faces. The VAE adds a direction to the code; the others draw the same seed under two classes "
        "that differ in this alone. Changes are in standard deviations of each attribute, over the change "
        "of the one that was asked for (1); behind the name, their mean size."
    )
    es = (
        "De las caras. El VAE suma una dirección al código; los demás dibujan la misma semilla con dos "
        "clases que solo difieren en esto. Los cambios van en desviaciones de cada atributo, sobre el "
        "cambio del que se pidió (1); detrás del nombre, su tamaño medio."
    )
    return f"<h4>{title}</h4><p>{say(lang, en, es)}</p>{heat}"


def obey_code(data: str, edit: str) -> str:
    return (
        "import json\n\n"
        "from genmodels.metrics import MEASURED\n\n"
        "found = json.loads(MEASURED.read_text())  # python -m genmodels.metrics --all\n"
        'for name, m in found["entries"].items():\n'
        f'    if "obedience" in m and "{data}" in name:\n'
        '        print(name, m["obedience"], m.get("guided"))\n'
        f'print(found.get("leak", {{}}).get("{edit}"))\n'
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("obey", "Obedience and leaks", "Obediencia y fugas") as view:
        with view.controls():
            data = shown.data_choice()
            choices = [(t(*pair), key) for key, pair in EDITS.items()]
            edit = kit.choice(choices, t("Edit of a face", "Edición de una cara"))
        with view.result():
            page = kit.html()
        view.run(obey, [data, edit], [page], ("Show", "Mostrar"), obey_code)
        view.on([data.input, edit.input], obey)
