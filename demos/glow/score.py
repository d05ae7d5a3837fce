"""What a picture costs, exactly; and the paradox: a flow of garments prefers digits, and blank pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demos import kit
from demos.glow import models
from demos.glow.charts import Row, charts, table
from demos.glow.pictures import HELD_OUT, board, digits, ours, picture_of, real_code
from demos.kit import plates, say, t

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.flow.scores import Scores

SHOWN, TILE, PART = 4, 112, 16
BLUR = 1.5  # pixels
PEOPLE = 3000  # of the held-out faces, the first of those shown is one of so many


def score(checkpoint: str, drawing: Image.Image | None, seed: int, count: int, lang: str) -> Iterator[tuple]:
    """Exact bits per value of a picture, beside pictures of its own kind, digits, blank pages and noise."""
    refuse(checkpoint, lang)
    x, _, note = picture_of(checkpoint, drawing, seed, lang)
    rows: list[Row] = []
    with models.use(checkpoint) as model:
        mine = scored(model, x)
        found = {"bits_per_dim": mine.bits.item(), "bits": mine.bits.item() * x.numel()}
        yield gallery(x, lang, rows), gr.skip(), note, found
        for words, kind, made in sorts(checkpoint, seed, count, lang):
            rows.append(Row(words, kind, made, scored(model, made)))
            yield gallery(x, lang, rows), gr.skip(), note, found
        middle = models.pictures(model, 0 * models.noise(model, 0, 1))
        words = say(lang, "the picture of z = 0", "la imagen de z = 0")
        last = Row(words, "ink", middle, scored(model, middle))
    told = charts(checkpoint, rows, mine, lang) + table(checkpoint, [*rows, last], lang)
    yield gallery(x, lang, [*rows, last]), told, note, found


def refuse(checkpoint: str, lang: str) -> None:
    if not models.levelled(checkpoint):
        en = "A TarFlow's density is of noisy pictures, not of grey levels: it has no bits. Choose another."
        es = (
            "La densidad de un TarFlow es de imágenes con ruido, no de grises: no da bits. Elige otro modelo."
        )
        raise gr.Error(say(lang, en, es), print_exception=False)


def scored(model: Any, x: Tensor) -> Scores:
    import torch

    from genmodels.flow.scores import Scores, scores

    parts = [scores(model, part, PART * i) for i, part in enumerate(x.split(PART))]
    return Scores(*map(torch.cat, zip(*parts, strict=True)))


def sorts(checkpoint: str, seed: int, count: int, lang: str) -> Iterator[tuple[str, str, Tensor]]:
    """(words, kind, pictures): what the flow learnt, what it never saw, what shows nothing at all."""
    import torch

    from genmodels import runtime
    from genmodels.flow.inverse_problem import blur

    faces = models.of_faces(checkpoint)
    first = HELD_OUT + seed % PEOPLE if faces else seed % 10_000
    those = range(first, first + count)
    own = ours(checkpoint, those)
    if faces:
        yield say(lang, "held-out faces", "caras apartadas"), "own", own
        yield say(lang, "the same upside down", "las mismas, de cabeza"), "other", own.flip(2)
        yield say(lang, "the same, blurred", "las mismas, desenfocadas"), "digits", blur(own, BLUR)
        shade = own.mean((2, 3), keepdim=True)
    else:
        yield say(lang, "garments drawn by rule", "prendas dibujadas con reglas"), "own", own
        yield say(lang, "digits drawn by rule", "dígitos dibujados con reglas"), "digits", digits(those)
        shade = torch.linspace(-1, 1, count)[:, None, None, None]
    blank = (
        ("only the mean colour of each", "solo el color medio de cada una")
        if faces
        else ("one grey", "un gris")
    )
    yield say(lang, *blank), "blank", shade.expand_as(own).contiguous()
    luck = runtime.generators(seed, count)
    noise = torch.stack([2 * torch.rand(own.shape[1:], generator=g) - 1 for g in luck])
    yield say(lang, "noise", "ruido"), "noise", noise


def gallery(x: Tensor, lang: str, rows: list[Row]) -> Image.Image:
    """The picture that was asked about, then some of each sort."""
    blocks = [plates.block(say(lang, "asked", "esta"), x, columns=1, tile=TILE, type=33)]
    blocks += [plates.block(row.words, row.x[:SHOWN], columns=SHOWN, tile=TILE, type=33) for row in rows]
    return plates.plate(*(plates.beside(*blocks[k : k + 2]) for k in range(0, len(blocks), 2)))


def score_code(checkpoint: str, drawing: Any, seed: int, count: int) -> str:
    imports, lines = real_code(checkpoint, seed)
    return (
        models.loading(checkpoint, *imports, "from genmodels.flow.scores import scores")
        + lines
        + (
            "print(scores(flow, x))  # bits per value, roughness, |z| / sqrt(D)\n"
            "print(scores(flow, torch.zeros_like(x)))  # a blank page: cheaper\n"
        )
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("score", "What it costs", "Lo que cuesta") as view:
        with view.controls():
            seed, drawing = board(36_519)
            count = kit.slider(8, 64, 24, t("Pictures of each sort", "Imágenes de cada tipo"), step=8)
        with view.result():
            page = plates.view()
            note = kit.html()
            told = kit.html()
        inputs, outputs = [tab.checkpoint, drawing, seed, count], [page, told, note]
        view.run(score, inputs, outputs, ("Weigh it", "Medirla"), score_code)
