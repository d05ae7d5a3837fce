"""Which modes did each model lose? Attributes of its samples against those of real pictures."""

from __future__ import annotations

from collections.abc import Iterator
from math import log2
from typing import Any

from demos import kit
from demos.kit import fashion, plots, say, t
from demos.kit.faces import kind
from demos.trilemma import shown
from demos.trilemma.shown import Pair
from genmodels import families
from genmodels.metrics import traits

GROUPS: dict[str, Pair] = {
    "hat": ("hat", "sombrero"), "hair": ("colour of hair", "color de pelo"),
    "style": ("hair style", "peinado"),
    "glasses": ("glasses", "anteojos"), "beard": ("beard", "barba"), "clothes": ("clothes", "ropa"),
    "background": ("background", "fondo"), "backdrop": ("backdrop", "telón"), "skin": ("skin", "piel"),
    "presentation": ("presentation", "presentación"), "age": ("age", "edad"), "smile": ("smile", "sonrisa"),
    "turn": ("turn of the head", "giro de la cabeza"), "garment": ("garment", "prenda"),
}  # fmt: skip
ENDS: dict[str, tuple[Pair, Pair]] = {  # of the numbers: what the first fifth and the last are
    "skin": (("lightest fifth", "quinto más claro"), ("darkest fifth", "quinto más oscuro")),
    "presentation": (("most feminine fifth", "quinto más femenino"), ("most masculine", "más masculino")),
    "age": (("youngest fifth", "quinto más joven"), ("oldest fifth", "quinto más viejo")),
    "smile": (("saddest fifth", "quinto más triste"), ("widest smile", "más sonriente")),
    "turn": (("turned left most", "más girado a la izquierda"), ("turned right most", "más a la derecha")),
}
LOST, COMMON = 1 / 3, 15  # a class is lost below this share of the truth; of a thousand, those common enough


def modes(name: str, group: str, lang: str) -> Iterator[tuple]:
    """Shares of each class of an attribute among samples and real pictures; what every model lost of it."""
    entry = families.entry(name)
    group = group if entry.data == "faces" else "garment"
    if entry.data == "faces" and group == "garment":
        group = "hat"
    chart = histogram(entry, group, lang)
    yield chart + shown.note(lang), {}
    yield chart + sheet(entry.data, group, lang) + losses(entry.data, lang) + shown.note(lang), {}


def shares(data: str, found: dict[str, Any]) -> dict[str, list[int]]:
    return traits.parts(data, found["attributes"])


def truth(data: str) -> dict[str, list[int]]:
    (_, found), *_ = shown.rows(data, real=True)
    return shares(data, found)


def names(group: str, lang: str) -> list[str]:
    if group == "garment":
        return [say(lang, *pair) for pair in fashion.CLASSES]
    if group in ENDS:
        first, last = (say(lang, *pair) for pair in ENDS[group])
        return [first, "2", "3", "4", last]
    return [kind(word, lang) for word in traits.groups("faces")[group]]


def histogram(entry: families.Entry, group: str, lang: str) -> str:
    """Two bars a class: among real pictures, and among the samples of one model."""
    real, found = truth(entry.data)[group], {e.name: f for e, f in shown.rows(entry.data)}
    if entry.name not in found:
        return f"<p>{say(lang, 'Not measured here yet.', 'Todavía no se midió aquí.')}</p>"
    made = shares(entry.data, found[entry.name])[group]
    percent = lambda v: plots.number(v / 10, lang, 2)  # noqa: E731
    rows = [
        (word, [(a, "soft"), (b, "mark")], f"{percent(a)} → {percent(b)}")
        for word, a, b in zip(names(group, lang), real, made, strict=True)
    ]
    title = f"{say(lang, *GROUPS[group])}, % · {shown.title(entry, lang)}"
    key = plots.legend(
        ("soft", say(lang, "real pictures", "imágenes reales")), ("mark", say(lang, "samples", "muestras"))
    )
    return shown.bars(rows, max(*real, *made, 1), title) + key


def ratio(made: int, real: int) -> float:
    """In doublings; one in a thousand is added to both, so that nothing is infinite."""
    return log2((made + 1) / (real + 1))


