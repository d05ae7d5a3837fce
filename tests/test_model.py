"""A model is stored and read exactly, or not at all."""

import json
from dataclasses import FrozenInstanceError, dataclass, field
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from genmodels.errors import Problem
from genmodels.model import Model, NoInit


@dataclass(frozen=True)
class TinyConfig:
    dim: int = 3
    widths: tuple[int, ...] = (4, 5)
    slope: float = 0.1
    name: str = "tiny"
    deep: bool = False


class Tiny(Model):
    Config = TinyConfig

    def __init__(self, config: TinyConfig):
        super().__init__(config)
        self.a, self.b = (nn.Linear(config.dim, width) for width in config.widths)
        self.norm = nn.BatchNorm1d(config.dim)
        self.register_buffer("steps", torch.arange(config.dim))
        self.register_buffer("table", torch.linspace(0, 1, config.dim), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.a(self.norm(x * self.table))


class Other(Model):
    Config = TinyConfig


@dataclass(frozen=True)
class StrictConfig:
    dim: int
    tags: list = field(default_factory=list)


class Strict(Model):
    Config = StrictConfig


@pytest.fixture
def saved(tmp_path) -> Path:
    torch.manual_seed(0)
    Tiny(TinyConfig()).save_pretrained(tmp_path / "tiny", torch.float32)
    return tmp_path / "tiny"


def edit(folder: Path, **changes: Tensor | None) -> None:
    """Change tensors of the file (None removes one)."""
    state = load_file(folder / "model.safetensors") | {k.replace("__", "."): v for k, v in changes.items()}
    save_file({k: v for k, v in state.items() if v is not None}, folder / "model.safetensors")


def edit_config(folder: Path, **changes: object) -> None:
    raw = json.loads((folder / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps({k: v for k, v in raw.items() if v != "gone"}))


def refused(folder: Path, cause: str, *words: str, cls: type[Model] = Tiny) -> None:
    """Loading fails with this cause and a message that holds these words, the file's name among them."""
    with pytest.raises(Problem) as caught:
        cls.from_pretrained(folder)
    assert caught.value.cause == cause, caught.value
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize("stored", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("loaded", [torch.float32, torch.bfloat16])
def test_what_is_saved_is_loaded(tmp_path, stored, loaded):
    model = Tiny(TinyConfig(dim=6, widths=(7, 8), slope=1, deep=True)).eval()
    model.save_pretrained(tmp_path / "x", stored)
    again = Tiny.from_pretrained(tmp_path / "x", dtype=loaded)
    assert again.config == model.config and again.dtype == loaded and again.device.type == "cpu"
    expected = {
        k: v.to(stored).to(loaded) if v.is_floating_point() else v for k, v in model.state_dict().items()
    }
    found = again.state_dict()
    assert list(found) == list(expected)
    assert all(torch.equal(found[k], v) and found[k].dtype == v.dtype for k, v in expected.items())
    Tiny.from_pretrained(tmp_path / "x").save_pretrained(tmp_path / "y", stored)
    assert (tmp_path / "y/model.safetensors").read_bytes() == (tmp_path / "x/model.safetensors").read_bytes()


def test_a_loaded_model_is_frozen_in_eval_and_its_config_too(saved):
    model = Tiny.from_pretrained(str(saved))
    assert not any(module.training for module in model.modules())
    assert not any(p.requires_grad for p in model.parameters())
    with pytest.raises(FrozenInstanceError):
        model.config.dim = 4


def test_halves_are_the_default(tmp_path):
    Tiny(TinyConfig()).save_pretrained(tmp_path)
    state = load_file(tmp_path / "model.safetensors")
    assert state["a.weight"].dtype == torch.float16 and state["steps"].dtype == torch.int64


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_buffers_that_no_file_holds_are_computed_and_follow(saved, dtype):
    model = Tiny.from_pretrained(saved, dtype=dtype)
    assert "table" not in load_file(saved / "model.safetensors")
    assert torch.equal(model.table, torch.linspace(0, 1, 3).to(dtype))
    assert model(torch.ones(2, 3, dtype=dtype)).dtype == dtype


def test_loading_leaves_the_global_generator_alone(saved):
    before = torch.random.get_rng_state()
    Tiny.from_pretrained(saved)
    assert torch.equal(torch.random.get_rng_state(), before)
    with NoInit():
        nn.init.normal_(tensor=(x := torch.zeros(2)))
    assert not x.any() and torch.nn.init.ones_(torch.zeros(2)).all()


def test_a_missing_key(saved):
    edit(saved, b__bias=None)
    refused(saved, "missing", "model.safetensors", "b.bias")


def test_an_extra_key(saved):
    edit(saved, c__weight=torch.zeros(1))
    refused(saved, "extra", "model.safetensors", "c.weight")


def test_a_wrong_shape(saved):
    edit(saved, a__weight=torch.zeros(3, 4))
    refused(saved, "shape", "model.safetensors", "a.weight", "(3, 4)", "(4, 3)")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_are_not_finite(saved, value):
    edit(saved, a__bias=torch.tensor([0.0, 1.0, value, 2.0]))
    refused(saved, "nan", "model.safetensors", "a.bias")


def test_a_wrong_kind_of_number(saved):
    edit(saved, steps=torch.zeros(3))
    refused(saved, "dtype", "model.safetensors", "steps", "float32", "int64")
    edit(saved, steps=torch.arange(3), a__bias=torch.zeros(4, dtype=torch.int32))
    refused(saved, "dtype", "model.safetensors", "a.bias", "int32", "float32")


def test_another_class(saved):
    refused(saved, "class", "config.json", "Tiny", "Other", cls=Other)
    edit_config(saved, _class_name="gone")
    refused(saved, "class", "config.json", "(no class)", "Tiny")


def test_an_unknown_field(saved):
    edit_config(saved, colour="red", size=3)
    refused(saved, "config", "config.json", "unknown fields colour, size")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dim", "3"),
        ("dim", 3.5),
        ("dim", True),
        ("dim", None),
        ("widths", 4),
        ("slope", "x"),
        ("name", 1),
        ("deep", 1),
    ],
)
def test_a_field_of_another_type(saved, name, value):
    edit_config(saved, **{name: value})
    refused(saved, "config", "config.json", f"{name} is {value!r}")


def test_a_field_that_must_be_given(saved):
    (saved / "config.json").write_text('{"_class_name": "Strict"}')
    refused(saved, "config", "config.json", "dim is missing", cls=Strict)


@pytest.mark.parametrize("text", ["{", "", "[1]", "null", "\udcff", "[" * 100_000])
def test_a_broken_config(saved, text):
    (saved / "config.json").write_bytes(text.encode(errors="surrogateescape"))
    refused(saved, "config", "config.json")


def test_no_config_and_no_weights(saved):
    (saved / "model.safetensors").rename(saved / "golden.safetensors")
    refused(saved, "no_weights", "model.safetensors", str(saved))
    (saved / "golden.safetensors").rename(saved / "model.safetensors")
    (saved / "config.json").unlink()
    refused(saved, "config", "config.json", "missing")


def test_a_pickle_under_a_good_name(saved):
    torch.save({"a": torch.zeros(1)}, saved / "model.safetensors")
    refused(saved, "pickle", "model.safetensors", "zip archive")


def test_a_foreign_layout_is_read_by_its_two_hooks(saved):
    class Foreign(Tiny):
        @classmethod
        def read_config(cls, raw):
            return TinyConfig(dim=raw["dim"])

        @classmethod
        def read_state(cls, state, config):
            return {k.removeprefix("model."): v for k, v in state.items()}

    state = load_file(saved / "model.safetensors")
    save_file({f"model.{k}": v for k, v in state.items()}, saved / "model.safetensors")
    assert all(torch.equal(v, state[k]) for k, v in Foreign.from_pretrained(saved).state_dict().items())
