"""One row per family, one column per seed: who is quick, who is sharp, and what pixel by pixel looks like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from demos import kit
from demos.kit import plots, say, t
from demos.kit.pixels import Pace
from demos.same import race, sheet

if TYPE_CHECKING:
    from genmodels.families import Entry

DATA = {"faces": ("faces, 64 px", "caras, 64 px"), "fashion": ("garments, 28 px", "prendas, 28 px")}
SLOW = frozenset(
    {"ddpm-faces", "tarflow-faces", "ddpm-fashion", "imagegpt-fashion", "pixelcnn-fashion-mixture"}
)  # those that take more than a second for four pictures
WHICH = {
    "quick": ("the quick ones", "las rápidas"),
    "all": ("all, also the slow ones", "todas, también las lentas"),
    "one": ("those of one pass", "las de una pasada"),
    "many": ("those of many passes", "las de muchas pasadas"),
}


def chosen(data: str, which: str) -> list[Entry]:
    """The rows of the sheet: real pictures, then the models that are here."""
    from genmodels import families

    keep = {
        "quick": lambda e: e.name not in SLOW, "all": lambda e: True,
        "one": lambda e: e.passes == 1, "many": lambda e: e.passes > 1,
    }[which]  # fmt: skip
    return [*families.here(data, real=True)[:1], *filter(keep, families.here(data))]


def rows(data: str, which: str, count: int, seed: int, lang: str) -> Iterator[tuple]:
    """Every family draws `count` pictures, the k-th from seed + k, all at once."""
    entries = chosen(data, which)
    page, pace = sheet.Sheet(len(entries), count), Pace(1, 0)
    places = {e.name: k for k, e in enumerate(entries)}
    for entry in entries:
        page.name(places[entry.name], sheet.title(entry, lang), sheet.passes(entry, lang))
    times: dict[str, race.Runner] = {}
    for runner in race.run(entries, seed, count):
        times[runner.entry.name] = runner
        if runner.done:
            page.name(places[runner.entry.name], sheet.title(runner.entry, lang), facts(runner, lang))
        if pace.due(0) or len(times) == 1:
            paint(page, places, times)
            yield page.copy(), "", {"step": sum(r.done for r in times.values())}
    paint(page, places, times)
    yield page.copy(), told(times, count, lang), {"made": count * len(times)}


def paint(page: sheet.Sheet, places: dict[str, int], times: dict[str, race.Runner]) -> None:
    """The pictures of those that have moved since the last frame."""
    for name, runner in times.items():
        if runner.moved and runner.x is not None:
            page.pictures(places[name], runner.x)
            runner.moved = False


def facts(runner: race.Runner, lang: str) -> str:
    found = [sheet.passes(runner.entry, lang), sheet.seconds(runner.seconds, lang)]
    return " · ".join(filter(None, found)) + "*" * runner.loaded


def told(times: dict[str, race.Runner], count: int, lang: str) -> str:
    """What the times say, and what they don't."""
    models = sorted((r for r in times.values() if r.entry.checkpoint), key=lambda r: r.seconds)
    if not models:
        return ""
    quick, slow = models[0], models[-1]
    ratio = plots.number(slow.seconds / max(quick.seconds, 1e-6), lang, 2)
    first, last = sheet.title(quick.entry, lang), sheet.title(slow.entry, lang)
    en = (
        f"Here and now {last} took {ratio} times as long as {first} for {count} pictures. The same seed "
        "means the same luck, not the same person: what a number of the noise stands for, each family "
        "found out for itself."
    )
    es = (
        f"Aquí y ahora, {last} tardó {ratio} veces lo que {first} en hacer {count} imágenes. La misma "
        "semilla es la misma suerte, no la misma persona: qué significa cada número del ruido lo descubrió "
        "cada familia por su cuenta."
    )
    note = ""
    if any(r.loaded for r in times.values()):
        note = say(lang, " * With the reading of its weights; click again for the drawing alone.",
                   " * Incluye leer sus pesos; haz clic otra vez para ver solo el dibujo.")  # fmt: skip
    return f"<p>{say(lang, en, es)}{note}</p>"


def rows_code(data: str, which: str, count: int, seed: int) -> str:
    return (
        "from genmodels import families\n\n"
        f'for entry in families.here("{data}"):\n'
        "    if entry.passes == 1:  # or all of them: those of many passes take longer\n"
        f"        x = families.last(families.load(entry)({seed}, {count}))\n"
        "        print(entry.title, tuple(x.shape))  # (B, C, H, W) in [-1, 1]\n"
    )


def data_choice() -> Any:
    return kit.choice([(t(*words), key) for key, words in DATA.items()], t("Pictures of", "Imágenes de"))


def layout(tab: kit.Tab) -> None:
    with tab.view("rows", "All at once", "Todas a la vez") as view:
        with view.controls():
            data = data_choice()
            which = kit.choice([(t(*words), key) for key, words in WHICH.items()], t("Families", "Familias"))
            count = kit.slider(2, 8, 5, t("Pictures of each", "Imágenes de cada una"), step=1)
            seed = kit.seed(7)
        with view.result():
            picture = kit.picture(height=None, elem_classes="plate")
            words = kit.html()
        inputs = [data, which, count, seed]
        view.run(rows, inputs, [picture, words], ("Draw them all", "Dibujar todas"), rows_code)
