"""Mistakes on the way back: one step of the sampler, ten ways to get it wrong, alone or together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from demos import kit
from demos.bugs import shown
from demos.bugs.cards import Bug, cards, ticked
from demos.kit import denoisers, plates, t

if TYPE_CHECKING:
    from genmodels.diffusion.bugs import Look

COUNT, COLUMNS = 6, 3


def half(run: list[Look]) -> float:
    """Variance of what the network sees, halfway."""
    return run[len(run) // 2].x.var().item()


def after(run: list[Look]) -> float:
    return run[1].x.var().item()


def grain(run: list[Look]) -> float:
    """Standard deviation of what the result has and the last belief had not."""
    return (run[-1].x - run[-2].x0).std().item()


def rough(run: list[Look]) -> float:
    """Mean difference of neighbouring pixels in the belief halfway."""
    return run[len(run) // 2].x0.diff(dim=3).abs().mean().item()


def edge(run: list[Look]) -> float:
    """% of the values of the first belief that the clamp has cut off."""
    return 100 * (run[0].x0.abs() > 0.9999).float().mean().item()


HALF = "variance of what the network sees, halfway", "varianza de lo que ve la red, a mitad de camino"
GRAIN = (
    "noise in the finished picture (standard deviation)",
    "ruido en la imagen terminada (desviación estándar)",
)
AFTER = "variance of x after the first step", "varianza de x después del primer paso"
BUGS = {
    "once": Bug(
        ("All the noise undone at once", "Deshacer todo el ruido de una vez"),
        "x₀ = (x_T − √(1−ᾱ_T) ε(x_T)) / √ᾱ_T   # done",
        "for t in T, …, 1:  believe x₀, go back to level t−1",
        (
            "From pure noise the network can only believe the mean of all pictures. It needs to look "
            "again after each small step, when there is more to see.",
            "De puro ruido la red solo puede creer en la media de todas las imágenes. Tiene que volver a "
            "mirar después de cada paso corto, cuando hay más que ver.",
        ),
        ("questions to the network", "preguntas a la red"),
        lambda run: len(run) - 1,
    ),
    "subtract": Bug(
        ("Predict, subtract, repeat", "Predecir, restar, repetir"),
        "x = x − ε",
        "x = √ᾱ₋₁ x₀ + √(1−ᾱ₋₁) ε,   x₀ = (x − √(1−ᾱ) ε) / √ᾱ",
        (
            "ε has variance 1 and says which noise is in x, not how much of it the next level has less. "
            "Taken away whole, it leaves nothing after the first step.",
            "ε tiene varianza 1 y dice qué ruido hay en x, no cuánto menos tiene el nivel siguiente. Si "
            "se resta entero, después del primer paso no queda nada.",
        ),
        AFTER,
        after,
    ),
    "last": Bug(
        ("“The noise of the last step”", "«El ruido del último paso»"),
        "x = (x − √β ε) / √α",
        "x = (x − β / √(1−ᾱ) ε) / √α + σ z",
        (
            "The network is taught the whole noise in x, all steps together. Read as that of one step, √β "
            "ε is too much by √(1−ᾱ) / √β, in each step.",
            "La red aprende el ruido total que hay en x, el de todos los pasos juntos. Leído como el de "
            "un solo paso, √β ε es demasiado por un factor √(1−ᾱ) / √β, en cada paso.",
        ),
        AFTER,
        after,
        eta=1.0,
    ),
    "alpha": Bug(
        ("α where ᾱ is meant", "α donde va ᾱ"),
        "x₀ = (x − √(1−α) ε) / √α",
        "x₀ = (x − √(1−ᾱ) ε) / √ᾱ",
        (
            "A bar is easily lost. α is what one step leaves of the picture, ᾱ what all steps leave: the "
            "belief then keeps nearly all of its noise.",
            "Una raya se pierde fácil. α es lo que un paso deja de la imagen, ᾱ lo que dejan todos: así "
            "lo que cree conserva casi todo el ruido.",
        ),
        (
            "mean difference of neighbouring pixels in the belief, halfway",
            "diferencia media entre píxeles vecinos en lo que cree, a mitad de camino",
        ),
        rough,
    ),
    "xt": Bug(
        ("The last x instead of the last belief", "La última x en vez de lo último que cree"),
        "return x",
        "return x₀",
        (
            "The last x on the way still has the noise of the last level. The picture is what the network "
            "believes is under it.",
            "La última x del camino todavía tiene el ruido del último nivel. La imagen es lo que la red "
            "cree que hay debajo.",
        ),
        GRAIN,
        grain,
    ),
    "late": Bug(
        ("Fresh noise after the last step, too", "Ruido nuevo también después del último paso"),
        "x = μ + σ z   # at every t",
        "x = μ + σ z   if t > 1 else   μ",
        (
            "What is added at the end stays in: no step comes after it to take it out.",
            "Lo que se agrega al final se queda: no viene otro paso que lo quite.",
        ),
        GRAIN,
        grain,
        eta=1.0,
    ),
    "sigma": Bug(
        ("DDPM's noise without its root", "El ruido de DDPM sin su raíz"),
        "x = μ + σ² z",
        "x = μ + σ z",
        (
            "Papers print variances, random numbers want standard deviations. Below 1 the square is the "
            "smaller one: too little noise, less than the network is told, and details that never form.",
            "Los artículos imprimen varianzas y los números al azar piden desviaciones estándar. Por "
            "debajo de 1 el cuadrado es más chico: falta ruido, hay menos del que se le dice a la red, y "
            "los detalles no llegan a formarse.",
        ),
        HALF,
        half,
        eta=1.0,
    ),
    "direction": Bug(
        ("Fresh noise on top of all the old", "Ruido nuevo encima de todo el viejo"),
        "x = √ᾱ₋₁ x₀ + √(1−ᾱ₋₁) ε + σ z",
        "x = √ᾱ₋₁ x₀ + √(1−ᾱ₋₁−σ²) ε + σ z",
        (
            "Fresh noise replaces some of the old: the −σ² makes room for it. Without it there is more "
            "noise than the network is told, and it stays in.",
            "El ruido nuevo reemplaza a una parte del viejo: el −σ² le hace lugar. Sin él hay más ruido "
            "del que se le dice a la red, y se queda.",
        ),
        HALF,
        half,
        eta=1.0,
    ),
    "again": Bug(
        ("The same fresh noise at each step", "El mismo ruido nuevo en cada paso"),
        "for t in …:  z = randn(generator=seeded(7))",
        "g = seeded(7);  for t in …:  z = randn(generator=g)",
        (
            "Independent noises add by their squares, equal ones by themselves. A generator made inside "
            "the loop pushes every step the same way.",
            "Los ruidos independientes se suman por sus cuadrados; los iguales, tal cual. Un generador "
            "creado dentro del bucle empuja siempre hacia el mismo lado.",
        ),
        HALF,
        half,
        eta=1.0,
    ),
    "order": Bug(
        ("Times in the wrong order", "Los tiempos al revés"),
        "for t in range(1, T + 1)",
        "for t in range(T, 0, −1)",
        (
            "Shown pure noise and told that there is hardly any, it leaves all of it in. In the end it is "
            "told that all is noise, and believes the mean.",
            "Ante puro ruido, y si se le dice que casi no hay, lo deja todo. Al final se le dice que todo "
            "es ruido, y cree en la media.",
        ),
        ("noise of the first level", "ruido del primer nivel"),
        lambda run: run[0].level.noise,
    ),
}  # fmt: skip


def step(
    checkpoint: str, once: bool, subtract: bool, last: bool, alpha: bool, xt: bool, late: bool, sigma: bool,
    direction: bool, again: bool, order: bool, schedule: str, steps: int, seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """The same noise through DDPM as it should be, and with the mistakes that are ticked."""
    from genmodels.diffusion import bugs

    names = ticked(BUGS, once, subtract, last, alpha, xt, late, sigma, direction, again, order)
    wrong = frozenset(names)
    with denoisers.use(checkpoint) as denoise:
        e, labels = shown.start(denoise, COUNT, seed)
        pair = (
            bugs.draw(denoise, e, bugs.levels(schedule, steps, w), labels, shown.luck(seed, COUNT), w)
            for w in (bugs.RIGHT, wrong)
        )
        for *runs, over in shown.both(*pair):
            words = cards(BUGS, names, tuple(runs) if over else None, lang)
            picture = shown.beside(runs[0][-1].x, runs[1][-1].x, COLUMNS, lang)
            yield picture, words, {"apart": shown.figure(shown.far(runs[0][-1].x, runs[1][-1].x))}


def step_code(checkpoint: str, *values: bool | int | str) -> str:
    *boxes, schedule, steps, seed = values
    way = f'"{schedule}", {steps}'
    return shown.loading(checkpoint, COUNT, seed) + shown.drawing(
        way, ticked(BUGS, *boxes), seed, COUNT, "eta=1.0"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("step", "The step back", "El paso atrás") as view:
        with view.controls():
            boxes = [kit.check(t(*bug.title), name == "direction") for name, bug in BUGS.items()]
            choices = [
                (t("cosine, as it learnt", "coseno, como aprendió"), "cosine"),
                (t("offset cosine: stops early", "coseno desplazado: termina antes"), "offset_cosine"),
                (t("linear", "lineal"), "linear"),
            ]
            schedule = kit.choice(choices, t("Levels", "Niveles"))
            steps = kit.slider(2, 50, 20, t("Steps", "Pasos"), step=1)
            seed = kit.seed()
        with view.result():
            picture = plates.view()
            words = kit.html()
        inputs = [tab.checkpoint, *boxes, schedule, steps, seed]
        view.run(step, inputs, [picture, words], ("Sample", "Muestrear"), step_code)
        view.on([box.input for box in boxes], step)
