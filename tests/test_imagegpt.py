"""ImageGPT: against transformers, causal, the same picture however it is drawn, and its checkpoints."""

import json
from dataclasses import replace

import layouts
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from genmodels.autoregressive.checkpoints import IMAGEGPT
from genmodels.autoregressive.imagegpt import COLOURS, ImageGPT, ImageGPTConfig
from genmodels.autoregressive.sampling import draw, last
from genmodels.data import greys
from genmodels.errors import Problem
from genmodels.hub import WEIGHTS
from genmodels.nn.attention import causal

SMALL = ImageGPTConfig(size=(4, 4), vocab_size=9, n_embd=16, n_layer=2, n_head=2)
PALETTE = [[round(v, 3) for v in row] for row in np.linspace(-1, 1, 24).reshape(8, 3).tolist()]


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def numbers(*shape: int, below: int = 8, seed: int = 0) -> torch.Tensor:
    return torch.randint(below, shape, generator=torch.Generator().manual_seed(seed))


def stir(module: torch.nn.Module) -> torch.nn.Module:
    """Weights far enough from zero that everything matters, the same for the same shapes."""
    for i, p in enumerate(module.parameters()):
        p.data = 0.3 * noise(*p.shape, seed=i) + (1.0 if p.ndim == 1 else 0.0)
    return module.eval().requires_grad_(False)


@pytest.fixture
def model() -> ImageGPT:
    return stir(ImageGPT(SMALL))


# transformers and the Hub


def peer() -> torch.nn.Module:
    transformers = pytest.importorskip("transformers")
    config = transformers.ImageGPTConfig(vocab_size=9, n_positions=16, n_embd=16, n_layer=2, n_head=2)
    return stir(transformers.ImageGPTForCausalImageModeling(config))


def as_on_the_hub(peer: torch.nn.Module, folder):
    """A folder as the Hub has it: the colours beside the weights, and the triangles of old among them."""
    peer.save_pretrained(folder)
    state = load_file(folder / "model.safetensors")
    for i in range(2):
        state[f"transformer.h.{i}.attn.bias"] = torch.ones(1, 1, 16, 16).tril().byte()
        state[f"transformer.h.{i}.attn.masked_bias"] = torch.tensor(-1e9)
    save_file(state, folder / "model.safetensors")
    (folder / COLOURS).write_text(json.dumps({"clusters": PALETTE, "size": 4, "do_normalize": True}))
    return folder


@torch.no_grad()
def test_it_equals_transformers(tmp_path):
    theirs = peer()
    model = ImageGPT.from_pretrained(as_on_the_hub(theirs, tmp_path))
    assert model.config == replace(SMALL, clusters=tuple(map(tuple, PALETTE)))
    x = numbers(3, 1, 4, 4)
    expected = theirs(model.before(x), output_attentions=True)
    torch.testing.assert_close(model.logits(x).flatten(1, 2), expected.logits, atol=1e-5, rtol=0)
    for t in (0, 7, 15):
        weights = torch.stack([layer[0, :, t, : t + 1] for layer in expected.attentions])
        torch.testing.assert_close(model.attention(x, *divmod(t, 4)), weights, atol=1e-5, rtol=0)


@torch.no_grad()
def test_it_draws_what_transformers_generates():
    theirs, model = peer(), ImageGPT(SMALL)
    model.load_state_dict(theirs.state_dict())
    expected = theirs.generate(
        torch.full((2, 1), 8), max_new_tokens=16, do_sample=False, attention_mask=torch.ones(2, 1)
    )
    drawn = last(draw(model, seed=0, count=2, temperature=0))
    assert torch.equal(drawn.flatten(1), expected[:, 1:])


@torch.no_grad()
def test_their_processor_and_we_choose_the_same_colours():
    transformers = pytest.importorskip("transformers")
    processor = transformers.ImageGPTImageProcessor(clusters=PALETTE, do_resize=False)
    image = np.random.default_rng(0).integers(0, 256, (3, 4, 4), np.uint8)
    expected = processor(torch.from_numpy(image), return_tensors="pt").input_ids
    model = ImageGPT(replace(SMALL, clusters=PALETTE))
    assert torch.equal(model.tokens(torch.from_numpy(image)[None] / 127.5 - 1).flatten(1), expected)


HUB = {"model_type": "imagegpt", "architectures": ["ImageGPTForCausalImageModeling"], "use_cache": True}


def hub_config(**more: object) -> dict:
    clusters = {"clusters": [[0.0, 0.5, -1.0]] * 512, "size": 32}
    return layouts.config("imagegpt_small") | HUB | {COLOURS: clusters} | more


