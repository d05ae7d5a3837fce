"""Pictures to order, and under each what a reader takes it for."""

from __future__ import annotations

from collections.abc import Iterator

from demos import kit
from demos.guidance import drawing, reading, sheets
from demos.kit import denoisers, plates, readers, t
from demos.kit.pixels import Pace

EACH = "each"
ALL = ("each in turn", "todas, por turno")


def classes(
    checkpoint: str, seed: int, count: int, scale: float, steps: int, faces: str, fashion: str,
    sprites: str, emoji: str, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Pictures of a class, or of each in turn, as they come out of the noise; with a reader's verdict."""
    told = order(checkpoint, count, faces, fashion, sprites, emoji)
    lines = sheets.lines_of(checkpoint)
    columns, time = max(1, round((1.5 * count) ** 0.5)), Pace(1, 0)
    with denoisers.use(checkpoint) as denoise:
        x, grid = drawing.noise(denoise, seed, count, steps)
        for made in drawing.paint(x, grid, drawing.ordered(denoise, told, scale)):
            if time.due(0):
                yield sheets.sheet(made, columns, lines=lines), {}
    found = readers.read(checkpoint, made)
    figures = {"obeyed": reading.obeyed(told, found.found())} if found.found() and max(told) >= 0 else {}
    feet = sheets.feet(checkpoint, told, found, lang)
    yield sheets.sheet(made, columns, feet=feet, lines=lines), figures | {"made": count}


def order(checkpoint: str, count: int, *words: str) -> list[int]:
    """The class of each picture."""
    if denoisers.said(checkpoint, *words) == EACH:
        return [k % drawing.classes(checkpoint) for k in range(count)]
    return [denoisers.asked(checkpoint, *words)] * count


def classes_code(
    checkpoint: str, seed: int, count: int, scale: float, steps: int, faces: str, fashion: str,
    sprites: str, emoji: str,
) -> str:  # fmt: skip
    told = order(checkpoint, count, faces, fashion, sprites, emoji)
    return (
        drawing.start_code(checkpoint, seed, count, steps, drawing.GUIDED)
        + drawing.labels_code(checkpoint, told)
        + f"*_, last = samplers.dpm(guided(denoise, labels, {scale:g}), x, sigmas)\n"
        "pictures = last.x  # in [-1, 1]\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("classes", "To order", "A pedido") as view:
        with view.controls():
            told = denoisers.pickers(*[EACH] * 4, more=((ALL, EACH),))
            seed = kit.seed(1)
            count = kit.slider(1, 36, 12, t("Pictures", "Imágenes"), step=1)
            scale, steps = drawing.scale_slider(), drawing.steps_slider()
        with view.result():
            picture = plates.view()
        inputs = [tab.checkpoint, seed, count, scale, steps, *told]
        view.run(classes, inputs, [picture], ("Draw", "Dibujar"), classes_code)
        view.on([*(p.input for p in told), count.release, scale.release, steps.release], classes)
