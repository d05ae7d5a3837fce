"""New garments: from the box around the codes, and from the prior. What is wrong with an autoencoder."""

from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np

from demos import kit
from demos.kit import t
from demos.vae_plane.codes import box, decode, in_hole, kind, percent, plot, strip, titled, window

ORANGE, BLUE = (255, 159, 64), (96, 184, 255)
STEP = 8  # garments between two pictures


def sample(checkpoint: str, seed: int, count: int) -> Iterator[tuple]:
    """New garments from codes drawn evenly in the box of the test codes, and from draws of N(0, I)."""
    both = drawn(checkpoint, seed, count)
    low, high = box(checkpoint)
    corners = np.array([low, (high[0], low[1]), high, (low[0], high[1]), low])
    flat = plot(checkpoint, window(checkpoint)).line(corners, ORANGE, 3)
    shown = flat.dots(both[0], ORANGE, 5).dots(both[1], BLUE, 5).image
    holes = [in_hole(checkpoint, z) for z in both]
    made: list[Any] = [None, None]
    for k in range(0, count, STEP):
        new = [decode(checkpoint, z[k : k + STEP]) for z in both]
        made = [joined(old, x) for old, x in zip(made, new, strict=True)]
        yield (
            shown,
            *(strip(x, h, 8 if count > 16 else 4) for x, h in zip(made, holes, strict=True)),
            found(holes) | {"made": 2 * min(count, k + STEP)},
        )


def drawn(checkpoint: str, seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes (count, 2) from the box and from N(0, I). The k-th depends on seed + k only."""
    import torch

    from genmodels.runtime import generators, noise

    low, high = box(checkpoint)
    even = torch.stack([torch.rand(2, generator=g) for g in generators(seed, count)]).double().numpy()
    return low + even * (high - low), noise(seed, count, (2,)).double().numpy()


def joined(old: Any, new: Any) -> Any:
    import torch

    return new if old is None else torch.cat([old, new])


def found(holes: list[np.ndarray]) -> dict[str, str]:
    return {"holes_box": percent(holes[0].mean()), "holes_prior": percent(holes[1].mean())}


def sample_code(checkpoint: str, seed: int, count: int) -> str:
    cls = kind(checkpoint)
    return (
        f"from genmodels.autoencoders.vae_plane import {cls}\nfrom genmodels.runtime import noise\n\n"
        f'model = {cls}.from_pretrained("{checkpoint}")\n'
        f"garments = model.decode(noise({seed}, {count}, (2,)))  # from N(0, I): the blue ones\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("sample", "Sample", "Muestrear") as view:
        with view.controls():
            seed = kit.seed()
            count = kit.slider(8, 64, 32, t("How many of each", "Cuántas de cada tipo"), step=8)
        with view.result():
            with gr.Row():
                with gr.Column(min_width=260):
                    even = titled(
                        "From the box (orange); red: in a hole", "De la caja (naranja); rojo: en un hueco"
                    )
                with gr.Column(min_width=260):
                    prior = titled("From N(0, I) (blue)", "De N(0, I) (azul)")
            flat = titled("Where the codes fell", "Dónde cayeron los códigos")
        outputs = [flat, even, prior]
        view.run(sample, [tab.checkpoint, seed, count], outputs, ("Sample", "Muestrear"), sample_code)
