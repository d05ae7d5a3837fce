"""The palette maker: its likelihood is exact, its draws follow it, and what is given stays."""

import math

import pytest
import torch
from safetensors.torch import load_file

from genmodels.autoregressive import palette_maker
from genmodels.autoregressive.checkpoints import PALETTE_MAKER
from genmodels.autoregressive.palette_maker import Chain, PaletteMaker, PaletteMakerConfig
from genmodels.hub import WEIGHTS


def tiny(rows: int = 16) -> PaletteMaker:
    torch.manual_seed(0)
    model = PaletteMaker(PaletteMakerConfig(kinds=4, rows=rows, hidden=12, channels=8))
    torch.nn.init.normal_(model.count.weight)
    return model.eval().requires_grad_(False)


def some(n: int, rows: int = 16) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    table = torch.randint(256, (n, rows, 3), generator=generator)
    return table, torch.randint(1, rows + 1, (n,), generator=generator), torch.arange(n) % 4


def test_the_chain_sums_to_one_over_every_channel():
    torch.manual_seed(0)
    chain, f = Chain(8).double(), torch.randn(8).double()
    every = torch.arange(256)
    for channel in (0, 1, 2):  # the last in the order sums to one given the others
        colours = torch.full((256, 3), 77)
        colours[:, channel] = every
        total = chain.log_prob(f.expand(256, 8), colours).logsumexp(0).item()
        if channel == palette_maker.ORDER[2]:
            rest = colours[0].clone()
            marginal = chain.log_prob(f, rest) - _last_given_rest(chain, f, rest)
            assert total == pytest.approx(marginal.item(), abs=1e-5)
        assert total < 0


def _last_given_rest(chain: Chain, f: torch.Tensor, colour: torch.Tensor) -> torch.Tensor:
    """log p(blue | green, red), written out."""
    for i in range(4):
        f = f + chain.told[i](palette_maker.part(colour, i))
    coarse, fine = (palette_maker.part(colour, i) for i in (4, 5))
    first = chain.logits(f, 4).log_softmax(-1)[coarse]
    return first + chain.logits(f + chain.told[4](coarse), 5).log_softmax(-1)[fine]


def test_all_palettes_of_one_colour_sum_to_one():
    """2^24 colours are many; the model of a byte is the same thing three times, so take a coarse sample of
    the sum: the mean of p / q over colours drawn from q uniform is 1."""
    model, n = tiny(rows=2), 400_000
    table = torch.zeros(n, 2, 3, dtype=torch.long)
    table[:, 1] = torch.randint(256, (n, 3), generator=torch.Generator().manual_seed(0))
    nats = model.log_probs(table, torch.full((n,), 2), torch.zeros(n, dtype=torch.long))[:, 1]
    ratio = (nats.double() + 24 * math.log(2)).exp()
    assert ratio.mean().item() == pytest.approx(1, abs=4 * ratio.std().item() / math.sqrt(n))
    counts = torch.tensor([1, 2])
    number = model.log_probs(table[:2], counts, torch.zeros(2, dtype=torch.long))[:, 0]
    assert number.exp().sum().item() == pytest.approx(1)


def test_only_rows_in_use_count_and_each_sees_only_those_before():
    model, (table, colours, kind) = tiny(), some(8)
    nats = model.log_probs(table, colours, kind)
    assert nats.shape == (8, 16) and torch.allclose(model.log_prob(table, colours, kind), nats.sum(1))
    for row in range(16):
        changed = table.clone()
        changed[:, row] = (changed[:, row] + 91) % 256
        moved = model.log_probs(changed, colours, kind) != nats
        assert not moved[:, :row].any()
        in_use = colours > row
        assert not moved[~in_use].any()
        if row and in_use.any():
            assert moved[in_use, row].all()


@torch.no_grad()
def test_draws_follow_the_likelihood():
    """The number of colours (one at least), and the coarse green of the first, as often as they should."""
    model, n = tiny(), 4000
    kind = torch.zeros(n, dtype=torch.long)
    *_, step = palette_maker.draw(model, kind, 0)
    expected = model.count(kind[:1])[0, 1:].softmax(-1)
    found = torch.bincount(step.colours - 2, minlength=15) / n
    assert (found - expected).abs().max() < 4 * math.sqrt(0.25 / n)
    chosen = step.colours == 9
    f, _ = model.features(
        torch.zeros(1, 1, 3, dtype=torch.long), model.told(kind[:1], torch.tensor([[8]]), kind[:1])
    )
    expected = model.chain.logits(f[0, 0], 0).softmax(-1)
    greens = step.palettes[chosen, 1, 1] // 8
    found = torch.bincount(greens, minlength=32) / len(greens)
    assert len(greens) > 40 and (found - expected).abs().max() < 4 * math.sqrt(0.25 / len(greens))


def test_the_state_carried_along_is_that_of_the_full_pass():
    """Drawn row by row at temperature 0, every colour is the likeliest by the full pass too."""
    model, kind = tiny(), torch.arange(4)
    *_, step = palette_maker.draw(model, kind, 0, temperature=0)
    nats = model.log_probs(step.palettes, step.colours, kind)
    for row in range(1, 16):
        f, _ = model.features(
            step.palettes[:, :row],
            model.told(kind, (step.colours[:, None] - torch.arange(1, row + 1)).clamp(min=0), kind * 0),
        )
        likeliest = model.chain.pick(f[:, -1], torch.zeros(4, 6), 0)
        in_use = step.colours > row
        assert torch.equal(step.palettes[in_use, row], likeliest[in_use])
        there = model.chain.log_prob(f[:, -1], step.palettes[:, row])
        torch.testing.assert_close(there[in_use], nats[in_use, row], atol=1e-5, rtol=0)


