"""GPT: against transformers, the keys of the Hub, causal, the lean decoder, a look inside, checkpoints."""

import json
from dataclasses import replace

import layouts
import pytest
import torch
from safetensors.torch import load_file, save_file

from genmodels.errors import Problem
from genmodels.hub import WEIGHTS
from genmodels.nn.attention import turn, turns
from genmodels.text.checkpoints import GPT as CHECKPOINTS
from genmodels.text.gpt import GPT, GPTConfig
from genmodels.text.lean import Lean
from genmodels.text.writing import Taste, write

SMALL = GPTConfig(vocab_size=23, n_positions=16, n_embd=16, n_layer=2, n_head=2)
BUNDLED = [checkpoint for checkpoint in CHECKPOINTS if checkpoint.bundled]


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def numbers(*shape: int, below: int = 23, seed: int = 0) -> torch.Tensor:
    return torch.randint(below, shape, generator=torch.Generator().manual_seed(seed))


def stir(module: torch.nn.Module) -> torch.nn.Module:
    """Weights far enough from zero that everything matters, the same for the same shapes."""
    for i, p in enumerate(module.parameters()):
        p.data = 0.3 * noise(*p.shape, seed=i) + (1.0 if p.ndim == 1 else 0.0)
    return module.eval().requires_grad_(False)


@pytest.fixture(params=["learned", "rotary"])
def model(request) -> GPT:
    return stir(GPT(replace(SMALL, positions=request.param)))


# transformers and the Hub


def peer(**more: object) -> torch.nn.Module:
    transformers = pytest.importorskip("transformers")
    sizes = {"vocab_size": 23, "n_positions": 16, "n_embd": 16, "n_layer": 2, "n_head": 2}
    ends = {"bos_token_id": None, "eos_token_id": None}
    return stir(transformers.GPT2LMHeadModel(transformers.GPT2Config(**sizes, **ends, **more)))


def as_on_the_hub(theirs: torch.nn.Module, folder, style: str):
    """As it is saved today, as gpt2 (no prefix, masks of floats), or as the Spanish ones of 2020."""
    theirs.save_pretrained(folder)
    if style == "today":
        return folder
    state = load_file(folder / "model.safetensors")
    for i in range(2):
        triangle = torch.ones(1, 1, 16, 16).tril()
        state[f"transformer.h.{i}.attn.bias"] = triangle if style == "gpt2" else triangle.byte()
        if style == "2020":
            state[f"transformer.h.{i}.attn.masked_bias"] = torch.tensor(-1e4)
            state["lm_head.weight"] = state["transformer.wte.weight"].clone()
    if style == "gpt2":
        state = {key.removeprefix("transformer."): value for key, value in state.items()}
    save_file(state, folder / "model.safetensors")
    return folder


