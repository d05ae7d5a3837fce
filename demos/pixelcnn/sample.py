"""Watch it draw: pictures that grow pixel by pixel, how surprising each is, and what it could have been."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from demos import kit
from demos.kit import plots, say, t
from demos.kit.pixels import (
    QUIET,
    Pace,
    across,
    bits_of,
    factor,
    heading,
    heat,
    heat_legend,
    mark,
    pace_slider,
    pictures,
    place,
    sheet,
)
from demos.pixelcnn import models
from demos.pixelcnn.pictures import TOP, distribution, seen

if TYPE_CHECKING:
    from torch import Tensor

FRAMES = 24  # of the film
KEPT = 32  # drawings that a click needs no second drawing of
_drawn: dict[tuple, Tensor] = {}


def sample(
    checkpoint: str, seed: int, count: int, temperature: float, label: int, pace: float, lang: str
) -> Iterator[tuple]:
    """Draw pictures pixel by pixel, with the bits of surprise of each pixel, and a film of it."""
    import torch

    from genmodels.autoregressive import sampling

    side, levels = models.side(checkpoint), models.levels(checkpoint)
    bits, note, film = torch.zeros(count, side, side), about(checkpoint, label, lang), gr.skip()
    with models.use(checkpoint) as model:
        condition, time = models.told(checkpoint, label, count), Pace(side * side, pace)
        for step in sampling.draw(model, seed, count, temperature=temperature, **condition):
            done = step.i * side + step.j + 1
            bits[:, step.i, step.j] = bits_of(model, step.params, step.x[:, :, step.i, step.j]).float().cpu()
            if time.due(done, last=done == side * side):
                shown = sheet(seen(step.x, levels, done)), sheet(heat(bits, TOP[levels]))
                yield *shown, film, note, figures(checkpoint, bits, done, count)
        x = step.x.cpu()
    remember((checkpoint, seed, count, temperature, label), x)
    yield *shown, film_of(x, levels), note, figures(checkpoint, bits, side * side, count)


def figures(checkpoint: str, bits: Tensor, done: int, count: int) -> dict[str, Any]:
    """Of what is drawn so far, beside the mean of the held-out pictures."""
    mean = bits.flatten(1)[:, :done].mean().item()
    share = done / bits[0].numel()
    return {
        "made": count * share,
        "bits_per_dim_drawn": mean,
        "bits_per_dim": models.measured(checkpoint),
    }


def about(checkpoint: str, label: int, lang: str) -> str:
    """The scale of the map, and a word if the class could not be told."""
    words = say(lang, "surprise, −log₂ p of each pixel:", "sorpresa, −log₂ p de cada píxel:")
    found = heat_legend(TOP[models.levels(checkpoint)], words, lang)
    if label != models.ANY and not models.knows_classes(checkpoint):
        en = "This model never learnt classes: the one you chose is not told to it."
        es = "Este modelo no aprendió clases: la que elegiste no se le dice."
        found += f"<p class='warn'>{say(lang, en, es)}</p>"
    return found


def film_of(x: Tensor, levels: int) -> str:
    """The drawing as a GIF that waits at its end."""
    total, columns = x[0, 0].numel(), across(len(x))
    scale = max(1, 280 // (columns * x.shape[-1]))
    times = [round(total * k / FRAMES) for k in range(1, FRAMES + 1)]
    frames = [kit.grid(seen(x, levels, n), columns, scale=scale, ground=128) for n in times]
    return kit.film([*frames, *[frames[-1]] * 8], 7)


def remember(key: tuple, x: Tensor) -> Tensor:
    _drawn[key] = x.byte()
    while len(_drawn) > KEPT:
        del _drawn[next(iter(_drawn))]
    return x


def drawn(checkpoint: str, seed: int, count: int, temperature: float, label: int) -> Iterator[Tensor | None]:
    """The pictures of a drawing, last; None, now and then, while they are drawn again."""
    from genmodels.autoregressive import sampling

    key = (checkpoint, seed, count, temperature, label)
    if key in _drawn:
        yield _drawn[key].long()
        return
    with models.use(checkpoint) as model:
        time, condition = Pace(1, 0), models.told(checkpoint, label, count)
        for step in sampling.draw(model, seed, count, temperature=temperature, **condition):
            x = step.x
            if time.due(0):
                yield None
        yield remember(key, x.cpu())


def pixel(
    checkpoint: str, seed: int, count: int, temperature: float, label: int, picture: int, row: int,
    column: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """What a pixel of the drawing was drawn from: the chances of all greys given the pixels before it."""
    import torch

    for x in drawn(checkpoint, seed, count, temperature, label):
        if x is None:
            yield gr.skip(), gr.skip(), {}
    side, levels = models.side(checkpoint), models.levels(checkpoint)
    k, i, j = min(picture, count) - 1, min(row, side) - 1, min(column, side) - 1
    with models.use(checkpoint) as model, torch.no_grad():
        told = {n: v[k : k + 1] for n, v in models.told(checkpoint, label, count).items()}
        params = model.logits(x[k : k + 1].to(model.device), **told)[:, i, j].cpu()
        chances = model.chances(params)[0].float()
    value = x[k, 0, i, j].item()
    warmer = None
    if temperature not in (0, 1):
        warmer = (chances.clamp(min=1e-12).log() / temperature).softmax(-1).numpy()
    n = factor(1, side, 360)
    page = mark(sheet(seen(x[k : k + 1], levels, i * side + j), width=360), n, i, j)
    yield (
        page,
        told_of(chances, warmer, value, (k, i, j), temperature, lang),
        {
            "bits": -chances[value].clamp(min=1e-12).log2().item(),
            "entropy": -(chances * chances.clamp(min=1e-12).log2()).sum().item(),
        },
    )


def told_of(chances: Tensor, warmer: Any, value: int, at: tuple, temperature: float, lang: str) -> str:
    """The chart, and what was picked, in a sentence."""
    k, i, j = (v + 1 for v in at)
    title = say(
        lang,
        f"Picture {k}, row {i}, column {j}: what it could have been",
        f"Imagen {k}, fila {i}, columna {j}: lo que pudo ser",
    )
    part, bits = chances[value].item(), -chances[value].clamp(min=1e-12).log2().item()
    percent, bits = plots.number(100 * part, lang), plots.number(bits, lang)
    end = say(
        lang,
        f"Picked: {value}, which had {percent} %. That is {bits} bits.",
        f"Salió: {value}, que tenía {percent} %. Son {bits} bits.",
    )
    if warmer is not None:
        degree = plots.number(temperature, lang)
        names = [
            ("mark", say(lang, "as the model says", "como dice el modelo")),
            ("soft", say(lang, f"at temperature {degree}", f"a temperatura {degree}")),
        ]
        end += plots.legend(*names)
    return distribution(chances.numpy(), warmer, value, lang, title=title) + f"<p><b>{end}</b></p>"


def sample_code(checkpoint: str, seed: int, count: int, temperature: float, label: int, pace: float) -> str:
    told, side = models.told_code(checkpoint, label, count), models.side(checkpoint)
    imports = ["from genmodels.autoregressive.sampling import draw", *(["import torch"] if told else [])]
    return models.loading(checkpoint, *imports) + (
        f"for step in draw(model, {seed}, {count}, temperature={temperature:g}{told}):\n"
        "    pass  # step.i, step.j: where; step.params: from which distribution\n"
        f"x = step.x  # ({count}, 1, {side}, {side}): greys 0 to {models.levels(checkpoint) - 1}\n"
    )


def pixel_code(
    checkpoint: str,
    seed: int,
    count: int,
    temperature: float,
    label: int,
    picture: int,
    row: int,
    column: int,
) -> str:
    told, k = models.told_code(checkpoint, label, count), min(picture, count) - 1
    i, j = (min(v, models.side(checkpoint)) - 1 for v in (row, column))
    imports = ["from genmodels.autoregressive.sampling import draw, last"]
    return models.loading(checkpoint, *imports, *(["import torch"] if told else [])) + (
        f"x = last(draw(model, {seed}, {count}, temperature={temperature:g}{told}))\n"
        f"chances = model.chances(model.logits(x{told}))[{k}, {i}, {j}]\n"
        f"print(chances, x[{k}, 0, {i}, {j}])\n"
    )


def clicked(checkpoint: str, count: float, clicks: int, event: gr.SelectData) -> tuple[int, ...]:
    """A click on the sheet -> picture, row, column, and one more click."""
    k, i, j = place(event.index, int(count), models.side(checkpoint))
    return k + 1, i + 1, j + 1, clicks + 1


def layout(tab: kit.Tab) -> None:
    with tab.view("sample", "Watch it draw", "Míralo dibujar") as view:
        with view.controls():
            seed = kit.seed()
            count = kit.slider(1, 64, 16, t("How many at once", "Cuántas a la vez"), step=1)
            temperature = kit.slider(0, 1.5, 1, t("Temperature", "Temperatura"), step=0.05)
            label = models.label_choice()
            pace = pace_slider(5)
        with view.result():
            with gr.Row():
                with gr.Column(min_width=260):
                    heading("Drawn so far: click a pixel", "Lo dibujado: haz clic en un píxel")
                    sheet_of = pictures()
                with gr.Column(min_width=260):
                    heading("The surprise of each pixel", "La sorpresa de cada píxel")
                    surprise = pictures()
            note = kit.html()
            with gr.Row():
                with gr.Column(scale=2, min_width=220):
                    page = pictures()
                with gr.Column(scale=3, min_width=260):
                    chart = kit.html()
        with view.result(), gr.Accordion(t("The film (GIF)", "La película (GIF)"), open=False):
            film = kit.picture(height=320, elem_classes="pixels")
        inputs = [tab.checkpoint, seed, count, temperature, label]
        view.run(sample, [*inputs, pace], [sheet_of, surprise, film, note], ("Draw", "Dibujar"), sample_code)
        with view.controls():
            at = [kit.slider(1, 64, 1, t("Picture", "Imagen"), step=1)]
            with gr.Row():
                at.append(kit.slider(1, 28, 8, t("Row", "Fila"), step=1, min_width=120))
                at.append(kit.slider(1, 28, 8, t("Column", "Columna"), step=1, min_width=120))
        words = ("What could it have been?", "¿Qué pudo ser?")
        view.run(pixel, [*inputs, *at], [page, chart], words, pixel_code, name="pixel")
        clicks = gr.State(0)
        for picture in (sheet_of, surprise):
            picture.select(clicked, [tab.checkpoint, count, clicks], [*at, clicks], **QUIET)
        view.on([clicks.change, *(v.release for v in at)], pixel)
