"""The palette PixelCNN and its rival: what each pixel may see, and that a palette is a set."""

import math

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from genmodels import hub
from genmodels.autoregressive import sampling
from genmodels.autoregressive.palette import PaletteConfig, PalettePixelCNN, RGBConfig, RGBPixelCNN
from genmodels.model import Model

SIZE, STACKS = (6, 7), {"channels": 12, "dilations": (1, 2)}
PALETTE = torch.randint(256, (3, 5, 3), generator=torch.Generator().manual_seed(1))
TOLD = {"palette": PALETTE, "colours": torch.tensor([3, 5, 4]), "labels": torch.tensor([0, 2, 4])}


def shaken(model: Model) -> Model:
    """A network whose every weight matters: as built, its residual branches are silent."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.3 * torch.randn(weight.shape, generator=generator))
    return model.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def model() -> PalettePixelCNN:
    return shaken(PalettePixelCNN(PaletteConfig(SIZE, ink=8, **STACKS)))


@pytest.fixture(scope="module")
def rival() -> RGBPixelCNN:
    return shaken(RGBPixelCNN(RGBConfig(SIZE, **STACKS)))


def one(k: int) -> dict[str, Tensor]:
    return {name: value[k : k + 1] for name, value in TOLD.items()}


def test_a_place_depends_on_the_places_before_it_only(model):
    x = torch.randint(5, (1, 1, *SIZE), generator=torch.Generator().manual_seed(2))
    before = model.logits(x, **one(1))[0].flatten(0, 1)
    for k in range(math.prod(SIZE)):
        changed = x.clone()
        changed.view(-1)[k] = (changed.view(-1)[k] + 1) % 5
        same = (model.logits(changed, **one(1))[0].flatten(0, 1) == before).all(1)
        assert same[: k + 1].all(), f"pixel {k} is seen by itself or by what comes before"
        assert k == math.prod(SIZE) - 1 or not same[k + 1 :].all(), f"pixel {k} is seen by nobody"


def test_the_rival_sees_the_pixels_before_and_a_channel_those_before_it(rival):
    x = torch.randint(256, (1, 3, *SIZE), generator=torch.Generator().manual_seed(2))
    before = rival.log_prob(x)[0].flatten()
    for k in range(math.prod(SIZE)):
        changed = x.clone()
        changed.flatten(2)[0, :, k] = 255 - changed.flatten(2)[0, :, k]
        same = rival.log_prob(changed)[0].flatten() == before
        assert same[:k].all() and (k == math.prod(SIZE) - 1 or not same[k + 1 :].all())


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_drawing_with_cached_rows_gives_the_pixels_of_the_naive_loop(model, rival, temperature):
    for net, told in ((model, TOLD), (rival, {"labels": TOLD["labels"]})):
        fast, slow = (
            sampling.last(sampling.draw(net, 5, 3, temperature=temperature, naive=naive, **told))
            for naive in (False, True)
        )
        assert fast.equal(slow)


def test_a_picture_of_a_batch_is_the_one_drawn_alone(model):
    batch = sampling.last(sampling.draw(model, 5, 3, **TOLD))
    for k in range(3):
        assert sampling.last(sampling.draw(model, 5 + k, 1, **one(k))).equal(batch[k : k + 1])


def test_a_completion_alters_no_kept_pixel(model):
    given = torch.randint(3, (1, 1, *SIZE), generator=torch.Generator().manual_seed(3))
    keep = torch.rand(SIZE, generator=torch.Generator().manual_seed(4)) < 0.5
    drawn = sampling.last(sampling.draw(model, 1, 3, given, keep, **TOLD))
    assert (drawn[:, 0, keep] == given[:, 0, keep]).all()
    assert not drawn[0].equal(drawn[1])


def test_only_colours_of_the_palette_are_drawn_and_their_chances_sum_to_one(model):
    *_, step = sampling.draw(model, 0, 3, **TOLD)
    assert (step.x.flatten(1).amax(1) < TOLD["colours"]).all()
    chances = model.chances(model.logits(step.x, **TOLD))
    assert chances.sum(-1).allclose(torch.ones(3, *SIZE))
    for k, colours in enumerate(TOLD["colours"]):
        assert not chances[k, ..., colours:].any() and (chances[k, ..., :colours] > 0).all()
    chosen = chances.gather(-1, step.x[:, 0, :, :, None]).squeeze(-1)
    assert model.log_prob(step.x, **TOLD).allclose(chosen.log(), atol=1e-5)


def test_a_palette_is_a_set(model):
    """In another order, with the places renamed alike, every pixel has the same probability."""
    x = torch.randint(5, (1, 1, *SIZE), generator=torch.Generator().manual_seed(6))
    order = torch.tensor([0, 3, 1, 4, 2])  # transparent stays first
    told = one(1)
    other = told | {"palette": told["palette"][:, order]}
    assert model.log_prob(x, **told).allclose(model.log_prob(order.argsort()[x], **other), atol=1e-5)
    unused = torch.cat([told["palette"], torch.randint(256, (1, 4, 3))], 1)
    assert model.log_prob(x, **told).allclose(model.log_prob(x, **told | {"palette": unused}), atol=1e-5)


def test_the_palette_and_the_kind_matter(model):
    x = torch.zeros(1, 1, *SIZE, dtype=torch.long)
    base = model.log_prob(x, **one(1))
    assert not base.allclose(model.log_prob(x, **one(1) | {"palette": 255 - PALETTE[1:2]}))
    assert not base.allclose(model.log_prob(x, **one(1) | {"labels": torch.tensor([3])}))


@pytest.mark.parametrize(
    "cls, name", [(PalettePixelCNN, "palette-sprites"), (RGBPixelCNN, "palette-sprites-rgb")]
)
def test_what_ships_gives_its_golden_numbers(cls, name):
    golden = load_file(hub.WEIGHTS / name / "golden.safetensors")
    model, labels = cls.from_pretrained(name), torch.tensor([0, 3])
    told = {"labels": labels}
    if cls is PalettePixelCNN:
        told |= {"palette": golden["palette"].long(), "colours": torch.tensor([12, 16])}
    assert model.log_prob(golden["x"].long(), **told).allclose(golden["log_prob"], atol=2e-3)