@pytest.mark.parametrize("style", ["today", "gpt2", "2020"])
@torch.no_grad()
def test_it_equals_transformers(tmp_path, style):
    theirs = peer(attn_implementation="eager")
    model = GPT.from_pretrained(as_on_the_hub(theirs, tmp_path, style))
    assert model.config == SMALL
    tokens = numbers(3, 16)
    expected = theirs(tokens, output_attentions=True, output_hidden_states=True)
    torch.testing.assert_close(model.logits(tokens), expected.logits, atol=1e-5, rtol=1e-5)
    look = model.look(tokens[:1])
    for ours, other in zip(look.attention, expected.attentions, strict=True):
        torch.testing.assert_close(ours, other[0], atol=1e-5, rtol=0)
    *hidden, last = expected.hidden_states  # theirs has the last one normed
    for ours, other in zip(look.hidden, hidden, strict=False):
        torch.testing.assert_close(ours, other[0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(model.ln_f(look.hidden[-1]), last[0], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("batch", [1, 3])
@torch.no_grad()
def test_it_goes_on_as_transformers_does(batch):
    theirs, model = peer(), GPT(SMALL)
    model.load_state_dict(theirs.transformer.state_dict())
    prompt = numbers(1, 4)
    expected = theirs.generate(
        prompt, max_new_tokens=12, do_sample=False, attention_mask=torch.ones(1, 4), pad_token_id=0
    )
    steps = write(model.eval(), prompt[0].tolist(), 0, batch, 12, Taste(temperature=0))
    assert torch.equal(torch.stack([s.token for s in steps], 1), expected[:, 4:].expand(batch, -1))


def published(name: str) -> tuple[dict, dict[str, tuple[int, ...]]]:
    """config.json and keys of gpt2, and of distilgpt2: the same with a prefix and half of the layers."""
    config, keys = layouts.config("gpt2"), layouts.layout("gpt2")
    if name == "gpt2":
        return config, keys
    late = tuple(f"h.{i}." for i in range(6, 12))
    kept = {f"transformer.{key}": shape for key, shape in keys.items() if not key.startswith(late)}
    return config | {"n_layer": 6, "_num_labels": 1, "id2label": {}, "model_type": "gpt2"}, kept


@pytest.mark.parametrize("name, size", [("gpt2", 124_439_808), ("distilgpt2", 81_912_576)])
def test_keys_and_shapes_of_the_published_models(name, size):
    raw, keys = published(name)
    config = GPT.read_config(raw)
    assert replace(config, n_layer=12) == GPTConfig()
    with torch.device("meta"):
        model = GPT(config)
        state = {key: torch.empty(shape) for key, shape in keys.items()}
    assert layouts.shapes(GPT.read_state(state, config)) == layouts.shapes(model.state_dict())
    assert sum(p.numel() for p in model.parameters()) == size


def test_published_bytes_are_those_of_the_keys():
    """Four bytes a number, and a header: what the Hub says of both files fits the keys above."""
    for checkpoint, name in ((CHECKPOINTS[4], "gpt2"), (CHECKPOINTS[5], "distilgpt2")):
        numbers = sum(torch.Size(shape).numel() for shape in published(name)[1].values())
        assert 0 < checkpoint.size - 4 * numbers < 20_000


@pytest.mark.parametrize(
    "more",
    [
        {"model_type": "imagegpt"},
        {"activation_function": "relu"},
        {"n_inner": 100},
        {"scale_attn_by_inverse_layer_idx": True},
        {"tie_word_embeddings": False},
        {"add_cross_attention": True},
        {"n_head": 7},
        {"n_head": 0},
        {"n_layer": "12"},
        {"positions": "sinusoidal"},
        {"brand_new": 1},
    ],
    ids=str,
)
def test_a_config_of_another_model_is_refused(more):
    with pytest.raises(Problem) as problem:
        GPT.read_config(layouts.config("gpt2") | more)
    assert problem.value.cause == "config"


@pytest.mark.parametrize(
    "key, cause",
    [
        ("h.2.attn.bias", "extra"),  # of a layer that there is not
        ("h.0.attn.biases", "extra"),
        ("lm_head.weight", "extra"),  # one that is not the table of tokens
        ("wpe.weight", "missing"),
    ],
)
def test_nothing_but_the_exact_keys(tmp_path, key, cause):
    stir(GPT(SMALL)).save_pretrained(tmp_path)
    state = load_file(tmp_path / "model.safetensors")
    if cause == "extra":
        state[key] = torch.zeros(23, 16)
    else:
        del state[key]
    save_file(state, tmp_path / "model.safetensors")
    with pytest.raises(Problem) as problem:
        GPT.from_pretrained(tmp_path)
    assert problem.value.cause == cause


@torch.no_grad()
def test_ours_is_saved_and_read(tmp_path, model):
    model.save_pretrained(tmp_path, torch.float32)
    again, tokens = GPT.from_pretrained(tmp_path), numbers(1, 16)
    assert again.config == model.config and torch.equal(again.logits(tokens), model.logits(tokens))
    assert ("wpe.weight" in load_file(tmp_path / "model.safetensors")) == (model.angles is None)


# Probabilities


def test_each_token_knows_those_before_it_and_no_other(model):
    tokens = numbers(1, 16).expand(16, -1).clone()
    changed = tokens.clone()
    changed[range(16), range(16)] = (changed[range(16), range(16)] + 1) % 23  # text t differs in token t
    differs = (model.logits(changed) - model.logits(tokens)).abs().amax(-1)
    before = torch.ones(16, 16, dtype=torch.bool).tril(-1)  # of row t the columns < t
    assert (differs[before] == 0).all() and (differs[~before] > 1e-5).all()


def test_rotary_attention_knows_distances_and_nothing_else():
    q, k, angles = noise(8), noise(8, seed=1), turns(40, 8)
    products = [turn(q, angles[:, i]) @ turn(k, angles[:, i - 5]) for i in (5, 17, 39)]
    torch.testing.assert_close(torch.stack(products), products[0].expand(3), atol=1e-5, rtol=0)
    assert abs(turn(q, angles[:, 9]) @ turn(k, angles[:, 3]) - products[0]) > 1e-2
    torch.testing.assert_close(turn(q, angles[:, 7]).norm(), q.norm())


def test_what_trains_is_what_writes(model):
    tokens = numbers(2, 16)
    expected = model.logits(tokens)
    model.requires_grad_(True)
    logits = model.logits(tokens)
    torch.testing.assert_close(logits, expected, atol=1e-5, rtol=1e-5)
    logits.logsumexp(-1).mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_dropout_is_for_training_only():
    model, tokens = stir(GPT(replace(SMALL, dropout=0.5))), numbers(1, 8)
    assert torch.equal(model.logits(tokens), model.logits(tokens))
    model.train()
    assert not torch.equal(model.logits(tokens), model.logits(tokens))


# Writing


@torch.no_grad()
def test_the_lean_decoder_says_what_the_whole_model_says(model, monkeypatch):
    tokens = numbers(1, 16)
    expected, memory = model.logits(tokens), model.begin(1, 16)
    assert Lean.can(model)
    parts = [model.feed(part, memory) for part in tokens.split([1, 1, 3, 1, 1, 1, 2, 4, 1, 1], 1)]
    assert memory.lean is not None and memory.n == 16
    torch.testing.assert_close(torch.cat(parts, 1), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("taste", [Taste(), Taste(temperature=0)], ids=["drawn", "greedy"])
def test_the_lean_decoder_writes_the_same_tokens(model, taste, monkeypatch):
    fast = [int(step.token) for step in write(model, [1, 2], 7, 1, 60, taste)]
    monkeypatch.setattr(Lean, "can", lambda model: False)
    assert fast == [int(step.token) for step in write(model, [1, 2], 7, 1, 60, taste)]


def test_the_lean_decoder_stays_away_where_it_would_be_wrong(model):
    with torch.no_grad():
        assert Lean.can(model) and not Lean.can(stir(GPT(SMALL)).double())
        model.train()
        assert not Lean.can(model)
    model.eval().requires_grad_(True)
    assert not Lean.can(model)
    memory = model.begin(1, 4)
    with torch.no_grad():
        model.feed(numbers(1, 2), memory)
        assert Lean.can(model)
        model.h[0].mlp.c_fc = torch.nn.Linear(16, 64)  # whatever somebody puts in its place
        assert not Lean.can(model)


@torch.no_grad()
def test_a_prompt_is_heard_as_it_is_fed(model):
    tokens, memory = numbers(2, 12), model.begin(2, 12)
    for part in tokens.split([7, 5], 1):
        last = model.hear(part, memory)
    torch.testing.assert_close(last, model.logits(tokens)[:, -1:], atol=1e-5, rtol=1e-5)
    assert memory.n == 12


@torch.no_grad()
def test_rows_of_a_memory_are_taken(model):
    tokens, memory = numbers(3, 8), model.begin(3, 16)
    model.feed(tokens[:, :5], memory)
    rows = torch.tensor([2, 0, 0, 1])
    taken = memory.take(rows)
    again = model.feed(tokens[rows, 5:], taken)
    torch.testing.assert_close(again, model.logits(tokens[rows])[:, 5:], atol=1e-5, rtol=1e-5)
    assert memory.n == 5  # as it was


def test_more_than_the_context_or_the_room_is_refused(model):
    with pytest.raises(ValueError, match="context"):
        model.logits(numbers(1, 17))
    memory = model.begin(1, 3)
    model.feed(numbers(1, 3), memory)
    with pytest.raises(ValueError, match="room"):
        model.feed(numbers(1, 1), memory)


def test_half_precision_writes(model):
    steps = list(write(model.bfloat16(), [1], seed=0, count=2, length=9))
    assert len(steps) == 9 and steps[-1].log_probs.isfinite().all()


# A look inside


def test_every_layer_can_be_read(model):
    tokens = numbers(1, 9)
    look = model.look(tokens)
    assert len(look.attention) == 2 and len(look.hidden) == 3
    torch.testing.assert_close(model.read(look.hidden[-1]), model.logits(tokens)[0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(look.hidden[0], model.embed(tokens))
    for weights in look.attention:
        torch.testing.assert_close(weights.sum(-1), torch.ones(2, 9))
        assert (weights.triu(1) == 0).all() and (weights.tril() >= 0).all()


def test_without_the_mask_the_first_token_sees_the_last(model):
    first, second = numbers(1, 9), numbers(1, 9)
    second[0, -1] = (second[0, -1] + 1) % 23
    a, b = (model.look(tokens, masked=False).hidden[-1][0] for tokens in (first, second))
    assert (a - b).abs().max() > 1e-4
    assert (model.look(first, masked=False).attention[0].triu(1) > 0).any()


# Ours


@pytest.mark.parametrize("checkpoint", BUNDLED, ids=lambda c: c.name)
@torch.no_grad()
def test_the_bundled_checkpoint_is_as_golden(checkpoint):
    folder = WEIGHTS / checkpoint.name
    model, golden = GPT.from_pretrained(checkpoint), load_file(folder / "golden.safetensors")
    logits = model.logits(golden["tokens"])
    torch.testing.assert_close(logits, golden["logits"], atol=5e-3, rtol=1e-3)
    assert json.loads((folder / "metrics.json").read_text())["measures"]


def test_the_table_names_what_it_loads():
    assert all(c.revision for c in CHECKPOINTS if c.name in ("openai-community/gpt2",))
    assert all(c.also for c in CHECKPOINTS if not c.bundled)
