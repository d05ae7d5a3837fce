"""The network of digits, a digit to start from, and how a picture full of noise is shown."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from demos import kit
from demos.kit import fashion, pixels, plates, t
from demos.kit.digits import like_mnist

if TYPE_CHECKING:
    from torch import Tensor

SIDE = 28
LEVELS, STEPS = 80, 5  # what the sliders start at
TYPE = 33  # of captions, on a plate of about 950 pixels
SECONDS = 4  # that a way down the ladder takes at least, so that it is seen


def use(checkpoint: str) -> AbstractContextManager[Any]:
    from genmodels.energy.ncsn import NCSN

    return kit.model(NCSN, checkpoint)


def scored(model: Any) -> Any:
    """Its score, of what lies on this machine's CPU."""
    return lambda x, sigma: model.score(x.to(model.device), sigma).float().cpu()


def told(model: Any, x: Tensor, sigma: float) -> Tensor:
    """The noise that it sees on x, in units of sigma."""
    return model.noise(x.to(model.device), sigma).float().cpu()


def digit_of(drawing: Image.Image | None, which: int, variant: int, lang: str) -> tuple[Tensor, str]:
    """The visitor's digit, or ours, (1, 1, 28, 28) in [-1, 1]; and what was done to it."""
    import torch

    from genmodels.data.digits import digit

    page, note = (digit(which, variant), "") if drawing is None else like_mnist(drawing, lang)
    note = fashion.listed(note, lang) if note else ""
    return torch.from_numpy(np.asarray(page, np.float32))[None, None] / 127.5 - 1, note


def digit_code(which: int, variant: int) -> str:
    """The same in a snippet."""
    return (
        f"page = np.array(digit({which}, {variant}), np.float32)  # or yours: 28 x 28, white on black\n"
        "x = torch.from_numpy(page)[None, None] / 127.5 - 1\n"
    )


def loading(checkpoint: str, *more: str) -> str:
    imports = sorted({"import torch", "from genmodels.energy.ncsn import NCSN", *more}, key=order)
    return "\n".join(imports) + f'\n\nmodel = NCSN.from_pretrained("{checkpoint}")\n'


def order(line: str) -> tuple[bool, str]:
    return line.startswith("from genmodels"), line


def dimmed(x: Tensor, sigma: float, config: Any) -> Tensor:
    """x with the contrast of a digit, whatever the noise on it: what the network gets, too."""
    return config.mean + (x - config.mean) * config.std / (config.std**2 + sigma**2) ** 0.5


def rgb(x: Tensor) -> Tensor:
    return x.clamp(-1, 1).expand(-1, 3, -1, -1)


def shown(x: Tensor, caption: str, columns: int, width: int, note: str = "") -> Image.Image:
    """Pictures on a sheet with square pixels, under a caption whose type is the same beside any sheet."""
    sheet, head = pixels.sheet(rgb(x), "", columns, width), round(1.4 * TYPE)
    page = Image.new("RGBA", (sheet.width, sheet.height + head))
    pen, type = ImageDraw.Draw(page), plates.fit(f"{caption}  {note}", sheet.width, TYPE)
    pen.text((1, TYPE), caption, (*plates.CAPTION, 255), type, "ls")
    pen.text((sheet.width - 1, TYPE), note, (*plates.CAPTION, 255), type, "rs")
    page.paste(sheet, (0, head))
    return page


def eta_of(share: float, sigmas: list[float], steps: int) -> float:
    """The share of the way that a step takes: as asked, or what keeps the noise right (technique 4)."""
    from genmodels.energy.annealed import stride

    return share or stride(sigmas[0] / sigmas[1], steps)


def ladder_controls(levels: int = LEVELS, steps: int = STEPS) -> tuple[Any, Any]:
    """How the ladder is walked down."""
    return (
        kit.slider(5, 160, levels, t("Levels of noise", "Niveles de ruido"), step=1),
        kit.slider(1, 10, steps, t("Steps at each level", "Pasos en cada nivel"), step=1),
    )


def board() -> Any:
    return kit.drawing(t("A digit", "Un dígito"))
