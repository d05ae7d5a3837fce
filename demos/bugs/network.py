"""Mistakes at the network's door: what it is told, what it is given, how its answer is read, guidance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from demos import kit
from demos.bugs import shown
from demos.bugs.cards import Bug, cards, ticked
from demos.bugs.step import edge
from demos.kit import denoisers, plates, t

if TYPE_CHECKING:
    from genmodels.diffusion.bugs import Look

COUNT, COLUMNS = 6, 3


def told(run: list[Look]) -> float:
    """The part of noise that the network was told of, halfway, where it is `level.noise`."""
    sigma = run[len(run) // 2].told
    return sigma / (1 + sigma**2) ** 0.5


TOLD = "noise it is told of, halfway (√(1−ᾱ))", "ruido que se le dice, a mitad de camino (√(1−ᾱ))"
BUGS = {
    "variance": Bug(
        ("Told n where it learnt n²", "Se le dice n donde aprendió n²"),
        "network(x, n)      # in training: network(x, n²)",
        "network(x, n²)",
        (
            "A network can be told the level as n, as n², as t, as log σ. All work if sampling says it as "
            "training did. Below 1, n is more than n²: the network underrates the noise per unit, and "
            "some stays in.",
            "A una red se le puede decir el nivel como n, n², t o log σ. Todo sirve si al muestrear se "
            "dice igual que al entrenar. Por debajo de 1, n es mayor que n²: la red cree que cada unidad "
            "de ruido es menos, y algo queda.",
        ),
        TOLD,
        told,
    ),
    "unit": Bug(
        ("Times from 0 to 1, it learnt 0 to 999", "Tiempos de 0 a 1, aprendió de 0 a 999"),
        "network(x, t / T)",
        "network(x, t)",
        (
            "Nothing fails: a share of the time is a fine number, it only means the first moment, where "
            "there is hardly any noise. So next to none is taken out.",
            "No falla nada: una fracción del tiempo es un número válido, solo que significa el primer "
            "momento, cuando casi no hay ruido. Así que casi no se quita nada.",
        ),
        TOLD,
        told,
    ),
    "ahead": Bug(
        ("Told the level it is going to", "Se le dice el nivel al que va"),
        "network(x, t_next)",
        "network(x, t)",
        (
            "Off by one. With a thousand steps nobody sees it; with twenty, each look takes out too little.",
            "Corrido en uno. Con mil pasos nadie lo nota; con veinte, cada mirada quita de menos.",
        ),
        TOLD,
        told,
    ),
    "scale": Bug(
        ("x₀ + σε given as it is", "Se le da x₀ + σε tal cual"),
        "network(x0 + σ·e, t)",
        "network((x0 + σ·e) / √(1 + σ²), t)",
        (
            "Two conventions, one picture: solvers like x₀ + σε, networks learnt with variance 1. Between "
            "the two stands a division that is easily forgotten.",
            "Dos convenciones, una imagen: los métodos prefieren x₀ + σε, las redes aprendieron con "
            "varianza 1. Entre ambas hay una división que se olvida fácil.",
        ),
        ("standard deviation of the first x that it gets", "desviación estándar de la primera x que recibe"),
        lambda run: run[0].given,
    ),
    "epsilon": Bug(
        ("v taken for ε", "v tomada por ε"),
        "ε = network(x, t)",
        "v = network(x, t);   ε = √(1−ᾱ) x + √ᾱ v",
        (
            "These networks answer with v. At low noise v and ε are alike, at high noise v is nearly −x₀, "
            "and taking that away from noise gives noise. A wrong word in a config does it.",
            "Estas redes contestan con v. Con poco ruido v y ε se parecen; con mucho, v es casi −x₀, y "
            "restarle eso al ruido da ruido. Basta una palabra equivocada en la configuración.",
        ),
        ("% of its first belief cut off by the clamp", "% de lo primero que cree que corta el límite"),
        edge,
    ),
    "positive": Bug(
        ("Pictures kept in [0, 1]", "Imágenes limitadas a [0, 1]"),
        "x0 = x0.clip(0, 1)",
        "x0 = x0.clip(−1, 1)",
        (
            "It learnt pictures from −1 to 1. A clip from another program cuts off all that is darker "
            "than grey, in every step, and the network goes on from there.",
            "Aprendió imágenes de −1 a 1. Un límite traído de otro programa corta todo lo más oscuro que "
            "el gris, en cada paso, y la red sigue desde ahí.",
        ),
        ("least value of a picture", "valor mínimo de una imagen"),
        lambda run: run[-1].x.min().item(),
    ),
    "dark": Bug(
        ("Shown as if from 0 to 1", "Mostrada como si fuera de 0 a 1"),
        "show(x0.clip(0, 1))",
        "show((x0 + 1) / 2)",
        (
            "The picture is right and only its last line wrong: the darker half is black.",
            "La imagen está bien y solo falla la última línea: la mitad más oscura queda negra.",
        ),
        ("% of its values shown black", "% de sus valores que se ven negros"),
        lambda run: 100 * (run[-1].x <= -0.9999).float().mean().item(),
    ),
    "clamp": Bug(
        ("Guidance without a clamp", "Guía sin límite"),
        "x0 = guided(x, t)",
        "x0 = guided(x, t).clip(−1, 1)",
        (
            "Strong guidance overshoots: it asks for more red than red. Unclipped, the excess goes into "
            "the next x, the like of which the network has never seen, and stays until the end.",
            "Una guía fuerte se pasa: pide más rojo que el rojo. Sin límite, el exceso entra en la x "
            "siguiente, que no se parece a nada que la red haya visto, y queda hasta el final.",
        ),
        ("% of values beyond black and white", "% de valores más allá del negro y del blanco"),
        lambda run: 100 * (run[-1].x.abs() > 1.0001).float().mean().item(),
        scale=6.0,
    ),
    "swap": Bug(
        ("Guided away from the class", "Guiada lejos de la clase"),
        "ε = ε(y) + w (ε() − ε(y))",
        "ε = ε() + w (ε(y) − ε())",
        (
            "With and without the label change places, and nothing else: it draws whatever is least like "
            "what was asked for.",
            "Con y sin etiqueta cambian de lugar, nada más: dibuja lo que menos se parece a lo que se pidió.",
        ),
        ("", ""),
        None,
        scale=3.0,
    ),
    "label": Bug(
        ("Classes counted from 1", "Clases contadas desde 1"),
        "labels = [1, 2, …, 10]",
        "labels = [0, 1, …, 9]",
        (
            "Good pictures of something else. No loss and no score of quality will tell.",
            "Buenas imágenes de otra cosa. Ninguna pérdida ni medida de calidad lo delata.",
        ),
        ("", ""),
        None,
        scale=3.0,
    ),
}  # fmt: skip


def network(
    checkpoint: str, variance: bool, unit: bool, ahead: bool, scale: bool, epsilon: bool, positive: bool,
    dark: bool, clamp: bool, swap: bool, label: bool, guidance: float, steps: int, seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """The same noise by DDIM as it should be, and with the mistakes that are ticked."""
    from genmodels.diffusion import bugs

    names = ticked(BUGS, variance, unit, ahead, scale, epsilon, positive, dark, clamp, swap, label)
    wrong = frozenset(names)
    with denoisers.use(checkpoint) as denoise:
        e, labels = shown.start(denoise, COUNT, seed)
        way = bugs.levels("cosine", steps)
        pair = (
            bugs.draw(denoise, e, way, labels, wrong=w, eta=0.0, scale=guidance) for w in (bugs.RIGHT, wrong)
        )
        for *runs, over in shown.both(*pair):
            words = cards(BUGS, names, tuple(runs) if over else None, lang)
            picture = shown.beside(runs[0][-1].x, runs[1][-1].x, COLUMNS, lang)
            yield picture, words, {"apart": shown.figure(shown.far(runs[0][-1].x, runs[1][-1].x))}


def network_code(checkpoint: str, *values: bool | float) -> str:
    *boxes, guidance, steps, seed = values
    more = f"eta=0.0, scale={guidance:g}"
    return shown.loading(checkpoint, COUNT, seed) + shown.drawing(
        f'"cosine", {steps}', ticked(BUGS, *boxes), seed, COUNT, more
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("network", "The network", "La red") as view:
        with view.controls():
            boxes = [kit.check(t(*bug.title), name == "clamp") for name, bug in BUGS.items()]
            guidance = kit.slider(1, 8, 5, t("Guidance", "Guía"), step=0.5)
            steps = kit.slider(2, 50, 20, t("Steps", "Pasos"), step=1)
            seed = kit.seed()
        with view.result():
            picture = plates.view()
            words = kit.html()
        inputs = [tab.checkpoint, *boxes, guidance, steps, seed]
        view.run(network, inputs, [picture, words], ("Sample", "Muestrear"), network_code)
        view.on([box.input for box in boxes], network)
