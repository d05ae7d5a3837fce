"""Speed against quality: the same noise in few steps and in many, and by a student who learnt to jump."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from demos import kit
from demos.kit import plates, plots, say, t
from demos.kit.pixels import Pace
from demos.same import sheet
from demos.same.rows import data_choice

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.families import Entry

STRIPS = {  # data -> (entry, steps); the first of a model is what its others are compared with
    "faces": {"consistency-faces": (1, 2, 4), "ddpm-faces": (4, 10, 20, 50)},
    "fashion": {"ddpm-fashion": (4, 10, 20, 50), "flow-fashion": (4, 10, 20), "dit-fashion": (4, 10, 20)},
}


def strips(data: str) -> list[Entry]:
    """The entries with other numbers of steps."""
    from genmodels import families

    found = []
    for name, counts in STRIPS[data].items():
        entry = families.entry(name)
        if families.exists(entry):
            bare = entry.title.split(",")[0]
            found += [
                replace(entry, name=f"{name}@{n}", steps=n, passes=n, title=f"{bare}, {n} {unit(entry, n)}")
                for n in counts
            ]
    return found


def unit(entry: Entry, n: int) -> str:
    return ("jump" if entry.family == "consistency" else "step") + "s" * (n > 1)


def steps(data: str, count: int, seed: int, lang: str) -> Iterator[tuple]:
    """Rows of the same seeds, each in another number of steps, with the time that it took."""
    from genmodels import families

    entries, made, times = strips(data), {}, {}
    page, pace = sheet.Sheet(len(entries), count), Pace(1, 0)
    for row, entry in enumerate(entries):
        page.name(row, sheet.title(entry, lang))
    calls = 0
    for row, entry in enumerate(entries):
        if entry.checkpoint not in {e.checkpoint for e in made}:  # its weights are read before the clock runs
            families.last(families.load(replace(entry, steps=1))(seed, 1))
        began = time.perf_counter()
        for x in families.load(entry)(seed, count):
            if pace.due(0):
                page.pictures(row, x)
                yield page.copy(), "", {"calls": calls}
        calls += entry.passes
        made[entry], times[entry] = x, time.perf_counter() - began
        each = sheet.seconds(times[entry] / count, lang) + say(lang, " each", " c/u")
        page.name(row, sheet.title(entry, lang), each)
        page.pictures(row, x)
    yield page.copy(), told(made, times, lang), {"calls": calls}


def told(made: dict[Entry, Tensor], times: dict[Entry, float], lang: str) -> str:
    """Each row's time, and how far it is from its own model's slowest."""
    best = {e.checkpoint: e for e in made}  # the last of each
    rows = []
    for entry, x in made.items():
        away = 127.5 * (x - made[best[entry.checkpoint]]).square().mean().sqrt().item()
        count = len(x)
        rows.append([sheet.title(entry, lang), str(entry.passes), sheet.seconds(times[entry] / count, lang),
                     "—" if best[entry.checkpoint] == entry else plots.number(away, lang, 2)])  # fmt: skip
    head = [
        "",
        say(lang, "passes", "pasadas"),
        say(lang, "per picture", "por imagen"),
        say(lang, "levels of 255 off its own slowest", "niveles de 255 respecto de su más lenta"),
    ]
    en = (
        "Time grows with the passes, quality does not: most of it is there after ten. A distance to the "
        "slowest row is not a loss of quality. It says when more steps stop changing the picture. Of the "
        "first row of a model the time may hold the reading of its weights."
    )
    es = (
        "El tiempo crece con las pasadas, la calidad no: casi toda está después de diez. La distancia a la "
        "fila más lenta no es pérdida de calidad. Dice cuándo más pasos dejan de cambiar la imagen. En la "
        "primera fila de un modelo, el tiempo puede incluir la lectura de sus pesos."
    )
    return plots.table(head, rows) + f"<p>{say(lang, en, es)}</p>"


def steps_code(data: str, count: int, seed: int) -> str:
    name = next(iter(STRIPS[data]))
    return (
        "import time\nfrom dataclasses import replace\n\nfrom genmodels import families\n\n"
        f'entry = families.entry("{name}")\n'
        f"for n in {STRIPS[data][name]}:\n"
        "    began = time.perf_counter()\n"
        f"    x = families.last(families.load(replace(entry, steps=n))({seed}, {count}))\n"
        "    print(n, tuple(x.shape), time.perf_counter() - began)\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("steps", "How many steps?", "¿Cuántos pasos?") as view:
        with view.controls():
            data = data_choice()
            count = kit.slider(1, 6, 3, t("Pictures in a row", "Imágenes por fila"), step=1)
            seed = kit.seed(7)
        with view.result():
            picture = plates.view()
            words = kit.html()
        view.run(steps, [data, count, seed], [picture, words], ("Draw", "Dibujar"), steps_code)
