"""Two ways to learn the same points: a Gaussian per class, and a line between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr
import numpy as np
from PIL import Image

from demos import kit
from demos.classes import ground
from demos.kit import boards, plates, plots, say, t
from demos.kit.inputs import refuse
from demos.kit.lang import Pair
from demos.kit.panels import Panel, block
from demos.kit.plane import GROUND, SOFT, Plane, font

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.foundations.gaussian import GaussianClasses

DRAWN = boards.DRAWN
FRESH, SHOWN = 2000, 200  # points of each class that accuracy is taken on; samples that are drawn
REACH, FAR = 4.2, 8.0  # half the window, and with outliers
CLOUDS: dict[str, Pair] = {
    "tilted": ("Two clouds, each with its own tilt", "Dos nubes, cada una con su inclinación"),
    "alike": ("Two clouds with the same tilt", "Dos nubes con la misma inclinación"),
    "ring": ("A heap inside a ring", "Un montón dentro de un anillo"),
    "moons": ("Two moons", "Dos medialunas"),
    "cross": ("Four heaps, opposite ones alike", "Cuatro montones, los opuestos iguales"),
    DRAWN: ("My drawing", "Mi dibujo"),
}
KINDS: dict[str, Pair] = {
    "full": ("one per class (QDA)", "una por clase (QDA)"),
    "shared": ("the same for both (LDA)", "la misma para ambas (LDA)"),
    "diagonal": ("no correlations (naive Bayes)", "sin correlaciones (naive Bayes)"),
}
FEATURES: dict[str, Pair] = {
    "linear": ("x₁, x₂: a straight line", "x₁, x₂: una recta"),
    "quadratic": ("and their squares and product: a conic", "y sus cuadrados y producto: una cónica"),
}


class Given(NamedTuple):
    """The points to learn, the plain ones to be judged by, and the window."""

    x: Tensor
    y: Tensor
    fresh: tuple[Tensor, Tensor] | None
    plane: Plane


def points(
    cloud: str, count: int, far: int, first: Any, second: Any, kind: str, features: str, ridge: float,
    seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Learn points of two classes in two ways: Gaussians (then draw from them) and logistic regression."""
    from genmodels.foundations.gaussian import GaussianClasses
    from genmodels.foundations.logistic import features as of
    from genmodels.foundations.logistic import newton

    given = learnt_from(cloud, count, far, first, second, seed)
    model = GaussianClasses.fit(given.x, given.y, kind)
    left = generative(model, given, seed, lang)
    for step in newton(of(given.x, features), given.y, 10.0**ridge):
        right = discriminative(step.w, features, given, step.i, lang)
        page = plates.plate(*(plates.beside(a, b) for a, b in zip(left, right, strict=True)))
        told = compared(model, kind, step, features, given, lang)
        yield page, ground.legend(lang) + told, {"newton_steps": step.i, "loss_points": step.loss}


def learnt_from(cloud: str, count: int, far: int, first: Any, second: Any, seed: int) -> Given:
    import torch

    from genmodels.data import labelled

    luck = torch.Generator().manual_seed(seed)
    if cloud == DRAWN:
        x, y = drawn(first, second, luck)
        fresh = None
    else:
        x, y = labelled.cloud(cloud, count, luck)
        fresh = labelled.cloud(cloud, FRESH, torch.Generator().manual_seed(seed + 1))
    if far:
        x1, y1 = labelled.outliers(far, luck)
        x, y = torch.cat([x, x1]), torch.cat([y, y1])
    return Given(x, y, fresh, ground.window(FAR if far else REACH))


def drawn(first: Any, second: Any, luck: Any) -> tuple[Tensor, Tensor]:
    """A point in every cell that was painted, class A from the first board, B from the second."""
    import torch

    from genmodels.data.labelled import painted

    parts = [painted(torch.from_numpy(board[1]), luck) for board in (first, second)]
    if not all(len(part) for part in parts):
        raise refuse("Paint points of both classes first.", "Primero pinta puntos de las dos clases.")
    return torch.cat(parts), torch.cat([torch.full((len(p),), k) for k, p in enumerate(parts)])


