"""Speed, measured again here and now: every model draws, one after the other, on the machine before you."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

from demos import kit
from demos.kit import plots, say, t
from demos.trilemma import shown
from genmodels.families import Entry

STEP = 0.4  # seconds between two signs of life


class Timed(NamedTuple):
    entry: Entry
    seconds: float  # for all of them
    done: bool


def speed(data: str, count: int, limit: int, seed: int, lang: str) -> Iterator[tuple]:
    """Seconds that each model takes for so many samples, streamed as they finish, within a limit for all."""
    from genmodels import runtime  # and torch with it: waking does not count

    runtime.device()
    found: list[Timed] = []
    rows, began = shown.rows(data), time.perf_counter()
    for entry, _ in sorted(rows, key=lambda r: r[1].get("seconds_16", 0.0)):
        if time.perf_counter() - began > limit:
            break
        for timed in clocked(entry, seed, count, began + limit):
            yield page([*found, timed], data, count, lang), {"step": len(found) + timed.done}
        found.append(timed)
    yield page(found, data, count, lang, finished=True), {"made": count * sum(x.done for x in found)}


def clocked(entry: Entry, seed: int, count: int, until: float) -> Iterator[Timed]:
    """One to load it, which does not count, then so many; told on the way, and given up when time is up."""
    from genmodels.families import load

    said = time.perf_counter()
    for _ in load(entry)(seed, 1):
        if time.perf_counter() > until:
            break
    start = time.perf_counter()
    for _ in load(entry)(seed, count):
        now = time.perf_counter()
        if now - said > STEP:
            said = now
            yield Timed(entry, now - start, False)
        if now > until:
            yield Timed(entry, now - start, False)
            return
    yield Timed(entry, time.perf_counter() - start, True)


def page(found: list[Timed], data: str, count: int, lang: str, finished: bool = False) -> str:
    there = {e.name: f for e, f in shown.rows(data)}
    bars, ratios = [], []
    most = max((x.seconds for x in found), default=1.0)
    for x in found:
        words = f"{plots.number(x.seconds, lang)} s" + ("" if x.done else " …")
        bars.append((shown.title(x.entry, lang), [(x.seconds, "mark" if x.done else "soft")], words))
        before = shown.value("per_second", (x.entry, there[x.entry.name]))
        now = count / x.seconds if x.done and x.seconds else None
        share = now / before if now and before else None
        ratios.append([shown.title(x.entry, lang), *(shown.number(v, lang) for v in (now, before, share))])
    title = say(lang, f"Seconds for {count}, here", f"Segundos para {count}, aquí")
    head = [
        say(lang, "model", "modelo"), say(lang, "per second, here and now", "por segundo, aquí y ahora"),
        say(lang, "in the table, 16 at once", "en la tabla, de a 16"),
        say(lang, "times as fast", "veces más rápido"),
    ]  # fmt: skip
    body = shown.bars(bars, most, title) + plots.table(head, ratios)
    return body + (told(found, data, lang) if finished else "")


def told(found: list[Timed], data: str, lang: str) -> str:
    """On what machine this was, and who was not reached."""
    from genmodels.machine import facts

    here = facts()
    words = f"{here['processor']}, {here['threads']} × {here['instructions']}, torch {here['torch']}"
    done = {x.entry.name for x in found if x.done}
    rest = [shown.title(e, lang) for e, _ in shown.rows(data) if e.name not in done]
    en, es = f"This machine: {words}.", f"Esta máquina: {words}."
    if rest:
        en += f" Not finished in time: {', '.join(rest)}."
        es += f" No alcanzó el tiempo para: {', '.join(rest)}."
    return f"<p>{say(lang, en, es)}</p>" + shown.note(lang)


def speed_code(data: str, count: int, limit: int, seed: int) -> str:
    name = "wgan-gp-faces" if data == "faces" else "cgan-fashion"
    return (
        "import time\n\n"
        "from genmodels.families import entry, here, last, load\n\n"
        f'print([e.name for e in here("{data}")])\n'
        f'sampler = load(entry("{name}"))  # or any of these\n'
        f"last(sampler({seed}, 1))  # loads it\n"
        "began = time.perf_counter()\n"
        f"x = last(sampler({seed}, {count}))  # in [-1, 1]\n"
        f"print({count} / (time.perf_counter() - began), 'samples per second', x.shape)\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("speed", "Speed, here and now", "Velocidad, aquí y ahora") as view:
        with view.controls():
            data = shown.data_choice()
            count = kit.slider(1, 16, 4, t("Samples at once", "Muestras a la vez"), step=1)
            limit = kit.slider(
                5, 90, 30, t("Seconds for all, at most", "Segundos para todos, como mucho"), step=5
            )
            seed = kit.seed()
        with view.result():
            page = kit.html()
        inputs = [data, count, limit, seed]
        view.run(speed, inputs, [page], ("Measure here", "Medir aquí"), speed_code)
