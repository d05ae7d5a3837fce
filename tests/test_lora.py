"""Low-rank adapters: what is added, what is left alone, and files that are not what they should be."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from genmodels import hub
from genmodels.errors import Problem
from genmodels.nn.attention import Affine
from genmodels.text import lora
from genmodels.text.checkpoints import STORIES
from genmodels.text.gpt import GPT, GPTConfig

TARGETS = ("flat", "turned", "seen")
STEM = STORIES[0].name


class Mixed(nn.Module):
    """One layer of each kind."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = nn.Conv2d(2, 3, 3)
        self.flat = nn.Linear(12, 5)
        self.turned = Affine(5, 7)
        self.left = nn.Linear(7, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.left(self.turned(self.flat(self.seen(x).flatten(1)).relu()))


@pytest.fixture
def base() -> Mixed:
    torch.manual_seed(0)
    return Mixed().eval().requires_grad_(False)


def shaken(base: nn.Module, rank: int = 2) -> nn.Module:
    """Attached and trained, by luck."""
    model = lora.attach(base, TARGETS, rank, 4, seed=1)
    with torch.no_grad():
        for parameter in lora.trained(model):
            parameter.normal_(0, 0.3, generator=torch.Generator().manual_seed(parameter.numel()))
            parameter.copy_(parameter.half().float())  # as it will be stored
    return model


def test_an_adapter_begins_as_nothing(base):
    x = torch.randn(4, 2, 4, 4)
    assert torch.equal(lora.attach(base, TARGETS, 2, 4)(x), base(x))


def test_what_was_trained_is_what_a_folder_gives_back(base, tmp_path):
    x, model = torch.randn(4, 2, 4, 4), shaken(base)
    assert not torch.allclose(model(x), base(x), atol=0.1)
    lora.save(tmp_path, lora.extract(model), 2, 4, "mixed", out_first=True)
    assert torch.allclose(lora.adapt(base, tmp_path)(x), model(x), atol=1e-5)


def test_the_weights_are_those_of_the_formula(base, tmp_path):
    """W + alpha / r B A, in PEFT's names and shapes, for rows and for columns first."""
    a, b = torch.randn(2, 12).half(), torch.randn(5, 2).half()
    c, d = torch.randn(2, 5).half(), torch.randn(7, 2).half()
    e, f = torch.randn(2, 2, 3, 3).half(), torch.randn(3, 2, 1, 1).half()
    state = {"flat": (a, b), "turned": (c, d), "seen": (e, f)}
    named = {f"{k}.lora_{x}.weight": v for k, p in state.items() for x, v in zip("AB", p, strict=True)}
    lora.save(tmp_path, named, 2, 6, "mixed", out_first=True)
    assert set(load_file(tmp_path / lora.FILE)) == {f"base_model.model.{key}" for key in named}
    made = lora.adapt(base, tmp_path)
    kernel = torch.einsum("or,rihw->oihw", f[:, :, 0, 0].float(), e.float())
    assert torch.allclose(made.flat.weight, base.flat.weight + 3 * b.float() @ a.float(), atol=1e-5)
    assert torch.allclose(made.turned.weight, base.turned.weight + 3 * (d.float() @ c.float()).T, atol=1e-5)
    assert torch.allclose(made.seen.weight, base.seen.weight + 3 * kernel, atol=1e-5)


def test_the_original_stays_as_it_was_and_is_shared(base, tmp_path):
    before = {k: v.clone() for k, v in base.state_dict().items()}
    lora.save(tmp_path, lora.extract(shaken(base)), 2, 4, "mixed", out_first=True)
    made = lora.adapt(base, tmp_path)
    assert all(torch.equal(v, before[k]) for k, v in base.state_dict().items())
    assert made.left.weight.data_ptr() == base.left.weight.data_ptr()
    assert made.flat.bias.data_ptr() == base.flat.bias.data_ptr()
    assert made.flat.weight.data_ptr() != base.flat.weight.data_ptr()


def test_half_of_an_adapter_is_half_way_in_the_weights(base, tmp_path):
    lora.save(tmp_path, lora.extract(shaken(base)), 2, 4, "mixed", out_first=True)
    none, half, whole = (lora.adapt(base, tmp_path, s).flat.weight for s in (0.0, 0.5, 1.0))
    assert torch.equal(none, base.flat.weight)
    assert torch.allclose(half, (none + whole) / 2, atol=1e-6)


def test_an_adapter_can_be_gone_on_with(base, tmp_path):
    model, x = shaken(base), torch.randn(2, 2, 4, 4)
    lora.save(tmp_path, lora.extract(model), 2, 4, "mixed", out_first=True)
    again = lora.attach(base, TARGETS, 2, 4)
    lora.resume(again, lora.load(tmp_path))
    assert torch.allclose(again(x), model(x), atol=1e-6)


def test_only_the_adapter_gets_a_gradient(base):
    model = shaken(base)
    model(torch.randn(3, 2, 4, 4)).square().mean().backward()
    wanted = [name for name, p in model.named_parameters() if p.grad is not None]
    assert len(wanted) == 6 and all(name.endswith((".a", ".b")) for name in wanted)


def test_what_has_neither_a_nor_b_replaces(base, tmp_path):
    state = lora.extract(shaken(base)) | {"left.bias": torch.tensor([3.0, -2.0])}
    lora.save(tmp_path, state, 2, 4, "mixed", out_first=True, modules_to_save=["left"])
    assert lora.adapt(base, tmp_path).left.bias.tolist() == [3.0, -2.0]


@pytest.mark.parametrize("stabilised", [False, True])
def test_the_scale_is_alpha_over_the_rank_or_its_root(stabilised):
    config = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "use_rslora": stabilised}
    assert lora.scale_of(config) == (4 if stabilised else 2)