def sheet(data: str, group: str, lang: str) -> str:
    real = truth(data)[group]
    every = shown.rows(data)
    matrix = [
        [ratio(m, r) for m, r in zip(shares(data, found)[group], real, strict=True)] for _, found in every
    ]
    title = say(lang, "Every model on this attribute", "Todos los modelos en este atributo")
    en = "In doublings: −1 is half as often as among real pictures, +1 twice as often; orange is lost."
    es = (
        "En duplicaciones: −1 es la mitad de veces que entre las reales, +1 el doble; en naranja, lo perdido."
    )
    heat = plots.heat([shown.title(e, lang) for e, _ in every], names(group, lang), matrix, lang)
    return f"<h4>{title}</h4><p>{say(lang, en, es)}</p>{heat}"


def lost(data: str, found: dict[str, Any]) -> list[tuple[str, int]]:
    """The classes, of all attributes, that a model draws less than a third as often as they are."""
    real, made = truth(data), shares(data, found)
    pairs = ((g, k) for g, values in real.items() for k, v in enumerate(values) if v >= COMMON)
    return [(g, k) for g, k in pairs if made[g][k] < LOST * real[g][k]]


def losses(data: str, lang: str) -> str:
    """A line for each model: how many classes it lost, and which."""
    rows = []
    for entry, found in shown.rows(data):
        gone = lost(data, found)
        which = "; ".join(f"{say(lang, *GROUPS[g])}: {names(g, lang)[k]}" for g, k in gone[:8])
        more = f" … +{len(gone) - 8}" if len(gone) > 8 else ""
        rows.append([shown.title(entry, lang), str(len(gone)), (which or "–") + more])
    rows.sort(key=lambda r: -int(r[1]))
    common = sum(v >= COMMON for values in truth(data).values() for v in values)
    title = say(lang, "Lost modes", "Modas perdidas")
    en = f"Of {common} classes common enough to count: those drawn less than a third as often as they are."
    es = (
        f"De {common} clases bastante comunes para contarlas: las que dibuja menos de un tercio de las veces."
    )
    head = [say(lang, "model", "modelo"), say(lang, "lost", "perdidas"), say(lang, "which", "cuáles")]
    return f"<h4>{title}</h4><p>{say(lang, en, es)}</p>{plots.table(head, rows)}"


def modes_code(name: str, group: str) -> str:
    data = families.entry(name).data
    group = (
        group if (group == "garment") == (data == "fashion") else ("garment" if data == "fashion" else "hat")
    )
    return (
        "import json\n\n"
        "from genmodels.metrics import MEASURED\n"
        "from genmodels.metrics.traits import groups, parts\n\n"
        'found = json.loads(MEASURED.read_text())["entries"]  # python -m genmodels.metrics --all\n'
        f'counts = [parts("{data}", found[n]["attributes"]) for n in ("real-{data}", "{name}")]\n'
        f'for word, a, b in zip(groups("{data}")["{group}"], *(c["{group}"] for c in counts)):\n'
        '    print(f"{word:14} {a / 10:5.1f} % of the real, {b / 10:5.1f} % of the samples")\n'
    )


def model_choice(value: str) -> Any:
    """The models of both data sets that were measured."""
    found = [e for data in shown.DATA for e, _ in shown.rows(data)]
    return kit.choice([(t(*titled(e)), e.name) for e in found], t("Model", "Modelo"), value)


def titled(entry: families.Entry) -> Iterator[str]:
    """With what it draws, in both languages."""
    for lang in ("en", "es"):
        yield f"{shown.title(entry, lang)} · {say(lang, *shown.DATA[entry.data]).split(',')[0].lower()}"


def layout(tab: kit.Tab) -> None:
    with tab.view("modes", "Lost modes", "Modas perdidas") as view:
        with view.controls():
            name = model_choice("wgan-faces")
            choices = [(t(*pair), key) for key, pair in GROUPS.items() if key != "garment"]
            group = kit.choice(choices, t("Attribute of faces", "Atributo de las caras"), "hat")
        with view.result():
            page = kit.html()
        view.run(modes, [name, group], [page], ("Count", "Contar"), modes_code)
        view.on([name.input, group.input], modes)
