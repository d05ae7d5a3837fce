"""The checkpoints of the tab: three classes, two sets of pictures, from two to 256 greys."""

from __future__ import annotations

import json
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from demos import kit
from demos.kit import card, fashion, t
from genmodels import hub
from genmodels.autoregressive.checkpoints import GATED_PIXELCNN, PIXELCNN, PIXELRNN

if TYPE_CHECKING:
    from torch import Tensor

CLASSES = {"GatedPixelCNN": GATED_PIXELCNN, "PixelCNN": PIXELCNN, "PixelRNN": PIXELRNN}
MODULES = {"GatedPixelCNN": "gated_pixelcnn", "PixelCNN": "pixelcnn", "PixelRNN": "pixelrnn"}
GATED, MNIST, MIXTURE = (c.name for c in GATED_PIXELCNN)
SMALL = (PIXELCNN[0], PIXELRNN[0], GATED_PIXELCNN[0])  # those of 16 x 16 in four greys, in historical order
MODELS = (GATED_PIXELCNN[0], PIXELCNN[0], PIXELRNN[0], *GATED_PIXELCNN[1:])
ANY, EACH = -1, -2  # for a label: not told, and one class after another


def kind(checkpoint: str) -> str:
    """The class of a checkpoint."""
    return next(name for name, table in CLASSES.items() if checkpoint in {c.name for c in table})


def use(checkpoint: str) -> Any:
    cls = kind(checkpoint)
    return kit.model(getattr(import_module(f"genmodels.autoregressive.{MODULES[cls]}"), cls), checkpoint)


@cache
def config(checkpoint: str) -> dict[str, Any]:
    """What its config.json says: enough to lay out its pictures before the model is loaded."""
    return json.loads((hub.WEIGHTS / checkpoint / "config.json").read_text())


def side(checkpoint: str) -> int:
    return config(checkpoint)["size"][0]


def levels(checkpoint: str) -> int:
    return config(checkpoint)["levels"]


def knows_classes(checkpoint: str) -> bool:
    return config(checkpoint).get("classes", 0) > 0


def measured(checkpoint: str, key: str = "bits_per_dim") -> float:
    return card.metrics(checkpoint)["measures"][key]


def title(checkpoint: str, lang: str) -> str:
    return card.title(next(c for c in MODELS if c.name == checkpoint), lang)


def told(checkpoint: str, label: int, count: int) -> dict[str, Tensor]:
    """The condition of `count` pictures: nothing for a model that can't be told, or isn't."""
    import torch

    if label == ANY or not knows_classes(checkpoint):
        return {}
    each = torch.arange(count) % 10 if label == EACH else torch.full((count,), label)
    return {"labels": each.to(kit_device())}


def kit_device() -> Any:
    from genmodels import runtime

    return runtime.device()


def told_code(checkpoint: str, label: int, count: int) -> str:
    """The same as an argument of a snippet."""
    if label == ANY or not knows_classes(checkpoint):
        return ""
    each = f"torch.arange({count}) % 10" if label == EACH else f"torch.full(({count},), {label})"
    return f", labels={each}"


def label_choice(*, each: bool = True) -> Any:
    choices = [(t("any: the model isn't told", "cualquiera: no se le dice"), ANY)]
    choices += [(t("one after another", "una después de otra"), EACH)] if each else []
    choices += [(t(f"{k} · {en}", f"{k} · {es}"), k) for k, (en, es) in enumerate(fashion.CLASSES)]
    words = t(
        "Class, for those that may be told: digit · garment", "Clase, si se le puede decir: dígito · prenda"
    )
    return kit.choice(choices, words)


def loading(checkpoint: str, *more: str) -> str:
    """The lines that snippets begin with."""
    cls = kind(checkpoint)
    lines = [*more, f"from genmodels.autoregressive.{MODULES[cls]} import {cls}"]
    lines.sort(key=lambda line: (line.startswith("from genmodels"), line.split()[1]))
    return "\n".join(lines) + f'\n\nmodel = {cls}.from_pretrained("{checkpoint}")\n'
