"""The four flows behind one thin interface: which class a name has, its codes, its pictures, what they cost.

A Glow or a RealNVP has a density of pictures in grey levels, which makes bits per value; a TarFlow one of
pictures with noise, in nats, which compare with nothing but themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import log
from typing import TYPE_CHECKING, Any

from demos import kit
from demos.kit import card, say
from genmodels.flow.checkpoints import FLOW_FACES, FLOW_FASHION

if TYPE_CHECKING:
    from torch import Tensor

FLOWS = (*FLOW_FACES, *FLOW_FASHION)
GLOW, TARFLOW = (c.name for c in FLOW_FACES)
GARMENTS, REALNVP = (c.name for c in FLOW_FASHION)
CLASSES = {
    GLOW: ("Glow", "glow"),
    GARMENTS: ("Glow", "glow"),
    REALNVP: ("RealNVPImages", "realnvp_images"),
    TARFLOW: ("TarFlow", "tarflow"),
}
SHORT = {
    GLOW: ("Glow, faces", "Glow, caras"),
    TARFLOW: ("TarFlow, faces", "TarFlow, caras"),
    GARMENTS: ("Glow, garments", "Glow, prendas"),
    REALNVP: ("RealNVP, garments", "RealNVP, prendas"),
}
PART = 8  # pictures at a time: the first appear at once


def kind(name: str) -> Any:
    from genmodels.flow.glow import Glow
    from genmodels.flow.realnvp_images import RealNVPImages
    from genmodels.flow.tarflow import TarFlow

    return {c.__name__: c for c in (Glow, RealNVPImages, TarFlow)}[CLASSES[name][0]]


def use(name: str) -> Any:
    return kit.model(kind(name), name)


def of_faces(name: str) -> bool:
    return name in (GLOW, TARFLOW)


def levelled(name: str) -> bool:
    """Whether its density is of grey levels, so that it says bits."""
    return name != TARFLOW


def short(name: str, lang: str) -> str:
    return say(lang, *SHORT[name])


def shape(model: Any) -> tuple[int, int, int]:
    c = model.config
    return c.channels, c.size, c.size


def values(model: Any) -> int:
    """How many numbers a picture is, and its code."""
    c, h, w = shape(model)
    return c * h * w


def noise(model: Any, seed: int, count: int) -> Tensor:
    """(count, C, H, W), row k of seed + k."""
    from genmodels import runtime

    return runtime.noise(seed, count, shape(model))


def noised(model: Any, x: Tensor, seed: int = 0) -> Tensor:
    """Pictures in [-1, 1] as the flow takes them: each grey level spread over its width, or noise added."""
    from genmodels import runtime

    return model.noised(x.to(model.device), runtime.generators(seed, len(x))).to(model.dtype)


def code(model: Any, x: Tensor, seed: int = 0) -> Tensor:
    """The codes of pictures, on the CPU."""
    return model(noised(model, x, seed))[0].float().cpu()


def pictures(model: Any, z: Tensor) -> Tensor:
    """Pictures of codes, in [-1, 1], on the CPU; a TarFlow's are cleaned."""
    return model.shown(model.inverse(z.to(model.device, model.dtype))[0]).float().cpu()


def in_parts(model: Any, z: Tensor) -> Iterator[Tensor]:
    yield from (pictures(model, part) for part in z.split(PART))


def cost(model: Any, y: Tensor) -> Tensor:
    """What pictures as the flow takes them cost per value, (B,): bits, or a TarFlow's nats."""
    nats = -model.log_prob(y).float().cpu() / y[0].numel()
    return model.config.bits + nats / log(2) if hasattr(model.config, "bits") else nats


def unit(name: str, lang: str) -> str:
    """What `cost` is in."""
    if levelled(name):
        return say(lang, "bits per value", "bits por valor")
    return say(lang, "nats per value, of noisy pictures", "nats por valor, de imágenes con ruido")


def measured(name: str, key: str) -> float | None:
    return card.metrics(name).get("measures", {}).get(key)


def loading(name: str, *more: str) -> str:
    """The lines of a snippet that load a model as `flow`, after further imports."""
    cls, module = CLASSES[name]
    lines = (*more, f"from genmodels.flow.{module} import {cls}")
    plain = sorted(line for line in lines if line.startswith("import "))
    ours = sorted(line for line in lines if not line.startswith("import "))
    imports = "\n".join(plain) + ("\n\n" if plain else "") + "\n".join(ours)
    return f'{imports}\n\nflow = {cls}.from_pretrained("{name}")\n'
