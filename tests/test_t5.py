"""T5: against transformers, key for key with the Hub, distances and their buckets, tasks by prefix."""

import json

import layouts
import pytest
import torch
from safetensors.torch import load_file, save_file

from genmodels.errors import Problem
from genmodels.hub import WEIGHTS
from genmodels.text import encdec
from genmodels.text.t5 import STRAY, T5, T5Config, bucket

SIZES = {"vocab_size": 23, "d_model": 16, "d_kv": 6, "d_ff": 24, "num_layers": 2, "num_heads": 2}
NAME = "t5-numbers"


def ids(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(4, 23, shape, generator=torch.Generator().manual_seed(seed))


def stir(module: torch.nn.Module) -> torch.nn.Module:
    for i, p in enumerate(module.parameters()):
        noise = torch.randn(*p.shape, generator=torch.Generator().manual_seed(i))
        p.data = 0.3 * noise + (1.0 if p.ndim == 1 else 0.0)
    return module.eval().requires_grad_(False)


def peer(**more: object) -> torch.nn.Module:
    transformers = pytest.importorskip("transformers")
    config = transformers.T5Config(
        **SIZES | {"num_decoder_layers": 3} | more, decoder_start_token_id=0, attn_implementation="eager"
    )
    return stir(transformers.T5ForConditionalGeneration(config))


def as_on_the_hub(theirs: torch.nn.Module, folder, **said: object):
    """A folder as the Hub has it, the stray table of distances across among its tensors."""
    theirs.save_pretrained(folder)
    state = load_file(folder / "model.safetensors")
    state[STRAY] = torch.zeros(32, 2)
    save_file(state, folder / "model.safetensors")
    raw = json.loads((folder / "config.json").read_text()) | said
    (folder / "config.json").write_text(json.dumps(raw))
    return folder


def source_of_two() -> torch.Tensor:
    source = ids(2, 40)
    source[1, 30:] = 0  # the second is shorter
    return source


@torch.no_grad()
@pytest.mark.parametrize("form", ["relu", "gated-gelu"])
def test_it_equals_transformers(tmp_path, form):
    theirs, source, target = peer(feed_forward_proj=form), source_of_two(), ids(2, 30, seed=1)
    model = T5.from_pretrained(as_on_the_hub(theirs, tmp_path))
    assert model.config.num_decoder_layers == 3 and model.config.feed_forward_proj == form
    expected = theirs(source, attention_mask=source != 0, decoder_input_ids=target, output_attentions=True)
    torch.testing.assert_close(encdec.logits(model, source, target), expected.logits, atol=1e-4, rtol=0)
    seen = encdec.look(model, source[:1], target[:1])
    for found, theirs_ in (
        (seen.encoder, expected.encoder_attentions),
        (seen.decoder, expected.decoder_attentions),
        (seen.cross, expected.cross_attentions),
    ):
        torch.testing.assert_close(
            torch.stack(found), torch.stack([w[0] for w in theirs_]), atol=1e-5, rtol=0
        )


@torch.no_grad()
def test_it_writes_what_transformers_generates(tmp_path):
    theirs, source = (
        peer(num_decoder_layers=2),
        source_of_two(),
    )  # its cache has as many layers as the encoder
    model = T5.from_pretrained(as_on_the_hub(theirs, tmp_path))
    expected = theirs.generate(source, attention_mask=source != 0, max_new_tokens=9, do_sample=False)
    written = encdec.greedy(model, source, 9)
    assert torch.equal(written, expected[:, 1 : 1 + written.shape[1]])


@torch.no_grad()
def test_a_head_of_its_own_is_read_and_not_scaled(tmp_path):
    """As in version 1.1 and Flan."""
    theirs, source, target = peer(feed_forward_proj="gated-gelu"), ids(1, 7), ids(1, 3, seed=1)
    folder = as_on_the_hub(theirs, tmp_path, tie_word_embeddings=False)
    state = load_file(folder / "model.safetensors")
    state["lm_head.weight"] = head = torch.randn(23, 16, generator=torch.Generator().manual_seed(9))
    save_file(state, folder / "model.safetensors")
    model = T5.from_pretrained(folder)
    hidden = theirs(source, decoder_input_ids=target, output_hidden_states=True).decoder_hidden_states[-1]
    torch.testing.assert_close(encdec.logits(model, source, target), hidden @ head.T, atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", ["t5_small_full", "t5_small_full.oracle"])
def test_keys_and_shapes_of_the_published_model(name):
    model = layouts.check(T5, name, "t5_small_full")
    assert model.config == T5Config()
    assert sum(p.numel() for p in model.parameters()) == 60_506_624
    assert (STRAY in layouts.layout(name)) == (name == "t5_small_full")


@pytest.mark.parametrize(
    "more",
    [
        {"model_type": "mt5"},
        {"feed_forward_proj": "gated-silu"},
        {"is_encoder_decoder": False},
        {"num_heads": "8"},
        {"brand_new": 1},
    ],
    ids=str,
)
def test_a_config_of_another_model_is_refused(more):
    with pytest.raises(Problem) as problem:
        T5.read_config(layouts.config("t5_small_full") | more)
    assert problem.value.cause == "config"


def test_buckets():
    near = torch.arange(-200, 201)
    both, back = bucket(near, 32, 128, True), bucket(near, 32, 128, False)
    assert both[200].item() == 0 and back[200].item() == 0
    assert both[200 - 7 : 200].tolist() == [7, 6, 5, 4, 3, 2, 1]
    assert both[201:208].tolist() == [17, 18, 19, 20, 21, 22, 23]
    assert both[0].item() == 15 and both[-1].item() == 31 and both.unique().numel() == 31  # 16 is nobody's
    assert back[200 - 15 : 200].tolist() == list(range(15, 0, -1)) and (back[201:] == 0).all()
    assert back[0].item() == 31 and (back[:200].diff() <= 0).all()


@torch.no_grad()
def test_step_by_step_is_all_at_once():
    model, source, target = stir(T5(T5Config(**SIZES))), source_of_two(), ids(2, 30, seed=1)
    memory = model.remember(model.encode(source)[0], source)
    parts = [model.decode(part, memory).logits for part in target.split([1, 20, 1, 8], 1)]
    torch.testing.assert_close(torch.cat(parts, 1), encdec.logits(model, source, target), atol=1e-4, rtol=0)


@pytest.mark.skipif(not (WEIGHTS / NAME).is_dir(), reason=f"{NAME} is not bundled")
@torch.no_grad()
def test_the_bundled_checkpoint_is_as_golden():
    model, golden = T5.from_pretrained(NAME), load_file(WEIGHTS / NAME / "golden.safetensors")
    memory = model.remember(model.encode(golden["source"])[0], golden["source"])
    heard = model.decode(golden["target"], memory)
    torch.testing.assert_close(heard.logits, golden["logits"], atol=1e-2, rtol=1e-3)
    torch.testing.assert_close(heard.cross[0], golden["cross"], atol=1e-3, rtol=1e-3)
    measures = json.loads((WEIGHTS / NAME / "metrics.json").read_text())["measures"]
    assert all(v > 0.9 for k, v in measures.items())
