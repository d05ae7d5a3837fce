"""Receptive fields: found by derivatives, compared with what changing pixels does and with what is known."""

import pytest
import torch
from torch import Tensor, nn

from genmodels.autoregressive.gated_pixelcnn import GatedPixelCNN, GatedPixelCNNConfig
from genmodels.autoregressive.palette import PaletteConfig, PalettePixelCNN, RGBConfig, RGBPixelCNN
from genmodels.autoregressive.pixelcnn import PixelCNN, PixelCNNConfig
from genmodels.autoregressive.pixelrnn import PixelRNN, PixelRNNConfig
from genmodels.autoregressive.reach import before, blind_spot, influence, moved_by, seen_by
from genmodels.model import Model
from training.pixelcnn import MODELS

ROWS, COLUMNS = SIZE = 9, 11
STACKS = {"channels": 8, "dilations": (1, 2)}


def make(kind: str, size: tuple[int, int] = SIZE) -> Model:
    torch.manual_seed(0)
    model = {
        "plain": lambda: PixelCNN(PixelCNNConfig(size, channels=16, blocks=2)),
        "gated": lambda: GatedPixelCNN(GatedPixelCNNConfig(size, **STACKS)),
        "told": lambda: GatedPixelCNN(GatedPixelCNNConfig(size, classes=3, **STACKS)),
        "mixture": lambda: GatedPixelCNN(GatedPixelCNNConfig(size, 256, mixture=4, **STACKS)),
        "rnn": lambda: PixelRNN(PixelRNNConfig(size, channels=12, hidden=8)),
        "rgb": lambda: RGBPixelCNN(RGBConfig(size, **STACKS)),
        "palette": lambda: PalettePixelCNN(PaletteConfig(size, ink=8, **STACKS)),
    }[kind]()
    for p in model.parameters():
        nn.init.normal_(p, std=1.0 / (p[0].numel() if p.ndim > 1 else 16) ** 0.5)
    return model.eval().requires_grad_(False)


def dependence(model: Model, x: Tensor) -> Tensor:
    """(pixel, H, W): which parameters differ at all when that pixel does. In double: faint is not absent."""
    model, pixels = model.double(), x[0, 0].numel()
    changed = x.repeat(pixels + 1, 1, 1, 1)
    changed[:pixels].flatten(2).diagonal(dim1=0, dim2=2).add_(1).remainder_(4)
    params = model.logits(changed)
    return (params[:pixels] != params[pixels]).any(-1)


@pytest.mark.parametrize("kind", ["plain", "gated", "told", "mixture", "rnn", "rgb"])
def test_derivatives_find_what_changing_pixels_moves(kind):
    model = make(kind)
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(4, (8, *model.shape), generator=generator)
    moved = torch.stack([dependence(make(kind), picture[None]) for picture in x]).any(0)
    for i, j in ((0, 0), (0, 5), (4, 0), (6, 4), (8, 10)):
        seen = seen_by(model, i, j, torch.randint(4, (32, *model.shape), generator=generator))
        assert torch.equal(seen > 0, moved[:, i, j].view(SIZE)), (i, j)


def test_the_blind_spot_of_the_book():
    """From the middle of a large picture: 8 rows up, 8 columns left, to the right 3 and one more per row."""
    torch.manual_seed(0)
    model = PixelCNN(PixelCNNConfig((24, 28))).eval().requires_grad_(False)
    i, j = 14, 12
    seen, blind = seen_by(model, i, j) > 0, blind_spot(model, i, j)
    up, left = torch.meshgrid(i - torch.arange(24), j - torch.arange(28), indexing="ij")
    triangle = (left.abs() <= 8) & (up >= 0) & (up <= 8) & torch.where(up > 0, -left <= up + 2, left > 0)
    assert torch.equal(seen, triangle) and seen.sum() == 129
    assert torch.equal(blind, before(i, j, (24, 28)) & ~triangle)
    assert blind[i - 1, j + 4] and not blind[i - 1, j + 3]


def test_the_gated_one_sees_all_within_its_reach():
    torch.manual_seed(0)
    config = GatedPixelCNNConfig((24, 28), channels=16, dilations=(1, 2, 4))
    model = GatedPixelCNN(config)
    for layer in model.stacks.layers:
        nn.init.normal_(layer.out.weight, std=0.2)  # zero in a new model, which sees less
    model.eval().requires_grad_(False)
    i, j, reach = 14, 12, 3 + 1 + 2 + 4
    up, left = torch.meshgrid(i - torch.arange(24), j - torch.arange(28), indexing="ij")
    within = before(i, j, (24, 28)) & (up <= reach) & (left.abs() <= reach)
    assert torch.equal(seen_by(model, i, j) > 0, within)
    assert not (blind_spot(model, i, j) & within).any()


def test_the_gated_one_that_ships_sees_all_that_came_before():
    model = GatedPixelCNN(MODELS["fashion-gated"])
    for layer in model.stacks.layers:
        nn.init.normal_(layer.out.weight, std=0.2)
    for i, j in ((15, 15), (15, 0), (7, 8)):
        assert not blind_spot(model, i, j, labels=torch.full((8,), 3)).any()


def test_gradients_are_found_where_they_are_switched_off_and_left_alone():
    model = make("gated")
    with torch.no_grad():
        seen = seen_by(model, 4, 4)
        assert not torch.is_grad_enabled()
    assert torch.equal(seen, seen_by(model, 4, 4)) and not seen.requires_grad
    assert all(p.grad is None and not p.requires_grad for p in model.parameters())


def test_influence_is_for_the_eye():
    seen = seen_by(make("gated"), 4, 4)
    shown = influence(seen)
    assert shown.max() == 1 and torch.equal(shown == 0, seen == 0)
    assert torch.equal(shown.flatten().argsort(), seen.flatten().argsort())
    assert not influence(torch.zeros(SIZE)).any()  # the first position sees nothing


@pytest.mark.parametrize("kind", ["plain", "told", "rnn"])
def test_changed_pixels_move_the_chances(kind):
    model, (i, j) = make(kind), (6, 4)
    x = torch.randint(4, (1, *model.shape), generator=torch.Generator().manual_seed(0))
    other = (x + 2) % 4
    condition = {"labels": torch.tensor([1])} if kind == "told" else {}
    moved = moved_by(model, x, other, i, j, **condition)
    assert moved[seen_by(model, i, j) == 0].max() < 1e-6
    changed = x.clone()
    changed[0, 0, 6, 3] = other[0, 0, 6, 3]
    a, b = (model.chances(model.logits(p, **condition)[:, i, j]) for p in (x, changed))
    torch.testing.assert_close(moved[6, 3], (a - b).abs().sum() / 2, atol=1e-6, rtol=1e-4)
    assert moved.max() > 1e-3 and moved.max() <= 1


def test_names_have_no_derivative_but_can_be_changed():
    model, generator = make("palette"), torch.Generator().manual_seed(0)
    palette = torch.randint(256, (1, 5, 3), generator=generator)
    x = torch.randint(5, (1, 1, *SIZE), generator=generator)
    moved = moved_by(model, x, (x + 1) % 5, 5, 5, palette=palette, colours=torch.tensor([5]))
    reach = 3 + 1 + 2
    assert not moved[6:].any() and not moved[5, 5:].any()
    assert (moved[1:5] > 0).float().mean() > 0.9 and (moved[5, :5] > 0).all() and reach == 6
