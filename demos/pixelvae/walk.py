"""From one code to another, with the chance of the pixels held fixed, so that only what z says changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PIL import Image

from demos import kit
from demos.kit import plates, say, t
from demos.pixelvae.pictures import block, by_rows, code, seen, start, start_code, use

if TYPE_CHECKING:
    from torch import Tensor

COLUMNS = 9  # frames in a row of the strip


def walk(
    checkpoint: str, kind: int, variant: int, to_kind: int, to_variant: int,
    seed: int, frames: int, fixed: bool, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """A film along the straight line between two codes; every frame takes the same chances, or its own."""
    import torch

    from genmodels.autoregressive import sampling

    with use(checkpoint) as model:
        a, b = code(model, kind, variant), code(model, to_kind, to_variant)
        share = torch.linspace(0, 1, frames, device=model.device, dtype=model.dtype)[:, None]
        seeds = [seed] * frames if fixed else seed  # a single one goes on counting
        caption = say(lang, "frame by frame", "cuadro por cuadro")
        for x, done in by_rows(sampling.draw(model, seeds, frames, z=a + share * (b - a))):
            strip = block(caption, seen(x, done), COLUMNS)
            yield large(seen(x[:1], done)), strip, {}
    film = kit.film([large(seen(f[None])) for f in x], fps=8, bounce=True)
    yield film, strip, {"changed": changed(x), "made": frames}


def large(x: Tensor) -> Image.Image:
    return kit.grid(x, 1, scale=20)


def changed(x: Tensor) -> float:
    """Share of pixels, in percent, that change from a frame to the next."""
    return 100 * (x[1:] != x[:-1]).float().mean().item()


def walk_code(
    checkpoint: str,
    kind: int,
    variant: int,
    to_kind: int,
    to_variant: int,
    seed: int,
    frames: int,
    fixed: bool,
) -> str:
    seeds = f"[{seed}] * {frames}" if fixed else seed
    return start_code(checkpoint, {"a": (kind, variant), "b": (to_kind, to_variant)}) + (
        f"z = a + torch.linspace(0, 1, {frames})[:, None] * (b - a)\n"
        f"film = last(draw(model, {seeds}, {frames}, z=z))  # ({frames}, 1, 16, 16): 0 to 3\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("walk", "Walk", "Recorrer") as view:
        with view.controls():
            kind = start(t("From", "Desde"), 1)
            variant = kit.slider(0, 20, 3, t("Its variant, or its seed", "Su variante, o su semilla"), step=1)
            to_kind = start(t("To", "Hasta"), 9)
            to_variant = kit.slider(
                0, 20, 2, t("Its variant, or its seed", "Su variante, o su semilla"), step=1
            )
            seed = kit.seed(1, t("Seed of the pixels", "Semilla de los píxeles"))
            frames = kit.slider(9, 36, 18, t("Frames", "Cuadros"), step=9)
            fixed = kit.check(
                t("The same pixel noise in every frame", "El mismo ruido de píxeles en todos los cuadros"),
                True,
            )
        with view.result():
            film = kit.picture(height=340, elem_classes="pixels")
            strip = plates.view()
        inputs = [tab.checkpoint, kind, variant, to_kind, to_variant, seed, frames, fixed]
        view.run(walk, inputs, [film, strip], ("Walk", "Recorrer"), walk_code)
        view.on([fixed.input], walk)
