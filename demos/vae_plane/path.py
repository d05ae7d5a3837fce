"""A walk between two points of the plane, as a film."""

from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np

from demos import kit
from demos.kit import t
from demos.kit.plane import ALARM, INK
from demos.vae_plane.codes import (
    QUIET,
    clicked,
    decode,
    in_hole,
    loading,
    percent,
    plot,
    position,
    strip,
    titled,
    window,
)


def path(
    checkpoint: str, across: float, up: float, to_across: float, to_up: float, frames: int, lang: str
) -> Iterator[tuple]:
    """Garments along the straight line between two points, as a film and as a strip. Red: a hole."""
    z = way(checkpoint, across, up, to_across, to_up, frames)
    holes, x = in_hole(checkpoint, z), decode(checkpoint, z)
    flat = (
        plot(checkpoint, window(checkpoint)).line(z, INK, 3).dots(z[~holes], INK, 5).dots(z[holes], ALARM, 6)
    )
    shown = flat.mark(z[0], "A").mark(z[-1], "B").image
    for k in range(4, frames, 4):
        yield shown, kit.grid(x[k - 1 : k], scale=10), strip(x[:k], holes, 8), {}
    film = kit.film([kit.grid(frame[None], scale=10) for frame in x], bounce=True)
    change = (x[1:] - x[:-1]).square().flatten(1).mean(1).sqrt()
    jump = f"{(change.max() / change.mean().clamp_min(1e-9)).item():.1f}×"
    found = {"holes_path": percent(holes.mean()), "jump": kit.say(lang, jump, jump.replace(".", ","))}
    yield shown, film, strip(x, holes, 8), found


def way(checkpoint: str, across: float, up: float, to_across: float, to_up: float, frames: int) -> np.ndarray:
    """(frames, 2) codes in a straight line."""
    first, last = window(checkpoint).code([(across, up), (to_across, to_up)])
    return np.linspace(first, last, frames)


def path_code(checkpoint: str, across: float, up: float, to_across: float, to_up: float, frames: int) -> str:
    ends = way(checkpoint, across, up, to_across, to_up, 2)
    return loading(checkpoint, ends) + (
        f"steps = torch.linspace(0, 1, {frames})[:, None]\n"
        f"film = model.decode(z[0] + steps * (z[1] - z[0]))  # ({frames}, 1, 28, 28)\n"
    )


def clicked_end(clicks: int, event: gr.SelectData) -> tuple[Any, ...]:
    """Odd clicks set the path's start, even ones its end."""
    *here, clicks = clicked(clicks, event)
    kept = gr.skip(), gr.skip()
    return (*here, *kept, clicks) if clicks % 2 else (*kept, *here, clicks)


def layout(tab: kit.Tab) -> None:
    with tab.view("path", "Path", "Recorrido") as view:
        with view.controls():
            ends = [
                position(0.35, "A, left to right", "A, de izquierda a derecha"),
                position(0.75, "A, bottom to top", "A, de abajo arriba"),
                position(0.75, "B, left to right", "B, de izquierda a derecha"),
                position(0.3, "B, bottom to top", "B, de abajo arriba"),
            ]
            frames = kit.slider(8, 48, 24, t("Frames", "Cuadros"), step=4)
        with view.result():
            with gr.Row():
                with gr.Column(scale=5, min_width=300):
                    flat = titled("One click sets A, the next sets B", "Un clic fija A, el siguiente fija B")
                with gr.Column(scale=2, min_width=180):
                    film = titled("Film", "Película", elem_classes="pixels")
            row = titled("Frame by frame; red: in a hole", "Cuadro por cuadro; rojo: en un hueco")
        inputs, outputs = [tab.checkpoint, *ends, frames], [flat, film, row]
        view.run(path, inputs, outputs, ("Walk", "Recorrer"), path_code)
        clicks = gr.State(0)
        flat.select(clicked_end, clicks, [*ends, clicks], **QUIET)
        view.on([*(e.release for e in ends), clicks.change], path)
