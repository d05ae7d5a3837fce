"""PixelCNN, plain and gated: what each position sees, exact probabilities, and two ways to draw the same."""

import itertools

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from genmodels.autoregressive import sampling
from genmodels.autoregressive.gated_pixelcnn import GatedPixelCNN, GatedPixelCNNConfig
from genmodels.autoregressive.palette import RGBConfig, RGBPixelCNN
from genmodels.autoregressive.pixelcnn import MaskedConv2d, PixelCNN, PixelCNNConfig, mask
from genmodels.errors import Problem
from genmodels.hub import WEIGHTS
from genmodels.model import Model
from training.pixelcnn import CLASSES, MODELS

ROWS, COLUMNS = SIZE = 6, 7
GATED = {"channels": 8, "dilations": (1, 2, 1)}


def make(kind: str, size: tuple[int, int] = SIZE, levels: int = 4) -> Model:
    """Untrained, with weights so large that every pixel is felt."""
    torch.manual_seed(0)
    model = {
        "plain": lambda: PixelCNN(PixelCNNConfig(size, levels, channels=12, blocks=2)),
        "gated": lambda: GatedPixelCNN(GatedPixelCNNConfig(size, levels, **GATED)),
        "told": lambda: GatedPixelCNN(GatedPixelCNNConfig(size, levels, 3, **GATED)),
        "mixture": lambda: GatedPixelCNN(GatedPixelCNNConfig(size, levels, mixture=3, **GATED)),
        "rgb": lambda: RGBPixelCNN(RGBConfig(size, 2, **GATED)),
    }[kind]()
    for name, p in model.named_parameters():
        fan_in = p[0].numel() if name.endswith("weight") else 16
        nn.init.normal_(p, std=1.5 / fan_in**0.5)
    return model.eval().requires_grad_(False)


def pictures(n: int, levels: int = 4, size: tuple[int, int] = SIZE, channels: int = 1) -> Tensor:
    return torch.randint(levels, (n, channels, *size), generator=torch.Generator().manual_seed(1))


def drawn(model: Model, *args, **more) -> Tensor:
    return sampling.last(sampling.draw(model, *args, **more))


one_channel = pytest.mark.parametrize("kind", ["plain", "gated", "told", "mixture"])
all_kinds = pytest.mark.parametrize("kind", ["plain", "gated", "told", "mixture", "rgb"])


# what a position sees


@one_channel
def test_a_pixel_moves_what_comes_after_it_and_nothing_else(kind):
    """Every pixel in turn. `reach.py` says how much of the past is seen; here: none of the future is."""
    model, x, pixels = make(kind), pictures(1), ROWS * COLUMNS
    changed = x.repeat(pixels + 1, 1, 1, 1)  # the last as it was
    changed[:pixels].view(pixels, pixels).diagonal().add_(2).remainder_(4)
    params = model.logits(changed).flatten(1, 2)  # (changed pixel, position, P)
    moved = (params[:pixels] != params[pixels]).any(-1)
    assert not moved.tril().any()
    assert moved[:-1].any(1).all()
    assert (
        moved[torch.arange(1, pixels) - 1, torch.arange(1, pixels)].float().mean() > 0.8
    )  # by the one before


def test_masks():
    assert mask("A", 7).sum() == 24 and mask("B", 7).sum() == 25
    assert mask("A", 3).tolist() == [[1, 1, 1], [1, 0, 0], [0, 0, 0]]
    assert mask("B", 3).tolist() == [[1, 1, 1], [1, 1, 0], [0, 0, 0]]


@pytest.mark.parametrize(("kind", "size"), [("A", 7), ("B", 3)])
def test_a_masked_convolution_is_a_sum_over_what_comes_before(kind, size):
    torch.manual_seed(0)
    conv = MaskedConv2d(kind, 2, 3, size).double()
    x = torch.randn(1, 2, *SIZE, dtype=torch.float64)
    out, r = conv(x), size // 2
    for i, j in itertools.product(range(ROWS), range(COLUMNS)):
        total = conv.bias.clone()
        for y, c in itertools.product(range(ROWS), range(COLUMNS)):
            near = abs(y - i) <= r and abs(c - j) <= r
            if near and ((y, c) < (i, j) or (kind == "B" and (y, c) == (i, j))):
                total += conv.weight[:, :, y - i + r, c - j + r] @ x[0, :, y, c]
        torch.testing.assert_close(out[0, :, i, j], total)


def test_parameters_of_the_book():
    """307,460 stored, of which the masks let 222,340 work."""
    model = PixelCNN(PixelCNNConfig())
    stored = sum(p.numel() for p in model.parameters())
    masked = sum(
        (m.mask == 0).sum().item() * m.weight[:, :, 0, 0].numel()
        for m in model.modules()
        if isinstance(m, MaskedConv2d)
    )
    assert (stored, masked, stored - masked) == (307_460, 85_120, 222_340)
    assert len(model.state_dict()) == len(list(model.parameters()))  # no mask in the file


