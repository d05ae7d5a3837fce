"""A test of memory, trained before your eyes: which symbol stood at the beginning? RNN, LSTM and GRU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from demos import kit
from demos.kit import plots, say, t
from demos.kit.run import LIVE, queueing

if TYPE_CHECKING:
    from genmodels.text.recall import Recall

STEPS, TURN = 160, 4  # steps of each network, and of one turn
SECONDS = 60.0  # that a visitor may train
CELLS = {"rnn": ("warm", "RNN"), "lstm": ("mark", "LSTM"), "gru": ("ink", "GRU")}


def memory(gap: int, hidden: int, keep: float, seed: int, lang: str, session: str) -> Iterator[tuple]:
    """Train three small networks to remember a symbol over `gap` others; test them at other distances."""
    from genmodels.lab.room import ROOM
    from genmodels.text.recall import Recall

    with ROOM.enter((session, "cell_memory"), SECONDS) as seat:
        for ahead in seat.wait():
            yield "", "", queueing(ahead, lang)
        students = {cell: Recall(cell, gap, hidden, keep, seed) for cell in CELLS}
        history: dict[str, list[float]] = {cell: [student.right] for cell, student in students.items()}
        before = {cell: student.arrives() for cell, student in students.items()}
        while not seat.over and any(s.steps < STEPS for s in students.values()):
            for cell, student in students.items():
                with ROOM.turn():
                    for _ in range(TURN):
                        student.learn()
                history[cell].append(student.right)
            yield drawn(history, lang), "", {"step": students["gru"].steps}
        yield drawn(history, lang), table(students, before, gap, lang), {"step": students["gru"].steps}


def drawn(history: dict[str, list[float]], lang: str) -> str:
    """The share of right answers over steps."""
    axes = plots.Axes((0, STEPS), (0, 1.02), width=680, height=320, left=52)
    marks = [plots.rule(0.25, say(lang, "guessing", "al azar"))]
    for cell, values in history.items():
        marks.append(plots.line([TURN * k for k in range(len(values))], values, CELLS[cell][0]))
    title = say(lang, "Share of right answers", "Parte de respuestas correctas")
    across = say(lang, "training steps", "pasos de entrenamiento")
    names = plots.legend(*CELLS.values())
    return plots.plot(axes, *marks, title=title, across=across, up=True, lang=lang) + names


def table(students: dict[str, Recall], before: dict[str, float], gap: int, lang: str) -> str:
    """Right answers at half, the same and twice the distance; the gradient that arrived before and after."""
    places = (max(1, gap // 2), gap, 2 * gap)
    head = (
        "",
        *(say(lang, f"right, {k} between", f"aciertos, {k} entre medio") for k in places),
        say(lang, "gradient that arrives: before", "gradiente que llega: antes"),
        say(lang, "after", "después"),
    )
    rows = []
    for cell, student in students.items():
        right = [f"{100 * student.tested(k):.0f} %" for k in places]
        arrives = [
            f"{v:.1e}".replace(".", "," if lang == "es" else ".") for v in (before[cell], student.arrives())
        ]
        rows.append((CELLS[cell][1], *right, *arrives))
    return plots.table(head, rows)


def memory_code(gap: int, hidden: int, keep: float, seed: int) -> str:
    return f"""from genmodels.text.recall import Recall

for cell in ("rnn", "lstm", "gru"):
    student = Recall(cell, {gap}, {hidden}, {keep}, {seed})
    for _ in range({STEPS}):
        student.learn()
    print(cell, student.tested({gap}), student.arrives())
"""


def layout(tab: kit.Tab) -> None:
    with tab.view("memory", "A test of memory", "Una prueba de memoria") as view:
        with view.controls():
            gap = kit.slider(4, 40, 20, t("Tokens in between", "Tokens entre medio"), step=1)
            hidden = kit.slider(8, 48, 24, t("Units", "Unidades"), step=4)
            keep = kit.slider(
                0,
                5,
                3,
                t("Bias to keep, at the start (LSTM, GRU)", "Sesgo a guardar, al inicio (LSTM, GRU)"),
                step=0.5,
            )
            seed = kit.seed()
        with view.result():
            page, below = kit.html(), kit.html()
        inputs = [gap, hidden, keep, seed]
        view.run(
            memory, inputs, [page, below], ("Train all three", "Entrenar las tres"), memory_code, lane=LIVE
        )
