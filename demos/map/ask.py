"""One question for every family: how likely is this point? What each can answer, on the same points.

Five small models of the laboratory learn the same points of the plane before the visitor's eyes: so many
steps each, so that a seed is one result. What was learnt is kept a while, and a moved point is answered at
once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from demos import kit
from demos.kit import numbers, panels, plates, plots, say, t
from demos.kit.panels import Panel
from demos.kit.plane import Plane
from demos.map.tree import address, title

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from genmodels.data.points import Density
    from genmodels.lab.family import Family

STEPS = {"grid": 300, "vae": 500, "energy": 150, "diffusion": 400, "gan": 500}  # of training
NAMES = {
    "grid": ("Autoregressive", "Autorregresivo"),
    "vae": ("VAE", "VAE"),
    "energy": ("Energy", "Energía"),
    "diffusion": ("Diffusion", "Difusión"),
    "gan": ("GAN", "GAN"),
}
SHOWN = {"grid": "pixelcnn", "vae": "vae_plane", "energy": "energy", "diffusion": "score", "gan": "gan"}
POINTS = {
    "moons": ("moons", "medialunas"),
    "eight_gaussians": ("eight heaps", "ocho montones"),
    "pinwheel": ("pinwheel", "molinete"),
    "checkerboard": ("checkerboard", "tablero"),
}
FRAME = 0.25  # seconds of training between two signs
CELLS, SHARE, NEAR, DRAWN = (
    64,
    700,
    0.3,
    4000,
)  # a side of a map; points drawn; a disc's radius; to count in it
LEVEL = 0.15  # the angle of noise at which diffusion is asked where data lies
MOST = 6  # sets of five small models, kept for whoever asks next
KEPT: OrderedDict[tuple[str, int], dict[str, Any]] = OrderedDict()


def ask(points: str, x: float, y: float, seed: int, lang: str) -> Iterator[tuple]:
    """Train the five on these points, unless they are known, and ask each how likely (x, y) is."""
    from genmodels.data import points as sets

    truth = sets.density(points)
    if (points, seed) not in KEPT:
        words, models = say(lang, "Learning the points…", "Aprendiendo los puntos…"), {}
        yield drawing(truth, models, (x, y), seed, lang), "", numbers.progress(0, 1, words)
        for share, finished in trained(truth, seed):
            picture = gr.skip()
            if len(finished) > len(models):
                models, picture = dict(finished), drawing(truth, finished, (x, y), seed, lang)
            yield picture, "", numbers.progress(share, 1, words)
        KEPT[points, seed] = models
        while len(KEPT) > MOST:
            KEPT.popitem(last=False)
    models = KEPT[points, seed]
    yield drawing(truth, models, (x, y), seed, lang), answers(truth, models, (x, y), lang), {}


def trained(truth: Density, seed: int) -> Iterator[tuple[float, dict[str, Any]]]:
    """(share done, those that are ready), a few times a second: one family after another."""
    from genmodels.lab.families import FAMILIES
    from genmodels.lab.family import Source, train

    ready: dict[str, Any] = {}
    for name, steps in STEPS.items():
        model, source, left = FAMILIES[name](seed=seed), Source(truth, seed), steps
        while left:
            left -= len(train(model, source, FRAME, left))
            if not left:
                ready[name] = model
            yield done(name, left), ready


def done(name: str, left: int) -> float:
    return (list(STEPS).index(name) + 1 - left / STEPS[name]) / len(STEPS)


# ------------------------------------------------------------------------------------------- the picture


def drawing(
    truth: Density, models: dict[str, Any], at: tuple[float, float], seed: int, lang: str
) -> Image.Image:
    """Six panels: the truth, and each family's points on what it knows of the density, if it knows any."""
    import torch

    from genmodels.lab.truth import EDGE

    plane = Plane(-EDGE, -EDGE, 2 * EDGE)
    cells = torch.from_numpy(plane.grid(CELLS)).float()
    real = truth.log_prob(cells).double().exp()
    most = float(real[real > 1e-4].quantile(0.98))
    point = np.array(at)
    known = Panel(plane).heat(square(real), panels.TRUTH, most, 0.5).mark(point)
    blocks = [known.block(say(lang, "the truth", "la verdad"))]
    for name in STEPS:
        panel = Panel(plane)
        if name in models:
            panel = painted(panel, name, models[name], cells, most, seed)
            if name == "diffusion":
                panel.arrows(point[None], slope(models[name], at)[None], (255, 255, 255), 3, 1.0)
        blocks.append(panel.mark(point).block(say(lang, *NAMES[name])))
    return plates.plate(plates.beside(*blocks[:3]), plates.beside(*blocks[3:]))


def painted(panel: Panel, name: str, model: Family, cells: Tensor, most: float, seed: int) -> Panel:
    import torch

    density = model.log_prob(cells)
    if density is not None:
        panel.heat(square(density.double().exp()), panels.DATA, most, 0.5)
    drawn = model.sample(SHARE, torch.Generator().manual_seed(seed)).numpy()
    return panel.cloud(drawn, panels.BLUE, 1.7, 0.55 if density is not None else 0.9)


def square(values: Tensor) -> np.ndarray:
    return values.reshape(CELLS, CELLS).numpy()


