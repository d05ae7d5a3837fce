"""What a network that reads pictures, and has never seen a generated one, takes an edit for. It errs, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demos.kit import denoisers, plots, say
from demos.kit.readers import read
from demos.repair import ways

if TYPE_CHECKING:
    from torch import Tensor


def verdict(
    checkpoint: str, x: Tensor, back: Tensor, made: Tensor, own: int, label: int, lang: str
) -> tuple[str, dict[str, float]]:
    """What a reader takes each picture for, and how much it believes in the class that was asked for."""
    import torch

    one, other = (denoisers.words(checkpoint, k, lang) for k in (own, label))
    said = f"<p>{say(lang, f'Up as {one}, down as {other}.', f'Sube como {one}, baja como {other}.')}</p>"
    found = read(checkpoint, torch.cat([x, back, made])).beliefs
    if found is None:
        return said, {}
    names = (
        say(lang, "the picture", "la imagen"),
        say(lang, "back", "de vuelta"),
        say(lang, "edited", "editada"),
    )
    lines = []
    for name, row in zip(names, (100 * found).round().tolist(), strict=True):
        best = max(range(len(row)), key=row.__getitem__)
        words = f"{denoisers.words(checkpoint, best, lang)}, {ways.percent(row[best], lang)}"
        lines.append((name, words, ways.percent(row[label], lang)))
    head = ("", say(lang, "a reader takes it for", "un lector la toma por"), other)
    return said + plots.table(head, lines), {"read_as_asked": 100 * found[2, label].item()}
