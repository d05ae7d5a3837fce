"""What a determinant costs: n^3 for any matrix, n for a triangle. Measured here and now."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from demos import kit
from demos.kit import plots, say, t

SIZES = (4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048)
REPEATS, BUDGET = 7, 0.15  # at most so many times, and seconds, for a size
ASKED = (("28 × 28", 784), ("32 × 32 × 3", 3072), ("64 × 64 × 3", 12_288), ("256 × 256 × 3", 196_608))


def cost(largest: int, seed: int, lang: str) -> Iterator[tuple]:
    """Time log |det| of a full n by n matrix against that of a triangular one, for growing n."""
    import torch

    found: list[tuple[int, float, float]] = []
    for n in (n for n in SIZES if n <= largest):
        matrix = torch.randn(n, n, generator=torch.Generator().manual_seed(seed))
        triangle = matrix.tril()
        full = least(lambda m=matrix: torch.linalg.slogdet(m))
        quick = least(lambda m=triangle: m.diagonal().abs().log().sum())
        found.append((n, full, quick))
        chips = {"full_ms": f"{1e3 * full:.3g} ms", "triangle_ms": f"{1e3 * quick:.3g} ms"}
        if lang == "es":
            chips = {k: v.replace(".", ",") for k, v in chips.items()}
        yield figure(found, lang), table(found, lang), chips


def least(work: Any) -> float:
    """Seconds of the quickest of some runs."""
    import time

    times: list[float] = []
    while len(times) < REPEATS and sum(times) < BUDGET:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def figure(found: list[tuple[int, float, float]], lang: str) -> str:
    """Seconds over n, both in powers of ten, with a line of slope 3 through the last full one."""
    n, full, quick = (list(c) for c in zip(*found, strict=True))
    axes = plots.Axes((0.5, 3.5), (-6.2, 0.6), width=680, height=360, left=78)
    logs = [math.log10(v) for v in n]
    marks = [powers(lang)]
    if len(n) > 1:
        top = math.log10(full[-1])
        marks.append(
            plots.line([0.5, 3.5], [top + 3 * (0.5 - logs[-1]), top + 3 * (3.5 - logs[-1])], "soft", True)
        )
        marks[-1] = clipped(marks[-1])
    for values, kind in ((full, "warm"), (quick, "mark")):
        heights = [math.log10(v) for v in values]
        marks += [plots.line(logs, heights, kind), plots.dots(logs, heights, kind, 4.5)]
    drawn = plots.plot(
        axes,
        *marks,
        title=say(lang, "time for one log |det|", "tiempo de un log |det|"),
        across="",
        lang=lang,
    )
    names = (
        ("warm", say(lang, "any matrix: slogdet", "matriz cualquiera: slogdet")),
        (
            "mark",
            say(
                lang, "triangular: sum of the diagonal's logs", "triangular: suma de los logs de la diagonal"
            ),
        ),
        ("soft", say(lang, "dashed: slope 3, n³", "punteada: pendiente 3, n³")),
    )
    return drawn + plots.legend(*names)


def clipped(mark: plots.Mark) -> plots.Mark:
    """A mark cut at the frame."""

    def draw(axes: plots.Axes) -> str:
        (x, y), (right, floor) = axes.at(axes.x[0], axes.y[1]), axes.at(axes.x[1], axes.y[0])
        box = f"<rect x='{x}' y='{y}' width='{right - x}' height='{floor - y}'/>"
        return f"<clipPath id='cost-frame'>{box}</clipPath><g clip-path='url(#cost-frame)'>{mark(axes)}</g>"

    return draw


def powers(lang: str) -> plots.Mark:
    """The numbers of both axes: powers of ten."""
    times = ((-6, "1 µs"), (-4, "100 µs"), (-2, "10 ms"), (0, "1 s"))

    def draw(axes: plots.Axes) -> str:
        parts = []
        for k, word in times:
            (x0, y), (x1, _) = axes.at(axes.x[0], k), axes.at(axes.x[1], k)
            parts.append(
                f"<path class='soft' style='stroke:var(--kind);stroke-opacity:.25' d='M{x0} {y}H{x1}'/>"
            )
            parts.append(f"<text x='{axes.left - 8}' y='{y + 5}' text-anchor='end'>{word}</text>")
        for n in (4, 16, 64, 256, 1024):
            x, y = axes.at(math.log10(n), axes.y[0])
            parts.append(f"<text x='{x}' y='{y + 20}' text-anchor='middle'>{plots.number(n, lang, 4)}</text>")
        x, y = axes.at(axes.x[1], axes.y[0])
        return "".join(parts) + f"<text x='{x}' y='{y + 20}' text-anchor='end'>n</text>"

    return draw


def table(found: list[tuple[int, float, float]], lang: str) -> str:
    """What the largest measured size says of pictures: n^3 and n from there on, an estimate."""
    n, full, quick = found[-1]
    head = (
        say(lang, "a picture's Jacobian", "el jacobiano de una imagen"),
        "n",
        say(lang, "any matrix, estimated", "matriz cualquiera, estimado"),
        say(lang, "triangular, estimated", "triangular, estimado"),
    )
    rows = [
        (
            name,
            plots.number(size, lang),
            span(full * (size / n) ** 3, lang),
            span(quick * max(1, size / n), lang),
        )
        for name, size in ASKED
    ]
    return plots.table(head, rows)


def span(seconds: float, lang: str) -> str:
    """A time as one says it."""
    units = (
        (86_400, "days", "días"),
        (3600, "hours", "horas"),
        (60, "min", "min"),
        (1, "s", "s"),
        (1e-3, "ms", "ms"),
    )
    size, en, es = next((u for u in units if seconds >= u[0]), (1e-6, "µs", "µs"))
    return f"{plots.number(seconds / size, lang, 3)} {say(lang, en, es)}"


def cost_code(largest: int, seed: int) -> str:
    return f"""import time
import torch
from genmodels.flow.change import Coupling  # its log |det J| is one number of the diagonal

for n in {tuple(n for n in SIZES if n <= largest)}:
    matrix = torch.randn(n, n, generator=torch.Generator().manual_seed({seed}))
    start = time.perf_counter()
    torch.linalg.slogdet(matrix)
    middle = time.perf_counter()
    matrix.diagonal().abs().log().sum()  # all that a triangular one needs
    print(n, middle - start, time.perf_counter() - middle)
print(Coupling().forward(torch.randn(3, 2))[1])
"""


def layout(tab: kit.Tab) -> None:
    with tab.view("cost", "What it costs", "Cuánto cuesta") as view:
        with view.controls():
            sizes = [(str(n), n) for n in SIZES if n >= 256]
            largest = kit.choice(sizes, t("Largest n", "El n más grande"), 1024)
            seed = kit.seed()
        with view.result():
            page, below = kit.html(), kit.html()
        view.run(cost, [largest, seed], [page, below], ("Measure", "Medir"), cost_code)