def generative(model: GaussianClasses, given: Given, seed: int, lang: str) -> tuple[Image.Image, Image.Image]:
    """The density in the colour of the class, with the line between; and what is drawn from it."""
    import torch

    at, n = ground.grid(given.plane), ground.CELLS
    density = model.log_prob(at).exp().reshape(n, n).numpy()
    odds = model.log_posterior(at).diff(dim=1)[:, 0].reshape(n, n).numpy()
    light = (density / np.quantile(density, 0.995)).clip(0, 1) ** 0.5
    pixels = ground.tinted(1 / (1 + np.exp(-odds.clip(-50, 50))), 0.75 * light)
    panel = ground.between(Panel(given.plane, ground.SIDE).paint(pixels), odds)
    ground.scattered(panel, given.x, given.y)
    x, y = model.sample(SHOWN, torch.Generator().manual_seed(seed + 2))
    made = Panel(given.plane, ground.SIDE).points(x.numpy(), ground.COLOURS[y.numpy()], 3.4)
    return (
        panel.block(say(lang, "a Gaussian per class", "una gaussiana por clase"), "p(x, y)"),
        made.block(say(lang, "drawn from it", "muestras de ella"), say(lang, "new", "nuevas")),
    )


def discriminative(
    w: Tensor, features: str, given: Given, step: int, lang: str
) -> tuple[Image.Image, Image.Image]:
    """How sure it is, everywhere; and an empty panel, as there is nothing to draw from."""
    from genmodels.foundations.logistic import features as of

    n = ground.CELLS
    odds = (of(ground.grid(given.plane), features) @ w).reshape(n, n).numpy()
    chance = 1 / (1 + np.exp(-odds.clip(-50, 50)))
    pixels = ground.tinted(chance, 0.12 + 0.63 * abs(2 * chance - 1))
    panel = ground.between(Panel(given.plane, ground.SIDE).paint(pixels), odds)
    ground.scattered(panel, given.x, given.y)
    note = f"{say(lang, 'step', 'paso')} {step}"
    return panel.block(say(lang, "logistic regression", "regresión logística"), note), nothing(lang)


def nothing(lang: str) -> Image.Image:
    """What can be drawn from p(y | x)."""
    page = Image.new("RGB", (ground.SIDE,) * 2, GROUND)
    from PIL import ImageDraw

    words = say(lang, "p(y | x) says nothing\nof where x lies:\nthere is nothing\nto sample from",
                "p(y | x) no dice nada\nde dónde está x:\nno hay nada\nque muestrear")  # fmt: skip
    pen, middle = ImageDraw.Draw(page), (ground.SIDE / 2,) * 2
    pen.multiline_text(middle, words, SOFT, font(30), "mm", spacing=12, align="center")
    return block(page, say(lang, "drawn from it", "muestras de ella"), "—")


def compared(model: GaussianClasses, kind: str, step: Any, features: str, given: Given, lang: str) -> str:
    """Accuracy, numbers learnt, and what each can be asked for."""
    from genmodels.foundations.gaussian import parameters
    from genmodels.foundations.logistic import FEATURES as COUNTS
    from genmodels.foundations.logistic import features as of

    def shares(x: Tensor, y: Tensor) -> list[str]:
        both = model.log_posterior(x).argmax(1), (of(x, features) @ step.w > 0).long()
        return [ground.percent((found == y).double().mean().item(), lang) for found in both]

    head = ["", say(lang, "Gaussians", "gaussianas"), say(lang, "logistic", "logística")]
    table = [[say(lang, "right, of these points", "bien, de estos puntos"), *shares(given.x, given.y)]]
    if given.fresh:
        table.append([say(lang, "right, of 4000 fresh ones", "bien, de 4000 nuevos"), *shares(*given.fresh)])
    table.append([say(lang, "numbers learnt", "números aprendidos"), str(parameters(kind, 2, 2)),
                  str(COUNTS[features])])  # fmt: skip
    mean = model.log_prob(given.x).mean().item()
    table.append([say(lang, "log p(x) of a point, nats", "log p(x) de un punto, nats"),
                  ground.nats(mean, lang), say(lang, "it has none", "no tiene")])  # fmt: skip
    return plots.table(head, table)


