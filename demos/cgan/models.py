"""Drawing with a label and reading what was drawn: what all views do with the networks.

The readers are networks of their own, trained on labelled pictures and never shown a generated one: one of
painted faces, one of garments. What they say is a verdict, and they err too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from demos import kit
from demos.cgan.labels import FACES, HAIR, Label

if TYPE_CHECKING:
    from torch import Tensor

READERS = {True: "attributes-faces", False: "features-fashion"}
FRAME = 2  # black pixels around a garment, so that sides halve


class Score(NamedTuple):
    """The critic's two answers: is it real, (B,), and how far it fits each class alone, (B, classes)."""

    real: Tensor
    fits: Tensor


def use(checkpoint: str) -> Any:
    from genmodels.gan.cgan import CGAN

    return kit.model(CGAN, checkpoint)


def reader(checkpoint: str) -> Any:
    from genmodels.metrics.features import AttributesNet, FashionNet

    faces = checkpoint == FACES
    return kit.model(AttributesNet if faces else FashionNet, READERS[faces])


def one_hot(model: Any, told: Iterable[Label]) -> Tensor:
    """(B, classes)."""
    import torch

    return torch.stack([model.label(*label) for label in told])


def noise(model: Any, seed: int, count: int, truncation: float) -> Tensor:
    """(count, latent): row k is that of seed + k."""
    from genmodels.gan.latent import truncated

    return truncated(seed, count, model.config.latent, truncation)


def draw(model: Any, z: Tensor, y: Tensor) -> Tensor:
    """Pictures of z under the labels y, float32 on the CPU."""
    z, y = (v.to(model.device, model.dtype) for v in (z, y))
    return model.generator(z, y).float().cpu()


def score(model: Any, x: Tensor) -> Score:
    """The critic's sum, taken apart: with a label y it says real + fits @ y."""
    h = model.judge.features(x.to(model.device, model.dtype))
    fits = h.sum((2, 3)) @ model.look.weight  # <V y, sum of h> for each y of a single one
    return Score(model.judge.last(h).flatten().float().cpu(), fits.float().cpu())


def beliefs(checkpoint: str, x: Tensor) -> Tensor:
    """What the reader thinks of each class, 0 to 1, in the order of the label's numbers: (B, classes)."""
    import torch

    with reader(checkpoint) as net:
        x = x.to(net.device, net.dtype)
        if checkpoint != FACES:
            return net.logits(inside(x)).float().softmax(1).cpu()
        out, names = net.outputs(x).float().sigmoid().cpu(), net.config.attributes
    hair = out[:, [names.index(f"hair_{colour}") for colour in HAIR]]
    glasses = out[:, names.index("glasses")]
    return torch.cat([hair, torch.stack([1 - glasses, glasses], 1)], 1)


def read(checkpoint: str, x: Tensor) -> list[Label]:
    """The label that the reader would have given each picture."""
    found = beliefs(checkpoint, x)
    parts = found.split([len(HAIR), 2] if checkpoint == FACES else [found.shape[1]], 1)
    return list(zip(*(part.argmax(1).tolist() for part in parts), strict=True))


def inside(x: Tensor) -> Tensor:
    """Garments without their frame."""
    return x[..., FRAME:-FRAME, FRAME:-FRAME]


def framed(x: Tensor) -> Tensor:
    """A picture of 28 pixels as that network has them."""
    from torch.nn import functional as F

    return F.pad(x, (FRAME,) * 4, value=-1.0)


def seen(checkpoint: str, x: Tensor) -> Tensor:
    """As they are shown."""
    return x if checkpoint == FACES else inside(x)


def obeyed(asked: list[Label], found: list[Label]) -> float:
    """Share of pictures of which the reader says what was asked, all of it."""
    return sum(a == b for a, b in zip(asked, found, strict=True)) / len(asked)
