"""New faces from noise, what the judge says of each, and what is gained by letting it choose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from demos import kit
from demos.gan import models
from demos.gan.shown import labelled
from demos.kit import plates, say, t

if TYPE_CHECKING:
    from torch import Tensor

FREE = 4.0  # a threshold that cuts off 6 numbers in 100,000: as good as none
QUARTER = 4  # of so many drawn, one is kept


def cut(threshold: float) -> float:
    return float("inf") if threshold >= FREE else threshold


def sample(
    checkpoint: str, seed: int, count: int, threshold: float, order: str, scores: bool, lang: str
) -> Iterator[tuple]:
    """A grid of new faces with their scores: as the seeds come, the best first, or the best of four times
    as many."""
    import torch

    many = count * (QUARTER if order == "quarter" else 1)
    faces: list[Tensor] = []
    found: list[Tensor] = []
    with models.use(checkpoint) as model:
        for z in models.parts(models.noise(model, seed, many, cut(threshold))):
            faces.append(models.draw(model, z))
            found.append(models.score(model, faces[-1]))
            x, s = torch.cat(faces), torch.cat(found)
            which = chosen(s, order, count)
            page = grid(x[which], s[which], count, scores, checkpoint, lang)
            yield page, {"made": len(x), "mean_score": s[which].mean().item()}


def chosen(s: Tensor, order: str, count: int) -> Tensor:
    """Which pictures are shown, in which order."""
    import torch

    return torch.arange(len(s))[:count] if order == "seed" else s.argsort(descending=True)[:count]


def grid(x: Tensor, s: Tensor, count: int, scores: bool, checkpoint: str, lang: str) -> Any:
    columns = max(1, round((1.6 * count) ** 0.5))
    tile = min(256, 1280 // columns)
    if not scores:
        return plates.block("", x, columns=columns, tile=tile, places=count)
    words = [models.signed(v, lang) for v in s.tolist()]
    caption = say(lang, "score: ", "puntaje: ") + models.scale(checkpoint, lang)
    return labelled(caption, x, words, columns=columns, tile=tile, places=count)


def sample_code(checkpoint: str, seed: int, count: int, threshold: float, order: str, scores: bool) -> str:
    many = count * (QUARTER if order == "quarter" else 1)
    limit = "" if threshold >= FREE else f", {threshold:g}"
    code = models.loading(checkpoint, "from genmodels.gan.latent import truncated")
    code += f"x = gan.generator(truncated({seed}, {many}, gan.config.latent{limit}))  # ({many}, 3, 64, 64)\n"
    code += f"score = {models.judging(checkpoint)}(x)\n"
    return code + ("" if order == "seed" else f"x = x[score.argsort(descending=True)[:{count}]]\n")


def threshold_slider(value: float = FREE) -> Any:
    words = t("Truncate the noise at (4: not at all)", "Truncar el ruido en (4: nada)")
    return kit.slider(0, FREE, value, words, step=0.1)


def layout(tab: kit.Tab) -> None:
    with tab.view("sample", "Sample", "Muestrear") as view:
        with view.controls():
            seed = kit.seed(1)
            count = kit.slider(1, 40, 12, t("Faces", "Caras"), step=1)
            threshold = threshold_slider()
            orders = [
                (t("As the seeds come", "Como vienen las semillas"), "seed"),
                (t("By score, the best first", "Por puntaje, la mejor primero"), "best"),
                (
                    t("The best quarter of four times as many", "El mejor cuarto de cuatro veces más"),
                    "quarter",
                ),
            ]
            order = kit.choice(orders, t("Which", "Cuáles"))
            scores = kit.check(t("What the judge says of each", "Lo que el juez dice de cada una"), True)
        with view.result():
            picture = plates.view()
        inputs = [tab.checkpoint, seed, count, threshold, order, scores]
        view.run(sample, inputs, [picture], ("Sample", "Muestrear"), sample_code)
        view.on([threshold.release, count.release, order.input, scores.input], sample)
