"""Reading checkpoints that others wrote: what their config says beyond ours, names that have changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from genmodels.errors import Problem

# diffusers' names of an attention's four projections in 2022 (VAE, VQModel, UNet2DModel) and since.
PROJECTIONS = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}


def plain_config(raw: dict[str, Any], ignored: Sequence[str], fixed: Mapping[str, Any]) -> dict[str, Any]:
    """`raw` without the fields that change nothing here, and those that must say what our class does anyway.

    A list (of block types) says it once per block. Any other value is a Problem: it would be another model.
    """
    for key, expected in fixed.items():
        found = raw.get(key, expected)
        if any(v != expected for v in (found if isinstance(found, list) else [found])):
            raise Problem("config", file="config.json", found=f"{key} is {found!r}, not {expected!r}")
    return {k: v for k, v in raw.items() if k not in ignored and k not in fixed}


def modern_attention(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Attention projections under today's names, and as matrices where they were 1x1 convolutions."""
    renamed = {}
    for key, value in state.items():
        path, _, kind = key.rpartition(".")  # ….attentions.0.query | weight
        block, _, layer = path.rpartition(".")
        if ".attentions." in key:
            path = f"{block}.{PROJECTIONS.get(layer, layer)}"
            value = value.flatten(1) if value.ndim == 4 else value
            key = f"{path}.{kind}"
        renamed[key] = value
    return renamed
