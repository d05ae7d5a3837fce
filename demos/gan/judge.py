"""The judge's eye: how real it finds generated faces, painted ones that it never saw, and the visitor's own.

Beside each picture stands where the judge looks: the size of the slope of its score by each pixel. The
generator learns from this slope and from nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from demos import kit
from demos.gan import models
from demos.gan.shown import BOTTOM, labelled, look, spread, upright
from demos.kit import plates, plots, say, t

if TYPE_CHECKING:
    from torch import Tensor

PENCILS = ("#2b2622", "#8a5a3c", "#f2c39b", "#d9a441", "#b8431c", "#aed3ea", "#ffffff")
SHOWN, TILE, BINS = 3, 150, 14  # of each kind, pixels of a picture, steps of a histogram
STRANGERS = {
    "doodle": ("doodle", "garabato"),
    "upside": ("face upside down", "cara de cabeza"),
    "negative": ("face in negative", "cara en negativo"),
    "blurred": ("blurred face", "cara borrosa"),
    "grey": ("plain grey", "gris liso"),
    "noise": ("noise", "ruido"),
}


def judge(
    checkpoint: str, drawing: Image.Image | None, stranger: str, seed: int, count: int, lang: str
) -> Iterator[tuple]:
    """Scores of generated faces, of held-out painted ones and of yours on one line, and where it looks."""
    import torch

    yours = kit.to_tensor(drawing or strange(stranger, seed), (64, 64))
    caption = say(lang, "yours", "la tuya") if drawing else say(lang, *STRANGERS[stranger])
    with models.use(checkpoint) as model:
        z, seeds = models.noise(model, seed, count), models.held_out(seed, count)
        made: list[Tensor] = []
        real: list[Tensor] = []
        for k, part in enumerate(models.parts(z)):
            made.append(models.draw(model, part))
            real.append(models.painted(seeds[k * models.PART : k * models.PART + len(part)]))
            sets = (yours, torch.cat(real), torch.cat(made))
            found = [models.score(model, x) for x in sets]
            if not k:
                page = faces(model, checkpoint, sets, found, caption, lang)
            yield page, line(checkpoint, found, caption, lang), figures(found)


def figures(found: list[Tensor]) -> dict[str, float]:
    """The chance that a real face scores above a generated one; ties count half."""
    _, real, made = found
    above = (real[:, None] > made).float() + 0.5 * (real[:, None] == made).float()
    return {"told_apart": above.mean().item(), "made": len(made)}


def faces(
    model: Any, checkpoint: str, sets: tuple[Tensor, ...], found: list[Tensor], caption: str, lang: str
) -> Image.Image:
    """A few of each kind with their scores, over where the judge looks."""
    captions = (
        caption,
        say(lang, "painted, held out", "pintadas, apartadas"),
        say(lang, "generated", "generadas"),
    )
    blocks = []
    for name, x, s in zip(captions, sets, found, strict=True):
        some, n = x[:SHOWN], len(x[:SHOWN])
        words = [models.signed(v, lang) for v in s[:n].tolist()]
        above = labelled(name, some, words, columns=n, tile=TILE, type=26)
        below = plates.block("", look(models.slope(model, some)), columns=n, tile=TILE)
        blocks.append(plates.plate(above, below))
    return plates.beside(*blocks)


def line(checkpoint: str, found: list[Tensor], caption: str, lang: str) -> str:
    """Real, generated and yours on the line of scores."""
    yours, real, made = (s.tolist() for s in found)
    low, high = spread(min(yours + real + made), max(yours + real + made))
    edges = [low + (high - low) * k / BINS for k in range(BINS + 1)]
    heights = [histogram(s, edges) for s in (real, made)]
    top = 1.3 * max(map(max, heights))
    axes = plots.Axes((low, high), (0, top), width=760, height=280, bottom=BOTTOM)
    marks = [plots.area(edges, h, kind) for h, kind in zip(heights, ("mark", "warm"), strict=True)]
    marks += [plots.dots(s, [0.04 * top] * len(s), k, 3) for s, k in ((real, "mark"), (made, "warm"))]
    if checkpoint in (models.TRANSPOSED, models.REPEATED) and low < 0 < high:
        marks.append(upright(0.0, kind="soft", dashed=True))
    marks.append(upright(yours[0], caption))
    title = say(lang, "Score: ", "Puntaje: ") + models.scale(checkpoint, lang)
    names = (
        ("mark", say(lang, "painted, held out", "pintadas, apartadas")),
        ("warm", say(lang, "generated", "generadas")),
        ("ink", caption),
    )
    across = models.scale(checkpoint, lang)
    return plots.legend(*names) + plots.plot(axes, *marks, title=title, across=across, lang=lang)


def histogram(values: list[float], edges: list[float]) -> list[float]:
    """Share of the values in each step."""
    step = edges[1] - edges[0]
    places = [min(len(edges) - 2, int((v - edges[0]) / step)) for v in values]
    return [places.count(k) / len(values) for k in range(len(edges) - 1)]


def strange(kind: str, seed: int) -> Image.Image:
    """What a judge of faces was never asked about."""
    if kind == "doodle":
        return doodle()
    if kind == "grey":
        return Image.new("RGB", (64, 64), (128, 128, 128))
    if kind == "noise":
        import numpy as np

        return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (64, 64, 3), np.uint8))
    face = kit.to_pil(models.painted([models.held_out(seed, 1)[0]])[0])
    change = {
        "upside": ImageOps.flip,
        "negative": ImageOps.invert,
        "blurred": lambda x: x.filter(ImageFilter.GaussianBlur(2)),
    }[kind]
    return change(face)


def doodle() -> Image.Image:
    """A face in five strokes."""
    board = Image.new("RGB", (280, 280), "white")
    pen = ImageDraw.Draw(board)
    pen.ellipse((80, 50, 200, 200), fill="#f2c39b", outline="#2b2622", width=6)
    for x in (112, 156):
        pen.ellipse((x, 105, x + 14, 122), fill="#2b2622")
    pen.arc((108, 120, 172, 172), 20, 160, fill="#b8431c", width=7)
    pen.polygon([(40, 280), (100, 215), (180, 215), (240, 280)], fill="#1f8584")
    return board


def judge_code(checkpoint: str, drawing: Any, stranger: str, seed: int, count: int) -> str:
    first = models.held_out(seed, count)
    more = (
        "import torch",
        "from genmodels.data.faces import batch",
        "from genmodels.gan.latent import truncated",
        "from genmodels.gan.losses import slopes",
    )
    return models.loading(checkpoint, *more) + (
        f"judge = {models.judging(checkpoint)}\n"
        f"made = gan.generator(truncated({seed}, {count}, gan.config.latent))\n"
        f"seeds = range({first.start}, {first.stop})  # never seen\n"
        "real = torch.from_numpy(batch(seeds)[0]).permute(0, 3, 1, 2) / 127.5 - 1  # or your picture\n"
        "print(judge(real), judge(made))\n"
        "eye = slopes(judge, real).norm(dim=1)  # (N, 64, 64): where it looks\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("judge", "The judge's eye", "El ojo del juez") as view:
        with view.controls():
            words = t("Draw a face, or drop a picture", "Dibuja una cara o suelta una imagen")
            board = kit.drawing(words, brush=12, colours=PENCILS)
            choices = [(t(*words), name) for name, words in STRANGERS.items()]
            stranger = kit.choice(choices, t("With the board empty", "Con el tablero vacío"))
            seed = kit.seed(1)
            count = kit.slider(8, 96, 32, t("Faces of each kind", "Caras de cada clase"), step=8)
        with view.result():
            picture = plates.view()
            drawn = kit.html()
        inputs = [tab.checkpoint, board, stranger, seed, count]
        view.run(judge, inputs, [picture, drawn], ("Ask the judge", "Preguntarle al juez"), judge_code)
        view.on([stranger.input, count.release], judge)
