"""BERT: against transformers, both sides seen, and the filler of blanks that ships."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from genmodels.errors import Problem
from genmodels.hub import WEIGHTS
from genmodels.text.bert import Bert, BertConfig

SIZES = {
    "vocab_size": 23, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 24, "max_position_embeddings": 12,
}  # fmt: skip
NAME = "bert-recipes"


def ids(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(1, 23, shape, generator=torch.Generator().manual_seed(seed))


def stir(module: torch.nn.Module) -> torch.nn.Module:
    for i, p in enumerate(module.parameters()):
        noise = torch.randn(*p.shape, generator=torch.Generator().manual_seed(i))
        p.data = noise if p.ndim == 1 else 0.3 * noise
    return module.eval().requires_grad_(False)


def peer() -> torch.nn.Module:
    transformers = pytest.importorskip("transformers")
    return stir(transformers.BertForMaskedLM(transformers.BertConfig(**SIZES, attn_implementation="eager")))


def as_on_the_hub(theirs: torch.nn.Module, folder):
    """As the first BERTs of the Hub are: names of TensorFlow, a pooler, copies of what is tied."""
    theirs.save_pretrained(folder)
    state = load_file(folder / "model.safetensors")
    renamed = {}
    for key, value in state.items():
        old = key.replace("LayerNorm.weight", "LayerNorm.gamma")
        renamed[old.replace("LayerNorm.bias", "LayerNorm.beta")] = value
    renamed["bert.pooler.dense.weight"] = torch.zeros(16, 16)
    renamed["cls.seq_relationship.weight"] = torch.zeros(2, 16)
    renamed["cls.predictions.decoder.weight"] = state["bert.embeddings.word_embeddings.weight"].clone()
    save_file(renamed, folder / "model.safetensors")
    return folder


@torch.no_grad()
def test_it_equals_transformers(tmp_path):
    theirs = peer()
    tokens = ids(2, 9)
    tokens[1, 6:] = 0  # the second is shorter
    model = Bert.from_pretrained(as_on_the_hub(theirs, tmp_path))
    expected = theirs(tokens, attention_mask=tokens != 0, output_attentions=True, output_hidden_states=True)
    torch.testing.assert_close(model.logits(tokens), expected.logits, atol=1e-4, rtol=0)
    seen = model.look(tokens[:1])
    torch.testing.assert_close(
        torch.stack(seen.attention), torch.stack([w[0] for w in expected.attentions]), atol=1e-5, rtol=0
    )
    torch.testing.assert_close(
        torch.stack(seen.hidden), torch.stack([h[0] for h in expected.hidden_states]), atol=1e-4, rtol=0
    )
    torch.testing.assert_close(model.read(seen.hidden[-1]), model.logits(tokens)[0], atol=1e-5, rtol=0)


def test_every_token_sees_both_sides():
    model, tokens = stir(Bert(BertConfig(**SIZES))), ids(1, 7)
    before = model.logits(tokens)
    for k in range(7):
        changed = tokens.clone()
        changed[0, k] = 1 + changed[0, k] % 22
        assert ((model.logits(changed) - before).abs().amax(-1) > 1e-5).all()


@pytest.mark.parametrize(
    "more",
    [{"model_type": "roberta"}, {"hidden_act": "relu"}, {"is_decoder": True}, {"brand_new": 1}],
    ids=str,
)
def test_a_config_of_another_model_is_refused(more):
    with pytest.raises(Problem) as problem:
        Bert.read_config({"model_type": "bert", **SIZES} | more)
    assert problem.value.cause == "config"


def test_the_published_setting_has_the_published_size():
    with torch.device("meta"):
        model = Bert(BertConfig())
    head = 768 * 768 + 768 + 2 * 768 + 30522  # the rest is the 110 million of the paper, less its pooler
    assert sum(p.numel() for p in model.parameters()) == 109_482_240 - (768 * 768 + 768) + head


@pytest.mark.skipif(not (WEIGHTS / NAME).is_dir(), reason=f"{NAME} is not bundled")
@torch.no_grad()
def test_the_bundled_checkpoint_is_as_golden():
    model, golden = Bert.from_pretrained(NAME), load_file(WEIGHTS / NAME / "golden.safetensors")
    logits = model.logits(golden["tokens"])[:, ::6]
    torch.testing.assert_close(logits, golden["logits"], atol=1e-2, rtol=1e-3)
    measures = json.loads((WEIGHTS / NAME / "metrics.json").read_text())["measures"]
    both = min(measures["gap_found"], measures["gap_found_both"])  # sides, by attention and by recurrence
    assert both > measures["gap_found_left"] > 0.3
