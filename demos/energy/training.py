"""Training: why a flat loss is no failure, what chains became meanwhile, and what swish is for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from demos import kit
from demos.energy import models
from demos.energy.shown import strip, upright
from demos.kit import plates, plots, say, t
from demos.kit.lang import Pair
from demos.kit.run import LIVE

if TYPE_CHECKING:
    from torch import Tensor

MOMENTS = 12
CURVES: tuple[tuple[Pair, tuple[tuple[str, str, Pair], ...]], ...] = (
    (
        (
            "The loss: both sides improve, so it stays where it is",
            "La pérdida: ambos lados mejoran, así que no se mueve",
        ),
        (("loss", "ink", ("loss", "pérdida")),),
    ),
    (
        ("What it is made of", "De qué está hecha"),
        (
            ("real", "mark", ("energy of real pictures", "energía de las reales")),
            ("fake", "warm", ("of the chains", "de las cadenas")),
        ),
    ),
    (
        ("What does fall: held out, against noise", "Lo que sí baja: apartadas, frente a ruido"),
        (
            ("held_out", "mark", ("held-out pictures", "imágenes apartadas")),
            ("noise", "warm", ("even noise", "ruido parejo")),
        ),
    ),
)


def training(checkpoint: str, moment: int, lang: str) -> Iterator[tuple]:
    """The curves of the training, and what the same noises became at a moment of it."""
    facts, film = models.story(checkpoint), models.film(checkpoint)
    moment = min(moment, len(film))
    yield told(facts, film, moment, lang), curves(facts, moment, lang), {}


def told(facts: dict[str, Any], film: Any, moment: int, lang: str) -> Any:
    """The chains of this moment, and the first of them over all moments."""
    import torch

    def tensor(pixels: Any) -> Tensor:
        return torch.from_numpy(pixels.astype("float32"))[:, None] / 127.5 - 1

    share = [f"{100 * m:.0f} %" for m in facts["moments"]]
    words = say(
        lang,
        f"six chains of {facts['steps']} steps, at {share[moment - 1]} of the training",
        f"seis cadenas de {facts['steps']} pasos, al {share[moment - 1]} del entrenamiento",
    )
    below = say(lang, "the first noise, over the training", "el primer ruido, a lo largo del entrenamiento")
    return plates.plate(
        strip(tensor(film[moment - 1]), [""] * film.shape[1], words),
        strip(tensor(film[:, 0]), share, below, framed=moment - 1),
    )


def curves(facts: dict[str, Any], moment: int, lang: str) -> str:
    """Three panels, with a line at the moment."""
    found = facts["curves"]
    at = facts["moments"][moment - 1] * found["step"][-1]
    panels = []
    for title, rows in CURVES:
        values = [v for key, _, _ in rows for v in found[key]]
        air = 0.08 * (max(values) - min(values)) or 0.5
        axes = plots.Axes((0, found["step"][-1]), (min(values) - air, max(values) + air), height=240, left=52)
        marks = [plots.line(found["step"], found[key], kind) for key, kind, _ in rows]
        drawn = plots.plot(
            axes,
            *marks,
            upright(at),
            title=say(lang, *title),
            across=say(lang, "step", "paso"),
            up=True,
            lang=lang,
        )
        names = plots.legend(*((kind, say(lang, *words)) for _, kind, words in rows))
        panels.append(f"<div>{drawn}{names}</div>")
    return plots.figures(*panels, least=300) + f"<p>{explained(lang)}</p>"


def explained(lang: str) -> str:
    return say(
        lang,
        "The loss says how much lower real pictures lie than the chains, plus the penalty. Each step widens "
        "that gap, and the chains close it again by walking to where it is lower. So a flat loss is the sign "
        "of a game that is level, not of a network that has stopped learning; how good the chains are can't "
        "be read from it. Held-out pictures against even noise can: noise doesn't answer back.",
        "La pérdida dice cuánto más abajo están las imágenes reales que las cadenas, más la penalización. "
        "Cada paso agranda esa brecha, y las cadenas la cierran caminando hacia donde es más bajo. Una "
        "pérdida plana es señal de un juego parejo, no de una red que dejó de aprender; cuán buenas son las "
        "cadenas no se lee ahí. Sí en las imágenes apartadas frente al ruido parejo, que no contesta.",
    )


def training_code(checkpoint: str, moment: int) -> str:
    return (
        "import json\n\nfrom PIL import Image\n\nfrom genmodels import hub\n\n"
        f'folder = hub.folder("{checkpoint}")\n'
        'story, film = json.loads((folder / "story.json").read_text()), Image.open(folder / "film.webp")\n'
        f"row = film.crop((0, {28 * (moment - 1)}, film.width, {28 * moment}))\n"
        'print(story["curves"].keys(), story["moments"])\n'
    )


# ------------------------------------------------------------------------------ swish and ReLU

POINTS = 240  # along the way from noise to a picture


def bend(checkpoint: str, seed: int, lang: str) -> Iterator[tuple]:
    """The same weights with swish and with ReLU: energy and slope on the way from a noisy picture to it."""
    import torch

    from genmodels.energy.ebm import EBM

    luck = models.luck(seed, 1)
    end = models.tensor(models.ours(checkpoint, seed % 10, seed))
    start = end + 0.35 * torch.randn(end.shape, generator=luck[0])
    share = torch.linspace(0, 1, POINTS)
    with models.use(checkpoint) as model:
        plain = EBM(replace(model.config, activation="relu")).to(model.device).eval()
        plain.load_state_dict(model.state_dict())
        found = {}
        for name, net in (("swish", model), ("relu", plain)):
            found[name] = along(net.energy, start.to(model.device), end.to(model.device), share)
            yield panels(share, found, lang), {}
    turns = {f"kinks_{name}": float(kinks(slope)) for name, (_, slope) in found.items()}
    yield panels(share, found, lang), turns


def along(energy: Any, start: Tensor, end: Tensor, share: Tensor) -> tuple[list[float], list[float]]:
    """The energy on the straight way, and its slope by the share of it."""
    from genmodels.energy.langevin import sloped

    at = share.to(start)[:, None, None, None]
    height, slope = sloped(energy, start + at * (end - start))
    return height.tolist(), (slope * (end - start)).flatten(1).sum(1).tolist()


def kinks(slope: list[float]) -> float:
    """How much of the slope's change comes in single leaps: the share of its ten largest differences."""
    leaps = sorted((abs(b - a) for a, b in pairwise(slope)), reverse=True)
    return 100 * sum(leaps[:10]) / max(sum(leaps), 1e-9)


