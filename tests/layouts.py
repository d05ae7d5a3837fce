"""Layouts of real checkpoints on the Hub: layouts/<name>.txt.gz (key, dtype, shape), <name>.json (config)."""

import gzip
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from genmodels.model import Model

FOLDER = Path(__file__).parent / "layouts"


def layout(name: str) -> dict[str, tuple[int, ...]]:
    """Key -> shape."""
    rows = (
        line.split("\t")
        for line in gzip.decompress((FOLDER / f"{name}.txt.gz").read_bytes()).decode().splitlines()
    )
    return {key: tuple(json.loads(shape)) for key, _, shape in rows}


def config(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text())


def shapes(state: dict[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {key: tuple(value.shape) for key, value in state.items()}


def check(cls: type[Model], name: str, config_name: str) -> Model:
    """The class built from the Hub's config has the Hub's keys and shapes, each, and nothing else."""
    read = cls.read_config(config(config_name))
    with torch.device("meta"):
        model = cls(read)
        state = {key: torch.empty(shape) for key, shape in layout(name).items()}
    assert shapes(cls.read_state(state, read)) == shapes(model.state_dict())
    return model
