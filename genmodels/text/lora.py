"""Low-rank adapters (Hu et al., 2021): a model changed by a few numbers that lie in a file of their own.

A weight W stays as it is and gets something of low rank on top, W + s B A with s = alpha / r (their equation
3): A has r rows as long as W's input, B r columns as long as its output. B starts at zero, so training starts
from the model as it was. `adapt` gives a copy of a model with the adapter of a folder merged in: it costs
nothing more to run, and whatever the adapter does not touch is shared with the original, which stays as it
was. Folders are in the layout of PEFT, for any model with linear layers or convolutions.
"""

import copy
import json
from collections.abc import Iterator
from math import sqrt
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.utils import parametrize

from genmodels import adapter, safefile
from genmodels.errors import Problem
from genmodels.model import read_json

M = TypeVar("M", bound=nn.Module)

FILE, CONFIG = "adapter_model.safetensors", "adapter_config.json"
PREFIX = "base_model.model."  # how PEFT calls the model that it wraps
OUT_FIRST = (
    nn.Linear,
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
)  # weight (out, in, ...); others have (in, out)
MORE = ("use_dora", "lora_bias", "rank_pattern", "alpha_pattern", "layers_to_transform")  # not ours to read


class Shape(NamedTuple):
    """A weight as its adapter sees it."""

    out: int
    into: tuple[int, ...]  # inputs, and the kernel of a convolution
    out_first: bool


def shape_of(module: nn.Module) -> Shape:
    weight, out_first = module.weight, isinstance(module, OUT_FIRST)
    if out_first:
        return Shape(weight.shape[0], tuple(weight.shape[1:]), True)
    return Shape(weight.shape[1], (weight.shape[0],), False)


def product(a: Tensor, b: Tensor, shape: Shape) -> Tensor:
    """B A in the weight's own shape."""
    delta = adapter.product(a, b)
    return delta if shape.out_first else delta.mT


# ------------------------------------------------------------------------------------------ use


def adapt(model: M, folder: str | Path, strength: float = 1.0, prefix: str = PREFIX) -> M:
    """A copy of the model with `strength` times a folder's adapter merged in; the rest it shares."""
    folder = Path(folder)
    return merge(model, load(folder, prefix), scale_of(read_json(folder / CONFIG)) * strength, strength)


def load(folder: Path, prefix: str = PREFIX) -> dict[str, Tensor]:
    """The tensors of an adapter, without the prefix of their names."""
    safefile.verify(folder / FILE)
    state = load_file(folder / FILE)
    for key, value in state.items():
        if not key.startswith(prefix):
            raise Problem("extra", file=FILE, key=key)
        if not value.isfinite().all():
            raise Problem("nan", file=FILE, key=key)
    return {key.removeprefix(prefix): value for key, value in state.items()}


def scale_of(config: dict[str, Any]) -> float:
    """alpha / r, or alpha / sqrt(r) of the rank-stabilised kind."""
    rank, alpha = config.get("r"), config.get("lora_alpha")
    if config.get("peft_type") != "LORA" or not isinstance(rank, int) or rank < 1:
        raise Problem("config", file=CONFIG, found="this is no LoRA with a rank")
    if not isinstance(alpha, int | float):
        raise Problem("config", file=CONFIG, found=f"lora_alpha is {alpha!r}")
    if more := [name for name in MORE if config.get(name)] or config.get("bias", "none") != "none":
        raise Problem("config", file=CONFIG, found=f"unknown fields {more if more is not True else 'bias'}")
    return alpha / sqrt(rank) if config.get("use_rslora") else alpha / rank


@torch.no_grad()
def merge(model: M, state: dict[str, Tensor], scale: float, strength: float = 1.0) -> M:
    """The model with `scale` B A on top of its weights. Tensors without A and B replace the model's own."""
    model, state = twin(model), dict(state)
    for path in sorted({key.rpartition(".lora_")[0] for key in state if ".lora_" in key}):
        a, b = pair(state, path)
        module = find(model, path)
        shape = shape_of(module)
        if (a.shape[1:], b.shape[:2]) != (shape.into, (shape.out, len(a))):
            shapes = {"shape": (*b.shape, *a.shape), "expected": (shape.out, *shape.into)}
            raise Problem("shape", file=FILE, key=path, **shapes)
        delta = product(a.float(), b.float(), shape).to(module.weight)
        module.weight = nn.Parameter(module.weight + scale * delta, requires_grad=False)
    for key, value in state.items():
        path, _, name = key.rpartition(".")
        old = getattr(find(model, path), name, None)
        if old is None or old.shape != value.shape:
            raise Problem("extra", file=FILE, key=key)
        new = torch.lerp(old, value.to(old), strength)
        setattr(find(model, path), name, nn.Parameter(new, requires_grad=False))
    return model


