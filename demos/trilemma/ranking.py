"""The whole table, sorted by whatever matters to you."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

from demos import kit
from demos.kit import plots, say
from demos.trilemma import shown
from demos.trilemma.shown import MEASURES, Row


def ranking(data: str, by: str, lang: str) -> Iterator[tuple]:
    """All measures of all models of a data set, the best first; real pictures below, for measure."""
    rows = ordered(shown.rows(data), by)
    yield sheet(rows, by, lang) + shown.note(lang), {}
    yield sheet(rows + shown.rows(data, real=True), by, lang) + legend(lang) + shown.note(lang), {}


def ordered(rows: Sequence[Row], by: str) -> list[Row]:
    """The best first, those that have none of it last. What is neither good nor bad begins with the most."""
    good = MEASURES[by].good or 1

    def key(row: Row) -> tuple[bool, float]:
        value = shown.value(by, row)
        return value is None, -good * (value or 0.0)

    return sorted(rows, key=key)


def sheet(rows: Sequence[Row], by: str, lang: str) -> str:
    keys = [by, *(k for k in MEASURES if k != by)]
    head = [say(lang, "model", "modelo"), *(shown.words(k, lang) for k in keys)]
    cells = [[shown.title(r[0], lang), *(shown.number(shown.value(k, r), lang) for k in keys)] for r in rows]
    return plots.table(head, cells)


TOLD: tuple[tuple[str, str, str], ...] = (
    (
        "nearer",
        "the chance that a sample lies nearer to its nearest training picture than a new real picture does: "
        "0.5 when nothing was learnt by heart, more for copies, less for what is like no real picture",
        "probabilidad de que una muestra quede más cerca de su imagen de entrenamiento más parecida que una "
        "real nueva: 0,5 si nada se aprendió de memoria, más si copia, menos si no se parece a ninguna real",
    ),
    (
        "bits",
        "of the picture as that model draws it (see its own tab): PixelCNN, ImageGPT and PixelVAE 16 × 16 "
        "pixels in 4 greys, Glow of faces 32 × 32 in 32 levels a channel, the others 256 levels; only alike "
        "ones compare, and those of the VAEs are bounds from above",
        "de la imagen tal como la dibuja ese modelo (mira su pestaña): PixelCNN, ImageGPT y PixelVAE 16 × "
        "16 píxeles en 4 grises, Glow de caras 32 × 32 con 32 niveles por canal, los demás 256 niveles; "
        "solo se comparan los iguales, y los de los VAE son cotas superiores",
    ),
    (
        "memory",
        "the peak of a process that draws 16, above what Python and torch take: weights and all that is "
        "computed",
        "el máximo de un proceso que dibuja 16, por encima de lo que ocupan Python y torch: pesos y todo lo "
        "que se calcula",
    ),
    (
        "parameters",
        "all that the folder holds, judges and encoders too; with the prior, where there is one",
        "todo lo que trae la carpeta, también jueces y codificadores; con el prior, si lo hay",
    ),
    (
        "passes",
        "how often a network, or a part of it, runs one after the other for a sample",
        "cuántas veces corre la red, o una parte, una tras otra para una muestra",
    ),
)


def legend(lang: str) -> str:
    """What the columns mean that do not say it themselves."""
    items = (
        f"<li><b>{html.escape(shown.words(k, lang))}</b>: {say(lang, en, es)}</li>" for k, en, es in TOLD
    )
    return f"<ul>{''.join(items)}</ul>"


def ranking_code(data: str, by: str) -> str:
    key = (
        by
        if by in ("frechet", "kernel", "precision", "recall", "density", "coverage", "nearer")
        else "frechet"
    )
    return (
        "import json\n\n"
        "from genmodels.metrics import MEASURED\n\n"
        'found = json.loads(MEASURED.read_text())["entries"]  # python -m genmodels.metrics --all\n'
        f'for name in sorted((n for n in found if "{data}" in n), key=lambda n: found[n]["{key}"]):\n'
        f"    print(f\"{{name:26}} {{found[name]['{key}']}}\")\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("table", "Table", "Tabla") as view:
        with view.controls():
            data = shown.data_choice()
            by = shown.measure_choice(("Sort by", "Ordenar por"), "frechet")
        with view.result():
            page = kit.html()
        view.run(ranking, [data, by], [page], ("Sort", "Ordenar"), ranking_code)
        view.on([data.input, by.input], ranking)
