"""Contrastive divergence, step by step: four machines learn the same, one of them by the true gradient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PIL import Image

from demos import kit
from demos.kit import plates, plots, say, t
from demos.rbm import lessons
from demos.rbm.lessons import WAYS, Moment
from demos.rbm.shown import signed

if TYPE_CHECKING:
    from torch import Tensor

FRAMES, TILE = 30, 52
KINDS = {
    "cd1": ("warm", False),
    "cd10": ("warm", True),
    "persistent": ("ink", True),
    "exact": ("mark", False),
}


def learn(kind: str, hidden: int, rate: float, steps: int, seed: int, lang: str) -> Iterator[tuple]:
    """CD-1, CD-10, persistent chains and the exact gradient teach the same small machine, side by side."""
    track: list[Moment] = []
    due = {round(steps * k / FRAMES) for k in range(1, FRAMES + 1)}
    for now in lessons.school(kind, hidden, rate, steps, seed, due):
        track.append(now)
        shown = {"step": now.step, "nats_exact": now.likelihood["exact"], "nats_cd1": now.likelihood["cd1"]}
        yield page(now, kind, lang), graphs(track, kind, steps, lang), table(now, kind, lang), shown


def titles(lang: str) -> dict[str, str]:
    return {
        "cd1": "CD-1",
        "cd10": "CD-10",
        "persistent": say(lang, "persistent chains (PCD)", "cadenas persistentes (PCD)"),
        "exact": say(lang, "exact gradient", "gradiente exacto"),
    }


def page(now: Moment, kind: str, lang: str) -> Image.Image:
    """The patterns; then for each way where its negative phase looks, and its hidden units."""
    data, size = lessons.patterns(kind)
    some = data[:: max(1, len(data) // 10)][:10]
    top = max(1.0, *(w.abs().max().item() * 0.7 for w in now.weight.values()))
    words = say(lang, "what is to be learnt (positive phase)", "lo que hay que aprender (fase positiva)")
    rows = [tiles(squares(some, size), words, 10)]
    for way in WAYS:
        name = titles(lang)[way]
        seen = say(lang, f"{name}: negative phase", f"{name}: fase negativa")
        left = tiles(squares(now.negative[way], size), seen, 10)
        weights = signed(now.weight[way].T.reshape(-1, *size), top)
        units = tiles(weights, say(lang, "its hidden units", "sus unidades ocultas"), len(weights))
        rows.append(plates.beside(left, units))
    return plates.plate(*rows)


def squares(v: Tensor, size: tuple[int, int]) -> Tensor:
    return (2 * v.reshape(-1, 1, *size) - 1).expand(-1, 3, -1, -1) * 0.86


def tiles(x: Tensor, caption: str, columns: int) -> Image.Image:
    """Tiny pictures with square pixels, as `pixels.sheet` has them, of one height whatever their width."""
    import torch

    n = TILE // x.shape[-2]
    large = x.repeat_interleave(n, 2).repeat_interleave(n, 3)
    return plates.block(caption, torch.as_tensor(large), columns=columns, tile=n * x.shape[-1], type=26)


def graphs(track: list[Moment], kind: str, steps: int, lang: str) -> str:
    """The exact log-likelihood of all four, and how well each one's direction agrees with the true one."""
    x = [m.step for m in track]
    goal = lessons.best(kind)
    low = min(v for m in track for v in m.likelihood.values())
    axes = plots.Axes((0, 1.05 * steps), (max(low, -14.0) - 0.3, goal + 0.8), height=290, left=52)
    across = say(lang, "step", "paso")
    lines = [plots.line(x, [max(m.likelihood[w], -14.0) for m in track], *KINDS[w]) for w in WAYS]
    best = plots.rule(goal, say(lang, "the best possible", "lo mejor posible"))
    title = say(
        lang, "Exact log-likelihood of a pattern, nats", "Log-verosimilitud exacta de un patrón, nats"
    )
    first = plots.plot(axes, best, *lines, title=title, across=across, up=True, lang=lang)
    axes = plots.Axes((0, 1.05 * steps), (-0.5, 1.05), height=290, left=52)
    lines = [plots.line(x, [max(m.angle[w], -0.5) for m in track], *KINDS[w]) for w in WAYS]
    title = say(
        lang, "Its step against the true gradient: cosine", "Su paso frente al gradiente verdadero: coseno"
    )
    second = plots.plot(axes, plots.rule(0), *lines, title=title, across=across, up=True, lang=lang)
    dashes = say(lang, " (dashed)", " (con rayas)")
    names = ((KINDS[w][0], titles(lang)[w] + (dashes if KINDS[w][1] else "")) for w in WAYS)
    return plots.legend(*names) + plots.figures(first, second, least=320)


def table(now: Moment, kind: str, lang: str) -> str:
    head = [
        "",
        say(lang, "log-likelihood, nats", "log-verosimilitud, nats"),
        say(lang, "nats short of the best", "nats por debajo de lo mejor"),
        say(lang, "probability that lies on patterns", "probabilidad puesta en los patrones"),
    ]
    goal, rows = lessons.best(kind), []
    for way in WAYS:
        nats = now.likelihood[way]
        share = plots.number(100 * now.covered[way], lang) + " %"
        rows.append([titles(lang)[way], plots.number(nats, lang), plots.number(goal - nats, lang), share])
    return plots.table(head, rows)


def learn_code(kind: str, hidden: int, rate: float, steps: int, seed: int) -> str:
    data = (
        "bits = states(4)\n"
        "both = torch.cat([bits[:, :, None].expand(-1, 4, 4), bits[:, None].expand(-1, 4, 4)])\n"
        "v = both.flatten(1).unique(dim=0)\n"
    )
    if kind == "digits":
        data = f"v = torch.tensor([[float(c) for c in row] for row in {lessons.FONT[:3]}])  # and so on\n"
    return (
        "import torch\nfrom genmodels.energy.rbm import *\n\n"
        f"{data}rbm, luck = RBM(RBMConfig(v.shape[1], {hidden})), torch.Generator().manual_seed({seed})\n"
        f"for step in range({min(steps, 300)}):\n"
        "    gradient, _ = contrastive_divergence(rbm, v, 1, luck)  # or exact(rbm, v)\n"
        "    for p, g in zip((rbm.weight, rbm.a, rbm.b), gradient):\n"
        f"        p.data += {rate:g} * g\n"
        "print(log_likelihood(rbm, v, log_z(rbm)).mean())\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("learn", "Learning", "Aprender") as view:
        with view.controls():
            choices = [
                (t("Bars and stripes, 4 × 4", "Barras y franjas, 4 × 4"), "bars"),
                (t("Ten digits, 3 × 5", "Diez dígitos, 3 × 5"), "digits"),
            ]
            kind = kit.choice(choices, t("Patterns", "Patrones"))
            hidden = kit.slider(2, 12, 8, t("Hidden units", "Unidades ocultas"), step=1)
            rate = kit.slider(0.05, 1, 0.3, t("Learning rate", "Tasa de aprendizaje"), step=0.05)
            steps = kit.slider(100, 4_000, 1_500, t("Steps", "Pasos"), step=100)
            seed = kit.seed()
        with view.result():
            drawn = kit.html()
            picture = plates.view()
            rows = kit.html()
        inputs = [kind, hidden, rate, steps, seed]
        view.run(learn, inputs, [picture, drawn, rows], ("Train all four", "Entrenar las cuatro"), learn_code)
        view.on([kind.input, hidden.release, rate.release], learn)
