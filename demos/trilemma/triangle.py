"""The trilemma: three wishes, a triangle for every model, and none that fills it."""

from __future__ import annotations

from collections.abc import Iterator

from demos import kit
from demos.kit import plates, plots, say, t
from demos.trilemma import picture, shown


def triangle(data: str, scale: str, order: str, lang: str) -> Iterator[tuple]:
    """A triangle for each model: its reach to quality, speed and coverage, by value or by place."""
    page = picture.sheet(data, scale == "place", order, lang)
    yield page, shown.note(lang), {}
    yield page, told(data, scale, lang) + table(data, order, lang) + shown.note(lang), {}


def told(data: str, scale: str, lang: str) -> str:
    """How the corners are read."""
    if scale == "place":
        en = "A corner shows the place among these models: the last near the middle, the first at the tip."
        es = "Un vértice muestra el puesto entre estos: el último cerca del centro, el primero en la punta."
        return f"<p>{say(lang, en, es)}</p>"
    en = (
        "Quality is the logarithm of the Fréchet distance and speed that of the samples per second when 16 "
        "are drawn at once; both go from the worst of these models, near the middle, to the best, at the "
        "tip. Coverage is the recall as it is: the share of real pictures that lie among the samples."
    )
    es = (
        "La calidad es el logaritmo de la distancia de Fréchet y la velocidad el de las muestras por "
        "segundo al dibujar de a 16; ambas van del peor de estos modelos, cerca del centro, al mejor, en la "
        "punta. La cobertura es la exhaustividad tal cual: la parte de las imágenes reales que queda entre "
        "las muestras."
    )
    return f"<p>{say(lang, en, es)}</p>"


def table(data: str, order: str, lang: str) -> str:
    """The three numbers of each, and those of real pictures for measure."""
    key = order if order in picture.KEYS else "frechet"
    good = shown.MEASURES[key].good
    rows = sorted(shown.rows(data), key=lambda r: -good * (shown.value(key, r) or 0))
    every = [*rows, *shown.rows(data, real=True)]
    cells = [
        [shown.title(r[0], lang), *(shown.number(shown.value(k, r), lang) for k in picture.KEYS)]
        for r in every
    ]
    head = [say(lang, "model", "modelo"), *(shown.words(k, lang) for k in picture.KEYS)]
    return plots.table(head, cells)


def triangle_code(data: str, scale: str, order: str) -> str:
    return (
        "import json\n\n"
        "from genmodels.metrics import MEASURED\n\n"
        'found = json.loads(MEASURED.read_text())["entries"]  # python -m genmodels.metrics --all\n'
        "for name, m in found.items():\n"
        f'    if "{data}" in name and "seconds_16" in m:\n'
        "        print(f\"{name:26} {m['frechet']:8.1f} {16 / m['seconds_16']:9.1f}/s {m['recall']:.3f}\")\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("triangle", "The triangle", "El triángulo") as view:
        with view.controls():
            data = shown.data_choice()
            scale = kit.choice(
                [
                    (t("By value, logarithms", "Por valor, logaritmos"), "value"),
                    (t("By place among these", "Por puesto entre estos"), "place"),
                ],
                t("A corner's scale", "Escala de los vértices"),
            )
            orders = [(t("By family", "Por familia"), "table")]
            orders += [(t(*pair), key) for pair, key in zip(ORDERS, picture.KEYS, strict=True)]
            order = kit.choice(orders, t("Order", "Orden"))
        with view.result():
            page, words = plates.view(), kit.html()
        view.run(triangle, [data, scale, order], [page, words], ("Draw", "Dibujar"), triangle_code)
        view.on([data.input, scale.input, order.input], triangle)


ORDERS = (
    ("The best quality first", "Primero la mejor calidad"),
    ("The fastest first", "Primero el más rápido"),
    ("The widest coverage first", "Primero la mayor cobertura"),
)
