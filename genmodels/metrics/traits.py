"""Which attributes of pictures are counted, in which classes, and in which order the counts are stored."""

from collections.abc import Sequence
from itertools import accumulate, pairwise

from genmodels.data.faces import ATTRIBUTES
from genmodels.data.readers import FASHION_CLASSES

BINS = 5
ONE_OF = ("hair", "style", "clothes", "background", "backdrop")
WORN = ("glasses", "hat", "beard")  # or not: yes or no first, then which
NUMBERS = ("skin", "presentation", "age", "smile", "turn")  # in bins that real faces fill evenly


def groups(data: str) -> dict[str, tuple[str, ...]]:
    """What is counted: group -> its classes, in the order of the numbers that are stored."""
    if data == "fashion":
        return {"garment": FASHION_CLASSES}
    found = {g: tuple(a.removeprefix(f"{g}_") for a in columns(g)) for g in (*ONE_OF, *WORN)}
    found |= {g: ("none", *found[g]) for g in WORN}
    return found | {n: tuple(str(k) for k in range(BINS)) for n in NUMBERS}


def columns(group: str) -> list[str]:
    """The attributes of a face that are its classes; two of the hair's are numbers."""
    return [a for a in ATTRIBUTES if a.startswith(f"{group}_") and a not in ("hair_shade", "hair_volume")]


def parts(data: str, flat: Sequence[int]) -> dict[str, list[int]]:
    """The stored counts, group by group."""
    found = groups(data)
    ends = [0, *accumulate(len(names) for names in found.values())]
    return {g: list(flat[a:b]) for g, (a, b) in zip(found, pairwise(ends), strict=True)}