def slope(model: Any, at: tuple[float, float]) -> np.ndarray:
    """From here to where diffusion believes the clean point: noise of a small level taken out."""
    import torch
    from torch import cos, sin

    from genmodels.lab.field import SCALE

    angle, here = torch.tensor(LEVEL), torch.tensor([at]) / SCALE
    with torch.no_grad():
        noisy = cos(angle) * here
        clean = cos(angle) * noisy - sin(angle) * model.velocity(noisy, LEVEL)
    return (SCALE * (clean - here))[0].numpy() * 2  # twice as long, to be seen


# ------------------------------------------------------------------------------------------- the answers


def answers(truth: Density, models: dict[str, Any], at: tuple[float, float], lang: str) -> str:
    """What each says of the point: a number, a bound, a number but for a constant, an arrow, nothing."""
    import torch

    x = torch.tensor([at])

    def told(value: object) -> str:
        return plots.number(float(value), lang)  # type: ignore[arg-type]

    drawn = models["gan"].sample(DRAWN, torch.Generator().manual_seed(0))
    near = int(((drawn - x).norm(dim=1) < NEAR).sum())
    right, up = (told(v / 2) for v in slope(models["diffusion"], at))
    exact, likely, free = (told(models[name].log_prob(x)) for name in ("grid", "vae", "energy"))
    energy, log_z = told(models["energy"].height(x)), told(models["energy"].log_z())
    values = {
        "grid": f"log p(x) = {exact}",
        "vae": f"log p(x) ≥ {told(below(models['vae'], x))}",
        "energy": f"−E(x) = {energy}",
        "diffusion": f"→ ({right}, {up})",
        "gan": "—",
    }
    known = {"likely": likely, "free": free, "log_z": log_z, "near": near, "drawn": DRAWN}
    rows = "".join(row(name, values[name], say(lang, *WORDS[name]).format(**known), lang) for name in STEPS)
    first = say(lang, "the truth", "la verdad"), told(truth.log_prob(x))
    top = f"<tr><th scope='row'>{first[0]}</th><td><b>log p(x) = {first[1]}</b></td><td></td></tr>"
    return f"<div class='heat plain map-said'><table>{top}{rows}</table></div>"


WORDS = {
    "grid": ("exact: the chain rule, coordinate after coordinate",
             "exacto: la regla de la cadena, coordenada tras coordenada"),
    "vae": ("a bound; with many codes drawn by lot, about {likely}",
            "una cota; con muchos códigos sorteados, cerca de {likely}"),
    "energy": ("is log p(x) + log Z. On a plane a sum gives log Z = {log_z}, so log p(x) = {free}; "
               "for pictures nobody knows it",
               "es log p(x) + log Z. En un plano una suma da log Z = {log_z}, y log p(x) = {free}; "
               "con imágenes nadie lo conoce"),
    "diffusion": ("one pass says which way data lies; a bound or a value takes all the steps",
                  "una pasada dice hacia dónde hay datos; una cota o un valor pide todos los pasos"),
    "gan": ("no answer: one may only draw and count, and {near} of {drawn} fell nearby",
            "no responde: solo se puede sortear y contar, y {near} de {drawn} cayeron cerca"),
}  # fmt: skip


def row(name: str, value: str, words: str, lang: str) -> str:
    link = f"<a href='{address(SHOWN[name])}'>{say(lang, *title(SHOWN[name]))}</a>"
    cells = f"<th scope='row'>{say(lang, *NAMES[name])}</th><td><b>{value}</b></td>"
    return f"<tr>{cells}<td>{words} · {link}</td></tr>"


def below(vae: Any, x: Tensor, draws: int = 256) -> float:
    """The bound itself: codes from where the encoder looks."""
    import torch

    with torch.no_grad():
        mean, log_std = vae.networks.encoder(x).chunk(2, 1)
        noise = torch.randn(draws, 2, generator=torch.Generator().manual_seed(0))
        told = vae.of_code(x.expand(draws, 2), mean + log_std.exp() * noise).mean()
        kl = ((mean.square() + (2 * log_std).exp() - 1) / 2 - log_std).sum()
    return (told - kl).item()


def ask_code(points: str, x: float, y: float, seed: int) -> str:
    return f"""import torch
from genmodels.data.points import density
from genmodels.lab.families import FAMILIES
from genmodels.lab.family import Source, train

truth, x = density({points!r}), torch.tensor([[{x}, {y}]])
print("truth", truth.log_prob(x))
for name, steps in {STEPS!r}.items():
    model = FAMILIES[name](seed={seed})
    train(model, Source(truth, {seed}), float("inf"), steps)
    print(name, model.log_prob(x), model.sample(3, torch.Generator().manual_seed({seed})))
"""


def layout(tab: kit.Tab) -> None:
    with tab.view("ask", "Ask a point", "Pregunta por un punto") as view:
        with view.controls():
            points = kit.choice([(t(*words), key) for key, words in POINTS.items()], t("Points", "Puntos"))
            x = kit.slider(-4, 4, 0.6, t("Point: x", "Punto: x"), step=0.1)
            y = kit.slider(-4, 4, 0.4, t("Point: y", "Punto: y"), step=0.1)
            seed = kit.seed(1)
        with view.result():
            picture, said = plates.view(), kit.html()
        view.run(ask, [points, x, y, seed], [picture, said], ("Ask", "Preguntar"), ask_code)
        view.on([x.release, y.release], ask)