@pytest.mark.parametrize("name", ["imagegpt_small", "imagegpt_small.oracle"])
def test_keys_and_shapes_of_the_published_model(name):
    config = ImageGPT.read_config(hub_config())
    assert replace(config, clusters=()) == ImageGPTConfig()
    with torch.device("meta"):
        model = ImageGPT(config)
        state = {key: torch.empty(shape) for key, shape in layouts.layout(name).items()}
    assert layouts.shapes(ImageGPT.read_state(state, config)) == layouts.shapes(model.state_dict())
    assert sum(p.numel() for p in model.parameters()) == 76_682_240


@pytest.mark.parametrize(
    "more",
    [
        {"model_type": "gpt2"},
        {"activation_function": "gelu"},
        {"n_inner": 100},
        {"scale_attn_by_inverse_layer_idx": True},
        {"tie_word_embeddings": True},
        {"n_positions": 1000},
        {"n_layer": "24"},
        {"brand_new": 1},
        {COLOURS: {}},
        {COLOURS: {"clusters": []}, "vocab_size": "none"},
        {COLOURS: {"clusters": [[0, 0, 0]] * 511}},
        {COLOURS: {"clusters": [[0, 0]] * 512}},
        {COLOURS: {"clusters": [[0, 0, 200]] * 512}},
        {COLOURS: {"clusters": [[0, 0, "red"]] * 512}},
        {COLOURS: {"clusters": [5] * 512}},
    ],
    ids=str,
)
def test_a_config_of_another_model_is_refused(more):
    with pytest.raises(Problem) as problem:
        ImageGPT.read_config(hub_config(**more))
    assert problem.value.cause == "config"


def test_without_its_colours_it_does_not_load(tmp_path):
    folder = as_on_the_hub(peer(), tmp_path)
    (folder / COLOURS).unlink()
    with pytest.raises(Problem, match=COLOURS):
        ImageGPT.from_pretrained(folder)


@pytest.mark.parametrize(
    "key, cause",
    [
        ("transformer.h.2.attn.bias", "extra"),  # of a layer that there is not
        ("transformer.h.0.attn.biases", "extra"),
        ("transformer.h.0.ln_1.bias", "extra"),
        ("lm_head.weight", "missing"),
    ],
)
def test_nothing_but_the_exact_keys(tmp_path, model, key, cause):
    model.save_pretrained(tmp_path)
    state = load_file(tmp_path / "model.safetensors")
    if cause == "extra":
        state[key] = torch.zeros(1)
    else:
        del state[key]
    save_file(state, tmp_path / "model.safetensors")
    with pytest.raises(Problem) as problem:
        ImageGPT.from_pretrained(tmp_path)
    assert problem.value.cause == cause


@torch.no_grad()
def test_ours_is_saved_and_read(tmp_path):
    model = ImageGPT(replace(SMALL, clusters=tuple(map(tuple, PALETTE))))
    model.save_pretrained(tmp_path, torch.float32)
    again = ImageGPT.from_pretrained(tmp_path)
    x = numbers(1, 1, 4, 4)
    assert again.config == model.config
    assert torch.equal(again.logits(x), model.logits(x)) and torch.equal(again.image(x), model.image(x))


# Probabilities


def test_each_pixel_knows_those_before_it_and_no_other(model):
    x = numbers(1, 1, 4, 4).expand(16, -1, -1, -1).clone()
    changed = x.clone().flatten(1)
    changed[range(16), range(16)] = (changed[range(16), range(16)] + 1) % 8  # picture t differs in pixel t
    differs = (model.logits(changed.view_as(x)) - model.logits(x)).abs().amax(-1).flatten(1)
    before = torch.ones(16, 16, dtype=torch.bool).tril()  # of row t the columns <= t
    assert (differs[before] == 0).all() and (differs[~before] > 1e-4).all()


def test_all_pictures_together_have_probability_one():
    model = stir(ImageGPT(replace(SMALL, size=(1, 4), vocab_size=4)))
    x = torch.cartesian_prod(*[torch.arange(3)] * 4).view(81, 1, 1, 4)
    assert model.log_prob(x).sum((1, 2)).exp().sum().item() == pytest.approx(1, abs=1e-5)
    torch.testing.assert_close(
        model.chances(model.logits(x)).gather(-1, x.movedim(1, -1))[..., 0].log(), model.log_prob(x)
    )


def test_what_trains_is_what_draws():
    q, k, v = noise(3, 2, 2, 6, 4)
    expected = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    torch.testing.assert_close(causal(q, k, v), expected, atol=1e-6, rtol=0)
    model, x = ImageGPT(SMALL), numbers(2, 1, 4, 4)
    with torch.no_grad():
        expected = model.log_prob(x)
    log_prob = model.log_prob(x)
    torch.testing.assert_close(log_prob, expected, atol=1e-5, rtol=0)
    log_prob.mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_attention_is_a_distribution_over_what_came_before(model):
    weights = model.attention(numbers(1, 1, 4, 4), 2, 1)
    assert weights.shape == (2, 2, 2 * 4 + 1 + 1)  # layers, heads, the start token and nine pixels
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 2))