def pair(state: dict[str, Tensor], path: str) -> tuple[Tensor, Tensor]:
    """A and B of a weight, taken out of the state."""
    found = []
    for letter in "AB":
        key = f"{path}.lora_{letter}.weight"
        if key not in state:
            raise Problem("missing", file=FILE, key=key)
        found.append(state.pop(key))
    return found[0], found[1]


def find(model: nn.Module, path: str) -> nn.Module:
    try:
        return model.get_submodule(path)
    except AttributeError:
        raise Problem("extra", file=FILE, key=path) from None


def twin(model: M) -> M:
    """A model of its own that shares every tensor with this one."""
    shared = {id(x): x for x in (*model.parameters(), *model.buffers())}
    return copy.deepcopy(model, shared)


# ------------------------------------------------------------------------------------------ training


class LowRank(nn.Module):
    """What is put on a weight while it is trained: W -> W + scale B A."""

    def __init__(self, shape: Shape, rank: int, scale: float, generator: torch.Generator):
        super().__init__()
        self.shape, self.scale = shape, scale
        spread = shape.into[0] ** -0.5
        self.a = nn.Parameter(torch.randn(rank, *shape.into, generator=generator) * spread)
        self.b = nn.Parameter(torch.zeros(shape.out, rank, *[1] * (len(shape.into) - 1)))

    def forward(self, weight: Tensor) -> Tensor:
        return weight + self.scale * product(self.a, self.b, self.shape)


def attach(model: M, targets: tuple[str, ...], rank: int, alpha: float, seed: int = 0) -> M:
    """A copy in which only low-rank changes of the modules called `targets` are trained."""
    model = twin(model)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    chosen = [m for path, m in model.named_modules() if path.rpartition(".")[2] in targets]
    for module in chosen:
        low = LowRank(shape_of(module), rank, alpha / rank, generator).to(module.weight)
        parametrize.register_parametrization(module, "weight", low)
    return model


def resume(model: nn.Module, state: dict[str, Tensor]) -> None:
    """Go on from an adapter: the A and B of `load` into a model that has some attached."""
    with torch.no_grad():
        for path, low in attached(model):
            for letter, parameter in (("A", low.a), ("B", low.b)):
                parameter.copy_(state[f"{path}.lora_{letter}.weight"])


def attached(model: nn.Module) -> Iterator[tuple[str, LowRank]]:
    for path, module in model.named_modules():
        if parametrize.is_parametrized(module, "weight"):
            yield path, module.parametrizations.weight[0]


def trained(model: nn.Module) -> list[nn.Parameter]:
    """The parameters that an attached adapter adds."""
    return [parameter for _, low in attached(model) for parameter in (low.a, low.b)]


def extract(model: nn.Module) -> dict[str, Tensor]:
    """The adapter of a model, under the names it is stored by (without the prefix)."""
    found = {}
    for path, low in attached(model):
        found |= {f"{path}.lora_A.weight": low.a.detach(), f"{path}.lora_B.weight": low.b.detach()}
    return found


def save(
    folder: str | Path,
    state: dict[str, Tensor],
    rank: int,
    alpha: float,
    base: str,
    out_first: bool,
    **more: Any,
) -> None:  # fmt: skip
    """Write an adapter as PEFT does, in halves. `more` is further fields of its config."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = {key.rpartition(".lora_")[0] for key in state if ".lora_" in key}
    config = {
        "peft_type": "LORA", "base_model_name_or_path": base, "r": rank, "lora_alpha": alpha,
        "target_modules": sorted({path.rpartition(".")[2] for path in paths}), "bias": "none",
        "fan_in_fan_out": not out_first, "inference_mode": True, "lora_dropout": 0.0, **more,
    }  # fmt: skip
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n")
    halves = {f"{PREFIX}{key}": value.half().cpu().contiguous() for key, value in state.items()}
    save_file(halves, folder / FILE, metadata={"format": "pt"})
