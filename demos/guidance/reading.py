"""Does a picture obey? Networks of their own answer (demos.kit.readers).

How different pictures are is the mean distance between two of them: in the reader's features, or in pixels
where there is no reader. It has no unit, so that it's told against another such mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from demos.kit import denoisers

if TYPE_CHECKING:
    from torch import Tensor


def obeyed(told: list[int], found: list[int]) -> float:
    """Share of pictures of which the reader says what was asked. What asks for nothing doesn't count."""
    pairs = [(a, b) for a, b in zip(told, found, strict=True) if a >= 0]
    return sum(a == b for a, b in pairs) / max(1, len(pairs))


def variety(features: Tensor) -> float:
    """Mean distance between two of them."""
    import torch

    return torch.nn.functional.pdist(features.float()).mean().item() if len(features) > 1 else 0.0


def verdict(
    checkpoint: str, told: int, found: int, lang: str, brief: bool = False
) -> tuple[str, bool | None]:
    """What to write under a picture, and whether it obeys; None where nothing was asked. `brief`: what was
    asked stands elsewhere. Words after a comma go on a line of their own, so that type can be large."""
    words = denoisers.words(checkpoint, found, lang).replace(", ", "\n")
    if told < 0:
        return words, None
    return ("✓" if brief else f"✓ {words}", True) if told == found else (f"× {words}", False)