# Drawing


@pytest.mark.parametrize("temperature", [1.0, 0.7, 0])
def test_the_pen_draws_what_the_whole_model_would(model, temperature):
    fast, slow = (
        list(draw(model, seed=5, count=3, temperature=temperature, naive=naive)) for naive in (False, True)
    )
    assert torch.equal(fast[-1].x, slow[-1].x)
    for a, b in zip(fast, slow, strict=True):
        torch.testing.assert_close(a.params, b.params, atol=1e-4, rtol=0)


def test_a_seed_is_a_picture_alone_and_in_a_batch(model):
    together = last(draw(model, seed=3, count=4))
    assert torch.equal(together, last(draw(model, seed=3, count=4)))
    assert torch.equal(together[2:3], last(draw(model, seed=5, count=1)))
    assert len(together.flatten(1).unique(dim=0)) == 4


def test_what_is_kept_is_not_altered(model):
    given, keep = numbers(1, 1, 4, 4, seed=1), torch.arange(16).view(4, 4) < 9
    drawn = last(draw(model, seed=0, count=3, given=given, keep=keep))
    assert (drawn[:, :, keep] == given[:, :, keep]).all()
    assert torch.equal(drawn, last(draw(model, seed=0, count=3, given=given, keep=keep, naive=True)))


def test_what_is_put_without_asking_is_caught_up_with(model):
    x, pen = numbers(2, 1, 4, 4), model.pen(2)
    logits = model.logits(x)
    for t in range(16):
        i, j = divmod(t, 4)
        if t in (3, 4, 9, 15):  # twice in a row, and after gaps
            torch.testing.assert_close(pen(i, j), logits[:, i, j], atol=1e-4, rtol=0)
        pen.put(i, j, x[:, :, i, j])
    torch.testing.assert_close(pen(3, 3), logits[:, 3, 3], atol=1e-4, rtol=0)  # and asked again


def test_half_precision_draws(model):
    assert last(draw(model.bfloat16(), seed=0, count=2)).max() < 8


# Pictures


def test_colours_are_the_nearest():
    model = ImageGPT(replace(SMALL, clusters=tuple(map(tuple, PALETTE))))
    x = numbers(2, 1, 4, 4)
    image = model.image(x)
    assert image.shape == (2, 3, 4, 4) and image.abs().max() <= 1
    assert torch.equal(model.tokens(image + 0.02 * noise(*image.shape).clamp(-1, 1)), x)
    with pytest.raises(ValueError, match="size"):
        model.tokens(torch.zeros(1, 3, 5, 4))


def test_without_colours_it_is_grey():
    model = ImageGPT(replace(SMALL, vocab_size=greys.LEVELS + 1))
    x = numbers(2, 1, 4, 4, below=greys.LEVELS)
    torch.testing.assert_close(model.image(x), greys.to_image(x).expand(-1, 3, -1, -1))
    assert torch.equal(model.tokens(greys.to_image(x)), x) and torch.equal(
        greys.from_image(greys.to_image(x)), x
    )


def test_small_greys():
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, :2, :2] = [[255, 255], [255, 254]]  # mean 254.75: the brightest level, at (1, 1) by the frame
    image[0, 26:, 26:] = 64
    small = greys.small(image)
    assert small.shape == (1, 16, 16) and small.dtype == np.uint8
    assert small[0, 1, 1] == 3 and small[0, 14, 14] == 1 and small.sum() == 4


# Ours


@torch.no_grad()
def test_the_bundled_checkpoint_is_as_golden():
    name = IMAGEGPT[0].name
    model, golden = ImageGPT.from_pretrained(name), load_file(WEIGHTS / name / "golden.safetensors")
    x = golden["x"].long()
    torch.testing.assert_close(model.log_prob(x), golden["log_prob"], atol=1e-3, rtol=1e-3)
    attention = model.attention(x[:1], 7, 9)[..., ::2]
    torch.testing.assert_close(attention, golden["attention"], atol=1e-3, rtol=1e-3)
    assert json.loads((WEIGHTS / name / "metrics.json").read_text())["measures"]["bits_per_dim"] < 1


def test_the_table_names_what_it_loads():
    bundled, published = IMAGEGPT
    assert bundled.bundled and not published.bundled
    assert len(published.revision) == 40 and published.also == ImageGPT.beside
