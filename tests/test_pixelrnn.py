"""The row LSTM: what it sees, that its pen draws what its full pass says, and what an LSTM is."""

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from genmodels.autoregressive import sampling
from genmodels.autoregressive.checkpoints import PIXELRNN
from genmodels.autoregressive.pixelrnn import PixelRNN, PixelRNNConfig, RowLSTM, step
from genmodels.errors import Problem
from genmodels.hub import WEIGHTS

ROWS, COLUMNS = SIZE = 9, 12


def tiny(layers: int = 2, size: tuple[int, int] = SIZE, levels: int = 4) -> PixelRNN:
    """Untrained, with weights large enough for every pixel to be felt."""
    torch.manual_seed(0)
    model = PixelRNN(PixelRNNConfig(size, levels, channels=12, hidden=8, layers=layers))
    nn.init.normal_(model.where)
    for layer in model.layers:
        nn.init.normal_(layer.states.weight, std=0.5)
    return model.eval().requires_grad_(False)


def pictures(n: int, size: tuple[int, int] = SIZE) -> torch.Tensor:
    return torch.randint(4, (n, 1, *size), generator=torch.Generator().manual_seed(1))


def triangle(layers: int, i: int, j: int) -> torch.Tensor:
    """(H, W) what position (i, j) may look at: the docstring's picture, as a formula."""
    y, x = torch.meshgrid(torch.arange(ROWS), torch.arange(COLUMNS), indexing="ij")
    up, left = i - y, j - x
    return torch.where(up == 0, left > 0, (up > 0) & (-left <= up + 2)) & (left <= up + 3 + layers)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_each_position_sees_its_triangle_all_of_it_and_nothing_else(layers):
    """Change every pixel in turn: what moves is what has it in its triangle. Causality too."""
    model, x = tiny(layers).double(), pictures(1)
    pixels = ROWS * COLUMNS
    changed = x.repeat(pixels, 1, 1, 1)
    flat = changed.view(pixels, pixels)
    flat.diagonal().copy_((flat.diagonal() + 2) % 4)
    moved = (model.logits(changed) - model.logits(x)).abs().amax(-1)  # changed pixel, H, W
    for i in range(ROWS):
        for j in range(COLUMNS):
            found = moved[:, i, j].view(ROWS, COLUMNS) > 1e-14
            assert torch.equal(found, triangle(layers, i, j)), (i, j)


def test_the_triangle_reaches_the_top_and_is_blind_in_the_corner():
    seen = triangle(2, 8, 4)
    assert seen[0].any() and not seen[5, 10] and seen[5, 9]


@torch.no_grad()
def test_the_pen_draws_what_the_full_pass_says():
    model = tiny()
    one, two = (list(sampling.draw(model, 3, 2, naive=naive)) for naive in (False, True))
    assert torch.equal(one[-1].x, two[-1].x) and len(one[-1].x.unique()) == 4
    for a, b in zip(one, two, strict=True):
        assert (a.i, a.j) == (b.i, b.j)
        torch.testing.assert_close(a.params, b.params, atol=1e-5, rtol=1e-4)


def test_the_pen_with_a_part_given():
    model, given = tiny(), pictures(1)
    keep = torch.zeros(SIZE, dtype=torch.bool)
    keep[:4] = True
    keep[6, 3:7] = True
    one, two = (
        sampling.last(sampling.draw(model, 0, 3, given, keep, 0.8, naive=naive)) for naive in (False, True)
    )
    assert torch.equal(one, two) and torch.equal(one[:, :, keep], given.expand(3, -1, -1, -1)[:, :, keep])


def test_a_drawing_does_not_depend_on_its_batch():
    model = tiny()
    batch = sampling.last(sampling.draw(model, 5, 3))
    for k in range(3):
        assert torch.equal(sampling.last(sampling.draw(model, 5 + k, 1))[0], batch[k])
    each = torch.cat([model.log_prob(x) for x in batch.split(1)])
    torch.testing.assert_close(model.log_prob(batch), each, atol=1e-5, rtol=1e-5)


def test_probabilities_of_all_pictures_sum_to_one():
    model = tiny(1, (2, 3), levels=2)
    every = torch.cartesian_prod(*[torch.arange(2)] * 6).view(64, 1, 2, 3)
    total = model.log_prob(every).flatten(1).sum(1).exp().sum()
    torch.testing.assert_close(total, torch.tensor(1.0), atol=1e-5, rtol=0)
    assert model.chances(model.logits(every)).sum(-1).allclose(torch.ones(64, 2, 3))


@torch.no_grad()
def test_one_column_is_an_lstm():
    """A single column is torch's LSTM over the rows, but for the order of the gates."""
    torch.manual_seed(0)
    ours, theirs = RowLSTM(6, 5), nn.LSTM(6, 5)
    order = torch.tensor([2, 1, 3, 0]).repeat_interleave(5) * 5 + torch.arange(5).repeat(
        4
    )  # i f g o of o f i g
    theirs.weight_ih_l0.copy_(ours.inputs.weight[order, 6:])
    theirs.weight_hh_l0.copy_(ours.states.weight[order, 5:10])
    theirs.bias_ih_l0.copy_(ours.inputs.bias[order])
    nn.init.zeros_(theirs.bias_hh_l0)
    f = torch.randn(7, 4, 6)  # rows, batch, channels
    states = theirs(f)[0]
    expected = (f + ours.out(states)).transpose(0, 1)[:, :, None]
    torch.testing.assert_close(ours(f.transpose(0, 1)[:, :, None]), expected)


def test_a_full_gate_keeps_and_a_closed_one_forgets():
    c = torch.tensor([[0.3, -2.0]])
    shut, full = torch.full((1, 2), -50.0), torch.full((1, 2), 50.0)
    h, kept = step(torch.cat([full, full, shut, full], 1), c)
    assert kept.allclose(c) and h.allclose(c.tanh())
    assert step(torch.cat([full, shut, shut, full], 1), c)[1].abs().max() < 1e-20


def test_gradients_reach_every_weight():
    model = tiny().requires_grad_(True)
    model.log_prob(pictures(2)).mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() and p.grad.any() for p in model.parameters())


def test_saved_and_read_again_and_strict(tmp_path):
    model, x = tiny(), pictures(2)
    model.save_pretrained(tmp_path, dtype=torch.float32)
    again = PixelRNN.from_pretrained(tmp_path)
    assert again.config == model.config and torch.equal(again.log_prob(x), model.log_prob(x))
    PixelRNN(PixelRNNConfig(SIZE, channels=12, hidden=8, layers=3)).save_pretrained(tmp_path / "3")
    (tmp_path / "config.json").write_text((tmp_path / "3" / "config.json").read_text())
    with pytest.raises(Problem) as problem:
        PixelRNN.from_pretrained(tmp_path)
    assert problem.value.cause == "missing"


def test_size_of_the_one_that_ships():
    assert sum(p.numel() for p in PixelRNN(PixelRNNConfig()).parameters()) == 248_580


@pytest.mark.parametrize("checkpoint", PIXELRNN, ids=lambda c: c.name)
@torch.no_grad()
def test_the_bundled_checkpoint_is_as_golden(checkpoint):
    if not (WEIGHTS / checkpoint.name).is_dir():
        pytest.skip("not in weights/")
    model = PixelRNN.from_pretrained(checkpoint)
    golden = load_file(WEIGHTS / checkpoint.name / "golden.safetensors")
    torch.testing.assert_close(model.log_prob(golden["x"].long()), golden["log_prob"], atol=1e-3, rtol=1e-3)
