"""A checkpoint told as another one and a change of low rank: a file a quarter as large, or less.

Where a model began as another, what it learnt since can be kept as two thin matrices for each weight,
W = W_base + B A, with A of r rows (Hu et al. 2021, arXiv:2106.09685, equation 3). `config.json` then names
the other checkpoint as PEFT does, `base_model_name_or_path`, and `model.safetensors` holds `lora_A` and
`lora_B` in PEFT's names and shapes, and whole what is small anyway. Biases are whole; s, by which PEFT
multiplies B A, is 1. A file with factors and no base is a model whose weights are thin themselves: W = B A.
"""

import torch
from torch import Tensor

from genmodels.errors import Problem

BASE = "base_model_name_or_path"  # of config.json
A, B = ".lora_A.weight", ".lora_B.weight"
ROUNDING = 1e-4  # of the largest singular value


def thin(weight: Tensor, rank: int) -> bool:
    """Whether two factors of that rank are smaller than the weight."""
    return weight.ndim > 1 and rank * (len(weight) + weight[0].numel()) < weight.numel()


def factors(change: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """The nearest of that rank, for a convolution too: A (r, in, ...), B (out, r, 1...)."""
    u, s, v = torch.linalg.svd(change.float().flatten(1), full_matrices=False)
    root = s[:rank].sqrt()
    a, b = root[:, None] * v[:rank], u[:, :rank] * root
    return a.unflatten(1, change.shape[1:]), b[(..., *[None] * (change.ndim - 2))]


def product(a: Tensor, b: Tensor) -> Tensor:
    """B A in the weight's own shape."""
    return (b.flatten(1) @ a.flatten(1)).unflatten(1, a.shape[1:])


def rank_of(weight: Tensor) -> int:
    """Directions that are more than rounding."""
    s = torch.linalg.svdvals(weight.float().flatten(1))
    return int((s > ROUNDING * s[0]).sum())


def split(state: dict[str, Tensor], base: dict[str, Tensor] | None, rank: int) -> dict[str, Tensor]:
    """What to store of `state` beside `base`, at that rank or less; without one, thin what has no more."""
    stored = {}
    for key, value in state.items():
        change = value.float() - base[key].float() if base else value
        few = rank if value.ndim < 2 else max(rank_of(change), 1)
        few = min(few, rank) if base else few
        if key.endswith(".weight") and few <= rank and thin(value, few):
            path = key.removesuffix(".weight")
            stored[path + A], stored[path + B] = factors(change, few)
        else:
            stored[key] = value
    return stored


def merged(file: str, stored: dict[str, Tensor], base: dict[str, Tensor] | None) -> dict[str, Tensor]:
    """The way back; without a base from nothing. `file` is what an error names."""
    state = {k: v for k, v in stored.items() if not k.endswith((A, B))}
    for path in sorted({k.removesuffix(A).removesuffix(B) for k in stored.keys() - state.keys()}):
        key = path + ".weight"
        for needed, held in ((path + A, stored), (path + B, stored), (key, base)):
            if held is not None and needed not in held:
                raise Problem("missing", file=file, key=needed)
        a, b = stored[path + A].float(), stored[path + B].float()
        shape = (*b.shape[:1], *a.shape[1:])
        expected = shape if base is None else tuple(base[key].shape)
        if a.ndim < 2 or b.ndim < 2 or b.numel() != len(b) * len(a) or shape != expected:
            raise Problem("shape", file=file, key=path, shape=(*b.shape, *a.shape), expected=expected)
        state[key] = product(a, b) + (base[key].float() if base else 0)
    return state