@torch.no_grad()
def test_the_stacks_are_masked_convolutions():
    """The paper's form, written anew: square kernels with zeros where the future is."""
    model = make("told").double()
    x, labels = pictures(2), torch.tensor([2, 3])  # the last is "not told"
    w = dict(model.stacks.named_parameters())

    def conv(name: str, x: Tensor, rows: int, columns: int, dilation: int = 1) -> Tensor:
        """A kernel of rows x columns around the position, its top left filled, zero elsewhere."""
        known = w[f"{name}.weight"]
        kernel = known.new_zeros(*known.shape[:2], rows, columns)
        kernel[:, :, : known.shape[2], : known.shape[3]] = known
        pad = (rows // 2 * dilation, columns // 2 * dilation)
        return F.conv2d(x, kernel, w.get(f"{name}.bias"), padding=pad, dilation=dilation)

    def gate(x: Tensor) -> Tensor:
        half = x.shape[1] // 2
        return torch.tanh(x[:, :half]) / (1 + torch.exp(-x[:, half:]))

    inside = torch.cat([x.double() * 2 / 3 - 1, torch.ones_like(x)], 1)
    where, c = w["where"], model.config.channels
    v = conv("down", inside, 7, 7) + where[:c]
    h = conv("right", inside, 1, 7) + where[c:] + conv("link", v, 1, 1)
    for n, d in enumerate(model.config.dilations):
        shift = model.label.weight[labels] @ w[f"layers.{n}.shift.weight"].T
        down = conv(f"layers.{n}.down", v, 3, 3, d)
        right = conv(f"layers.{n}.right", h, 1, 3, d) + conv(f"layers.{n}.link", down, 1, 1)
        v = v + gate(down + shift[:, : 2 * c, None, None])
        h = h + conv(f"layers.{n}.out", gate(right + shift[:, 2 * c :, None, None]), 1, 1)
    head = model.head
    expected = head.out(head.hidden(h.permute(0, 2, 3, 1).clamp(min=0)).clamp(min=0))
    torch.testing.assert_close(model.logits(x, labels), expected)


# probabilities


@one_channel
def test_the_probabilities_of_all_pictures_sum_to_one(kind):
    model = make(kind, (2, 2), 3)
    every = torch.cartesian_prod(*[torch.arange(3)] * 4).view(81, 1, 2, 2)
    chance = model.log_prob(every).flatten(1).sum(1).exp()
    torch.testing.assert_close(chance.sum(), torch.tensor(1.0))
    assert chance.max() < 0.9  # or it would say little


@one_channel
def test_pictures_are_drawn_as_often_as_their_probability_says(kind):
    """Chi-squared of 81 pictures, 80 degrees of freedom: above 124.8 once in a thousand."""
    model, n = make(kind, (2, 2), 3), 20_000
    every = torch.cartesian_prod(*[torch.arange(3)] * 4).view(81, 1, 2, 2)
    expected = model.log_prob(every).flatten(1).sum(1).exp() * n
    place = (drawn(model, 0, n).flatten(1) * torch.tensor([27, 9, 3, 1])).sum(1)
    found = place.bincount(minlength=81)
    rare = expected < 5
    found = torch.cat([found[~rare], found[rare].sum()[None]])
    expected = torch.cat([expected[~rare], expected[rare].sum()[None]])
    assert ((found - expected) ** 2 / expected.clamp(min=1)).sum() < 124.8


@one_channel
def test_log_prob_is_that_of_the_chances(kind):
    model, x = make(kind), pictures(3)
    chances = model.chances(model.logits(x))
    torch.testing.assert_close(chances.sum(-1), torch.ones(3, *SIZE))
    torch.testing.assert_close(
        chances.gather(-1, x[:, 0, ..., None]).squeeze(-1).log(), model.log_prob(x), atol=1e-4, rtol=1e-4
    )


def test_a_label_is_heard_and_none_is_the_last():
    model, x = make("told"), pictures(2)
    told = [model.log_prob(x, torch.full((2,), k)) for k in range(4)]
    assert all((a - b).abs().max() > 1e-3 for a, b in itertools.combinations(told, 2))
    assert torch.equal(model.log_prob(x), told[3])


@one_channel
def test_gradients_reach_every_weight(kind):
    model = make(kind).requires_grad_(True)
    model.log_prob(pictures(8), *([torch.arange(8) % 4] if kind == "told" else [])).mean().backward()
    for name, p in model.named_parameters():
        assert p.grad.isfinite().all() and p.grad.any(), name


# drawing


@all_kinds
def test_the_pen_draws_what_the_full_pass_says(kind):
    model = make(kind)
    labels = {"labels": torch.tensor([0, 2])} if kind in ("told", "rgb") else {}
    a, b = (list(sampling.draw(model, 3, 2, naive=naive, **labels)) for naive in (False, True))
    assert torch.equal(a[-1].x, b[-1].x) and len(a[-1].x.unique()) > 3
    assert [(s.i, s.j) for s in a] == list(itertools.product(range(ROWS), range(COLUMNS)))
    for one, two in zip(a, b, strict=True):
        torch.testing.assert_close(one.params, two.params, atol=1e-4, rtol=1e-4)


@all_kinds
def test_what_is_kept_stays_and_the_rest_is_drawn_around_it(kind):
    model = make(kind)
    given = pictures(1, channels=model.shape[0])
    keep = torch.zeros(SIZE, dtype=torch.bool)
    keep[:2] = keep[4, 1:5] = keep[5, 6] = True
    steps = list(sampling.draw(model, 0, 3, given, keep, temperature=0.8))
    x = steps[-1].x
    assert torch.equal(x[:, :, keep], given[:, :, keep].expand(3, -1, -1))
    assert all((step.params is None) == keep[step.i, step.j] for step in steps)
    assert torch.equal(x, drawn(model, 0, 3, given, keep, temperature=0.8, naive=True))
    other = drawn(model, 0, 3, (given + 1) % 4, keep, temperature=0.8)
    assert not torch.equal(x[:, :, ~keep], other[:, :, ~keep])
    each = pictures(3, channels=model.shape[0])  # a picture of its own for each
    assert torch.equal(drawn(model, 0, 3, each, keep)[:, :, keep], each[:, :, keep])


def test_luck_belongs_to_a_place_whatever_is_kept():
    """A model that knows nothing draws its luck: it must not shift when some places take none."""
    model, given = make("gated"), pictures(1)
    nn.init.zeros_(model.head.out.weight)
    keep = torch.rand(SIZE, generator=torch.Generator().manual_seed(0)) < 0.5
    free, bound = drawn(model, 4, 2), drawn(model, 4, 2, given, keep)
    assert torch.equal(free[:, :, ~keep], bound[:, :, ~keep])


@all_kinds
def test_a_picture_does_not_depend_on_its_batch(kind):
    model = make(kind)
    batch = drawn(model, 5, 5)
    for k in range(5):
        assert torch.equal(drawn(model, 5 + k, 1)[0], batch[k])
    assert not torch.equal(batch[0], batch[1])
    assert torch.equal(drawn(model, [9, 5, 9], 3), batch[[4, 0, 4]])  # seeds one by one


@one_channel
def test_without_temperature_there_is_no_luck(kind):
    model = make(kind)
    x = drawn(model, 0, 2, temperature=0)
    assert torch.equal(x[0], x[1]) and torch.equal(x, drawn(model, 7, 2, temperature=0))
    assert torch.equal(x[:, 0], model.chances(model.logits(x)).argmax(-1))


def test_colder_is_likelier():
    model = make("gated")
    nats = [model.log_prob(drawn(model, 0, 64, temperature=t)).mean() for t in (0.3, 1.0, 3.0)]
    assert nats[0] > nats[1] > nats[2]


def test_drawing_can_be_watched_left_and_does_not_touch_gradients():
    steps = sampling.draw(make("gated"), 0, 1)
    first, second = next(steps), next(steps)
    assert first.x is second.x and torch.is_grad_enabled()
    assert not second.params.requires_grad
    steps.close()


# storage


@one_channel
def test_stored_and_read_is_the_same(kind, tmp_path):
    model, x = make(kind), pictures(2)
    model.save_pretrained(tmp_path, torch.float32)
    again = type(model).from_pretrained(tmp_path)
    assert again.config == model.config and torch.equal(again.log_prob(x), model.log_prob(x))
    assert torch.equal(drawn(again, 0, 1), drawn(model, 0, 1))


def test_a_file_of_the_other_class_is_refused(tmp_path):
    make("plain").save_pretrained(tmp_path)
    with pytest.raises(Problem) as problem:
        GatedPixelCNN.from_pretrained(tmp_path)
    assert problem.value.cause == "class"


@pytest.mark.parametrize("key", MODELS)
@torch.no_grad()
def test_what_ships_is_as_golden(key):
    folder = WEIGHTS / f"pixelcnn-{key}"
    if not (folder / "golden.safetensors").is_file():
        pytest.skip("not in weights/")
    model = CLASSES[type(MODELS[key])].from_pretrained(folder.name)
    assert model.config == MODELS[key]
    golden = load_file(folder / "golden.safetensors")
    torch.testing.assert_close(model.log_prob(golden["x"].long()), golden["log_prob"], atol=1e-3, rtol=1e-3)
