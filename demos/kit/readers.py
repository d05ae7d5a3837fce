"""What networks that read pictures, and never saw a generated one, take a picture for. They err, too.

A reader of painted faces and one of garments; of sprites and emoji nobody tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from demos.kit.denoisers import HAIR, kind_of
from demos.kit.run import model

if TYPE_CHECKING:
    from torch import Tensor

READERS = {"faces": "attributes-faces", "fashion": "features-fashion"}


class Reading(NamedTuple):
    """What is read in some pictures; without a reader there are no beliefs."""

    beliefs: Tensor | None  # (B, classes) each row adds up to 1
    features: Tensor  # (B, F)

    def found(self) -> list[int]:
        return [] if self.beliefs is None else self.beliefs.argmax(1).tolist()


def read(checkpoint: str, x: Tensor) -> Reading:
    """Pictures of the kind that this checkpoint draws."""
    from genmodels.metrics.features import AttributesNet, FashionNet

    kind = kind_of(checkpoint)
    if kind not in READERS:
        return Reading(None, x.flatten(1))
    with model(AttributesNet if kind == "faces" else FashionNet, READERS[kind]) as net:
        x = x.to(net.device, net.dtype)
        beliefs = faces(net, x) if kind == "faces" else net.logits(x).float().softmax(1)
        return Reading(beliefs.cpu(), net.features(x).float().cpu())


def faces(net: Any, x: Tensor) -> Tensor:
    """Colour of hair times glasses, in the order of the classes: (B, 12)."""
    import torch

    out, names = net.outputs(x).float().sigmoid(), net.config.attributes
    hair = out[:, [names.index(f"hair_{en.split()[0]}") for en, _ in HAIR]]
    glasses = out[:, names.index("glasses")]
    worn = torch.stack([1 - glasses, glasses], 1)
    return (hair / hair.sum(1, keepdim=True)).unsqueeze(2).mul(worn.unsqueeze(1)).flatten(1)
