"""What samples show, attribute by attribute: which modes a model lost, whether it obeys, and what leaks.

A painted face has known attributes, so the share of each can be counted in samples and among real faces, both
by the same reader, whose errors then cancel. Numbers are counted in five bins that real faces fill evenly.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from genmodels import draws
from genmodels.data.readers import FASHION_CLASSES
from genmodels.families import Entry
from genmodels.metrics.ruler import Ruler, drawn, in_parts
from genmodels.metrics.traits import BINS, NUMBERS, ONE_OF, WORN, columns, groups

EDITS = {"glasses": (0, 1), "hair_blond": (0, 4)}  # attribute -> the class before and the one asked for


def outputs(ruler: Ruler, x: Tensor) -> Tensor:
    return in_parts(ruler.reader.logits if ruler.data == "fashion" else ruler.reader.outputs, x)


def classes(ruler: Ruler, out: Tensor, edges: dict[str, Tensor]) -> dict[str, Tensor]:
    """What the reader says of each picture: group -> the number of its class, (B,)."""
    if ruler.data == "fashion":
        return {"garment": out.argmax(1)}
    at = {name: k for k, name in enumerate(ruler.reader.config.attributes)}
    of = lambda group: out[:, [at[a] for a in columns(group)]].argmax(1)  # noqa: E731
    found = {group: of(group) for group in ONE_OF}
    found |= {group: torch.where(out[:, at[group]] > 0, 1 + of(group), 0) for group in WORN}
    return found | {n: torch.bucketize(out[:, at[n]].contiguous(), edges[n]) for n in NUMBERS}


def edges(ruler: Ruler) -> dict[str, Tensor]:
    """Where the bins of the numbers end, so that real faces fill them evenly."""
    if ruler.data == "fashion":
        return {}
    out, names = outputs(ruler, ruler.real), ruler.reader.config.attributes
    inner = torch.arange(1, BINS) / BINS
    return {name: out[:, names.index(name)].quantile(inner) for name in NUMBERS}


def histogram(ruler: Ruler, x: Tensor, at: dict[str, Tensor]) -> list[int]:
    """Of each class of each group in turn, how many of a thousand pictures show it."""
    found = classes(ruler, outputs(ruler, x), at)
    shares = [
        torch.bincount(found[g], minlength=len(names)) / len(x) for g, names in groups(ruler.data).items()
    ]
    return [round(1000 * v) for v in torch.cat(shares).tolist()]


# ---- obedience ---------------------------------------------------------------------------------------------


def told(ruler: Ruler, out: Tensor) -> Tensor:
    """The class that the reader would have given: twice the hair's colour plus glasses, or the garment."""
    if ruler.data == "fashion":
        return out.argmax(1)
    at = list(ruler.reader.config.attributes)
    hair = out[:, [at.index(f"hair_{colour}") for colour in draws.HAIR]].argmax(1)
    return 2 * hair + (out[:, at.index("glasses")] > 0)


def obedience(ruler: Ruler, x: Tensor, asked: Sequence[int]) -> dict[str, float]:
    """Share that is read as asked; every class counts the same, and "any" nothing."""
    y = torch.tensor(asked)
    kept = y < draws.ANY_FACE
    read, y = told(ruler, outputs(ruler, x))[kept], y[kept]
    mean = lambda right: torch.stack([right[y == c].double().mean() for c in y.unique()]).mean().item()  # noqa: E731
    values = {"obedience": mean(read == y)}
    if ruler.data == "faces":
        values |= {"obedience_hair": mean(read // 2 == y // 2), "obedience_glasses": mean(read % 2 == y % 2)}
    return values


def guided(ruler: Ruler, entry: Entry, count: int, scale: float) -> dict[str, float]:
    """The same of pictures that are guided to their class."""
    asked = [k % (draws.ANY_FACE if ruler.data == "faces" else len(FASHION_CLASSES)) for k in range(count)]
    found = obedience(ruler, drawn(entry, count, classes=asked, scale=scale), asked)
    return {k.replace("obedience", "guided"): v for k, v in found.items()}


# ---- leak --------------------------------------------------------------------------------------------------


def leak(ruler: Ruler, entry: Entry, edit: str, watched: Sequence[str], count: int) -> list[float]:
    """The same seeds under two classes that differ in one thing: what else changes, for as much of that.

    In standard deviations of each attribute, over the change of the one that was asked for.
    """
    before, after = EDITS[edit]
    pairs = [drawn(entry, count, classes=[c] * count) for c in (before, after)]
    names, yes_no = ruler.reader.config.attributes, torch.tensor(ruler.reader.config.binary)
    places = [names.index(name) for name in watched]

    def read(x: Tensor) -> Tensor:
        out = outputs(ruler, x)
        return torch.where(yes_no, out.sigmoid(), out)[:, places]

    spread = read(ruler.real).std(0)
    change = (read(pairs[1]) - read(pairs[0])).mean(0) / spread
    return (change / change[list(watched).index(edit)]).tolist()
