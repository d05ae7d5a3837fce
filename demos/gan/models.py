"""The four GANs behind one thin interface: which class a name has, its noise, its pictures, its scores.

A DCGAN's discriminator gives the logit of "real", a WGAN's critic a height. Both are called the judge here,
and both are a number that is higher for pictures that look real to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from demos import kit
from demos.kit import plots, say
from genmodels.gan.checkpoints import DCGANS, WGANS

if TYPE_CHECKING:
    from torch import Tensor

GANS = (WGANS[0], *DCGANS, WGANS[1])  # as the picker offers them: the best first, the worst last
PENALISED, CLIPPED = (c.name for c in WGANS)
TRANSPOSED, REPEATED = (c.name for c in DCGANS)
SHORT = {
    PENALISED: ("WGAN-GP", "WGAN-GP"),
    CLIPPED: ("WGAN, clipped", "WGAN, recortado"),
    TRANSPOSED: ("DCGAN", "DCGAN"),
    REPEATED: ("DCGAN, repeated pixels", "DCGAN, píxeles repetidos"),
}
TRAINED, HELD_OUT = 36_000, 4_000  # seeds of the painter: what they learnt from, and what none of them saw
PART = 8  # pictures at a time: the first appear at once


def kind(name: str) -> Any:
    from genmodels.gan.dcgan import DCGAN
    from genmodels.gan.wgan import WGAN

    return DCGAN if name in (TRANSPOSED, REPEATED) else WGAN


def use(name: str) -> Any:
    return kit.model(kind(name), name)


def judge(model: Any) -> Callable[[Tensor], Tensor]:
    return model.discriminator if hasattr(model, "discriminator") else model.critic


def noise(model: Any, seed: int, count: int, threshold: float = float("inf")) -> Tensor:
    """(count, latent), row k of seed + k."""
    from genmodels.gan.latent import truncated

    return truncated(seed, count, model.config.latent, threshold)


def draw(model: Any, z: Tensor) -> Tensor:
    """Pictures of z, on the CPU."""
    return model.generator(z.to(model.device, model.dtype)).float().cpu()


def score(model: Any, x: Tensor) -> Tensor:
    """What the judge says of pictures: (B,)."""
    return judge(model)(x.to(model.device, model.dtype)).float().cpu()


def slope(model: Any, x: Tensor) -> Tensor:
    """How the score would change with each pixel: the shape of x."""
    from genmodels.gan.losses import slopes

    return slopes(judge(model), x.to(model.device, model.dtype)).float().cpu()


def parts(z: Tensor) -> Iterator[Tensor]:
    yield from z.split(PART)


def painted(seeds: range | list[int]) -> Tensor:
    """The painter's faces: (N, 3, 64, 64) in [-1, 1]."""
    import torch

    from genmodels.data.faces import batch

    return torch.from_numpy(batch(seeds)[0]).permute(0, 3, 1, 2) / 127.5 - 1


def held_out(seed: int, count: int) -> range:
    """Seeds of faces that no model here has seen."""
    first = TRAINED + seed % (HELD_OUT - count)
    return range(first, first + count)


def short(name: str, lang: str) -> str:
    return say(lang, *SHORT[name])


def signed(value: float, lang: str) -> str:
    """A score as it reads: +2.3."""
    rounded = round(value, 2 if abs(value) < 0.995 else 1)
    return ("+" if rounded > 0 else "") + plots.number(rounded + 0.0, lang)


def scale(name: str, lang: str) -> str:
    """What a score of this model is."""
    if name in (TRANSPOSED, REPEATED):
        return say(lang, "logit of “real”", "logit de «real»")
    return say(lang, "height", "altura")


def loading(name: str, *more: str) -> str:
    """The lines of a snippet that load a model as `gan`, after further imports."""
    plain = name in (TRANSPOSED, REPEATED)
    cls, module = ("DCGAN", "dcgan") if plain else ("WGAN", "wgan")
    imports = "\n".join(sorted((*more, f"from genmodels.gan.{module} import {cls}")))
    return f'{imports}\n\ngan = {cls}.from_pretrained("{name}")\n'


def judging(name: str) -> str:
    """The judge, in a snippet."""
    return "gan.discriminator" if name in (TRANSPOSED, REPEATED) else "gan.critic"
