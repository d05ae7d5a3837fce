"""What the boards of this tab get: attention, vectors, the likeliest words. See `demos.kit.looks`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from demos.kit import looks
from demos.kit.looks import TOP, parts, ranked, text

if TYPE_CHECKING:
    from torch import Tensor

    from demos.inside.source import Reading


def board(kind: str, **kwargs: Any) -> looks.Board:
    """kind: look, head, mask, lens, places, map, copies."""
    return looks.board("inside.js", f"inside_{kind}.js", elem_classes=f"inside inside-{kind}", **kwargs)


def triangles(attention: Sequence[Tensor]) -> str:
    """Weights (heads, n, n) per layer: of each head what lies on and under the diagonal, row by row."""
    rows, columns = np.tril_indices(attention[0].shape[-1])
    return parts(np.stack([a.float().cpu().numpy() for a in attention])[..., rows, columns])


def floats(x: Tensor) -> str:
    return text(x.float().cpu().numpy().astype("<f4"))


def wholes(name: tuple[str, str], x: Tensor) -> dict[str, Any]:
    """Vectors (n, C) that are only looked at: 16 bits each, and what the largest stands for."""
    values = x.float().cpu().numpy()
    scale = max(float(np.abs(values).max()), 1e-9)
    whole = text((values / scale * 32767).round().astype("<i2"))
    return {"name": name, "whole": whole, "scale": scale, "channels": values.shape[-1]}


def likeliest(reading: Reading, logits: Tensor) -> list[list[tuple[str, float]]]:
    """(n, V) -> at each place the likeliest words, with their chances."""
    chances, ids = logits.float().softmax(-1).topk(min(TOP, logits.shape[-1]), -1)
    words = reading.tokens.word
    return [
        ranked([words(i) for i in row], likely)
        for row, likely in zip(ids.tolist(), chances.tolist(), strict=True)
    ]


def appended(reading: Reading, logits: Tensor) -> list[str]:
    """(V,) -> what the likeliest would add to the sentence: nothing for half a character, or after a cut."""
    if reading.note:
        return []
    ids = logits.float().topk(min(TOP, len(logits))).indices.tolist()
    found = ["" if i in reading.tokens.added else reading.tokens.decode([i]) for i in ids]
    return ["" if "\ufffd" in text else text for text in found]


def given(reading: Reading, logits: Tensor) -> list[float]:
    """The chance of what does follow, at each place but the last."""
    chances = logits[:-1].float().softmax(-1).gather(1, reading.ids[0, 1:, None])
    return [float(f"{p:.4g}") for p in chances[:, 0].tolist()]
