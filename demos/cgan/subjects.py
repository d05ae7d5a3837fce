"""Pictures to ask the critic about: generated, held out, or brought by the visitor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demos import kit
from demos.cgan import labels, models
from demos.cgan.labels import FACES, Label
from demos.cgan.traits import FIRST, shows_hair
from demos.kit import fashion, say
from demos.kit.inputs import SEEDS

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor


def ours(
    checkpoint: str, model: Any, source: str, seed: int, count: int, label: Label
) -> tuple[Tensor, list[Label]]:
    """Pictures and their labels: generated under `label`, or held out, which for faces have labels of their
    own and for garments are drawings of ours: the set doesn't come with this page."""
    if source == "generated":
        told = labels.by_lot(checkpoint, label, seed, count)
        return models.draw(model, models.noise(model, seed, count, 3), models.one_hot(model, told)), told
    return (painted if checkpoint == FACES else drawn)(seed, count, label)


def painted(seed: int, count: int, _: Label) -> tuple[Tensor, list[Label]]:
    """People of the painter beyond the training set, who show their hair."""
    import torch

    from genmodels.data.faces import HAIR_COLOURS, batch, random_face

    found, at = [], FIRST + seed % (SEEDS - 10 * FIRST)
    while len(found) < count:
        found += [at] * shows_hair(random_face(at))
        at += 1
    told = [random_face(k) for k in found]
    x = torch.from_numpy(batch(found)[0]).permute(0, 3, 1, 2) / 127.5 - 1
    return x, [(HAIR_COLOURS.index(f.hair_colour), int(f.glasses != "none")) for f in told]


def drawn(seed: int, count: int, label: Label) -> tuple[Tensor, list[Label]]:
    """Our own drawings of garments."""
    import torch

    told = labels.by_lot(labels.FASHION, label, seed, count)
    from genmodels.data.garments import garment

    pages = [kit.to_tensor(garment(k, seed + i), (28, 28), grey=True) for i, (k,) in enumerate(told)]
    return models.framed(torch.cat(pages)), told


def brought(checkpoint: str, drawing: Image.Image, lang: str) -> Tensor:
    """The visitor's picture as the critic takes it."""
    if checkpoint == FACES:
        return kit.to_tensor(drawing, (64, 64))
    page, _ = fashion.like_fashion(drawing, lang)
    return models.framed(kit.to_tensor(page, (28, 28), grey=True))


def named(checkpoint: str, source: str, lang: str) -> str:
    if source == "generated":
        return say(lang, "generated", "generada")
    held = say(lang, "painted, held out", "pintada, apartada")
    return held if checkpoint == FACES else say(lang, "our own drawing", "dibujo nuestro")
