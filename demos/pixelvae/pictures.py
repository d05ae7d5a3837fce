"""What the views share: garments in four greys, the model that holds them, and a drawing in progress."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from demos import kit
from demos.kit import fashion, plates, t

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.autoregressive.sampling import Step

SIDE = 16  # pixels a side
TILE = 8 * SIDE  # of a picture on the page
BLANK = (0.16, 0.02, -0.14)  # the colour of a pixel that is not drawn yet, in [-1, 1]
HEAT = ((0.0, (14, 16, 20)), (0.35, (120, 44, 38)), (0.7, (232, 126, 54)), (1.0, (255, 236, 190)))
RANDOM = -1  # the kind of a start that is no garment: a z drawn from N(0, I)


def use(checkpoint: str) -> Any:
    from genmodels.autoregressive.pixelvae import PixelVAE

    return kit.model(PixelVAE, checkpoint)


def levels(page: Image.Image) -> Tensor:
    """A garment of 28 x 28 -> its four greys, (1, 1, 16, 16)."""
    import torch

    from genmodels.data import greys

    return torch.from_numpy(greys.small(np.asarray(page)[None])).long()[None]


def code(model: Any, kind: int, variant: int) -> Tensor:
    """The mean code of one of our garments, or the z of a seed: (1, latent), on the model's device."""
    from genmodels.data.garments import garment
    from genmodels.runtime import noise

    if kind == RANDOM:
        return noise(variant, 1, (model.config.latent,)).to(model.device, model.dtype)
    return model.encode(levels(garment(kind, variant)).to(model.device)).mean.to(model.dtype)


def by_rows(steps: Iterator[Step]) -> Iterator[tuple[Tensor, int]]:
    """The pictures after each finished row, and how many rows are finished."""
    for step in steps:
        if step.j == step.x.shape[-1] - 1:
            yield step.x.cpu(), step.i + 1


def seen(x: Tensor, rows: int = SIDE) -> Tensor:
    """Levels (B, 1, 16, 16) -> pictures (B, 3, 16, 16) in [-1, 1]; from row `rows` on still blank."""
    from genmodels.data import greys

    shown = greys.to_image(x).expand(-1, 3, -1, -1).clone()
    for channel, value in enumerate(BLANK):
        shown[:, channel, rows:] = value
    return shown


def block(caption: str, x: Tensor, columns: int, tile: int = TILE, **kwargs: Any) -> Image.Image:
    """A captioned block of small pictures whose pixels stay square."""
    factor = tile // x.shape[-1]
    large = x.repeat_interleave(factor, -1).repeat_interleave(factor, -2)
    return plates.block(caption, large, columns=columns, tile=tile, **kwargs)


def heat(x: Tensor, top: float) -> Tensor:
    """Numbers (B, H, W) from 0 to `top` -> colours (B, 3, H, W) in [-1, 1]."""
    import torch

    share = (x / top).clamp(0, 1).numpy()
    places, colours = zip(*HEAT, strict=True)
    channels = [np.interp(share, places, [c[k] for c in colours]) for k in range(3)]
    return torch.from_numpy(np.stack(channels, 1)).float() / 127.5 - 1


def start(label: Any, kind: int) -> Any:
    """A picker of one of our garments, or of a random code."""
    kinds = [(t(*words), k) for k, words in enumerate(fashion.CLASSES)]
    return kit.choice([*kinds, (t("random z, from N(0, I)", "z al azar, de N(0, I)"), RANDOM)], label, kind)


def start_code(checkpoint: str, starts: dict[str, tuple[int, int]]) -> str:
    """The lines that make the model and one code per name, from its kind and its variant."""
    kinds = [kind for kind, _ in starts.values()]
    lines = ["import torch", "from genmodels.autoregressive.pixelvae import PixelVAE"]
    lines += ["from genmodels.autoregressive.sampling import draw, last"]
    painted = any(kind != RANDOM for kind in kinds)
    if painted:
        lines[0] = "import numpy as np\nimport torch"
        lines += ["from genmodels.data.garments import garment", "from genmodels.data.greys import small"]
    if RANDOM in kinds:
        lines += ["from genmodels.runtime import noise"]
    lines += [f'\nmodel = PixelVAE.from_pretrained("{checkpoint}")']
    if painted:
        lines += [
            "grey = lambda *which: torch.from_numpy(small(np.array(garment(*which))[None])).long()[None]"
        ]
    for name, (kind, variant) in starts.items():
        garment = f"model.encode(grey({kind}, {variant})).mean"
        lines += [f"{name} = " + (f"noise({variant}, 1, (32,))" if kind == RANDOM else garment)]
    return "\n".join(lines) + "\n"
