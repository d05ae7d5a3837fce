"""The models of the plane, the codes of the 10,000 test images, and the picture of both to draw on."""

from functools import lru_cache
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image, ImageDraw

from demos import kit
from demos.kit import card, fashion, t
from demos.kit.images import to_array
from demos.kit.plane import ALARM, Plane, Plot
from genmodels import hub
from genmodels.autoencoders.checkpoints import VAE_PLANE

FLAT = tuple(c for c in VAE_PLANE if c.name != "vae-plane-dae64")  # those with two numbers
SIDE = 800  # pixels of the plane's picture
TILES = 16  # decoded garments along a side of it
HOLE = 1 / 40  # of the window: a point with no test code as near as this is in a hole
OUT = 0.002  # of the codes that a box leaves out at each side
# of a click: through the queue, without which the browser isn't told that the count of clicks changed
QUIET = {"concurrency_limit": None, "api_visibility": "private", "show_progress": "hidden"}


def kind(checkpoint: str) -> str:
    """The class of a checkpoint of the family."""
    key = checkpoint.removeprefix("vae-plane-")
    return {"pca": "PCA", "ae": "Autoencoder", "dae": "Autoencoder", "dae64": "Autoencoder"}.get(key, "VAE")


def use(checkpoint: str) -> Any:
    from genmodels.autoencoders import vae_plane

    return kit.model(getattr(vae_plane, kind(checkpoint)), checkpoint)


def name(checkpoint: hub.Checkpoint, lang: str) -> str:
    return card.title(checkpoint, lang)


@lru_cache
def codes(checkpoint: str) -> tuple[np.ndarray, np.ndarray]:
    """Codes (10000, 2) and classes (10000,) of the test images."""
    from safetensors.numpy import load_file

    found = load_file(hub.folder(checkpoint) / "plane.safetensors")
    return found["mean"].astype(float), found["label"]


@lru_cache
def box(checkpoint: str) -> tuple[np.ndarray, np.ndarray]:
    """The corners of the box around the codes, but for a few strays."""
    low, high = np.quantile(codes(checkpoint)[0], (OUT, 1 - OUT), axis=0)
    return low, high


def window(checkpoint: str, cdf: bool = False) -> Plane:
    """The box, and the middle of N(0, I)."""
    return Plane.around(np.array(box(checkpoint)), cdf, least=3)


def decode(checkpoint: str, z: np.ndarray) -> Any:
    """(N, 2) codes -> (N, 1, 28, 28) in [-1, 1]."""
    import torch

    with use(checkpoint) as model:
        z = torch.as_tensor(np.asarray(z), dtype=torch.float32)
        return model.decode(z.to(next(model.parameters()).device)).float().cpu().clamp(-1, 1)


@lru_cache(maxsize=64)
def tiles(checkpoint: str, plane: Plane, n: int) -> np.ndarray:
    """What an n by n grid over the plane decodes to, as bytes."""
    return to_array(decode(checkpoint, plane.grid(n)))


@lru_cache(maxsize=64)
def ground(
    checkpoint: str, plane: Plane, side: int, across: int = 0, dots: bool = True, only: int = -1
) -> Image.Image:
    """The plane with tiles (`across` a side), dots by class and axes. It is shared: draw on a copy."""
    plot, (at, label) = Plot(plane, side), codes(checkpoint)
    if across:
        plot.tiles(tiles(checkpoint, plane, across), light=0.6 if dots else 1)
    if dots:
        colours, radius = fashion.COLOURS[label], 2.4 if side == SIDE else 1.7
        if only >= 0:
            rest = label != only
            plot.points(at[rest], np.full((rest.sum(), 3), 110.0), 0.8 * radius, 0.3)
            at, colours = at[~rest], colours[~rest]
        plot.points(at, colours, *((0.8 * radius, 0.7) if across else (radius, 1.0)))
    return plot.ring(2).axes(size=19 if side == SIDE else 17).image


def plot(checkpoint: str, plane: Plane, across: int = 0, only: int = -1) -> Plot:
    """The plane, to draw marks on."""
    return Plot(plane, SIDE, ground(checkpoint, plane, SIDE, across, True, only).copy())


def distances(checkpoint: str, z: np.ndarray) -> np.ndarray:
    """(M, 2) codes -> (M, 10000) distances to the test codes."""
    return np.linalg.norm(z[:, None] - codes(checkpoint)[0][None], axis=-1)


def in_hole(checkpoint: str, z: np.ndarray) -> np.ndarray:
    """Which of (M, 2) codes are where no test image's code is near."""
    return distances(checkpoint, z).min(1) > HOLE * window(checkpoint).width


def strip(x: Any, holes: np.ndarray, columns: int) -> Image.Image:
    """Garments in rows, those from holes underlined in red."""
    scale, gap = 3, 3
    page, cell = kit.grid(x, columns, scale=scale, gap=gap, ground=0), 28 * scale
    draw = ImageDraw.Draw(page)
    for k in np.flatnonzero(holes[: len(x)]):
        left, top = (int(i) * (28 + gap) * scale for i in (k % columns, k // columns))
        draw.rectangle((left, top + cell - 5, left + cell - 1, top + cell - 1), ALARM)
    return page


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def pair(v: np.ndarray, lang: str) -> str:
    """A point as the language writes it."""
    text = ", ".join(f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.2g}" for value in v).replace("-", "−")
    return f"({text.replace(', ', '; ').replace('.', ',') if lang == 'es' else text})"


def loading(checkpoint: str, z: np.ndarray) -> str:
    """The lines that snippets share: the model, and codes."""
    cls, rows = kind(checkpoint), [[round(float(v), 4) for v in row] for row in np.atleast_2d(z)]
    return (
        f"import torch\nfrom genmodels.autoencoders.vae_plane import {cls}\n\n"
        f'model = {cls}.from_pretrained("{checkpoint}")\nz = torch.tensor({rows})\n'
    )


def clicked(count: int, event: gr.SelectData) -> tuple[float, float, int]:
    """A click on the plane -> parts of the window from its left and from its bottom, and one more click."""
    x, y = event.index
    return round(x / SIDE, 4), round(1 - y / SIDE, 4), count + 1


def titled(en: str, es: str, **kwargs: Any) -> Any:
    """A picture with its title above it: Gradio's own label would cover a corner of it."""
    kit.html(f"<p style='margin:0;color:var(--soft);font-size:16px'>{kit.both(en, es)}</p>")
    return kit.picture(t(en, es), show_label=False, **({"height": None} | kwargs))


def position(value: float, en: str, es: str) -> Any:
    return kit.slider(0, 1, value, t(en, es), step=0.005)