@pytest.mark.parametrize(
    "change",
    [{"peft_type": "IA3"}, {"r": 0}, {"r": "8"}, {"lora_alpha": None}, {"use_dora": True}, {"bias": "all"}],
)
def test_a_config_of_another_kind_is_refused(change):
    config = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "bias": "none"}
    with pytest.raises(Problem) as problem:
        lora.scale_of(config | change)
    assert problem.value.cause == "config"


def broken(state: dict[str, Tensor], kind: str) -> dict[str, Tensor]:
    key = "base_model.model.flat.lora_B.weight"
    if kind == "missing":
        return {k: v for k, v in state.items() if k != key}
    if kind == "shape":
        return state | {key: state[key][1:].clone()}
    if kind == "nan":
        return state | {key: torch.full_like(state[key], torch.nan)}
    return state | {"base_model.model.nowhere.lora_A.weight": torch.zeros(2, 3)} if kind == "extra" else {
        k.removeprefix("base_model."): v for k, v in state.items()
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "cause"),
    [("missing", "missing"), ("shape", "shape"), ("nan", "nan"), ("extra", "missing"), ("prefix", "extra")],
)
def test_a_file_that_does_not_fit_is_named(base, tmp_path, kind, cause):
    lora.save(tmp_path, lora.extract(shaken(base)), 2, 4, "mixed", out_first=True)
    save_file(broken(load_file(tmp_path / lora.FILE), kind), tmp_path / lora.FILE)
    with pytest.raises(Problem) as problem:
        lora.adapt(base, tmp_path)
    assert problem.value.cause == cause


def test_a_module_that_is_not_there_is_named(base, tmp_path):
    state = {"nowhere.lora_A.weight": torch.zeros(2, 3), "nowhere.lora_B.weight": torch.zeros(3, 2)}
    lora.save(tmp_path, state, 2, 4, "mixed", out_first=True)
    with pytest.raises(Problem, match="nowhere"):
        lora.adapt(base, tmp_path)


def test_a_gpt_writes_with_what_was_merged():
    """Its numpy steps take the merged weights, not those of before."""
    torch.manual_seed(0)
    base = GPT(GPTConfig(50, 32, 16, 2, 2)).eval().requires_grad_(False)
    model = lora.attach(base, ("c_attn", "c_fc"), 2, 4)
    with torch.no_grad():
        for parameter in lora.trained(model):
            parameter.normal_(0, 0.3)
        made = lora.merge(base, lora.extract(model), 2.0)
        tokens = torch.randint(50, (1, 9))
        memory = made.begin(1, 16)
        fed = torch.cat([made.feed(tokens[:, k : k + 1], memory) for k in range(9)], 1)
        assert torch.allclose(fed, model.logits(tokens), atol=1e-4)
        assert not torch.allclose(fed, base.logits(tokens), atol=1e-2)


@pytest.mark.parametrize("name", sorted(f.parent.name for f in (hub.WEIGHTS / STEM).glob(f"*/{lora.FILE}")))
def test_the_bundled_adapters_are_small_and_of_their_base(name):
    folder = hub.WEIGHTS / STEM / name
    assert (folder / lora.FILE).stat().st_size < 150_000
    config = json.loads((folder / lora.CONFIG).read_text())
    assert config["base_model_name_or_path"] == STEM and config["r"] <= 8 and config["fan_in_fan_out"]
    assert all(v.dtype == torch.float16 for v in load_file(folder / lora.FILE).values())
