"""A model is a folder in the Hub's own shape: `config.json` and one safetensors file.

The one base class of the house. It knows how to be stored and read, strictly, and nothing about any maths.
A class that reads other people's layouts overrides `read_config` and `read_state`, two plain functions.
"""

import json
from collections.abc import Callable
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import Any, ClassVar, Self, get_origin

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from genmodels import adapter, hub
from genmodels.errors import Problem


class Model(nn.Module):
    """Base of every family: `from_pretrained`, `save_pretrained`, `device`."""

    Config: ClassVar[type]  # a frozen dataclass of JSON-able fields
    beside: ClassVar[tuple[str, ...]] = ()  # other JSON files that a foreign layout keeps config in

    def __init__(self, config: Any):
        super().__init__()
        self.config = config

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        return next(self.parameters()).dtype

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path | hub.Checkpoint,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float32,
        progress: Callable[[int, int], None] | None = None,
    ) -> Self:
        """The model called `name`: a folder, a name in weights/, or a Hub checkpoint. In eval mode, frozen.

        `progress(bytes, total)` is told of a download. Anything that does not fit exactly is a Problem.
        """
        folder = hub.folder(name, progress)
        more = {f: read_json(folder / f) for f in cls.beside if (folder / f).is_file()}
        said = dict(hub.checkpoint(name).says)
        raw = said | read_json(folder / "config.json") | more
        base = raw.pop(adapter.BASE, None)
        config = cls.read_config(raw)
        file = hub.weights_file(folder, name)
        state = adapter.merged(file.name, load_file(file), None if base is None else bundled(base))
        state = cls.read_state(state, config)
        with NoInit():
            model = cls(config)
        check_state(file, model.state_dict(), state)
        model.load_state_dict(state, assign=True)
        return model.eval().requires_grad_(False).to(device, dtype)  # and buffers that no file holds

    def save_pretrained(
        self, folder: str | Path, dtype: torch.dtype = torch.float16, base: str = "", rank: int = 0
    ) -> None:
        """Write `config.json` and `model.safetensors`, in halves by default: weights, not gradients.

        With `base`, a bundled checkpoint of the same shape, only what differs from it, at that rank. With a
        rank alone, weights of no more than that rank as two thin ones.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        config = {"_class_name": type(self).__name__, **asdict(self.config)}
        state = self.state_dict()
        if base:
            config[adapter.BASE] = base
        if rank:
            state = adapter.split(state, bundled(base) if base else None, rank)
        (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
        state = {k: to_dtype(v, dtype).cpu().contiguous() for k, v in state.items()}
        save_file(state, folder / "model.safetensors", metadata={"format": "pt"})

    @classmethod
    def read_config(cls, raw: dict[str, Any]) -> Any:
        """config.json -> Config. Ours: the class by name, then exactly the fields of the dataclass."""
        name = raw.pop("_class_name", "(no class)")
        if name != cls.__name__:
            raise Problem("class", file="config.json", found=name, expected=cls.__name__)
        known = {f.name for f in fields(cls.Config)}
        if unknown := sorted(raw.keys() - known):
            raise Problem("config", file="config.json", found=f"unknown fields {', '.join(unknown)}")
        values = {k: tuple(v) if isinstance(v, list) else v for k, v in raw.items()}
        for field in fields(cls.Config):
            if field.name in values and not fits(values[field.name], field.type):
                raise Problem("config", file="config.json", found=f"{field.name} is {raw[field.name]!r}")
            if field.name not in values and field.default is MISSING and field.default_factory is MISSING:
                raise Problem("config", file="config.json", found=f"{field.name} is missing")
        return cls.Config(**values)

    @classmethod
    def read_state(cls, state: dict[str, Tensor], config: Any) -> dict[str, Tensor]:
        """The file's tensors under this class's names. Ours need no renaming."""
        return state


def bundled(name: Any) -> dict[str, Tensor]:
    """The tensors of a checkpoint of weights/, for one that is told by how it differs."""
    if not isinstance(name, str) or not (hub.WEIGHTS / name / "model.safetensors").is_file() or "/" in name:
        raise Problem("config", file="config.json", found=f"{adapter.BASE} is {name!r}")
    file = hub.weights_file(hub.folder(name))
    return adapter.merged(file.name, load_file(file), None)


def read_json(path: Path) -> dict[str, Any]:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Problem("config", file=str(path), found="the file is missing") from None
    except (ValueError, RecursionError) as e:  # bad JSON, bad UTF-8, brackets without end
        raise Problem("config", file=str(path), found=f"not JSON ({e})") from e
    if not isinstance(raw, dict):
        raise Problem("config", file=str(path), found="not a JSON object")
    return raw


def fits(value: Any, kind: Any) -> bool:
    """Whether a value of JSON is of a field's type, where that is a plain one or a tuple."""
    kind = get_origin(kind) or kind
    if kind not in (int, float, bool, str, tuple):
        return True
    return type(value) is kind or (kind is float and type(value) is int)


class NoInit(TorchFunctionMode):
    """Networks built inside keep the random weights unwritten, as those of a file replace them at once."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__module__", "") == "torch.nn.init":
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        return func(*args, **kwargs)


def to_dtype(x: Tensor, dtype: torch.dtype) -> Tensor:
    return x.to(dtype) if x.is_floating_point() else x


def check_state(file: Path, expected: dict[str, Tensor], found: dict[str, Tensor]) -> None:
    """Every key, shape and value as the model expects, or a Problem that names the first that is not."""
    for key in expected:
        if key not in found:
            raise Problem("missing", file=file.name, key=key)
    for key, value in found.items():
        if key not in expected:
            raise Problem("extra", file=file.name, key=key)
        if value.shape != expected[key].shape:
            shapes = {"shape": tuple(value.shape), "expected": tuple(expected[key].shape)}
            raise Problem("shape", file=file.name, key=key, **shapes)
        kinds = {x.dtype for x in (value, expected[key]) if not x.is_floating_point()}
        if kinds and value.dtype != expected[key].dtype:  # floats may have any width
            raise Problem("dtype", file=file.name, key=key, dtype=value.dtype, expected=expected[key].dtype)
        if value.is_floating_point() and not value.isfinite().all():
            raise Problem("nan", file=file.name, key=key)
