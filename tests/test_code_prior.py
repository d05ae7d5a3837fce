"""The prior over grids of words: what each word is told, exact probabilities, two ways to draw the same."""

import itertools
import json
import math

import pytest
import torch
from safetensors.torch import load_file

from genmodels.autoregressive import sampling
from genmodels.autoregressive.checkpoints import CODE_PRIOR
from genmodels.autoregressive.code_prior import CodePrior, CodePriorConfig
from genmodels.hub import WEIGHTS

SIZE = ROWS, COLUMNS = 4, 5
WORDS = 7
NAMES = [c.name for c in CODE_PRIOR]


def make(classes: int = 0, size: tuple[int, int] = SIZE, words: int = WORDS) -> CodePrior:
    """Untrained, with weights so large that every word is felt."""
    torch.manual_seed(0)
    model = CodePrior(CodePriorConfig(size, words, classes, embed=6, channels=8, dilations=(1, 2, 1)))
    for name, p in model.named_parameters():
        torch.nn.init.normal_(p, std=1.5 / (p[0].numel() if name.endswith("weight") else 16) ** 0.5)
    torch.nn.init.normal_(model.words.weight)
    return model.eval().requires_grad_(False)


def grids(n: int) -> torch.Tensor:
    return torch.randint(WORDS, (n, 1, *SIZE), generator=torch.Generator().manual_seed(1))


def drawn(model: CodePrior, *args, **more) -> torch.Tensor:
    return sampling.last(sampling.draw(model, *args, **more))


both = pytest.mark.parametrize("classes", [0, 3])


@both
def test_a_word_moves_what_comes_after_it_and_nothing_else(classes):
    """Every word of the grid in turn."""
    model, x, places = make(classes), grids(1), ROWS * COLUMNS
    changed = x.repeat(places + 1, 1, 1, 1)  # the last as it was
    changed[:places].view(places, places).diagonal().add_(3).remainder_(WORDS)
    params = model.logits(changed).flatten(1, 2)  # (changed word, place, K)
    moved = (params[:places] != params[places]).any(-1)
    assert not moved.tril().any()
    assert moved.triu(1).sum() > 0.9 * places * (places - 1) / 2  # and nearly all of those after it


@both
def test_the_pen_draws_what_the_full_pass_says(classes):
    model = make(classes)
    told = {"labels": torch.tensor([0, 2, 3])} if classes else {}
    a, b = (list(sampling.draw(model, 3, 3, naive=naive, **told)) for naive in (False, True))
    assert torch.equal(a[-1].x, b[-1].x) and len(a[-1].x.unique()) > 3
    assert [(s.i, s.j) for s in a] == list(itertools.product(range(ROWS), range(COLUMNS)))
    for one, two in zip(a, b, strict=True):
        torch.testing.assert_close(one.params, two.params, atol=1e-4, rtol=1e-4)


@both
def test_a_grid_is_the_same_alone_and_in_company(classes):
    model = make(classes)
    many = drawn(model, 10, 6)
    assert torch.equal(many[4:5], drawn(model, 14, 1)) and torch.equal(many[1:4], drawn(model, 11, 3))
    assert len({tuple(g.flatten().tolist()) for g in many}) == 6


@both
@pytest.mark.parametrize("naive", [False, True])
def test_completion_alters_no_word_that_is_kept(classes, naive):
    model, given = make(classes), grids(1)
    for seed in range(3):
        keep = torch.rand(SIZE, generator=torch.Generator().manual_seed(seed)) < 0.5
        made = drawn(model, seed, 8, given=given, keep=keep, naive=naive)
        assert (made[:, 0, keep] == given[0, 0, keep]).all()
        assert (made[:, 0, ~keep] != given[0, 0, ~keep]).any()
    assert torch.equal(drawn(model, 0, 2, given=given, keep=torch.ones(SIZE, dtype=torch.bool))[0], given[0])


def test_what_is_kept_does_not_change_the_chance_of_the_rest():
    """The uniforms belong to the place: keeping what would have been drawn anyway draws the same grid."""
    model = make()
    free = drawn(model, 5, 1)
    keep = torch.zeros(SIZE, dtype=torch.bool)
    keep[1, 2:4] = keep[3] = True
    assert torch.equal(drawn(model, 5, 1, given=free, keep=keep), free)


def test_the_probabilities_of_all_grids_sum_to_one():
    model = make(size=(2, 2), words=3)
    every = torch.cartesian_prod(*[torch.arange(3)] * 4).view(81, 1, 2, 2)
    chance = model.log_prob(every).flatten(1).sum(1).exp()
    torch.testing.assert_close(chance.sum(), torch.tensor(1.0))
    assert chance.max() < 0.9  # or it would say little


def test_temperature_zero_takes_the_likeliest():
    model = make()
    for step in sampling.draw(model, 0, 2, temperature=0):
        assert torch.equal(step.x[:, 0, step.i, step.j], step.params.argmax(-1))


def test_a_kind_is_heard_and_none_is_the_last():
    model, x = make(3), grids(2)
    told = [model.log_prob(x, torch.full((2,), k)) for k in range(4)]
    assert all((a - b).abs().max() > 1e-3 for a, b in itertools.combinations(told, 2))
    assert torch.equal(model.log_prob(x), told[3])


def test_a_word_is_a_name_and_not_an_amount():
    """Exchanging two words everywhere, in grid and dictionary, changes no probability."""
    model, x = make(), grids(3)
    swap = torch.arange(WORDS)
    swap[[1, 4]] = torch.tensor([4, 1])
    before = model.log_prob(x)
    model.words.weight.copy_(model.words.weight[swap].clone())
    for p in (model.head.out.weight, model.head.out.bias):
        p.copy_(p[swap].clone())
    torch.testing.assert_close(model.log_prob(swap[x]), before)


@pytest.mark.parametrize("name", NAMES)
def test_what_ships_says_again_what_it_said(name):
    folder = WEIGHTS / name
    model, golden = CodePrior.from_pretrained(name), load_file(folder / "golden.safetensors")
    x = golden["x"].long()
    torch.testing.assert_close(model.log_prob(x), golden["log_prob"], atol=0.02, rtol=0.01)
    found = json.loads((folder / "metrics.json").read_text())["measures"]
    places, words = math.prod(model.config.size), model.config.codes
    assert found["bits_per_image_uniform"] == pytest.approx(places * math.log2(words))
    assert found["bits_per_image"] == pytest.approx(places * found["bits_per_code"], rel=1e-3)
    assert found["bits_per_image"] < 0.8 * found["bits_per_image_uniform"]
