"""Mistakes in the noise that a picture starts from: mixed in a straight line, of another kind, cut off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from demos import kit
from demos.bugs import shown
from demos.bugs.cards import Bug, card
from demos.kit import denoisers, plates, plots, say, t

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from genmodels.diffusion.bugs import Look
    from genmodels.diffusion.denoiser import Denoiser

FRAMES = 7
FAR = 500_000  # between the seeds of the two ends


def middle(run: list[Look]) -> float:
    """Variance of the noise in the middle of the row."""
    return run[0].x[FRAMES // 2].var().item()


def different(x: Tensor) -> int:
    """How many of a batch are unlike all before them."""
    return sum(all((a - b).abs().max() > 0.05 for b in x[:k]) for k, a in enumerate(x))


MIDDLE = "variance of the noise in the middle of the row", "varianza del ruido en el medio de la fila"
BUGS = {
    "linear": Bug(
        ("Two noises mixed in a straight line", "Dos ruidos mezclados en línea recta"),
        "e = (1 − t) a + t b",
        "e = cos(πt/2) a + sin(πt/2) b",
        (
            "(1 − t)² + t² is 1/2 in the middle. The network is told full noise and gets 71% of its "
            "amplitude: it takes what is missing for calm, and paints blurred, plain pictures. cos² + "
            "sin² = 1.",
            "(1 − t)² + t² vale 1/2 en el medio. A la red se le dice ruido completo y recibe el 71 % de "
            "su amplitud: toma lo que falta por calma y pinta imágenes lisas y borrosas. cos² + sin² = 1.",
        ),
        MIDDLE,
        middle,
    ),
    "quiet": Bug(
        ("Noise as weak as without the forward root", "Ruido tan débil como sin la raíz"),
        "e = √0.019 · randn()",
        "e = randn()",
        (
            "Whoever forgets the root in the forward step and measures where it ends would start here. "
            "There is hardly any noise to find a picture in.",
            "Quien olvida la raíz al poner ruido y mide dónde termina, partiría de aquí. Casi no hay "
            "ruido en el que encontrar una imagen.",
        ),
        MIDDLE,
        middle,
    ),
    "rand": Bug(
        ("rand() for randn()", "rand() en vez de randn()"),
        "e = rand()      # evenly from 0 to 1",
        "e = randn()     # normal, mean 0, variance 1",
        (
            "One letter. Its mean is 1/2, its variance 1/12: the network sees a bright haze.",
            "Una letra. Su media es 1/2 y su varianza 1/12: la red ve una bruma clara.",
        ),
        ("mean of the noise", "media del ruido"),
        lambda run: run[0].x.mean().item(),
    ),
    "clipped": Bug(
        ("Noise kept within black and white", "Ruido limitado entre negro y blanco"),
        "e = randn().clip(−1, 1)",
        "e = randn()",
        (
            "A third of all normal numbers lie beyond ±1. Cut off there, 0.52 of the variance is left.",
            "Un tercio de los números normales está más allá de ±1. Cortados ahí, queda 0,52 de la varianza.",
        ),
        MIDDLE,
        middle,
    ),
    "one": Bug(
        ("One noise for the whole row", "Un solo ruido para toda la fila"),
        "e = randn(1, C, H, W).expand(n, C, H, W)",
        "e = randn(n, C, H, W)",
        (
            "A generator seeded anew for each picture, or a shape with a 1 in it. Without noise on the "
            "way, equal noise is the equal picture.",
            "Un generador con la misma semilla para cada imagen, o una forma con un 1. Sin ruido en el "
            "camino, a igual ruido, igual imagen.",
        ),
        ("different pictures", "imágenes distintas"),
        lambda run: different(run[-1].x),
    ),
}  # fmt: skip


def mix(checkpoint: str, mistake: str, steps: int, seed: int, lang: str) -> Iterator[tuple]:
    """From one noise to another in seven frames, each drawn by DDIM, rightly and wrongly."""
    from genmodels.diffusion import bugs

    with denoisers.use(checkpoint) as denoise:
        way, (a, b) = bugs.levels("cosine", steps), ends(denoise, seed)
        wrong = bugs.RIGHT if mistake == "linear" else frozenset([mistake])
        pair = (
            bugs.draw(denoise, row(a, b, straight), way, wrong=w, eta=0.0)
            for w, straight in ((bugs.RIGHT, False), (wrong, mistake == "linear"))
        )
        for *runs, over in shown.both(*pair):
            words = card(BUGS[mistake], tuple(runs), lang) + curve(runs, lang) if over else ""
            yield page(runs, lang), words, {"apart": shown.far(*(run[-1].x[FRAMES // 2] for run in runs))}


def ends(denoise: Denoiser, seed: int) -> tuple[Tensor, Tensor]:
    return shown.start(denoise, 1, seed)[0], shown.start(denoise, 1, seed + FAR)[0]


def row(a: Tensor, b: Tensor, straight: bool) -> Tensor:
    import torch

    from genmodels.diffusion import bugs

    return torch.cat([bugs.mixed(a, b, k / (FRAMES - 1), straight) for k in range(FRAMES)])


def page(runs: list[list[Look]], lang: str) -> Image.Image:
    words = say(lang, "right", "bien"), say(lang, "wrong", "mal")
    return plates.plate(*(shown.block(w, run[-1].x, FRAMES, 960) for w, run in zip(words, runs, strict=True)))


def curve(runs: list[list[Look]], lang: str) -> str:
    """Variance of the noise in each frame."""
    axes = plots.Axes((0, 1), (0, 1.25), width=640, height=230, left=44)
    at, marks = [k / (FRAMES - 1) for k in range(FRAMES)], []
    for run, kind in zip(runs, ("mark", "warm"), strict=True):
        variances = [x.var().item() for x in run[0].x]
        marks += [plots.line(at, variances, kind), plots.dots(at, variances, kind, 5)]
    title = say(lang, "Variance of the noise, frame by frame", "Varianza del ruido, cuadro por cuadro")
    drawn = plots.plot(axes, *marks, title=title, across="t", up=True, lang=lang)
    return drawn + plots.legend(("mark", say(lang, "right", "bien")), ("warm", say(lang, "wrong", "mal")))


def mix_code(checkpoint: str, mistake: str, steps: int, seed: int) -> str:
    straight = mistake == "linear"
    wrong = "bugs.RIGHT" if straight else f'frozenset(["{mistake}"])'
    return shown.loading(checkpoint, 1, seed) + (
        f"other = noise({seed + FAR}, 1, e.shape[1:])\n"
        f"for wrong, straight in ((bugs.RIGHT, False), ({wrong}, {straight})):\n"
        f"    row = torch.cat([bugs.mixed(e, other, k / {FRAMES - 1}, straight) for k in range({FRAMES})])\n"
        f'    *_, last = bugs.draw(denoise, row, bugs.levels("cosine", {steps}), wrong=wrong, eta=0.0)\n'
        f"    print(sorted(wrong), row[{FRAMES // 2}].var(), last.x.std())  # last.x: the pictures\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("mix", "First noise", "El primer ruido") as view:
        with view.controls():
            choices = [(t(*bug.title), name) for name, bug in BUGS.items()]
            mistake = kit.choice(choices, t("The mistake", "El error"))
            steps = kit.slider(2, 50, 16, t("Steps", "Pasos"), step=1)
            seed = kit.seed()
        with view.result():
            rows = plates.view()
            words = kit.html()
        view.run(mix, [tab.checkpoint, mistake, steps, seed], [rows, words], ("Mix", "Mezclar"), mix_code)
        view.on([mistake.input], mix)
