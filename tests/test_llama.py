"""Llama against transformers' Llama and Qwen2, and against the keys of the published SmolLM2."""

from pathlib import Path

import layouts
import pytest
import torch
from torch import Tensor

from genmodels.errors import Problem
from genmodels.text.llama import Llama, LlamaConfig
from genmodels.text.writing import Taste, write

transformers = pytest.importorskip("transformers")

GREEDY = Taste(temperature=0)
SHAPE = {
    "vocab_size": 53,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
    "rms_norm_eps": 1e-5,
}
KINDS = {
    "llama": (transformers.LlamaConfig, {"num_key_value_heads": 2, "tie_word_embeddings": True}),
    "untied": (transformers.LlamaConfig, {"num_key_value_heads": 4, "tie_word_embeddings": False}),
    "one group": (transformers.LlamaConfig, {"num_key_value_heads": 1, "tie_word_embeddings": True}),
    "qwen2": (transformers.Qwen2Config, {"num_key_value_heads": 2, "tie_word_embeddings": True}),
}


def peer(kind: str) -> transformers.PreTrainedModel:
    torch.manual_seed(0)
    cls, more = KINDS[kind]
    config = cls(**SHAPE, **more, rope_parameters={"rope_type": "default", "rope_theta": 500.0})
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    for name, p in model.named_parameters():
        torch.nn.init.normal_(p, 1.0 if "norm" in name else 0.0, 0.3)
    model.generation_config.pad_token_id = 0
    return model


def ours(theirs: transformers.PreTrainedModel, folder: Path) -> Llama:
    theirs.save_pretrained(folder)
    return Llama.from_pretrained(folder)


def tokens(*shape: int) -> Tensor:
    return torch.randint(53, shape, generator=torch.Generator().manual_seed(1))


@torch.no_grad()
@pytest.mark.parametrize("kind", KINDS)
def test_it_equals_transformers(kind, tmp_path):
    theirs = peer(kind)
    model, x = ours(theirs, tmp_path), tokens(2, 40)
    expected = theirs(x, output_attentions=True, output_hidden_states=True)
    torch.testing.assert_close(model.logits(x), expected.logits, atol=1e-4, rtol=0)
    seen, single = model.look(x[:1]), theirs(x[:1], output_attentions=True, output_hidden_states=True)
    for mine, its in zip(seen.attention, single.attentions, strict=True):
        torch.testing.assert_close(mine, its[0], atol=1e-5, rtol=0)
    for mine, its in zip(seen.hidden[:-1], single.hidden_states[:-1], strict=True):  # their last is normed
        torch.testing.assert_close(mine, its[0], atol=1e-4, rtol=0)
    torch.testing.assert_close(model.read(seen.hidden[-1]), single.logits[0], atol=1e-4, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_it_writes_what_transformers_generates(kind, tmp_path):
    theirs = peer(kind)
    model, prompt = ours(theirs, tmp_path), tokens(1, 5)
    expected = theirs.generate(
        prompt, max_new_tokens=30, do_sample=False, eos_token_id=None, attention_mask=torch.ones(1, 5)
    )
    for naive in (False, True):
        found = [int(s.token) for s in write(model, prompt[0].tolist(), 0, 1, 30, GREEDY, naive=naive)]
        assert found == expected[0, 5:].tolist()


@torch.no_grad()
def test_reading_in_parts_is_reading_at_once(tmp_path):
    model, x = ours(peer("qwen2"), tmp_path), tokens(3, 20)
    memory = model.begin(3, 21)
    parts = torch.cat([model.feed(part, memory) for part in x.split([1, 7, 12], 1)], 1)
    torch.testing.assert_close(parts, model.logits(x), atol=1e-4, rtol=0)
    turned = memory.take(torch.tensor([2, 0]))
    more = x[:, :1]
    expected = model.feed(more, memory)[[2, 0]]
    torch.testing.assert_close(model.feed(more[[2, 0]], turned), expected, atol=1e-4, rtol=0)


def test_keys_and_shapes_of_the_published_smollm2():
    model = layouts.check(Llama, "smollm2_135m", "smollm2_135m")
    assert sum(p.numel() for p in model.parameters()) == 134_515_008


def test_parameters_of_the_published_qwen():
    """Its config.json as the catalogue has it; no file of it has been seen, so shapes are transformers'."""
    raw = {
        "model_type": "qwen2", "vocab_size": 151_936, "hidden_size": 896, "intermediate_size": 4864,
        "num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2, "rope_theta": 1e6,
        "rms_norm_eps": 1e-6, "max_position_embeddings": 32_768, "tie_word_embeddings": True,
        "use_sliding_window": False, "sliding_window": 32_768, "max_window_layers": 24, "hidden_act": "silu",
    }  # fmt: skip
    with torch.device("meta"):
        model = Llama(Llama.read_config(dict(raw)))
        theirs = transformers.AutoModelForCausalLM.from_config(transformers.Qwen2Config(**raw))
    state = {
        k: v for k, v in theirs.state_dict().items() if k != "lm_head.weight"
    }  # a second name of the table
    assert layouts.shapes(model.state_dict()) == layouts.shapes(state)
    assert sum(p.numel() for p in model.parameters()) == 494_032_768


@pytest.mark.parametrize(
    "more",
    [
        {"model_type": "mistral"},
        {"hidden_act": "gelu"},
        {"attention_bias": True},
        {"rope_scaling": {"type": "linear", "factor": 2.0}},
        {"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4}},
        {"use_sliding_window": True},
        {"head_dim": 128},
        {"brand_new": 1},
    ],
)
def test_other_models_are_refused(more):
    with pytest.raises(Problem):
        Llama.read_config(layouts.config("smollm2_135m") | more)


def test_defaults_are_those_of_the_first_llama():
    theirs = transformers.LlamaConfig()
    for name in ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "rms_norm_eps"):
        assert getattr(LlamaConfig(), name) == getattr(theirs, name)