def panels(share: Tensor, found: dict[str, Any], lang: str) -> str:
    """Energy and slope for both activations."""
    kinds = {"swish": "mark", "relu": "warm"}
    titles = (say(lang, "Energy on the way", "Energía en el camino"), say(lang, "Its slope", "Su pendiente"))
    drawn = []
    for k, title in enumerate(titles):
        values = [v for both in found.values() for v in both[k]]
        air = 0.08 * (max(values) - min(values)) or 0.5
        axes = plots.Axes((0, 1), (min(values) - air, max(values) + air), height=260, left=56)
        marks = [plots.line(share.tolist(), both[k], kinds[name]) for name, both in found.items()]
        across = say(lang, "from shaken to clean", "de sacudida a limpia")
        drawn.append(plots.plot(axes, *marks, title=title, across=across, up=True, lang=lang))
    names = plots.legend(
        ("mark", "swish"), ("warm", say(lang, "the same weights with ReLU", "los mismos pesos con ReLU"))
    )
    return plots.figures(*drawn, least=300) + names + f"<p>{bends(lang)}</p>"


def bends(lang: str) -> str:
    return say(
        lang,
        "The slope is what a chain follows. With ReLU it is constant on each flat piece of the network and "
        "leaps where two meet: a chain gets the same order again and again, then all at once another. "
        "Swish bends everywhere.",
        "La pendiente es lo que sigue una cadena. Con ReLU es constante en cada pedazo plano de la red y "
        "salta donde se juntan dos: la cadena recibe la misma orden una y otra vez, y de golpe otra. "
        "Swish se curva en todas partes.",
    )


def bend_code(checkpoint: str, seed: int) -> str:
    return models.loading(checkpoint, "from dataclasses import replace") + (
        'plain = EBM(replace(ebm.config, activation="relu")).eval()\n'
        "plain.load_state_dict(ebm.state_dict())  # the same weights, another bend\n"
        "print(ebm, plain)\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("training", "Training", "Entrenamiento") as view:
        with view.controls():
            moment = kit.slider(1, MOMENTS, MOMENTS, t("Moment", "Momento"), step=1)
            seed = kit.seed()
        with view.result():
            page, drawn, below = plates.view(), kit.html(), kit.html()
        view.run(
            training, [tab.checkpoint, moment], [page, drawn], ("Show", "Mostrar"), training_code, lane=LIVE
        )
        view.on([moment.input], training)
        view.run(
            bend,
            [tab.checkpoint, seed],
            [below],
            ("Swish against ReLU", "Swish frente a ReLU"),
            bend_code,
            "bend",
        )