def test_a_seed_is_a_palette_alone_or_in_company():
    model = tiny()
    together, count = palette_maker.make(model, torch.tensor([0, 1, 2]), 5)
    for k in range(3):
        alone, n = palette_maker.make(model, torch.tensor([k]), 5 + k)
        assert torch.equal(alone[0], together[k]) and n == count[k]
    assert not torch.equal(together, palette_maker.make(model, torch.tensor([0, 1, 2]), 50)[0])


def test_what_is_made_is_canonical():
    from genmodels.data.palettes import oklab

    table, colours = palette_maker.make(tiny(), torch.zeros(20, dtype=torch.long), 0)
    for palette, n in zip(table.numpy(), colours.tolist(), strict=True):
        assert not palette[0].any() and not palette[n:].any()
        light = oklab(palette[1:n].astype("uint8"))[:, 0]
        assert (light[1:] >= light[:-1]).all() and len({tuple(c) for c in palette[1:n].tolist()}) == n - 1


def test_given_colours_stay_and_their_number_may_be_told():
    model, given = tiny(), torch.tensor([[10, 0, 0], [40, 10, 80]])
    for colours in (None, 3, 16):
        *_, step = palette_maker.draw(model, torch.arange(4), 0, given=given, colours=colours)
        assert torch.equal(step.palettes[:, 1:3], given.expand(4, 2, 3))
        assert (step.colours >= 3).all() and (colours is None or (step.colours == colours).all())
    with pytest.raises(ValueError, match="2 colours given, of 2 rows in use"):
        next(palette_maker.draw(model, torch.arange(4), 0, given=given, colours=2))
    with pytest.raises(ValueError, match="of 17 rows in use, of 16"):
        next(palette_maker.draw(model, torch.arange(4), 0, colours=17))


def test_it_is_small():
    assert sum(p.numel() for p in PaletteMaker(PaletteMakerConfig()).parameters()) <= 100_000


def test_the_shipped_one_is_what_it_was():
    folder = WEIGHTS / PALETTE_MAKER[0].name
    if not folder.is_dir():
        pytest.skip(f"{folder.name} is not in weights/")
    model, golden = PaletteMaker.from_pretrained(folder), load_file(folder / "golden.safetensors")
    found = model.log_probs(golden["palettes"], golden["colours"], golden["kind"])
    torch.testing.assert_close(found, golden["log_probs"], atol=1e-3, rtol=1e-4)


def test_fixed_colours_are_in_the_palette_wherever_they_belong():
    model = tiny()
    fixed = torch.tensor([[250, 240, 200], [20, 10, 30], [200, 40, 60]])
    for seed in range(4):
        for colours in (None, 4, 9, 16):
            palette, n = palette_maker.complete(model, 1, fixed, seed, colours, tries=32)
            assert palette.shape == (1, 16, 3) and 4 <= n[0] <= 16
            assert colours is None or n[0] <= colours
            assert all((palette[0, 1 : n[0]] == one).all(1).any() for one in fixed)
    again = palette_maker.complete(model, 1, fixed, seed, colours, tries=32)
    assert torch.equal(palette, again[0]) and torch.equal(n, again[1])
    for bad in (fixed[:0], torch.randint(256, (16, 3))):
        with pytest.raises(ValueError, match="colours fixed"):
            palette_maker.complete(model, 1, bad, 0)


def test_if_all_are_fixed_nothing_is_drawn():
    fixed = torch.randint(256, (15, 3), generator=torch.Generator().manual_seed(0))
    table = torch.cat([torch.zeros(1, 3, dtype=torch.long), fixed])[None]
    expected = palette_maker.canonical(table, torch.tensor([16]))
    found = palette_maker.complete(tiny(), 0, fixed, 3, 16, tries=2)
    assert torch.equal(found[0], expected[0]) and torch.equal(found[1], expected[1])


def test_a_fixed_colour_goes_where_it_is_likely():
    """This network writes a grey near 96 when two colours are left, and anything otherwise."""
    model = tiny(rows=5)
    for table in (model.kind, model.order, model.left, *model.levels, *model.chain.told):
        torch.nn.init.zeros_(table.weight)
    model.left.weight.data[2, 0] = 50.0
    torch.nn.init.zeros_(model.seen.weight)
    torch.nn.init.zeros_(model.out.weight)
    model.out.weight.data[0, 12] = model.out.weight.data[1, 12] = 1.0  # of what is told, not of the GRU
    for linear in (*model.chain.hidden, *model.chain.out):
        torch.nn.init.zeros_(linear.weight)
        torch.nn.init.zeros_(linear.bias)
    for i in (0, 2, 4):
        model.chain.hidden[i // 2].weight.data[0, 0] = 1.0
        model.chain.out[i].weight.data[12, 0] = 1.0  # 96 = 12 * 8
    f, _ = model.features(
        torch.zeros(1, 1, 3).long(), model.told(*(torch.tensor(x) for x in ([0], [[2]], [0])))
    )
    assert model.chain.logits(f[0, 0], 0).argmax() == 12
    grey = torch.tensor([[96, 96, 96]])
    palette = palette_maker.complete(model, 0, grey, 0, 5, tries=500)[0][0]
    assert ((palette // 8 == 12).all(1)).sum() == 1, "it took the place where a grey would have been drawn"
