"""The checkpoints of the tab, where chains start, and how likely the pictures of the test set are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from PIL import Image

from demos import kit
from demos.kit import card, fashion, say, t
from demos.kit.digits import like_mnist
from genmodels.data.digits import digit
from genmodels.energy.checkpoints import DBN, RBM

if TYPE_CHECKING:
    from torch import Tensor

MODELS = RBM
LARGE, SMALL = (c.name for c in RBM)
TOP = DBN[0].name
SIDE, PIXELS = 28, 28 * 28


def use(checkpoint: str) -> Any:
    from genmodels.energy.rbm import RBM as Machine

    return kit.model(Machine, checkpoint)


@contextmanager
def network() -> Iterator[Any]:
    """The deep belief network: the large machine with the labelled one on top."""
    from genmodels.energy.dbn import DBN as Network
    from genmodels.energy.dbn import LabelledRBM

    with use(LARGE) as bottom, kit.model(LabelledRBM, TOP) as top:
        yield Network(bottom, top)


def measured(checkpoint: str, key: str) -> float:
    return card.metrics(checkpoint)["measures"][key]


def typical(checkpoint: str) -> float:
    """The mean free energy of test digits: what they cost, less log Z."""
    return measured(checkpoint, "nats") - measured(checkpoint, "log_z")


# ------------------------------------------------------------------------------ where a chain starts


def picture(drawing: Image.Image | None, which: int, variant: int, lang: str) -> tuple[Tensor, str]:
    """The visitor's digit, or ours: (1, 784) of 0 and 1, and what was done to it."""
    import torch

    page, done = (digit(which, variant), []) if drawing is None else like_mnist(drawing, lang)
    if drawing is not None:
        done.append(say(lang, "then cut to black and white", "y después llevada a blanco y negro"))
    v = torch.from_numpy((np.asarray(page) > 127).astype(np.float32)).reshape(1, -1)
    return v, fashion.listed(done, lang) if done else ""


def static(seed: int, count: int) -> Tensor:
    """Pixels by the toss of a coin, a seed for each picture: (count, 784)."""
    import torch

    from genmodels import runtime

    return torch.stack([torch.rand(PIXELS, generator=g) for g in runtime.generators(seed, count)]).round()


def picture_code(which: int, variant: int) -> str:
    """A start in a snippet; its imports are `PICTURE`."""
    return (
        f"page = np.array(digit({which}, {variant}))  # or yours: 28 x 28, white on black\n"
        "v = torch.from_numpy(page > 127).float().reshape(1, 784)\n"
    )


PICTURE = ("import numpy as np", "import torch", "from genmodels.data.digits import digit")


def loading(checkpoint: str, *more: str, names: str = "RBM") -> str:
    """The lines that snippets begin with. `names`: what comes from the module of the machine."""
    lines = [*more, f"from genmodels.energy.rbm import {names}"]
    lines.sort(key=lambda line: (line.startswith("from genmodels"), line.split()[1]))
    return "\n".join(lines) + f'\n\nrbm = RBM.from_pretrained("{checkpoint}")\n'


# ------------------------------------------------------------------------------ controls that views share


def board() -> Any:
    with gr.Accordion(t("Or draw, or drop a picture", "O dibuja, o suelta una imagen"), open=False):
        return kit.drawing(t("A digit", "Un dígito"))
