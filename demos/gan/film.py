"""Training, watched: what twelve noises became at a dozen moments, and the curves of both sides beside it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from PIL import Image

from demos import kit
from demos.gan.reel import COLUMNS, MOMENTS, Reel, reel, when
from demos.gan.shown import labelled, spread, upright
from demos.kit import plates, plots, say, t
from demos.kit.lang import Pair
from demos.kit.run import LIVE

TILE, FRAME = 190, 128  # pixels of a picture of the moment, and of the film
PANELS: tuple[tuple[Pair, tuple[tuple[str, str, Pair], ...]], ...] = (
    (
        ("Losses", "Pérdidas"),
        (
            ("discriminator", "mark", ("discriminator or critic", "discriminador o crítico")),
            ("generator", "warm", ("generator", "generador")),
        ),
    ),
    (
        ("Share of right answers", "Fracción de respuestas correctas"),
        (("right_real", "mark", ("real", "reales")), ("right_fake", "warm", ("generated", "generadas"))),
    ),
    (
        ("The critic's gap: mean real − mean generated", "Brecha del crítico: media real − media generada"),
        (("gap", "mark", ("E f(real) − E f(generated)", "E f(real) − E f(generada)")),),
    ),
    (
        ("Penalty: mean of (slope − 1)²", "Penalización: media de (pendiente − 1)²"),
        (("penalty", "warm", ("(‖∇f‖ − 1)²", "(‖∇f‖ − 1)²")),),
    ),
)


def film(checkpoint: str, moment: int, column: int, lang: str) -> Iterator[tuple]:
    """What twelve noises are at a moment of the training, what became of one of them, and the curves."""
    found = reel(checkpoint)
    moment = min(moment, len(found.moments))
    yield now(found, moment, lang), strip(found, moment, column, lang), curves(found, moment, lang), {}


def now(found: Reel, moment: int, lang: str, tile: int = TILE) -> Image.Image:
    return plates.block(when(found.moments[moment - 1], lang), found.at(moment), columns=6, tile=tile)


def strip(found: Reel, moment: int, column: int, lang: str) -> Image.Image:
    """One noise over all moments, this one framed."""
    caption = say(
        lang, f"seed {column} over all moments, by step", f"semilla {column} en todos los momentos, por paso"
    )
    steps = [plots.number(m["step"], lang, 4) for m in found.moments]
    return labelled(caption, found.of(column), steps, columns=6, tile=TILE, framed=[moment - 1])


def curves(found: Reel, moment: int, lang: str) -> str:
    """A panel for each kind of curve that this training has, with a line at the moment."""
    panels = [
        panel(found, say(lang, *title), [r for r in rows if r[0] in found.curves], moment, lang)
        for title, rows in PANELS
        if any(key in found.curves for key, _, _ in rows)
    ]
    return plots.figures(*panels, least=320)


def panel(found: Reel, title: str, rows: list[tuple[str, str, Pair]], moment: int, lang: str) -> str:
    steps = found.curves["step"]
    values = [v for key, _, _ in rows for v in found.curves[key]]
    low, high = (0.0, 1.02) if rows[0][0].startswith("right") else spread(min(0.0, *values), max(values))
    axes = plots.Axes((0, max(steps)), (low, high), height=240, left=52)
    taken = [m["step"] for m in found.moments]
    marks = [plots.line(steps, found.curves[key], kind) for key, kind, _ in rows]
    marks += [plots.dots(taken, [low] * len(taken), "ink", 3), upright(taken[moment - 1])]
    names = plots.legend(*((kind, say(lang, *words)) for _, kind, words in rows))
    drawn = plots.plot(axes, *marks, title=title, across=say(lang, "step", "paso"), up=True, lang=lang)
    return f"<div>{drawn}{names}</div>"


def film_code(checkpoint: str, moment: int, column: int) -> str:
    return (
        "import json\n\nfrom PIL import Image\n\nfrom genmodels import hub\n\n"
        f'folder = hub.folder("{checkpoint}")\n'
        'facts = json.loads((folder / "film.json").read_text())\n'
        'size, sheet = facts["size"], Image.open(folder / "film.webp")\n'
        f"row = sheet.crop((0, {moment - 1} * size, sheet.width, {moment} * size))\n"
        f"strip = sheet.crop(({column} * size, 0, {column + 1} * size, sheet.height))\n"
        f'print(facts["moments"][{moment - 1}], facts["curves"].keys())\n'
    )


def play(checkpoint: str, lang: str) -> Iterator[tuple]:
    """The whole training as a film of a dozen frames, with some between that fade."""
    found, frames = reel(checkpoint), []
    for k in range(1, len(found.moments) + 1):
        frames.append(now(found, k, lang, FRAME))
        if k % 4 == 0:
            yield frames[-1], {}
    ground = [Image.new("RGBA", f.size, (17, 20, 23, 255)) for f in frames]
    for below, frame in zip(ground, frames, strict=True):
        below.alpha_composite(frame)
    yield kit.film(faded(ground), fps=6), {}


def faded(frames: list[Image.Image]) -> list[Image.Image]:
    """Two frames between each two, and the last held."""
    between = [Image.blend(a, b, k / 3) for a, b in pairwise(frames) for k in range(3)]
    return [*between, *[frames[-1]] * 9]


def play_code(checkpoint: str) -> str:
    return (
        "from PIL import Image\n\nfrom genmodels import hub\n\n"
        f'sheet = Image.open(hub.folder("{checkpoint}") / "film.webp")\n'
        "rows = [sheet.crop((0, y, sheet.width, y + 64)) for y in range(0, sheet.height, 64)]\n"
        'rows[0].save("film.gif", save_all=True, append_images=rows[1:], duration=500, loop=0)\n'
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("film", "Training, watched", "Ver el entrenamiento") as view:
        with view.controls():
            moment = kit.slider(1, MOMENTS, MOMENTS, t("Moment", "Momento"), step=1)
            column = kit.slider(
                0, COLUMNS - 1, 0, t("Seed of the strip below", "Semilla de la tira de abajo"), step=1
            )
        with view.result():
            page = plates.view()
            row = plates.view()
            drawn = kit.html()
        inputs = [tab.checkpoint, moment, column]
        view.run(film, inputs, [page, row, drawn], ("Show", "Mostrar"), film_code, lane=LIVE)
        view.on([moment.input, column.input], film)
        view.run(
            play, [tab.checkpoint], [page], ("Play", "Reproducir"), play_code, "play",
            lane=LIVE,
        )  # fmt: skip
