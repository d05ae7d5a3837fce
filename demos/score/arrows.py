"""The score of a density at a level of noise, and what a network that saw only this level makes of it."""

from __future__ import annotations

import time
from collections.abc import Iterator

from demos import kit
from demos.kit import plates, say, t
from demos.score import plane

FRAME = 0.4  # seconds of training between two frames
HELD = 4000  # points at which the error is measured


def arrows(density: str, sigma: float, learnt: bool, seconds: int, seed: int, lang: str) -> Iterator[tuple]:
    """The exact score of a density with noise on it; beside it the same learnt at this level alone."""
    import torch

    from genmodels.lab.matching import Learner, wrong

    truth = plane.blobs(density)
    noised = truth.noised(sigma)
    left = plane.exact(truth, sigma).block(say(lang, "exact", "exacto"), f"σ = {plane.number(sigma, lang)}")
    yield plates.plate(left), "", {}
    if not learnt:
        yield plates.plate(left), words(sigma, False, lang), {}
        return
    learner, spent = Learner("denoising", sigma, seed), 0.0
    held = noised.sample(HELD, torch.Generator().manual_seed(seed))
    square = plane.at(plane.CELLS // 2)
    while spent < seconds:
        began = time.perf_counter()
        while time.perf_counter() - began < FRAME:
            learner.step(truth)
        spent += time.perf_counter() - began
        off = [wrong(learner.score(x), noised.score(x)) for x in (held, square)]
        name = say(lang, "learnt, and where it errs", "aprendido, y dónde falla")
        steps = f"{learner.steps} {say(lang, 'steps', 'pasos')}"
        right = plane.error(learner.score, truth, sigma).block(name, steps)
        data, everywhere = (plane.percent(value, lang) for value in off)
        found = {"wrong_data": data, "wrong_plane": everywhere}
        yield plates.plate(plates.beside(left, right)), words(sigma, True, lang), found


def words(sigma: float, learnt: bool, lang: str) -> str:
    level = plane.number(sigma, lang)
    said = say(
        lang,
        f"Ground: the density of the data with noise of σ = {level}. Arrows: its score, the direction in "
        "which log p rises fastest; long ones are shortened.",
        f"Fondo: la densidad de los datos con ruido de σ = {level}. Flechas: su score, la dirección en que "
        "log p sube más rápido; las largas están acortadas.",
    )
    more = say(
        lang,
        "On the right, dark is right and red is about as wrong as no arrow at all. Nobody showed the network "
        "the red places: no noisy point fell there.",
        "A la derecha, oscuro es correcto y rojo es casi tan malo como no poner flecha. Nadie le mostró a la "
        "red los lugares rojos: ningún punto con ruido cayó ahí.",
    )
    return f"<p>{said}</p>" + (f"<p>{more}</p>" if learnt else "")


def arrows_code(density: str, sigma: float, learnt: bool, seconds: int, seed: int) -> str:
    return (
        "import torch\nfrom genmodels.data import points\nfrom genmodels.energy.score_matching import Blobs\n"
        "from genmodels.lab.matching import Learner, wrong\n\n"
        + plane.blobs_code(density)
        + f"noised = truth.noised({sigma:g})  # the density of its points with noise on them\n"
        f'learner = Learner("denoising", {sigma:g}, seed={seed})\n'
        "for _ in range(500):\n    learner.step(truth)\n"
        f"x = noised.sample(1000, torch.Generator().manual_seed({seed}))\n"
        "print(wrong(learner.score(x), noised.score(x)))  # 0 is right, 1 as wrong as no arrow\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("arrows", "Arrows", "Flechas") as view:
        with view.controls():
            density = plane.choice()
            sigma = kit.slider(0.05, 3, 0.15, t("Noise σ", "Ruido σ"), step=0.05)
            label = t("Beside it: learnt at this σ alone", "Al lado: aprendido solo con este σ")
            learnt = kit.check(label, True)
            seconds = kit.slider(1, 10, 4, t("Seconds of training", "Segundos de entrenamiento"), step=1)
            seed = kit.seed()
        with view.result():
            picture = plates.view()
            about = kit.html()
        inputs, outputs = [density, sigma, learnt, seconds, seed], [picture, about]
        view.run(arrows, inputs, outputs, ("Draw the arrows", "Dibujar las flechas"), arrows_code)
        view.on([density.input, sigma.release, learnt.input], arrows)
