"""Has this been seen? The nearest training picture of a grid of codes, found without shipping the pictures.

A model that samples well may have learnt some of its training set by heart, so a sample is shown beside the
training picture nearest to it. `neighbours.safetensors` holds the codes of all of them, made by the recipe,
and the decoder draws the one that is found. How far a held-out picture is from its nearest is the number to
compare with: a sample much nearer than that is a copy.
"""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from safetensors import safe_open
from torch import Tensor

from genmodels import hub
from genmodels.model import Model

FILE = "neighbours.safetensors"


class Table(NamedTuple):
    codes: Tensor  # LongTensor (N, h, w)
    kind: Tensor  # uint8 (N,), place in genmodels.data.tiles.KINDS
    names: list[str]  # of the files the pictures come from


def table(name: str | Path | hub.Checkpoint) -> Table:
    """What lies beside the weights called `name`."""
    with safe_open(hub.folder(name) / FILE, framework="pt") as file:
        names = json.loads(file.metadata()["names"])
        codes = unpacked(file.get_tensor("low"), file.get_tensor("high"))
        return Table(codes, file.get_tensor("kind"), names)


def packed(codes: Tensor) -> dict[str, Tensor]:
    """Codes below 512 as they are stored: a byte each, and the ninth bits of eight codes in another."""
    if not 0 <= codes.min() <= codes.max() < 512:
        raise ValueError(f"codes from {codes.min()} to {codes.max()} do not fit into nine bits")
    high = np.packbits((codes >= 256).numpy().reshape(-1))
    return {"low": (codes % 256).byte().contiguous(), "high": torch.from_numpy(high)}


def unpacked(low: Tensor, high: Tensor) -> Tensor:
    ninth = np.unpackbits(high.numpy(), count=low.numel()).reshape(low.shape)
    return low.long() + 256 * torch.from_numpy(ninth).long()


def nearest(codes: Tensor, known: Tensor, codebook: Tensor) -> tuple[Tensor, Tensor]:
    """Of each grid (B, h, w), which of the known (N, h, w) is nearest, and how far: (B,) and (B,).

    The distance is between the vectors that the codes stand for, root mean square over the places: unlike a
    count of codes that differ, it forgives one word for another that draws almost the same, and so still
    finds most tiles that were moved by a pixel, where the count finds one in five.
    """
    places = codes[0].numel()
    away = torch.cdist(vectors(codes, codebook), vectors(known, codebook)) / places**0.5  # (B, N)
    found = away.min(1)
    return found.indices, found.values


def vectors(codes: Tensor, codebook: Tensor) -> Tensor:
    """(B, h, w) -> (B, h w D)."""
    return codebook.float()[codes].flatten(1)


def either_way(model: Model, codes: Tensor, x: Tensor, known: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """`nearest` of pictures x, whose words are `codes`, and of their mirror images, on the CPU.

    Which, how far, and whether it is the mirror image that is near. A model that learnt from both may copy
    either, and the words of a mirror image are not those reversed.
    """
    book = model.codebook.cpu()
    (at, away), (other, apart) = (nearest(c.cpu(), known, book) for c in (codes, model.codes(x.flip(-1))))
    turned = apart < away
    return torch.where(turned, other, at), torch.where(turned, apart, away), turned
