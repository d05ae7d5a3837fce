"""Weights in whole numbers: the product is exact up to their rounding, the model stays what it was."""

import pytest
import torch
from torch import nn

from genmodels.runtime import bytes_of
from genmodels.text import int8 as module
from genmodels.text.gpt import GPT, GPTConfig
from genmodels.text.int8 import Product, int8, loss, product, rounded
from genmodels.text.tokens import Tokenizer
from genmodels.text.writing import Taste, write

PASSAGE = (
    "En un lugar de la Mancha, de cuyo nombre no quiero acordarme, no ha mucho tiempo que vivía un hidalgo."
)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("rows", [1, 2, 40])
@pytest.mark.parametrize("by_bytes", [True, False])
def test_nothing_but_the_weights_is_rounded(monkeypatch, rows, by_bytes):
    if not by_bytes:  # as on a processor that can't
        monkeypatch.setattr(module, "exact", lambda device: False)
    monkeypatch.setattr(module, "NEAR", 96 * 64)  # so that one product is made in parts
    x = noise(rows, 96) * torch.logspace(-3, 3, rows)[:, None]
    whole, scale = rounded(noise(200, 96, seed=1))
    expected = x.double() @ (whole.double() * scale.double()).T
    error = (product(x, whole, scale) - expected).abs().amax(1) / expected.abs().amax(1)
    assert (error < 1e-4).all()


def test_a_weight_is_off_by_half_a_step_at_most():
    weight = noise(30, 50) * torch.logspace(-4, 2, 30)[:, None]
    whole, scale = rounded(weight)
    assert ((whole * scale - weight).abs() <= 0.5001 * scale).all() and whole.abs().amax(1).eq(127).all()
    assert torch.equal(rounded(torch.zeros(2, 3))[0], torch.zeros(2, 3, dtype=torch.int8))


@torch.no_grad()
def test_zeros_give_the_bias():
    layer = Product(noise(8, 16), noise(8))
    torch.testing.assert_close(layer(torch.zeros(2, 3, 16)), layer.bias.expand(2, 3, 8))


@torch.no_grad()
@pytest.mark.parametrize("positions", ["learned", "rotary"])
def test_a_model_in_whole_numbers_is_nearly_itself(positions):
    torch.manual_seed(0)
    config = GPTConfig(vocab_size=200, n_positions=32, n_embd=64, n_layer=2, n_head=2, positions=positions)
    model = GPT(config).eval().requires_grad_(False)
    for p in model.parameters():
        p *= 5 if p.ndim == 2 else 1
    before = {key: value.clone() for key, value in model.state_dict().items()}
    light = int8(model)
    tokens = torch.randint(200, (2, 32), generator=torch.Generator().manual_seed(0))
    expected = model.logits(tokens)
    assert 0 < (light.logits(tokens) - expected).std() < 0.05 * expected.std()
    assert bytes_of(light) < 0.4 * bytes_of(model)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    fast, slow = (
        [int(step.token) for step in write(light, [1, 2], 3, 1, 50, Taste(top_p=0.9), naive=naive)]
        for naive in (False, True)
    )
    assert fast == slow


@torch.no_grad()
def test_a_linear_layer_without_a_bias_too():
    net = nn.Sequential(nn.Linear(32, 16, bias=False), nn.ReLU(), nn.Linear(16, 4))
    x = noise(5, 32)
    torch.testing.assert_close(int8(net)(x), net(x), atol=0.02, rtol=0)


@torch.no_grad()
def test_it_costs_a_bundled_model_next_to_nothing():
    model, tokenizer = GPT.from_pretrained("gpt-quijote"), Tokenizer.of("gpt-quijote")
    lost = loss(model, tokenizer.encode(PASSAGE), tokenizer.end)
    assert lost.rounded == pytest.approx(lost.perplexity, rel=0.03) and lost.rounded != lost.perplexity
