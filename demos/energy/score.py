"""What the energy says of a picture: the visitor's, or something strange, among real ones and noise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demos import kit
from demos.energy import models
from demos.energy.shown import signed, strip, upright
from demos.kit import plates, plots, say, t
from demos.kit.lang import Pair
from demos.kit.pixels import sheet

if TYPE_CHECKING:
    from torch import Tensor

STRANGERS: dict[str, Pair] = {
    "ours": ("ours", "la nuestra"),
    "upside": ("upside down", "al revés"),
    "negative": ("negative", "negativo"),
    "moved": ("moved aside", "corrida"),
    "shaken": ("with noise", "con ruido"),
    "foreign": ("other set", "otro conjunto"),
    "black": ("black page", "página negra"),
    "noise": ("noise", "ruido"),
}
PILES: tuple[tuple[str, str, Pair], ...] = (  # kind, colour, words
    ("test", "mark", ("real, held out", "reales, apartadas")),
    ("upside", "ink", ("the same upside down", "las mismas al revés")),
    ("other", "soft", ("of the other set", "del otro conjunto")),
    ("noise", "warm", ("noise", "ruido")),
)
BINS, SEEN = 60, 2.0  # steps of a histogram; how much is seen above real pictures, by their own spread


def score(
    checkpoint: str,
    drawing: Image.Image | None,
    which: int,
    variant: int,
    stranger: str,
    seed: int,
    lang: str,
) -> Iterator[tuple]:
    """The energy of a picture on the line where real ones and noise lie, and which pixels would lower it."""
    import torch

    from genmodels.energy.langevin import sloped

    x, note = models.picture_of(checkpoint, drawing, which, variant, lang)
    rows = [(say(lang, "yours", "la tuya"), x)] if drawing else []
    rows += [
        (say(lang, *STRANGERS[name]), strange(name, x, checkpoint, which, variant, seed))
        for name in STRANGERS
    ]
    chosen = 0 if drawing else list(STRANGERS).index(stranger)
    pile = torch.cat([row for _, row in rows])
    yield gr.skip(), gr.skip(), note, {}
    with models.use(checkpoint) as model:
        energy, slope = (v.float().cpu() for v in sloped(model.energy, pile.to(model.device)))
    words = [f"{name}: {signed(e, lang)}" for (name, _), e in zip(rows, energy.tolist(), strict=True)]
    page = plates.plate(
        look(x if drawing else pile[chosen : chosen + 1], slope[chosen : chosen + 1], lang),
        strip(pile, words, columns=min(4, len(rows)) if len(rows) < 9 else 5, framed=chosen),
    )
    found = energy[chosen].item()
    share = below(checkpoint, found)
    yield (
        page,
        line(checkpoint, rows[chosen][0], found, lang),
        note,
        {"energy_one": found, "higher_than": 100 * share},
    )


def strange(name: str, x: Tensor, checkpoint: str, which: int, variant: int, seed: int) -> Tensor:
    """A picture made of x, or in its place."""
    import torch

    luck = torch.Generator().manual_seed(seed)
    if name == "foreign":
        return models.tensor(models.ours(checkpoint, which, variant, foreign=True))
    if name == "noise":
        return 2 * torch.rand(x.shape, generator=luck) - 1
    if name == "shaken":
        return (x + 0.5 * torch.randn(x.shape, generator=luck)).clamp(-1, 1)
    return {
        "ours": x,
        "upside": x.flip(2),
        "negative": -x,
        "moved": x.roll((-5, 6), (2, 3)),
        "black": torch.full_like(x, -1.0),
    }[name]


def look(x: Tensor, slope: Tensor, lang: str) -> Image.Image:
    """The picture, and the way downhill: teal pixels should be lighter, red ones darker."""
    import torch

    top = slope.abs().flatten().quantile(0.995).clamp_min(1e-9)
    way = (-slope / top).clamp(-1, 1)[:, 0]
    lighter, darker = way.clamp_min(0), (-way).clamp_min(0)
    colours = torch.stack(
        [0.95 * darker + 0.1 * lighter, 0.3 * darker + 0.85 * lighter, 0.2 * darker + 0.8 * lighter], 1
    )
    words = (
        say(lang, "the picture", "la imagen"),
        say(lang, "downhill: lighter teal, darker red", "hacia abajo: verde aclara, rojo oscurece"),
    )
    return plates.beside(
        sheet(models.wide(x), words[0], 1, 420), sheet(2 * colours.clamp(0, 1) - 1, words[1], 1, 420)
    )


def below(checkpoint: str, energy: float) -> float:
    """Share of held-out pictures that lie lower."""
    found = models.story(checkpoint)["energies"]["test"]
    return sum(v < energy for v in found) / len(found)


def line(checkpoint: str, caption: str, energy: float, lang: str) -> str:
    """Histograms of several kinds of pictures on one line, and this one among them."""
    piles = models.story(checkpoint)["energies"]
    least, most = (models.quantile(checkpoint, "test", share) for share in (0.01, 0.99))
    low, high = min(least, energy) - 0.2 * (most - least), most + SEEN * (most - least)
    edges = [low + (high - low) * k / BINS for k in range(BINS + 1)]
    heights = {kind: histogram(piles[kind], edges) for kind, _, _ in PILES}
    top = 1.25 * max(map(max, heights.values()))
    axes = plots.Axes((edges[0], edges[-1]), (0, top), width=760, height=300, bottom=66)
    marks = [plots.area(edges, heights[kind], colour) for kind, colour, _ in PILES]
    marks.append(upright(min(energy, high), f"{caption}: {signed(energy, lang)}"))
    across = say(
        lang, "energy; the last step holds all beyond", "energía; el último escalón junta todo lo que sigue"
    )
    names = [(colour, say(lang, *words)) for _, colour, words in PILES]
    title = say(lang, "Where it lies", "Dónde queda")
    return plots.legend(*names) + plots.plot(axes, *marks, title=title, across=across, lang=lang)


def histogram(values: list[float], edges: list[float]) -> list[float]:
    """Share of the quantiles in each step. Narrow heaps are kept from towering over all others."""
    wide = edges[1] - edges[0]
    places = [min(len(edges) - 2, max(0, int((v - edges[0]) / wide))) for v in values]
    return [(places.count(k) / len(values)) ** 0.5 for k in range(len(edges) - 1)]


def score_code(checkpoint: str, drawing: Any, which: int, variant: int, stranger: str, seed: int) -> str:
    module = "digits import digit" if checkpoint == models.DIGITS else "garments import garment"
    draw = module.split()[-1]
    more = ("import numpy as np", "import torch", f"from genmodels.data.{module}")
    return models.loading(checkpoint, *more, "from genmodels.energy.langevin import sloped") + (
        f"page = np.float32({draw}({which}, {variant}))  # or yours, 28 x 28, white on black\n"
        "x = torch.from_numpy(page)[None, None] / 127.5 - 1\n"
        "energy, slope = sloped(ebm.energy, torch.cat([x, x.flip(2), -x]))\n"
        "print(energy)  # as it is, upside down, in negative\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("score", "Your energy", "Tu energía") as view:
        with view.controls():
            board = kit.drawing(t("Draw a digit or a garment", "Dibuja un dígito o una prenda"), brush=22)
            which, variant = models.which_controls()
            choices = [(t(*words), name) for name, words in STRANGERS.items()]
            stranger = kit.choice(choices, t("And of that", "Y de ese"))
            seed = kit.seed()
        with view.result():
            drawn, page, note = kit.html(), plates.view(), kit.html()
        inputs = [tab.checkpoint, board, which, variant, stranger, seed]
        view.run(score, inputs, [page, drawn, note], ("Ask the model", "Preguntarle al modelo"), score_code)
        view.on([stranger.input, which.input, variant.release], score)
