"""Mistakes in the schedule: rates that are variances, a cosine that ends at nothing, tables read wrongly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from demos import kit
from demos.bugs import shown
from demos.bugs.cards import Bug, card
from demos.bugs.network import TOLD, told
from demos.kit import denoisers, plates, plots, say, t

if TYPE_CHECKING:
    from genmodels.diffusion.bugs import Level, Look

COUNT, COLUMNS = 6, 3


def thinnest(run: list[Look]) -> float:
    """The least variance that a picture of variance 1 has on the way."""
    return min(look.level.signal**2 + look.level.noise**2 for look in run)


BUGS = {
    "rates": Bug(
        ("Variances mixed as if they were rates", "Varianzas mezcladas como si fueran tasas"),
        "signal, noise = ᾱ, 1 − ᾱ;   x = signal · x₀ + noise · ε",
        "signal, noise = √ᾱ, √(1−ᾱ);   x = signal · x₀ + noise · ε",
        (
            "A widely read text's linear schedule returns ᾱ and 1 − ᾱ, its cosine schedules return the "
            "roots, and both go into the same line. Where ᾱ = 1/2, x has variance 1/2.",
            "En un texto muy leído, la función lineal devuelve ᾱ y 1 − ᾱ, las de coseno devuelven las "
            "raíces, y todas entran en la misma línea. Donde ᾱ = 1/2, x tiene varianza 1/2.",
        ),
        ("least signal² + noise² on the way", "menor señal² + ruido² en el camino"),
        thinnest,
        schedule="linear",
    ),
    "plain": Bug(
        ("A cosine that ends at nothing", "Un coseno que termina en nada"),
        "x₀ = (x − sin(πt/2) ε) / cos(πt/2),   t = 1",
        "angle from arccos 0.95 to arccos 0.02;   x₀ = (x − sin ε) / cos",
        (
            "At t = 1 the cosine is 0, in 32 bits −4·10⁻⁸, and x₀ is found by dividing by it: one per "
            "cent of error in ε becomes more than 200,000. An offset leaves some signal to divide by; a "
            "clamp hides the rest.",
            "En t = 1 el coseno vale 0, en 32 bits −4·10⁻⁸, y x₀ sale de dividir por eso: un uno por "
            "ciento de error en ε se vuelve más de 200.000. Un desplazamiento deja algo de señal por la "
            "cual dividir; un límite tapa el resto.",
        ),
        ("signal that the first look divides by", "señal por la que divide la primera mirada"),
        lambda run: run[0].level.signal,
        schedule="offset_cosine",
        always=frozenset(["clamp"]),
    ),
    "passed": Bug(
        ("A product over the times that are asked for", "Un producto sobre los tiempos pedidos"),
        "ᾱ = cumprod(1 − β(t) for t in asked)",
        "ᾱ = cumprod(1 − β(t) for t in 1 … T)[asked]",
        (
            "The sum of a thousand small steps taken over the twenty that are visited, from the last one "
            "on: it says that nearly all of the picture is always there, and that noise rises on the way "
            "back.",
            "El producto de mil pasos chicos tomado sobre los veinte que se visitan, y desde el último: "
            "dice que casi toda la imagen está siempre ahí, y que el ruido crece en el camino de vuelta.",
        ),
        ("most noise on the way", "mayor ruido en el camino"),
        lambda run: max(look.level.noise for look in run),
        schedule="linear",
    ),
    "other": Bug(
        ("Another schedule than it learnt with", "Otro plan de ruido que el que aprendió"),
        "x mixed by the linear table,   network(x, t) learnt with the cosine",
        "network(x, moment in its own table with as much noise)",
        (
            "A moment is only a name for a level. Moment 500 of the linear table has 96 % of noise, of "
            "the cosine 71 %: told the name, the network believes the wrong one.",
            "Un momento es solo el nombre de un nivel. El momento 500 de la tabla lineal tiene 96 % de "
            "ruido, el del coseno 71 %: con el nombre solo, la red cree el equivocado.",
        ),
        TOLD,
        told,
        schedule="linear",
    ),
    "leading": Bug(
        ("A start that is not the end", "Un comienzo que no es el final"),
        "times = range(0, 1000, 1000 // n), backwards",
        "times = linspace(999, 0, n + 1), without the last",
        (
            "Counting in whole steps from 0 leaves out the last moments. Sampling starts from pure noise, "
            "but the network is told a level at which some picture should show, and finds one in the "
            "noise: medium brightness.",
            "Contar de a pasos enteros desde 0 deja afuera los últimos momentos. Se parte de puro ruido, "
            "pero a la red se le dice un nivel en el que ya debería verse algo, y lo encuentra en el "
            "ruido: brillo mediano.",
        ),
        ("signal that the first level promises", "señal que promete el primer nivel"),
        lambda run: run[0].level.signal,
        schedule="offset_cosine",
    ),
}  # fmt: skip


def schedule(
    checkpoint: str, mistake: str, error: float, clamp: bool, steps: int, seed: int, lang: str
) -> Iterator[tuple]:
    """The same noise by DDIM under the right schedule and the wrong one."""
    from genmodels.diffusion import bugs

    bug, open_ = BUGS[mistake], frozenset() if clamp else frozenset(["clamp"])
    ways = [bugs.levels(bug.schedule, steps, w) for w in (bugs.RIGHT, frozenset([mistake]))]
    plot = curves(*ways, lang)
    with denoisers.use(checkpoint) as denoise:
        e, labels = shown.start(denoise, COUNT, seed)
        pair = (
            bugs.draw(denoise, e, way, labels, shown.luck(seed, COUNT), open_, eta=0.0, error=error / 100)
            for way in ways
        )
        for *runs, over in shown.both(*pair):
            words = card(bug, tuple(runs) if over else None, lang) + plot
            picture = shown.beside(runs[0][-1].x, runs[1][-1].x, COLUMNS, lang)
            yield picture, words, found(*runs, clamp)


def found(right: list[Look], wrong: list[Look], clamp: bool) -> dict[str, float | str]:
    """How far apart they are; where values have no bounds, how large they are."""
    if clamp:
        return {"apart": shown.far(right[-1].x, wrong[-1].x)}
    largest = [run[-1].x.abs().max().item() for run in (right, wrong)]
    return dict(zip(("largest_right", "largest_wrong"), map(shown.figure, largest), strict=True))


def curves(right: Sequence[Level], wrong: Sequence[Level], lang: str) -> str:
    """What each level takes of the variance, on the way back."""
    looks = len(right) - 2
    axes = plots.Axes((0, max(1, looks)), (0, 1.1), width=460, height=240, left=44)
    figures = []
    for title, of in (
        (say(lang, "noise² at each look", "ruido² en cada mirada"), lambda a: a.noise**2),
        (say(lang, "signal² + noise²", "señal² + ruido²"), lambda a: a.signal**2 + a.noise**2),
    ):
        marks = [
            plots.line(range(len(way) - 1), [of(a) for a in way[:-1]], kind)
            for way, kind in ((wrong, "warm"), (right, "mark"))
        ]
        across = say(lang, "look", "mirada")
        figures.append(plots.plot(axes, *marks, title=title, across=across, up=True, lang=lang))
    names = ("mark", say(lang, "right", "bien")), ("warm", say(lang, "wrong", "mal"))
    return plots.figures(*figures) + plots.legend(*names)


def schedule_code(checkpoint: str, mistake: str, error: float, clamp: bool, steps: int, seed: int) -> str:
    drawn = "bugs.RIGHT" if clamp else 'frozenset(["clamp"])  # beliefs are left as they are'
    return shown.loading(checkpoint, COUNT, seed) + (
        f'for wrong in (bugs.RIGHT, frozenset(["{mistake}"])):\n'
        f'    way = bugs.levels("{BUGS[mistake].schedule}", {steps}, wrong)\n'
        f"    luck = generators({seed + 1_000_003}, {COUNT})\n"
        f"    free = {drawn}\n"
        f"    *_, last = bugs.draw(denoise, e, way, labels, luck, free, eta=0.0, error={error / 100:g})\n"
        "    print(sorted(wrong), way[0], last.x.abs().max())  # last.x: the pictures\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("schedule", "The schedule", "El plan de ruido") as view:
        with view.controls():
            choices = [(t(*bug.title), name) for name, bug in BUGS.items()]
            mistake = kit.choice(choices, t("The mistake", "El error"))
            words = t("Error added to ε, in %", "Error agregado a ε, en %")
            note = t("no network is perfect", "ninguna red es perfecta")
            error = kit.slider(0, 5, 1, words, step=0.5, info=note)
            clamp = kit.check(t("Beliefs clamped to [−1, 1]", "Lo que cree, limitado a [−1, 1]"))
            steps = kit.slider(2, 50, 20, t("Steps", "Pasos"), step=1)
            seed = kit.seed()
        with view.result():
            picture = plates.view()
            page = kit.html()
        inputs = [tab.checkpoint, mistake, error, clamp, steps, seed]
        view.run(schedule, inputs, [picture, page], ("Sample", "Muestrear"), schedule_code)
        view.on([mistake.input, clamp.input, error.release], schedule)
