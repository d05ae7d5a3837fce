"""Particles down the ladder of noise, beside particles that only ever see the clean density."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING

from demos import kit
from demos.kit import plates, plots, say, t
from demos.kit.panels import TRUTH
from demos.kit.pixels import Pace
from demos.score import plane

if TYPE_CHECKING:
    from genmodels.energy.annealed import Step
    from genmodels.energy.score_matching import Blobs

COUNT = 1500
WIDE, NARROW = 8.0, 0.05
PLAIN = 0.1  # the share of the way that a step of plain Langevin takes, where a heap is
SECONDS = 5  # that the whole way takes at least, so that it is seen


def anneal(density: str, levels: int, steps: int, upto: int, seed: int, lang: str) -> Iterator[tuple]:
    """1500 particles under annealed Langevin dynamics, and under as many steps of plain Langevin."""
    truth = plane.blobs(density)
    whole = levels * steps + 1  # the last step only takes noise out
    end = whole if upto == 100 else max(1, round(levels * upto / 100)) * steps
    time, plain = Pace(end, SECONDS * end / whole), None
    for k, (step, other) in enumerate(zip_longest(*walks(truth, levels, steps, seed)), start=1):
        plain = other or plain
        if time.due(k, last=k == end):
            table, found = heaps(truth, (step, plain), lang)
            yield panels(truth, step, plain, levels, lang), table, found
        if k == end:
            return


def walks(truth: Blobs, levels: int, steps: int, seed: int) -> tuple[Iterator[Step], Iterator[Step]]:
    """The same number of steps of both. Plain ones start anywhere on the square, and see no noise."""
    import torch

    from genmodels.energy import annealed

    one, other = (torch.Generator().manual_seed(seed + k) for k in range(2))
    sigmas = annealed.ladder(WIDE, NARROW, levels)
    eta = annealed.stride(sigmas[0] / sigmas[1], steps)
    start = plane.EDGE * (2 * torch.rand(COUNT, 2, generator=other) - 1)
    return (
        annealed.draw(lambda x, sigma: truth.noised(sigma).score(x), (COUNT, 2), sigmas, steps, eta, [one]),
        annealed.anneal(
            lambda x, _: truth.score(x), start, [truth.std], levels * steps, PLAIN, [other], last=False
        ),
    )


def panels(truth: Blobs, step: Step, plain: Step, levels: int, lang: str) -> object:
    """Both clouds: the annealed one over the density of its level, the other over the clean one."""
    sigma, level = plane.number(step.sigma, lang), min(step.level + 1, levels)
    ground = plane.density(truth.noised(step.sigma), plane.Panel(plane.PLANE, plane.SIDE), TRUTH)
    left = plane.points(step.x, truth, ground)
    right = plane.points(plain.x, truth)
    return plates.beside(
        left.block(say(lang, "annealed", "con recocido"), f"{level}/{levels}, σ = {sigma}"),
        right.block(say(lang, "plain Langevin", "Langevin a secas")),
    )


def heaps(truth: Blobs, pair: tuple[Step, Step], lang: str) -> tuple[str, dict[str, float]]:
    """The share of the particles nearest to each heap, of both, against what is right."""
    found = [truth.nearest(step.x) for step in pair]
    off = [100 * (share - truth.shares).abs().sum().item() / 2 for share in found]
    numbers = dict(zip(("misplaced", "misplaced_plain"), off, strict=True))
    if len(truth.means) > 8:
        en = "A curve is many heaps in a row: their shares are not listed, look at the points."
        es = "Una curva son muchos montones en fila: no se listan sus proporciones, mira los puntos."
        return f"<p>{say(lang, en, es)}</p>", {}
    words = ("truth", "verdad"), ("annealed", "con recocido"), ("plain Langevin", "Langevin a secas")
    heap, columns = say(lang, "heap", "montón"), (truth.shares, *found)
    rows = [
        (f"{heap} {k + 1}", *(plane.percent(float(share[k]), lang) for share in columns))
        for k in range(len(truth.means))
    ]
    widths = (truth.std, *(truth.width(step.x) for step in pair))
    rows.append((say(lang, "width", "ancho"), *(plane.number(width, lang) for width in widths)))
    return plots.table(["", *(say(lang, *w) for w in words)], rows), numbers


def anneal_code(density: str, levels: int, steps: int, upto: int, seed: int) -> str:
    return (
        "import torch\nfrom genmodels.data import points\n"
        "from genmodels.energy.annealed import draw, ladder, stride\n"
        "from genmodels.energy.score_matching import Blobs\n\n"
        + plane.blobs_code(density)
        + f"sigmas = ladder({WIDE:g}, {NARROW:g}, {levels})\n"
        f"eta = stride(sigmas[0] / sigmas[1], {steps})  # the share of the way that a step takes\n"
        "score = lambda x, sigma: truth.noised(sigma).score(x)\n"
        f"luck = [torch.Generator().manual_seed({seed})]\n"
        f"*_, last = draw(score, ({COUNT}, 2), sigmas, {steps}, eta, luck)\n"
        "print(truth.shares, truth.nearest(last.x))\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("anneal", "Anneal", "Recocido") as view:
        with view.controls():
            density = plane.choice()
            levels = kit.slider(2, 80, 30, t("Levels of noise", "Niveles de ruido"), step=1)
            steps = kit.slider(1, 20, 5, t("Steps at each level", "Pasos en cada nivel"), step=1)
            label = t("How far down the ladder, in %", "Hasta dónde bajar la escalera, en %")
            upto = kit.slider(5, 100, 100, label, step=5)
            seed = kit.seed()
        with view.result():
            picture = plates.view()
            table = kit.html()
        inputs = [density, levels, steps, upto, seed]
        view.run(anneal, inputs, [picture, table], ("Let them go", "Soltarlas"), anneal_code)
        view.on([upto.release], anneal)