def points_code(
    cloud: str, count: int, far: int, first: Any, second: Any, kind: str, features: str, ridge: float,
    seed: int,
) -> str:  # fmt: skip
    more = (
        f"far, ones = labelled.outliers({far}, luck)\nx, y = torch.cat([x, far]), torch.cat([y, ones])\n"
        if far
        else ""
    )
    made = f'x, y = labelled.cloud("{cloud if cloud != DRAWN else "tilted"}", {count}, luck)'
    made += "  # or yours: (N, 2) and 0 or 1\n" if cloud == DRAWN else "\n"
    return (
        "import torch\nfrom genmodels.data import labelled\n"
        "from genmodels.foundations.gaussian import GaussianClasses\n"
        "from genmodels.foundations.logistic import features, fit\n\n"
        f"luck = torch.Generator().manual_seed({seed})\n{made}{more}"
        f'gaussians = GaussianClasses.fit(x, y, "{kind}")\n'
        f"new, label = gaussians.sample({SHOWN}, luck)  # points nobody has seen\n"
        f'f = features(x, "{features}")\nw = fit(f, y, {10.0**ridge:g})  # p(y = 1 | x) = sigmoid(f @ w)\n'
        "print((gaussians.log_posterior(x).argmax(1) == y).double().mean())\n"
        "print(((f @ w > 0) == y).double().mean())  # right of these points, both\n"
    )


def start(which: int) -> np.ndarray:
    """What a board holds before anybody paints: a band of one class, a spot of the other."""
    rows, columns = np.indices((boards.SIDE, boards.SIDE))
    if which == 0:
        return (abs(rows - columns * 0.5 - 3) < 1) & (columns % 2 == 0)
    return (np.hypot(rows - 17, columns - 8) < 3.2) & ((rows + columns) % 2 == 0)


def choices(words: dict[str, Pair]) -> list[tuple[Any, str]]:
    return [(t(*pair), name) for name, pair in words.items()]


def layout(tab: kit.Tab) -> None:
    with tab.view("points", "Two ways to learn", "Dos maneras de aprender") as view:
        with view.controls():
            cloud = kit.choice(choices(CLOUDS), t("Points", "Puntos"))
            count = kit.slider(2, 200, 40, t("Points per class", "Puntos por clase"), step=1)
            far = kit.slider(0, 20, 0, t("Outliers of class B", "Valores extremos de la clase B"), step=1)
            with gr.Accordion(t("Draw my own points", "Dibujar mis puntos"), open=False):
                first = boards.board(start(0), ("Paint points of class A", "Pinta puntos de la clase A"))
                second = boards.board(start(1), ("Paint points of class B", "Pinta puntos de la clase B"))
            kind = kit.choice(
                choices(KINDS), t("Covariance of the Gaussians", "Covarianza de las gaussianas")
            )
            features = kit.choice(choices(FEATURES), t("Logistic regression sees", "La logística ve"))
            ridge = kit.slider(
                -6, 1, -3, t("Its ridge, power of ten", "Su ridge, potencia de diez"), step=0.5
            )
            seed = kit.seed()
        with view.result():
            page = plates.view()
            told = kit.html()
        inputs = [cloud, count, far, first, second, kind, features, ridge, seed]
        view.run(points, inputs, [page, told], ("Learn them", "Aprenderlos"), points_code)
        view.on([cloud.input, count.release, far.release, kind.input, features.input, ridge.release], points)
    for board in (first, second):
        board.input(lambda: DRAWN, None, cloud, queue=False, api_visibility="private", show_progress="hidden")
