"""From one noise to another: the straight line, the great circle, and what the judge thinks on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from PIL import Image

from demos import kit
from demos.gan import models
from demos.gan.sample import cut, threshold_slider
from demos.gan.shown import spread
from demos.kit import plates, plots, say, t

if TYPE_CHECKING:
    from torch import Tensor

STRIP, FRAMES, PART = 9, 25, 9  # pictures of a strip, of the film, and between two previews


def walk(checkpoint: str, seed: int, other: int, threshold: float, path: str, lang: str) -> Iterator[tuple]:
    """A film from the face of one seed to that of another, both ways there as strips, and their scores."""
    import torch

    from genmodels.nn.paths import PATHS

    with models.use(checkpoint) as model:
        a, b = (models.noise(model, s, 1, cut(threshold))[0] for s in (seed, other))
        strips: list[Image.Image] = []
        for name, way in PATHS.items():
            x = models.draw(model, way(a, b, torch.linspace(0, 1, STRIP)))
            strips.append(plates.block(words(name, lang), x, columns=STRIP, tile=140))
            yield None, plates.plate(*strips), "", {}
        frames: list[Image.Image] = []
        for part in PATHS[path](a, b, torch.linspace(0, 1, FRAMES)).split(PART):
            frames += [frame(x) for x in models.draw(model, part)]
            yield frames[-1], plates.plate(*strips), "", {}
        drawn = measured(model, checkpoint, a, b, lang)
    yield kit.film(frames, bounce=True), plates.plate(*strips), drawn, {}


def frame(x: Tensor) -> Image.Image:
    return kit.to_pil(x).resize((384, 384), Image.Resampling.LANCZOS)


def words(path: str, lang: str) -> str:
    return {
        "line": say(lang, "straight line", "línea recta"),
        "arc": say(lang, "great circle", "círculo máximo"),
    }[path]


def measured(model: Any, checkpoint: str, a: Tensor, b: Tensor, lang: str) -> str:
    """How long the noise is along both ways, and how real the judge finds what becomes of it."""
    import torch

    from genmodels.nn.paths import PATHS

    share = torch.linspace(0, 1, 17)
    points = {name: way(a, b, share) for name, way in PATHS.items()}
    length = {name: z.norm(dim=1).tolist() for name, z in points.items()}
    score = {name: models.score(model, models.draw(model, z)).tolist() for name, z in points.items()}
    usual = len(a) ** 0.5
    top = 1.15 * max(usual, *length["line"], *length["arc"])
    titles = (
        say(lang, "Length ‖z‖ of the noise", "Largo ‖z‖ del ruido"),
        say(lang, "Score: ", "Puntaje: ") + models.scale(checkpoint, lang),
    )
    scores = spread(min(map(min, score.values())), max(map(max, score.values())))
    both = (
        panel(length, (0.0, top), titles[0], share.tolist(), lang, plots.rule(usual)),
        panel(score, scores, titles[1], share.tolist(), lang),
    )
    normal = say(lang, f"√{len(a)}, usual under N(0, I)", f"√{len(a)}, lo usual en N(0, I)")
    names = (("warm", words("line", lang)), ("mark", words("arc", lang)), ("soft", normal))
    return plots.legend(*names) + plots.figures(*both, least=320)


def panel(
    values: dict[str, list[float]],
    height: tuple[float, float],
    title: str,
    share: list[float],
    lang: str,
    *more: plots.Mark,
) -> str:
    axes = plots.Axes((0, 1), height, height=230, left=52)
    marks = [plots.line(share, values[way], kind) for way, kind in (("line", "warm"), ("arc", "mark"))]
    return plots.plot(axes, *more, *marks, title=title, across="t", up=True, lang=lang)


def walk_code(checkpoint: str, seed: int, other: int, threshold: float, path: str) -> str:
    limit = "" if cut(threshold) == float("inf") else f", {threshold:g}"
    more = (
        "import torch",
        "from genmodels.gan.latent import truncated",
        f"from genmodels.nn.paths import {path}",
    )
    return models.loading(checkpoint, *more) + (
        f"a, b = (truncated(seed, 1, gan.config.latent{limit})[0] for seed in ({seed}, {other}))\n"
        f"film = gan.generator({path}(a, b, torch.linspace(0, 1, {FRAMES})))  # ({FRAMES}, 3, 64, 64)\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("walk", "Walk", "Recorrer") as view:
        with view.controls():
            seed = kit.seed(3, t("Seed of the first", "Semilla de la primera"))
            other = kit.seed(7, t("Seed of the second", "Semilla de la segunda"))
            threshold = threshold_slider()
            ways = [(t("Straight line", "Línea recta"), "line"), (t("Great circle", "Círculo máximo"), "arc")]
            path = kit.choice(ways, t("Path of the film", "Camino de la película"))
        with view.result():
            film = plates.view()
            strip = plates.view()
            drawn = kit.html()
        inputs = [tab.checkpoint, seed, other, threshold, path]
        label = ("Make the film", "Hacer la película")
        view.run(walk, inputs, [film, strip, drawn], label, walk_code)
        view.on([path.input, threshold.release], walk)
